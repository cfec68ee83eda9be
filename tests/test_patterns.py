"""The numbered patterns: targets as the design lists them, and each function against a case that can be worked out.

Worlds are tiny and most assumptions are set so that the answer is known: exactly, in a limit, or by brute force.
"""

import hashlib
import math
from dataclasses import replace
from types import SimpleNamespace

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from scipy import stats

from pdsim import population, scenarios
from pdsim.assumptions import PARAMETERS, REGISTER
from pdsim.calibration import modules, patterns, programmes
from pdsim.calibration.patterns import Effects, Worlds
from pdsim.calibration.programmes import trials
from pdsim.calibration.targets import FITTED_APART, MODULES, PATTERNS, TARGETS
from pdsim.kernel.classroom import habit_after
from pdsim.kernel.instruments import AFTER, BEFORE, CLASS_TESTS, FORM, INSTRUMENTS, OBSERVATIONS, QUIZ
from pdsim.outcomes import OUTCOMES, POPULATIONS
from pdsim.scenarios import MECHANISMS
from pdsim.simulate import Luck, simulate
from pdsim.theory import Theory, records_of

INF = math.inf
PUPILS = {"use_effect": 0.0, "year_gain": 0.0}  # nothing that a programme does reaches pupils
SEED = 5
WEEKS_A_MONTH = 365.25 / 12 / 7


def believed(count=1, **values):
    """``count`` draws at the register's defaults, some assumptions set: one value for all, or one for each."""
    draws = records_of(np.tile([p.default for p in REGISTER], (count, 1)))
    for name, value in values.items():
        draws[name] = value
    return Theory("test", draws)


def worlds(count=1, lucks=1, first=0, **values):
    """Worlds under :func:`believed`."""
    return Worlds(believed(count, **values), lucks, SEED, first)


def prior(count, seed=3):
    """Draws of the whole prior, every channel on."""
    u = np.random.default_rng(seed).random((count, len(REGISTER)))
    columns = [p.prior.quantile(u[:, k], p.low, p.high) for k, p in enumerate(REGISTER)]
    return Theory("prior", records_of(np.column_stack(columns)))


def standing(replicate, staff=None, **values):
    """A populated world without programmes, under the luck that :func:`worlds` gives its ``replicate``-th run."""
    design = scenarios.load("no-pd")
    design = design.with_(**{"staff.teachers_per_school": staff}) if staff else design
    return modules.populated(population.template(design), believed(**values).draws[0], (SEED, replicate))


def standard_error(values):
    return np.std(values, ddof=1) / math.sqrt(len(values))


# The table of the design: pattern, statistic, where the published value lies, tolerance below and above.
TABLE = [
    ("1", "mean_effect", (0.05, 0.05), (0.02, 0.02)),
    ("2", "slope_per_mechanism", (0.010, 0.010), (0.005, 0.005)),
    ("3", "balanced_difference", (0.10, 0.10), (0.07, 0.07)),
    ("4", "coaching_practice", (0.49, 0.49), (0.10, 0.10)),
    ("4", "coaching_pupils", (0.18, 0.18), (0.05, 0.05)),
    ("5", "small_coaching_practice", (0.63, 0.63), (0.12, 0.12)),
    ("5", "large_coaching_practice", (0.34, 0.34), (0.12, 0.12)),
    ("5", "small_coaching_pupils", (0.28, 0.28), (0.06, 0.06)),
    ("5", "large_coaching_pupils", (0.10, 0.10), (0.06, 0.06)),
    ("6", "slope_on_practice", (0.24, 0.24), (0.08, 0.08)),
    ("6", "slope_on_knowledge", (0.0, 0.0), (0.05, 0.05)),
    ("7", "teacher_effect_sd", (0.25, 0.25), (0.05, 0.05)),
    ("8", "practice_gain_correlation", (0.20, 0.20), (0.10, 0.15)),
    ("9", "early_share_of_experience", (0.5, 0.5), (0.1, 0.1)),
    ("10", "growth_in_supportive_schools", (0.38, 0.38), (0.15, 0.15)),
    ("11", "better_colleagues", (0.02, 0.04), (0.015, 0.015)),
    ("11", "one_better_colleague", (0.019, 0.028), (0.015, 0.015)),
    ("11", "one_worse_colleague", (0.0, 0.0), (0.015, 0.015)),
    ("13", "days_to_habit", (66.0, 66.0), (20.0, 20.0)),
    ("15", "reciprocity", (0.33, 0.33), (0.14, 0.14)),  # SDs between schools: Pitts and Spillane 2009
    ("15", "transitivity", (0.39, 0.39), (0.11, 0.11)),
    ("15", "ties_to_top_three", (0.36, 0.36), (0.09, 0.09)),
    ("16", "leavers", (0.085, 0.09), (0.01, 0.01)),
    ("16", "reaction_learning_correlation", (0.0, 0.1), (0.1, 0.1)),
    ("17", "reaction_effect_correlation", (0.0, 0.0), (0.2, 0.2)),
]
APART = {"9", "12", "13", "14", "15"}  # and the leavers of 16: marked *m* in the table
ALL = {target.name: target for target in (*TARGETS, *(target for module in MODULES for target in module.targets))}


class TestTargets:
    @pytest.mark.parametrize(("number", "name", "published", "tolerance"), TABLE, ids=[row[1] for row in TABLE])
    def test_is_that_of_the_design(self, number, name, published, tolerance):
        target = ALL[name]
        assert target.pattern == number
        assert published[0] <= target.value <= published[1]
        assert (target.below, target.above) == pytest.approx(tolerance, abs=1e-12)

    def test_a_programme_without_mechanisms_has_no_effect(self):
        target = ALL["without_mechanisms"]
        assert (target.pattern, target.value) == ("2", 0.0)
        assert target.below == target.above <= 0.02  # closer than the mean effect is known

    @pytest.mark.xfail(strict=True, reason="the design tolerates 1 to 7 months, the target 2 to 7")
    def test_half_life_of_knowledge_may_be_1_to_7_months(self):
        target = ALL["half_life_of_knowledge"]
        assert 3.0 <= target.value <= 6.0
        assert (target.value - target.below, target.value + target.above) == pytest.approx((1.0, 7.0))

    def test_up_to_half_of_a_gain_may_be_left_after_a_year(self):
        target = ALL["gain_left_after_a_year"]
        assert 0.2 <= target.value <= 0.33
        assert target.value + target.above == pytest.approx(0.5)
        assert 0.0 < target.value - target.below <= 0.2

    def test_same_group_odds_ratio_and_lasting_ties(self):
        assert 2.5 <= ALL["same_group_odds"].value <= 3.0
        assert ALL["ties_kept"].value == 0.6

    @pytest.mark.parametrize(
        ("name", "bound", "good", "bad"),
        [
            ("days_to_habit_fast", 15.0, 40.0, -5.0),
            ("days_to_habit_slow", 300.0, 150.0, 500.0),
            ("reaction_of_most_solo", 0.7, 0.95, 0.6),
            ("reaction_of_most_collaborative", 0.7, 0.95, 0.6),
        ],
    )
    def test_bounds_bind_on_one_side(self, name, bound, good, bad):
        target = ALL[name]
        assert target.value == bound
        assert (np.isinf(target.below), np.isinf(target.above)) == (good < bound, good > bound)
        assert target.deviation(np.array([good, bound])) == pytest.approx([0.0, 0.0])
        assert abs(target.deviation(np.array([bad]))[0]) > 1.645
        assert target.within(np.array([good, bound, bad])).tolist() == [True, True, False]

    def test_every_numbered_pattern_has_a_function(self):
        assert {int(target.pattern) for target in ALL.values()} == set(range(1, 18))

    def test_names_are_unique(self):
        assert len(ALL) == len(TARGETS) + sum(len(module.targets) for module in MODULES)

    def test_modules_are_those_marked_in_the_design(self):
        apart = {target.name for module in MODULES for target in module.targets}
        assert {name for name, target in ALL.items() if target.pattern in APART} | {"leavers"} == apart

    def test_coaching_is_counted_once(self):
        assert {name for name, target in ALL.items() if not target.counted} == {"coaching_practice", "coaching_pupils"}

    def test_the_statistics_of_a_pattern_are_as_many_as_its_targets(self):
        found = worlds(2)
        for pattern in PATTERNS:
            statistic = pattern.function(found)
            assert statistic.reshape(2, -1).shape[1] == len(pattern.targets)
            assert np.isfinite(statistic).all()
        for module in MODULES:
            assert module.function(believed(2), SEED).shape == (2, len(module.targets))

    def test_every_parameter_fitted_apart_is_an_assumption_of_one_module(self):
        assert set(FITTED_APART) <= set(PARAMETERS)
        assert len(set(FITTED_APART)) == len(FITTED_APART)


class TestFrozenFile:
    SHA256 = "53da1f08d2ad7b88e2ff59cef97e89f64a7cbae2d9e9bd0bebbb4b3cbbf7e723"

    def frame(self):
        return programmes.draw_programmes().set_index("programme")

    def counts(self):
        return np.array([trial.mechanisms for trial in trials()])

    def solo(self):
        return np.array([trial.scenario.programme.format == "solo" for trial in trials()])

    def test_is_never_edited(self):
        assert hashlib.sha256(programmes.frozen_text().encode()).hexdigest() == self.SHA256

    def test_is_drawn_again(self):
        assert programmes.draw_programmes().to_csv(index=False) == programmes.frozen_text()

    def test_holds_a_hundred_programmes_of_both_formats(self):
        assert len(trials()) == len(set(self.frame().index)) == 100
        assert self.solo().sum() == 50

    def test_format_is_independent_of_mechanisms(self):
        counts, solo = self.counts(), self.solo()
        assert abs(counts[solo].mean() - counts[~solo].mean()) < 0.1
        assert (np.abs(counts[0::2] - counts[1::2]) <= 1).all()  # pairs of about equal number ...
        assert (solo[0::2] != solo[1::2]).all()  # ... of which one is solo
        assert 0.3 < solo[0::2].mean() < 0.7  # whichever comes first

    def test_numbers_of_mechanisms_are_as_remembered(self):
        counts = self.counts()
        assert counts.min() == 0
        assert counts.max() <= 13
        assert 4 <= counts.mean() <= 6

    def test_modelling_is_in_about_two_thirds(self):
        modelling = ["modelling the technique" in trial.scenario.programme.mechanisms for trial in trials()]
        assert np.mean(modelling) == pytest.approx(2 / 3, abs=0.05)

    def test_carriers_follow_the_format(self):
        for trial in trials():
            programme = trial.scenario.programme
            by_peers = {name for name in programme.mechanisms if programme.carriers.get(name) == "peers"}
            assert set(programme.carriers) <= set(programme.mechanisms)
            counts = population.mechanism_counts(programme)
            assert counts.sum() == trial.mechanisms  # nothing that a solo programme lists is dropped
            if programme.format == "solo":
                assert not by_peers
            else:
                assert ("arranging practical social support" in by_peers) == (
                    "arranging practical social support" in programme.mechanisms
                )

    def test_balance_is_a_mechanism_of_each_group(self):
        for trial in trials():
            groups = {MECHANISMS[name][0] for name in trial.scenario.programme.mechanisms}
            assert trial.balanced == (len(groups) == 4)
            assert trial.mechanisms == len(trial.scenario.programme.mechanisms)
        assert 10 <= sum(trial.balanced for trial in trials()) <= 40

    def test_sizes_fidelity_and_noise_are_as_in_life(self):
        frame = self.frame()
        size = np.log(frame.teachers_in_trial)
        assert np.corrcoef(size, frame.fidelity)[0, 1] < -0.2
        assert np.corrcoef(size, frame.facilitator)[0, 1] < -0.2
        assert np.corrcoef(size, np.log(frame.practice_error))[0, 1] < -0.9
        assert frame.pupil_error.mean() == pytest.approx(0.077, abs=0.005)  # Lortie-Forgues and Inglis 2019
        assert frame.alignment.between(1.0, 2.0).all()
        assert (frame.alignment == 1.0).mean() == pytest.approx(0.6, abs=0.15)

    def test_a_trial_lasts_one_year_and_ends_before_its_tests(self):
        for trial in trials():
            programme = trial.scenario.programme
            assert trial.scenario.evaluation.years == 1
            assert programme.first_week + (programme.sessions - 1) * programme.weeks_between < 39


@pytest.fixture(scope="module")
def two_draws():
    """Worlds of two draws of the prior, and of the second of them alone."""
    theory = prior(2)
    return Worlds(theory, 1, SEED), Worlds(Theory("", theory.draws[1:].view(np.recarray)), 1, SEED, first=1)


class TestWorlds:
    def test_each_run_of_a_draw_has_luck_of_its_own(self):
        found = worlds(2, lucks=2, first=10).runs
        assert found.draw.tolist() == [0, 0, 1, 1]
        assert found.replicate.tolist() == [10, 11, 12, 13]

    @pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: pattern.function.__name__)
    def test_a_part_of_a_bank_has_the_luck_that_it_has_in_the_whole(self, pattern, two_draws):
        whole, second = two_draws
        assert pattern.function(whole)[1:] == pytest.approx(pattern.function(second), rel=1e-9, abs=1e-12)
        assert np.array_equal(whole.programmes.pupils[1:], second.programmes.pupils)

    def test_trials_have_staffs_of_their_own(self):
        here = worlds()
        design = scenarios.load("solo-course").with_(**{"evaluation.years": 1})
        first, again, other = (here.effects(design, here.business_as_usual, trial) for trial in (0, 0, 1))
        assert np.array_equal(first, again)
        assert (first != other)[:, OUTCOMES["pupil_attainment"].column].all()

    def test_a_design_has_no_effect_against_itself_and_its_own_reaction(self):
        here = worlds(2)
        effect = here.effects(here.business_as_usual, here.business_as_usual)
        reaction = OUTCOMES["reaction"].column
        assert (np.delete(effect, reaction, axis=1) == 0.0).all()
        assert (effect[:, reaction] > 0.5).all()


@pytest.fixture(scope="module")
def without_pupils():
    """Worlds in which nothing that a programme does reaches pupils."""
    return worlds(2, **PUPILS)


def measured(pupils, practice=None, insight=None, reaction=None, quiz=1.0):
    """Stand-ins for worlds: effects (R, 100) of the programmes, and a staff whose quiz has an SD of ``quiz``."""
    seen = np.full((len(pupils), 2, 1000, len(INSTRUMENTS)), np.nan)
    seen[:, BEFORE, :, QUIZ] = quiz * np.resize([-1.0, 1.0], 1000)
    return SimpleNamespace(programmes=Effects(pupils, practice, insight, reaction), staff=(seen, None))


def some_effects(runs=2, spread=0.1, seed=1):
    return spread * np.random.default_rng(seed).standard_normal((runs, 100))


class TestProgrammes:
    def test_nothing_reaches_pupils_without_an_effect_of_use_and_lessons(self, without_pupils):
        for function in (patterns.mean_effect, patterns.slope_per_mechanism, patterns.balanced_difference):
            assert function(without_pupils) == pytest.approx(0.0, abs=1e-12)
        assert patterns.slopes_on_practice_and_knowledge(without_pupils) == pytest.approx(0.0, abs=1e-12)
        assert patterns.reaction_effect_correlation(without_pupils) == pytest.approx(0.0, abs=1e-9)
        assert np.abs(without_pupils.programmes.practice).mean() > 0.05  # the programmes do work otherwise

    def test_effects_are_proportional_to_the_effect_of_use(self):
        found = worlds(3, year_gain=0.0, use_effect=[0.0, 0.5, 1.0])
        found.runs = replace(found.runs, replicate=np.zeros(3, int))  # the same luck in all
        mean = patterns.mean_effect(found)
        assert mean[0] == pytest.approx(0.0, abs=1e-12)
        assert mean[2] == pytest.approx(2 * mean[1])
        assert mean[1] > 0.0

    def test_mean_effect(self):
        pupils = some_effects()
        assert patterns.mean_effect(measured(pupils)) == pytest.approx(pupils.mean(axis=1))

    def test_slope_per_mechanism_is_that_of_least_squares(self):
        pupils = some_effects()
        number = [len(trial.scenario.programme.mechanisms) for trial in trials()]
        slopes = [stats.linregress(number, run).slope for run in pupils]
        assert patterns.slope_per_mechanism(measured(pupils)) == pytest.approx(slopes)

    def test_a_hundredth_for_each_mechanism_is_the_published_slope(self):
        pupils = np.array([[0.01 * trial.mechanisms for trial in trials()]])
        assert patterns.slope_per_mechanism(measured(pupils)) == pytest.approx(ALL["slope_per_mechanism"].value)

    def test_balanced_less_the_others(self):
        pupils = some_effects()
        balanced = [{MECHANISMS[n][0] for n in t.scenario.programme.mechanisms} for t in trials()]
        balanced = np.array([len(groups) == 4 for groups in balanced])
        wanted = [run[balanced].mean() - run[~balanced].mean() for run in pupils]
        assert patterns.balanced_difference(measured(pupils)) == pytest.approx(wanted)

    def test_effects_are_on_those_who_take_part_against_business_as_usual(self):
        here = worlds(2)
        number = next(k for k, trial in enumerate(trials()) if trial.scenario.programme.share_taking_part == 0.25)
        design = trials()[number].scenario
        runs = Luck(SEED, np.arange(2), np.arange(2) + number * patterns.TRIAL_LUCK)
        usual = scenarios.load("business-as-usual").in_the_world_of(design)
        who = POPULATIONS.index("participants")
        levels = simulate(design, here.theory, runs)[:, 1, who]
        effect = levels - simulate(usual, here.theory, runs, design)[:, 1, who]
        for name in ("pupils", "practice", "insight"):
            outcome = OUTCOMES[{"pupils": "pupil_attainment"}.get(name, name)].column
            assert getattr(here.programmes, name)[:, number] == pytest.approx(effect[:, outcome])
        assert here.programmes.reaction[:, number] == pytest.approx(levels[:, OUTCOMES["reaction"].column])

    def test_sessions_without_mechanisms_cost_lessons_only(self):
        # 8 sessions of 2 hours, 0.3 of them from lessons, of 22 x 39 lesson hours in a year
        found = patterns.effect_without_mechanisms(worlds(2, use_effect=0.0, year_gain=0.5, attendance_required=1.0))
        assert found == pytest.approx(-0.5 * 8 * 2.0 * 0.3 / (22 * 39))

    def test_sessions_without_mechanisms_cost_nothing_where_lessons_do_not_count(self, without_pupils):
        assert patterns.effect_without_mechanisms(without_pupils) == pytest.approx(0.0, abs=1e-12)


class TestCoaching:
    def test_is_one_to_one_by_an_expert_against_business_as_usual(self, monkeypatch):
        asked = []
        silent = np.zeros((1, len(OUTCOMES)))
        monkeypatch.setattr(Worlds, "effects", lambda here, *designs: asked.append(designs) or silent)
        patterns.coaching_mixture(worlds())
        (small, usual), (large, again) = asked
        assert usual.name == again.name == "business-as-usual"
        for design in (small, large):
            assert (design.programme.format, design.programme.per_facilitator) == ("solo", 1.0)
            assert "monitoring and providing feedback" in design.programme.mechanisms
            assert design.programme.facilitator > 0.6
        assert small.programme.fidelity > large.programme.fidelity
        assert small.programme.facilitator > large.programme.facilitator

    def test_practice_does_not_wait_for_pupils(self, without_pupils):
        for function in (patterns.coaching_small, patterns.coaching_large, patterns.coaching_mixture):
            practice, pupils = function(without_pupils).T
            assert (practice > 0.1).all()
            assert pupils == pytest.approx(0.0, abs=1e-12)

    def test_small_programmes_have_more_effect_than_large_ones(self):
        found = Worlds(prior(8), 1, SEED)
        assert (patterns.coaching_small(found) > patterns.coaching_large(found)).all(axis=1).mean() >= 0.75
        usual = worlds()
        assert (patterns.coaching_small(usual) > patterns.coaching_large(usual)).all()

    def test_pupils_gain_by_use_and_tests_of_small_programmes_are_aligned(self):
        # pupils / practice = use_effect x unit of practice / practice_use, whatever the programme
        found = worlds(2, year_gain=0.0, craft_support=0.0)
        small, large = patterns.coaching_small(found), patterns.coaching_large(found)
        assert small[:, 1] / small[:, 0] == pytest.approx(1.5 * large[:, 1] / large[:, 0])

    def test_no_coaching_without_learning(self):
        rates = dict.fromkeys(("insight_rate", "motivation_rate", "technique_rate", "prompts_rate"), 0.0)
        found = worlds(slack_hours=1e9, attendance_required=1.0, year_gain=0.0, **rates)
        assert patterns.coaching_mixture(found) == pytest.approx(0.0, abs=1e-6)

    def test_mixture_is_the_mean(self):
        here = SimpleNamespace(small_coaching=np.array([[0.6, 0.3]]), large_coaching=np.array([[0.4, 0.1]]))
        assert patterns.coaching_small(here) is here.small_coaching
        assert patterns.coaching_large(here) is here.large_coaching
        assert patterns.coaching_mixture(here) == pytest.approx(np.array([[0.5, 0.2]]))


COPIES, BATCHES = 100, 40


def with_errors(true, errors, rng):
    """Batches (BATCHES, COPIES x 100) of effects (100) as measured with the trials' errors."""
    errors = np.array(errors)
    return (true + errors * rng.standard_normal((BATCHES, COPIES, 100))).reshape(BATCHES, -1)


@pytest.fixture(scope="module")
def noisy():
    """True effects that hang together, and batches of them as measured by many teams of researchers."""
    rng = np.random.default_rng(7)
    insight = 0.3 + 0.1 * rng.standard_normal(100)
    practice = 0.2 + 0.6 * insight + 0.2 * rng.standard_normal(100)
    pupils = 0.3 * practice - 0.1 * insight + 0.02 * rng.standard_normal(100)
    reaction = 0.8 + 0.3 * pupils + 0.02 * rng.standard_normal(100)
    alignment = np.array([trial.alignment for trial in trials()])
    draw = {
        "aligned": with_errors(alignment * pupils, [t.pupil_error for t in trials()], rng),
        "pupils": with_errors(pupils, [t.pupil_error for t in trials()], rng),
        "practice": with_errors(practice, [t.practice_error for t in trials()], rng),
        "knowledge": with_errors(insight / 0.25, [t.knowledge_error for t in trials()], rng),
        "reaction": with_errors(reaction, np.zeros(100), rng),
    }
    here = measured(pupils[None], practice[None], insight[None], reaction[None], quiz=0.25)
    return here, draw


class TestBetweenProgrammes:
    def test_slope_on_practice_is_that_of_measured_effects(self, noisy):
        here, draw = noisy
        slopes = [stats.linregress(x, y).slope for x, y in zip(draw["practice"], draw["aligned"], strict=True)]
        found = patterns.slopes_on_practice_and_knowledge(here)[0, 0]
        assert found == pytest.approx(np.mean(slopes), abs=4 * standard_error(slopes))

    def test_slope_on_knowledge_is_that_given_practice(self, noisy):
        here, draw = noisy
        slopes = []
        for practice, knowledge, pupils in zip(draw["practice"], draw["knowledge"], draw["aligned"], strict=True):
            terms = np.column_stack([np.ones(len(practice)), practice, knowledge])
            slopes.append(np.linalg.lstsq(terms, pupils, rcond=None)[0][2])
        found = patterns.slopes_on_practice_and_knowledge(here)[0, 1]
        assert found == pytest.approx(np.mean(slopes), abs=4 * standard_error(slopes))

    def test_errors_flatten_the_slope(self, noisy):
        here, _ = noisy
        practice, pupils = here.programmes.practice[0], here.programmes.pupils[0]
        alignment = [trial.alignment for trial in trials()]
        found = patterns.slopes_on_practice_and_knowledge(here)[0, 0]
        assert 0.0 < found < 0.9 * stats.linregress(practice, alignment * pupils).slope

    def test_correlation_of_reaction_with_measured_effects(self, noisy):
        here, draw = noisy
        found = patterns.reaction_effect_correlation(here)[0]
        drawn = [np.corrcoef(a, b)[0, 1] for a, b in zip(draw["reaction"], draw["pupils"], strict=True)]
        assert found == pytest.approx(np.mean(drawn), abs=4 * standard_error(drawn))

    @given(some.lists(some.floats(0.3, 1.0), min_size=100, max_size=100))
    def test_most_programmes_are_liked_when_nine_in_ten_are(self, ratings):
        ratings = np.array(ratings)
        solo = np.array([trial.scenario.programme.format == "solo" for trial in trials()])
        found = patterns.reaction_of_most_programmes(measured(np.zeros((1, 100)), reaction=ratings[None]))[0]
        for reached, kind in zip(found, (ratings[solo], ratings[~solo]), strict=True):
            worst = np.sort(kind)
            assert worst[4] - 1e-12 <= reached <= worst[5] + 1e-12  # a tenth of 50 programmes may be liked less
            if reached >= 0.7:
                assert (kind >= 0.7).mean() >= 0.9
            if (kind >= 0.7).mean() > 0.9:
                assert reached >= 0.7 - 1e-12


class TestStaff:
    def test_practice_is_observed_in_two_to_four_lessons(self):
        assert 2 <= scenarios.load("no-pd").evaluation.lessons_observed <= 4

    def test_teacher_effects_are_craft_where_use_does_nothing(self):
        found = patterns.teacher_effect_sd(worlds(2, use_effect=0.0, craft_effect=[0.2, 0.4]))
        craft = [standing(run, patterns.STAFF).teachers["craft"].std() for run in range(2)]
        assert found == pytest.approx(np.array([0.2, 0.4]) * craft)

    def test_use_adds_to_the_spread_of_teacher_effects(self):
        found = patterns.teacher_effect_sd(worlds(1, use_effect=0.7))
        teachers = standing(0, patterns.STAFF).teachers
        effect = PARAMETERS["craft_effect"].default * teachers["craft"] + 0.7 * teachers["use_usual"]
        assert found == pytest.approx([effect.std()])

    def test_practice_and_gains_are_one_without_noise(self):
        silent = dict.fromkeys(("lesson_noise", "class_noise", "pupil_noise"), 0.0)
        found = worlds(1, use_effect=0.0, practice_use=0.0, **silent)
        assert patterns.practice_gain_correlation(found) == pytest.approx(1.0)

    def test_noise_of_three_lessons_and_of_a_class_attenuates(self):
        values = {"practice_craft": 0.8, "lesson_noise": 1.0, "craft_effect": 0.2, "class_noise": 0.1}
        found = worlds(1, lucks=16, use_effect=0.0, practice_use=0.0, pupil_noise=0.5, **values)
        craft = (found.staff[1][:, BEFORE, :, CLASS_TESTS] / 0.2).var(axis=1).mean()
        seen = 0.8**2 * craft / (0.8**2 * craft + 1.0**2 / 3)
        gain = 0.2**2 * craft / (0.2**2 * craft + 0.1**2 + 0.5**2 / 25)
        correlations = patterns.practice_gain_correlation(found)
        assert correlations.mean() == pytest.approx(math.sqrt(seen * gain), abs=4 * standard_error(correlations))

    @given(some.integers(0, 2**32 - 1), some.integers(3, 40))
    def test_correlation_is_that_of_numpy_where_both_are_known(self, seed, count):
        rng = np.random.default_rng(seed)
        a, b = rng.standard_normal((2, 3, count))
        b += a
        a[rng.random(a.shape) < 0.2], b[rng.random(b.shape) < 0.2] = np.nan, np.nan
        a[:, :3], b[:, :3] = [0.0, 1.0, 3.0], [2.0, 0.0, 1.0]
        for found, x, y in zip(patterns.correlation(a, b), a, b, strict=True):
            known = ~(np.isnan(x) | np.isnan(y))
            assert found == pytest.approx(np.corrcoef(x[known], y[known])[0, 1], abs=1e-9)

    def test_reaction_and_learning_are_correlated_among_attendees(self):
        rng = np.random.default_rng(2)
        seen = rng.standard_normal((2, 2, 200, len(INSTRUMENTS)))
        seen[:, AFTER, :50, FORM] = np.nan  # who came to no session fills in no form
        here = SimpleNamespace(readings=lambda design: (seen, None))
        wanted = [np.corrcoef(run[AFTER, 50:, FORM], run[AFTER, 50:, QUIZ])[0, 1] for run in seen]
        assert patterns.reaction_learning_correlation(here) == pytest.approx(wanted)

    def test_a_rating_that_is_noise_tells_nothing_of_learning(self):
        found = patterns.reaction_learning_correlation(worlds(1, lucks=16, taste_spread=0.0))
        assert found.mean() == pytest.approx(0.0, abs=4 / math.sqrt(16 * patterns.ATTENDEES))
        assert found.std() == pytest.approx(1 / math.sqrt(patterns.ATTENDEES), rel=0.6)

    def test_readings_are_those_of_a_staff_before_a_programme(self):
        seen, true = worlds(1).staff
        teachers = standing(0, patterns.STAFF).teachers
        assert true[0, BEFORE, :, QUIZ] == pytest.approx(teachers["insight"])
        assert true[0, BEFORE, :, CLASS_TESTS] == pytest.approx(teachers["attainment"])
        assert (seen[0, BEFORE, :, OBSERVATIONS] != true[0, BEFORE, :, OBSERVATIONS]).all()


class TestGrowth:
    def test_support_that_does_nothing_makes_no_difference(self):
        assert patterns.growth_in_supportive_schools(worlds(2, craft_support=0.0)) == pytest.approx(0.0, abs=1e-9)

    def test_growth_is_faster_by_the_support_of_the_school(self):
        # support 0.5 +- 0.674 x 0.12 speeds growth up, or slows it down, by craft_support times what it is off 0.5
        found = patterns.growth_in_supportive_schools(worlds(2, craft_support=[1.0, 2.0], craft_spillover=0.0))
        off = np.array([1.0, 2.0]) * 0.674 * 0.12
        assert found == pytest.approx((1 + off) / (1 - off) - 1, rel=1e-6)


class TestSpillover:
    def test_there_is_none_without_spillover(self):
        assert (patterns.everyday_spillover(worlds(2, craft_spillover=0.0)) == 0.0).all()

    def test_one_colleague_is_worth_a_share_of_an_sd_of_craft(self):
        found = patterns.everyday_spillover(worlds(2, craft_spillover=0.1, craft_effect=0.3, discernment=[1.0, 0.8]))
        sd = np.array([standing(run).teachers["craft"].std() for run in range(2)])
        assert found[:, 1] == pytest.approx(0.1 * 0.3 * sd)
        assert found[:, 2] == pytest.approx(-np.array([0.0, 0.2]) * 0.1 * 0.3 * sd)
        assert found[0, 2] == 0.0

    @pytest.mark.parametrize("discernment", [1.0, 0.7])
    def test_better_colleagues_raise_the_best_lead(self, discernment):
        found = patterns.everyday_spillover(worlds(1, craft_spillover=0.1, craft_effect=0.3, discernment=discernment))
        world = standing(0)
        craft, weights = world.teachers["craft"], world.tie_weight
        rises = []
        for i, me in enumerate(world.teachers):
            gaps = craft[world.advisers[i, : me.ties]] - craft[i]
            worth = []
            for lead in (0.0, craft.std()):
                pulls = weights[i, : me.ties] * np.where(gaps + lead > 0, 1.0, 1 - discernment) * (gaps + lead)
                worth.append(max(pulls.max(initial=0.0), 0.0) + np.minimum(pulls, 0.0).sum() / max(me.ties, 1))
            rises.append(worth[1] - worth[0])
        assert found[0, 0] == pytest.approx(0.1 * 0.3 * np.mean(rises))

    def test_signs_are_strict_over_the_whole_prior(self):
        found = patterns.everyday_spillover(Worlds(prior(200), 1, SEED))
        assert (found[:, :2] > 0.0).all()
        assert (found[:, 2] <= 0.0).all()


class TestModules:
    @pytest.mark.parametrize(
        ("early", "pace", "share"),
        [
            (0.0, 2.0, 5 / 30),
            (1.0, 1e-3, 1.0),
            (0.4, 5.0, (0.4 * (1 - math.exp(-1)) + 0.6 / 6) / (1 - 0.4 * math.exp(-6))),
        ],
    )
    def test_share_of_experience_by_year_five(self, early, pace, share):
        found = modules.early_share_of_experience(believed(experience_early=early, experience_pace=pace), SEED)
        assert found == pytest.approx(np.array([[share]]))

    @pytest.mark.parametrize(
        "weeks",
        [
            8.0,
            18.0,
            30.0,
            pytest.param(45.0, marks=pytest.mark.xfail(strict=True, reason="half passed in summer counts as after it")),
            60.0,
        ],
    )
    def test_knowledge_halves_in_its_half_life_without_use_and_advice(self, weeks):
        found = modules.half_life_of_knowledge(
            believed(insight_half_life=weeks, use_protects=0.0, advice_rate=0.0, helping=0.0), SEED
        )
        assert found == pytest.approx(weeks / WEEKS_A_MONTH, rel=0.015)

    def test_use_that_protects_lengthens_the_half_life_of_knowledge(self):
        theory = believed(2, use_protects=[0.0, 1.0], advice_rate=0.0)
        none, full = modules.half_life_of_knowledge(theory, SEED)[:, 0]
        assert full > 1.1 * none

    @pytest.mark.parametrize(("rate", "prompts"), [(0.17, 1.0), (0.05, 0.0), (0.5, 2.0)])
    def test_days_to_habit_are_those_of_the_kernels_steps(self, rate, prompts):
        found = modules.days_to_habit(believed(habit_rate=rate, prompts_strength=prompts, habit_pace_spread=0.0), SEED)[
            0
        ]
        weeks, habit = 0, 0.0
        while habit < 0.95:
            weeks, habit = weeks + 1, habit_after(habit, 1.0, rate * (1.0 + prompts), 0.0)
        assert 7 * (weeks - 1) < found[0] <= 7 * weeks
        assert found == pytest.approx(found[0])  # teachers of one pace

    def test_days_to_habit_to_the_day(self):
        # (1 + rate)^-8 = 0.05
        found = modules.days_to_habit(
            believed(habit_rate=20 ** (1 / 8) - 1, prompts_strength=0.0, habit_pace_spread=0.0), SEED
        )
        assert found == pytest.approx(np.full((1, 3), 56.0))

    def test_the_slow_and_the_fast_form_habits_at_their_pace(self):
        slow, usual, fast = np.exp(0.6 * stats.norm.ppf([0.05, 0.5, 0.95]))
        theory = believed(habit_rate=0.1, prompts_strength=1.0, habit_pace_spread=0.6)
        wanted = [7 * math.log(20) / math.log1p(0.2 * pace) for pace in (usual, fast, slow)]
        assert modules.days_to_habit(theory, SEED)[0] == pytest.approx(wanted, rel=0.02)

    def test_what_is_left_of_a_gain_is_persistence(self):
        found = modules.gain_left_after_a_year(believed(2, persistence=[0.1, 0.4]), SEED)
        assert found[:, 0] == pytest.approx([0.1, 0.4])

    def test_leavers_are_those_who_do_not_stay(self, monkeypatch):
        levels = np.full((2, 4, 4, len(OUTCOMES)), np.nan)
        levels[:, 1:, 0, OUTCOMES["retention"].column] = [[0.9, 0.8, 1.0], [1.0, 1.0, 0.7]]
        monkeypatch.setattr(modules, "simulate", lambda *arguments: levels)
        assert modules.leavers(believed(2), SEED) == pytest.approx(np.array([[0.1], [0.1]]))

    def test_leavers_are_the_turnover_of_the_school_where_nothing_moves_them(self):
        found = modules.leavers(believed(60, leave_motivation=0.0, leave_support=0.0), SEED)[:, 0]
        retiring = 0.01  # at most: a career ends after 40 years, which few have nearly reached
        margin = 4 * standard_error(found)
        assert 0.085 - margin < found.mean() < 0.085 + retiring + margin


def ties_of(count, *pairs):
    """(count, count) booleans with these ties."""
    ties = np.zeros((count, count), bool)
    for asker, adviser in pairs:
        ties[asker, adviser] = True
    return ties


def groups(*names):
    """Who is in the same group."""
    return np.array(names)[:, None] == np.array(names)[None, :]


class TestStructure:
    def test_a_ring(self):
        returned, closed, _, top = modules.structure(ties_of(4, (0, 1), (1, 2), (2, 3), (3, 0)), groups(*"aabb"))
        assert (returned, closed, top) == (0.0, 0.0, 0.75)

    def test_two_who_ask_each_other(self):
        returned, closed, _, top = modules.structure(ties_of(4, (0, 1), (1, 0), (2, 3)), groups(*"aabb"))
        assert returned == pytest.approx(2 / 3)  # of the three ties
        assert closed == 0.0  # 0 -> 1 -> 0 is no triad
        assert top == 1.0

    def test_a_closed_triad(self):
        returned, closed, _, _ = modules.structure(ties_of(4, (0, 1), (1, 2), (0, 2)), groups(*"aabb"))
        assert (returned, closed) == (0.0, 1.0)

    def test_everybody_asks_everybody(self):
        returned, closed, odds, top = modules.structure(~np.eye(5, dtype=bool), groups(*"aabbb"))
        assert (returned, closed, top) == (1.0, 1.0, pytest.approx(0.6))
        assert math.isnan(odds)  # no pair is without a tie

    def test_a_star(self):
        _, _, _, top = modules.structure(ties_of(5, (1, 0), (2, 0), (3, 0), (4, 1)), groups(*"aabbb"))
        assert top == 1.0

    def test_odds_ratio_of_the_same_group(self):
        # 4 of the 8 pairs inside have a tie (odds 1), 2 of the 12 across (odds 1/5); a pair has a direction
        ties = ties_of(5, (0, 1), (1, 0), (2, 3), (3, 4), (0, 2), (4, 1))
        assert modules.structure(ties, groups(*"aabbb"))[2] == pytest.approx(5.0)

    @given(some.integers(0, 2**32 - 1), some.integers(4, 12), some.floats(0.1, 0.8))
    def test_against_another_library(self, seed, count, density):
        rng = np.random.default_rng(seed)
        ties = (rng.random((count, count)) < density) & ~np.eye(count, dtype=bool)
        ties[0, 1] = True
        graph = nx.from_numpy_array(ties, create_using=nx.DiGraph)
        returned, closed, _, top = modules.structure(ties, groups(*(k % 2 for k in range(count))))
        assert returned == pytest.approx(nx.overall_reciprocity(graph))
        census = [(i, j, k) for i, j in graph.edges for k in graph.successors(j) if k != i]
        assert closed == pytest.approx(sum(graph.has_edge(i, k) for i, _, k in census) / max(len(census), 1))
        received = sorted((degree for _, degree in graph.in_degree), reverse=True)
        assert top == pytest.approx(sum(received[:3]) / graph.number_of_edges())


class TestAdviceNetwork:
    def test_ties_that_never_lapse_last(self):
        found = modules.advice_network(believed(tie_persistence=1.0), SEED)
        assert found[0, 4] == 1.0

    def test_ties_that_always_lapse_stand_only_where_they_form_again(self):
        found = modules.advice_network(believed(tie_persistence=0.0), SEED)
        assert found[0, 4] < 0.5

    def test_departments_do_not_matter_where_nobody_prefers_the_own(self):
        values = {"tie_department": 1.0, "tie_returned": 0.0, "tie_closure": 0.0}
        odds = modules.advice_network(believed(6, **values), SEED)[:, 2]
        assert odds.mean() == pytest.approx(1.0, abs=4 * standard_error(odds) + 0.05)

    @pytest.mark.parametrize(
        ("name", "low", "high", "statistic"),
        [
            ("tie_returned", 0.0, 0.5, 0), ("tie_closure", 0.0, 0.6, 1), ("tie_department", 1.0, 8.0, 2),
            ("popularity_spread", 0.1, 1.6, 3), ("tie_persistence", 0.4, 0.9, 4),
        ],
    )  # fmt: skip
    def test_each_parameter_moves_its_own_statistic(self, name, low, high, statistic):
        found = modules.advice_network(believed(2, **{name: [low, high]}), SEED)[:, statistic]
        assert found[1] > found[0] + 0.05

    def test_schools_have_the_sizes_of_the_published_ones(self):
        sizes = np.array(modules.SCHOOL_SIZES)
        assert (len(sizes), sizes.min(), sizes.max()) == (15, 12, 76)
        assert sizes.mean() == pytest.approx(28.9, abs=0.1)

    @pytest.mark.parametrize("size", [12, 28, 76])
    def test_out_degree_is_that_of_pattern_15_whatever_the_size(self, size):
        start = population.template(modules.school_of(size))
        out = [
            modules.adjacency(modules.populated(start, believed().draws[0], (SEED, run))).sum(axis=1)
            for run in range(60)
        ]
        means = np.mean(out, axis=1)
        assert means.mean() == pytest.approx(3.5, abs=0.35 + 3 * standard_error(means))
        assert np.std(out, axis=1).mean() == pytest.approx(2.7, abs=0.5)
        assert (np.array(out) == 0).mean() == pytest.approx(0.2, abs=0.04)
