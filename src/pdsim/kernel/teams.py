"""Who takes part, and who is in a team with whom."""

import math

import numpy as np

from pdsim.kernel.compiled import allocating, compiled, rule
from pdsim.kernel.draws import STREAM_PART, STREAM_TEAM, normal, uniform
from pdsim.kernel.records import (
    ACROSS_SCHOOLS,
    CHAMPIONS,
    COLLABORATIVE,
    EVERYONE,
    EXPERT_NOVICE_PAIRS,
    LEAST_EXPERIENCED,
    NOBODY,
    VOLUNTEERS,
    WITHIN_DEPARTMENTS,
)


@rule
def willingness(world, i, who):
    """Score by which a school's participants are found, highest first.

    Volunteers: the motivated, with chance; champions: the motivated whom colleagues turn to; least experienced: the
    fewest years; chosen: by lot.
    """
    me = world.teachers[i]
    if who == LEAST_EXPERIENCED:
        return -me.years
    if who == VOLUNTEERS:
        return me.motivation + 0.15 * normal(world.key, STREAM_PART, 0, me.post, 0)
    if who == CHAMPIONS:
        return me.motivation + 0.1 * math.log(me.popularity)
    return uniform(world.key, STREAM_PART, 0, me.post, 0)


@allocating
def take_part(world, who, share, count, chosen):
    """Write 1 into ``chosen`` (one entry a teacher) for those who take part under a rule; partners always do."""
    chosen[:] = 0
    for s in range(len(world.schools)):
        school = world.schools[s]
        if not (school.takes_part == 1 or school.partner == 1):
            continue
        rows = chosen[school.first : school.first + school.staff]
        places = count if count > 0 else int(share * school.staff + 0.5)
        if school.partner == 1 or (who == EVERYONE and count == 0) or places >= school.staff:
            rows[:] = 1
            continue
        score = np.empty(school.staff, np.float64)
        for i in range(school.staff):
            score[i] = -willingness(world, school.first + i, who)
        order = np.argsort(score, kind="mergesort")
        rows[order[:places]] = 1


@allocating
def list_groups(group_of, first, members):
    """List the members of numbered groups (counting sort).

    Args:
        group_of: group of each row, ``NOBODY`` for none.
        first: filled, length groups + 1: where each group begins in ``members``.
        members: filled with rows, group after group, in order of row.
    """
    first[:] = 0
    for i in range(len(group_of)):
        if group_of[i] != NOBODY:
            first[group_of[i] + 1] += 1
    for g in range(len(first) - 1):
        first[g + 1] += first[g]
    place = first.copy()
    for i in range(len(group_of)):
        if group_of[i] != NOBODY:
            members[place[group_of[i]]] = i
            place[group_of[i]] += 1


@rule
def unit_of(me, design):
    """Number of the unit (department, school or programme) within which teams are made."""
    if design.teams == ACROSS_SCHOOLS:
        return 0
    if design.teams == WITHIN_DEPARTMENTS:
        return me.school * design.departments + me.department
    return me.school * design.departments


@allocating
def gather_units(world, unit):
    """Write each participant's unit into ``unit`` (NOBODY for the rest), so that no unit has one member alone.

    A lone member joins the unit of the next participant in the same school, or else the next in the programme. Only
    somebody alone in the programme stays alone.
    """
    teachers = world.teachers
    members = np.zeros(len(world.schools) * world.design.departments, np.int64)
    for i in range(len(teachers)):
        unit[i] = unit_of(teachers[i], world.design) if teachers[i].participant == 1 else NOBODY
        if unit[i] != NOBODY:
            members[unit[i]] += 1
    for same_school in (True, False):
        for i in range(len(teachers)):
            if unit[i] != NOBODY and members[unit[i]] == 1:
                members[unit[i]] -= 1
                unit[i] = neighbour_unit(world, unit, i, same_school)
                members[unit[i]] += 1


@compiled
def neighbour_unit(world, unit, i, same_school):
    """The unit of the next participant after ``i`` (round the list), in the same school if asked; else its own."""
    count = len(unit)
    for step in range(1, count):
        j = (i + step) % count
        if unit[j] != NOBODY and (not same_school or world.teachers[j].school == world.teachers[i].school):
            return unit[j]
    return unit[i]


@rule
def order_in_unit(world, i):
    """Score by which a unit's members are dealt to teams: expertise for pairs; school, then lot, across; else lot."""
    me = world.teachers[i]
    lot = uniform(world.key, STREAM_TEAM, 0, me.post, 0)
    if world.design.teams == EXPERT_NOVICE_PAIRS:
        return -(me.insight + me.technique)
    if world.design.teams == ACROSS_SCHOOLS:
        return me.school + lot
    return lot


@rule
def team_count(members, size, pairs):
    """Number of teams for a unit: sizes as near as can be to ``size``, nobody alone; pairs leave one triple if odd."""
    if members < 2:
        return members
    if pairs:
        return members // 2
    return min(max(int(members / size + 0.5), 1), members // 2)


@allocating
def deal_teams(world, unit):
    """Deal every unit's members to teams like cards, so that team sizes differ by at most one.

    In order of school the deal mixes schools; in order of expertise it puts each of the upper half with one of the
    lower half.
    """
    teachers, design = world.teachers, world.design
    first = np.empty(len(world.schools) * design.departments + 1, np.int64)
    rows = np.empty(len(teachers), np.int64)
    list_groups(unit, first, rows)
    team = np.full(len(teachers), NOBODY)
    teams = 0
    for g in range(len(first) - 1):
        members = rows[first[g] : first[g + 1]]
        score = np.empty(len(members), np.float64)
        for m in range(len(members)):
            score[m] = order_in_unit(world, members[m])
        count = team_count(len(members), design.team_size, design.teams == EXPERT_NOVICE_PAIRS)
        order = np.argsort(score, kind="mergesort")
        for position in range(len(members)):
            team[members[order[position]]] = teams + position % count
        teams += count
    for i in range(len(teachers)):
        teachers[i].team = team[i]
    list_groups(team, world.team_first, world.team_members)


@allocating
def form_programme(world):
    """Decide who takes part, who is reported, and the teams; teams persist for the whole programme."""
    teachers, design = world.teachers, world.design
    chosen = np.zeros(len(teachers), np.int64)
    take_part(world, design.report_who, design.report_share, design.report_count, chosen)
    for i in range(len(teachers)):
        teachers[i].reported = chosen[i]
    take_part(world, design.who, design.share_taking_part, design.count_per_school, chosen)
    for i in range(len(teachers)):
        teachers[i].participant = chosen[i] if design.sessions > 0 else 0
        teachers[i].team = NOBODY
    if design.format == COLLABORATIVE and design.sessions > 0:
        unit = np.empty(len(teachers), np.int64)
        gather_units(world, unit)
        deal_teams(world, unit)
