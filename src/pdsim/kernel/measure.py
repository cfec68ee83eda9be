"""What is recorded of a world at the start (year 0) and at the end of each year."""

import math

import numpy as np

from pdsim.kernel.compiled import allocating, rule
from pdsim.kernel.draws import STREAM_CLASS, normal_pair, uniforms
from pdsim.kernel.pupils import class_noise_sd
from pdsim.kernel.records import WEEKS

# Outcomes, in the order of the columns that the kernel writes. The register of outcomes takes their labels from here.
OUTCOMES = (
    "reaction",
    "insight",
    "technique",
    "organisational_support",
    "use",
    "practice",
    "pupil_attainment",
    "attendance",
    "hours_per_teacher",
    "pounds_per_teacher",
    "pounds_per_pupil",
    "ties_formed",
    "retention",
    "expertise_gap",
)
REACTION, PRACTICE, PUPIL_ATTAINMENT, ATTENDANCE, EXPERTISE_GAP = 0, 5, 6, 7, 13
RATED = (REACTION, ATTENDANCE)  # only those who had sessions to rate have these
POPULATIONS = ("all", "participants", "colleagues", "one_school")
ALL, PARTICIPANTS, COLLEAGUES, ONE_SCHOOL = 0, 1, 2, 3
NEUTRAL = 0.5  # reaction of those who had nothing to rate


@rule
def practice_score(use, craft, theory):
    """Practice as a trained observer would rate it over many lessons, before scaling.

    practice_use x use + practice_craft x craft. Craft is in it because observers see good teaching of any kind.
    """
    return theory.practice_use * use + theory.practice_craft * craft


@rule
def lesson_noise_sd(lessons, theory):
    """SD of a practice score's error over a number of observed lessons: lesson_noise / sqrt(lessons)."""
    return theory.lesson_noise / math.sqrt(lessons)


@rule
def teacher_outcomes(world, i, year, practice_sd, out):
    """Write the 14 outcomes of teacher ``i`` into ``out``, in the order of ``OUTCOMES``, free of measurement noise.

    ``practice_sd`` is the SD of observed practice without programmes. Reaction and attendance are means over the
    programme so far. The gap between teachers is not one teacher's: its place holds expertise.
    """
    me = world.teachers[i]
    use = me.use_usual if year == 0 else me.use_sum / WEEKS
    out[0] = me.reaction / me.attended if me.attended > 0.0 else NEUTRAL
    out[1] = me.insight
    out[2] = me.technique
    out[3] = world.schools[me.school].support
    out[4] = use
    out[5] = practice_score(use, me.craft, world.theory) / practice_sd
    out[6] = me.attainment
    out[7] = me.attended / me.offered if me.offered > 0.0 else 0.0
    out[8] = me.hours
    out[9] = me.pounds
    out[10] = me.pounds / world.design.pupils_per_class
    out[11] = me.ties_formed
    out[12] = 1.0 - me.leaving
    out[13] = math.sqrt(me.insight * me.technique)


@allocating
def gap(expertise):
    """Mean of the strongest fifth minus mean of the weakest fifth; at least one teacher each."""
    ranked = np.sort(expertise)
    fifth = max(len(ranked) // 5, 1)
    low = high = 0.0
    for k in range(fifth):
        low += ranked[k]
        high += ranked[len(ranked) - 1 - k]
    return (high - low) / fifth


@rule
def belongs(me, population):
    """True when a teacher counts in a population; partners and schools that take no part count in none."""
    if me.in_programme_school == 0:
        return False
    if population == PARTICIPANTS:
        return me.reported == 1
    if population == COLLEAGUES:
        return me.reported == 0
    return population == ALL or me.school == 0


@rule
def add_chance(world, i, year, practice_sd, totals):
    """Add to one school's totals what its own records would hold: the noise of observed lessons and of a class."""
    me, theory = world.teachers[i], world.theory
    u, v, _, _ = uniforms(world.key, STREAM_CLASS, year, me.post, 0)
    of_lessons, of_class = normal_pair(u, v)
    totals[PRACTICE] += lesson_noise_sd(world.design.lessons_observed, theory) / practice_sd * of_lessons
    totals[PUPIL_ATTAINMENT] += class_noise_sd(world.design.pupils_per_class, theory) * of_class


@allocating
def measure_population(world, year, practice_sd, population, values, totals):
    """Fill ``totals`` (outcomes) with means over one population; ``values`` (teachers x outcomes) are their outcomes.

    NaN where nobody belongs. Reaction and attendance are means over those who had sessions to rate, so that "all" is
    not diluted by colleagues; where nobody had any they are neutral and 0.
    """
    teachers = world.teachers
    expertise = np.empty(len(teachers))
    count = raters = 0
    totals[:] = 0.0
    for i in range(len(teachers)):
        if not belongs(teachers[i], population):
            continue
        expertise[count] = values[i, EXPERTISE_GAP]
        count += 1
        rated = teachers[i].offered > 0.0 and teachers[i].reported == 1
        raters += rated
        for o in range(len(totals)):
            if rated or o not in RATED:
                totals[o] += values[i, o]
        if population == ONE_SCHOOL:
            add_chance(world, i, year, practice_sd, totals)
    for o in range(len(totals)):
        totals[o] = totals[o] / count if count > 0 else np.nan
    if count == 0:
        return
    totals[EXPERTISE_GAP] = gap(expertise[:count])
    totals[REACTION] = totals[REACTION] * count / raters if raters > 0 else NEUTRAL
    totals[ATTENDANCE] = totals[ATTENDANCE] * count / raters if raters > 0 else 0.0


@allocating
def measure(world, year, practice_sd, results):
    """Fill ``results`` (populations x outcomes) with means over teachers, in the orders of the lists above.

    "one_school" is the programme's first school as the school itself would see it: with the noise of classes and of
    observed lessons, which the pairing of designs would cancel.
    """
    values = np.empty((len(world.teachers), results.shape[1]))
    for i in range(len(world.teachers)):
        if world.teachers[i].in_programme_school == 1:
            teacher_outcomes(world, i, year, practice_sd, values[i])
    for population in range(results.shape[0]):
        measure_population(world, year, practice_sd, population, values, results[population])
