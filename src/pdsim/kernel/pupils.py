"""Guskey level 5: what a year with this teacher is worth to pupils, and how the gain fades when they move on."""

import math

from pdsim.kernel.compiled import rule
from pdsim.kernel.records import WEEKS

LESSON_HOURS = 22.0 * WEEKS  # hours a full-time teacher teaches in a year


@rule
def class_gain(craft, use, value, lesson_hours_lost, theory):
    """Teacher effect on a class in a year, pupil SD.

    craft_effect x craft + use_effect x value x use - year_gain x (lesson hours lost) / (lesson hours in a year).
    ``use`` is the year's mean. Hours lost cost the growth that pupils make in that time.
    """
    lost = theory.year_gain * lesson_hours_lost / LESSON_HOURS
    return theory.craft_effect * craft + theory.use_effect * value * use - lost


@rule
def class_noise_sd(pupils, theory):
    """SD of a class mean that has nothing to do with the teacher: sqrt(pupil_noise^2 / pupils + class_noise^2).

    Analytic, so no pupil is simulated.
    """
    return math.sqrt(theory.pupil_noise * theory.pupil_noise / pupils + theory.class_noise * theory.class_noise)


@rule
def carried_over(carried, gain_beyond_usual, theory):
    """Gain that pupils bring to next year: persistence x (what they brought + what this year added beyond the usual).

    About a fifth to a third of a teacher-made gain is left a year later (Jacob, Lefgren and Sims 2010).
    """
    return theory.persistence * (carried + gain_beyond_usual)


@rule
def teach(world, i, use, lesson_hours_lost):
    """Write the attainment of teacher ``i``'s class: this year's gain plus what pupils carry from last year's class."""
    me = world.teachers[i]
    gain = class_gain(me.craft, use, world.design.value, lesson_hours_lost, world.theory)
    me.attainment = gain + world.schools[me.school].carried


@rule
def school_gain(world, s):
    """Mean of this year's class gains in school ``s``, without what pupils carried in."""
    school = world.schools[s]
    total = 0.0
    for i in range(school.first, school.first + school.staff):
        total += world.teachers[i].attainment
    return total / school.staff - school.carried
