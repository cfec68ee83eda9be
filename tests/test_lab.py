"""The evidence lab: worlds alike but for causes, known answers of the regressions, how analyses do, files, mistakes."""

import csv
import json
import signal
import subprocess
import sys
import time
from importlib import resources

import numpy as np
import pytest
from scipy import optimize, stats

import pdsim
from pdsim import cli, theory
from pdsim.errors import InputError
from pdsim.lab import definition, field, literature, pool, regression, result, reviews, scores, trial, wording, worlds
from pdsim.lab.definition import WORLDS, Literature
from pdsim.lab.presets import PRESETS
from pdsim.lab.regression import Found
from pdsim.lab.reviews import BOTH, CALLS, FLUORIDE, HARMFUL, MINT, NO_ANSWER, NOT_SHOWN, UNKNOWN, Conclusion
from pdsim.lab_figures import lab_files, pictures
from pdsim.validation.unknown import stream

SURE = 4.0  # standard errors that a Monte Carlo mean may be off
CLEAN = Literature(trials=104, bundling=0.0, confounding=0.0, coding_error=0.0)

SMALL = """
kind = "lab"
title = "small"
literatures = 12
presets = ["darling-hammond-2017", "eef-2021"]
[field]
copies = 2
schools = 1
[trial]
repeats = 10
schools_per_trial = 20
[[crossed]]
trials = [20, 40]
bundling = [0.0, 0.5]
confounding = [0.0]
coding_error = [0.0]
[[crossed]]
confounding = [0.0, 1.0]
[[crossed]]
collaboration = [0.3, 0.9]
"""

MINT_ONLY = SMALL.replace("literatures = 12", 'worlds = ["mint"]')


@pytest.fixture(scope="module")
def shipped():
    """The shipped experiment on a smaller field."""
    lab = definition.load("bundled-reviews")
    return lab.model_copy(update={"field": definition.FieldSize(copies=2, schools=1)})


@pytest.fixture(scope="module")
def run_field(shipped):
    """Its field, run in every world."""
    return worlds.run_pool(shipped)


def trials_of(shipped, run_field, world, kind, count=20_000, label="test"):
    """Trials of one kind in one world, before any goes unpublished."""
    alike = worlds.make_alike(run_field, world, kind, shipped.world, "test")
    return literature.draw_trials(run_field, world, alike, kind, count, stream(1, label))


def conclusions(shipped, run_field, world, kind, count):
    """Conclusions of every way to review, by name."""
    setting = definition.Setting(name="test", preset="", crossing=0, keys={}, literature=kind)
    task = result.Task(run_field, setting, world, shipped.world, shipped.trial, count, 1, "test")
    return result.of_reviews(task, worlds.make_alike(run_field, world, kind, shipped.world, "test"))


def measured(shipped, run_field, world, kind, method, count=300):
    """Measures of one way to review, by name."""
    truth = 0.0 if world == "bystander" else shipped.world.collaboration_effect
    rows = scores.score(conclusions(shipped, run_field, world, kind, count)[method], world, truth)
    return {row["measure"]: row["value"] for row in rows}


class TestWorlds:
    @pytest.mark.parametrize("changes", [{}, {"bundling": 0.8}, {"confounding": 1.0}, {"collaboration": 0.9}], ids=str)
    def test_share_all_but_causes(self, shipped, run_field, changes):
        kind = Literature(**changes)
        done = {world: trials_of(shipped, run_field, world, kind) for world in WORLDS}
        first = done["mint"]
        for world, each in done.items():
            for same in ("together", "coded", "mechanisms", "error", "randomised", "independent"):
                assert (getattr(each, same) == getattr(first, same)).all()
            mean_error = each.effect.std() / np.sqrt(len(each.effect))
            assert each.effect.mean() == pytest.approx(0.05, abs=SURE * mean_error)
            squares = (each.effect - each.effect.mean()) ** 2
            square_error = squares.std() / np.sqrt(len(squares))
            assert squares.mean() == pytest.approx(0.06**2, abs=SURE * square_error)
            asked = 0.0 if world == "bystander" else 0.01
            assert each.adds.mean() == pytest.approx(asked, abs=SURE * each.adds.std() / np.sqrt(len(each.adds)))

    def test_features_are_as_common_as_the_file_says(self, shipped, run_field):
        kind = Literature(collaboration=0.7, features=0.4, bundling=0.8, confounding=0.6, coding_error=0.0)
        coded = trials_of(shipped, run_field, "mint", kind).coded
        error = 0.5 / np.sqrt(len(coded))
        assert coded[:, :6].mean(axis=0) == pytest.approx(np.full(6, 0.4), abs=SURE * error)
        assert coded[:, 6].mean() == pytest.approx(0.7, abs=SURE * error)

    def test_every_kind_of_the_shipped_file_can_be_made_alike(self, shipped, run_field):
        for setting in shipped.settings:
            for world in WORLDS:
                alike = worlds.make_alike(run_field, world, setting.literature, shipped.world, "test")
                assert alike.strength == 0 if world == "bystander" else 0.75 < alike.strength < 1.25

    def test_causes_differ(self, run_field):
        moved = {world: run_field.added[world].mean(axis=(0, 1)) for world in WORLDS}
        assert moved["fluoride"][pool.LEARNING] > 0.03
        assert abs(moved["fluoride"][[pool.ATTENDANCE, pool.MOTIVATION]]).max() < 0.001
        assert moved["mint"][pool.MOTIVATION] > 0.1
        assert moved["mint"][pool.ATTENDANCE] > 0.005
        assert moved["mint"][pool.LEARNING] < 0.006
        assert moved["both"][pool.LEARNING] > 0.015
        assert moved["both"][pool.MOTIVATION] > 0.05
        assert not run_field.added["bystander"].any()
        fluoride, mint = (set(run_field.strengths[world]) for world in ("fluoride", "mint"))
        assert not fluoride & mint
        assert set(run_field.strengths["both"]) == fluoride | mint

    def test_without_channels_together_is_as_solo_to_the_bit(self, shipped):
        off = worlds.assumed(shipped.world, None)
        _, added = pool.run_field(field.draw_field(1, 1)[::8], off.draws[0], off.draws, 1, 5)
        assert not added.any()

    @pytest.mark.parametrize("world", ["fluoride", "mint", "both"])
    def test_a_little_stronger_channels_add_in_proportion(self, shipped, run_field, world):
        off = worlds.assumed(shipped.world, None)
        records = [
            theory.override(off, worlds.scaled(run_field.strengths[world], by), noted=False).draws for by in (1.0, 1.2)
        ]
        _, added = pool.run_field(field.draw_field(1, 1)[::2], off.draws[0], worlds.joined(records), 1, 5)
        once, more = added[..., pool.PUPILS].mean(axis=(1, 2))
        assert more / once == pytest.approx(1.2, abs=0.07)

    def test_programmes_and_bundles_come_as_often_as_worked_out(self, shipped, run_field):
        kind = Literature(bundling=0.6, confounding=0.5, collaboration=0.3)
        chance, together = worlds.chances(run_field.pattern, run_field.quality, kind)
        assert chance.sum() == pytest.approx(1.0)
        assert chance @ together == pytest.approx(0.3, abs=0.01)  # quality has few values
        number, collaborative = literature.draw_programmes(run_field, kind, 40_000, stream(2, "test"))
        seen = np.bincount(run_field.pattern[number], minlength=64) / 40_000
        expected = np.bincount(run_field.pattern, chance, 64)
        assert abs(seen - expected).max() < SURE * np.sqrt(expected.max() / 40_000)
        assert collaborative.mean() == pytest.approx(chance @ together, abs=SURE * 0.5 / 200)

    def test_no_bundling_leaves_features_apart(self, shipped, run_field):
        coded = trials_of(shipped, run_field, "mint", CLEAN).coded
        apart = np.corrcoef(coded.T) - np.eye(7)
        assert abs(apart).max() < (SURE + 1) / np.sqrt(len(coded))
        bundled = trials_of(shipped, run_field, "mint", Literature(bundling=0.8, coding_error=0.0)).coded
        assert (np.corrcoef(bundled.T) - np.eye(7))[~np.eye(7, dtype=bool)].min() > 0.3

    def test_bundling_is_that_of_the_coded_programmes(self, shipped):
        text = (resources.files("pdsim") / "calibration" / "programmes.csv").read_text()
        lists = [row["mechanisms"].split("; ") for row in csv.DictReader(text.splitlines())]
        coded = [len([name for name in names if name and name != field.SOCIAL_SUPPORT]) for names in lists]
        designs = field.draw_field(8, 1)
        pattern, quality, number = (
            np.array([getattr(each, name) for each in designs]) for name in ("pattern", "quality", "mechanisms")
        )
        chance, _ = worlds.chances(pattern, quality, Literature())
        spread = np.sqrt(chance @ (number - chance @ number) ** 2)
        assert spread == pytest.approx(np.std(coded), abs=0.1)

    def test_confounding_is_the_correlation_with_what_is_not_coded(self, shipped, run_field):
        number, together = literature.draw_programmes(run_field, Literature(confounding=1.0), 4000, stream(3, "test"))
        quality = run_field.quality[number]
        assert quality[together].min() >= quality[~together].max()
        number, together = literature.draw_programmes(run_field, Literature(confounding=0.0), 20_000, stream(3, "test"))
        assert abs(np.corrcoef(run_field.quality[number], together)[0, 1]) < SURE / np.sqrt(20_000)

    def test_coding(self, shipped, run_field):
        number, together = np.arange(128), np.arange(128) % 2 == 0
        right, mechanisms = literature.code(run_field, number, together, 0.0, stream(4, "test"))
        assert (right[:, :6] == field.PATTERNS[run_field.pattern]).all()
        assert (right[:, 6] == together).all()
        assert (mechanisms == run_field.mechanisms).all()
        many = np.tile(number, 200)
        wrong, _ = literature.code(run_field, many, np.tile(together, 200), 0.2, stream(4, "test"))
        assert (wrong != np.tile(right, (200, 1))).mean() == pytest.approx(0.2, abs=SURE * 0.4 / np.sqrt(wrong.size))

    def test_features_bring_their_mechanisms(self):
        designs = field.draw_field(1, 1)
        assert len(designs) == 64
        none, every = designs[0], designs[-1]
        assert field.ALWAYS[0] in none.solo.programme.mechanisms
        assert {name for names in field.BROUGHT for name in names} <= set(every.solo.programme.mechanisms)
        for each in (none, every):
            assert each.mechanisms == len(each.solo.programme.mechanisms)
            assert set(each.together.programme.mechanisms) - set(each.solo.programme.mechanisms) == {
                field.SOCIAL_SUPPORT
            }
            taught = each.together.programme.hours * (1 - each.together.collaboration.together)
            assert taught == pytest.approx(each.solo.programme.hours)  # time together comes on top


# Effects of BCG vaccine in 13 trials (Colditz et al. 1994): cases and others with and without vaccine, and latitude.
BCG = np.array(
    [
        (4, 119, 11, 128, 44), (6, 300, 29, 274, 55), (3, 228, 11, 209, 42), (62, 13536, 248, 12619, 52),
        (33, 5036, 47, 5761, 13), (180, 1361, 372, 1079, 44), (8, 2537, 10, 619, 19), (505, 87886, 499, 87892, 13),
        (29, 7470, 45, 7232, 27), (17, 1699, 65, 1600, 42), (186, 50448, 141, 27197, 18), (5, 2493, 3, 2338, 33),
        (27, 16886, 29, 17825, 33),
    ],
    float,
)  # fmt: skip


def restricted_likelihood(between, effects, variances, columns):
    """Restricted log likelihood of a random-effects meta-regression, up to a constant (Viechtbauer 2005)."""
    weights = 1.0 / (variances + between)
    information = columns.T @ (weights[:, None] * columns)
    residuals = effects - columns @ np.linalg.solve(information, columns.T @ (weights * effects))
    return 0.5 * (np.log(weights).sum() - np.linalg.slogdet(information)[1] - weights @ residuals**2)


class TestRegression:
    @pytest.fixture
    def bcg(self):
        """Log risk ratios, their variances, and columns with the latitude."""
        cases, others, cases_without, others_without, latitude = BCG.T
        treated, control = cases + others, cases_without + others_without
        effects = np.log(cases / treated) - np.log(cases_without / control)
        variances = 1 / cases - 1 / treated + 1 / cases_without - 1 / control
        return effects, variances, np.column_stack([np.ones(13), latitude])

    def test_published_answers(self, bcg):
        """As published for these trials by Viechtbauer (2010), restricted maximum likelihood."""
        effects, variances, columns = bcg
        assert regression.variance_between(effects, variances, columns[:, :1]) == pytest.approx(0.3132, abs=5e-5)
        found = regression.meta_regression(effects, np.sqrt(variances), columns[:, :1], 0, robust=False)
        assert found == pytest.approx((-0.7145, -1.0669, -0.3622), abs=1e-4)
        assert regression.variance_between(effects, variances, columns) == pytest.approx(0.0764, abs=1e-4)
        slope = regression.meta_regression(effects, np.sqrt(variances), columns, 1, robust=False)
        assert slope.estimate == pytest.approx(-0.0291, abs=5e-5)

    @pytest.mark.parametrize("seed", range(6))
    def test_is_the_maximum_of_the_restricted_likelihood(self, seed):
        rng = np.random.default_rng(seed)
        columns = np.column_stack([np.ones(40), rng.integers(0, 2, (40, 2))]).astype(float)
        variances = rng.uniform(0.03, 0.2, 40) ** 2
        effects = columns @ [0.05, 0.01, 0.02] + rng.normal(0, np.sqrt(variances + 0.06**2))
        best = optimize.minimize_scalar(
            lambda between: -restricted_likelihood(between, effects, variances, columns),
            bounds=(0.0, 0.05),
            method="bounded",
            options={"xatol": 1e-10},
        ).x
        assert regression.variance_between(effects, variances, columns) == pytest.approx(best, abs=2e-7)

    def test_equal_errors_give_ordinary_regression(self):
        import statsmodels.api as sm

        rng = np.random.default_rng(1)
        columns = np.column_stack([np.ones(60), rng.normal(size=(60, 2))])
        effects = columns @ [0.05, 0.02, -0.03] + rng.normal(0, 0.12, 60)
        plain = sm.OLS(effects, columns).fit()
        between = regression.variance_between(effects, np.full(60, 0.08**2), columns)
        assert between == pytest.approx(plain.mse_resid - 0.08**2, abs=1e-8)
        found = regression.meta_regression(effects, np.full(60, 0.08), columns, 1, robust=False)
        half = stats.norm.ppf(0.975) * plain.bse[1]
        assert found == pytest.approx((plain.params[1], plain.params[1] - half, plain.params[1] + half), abs=1e-6)
        robust = regression.meta_regression(effects, np.full(60, 0.08), columns, 1, robust=True)
        low, high = sm.OLS(effects, columns).fit(cov_type="HC3", use_t=True).conf_int()[1]
        assert robust == pytest.approx((plain.params[1], low, high), abs=1e-6)

    @pytest.mark.parametrize("robust", [False, True])
    def test_known_slopes_and_spread_come_back(self, robust):
        rng = np.random.default_rng(2)
        between, slopes, slope = [], [], 0.03
        for _ in range(300):
            columns = np.column_stack([np.ones(100), rng.integers(0, 2, 100), rng.normal(5, 2, 100)])
            errors = rng.uniform(0.04, 0.12, 100)
            effects = columns @ [0.0, slope, 0.01] + rng.normal(0, np.hypot(errors, 0.06))
            between.append(regression.variance_between(effects, errors**2, columns))
            slopes.append(regression.meta_regression(effects, errors, columns, 1, robust))
        estimate, low, high = np.array(slopes).T
        assert estimate.mean() == pytest.approx(slope, abs=SURE * estimate.std() / np.sqrt(300))
        assert np.mean(between) == pytest.approx(0.06**2, abs=SURE * np.std(between) / np.sqrt(300))
        assert ((low <= slope) & (slope <= high)).mean() == pytest.approx(0.95, abs=SURE * np.sqrt(0.95 * 0.05 / 300))

    def test_no_spread_is_zero_and_not_less(self):
        columns = np.ones((10, 1))
        assert regression.variance_between(np.full(10, 0.05), np.full(10, 0.01), columns) == 0.0

    @pytest.mark.parametrize(
        "columns",
        [np.ones((5, 2)), np.column_stack([np.ones(30), np.ones(30)]), np.column_stack([np.ones(30), np.eye(30)[0]])],
        ids=["few trials", "one column twice", "one trial decides"],
    )
    def test_no_answer_where_the_data_cannot_give_one(self, columns):
        rng = np.random.default_rng(3)
        found = regression.meta_regression(
            rng.normal(size=len(columns)), np.full(len(columns), 0.1), columns, 1, robust=True
        )
        assert np.isnan(found).all()


class TestReviews:
    @pytest.mark.parametrize("world", ["mint", "bystander"])
    @pytest.mark.parametrize("method", ["features", "mechanisms"])
    def test_meta_regression_works_where_its_assumptions_hold(self, shipped, run_field, world, method):
        found = measured(shipped, run_field, world, CLEAN, method)
        error = found["error"] / np.sqrt(300)
        assert found["bias"] == pytest.approx(0.0, abs=SURE * error)
        assert found["coverage"] == pytest.approx(0.95, abs=SURE * np.sqrt(0.95 * 0.05 / 300))
        if world == "bystander":
            assert found["false_positives"] == pytest.approx(0.025, abs=SURE * np.sqrt(0.025 * 0.975 / 300))

    def test_more_trials_find_more_and_miss_the_sign_less(self, shipped, run_field):
        few, many = (
            measured(shipped, run_field, "mint", CLEAN.model_copy(update={"trials": k}), "mechanisms", 100)
            for k in (50, 2000)
        )
        assert many["power"] > few["power"] + 0.3
        assert many["wrong_sign"] < few["wrong_sign"]
        assert many["error"] < few["error"] / 3
        assert many["path_right"] == 0.0  # it takes what works for the ingredient

    def test_confounding_makes_it_find_what_is_not_there(self, shipped, run_field):
        biases = []
        for confounding in (0.0, 0.5, 1.0):
            kind = CLEAN.model_copy(update={"confounding": confounding, "trials": 1000})
            found = measured(shipped, run_field, "bystander", kind, "mechanisms", 60)
            biases.append(found["bias"])
        assert biases[0] == pytest.approx(0.0, abs=0.003)
        assert biases[2] > biases[1] > 0.004
        assert found["false_positives"] > 0.9

    def test_misreading_hides_what_is_there(self, shipped, run_field):
        kinds = (CLEAN.model_copy(update={"trials": 1000, "coding_error": e}) for e in (0.0, 0.3))
        right, wrong = (measured(shipped, run_field, "fluoride", kind, "features", 60)["bias"] for kind in kinds)
        assert wrong < right - 0.003

    @pytest.mark.parametrize("world", ["mint", "bystander"])
    def test_counting_names_whatever_is_common(self, shipped, run_field, world):
        shares = [
            measured(shipped, run_field, world, Literature(collaboration=c), "counting", 60)["calls fluoride"]
            for c in (0.15, 0.5, 0.85)
        ]
        assert shares[0] < 0.1
        assert 0.3 < shares[1] < 0.99
        assert shares[2] > 0.97

    def test_counting_needs_a_majority_of_what_worked(self):
        def of(worked, collaborative):
            zero = np.zeros(len(worked))
            coded = np.zeros((len(worked), 7), int)
            coded[:, -1] = collaborative
            estimate = np.array(worked, float)
            return reviews.counting(
                literature.Trials(zero, zero, zero, estimate, zero + 0.1, zero, zero, coded, zero)
            ).call

        assert of([1, 1, 1, 0, 0], [1, 1, 0, 0, 0]) == FLUORIDE
        assert of([1, 1, 0, 0, 0], [1, 0, 1, 1, 1]) == NOT_SHOWN
        assert of([0, 0, 0, 0, 0], [1, 1, 1, 1, 1]) == NOT_SHOWN

    def test_unpublished_failures_flatter(self, shipped, run_field):
        means = []
        for bias in (0.0, 0.5, 1.0):
            kind = Literature(publication_bias=bias)
            alike = worlds.make_alike(run_field, "mint", kind, shipped.world, "test")
            found = literature.draw_literatures(run_field, "mint", alike, kind, 40, stream(5, "test"))
            assert found.estimate.shape == (40, 104)
            means.append(found.estimate.mean())
        assert means[0] == pytest.approx(0.05, abs=SURE * found.estimate.std() / np.sqrt(40 * 104))
        assert means[2] > means[1] + 0.02 > means[0] + 0.04
        assert found.significant.all()
        assert found.effect.mean() < found.estimate.mean() - 0.03  # and not only for what truly works

    def test_studies_that_are_not_randomised_or_independent_flatter(self, shipped, run_field):
        fair = trials_of(shipped, run_field, "mint", Literature())
        quasi = trials_of(shipped, run_field, "mint", Literature(quasi=1.0))
        aligned = trials_of(shipped, run_field, "mint", Literature(aligned=1.0))
        assert fair.randomised.all()
        assert fair.independent.all()
        assert not quasi.randomised.any()
        assert (quasi.estimate - fair.estimate).mean() == pytest.approx(literature.QUASI_BIAS, abs=0.004)
        assert not aligned.independent.any()
        assert (aligned.estimate - fair.estimate).mean() == pytest.approx(0.6 * 0.05, abs=0.005)
        assert np.mean(fair.error) == pytest.approx(0.077, abs=0.002)

    def test_reviewers_at_their_best_leave_out_what_flatters(self, shipped, run_field):
        kind = CLEAN.model_copy(update={"quasi": 0.5, "aligned": 0.5})
        every = trials_of(shipped, run_field, "mint", kind, 400)
        kept = every.take(every.randomised & every.independent)
        assert 50 < len(kept.estimate) < 150
        assert reviews.mechanisms(every) == reviews.mechanisms(kept)
        assert reviews.features(every) != reviews.features(kept)
        none = every.take(~every.randomised)
        assert reviews.mechanisms(none).call == NO_ANSWER

    def test_a_review_of_reviews_follows_most_reviews(self, shipped, run_field):
        kind = Literature(trials=60, reviews=5, studies=60)
        done = trials_of(shipped, run_field, "mint", kind, 60)
        found = reviews.review(done, kind, stream(6, "test"))
        assert set(found) == {"counting", "features", "mechanisms", "review of reviews"}
        assert found["review of reviews"].call == found["counting"].call  # each review found all studies
        assert "review of reviews" not in reviews.review(done, Literature(), stream(6, "test"))

    def test_readings_of_an_effect(self):
        assert reviews.read_as_ingredient(Found(0.02, 0.01, 0.03)) == FLUORIDE
        assert reviews.read_as_ingredient(Found(0.02, -0.01, 0.03)) == NOT_SHOWN
        assert reviews.read_as_ingredient(Found(-0.02, -0.03, -0.01)) == HARMFUL
        assert reviews.read_as_ingredient(regression.NOTHING) == NO_ANSWER


def made_schools(rng, count, direct, slope, moved):
    """Schools of a trial whose paths are known: attendance moves by ``moved``, pupils by it and directly."""
    together, expert = trial.balanced(count, rng), trial.balanced(count, rng)
    attendance = moved * together + rng.normal(0, 0.05, count)
    motivation = rng.normal(0, 0.05, count)
    pupils = direct * together + slope * attendance + rng.normal(0, 0.1, count)
    learning = rng.normal(0, 0.1, count)
    others = rng.integers(0, 2, (count, 5))
    columns = np.column_stack([np.ones(count), together, expert, others]).astype(float)
    return trial.Schools(together, columns, np.column_stack([pupils, attendance, motivation, learning]))


class TestTrial:
    def test_known_paths_come_back(self):
        rng = np.random.default_rng(4)
        directs, throughs = [], []
        for _ in range(300):
            schools = made_schools(rng, 200, 0.04, 0.6, 0.1)
            attendance, total = (trial.fit(schools.seen[:, k], schools.columns) for k in (pool.ATTENDANCE, pool.PUPILS))
            direct, mediated = trial.through(schools, [attendance], [pool.ATTENDANCE], total)
            assert direct.estimate + mediated.estimate == pytest.approx(total.of(trial.TOGETHER).estimate)
            directs.append(direct.found())
            throughs.append(mediated.found())
        for found, truth in ((directs, 0.04), (throughs, 0.06)):
            estimate, low, high = np.array(found).T
            assert estimate.mean() == pytest.approx(truth, abs=SURE * estimate.std() / np.sqrt(300))
            covered = ((low <= truth) & (truth <= high)).mean()
            assert covered == pytest.approx(0.95, abs=SURE * np.sqrt(0.95 * 0.05 / 300))

    @pytest.mark.parametrize(
        ("direct", "slope", "moved", "call"),
        [
            (0.08, 0.0, 0.0, FLUORIDE),
            (0.0, 0.8, 0.1, MINT),
            (0.08, 0.8, 0.1, BOTH),
            (0.0, 0.0, 0.0, NOT_SHOWN),
            (-0.08, 0.0, 0.0, HARMFUL),
        ],
    )
    def test_large_trials_say_the_path_where_all_is_measured(self, direct, slope, moved, call):
        found = trial.analyse(made_schools(np.random.default_rng(5), 3000, direct, slope, moved))
        assert set(found) == set(trial.READINGS)
        assert found["registers"].call == call
        only_pupils = {MINT: FLUORIDE, BOTH: FLUORIDE}.get(call, call)
        assert found["pupils"].call == only_pupils

    def test_an_effect_by_no_path_that_was_seen(self):
        some, none = Found(0.03, 0.01, 0.05), Found(0.01, -0.01, 0.03)
        assert trial.by_mediation(some, none, none) == UNKNOWN
        assert trial.by_mediation(none, some, none) == FLUORIDE

    def test_what_is_drawn_is_balanced_and_unbiased(self, shipped, run_field):
        kind = definition.Literature()
        alike = worlds.make_alike(run_field, "fluoride", kind, shipped.world, "test")
        truth = worlds.true_effect(run_field, "fluoride", alike, result.lot_chances(run_field, kind))
        rng, estimates, sizes = stream(7, "test"), [], []
        for _ in range(50):
            schools = trial.draw_schools(run_field, "fluoride", alike, kind, 600, 0.385, rng)
            assert schools.columns[:, 1:3].mean(axis=0) == pytest.approx([0.5, 0.5])
            found = trial.analyse(schools)["pupils"].effect
            estimates.append(found.estimate)
            sizes.append((found.high - found.low) / 2 / 1.96)
        assert np.mean(estimates) == pytest.approx(truth, abs=SURE * np.std(estimates) / np.sqrt(50))
        assert np.mean(sizes) == pytest.approx(2 * np.hypot(0.385, 0.06) / np.sqrt(600), rel=0.05)
        assert np.std(estimates) == pytest.approx(np.mean(sizes), rel=0.4)

    @pytest.mark.parametrize("world", WORLDS)
    def test_only_what_lies_between_tells_the_path(self, shipped, run_field, world):
        kind = definition.Literature()
        alike = worlds.make_alike(run_field, world, kind, shipped.world, "test")
        schools = trial.draw_schools(run_field, world, alike, kind, 30_000, 0.385, stream(8, "test"))
        found = trial.analyse(schools)
        assert found["pupils"].call == (NOT_SHOWN if world == "bystander" else FLUORIDE)
        assert found["what it moves"].call == scores.TRUTHS[world]


class TestScores:
    def test_measures(self):
        found = [
            Conclusion(Found(0.02, 0.01, 0.03), FLUORIDE, 0.01),
            Conclusion(Found(-0.01, -0.03, 0.02), NOT_SHOWN, 0.03),
            Conclusion(Found(0.00, -0.02, 0.005), NOT_SHOWN, 0.02),
            Conclusion(regression.NOTHING, NO_ANSWER, 0.02),
        ]
        rows = {row["measure"]: row for row in scores.score(found, "mint", 0.01)}
        assert rows["calls fluoride"]["value"] == 0.25
        assert rows["path_right"]["value"] == 0.0
        assert rows["went_through"]["value"] == pytest.approx(0.02)
        assert rows["bias"]["value"] == pytest.approx(0.01 / 3 - 0.01)
        assert rows["coverage"]["value"] == pytest.approx(2 / 3)
        assert rows["power"]["value"] == rows["wrong_sign"]["value"] == pytest.approx(1 / 3)
        assert rows["power"]["n"] == 3
        assert "false_positives" not in rows
        nothing = {row["measure"]: row for row in scores.score(found, "bystander", 0.0)}
        assert nothing["false_positives"]["value"] == pytest.approx(1 / 3)
        assert nothing["path_right"]["value"] == 0.5
        assert not {"power", "wrong_sign"} & set(nothing)

    def test_every_call_is_counted_once(self):
        found = [Conclusion(None, code) for code in range(len(CALLS))]
        rows = scores.score(found, "mint", 0.01)
        assert sum(row["value"] for row in rows if row["measure"].startswith("calls ")) == pytest.approx(1.0)
        assert len(rows) == len(CALLS) + 1  # no effect is asked for

    def test_shares_have_intervals_and_none_of_nothing(self):
        row = scores.share_row("x", np.ones(100, bool))
        assert (row["value"], row["high"]) == (1.0, pytest.approx(1.0))
        assert row["low"] == pytest.approx(0.963, abs=0.001)  # Wilson
        assert scores.share_row("x", np.ones(0, bool))["value"] is None
        assert scores.mean_row("x", np.ones(1))["value"] is None
        assert scores.spread_row(np.ones(1))["value"] is None


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A small experiment as a file."""
    path = tmp_path_factory.mktemp("lab") / "small.toml"
    path.write_text(SMALL)
    return path


@pytest.fixture(scope="module")
def found(small):
    """What it gives, and the progress that was reported."""
    lab, seen = definition.load(small), []
    return result.run(lab, seen.append), sum(seen)


class TestResult:
    def test_progress_counts_all_that_is_done(self, found):
        evidence, seen = found
        assert seen == result.runs_of(evidence.lab)

    def test_in_python(self, found, small, monkeypatch):
        asked = []
        monkeypatch.setattr(result, "run", lambda lab, workers: asked.append((lab, workers)) or found[0])
        assert pdsim.simulate_literatures(small, literatures=15, workers=3) is found[0]
        lab, workers = asked[0]
        assert (lab.name, lab.literatures, workers) == ("small", 15, 3)

    def test_document(self, found):
        document = json.loads(found[0].to_json())
        assert document["schema_version"] == 1
        assert document["name"] == "small"
        assert document["theory"].startswith("point")
        assert document["sentences"] == wording.sentences(found[0])
        assert [each["preset"] for each in document["headlines"]] == ["darling-hammond-2017", "eef-2021"]
        for each in document["headlines"]:
            assert set(each["of_100"]) == set(WORLDS)
            assert "would call collaboration the fluoride in a world where it is mint" in each["sentence"]
        for row in document["results"]:
            assert row["value"] is None or row["low"] <= row["value"] + 1e-12
            assert row["value"] is None or row["value"] <= row["high"] + 1e-12
        assert {row["world"] for row in document["results"]} == set(WORLDS)
        assert {(row["setting"], row["world"]) for row in document["worlds"]} == {
            (setting["name"], world) for setting in document["settings"] for world in WORLDS
        }
        assert len({row["uncoded"] for row in document["worlds"]}) > 1
        assert all(row["uncoded"] > 0 for row in document["worlds"])

    def test_a_headline_is_its_row(self, found):
        evidence = found[0]
        row = evidence.value("eef-2021", "mint", "mechanisms", "calls fluoride")
        head = wording.headlines(evidence)[1]
        assert head["of_100"]["mint"]["value"] == pytest.approx(100 * row["value"], abs=0.05)
        assert row["n"] == evidence.lab.literatures

    def test_words(self, found):
        evidence = found[0]
        text = "\n".join(wording.sentences(evidence))
        for part in ("Of 100 such reviews", "30 of 100 programmes", "features come apart", "most wrong", "120 schools"):
            assert part in text
        best = evidence.value("1: trials 40, bundling 0, confounding 0, coding_error 0", "mint", "mechanisms", "power")
        assert f"with 40 trials it is off by {wording.in_sd(bias_beside(evidence))} SD" in text
        assert f"finds the effect in {wording.share_words(best)} of 100" in text

    def test_words_without_presets_or_without_mint(self, found):
        evidence = found[0]
        crossed = tuple(each for each in evidence.lab.settings if each.crossing)
        without = result.Evidence(
            evidence.lab.model_copy(update={"settings": crossed}), "", evidence.table, evidence.shared, evidence.worlds
        )
        assert not any("such reviews" in line or "schools" in line for line in wording.sentences(without))
        assert [picture.name for picture in pictures(without)] == ["literatures-1", "literatures-2", "literatures-3"]
        lab = evidence.lab.model_copy(update={"worlds": ("fluoride",)})
        only = result.Evidence(lab, "", evidence.table, evidence.shared, evidence.worlds)
        assert all("where it is the fluoride" in line for line in wording.sentences(only))
        assert pictures(only)

    def test_pictures(self, found):
        made = pictures(found[0])
        assert [picture.name for picture in made] == ["lab", "literatures-1", "literatures-2", "literatures-3"]
        assert "would call collaboration the fluoride in a world where it is mint" in made[0].title
        assert made[1].title == "Literatures by trials and bundling (confounding 0, coding error 0)"
        assert all(len(picture.alt) > 80 for picture in made)

    def test_files(self, found):
        files = lab_files(found[0])
        assert {name.partition(".")[2] for name in files} == {"csv", "parquet", "svg", "png", "json"}
        assert files["figures-lab.png"].startswith(b"\x89PNG")
        assert files == lab_files(found[0])
        rows = list(csv.DictReader(files["lab-results.csv"].decode().splitlines()))
        assert len(rows) == len(found[0].table)


def bias_beside(evidence):
    """Bias of meta-regression at its best in the clean literature of 40 trials."""
    return evidence.value("1: trials 40, bundling 0, confounding 0, coding_error 0", "mint", "mechanisms", "bias")


class TestDefinition:
    def test_shipped(self):
        lab = definition.load("bundled-reviews")
        assert [setting.preset for setting in lab.settings if setting.preset] == list(PRESETS)
        assert lab.worlds == WORLDS
        assert lab.world.mean_effect == 0.05
        kinds = [setting.literature for setting in lab.settings]
        assert {0.0, 1.0} <= {kind.confounding for kind in kinds}
        assert {0.0, 0.8} <= {kind.bundling for kind in kinds}
        assert any(wording.is_clean(kind) and kind.trials == 4000 for kind in kinds)
        assert definition.is_lab("bundled-reviews")
        assert not definition.is_lab("which-assumptions-matter")
        assert definition.load("bundled-reviews", 50).literatures == 50

    def test_presets_are_as_published(self):
        kinds = {setting.preset: setting.literature for setting in definition.load("bundled-reviews").settings}
        assert (kinds["darling-hammond-2017"].trials, kinds["darling-hammond-2017"].publication_bias) == (35, 1.0)
        assert kinds["tdt-2015"].reviews == 9
        assert kinds["eef-2021"].trials == 104
        assert kinds["eef-2021"].publication_bias == kinds["eef-2021"].quasi == kinds["eef-2021"].aligned == 0.0
        assert [PRESETS[name].method for name in PRESETS] == ["counting", "review of reviews", "mechanisms"]
        for preset in PRESETS.values():
            assert preset.source
            assert "assumption" in preset.choices or "addition" in preset.choices

    def test_a_draw_that_is_not_there(self, shipped):
        shared = shipped.world.model_copy(update={"theory": "point", "draw": 3})
        with pytest.raises(InputError, match=r"world\.draw: 3 is not allowed; this theory has draws 0 to 0"):
            worlds.assumed(shared, None)


class TestCommand:
    @pytest.fixture
    def run(self, monkeypatch, capsys):
        """Run the command line; exit code, standard output and standard error."""

        def run(*arguments):
            monkeypatch.setattr(sys, "argv", ["pdsim", *arguments])
            with pytest.raises(SystemExit) as end:
                cli.main()
            return end.value.code, *capsys.readouterr()

        return run

    def test_two_workers_give_the_same_document_and_files(self, run, small, found, tmp_path):
        code, out, err = run("lab", str(small), "--workers", "2", "--json", "--out", str(tmp_path / "out"))
        assert code == 0, err
        assert out == found[0].to_json() + "\n"
        assert (tmp_path / "out" / "lab.json").read_text() == found[0].to_json()
        names = {path.name for path in (tmp_path / "out").iterdir()}
        made = {f"figures-{name}" for name in ("lab", "literatures-1", "literatures-2", "literatures-3")}
        assert names == {
            "lab.json",
            *(f"{table}.{kind}" for table in ("lab-results", "lab-shared") for kind in ("csv", "parquet")),
            *(f"{figure}.{kind}" for figure in made for kind in ("png", "svg")),
        }

    def test_words(self, run, small, found, monkeypatch):
        monkeypatch.setenv("COLUMNS", "120")
        monkeypatch.setattr(result, "run", lambda lab, progress, workers: found[0])
        code, out, err = run("lab", str(small))
        assert code == 0, err
        for words in (
            "would call collaboration the fluoride in a world where it is mint",
            "eef-2021: by which path?",
            "eef-2021: is there an effect at all?",
            "Literatures by trials and bundling",
            "what the worlds share, so that only causes differ",
            "12 literatures of each kind",
            "This is a model's answer",
        ):
            assert words in out

    def test_is_listed_and_checked(self, run, small):
        assert "bundled-reviews" in run("list")[1]
        code, out, _ = run("check", str(small))
        assert (code, "lab: small" in out) == (0, True)

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            (SMALL.replace("bundling", "bundeling"), ["crossed", "bundeling", "'bundling'"]),
            (SMALL.replace("[0.0, 1.0]", "[0.0, 1.5]"), ["crossed[2]", "confounding: 1.5"]),
            (SMALL.replace("eef-2021", "eff-2021"), ["presets", "'eff-2021'", "'eef-2021'"]),
            (SMALL.replace("eef-2021", "darling-hammond-2017"), ["presets", "stands twice"]),
            (SMALL.replace('"lab"', '"labs"'), ['kind = "lab"']),
            (SMALL.replace('kind = "lab"', ""), ['kind = "lab"']),
            (SMALL.replace("literatures = 12", "literatures = 1"), ["literatures: 1", "10"]),
            (SMALL.replace("copies = 2", 'copies = "one"'), ["field.copies", "'one'"]),
            (SMALL.replace("literatures = 12", 'worlds = ["mint", "mint"]'), ["worlds", "once"]),
            (SMALL.replace("literatures = 12", 'worlds = ["mnt"]'), ["worlds", "'mnt'"]),
            ('kind = "lab"\n', ["presets", "at least one", "darling-hammond-2017"]),
            (SMALL + "[literature]\nreviews = 5\nstudies = 35\n", ["studies: 35", "at most the trials, 20"]),
            (SMALL + '[world]\ntheory = "flouride"\n', ["flouride"]),
            (MINT_ONLY + "[world]\ncollaboration_effect = 0.04\n", ["world.collaboration_effect", "out of reach"]),
            (MINT_ONLY + "[world]\nspread = 0.01\n", ["world.spread", "out of reach"]),
            (SMALL.replace("literatures = 12", "literatures = 20000") + "[[crossed]]\ntrials = [" + "20, " * 30 + "]\n",
             ["literatures", "1,000,000"]),
            ("kind = \n", ["line 1"]),
        ],
    )  # fmt: skip
    def test_mistakes_in_a_file_give_one_line(self, run, tmp_path, text, words):
        path = tmp_path / "bad.toml"
        path.write_text(text)
        code, out, err = run("lab", str(path), "--workers", "1")
        assert (code, out, err.count("\n")) == (2, "", 1), err
        for word in words:
            assert word in err

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["bundled-review"], ["bundled-review", "'bundled-reviews'"]),
            (["which-assumptions-matter"], ['kind = "lab"']),
            (["--literatures", "9"], ["literatures: 9", "10"]),
            (["--literatures", "ten"], ["ten"]),
            (["--workers", "-1"], ["--workers", "1 to 1000"]),
        ],
    )
    def test_mistakes_of_the_command_give_one_line(self, run, arguments, words):
        code, out, err = run("lab", *arguments)
        assert (code, out, err.count("\n")) == (2, "", 1), err
        for word in words:
            assert word in err

    @pytest.mark.parametrize("workers", ["1", "2"])
    def test_a_stopped_run_leaves_no_half_written_file(self, tmp_path, workers):
        out = tmp_path / "out"
        listening = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
        start = f"{listening}; from pdsim.cli import main; main()"
        command = [sys.executable, "-c", start, "lab", "--workers", workers, "--literatures", "5000", "--out", str(out)]
        with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
            while not out.exists():  # made when the input is checked, before anything runs
                assert running.poll() is None
                time.sleep(0.05)
            time.sleep(1.0)
            running.send_signal(signal.SIGINT)
            _, said = running.communicate(timeout=120)
        assert running.returncode == 1, said
        assert "pdsim: stopped" in said
        assert list(out.iterdir()) == []
