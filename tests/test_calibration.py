"""From patterns to a posterior: every step of the fit against a case whose answer is known.

The end-to-end fits run on a cheap stand-in for the simulator, whose posterior is known too.
"""

import json
import math
import shutil
import sys
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from rich.console import Console
from scipy import stats

from pdsim import calibration_tables, cli
from pdsim.assumptions import FAMILIES, FAMILY_OFF, NO_NETWORK, PARAMETERS, REGISTER, THEORY
from pdsim.calibration import bank, checks, fit, inference, modules, patterns, targets
from pdsim.calibration.bank import Space
from pdsim.calibration.inference import Emulators, Sampler
from pdsim.calibration.programmes import trials
from pdsim.calibration.targets import FITTED_APART, MODULES, TARGETS, TOLERANCE_IN_SD, Module, Target
from pdsim.errors import InputError
from pdsim.theory import Theory, records_of

INF = math.inf
NAMES = [target.name for target in TARGETS]
VALUES = np.array([target.value for target in TARGETS])
NARROW = np.array([target.tolerance for target in TARGETS])


def at(name):
    """Column of a statistic."""
    return NAMES.index(name)


def space(fixed=None, picks=40):
    """A space on top of draws of the parameters fitted apart from the middle of their priors."""
    u = np.random.default_rng(4).uniform(0.2, 0.8, (picks, len(FITTED_APART)))
    priors = [PARAMETERS[name] for name in FITTED_APART]
    modular = np.column_stack([p.prior.quantile(u[:, k], p.low, p.high) for k, p in enumerate(priors)])
    return Space(modular, fixed or {})


def believed(count=1, **values):
    """``count`` records at the register's defaults, some assumptions set."""
    draws = records_of(np.tile([p.default for p in REGISTER], (count, 1)))
    for name, value in values.items():
        draws[name] = value
    return draws


def standard_error(values):
    return np.std(values, ddof=1) / math.sqrt(len(values))


def target_of(below, above, value=2.0):
    return Target("1", "name", "label", "unit", value, below, above, "source")


class TestTarget:
    def test_a_tolerance_is_the_half_width_of_a_90_percent_interval(self):
        assert stats.norm.cdf(TOLERANCE_IN_SD) - stats.norm.cdf(-TOLERANCE_IN_SD) == pytest.approx(0.9)
        assert target_of(0.5, 0.5).deviation(np.array([1.5, 2.0, 2.5])) == pytest.approx([-1.6449, 0, 1.6449], abs=1e-3)

    def test_sides_have_their_own_tolerance(self):
        target = target_of(0.5, 1.0)
        assert target.tolerance == 0.5
        assert target.deviation(np.array([1.5, 3.0])) == pytest.approx([-TOLERANCE_IN_SD, TOLERANCE_IN_SD])
        assert target.within(np.array([1.49, 1.5, 2.0, 3.0, 3.01])).tolist() == [False, True, True, True, False]

    def test_error_of_the_value_adds_to_the_variance(self):
        variance = 3 * (0.5 / TOLERANCE_IN_SD) ** 2  # four times that of the tolerance together
        assert target_of(0.5, 0.5).deviation(np.array([2.5]), variance) == pytest.approx([TOLERANCE_IN_SD / 2])

    @pytest.mark.parametrize(("below", "above", "free", "bound"), [(0.5, INF, 99.0, 1.5), (INF, 0.5, -99.0, 2.5)])
    def test_a_bound_counts_on_one_side(self, below, above, free, bound):
        target = target_of(below, above)
        assert target.deviation(np.array([free]))[0] == 0.0
        assert abs(target.deviation(np.array([bound]))[0]) == pytest.approx(TOLERANCE_IN_SD)
        assert target.within(np.array([free, bound])).all()
        assert target.tolerance == 0.5


class TestLikelihood:
    def found(self, **off):
        """One run at the targets but for some statistics, off by a number of tolerances."""
        row = VALUES.copy()
        for name, tolerances in off.items():
            row[at(name)] += tolerances * NARROW[at(name)]
        return row[None, :]

    def test_is_highest_at_the_targets(self):
        assert targets.log_likelihood(self.found()) == pytest.approx([0.0])

    def test_a_statistic_one_tolerance_off(self):
        found = self.found(teacher_effect_sd=1.0)
        assert targets.log_likelihood(found) == pytest.approx([-0.5 * TOLERANCE_IN_SD**2])

    def test_independent_patterns_add(self):
        found = self.found(teacher_effect_sd=1.0, slope_on_practice=-2.0)
        assert targets.log_likelihood(found) == pytest.approx([-2.5 * TOLERANCE_IN_SD**2])

    def test_the_review_has_one_covariance(self):
        steps = {"mean_effect": 0.5, "slope_per_mechanism": 1.0, "balanced_difference": -0.7}
        off = TOLERANCE_IN_SD * np.array([steps[name] for name in targets.REVIEW])
        normal = stats.multivariate_normal(np.zeros(3), targets.review_correlation())
        wanted = normal.logpdf(off) - normal.logpdf(np.zeros(3))
        assert targets.log_likelihood(self.found(**steps)) == pytest.approx([wanted])

    def test_coaching_is_not_counted_twice(self):
        assert targets.log_likelihood(self.found(coaching_practice=50.0, coaching_pupils=-9.0)) == pytest.approx([0.0])

    def test_error_in_the_statistics_widens(self):
        found, variance = self.found(teacher_effect_sd=1.0), np.zeros(len(TARGETS))
        variance[at("teacher_effect_sd")] = (NARROW[at("teacher_effect_sd")] / TOLERANCE_IN_SD) ** 2
        assert targets.log_likelihood(found, variance) == pytest.approx([-0.25 * TOLERANCE_IN_SD**2])

    def test_a_shift_is_added_to_the_statistics(self):
        found = self.found(teacher_effect_sd=1.0)
        shift = np.zeros(len(TARGETS))
        shift[at("teacher_effect_sd")] = -NARROW[at("teacher_effect_sd")]
        assert targets.log_likelihood(found, 0.0, shift) == pytest.approx([0.0])

    def test_statistics_are_in_the_order_of_their_targets(self, monkeypatch):
        named = [
            replace(p, function=lambda _, p=p: np.array([[at(t.name) for t in p.targets]])) for p in targets.PATTERNS
        ]
        monkeypatch.setattr(targets, "PATTERNS", tuple(named))
        assert targets.statistics(None).tolist() == [list(range(len(TARGETS)))]

    def test_review_correlation_is_one(self):
        found = targets.review_correlation()
        assert found == pytest.approx(found.T)
        assert np.diag(found) == pytest.approx(np.ones(3))
        assert (np.linalg.eigvalsh(found) > 0.01).all()

    def test_review_correlation_is_that_of_statistics_of_noise(self):
        noise = np.random.default_rng(1).standard_normal((20_000, 100))
        here = SimpleNamespace(programmes=SimpleNamespace(pupils=noise))
        review = [patterns.mean_effect(here), patterns.slope_per_mechanism(here), patterns.balanced_difference(here)]
        assert targets.REVIEW == ("mean_effect", "slope_per_mechanism", "balanced_difference")
        assert targets.review_correlation() == pytest.approx(np.corrcoef(review), abs=4 / math.sqrt(20_000))


class TestSpace:
    def test_every_assumption_has_one_place(self):
        here = space({"discernment": 1.0})
        scales = {p.name for p in REGISTER if p.prior.kind == "fixed"}
        assert scales == {"motivation_mean"}
        assert sorted([*here.names, *FITTED_APART, *scales, "discernment"]) == sorted(PARAMETERS)
        assert here.dimensions == len(here.names) + len(FAMILIES)

    def test_the_centre_is_the_prior_median(self):
        here = space()
        draw = here.theory(np.zeros((1, here.dimensions)), np.array([3])).draws[0]
        for name in here.names:
            p = PARAMETERS[name]
            assert draw[name] == pytest.approx(p.prior.quantile(np.array([0.5]), p.low, p.high)[0])
        assert [draw[name] for name in FITTED_APART] == pytest.approx(here.modular[3])
        assert draw["motivation_mean"] == PARAMETERS["motivation_mean"].default

    @pytest.mark.parametrize("family", FAMILIES)
    def test_a_family_is_off_as_a_whole_and_exactly(self, family):
        here = space()
        latent = np.ones((1, here.dimensions))
        latent[0, len(here.names) + FAMILIES.index(family)] = -0.01
        draw = here.theory(latent, np.array([0])).draws[0]
        for p in REGISTER:
            if p.family:
                assert (draw[p.name] == 0.0) == (p.family == family)

    @given(some.integers(0, 2**32 - 1))
    @settings(max_examples=20, deadline=None)
    def test_values_stay_in_range(self, seed):
        here = space()
        latent = 3 * np.random.default_rng(seed).standard_normal((20, here.dimensions))
        draws = here.theory(latent, np.zeros(20, int)).draws
        for name in here.names:
            p = PARAMETERS[name]
            inside = (draws[name] >= p.low - 1e-12) & (draws[name] <= p.high + 1e-12)
            assert (inside | (draws[name] == 0.0)).all()

    def test_points_of_the_prior_have_its_distribution(self):
        here = space()
        draws = here.theory(bank.sobol_normals(1024, here.dimensions, 1), np.zeros(1024, int)).draws
        for p in REGISTER:
            if p.name in here.names and not p.family:
                middle = slice(20, -20)
                wanted = p.prior.quantile((np.arange(1024) + 0.5) / 1024, p.low, p.high)
                assert np.sort(draws[p.name])[middle] == pytest.approx(wanted[middle], abs=0.02 * (p.high - p.low))
        off = 1.0 - checks.families_on(draws).mean(axis=0)
        assert off == pytest.approx(np.full(len(FAMILIES), FAMILY_OFF), abs=0.01)

    def test_what_is_held_has_its_value_in_all_points(self):
        here = space(NO_NETWORK)
        draws = here.theory(np.random.default_rng(1).standard_normal((5, here.dimensions)), np.zeros(5, int)).draws
        for name, value in NO_NETWORK.items():
            assert name not in here.names
            assert (draws[name] == value).all()

    def test_features_are_coordinates_and_strengths_above_off(self):
        here = space()
        latent = np.random.default_rng(2).standard_normal((30, here.dimensions))
        pick = np.arange(30)
        features, draws = here.features(latent, pick), here.theory(latent, pick).draws
        assert features.shape == (30, len(here.names) + len(FITTED_APART))
        for column, name in enumerate(here.names):
            p = PARAMETERS[name]
            if not p.family:
                assert features[:, column] == pytest.approx(latent[:, column])
                continue
            assert ((features[:, column] == 0.0) == (draws[name] == 0.0)).all()
            on = draws[name] != 0.0
            assert stats.spearmanr(features[on, column], draws[name][on]).statistic == pytest.approx(1.0)
            if name == "exchange_insight":  # far from where its prior is cut off
                assert features[on, column] == pytest.approx(draws[name][on] / p.prior.b, rel=1e-6)
            if name == "lasting_tie_rate":
                assert features[on, column] == pytest.approx(draws[name][on] / p.prior.a, rel=0.01)

    def test_features_of_what_is_fitted_apart_are_standardised(self):
        here = space()
        apart = here.features(np.zeros((40, here.dimensions)), np.arange(40))[:, len(here.names) :]
        assert apart.mean(axis=0) == pytest.approx(np.zeros(len(FITTED_APART)), abs=1e-12)
        assert apart.std(axis=0) == pytest.approx(np.ones(len(FITTED_APART)))

    def test_sobol_points_are_standard_normal(self):
        points = bank.sobol_normals(1024, 12, 1)
        assert points.mean(axis=0) == pytest.approx(np.zeros(12), abs=0.01)
        assert points.std(axis=0) == pytest.approx(np.ones(12), abs=0.02)
        assert np.corrcoef(points.T) == pytest.approx(np.eye(12), abs=0.05)
        assert np.isfinite(points).all()

    def test_sobol_points_hang_on_the_seed_alone(self):
        assert np.array_equal(bank.sobol_normals(64, 5, 1), bank.sobol_normals(64, 5, 1))
        assert not np.array_equal(bank.sobol_normals(64, 5, 1), bank.sobol_normals(64, 5, 2))


def cheap(worlds):
    """Statistics that two assumptions move, and luck a little; each run's hang on its own draw and luck alone."""
    runs, draws = worlds.runs, worlds.theory.draws[worlds.runs.draw]
    luck = [
        np.random.Generator(np.random.Philox(key=[runs.seed, r])).standard_normal(len(TARGETS)) for r in runs.replicate
    ]
    found = VALUES + 0.02 * NARROW * np.array(luck)
    found[:, at("teacher_effect_sd")] += draws["craft_effect"] - VALUES[at("teacher_effect_sd")]
    found[:, at("slope_on_practice")] += draws["year_gain"] - VALUES[at("slope_on_practice")]
    return found


@pytest.fixture
def counted(monkeypatch):
    """A cheap simulator in parts of four points; the sizes of the parts that it was asked for."""
    sizes = []

    def run(worlds):
        sizes.append(len(worlds.runs.draw))
        return cheap(worlds)

    monkeypatch.setattr(bank, "CHUNK", 4)
    monkeypatch.setattr(bank, "statistics", run)
    return sizes


def points(count=10, seed=1):
    here = space()
    return here.theory(np.random.default_rng(seed).standard_normal((count, here.dimensions)), np.arange(count))


class TestBank:
    def test_runs_every_point_in_its_own_luck(self, counted, tmp_path):
        found = bank.run_bank(points(), tmp_path, 5, lucks=2)
        assert found.shape == (10, 2, len(TARGETS))
        assert counted == [8, 8, 4]
        theory = points()
        for point in (0, 7):
            for luck in (0, 1):
                here = patterns.Worlds(
                    Theory("", theory.draws[point : point + 1].view(np.recarray)), 1, 5, 2 * point + luck
                )
                assert np.array_equal(found[point, luck], cheap(here)[0])

    def test_reads_what_it_has_stored(self, counted, tmp_path):
        first = bank.run_bank(points(), tmp_path, 5)
        assert np.array_equal(bank.run_bank(points(), tmp_path, 5), first)
        assert counted == [4, 4, 2]

    def test_goes_on_where_it_was_stopped(self, counted, tmp_path):
        whole = bank.run_bank(points(), tmp_path, 5)
        parts = sorted(tmp_path.iterdir())
        assert [part.name for part in parts] == ["part-000000.parquet", "part-000004.parquet", "part-000008.parquet"]
        parts[1].unlink()
        assert np.array_equal(bank.run_bank(points(), tmp_path, 5), whole)
        assert counted == [4, 4, 2, 4]

    def test_a_stop_within_a_part_leaves_whole_parts_only(self, counted, tmp_path, monkeypatch):
        run = bank.statistics

        def stopped(worlds):
            if len(counted) == 2:
                raise KeyboardInterrupt
            return run(worlds)

        monkeypatch.setattr(bank, "statistics", stopped)
        with pytest.raises(KeyboardInterrupt):
            bank.run_bank(points(), tmp_path, 5)
        assert [part.name for part in sorted(tmp_path.iterdir())] == ["part-000000.parquet", "part-000004.parquet"]

    @pytest.mark.parametrize("change", ["point", "seed", "lucks", "science"])
    def test_makes_a_part_again_that_holds_something_else(self, change, counted, tmp_path, monkeypatch):
        theory = points()
        bank.run_bank(theory, tmp_path, 5)
        del counted[:]
        if change == "science":
            monkeypatch.setattr(bank, "science_hash", lambda: "another version")
        if change == "point":
            theory.draws["helping"][5] += 0.001
        seed, lucks = 5 + (change == "seed"), 1 + (change == "lucks")
        found = bank.run_bank(theory, tmp_path, seed, lucks)
        assert counted == ([4] if change == "point" else [4 * lucks, 4 * lucks, 2 * lucks])
        assert np.array_equal(found, bank.run_bank(theory, tmp_path / "fresh", seed, lucks))

    def test_tells_how_many_runs_are_done(self, counted, tmp_path):
        done = []
        bank.run_bank(points(), tmp_path, 5, 2, done.append)
        assert done == [8, 8, 4]
        bank.run_bank(points(), tmp_path, 5, 2, done.append)
        assert sum(done) == 40

    def test_a_stored_part_says_what_it_holds(self, counted, tmp_path):
        bank.run_bank(points(), tmp_path, 5)
        part = pd.read_parquet(tmp_path / "part-000004.parquet")
        assert list(part.columns) == [*PARAMETERS, "science", "seed", *NAMES]
        assert part["helping"].to_numpy() == pytest.approx(points().draws["helping"][4:8])

    def test_parts_of_the_true_simulator_are_those_of_the_whole(self, tmp_path, monkeypatch):
        theory = points(3)
        monkeypatch.setattr(bank, "CHUNK", 2)
        parts = bank.run_bank(theory, tmp_path, 5)[:, 0]
        assert parts == pytest.approx(targets.statistics(patterns.Worlds(theory, 1, 5)), rel=1e-9, abs=1e-12)
        (tmp_path / "part-000002.parquet").unlink()
        assert np.array_equal(bank.run_bank(theory, tmp_path, 5)[:, 0], parts)


class TestWeights:
    @given(some.lists(some.floats(-700, 700), min_size=1, max_size=50))
    def test_normalised(self, logs):
        weights = inference.normalised(np.array(logs))
        assert weights.sum() == pytest.approx(1.0)
        assert (np.diff(weights[np.argsort(logs)]) >= 0).all()

    def test_effective_size(self):
        assert inference.effective_size(np.full(8, 1 / 8)) == pytest.approx(8.0)
        assert inference.effective_size(np.array([0.0, 1.0, 0.0])) == 1.0
        assert inference.effective_size(np.array([0.5, 0.25, 0.25])) == pytest.approx(1 / 0.375)

    @given(some.lists(some.floats(0, 1), min_size=2, max_size=30), some.integers(1, 200), some.integers(0, 99))
    def test_systematic_resampling_takes_each_its_share(self, raw, count, seed):
        weights = np.array(raw) + 1e-9 * (max(raw) == 0)
        weights /= weights.sum()
        taken = inference.systematic(weights, count, np.random.default_rng(seed))
        assert len(taken) == count
        assert (np.diff(taken) >= 0).all()
        often = np.bincount(taken, minlength=len(weights))
        assert (np.abs(often - count * weights) < 1 + 1e-6).all()
        assert (often[weights == 0.0] == 0).all()

    def test_systematic_resampling_has_no_bias(self):
        rng, weights = np.random.default_rng(3), np.array([0.07, 0.13, 0.8])
        often = np.mean([np.bincount(inference.systematic(weights, 5, rng), minlength=3) for _ in range(4000)], axis=0)
        assert often == pytest.approx(5 * weights, abs=4 * 0.5 / math.sqrt(4000))

    def test_a_step_leaves_a_share_of_particles_effective(self):
        logs = -0.5 * 9 * np.random.default_rng(5).standard_normal(2000) ** 2
        step = inference.next_step(logs, 1.0)
        assert 0.0 < step < 1.0
        size = inference.effective_size(inference.normalised(step * logs))
        assert size == pytest.approx(inference.STEP_ESS * 2000, rel=1e-3)

    @pytest.mark.parametrize("left", [1.0, 0.3])
    def test_a_step_is_at_most_what_is_left(self, left):
        assert inference.next_step(0.01 * np.arange(10.0), left) == left

    def test_quantiles_of_weighted_values(self):
        values = np.random.default_rng(6).permutation(np.arange(1000.0))
        even = checks.weighted_quantiles(values, np.full(1000, 1e-3))
        assert even == pytest.approx([50, 950], abs=1.5)
        weights = np.where(values < 100, 1.0, 0.0) / 100
        assert checks.weighted_quantiles(values, weights) == pytest.approx([5, 95], abs=1.5)

    def test_weights_stand_for_repeated_values(self):
        values, times = np.array([3.0, -1.0, 2.0, 7.0]), np.array([4, 2, 1, 3])
        assert checks.weighted_variance(values, times / 10) == pytest.approx(np.repeat(values, times).var())


def quadratic(seed=0, rows=1500):
    """Features, and statistics of which two follow known quadratics on the squashed scale; the rest is noise."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((rows, 12))
    squashed = 0.3 * rng.standard_normal((rows, len(TARGETS)))
    squashed[:, 0] = 0.3 + 0.2 * x[:, 3] - 0.15 * x[:, 7] + 0.1 * x[:, 3] ** 2 + 0.12 * x[:, 3] * x[:, 7]
    squashed[:, 4] = -0.1 + 0.2 * x[:, 0] ** 2
    squashed[:, [0, 4]] += 0.001 * rng.standard_normal((rows, 2))
    return x, inference.stretched(squashed)


@pytest.fixture(scope="module")
def fitted():
    return quadratic()[0], inference.fit_emulators(*quadratic())


class TestEmulators:
    @given(some.floats(-1000, 1000))
    def test_squashing_is_undone(self, value):
        found = np.full((1, len(TARGETS)), value)
        assert inference.stretched(inference.squashed(found)) == pytest.approx(found, rel=1e-6, abs=1e-6)

    def test_squashing_is_even_near_the_target(self):
        off = 0.1 * NARROW
        assert inference.squashed(VALUES[None]) == pytest.approx(0.0)
        assert inference.squashed((VALUES + off)[None]) == pytest.approx(0.1 / inference.SQUASH, rel=0.01)

    def test_find_the_parameters_that_move_a_statistic(self, fitted):
        linear = fitted[1].linear
        bent = fitted[1].quadratic.reshape(12, len(TARGETS), 12)
        assert set(np.flatnonzero(linear[:, 0])) == {3, 7}
        assert set(np.flatnonzero(bent[:, 4].any(axis=1))) == {0}

    def test_find_a_known_quadratic(self, fitted):
        emulators = fitted[1]
        bent = emulators.quadratic.reshape(12, len(TARGETS), 12)
        assert emulators.constant[[0, 4]] == pytest.approx([0.3, -0.1], abs=0.001)
        assert emulators.linear[[3, 7], 0] == pytest.approx([0.2, -0.15], abs=0.001)
        assert (bent[3, 0, 3], bent[3, 0, 7] + bent[7, 0, 3]) == pytest.approx((0.1, 0.12), abs=0.001)
        assert bent[0, 4, 0] == pytest.approx(0.2, abs=0.001)
        assert emulators.r_squared[[0, 4]] == pytest.approx([1.0, 1.0], abs=1e-4)

    def test_predict_other_points(self, fitted):
        x, found = quadratic(seed=9, rows=200)
        columns = [0, 4]
        predicted = fitted[1].predict(x)[:, columns]
        assert inference.squashed(fitted[1].predict(x)) == pytest.approx(fitted[1].on_squashed_scale(x))
        assert predicted == pytest.approx(found[:, columns], rel=0.02, abs=0.02 * NARROW[columns].max())

    def test_noise_is_not_explained(self, fitted):
        noise = np.delete(np.arange(len(TARGETS)), [0, 4])
        assert fitted[1].r_squared[noise] == pytest.approx(0.0, abs=0.06)
        assert (fitted[1].linear[:, noise] != 0.0).mean() < 0.01  # |t| > 4 by chance
        # the error of points held out, in units of the statistics
        assert fitted[1].variance[noise] == pytest.approx((0.3 * inference.SCALES[noise]) ** 2, rel=0.25)

    def test_a_statistic_that_nothing_moves_is_predicted(self):
        x, found = quadratic(rows=300)
        found[:, 2] = 0.0
        emulators = inference.fit_emulators(x, found)
        assert (emulators.linear[:, 2] == 0.0).all()
        assert emulators.predict(x)[:, 2] == pytest.approx(0.0, abs=1e-12)
        assert emulators.variance[2] == pytest.approx(0.0, abs=1e-12)

    def test_a_prediction_by_hand(self):
        many = len(TARGETS)
        constant, linear, bent = np.full(many, 0.1), np.zeros((2, many)), np.zeros((2, many, 2))
        linear[0, 5], bent[0, 5, 1] = 0.3, 0.5
        emulators = Emulators(constant, linear, bent.reshape(2, -1), np.zeros(many), np.zeros(many))
        found = emulators.on_squashed_scale(np.array([[2.0, -1.0]]))[0]
        assert found[5] == pytest.approx(0.1 + 0.3 * 2 + 0.5 * 2 * -1)
        assert np.delete(found, 5) == pytest.approx(0.1)


@dataclass(frozen=True)
class Straight(Emulators):
    """Emulators that know the answer: one statistic is off its target by some tolerances, a function of features."""

    name: str
    function: object

    def predict(self, features):
        found = np.tile(VALUES, (len(features), 1))
        found[:, at(self.name)] += NARROW[at(self.name)] * self.function(features)
        return found

    def influence(self):
        """What matters is the first feature and the strength of coordination."""
        names = space().names
        matters = np.zeros(len(names) + len(FITTED_APART))
        matters[[0, names.index("coordination")]] = 1.0
        return matters


def knowing(function, name="teacher_effect_sd", variance=0.0):
    """Emulators with ``function`` (features -> tolerances off), and an error of ``variance`` (of its target's)."""
    nothing = np.zeros(len(TARGETS))
    errors = nothing.copy()
    errors[at(name)] = variance * (NARROW[at(name)] / TOLERANCE_IN_SD) ** 2
    return Straight(nothing, nothing, nothing, errors, nothing, name, function)


MANY = 1500


class TestSampler:
    """A coordinate has a standard normal prior; a straight line observed with an error makes it normal again."""

    SLOPE, OFF = 1.2, -1.5

    def sampled(self, power=1.0, shift=0.0, variance=0.0, moves=150):
        emulators = knowing(lambda features: self.OFF + self.SLOPE * features[:, 0], variance=variance)
        return Sampler(space(), emulators, 3, shift, power).sample(MANY, final_moves=moves)

    def posterior(self, power=1.0, shift=0.0, variance=0.0):
        """Mean and SD by conjugacy."""
        precision = power * TOLERANCE_IN_SD**2 / (1 + variance)
        total = 1 + precision * self.SLOPE**2
        return -precision * self.SLOPE * (self.OFF + shift) / total, total**-0.5

    def assert_normal(self, values, mean, sd):
        """Particles share ancestors, so they count for a quarter."""
        assert values.mean() == pytest.approx(mean, abs=4 * sd / math.sqrt(MANY / 4))
        assert values.std() == pytest.approx(sd, abs=4 * sd / math.sqrt(2 * MANY / 4))

    def test_finds_a_known_posterior(self):
        particles = self.sampled()
        self.assert_normal(particles.latent[:, 0], *self.posterior())
        others = particles.latent[:, 1:]
        assert others.mean(axis=0) == pytest.approx(np.zeros(others.shape[1]), abs=5 / math.sqrt(MANY / 4))
        assert others.std(axis=0) == pytest.approx(np.ones(others.shape[1]), abs=5 / math.sqrt(2 * MANY / 4))

    def test_log_likelihood_is_that_of_the_particles(self):
        particles = self.sampled(moves=20)
        off = TOLERANCE_IN_SD * (self.OFF + self.SLOPE * particles.latent[:, 0])
        assert particles.log_likelihood == pytest.approx(-0.5 * off**2)

    def test_a_power_below_one_widens(self):
        self.assert_normal(self.sampled(power=0.25).latent[:, 0], *self.posterior(power=0.25))
        assert self.posterior(power=0.25)[1] > 1.3 * self.posterior()[1]

    def test_errors_of_the_emulators_widen(self):
        self.assert_normal(self.sampled(variance=5.0).latent[:, 0], *self.posterior(variance=5.0))

    def test_a_shift_moves_what_is_observed(self):
        shift = np.zeros(len(TARGETS))
        shift[at("teacher_effect_sd")] = NARROW[at("teacher_effect_sd")]
        self.assert_normal(self.sampled(shift=shift).latent[:, 0], *self.posterior(shift=1.0))

    def test_a_flat_likelihood_leaves_the_prior(self):
        here = space()
        particles = Sampler(here, knowing(lambda features: 0.0), 3).sample(MANY, final_moves=30)
        assert particles.latent.mean(axis=0) == pytest.approx(np.zeros(here.dimensions), abs=5 / math.sqrt(MANY))
        assert particles.latent.std(axis=0) == pytest.approx(np.ones(here.dimensions), abs=5 / math.sqrt(2 * MANY))
        assert np.bincount(particles.pick, minlength=40) / MANY == pytest.approx(
            1 / 40, abs=5 * math.sqrt(1 / 40 / MANY)
        )

    def test_switches_flip_by_their_evidence(self):
        # "off" is a third as likely as "on": 3 in 4 particles have the family on
        here = space()
        column = here.names.index("coordination")
        off = math.sqrt(2 * math.log(3.0)) / TOLERANCE_IN_SD
        emulators = knowing(lambda features: off * (features[:, column] == 0.0))
        particles = Sampler(here, emulators, 3).sample(MANY, final_moves=150)
        on = particles.latent[:, len(here.names) + FAMILIES.index("cost")] >= 0
        assert on.mean() == pytest.approx(0.75, abs=4 * math.sqrt(0.75 * 0.25 / (MANY / 4)))
        mint = particles.latent[:, len(here.names) + FAMILIES.index("mint")] >= 0
        assert mint.mean() == pytest.approx(0.5, abs=4 * 0.5 / math.sqrt(MANY / 4))

    def test_draws_of_the_modules_are_weighed(self):
        # two draws, of which the second is a third as likely
        here = Space(np.stack([np.zeros(len(FITTED_APART)), np.ones(len(FITTED_APART))]), {})
        off = math.sqrt(2 * math.log(3.0)) / TOLERANCE_IN_SD
        emulators = knowing(lambda features: off * (features[:, -1] > 0))
        particles = Sampler(here, emulators, 3).sample(MANY, final_moves=150)
        assert particles.pick.mean() == pytest.approx(0.25, abs=4 * math.sqrt(0.75 * 0.25 / (MANY / 4)))

    def test_particles_forget_where_they_came_from(self):
        assert self.sampled(moves=1).remembered > 0.5
        assert self.sampled(moves=300).remembered < 0.3

    def test_coordinates_that_matter_are_those_of_the_largest_coefficients(self):
        many, wide = len(TARGETS), 4
        linear, bent = np.zeros((wide, many)), np.zeros((wide, many, wide))
        linear[1, 3], bent[0, 5, 2] = -0.4, 0.1
        emulators = Emulators(np.zeros(many), linear, bent.reshape(wide, -1), np.zeros(many), np.zeros(many))
        influence = emulators.influence()
        assert influence[1] == pytest.approx(4 * influence[0])
        assert influence[0] == influence[2] > influence[3] == 0.0

    def test_a_seed_gives_the_same_particles(self):
        assert np.array_equal(self.sampled(moves=5).latent, self.sampled(moves=5).latent)

    def test_correlation_of_columns(self):
        a, b = np.random.default_rng(1).standard_normal((2, 500, 3))
        b[:, 1] -= 2 * a[:, 1]
        assert inference.correlation_of_columns(a, b) == pytest.approx(abs(np.corrcoef(a[:, 1], b[:, 1])[0, 1]))


class TestModules:
    def module(self, below=0.05, above=0.05):
        target = Target("14", "left", "left", "share", 0.35, below, above, "source")
        return Module(("persistence",), lambda theory, seed: theory.draws["persistence"][:, None], (target,))

    @pytest.mark.parametrize("above", [0.05, 0.2])
    def test_a_module_is_fitted_to_its_posterior(self, above):
        module = self.module(above=above)
        p = PARAMETERS["persistence"]
        grid = p.prior.quantile((np.arange(20_000) + 0.5) / 20_000, p.low, p.high)
        weights = inference.normalised(-0.5 * module.targets[0].deviation(grid) ** 2)
        mean = weights @ grid
        sd = math.sqrt(weights @ (grid - mean) ** 2)
        found = inference.fit_module(module, 1)
        assert found.shape == (inference.MODULE_DRAWS, 1)
        assert found.mean() == pytest.approx(mean, abs=4 * sd / math.sqrt(500))
        assert found.std() == pytest.approx(sd, rel=0.1)

    def test_everything_else_is_at_its_default(self):
        seen = []

        def look(theory, seed):
            seen.append(theory.draws)
            return theory.draws["persistence"][:, None]

        inference.fit_module(replace(self.module(), function=look), 1, points=16, draws=8)
        for p in REGISTER:
            assert (seen[0][p.name] == p.default).all() == (p.name != "persistence")

    def test_draws_of_modules_are_in_the_order_of_the_parameters(self, monkeypatch):
        def made(module, seed):
            return np.tile([float(FITTED_APART.index(name)) for name in module.parameters], (3, 1))

        monkeypatch.setattr(inference, "fit_module", made)
        assert inference.fit_modules(1).tolist() == [list(range(len(FITTED_APART)))] * 3


class TestCorrection:
    def found(self, off):
        """Runs whose SD of teacher effects is ``off`` (N) SDs of its tolerance from the target."""
        found = np.tile(VALUES, (len(off), 1))
        found[:, at("teacher_effect_sd")] += np.array(off) * NARROW[at("teacher_effect_sd")] / TOLERANCE_IN_SD
        return found

    def test_nothing_to_correct_keeps_all(self):
        off = np.linspace(-2, 2, 50)
        weights = fit.correction(self.found(off), np.zeros(len(TARGETS)), -0.5 * off**2)
        assert weights == pytest.approx(np.ones(50))
        assert fit.rejection(weights, 1).tolist() == list(range(50))

    def test_weights_are_ratios_of_likelihoods_and_the_largest_are_cut(self):
        rng = np.random.default_rng(1)
        off, emulated = rng.standard_normal(400), -rng.random(400)
        weights = fit.correction(self.found(off), np.zeros(len(TARGETS)), emulated)
        ratio = np.exp(-0.5 * off**2 - emulated)
        cut = ratio[weights == 1.0].min()
        assert weights == pytest.approx(np.minimum(ratio / cut, 1.0), rel=0.05)
        assert 0.0 < (weights == 1.0).mean() < 0.05

    def test_luck_in_the_statistics_is_allowed_for(self):
        variance = np.zeros(len(TARGETS))
        variance[at("teacher_effect_sd")] = (NARROW[at("teacher_effect_sd")] / TOLERANCE_IN_SD) ** 2
        off = np.array([0.0, 2.0])
        weights = fit.correction(self.found(off), variance, np.zeros(2))
        assert weights[1] / weights[0] == pytest.approx(math.exp(-1.0), rel=0.02)  # 4 / (1 + 1) / 2

    def test_rejection_keeps_each_once_with_its_chance(self):
        weights = np.repeat([1.0, 0.5, 0.1, 0.0], 2000)
        kept = fit.rejection(weights, 1)
        assert (np.diff(kept) > 0).all()
        share = np.bincount(kept // 2000, minlength=4) / 2000
        assert share == pytest.approx([1.0, 0.5, 0.1, 0.0], abs=4 * 0.5 / math.sqrt(2000))
        assert share[[0, 3]].tolist() == [1.0, 0.0]
        assert np.array_equal(kept, fit.rejection(weights, 1))

    def test_emulated_particles_become_those_of_the_simulator(self):
        # emulated: N(0.5, 1.5^2) times a flat prior; true: N(0, 1)
        off = 0.5 + 1.5 * np.random.default_rng(2).standard_normal(8000)
        emulated = -0.5 * ((off - 0.5) / 1.5) ** 2
        kept = off[fit.rejection(fit.correction(self.found(off), np.zeros(len(TARGETS)), emulated), 1)]
        assert len(kept) > 2000
        assert kept.mean() == pytest.approx(0.0, abs=4 / math.sqrt(len(kept)))
        assert kept.std() == pytest.approx(1.0, abs=4 / math.sqrt(2 * len(kept)) + 0.01)


OBSERVED = 1500


@pytest.fixture(scope="module")
def shifts():
    """A truth's statistics, and what many observations of it add to them."""
    rng = np.random.default_rng(8)
    truth = VALUES + 0.3 * NARROW
    return truth, np.array([checks.observed_elsewhere(truth, rng) for _ in range(OBSERVED)])


class TestSyntheticTruths:
    BOUNDED = np.array([np.isinf([target.below, target.above]).any() for target in TARGETS])

    def test_errors_are_those_of_the_likelihood(self, shifts):
        truth, added = shifts
        for k, target in enumerate(TARGETS):
            off = target.deviation(truth[k] + added[:, k])
            if self.BOUNDED[k]:
                assert off == pytest.approx(0.0)
                continue
            # at the truth, the deviation from what was observed is standard normal on either side
            above = target.above / (target.above + target.below)
            assert (off > 0).mean() == pytest.approx(above, abs=4.5 * 0.5 / math.sqrt(OBSERVED))
            assert np.mean(off**2) == pytest.approx(1.0, abs=4.5 * math.sqrt(2 / OBSERVED))

    def test_errors_of_the_review_are_correlated_and_others_are_not(self, shifts):
        found = np.corrcoef(shifts[1][:, ~self.BOUNDED].T)
        names = [name for name, bounded in zip(NAMES, self.BOUNDED, strict=True) if not bounded]
        wanted = np.eye(len(names))
        review = [names.index(name) for name in targets.REVIEW]
        wanted[np.ix_(review, review)] = targets.review_correlation()
        assert found == pytest.approx(wanted, abs=4.5 / math.sqrt(OBSERVED))

    def test_a_truth_has_the_likelihood_of_a_truth(self, shifts):
        # minus twice the log likelihood of the truth is chi-square with as many degrees as patterns are counted
        truth, added = shifts
        counted = sum(target.counted for target in TARGETS) - self.BOUNDED.sum()
        twice = -2 * targets.log_likelihood(np.tile(truth, (OBSERVED, 1)), 0.0, added)
        assert twice.mean() == pytest.approx(counted, abs=4 * math.sqrt(2 * counted / OBSERVED))
        assert twice.var() == pytest.approx(2 * counted, rel=0.25)

    def test_coverage_is_of_latent_coordinates_without_channels(self):
        here = space()
        kept = [name for name in here.names if not PARAMETERS[name].family]
        rng = np.random.default_rng(1)
        particles = SimpleNamespace(latent=rng.standard_normal((4000, here.dimensions)))
        particles.latent[:, here.names.index(kept[0])] = 0.5 + 0.1 * rng.standard_normal(4000)
        truth = np.zeros(here.dimensions)
        truth[here.names.index(kept[1])] = 3.0
        found = checks.covered(here, truth, particles, np.full(4000, 1 / 4000))
        assert len(found) == len(kept)
        assert found["covered"].tolist() == [False, False] + [True] * (len(kept) - 2)
        assert found["shrinkage"][0] == pytest.approx(0.99, abs=0.002)
        assert found["shrinkage"][1:] == pytest.approx(np.zeros(len(kept) - 1), abs=0.15)


class TestRecord:
    def test_a_pattern_by_hand(self):
        target = target_of(0.5, 1.0)
        values = np.array([1.0, 1.6, 2.0, 2.4, 2.9, 3.5, 2.1, 2.2, 2.3, 2.5])
        row = checks.pattern_row(target, values)
        assert row["mean"] == pytest.approx(2.25)
        assert (row["low"], row["high"]) == pytest.approx(tuple(np.quantile(values, [0.05, 0.95])))
        assert row["within_tolerance"] == 0.8
        assert (row["target"], row["below"], row["above"], row["counted"]) == (2.0, 0.5, 1.0, True)

    def test_surprise_is_two_sided(self):
        target = target_of(0.5, 0.5)
        far = 2.0 + 0.5 * stats.norm.ppf(0.975) / TOLERANCE_IN_SD
        assert checks.pattern_row(target, np.full(9, 2.0))["surprise"] == pytest.approx(1.0)
        for value in (far, 4.0 - far):
            assert checks.pattern_row(target, np.full(9, value))["surprise"] == pytest.approx(0.05)

    def test_a_bound_that_is_met_surprises_nobody(self):
        row = checks.pattern_row(target_of(0.5, INF), np.array([2.0, 3.0, 9.0]))
        assert (row["surprise"], row["above"], row["below"]) == (1.0, None, 0.5)
        assert checks.pattern_row(target_of(0.5, INF), np.full(3, 0.5))["surprise"] < 0.001
        json.dumps(row, allow_nan=False)

    def test_a_normal_prior_that_is_kept(self):
        p = PARAMETERS["craft_effect"]
        values = p.prior.quantile((np.arange(2000) + 0.5) / 2000, p.low, p.high)
        row = checks.parameter_row(space(), "craft_effect", values)
        assert row["how"] == "together"
        assert (row["shrinkage"], row["shift"]) == pytest.approx((0.0, 0.0), abs=0.01)
        assert not row["touched"]
        assert (row["low"], row["median"], row["high"]) == pytest.approx(tuple(np.quantile(values, [0.05, 0.5, 0.95])))

    @pytest.mark.parametrize(
        ("centre", "narrower", "shrinkage", "shift", "touched"),
        [(0.24, 0.5, 0.75, 0.0, True), (0.30, 1.0, 0.0, 1.0, True), (0.24 + 0.06 * 0.2, 0.98, 0.04, 0.2, False)],
    )
    def test_shrinkage_and_shift_are_in_prior_units(self, centre, narrower, shrinkage, shift, touched):
        values = centre + 0.06 * narrower * stats.norm.ppf((np.arange(2000) + 0.5) / 2000)
        row = checks.parameter_row(space(), "craft_effect", values)
        assert (row["shrinkage"], row["shift"]) == pytest.approx((shrinkage, shift), abs=0.02)
        assert row["touched"] is touched

    def test_a_lognormal_prior_is_measured_on_its_scale(self):
        p = PARAMETERS["use_effect"]
        values = p.prior.a * np.exp(0.5 * p.prior.b * stats.norm.ppf((np.arange(2000) + 0.5) / 2000))
        row = checks.parameter_row(space(), "use_effect", values)
        log_sd = np.log(p.prior.quantile((np.arange(2000) + 0.5) / 2000, p.low, p.high)).std()  # cut off at its range
        assert row["shrinkage"] == pytest.approx(1 - (0.5 * p.prior.b / log_sd) ** 2, abs=0.01)

    def test_a_channel_is_looked_at_where_its_family_is_on(self):
        p = PARAMETERS["coordination"]
        on = p.prior.quantile((np.arange(1000) + 0.5) / 1000, p.low, p.high)
        row = checks.parameter_row(space(), "coordination", np.concatenate([on, np.zeros(1000)]))
        assert row["median"] == pytest.approx(np.median(on))
        assert row["shrinkage"] == pytest.approx(0.0, abs=0.02)

    def test_how_a_parameter_was_fitted(self):
        assert checks.parameter_row(space(), "persistence", np.linspace(0.2, 0.3, 50))["how"] == "apart"
        assert checks.parameter_row(space(), "motivation_mean", np.full(5, 0.5)) == {
            "name": "motivation_mean", "how": "fixed", "median": 0.5,
        }  # fmt: skip
        held = checks.parameter_row(space(NO_NETWORK), "exchange_insight", np.zeros(5))
        assert held == {"name": "exchange_insight", "how": "fixed", "median": 0.0}

    def test_families_that_are_on(self):
        draws = believed(3)
        for p in REGISTER:
            if p.family == "mint":
                draws[p.name][1] = 0.0
            if p.family:
                draws[p.name][2] = 0.0
        draws["talk_deepens"][2] = -0.01  # one channel of a family is enough
        assert checks.families_on(draws).tolist() == [
            [True] * 4, [family != "mint" for family in FAMILIES], [family == "fluoride" for family in FAMILIES],
        ]  # fmt: skip

    def test_the_medoid_is_the_draw_nearest_to_the_others(self):
        draws = believed(5, craft_effect=[0.1, 0.2, 0.24, 0.3, 0.5])
        assert checks.medoid(space(), draws) == 2

    def test_the_medoid_has_every_family_on(self):
        draws = believed(5, craft_effect=[0.1, 0.2, 0.24, 0.3, 0.5])
        draws["coordination"][2] = draws["coordination_across"][2] = draws["together_load"][2] = 0.0
        assert checks.medoid(space(), draws) in (1, 3)
        for p in REGISTER:
            if p.family:
                draws[p.name] = 0.0
        assert checks.medoid(space(), draws) == 2  # where no draw has


ROW = {"pattern": "7", "label": "spread", "unit": "pupil SD", "target": 0.25, "below": 0.05, "above": 0.05,
       "mean": 0.2471, "low": 0.211, "high": 0.289, "within_tolerance": 0.876, "counted": True}  # fmt: skip


class TestTables:
    def test_a_pattern_in_words(self):
        cells = calibration_tables.pattern_cells(ROW)
        assert cells == ("7", "spread", "0.25 pupil SD", "0.05", "0.25 (0.21 to 0.29)", "88 %")
        assert len(cells) == len(calibration_tables.HEADER)

    @pytest.mark.parametrize(
        ("below", "above", "words"),
        [
            (0.1, 0.15, "-0.10 / +0.15"), (0.03, None, "at least, -0.030"), (None, 50.0, "at most, +50"),
            (20.0, 20.0, "20"), (0.5, 0.5, "0.5"), (0.005, 0.005, "0.005"),
        ],
    )  # fmt: skip
    def test_tolerances_in_words(self, below, above, words):
        assert calibration_tables.tolerance_of({"below": below, "above": above}) == words

    @pytest.mark.parametrize(("value", "text"), [(-0.0004, "0.00"), (-0.12, "-0.12"), (0.0, "0.00")])
    def test_nothing_is_minus_nothing(self, value, text):
        assert calibration_tables.number(value, ROW) == text

    def test_marks_what_is_fitted_apart_or_counted_elsewhere(self):
        assert calibration_tables.pattern_cells(ROW | {"apart": True})[0] == "7 m"
        assert calibration_tables.pattern_cells(ROW | {"counted": False})[0] == "7 (in 5)"

    def test_patterns_are_in_the_order_of_their_numbers(self):
        record = {"patterns": [ROW | {"pattern": number} for number in ("10", "2", "17", "1")]}
        assert [row[0] for row in calibration_tables.pattern_rows(record)] == ["1", "2", "10", "17"]

    def test_untouched_assumptions_are_those_fitted_with_the_others(self):
        rows = [
            {"name": "a", "how": "together", "touched": True}, {"name": "b", "how": "together", "touched": False},
            {"name": "c", "how": "apart", "touched": False}, {"name": "d", "how": "fixed"},
        ]  # fmt: skip
        assert calibration_tables.untouched({"parameters": rows}) == ["b"]


class TestOptions:
    @pytest.mark.parametrize(
        ("option", "value", "said"),
        [
            ("points", 700, ["--points: 700", "power of 2", "4096"]),
            ("points", 256, ["--points: 256", "512 to 131,072"]),
            ("points", 2**18, ["--points: 262144", "512 to 131,072"]),
            ("particles", 99, ["--particles: 99", "100 to 100,000"]),
            ("synthetic", -1, ["--synthetic: -1", "0 to 512"]),
            ("synthetic", 513, ["--synthetic: 513", "0 to 512"]),
            ("seed", -1, ["--seed: -1", "0 to 2,147,483,648"]),
        ],
    )
    def test_mistakes_name_the_option_and_what_is_allowed(self, option, value, said):
        with pytest.raises(InputError) as mistake:
            fit.check_options(**{"seed": 1, "points": 1024, "particles": 4000, "synthetic": 50, option: value})
        assert "\n" not in str(mistake.value)
        for part in said:
            assert part in str(mistake.value)

    @pytest.mark.parametrize("points", [512, fit.POINTS, 2**17])
    def test_what_is_allowed(self, points):
        fit.check_options(0, points, fit.PARTICLES, fit.SYNTHETIC)

    @pytest.mark.parametrize("points", [512, 4096])
    def test_emulators_have_points_enough_without_the_synthetic_truths(self, points):
        terms = 1 + 2 * (len(space().names) + len(FITTED_APART))
        assert (points - points // 2) * (inference.HELD_OUT - 1) / inference.HELD_OUT > terms

    def test_runs_are_counted(self):
        assert fit.runs_of(4096, 4000, 0) == 3 * 4096 + 2 * 4000
        assert fit.runs_of(512, 100, 2) == 3 * 512 + 2 * 100 + 2 * checks.SYNTHETIC_PARTICLES
        assert fit.runs_of(512, 100, 50) - fit.runs_of(512, 100, 0) == checks.CHECKED * checks.SYNTHETIC_PARTICLES

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["--points", "700"], ["--points: 700", "power of 2"]),
            (["--points", "300"], ["--points: 300", "512"]),
            (["--particles", "1"], ["--particles: 1", "100"]),
            (["--points", "many"], ["'many'", "whole number"]),
            (["--synthetic", "9999"], ["--synthetic: 9999"]),
            (["--out", "a-file"], ["a-file", "is a file"]),
        ],
    )
    def test_the_command_answers_a_mistake_in_one_line(self, arguments, said, tmp_path, monkeypatch, capsys):
        monkeypatch.chdir(tmp_path)
        Path("a-file").write_text("")
        assert self.command(["--out", "out", *arguments], monkeypatch) == 2
        printed = capsys.readouterr()
        assert printed.out == ""
        assert printed.err.count("\n") == 1
        for part in said:
            assert part in printed.err
        assert [path.name for path in tmp_path.iterdir()] == ["a-file"]

    def test_the_command_says_what_it_needs(self, tmp_path, monkeypatch, capsys):
        monkeypatch.setitem(sys.modules, "sklearn", None)
        assert self.command(["--out", str(tmp_path)], monkeypatch) == 2
        assert "scikit-learn" in capsys.readouterr().err

    def command(self, arguments, monkeypatch):
        """Exit code of ``pdsim calibrate``."""
        monkeypatch.setattr(sys, "argv", ["pdsim", "calibrate", *arguments])
        with pytest.raises(SystemExit) as end:
            cli.main()
        return end.value.code


POINTS, PARTICLES = 512, 400


class StoppedError(Exception):
    """Somebody pulls the plug."""


@pytest.fixture(scope="module")
def quick():
    """A fit that takes seconds: a cheap simulator, small modules, few moves; a count of parts run, to be stopped at."""
    count = SimpleNamespace(parts=0, most=10**9)

    def run(worlds):
        if count.parts >= count.most:
            raise StoppedError
        count.parts += 1
        return cheap(worlds)

    def few_modules(seed):
        return np.hstack([inference.fit_module(module, seed, 32, 64) for module in MODULES])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bank, "statistics", run)
        patch.setattr(fit, "fit_modules", few_modules)
        patch.setattr(inference, "MOVES", 15)
        patch.setattr(Sampler.sample, "__defaults__", (100,))
        patch.setattr(modules, "SCHOOL_SIZES", (12, 20))
        patch.setattr(checks, "CHECKED", 1)
        patch.setattr(checks, "SYNTHETIC_PARTICLES", 200)
        yield count


@pytest.fixture(scope="module")
def whole(quick, tmp_path_factory):
    """A fit from start to end, its folder, and how many runs it reported."""
    folder, done = tmp_path_factory.mktemp("whole"), []
    return fit.calibrate(folder, 2, POINTS, PARTICLES, synthetic=3, progress=done.append), folder, sum(done)


class TestFit:
    def test_finds_the_known_answer(self, whole):
        draws = whole[0].draws
        assert len(draws) > 0.5 * PARTICLES
        for name, statistic in (("craft_effect", "teacher_effect_sd"), ("year_gain", "slope_on_practice")):
            p, target = PARAMETERS[name], TARGETS[at(statistic)]
            of_prior, of_target = p.prior.b**-2, (target.tolerance / TOLERANCE_IN_SD) ** -2
            mean = (of_prior * p.prior.a + of_target * target.value) / (of_prior + of_target)
            sd = (of_prior + of_target) ** -0.5
            assert draws[name].mean() == pytest.approx(mean, abs=4 * sd / math.sqrt(len(draws) / 4))
            assert draws[name].std() == pytest.approx(sd, rel=0.25)

    def test_leaves_at_the_prior_what_nothing_touches(self, whole):
        rows = {row["name"]: row for row in whole[0].record["parameters"]}
        together = [row for row in rows.values() if row["how"] == "together"]
        assert rows["craft_effect"]["touched"]
        assert rows["year_gain"]["touched"]
        assert np.mean([row["touched"] for row in together]) < 0.35  # by chance, with some hundred draws
        assert abs(np.mean([row["shrinkage"] for row in together])) < 0.1
        on = checks.families_on(whole[0].draws).mean(axis=0)
        assert on == pytest.approx(np.full(4, 0.5), abs=0.2)

    def test_draws_are_those_that_were_run(self, whole):
        found = whole[0]
        again = []
        for k in (0, len(found.draws) // 2):
            theory = Theory("", found.draws[k : k + 1].view(np.recarray))
            here = patterns.Worlds(theory, fit.LUCKS, fit.luck_seed(2), int(found.luck[k]))
            again.append(cheap(here).mean(axis=0))
            assert found.found[k] == pytest.approx(again[-1])
        assert len(np.unique(found.luck)) == len(found.draws)  # each once
        assert found.draws.dtype.names == THEORY.names

    def test_record_names_everything(self, whole):
        record = whole[0].record
        assert {int(row["pattern"]) for row in record["patterns"]} == set(range(1, 18))
        assert [row["name"] for row in record["parameters"]] == list(PARAMETERS)
        assert record["draws"] == len(whole[0].draws)
        assert 0 <= record["medoid"] < record["draws"]
        assert (record["seed"], record["fixed"]) == (2, {})
        assert set(record["families_on"]) == set(FAMILIES)
        diagnostics = record["diagnostics"]
        assert diagnostics["points"] == [POINTS] * 3
        assert record["draws"] <= diagnostics["effective_sample_size_of_particles"] * 1.1 <= 1.1 * PARTICLES
        assert diagnostics["r_squared"]["teacher_effect_sd"] > 0.9
        assert abs(diagnostics["r_squared"]["mean_effect"]) < 0.1
        json.dumps(record, allow_nan=False)

    def test_synthetic_truths_are_recovered(self, whole):
        found = whole[0].record["diagnostics"]["synthetic"]
        assert (found["truths"], found["checked"], len(found["effective_sizes_of_corrections"])) == (3, 1, 1)
        for name in (
            "coverage_of_touched",
            "coverage_of_all",
            "coverage_checked_emulated",
            "coverage_checked_corrected",
        ):
            assert 0.0 <= found[name] <= 1.0
        assert found["coverage_of_all"] > 0.8
        assert found["touched"] >= 3

    def test_reports_the_runs_that_it_announced(self, whole):
        assert whole[2] == fit.runs_of(POINTS, PARTICLES, 3)

    def test_the_command_goes_on_from_what_is_stored(self, whole, quick, tmp_path, monkeypatch, capsys):
        options = ["--seed", "2", "--points", str(POINTS), "--particles", str(PARTICLES), "--synthetic", "3"]
        shutil.copytree(whole[1], tmp_path / "bank")
        monkeypatch.setattr(sys, "argv", ["pdsim", "calibrate", "--out", str(tmp_path), *options])
        before = quick.parts
        with pytest.raises(SystemExit) as end:
            cli.main()
        assert end.value.code == 0
        assert quick.parts == before  # the simulator was not asked again
        assert f"{len(whole[0].draws)} draws are in" in " ".join(capsys.readouterr().out.split())
        draws = pd.read_parquet(tmp_path / "posterior.parquet")
        for name in PARAMETERS:
            assert np.array_equal(draws[name], whole[0].draws[name])
        assert json.loads((tmp_path / "posterior.json").read_text()) == json.loads(json.dumps(whole[0].record))

    def test_a_stopped_fit_goes_on_to_the_same_draws(self, whole, quick, tmp_path):
        shutil.copytree(whole[1], tmp_path / "used")  # of another seed: nothing is mixed up
        straight = fit.calibrate(tmp_path / "used", 3, POINTS, PARTICLES, synthetic=0)
        for parts in (1, 3, 3):  # of eight
            quick.most = quick.parts + parts
            with pytest.raises(StoppedError):
                fit.calibrate(tmp_path / "stopped", 3, POINTS, PARTICLES, synthetic=0)
            quick.most = 10**9
        resumed = fit.calibrate(tmp_path / "stopped", 3, POINTS, PARTICLES, synthetic=0)
        self.assert_same(resumed, straight)
        assert not np.isin(resumed.draws["craft_effect"], whole[0].draws["craft_effect"]).any()

    def assert_same(self, one, other):
        assert np.array_equal(one.found, other.found)
        assert np.array_equal(one.luck, other.luck)
        for name in PARAMETERS:
            assert np.array_equal(one.draws[name], other.draws[name])

    def test_a_rival_without_a_network_is_fitted(self, quick, tmp_path):
        found = fit.calibrate(tmp_path, 2, POINTS, PARTICLES, NO_NETWORK, synthetic=0)
        for name, value in NO_NETWORK.items():
            assert (found.draws[name] == value).all()
        rows = {row["name"]: row["how"] for row in found.record["parameters"]}
        assert {rows[name] for name in NO_NETWORK} == {"fixed"}
        assert found.record["families_on"] == dict.fromkeys(FAMILIES, 0.0)
        assert found.record["fixed"] == NO_NETWORK

    def test_files_load(self, whole, tmp_path):
        found = whole[0]
        fit.write(found, tmp_path / "out", "mine")
        assert {path.name for path in (tmp_path / "out").iterdir()} == {
            "mine.parquet", "mine-patterns.parquet", "mine.json",
        }  # fmt: skip
        draws = pd.read_parquet(tmp_path / "out" / "mine.parquet")
        assert list(draws.columns) == list(PARAMETERS)
        assert np.array_equal(draws["craft_effect"], found.draws["craft_effect"])
        statistics = pd.read_parquet(tmp_path / "out" / "mine-patterns.parquet")
        assert list(statistics.columns) == [*NAMES, "luck"]
        assert np.array_equal(statistics[NAMES], found.found)
        record = json.loads((tmp_path / "out" / "mine.json").read_text())
        assert record == json.loads(json.dumps(found.record))

    def test_a_fit_is_not_written_over_a_file(self, whole, tmp_path):
        (tmp_path / "out").write_text("")
        with pytest.raises(InputError, match="is a file"):
            fit.write(whole[0], tmp_path / "out")

    def test_a_fit_is_printed(self, whole):
        text = StringIO()
        calibration_tables.print_fit(whole[0].record, Console(file=text, width=200))
        printed = text.getvalue()
        assert f"{len(whole[0].draws)} draws of {PARTICLES} are kept" in printed
        assert "3 synthetic truths" in printed
        assert "The evidence does not touch" in printed
        for target in TARGETS:
            assert target.label in printed


class TestKept:
    def test_arrays_are_made_once(self, tmp_path):
        made = []

        def make():
            made.append(1)
            return {"latent": np.random.default_rng(len(made)).random(3)}

        first = fit.kept(tmp_path / "a.npz", make, "asked")
        assert np.array_equal(fit.kept(tmp_path / "a.npz", make, "asked")["latent"], first["latent"])
        assert len(made) == 1
        assert not np.array_equal(fit.kept(tmp_path / "a.npz", make, "asked something else")["latent"], first["latent"])
        assert len(made) == 2

    def test_the_first_wave_covers_the_prior(self):
        here = space()
        wave = fit.points_of_wave(here, [], 0.0, 512, 1)
        assert wave["latent"].shape == (512, here.dimensions)
        assert set(wave["pick"]) == set(range(40))
        assert wave["latent"].std(axis=0) == pytest.approx(np.ones(here.dimensions), abs=0.03)

    def test_points_far_from_a_target_do_not_serve_later_emulators(self, monkeypatch):
        here, seen = space(), []
        monkeypatch.setattr(fit, "fit_emulators", lambda features, found: seen.append(found))
        near = np.tile(VALUES, (6, 1))
        far = near.copy()
        far[:2, at("teacher_effect_sd")] += (fit.PLAUSIBLE + 0.5) * NARROW[at("teacher_effect_sd")] / TOLERANCE_IN_SD
        wave = checks.Bank(np.zeros((6, here.dimensions)), np.zeros(6, int), far)
        fit.emulators_after(here, [wave])
        fit.emulators_after(here, [wave, replace(wave, found=near)])
        assert [len(found) for found in seen] == [6, 10]

    def test_waves_start_at_the_prior_and_close_in(self):
        assert fit.WAVES[0] == 0.0
        assert (np.diff(fit.WAVES) > 0).all()
        assert fit.WAVES[-1] <= 1.0


def test_no_target_is_a_trial_that_is_kept_for_validation():
    kept = Path(__file__).parent.parent / "experiments" / "trials"
    text = " ".join(path.read_text(encoding="utf-8") for path in kept.glob("*.toml"))
    for target in (*TARGETS, *(target for module in MODULES for target in module.targets)):
        for source in target.source.split("; "):
            assert f'source = "{source}' not in text
    assert len(trials()) == 100
