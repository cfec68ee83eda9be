"""What is kept of runs: outcomes by year, week, teacher or families of channels, all from the kernel's functions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pdsim import population
from pdsim.assumptions import CHANNEL_FAMILIES, FAMILIES
from pdsim.explanation import coalitions, games
from pdsim.explanation.decomposition import family_game
from pdsim.kernel import instruments
from pdsim.kernel.measure import ALL, COLLEAGUES, OUTCOMES, PARTICIPANTS, POPULATIONS, RATED, measure, practice_score
from pdsim.kernel.records import WEEKS, World
from pdsim.kernel.run import populate, practice_sd
from pdsim.kernel.week import week
from pdsim.kernel.year import close_year, open_year
from pdsim.scenarios import Scenario
from pdsim.simulate import Luck, run_chunk

YEARLY = ("pupil_attainment", "retention")  # outcomes that a week does not have
# Every set of families that can be on, in the order of coalitions in pdsim.explanation.games.
FAMILY_SETS = tuple(
    "+".join(family for at, family in enumerate(FAMILIES) if number >> at & 1) or "none"
    for number in range(1 << len(FAMILIES))
)
USE, PRACTICE = OUTCOMES.index("use"), OUTCOMES.index("practice")


@dataclass(frozen=True)
class Levels:
    """Outcomes of R runs.

    ``values`` is (R, times, groups, outcomes), in the order of the kernel's outcomes. Groups are the kernel's
    populations, or teachers; then ``marks`` (R, teachers, populations) is 1 for each population to which a post
    belongs, and ``post`` (teachers) is its address. ``year`` and ``week`` are those of each time; week is None where
    times are years. Where ``families`` is given, times are the last year under each of these places of ``FAMILY_SETS``.
    """

    values: np.ndarray
    year: np.ndarray
    week: np.ndarray | None = None
    marks: np.ndarray | None = None
    post: np.ndarray | None = None
    families: np.ndarray | None = None

    def mistakes(self) -> list[str]:
        """For each run the first outcome of all staff that is not a finite number, in words; empty where all are."""
        values = self.values[:, :, [ALL]] if self.marks is None else self.values.copy()
        if self.marks is not None:
            values[..., list(RATED)] = 0.0  # what was never offered has no rating
            values[np.broadcast_to(self.marks[:, None, :, ALL] == 0, values.shape[:3])] = 0.0
        wrong = ~np.isfinite(values).all(axis=2)
        return [self._first(run) for run in wrong]

    def _first(self, wrong: np.ndarray) -> str:
        """The first wrong outcome of a run (times x outcomes)."""
        if not wrong.any():
            return ""
        time, outcome = np.argwhere(wrong)[0]
        return f"{OUTCOMES[outcome]} in year {self.year[time]} is not a finite number"


def levels(
    resolution: str, scenario: Scenario, theories: np.recarray, runs: Luck, reported: Scenario | None = None
) -> Levels:
    """Outcomes of many runs of a scenario at a resolution; the numbers are those of :func:`pdsim.simulate.simulate`.

    Args:
        resolution: "run", "year", "week", "teacher" or "families"; a baseline has no families, and its last year
            stands beside every set of the design's.
        scenario: the design and its setting.
        theories: records of the draws of the assumptions.
        runs: draw and luck of each run.
        reported: the design whose participants are reported (for a baseline).
    """
    start = population.template(scenario, reported)
    years = scenario.evaluation.years
    if resolution == "teacher":
        return of_teachers(start, theories, runs, years)
    if resolution == "week":
        return by_week(start, theories, runs, years)
    if resolution == "families" and reported is None:
        return by_families(start, theories, runs, years)
    values = run_chunk(start, theories, runs.draw, runs.replicate, runs.seed, years)
    kept = np.arange(years + 1) if resolution == "year" else np.array([years])
    return Levels(values[:, kept], kept)


def of_teachers(start: population.Template, theories: np.recarray, runs: Luck, years: int) -> Levels:
    """Every teacher's outcomes at the end of the last year, with expertise in the place of its gap."""
    staff = len(start.world.teachers)
    outcomes = np.empty((len(runs.draw), years, staff, len(OUTCOMES)))
    marks = np.empty((len(runs.draw), staff, len(instruments.MARKS)))
    instruments.follow_many(
        start.world, start.reference, theories, runs.draw, runs.replicate, runs.seed, start.year_quantiles,
        start.degree_quantiles, outcomes, marks,
    )  # fmt: skip
    return Levels(outcomes[:, -1:].copy(), np.array([years]), marks=marks, post=start.world.teachers["post"].copy())


def by_families(start: population.Template, theories: np.recarray, runs: Luck, years: int) -> Levels:
    """Means over all staff at the end of the last year under every set of families of channels.

    Each population is built once. Families that do nothing under a draw or a design are not run on and off: the sets
    that differ by them alone have the same numbers. ``runs.draw`` is non-decreasing.
    """
    game = family_game(CHANNEL_FAMILIES)
    parts = []
    for draw, replicates in coalitions.chunks_of(runs):
        active, worths = coalitions.worths_of(start, theories[draw], game, (runs.seed, replicates), years)
        parts.append(worths[:, games.folds(len(FAMILIES), active)])
    sets = np.arange(len(FAMILY_SETS))
    return Levels(np.concatenate(parts)[:, :, None], np.full(len(sets), years), families=sets)


def by_week(start: population.Template, theories: np.recarray, runs: Luck, years: int) -> Levels:
    """Means over the populations after each week: outcomes so far, with use and practice those of the week itself."""
    values = np.full((len(runs.draw), years * WEEKS, len(POPULATIONS), len(OUTCOMES)), np.nan)
    for run, (draw, replicate) in enumerate(zip(runs.draw, runs.replicate, strict=True)):
        believed = theories[draw]
        unit = practice_sd(population.fresh(start.reference, believed, (0, 0)), start.year_quantiles)
        world = population.fresh(start.world, believed, (runs.seed, int(replicate)))
        populate(world, start.year_quantiles, start.degree_quantiles)
        follow_weeks(world, years, unit, values[run])
    times = np.arange(years * WEEKS)
    return Levels(values, times // WEEKS + 1, times % WEEKS + 1)


def follow_weeks(world: World, years: int, unit: float, values: np.ndarray) -> None:
    """Run a populated world through its years, in the order of :func:`pdsim.kernel.run.run`, noting every week."""
    for now in range(years * WEEKS):
        if now > 0 and now % WEEKS == 0:
            open_year(world, now // WEEKS)
        week(world, now)
        measure(world, now // WEEKS + 1, unit, values[now])
        this_week(world, unit, values[now])
        if (now + 1) % WEEKS == 0:
            close_year(world, (now + 1) // WEEKS)


def this_week(world: World, unit: float, values: np.ndarray) -> None:
    """Put this week's mean use and practice in the place of the means over the year."""
    teachers = world.teachers
    counted = teachers["in_programme_school"] == 1
    groups = {
        ALL: counted,
        PARTICIPANTS: counted & (teachers["reported"] == 1),
        COLLEAGUES: counted & (teachers["reported"] == 0),
    }
    for group, members in groups.items():
        if members.any():
            use, craft = teachers["use"][members].mean(), teachers["craft"][members].mean()
            values[group, USE] = use
            values[group, PRACTICE] = practice_score(use, craft, world.theory) / unit
