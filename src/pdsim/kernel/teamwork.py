"""Step 2.4, teamwork: what team-mates who came do to each other in the hours together."""

import math

from pdsim.kernel.advice import apply_changes
from pdsim.kernel.compiled import compiled, rule
from pdsim.kernel.draws import STREAM_LASTING, uniform
from pdsim.kernel.learning import clip, discerned, gain, share_moved
from pdsim.kernel.records import KNOWLEDGE, NOBODY
from pdsim.kernel.session import missed_by_led, team_of


@rule
def exchange(world, i, first, last, hours):
    """Note what teacher ``i`` takes from team-mates: insight, technique and the norm of use.

    A state moves by s x (the best team-mate's lead) + abs(s) x (the mean of those behind, discerned), s being
    share_moved(strength x hours): exchange of negative strength (groupthink) raises nobody. The norm moves towards
    the team's mean use: high or low (*assumption*; contrived collegiality and groupthink have no published effect
    size, Hargreaves 1994, Little 1990).

    Returns:
        Number of team-mates who came.
    """
    teachers, design, theory = world.teachers, world.design, world.theory
    me = teachers[i]
    best_insight = best_technique = worst_insight = worst_technique = use = 0.0
    mates = 0
    for m in range(first, last):
        j = world.team_members[m]
        if j == i or teachers[j].present == 0:
            continue
        mates += 1
        insight = discerned(teachers[j].insight - me.insight, theory.discernment)
        technique = discerned(teachers[j].technique - me.technique, theory.discernment)
        best_insight = max(best_insight, insight)
        best_technique = max(best_technique, technique)
        worst_insight += min(insight, 0.0)
        worst_technique += min(technique, 0.0)
        use += teachers[j].use
    if mates == 0:
        return 0
    insight_moved = share_moved(design.insight_exchange * theory.exchange_insight * hours)
    technique_moved = share_moved(design.technique_exchange * theory.exchange_technique * hours)
    me.insight_change += insight_moved * best_insight + abs(insight_moved) * worst_insight / mates
    me.technique_change += technique_moved * best_technique + abs(technique_moved) * worst_technique / mates
    me.norm = clip(me.norm + design.norms * theory.norm_strength * hours * (use / mates - me.use), -1.0, 1.0)
    return mates


@rule
def talk(world, i, matter, hours):
    """Talk deepens the content: insight gains where there is matter to talk about, and nothing where there is none.

    ``matter`` (0-1) is the intensity of the mechanisms that build knowledge, as led by the facilitator.
    """
    me, design, theory = world.teachers[i], world.design, world.theory
    amount = design.insight_exchange * theory.talk_deepens * design.content * design.fidelity * matter * hours
    me.insight = gain(me.insight, amount)


@rule
def enjoy_company(world, i, hours):
    """Company moves motivation, up for the sociable, down for those who would rather be left alone."""
    me = world.teachers[i]
    amount = world.design.palatability * world.theory.company_motivation * hours * me.sociability
    me.motivation = gain(me.motivation, amount)


@rule
def is_adviser(world, i, j):
    """True when teacher ``i`` turns to ``j`` already."""
    for k in range(world.teachers[i].ties):
        if world.advisers[i, k] == j:
            return True
    return False


@rule
def add_tie(world, i, j, lasting):
    """Let ``i`` turn to ``j`` from now on; False when ``i`` has no place left for another adviser."""
    k = world.teachers[i].ties
    if k == world.advisers.shape[1]:
        return False
    world.advisers[i, k] = j
    world.tie_weight[i, k] = 1.0
    world.tie_lasting[i, k] = lasting
    world.teachers[i].ties += 1
    world.teachers[j].advice_given += 1
    return True


@rule
def befriend(world, week, i, first, last, hours):
    """Each present team-mate may become a lasting adviser, with chance 1 - exp(-lasting_tie_rate x hours)."""
    design, theory, teachers = world.design, world.theory, world.teachers
    chance = design.lasting_ties * (1.0 - math.exp(-theory.lasting_tie_rate * hours))
    if chance <= 0.0:
        return
    for m in range(first, last):
        j = world.team_members[m]
        if j == i or teachers[j].present == 0 or is_adviser(world, i, j):
            continue
        met = uniform(world.key, STREAM_LASTING, week, teachers[i].post, teachers[j].post) < chance
        if met and add_tie(world, i, j, 1):
            teachers[i].ties_formed += 1.0


@compiled
def teamwork(world, week):
    """All teams work together on the states they came with; then all change at once."""
    teachers = world.teachers
    for i in range(len(teachers)):
        if teachers[i].present == 0 or teachers[i].team == NOBODY:
            continue
        hours = teachers[i].together_hours
        first, last = team_of(world, i)
        if hours <= 0.0 or exchange(world, i, first, last, hours) == 0:
            continue
        befriend(world, week, i, first, last, hours)
        world.schools[teachers[i].school].joint_work += hours / world.schools[teachers[i].school].staff
    matter = 1.0 - missed_by_led(world.design, world.theory, KNOWLEDGE, world.design.facilitator)
    for i in range(len(teachers)):
        if teachers[i].present == 1:
            apply_changes(teachers, i)
            if worked_together(world, i):
                talk(world, i, matter, teachers[i].together_hours)
                enjoy_company(world, i, teachers[i].together_hours)


@rule
def worked_together(world, i):
    """True when at least one team-mate of ``i`` came."""
    first, last = team_of(world, i)
    for m in range(first, last):
        if world.team_members[m] != i and world.teachers[world.team_members[m]].present == 1:
            return True
    return False
