"""What is recorded of a world at the start (year 0) and at the end of each year."""

import math

import numpy as np
from pdsim.kernel.compiled import compiled, rule

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


@compiled
def gap(expertise):
    """Mean of the strongest fifth minus mean of the weakest fifth; at least one teacher each."""
    ranked = np.sort(expertise)
    fifth = max(len(ranked) // 5, 1)
    low = high = 0.0
    for k in range(fifth):
        low += ranked[k]
        high += ranked[len(ranked) - 1 - k]
    return (high - low) / fifth


@compiled
def measure(world, year, practice_sd, results):
    """Fill ``results`` (populations x outcomes) with means over teachers, NaN for an empty population.

    Reaction and attendance are means over the reported participants among a population, so "all" is not diluted by
    colleagues who had nothing to rate; without any they are neutral and 0. Partners count in no population.
    "one_school" is the programme's first school as the school itself would see it: with the noise of classes and of
    observed lessons, which the pairing of designs would cancel.
    """
    teachers, theory = world.teachers, world.theory
    outcomes = results.shape[1]
    gap_at = outcomes - 1
    values = np.empty(outcomes)
    expertise = np.empty((4, len(teachers)))
    count = np.zeros(4, np.int64)
    raters = np.zeros(4, np.int64)
    class_noise = class_noise_sd(world.design.pupils_per_class, theory)
    lesson_noise = lesson_noise_sd(world.design.lessons_observed, theory) / practice_sd
    results[:] = 0.0
    for i in range(len(teachers)):
        me = teachers[i]
        if me.in_programme_school == 0:
            continue
        teacher_outcomes(world, i, year, practice_sd, values)
        for p in range(4):
            if p == PARTICIPANTS and me.reported == 0 or p == COLLEAGUES and me.reported == 1:
                continue
            if p == ONE_SCHOOL and me.school != 0:
                continue
            expertise[p, count[p]] = values[gap_at]
            count[p] += 1
            rates = me.offered > 0.0 and me.reported == 1
            raters[p] += rates
            for o in range(outcomes):
                if rates or not (o == 0 or o == 7):
                    results[p, o] += values[o]
            if p == ONE_SCHOOL:
                u, v, _, _ = uniforms(world.key, STREAM_CLASS, year, me.post, 0)
                of_lessons, of_class = normal_pair(u, v)
                results[p, 5] += lesson_noise * of_lessons
                results[p, 6] += class_noise * of_class
    for p in range(4):
        for o in range(outcomes):
            if count[p] == 0:
                results[p, o] = np.nan
            elif o == gap_at:
                results[p, o] = gap(expertise[p, : count[p]])
            elif o == 0 or o == 7:
                nothing = NEUTRAL if o == 0 else 0.0
                results[p, o] = results[p, o] / raters[p] if raters[p] > 0 else nothing
            else:
                results[p, o] /= count[p]
