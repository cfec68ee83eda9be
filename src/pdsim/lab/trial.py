"""What an experimenter concludes of one factorial trial, by what was measured between programme and pupils."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import statsmodels.api as sm
from scipy import stats

from pdsim.lab.definition import Literature
from pdsim.lab.field import EXPERT, FEATURES, PATTERNS
from pdsim.lab.literature import draw_programmes
from pdsim.lab.pool import ATTENDANCE, LEARNING, MEASURES, MOTIVATION, PUPILS
from pdsim.lab.regression import CONFIDENCE, Found
from pdsim.lab.reviews import BOTH, FLUORIDE, HARMFUL, MINT, NOT_SHOWN, UNKNOWN, Conclusion, read_as_ingredient
from pdsim.lab.worlds import Alike, Pool

# Readings of a trial, by what is measured: pupils only, also who turns up, also whether teachers want to; and, in place
# of pupils, what working together moves first.
READINGS = ("pupils", "registers", "registers and motivation", "what it moves")
WORTH_NAMING = 0.01  # a smaller change of learning, attendance or motivation (0-1) names no path (*assumption*)
TOGETHER = 1  # column of the regressions


@dataclass(frozen=True)
class Schools:
    """The schools of one trial, n of them.

    Attributes:
        together: whether the lot has the teachers work together.
        columns: (n, 8) ones, together, expert support (by lot too), and the other five features as they come.
        seen: (n, measures) change in each measure, with the errors of its instrument.
    """

    together: np.ndarray
    columns: np.ndarray
    seen: np.ndarray


class Effect(NamedTuple):
    """An estimate with its variance."""

    estimate: float
    variance: float

    def found(self) -> Found:
        """The estimate with its 95 % confidence interval."""
        half = float(stats.norm.ppf(0.5 + CONFIDENCE / 2) * np.sqrt(self.variance))
        return Found(self.estimate, self.estimate - half, self.estimate + half)


def draw_schools(
    pool: Pool, world: str, alike: Alike, literature: Literature, count: int, school_sd: float, rng: np.random.Generator
) -> Schools:
    """Schools that take the programmes of the field, with two factors by lot: together or not, expert support or not.

    So programmes are as common as in the literature, but for the two features that the lot decides.
    """
    copies = len(pool.pattern) // len(PATTERNS)
    number, _ = draw_programmes(pool, literature, count, rng)
    together, expert = balanced(count, rng), balanced(count, rng)
    has = PATTERNS[pool.pattern[number]].copy()
    has[:, EXPERT] = expert
    number = (has @ (1 << np.arange(len(FEATURES))[::-1])) * copies + number % copies
    school = rng.integers(pool.alone.shape[1], size=count)
    change = pool.alone[number, school] + alike.strength * together[:, None] * pool.added[world][number, school]
    change[:, PUPILS] *= alike.worth * (1.0 + alike.worth_spread * rng.standard_normal(count))
    errors = pool.errors.copy()
    errors[PUPILS] = school_sd
    seen = change + errors * rng.standard_normal((count, len(MEASURES)))
    others = np.delete(has, EXPERT, axis=1)
    return Schools(together, np.column_stack([np.ones(count), together, expert, others]).astype(float), seen)


def balanced(count: int, rng: np.random.Generator) -> np.ndarray:
    """A lot that gives one half of the schools 1 and the other 0."""
    return rng.permutation(np.arange(count) % 2)


class Fit(NamedTuple):
    """A regression: coefficients, their robust covariance (HC1), residuals."""

    params: np.ndarray
    covariance: np.ndarray
    residuals: np.ndarray

    def of(self, column: int) -> Effect:
        """One coefficient."""
        return Effect(float(self.params[column]), float(self.covariance[column, column]))


def fit(outcome: np.ndarray, columns: np.ndarray) -> Fit:
    """A regression by least squares."""
    found = sm.OLS(outcome, columns).fit(cov_type="HC1")
    return Fit(found.params, found.cov_params(), found.resid)


def through(schools: Schools, moved: Sequence[Fit], between: Sequence[int], total: Fit) -> tuple[Effect, Effect]:
    """What is left of the effect on pupils with the measures ``between`` held, and what went through them.

    With the same columns in every regression the second is the total less the first, and the sum over measures of
    (effect on the measure) x (the measure's slope); its variance is that of the sum (delta method, Sobel 1982). Slopes
    are not by lot: whatever else moves a measure and pupils alike is in them.

    Args:
        schools: of the trial.
        moved: the regression of each measure between.
        between: the measures.
        total: the regression of pupils' results.
    """
    count = len(between)
    held = fit(schools.seen[:, PUPILS], np.column_stack([schools.columns, schools.seen[:, list(between)]]))
    effects = np.array([each.params[TOGETHER] for each in moved])
    scale = np.linalg.inv(schools.columns.T @ schools.columns)[TOGETHER, TOGETHER]
    of_effects = np.cov([each.residuals for each in moved]).reshape(count, count) * scale
    slopes, of_slopes = held.params[-count:], held.covariance[-count:, -count:]
    variance = slopes @ of_effects @ slopes + effects @ of_slopes @ effects
    direct = held.of(TOGETHER)
    return direct, Effect(total.of(TOGETHER).estimate - direct.estimate, float(variance))


def by_mediation(total: Found, direct: Found, mediated: Found) -> int:
    """The call of a trial that measures what belongs to the mint: turning up, and wanting to.

    What is left when they are held counts as fluoride, what went through them as mint, each where its interval is above
    0.
    """
    call = named(direct.low > 0, mediated.low > 0)
    if call == NOT_SHOWN:
        return UNKNOWN if total.low > 0 else HARMFUL if total.high < 0 else NOT_SHOWN
    return call


def named(fluoride: bool, mint: bool) -> int:
    """The call for the paths that were seen."""
    return (BOTH if mint else FLUORIDE) if fluoride else MINT if mint else NOT_SHOWN


def by_what_moves(schools: Schools, attendance: Fit, motivation: Fit) -> int:
    """The call of a trial that asks, not of pupils, which of the things between working together moves.

    Learning with attendance held: fluoride. Attendance or motivation: mint. That learning and motivation then reach
    pupils is taken from elsewhere.
    """
    held = np.column_stack([schools.columns, schools.seen[:, ATTENDANCE]])
    return named(moves(fit(schools.seen[:, LEARNING], held)), moves(attendance) or moves(motivation))


def moves(measure: Fit) -> bool:
    """Whether working together raises a measure beyond chance, and by at least ``WORTH_NAMING``."""
    found = measure.of(TOGETHER).found()
    return found.low > 0 and found.estimate >= WORTH_NAMING


def analyse(schools: Schools) -> dict[str, Conclusion]:
    """All readings of one trial, by name, in the order of ``READINGS``.

    With nothing measured between programme and pupils, an effect is read as an active ingredient, as reviews read it.
    """
    total, attendance, motivation = (fit(schools.seen[:, k], schools.columns) for k in (PUPILS, ATTENDANCE, MOTIVATION))
    on_pupils = total.of(TOGETHER).found()
    found = [Conclusion(on_pupils, read_as_ingredient(on_pupils))]
    for moved, between in (([attendance], [ATTENDANCE]), ([attendance, motivation], [ATTENDANCE, MOTIVATION])):
        direct, mediated = through(schools, moved, between, total)
        call = by_mediation(on_pupils, direct.found(), mediated.found())
        found.append(Conclusion(on_pupils, call, mediated.estimate))
    found.append(Conclusion(on_pupils, by_what_moves(schools, attendance, motivation)))
    return dict(zip(READINGS, found, strict=True))
