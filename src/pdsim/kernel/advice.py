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
def news(weight, gap, usual_gap, lasting, theory):
    """What a tie brings beyond the usual: (help, harm), of which help counts from the best tie and harm from all.

    Flows of advice are taken relative to what the tie is worth when both are at their usual level, so that a world
    without programmes stands still. A lasting tie made by a programme is new altogether, and weighs
    ``lasting_tie_strength`` times as much.
    """
    if lasting == 1:
        value = tie_value(weight * theory.lasting_tie_strength, gap, theory.discernment)
        return max(value, 0.0), min(value, 0.0)
    value = tie_value(weight, gap, theory.discernment)
    usual = tie_value(weight, usual_gap, theory.discernment)
    return max(value, 0.0) - max(usual, 0.0), min(value, 0.0) - min(usual, 0.0)


@rule
def seek_advice(world, i):
    """Teacher ``i`` asks: note the change of insight and technique that this week's advice brings.

    change = advice_rate everyday_advice (help of the best tie, at least 0, + mean harm). One much better colleague
    counts in full: a mean of ties would make that colleague worth too little (Sun, Loeb and Grissom 2017). The best
    adviser learns a little by helping: ``helping`` times what is gained.
    """
    teachers, theory = world.teachers, world.theory
    me = teachers[i]
    if me.ties == 0:
        return
    best_insight = best_technique = harm_insight = harm_technique = 0.0
    insight_adviser = technique_adviser = NOBODY
    for k in range(me.ties):
        j = world.advisers[i, k]
        you, weight, lasting = teachers[j], world.tie_weight[i, k], world.tie_lasting[i, k]
        usual = you.insight_usual - me.insight_usual
        insight, harm = news(weight, you.insight - me.insight, usual, lasting, theory)
        harm_insight += harm
        usual = you.technique_usual - me.technique_usual
        technique, harm = news(weight, you.technique - me.technique, usual, lasting, theory)
        harm_technique += harm
        if insight > best_insight:
            best_insight, insight_adviser = insight, j
        if technique > best_technique:
            best_technique, technique_adviser = technique, j
    rate = theory.advice_rate * world.design.everyday_advice
    insight_gain = rate * (best_insight + harm_insight / me.ties)
    technique_gain = rate * (best_technique + harm_technique / me.ties)
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
