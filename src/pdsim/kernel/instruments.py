"""What a school itself would measure: form, quiz, survey, observed lessons and class tests, each with its noise."""

import math

import numpy as np

from pdsim.kernel.compiled import allocating, rule
from pdsim.kernel.draws import STREAM_CLASS, STREAM_INSTRUMENT, STREAM_LESSON, normal, normal_pair, uniforms
from pdsim.kernel.learning import clip
from pdsim.kernel.measure import OUTCOMES, POPULATIONS, RATED, belongs, lesson_noise_sd, teacher_outcomes
from pdsim.kernel.pupils import class_noise_sd
from pdsim.kernel.run import live_year, populate, practice_sd, run, start
from pdsim.kernel.session import team_of
from pdsim.kernel.year import open_year

# Instruments, one for each of Guskey's levels 1 to 5, in the order of the columns that are written here.
INSTRUMENTS = ("feedback form", "quiz", "support survey", "practice observations", "class tests")
FORM, QUIZ, SURVEY, OBSERVATIONS, CLASS_TESTS = 0, 1, 2, 3, 4
BEFORE, AFTER = 0, 1  # moments: before the programme, and at the end of the last year

# What is noted of each teacher beside outcomes: the populations to which the post belongs, and standing in the team.
MARKS = ("all", "participants", "colleagues", "expertise_in_team", "experience_in_team")
EXPERTISE_IN_TEAM, EXPERIENCE_IN_TEAM = 3, 4

_REACTION, _INSIGHT = OUTCOMES.index("reaction"), OUTCOMES.index("insight")
_SUPPORT, _PRACTICE = OUTCOMES.index("organisational_support"), OUTCOMES.index("practice")
_ATTAINMENT = OUTCOMES.index("pupil_attainment")


@rule
def on_form(reaction):
    """A reaction (0-1) on the scale of a feedback form: 1 + 4 x reaction, 1-5 before rounding."""
    return 1.0 + 4.0 * reaction


@rule
def rating(reaction, error):
    """Whole points 1 to 5 that a teacher ticks: reaction plus ``error`` (0-1 units) on the form's scale, rounded."""
    return clip(float(math.floor(on_form(reaction + error) + 0.5)), 1.0, 5.0)


@allocating
def read_teacher(world, i, year, unit, seen, true):
    """One teacher's reading on every instrument: ``seen`` with noise, ``true`` without, five entries each.

    The form is on its scale 1-5 and NaN for those who came to no session, quiz and survey are 0-1, observed practice
    is in ``unit`` (the SD of practice), the class test in pupil SD. Errors have the SDs ``rating_noise``,
    ``quiz_noise``, ``survey_noise``, lesson_noise / sqrt(lessons observed), and that of a class mean, whose luck is
    the same as in ``measure``.
    """
    me, theory, design, key = world.teachers[i], world.theory, world.design, world.key
    outcomes = np.empty(len(OUTCOMES))
    teacher_outcomes(world, i, year, unit, outcomes)
    u0, u1, u2, u3 = uniforms(key, STREAM_INSTRUMENT, year, me.post, 0)
    of_rating, of_quiz = normal_pair(u0, u1)
    of_survey, _ = normal_pair(u2, u3)
    of_lessons = normal(key, STREAM_LESSON, year, me.post, 0)
    u4, u5, _, _ = uniforms(key, STREAM_CLASS, year, me.post, 0)
    _, of_class = normal_pair(u4, u5)
    true[FORM] = seen[FORM] = np.nan
    if me.attended > 0.0:
        true[FORM] = on_form(outcomes[_REACTION])
        seen[FORM] = rating(outcomes[_REACTION], theory.rating_noise * of_rating)
    true[QUIZ] = outcomes[_INSIGHT]
    seen[QUIZ] = true[QUIZ] + theory.quiz_noise * of_quiz
    true[SURVEY] = outcomes[_SUPPORT]
    seen[SURVEY] = true[SURVEY] + theory.survey_noise * of_survey
    true[OBSERVATIONS] = outcomes[_PRACTICE]
    lesson_noise = lesson_noise_sd(design.lessons_observed, theory) / unit
    seen[OBSERVATIONS] = true[OBSERVATIONS] + lesson_noise * of_lessons
    true[CLASS_TESTS] = outcomes[_ATTAINMENT]
    seen[CLASS_TESTS] = true[CLASS_TESTS] + class_noise_sd(design.pupils_per_class, theory) * of_class


@allocating
def read_school(world, year, unit, seen, true):
    """Readings of all teachers of the programme's first school; ``seen`` and ``true`` are (teachers, instruments)."""
    school = world.schools[0]
    for place in range(school.staff):
        read_teacher(world, school.first + place, year, unit, seen[place], true[place])


@allocating
def read_many(
    template,
    reference,
    theories,
    draws,
    replicates,
    seed,
    years,
    year_quantiles,
    degree_quantiles,
    seen,
    true,
    took_part,
):
    """Run a design many times and read the first school's instruments before the programme and after the last year.

    Args:
        template: as in :func:`pdsim.kernel.run.run_many`, with the same numbers in every run; so are the next eight.
        reference: posts of the reference staff.
        theories: theory records.
        draws: R integers, the draw of each run.
        replicates: R integers, the luck of each run.
        seed: integer, 0..2^32-1.
        years: years to run, 1-10.
        year_quantiles: quantile functions of experience.
        degree_quantiles: quantile function of everyday ties.
        seen: filled, (R, 2 moments, teachers of the first school, instruments): readings with their noise.
        true: filled, the same without noise.
        took_part: filled, (R, teachers): 1 for those who take part in the design that is reported.
    """
    last_draw = -1
    unit = 1.0
    outcomes = np.empty((years + 1, len(POPULATIONS), len(OUTCOMES)))
    for r in range(len(draws)):
        theory = theories[draws[r]]
        if draws[r] != last_draw:
            unit = practice_sd(start(reference, theory, (0, 0)), year_quantiles)
            last_draw = draws[r]
        world = start(template, theory, (seed, replicates[r]))
        populate(world, year_quantiles, degree_quantiles)
        for place in range(took_part.shape[1]):
            took_part[r, place] = world.teachers[world.schools[0].first + place].reported
        read_school(world, 0, unit, seen[r, BEFORE], true[r, BEFORE])
        run(world, years, unit, outcomes)
        read_school(world, years, unit, seen[r, AFTER], true[r, AFTER])


@rule
def mark_teacher(world, i, marks):
    """Write teacher ``i``'s marks: 1 for each population to which the post belongs, and its standing in the team.

    Standing is the lead over the team's mean in expertise (insight plus technique, by which pairs are made too) and in
    years of experience; 0 without a team.
    """
    teachers = world.teachers
    me = teachers[i]
    for population in range(EXPERTISE_IN_TEAM):
        marks[population] = 1.0 if belongs(me, population) else 0.0
    marks[EXPERTISE_IN_TEAM] = marks[EXPERIENCE_IN_TEAM] = 0.0
    first, last = team_of(world, i)
    for m in range(first, last):
        mate = teachers[world.team_members[m]]
        lead = me.insight + me.technique - mate.insight - mate.technique
        marks[EXPERTISE_IN_TEAM] += lead / (last - first)
        marks[EXPERIENCE_IN_TEAM] += (me.years - mate.years) / (last - first)


@allocating
def note_year(world, year, unit, outcomes):
    """All teachers' outcomes at the end of a year, (teachers, outcomes); NaN for ratings of what was never offered."""
    for i in range(len(world.teachers)):
        teacher_outcomes(world, i, year, unit, outcomes[i])
        if world.teachers[i].offered == 0.0:
            for rated in RATED:
                outcomes[i, rated] = np.nan


@allocating
def follow_many(
    template, reference, theories, draws, replicates, seed, year_quantiles, degree_quantiles, outcomes, marks
):
    """Run a design many times and note every teacher's true outcomes, without the noise of instruments.

    Args:
        template: as in :func:`pdsim.kernel.run.run_many`, with the same numbers in every run; so are the next five.
        reference: posts of the reference staff.
        theories: theory records.
        draws: R integers, the draw of each run.
        replicates: R integers, the luck of each run.
        seed: integer, 0..2^32-1.
        year_quantiles: quantile functions of experience.
        degree_quantiles: quantile function of everyday ties.
        outcomes: filled, (R, years, teachers, outcomes) at the end of each year, in the order of ``OUTCOMES``;
            expertise stands in the place of its gap.
        marks: filled, (R, teachers, marks) at the start, in the order of ``MARKS``.
    """
    years = outcomes.shape[1]
    last_draw = -1
    unit = 1.0
    for r in range(len(draws)):
        theory = theories[draws[r]]
        if draws[r] != last_draw:
            unit = practice_sd(start(reference, theory, (0, 0)), year_quantiles)
            last_draw = draws[r]
        world = start(template, theory, (seed, replicates[r]))
        populate(world, year_quantiles, degree_quantiles)
        for i in range(len(world.teachers)):
            mark_teacher(world, i, marks[r, i])
        for year in range(1, years + 1):
            live_year(world, year)
            note_year(world, year, unit, outcomes[r, year - 1])
            if year < years:
                open_year(world, year)
