"""`pdsim validate`: trial files, predictions, scores by hand, what trials can tell, and registered predictions."""

from __future__ import annotations

import datetime
import io
import json
import re
import sys
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console
from scipy import stats

from pdsim import cli, scenarios, theory, validation_figures, validation_page, validation_tables
from pdsim.assumptions import NO_NETWORK
from pdsim.errors import InputError
from pdsim.kernel.instruments import MARKS
from pdsim.kernel.measure import OUTCOMES as COLUMNS
from pdsim.kernel.measure import POPULATIONS
from pdsim.scenarios import MECHANISMS
from pdsim.simulate import Luck, simulate
from pdsim.validation import designs, power, prediction, registered, result, scores
from pdsim.validation.cases import case_rows, chance_of
from pdsim.validation.forecasts import Predicted, spreads_of
from pdsim.validation.rivalry import all_scores, contrast_logs, pupil_logs
from pdsim.validation.rivals import simple_rules, theories
from pdsim.validation.scores import Point
from pdsim.validation.trials import Contrast, Outcome, read_folder, read_trial
from pdsim.validation.unknown import Unknown, flat, read_unknown, spread_evenly

TRIAL = """
title = "Hub"
source = "Somebody 2020"
kind = "randomised"

[setting]
staff.schools = 4
staff.teachers_per_school = 6
network.ties = 2.0

[unknown]
"school.leadership" = [0.4, 0.6]
programme.content = [0.5, 0.7]

[arms.hub]
extends = "peer-observation"
programme.sessions = 4
programme.weeks_between = 2

[arms.hub.unknown]
"programme.hours" = [1.0, 3.0]
"programme.attendance" = ["required", "voluntary"]

[arms.course]
extends = "solo-course"
programme.sessions = 4

[[outcomes]]
name = "reading"
outcome = "pupil_attainment"
arm = "hub"
against = "control"
year = 2
alignment = [1.0, 1.6]
observed = 0.05
se = 0.06

[[outcomes]]
name = "liked"
outcome = "reaction"
arm = "hub"
year = 1
observed = 0.8
se = 0.05

[[outcomes]]
name = "knowledge"
outcome = "insight"
arm = "hub"
against = "course"
year = 1

[[outcomes]]
name = "weaker partners"
outcome = "practice"
arm = "hub"
against = "control"
year = 1
role = "less-expert"
observed = 0.3
se = 0.1

[[outcomes]]
name = "stronger partners"
outcome = "practice"
arm = "hub"
against = "control"
year = 1
role = "more-expert"

[[contrasts]]
name = "weaker gain more"
greater = "weaker partners"
than = "stronger partners"

[[contrasts]]
name = "practice moves"
greater = "weaker partners"
"""

SMALL = """
title = "Coaching"
source = "Somebody else 2021"
kind = "quasi-experimental"

[setting]
staff.schools = 2
staff.teachers_per_school = 8

[arms.coached]
extends = "solo-coaching"

[[outcomes]]
name = "mathematics"
outcome = "pupil_attainment"
arm = "coached"
against = "control"
year = 1
observed = 0.1
se = 0.05

[[outcomes]]
name = "practice"
outcome = "practice"
arm = "coached"
against = "control"
year = 1
observed = 0.5
se = 0.1
"""


def written(folder, text, name="trial"):
    """A trial file in a folder."""
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def trial_of(folder, text=TRIAL, name="trial"):
    """A trial read from text."""
    return read_trial(written(folder, text, name))


def forecast(trial, draws=6, seed=1, **options):
    """A trial's forecasts by the model and all rivals."""
    planned = prediction.plan(trial, draws, seed, **options)
    return Predicted(
        planned, prediction.predict([planned], theories("posterior", draws, seed))[0], simple_rules(planned)
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two toy trials."""
    place = tmp_path_factory.mktemp("trials")
    written(place, TRIAL, "hub")
    written(place, SMALL, "coaching")
    (place / "registered").mkdir()
    written(place / "registered", "not a trial", "other")
    return place


@pytest.fixture(scope="module")
def found(folder):
    """Their validation."""
    return result.validate(folder, draws=8)


# Trial files


def test_a_trial_is_read_whole(tmp_path):
    trial = trial_of(tmp_path)
    assert (trial.name, trial.title, trial.kind, trial.years) == ("trial", "Hub", "randomised", 2)
    assert list(trial.arms) == ["hub", "course"]
    assert [outcome.name for outcome in trial.outcomes][:2] == ["reading", "liked"]
    assert trial.outcomes[0].alignment == (1.0, 1.6)
    assert trial.outcomes[3].alignment == (1.0, 1.0)
    assert trial.unknown[1] == Unknown("programme.content", 0.5, 0.7)
    assert trial.arms["hub"].unknown[1].choices == ("required", "voluntary")


def test_an_arm_counts_before_the_setting_and_the_setting_before_what_is_extended(tmp_path):
    text = TRIAL.replace("[unknown]", "programme.hours = 5.0\nprogramme.weeks_between = 7\n[unknown]")
    trial = trial_of(tmp_path, text)
    hub = trial.scenario("hub", {})
    parent = scenarios.load("peer-observation")
    assert (hub.programme.hours, hub.programme.weeks_between) == (5.0, 2)
    assert hub.programme.mechanisms == parent.programme.mechanisms
    assert hub.collaboration == parent.collaboration
    assert (hub.staff.teachers_per_school, hub.evaluation.years) == (6, 2)


def test_an_arm_takes_only_the_programme_of_what_it_extends(tmp_path):
    (tmp_path / "parent.txt.toml").write_text("[staff]\nexpert_share = 0.9\n[programme]\nsessions = 3\n")
    trial = trial_of(tmp_path, TRIAL.replace('"peer-observation"', '"parent.txt"'))
    assert trial.scenario("hub", {}).staff.expert_share == scenarios.Scenario().staff.expert_share


MISTAKES = [
    ('kind = "randomised"', 'kind = "randomized"', ["kind", "'randomized'", "did you mean 'randomised'"]),
    ('title = "Hub"\n', "", ["title: is missing"]),
    ('title = "Hub"\n', "title = 3\n", ["title: 3 is not text"]),
    ("[setting]\n", "[settings]\n", ["settings: no such key", "did you mean 'setting'"]),
    ("staff.schools = 4", "staff.scools = 4", ["setting: staff.scools", "schools"]),
    ("staff.schools = 4", "staff.schools = 0", ["staff.schools: 0 is not allowed", "1 to 20000"]),
    ("staff.schools = 4", 'staff.teachers = "x.csv"', ["staff.teachers", "drawn"]),
    ("staff.schools = 4", "theory.discernment = 1.0", ["setting: theory: does not belong here"]),
    (
        "programme.sessions = 4\nprogramme.weeks",
        "programme.sesions = 4\nprogramme.weeks",
        ["arms.hub", "programme.sesions"],
    ),
    (
        "programme.sessions = 4\nprogramme.weeks",
        "staff.schools = 4\nprogramme.weeks",
        ["arms.hub: staff: does not belong"],
    ),
    ('"peer-observation"', '"peer-observatio"', ["extends", "did you mean 'peer-observation'"]),
    (
        '"programme.hours" = [1.0, 3.0]',
        '"programme.hours" = [3.0, 1.0]',
        ["arms.hub.unknown", "the first number is the greater"],
    ),
    (
        '"programme.hours" = [1.0, 3.0]',
        '"programme.hours" = 2.0',
        ["arms.hub.unknown: programme.hours: 2.0 is not allowed"],
    ),
    (
        '"programme.hours" = [1.0, 3.0]',
        '"programme.hours" = [1.0, 30.0]',
        ["arms.hub.unknown", "programme.hours: 30.0", "0 to 12"],
    ),
    ('"programme.hours" = [1.0, 3.0]', '"programme.sessions" = [1.0, 3.5]', ["two whole numbers"]),
    ('"programme.hours" = [1.0, 3.0]', '"school.leadership" = [0.1, 0.2]', ["is not an arm's own"]),
    ('["required", "voluntary"]', '["required", "volunteer"]', ["programme.attendance", "'volunteer'"]),
    ('"school.leadership" = [0.4, 0.6]', '"school.leaders" = [0.4, 0.6]', ["school.leaders: no such key"]),
    (
        '"school.leadership" = [0.4, 0.6]',
        '"theory.discernment" = [0.4, 0.6]',
        ["unknown: theory.discernment: cannot be unknown"],
    ),
    (
        'outcome = "pupil_attainment"',
        'outcome = "pupils_attainment"',
        ["outcomes[1] (reading)", "did you mean 'pupil_attainment'"],
    ),
    ('outcome = "pupil_attainment"', 'outcome = "expertise_gap"', ["outcome: 'expertise_gap' is not allowed"]),
    (
        'against = "course"',
        'against = "coarse"',
        ["outcomes[3] (knowledge): against: no arm 'coarse'", "did you mean 'course'"],
    ),
    ("year = 2\n", "year = 11\n", ["year: 11 is not allowed", "1 to 10"]),
    ("year = 2\n", "", ["outcomes[1] (reading): year: is missing"]),
    ("year = 2\n", "year = 2\nyeer = 2\n", ["yeer: no such key", "did you mean 'year'"]),
    ('role = "less-expert"', 'role = "novice"', ["role: 'novice' is not allowed", "less-experienced"]),
    ("alignment = [1.0, 1.6]", "alignment = [1.0, 3.0]", ["alignment: [1.0, 3.0] is not allowed"]),
    ("alignment = [1.0, 1.6]", "alignment = [1.6, 1.0]", ["alignment: [1.6, 1.0] is not allowed"]),
    ("alignment = [1.0, 1.6]", 'alignment = "high"', ["alignment", "0.5 to 2.5"]),
    ("observed = 0.05\nse = 0.06", "observed = 0.05", ["se: is missing"]),
    ("observed = 0.05\nse = 0.06", "observed = 0.05\nse = 0.0", ["se: 0.0 is not allowed", "above 0"]),
    ('against = "control"\nyear = 2', "year = 2", ["against: is missing"]),
    ('name = "liked"', 'name = "reading"', ["'reading' stands twice"]),
    (
        "year = 2\n",
        'year = 2\nwhere = { "staff.teacher_per_school" = 5 }\n',
        ["where.staff.teacher_per_school", "did you mean"],
    ),
    (
        "year = 2\n",
        'year = 2\nwhere = { "programme.hours" = 5.0 }\n',
        ["where.programme.hours: is no key of the setting"],
    ),
    (
        "year = 2\n",
        'year = 2\nwhere = { "staff.schools" = 0 }\n',
        ["outcomes[1] (reading): where: staff.schools: 0 is not allowed"],
    ),
    (
        '"school.leadership" = [0.4, 0.6]',
        '"school.leadership" = [0.4, 6.0]',
        [".toml: unknown: school.leadership: 6.0 is not allowed", "0 to 1"],
    ),
    ("[unknown]\n", "unknown = 3\n[network]\n", ["no such key"]),
    (
        'than = "stronger partners"',
        'than = "stronger partners"\nexpected = "more"',
        ["expected: 'more' is not allowed"],
    ),
    ("observed = 0.05\n", "observed = nan\n", ["observed: nan is not allowed; allowed is a number"]),
    ("alignment = [1.0, 1.6]", "alignment = true", ["alignment: true is not allowed"]),
    ("alignment = [1.0, 1.6]", "alignment = [1.0]", ["alignment", "a range [low, high]"]),
    (
        'than = "stronger partners"',
        'than = "strong partners"',
        ["contrasts[1] (weaker gain more): than: no outcome", "did you mean"],
    ),
    ('than = "stronger partners"', 'than = "liked"', ["a level and an effect"]),
    ('than = "stronger partners"', 'expected = "about equal"', ["margin: is missing"]),
    ('than = "stronger partners"', "margin = 0.1", ['goes with expected = "about equal"']),
]


@pytest.mark.parametrize(("old", "new", "words"), MISTAKES, ids=range(len(MISTAKES)))
def test_a_mistake_gives_one_clear_line(tmp_path, old, new, words):
    assert old in TRIAL
    with pytest.raises(InputError) as mistake:
        trial_of(tmp_path, TRIAL.replace(old, new, 1))
    line = str(mistake.value)
    assert str(tmp_path / "trial.toml") in line
    assert "\n" not in line
    for word in words:
        assert word in line, line


def test_outcomes_are_a_list_of_tables(tmp_path):
    start, _, _ = TRIAL.partition("[[outcomes]]")
    with pytest.raises(InputError, match=r"outcomes: is not a list of tables; begin each with a line \[\[outcomes\]\]"):
        trial_of(tmp_path, f'{start}[outcomes]\nname = "x"\n')


def test_folders_without_trials_are_mistakes(tmp_path):
    with pytest.raises(InputError, match="holds no trial files"):
        read_folder(tmp_path)
    with pytest.raises(InputError, match="no such folder"):
        read_folder(tmp_path / "nowhere")


def test_a_folder_is_read_without_its_subfolders(folder):
    assert [trial.name for trial in read_folder(folder)] == ["coaching", "hub"]


# What is unknown


def test_unknown_values_lie_where_the_file_says():
    assert Unknown("programme.hours", 1.0, 3.0).at(0.25) == 1.5
    assert [Unknown("staff.schools", 2, 4, whole=True).at(u) for u in (0.0, 0.34, 0.999)] == [2, 3, 4]
    assert Unknown("x", choices=("a", "b", "c")).at(0.7) == "c"
    assert read_unknown("programme.hours", [1.0, 2.0, 6.0], "file").choices == (1.0, 2.0, 6.0)
    assert read_unknown("programme.mechanisms", [["a"], ["b"]], "file").choices == (["a"], ["b"])
    assert Unknown("staff.schools", 2, 4, whole=True).extremes() == (2, 4)
    assert flat({"a": {"b": {"c": 1}}, "a.d": [2]}) == {"a.b.c": 1, "a.d": [2]}


def test_numbers_are_spread_evenly_and_streams_stand_apart():
    numbers = spread_evenly(20, 1, "trial", "key")
    assert sorted((numbers * 20).astype(int)) == list(range(20))
    assert not np.array_equal(numbers, spread_evenly(20, 1, "trial", "other"))
    assert np.array_equal(numbers, spread_evenly(20, 1, "trial", "key"))


def test_samples_cover_all_draws_and_share_what_is_shared(tmp_path):
    trial = trial_of(tmp_path)
    samples = designs.samples(trial, 47, 1)
    assert [sample.first for sample in samples] + [47] == [0, *(sample.last for sample in samples)]
    assert len(samples) == designs.CODE_SAMPLES
    hours, words, content = set(), set(), []
    for sample in samples:
        hub, course = (sample.runs[sample.cases[2].arm], sample.runs[sample.cases[2].against])
        control = sample.runs[sample.cases[0].against]
        assert hub.programme.content == course.programme.content
        assert hub.school.leadership == course.school.leadership == control.school.leadership
        assert control.programme.content == scenarios.load("business-as-usual").programme.content
        assert course.programme.hours == scenarios.load("solo-course").programme.hours
        hours.add(hub.programme.hours)
        words.add(hub.programme.attendance)
        content.append(hub.programme.content)
    assert len(hours) == designs.CODE_SAMPLES
    assert words == {"required", "voluntary"}
    assert min(content) < 0.51
    assert max(content) > 0.69
    assert [sample.runs for sample in samples] == [sample.runs for sample in designs.samples(trial, 47, 1)]


def test_what_is_unknown_of_an_arm_counts_before_what_is_unknown_of_all(tmp_path):
    text = TRIAL.replace('"programme.hours" = [1.0, 3.0]', '"programme.content" = [0.1, 0.2]')
    for sample in designs.samples(trial_of(tmp_path, text), 10, 1):
        arm, against = (sample.runs[key] for key in (sample.cases[2].arm, sample.cases[2].against))
        assert 0.1 <= arm.programme.content <= 0.2
        assert 0.5 <= against.programme.content <= 0.7


def test_mechanisms_and_programmes_are_counted_against_the_control_as_none(tmp_path):
    cases = designs.samples(trial_of(tmp_path), 2, 1)[0].cases
    hub = len(scenarios.load("peer-observation").programme.mechanisms)
    course = len(scenarios.load("solo-course").programme.mechanisms)
    assert (cases[0].mechanisms, cases[0].programmes) == (hub, 1)
    assert (cases[2].mechanisms, cases[2].programmes) == (hub - course, 0)


# Few schools, wrong codes


def test_few_schools_keep_the_size_of_a_facilitators_group():
    many = scenarios.Scenario().with_(
        **{"staff.schools": 171, "programme.sessions": 4, "programme.who": "champions", "programme.count_per_school": 1,
           "programme.per_facilitator": 10.0}
    )  # fmt: skip
    count = designs.schools_to_run([many])
    assert designs.SCHOOLS < count < 15
    assert designs.room_in(many, count) == pytest.approx(designs.room_in(many, 171), rel=designs.ROOM_TOLERANCE)
    small = designs.with_schools(many, count)
    assert (small.staff.schools, small.programme.schools_taking_part) == (count, 0)
    assert designs.schools_to_run([many.with_(**{"staff.schools": 2})]) == 2
    alone = many.with_(**{"programme.per_facilitator": 1.0})
    assert designs.schools_to_run([alone]) == designs.SCHOOLS


def test_wrong_codes_keep_the_expected_number_of_mechanisms(tmp_path):
    trial = trial_of(tmp_path)
    hub = trial.scenario("hub", {})
    readings = [designs.misreading(trial, coding, 1).of(hub).programme for coding in range(400)]
    counts = np.array([len(programme.mechanisms) for programme in readings])
    assert counts.mean() == pytest.approx(len(hub.programme.mechanisms), abs=4 * counts.std() / 20)
    assert counts.std() > 0
    kept = np.mean([hub.programme.mechanisms[0] in programme.mechanisms for programme in readings])
    assert kept == pytest.approx(1 - designs.MISREAD, abs=0.07)
    for name in designs.SHIFTED:
        moved = np.array([getattr(programme, name) for programme in readings])
        assert np.all(np.abs(moved - getattr(hub.programme, name)) <= designs.SHIFT + 1e-12)
        assert np.all((moved >= 0) & (moved <= 1))
    nothing = scenarios.load("no-pd")
    assert designs.misreading(trial, 0, 1).of(nothing) is nothing
    assert all(set(programme.mechanisms) <= set(MECHANISMS) for programme in readings)


def test_wrong_codes_leave_the_control_alone(tmp_path):
    trial = trial_of(tmp_path)
    right = designs.samples(trial, 2, 1)[0]
    wrong = designs.samples(trial, 2, 1, designs.misreading(trial, 3, 1))[0]
    assert right.runs[right.cases[0].arm].programme != wrong.runs[wrong.cases[0].arm].programme
    assert right.runs[right.cases[0].against].programme == wrong.runs[wrong.cases[0].against].programme


# Predictions


def test_runs_are_those_of_simulate(tmp_path):
    trial = trial_of(tmp_path)
    by = forecast(trial, draws=4).by["pdsim"]
    sample = designs.samples(trial, 4, 1)[1]
    draws = theory.load("posterior", 4, 1)
    runs = Luck(1, np.array([1, 1]), np.array([2, 3]))
    case = sample.cases[1]
    level = simulate(sample.runs[case.arm], draws, runs)
    participants = POPULATIONS.index("participants")
    assert by.effects[2:4, 1] == pytest.approx(level[:, 1, participants, COLUMNS.index("reaction")], rel=1e-12)
    case = sample.cases[0]
    effect = simulate(sample.runs[case.arm], draws, runs) - simulate(sample.runs[case.against], draws, runs)
    alignment = designs.alignments(trial, trial.outcomes[0], 4, 1)[1]
    expected = alignment * effect[:, 2, 0, COLUMNS.index("pupil_attainment")]
    assert by.effects[2:4, 0] == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_an_arm_against_itself_differs_by_exactly_nothing(tmp_path):
    text = SMALL.replace('against = "control"', 'against = "coached"')
    found = forecast(trial_of(tmp_path, text), draws=3)
    assert np.all(found.by["pdsim"].effects == 0.0)
    assert np.all(found.rules["constant"] == 0.0)
    contrast = Contrast(name="x", greater="practice")
    assert chance_of(contrast, found.by["pdsim"], 1, None) == 0.5


def test_a_contrast_of_an_outcome_with_itself_has_chance_one_half(tmp_path):
    by = forecast(trial_of(tmp_path, SMALL), draws=3).by["pdsim"]
    assert chance_of(Contrast(name="x", greater="practice", than="practice"), by, 1, 1) == 0.5
    equal = Contrast(name="x", greater="practice", than="practice", expected="about equal", margin=0.1)
    assert chance_of(equal, by, 1, 1) == 1.0
    assert chance_of(Contrast(name="x", greater="practice"), by, 1, None) > 0.9
    assert chance_of(Contrast(name="x", greater="practice", expected="less"), by, 1, None) < 0.1


def test_alignment_multiplies_effects_exactly(tmp_path):
    plain = forecast(trial_of(tmp_path, SMALL), draws=3).by["pdsim"].effects
    text = SMALL.replace('name = "mathematics"', 'name = "mathematics"\nalignment = 2.0')
    doubled = forecast(trial_of(tmp_path, text), draws=3).by["pdsim"].effects
    assert np.array_equal(doubled[:, 0], 2 * plain[:, 0])
    assert np.array_equal(doubled[:, 1], plain[:, 1])


def test_a_subgroup_of_schools_is_the_trial_in_such_schools(tmp_path):
    text = SMALL.replace('name = "mathematics"', 'name = "mathematics"\nwhere = { staff.teachers_per_school = 3 }')
    trial = trial_of(tmp_path, text)
    sample = designs.samples(trial, 4, 1)[0]
    sizes = [sample.runs[case.arm].staff.teachers_per_school for case in sample.cases]
    assert sizes == [3, 8]
    assert len(sample.runs) == 4


def test_one_more_trial_changes_no_prediction(found, folder, tmp_path):
    written(tmp_path, SMALL, "coaching")
    alone = result.validate(tmp_path, draws=8)
    before = {row["name"]: row["predicted"] for row in found.cases if row["trial"] == "coaching"}
    assert {row["name"]: row["predicted"] for row in alone.cases} == before


def test_nobody_to_measure_is_a_mistake(tmp_path):
    text = SMALL.replace('name = "practice"', 'name = "practice"\npopulation = "colleagues"')
    with pytest.raises(InputError, match=r"outcomes\[2\] \(practice\): nobody among colleagues has practice in year 1"):
        forecast(trial_of(tmp_path, text), draws=2)


# Reduction of runs to effects, by hand


def a_case(**changes):
    """An outcome with changes."""
    return Outcome(**{"name": "x", "outcome": "insight", "arm": "a", "against": "b", "year": 1, **changes})


def followed(levels, name="insight", marks=None):
    """Runs with one outcome at given levels (runs, teachers); everybody takes part."""
    levels = np.array(levels, float)
    outcomes = np.full((len(levels), 1, levels.shape[1], len(COLUMNS)), np.nan)
    outcomes[:, 0, :, COLUMNS.index(name)] = levels
    all_marks = np.zeros((*levels.shape, len(MARKS)))
    all_marks[:, :, :2] = 1.0
    for mark, values in (marks or {}).items():
        all_marks[:, :, MARKS.index(mark)] = values
    return prediction.Followed(outcomes, all_marks)


DESIGN = scenarios.Scenario().with_(**{"staff.schools": 1, "staff.teachers_per_school": 3})


def test_effects_on_learning_are_in_sd_of_the_measure_without_it():
    records = theory.load("point", 1, 1).draws
    arm, base = followed([[0.5, 0.6, 0.7], [0.5, 0.6, 0.7]]), followed([[0.3, 0.4, 0.5], [0.3, 0.4, 0.8]])
    found = prediction.effect(a_case(), DESIGN, arm, base, records)
    sd = np.sqrt(np.var([0.3, 0.4, 0.5, 0.3, 0.4, 0.8]) + records.quiz_noise[0] ** 2)
    assert found == pytest.approx([0.2 / sd, 0.1 / sd])
    own = prediction.effect(a_case(unit="own"), DESIGN, arm, base, records)
    assert own == pytest.approx([0.2, 0.1])
    level = prediction.effect(a_case(against=None), DESIGN, arm, None, records)
    assert level == pytest.approx([0.6, 0.6])


def test_instruments_have_the_errors_of_their_assumptions():
    records = theory.load("prior", 3, 1).draws
    assert np.array_equal(prediction.instrument_error(a_case(), records, 3), records.quiz_noise)
    for name, error in (("reaction", "rating_noise"), ("organisational_support", "survey_noise")):
        assert np.array_equal(prediction.instrument_error(a_case(outcome=name), records, 3), records[error])
    use = prediction.instrument_error(a_case(outcome="use"), records, 4)
    assert use == pytest.approx(records.lesson_noise / records.practice_use / 2)


def test_roles_are_those_within_the_team():
    marks = {"expertise_in_team": [[0.2, -0.2, 0.0]], "experience_in_team": [[-3.0, 3.0, 0.0]]}
    arm = followed([[0.9, 0.5, 0.1]], "practice", marks)
    base = followed([[0.0, 0.0, 0.0]], "practice")
    records = theory.load("point", 1, 1).draws

    def of(role):
        case = a_case(outcome="practice", role=role)
        return prediction.effect(case, DESIGN, arm, base, records)[0]

    assert (of("less-expert"), of("more-expert"), of("less-experienced"), of("more-experienced")) == (
        0.5,
        0.9,
        0.9,
        0.5,
    )


def test_those_without_a_rating_do_not_count_and_nobody_gives_nan():
    about = np.array([[True, True], [True, False], [False, False]])
    levels = np.array([[0.4, np.nan], [0.2, 0.9], [0.1, 0.1]])
    assert np.array_equal(prediction.mean_over(about, levels), [0.4, 0.2, np.nan], equal_nan=True)


# Scores, by hand


def test_log_density_is_that_of_equally_likely_normals():
    means = np.array([0.0, 0.1])
    expected = np.log((stats.norm.pdf(0.05, 0.0, 0.2) + stats.norm.pdf(0.05, 0.1, 0.2)) / 2)
    assert scores.log_density(0.05, means, 0.2) == pytest.approx(expected, rel=1e-12)
    low, high = scores.interval(np.array([0.3]), 0.1)
    assert (low, high) == pytest.approx((0.3 - 0.1645, 0.3 + 0.1645), abs=0.002)
    low, high = scores.interval(np.array([0.0, 1.0]), 1e-9)
    assert (low, high) == pytest.approx((0.0, 1.0), abs=1e-6)


def test_a_trial_counts_once():
    points = [Point("a", "k", 0.0, 0.1), Point("a", "k", 0.0, 0.1), Point("b", "k", 0.0, 0.1)]
    assert scores.within_trials(points, [1.0, 3.0, 5.0]) == {"a": 2.0, "b": 5.0}
    assert [(p.trial, p.observed) for p in scores.averaged(points)] == [("a", 0.0), ("b", 0.0)]


def test_spread_is_found_where_there_is_one():
    rng = np.random.Generator(np.random.Philox(key=3))
    observed = 0.05 + rng.normal(0, np.hypot(0.05, 0.1), 400)
    points = [Point(str(k), "k", float(x), 0.05) for k, x in enumerate(observed)]
    around = scores.spread_around(points, [np.array([0.05])] * len(points))
    assert around == pytest.approx(0.1, abs=0.015)
    assert around == pytest.approx(np.sqrt(np.mean((observed - 0.05) ** 2) - 0.05**2), abs=1e-3)
    assert scores.spread_between(points) == pytest.approx(np.sqrt(observed.var(ddof=1) - 0.05**2), abs=1e-3)


def test_no_spread_is_exactly_none():
    alike = [Point(str(k), "k", 0.05, 0.1) for k in range(5)]
    assert scores.spread_around(alike, [np.array([0.05])] * 5) == 0.0
    assert scores.spread_between(alike) == 0.0
    assert scores.spread_between([Point("a", "k", 0.0, 0.1), Point("b", "other", 9.0, 0.1)]) == 0.0
    assert scores.spread_around([], []) == 0.0


def test_the_pooled_mean_leaves_the_trial_itself_out():
    points = [
        Point("a", "k", 9.0, 0.1),
        Point("b", "k", 0.2, 0.1),
        Point("c", "k", 0.5, 0.2),
        Point("d", "x", 7.0, 0.1),
    ]
    mean, error = scores.pooled_without(points[0], points, 0.0)
    assert mean == pytest.approx((0.2 / 0.01 + 0.5 / 0.04) / (1 / 0.01 + 1 / 0.04))
    assert error == pytest.approx(1 / np.sqrt(125))
    assert scores.pooled_without(points[3], points, 0.0) is None


def test_differences_are_paired():
    mine, rival = {"a": 1.0, "b": 2.0, "c": 4.0}, {"a": 0.0, "b": 0.0, "d": 9.0}
    found = scores.scored(mine, rival)
    assert (found.score, found.trials, found.difference) == (3.0, 3, 1.5)
    assert found.difference_se == pytest.approx(0.5)
    same = scores.scored(mine, dict(mine))
    assert (same.difference, same.difference_se) == (0.0, 0.0)
    assert scores.scored(mine).difference is None
    assert scores.scored({}, {}).score is None
    assert scores.scored({"a": 1.0}, {"a": 0.5}).difference_se is None


def test_a_sure_and_wrong_forecast_has_a_finite_score():
    assert scores.log_chance(0.0, 99) == pytest.approx(np.log(0.005))
    assert scores.log_chance(0.5, 99) == pytest.approx(np.log(0.5))


def test_contrasts_are_scored_beside_no_difference():
    even = {"prior": 0.5, "no_network": 0.5}
    rows = [
        {"trial": "a", "contrast": "x", "expected": "greater", "probability": 0.9, "rivals": even},
        {"trial": "a", "contrast": "y", "expected": "about equal", "probability": 0.5, "rivals": even},
    ]
    logs = contrast_logs(rows, 100)
    assert logs["no_difference"]["a"] == pytest.approx((np.log(0.5) + np.log(100.5 / 101)) / 2)
    assert logs["pdsim"]["a"] == pytest.approx((np.log(90.5 / 101) + np.log(50.5 / 101)) / 2)
    table = all_scores(logs, {"pdsim": {}}, {"pdsim": {}})
    assert table["no_difference"]["contrasts"]["difference"] == pytest.approx(
        logs["pdsim"]["a"] - logs["no_difference"]["a"]
    )
    assert table["constant"]["contrasts"] is None


def test_identical_rivals_score_alike(tmp_path):
    planned = prediction.plan(trial_of(tmp_path, SMALL), 4, 1)
    same = theory.load("posterior", 4, 1)
    by = prediction.predict([planned], dict.fromkeys(("pdsim", "prior", "no_network"), same))[0]
    logs = pupil_logs([Predicted(planned, by, simple_rules(planned))], 0.05)
    for rival in ("prior", "no_network"):
        assert scores.scored(logs["pdsim"], logs[rival]).difference == 0.0


def test_what_is_predicted_lies_in_its_interval(tmp_path):
    found = forecast(trial_of(tmp_path, SMALL), draws=5)
    outcomes = tuple(
        outcome.model_copy(update={"observed": float(mean)})
        for outcome, mean in zip(found.plan.trial.outcomes, found.by["pdsim"].spread.effect, strict=True)
    )
    seen = replace(found, plan=replace(found.plan, trial=replace(found.plan.trial, outcomes=outcomes)))
    rows = list(case_rows(seen, spreads_of([seen])))
    assert [row["in_interval"] for row in rows] == [True, True]
    assert all(row["low"] <= row["effect_low"] <= row["effect_high"] <= row["high"] for row in rows)


def test_simple_rules_are_worked_by_hand(tmp_path):
    planned = prediction.plan(trial_of(tmp_path), 5, 1)
    rules = simple_rules(planned)
    mechanisms = len(scenarios.load("peer-observation").programme.mechanisms)
    assert rules["constant"][:, 0] == pytest.approx(0.05 * planned.alignment[:, 0])
    assert rules["mechanisms_only"][:, 0] == pytest.approx(0.01 * mechanisms * planned.alignment[:, 0])
    assert np.all((planned.alignment[:, 0] >= 1.0) & (planned.alignment[:, 0] <= 1.6))


def test_without_a_network_nobody_learns_from_another():
    draws = theories("posterior", 5, 1)["no_network"].draws
    for name in ("advice_rate", "craft_spillover", "exchange_insight", "lasting_tie_strength", "coordination"):
        assert name in NO_NETWORK
    for name in NO_NETWORK:
        assert np.all(draws[name] == 0.0)


# What trials can tell


def points_with(se, count=8):
    """Trials with one outcome each."""
    return [Point(str(k), "k", 0.0, se) for k in range(count)]


def test_power_is_near_nothing_with_huge_errors():
    means = list(np.linspace(-0.1, 0.2, 8))
    found = power.perfect_model(points_with(50.0), means, [0.05] * 8, 0.08, 1)
    assert abs(found["expected_difference"]) < 1e-3
    assert found["share_ahead_by_two_errors"] < 0.1


def test_power_is_near_certain_with_tiny_errors():
    means = [-0.3, 0.4] * 4
    found = power.perfect_model(points_with(0.01), means, [0.05] * 8, 0.0, 1)
    assert found["share_ahead_by_two_errors"] == 1.0
    assert found["share_ahead"] == 1.0


def test_expected_lead_of_a_perfect_model_is_that_of_theory():
    means, constants = np.linspace(0.0, 0.2, 8), np.full(8, 0.05)
    found = power.perfect_model(points_with(0.08), list(means), list(constants), 0.06, 1)
    expected = np.mean((means - constants) ** 2 / 2 / (0.08**2 + 0.06**2))
    assert found["expected_difference"] == pytest.approx(expected, abs=4 * found["standard_error"] / np.sqrt(4000))
    nothing = power.perfect_model(points_with(0.08), [0.05] * 8, [0.05] * 8, 0.06, 1)
    assert (nothing["expected_difference"], nothing["share_ahead_by_two_errors"]) == (0.0, 0.0)


def test_power_needs_two_trials():
    found = power.perfect_model(points_with(0.1, 1), [0.1], [0.05], 0.0, 1)
    assert found["trials"] == 1
    assert found["expected_difference"] is None


# The whole


def test_the_document_has_what_the_issue_asks_for(found):
    document = json.loads(found.to_json())
    case_keys = {"trial", "outcome", "arm", "observed", "se", "predicted", "low", "high", "in_interval"}
    assert all(case_keys <= set(row) for row in document["cases"])
    contrast_keys = {"trial", "contrast", "expected", "predicted", "probability"}
    assert all(contrast_keys <= set(row) for row in document["contrasts"])
    assert {"pdsim", "prior", "constant", "mechanisms_only", "no_network"} <= set(document["scores"])
    assert document["power"]["trials"] == 2
    assert len(document["cases"]) == 7
    assert len(document["contrasts"]) == 2
    for row in document["cases"]:
        inside = None if row["observed"] is None else row["low"] <= row["observed"] <= row["high"]
        assert row["in_interval"] is inside
    for kind, trials in (("contrasts", 1), ("other_outcomes", 2), ("pupils", 2)):
        assert document["scores"]["pdsim"][kind]["trials"] == trials
    assert document["scores"]["pooled_mean"]["other_outcomes"]["trials"] == 2
    assert document["scores"]["no_difference"]["pupils"] is None
    assert document["between_trial_spread"].keys() == {"pupils", "teachers, in SD", "reaction (level)"}
    assert document["codes"]["codings"] == len(document["codes"]["lead_over_constant"]["codings"])


def test_the_same_seed_gives_the_same_document(found, folder):
    assert result.validate(folder, draws=8).to_json() == found.to_json()


def test_progress_counts_all_runs(folder):
    request = result.resolve(folder, draws=2)
    done = []
    result.run(request, done.append)
    assert sum(done) == request.runs


def test_tables_say_what_the_trials_can_tell(found):
    out = io.StringIO()
    validation_tables.print_validation(found, Console(file=out, width=250))
    text = out.getvalue()
    said = (
        "constant 0.05 SD for every programme is a strong rival",
        "Even a perfect model",
        "weaker gain more",
        "Were each mechanism read wrongly",
        "Not randomised, or in a laboratory: coaching",
        "fitted to published patterns",
    )
    for words in said:
        assert words in text
    inside = sum(row["in_interval"] is True for row in found.cases)
    assert f"{inside} of 5 observed values" in text


def test_files_are_tables_figures_the_document_and_a_page(found):
    files = validation_page.validation_files(found)
    assert set(files) == {
        "validation-cases.csv", "validation-contrasts.csv", "validation-scores.csv", "validation-codes.csv",
        "figures-trials.svg", "figures-trials.png", "figures-validation.svg", "figures-validation.png",
        "validation.json", "validation.html",
    }  # fmt: skip
    assert files["validation-cases.csv"].decode().count("\n") == 8
    assert json.loads(files["validation.json"]) == found.to_dict()
    titles = [title for title, _ in validation_figures.panels_of(found.cases)]
    assert titles == ["Effects on pupils (pupil SD)", "Effects on teachers (SD)", "Levels and shares"]
    assert files == validation_page.validation_files(found)


def test_python_checks_its_options(folder):
    with pytest.raises(InputError, match="--draws: 0 is out of range"):
        result.validate(folder, draws=0)
    with pytest.raises(InputError, match="--seed"):
        result.validate(folder, seed=-1)


# Registered predictions


def unreported(folder, tmp_path):
    """A trial without a result."""
    text = re.sub(r"^observed = .*\n", "", SMALL, flags=re.M)
    return registered.resolve(written(tmp_path, text, "forthcoming"), folder, draws=6)


def test_a_registered_prediction_holds_all_that_makes_it_again(folder, tmp_path):
    asked = unreported(folder, tmp_path)
    document = registered.predict_unreported(asked, date=datetime.date(2026, 1, 2))
    assert (document["date"], document["trial"], document["seed"]) == ("2026-01-02", "forthcoming", 1)
    assert document["design"]["arms"]["coached"]["extends"] == "solo-coaching"
    assert {"version", "science", "theory", "sha256_of_file", "between_trial_spread"} <= set(document)
    for row in document["predictions"]:
        low, high = row["average_effect"]
        assert row["may_be_observed"][0] < low <= row["predicted"] <= high < row["may_be_observed"][1]
        assert "observed" not in row
    assert json.loads(registered.to_json(document)) == document
    assert registered.predict_unreported(asked, date=datetime.date(2026, 1, 2)) == document


def test_a_known_result_cannot_be_registered(folder, tmp_path):
    with pytest.raises(InputError, match="before the result is known"):
        registered.resolve(written(tmp_path, SMALL), folder)


# The command


def run_command(arguments, monkeypatch):
    """Exit code of the command line."""
    monkeypatch.setattr(sys, "argv", ["pdsim", "validate", *map(str, arguments)])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    return stopped.value.code


def test_the_command_prints_the_document(found, folder, monkeypatch, capsys):
    assert run_command([folder, "--draws", 8, "--json"], monkeypatch) == 0
    assert capsys.readouterr().out.strip() == found.to_json()


def test_the_command_writes_files_and_tables(folder, tmp_path, monkeypatch, capsys):
    assert run_command([folder, "--draws", 2, "--out", tmp_path / "made"], monkeypatch) == 0
    assert "strong rival" in " ".join(capsys.readouterr().out.split())
    assert len(list((tmp_path / "made").iterdir())) == 10


def test_the_command_registers_a_prediction(folder, tmp_path, monkeypatch, capsys):
    file = unreported(folder, tmp_path).file
    arguments = [folder, "--predict", file, "--draws", 2, "--out", tmp_path / "made"]
    assert run_command(arguments, monkeypatch) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["kind"] == "pdsim registered prediction"
    assert json.loads((tmp_path / "made" / "forthcoming.json").read_text()) == printed


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere"], "no such folder"),
        (["{folder}", "--draws", "0"], "--draws: 0 is out of range"),
        (["{folder}", "--theory", "mnt"], "did you mean 'mint'"),
        (["{folder}", "--predict", "{folder}/hub.toml"], "before the result is known"),
        (["{folder}", "--predict", "nowhere.toml"], "no such file"),
    ],
)
def test_a_mistake_of_the_command_exits_with_2(arguments, words, folder, monkeypatch, capsys):
    arguments = [argument.format(folder=folder) for argument in arguments]
    assert run_command(arguments, monkeypatch) == 2
    err = capsys.readouterr().err
    assert words in err
    assert "Traceback" not in err
