"""Step 1, advice: teachers learn from the colleagues they turn to."""

from pdsim.kernel.compiled import compiled, rule
from pdsim.kernel.learning import clip, discerned
from pdsim.kernel.records import NOBODY


@rule
def tie_value(weight, gap, discernment):
    """What an advice tie of a weight (below 0: it misleads) is worth when the adviser stands ``gap`` above."""
    if gap >= 0.0:
        return weight * gap
    return abs(weight) * discerned(gap, discernment)


@rule
def usual_pulls(world, i):
    """Remember what everyday advice to teacher ``i`` is worth when everybody is at their usual level.

    Flows of advice are taken relative to this, so that a world without programmes stands still. Lasting ties made by
    a programme do not count: what they bring is new.
    """
    teachers, advisers, weight = world.teachers, world.advisers, world.tie_weight
    me = teachers[i]
    discernment = world.theory.discernment
    best_insight = best_technique = worst_insight = worst_technique = 0.0
    for k in range(me.ties):
        j = advisers[i, k]
        if world.tie_lasting[i, k] == 1:
            continue
        insight = tie_value(weight[i, k], teachers[j].insight_usual - me.insight_usual, discernment)
        technique = tie_value(weight[i, k], teachers[j].technique_usual - me.technique_usual, discernment)
        best_insight = max(best_insight, insight)
        best_technique = max(best_technique, technique)
        worst_insight += min(insight, 0.0)
        worst_technique += min(technique, 0.0)
    ties = max(me.ties, 1)
    me.insight_pull_usual = best_insight + worst_insight / ties
    me.technique_pull_usual = best_technique + worst_technique / ties


@rule
def seek_advice(world, i):
    """Teacher ``i`` asks: note the change of insight and technique that this week's advice brings.

    change = advice_rate everyday_advice (pull - pull_usual), where pull is the best adviser's worth plus the mean of
    the harmful ones. One much better colleague counts in full: a mean of ties would make that colleague worth too
    little (Sun, Loeb and Grissom 2017). The best adviser learns a little by helping: ``helping`` times what is gained.
    """
    teachers, advisers, weight, theory = world.teachers, world.advisers, world.tie_weight, world.theory
    me = teachers[i]
    best_insight = best_technique = worst_insight = worst_technique = 0.0
    insight_adviser = technique_adviser = NOBODY
    for k in range(me.ties):
        j = advisers[i, k]
        w = weight[i, k]
        if world.tie_lasting[i, k] == 1:
            w *= theory.lasting_tie_strength
        insight = tie_value(w, teachers[j].insight - me.insight, theory.discernment)
        technique = tie_value(w, teachers[j].technique - me.technique, theory.discernment)
        if insight > best_insight:
            best_insight, insight_adviser = insight, j
        if technique > best_technique:
            best_technique, technique_adviser = technique, j
        worst_insight += min(insight, 0.0)
        worst_technique += min(technique, 0.0)
    if me.ties == 0:
        return
    rate = theory.advice_rate * world.design.everyday_advice
    insight_gain = rate * (best_insight + worst_insight / me.ties - me.insight_pull_usual)
    technique_gain = rate * (best_technique + worst_technique / me.ties - me.technique_pull_usual)
    me.insight_change += insight_gain
    me.technique_change += technique_gain
    if insight_gain > 0.0 and insight_adviser != NOBODY:
        teachers[insight_adviser].insight_change += theory.helping * insight_gain
    if technique_gain > 0.0 and technique_adviser != NOBODY:
        teachers[technique_adviser].technique_change += theory.helping * technique_gain


@rule
def apply_changes(teachers, i):
    """Apply and clear what a step has noted for teacher ``i``; noting first makes the order of teachers irrelevant."""
    me = teachers[i]
    me.insight = clip(me.insight + me.insight_change, 0.0, 1.0)
    me.technique = clip(me.technique + me.technique_change, 0.0, 1.0)
    me.insight_change = 0.0
    me.technique_change = 0.0


@compiled
def advice(world):
    """Everybody seeks advice on this week's states; then all change at once."""
    for i in range(len(world.teachers)):
        seek_advice(world, i)
    for i in range(len(world.teachers)):
        apply_changes(world.teachers, i)
