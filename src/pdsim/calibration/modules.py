"""Patterns that are fitted in modules of their own (marked *m* in the list): each rests on a few parameters only.

A module is a function from D draws of the assumptions to an array (D, statistics), and the parameters that it fits.
"""

from __future__ import annotations

import math
from itertools import count

import numpy as np
from scipy import stats

from pdsim import population, scenarios
from pdsim.kernel.careers import craft_grown
from pdsim.kernel.network import lapse_ties, renew_ties, running_popularity
from pdsim.kernel.pupils import carried_over
from pdsim.kernel.records import WEEKS, World
from pdsim.kernel.run import populate
from pdsim.kernel.week import week
from pdsim.kernel.year import close_year, open_year
from pdsim.outcomes import OUTCOMES
from pdsim.scenarios import Scenario
from pdsim.simulate import Luck, simulate
from pdsim.theory import Theory

WEEKS_A_MONTH = 365.25 / 12 / 7
DAYS_A_WEEK = 7
PACES = np.exp(stats.norm.ppf((np.arange(200) + 0.5) / 200))  # log-normal with SD 1 of the log: teachers' paces
HABIT_FORMED = 0.95
YEARS_LEAVING = 3
# Staff of 15 schools with the mean (28.9) and range (12 to 76) of Pitts and Spillane 2009; the rest is *assumption*.
SCHOOL_SIZES = (12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 32, 35, 38, 43, 76)
BUSY = 3  # how many of the most asked teachers pattern 15 looks at


def populated(start: population.Template, theory: np.record, key: tuple[int, int]) -> World:
    """A populated world, for stepping week by week."""
    world = population.fresh(start.world, theory, key)
    populate(world, start.year_quantiles, start.degree_quantiles)
    return world


def early_share_of_experience(theory: Theory, seed: int) -> np.ndarray:
    """Pattern 9: share of the 30-year return to experience that teachers have after five years."""
    return np.array([[craft_grown(5.0, draw) / craft_grown(30.0, draw)] for draw in theory.draws])


def half_life_of_knowledge(theory: Theory, seed: int) -> np.ndarray:
    """Pattern 12: calendar months until half of the insight gained in a one-off workshop is gone."""
    workshop = scenarios.load("solo-workshop").with_(
        **{"staff.teachers_per_school": 30, "school.turnover": 0.0, "programme.first_week": 0,
           "programme.mechanisms": ["managing cognitive load", "revisiting prior learning"]}
    )  # fmt: skip
    start = population.template(workshop)
    draws = enumerate(theory.draws)
    return np.array([[half_life(populated(start, draw, (seed, n))) / WEEKS_A_MONTH] for n, draw in draws])


def half_life(world: World) -> float:
    """Calendar weeks from the first week until the mean gain of insight is half of what it was; at most two years."""
    gain = []
    for year in (1, 2):
        for now in range((year - 1) * WEEKS, year * WEEKS):
            week(world, now)
            gain.append(float((world.teachers["insight"] - world.teachers["insight_usual"]).mean()))
            if gain[-1] <= gain[0] / 2:
                return weeks_to(gain, now, year)
        close_year(world, year)
        open_year(world, year)
    return float(2 * 52)


def weeks_to(gain: list[float], now: int, year: int) -> float:
    """Calendar weeks at which the gain passed half of its start, between the last two weeks; summers count."""
    passed = (gain[-2] - gain[0] / 2) / (gain[-2] - gain[-1])
    return now - 1 + passed + (year - 1) * (52 - WEEKS)


def days_to_habit(theory: Theory, seed: int) -> np.ndarray:
    """Pattern 13: days to 95 % of the plateau under daily repetition with a cue: median, 5th and 95th percentile.

    With full use and prompts, ``habit_after`` leaves 1 / (1 + rate) of the way each week, so n weeks leave
    (1 + rate)^-n and 95 % takes ln(20) / ln(1 + rate) weeks; rate = habit_rate pace (1 + prompts_strength).
    """
    draws = theory.draws
    pace = PACES[None, :] ** draws["habit_pace_spread"][:, None]
    rate = (draws["habit_rate"] * (1.0 + draws["prompts_strength"]))[:, None] * pace
    days = DAYS_A_WEEK * math.log(1.0 / (1.0 - HABIT_FORMED)) / np.log1p(rate)
    return np.quantile(days, [0.5, 0.05, 0.95], axis=1).T


def gain_left_after_a_year(theory: Theory, seed: int) -> np.ndarray:
    """Pattern 14: share of a pupil gain that is left a year later."""
    return np.array([[carried_over(0.0, 1.0, draw)] for draw in theory.draws])


def advice_network(theory: Theory, seed: int) -> np.ndarray:
    """Pattern 15: reciprocity, transitivity, same-group odds ratio, ties to the top three, ties that last a year.

    Means over generated schools of the sizes of Pitts and Spillane 2009, one set of schools for each draw. A tie lasts
    where it still, or again, stands after a summer without leavers.
    """
    luck = count()
    starts = [population.template(school_of(size)) for size in SCHOOL_SIZES]
    found = []
    for draw in theory.draws:
        schools = [network_statistics(populated(start, draw, (seed, next(luck)))) for start in starts]
        found.append(np.nanmean(schools, axis=0))
    return np.array(found)


def network_statistics(world: World) -> np.ndarray:
    """The five statistics of :func:`advice_network` in a world of one school, which a summer changes."""
    ties = adjacency(world)
    shared = world.teachers["department"]
    lapse_ties(world, 1)
    running_popularity(world, 0)
    renew_ties(world, 1)
    kept = (ties & adjacency(world)).sum() / ties.sum()
    return np.array([*structure(ties, shared[:, None] == shared[None, :]), kept])


def school_of(staff: int) -> Scenario:
    """A school without programmes and without ties to others."""
    return Scenario(name="school").with_(**{"staff.teachers_per_school": staff, "network.ties_across": 0.0})


def adjacency(world: World) -> np.ndarray:
    """(T, T) booleans: whether the teacher of the row turns to that of the column."""
    staff = len(world.teachers)
    ties = np.zeros((staff, staff), bool)
    for i in range(staff):
        ties[i, world.advisers[i, : world.teachers[i].ties]] = True
    return ties


def structure(ties: np.ndarray, same_group: np.ndarray) -> tuple[float, float, float, float]:
    """Reciprocity, transitivity, same-group odds ratio and share of ties to the top three of an advice network.

    Args:
        ties: (T, T) booleans without a diagonal.
        same_group: (T, T) booleans.
    """
    total = ties.sum()
    paths = ties.astype(int) @ ties.astype(int)
    np.fill_diagonal(paths, 0)
    others = ~np.eye(len(ties), dtype=bool)
    inside, outside = ties[same_group & others].mean(), ties[~same_group].mean()
    with np.errstate(divide="ignore", invalid="ignore"):
        odds_ratio = inside / (1 - inside) / (outside / (1 - outside))
    top = np.sort(ties.sum(axis=0))[-BUSY:].sum() / total
    return (
        float((ties & ties.T).sum() / total),
        float((paths * ties).sum() / max(paths.sum(), 1)),
        float(odds_ratio) if np.isfinite(odds_ratio) else math.nan,
        float(top),
    )


def leavers(theory: Theory, seed: int) -> np.ndarray:
    """Pattern 16: share of teachers who leave in a year, over three years without programmes."""
    school = Scenario(name="leavers").with_(**{"staff.teachers_per_school": 60, "evaluation.years": YEARS_LEAVING})
    runs = Luck(seed, np.arange(len(theory.draws)), np.arange(len(theory.draws)))
    retention = simulate(school, theory, runs)[:, 1:, 0, OUTCOMES["retention"].column]
    return 1.0 - retention.mean(axis=1, keepdims=True)
