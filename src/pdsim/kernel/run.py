"""A run from start to end, and many runs in one compiled call."""

import math

from numba import njit

from pdsim.kernel.careers import craft_pull
from pdsim.kernel.classroom import time_left, weekly_use
from pdsim.kernel.compiled import allocating, compiled
from pdsim.kernel.draws import STREAM_SCHOOL, normal
from pdsim.kernel.learning import clip
from pdsim.kernel.measure import lesson_noise_sd, measure, practice_score
from pdsim.kernel.network import first_ties, running_popularity
from pdsim.kernel.pupils import class_gain
from pdsim.kernel.records import WEEKS, World
from pdsim.kernel.staff import appoint, first_years, usual_use
from pdsim.kernel.teams import form_programme
from pdsim.kernel.week import week
from pdsim.kernel.year import close_year, open_year


@compiled
def people(world, year_quantiles):
    """Fill every post and school with its first holder and leadership."""
    design = world.design
    for s in range(len(world.schools)):
        school = world.schools[s]
        luck = normal(world.key, STREAM_SCHOOL, 0, school.address, 0)
        school.leadership = clip(design.leadership + design.leadership_spread * luck, 0.02, 0.98)
        school.support = school.leadership
    for i in range(len(world.teachers)):
        years = world.teachers[i].years_given
        if years < 0.0:
            years = first_years(world, i, year_quantiles)
        appoint(world, i, 0, years)
        usual_use(world, i)


@compiled
def connect(world, degree_quantiles):
    """Give every school its first advice ties: those read from a file, or drawn ones."""
    teachers = world.teachers
    for s in range(len(world.schools)):
        running_popularity(world, s)
    for s in range(len(world.schools)):
        school = world.schools[s]
        if world.design.ties_given == 0 or school.partner == 1:
            first_ties(world, s, degree_quantiles)
            continue
        for i in range(school.first, school.first + school.staff):
            teachers[i].ties_wanted = teachers[i].ties
            for k in range(teachers[i].ties):
                teachers[world.advisers[i, k]].advice_given += 1


@compiled
def note_usual(world):
    """Remember what pulls on craft and attainment are at the start: later growth and gains are relative to them."""
    for s in range(len(world.schools)):
        school = world.schools[s]
        gain = 0.0
        for i in range(school.first, school.first + school.staff):
            me = world.teachers[i]
            me.craft_pull_usual = craft_pull(world, i)
            me.attainment = class_gain(me.craft, me.use_usual, world.design.value, 0.0, world.theory)
            gain += me.attainment
        school.attainment_usual = gain / school.staff


@allocating
def populate(world, year_quantiles, degree_quantiles):
    """Build staff, ties, participants and teams in a world whose records hold the layout of posts only."""
    people(world, year_quantiles)
    connect(world, degree_quantiles)
    form_programme(world)
    note_usual(world)


@compiled
def practice_sd(world, year_quantiles):
    """SD of observed practice without programmes: the unit of practice effects, fixed before any programme.

    ``world`` is a reference staff (one large school at mean leadership) drawn by the design's rules, the same in
    every replicate. Variance of true scores plus that of the error of ``lessons_observed`` lessons.
    """
    design, theory, teachers = world.design, world.theory, world.teachers
    total = squares = 0.0
    for i in range(len(teachers)):
        appoint(world, i, 0, first_years(world, i, year_quantiles))
        me = teachers[i]
        time = time_left(design, theory, 0.0)
        use = weekly_use(
            me.habit_usual, me.motivation_usual, design.leadership, time, 0.0, me.insight_usual, me.technique_usual
        )
        score = practice_score(use, me.craft, theory)
        total += score
        squares += score * score
    mean = total / len(teachers)
    noise = lesson_noise_sd(design.lessons_observed, theory)
    return math.sqrt(squares / len(teachers) - mean * mean + noise * noise)


@compiled
def live_year(world, year):
    """One school year of a populated world, to its close: the weeks, the pupils' test, experience, who will leave."""
    for now in range((year - 1) * WEEKS, year * WEEKS):
        week(world, now)
    close_year(world, year)


@allocating
def run(world, years, unit, results):
    """Run a populated world for a number of years and fill ``results`` (years + 1, populations, outcomes).

    ``unit`` is the SD of observed practice. This loop and the Mesa model call the same functions.
    """
    measure(world, 0, unit, results[0])
    for year in range(1, years + 1):
        live_year(world, year)
        measure(world, year, unit, results[year])
        if year < years:
            open_year(world, year)


@njit(inline="always")  # numba cannot return a tuple that holds records from a call
def copied(world, design, theory, key):
    """A copy of a world's arrays under a design, theory and key."""
    return World(
        world.teachers.copy(),
        world.schools.copy(),
        world.advisers.copy(),
        world.tie_weight.copy(),
        world.tie_lasting.copy(),
        world.team_first.copy(),
        world.team_members.copy(),
        world.choice.copy(),
        design,
        theory,
        key,
    )


@njit(inline="always")
def start(template, theory, key):
    """A fresh world: a copy of the template's arrays, so that the template can serve the next run."""
    return copied(template, template.design, theory, key)


@allocating
def run_many(template, reference, theories, draws, replicates, seed, years, year_quantiles, degree_quantiles, results):
    """Run a design many times.

    Args:
        template: a :class:`World` with the layout of posts, its design, and empty state.
        reference: a :class:`World` with the posts of the reference staff behind the unit of practice.
        theories: theory records, one for each draw.
        draws: R integers, the draw of each run.
        replicates: R integers, the luck of each run.
        seed: integer, 0..2^32-1.
        years: years to run, 1-10.
        year_quantiles: (2, steps) tabulated quantile functions of experience, of staff and of partners.
        degree_quantiles: (steps) tabulated quantile function of everyday ties.
        results: filled, (R, years + 1, populations, outcomes).
    """
    last_draw = -1
    unit = 1.0
    for r in range(len(draws)):
        theory = theories[draws[r]]
        if draws[r] != last_draw:
            unit = practice_sd(start(reference, theory, (0, 0)), year_quantiles)
            last_draw = draws[r]
        world = start(template, theory, (seed, replicates[r]))
        populate(world, year_quantiles, degree_quantiles)
        run(world, years, unit, results[r])
