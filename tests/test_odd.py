"""The printed description of the model: complete, in the order of the code, without stale names or numbers."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import pdsim
from pdsim import assumptions, cli, experiment, library, odd, population, scenarios, simulate, theory
from pdsim.calibration import fit, targets
from pdsim.errors import InputError
from pdsim.kernel import draws, network, pupils, records
from pdsim.kernel.measure import OUTCOMES as COLUMNS
from pdsim.lab import definition as lab_definition
from pdsim.outcomes import OUTCOMES

SOURCE = Path(pdsim.__file__).parent
TEXT = odd.odd_text()
WRITTEN = odd.document("odd")  # by hand, without the tables
KEYS = scenarios.keys()
EQUATIONS = "\n".join(re.findall(r"```\n(.*?)```", WRITTEN, re.DOTALL))
DEFINED_THERE = {*re.findall(r"\b([a-z_]+)(?:\[[\w ]+\])?\s*[+−·]?= ", EQUATIONS), "half_life", "fixed"}
RESULT_COLUMNS = {"low", "high", "mc_error", "school_low", "school_high"}
LONGEST_LINE = 200


def section(heading, following):
    """Text of the description from one heading to another."""
    return TEXT[TEXT.index(f"\n{heading}\n") : TEXT.index(f"\n{following}")]


def functions():
    """Every function of the package by name; where a name stands twice, the kernel's counts."""
    paths = sorted(SOURCE.rglob("*.py"), key=lambda path: path.parent.name == "kernel")
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in paths]
    return {node.name: node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


FUNCTIONS = functions()


def calls(name):
    """The package's functions that a function calls by name, in order of the source."""
    found = [
        node for node in ast.walk(FUNCTIONS[name]) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    ]
    found.sort(key=lambda node: (node.lineno, node.col_offset))
    return [node.func.id for node in found if node.func.id in FUNCTIONS]


@pytest.mark.parametrize(
    "name", [*assumptions.PARAMETERS, *KEYS, *records.TEACHER_FIELDS, *records.SCHOOL_FIELDS, *OUTCOMES]
)
def test_every_entry_of_a_register_has_a_row(name):
    assert re.search(rf"^\| `{re.escape(name)}` +\|", TEXT, re.MULTILINE)


def test_rows_carry_what_the_registers_say():
    rows = {row.split("|")[1].strip(" `"): row for row in TEXT.splitlines() if row.startswith("| `")}
    p = assumptions.PARAMETERS["discernment"]
    for part in (p.symbol, f"{p.default:g}", f"{p.low:g} to {p.high:g}", str(p.prior), p.meaning, p.source, p.reason):
        assert f" {part} |" in " ".join(rows["discernment"].split())
    key = KEYS["staff.expert_share"]
    for part in (f"{key.default:g}", key.unit, key.allowed, key.meaning):
        assert f" {part} |" in " ".join(rows["staff.expert_share"].split())


@pytest.mark.parametrize("name", assumptions.PARAMETERS)
def test_every_assumption_stands_in_an_equation_or_rule(name):
    submodels = WRITTEN[WRITTEN.index("\n## 7 Submodels") : WRITTEN.index("\n## 8 Assumptions")]
    assert re.search(rf"\b{name}\b", submodels, re.ASCII)


@pytest.mark.parametrize("mechanism", scenarios.MECHANISMS)
def test_every_mechanism_has_its_group_and_usual_carrier(mechanism):
    group, carrier = scenarios.MECHANISMS[mechanism]
    assert re.search(rf"^\| {mechanism} +\| {group} +\| {carrier} \|$", TEXT, re.MULTILINE)


def test_each_channel_has_its_strengths_which_share_a_family():
    assert set(odd.CHANNEL_STRENGTHS) == set(records.CHANNELS)
    listed = [name for names in odd.CHANNEL_STRENGTHS.values() for name in names]
    assert sorted(listed) == sorted(p.name for p in assumptions.REGISTER if p.family)
    for names in odd.CHANNEL_STRENGTHS.values():
        assert len({assumptions.PARAMETERS[name].family for name in names}) == 1


def test_every_stream_of_random_numbers_is_listed():
    streams = {name: value for name, value in vars(draws).items() if name.startswith("STREAM_")}
    assert len(streams) >= 14
    for name, value in streams.items():
        assert re.search(rf"^\| {value} +\| {name.removeprefix('STREAM_').lower()} +\|", TEXT, re.MULTILINE)


@pytest.mark.parametrize("world", theory.WORLDS)
def test_named_worlds_list_their_strengths(world):
    row = next(line for line in TEXT.splitlines() if line.startswith(f"| {world} "))
    for name, value in theory.WORLDS[world].items():
        assert (f"`{name}` = {value:g}" in row) == (value != 0)


@pytest.mark.parametrize(
    ("function", "heading", "following"),
    [
        ("run", "### A run", "### A week"),
        ("week", "### A week", "### The end of a year"),
        ("close_year", "### The end of a year", "### The summer"),
        ("open_year", "### The summer", "# II Design concepts"),
        ("populate", "## 5 Initialisation", "## 6 Input data"),
    ],
)
def test_the_schedule_names_what_the_code_calls_in_its_order(function, heading, following):
    named = iter(re.findall(r"`(\w+)`", section(heading, following)))
    called = calls(function)
    assert len(called) >= 3
    missing = [name for name in called if name not in named]  # an iterator: each search goes on from the last hit
    assert missing == []


def test_no_function_is_named_in_a_schedule_that_does_not_call_it():
    assert set(re.findall(r"\(`(\w+)`\)", section("### A week", "### The end of a year"))) <= set(calls("week"))


def test_no_marker_is_left_and_every_table_is_used():
    assert "<!--" not in TEXT
    assert set(odd.MARKER.findall(WRITTEN)) == set(odd.TABLES)


def known_names():
    """Every name that the description may use for something in the code."""
    parts = {part for key in KEYS for part in key.split(".")}
    fields = {*records.TEACHER_FIELDS, *records.SCHOOL_FIELDS, *records.DESIGN_FIELDS}
    return {*assumptions.PARAMETERS, *COLUMNS, *KEYS, *parts, *fields, *FUNCTIONS, *RESULT_COLUMNS}


@pytest.mark.parametrize("name", sorted({name for name in re.findall(r"`([a-z]+(?:_[a-z]+)*)`", WRITTEN)}))
def test_names_in_the_text_exist_in_the_code(name):
    assert name in known_names() | DEFINED_THERE


def test_names_in_equations_exist_in_the_code():
    used = set(re.findall(r"\b[a-z]+(?:_[a-z]+)+\b", EQUATIONS, re.ASCII))
    assert len(used) > 60
    assert used <= known_names() | DEFINED_THERE


@pytest.mark.parametrize(
    ("value", "phrase"),
    [
        (records.WEEKS, "A year has {} teaching weeks"),
        (records.SUMMER, "a summer of {} weeks"),
        (scenarios.MAX_PROGRAMME_WEEKS // records.WEEKS, "a programme at most {}."),
        (f"{scenarios.MAX_TEACHERS:,}", "teachers to {}."),
        (population.REFERENCE_STAFF, "one school of {} teachers"),
        (population.LASTING_PLACES, "at least {} lasting ties"),
        (network._ATTEMPTS, "tried up to {} times"),
        (", ".join(f"{power:g}" for power in fit.WAVES[1:]), "with the likelihood raised to {{{}}}"),
        (f"{targets.TOLERANCE_IN_SD:.3f}", "SD = tolerance / {}"),
        (pupils.LESSON_HOURS / records.WEEKS, "({:g} · 39)"),
        ({4: "four"}[simulate.DRAW_SHARE], "{} replicates share a draw"),
        (simulate.draws_for(200), "200 replicates are {} draws"),
    ],
)
def test_numbers_in_the_text_are_those_of_the_code(value, phrase):
    assert phrase.format(value) in " ".join(WRITTEN.split())


def test_lines_are_short_outside_tables():
    long = [line for line in TEXT.splitlines() if len(line) > LONGEST_LINE and not line.startswith("|")]
    assert long == []


def test_limits_are_said_plainly():
    for words in (
        "hardly anything about how strongly collaboration acts",
        "not a trial's",
        "What is not modelled",
        "What evidence does not touch",
    ):
        assert words in " ".join(WRITTEN.split())


def run_cli(monkeypatch, *arguments):
    """Exit code of a command."""
    monkeypatch.setattr(sys, "argv", ["pdsim", *arguments])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    return stop.value.code


def test_the_command_lists_the_settings_of_a_scenario(monkeypatch, capsys):
    assert run_cli(monkeypatch, "odd", "maths-hub") == 0
    printed = capsys.readouterr().out
    own = printed[printed.index("# Settings of scenario maths-hub") : printed.index("\n# Words")]
    hub = scenarios.load("maths-hub")
    assert f"Title: {hub.title}" in " ".join(own.split())
    assert f"| `programme.sessions` | {hub.programme.sessions} | 0 |" in re.sub(" +", " ", own)
    for mechanism in hub.programme.mechanisms:
        assert f"\n| {mechanism} " in own
    assert printed.startswith(TEXT[:1000])


@pytest.mark.parametrize("name", library.shipped())
def test_settings_are_exactly_the_keys_that_differ(name):
    scenario = scenarios.load(name)
    listed = {row[0].strip("`"): row[1] for row in odd.changed_keys(scenario)}
    rebuilt = scenarios.Scenario().model_dump()
    for path in listed:
        scenarios.set_key(rebuilt, path, odd.value_at(scenario, path), name)
    own = ("mechanisms", "carriers")
    rebuilt["programme"].update({field: getattr(scenario.programme, field) for field in own})
    for section_name in ("staff", "network", "partners", "programme", "collaboration", "school", "evaluation", "costs"):
        assert rebuilt[section_name] == getattr(scenario, section_name).model_dump()


def test_settings_show_assumptions_that_a_scenario_fixes():
    scenario = scenarios.load("no-pd").with_(**{"theory.discernment": 1.0})
    usual = assumptions.PARAMETERS["discernment"].default
    assert f"| `discernment` | 1 | {usual:g} |" in re.sub(" +", " ", odd.scenario_section(scenario))
    assert "none of the 14 mechanisms" in odd.scenario_section(scenario)


def test_an_unknown_scenario_is_one_clear_line(monkeypatch, capsys):
    with pytest.raises(InputError, match="maths-hub"):
        odd.odd_text("maths-hubb")
    assert run_cli(monkeypatch, "odd", "maths-hubb") == 2
    message = capsys.readouterr().err
    assert message.startswith("pdsim: ")
    assert message.count("\n") == 1


def test_the_glossary_is_the_last_section_in_alphabetical_order():
    words = TEXT[TEXT.index("\n# Words\n") :]
    terms = re.findall(r"^- \*\*(.+?)\*\*:", words, re.MULTILINE)
    assert len(terms) >= 25
    assert terms == sorted(terms, key=str.lower)
    assert words.strip() == odd.document("glossary").strip()


def test_importing_the_description_needs_neither_pandas_nor_numba():
    code = "import sys, pdsim.odd; print(sorted({'pandas', 'numba', 'scipy', 'mesa'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


EXPERIMENT = """
title = "A trial"
question = "Does it matter?"
prediction = "It does."
scenarios = ["solo-course", "lesson-study"]
baseline = "business-as-usual"
replicates = 40
seed = 7
years = 3

[design]
method = "{method}"
{more}

[settings]
staff.schools = 2

[factors]
{factors}

[output]
outcomes = ["use", "pupil_attainment"]
resolution = "year"
"""
SCATTERED = """
programme.fidelity = { low = 0.3, high = 0.9 }
programme.hours = { low = 0.5, high = 8.0, log = true }
programme.content = { low = 0.1, high = 0.9, distribution = "normal", mean = 0.5, sd = 0.1 }
school.leadership = { low = 0.0, high = 1.0, distribution = "triangular", mode = 0.8 }
programme.attendance = { values = ["required", "voluntary"] }
theory.discernment = {}
"""


def described(tmp_path, method, more="", factors=SCATTERED):
    """The section on an experiment, spaces of its tables squeezed, and the text that follows."""
    path = tmp_path / "trial.toml"
    path.write_text(EXPERIMENT.replace("{method}", method).replace("{more}", more).replace("{factors}", factors))
    text = re.sub(" +", " ", odd.odd_text(str(path)))
    start, end = text.index("\n# Design of experiment trial"), text.index("\n# Settings of scenario solo-course")
    return text[start:end], text[end:]


def test_an_experiment_is_described_with_its_design(tmp_path):
    section_, rest = described(tmp_path, "sobol", "samples = 64\nsecond_order = true")
    for row in (
        "| samples | 64 base points |",
        f"| points | {64 * 14} |",
        "| scenarios | solo-course, lesson-study |",
        "| baseline | business-as-usual, in each",
        "| years | 3 |",
        "| replicates | 40 at each point, over 10 draws of the assumptions |",
        "| seed | 7 |",
        f"| runs | {64 * 14 * 2 * 40:,}, each made",
        "the start and the end of every year; all |",
        "with points for second-order indices |",
    ):
        assert row in section_
    for text in ("Title: A trial", "Question: Does it matter?", "Prediction: It does.", "Saltelli"):
        assert text in section_
    assert "\n# Settings of scenario lesson-study" in rest
    assert "\n# Settings of scenario business-as-usual" in rest
    assert "| `staff.schools` | 2 |" in rest
    assert rest.index("# Settings of scenario business-as-usual") < rest.index("\n# Words")


def test_factors_are_described_with_ranges_and_distributions(tmp_path):
    section_, _ = described(tmp_path, "latin-hypercube", "samples = 10")
    for row in (
        "| `programme.fidelity` | 0-1 | uniform from 0.3 to 0.9 |",
        "| `programme.hours` | hours | log-uniform from 0.5 to 8 |",
        "| `programme.content` | 0-1 | normal (mean 0.5, SD 0.1), cut off at 0.1 to 0.9 |",
        "triangular (mode 0.8) from 0 to 1 |",
        "| one of: required, voluntary | whether teachers may stay away |",
        f"| its prior, {assumptions.PARAMETERS['discernment'].prior}, within",
    ):
        assert row in section_
    assert "McKay" in section_


def test_grids_and_trajectories_are_described(tmp_path):
    factors = "programme.fidelity = { low = 0.2, high = 1.0, levels = 5 }\nprogramme.sessions = { values = [1, 4] }"
    grid, _ = described(tmp_path, "grid", "", factors)
    assert "5 values at equal distances from 0.2 to 1 |" in grid
    assert "| one of: 1, 4 |" in grid
    assert "| points | 10 |" in grid
    assert "| samples |" not in grid
    morris, _ = described(tmp_path, "morris", "samples = 5\nlevels = 6\ncommon_luck = false")
    assert "| levels | 6 |" in morris
    assert "of its own at every point" in morris


SHIPPED = [name for name in library.shipped("experiments") if not lab_definition.is_lab(name)]


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_experiment_is_described(name):
    found = experiment.load(name)
    text = odd.experiment_section(found)
    for path in found.factors:
        assert f"\n| `{path}`" in text
    for outcome in found.output.outcomes:
        assert f"\n| `{outcome}`" in text


def test_an_experiment_of_the_lab_or_a_wrong_one_is_one_clear_line(monkeypatch, capsys, tmp_path):
    with pytest.raises(InputError, match="evidence lab"):
        odd.odd_text("bundled-reviews")
    (tmp_path / "wrong.toml").write_text('scenarios = ["solo-course"]\n[design]\nmethod = "grit"\n[factors]\n')
    assert run_cli(monkeypatch, "odd", str(tmp_path / "wrong.toml")) == 2
    message = capsys.readouterr().err
    assert "did you mean 'grid'?" in message
    assert message.count("\n") == 1
