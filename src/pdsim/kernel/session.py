"""Step 2.0 to 2.3, a session: time, reaction, attendance, instruction."""

import math

from pdsim.kernel.compiled import compiled, rule
from pdsim.kernel.draws import STREAM_ATTEND, uniform
from pdsim.kernel.learning import clip, gain
from pdsim.kernel.records import (
    CHAMPIONS,
    EMBED,
    FACILITATOR,
    KNOWLEDGE,
    MATERIALS,
    MOTIVATE,
    NOBODY,
    PEERS,
    SELF,
    TECHNIQUE,
    WEEKS,
)


@rule
def session_today(design, week):
    """True in a week (0, 1, ... over all years' teaching weeks) that has a session."""
    since = week - design.first_week
    return since >= 0 and since % design.weeks_between == 0 and since // design.weeks_between < design.sessions


@rule
def team_of(world, i):
    """First and past-last position of teacher ``i``'s team in ``team_members``; empty without a team."""
    team = world.teachers[i].team
    if team == NOBODY:
        return 0, 0
    return world.team_first[team], world.team_first[team + 1]


@rule
def spans_schools(world, first, last):
    """True when a team has members of more than one school."""
    for m in range(first + 1, last):
        if world.teachers[world.team_members[m]].school != world.teachers[world.team_members[first]].school:
            return True
    return False


@rule
def coordination_loss(design, theory, size, across):
    """Share of a session's hours that coordination takes before anything else.

    coordination (size - 1) together (1 + coordination_across [the team spans schools]), held in -0.5..0.9; nothing in
    a team of one, and more the more of the session is spent together. *Assumption*: no study gives the size.
    """
    if size < 2:
        return 0.0
    loss = design.coordination_cost * theory.coordination * (size - 1.0) * design.together
    if across:
        loss *= 1.0 + theory.coordination_across
    return clip(loss, -0.5, 0.9)


@rule
def hours_of_session(world, i):
    """Hours of instruction, hours together, and hours billed and carried by teacher ``i`` in one session.

    Coordination comes off first; what is left is split by the share together. A team of one is solo: it has no hours
    together, and those hours are free. With the coordination channel off, time together costs nothing.
    """
    design, theory = world.design, world.theory
    first, last = team_of(world, i)
    size = last - first
    instruction = design.hours * (1.0 - design.together)
    together = 0.0
    billed = instruction
    load = instruction
    if size >= 2:
        left = 1.0 - coordination_loss(design, theory, size, spans_schools(world, first, last))
        instruction *= left
        together = design.hours * design.together * left
        billed += design.coordination_cost * design.hours * design.together
        load += design.coordination_cost * theory.together_load * design.hours * design.together
    return instruction, together, billed, load


@rule
def company_of(world, i):
    """How welcome the company of team-mates is: sociability in a team of two or more, else 0."""
    first, last = team_of(world, i)
    if last - first < 2:
        return 0.0
    return world.design.palatability * world.teachers[i].sociability


@rule
def reaction(me, design, theory, load, company):
    """Guskey level 1: how a teacher rates a session, 0-1.

    reaction = reaction_usual + taste + reaction_facilitator (facilitator - 0.5) - reaction_workload load /
    weeks_between + company_reaction company. Liking hardly depends on what is learned (Alliger et al. 1997;
    Goldschmidt and Phelps 2007), so no state of learning is in it. ``load`` is in hours.
    """
    return clip(
        theory.reaction_usual
        + me.taste
        + theory.reaction_facilitator * (design.facilitator - 0.5)
        - theory.reaction_workload * load / design.weeks_between
        + theory.company_reaction * company,
        0.0,
        1.0,
    )


@rule
def attendance_chance(me, design, theory, rating, support, load):
    """Chance that a participant turns up.

    Required: ``attendance_required``. Voluntary: logistic in motivation, reaction and organisational support (each
    against 0.5), less the school's load of professional development in hours a week. *Assumption*: signs from
    practice, sizes open.
    """
    if design.voluntary == 0:
        return theory.attendance_required
    weekly_load = load / design.weeks_between + design.background_hours / WEEKS
    score = (
        theory.attendance_usual
        + theory.attendance_motivation * (me.motivation - 0.5)
        + theory.attendance_reaction * (rating - 0.5)
        + theory.attendance_support * (support - 0.5)
        - theory.attendance_load * weekly_load
    )
    return 1.0 / (1.0 + math.exp(-score))


@rule
def comes(world, week, me, chance):
    """Whether a participant turns up: by chance, or in a clamped run as in the run that is replayed."""
    if me.held == 1:
        return me.held_present == 1
    return uniform(world.key, STREAM_ATTEND, week, me.post, 0) < chance


@rule
def attend(world, week, i):
    """Offer the session to teacher ``i``: rating, turning up, hours, pounds."""
    me, design = world.teachers[i], world.design
    me.instruction_hours, me.together_hours, billed, load = hours_of_session(world, i)
    rating = reaction(me, design, world.theory, load, company_of(world, i))
    chance = attendance_chance(me, design, world.theory, rating, world.schools[me.school].support, load)
    me.present = 0
    if me.offered == 0.0:
        me.pounds += design.materials_per_teacher
    me.offered += 1.0
    if comes(world, week, me, chance):
        me.present = 1
        me.load = load
        me.attended += 1.0
        me.reaction += rating
        spend(me, design, billed, design.lesson_time)


@rule
def spend(me, design, hours, lesson_time):
    """Book ``hours`` of a teacher's time, the share of them taken from lessons, and what cover and pay cost."""
    me.hours += hours
    me.lessons_lost += hours * lesson_time
    me.pounds += hours * (lesson_time * design.cover_per_hour + design.staff_per_hour)


@rule
def participants_of(world):
    """Number of teachers who take part in the programme."""
    participants = 0
    for i in range(len(world.teachers)):
        participants += world.teachers[i].participant
    return participants


@rule
def has_teams(world):
    """True when anybody has team-mates."""
    for i in range(len(world.teachers)):
        first, last = team_of(world, i)
        if last - first >= 2:
            return True
    return False


@rule
def facilitators_for(design, participants):
    """Number of facilitators hired for a number of participants."""
    return math.ceil(participants / design.per_facilitator)


@compiled
def bill_facilitator(world):
    """Share the facilitators' fee for this session among all participants, whether they came or not.

    Facilitators are paid for the hours of instruction and, where there are teams, for a share ``facilitator_together``
    of the hours together, which are free with the coordination channel off.
    """
    design = world.design
    participants = participants_of(world)
    if participants == 0:
        return
    instruction_hours = design.hours * (1.0 - design.together)
    stays = design.coordination_cost * design.facilitator_together * design.hours * design.together
    paid = instruction_hours + stays if has_teams(world) else instruction_hours
    fee = facilitators_for(design, participants) * design.facilitator_per_hour * paid / participants
    for i in range(len(world.teachers)):
        if world.teachers[i].participant == 1:
            world.teachers[i].pounds += fee


@rule
def attention(world, present):
    """How much of the facilitator each one gets: (people in the room)^-attention_sharing, 1 for one-to-one.

    The room holds those present divided by the facilitators hired for all participants, at least one.
    """
    room = max(present / facilitators_for(world.design, participants_of(world)), 1.0)
    return math.exp(-world.theory.attention_sharing * math.log(room))


@rule
def missed_by_led(design, theory, group, led_quality):
    """1 - intensity of a group's mechanisms that need no peers, where ``led_quality`` is the leader's.

    Each mechanism reaches a share mechanism_reach x (quality of its carrier) of what the ones before it missed, so a
    group's intensity rises with the number of its mechanisms and with diminishing returns. *Assumption*.
    """
    missed = 1.0
    for _ in range(design.mechanisms[group, FACILITATOR]):
        missed *= 1.0 - theory.mechanism_reach * led_quality
    for _ in range(design.mechanisms[group, MATERIALS]):
        missed *= 1.0 - theory.mechanism_reach * theory.materials_quality
    for _ in range(design.mechanisms[group, SELF]):
        missed *= 1.0 - theory.mechanism_reach * theory.self_quality
    return missed


@rule
def peers_quality(world, i):
    """Quality of present team-mates as a carrier: peer_strength times their mean expertise; 0 when nobody came."""
    first, last = team_of(world, i)
    total = 0.0
    count = 0
    for m in range(first, last):
        mate = world.teachers[world.team_members[m]]
        if world.team_members[m] != i and mate.present == 1:
            total += math.sqrt(mate.insight * mate.technique)
            count += 1
    if count == 0:
        return 0.0
    return world.design.peer_mechanisms * world.theory.peer_strength * total / count


@rule
def intensity(design, theory, group, missed, peers):
    """Intensity of a group of mechanisms, peers included, at most 1; peers cannot reach more than all."""
    for _ in range(design.mechanisms[group, PEERS]):
        missed *= 1.0 - min(theory.mechanism_reach * peers, 1.0)
    return 1.0 - missed


@rule
def dose(hours, theory):
    """Effective length of a session: hours^returns_to_hours (more hours, smaller returns: Kraft et al. 2018)."""
    if hours <= 0.0:
        return 0.0
    return math.exp(theory.returns_to_hours * math.log(hours))


@rule
def technique_headroom(insight, technique, unguided):
    """What technique can still gain: where insight is ahead, plus a share ``unguided`` by imitation alone."""
    ahead = max(insight - technique, 0.0)
    return ahead + unguided * (1.0 - technique - ahead)


@rule
def learn(me, theory, quality, knowledge, motivate, technique, embed):
    """Instruction's effect on one teacher: the four groups of mechanisms act on insight, motivation, technique, habit.

    ``quality`` is content x fidelity x dose; the rest are the groups' intensities (0-1; below 0 when peers do harm).
    Insight, goals, technique and practice are the four purposes of Sims et al. 2021. Nothing rewards balance as such:
    it matters because use needs insight, technique and motivation together.
    """
    me.insight = gain(me.insight, theory.insight_rate * knowledge * quality)
    me.motivation = gain(me.motivation, theory.motivation_rate * motivate * quality)
    amount = theory.technique_rate * technique * quality
    if amount >= 0.0:
        reachable = technique_headroom(me.insight, me.technique, theory.unguided)
        me.technique += reachable * (1.0 - math.exp(-amount))
    else:
        me.technique *= math.exp(amount)
    me.prompts = clip(max(me.prompts, theory.prompts_rate * embed * quality), 0.0, 1.0)


@rule
def missed_by_all(design, theory, led_quality):
    """:func:`missed_by_led` for the four groups, in the order of their codes."""
    return (
        missed_by_led(design, theory, KNOWLEDGE, led_quality),
        missed_by_led(design, theory, MOTIVATE, led_quality),
        missed_by_led(design, theory, TECHNIQUE, led_quality),
        missed_by_led(design, theory, EMBED, led_quality),
    )


@rule
def instruct(world, i, missed, hours, quality):
    """Teach teacher ``i`` for ``hours``; ``missed`` is what the leader's mechanisms miss, for each group."""
    design, theory = world.design, world.theory
    peers = world.teachers[i].peers
    learn(
        world.teachers[i],
        theory,
        quality * dose(hours, theory),
        intensity(design, theory, KNOWLEDGE, missed[0], peers),
        intensity(design, theory, MOTIVATE, missed[1], peers),
        intensity(design, theory, TECHNIQUE, missed[2], peers),
        intensity(design, theory, EMBED, missed[3], peers),
    )


@compiled
def instruction(world):
    """All who came learn from the programme's mechanisms through their carriers.

    What peers carry depends on what they brought, so it is noted before anybody learns.
    """
    teachers, design = world.teachers, world.design
    present = 0
    for i in range(len(teachers)):
        present += teachers[i].present
    if present == 0:
        return
    missed = missed_by_all(design, world.theory, design.facilitator * attention(world, present))
    for i in range(len(teachers)):
        if teachers[i].present == 1:
            teachers[i].peers = peers_quality(world, i)
    for i in range(len(teachers)):
        if teachers[i].present == 1:
            instruct(world, i, missed, teachers[i].instruction_hours, design.content * design.fidelity)


@compiled
def cascade(world):
    """Champions who came pass the session on to the rest of their school, at their own expertise and lower fidelity.

    That happens after lessons, so no lesson is covered or lost.

    Teacher-led cascades lose content on the way: fidelity is multiplied by ``cascade_fidelity`` (*assumption*).
    """
    teachers, design, theory = world.teachers, world.design, world.theory
    if design.who != CHAMPIONS or design.cascade_hours <= 0.0:
        return
    for s in range(len(world.schools)):
        school = world.schools[s]
        if school.takes_part == 0:
            continue
        champions = 0
        expertise = 0.0
        for i in range(school.first, school.first + school.staff):
            if teachers[i].participant == 1 and teachers[i].present == 1:
                champions += 1
                expertise += math.sqrt(teachers[i].insight * teachers[i].technique)
        if champions == 0:
            continue
        room = max((school.staff - champions) / champions, 1.0)
        led_quality = expertise / champions * math.exp(-theory.attention_sharing * math.log(room))
        missed = missed_by_all(design, theory, led_quality)
        quality = design.content * design.fidelity * theory.cascade_fidelity
        for i in range(school.first, school.first + school.staff):
            if teachers[i].participant == 0:
                instruct(world, i, missed, design.cascade_hours, quality)
                spend(teachers[i], design, design.cascade_hours, 0.0)


@compiled
def turn_up(world, week):
    """Steps 2.1 and 2.2 for every participant, and the facilitators' bill."""
    bill_facilitator(world)
    for i in range(len(world.teachers)):
        if world.teachers[i].participant == 1:
            attend(world, week, i)
