"""Experience and craft, leavers and newcomers."""

import math

from pdsim.kernel.advice import tie_value
from pdsim.kernel.compiled import compiled, rule
from pdsim.kernel.draws import STREAM_LEAVE, uniform
from pdsim.kernel.learning import clip
from pdsim.kernel.staff import appoint, craft_grown, usual_use

CAREER = 40.0  # years after which everybody retires
SUPPORT_USUAL = 0.5


@rule
def craft_pull(world, i):
    """What advisers' craft is worth to teacher ``i``: the best one's lead plus the mean of those behind, discerned."""
    teachers, advisers = world.teachers, world.advisers
    best = worst = 0.0
    for k in range(teachers[i].ties):
        j = advisers[i, k]
        weight = world.tie_weight[i, k]
        if world.tie_lasting[i, k] == 1:
            weight *= world.theory.lasting_tie_strength
        value = tie_value(weight, teachers[j].craft - teachers[i].craft, world.theory.discernment)
        best = max(best, value)
        worst += min(value, 0.0)
    return best + worst / max(teachers[i].ties, 1)


@rule
def craft_growth(years, support, pull_beyond_usual, theory):
    """Growth of craft in the coming year, SD between teachers.

    (growth with experience) x (1 + craft_support (support - 0.5)) + craft_spillover x (pull beyond that of the
    colleagues met on arrival).
    Growth is steep in the first five years (Papay and Kraft 2015), faster in supportive schools (Kraft and Papay
    2014) and beside better colleagues (Jackson and Bruegmann 2009).
    """
    growth = craft_grown(years + 1.0, theory) - craft_grown(years, theory)
    environment = 1.0 + theory.craft_support * (support - SUPPORT_USUAL)
    return growth * environment + theory.craft_spillover * pull_beyond_usual


@compiled
def grow(world):
    """A year of experience for all: craft grows by this year's colleagues, then years count on."""
    teachers = world.teachers
    for i in range(len(teachers)):
        me = teachers[i]
        school = world.schools[me.school]
        pull = craft_pull(world, i) - me.craft_pull_usual
        me.insight_change = craft_growth(me.years, school.support, pull, world.theory)
    for i in range(len(teachers)):
        me = teachers[i]
        me.craft += me.insight_change
        me.insight_change = 0.0
        me.years += 1.0


@rule
def leaving_chance(me, support, turnover, theory):
    """Chance to leave at the end of a year, higher where motivation and support are low.

    turnover x exp(-leave_motivation (motivation - motivation_mean) - leave_support (support - 0.5)), at most 1; certain
    after a career of 40 years.
    """
    if me.years >= CAREER:
        return 1.0
    pull = theory.leave_motivation * (me.motivation - theory.motivation_mean)
    pull += theory.leave_support * (support - SUPPORT_USUAL)
    return clip(turnover * math.exp(-pull), 0.0, 1.0)


@compiled
def decide_leavers(world, year):
    """Mark who leaves at the end of this year."""
    teachers = world.teachers
    for i in range(len(teachers)):
        me = teachers[i]
        chance = leaving_chance(me, world.schools[me.school].support, world.design.turnover, world.theory)
        me.leaving = 1 if uniform(world.key, STREAM_LEAVE, year, me.post, 0) < chance else 0


@compiled
def replace_leavers(world, year):
    """A newcomer to teaching takes each leaver's post, team seat and arm, at the newcomer's own usual levels."""
    teachers = world.teachers
    for i in range(len(teachers)):
        if teachers[i].leaving == 1:
            appoint(world, i, year, 0.0)
            usual_use(world, i)
            teachers[i].leaving = 0
