"""Files that nobody would write: each is read, or refused in one line; what is read can be simulated.

Examples are drawn by hypothesis under a fixed seed, from shipped files that are cut, doubled and overwritten, from
random values at random keys, and from the corners of what is allowed.
"""

import json
import math
import tomllib
from datetime import date

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import pdsim
from pdsim import assumptions, library, population, record, scenarios, theory
from pdsim.outcomes import OUTCOMES
from pdsim.simulate import luck, simulate

FILES = library.shipped()
STAFFROOM = library.folder("scenarios") / "examples" / "staffroom"
KEYS = scenarios.keys()
LARGEST = 5000  # posts beyond which the arrays of a scenario are not built here
SHARES = ("reaction", "insight", "technique", "organisational_support", "use", "attendance", "retention")
SMALL = 120  # posts up to which a scenario is simulated here


def examples(number: int) -> settings:
    """A fixed number of examples, the same at every start."""
    return settings(
        max_examples=number, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz")


def read_or_refuse(read, *arguments):
    """What is read, or None after a mistake that was told in one clear line."""
    try:
        return read(*arguments)
    except pdsim.InputError as error:
        line = str(error)
        assert line.isprintable()
        assert 0 < len(line) < 400
        return None


def posts(scenario) -> int:
    return sum(population.school_sizes(scenario))


def assert_starts(scenario) -> None:
    """The arrays that a run starts from can be made, and runs of a small staff end in numbers that make sense."""
    if posts(scenario) > LARGEST:
        return
    population.template(scenario)
    if posts(scenario) <= SMALL and scenario.evaluation.years <= 4:
        assert_runs(scenario)


def assert_runs(scenario) -> None:
    assumed = theory.override(theory.load("prior", 2, 3), scenario.theory)
    outcomes = simulate(scenario, assumed, luck(2, 2, 3))
    finite = np.isfinite(outcomes)
    assert finite[:, :, 0].all()
    assert (finite.all(axis=-1) | np.isnan(outcomes).all(axis=-1)).all()
    shares = outcomes[..., [OUTCOMES[name].column for name in SHARES]]
    assert not ((shares < 0.0) | (shares > 1.0)).any()


# Bytes: cut, double, overwrite and insert.

PIECES = st.one_of(
    st.binary(min_size=1, max_size=8),
    st.sampled_from(
        [b"\0", b"\n", b'"', b"'", b"[", b"]", b"=", b",", b"#", b"\xff\xfe", b"\xef\xbb\xbf", b"nan", b"-"]
    ),
    st.integers(-(10**20), 10**20).map(lambda n: str(n).encode()),
)
CHANGES = st.lists(
    st.tuples(st.sampled_from(["cut", "double", "overwrite", "insert"]), st.floats(0, 1), st.integers(1, 40), PIECES),
    min_size=1,
    max_size=3,
)


def changed(content: bytes, changes: list) -> bytes:
    """Content after changes, each at a share of its length."""
    for kind, share, length, piece in changes:
        at = int(share * len(content))
        before, here, after = content[:at], content[at : at + length], content[at + length :]
        middle = {"cut": b"", "double": here + here, "overwrite": piece, "insert": piece + here}[kind]
        content = before + middle + after
    return content


@examples(400)
@given(name=st.sampled_from(sorted(FILES)), changes=CHANGES)
def test_scenario_files_with_changed_bytes(name, changes, folder):
    path = folder / "plan.toml"
    path.write_bytes(changed(FILES[name].read_bytes(), changes))
    scenario = read_or_refuse(pdsim.scenario, path)
    if scenario is not None:
        assert_starts(scenario)


@examples(300)
@given(
    file=st.sampled_from(["advice.csv", "teachers.csv"]),
    changes=CHANGES,
    by_itself=st.booleans(),
)
def test_csv_files_with_changed_bytes(file, changes, by_itself, folder):
    files = {name: (STAFFROOM / name).read_bytes() for name in ("advice.csv", "teachers.csv")}
    files[file] = changed(files[file], changes)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    keys = {"network.edges": str(folder / "advice.csv"), "staff.teachers": str(folder / "teachers.csv")}
    if by_itself:
        keys = {key: path for key, path in keys.items() if path.endswith(file)}
    scenario = read_or_refuse(pdsim.scenario, "lesson-study", keys)
    if scenario is not None:
        assert_starts(scenario)


@examples(100)
@given(changes=CHANGES)
def test_manifests_with_changed_bytes(changes, folder, manifest):
    path = folder / "manifest.json"
    path.write_bytes(changed(manifest, changes))
    saved = read_or_refuse(record.read_manifest, path)
    if saved is not None:
        for scenario in saved.request.designs:
            assert_starts(scenario)


@pytest.fixture(scope="module")
def manifest():
    return json.dumps(record.manifest(pdsim.compare(["solo-course"], replicates=4, years=1)), indent=1).encode()


# Any value at any key.

NUMBERS = st.one_of(
    st.integers(),
    st.integers(-(10**400), 10**400),
    st.floats(),
    st.sampled_from([0, 1, -1, 0.0, -0.0, math.nan, math.inf, -math.inf, 5e-324, 1.8e308, 10**400]),
)
TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
    st.sampled_from(
        sorted({word for key in KEYS.values() for word in key.words} | {"peers", "no-pd", "../x", "/", ""})
    ),
)
VALUES = st.recursive(
    st.one_of(NUMBERS, TEXTS, st.booleans(), st.dates()),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=5,
)
PATHS = st.one_of(
    st.sampled_from([*KEYS, *(f"theory.{name}" for name in assumptions.PARAMETERS)]),
    st.sampled_from(
        [*scenarios.sections(), *scenarios.TEXTS, "extends", "name", "staffroom", "collaboration.channels"]
    ),
    st.sampled_from([f"programme.carriers.{mechanism}" for mechanism in scenarios.MECHANISMS]),
    st.tuples(TEXTS, TEXTS).map(".".join),
)


def in_toml(value) -> str:
    """A value as it stands in a TOML file."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{in_toml(name)} = {in_toml(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(in_toml, value)) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return value.isoformat() if isinstance(value, date) else repr(value)


def file_of(changes: dict) -> str:
    """Text of a scenario file with values at key paths; what cannot stand together is left out."""
    content: dict = {}
    for path, value in changes.items():
        *tables, last = path.split(".", 2)
        table = content
        for name in tables:
            table = table.setdefault(name, {}) if isinstance(table, dict) else table
        if isinstance(table, dict):
            table[last] = value
    return "".join(f"{in_toml(name)} = {in_toml(value)}\n" for name, value in content.items())


@examples(400)
@given(changes=st.dictionaries(PATHS, VALUES, min_size=1, max_size=3))
def test_any_value_at_any_key(changes, folder):
    text = file_of(changes)
    tomllib.loads(text)
    path = folder / "plan.toml"
    path.write_text(text, encoding="utf-8", newline="")
    scenario = read_or_refuse(pdsim.scenario, path)
    if scenario is not None:
        assert_starts(scenario)


@examples(300)
@given(name=st.sampled_from(["no-pd", "maths-hub"]), path=PATHS, value=st.one_of(TEXTS, VALUES.map(in_toml)))
def test_any_setting(name, path, value):
    setting = read_or_refuse(scenarios.parse_setting, f"{path}={value}")
    if setting is not None:
        scenario = read_or_refuse(pdsim.scenario, name, dict([setting]))
        if scenario is not None:
            assert_starts(scenario)


@examples(200)
@given(text=st.one_of(TEXTS, st.dictionaries(TEXTS, VALUES, max_size=3).map(file_of)))
def test_any_file_of_assumptions(text, folder):
    path = folder / "world.toml"
    path.write_text(text, encoding="utf-8", newline="")
    loaded = read_or_refuse(theory.load, str(path), 2, 1)
    if loaded is not None:
        assert all(p.low <= loaded.draws[p.name][0] <= p.high for p in assumptions.REGISTER)


# The corners of what is allowed.


def allowed_at(path: str):
    """Allowed values of a key, its ends among them; staffs stay small."""
    key = KEYS[path]
    low, high = key.low, key.high
    if path in ("staff.schools", "staff.teachers_per_school", "partners.schools", "partners.teachers_per_school"):
        high = low + 3
    if path == "evaluation.years":
        high = 4
    if key.kind == "int":
        return st.one_of(st.sampled_from([int(low), int(high)]), st.integers(int(low), int(high)))
    if key.kind == "float":
        return st.one_of(st.sampled_from([float(low), float(high)]), st.floats(low, high))
    if key.kind == "bool":
        return st.booleans()
    if key.kind == "word":
        return st.sampled_from(key.words)
    if key.kind == "list":
        return st.lists(st.sampled_from(key.words), unique=True).map(tuple)
    return st.dictionaries(st.sampled_from(list(scenarios.MECHANISMS)), st.sampled_from(scenarios.CARRIERS))


def assumption_at(name: str):
    p = assumptions.PARAMETERS[name]
    return st.one_of(st.sampled_from([p.low, p.high]), st.floats(p.low, p.high))


@st.composite
def corners(draw) -> dict:
    """Values for some keys and assumptions, each allowed by itself."""
    free = [path for path in KEYS if path not in scenarios.CSV_FILES]
    paths = draw(st.lists(st.sampled_from(free), min_size=1, max_size=12, unique=True))
    names = draw(st.lists(st.sampled_from(list(assumptions.PARAMETERS)), max_size=4, unique=True))
    values = {path: draw(allowed_at(path)) for path in paths}
    return values | {f"theory.{name}": draw(assumption_at(name)) for name in names}


@examples(300)
@given(name=st.sampled_from(sorted(FILES)), values=corners())
def test_every_corner_of_what_is_allowed_runs(name, values):
    small = {"staff.schools": 2, "staff.teachers_per_school": 6, "programme.schools_taking_part": 0}
    scenario = read_or_refuse(pdsim.scenario, name, small | values)
    if scenario is not None:
        assert_starts(scenario)


@examples(150)
@given(
    ties=st.dictionaries(st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdef")), st.floats(1e-6, 1000)),
    staff=st.dictionaries(
        st.sampled_from("abcdef"),
        st.tuples(st.sampled_from(["", "north", "south"]), st.sampled_from(["", "art", "maths"]), st.floats(0, 60)),
    ),
    given_files=st.sampled_from([("network.edges",), ("staff.teachers",), ("network.edges", "staff.teachers")]),
    values=corners(),
)
def test_every_small_staffroom_runs(ties, staff, given_files, values, folder):
    rows = [f"{a},{b},{weight!r}" for (a, b), weight in ties.items() if a != b]
    (folder / "ties.csv").write_text("\n".join(["from,to,weight", *rows]) + "\n")
    rows = [f"{name},{school},{subject},{years!r}" for name, (school, subject, years) in staff.items()]
    (folder / "staff.csv").write_text("\n".join(["teacher,school,department,years_of_experience", *rows]) + "\n")
    places = {"network.edges": "ties.csv", "staff.teachers": "staff.csv"}
    files = {key: str(folder / places[key]) for key in given_files}
    scenario = read_or_refuse(pdsim.scenario, "lesson-study", values | files)
    if scenario is not None:
        assert_starts(scenario)
