"""The shipped trial files: each loads, explains itself, and follows the rubric of its folder, never its result."""

import math
import re
import sys
from functools import cache

import numpy as np
import pytest

from pdsim import cli, library, theory
from pdsim.errors import read_toml
from pdsim.outcomes import POPULATIONS
from pdsim.scenarios import MECHANISMS
from pdsim.simulate import luck, simulate
from pdsim.validation.trials import read_trial
from pdsim.validation.unknown import flat

FOLDER = library.folder("experiments") / "trials"
PUBLISHED = {path.stem: path for path in sorted(FOLDER.glob("*.toml"))}
REGISTERED = {path.stem: path for path in sorted((FOLDER / "registered").glob("*.toml"))}
FILES = PUBLISHED | REGISTERED
RUBRIC = (FOLDER / "README.md").read_text(encoding="utf-8")

EXPECTED = {
    "research-learning-communities", "rise-research-leads", "danish-peer-coaching", "literacy-collaborative",
    "shanghai-teacher-exchange", "match-coaching", "dialogic-teaching", "mathematics-mastery-primary",
    "mathematics-mastery-secondary", "teep", "modelling-experiment", "coaching-or-reflection",
    "early-career-framework",
}  # fmt: skip

# What differs from report to report, so that a file states it or calls it unknown.
ALWAYS = {
    "staff.schools", "staff.teachers_per_school", "programme.format", "programme.mechanisms", "programme.sessions",
    "programme.weeks_between", "programme.first_week", "programme.hours", "programme.content",
    "programme.facilitator", "programme.fidelity", "programme.per_facilitator", "programme.attendance",
    "programme.who", "programme.lesson_time",
}  # fmt: skip
TOGETHER = {"collaboration.together", "collaboration.team_size", "collaboration.teams"}
SCHOOL_SIZES = ([10, 20], [45, 80], [20, 40], [20, 50], [10, 80])  # the last: primary and secondary schools
HALF_TOGETHER = ([0.2, 0.5], [0.7, 1.0], [0.2, 0.7])

# Standard errors by the rubric's formula: schools in the two arms and pupils tested in each.
SIZES = {
    "rise-research-leads": (20, 20, 95),
    "literacy-collaborative": (17, 17, 126),
    "mathematics-mastery-primary": (41, 42, 50),
    "mathematics-mastery-secondary": (22, 22, 135),
    "teep": (22, 23, 222),
    "psqm-effectiveness": (171, 171, 27),
}
INTERVALS = {  # published 95 % intervals
    ("research-learning-communities", "reading, age 11, second year"): (-0.09, 0.13),
    ("dialogic-teaching", "reading, a year later"): (-0.09, 0.14),
    ("dialogic-teaching", "mathematics, a year later"): (-0.08, 0.20),
}
END_OF_YEAR = ("English, end of the year", "science, end of the year", "mathematics, end of the year")

every_file = pytest.mark.parametrize("name", FILES)
every_published = pytest.mark.parametrize("name", PUBLISHED)
content_of = cache(lambda name: read_toml(FILES[name]))
trial_of = cache(lambda name: read_trial(FILES[name]))


def keys_of(name, arm):
    """({path: value} that an arm states, {path: range or list} that is unknown of it), the setting included."""
    content = content_of(name)
    table = dict(content["arms"][arm])
    unknown = flat(content.get("unknown", {})) | flat(table.pop("unknown", {}))
    stated = flat(content.get("setting", {}))
    for section, values in table.items():
        stated |= {f"{section}.{key}": value for key, value in values.items()}
    return stated, unknown


def arms_of(name):
    return list(content_of(name)["arms"])


def each_arm():
    return [(name, arm) for name in FILES for arm in arms_of(name)]


every_arm = pytest.mark.parametrize(("name", "arm"), each_arm())


def values_of(name, arm, key):
    """The values that a key may have: one if stated, both ends or all choices if unknown."""
    stated, unknown = keys_of(name, arm)
    return list(unknown[key]) if key in unknown else [stated[key]]


@cache
def scale(key):
    """Scores of one of the rubric's scales, with the ends of its ranges."""
    table = re.search(rf"^\| `programme\.{key}` \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", RUBRIC, re.MULTILINE)
    assert table, f"no scale of {key}"
    cells = [row.split("|")[1] for row in table.group(1).splitlines()]
    return {float(number) for cell in cells for number in re.findall(r"\d(?:\.\d+)?", cell)}


def by_size(first, second, pupils):
    """The rubric's standard error of a trial of schools: intraclass correlation 0.1, pre-test correlation 0.7."""
    return math.sqrt((1 / first + 1 / second) * (0.1 + 0.9 / pupils) * (1 - 0.7**2))


def observed_of(name):
    return {outcome.name: outcome for outcome in trial_of(name).outcomes if outcome.observed is not None}


def test_every_trial_is_there_and_in_the_table():
    assert set(PUBLISHED) == EXPECTED
    assert set(REGISTERED) == {"psqm-effectiveness"}
    for name in PUBLISHED:
        assert f"| `{name}` |" in RUBRIC
    for name in REGISTERED:
        assert f"| `registered/{name}` |" in RUBRIC


@every_file
def test_each_names_a_publication_and_explains_itself(name):
    trial = trial_of(name)
    assert re.search(r"\b(19|20)\d\d\b", trial.source)
    for text in (trial.title, trial.says, trial.choices):
        assert len(text.split()) >= 5


@every_published
def test_what_is_observed_has_a_size_a_control_and_an_error(name):
    for outcome in observed_of(name).values():
        assert outcome.se is not None
        assert 0 < outcome.se < 0.5
        assert abs(outcome.observed) < 1
        assert outcome.against is not None


@every_published
def test_every_outcome_counts(name):
    trial = trial_of(name)
    in_contrasts = {each for contrast in trial.contrasts for each in (contrast.greater, contrast.than)}
    for outcome in trial.outcomes:
        assert outcome.observed is not None or outcome.name in in_contrasts


@pytest.mark.parametrize("name", REGISTERED)
def test_a_registered_trial_has_no_result_and_an_expected_error(name):
    trial = trial_of(name)
    assert trial.contrasts == ()
    for outcome in trial.outcomes:
        assert outcome.observed is None
        assert outcome.se is not None


@every_arm
def test_what_differs_between_reports_is_stated_or_unknown(name, arm):
    stated, unknown = keys_of(name, arm)
    needed = set(ALWAYS)
    if "collaborative" in values_of(name, arm, "programme.format"):
        needed |= TOGETHER
    if stated["programme.who"] != "everyone":
        needed |= {"programme.count_per_school"}
    if stated["programme.who"] == "champions":
        needed |= {"programme.cascade_hours"}
    assert needed <= {*stated, *unknown}
    assert not set(stated) & set(unknown), "stated and unknown at once"


@every_arm
@pytest.mark.parametrize("key", ["content", "facilitator", "fidelity"])
def test_quality_is_on_the_scales_of_the_rubric(name, arm, key):
    assert set(values_of(name, arm, f"programme.{key}")) <= scale(key)
    if key == "fidelity" and content_of(name)["kind"] != "laboratory":
        assert max(values_of(name, arm, f"programme.{key}")) <= 0.8


def test_the_scales_are_those_of_the_scenarios():
    assert scale("content") == {0.4, 0.5, 0.7, 0.8}
    assert scale("facilitator") == {0.35, 0.5, 0.65, 0.75, 0.85}
    assert scale("fidelity") == {0.6, 0.7, 0.8, 1.0}
    text = (library.folder("scenarios") / "README.md").read_text(encoding="utf-8")
    for number in (scale("content") | scale("facilitator") | scale("fidelity")) - {1.0}:
        assert f"| {number:g} |" in text


@every_arm
def test_ranges_are_those_of_the_rubric(name, arm):
    stated, unknown = keys_of(name, arm)
    if "collaboration.together" in unknown:
        assert unknown["collaboration.together"] in HALF_TOGETHER
    if "staff.teachers_per_school" in unknown:
        assert unknown["staff.teachers_per_school"] in SCHOOL_SIZES
    if "programme.cascade_hours" in unknown:
        assert unknown["programme.cascade_hours"] == [0.25, 1.0]
    for hours in values_of(name, arm, "programme.hours"):
        assert 0 < hours <= 12
    if stated["programme.who"] in ("champions", "everyone"):
        assert not set(unknown) & {"programme.who"}


@every_arm
def test_doubtful_mechanisms_make_two_readings_of_which_one_holds_the_other(name, arm):
    readings = values_of(name, arm, "programme.mechanisms")
    for reading in readings:
        assert set(reading) <= set(MECHANISMS)
        assert len(set(reading)) == len(reading)
    if len(readings) > 1:
        fewer, more = readings
        assert set(fewer) < set(more)


@every_arm
def test_the_last_session_falls_within_what_is_looked_at(name, arm):
    sessions, between = (max(values_of(name, arm, f"programme.{key}")) for key in ("sessions", "weeks_between"))
    first = keys_of(name, arm)[0]["programme.first_week"]
    assert first + (sessions - 1) * between < 39 * trial_of(name).years


@every_file
def test_no_file_says_what_the_practice_is_worth_or_how_teachers_learn(name):
    text = FILES[name].read_text(encoding="utf-8")
    assert "programme.value" not in text
    assert "theory" not in content_of(name).get("setting", {})


@pytest.mark.parametrize("name", SIZES)
def test_errors_by_size_follow_the_formula(name):
    expected = by_size(*SIZES[name])
    for outcome in trial_of(name).outcomes:
        assert outcome.se == pytest.approx(expected, abs=0.0006)


@pytest.mark.parametrize(("name", "outcome"), INTERVALS)
def test_errors_by_interval_are_its_width(name, outcome):
    low, high = INTERVALS[name, outcome]
    assert trial_of(name).outcome(outcome).se == pytest.approx((high - low) / 3.92, abs=0.0006)


def test_the_other_errors_are_the_rubrics_too():
    for outcome in END_OF_YEAR:
        assert trial_of("dialogic-teaching").outcome(outcome).se == pytest.approx(by_size(38, 38, 65), abs=0.0006)
    practice = trial_of("match-coaching").outcome("practice index")
    assert practice.se == pytest.approx(math.sqrt(1 / 30 + 1 / 29), abs=0.0006)


def test_every_error_is_accounted_for():
    rest = {(name, outcome) for name in PUBLISHED if name not in SIZES for outcome in observed_of(name)}
    named = {("dialogic-teaching", outcome) for outcome in END_OF_YEAR} | {("match-coaching", "practice index")}
    assert rest == named | set(INTERVALS)


@pytest.mark.parametrize(("name", "arm"), each_arm())
def test_each_arm_runs_and_somebody_takes_part(name, arm):
    _, unknown = keys_of(name, arm)
    values = {path: choices[0] for path, choices in unknown.items()} | {"staff.schools": 2}
    if arm == "classes_followed":
        values["staff.teachers_per_school"] = 20
    scenario = trial_of(name).scenario(arm, values)
    result = simulate(scenario, theory.load("point", 1, 1), luck(2, 1, seed=1))
    for outcome in trial_of(name).outcomes:
        if outcome.arm == arm:
            assert np.isfinite(result[:, outcome.year, POPULATIONS.index(outcome.population)]).all()


def test_the_list_of_experiments_is_not_muddled_by_trials(capsys, monkeypatch):
    assert not set(library.shipped("experiments")) & set(FILES)
    monkeypatch.setattr(sys, "argv", ["pdsim", "list"])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 0
    assert "psqm-effectiveness" not in capsys.readouterr().out
