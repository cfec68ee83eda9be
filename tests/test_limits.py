"""Limits whose answer is known beforehand."""

import numpy as np
import pytest

from pdsim import comparison, scenarios
from pdsim.kernel import teamwork
from pdsim.kernel.measure import OUTCOMES
from worlds import build, results, scenario, team_up

LEARNING = [OUTCOMES.index("insight"), OUTCOMES.index("technique")]
USE, PUPILS = OUTCOMES.index("use"), OUTCOMES.index("pupil_attainment")
MONEY = [OUTCOMES.index("hours_per_teacher"), OUTCOMES.index("pounds_per_teacher")]
COURSE = {
    "programme__sessions": 10,
    "programme__mechanisms": ("managing cognitive load", "setting and agreeing on goals", "modelling the technique"),
    "programme__content": 0.9,
    "programme__lesson_time": 0.0,
    "staff__teachers_per_school": 15,
    "school__turnover": 0.0,
}


def effects(design, replicates=8, kind="posterior", **fixed):
    """Outcomes less those of the same staffroom without a programme, in the same luck."""
    without = scenarios.load("no-pd").in_the_world_of(design)
    with_it, without_it = (results(s, replicates, kind, reported=design, **fixed) for s in (design, without))
    return with_it - without_it


class TestAimlessMeetings:
    @pytest.mark.parametrize("kind", ["posterior", "prior", "fluoride", "mint", "groupthink"])
    def test_teach_nothing_and_cost_something(self, kind):
        effect = effects(scenarios.load("aimless-meetings"), kind=kind)
        assert np.abs(effect[..., :2, :][..., LEARNING]).max() < 1e-12
        assert (effect[:, 1:, 0][..., MONEY] > 0).all()

    def test_cost_pupils_lessons(self):
        # with company and joint work silenced, all that is left is the time they take
        silent = {"palatability": False, "organisational_support": False, "norms": False}
        design = scenarios.load("aimless-meetings").with_(
            **{f"collaboration.channels.{name}": on for name, on in silent.items()}
        )
        assert (effects(design, kind="point")[:, 1, 0, PUPILS] < 0).all()

    def test_a_session_of_equals_without_content_moves_nothing(self):
        world = build(
            [{"insight": 0.6, "technique": 0.3, "motivation": 0.5, "sociability": 0.5}] * 4,
            {"exchange_insight": 0.5, "exchange_technique": 0.5, "talk_deepens": 0.5, "discernment": 0.0},
            programme__format="collaborative",
            programme__sessions=1,
        )
        team_up(world, 0, 1, 2, 3)
        world.teachers.together_hours = 1.0
        teamwork.teamwork(world, 0)
        assert world.teachers.insight.tolist() == [0.6] * 4
        assert world.teachers.technique.tolist() == [0.3] * 4
        assert (world.teachers.motivation > 0.5).all()


class TestPracticeOfNoValue:
    def test_moves_use_and_reaches_no_pupil_in_its_year(self):
        effect = effects(scenario(**COURSE, programme__value=0.0))
        assert (effect[:, 1:, 0, USE] > 0).all()
        assert np.abs(effect[:, :2, :2, PUPILS]).max() < 1e-12

    def test_reaches_no_pupil_later_where_support_moves_no_craft(self):
        # use that schools see raises support, and support makes craft grow: the one path round the practice's value
        no_detour = {"craft_support": 0.0, "leave_support": 0.0, "leave_motivation": 0.0}
        effect = effects(scenario(**COURSE, programme__value=0.0, evaluation__years=4), **no_detour)
        assert (effect[:, 1:, 0, USE] > 0).all()
        assert np.abs(effect[:, :, :2, PUPILS]).max() < 1e-12

    def test_is_compared_with_a_world_that_holds_the_same_practice(self):
        design = scenario(**COURSE, programme__value=0.0).model_copy(update={"name": "worthless"})
        table = comparison.compare([design], replicates=8, years=1).table.query("population == 'all'")
        effect = table.set_index("outcome").effect
        assert effect["use"] > 0
        assert effect["pupil_attainment"] == pytest.approx(0.0, abs=1e-12)

    def test_harms_pupils_when_its_value_is_negative(self):
        good, bad = (effects(scenario(**COURSE, programme__value=v))[:, 1, 0, PUPILS] for v in (1.0, -1.0))
        assert (good > 0).all()
        assert bad == pytest.approx(-good)


STILL = {"practice_rate": 0.0, "leave_support": 0.0, "leave_motivation": 0.0}


class TestNothingToLearnFrom:
    def test_solo_without_mechanisms_teaches_nothing(self):
        design = scenario(**{**COURSE, "programme__mechanisms": ()}, evaluation__years=3)
        assert np.abs(effects(design, **STILL)[:, :, :2][..., LEARNING]).max() < 1e-12

    def test_solo_without_mechanisms_does_no_good_to_pupils(self):
        effect = effects(scenario(**{**COURSE, "programme__mechanisms": ()}))[:, 1, 0, PUPILS]
        assert (effect <= 0).all()
        assert (effect > -0.01).all()

    @pytest.mark.parametrize("missing", ["content", "fidelity"])
    def test_mechanisms_without_content_or_delivery_teach_nothing(self, missing):
        design = scenario(**{**COURSE, f"programme__{missing}": 0.0})
        assert np.abs(effects(design, **STILL)[:, :, :2][..., LEARNING]).max() < 1e-12

    def test_with_them_it_teaches(self):
        assert (effects(scenario(**COURSE))[:, 1:, 1][..., LEARNING] > 0).all()


class TestTeamOfOne:
    def test_is_solo_to_the_bit(self):
        alone = scenario(
            **COURSE, programme__format="collaborative", programme__who="chosen", programme__count_per_school=1
        )
        assert np.array_equal(results(alone), results(alone.solo_twin("stripped")), equal_nan=True)

    def test_two_are_not(self):
        two = scenario(
            **COURSE, programme__format="collaborative", programme__who="chosen", programme__count_per_school=2
        )
        assert not np.array_equal(results(two), results(two.solo_twin("stripped")), equal_nan=True)


class TestReplacedTwin:
    @pytest.mark.parametrize("together", [0.2, 0.5, 1.0])
    def test_bills_the_same_hours(self, together):
        design = scenario(**COURSE, programme__format="collaborative", collaboration__together=together)
        hours = OUTCOMES.index("hours_per_teacher")
        original, twin = (
            results(s, attendance_required=1.0)[..., hours] for s in (design, design.solo_twin("replaced"))
        )
        assert twin == pytest.approx(original, nan_ok=True)
        assert (original[:, 1:, :2] == 10.0).all()

    def test_facilitators_carry_what_peers_carried(self):
        design = scenario(
            **{**COURSE, "programme__mechanisms": ("arranging practical social support",)},
            programme__format="collaborative",
        )
        twin = design.solo_twin("replaced")
        assert twin.programme.carriers["arranging practical social support"] == "facilitator"
        assert (results(twin)[:, 1, 1, LEARNING[1]] > results(design.solo_twin("stripped"))[:, 1, 1, LEARNING[1]]).all()


class TestOneSchoolAmongMany:
    def test_ties_across_reach_only_schools_and_partners_of_the_programme(self):
        # another school that takes no part is not reached, however many ties go across
        one = scenario(staff__teachers_per_school=10, network__ties_across=1.0, programme__schools_taking_part=1)
        assert np.array_equal(results(one), results(one.with_(**{"staff.schools": 3})), equal_nan=True)
