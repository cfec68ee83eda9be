"""Every submodel of the kernel against a case worked by hand, most with two teachers.

Rates are often ln 2, or half-lives one week, so that a state moves half of the way and the sum can be done in the head.
"""

import math

import numpy as np
import pytest

from pdsim.kernel import (
    advice,
    careers,
    classroom,
    draws,
    learning,
    measure,
    network,
    organisation,
    pupils,
    run,
    session,
    staff,
    teams,
    teamwork,
    week,
    year,
)
from pdsim.kernel.records import (
    EMBED,
    FACILITATOR,
    KNOWLEDGE,
    MATERIALS,
    MOTIVATE,
    NOBODY,
    PEERS,
    SELF,
    SUMMER,
    TECHNIQUE,
    WEEKS,
)
from worlds import build, copy_of, set_school, team_up, theory_record, tie

LN2 = math.log(2.0)
approx = pytest.approx


def states(world, *names):
    """The named fields, one row a teacher."""
    return np.array([[me[name] for name in names] for me in world.teachers])


class TestLearning:
    def test_gain_closes_a_share_of_what_is_left(self):
        assert learning.gain(0.2, LN2) == approx(0.2 + 0.8 / 2)

    def test_gain_below_zero_shrinks_the_state(self):
        assert learning.gain(0.2, -LN2) == approx(0.1)

    @pytest.mark.parametrize("state", [0.0, 0.3, 1.0])
    def test_gain_of_nothing_changes_nothing(self, state):
        assert learning.gain(state, 0.0) == state

    def test_share_moved_has_the_sign_of_the_amount(self):
        assert learning.share_moved(LN2) == approx(0.5)
        assert learning.share_moved(-LN2) == approx(-0.5)
        assert learning.share_moved(0.0) == 0.0

    @pytest.mark.parametrize(("gap", "discernment", "worth"), [(0.3, 0.2, 0.3), (-0.4, 0.75, -0.1), (-0.4, 1.0, 0.0)])
    def test_discernment_ignores_a_worse_colleague(self, gap, discernment, worth):
        assert learning.discerned(gap, discernment) == approx(worth, abs=0)

    def test_weekly_loss_is_half_in_a_half_life(self):
        assert learning.weekly_loss(1.0) == approx(0.5)
        assert (1 - learning.weekly_loss(10.0)) ** 10 == approx(0.5)

    @pytest.mark.parametrize(("x", "held"), [(-0.1, 0.0), (0.4, 0.4), (1.2, 1.0)])
    def test_clip(self, x, held):
        assert learning.clip(x, 0.0, 1.0) == held


A_AND_B = ({"insight": 0.2, "technique": 0.3}, {"insight": 0.6, "technique": 0.5})


ALIKE = {"insight_usual": 0.4, "technique_usual": 0.4}  # nobody is usually ahead: all of a lead is new


def asking(teachers, ties, theory=None, lasting=0, **settings):
    """Insight and technique after a week of advice; ``ties`` are (asker, adviser, weight)."""
    world = build(teachers, {"advice_rate": 0.1, **(theory or {})}, **settings)
    for asker, adviser, weight in ties:
        tie(world, asker, adviser, weight, lasting)
    advice.advice(world)
    return states(world, "insight", "technique")[: len(teachers)]


def advised(teachers=A_AND_B, weights=(1.0,), lasting=0, usual=False, **theory):
    """A week in which the first teacher turns to the others, whose leads are new, or the ``usual`` ones."""
    people = teachers if usual else [{**ALIKE, **me} for me in teachers]
    return asking(people, [(0, j, weight) for j, weight in enumerate(weights, start=1)], theory, lasting)


class TestAdvice:
    def test_the_asker_takes_a_share_of_the_lead(self):
        # 0.2 + 0.1 x 0.4 and 0.3 + 0.1 x 0.2; the adviser stays
        assert advised() == approx(np.array([[0.24, 0.32], [0.6, 0.5]]))

    def test_helping_teaches_the_helper_a_share_of_what_the_asker_gains(self):
        # 0.6 + 0.05 x 0.04 and 0.5 + 0.05 x 0.02
        assert advised(helping=0.05)[1] == approx([0.602, 0.501])

    def test_weight_multiplies_the_lead(self):
        assert advised(weights=(0.5,))[0] == approx([0.22, 0.31])

    def test_a_misleading_tie_pulls_away_from_a_better_colleague(self):
        # weight -0.5: 0.2 - 0.1 x 0.5 x 0.4
        assert advised(weights=(-0.5,))[0] == approx([0.18, 0.29])

    @pytest.mark.parametrize(("discernment", "insight"), [(1.0, 0.6), (0.75, 0.59), (0.0, 0.56)])
    def test_a_worse_colleague_pulls_down_by_what_discernment_leaves(self, discernment, insight):
        worse = ({"insight": 0.6}, {"insight": 0.2})
        # gap -0.4: 0.6 - 0.1 x (1 - discernment) x 0.4
        assert advised(worse, discernment=discernment)[0, 0] == approx(insight)

    def test_a_misleading_tie_to_a_worse_colleague_does_not_raise(self):
        worse = ({"insight": 0.6}, {"insight": 0.2})
        assert advised(worse, weights=(-1.0,), discernment=0.75)[0, 0] == approx(0.59)

    def test_the_best_counts_in_full_and_the_worse_as_a_mean(self):
        three = ({"insight": 0.5}, {"insight": 0.9}, {"insight": 0.1})
        # best 0.4; worse 0.5 x -0.4 over two ties: -0.1; 0.5 + 0.1 x 0.3
        assert advised(three, weights=(1.0, 1.0), discernment=0.5)[0, 0] == approx(0.53)

    def test_only_the_best_adviser_learns_by_helping(self):
        three = ({"insight": 0.5}, {"insight": 0.9}, {"insight": 0.7})
        assert advised(three, weights=(1.0, 1.0), helping=0.5)[:, 0] == approx([0.54, 0.92, 0.7])

    def test_advice_is_relative_to_its_usual_pull(self):
        assert advised(usual=True) == approx(np.array([[0.2, 0.3], [0.6, 0.5]]), abs=0)

    def test_more_than_the_usual_lead_teaches(self):
        learned = ({"insight": 0.2}, {"insight": 0.8, "insight_usual": 0.6})
        # lead 0.6 where 0.4 is usual: 0.2 + 0.1 x 0.2
        assert advised(learned, usual=True)[0, 0] == approx(0.22)

    def test_a_lasting_tie_has_its_own_strength_and_is_not_usual(self):
        # strength 2: 0.2 + 0.1 x 2 x 0.4, nothing taken off
        assert advised(lasting=1, usual=True, lasting_tie_strength=2.0)[0, 0] == approx(0.28)

    @pytest.mark.parametrize(("strength", "insight"), [(0.0, 0.2), (2.0, 0.28)])
    def test_everyday_advice_multiplies(self, strength, insight):
        people = [{**ALIKE, **me} for me in A_AND_B]
        assert asking(people, [(0, 1, 1.0)], network__everyday_advice=strength)[0, 0] == approx(insight)

    def test_all_ask_before_any_learns(self):
        chain = [{**ALIKE, "insight": insight} for insight in (0.2, 0.4, 0.8)]
        assert asking(chain, [(0, 1, 1.0), (1, 2, 1.0)])[:, 0] == approx([0.22, 0.44, 0.8])

    def test_who_asks_nobody_learns_nothing(self):
        assert advised(weights=()) == approx(np.array([[0.2, 0.3], [0.6, 0.5]]), abs=0)


def course(teachers=A_AND_B, theory=None, **settings):
    """A world whose teachers all take part in a programme of one four-hour session, a quarter of it together."""
    usual = {
        "programme__format": "collaborative",
        "programme__sessions": 1,
        "programme__first_week": 0,
        "programme__hours": 4.0,
        "collaboration__together": 0.25,
    }
    return build(teachers, theory, **{**usual, **settings})


class TestSessionTime:
    def test_sessions_come_at_their_weeks(self):
        design = course(programme__first_week=2, programme__weeks_between=3, programme__sessions=2).design
        assert [w for w in range(40) if session.session_today(design, w)] == [2, 5]

    def hours(self, rows=(0, 1, 2), across=False, theory=None, **settings):
        world = course([{}] * 3, {"coordination": 0.1, "together_load": 0.5, **(theory or {})}, **settings)
        team_up(world, *rows)
        if across:
            world.teachers[2].school = 7
        return session.hours_of_session(world, 0)

    def test_coordination_comes_off_first_and_the_rest_is_split(self):
        # loss 0.1 x 2 mates x 0.25 = 0.05; instruction 3 x 0.95, together 1 x 0.95; billed 4; load 3 + 0.5 x 1
        assert self.hours() == approx((2.85, 0.95, 4.0, 3.5))

    def test_coordination_costs_more_across_schools(self):
        # loss 0.05 x 1.5 = 0.075
        assert self.hours(across=True, theory={"coordination_across": 0.5})[:2] == approx((2.775, 0.925))

    def test_negative_coordination_saves_time(self):
        assert self.hours(theory={"coordination": -0.1})[:2] == approx((3.15, 1.05))

    def test_coordination_never_takes_more_than_nine_tenths(self):
        assert self.hours(theory={"coordination": 50.0})[:2] == approx((0.3, 0.1))

    def test_time_together_is_free_with_the_channel_off(self):
        off = {"collaboration__channels__coordination_cost": False}
        assert self.hours(**off) == approx((3.0, 1.0, 3.0, 3.0))

    def test_a_team_of_one_is_solo(self):
        assert self.hours(rows=(0,)) == approx((3.0, 0.0, 3.0, 3.0))


REACTING = {
    "reaction_usual": 0.7,
    "reaction_facilitator": 0.1,
    "reaction_workload": 0.02,
    "company_reaction": 0.1,
}


PRICES = {
    "programme__lesson_time": 0.5,
    "costs__cover_per_hour": 40.0,
    "costs__staff_per_hour": 10.0,
    "costs__materials_per_teacher": 30.0,
    "costs__facilitator_per_hour": 100.0,
    "costs__facilitator_together": 0.6,
    "programme__per_facilitator": 2.0,
}


class TestReactionAndAttendance:
    def rating(self, company, **theory):
        world = course(
            [{"taste": 0.05}], {**REACTING, **theory}, programme__facilitator=0.9, programme__weeks_between=2
        )
        return session.reaction(world.teachers[0], world.design, world.theory, 3.0, company)

    def test_reaction_adds_up(self):
        # 0.7 + 0.05 taste + 0.1 x 0.4 facilitator - 0.02 x 3 / 2 workload + 0.1 x 0.5 company
        assert self.rating(0.5) == approx(0.81)

    def test_reaction_stays_within_bounds(self):
        assert self.rating(0.5, reaction_usual=1.0, company_reaction=0.5) == 1.0
        assert self.rating(-9.0, company_reaction=0.5) == 0.0

    def test_company_is_sociability_in_a_team_of_two_or_more(self):
        world = course([{"sociability": 0.6}, {"sociability": -0.2}])
        team_up(world, 0, 1)
        assert [session.company_of(world, i) for i in (0, 1)] == [0.6, -0.2]
        team_up(world, 0)
        assert session.company_of(world, 0) == 0.0

    def test_no_company_with_palatability_off(self):
        world = course([{"sociability": 0.6}] * 2, collaboration__channels__palatability=False)
        team_up(world, 0, 1)
        assert session.company_of(world, 0) == 0.0

    def test_chance_of_a_required_session(self):
        world = course([{}], {"attendance_required": 0.9})
        assert session.attendance_chance(world.teachers[0], world.design, world.theory, 0.1, 0.1, 9.0) == 0.9

    def test_chance_of_a_voluntary_session(self):
        theory = {
            "attendance_usual": math.log(3.0) - 0.5,
            "attendance_motivation": 2.0,
            "attendance_reaction": 3.0,
            "attendance_support": 1.0,
            "attendance_load": 0.1,
        }
        world = course(
            [{"motivation": 0.75}], theory, programme__attendance="voluntary", programme__weeks_between=2,
            school__background_hours=39.0,
        )  # fmt: skip
        chance = session.attendance_chance(world.teachers[0], world.design, world.theory, 0.6, 0.5, 4.0)
        # ln 3 - 0.5 + 2 x 0.25 + 3 x 0.1 + 0 - 0.1 x (4 / 2 + 39 / 39) = ln 3: odds of 3
        assert chance == approx(0.75)

    def came(self, chance, sessions=1):
        world = course([{}] * 3, {"attendance_required": chance}, **PRICES)
        team_up(world, 0, 1, 2, present=False)
        for now in range(sessions):
            session.turn_up(world, now)
        return world.teachers[0]

    def test_who_comes_is_billed_time_materials_once_and_a_share_of_the_fee(self):
        me = self.came(1.0, sessions=2)
        assert (me.present, me.offered, me.attended, me.hours) == (1, 2.0, 2.0, 8.0)
        # fee: 2 facilitators x 100 x (3 hours of instruction + 0.6 x 1 together) / 3 teachers = 240;
        # time: 4 x (0.5 x 40 + 10) = 120
        assert me.pounds == approx(2 * (240 + 120) + 30)

    def test_who_stays_away_costs_the_fee_and_materials_only(self):
        me = self.came(0.0)
        assert (me.present, me.offered, me.attended, me.hours, me.reaction) == (0, 1.0, 0.0, 0.0, 0.0)
        assert me.pounds == approx(270)

    def test_reaction_is_summed_over_the_sessions_attended(self):
        me = self.came(1.0, sessions=2)
        usual = theory_record()
        rating = (
            usual.reaction_usual
            + usual.reaction_facilitator * 0.1
            - usual.reaction_workload * (3 + usual.together_load)
        )
        assert me.reaction == approx(2 * rating)

    def test_turning_up_is_the_draw_at_its_address(self):
        world = course([{}] * 8, {"attendance_required": 0.5})
        team_up(world, *range(8))
        session.turn_up(world, 3)
        drawn = [draws.uniform(world.key, draws.STREAM_ATTEND, 3, me.post, 0) < 0.5 for me in world.teachers]
        assert [bool(me.present) for me in world.teachers] == drawn
        assert 0 < sum(drawn) < 8


RATES = {"insight_rate": LN2, "motivation_rate": LN2, "technique_rate": LN2, "prompts_rate": 0.8, "unguided": 0.5}


PROGRAMME = {
    "programme__content": 0.7,
    "programme__fidelity": 0.5,
    "programme__facilitator": 0.4,
    "programme__per_facilitator": 1.0,
}


class TestInstruction:
    def test_attention_is_shared_in_the_room(self):
        world = course([{}] * 4, {"attention_sharing": 0.5}, programme__per_facilitator=4.0)
        team_up(world, 0, 1, 2, 3)
        # one facilitator: four in the room share as 4^-0.5, two as 2^-0.5
        assert session.attention(world, 4) == approx(0.5)
        assert session.attention(world, 2) == approx(math.sqrt(0.5))

    def test_one_to_one_has_full_attention(self):
        world = course([{}] * 4, {"attention_sharing": 0.5}, programme__per_facilitator=1.0)
        team_up(world, 0, 1, 2, 3)
        assert session.attention(world, 4) == 1.0
        assert session.attention(world, 1) == 1.0

    def test_each_mechanism_reaches_a_share_of_what_is_missed(self):
        theory = {"mechanism_reach": 0.5, "materials_quality": 0.5, "self_quality": 0.2}
        world = course(theory=theory)
        world.design.mechanisms[KNOWLEDGE, [FACILITATOR, MATERIALS, SELF, PEERS]] = (2, 1, 1, 3)
        # led 0.8: (1 - 0.4)^2; materials 1 - 0.25; self 1 - 0.1; peers are not led
        assert session.missed_by_led(world.design, world.theory, KNOWLEDGE, 0.8) == approx(0.36 * 0.75 * 0.9)
        assert session.missed_by_led(world.design, world.theory, EMBED, 0.8) == 1.0

    def test_peers_carry_by_their_expertise_when_they_come(self):
        world = course(
            [{}, {"insight": 0.64, "technique": 0.36}, {"insight": 1.0, "technique": 1.0}], {"peer_strength": 0.5}
        )
        team_up(world, 0, 1, 2)
        world.teachers[2].present = 0
        # mean over those who came: sqrt(0.64 x 0.36) = 0.48
        assert session.peers_quality(world, 0) == approx(0.24)
        world.teachers[1].present = 0
        assert session.peers_quality(world, 0) == 0.0

    def test_peers_carry_nothing_with_the_channel_off(self):
        world = course([{}, {"insight": 0.64, "technique": 0.36}], collaboration__channels__peer_mechanisms=False)
        team_up(world, 0, 1)
        assert session.peers_quality(world, 0) == 0.0

    @pytest.mark.parametrize(("peers", "intensity"), [(0.4, 0.52), (0.0, 0.4), (-0.4, 0.28)])
    def test_peers_add_to_what_the_leader_missed(self, peers, intensity):
        world = course(theory={"mechanism_reach": 0.5})
        world.design.mechanisms[TECHNIQUE, PEERS] = 1
        # 1 - 0.6 x (1 - 0.5 x peers)
        assert session.intensity(world.design, world.theory, TECHNIQUE, 0.6, peers) == approx(intensity)

    def test_more_hours_have_smaller_returns(self):
        theory = theory_record(returns_to_hours=0.5)
        assert session.dose(4.0, theory) == approx(2.0)
        assert session.dose(1.0, theory) == 1.0
        assert session.dose(0.0, theory) == 0.0

    @pytest.mark.parametrize(("insight", "technique", "headroom"), [(0.8, 0.3, 0.58), (0.2, 0.5, 0.2)])
    def test_technique_gains_where_insight_is_ahead_and_a_share_by_imitation(self, insight, technique, headroom):
        # 0.5 ahead + 0.4 x (1 - 0.3 - 0.5); nothing ahead: 0.4 x (1 - 0.5)
        assert session.technique_headroom(insight, technique, 0.4) == approx(headroom)

    def learned(self, *intensities, **states):
        world = course([{"insight": 0.2, "motivation": 0.4, "technique": 0.2, **states}], RATES)
        me = world.teachers[0]
        session.learn(me, world.theory, 1.0, *intensities)
        return me.insight, me.motivation, me.technique, me.prompts

    def test_full_instruction(self):
        # insight 0.2 + 0.4; motivation 0.4 + 0.3; prompts 0.8 x 0.5
        # technique: half of the headroom 0.4 + 0.5 x 0.4
        assert self.learned(1.0, 1.0, 1.0, 0.5) == approx((0.6, 0.7, 0.5, 0.4))

    @pytest.mark.parametrize(
        ("group", "learned"),
        [
            (KNOWLEDGE, (0.6, 0.4, 0.2, 0.0)),
            (MOTIVATE, (0.2, 0.7, 0.2, 0.0)),
            (TECHNIQUE, (0.2, 0.4, 0.2 + 0.5 * 0.5 * 0.8, 0.0)),  # imitation alone: half of 0.5 x 0.8
            (EMBED, (0.2, 0.4, 0.2, 0.8)),
        ],
    )
    def test_each_group_of_mechanisms_moves_its_own_state(self, group, learned):
        assert self.learned(*(float(g == group) for g in range(4))) == approx(learned)

    def test_harm_by_peers_shrinks(self):
        assert self.learned(-1.0, -1.0, -1.0, -1.0) == approx((0.1, 0.2, 0.1, 0.0))

    def test_running_prompts_are_not_weakened(self):
        assert self.learned(0.0, 0.0, 0.0, 0.5, prompts=0.9)[3] == 0.9

    def taught(self, present=(1, 1), teachers=A_AND_B, **settings):
        theory = {"mechanism_reach": 0.5, "attention_sharing": 0.5, "returns_to_hours": 0.5, "insight_rate": LN2 / 0.14}
        world = course(teachers, theory, collaboration__together=0.0, **settings)
        world.design.mechanisms[KNOWLEDGE, FACILITATOR] = 1
        team_up(world, *range(len(teachers)))
        session.turn_up(world, 0)
        for me, here in zip(world.teachers, present, strict=True):
            me.present = here
        session.instruction(world)
        return states(world, "insight")[:, 0]

    def test_a_whole_session(self):
        # intensity 0.5 x 0.4 = 0.2; content x fidelity x dose = 0.7 x 0.5 x 4^0.5 = 0.7; amount ln 2 / 0.14 x 0.14
        assert self.taught(**PROGRAMME) == approx([0.2 + 0.4, 0.6 + 0.2])

    def test_who_stays_away_learns_nothing(self):
        assert self.taught(present=(1, 0), **PROGRAMME) == approx([0.6, 0.6])
        assert self.taught(present=(0, 0), **PROGRAMME) == approx([0.2, 0.6], abs=0)

    @pytest.mark.parametrize("missing", ["content", "fidelity", "facilitator"])
    def test_nothing_is_learned_without(self, missing):
        assert self.taught(**{**PROGRAMME, f"programme__{missing}": 0.0}) == approx([0.2, 0.6], abs=0)

    def test_equal_team_mates_learn_the_same_from_each_other(self):
        world = course([{"insight": 0.4, "technique": 0.4}] * 2, {"peer_strength": 1.0})
        world.design.mechanisms[:, PEERS] = 1
        team_up(world, 0, 1)
        session.turn_up(world, 0)
        session.instruction(world)
        first, second = states(world, "insight", "motivation", "technique", "prompts")
        assert first[0] > 0.4
        assert tuple(first) == tuple(second)


class TestCascade:
    def passed_on(self, who="champions"):
        theory = {
            "mechanism_reach": 0.5,
            "attention_sharing": 0.5,
            "cascade_fidelity": 0.5,
            "insight_rate": LN2 / 0.015,
        }
        quality = {"programme__content": 0.5, "programme__fidelity": 0.4}
        money = {"programme__lesson_time": 0.0, "costs__staff_per_hour": 20.0}
        people = [{"insight": 0.36, "technique": 1.0}] + [{"insight": 0.2}] * 4
        world = course(people, theory, programme__who=who, programme__cascade_hours=1.0, **quality, **money)
        world.design.mechanisms[KNOWLEDGE, FACILITATOR] = 1
        world.teachers[0].participant = world.teachers[0].present = 1
        session.cascade(world)
        return world

    def test_champions_pass_it_on_at_their_own_expertise(self):
        world = self.passed_on()
        # expertise 0.6; four in the room of one champion share as 4^-0.5: led 0.3, intensity 0.15
        # quality 0.5 x 0.4 x 0.5 = 0.1; amount ln 2 / 0.015 x 0.015: half of what is left
        assert states(world, "insight")[:, 0] == approx([0.36, 0.6, 0.6, 0.6, 0.6])
        assert states(world, "hours", "pounds")[1:] == approx(np.array([[1.0, 20.0]] * 4))
        assert world.teachers[0].hours == 0.0

    def test_only_champions_pass_it_on(self):
        assert states(self.passed_on(who="chosen"), "insight")[1:, 0] == approx([0.2] * 4, abs=0)

    def test_nothing_is_passed_on_when_no_champion_came(self):
        world = self.passed_on()
        before = copy_of(world)
        world.teachers[0].present = 0
        session.cascade(world)
        assert world.teachers.insight.tolist() == before.teachers.insight.tolist()


def worked(teachers=A_AND_B, theory=None, present=None, times=1, **settings):
    """A world after one session of teamwork of all, an hour together."""
    silent = dict.fromkeys(
        (
            "exchange_insight",
            "exchange_technique",
            "talk_deepens",
            "norm_strength",
            "lasting_tie_rate",
            "company_motivation",
        ),
        0.0,
    )
    world = course(teachers, {**silent, **(theory or {})}, **settings)
    team_up(world, *range(len(teachers)))
    for now in range(times):
        session.turn_up(world, now)
        for me, here in zip(world.teachers, present or [1] * len(teachers), strict=True):
            me.present = here
        teamwork.teamwork(world, now)
    return world


BOTH = {"exchange_insight": LN2, "exchange_technique": LN2}


class TestTeamwork:
    def test_exchange_moves_half_of_the_best_lead(self):
        world = worked(theory=BOTH)
        assert states(world, "insight", "technique") == approx(np.array([[0.4, 0.4], [0.6, 0.5]]))

    def test_exchange_with_a_worse_mate(self):
        world = worked(theory={**BOTH, "discernment": 0.5})
        # 0.6 - 0.5 x 0.5 x 0.4 and 0.5 - 0.5 x 0.5 x 0.2
        assert states(world, "insight", "technique")[1] == approx([0.5, 0.45])

    def test_exchange_takes_the_best_in_full_and_the_worse_as_a_mean(self):
        three = [{"insight": 0.5}, {"insight": 0.9}, {"insight": 0.1}]
        world = worked(three, {"exchange_insight": LN2, "discernment": 0.5})
        # best 0.4; worse 0.5 x -0.4 over two mates: -0.1; half of 0.3
        assert world.teachers[0].insight == approx(0.65)

    def test_negative_exchange_pulls_away_from_the_better(self):
        world = worked(theory={"exchange_insight": -LN2})
        assert world.teachers[0].insight == approx(0.0, abs=1e-15)

    def test_negative_exchange_raises_nobody(self):
        world = worked(theory={"exchange_insight": -LN2, "exchange_technique": -LN2, "discernment": 0.5})
        assert world.teachers[1].insight <= 0.6
        assert world.teachers[1].technique <= 0.5

    def test_the_channels_switch_one_exchange_each(self):
        off = {"collaboration__channels__insight_exchange": False}
        assert states(worked(theory=BOTH, **off), "insight", "technique")[0] == approx([0.2, 0.4])
        off = {"collaboration__channels__technique_exchange": False}
        assert states(worked(theory=BOTH, **off), "insight", "technique")[0] == approx([0.4, 0.3])

    def test_who_stays_away_neither_gives_nor_takes(self):
        world = worked(theory=BOTH, present=[1, 0])
        assert states(world, "insight", "technique") == approx(np.array([[0.2, 0.3], [0.6, 0.5]]), abs=0)

    def test_use_of_mates_sets_a_norm(self):
        users = [{"use": 0.2}, {"use": 0.5}, {"use": 0.9}]
        world = worked(users, {"norm_strength": 0.1})
        # 0.1 x 1 hour x (mean of the others - own): (0.7 - 0.2), (0.55 - 0.5), (0.35 - 0.9)
        assert states(world, "norm")[:, 0] == approx([0.05, 0.005, -0.055])

    def talked(self, mechanisms, **settings):
        theory = {"talk_deepens": LN2 / 0.16, "mechanism_reach": 0.5}
        quality = {"programme__content": 0.8, "programme__fidelity": 0.5, "programme__facilitator": 0.8}
        world = course([{"insight": 0.2}] * 2, {**theory}, **{**quality, **settings})
        world.design.mechanisms[KNOWLEDGE, FACILITATOR] = mechanisms
        team_up(world, 0, 1)
        session.turn_up(world, 0)
        teamwork.teamwork(world, 0)
        return world.teachers[0].insight

    def test_talk_deepens_the_content(self):
        # matter 0.5 x 0.8 = 0.4; amount ln 2 / 0.16 x 0.8 x 0.5 x 0.4 x 1 hour: half of what is left
        assert self.talked(1) == approx(0.6)

    def test_nothing_to_talk_about_deepens_nothing(self):
        assert self.talked(0) == 0.2
        assert self.talked(1, programme__content=0.0) == 0.2

    def test_company_moves_motivation_by_sociability(self):
        people = [{"motivation": 0.4, "sociability": 0.5}, {"motivation": 0.4, "sociability": -0.5}]
        world = worked(people, {"company_motivation": 2 * LN2})
        assert states(world, "motivation")[:, 0] == approx([0.7, 0.2])
        off = {"collaboration__channels__palatability": False}
        assert states(worked(people, {"company_motivation": 1.0}, **off), "motivation")[:, 0] == approx(
            [0.4, 0.4], abs=0
        )

    def test_teams_leave_lasting_ties_once(self):
        world = worked(theory={"lasting_tie_rate": 1e3}, times=2)
        assert states(world, "ties", "ties_formed", "advice_given").tolist() == [[1, 1, 1]] * 2
        assert world.advisers[:2, 0].tolist() == [1, 0]
        assert world.tie_lasting[:2, 0].tolist() == [1, 1]
        assert world.tie_weight[:2, 0].tolist() == [1.0, 1.0]

    def test_no_lasting_ties_with_the_channel_off(self):
        world = worked(theory={"lasting_tie_rate": 1e3}, collaboration__channels__lasting_ties=False)
        assert world.teachers.ties.sum() == 0

    def test_a_lasting_tie_forms_with_its_chance(self):
        world = worked([{}] * 10, {"lasting_tie_rate": LN2})
        # an hour together: chance one half, at the address of asker and adviser
        posts = world.teachers.post
        expected = {
            (i, j)
            for i in range(10)
            for j in range(10)
            if i != j and draws.uniform(world.key, draws.STREAM_LASTING, 0, posts[i], posts[j]) < 0.5
        }
        formed = {(i, world.advisers[i, k]) for i in range(10) for k in range(world.teachers[i].ties)}
        assert formed == expected
        assert 0 < len(expected) < 90

    def test_joint_work_is_hours_together_per_teacher(self):
        assert worked([{}] * 4).schools[0].joint_work == approx(1.0)
        assert worked([{}] * 4, present=[1, 1, 0, 0]).schools[0].joint_work == approx(0.5)
        assert worked([{}] * 4, present=[1, 0, 0, 0]).schools[0].joint_work == 0.0


FADING = dict.fromkeys(("insight", "technique", "motivation", "norm", "prompts", "habit"), 1.0)


class TestClassroom:
    @pytest.mark.parametrize(
        ("habit", "motivation", "norm", "use"),
        [
            (0.5, 0.8, 0.1, 0.36),  # drive 0.8 x 0.5 + 0.1 = 0.5; (0.5 + 0.5 x 0.5) x 0.48
            (1.0, 0.0, 0.0, 0.48),  # habit needs no deciding
            (0.0, 0.8, -1.0, 0.0),  # a norm of no use
            (0.0, 0.8, 1.0, 0.48),
        ],
    )
    def test_weekly_use(self, habit, motivation, norm, use):
        assert classroom.weekly_use(habit, motivation, 0.5, 1.0, norm, 0.64, 0.36) == approx(use)

    def test_use_needs_insight_and_technique(self):
        assert classroom.weekly_use(1.0, 1.0, 1.0, 1.0, 0.0, 1.0, 0.0) == 0.0
        assert classroom.weekly_use(1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 1.0) == 0.0

    def test_professional_development_takes_time(self):
        world = course(theory={"slack_hours": 10.0}, school__background_hours=39.0)
        # one hour a week of other PD and three of a session: 1 - 4 / 10
        assert classroom.time_left(world.design, world.theory, 3.0) == approx(0.6)
        assert classroom.time_left(world.design, world.theory, 30.0) == 0.0

    @pytest.mark.parametrize(("use", "goal"), [(0.1, 0.2), (1.0, 1.0), (0.55, 0.6), (0.05, 0.1), (0.0, 0.0)])
    def test_goal_of_habit_follows_use(self, use, goal):
        # usual habit 0.2 at usual use 0.1; 0.2 + 0.8 x 0.45 / 0.9 above, 0.2 x 0.05 / 0.1 below
        assert classroom.habit_goal(0.2, use, 0.1) == approx(goal)

    def test_habit_step(self):
        # up: 0.5 + 0.25 / 1.25 x 0.4; down: 0.5 - 0.6 / 1.6 x 0.2
        assert classroom.habit_after(0.5, 0.9, 0.25, 0.6) == approx(0.58)
        assert classroom.habit_after(0.5, 0.3, 0.25, 0.6) == approx(0.425)

    def test_usual_habit_stands_still(self):
        assert classroom.habit_after(0.2, classroom.habit_goal(0.2, 0.1, 0.1), 0.3, 0.05) == 0.2

    def practised(self, **values):
        rates = {"habit_rate": 0.1, "prompts_strength": 2.0, "habit_half_life": 1.0, "practice_rate": 0.5}
        usual = {"insight_usual": 0.4, "technique_usual": 0.3, "habit_usual": 0.2, "use_usual": 0.1}
        present = {"insight": 0.8, "technique": 0.5, "habit": 0.5, "use": 0.6, "prompts": 0.5}
        world = build([{**usual, **present, **values}], rates)
        classroom.practise(world.teachers[0], world.theory, 0.5)
        return world.teachers[0]

    def test_use_strengthens_habit_faster_while_prompts_run(self):
        # goal 0.2 + 0.8 x 0.5 / 0.9; forming 0.1 x (1 + 2 x 0.5) = 0.2
        assert self.practised().habit == approx(0.5 + 0.2 / 1.2 * (0.2 + 0.4 / 0.9 - 0.5))

    def test_habit_fades_where_use_no_longer_supports_it(self):
        assert self.practised(use=0.1).habit == approx(0.5 - 0.5 / 1.5 * 0.3)

    def test_use_with_insight_strengthens_technique(self):
        # 0.5 + 0.5 x (0.6 x 0.3 - 0.1 x 0.1)
        assert self.practised().technique == approx(0.585)

    def test_use_without_insight_ahead_does_not(self):
        assert self.practised(insight=0.4, insight_usual=0.3).technique == 0.5

    @pytest.mark.parametrize(("use", "insight", "technique"), [(0.0, 0.6, 0.35), (0.4, 0.64, 0.36), (1.0, 0.7, 0.375)])
    def test_what_is_not_used_fades_to_the_usual_level(self, use, insight, technique):
        me = {"insight": 0.8, "insight_usual": 0.4, "technique": 0.4, "technique_usual": 0.2, "use": use}
        world = build([me], {"use_protects": 0.5})
        classroom.fade(world.teachers[0], world.theory, 0.5, 0.25)
        # of the deviation 0.4 (0.2) a share of 0.5 (0.25) x (1 - 0.5 use) is lost
        assert (world.teachers[0].insight, world.teachers[0].technique) == approx((insight, technique))

    def test_motivation_norm_and_prompts_settle(self):
        world = build([{"motivation": 0.9, "motivation_usual": 0.5, "norm": -0.4, "prompts": 0.8}])
        classroom.settle(world.teachers[0], 0.5, 0.25, 0.75)
        me = world.teachers[0]
        assert (me.motivation, me.norm, me.prompts) == approx((0.7, -0.3, 0.2))

    def test_a_week_in_class(self):
        me = {
            "habit": 0.5,
            "motivation": 0.8,
            "insight": 0.64,
            "technique": 0.36,
            "prompts": 0.6,
            "use_sum": 1.0,
            "load": 5.0,
        }
        theory = {f"{name}_half_life": weeks for name, weeks in FADING.items()}
        world = build([me, {**me, "load": 0.0}], {**theory, "slack_hours": 10.0, "use_protects": 0.0})
        set_school(world, support=0.5)
        classroom.classroom(world)
        # who came has half of the time: drive 0.8 x 0.5 x 0.5 = 0.2, use (0.5 + 0.5 x 0.2) x 0.48
        # who did not: drive 0.8 x 0.5 = 0.4, use (0.5 + 0.5 x 0.4) x 0.48
        assert states(world, "use", "use_sum", "prompts") == approx(
            np.array([[0.288, 1.288, 0.3], [0.336, 1.336, 0.3]])
        )

    def test_summer_halves_deviations_with_a_half_life_of_a_summer(self):
        pairs = {"insight": (0.8, 0.4), "technique": (0.6, 0.2), "habit": (0.5, 0.1), "motivation": (0.3, 0.5)}
        me = {name: now for name, (now, _) in pairs.items()} | {
            f"{name}_usual": usual for name, (_, usual) in pairs.items()
        }
        theory = {f"{name}_half_life": float(SUMMER) for name in FADING}
        world = build([{**me, "norm": 0.2, "prompts": 0.6, "use": 1.0}], theory)
        classroom.summer(world)
        assert states(world, *pairs, "norm", "prompts")[0] == approx([0.6, 0.4, 0.3, 0.4, 0.1, 0.3])


class TestOrganisation:
    def target(self, **channels):
        world = course(theory={"support_from_use": 0.2, "support_from_joint_work": 0.1}, **channels)
        return organisation.support_target(0.5, 0.1, 2.0, world.design, world.theory)

    def test_support_follows_leadership_use_and_joint_work(self):
        # 0.5 + 0.2 x 0.1 + 0.1 x 2
        assert self.target() == approx(0.72)

    def test_joint_work_is_not_seen_with_the_channel_off(self):
        assert self.target(collaboration__channels__organisational_support=False) == approx(0.52)

    def test_support_drifts_half_of_the_way_in_a_half_life(self):
        users = [{"use": 0.5, "use_usual": 0.3}, {"use": 0.4, "use_usual": 0.2}]
        world = course(users, {"support_half_life": 1.0, "support_from_use": 0.5, "support_from_joint_work": 0.1})
        set_school(world, leadership=0.4, support=0.3, joint_work=1.0)
        organisation.organisation(world)
        # target 0.4 + 0.5 x 0.2 + 0.1 = 0.6; 0.3 + 0.5 x 0.3
        assert world.schools[0].support == approx(0.45)
        assert world.schools[0].joint_work == 0.0


PUPILS = {"craft_effect": 0.2, "use_effect": 0.5, "year_gain": 0.4, "persistence": 0.25}


class TestPupils:
    @pytest.mark.parametrize(("value", "gain"), [(1.0, 0.61), (0.0, 0.36), (-1.0, 0.11)])
    def test_class_gain(self, value, gain):
        # 0.2 x 2 + 0.5 x value x 0.5 - 0.4 x 85.8 lost of 22 x 39 = 858 hours
        assert pupils.class_gain(2.0, 0.5, value, 85.8, theory_record(**PUPILS)) == approx(gain)

    def test_noise_of_a_class_is_analytic(self):
        # sqrt(0.6^2 / 9 + 0.15^2)
        assert pupils.class_noise_sd(9, theory_record(pupil_noise=0.6, class_noise=0.15)) == approx(0.25)

    def test_pupils_carry_a_share_of_what_they_brought_and_gained(self):
        assert pupils.carried_over(0.1, 0.2, theory_record(**PUPILS)) == approx(0.075)

    def test_a_class_has_this_years_gain_and_what_pupils_carry(self):
        me = {"craft": 1.0, "use_sum": 0.2 * WEEKS, "lessons_lost": 42.9}
        world = build([me] * 2, PUPILS, programme__lesson_time=0.5)
        set_school(world, carried=0.05, support=0.5)
        year.close_year(world, 1)
        # 0.2 + 0.5 x 0.2 - 0.4 x 42.9 / 858 + 0.05
        assert world.teachers[0].attainment == approx(0.33)
        assert pupils.school_gain(world, 0) == approx(0.28)

    def test_the_gain_beyond_the_usual_fades_when_pupils_move_on(self):
        world = build([{"attainment": 0.4}, {"attainment": 0.2}], PUPILS, school__turnover=0.0)
        set_school(world, carried=0.1, attainment_usual=0.16)
        year.open_year(world, 1)
        # gain without what was carried in 0.3 - 0.1 = 0.2, 0.04 beyond the usual: 0.25 x (0.1 + 0.04)
        assert world.schools[0].carried == approx(0.035)


CAREERS = {
    "experience_return": 1.0,
    "experience_early": 0.5,
    "experience_pace": 1 / LN2,
    "craft_support": 2.0,
    "craft_spillover": 0.1,
    "leave_motivation": 2.0,
    "leave_support": 4.0,
}


class TestCareers:
    @pytest.mark.parametrize(("years", "grown"), [(0.0, 0.0), (1.0, 0.25 + 0.5 / 30), (40.0, 1.0)])
    def test_craft_grows_early_and_then_slowly(self, years, grown):
        # half of it early, halving what is left each year; the rest evenly over 30 years
        assert staff.craft_grown(years, theory_record(**CAREERS)) == approx(grown)

    def test_growth_in_a_supportive_school_beside_a_better_colleague(self):
        theory = theory_record(**CAREERS)
        # first year: 0.25 + 1 / 60; support 0.75: half as much again; a pull of 0.4 beyond the usual: 0.04
        assert careers.craft_growth(0.0, 0.5, 0.0, theory) == approx(0.25 + 1 / 60)
        assert careers.craft_growth(0.0, 0.75, 0.4, theory) == approx(1.5 * (0.25 + 1 / 60) + 0.04)

    def pull(self, crafts, lasting=0, **theory):
        world = build([{"craft": c} for c in crafts], {**CAREERS, **theory})
        for adviser in range(1, len(crafts)):
            tie(world, 0, adviser, lasting=lasting)
        return careers.craft_pull(world, 0)

    def test_the_best_adviser_pulls_craft_and_a_worse_one_hardly(self):
        assert self.pull([0.5, 1.5]) == approx(1.0)
        assert self.pull([0.5, -0.5]) == 0.0
        # best 1; worse 0.5 x -1 over two ties
        assert self.pull([0.5, 1.5, -0.5], discernment=0.5) == approx(0.75)
        assert self.pull([0.5, 1.5], lasting=1, lasting_tie_strength=0.5) == approx(0.5)

    def test_a_year_passes_for_all_at_once(self):
        people = [{"craft": 0.0, "years": 0.0}, {"craft": 1.0, "years": 30.0}]
        world = build([{**one, "craft_pull_usual": 0.2} for one in people], CAREERS)
        tie(world, 0, 1)
        set_school(world, support=0.5)
        careers.grow(world)
        # first: 0.25 + 1/60 + 0.1 x (1 - 0.2); second: nothing to grow but 0.5 x 2^-30, 0.1 x (0 - 0.2)
        assert states(world, "craft", "years") == approx(
            np.array([[0.25 + 1 / 60 + 0.08, 1.0], [0.98, 31.0]]), rel=1e-8
        )

    @pytest.mark.parametrize(
        ("motivation", "support", "years", "chance"),
        [
            (0.5, 0.5, 10.0, 0.1),
            (0.5 + LN2 / 2, 0.5, 10.0, 0.05),
            (0.5, 0.5 - LN2 / 4, 10.0, 0.2),
            (0.5, 0.5 - LN2, 10.0, 1.0),  # 0.1 x 16, held at 1
            (1.0, 1.0, 40.0, 1.0),  # the end of a career
        ],
    )
    def test_leaving_falls_with_motivation_and_support(self, motivation, support, years, chance):
        world = build([{"motivation": motivation, "years": years}], {**CAREERS, "motivation_mean": 0.5})
        assert careers.leaving_chance(world.teachers[0], support, 0.1, world.theory) == approx(chance)

    def test_leaving_is_the_draw_at_its_address(self):
        world = build([{"motivation": 0.5}] * 20, {**CAREERS, "motivation_mean": 0.5}, school__turnover=0.4)
        set_school(world, support=0.5)
        careers.decide_leavers(world, 3)
        drawn = [draws.uniform(world.key, draws.STREAM_LEAVE, 3, me.post, 0) < 0.4 for me in world.teachers]
        assert [bool(me.leaving) for me in world.teachers] == drawn
        assert 0 < sum(drawn) < 20

    def test_a_newcomer_takes_post_seat_and_arm_with_baseline_states(self):
        states = {"insight": 0.99, "habit": 0.99, "prompts": 0.5, "norm": 0.4, "years": 40.0}
        trained = {**states, "insight_usual": 0.3, "habit_usual": 0.1, "leaving": 1, "reported": 1}
        world = course([trained, {**trained, "leaving": 0}], {**CAREERS, "talent_spread": 0.0})
        team_up(world, 0, 1)
        set_school(world, leadership=0.5)
        careers.replace_leavers(world, 2)
        new, old = world.teachers[:2]
        assert (new.post, new.team, new.participant, new.reported) == (0, 0, 1, 1)
        assert (new.years, new.arrival, new.leaving, new.prompts, new.norm) == (0.0, 2, 0, 0.0, 0.0)
        for name in ("insight", "technique", "motivation", "habit", "use"):
            assert new[name] == new[f"{name}_usual"]
        assert new.insight_usual != 0.3
        # ten years of experience are the zero of craft: 0 - (0.5 x (1 - 2^-10) + 0.5 / 3)
        assert new.craft == approx(-(0.5 * (1 - 2**-10) + 0.5 / 3))
        assert (old.insight, old.years, old.habit) == (0.99, 40.0, 0.99)


class TestNetwork:
    def four(self, persistence, **settings):
        world = build([{"ties_wanted": 1, "popularity": 1.0}] * 4, {"tie_persistence": persistence}, **settings)
        for i in range(4):
            tie(world, i, (i + 1) % 4)
        network.running_popularity(world, 0)
        return world

    def test_ties_lapse_or_last(self):
        kept, gone = self.four(1.0), self.four(0.0)
        network.lapse_ties(kept, 1)
        network.lapse_ties(gone, 1)
        assert kept.teachers.ties.tolist() == [1] * 4
        assert gone.teachers.ties.tolist() == [0] * 4
        assert gone.teachers.advice_given.tolist() == [0] * 4

    def test_ties_of_and_to_leavers_end(self):
        world = self.four(1.0)
        world.teachers[1].leaving = 1
        network.lapse_ties(world, 1)
        assert world.teachers.ties.tolist() == [0, 0, 1, 1]
        assert world.teachers.advice_given.tolist() == [1, 0, 0, 1]

    def test_lasting_ties_lapse_at_the_ordinary_rate(self):
        everyday, lasting = self.four(0.5), self.four(0.5)
        lasting.tie_lasting[:, 0] = 1
        network.lapse_ties(everyday, 1)
        network.lapse_ties(lasting, 1)
        assert everyday.teachers.ties.tolist() == lasting.teachers.ties.tolist()
        assert 0 < everyday.teachers.ties.sum() < 4

    def test_dropping_a_tie_keeps_the_others(self):
        world = build([{}] * 4)
        for adviser, weight in ((1, 0.1), (2, 0.2), (3, 0.3)):
            tie(world, 0, adviser, weight)
        network.drop_tie(world, 0, 0)
        left = dict(zip(world.advisers[0, :2].tolist(), world.tie_weight[0, :2].tolist(), strict=True))
        assert world.teachers[0].ties == 2
        assert left == {2: 0.2, 3: 0.3}

    def test_ties_are_renewed_up_to_what_a_teacher_keeps_and_lasting_ones_are_extra(self):
        world = build([{"ties_wanted": 2, "popularity": 1.0}] * 4)
        tie(world, 0, 1, lasting=1)
        network.running_popularity(world, 0)
        network.renew_ties(world, 1)
        assert world.teachers.ties.tolist() == [3, 2, 2, 2]
        assert world.tie_lasting[0, :3].tolist() == [1, 0, 0]
        for i, me in enumerate(world.teachers):
            advisers = world.advisers[i, : me.ties].tolist()
            assert len(set(advisers)) == len(advisers)
            assert i not in advisers
        assert world.teachers.advice_given.sum() == 9


class TestStaff:
    def test_interpolation_in_a_quantile_table(self):
        table = np.array([0.0, 1.0, 3.0])
        assert [staff.interpolate(table, u) for u in (0.0, 0.25, 0.75, 1.0)] == approx([0.0, 0.5, 2.0, 3.0])

    def appointed(self, theory=None, **settings):
        world = build([{}] * 200, {"talent_spread": 0.0, **(theory or {})}, **settings)
        for i in range(200):
            staff.appoint(world, i, 0, 10.0)
        return world.teachers

    def test_without_spread_all_are_at_the_level_of_staff(self):
        people = self.appointed(staff__expertise_spread=0.0, staff__expert_share=0.0, staff__expertise=0.3)
        assert set(people.insight.tolist()) == set(people.technique.tolist()) == {0.3}
        assert people.craft == approx(np.zeros(200), abs=1e-15)

    def test_experts_are_at_their_own_level(self):
        people = self.appointed(staff__expertise_spread=0.0, staff__expert_share=0.3, staff__expert_level=0.8)
        assert set(people.insight.tolist()) == {0.35, 0.8}
        assert people.insight.tolist() == people.technique.tolist()
        assert 0.2 < (people.insight == 0.8).mean() < 0.4

    def test_partners_have_their_own_level(self):
        world = build(
            [{"partner": 1}], partners__expertise=0.6, partners__expert_share=0.0, staff__expertise_spread=0.0
        )
        staff.appoint(world, 0, 0, 3.0)
        assert world.teachers[0].insight == 0.6

    @pytest.mark.parametrize(("overlap", "equal"), [(1.0, True), (0.5, False)])
    def test_insight_and_technique_share_what_overlaps(self, overlap, equal):
        people = self.appointed({"expertise_overlap": overlap}, staff__expert_share=0.0)
        assert (people.insight.tolist() == people.technique.tolist()) is equal

    def test_states_start_at_the_usual_level(self):
        people = self.appointed()
        for name in ("insight", "technique", "motivation", "habit"):
            assert people[name].tolist() == people[f"{name}_usual"].tolist()


def formed(schools=1, per_school=8, states=(), **settings):
    """A world with its participants and teams made; ``states``: field values of the first teachers."""
    teachers = [{"popularity": 1.0, **(states[i] if i < len(states) else {})} for i in range(schools * per_school)]
    settings = {"staff__schools": schools, "staff__teachers_per_school": per_school, **settings}
    world = course(teachers, **settings)
    teams.form_programme(world)
    return world


def members(world):
    """Rows of each team."""
    found = {}
    for i, me in enumerate(world.teachers):
        if me.team != NOBODY:
            found.setdefault(me.team, []).append(i)
    listed = [world.team_members[world.team_first[t] : world.team_first[t + 1]].tolist() for t in sorted(found)]
    assert listed == [found[t] for t in sorted(found)]
    return listed


class TestTeams:
    @pytest.mark.parametrize("staff_count", [2, 3, 4, 5, 7, 11, 13, 40])
    @pytest.mark.parametrize("size", [2, 3, 4, 6])
    def test_sizes_differ_by_at_most_one_and_nobody_is_alone(self, staff_count, size):
        world = formed(per_school=staff_count, collaboration__team_size=size)
        sizes = [len(team) for team in members(world)]
        assert sum(sizes) == staff_count
        assert max(sizes) - min(sizes) <= 1
        assert min(sizes) >= 2
        assert abs(sum(sizes) / len(sizes) - size) <= size / 2 + 1

    def test_teams_within_departments(self):
        world = formed(per_school=20, collaboration__teams="within-departments", staff__departments=5)
        assert len(members(world)) == 5
        for team in members(world):
            assert len({world.teachers[i].department for i in team}) == 1

    def test_a_lone_member_of_a_department_joins_colleagues(self):
        world = formed(per_school=7, collaboration__teams="within-departments", staff__departments=5)
        assert sum(len(team) for team in members(world)) == 7
        assert min(len(team) for team in members(world)) >= 2

    @pytest.mark.parametrize("kind", ["within-departments", "within-schools", "across-schools", "expert-novice-pairs"])
    @pytest.mark.parametrize("schools", [2, 3, 5])
    def test_one_from_each_school_are_not_left_alone(self, kind, schools):
        world = formed(schools, 6, programme__who="chosen", programme__count_per_school=1, collaboration__teams=kind)
        assert sum(len(team) for team in members(world)) == schools
        assert min(len(team) for team in members(world)) >= 2

    @pytest.mark.parametrize("kind", ["within-departments", "within-schools", "across-schools", "expert-novice-pairs"])
    def test_alone_in_the_programme_is_a_team_of_one(self, kind):
        world = formed(programme__who="chosen", programme__count_per_school=1, collaboration__teams=kind)
        assert [len(team) for team in members(world)] == [1]

    def test_teams_across_schools_mix_them(self):
        world = formed(3, 4, collaboration__teams="across-schools", collaboration__team_size=3)
        assert len(members(world)) == 4
        for team in members(world):
            assert {world.teachers[i].school for i in team} == {0, 1, 2}

    @pytest.mark.parametrize("count", [6, 7])
    def test_pairs_of_expert_and_novice_with_one_triple_when_odd(self, count):
        expertise = [0.5, 0.1, 0.9, 0.3, 0.7, 0.2, 0.05][:count]
        people = [{"insight": e, "technique": e} for e in expertise]
        world = formed(per_school=count, states=people, collaboration__teams="expert-novice-pairs")
        pairs = sorted(sorted(expertise[i] for i in team) for team in members(world))
        # the upper half meets the lower half in order; the unmatched novice joins the pair of the best
        even, odd = [[0.1, 0.5], [0.2, 0.7], [0.3, 0.9]], [[0.05, 0.3, 0.9], [0.1, 0.5], [0.2, 0.7]]
        assert pairs == (even if count == 6 else odd)

    def test_solo_programmes_make_no_teams(self):
        world = formed(programme__format="solo")
        assert set(world.teachers.team.tolist()) == {NOBODY}
        assert world.teachers.participant.tolist() == [1] * 8

    def test_without_sessions_nobody_takes_part_but_the_same_posts_are_reported(self):
        world = formed(programme__sessions=0, programme__who="chosen", programme__count_per_school=3)
        assert world.teachers.participant.sum() == 0
        assert world.teachers.reported.sum() == 3


class TestWhoTakesPart:
    def chosen(self, who, states=(), **settings):
        world = formed(states=states, programme__who=who, **settings)
        assert world.teachers.participant.tolist() == world.teachers.reported.tolist()
        return [i for i, me in enumerate(world.teachers) if me.participant]

    def test_everyone(self):
        assert self.chosen("everyone") == list(range(8))

    def test_the_least_experienced(self):
        years = [{"years": y} for y in (9.0, 1.0, 30.0, 0.0, 4.0, 2.0, 8.0, 7.0)]
        assert self.chosen("least-experienced", years, programme__count_per_school=3) == [1, 3, 5]

    def test_champions_are_motivated_and_asked(self):
        # motivation + 0.1 ln popularity: 0.5, 0.6, 0.55 + 0.1 = 0.65, the rest 0.2
        people = [{"motivation": 0.5}, {"motivation": 0.6}, {"motivation": 0.55, "popularity": math.e}]
        people += [{"motivation": 0.2}] * 5
        assert self.chosen("champions", people, programme__count_per_school=2) == [1, 2]

    def test_volunteers_are_motivated(self):
        people = [{"motivation": 9.0 if i in (2, 5) else 0.0} for i in range(8)]
        assert self.chosen("volunteers", people, programme__count_per_school=2) == [2, 5]

    @pytest.mark.parametrize(("share", "count"), [(0.0, 0), (0.25, 2), (0.5, 4), (1.0, 8)])
    def test_a_share_by_lot(self, share, count):
        assert len(self.chosen("chosen", programme__share_taking_part=share)) == count

    def test_a_count_larger_than_the_staff_takes_all(self):
        assert self.chosen("chosen", programme__count_per_school=50) == list(range(8))

    def test_schools_outside_the_programme_send_nobody(self):
        world = formed(3, 4, programme__schools_taking_part=2)
        assert world.teachers.participant.tolist() == [1] * 8 + [0] * 4
        assert world.teachers.in_programme_school.tolist() == [1] * 8 + [0] * 4

    def test_partners_always_take_part(self):
        world = formed(1, 4, partners__schools=2, programme__who="chosen", programme__count_per_school=1)
        assert world.teachers.participant[4:].tolist() == [1] * 4
        assert world.teachers.participant[:4].sum() == 1
        assert world.teachers.in_programme_school.tolist() == [1] * 4 + [0] * 4


COLUMN = {name: column for column, name in enumerate(measure.OUTCOMES)}


def measured(world, when=1, practice_sd=1.0):
    """What is recorded of a world: populations x outcomes."""
    out = np.empty((len(measure.POPULATIONS), len(measure.OUTCOMES)))
    measure.measure(world, when, practice_sd, out)
    return out


PEOPLE = (
    {"reported": 1, "insight": 0.2, "technique": 0.8, "offered": 4.0, "attended": 2.0, "reaction": 1.2, "craft": 1.0,
     "use_sum": 0.2 * WEEKS, "hours": 6.0, "pounds": 100.0, "attainment": 0.3, "ties_formed": 2.0, "leaving": 1},
    {"reported": 1, "insight": 0.6, "technique": 0.6, "offered": 4.0, "attended": 4.0, "reaction": 3.2, "craft": 0.0,
     "use_sum": 0.4 * WEEKS, "hours": 12.0, "pounds": 200.0, "attainment": 0.1},
    {"insight": 0.4, "technique": 0.4, "use_sum": 0.1 * WEEKS, "craft": -1.0, "attainment": -0.1},
)  # fmt: skip


class TestMeasure:
    def test_practice_score_has_use_and_craft(self):
        assert measure.practice_score(0.5, 2.0, theory_record(practice_use=1.5, practice_craft=0.25)) == approx(1.25)

    def test_noise_falls_with_lessons(self):
        assert measure.lesson_noise_sd(4, theory_record(lesson_noise=1.5)) == approx(0.75)

    def test_gap_of_the_strongest_and_weakest_fifth(self):
        # ten teachers: the mean of 0.9 and 0.8 less the mean of 0.0 and 0.1
        assert measure.gap(np.array([0.3, 0.9, 0.1, 0.5, 0.0, 0.6, 0.8, 0.4, 0.2, 0.7])) == approx(0.8)
        assert measure.gap(np.array([0.3, 0.7])) == approx(0.4)
        assert measure.gap(np.array([0.3])) == 0.0

    def world(self, people=PEOPLE, **settings):
        world = build(people, {"practice_use": 2.0, "practice_craft": 0.5}, evaluation__pupils_per_class=20, **settings)
        set_school(world, support=0.45)
        return world

    def test_populations_are_means_over_their_teachers(self):
        out = measured(self.world(), practice_sd=0.5)
        expected = {  # all, participants, colleagues
            "reaction": (0.7, 0.7, 0.5),  # 0.6 and 0.8 for those who rated; neutral for those who had nothing to rate
            "insight": (0.4, 0.4, 0.4),
            "technique": (0.6, 0.7, 0.4),
            "organisational_support": (0.45, 0.45, 0.45),
            "use": (0.7 / 3, 0.3, 0.1),
            "practice": (2 * 1.4 / 3, 2 * (0.6 + 0.25), 2 * (0.2 - 0.5)),  # (2 use + 0.5 craft) / 0.5
            "pupil_attainment": (0.1, 0.2, -0.1),
            "attendance": (0.75, 0.75, 0.0),
            "hours_per_teacher": (6.0, 9.0, 0.0),
            "pounds_per_teacher": (100.0, 150.0, 0.0),
            "pounds_per_pupil": (5.0, 7.5, 0.0),
            "ties_formed": (2 / 3, 1.0, 0.0),
            "retention": (2 / 3, 0.5, 1.0),
            "expertise_gap": (0.2, 0.2, 0.0),  # expertise 0.4, 0.6, 0.4
        }
        for name, values in expected.items():
            assert out[:3, COLUMN[name]] == approx(values), name

    def test_use_before_the_first_year_is_the_usual_one(self):
        world = self.world(({"use_usual": 0.3, "use_sum": 99.0}, {"use_usual": 0.5}))
        assert measured(world, when=0)[0, COLUMN["use"]] == approx(0.4)

    def test_an_empty_population_is_missing(self):
        out = measured(self.world(PEOPLE[:2]))
        assert np.isnan(out[2]).all()
        assert not np.isnan(out[[0, 1, 3]]).any()

    def test_schools_outside_and_partners_count_in_no_population(self):
        everywhere = [{"insight": 0.2}] * 2 + [{"insight": 0.9}] * 2 + [{"insight": 1.0}] * 2
        world = self.world(
            everywhere,
            staff__schools=2,
            staff__teachers_per_school=2,
            programme__schools_taking_part=1,
            partners__schools=1,
        )
        assert measured(world)[:, COLUMN["insight"]] == approx([0.2, np.nan, 0.2, 0.2], nan_ok=True)

    def test_one_school_is_seen_with_noise_of_lessons_and_classes(self):
        world = self.world()
        out, again = measured(world), measured(world, when=2)
        noisy = [COLUMN["practice"], COLUMN["pupil_attainment"]]
        plain = [c for c in range(len(measure.OUTCOMES)) if c not in noisy]
        assert out[3, plain] == approx(out[0, plain])
        assert (out[3, noisy] != out[0, noisy]).all()
        assert (out[3, noisy] != again[3, noisy]).all()

    def test_unit_of_practice_without_differences_is_the_noise_of_lessons(self):
        flat = {
            "talent_spread": 0.0,
            "experience_return": 0.0,
            "motivation_spread": 0.0,
            "habit_spread": 0.0,
            "lesson_noise": 1.5,
        }
        world = build(
            [{}] * 30, flat, staff__expertise_spread=0.0, staff__expert_share=0.0, evaluation__lessons_observed=9
        )
        years = np.zeros((2, 1000))
        assert run.practice_sd(world, years) == approx(0.5)


class TestOrder:
    def test_a_week_is_the_list_of_the_design(self):
        theory = {"advice_rate": 0.1, "exchange_insight": 0.2, "norm_strength": 0.2, "support_from_joint_work": 0.5}
        people = [
            {"insight": 0.3, "motivation": 0.5, "technique": 0.2},
            {"insight": 0.7, "motivation": 0.4, "technique": 0.6},
        ]
        world = course(people, theory, programme__content=0.8)
        world.design.mechanisms[:, FACILITATOR] = 1
        team_up(world, 0, 1)
        tie(world, 0, 1)
        by_hand = copy_of(world)
        week.week(world, 0)
        advice.advice(by_hand)
        session.turn_up(by_hand, 0)
        session.instruction(by_hand)
        teamwork.teamwork(by_hand, 0)
        classroom.classroom(by_hand)
        organisation.organisation(by_hand)
        assert world.teachers.tolist() == by_hand.teachers.tolist()
        assert world.schools.tolist() == by_hand.schools.tolist()
        assert world.teachers[0].insight > 0.3
