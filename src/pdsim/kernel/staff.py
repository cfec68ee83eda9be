"""Who holds a post: traits, usual levels, experience and craft of the first holder and of newcomers."""

import math

from pdsim.kernel.classroom import time_left, weekly_use
from pdsim.kernel.compiled import compiled, rule
from pdsim.kernel.draws import STREAM_TEACHER, STREAM_YEARS, normal_pair, uniform, uniforms
from pdsim.kernel.learning import clip


@rule
def interpolate(table, u):
    """Value at ``u`` (0-1) of a quantile function tabulated at equal steps of probability, linear in between."""
    place = u * (len(table) - 1)
    below = min(int(place), len(table) - 2)
    return table[below] + (place - below) * (table[below + 1] - table[below])


@rule
def craft_grown(years, theory):
    """Craft that ``years`` of experience have brought, SD between teachers.

    experience_return x (s (1 - exp(-years / experience_pace)) + (1 - s) min(years, 30) / 30), s = experience_early:
    steep at first, slow growth over the whole career (Papay and Kraft 2015).
    """
    early = 1.0 - math.exp(-years / theory.experience_pace)
    late = min(years, 30.0) / 30.0
    return theory.experience_return * (theory.experience_early * early + (1.0 - theory.experience_early) * late)


@compiled
def appoint(world, i, year, years_of_experience):
    """Give the post in row ``i`` to a teacher drawn for ``year`` who brings ``years_of_experience``.

    Insight and technique share ``expertise_overlap`` of their variance; craft and experience are drawn apart from
    them, so expertise in the practice, experience and effectiveness vary separately.
    """
    me, design, theory, key = world.teachers[i], world.design, world.theory, world.key
    expertise, expert_share = design.expertise, design.expert_share
    if me.partner == 1:
        expertise, expert_share = design.partner_expertise, design.partner_expert_share
    u0, u1, u2, u3 = uniforms(key, STREAM_TEACHER, year, me.post, 0)
    shared, own_insight = normal_pair(u0, u1)
    own_technique, taste = normal_pair(u2, u3)
    u4, u5, u6, u7 = uniforms(key, STREAM_TEACHER, year, me.post, 1)
    motivation, habit = normal_pair(u4, u5)
    sociability, pace = normal_pair(u6, u7)
    u8, u9, u10, _ = uniforms(key, STREAM_TEACHER, year, me.post, 2)
    talent, popularity = normal_pair(u8, u9)
    level = design.expert_level if u10 < expert_share else expertise
    common, apart = math.sqrt(theory.expertise_overlap), math.sqrt(1.0 - theory.expertise_overlap)
    spread = design.expertise_spread
    me.insight_usual = clip(level + spread * (common * shared + apart * own_insight), 0.02, 0.98)
    me.technique_usual = clip(level + spread * (common * shared + apart * own_technique), 0.02, 0.98)
    me.motivation_usual = clip(theory.motivation_mean + theory.motivation_spread * motivation, 0.02, 0.98)
    me.habit_usual = clip(theory.habit_mean + theory.habit_spread * habit, 0.02, 0.98)
    me.sociability = theory.sociability_mean + theory.sociability_spread * sociability
    me.taste = theory.taste_spread * taste
    me.habit_pace = math.exp(theory.habit_pace_spread * pace)
    me.popularity = math.exp(
        theory.popularity_spread * popularity + theory.popularity_expertise * (me.insight_usual - expertise)
    )
    me.arrival = year
    me.years = years_of_experience
    me.craft = theory.talent_spread * talent + craft_grown(me.years, theory) - craft_grown(10.0, theory)
    me.insight, me.motivation, me.technique = me.insight_usual, me.motivation_usual, me.technique_usual
    me.habit, me.prompts, me.norm = me.habit_usual, 0.0, 0.0


@rule
def usual_use(world, i):
    """Set use to what it is without programmes, at the support that the school's leadership gives."""
    me = world.teachers[i]
    support = world.schools[me.school].leadership
    me.use_usual = weekly_use(
        me.habit_usual,
        me.motivation_usual,
        support,
        time_left(world.design, world.theory, 0.0),
        0.0,
        me.insight_usual,
        me.technique_usual,
    )
    me.use = me.use_usual


@rule
def first_years(world, i, quantiles):
    """Years of experience of the first holder of the post in row ``i``.

    ``quantiles`` (2, steps) tabulates the quantile functions of staff and of partners.
    """
    me = world.teachers[i]
    return interpolate(quantiles[me.partner], uniform(world.key, STREAM_YEARS, 0, me.post, 0))
