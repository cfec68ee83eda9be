"""What each pattern must come out at: published value, tolerance, source; and which parameters a module fits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import stats

from pdsim.calibration import modules, patterns
from pdsim.calibration.patterns import Worlds, column
from pdsim.calibration.programmes import trials
from pdsim.theory import Theory

# A tolerance is read as the half-width of a 90 % interval: so read, those of patterns 4 and 5 are about the published
# standard errors (0.49, SE 0.06, tolerance 0.10; 0.18, SE 0.04, tolerance 0.05).
TOLERANCE_IN_SD = float(stats.norm.ppf(0.95))


@dataclass(frozen=True)
class Target:
    """A statistic of a numbered pattern and where it must lie.

    ``below`` and ``above`` are the tolerances on either side of ``value``; an infinite one makes it a bound: nothing on
    that side counts against the model. What is not ``counted`` is reported only.
    """

    pattern: str
    name: str
    label: str
    unit: str
    value: float
    below: float
    above: float
    source: str
    counted: bool = True

    @property
    def tolerance(self) -> float:
        """The smaller of the two tolerances."""
        return min(self.below, self.above)

    def within(self, statistic: np.ndarray) -> np.ndarray:
        """Whether values of the statistic lie within the tolerance."""
        return (statistic >= self.value - self.below) & (statistic <= self.value + self.above)

    def deviation(self, statistic: np.ndarray, variance: np.ndarray | float = 0.0) -> np.ndarray:
        """Standardised deviation of values from the target; ``variance`` is that of error in the values themselves."""
        gap = statistic - self.value
        tolerance = np.where(gap < 0, self.below, self.above)
        return np.where(
            np.isinf(tolerance), 0.0, gap / np.sqrt((np.minimum(tolerance, 1e9) / TOLERANCE_IN_SD) ** 2 + variance)
        )


@dataclass(frozen=True)
class Pattern:
    """A pattern that is fitted together with the others: its function and the targets of its statistics, in order."""

    function: Callable[[Worlds], np.ndarray]
    targets: tuple[Target, ...]


@dataclass(frozen=True)
class Module:
    """A pattern that is fitted apart: the parameters that it fits, its function and its targets."""

    parameters: tuple[str, ...]
    function: Callable[[Theory, int], np.ndarray]
    targets: tuple[Target, ...]


def about(pattern: str, name: str, label: str, unit: str, value: float, tolerance: float | tuple[float, float],
          source: str, counted: bool = True) -> Target:  # fmt: skip
    """A target with the same tolerance on both sides, or one for below and one for above."""
    below, above = tolerance if isinstance(tolerance, tuple) else (tolerance, tolerance)
    return Target(pattern, name, label, unit, value, below, above, source, counted)


INF = float("inf")
SIMS, KRAFT = "Sims et al. 2021", "Kraft, Blazar and Hogan 2018"
LYNCH, PITTS = "Lynch, Gonzalez, Hill and Merritt 2025", "Pitts and Spillane 2009"
PEERS, LALLY = "Sun, Loeb and Grissom 2017", "Lally et al. 2010"

# fmt: off
PATTERNS: tuple[Pattern, ...] = (
    Pattern(patterns.mean_effect, (
        about("1", "mean_effect", "mean pupil effect of 100 programmes", "pupil SD", 0.05, 0.02, SIMS),)),
    Pattern(patterns.slope_per_mechanism, (
        about("2", "slope_per_mechanism", "slope per added mechanism", "pupil SD", 0.010, 0.005, SIMS),)),
    Pattern(patterns.effect_without_mechanisms, (
        about("2", "without_mechanisms", "solo programme without mechanisms", "pupil SD", 0.0, 0.01, SIMS),)),
    Pattern(patterns.balanced_difference, (
        about("3", "balanced_difference", "balanced less unbalanced programmes", "pupil SD", 0.10, 0.07, SIMS),)),
    Pattern(patterns.coaching_mixture, (  # the same studies as pattern 5, so it is not counted again
        about("4", "coaching_practice", "coaching, small and large, practice", "practice SD", 0.49, 0.10, KRAFT, counted=False),
        about("4", "coaching_pupils", "coaching, small and large, pupils", "pupil SD", 0.18, 0.05, KRAFT, counted=False))),
    Pattern(patterns.coaching_small, (
        about("5", "small_coaching_practice", "small coaching programmes, practice", "practice SD", 0.63, 0.12, KRAFT),
        about("5", "small_coaching_pupils", "small coaching programmes, pupils", "pupil SD", 0.28, 0.06, KRAFT))),
    Pattern(patterns.coaching_large, (
        about("5", "large_coaching_practice", "large coaching programmes, practice", "practice SD", 0.34, 0.12, KRAFT),
        about("5", "large_coaching_pupils", "large coaching programmes, pupils", "pupil SD", 0.10, 0.06, KRAFT))),
    Pattern(patterns.slopes_on_practice_and_knowledge, (
        about("6", "slope_on_practice", "slope of pupil on practice effects", "pupil SD per practice SD", 0.24, 0.08, LYNCH),
        about("6", "slope_on_knowledge", "slope on knowledge given practice", "pupil SD per quiz SD", 0.0, 0.05, LYNCH))),
    Pattern(patterns.teacher_effect_sd, (
        about("7", "teacher_effect_sd", "SD of teacher effects on pupils", "pupil SD", 0.25, 0.05, "Slater, Davies and Burgess 2012"),)),
    Pattern(patterns.practice_gain_correlation, (
        about("8", "practice_gain_correlation", "observed practice with pupil gains", "correlation", 0.20, (0.10, 0.15), "MET 2012"),)),
    Pattern(patterns.growth_in_supportive_schools, (
        about("10", "growth_in_supportive_schools", "more growth in supportive schools", "share", 0.38, 0.15, "Kraft and Papay 2014"),)),
    Pattern(patterns.everyday_spillover, (
        about("11", "better_colleagues", "all colleagues 1 SD better", "pupil SD", 0.03, 0.015, "Jackson and Bruegmann 2009"),
        about("11", "one_better_colleague", "one colleague 1 SD better", "pupil SD", 0.0235, 0.015, PEERS),
        about("11", "one_worse_colleague", "one colleague 1 SD worse", "pupil SD", 0.0, 0.015, PEERS))),
    Pattern(patterns.reaction_learning_correlation, (
        about("16", "reaction_learning_correlation", "reaction with a quiz, within a programme", "correlation", 0.05, 0.1, "Alliger et al. 1997"),)),
    Pattern(patterns.reaction_of_most_programmes, (
        about("17", "reaction_of_most_solo", "reaction that 90 % of solo programmes reach", "0-1", 0.7, (0.03, INF), "TALIS 2018"),
        about("17", "reaction_of_most_collaborative", "reaction that 90 % of collaborative programmes reach", "0-1", 0.7, (0.03, INF), "TALIS 2018"))),
    Pattern(patterns.reaction_effect_correlation, (
        about("17", "reaction_effect_correlation", "reaction with pupil effects, between programmes", "correlation", 0.0, 0.2, "Goldschmidt and Phelps 2007"),)),
)
MODULES: tuple[Module, ...] = (
    Module(("experience_early", "experience_pace"), modules.early_share_of_experience, (
        about("9", "early_share_of_experience", "return to experience reached by year 5", "share", 0.5, 0.1, "Papay and Kraft 2015"),)),
    Module(("insight_half_life", "use_protects"), modules.half_life_of_knowledge, (
        about("12", "half_life_of_knowledge", "half-life of knowledge after a workshop", "months", 4.5, 2.5, "Liu and Phelps 2020; Goldschmidt and Phelps 2007"),)),
    Module(("habit_rate", "prompts_strength", "habit_pace_spread"), modules.days_to_habit, (
        about("13", "days_to_habit", "days to habit, median teacher", "days", 66.0, 20.0, LALLY),
        about("13", "days_to_habit_fast", "days to habit, fastest 5 %", "days", 15.0, (3.0, INF), LALLY),
        about("13", "days_to_habit_slow", "days to habit, slowest 5 %", "days", 300.0, (INF, 50.0), LALLY))),
    Module(("persistence",), modules.gain_left_after_a_year, (
        about("14", "gain_left_after_a_year", "pupil gain left a year later", "share", 0.265, (0.1, 0.235), "Jacob, Lefgren and Sims 2010"),)),
    Module(("popularity_spread", "popularity_expertise", "tie_returned", "tie_closure", "tie_department", "tie_persistence"), modules.advice_network, (
        about("15", "reciprocity", "advice ties returned", "share", 0.33, 0.14, PITTS),
        about("15", "transitivity", "advice triads closed", "share", 0.39, 0.11, PITTS),
        about("15", "same_group_odds", "ties within the department", "odds ratio", 2.75, 0.5, PITTS),
        about("15", "ties_to_top_three", "ties to the three most asked", "share", 0.36, 0.09, PITTS),
        about("15", "ties_kept", "ties that last a year", "share", 0.6, 0.1, "Daly and Finnigan data"))),
    Module(("leave_motivation", "leave_support"), modules.leavers, (
        about("16", "leavers", "leavers in a year", "share", 0.0875, 0.01, "DfE School Workforce 2024/25"),)),
)
# fmt: on
TARGETS: tuple[Target, ...] = tuple(target for pattern in PATTERNS for target in pattern.targets)
FITTED_APART: tuple[str, ...] = tuple(name for module in MODULES for name in module.parameters)
REVIEW = ("mean_effect", "slope_per_mechanism", "balanced_difference")  # patterns 1-3: one review, one covariance


def statistics(worlds: Worlds) -> np.ndarray:
    """All statistics of the patterns that are fitted together, (R, statistics), in the order of ``TARGETS``."""
    return np.column_stack([pattern.function(worlds) for pattern in PATTERNS])


@cache
def review_correlation() -> np.ndarray:
    """Correlation (3 x 3) of the sampling errors of patterns 1 to 3, which come from the same trials.

    Mean, slope and difference are contrasts c'y of the same 100 effects; with errors of equal variance their covariance
    is proportional to the products of the contrasts.
    """
    number = column([trial.mechanisms for trial in trials()])
    balanced = np.array([trial.balanced for trial in trials()], float)
    contrasts = np.stack(
        [
            np.full(len(number), 1 / len(number)),
            number / (number @ number),
            balanced / balanced.sum() - (1 - balanced) / (1 - balanced).sum(),
        ]
    )
    products = contrasts @ contrasts.T
    size = np.sqrt(np.diag(products))
    return products / np.outer(size, size)


def log_likelihood(
    found: np.ndarray, variance: np.ndarray | float = 0.0, shift: np.ndarray | float = 0.0
) -> np.ndarray:
    """Log likelihood (N) of statistics (N, statistics) under the targets, up to a constant.

    Normal around the target with SD = tolerance / 1.645, independent between patterns but for 1 to 3.

    Args:
        found: statistics in the order of ``TARGETS``.
        variance: (statistics) or a number, variance of error in ``found``.
        shift: (statistics) added to ``found``: other observed values than the published ones, for synthetic truths.
    """
    deviations = standardised(found + shift, variance)
    review = deviations[:, REVIEW_AT]
    rest = np.delete(deviations, REVIEW_AT, axis=1)
    return -0.5 * ((rest**2).sum(axis=1) + (review @ np.linalg.inv(review_correlation()) * review).sum(axis=1))


def standardised(found: np.ndarray, variance: np.ndarray | float = 0.0) -> np.ndarray:
    """Deviations of statistics from their targets in SDs, (N, statistics); 0 for those that are not counted."""
    variances = np.broadcast_to(variance, len(TARGETS))
    columns = [target.counted * target.deviation(found[:, k], variances[k]) for k, target in enumerate(TARGETS)]
    return np.column_stack(columns)


def index(name: str) -> int:
    """Column of a statistic."""
    return [target.name for target in TARGETS].index(name)


REVIEW_AT = [index(name) for name in REVIEW]
