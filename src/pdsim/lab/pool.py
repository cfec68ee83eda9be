"""Every programme of the field run in schools, solo and together, in each world: what literatures are drawn from."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from pdsim import population, scenarios
from pdsim.kernel.records import WEEKS
from pdsim.kernel.run import populate
from pdsim.kernel.week import week
from pdsim.kernel.year import close_year
from pdsim.lab.field import Design
from pdsim.population import Template

MEASURES = ("pupils", "attendance", "motivation", "learning")
PUPILS, ATTENDANCE, MOTIVATION, LEARNING = range(4)


def run_field(
    designs: Sequence[Design],
    solo: np.record,
    together: np.recarray,
    lucks: int,
    seed: int,
    progress: Callable[[int], None] = lambda runs: None,
) -> tuple[np.ndarray, np.ndarray]:
    """All programmes in ``lucks`` schools each, against business as usual in the same schools.

    Args:
        designs: N programmes.
        solo: the assumptions under which the solo programmes run (channels do nothing in them).
        together: V records of assumptions under which the programmes run together.
        lucks: schools of each programme, each with a staff of its own.
        seed: of the schools' luck.
        progress: called with the number of runs done.

    Returns:
        Effects of the solo programmes (N, lucks, measures) and what working together adds (V, N, lucks, measures), in
        the order of ``MEASURES``: on participants' pupils (pupil SD), attendance (share), motivation (0-1, mean over
        the weeks) and learning (0-1, mean of insight and technique at the end of the year).
    """

    def run(number: int) -> tuple[np.ndarray, np.ndarray]:
        return run_design(designs[number], solo, together, [(seed, number * lucks + k) for k in range(lucks)])

    alone, added = [], []
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        try:
            for found in threads.map(run, range(len(designs))):
                alone.append(found[0])
                added.append(found[1])
                progress(lucks * (2 + len(together)))
        finally:
            threads.shutdown(cancel_futures=True)
    return np.stack(alone), np.stack(added, axis=1)


def run_design(
    design: Design, solo: np.record, together: np.recarray, keys: Sequence[tuple[int, int]]
) -> tuple[np.ndarray, np.ndarray]:
    """One programme in a school for each key; arrays as in :func:`run_field` without the axis of programmes."""
    usual = scenarios.load("business-as-usual").in_the_world_of(design.solo)
    baseline, alone = population.template(usual, design.solo), population.template(design.solo)
    teamed = population.template(design.together)
    without = np.stack([follow(baseline, solo, key) for key in keys])
    effects = np.stack([follow(alone, solo, key) for key in keys])
    both = np.stack([[follow(teamed, record, key) for key in keys] for record in together])
    added = both - effects
    effects -= without
    return effects, added


def follow(start: Template, theory: np.record, key: tuple[int, int]) -> np.ndarray:
    """One school for a year: means over participants, in the order of ``MEASURES``.

    The same functions in the same order as :func:`pdsim.kernel.run.run`; that records no motivation, which a trial can
    ask teachers about. Here it is the mean over all weeks.
    """
    world = population.fresh(start.world, theory, key)
    populate(world, start.year_quantiles, start.degree_quantiles)
    teachers = world.teachers
    who = (teachers["reported"] == 1) & (teachers["in_programme_school"] == 1)
    motivation = 0.0
    for now in range(WEEKS):
        week(world, now)
        motivation += teachers["motivation"][who].mean() / WEEKS
    close_year(world, 1)
    seen = teachers[who]
    attended = seen["attended"] / np.maximum(seen["offered"], 1.0)
    learning = (seen["insight"] + seen["technique"]) / 2
    return np.array([seen["attainment"].mean(), attended.mean(), motivation, learning.mean()])
