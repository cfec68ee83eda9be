"""Advice ties: whom a teacher turns to at the start, which ties lapse, which form.

Ties are chosen one at a time by three routes (after Holme and Kim 2002, who grow clustered networks by closing
triads): turn to somebody who turns to you; turn to an adviser's adviser; or turn to somebody by department and
popularity. Out-degree is drawn apart from a school's size, so density falls with size, as in Pitts and Spillane 2009.
"""

from pdsim.kernel.compiled import compiled, rule
from pdsim.kernel.draws import STREAM_ACROSS, STREAM_DEGREE, STREAM_LAPSE, STREAM_TIE, uniform, uniforms
from pdsim.kernel.records import NOBODY
from pdsim.kernel.staff import interpolate
from pdsim.kernel.teamwork import add_tie, is_adviser

_ATTEMPTS = 40  # a pick that meets only itself and present advisers is tried again, then given up


@rule
def running_popularity(world, s):
    """Running sums of popularity within school ``s``, ordered as its rows."""
    school = world.schools[s]
    total = 0.0
    for i in range(school.first, school.first + school.staff):
        total += world.teachers[i].popularity
        world.choice[i] = total


@rule
def by_popularity(world, s, u):
    """A row of school ``s`` with chance proportional to popularity (binary search in the running sums)."""
    school = world.schools[s]
    low, high = school.first, school.first + school.staff - 1
    goal = u * world.choice[high]
    while low < high:
        middle = (low + high) // 2
        if world.choice[middle] < goal:
            low = middle + 1
        else:
            high = middle
    return low


@rule
def other_school(world, s, u):
    """Another school of the programme or partner school, each with equal chance; ``s`` itself when there is none.

    The programme's schools stand first and its partners last, so a school's place among them needs no search.
    """
    own = len(world.schools) - world.design.partner_schools
    taking_part = own if world.design.schools_taking_part == 0 else min(world.design.schools_taking_part, own)
    others = taking_part + world.design.partner_schools - 1
    if others < 1 or not reachable(world.schools[s]):
        return s
    place = s if s < taking_part else taking_part + s - own
    goal = min(int(u * others), others - 1)
    if goal >= place:
        goal += 1
    return goal if goal < taking_part else own + goal - taking_part


@rule
def reachable(school):
    """True for schools that ties across schools can reach: those of the programme and its partners."""
    return school.takes_part == 1 or school.partner == 1


@rule
def returned(world, i, u):
    """A colleague who turns to ``i`` and to whom ``i`` does not turn, the first round the school from a random seat."""
    school = world.schools[world.teachers[i].school]
    start = int(u * school.staff)
    for step in range(school.staff):
        j = school.first + (start + step) % school.staff
        if is_adviser(world, j, i) and not is_adviser(world, i, j):
            return j
    return NOBODY


@rule
def any_adviser(world, i, u):
    """One of the advisers of ``i`` with equal chance, or NOBODY."""
    ties = world.teachers[i].ties
    return world.advisers[i, int(u * ties)] if ties > 0 else NOBODY


@rule
def school_of_tie(world, i, year, pick):
    """Row of the school in which teacher ``i`` looks for a ``pick``-th tie: another one with chance ``ties_across``."""
    me = world.teachers[i]
    if world.design.ties_across <= 0.0 or len(world.schools) == 1:
        return me.school
    u, v, _, _ = uniforms(world.key, STREAM_ACROSS, year, me.post, pick)
    return other_school(world, me.school, v) if u < world.design.ties_across else me.school


@rule
def candidate(world, i, s, year, pick, attempt):
    """Whom teacher ``i`` considers in school ``s`` for a ``pick``-th tie, at the ``attempt``-th try; may be NOBODY.

    At home by one of the three routes; elsewhere by popularity alone.
    """
    teachers, theory = world.teachers, world.theory
    me = teachers[i]
    u, v, w, x = uniforms(world.key, STREAM_TIE, year, me.post, pick * _ATTEMPTS + attempt)
    if s != me.school:
        return by_popularity(world, s, w)
    if u < theory.tie_returned:
        return returned(world, i, v)
    if u < theory.tie_returned + theory.tie_closure:
        friend = any_adviser(world, i, v)
        j = NOBODY if friend == NOBODY else any_adviser(world, friend, w)
        return j if j == NOBODY or teachers[j].school == s else NOBODY
    j = by_popularity(world, s, w)
    return j if teachers[j].department == me.department or x * theory.tie_department < 1.0 else NOBODY


@rule
def make_tie(world, i, year, pick):
    """Let teacher ``i`` form one everyday tie; gives up when nobody new is met."""
    s = school_of_tie(world, i, year, pick)
    for attempt in range(_ATTEMPTS):
        j = candidate(world, i, s, year, pick, attempt)
        if j not in (NOBODY, i) and not is_adviser(world, i, j):
            add_tie(world, i, j, 0)
            return


@compiled
def first_ties(world, s, degrees):
    """Draw how many ties each teacher of school ``s`` keeps (``degrees``: quantile table), then form them in turns.

    Each teacher picks one tie a round, so that returning a tie and closing a triad have something to work on.
    """
    school, teachers = world.schools[s], world.teachers
    most = 0
    for i in range(school.first, school.first + school.staff):
        wanted = int(interpolate(degrees, uniform(world.key, STREAM_DEGREE, 0, teachers[i].post, 0)) + 0.5)
        teachers[i].ties_wanted = min(wanted, max(school.staff - 1, 0))
        most = max(most, teachers[i].ties_wanted)
    for pick in range(most):
        for i in range(school.first, school.first + school.staff):
            if pick < teachers[i].ties_wanted:
                make_tie(world, i, 0, pick)


@rule
def drop_tie(world, i, k):
    """End the tie in place ``k`` of teacher ``i``; the last tie takes the place."""
    last = world.teachers[i].ties - 1
    world.teachers[world.advisers[i, k]].advice_given -= 1
    world.advisers[i, k] = world.advisers[i, last]
    world.tie_weight[i, k] = world.tie_weight[i, last]
    world.tie_lasting[i, k] = world.tie_lasting[i, last]
    world.teachers[i].ties = last


@compiled
def lapse_ties(world, year):
    """Each tie, lasting ones too, lapses with chance 1 - tie_persistence; ties of and to leavers end."""
    teachers = world.teachers
    for i in range(len(teachers)):
        for k in range(teachers[i].ties - 1, -1, -1):
            j = world.advisers[i, k]
            gone = teachers[i].leaving == 1 or teachers[j].leaving == 1
            kept = uniform(world.key, STREAM_LAPSE, year, teachers[i].post, teachers[j].post)
            if gone or kept >= world.theory.tie_persistence:
                drop_tie(world, i, k)


@compiled
def renew_ties(world, year):
    """Every teacher forms new everyday ties until as many stand as they keep up."""
    teachers = world.teachers
    for i in range(len(teachers)):
        everyday = 0
        for k in range(teachers[i].ties):
            everyday += 1 - world.tie_lasting[i, k]
        for pick in range(teachers[i].ties_wanted - everyday):
            make_tie(world, i, year, pick)
