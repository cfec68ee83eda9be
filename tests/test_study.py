"""What study would tell: arms, known answers in teaching worlds, false alarms, information, documents, mistakes."""

import json
import sys

import numpy as np
import pandas as pd
import pytest

import pdsim
from pdsim import cli, theory
from pdsim.errors import InputError
from pdsim.lab.pool import ATTENDANCE, LEARNING, MEASURES, MOTIVATION, PUPILS
from pdsim.lab.regression import Found
from pdsim.scenarios import load
from pdsim.studies import arms, result, trial
from pdsim.studies.arms import DESIGNS, WITHOUT
from pdsim.studies.pool import SCHOOL_SD, SCHOOLS, Pool, drawn, run_pool, truths
from pdsim.studies.trial import CALLS, READINGS, Sign, analyse, call
from pdsim.study_figures import study_files
from pdsim.study_tables import sentences

SMALL = {"staff.teachers_per_school": 8}
BY_NAME = {design.name: design for design in DESIGNS}
COLLABORATION = BY_NAME["collaboration"]
# Practices worth twice as much, and channels stronger than the teaching worlds', so that a huge trial cannot miss.
WORTH_TWICE = {**SMALL, "programme.value": 2.0}
STRONG = {
    "fluoride": {"exchange_insight": 0.2, "talk_deepens": 0.1, "exchange_technique": 0.2, "peer_strength": 1.5},
    "mint": {"company_reaction": 0.5, "company_motivation": 0.2},
    "bystander": {},
}


def world(name):
    """A teaching world with strong channels on one draw."""
    return theory.override(theory.load("point", 1, 1), {**theory.WORLDS[name], **STRONG[name]}, noted=False)


@pytest.fixture(scope="module")
def programme():
    return arms.programme_of("darling-hammond-bundle", WORTH_TWICE)


@pytest.fixture(scope="module")
def pools(programme):
    """Schools of the three teaching worlds."""
    found = {}
    for name in STRONG:
        assumed = world(name)
        found[name] = run_pool(arms.arms_of(programme), assumed, truths(programme, assumed, 1), 1)
    return found


def made_up(design, truth, change, paths=0.0):
    """A pool whose second arm changes measures by known amounts, and schools differ in attendance and motivation.

    ``paths`` is what a unit of attendance, and of motivation, is worth to pupils.
    """
    rng = np.random.default_rng(9)
    base = np.zeros((1, SCHOOLS, len(MEASURES)))
    base[..., [ATTENDANCE, MOTIVATION]] = 0.1 * rng.standard_normal((1, SCHOOLS, 2))
    base[..., PUPILS] = paths * (base[..., ATTENDANCE] + base[..., MOTIVATION])
    first, second = design.arms
    return Pool("made up", np.array([truth]), {first: base, second: base + change}, np.array([[0.3, 0.0, 0.0, 0.05]]))


@pytest.fixture(scope="module")
def small():
    """A whole study with few draws and trials."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(result, "DRAWS", 6)
        patch.setattr(result, "TAUGHT", (4, 2))
        request = result.resolve(schools=(40, 80), trials=6, settings=SMALL, seed=2)
        runs, tried = [], []
        worlds = result.run_worlds(request, runs.append)
        found = result.report(request, worlds, tried.append)
        assert sum(runs) <= result.runs_needed(request)
        assert sum(tried) == len(worlds) * len(DESIGNS) * 2 * 6
    return found


class TestArms:
    def test_arms_differ_by_what_the_lot_decides(self, programme):
        found = arms.arms_of(programme)
        assert {arm for design in DESIGNS for arm in design.arms} | {WITHOUT} == set(found)
        assert found["together"].programme.attendance == "voluntary"
        assert found["together, held"].programme.attendance == "required"
        assert found["stripped"].programme.format == found["replaced"].programme.format == "solo"
        assert found["replaced"].programme.hours == programme.programme.hours
        carriers = [set(found[arm].programme.carriers.values()) for arm in ("peers", "facilitator")]
        assert carriers == [{"peers"}, {"facilitator"}]
        assert set(found["peers"].programme.carriers) == set(programme.programme.mechanisms) & set(arms.MOVABLE)

    @pytest.mark.parametrize("design", DESIGNS, ids=lambda design: design.name)
    def test_columns_hold_an_effect_each(self, design):
        matrix = design.matrix(40)
        assert matrix.shape == (40, len(design.columns[0]))
        assert np.linalg.matrix_rank(matrix) == len(design.arms)

    def test_a_solo_design_is_tried_as_its_counterpart(self):
        found = arms.programme_of("solo-course", {})
        assert found.programme.format == "collaborative"
        assert found.staff.teachers_per_school == 24

    def test_attendance_may_be_set_by_the_user(self):
        found = arms.programme_of("lesson-study", {"programme.attendance": "required"})
        assert found.programme.attendance == "required"


class TestPool:
    def test_bystander_changes_nothing_to_the_bit(self, pools):
        pool = pools["bystander"]
        learning = pool.change["together"] - pool.change["stripped"]
        assert (learning[..., LEARNING] == 0).all()
        assert (learning[..., ATTENDANCE] == 0).all()
        assert (pool.truth == "neither").all()

    def test_teaching_worlds_are_what_they_say(self, pools):
        assert list(pools["fluoride"].truth) == ["fluoride"]
        assert list(pools["mint"].truth) == ["mint"]
        mint = pools["mint"].change["together"] - pools["mint"].change["stripped"]
        assert (mint[..., [ATTENDANCE, MOTIVATION]].mean(axis=(0, 1)) > 0.03).all()
        fluoride = pools["fluoride"].change["together"] - pools["fluoride"].change["stripped"]
        assert fluoride[..., PUPILS].mean() > 0.01
        assert abs(fluoride[..., MOTIVATION].mean()) < 1e-3

    def test_attendance_held_is_the_same_together_and_alone(self, pools):
        held = pools["mint"].change["together, held"] - pools["mint"].change["stripped, held"]
        assert (held[..., ATTENDANCE] == 0).all()

    def test_noise_of_schools_is_that_of_trials(self):
        # half-width of a 95 % interval with 100 schools: published trials have a mean standard error of about 0.08
        assert 2 * SCHOOL_SD / np.sqrt(100) == pytest.approx(0.058, abs=0.005)

    def test_drawn_schools_have_the_mean_of_their_arm_and_the_noise(self, pools):
        pool, rng = pools["fluoride"], np.random.default_rng(1)
        seen = drawn(pool, 0, COLLABORATION.arms, 8000, rng)
        control, treated = seen[:4000], seen[4000:]
        expected = pool.change["together"][0].mean(axis=0) - pool.change["stripped"][0].mean(axis=0)
        error = np.sqrt(2 * (pool.errors[0] ** 2 + 0.05**2) / 4000)
        assert (np.abs(treated.mean(axis=0) - control.mean(axis=0) - expected) < 4 * error).all()
        assert control[:, PUPILS].std() == pytest.approx(SCHOOL_SD, rel=0.05)


class TestKnownAnswers:
    HUGE = 20_000

    def calls(self, pool, design, reading, seed, schools=HUGE, trials=10):
        """Share of each call in a reading of huge trials."""
        tried = result.simulate_trials(pool, design, schools, trials, np.random.default_rng(seed))
        return dict(zip(CALLS, tried[reading][0], strict=True))

    def test_a_huge_trial_in_a_world_of_fluoride_says_fluoride(self, pools):
        assert self.calls(pools["fluoride"], COLLABORATION, "mediation", 1)["fluoride"] == 1.0
        held = self.calls(pools["fluoride"], BY_NAME["attendance held"], "pupils", 2, schools=80_000)
        assert held["fluoride"] == 1.0

    def test_a_huge_trial_in_a_world_of_mint_says_mint_where_attendance_is_held(self, pools):
        assert self.calls(pools["mint"], BY_NAME["attendance held"], "what it moves", 3)["mint"] == 1.0

    @pytest.mark.parametrize("name", ["fluoride", "mint"])
    def test_pupils_alone_show_that_it_works_but_no_path(self, pools, name):
        assert self.calls(pools[name], COLLABORATION, "pupils", 4)["works"] == 1.0

    def test_a_huge_trial_of_nothing_says_neither(self, pools):
        found = self.calls(pools["bystander"], COLLABORATION, "what it moves", 5, trials=40)
        # time together takes a thousandth of an SD here; that is called harm in about 4 % of trials
        assert found["neither"] > 0.96 - 3 * np.sqrt(0.04 / 40)

    def test_what_goes_through_attendance_and_motivation_is_mint(self):
        change = np.zeros(len(MEASURES))
        change[[PUPILS, ATTENDANCE, MOTIVATION]] = 0.15, 0.05, 0.1
        pool = made_up(COLLABORATION, "mint", change, paths=1.0)
        found = self.calls(pool, COLLABORATION, "mediation", 6, trials=150)
        # what is left is nothing: named by chance in 2.5 % of trials
        assert found["mint"] > 1 - 0.025 - 4 * np.sqrt(0.025 / 150)
        assert found["mint"] + found["both"] == pytest.approx(1.0)

    @pytest.mark.parametrize("reading", ["mediation", "what it moves"])
    def test_what_goes_through_knowledge_is_fluoride(self, reading):
        change = np.zeros(len(MEASURES))
        change[[PUPILS, LEARNING]] = 0.1, 0.1
        pool = made_up(COLLABORATION, "fluoride", change)
        found = self.calls(pool, COLLABORATION, reading, 7, trials=100)
        assert found["fluoride"] > 1 - 0.05 - 4 * np.sqrt(0.05 / 100)
        assert found["fluoride"] + found["both"] == pytest.approx(1.0)

    def test_peers_who_carry_more_than_the_facilitator_are_fluoride(self):
        design = BY_NAME["carriers"]
        change = np.zeros(len(MEASURES))
        change[[PUPILS, LEARNING]] = 0.1, 0.1
        assert self.calls(made_up(design, "fluoride", change), design, "pupils", 8)["fluoride"] == 1.0
        assert self.calls(made_up(design, "fluoride", -change), design, "pupils", 8)["worse"] == 1.0


@pytest.fixture(scope="module")
def idle():
    """Trials in which no arm changes anything."""
    pool = made_up(COLLABORATION, "neither", np.zeros(len(MEASURES)))
    return result.simulate_trials(pool, COLLABORATION, 120, TestFalseAlarms.TRIALS, np.random.default_rng(6))


class TestFalseAlarms:
    TRIALS = 1200

    def test_pupils_are_called_harmed_or_helped_at_the_stated_rate(self, idle):
        error = np.sqrt(0.025 * 0.975 / self.TRIALS)
        for name in ("works", "harmful"):
            assert abs(idle["pupils"][0, CALLS.index(name)] - 0.025) < 4 * error

    def test_a_path_is_named_at_most_at_the_rate_of_its_tests(self, idle):
        named = [CALLS.index(name) for name in ("fluoride", "mint", "both")]
        share = idle["what it moves"][0, named].sum()
        bound = 1 - 0.975**3  # three signs, each above 0 by chance in 2.5 % of trials
        assert share < bound + 3 * np.sqrt(bound / self.TRIALS)
        assert share > 0


class TestCall:
    ABOVE = Sign(Found(0.1, 0.05, 0.15), 0.02, 0.02)
    SMALL = Sign(Found(0.01, 0.005, 0.015), 0.02, 0.02)
    OPEN = Sign(Found(0.0, -0.1, 0.1), 0.02, 0.02)
    BELOW = Sign(Found(-0.1, -0.15, -0.05), 0.02, 0.02)
    FLAT, UP, DOWN = Found(0.0, -0.1, 0.1), Found(0.1, 0.05, 0.15), Found(-0.1, -0.2, -0.05)

    @pytest.mark.parametrize(
        ("total", "fluoride", "mint", "expected"),
        [
            (FLAT, [ABOVE], [OPEN], "fluoride"),
            (FLAT, [OPEN], [OPEN, ABOVE], "mint"),
            (UP, [ABOVE], [ABOVE], "both"),
            (FLAT, [SMALL], [SMALL], "neither"),
            (FLAT, [SMALL], [OPEN], "nothing"),
            (UP, [OPEN], [OPEN], "works"),
            (UP, [], [], "works"),
            (DOWN, [], [], "harmful"),
            (DOWN, [ABOVE], [OPEN], "harmful"),
            (FLAT, [BELOW], [OPEN], "harmful"),
            (FLAT, [BELOW], [ABOVE], "mint"),
        ],
    )
    def test_rule(self, total, fluoride, mint, expected):
        assert call(COLLABORATION, total, fluoride, mint) == expected

    def test_losing_to_a_facilitator_is_no_harm_and_no_difference_from_one_is_no_neither(self):
        design = BY_NAME["collaboration, equal hours"]
        assert call(design, self.DOWN, [self.BELOW], [self.OPEN]) == "worse"
        assert call(design, self.FLAT, [self.SMALL], [self.SMALL]) == "nothing"

    @pytest.mark.parametrize("design", DESIGNS, ids=lambda design: design.name)
    def test_every_reading_makes_a_call(self, pools, design):
        found = analyse(design, drawn(pools["mint"], 0, design.arms, 80, np.random.default_rng(7)))
        assert tuple(found) == READINGS
        assert set(found.values()) <= set(CALLS)
        if not design.moves_company:
            assert not {"mint", "both", "neither"} & set(found.values())


class TestInformation:
    TRUTH = np.array(["fluoride", "mint"] * 50)

    def shares(self, right):
        out = np.zeros((100, len(CALLS)))
        out[np.arange(100), [CALLS.index(answer) for answer in self.TRUTH]] = right
        out[:, CALLS.index("nothing")] = 1 - right
        return out

    def test_bits_of_known_channels(self):
        assert result.bits(self.TRUTH, self.shares(1.0)) == pytest.approx(1.0)
        assert result.bits(self.TRUTH, self.shares(0.5)) == pytest.approx(0.5)  # an erasure channel
        assert result.bits(self.TRUTH, self.shares(0.0)) == pytest.approx(0.0)

    def test_scores_add_up(self):
        found = result.scores(self.TRUTH, self.shares(0.75))
        assert (found["right"], found["wrong"], found["none"]) == pytest.approx((0.75, 0.0, 0.25))
        assert found["right_low"] <= 0.75 <= found["right_high"]

    def test_calls_by_chance_tell_about_nothing(self):
        rng = np.random.default_rng(8)
        shares = rng.multinomial(4, np.full(len(CALLS), 1 / len(CALLS)), size=100) / 4
        pool = Pool("", self.TRUTH, {}, np.empty(0))
        found = result.information(pool, shares, result.ASKED)
        assert found["bits"] < 0.03
        assert found["bits_low"] == 0.0
        assert result.bits(self.TRUTH, shares) > found["bits"]  # the estimate without the correction is too high

    def test_teaching_worlds_have_no_bits(self):
        assert np.isnan(result.information(Pool("", self.TRUTH, {}, np.empty(0)), self.shares(1.0), "mint")["bits"])


class TestDocuments:
    def test_table_has_every_candidate_in_every_world(self, small):
        worlds = small.truth["world"]
        assert worlds.iloc[0] == "asked"
        assert len(small.table) == len(worlds) * len(DESIGNS) * len(READINGS) * 2
        assert np.allclose(small.table[["right", "wrong", "none"]].sum(axis=1), 1.0)
        assert sorted(small.ranked["rank"]) == list(range(1, len(small.ranked) + 1))
        assert (small.ranked["bits"].diff().dropna() <= 0).all()
        assert (small.ranked["bits"] <= small.entropy + 1e-9).all()

    def test_teaching_worlds_keep_draws_in_which_their_answer_is_true(self, small):
        calls = small.calls[small.calls["world"] != "asked"]
        true = calls.groupby("world")["truth"].unique()
        for name, answers in true.items():
            assert list(answers) == [result.TEACHING[name]]
        totals = small.calls.groupby(["world", "design", "reading", "schools"])["probability"].sum()
        assert np.allclose(totals, 1.0)

    def test_same_seed_same_numbers(self, small, monkeypatch):
        monkeypatch.setattr(result, "DRAWS", 6)
        monkeypatch.setattr(result, "TAUGHT", (4, 2))
        again = pdsim.study(schools=(40, 80), trials=6, settings=SMALL, seed=2)
        pd.testing.assert_frame_equal(small.table, again.table)

    def test_json_words_and_files(self, small):
        document = json.loads(small.to_json())
        assert list(document)[:4] == ["schema_version", "version", "scenario", "theory"]
        assert len(document["trials_ranked"]) == len(small.ranked)
        text = " ".join(sentences(small))
        best = small.ranked.iloc[0]
        assert f"{best['bits']:.2f} of {small.entropy:.2f} bits" in text
        files = study_files(small)
        assert {"study-trials.csv", "figures-study.svg", "figures-study.png", "study.json"} <= set(files)
        assert files == study_files(small)
        assert len(small.plot().axes) == 3 * (len(small.truth))


BAD = [
    ({"schools": (50,)}, "--schools: 50 is not allowed; allowed is a multiple of 4 from 20 to 10000"),
    ({"schools": (16,)}, "--schools: 16 is not allowed"),
    ({"schools": ()}, "--schools: is empty"),
    ({"trials": 0}, "--trials: 0 is out of range; allowed is 1 to 100,000"),
    ({"scenario": "no-pd"}, "there is no programme to explain"),
    ({"scenario": "teacher-learning-community"}, "a trial here lasts one school year (weeks 0 to 38)"),
    ({"settings": {"staff.schools": 3}}, "staff.schools: 3"),
    ({"scenario": "lesson-studie"}, "did you mean 'lesson-study'?"),
    ({"theory": "mynt"}, "did you mean 'mint'?"),
]


class TestMistakes:
    @pytest.mark.parametrize(("options", "message"), BAD, ids=[message[:40] for _, message in BAD])
    def test_one_clear_line(self, options, message):
        with pytest.raises(InputError) as caught:
            result.resolve(**options)
        assert message in str(caught.value)
        assert "\n" not in str(caught.value)

    def test_the_offered_number_of_sessions_is_good(self):
        with pytest.raises(InputError) as caught:
            result.resolve("teacher-learning-community")
        sessions = int(str(caught.value).rpartition("=")[2])
        result.resolve("teacher-learning-community", settings={"programme.sessions": sessions})

    def test_command_line(self, monkeypatch, capsys):
        monkeypatch.setattr(sys, "argv", ["pdsim", "study", "--schools", "50"])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        assert caught.value.code == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_command_prints_one_document(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(result, "DRAWS", 2)
    monkeypatch.setattr(result, "TAUGHT", (2, 1))
    arguments = ["study", "lesson-study", "--theory", "point", "--schools", "20", "--trials", "2", "--json"]
    monkeypatch.setattr(
        sys, "argv", ["pdsim", *arguments, "--out", str(tmp_path), "--set", "staff.teachers_per_school=6"]
    )
    with pytest.raises(SystemExit) as caught:
        cli.main()
    assert caught.value.code == 0
    document = json.loads(capsys.readouterr().out)
    assert document["scenario"] == "lesson-study"
    assert json.loads((tmp_path / "study.json").read_text()) == document


def test_reading_rests_on_measures_in_their_order():
    assert MEASURES[PUPILS] == "pupils"
    assert set(trial.WORTH) == {LEARNING, ATTENDANCE, MOTIVATION}
    assert load("no-pd").programme.sessions == 0
