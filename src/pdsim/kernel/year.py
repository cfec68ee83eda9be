"""The end of a year and the summer, in order: the list that the ODD gives under "Process overview"."""

from pdsim.kernel.careers import craft_pull, decide_leavers, grow, replace_leavers
from pdsim.kernel.classroom import summer
from pdsim.kernel.compiled import compiled
from pdsim.kernel.network import lapse_ties, renew_ties, running_popularity
from pdsim.kernel.pupils import carried_over, school_gain, teach
from pdsim.kernel.records import WEEKS


@compiled
def close_year(world, year):
    """End of teaching year ``year`` (1, 2, ...): the pupils' test, a year of experience, who will leave."""
    teachers = world.teachers
    for i in range(len(teachers)):  # 5  pupils
        teach(world, i, teachers[i].use_sum / WEEKS, teachers[i].lessons_lost)
    grow(world)  # 6  experience and craft
    decide_leavers(world, year)  # 7  leavers


@compiled
def open_year(world, year):
    """Summer between year ``year`` and the next: pupils move on, newcomers come, ties lapse and form, all forget."""
    teachers = world.teachers
    for s in range(len(world.schools)):  # 8  pupils carry a part of their gain with them
        school = world.schools[s]
        beyond = school_gain(world, s) - school.attainment_usual
        school.carried = carried_over(school.carried, beyond, world.theory)
    summer(world)  # 9  forgetting
    lapse_ties(world, year)  # 10 ties lapse, those of leavers first
    replace_leavers(world, year)  # 11 newcomers
    for s in range(len(world.schools)):
        running_popularity(world, s)
    renew_ties(world, year)  # 12 ties form
    for i in range(len(teachers)):
        if teachers[i].arrival == year:
            teachers[i].craft_pull_usual = craft_pull(world, i)
        teachers[i].use_sum = 0.0
        teachers[i].lessons_lost = 0.0
