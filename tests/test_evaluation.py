"""`pdsim evaluate`: one school's own instruments, worked by hand, against the truth, and by the laws of chance."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from rich.console import Console
from scipy import stats

import pdsim
from pdsim import cli, comparison, evaluation, library, scenarios, tables, theory
from pdsim.errors import InputError
from pdsim.kernel.instruments import (
    AFTER,
    BEFORE,
    CLASS_TESTS,
    FORM,
    INSTRUMENTS,
    OBSERVATIONS,
    QUIZ,
    SURVEY,
    rating,
)
from pdsim.simulate import luck, simulate

LEVEL_KEYS = {
    "guskey_level", "instrument", "unit", "n", "true_effect", "measured_change", "low", "high", "school_low",
    "school_high", "detected", "detected_low", "detected_high", "false_alarm", "false_alarm_low", "false_alarm_high",
}  # fmt: skip


def level(result: evaluation.Evaluation, number: int) -> dict:
    """The row of one Guskey level."""
    return next(row for row in result.to_dict()["levels"] if row["guskey_level"] == number)


def readings(design: pdsim.Scenario, runs: int = 8, years: int = 1, **fixed: float) -> evaluation.Readings:
    """Readings of a design under one draw, with some assumptions fixed at any value, also outside their range."""
    draws = theory.load("point", 1, 1).draws.copy()
    for name, value in fixed.items():
        draws[name] = value
    start = evaluation.school_of(design, scenarios.load("no-pd")).programme
    return evaluation.read(start, draws, np.zeros(runs, np.int64), np.arange(runs), 1, years)


def printed(result: evaluation.Evaluation) -> str:
    """What the terminal shows, on wide paper."""
    out = io.StringIO()
    tables.print_evaluation(result, Console(file=out, width=200))
    return out.getvalue()


@pytest.fixture(scope="module")
def course() -> pdsim.Scenario:
    """A design in which everyone takes part."""
    return pdsim.scenario("solo-course")


@pytest.fixture(scope="module")
def found(course: pdsim.Scenario) -> evaluation.Evaluation:
    """An evaluation of it after one year."""
    return pdsim.evaluate(course, replicates=40, years=1)


# exact


@pytest.mark.parametrize(
    ("reaction", "error", "points"),
    [(0.8, 0.0, 4), (0.875, 0.0, 5), (0.87, 0.0, 4), (0.0, 0.0, 1), (0.5, 0.125, 4), (0.9, 0.5, 5), (0.1, -0.5, 1)],
)
def test_a_form_has_whole_points_from_1_to_5(reaction, error, points):
    assert rating(reaction, error) == points


def test_without_noise_every_instrument_shows_the_truth(course):
    silent = dict.fromkeys(
        ("rating_noise", "quiz_noise", "survey_noise", "lesson_noise", "class_noise", "pupil_noise"), 0.0
    )
    read = readings(course, **silent)
    for k in (QUIZ, SURVEY, OBSERVATIONS, CLASS_TESTS):
        np.testing.assert_array_equal(read.seen[..., k], read.true[..., k])
    forms = read.true[:, AFTER, :, FORM]
    np.testing.assert_array_equal(read.seen[:, AFTER, :, FORM], np.floor(forms + 0.5))
    assert np.isnan(read.seen[:, BEFORE, :, FORM]).all()


def test_a_quiz_without_noise_measures_the_true_change(course):
    result = pdsim.evaluate(
        course, 8, 1, theory="point", settings={"theory.quiz_noise": 0.0, "theory.survey_noise": 0.0}
    )
    read = readings(course)
    change = (read.true[:, AFTER] - read.true[:, BEFORE]).mean(axis=(0, 1))
    assert level(result, 2)["measured_change"] == pytest.approx(change[QUIZ], abs=1e-12)
    assert level(result, 3)["measured_change"] == pytest.approx(change[SURVEY], abs=1e-12)


def test_truth_is_that_of_the_other_runs(course):
    levels = simulate(course, theory.load("point", 1, 1), luck(8, 1, 1))
    read = readings(course, years=course.evaluation.years)
    names = {
        QUIZ: "insight",
        SURVEY: "organisational_support",
        OBSERVATIONS: "practice",
        CLASS_TESTS: "pupil_attainment",
    }
    for moment, year in ((BEFORE, 0), (AFTER, -1)):
        for k, name in names.items():
            column = evaluation.comparison.OUTCOMES[name].column
            np.testing.assert_allclose(read.true[:, moment, :, k].mean(axis=1), levels[:, year, 0, column], atol=1e-12)


def test_true_effects_are_those_of_compare_with_the_same_options(found):
    rows = comparison.compare(["solo-course"], replicates=40, years=1).table.query("population == 'all' and year == 1")
    for number, outcome in ((5, "pupil_attainment"), (4, "practice"), (3, "organisational_support"), (2, "insight")):
        row, same = level(found, number), rows[rows.outcome == outcome].iloc[0]
        assert row["true_effect"] == pytest.approx(same.effect, abs=1e-12)
        assert (row["low"], row["high"]) == pytest.approx((same.low, same.high), abs=1e-12)


def test_an_aligned_test_shows_a_multiple_of_the_true_effect(found, course):
    aligned = pdsim.evaluate(course, 40, 1, settings={"evaluation.test_alignment": 2.0})
    once, twice = level(found, 5), level(aligned, 5)
    assert twice["true_effect"] == once["true_effect"]
    assert twice["measured_change"] - once["measured_change"] == pytest.approx(once["true_effect"], abs=1e-12)
    assert twice["false_alarm"] == once["false_alarm"]
    assert level(aligned, 4) == level(found, 4)


def test_the_test_is_the_textbook_paired_t_test():
    change = np.random.default_rng(5).normal(0.3, 1.0, (60, 12, 1))
    p = stats.ttest_1samp(change, 0.0, axis=1, alternative="greater").pvalue
    seen = evaluation.significant(change, np.ones_like(change, bool))
    np.testing.assert_array_equal(seen, p < 0.05)
    assert 0 < seen.sum() < seen.size


def test_those_who_are_not_asked_do_not_count():
    change = np.array([[[1.0], [1.2], [0.9], [-50.0]]])
    asked = np.array([[[True], [True], [True], [False]]])
    assert evaluation.mean_of(change, asked)[0, 0] == pytest.approx(3.1 / 3)
    assert evaluation.significant(change, asked)[0, 0]
    assert not evaluation.significant(change, np.ones_like(asked))[0, 0]


def test_one_answer_or_none_proves_nothing():
    change = np.full((2, 3, 1), 9.0)
    asked = np.array([[[True], [False], [False]], [[False], [False], [False]]])
    assert not evaluation.significant(change, asked).any()
    assert np.isnan(evaluation.mean_of(change, asked)[1, 0])


def test_wilson_interval_by_hand():
    draw = np.repeat(np.arange(50), 2)
    none = evaluation.share(np.zeros(100, bool), draw)
    z2 = stats.norm.ppf(0.95) ** 2
    assert none.share == 0
    assert none.low == pytest.approx(0, abs=1e-12)
    assert none.high == pytest.approx(z2 / (100 + z2))
    assert evaluation.share(np.zeros(0, bool), draw[:0]) == (None, None, None)


def test_schools_in_the_same_world_count_for_less():
    hits = np.repeat(np.arange(20) % 2 == 0, 5)
    alike = evaluation.share(hits, np.repeat(np.arange(20), 5))
    apart = evaluation.share(hits, np.arange(100))
    assert alike.share == apart.share == 0.5
    assert alike.high - alike.low > 1.8 * (apart.high - apart.low)


# who is asked


def test_forms_quiz_lessons_and_tests_of_participants_survey_of_all():
    some = {"programme.who": "volunteers", "programme.count_per_school": 5, "programme.attendance": "required"}
    result = pdsim.evaluate("solo-course", replicates=4, years=1, settings=some)
    assert [row["n"] for row in result.to_dict()["levels"]] == [5, 5, 40, 5, 5]


def test_where_champions_pass_it_on_all_lessons_and_classes_count():
    cascade = {"programme.who": "champions", "programme.count_per_school": 4, "programme.cascade_hours": 1.0}
    result = pdsim.evaluate("solo-course", replicates=4, years=1, settings=cascade)
    assert [row["n"] for row in result.to_dict()["levels"]] == [40, 40, 40, 4, 4]


def test_only_the_first_school_is_looked_at(found, course):
    more = pdsim.evaluate(course, 40, 1, settings={"staff.schools": 3, "programme.schools_taking_part": 1})
    assert more.to_dict()["levels"] == found.to_dict()["levels"]


def test_sessions_after_the_horizon_leave_no_form():
    late = pdsim.evaluate("solo-course", replicates=4, years=1, settings={"programme.first_week": 60})
    first = level(late, 1)
    assert (first["n"], first["true_effect"], first["detected"]) == (0, None, None)
    assert level(late, 5)["true_effect"] == 0
    assert late.praised_though_nothing["schools"] == 4
    assert late.praised_though_nothing["praised"] is None
    assert "No feedback form" in printed(late)


# chance


def test_false_alarms_are_one_in_twenty(course):
    replicates = 800
    result = pdsim.evaluate(course, replicates, 2, seed=11, theory="point")
    error = np.sqrt(0.05 * 0.95 / replicates)
    for number in (2, 3, 4, 5):
        assert abs(level(result, number)["false_alarm"] - 0.05) < 4 * error, number
    assert level(result, 1)["false_alarm"] is None


def test_noise_has_the_size_that_the_assumptions_say(course):
    read = readings(course, 60)
    noise = (read.seen - read.true).reshape(-1, len(INSTRUMENTS))
    assumed = theory.load("point", 1, 1).draws[0]
    design = course.evaluation
    of_class = np.hypot(assumed["pupil_noise"] / np.sqrt(design.pupils_per_class), assumed["class_noise"])
    expected = {QUIZ: assumed["quiz_noise"], SURVEY: assumed["survey_noise"], CLASS_TESTS: of_class}
    for k, sd in expected.items():
        assert abs(noise[:, k].mean()) < 4 * sd / np.sqrt(len(noise))
        assert abs(noise[:, k].std() / sd - 1) < 4 / np.sqrt(2 * len(noise))
    six = readings(course.with_(**{"evaluation.lessons_observed": 12}), 60)
    lessons, fewer = (r.true[..., OBSERVATIONS].std() / (r.seen - r.true)[..., OBSERVATIONS].std() for r in (six, read))
    assert lessons / fewer == pytest.approx(2.0, rel=0.05)
    together = np.corrcoef(noise[:, QUIZ:].T)
    assert np.abs(together - np.eye(4)).max() < 4 / np.sqrt(len(noise))


def test_a_strong_programme_is_noticed_more_often(found):
    weak = pdsim.evaluate("solo-course", 40, 1, settings={"programme.content": 0.1})
    for number in (2, 5):
        assert level(found, number)["detected"] > level(weak, number)["detected"]


# praise


def test_a_practice_worth_nothing_reaches_no_pupil_and_is_praised():
    nothing = {"programme.value": 0.0, "programme.lesson_time": 0.0}
    result = pdsim.evaluate("solo-course", 40, 1, settings=nothing)
    top, praise = level(result, 5), result.praised_though_nothing
    assert (top["true_effect"], top["low"], top["high"]) == (0, 0, 0)
    assert top["detected"] == top["false_alarm"]
    assert level(result, 4)["true_effect"] > 0.05
    assert praise["schools"] == 40
    assert praise["praised"] == level(result, 1)["detected"] > 0.9
    assert praise["worthless_practice"]["praised"] == praise["praised"]
    assert "40 of 40 simulated schools the programme does nothing" in printed(result)
    assert "a good feedback form does not tell" in printed(result)


def test_praise_does_not_hang_on_what_the_practice_is_worth(found):
    worthless = found.praised_though_nothing["worthless_practice"]
    assert worthless["praised"] == level(found, 1)["detected"]
    assert abs(worthless["true_effect"]) < 0.01
    assert level(found, 5)["true_effect"] > 0.03


def test_schools_are_sorted_by_the_expected_effect_of_their_draw():
    draw = np.repeat([0, 1, 2], 4)
    seen = np.zeros((12, len(INSTRUMENTS)), bool)
    seen[[0, 1, 2, 4, 8], FORM] = True
    true = np.zeros((12, len(INSTRUMENTS)))
    true[:, CLASS_TESTS] = np.repeat([0.0, 0.05, -0.02], 4)
    look = evaluation.Look(np.full(true.shape, 9), true, true, seen)
    praise = evaluation.praise_of_nothing(evaluation.Looks(look, look, look), draw)
    assert (praise["schools"], praise["praised"]) == (8, 4 / 8)
    assert (praise["otherwise"]["schools"], praise["otherwise"]["praised"]) == (4, 1 / 4)
    assert praise["worthless_practice"]["praised"] == 5 / 12


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({}, "no schools of that kind arose"),
        ({"theory.reaction_usual": 0.5}, "a cool feedback form does not tell that pupils gain nothing"),
        ({"theory.reaction_usual": 0.5, "programme.value": 0.0}, "the form is cool and pupils gain nothing"),
    ],
)
def test_the_punch_line_goes_where_the_numbers_go(settings, sentence):
    assert sentence in printed(pdsim.evaluate("solo-course", 8, 1, settings=settings))


# the document


def test_json_document(found):
    document = json.loads(found.to_json())
    assert list(document) == [
        "schema_version", "version", "scenario", "replicates", "seed", "years", "theory", "interval", "levels",
        "praised_though_nothing",
    ]  # fmt: skip
    assert document["interval"] == 0.9
    assert [row["guskey_level"] for row in document["levels"]] == [5, 4, 3, 2, 1]
    assert all(set(row) == LEVEL_KEYS for row in document["levels"])
    assert "NaN" not in found.to_json()


@pytest.mark.parametrize("name", [n for n in library.shipped() if pdsim.scenario(n).programme.sessions > 0])
def test_every_shipped_programme_can_be_evaluated(name):
    result = pdsim.evaluate(name, replicates=4, years=1, theory="point")
    for row in result.to_dict()["levels"]:
        if row["detected"] is not None:
            assert 0 <= row["detected_low"] <= row["detected"] <= row["detected_high"] <= 1
            assert row["school_low"] <= row["measured_change"] <= row["school_high"]
    assert name in printed(result)


def test_same_seed_same_numbers_whatever_the_chunks(found, course, monkeypatch):
    monkeypatch.setattr(evaluation, "CHUNK", 7)
    done = []
    again = pdsim.evaluate(course, 40, 1, progress=done.append)
    assert again.to_json() == found.to_json()
    assert sum(done) == 80
    assert pdsim.evaluate(course, 40, 1, seed=2).to_dict()["levels"] != found.to_dict()["levels"]


def test_jit_on_and_off_agree_to_the_bit():
    script = (
        "import pdsim, sys\n"
        "small = {'staff.teachers_per_school': 6}\n"
        "sys.stdout.write(pdsim.evaluate('solo-course', 2, 1, settings=small).to_json())"
    )
    off = os.environ | {"NUMBA_DISABLE_JIT": "1"}
    plain = subprocess.run([sys.executable, "-c", script], env=off, capture_output=True, text=True, check=True)
    assert plain.stdout == pdsim.evaluate("solo-course", 2, 1, settings={"staff.teachers_per_school": 6}).to_json()


# mistakes


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["no-pd"], "no programme to notice"),
        (["solo-course", "--set", "programme.sessions=0"], "no programme to notice"),
        (["solo-corse"], "did you mean 'solo-course'"),
        (["solo-course", "--replicates", "0"], "--replicates: 0 is out of range"),
        (["solo-course", "--years", "11"], "--years: 11 is out of range"),
        (["solo-course", "--set", "programme.sesions=1"], "programme.sessions"),
        (["solo-course", "--theory", "mnt"], "did you mean 'mint'"),
        (
            ["solo-course", "--set", "programme.who=volunteers", "--set", "programme.share_taking_part=0.01"],
            "of 40 teachers nobody takes part",
        ),
    ],
)
def test_a_mistake_is_one_clear_line(arguments, words, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["pdsim", "evaluate", *arguments])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    err = capsys.readouterr().err
    assert stopped.value.code == 2
    assert words in err
    mistakes = [line for line in err.splitlines() if line.startswith("pdsim: ")]
    assert len(mistakes) == 1
    assert "Traceback" not in err


def test_python_raises_the_same_mistake():
    with pytest.raises(InputError, match="no programme to notice"):
        pdsim.evaluate("no-pd")


def test_the_command_prints_the_same_document(found, monkeypatch, capsys):
    arguments = ["pdsim", "evaluate", "solo-course", "--replicates", "40", "--years", "1", "--json"]
    monkeypatch.setattr(sys, "argv", arguments)
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert stopped.value.code == 0
    assert capsys.readouterr().out.strip() == found.to_json()
