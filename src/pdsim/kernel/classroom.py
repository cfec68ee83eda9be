"""Step 3, the classroom: a teacher uses the practice, and use and time change habit, technique and motivation."""

import math

from pdsim.kernel.compiled import compiled, rule
from pdsim.kernel.learning import clip, weekly_loss
from pdsim.kernel.records import SUMMER, WEEKS


@rule
def quality_of_use(insight, technique):
    """Quality with which the practice is carried out: the geometric mean of insight and technique."""
    return math.sqrt(insight * technique)


@rule
def weekly_use(habit, motivation, support, time, norm, insight, technique):
    """Use of the practice in a week, 0-1.

    (habit + (1 - habit) drive) x sqrt(insight x technique), with drive = motivation x support x time + norm, held in
    0-1. Habit needs no deciding; where it is lacking, motivation, support and time add. Effort and the scale of use
    cannot be told apart by any observation, so effort is fixed at 1.
    """
    drive = clip(motivation * support * time + norm, 0.0, 1.0)
    return (habit + (1.0 - habit) * drive) * quality_of_use(insight, technique)


@rule
def time_left(design, theory, load):
    """Share of a teacher's spare time that professional development leaves: 1 - (background + load) / slack_hours."""
    return clip(1.0 - (design.background_hours / WEEKS + load) / theory.slack_hours, 0.0, 1.0)


@rule
def habit_goal(habit_usual, use, use_usual):
    """Habit that a steady ``use`` leads to: 1 at full use, the usual habit at usual use, 0 at none, linear between."""
    if use >= use_usual:
        return habit_usual + (1.0 - habit_usual) * (use - use_usual) / (1.0 - use_usual)
    return habit_usual * use / use_usual


@rule
def habit_after(habit, goal, forming, fading):
    """Habit a week later: an asymptotic approach to its goal (Lally et al. 2010), an implicit step.

    rate / (1 + rate) of the way, with rate ``forming`` upwards and ``fading`` downwards, so that no rate can overshoot.
    Because a goal rises by less than the habit that raises use, the usual habit is stable: a small push dies out.
    """
    rate = forming if goal > habit else fading
    return habit + rate / (1.0 + rate) * (goal - habit)


@rule
def practise(me, theory, habit_loss):
    """Use strengthens habit, faster while prompts run; use with insight strengthens technique.

    ``habit_loss`` is the share of habit that fades in a week where use no longer supports it.
    """
    goal = habit_goal(me.habit_usual, me.use, me.use_usual)
    forming = theory.habit_rate * me.habit_pace * (1.0 + theory.prompts_strength * me.prompts)
    me.habit = habit_after(me.habit, goal, forming, habit_loss)
    ahead = me.use * max(me.insight - me.technique, 0.0)
    ahead_usual = me.use_usual * max(me.insight_usual - me.technique_usual, 0.0)
    me.technique = clip(me.technique + theory.practice_rate * (ahead - ahead_usual), 0.0, 1.0)


@rule
def fade(me, theory, insight_loss, technique_loss):
    """What is not used fades towards the usual level; use protects what is above it. Losses are shares, 0-1."""
    unused = 1.0 - theory.use_protects * me.use
    above = me.insight > me.insight_usual
    me.insight -= insight_loss * (unused if above else 1.0) * (me.insight - me.insight_usual)
    above = me.technique > me.technique_usual
    me.technique -= technique_loss * (unused if above else 1.0) * (me.technique - me.technique_usual)


@rule
def settle(me, motivation_loss, norm_loss, prompts_loss):
    """Motivation returns to its usual level; felt norms and prompts run out. Losses are shares, 0-1."""
    me.motivation -= motivation_loss * (me.motivation - me.motivation_usual)
    me.norm -= norm_loss * me.norm
    me.prompts -= prompts_loss * me.prompts


@rule
def hold_motivation(me):
    """Note the motivation behind this week's use; in a clamped run take it from the run that is replayed."""
    if me.held == 1:
        me.motivation = me.held_motivation
    else:
        me.held_motivation = me.motivation


@compiled
def classroom(world):
    """One week in all classrooms."""
    design, theory, teachers = world.design, world.theory, world.teachers
    insight_loss = weekly_loss(theory.insight_half_life)
    technique_loss = weekly_loss(theory.technique_half_life)
    habit_loss = weekly_loss(theory.habit_half_life)
    motivation_loss = weekly_loss(theory.motivation_half_life)
    norm_loss = weekly_loss(theory.norm_half_life)
    prompts_loss = weekly_loss(theory.prompts_half_life)
    for i in range(len(teachers)):
        me = teachers[i]
        time = time_left(design, theory, me.load)
        me.load = 0.0
        support = world.schools[me.school].support
        hold_motivation(me)
        me.use = weekly_use(me.habit, me.motivation, support, time, me.norm, me.insight, me.technique)
        me.use_sum += me.use
        practise(me, theory, habit_loss)
        fade(me, theory, insight_loss, technique_loss)
        settle(me, motivation_loss, norm_loss, prompts_loss)


@compiled
def summer(world):
    """Thirteen weeks without lessons: forgetting goes on, habits fade, prompts and norms run out."""
    theory, teachers = world.theory, world.teachers
    insight_loss = summer_loss(theory.insight_half_life)
    technique_loss = summer_loss(theory.technique_half_life)
    habit_loss = summer_loss(theory.habit_half_life)
    motivation_loss = summer_loss(theory.motivation_half_life)
    norm_loss = summer_loss(theory.norm_half_life)
    prompts_loss = summer_loss(theory.prompts_half_life)
    for i in range(len(teachers)):
        me = teachers[i]
        me.insight -= insight_loss * (me.insight - me.insight_usual)
        me.technique -= technique_loss * (me.technique - me.technique_usual)
        me.habit -= habit_loss * (me.habit - me.habit_usual)
        settle(me, motivation_loss, norm_loss, prompts_loss)


@rule
def summer_loss(half_life):
    """Share of a deviation that fades over the summer, for a half-life in weeks."""
    return 1.0 - math.exp(-math.log(2.0) * SUMMER / half_life)
