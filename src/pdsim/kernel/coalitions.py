"""One population under many designs that differ in nothing but what is switched on, and the clamped run."""

import numpy as np

from pdsim.kernel.compiled import allocating, compiled
from pdsim.kernel.measure import ALL, OUTCOMES, POPULATIONS, measure
from pdsim.kernel.records import WEEKS
from pdsim.kernel.run import copied, live_year, populate, practice_sd, start
from pdsim.kernel.week import week
from pdsim.kernel.year import close_year, open_year


@allocating
def measure_all(world, year, unit, results):
    """Fill ``results`` (outcomes) with the means over all staff."""
    everybody = np.empty((len(POPULATIONS), len(OUTCOMES)))
    measure(world, year, unit, everybody)
    results[:] = everybody[ALL]


@compiled
def live(world, years):
    """Run a populated world to the end of its last year, without measuring on the way."""
    for year in range(1, years + 1):
        live_year(world, year)
        if year < years:
            open_year(world, year)


@allocating
def run_coalitions(
    template, reference, theory, designs, replicates, seed, years, year_quantiles, degree_quantiles, results
):
    """Run every population under each of some designs: staff, ties and teams are built once for all of them.

    Args:
        template: as in :func:`pdsim.kernel.run.run_many`; so are the next two and the five after ``replicates``.
        reference: posts of the reference staff.
        theory: one theory record.
        designs: C design records that differ in the switches of channels only.
        replicates: R integers, the luck of each population.
        seed: integer, 0..2^32-1.
        years: years to run, 1-10.
        year_quantiles: quantile functions of experience.
        degree_quantiles: quantile function of everyday ties.
        results: filled, (R, C, outcomes): means over all staff at the end of the last year.
    """
    unit = practice_sd(start(reference, theory, (0, 0)), year_quantiles)
    for r in range(len(replicates)):
        populated = start(template, theory, (seed, replicates[r]))
        populate(populated, year_quantiles, degree_quantiles)
        for c in range(len(designs)):
            world = copied(populated, designs[c], populated.theory, populated.key)
            live(world, years)
            measure_all(world, years, unit, results[r, c])


@compiled
def live_noting(world, years, present, motivation):
    """As :func:`live`, and note who came and each one's motivation: both filled, (weeks, teachers)."""
    for year in range(1, years + 1):
        for now in range((year - 1) * WEEKS, year * WEEKS):
            week(world, now)
            for i in range(len(world.teachers)):
                present[now, i] = world.teachers[i].present
                motivation[now, i] = world.teachers[i].held_motivation
        close_year(world, year)
        if year < years:
            open_year(world, year)


@compiled
def live_clamped(world, years, present, motivation):
    """As :func:`live`, with attendance and motivation of another run, as :func:`live_noting` has noted them."""
    for year in range(1, years + 1):
        for now in range((year - 1) * WEEKS, year * WEEKS):
            for i in range(len(world.teachers)):
                world.teachers[i].held = 1
                world.teachers[i].held_present = present[now, i]
                world.teachers[i].held_motivation = motivation[now, i]
            week(world, now)
        close_year(world, year)
        if year < years:
            open_year(world, year)


@allocating
def run_clamped(
    template, reference, theory, designs, replicates, seed, years, year_quantiles, degree_quantiles, results
):
    """Run the second of two designs with the attendance and motivation that each post has under the first.

    Args:
        template: as in :func:`run_coalitions`; so are the others but those below.
        reference: posts of the reference staff.
        theory: one theory record.
        designs: two design records, of the twin and of the design.
        replicates: R integers, the luck of each population.
        seed: integer, 0..2^32-1.
        years: years to run, 1-10.
        year_quantiles: quantile functions of experience.
        degree_quantiles: quantile function of everyday ties.
        results: filled, (R, 1, outcomes): the clamped run's means over all staff at the end of the last year.
    """
    unit = practice_sd(start(reference, theory, (0, 0)), year_quantiles)
    present = np.empty((years * WEEKS, len(template.teachers)), np.int64)
    motivation = np.empty(present.shape)
    for r in range(len(replicates)):
        populated = start(template, theory, (seed, replicates[r]))
        populate(populated, year_quantiles, degree_quantiles)
        twin = copied(populated, designs[0], populated.theory, populated.key)
        live_noting(twin, years, present, motivation)
        world = copied(populated, designs[1], populated.theory, populated.key)
        live_clamped(world, years, present, motivation)
        measure_all(world, years, unit, results[r, 0])
