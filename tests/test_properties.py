"""What holds for any assumptions and any design, tried by hypothesis on small staffrooms."""

from functools import cache

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from pdsim import assumptions, library, population, scenarios, theory
from pdsim.kernel import advice, run, session, teamwork
from pdsim.kernel.measure import OUTCOMES
from pdsim.kernel.records import CHANNELS, TECHNIQUE, WEEKS
from pdsim.scenarios import CARRIERS, MECHANISMS
from worlds import build, copy_of, results, scenario, set_school, team_up, tie

LEARNED = ["insight", "technique"]
BOUNDED = ["insight", "technique", "motivation", "habit", "prompts", "use"]
ROUNDING = 1e-12
modest = settings(
    max_examples=40,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
)

shares = st.floats(0.0, 1.0)
SOLO = {
    "programme.sessions": st.integers(1, 20),
    "programme.weeks_between": st.integers(1, 3),
    "programme.first_week": st.integers(0, 5),
    "programme.hours": st.floats(0.1, 12.0),
    "programme.content": shares,
    "programme.facilitator": shares,
    "programme.fidelity": shares,
    "programme.per_facilitator": st.floats(1.0, 20.0),
    "programme.mechanisms": st.sets(st.sampled_from(sorted(MECHANISMS))).map(lambda found: tuple(sorted(found))),
    "programme.carriers": st.dictionaries(st.sampled_from(sorted(MECHANISMS)), st.sampled_from(CARRIERS), max_size=8),
    "programme.who": st.sampled_from(["everyone", "volunteers", "chosen", "least-experienced", "champions"]),
    "programme.share_taking_part": shares,
    "programme.count_per_school": st.integers(0, 4),
    "programme.cascade_hours": st.floats(0.0, 3.0),
    "staff.schools": st.integers(1, 2),
    "staff.teachers_per_school": st.integers(2, 8),
    "staff.expert_share": shares,
    "staff.expertise_spread": st.floats(0.0, 0.5),
    "network.ties": st.floats(0.0, 4.0),
    "network.ties_across": shares,
    "school.leadership": shares,
    "school.turnover": st.floats(0.0, 0.9),
    "school.background_hours": st.floats(0.0, 200.0),
}
TOGETHER = {
    "programme.format": st.just("collaborative"),
    "collaboration.together": shares,
    "collaboration.team_size": st.integers(2, 8),
    "collaboration.teams": st.sampled_from(
        ["within-departments", "within-schools", "across-schools", "expert-novice-pairs"]
    ),
    "partners.schools": st.integers(0, 2),
}
VOLUNTARY = {"programme.attendance": st.sampled_from(["required", "voluntary"])}


def designs(*tables, **fixed):
    """Scenarios with random keys; ``fixed`` keys have "__" for the dot."""
    keys = {name: choice for table in tables for name, choice in table.items()}
    keys |= {name.replace("__", "."): st.just(value) for name, value in fixed.items()}
    return st.fixed_dictionaries(keys).map(lambda values: scenario().with_(**values))


def edge_or_between(p):
    """A value of an assumption: an end of its range, its default, or anything between."""
    return st.one_of(st.sampled_from([p.low, p.default, p.high]), st.floats(p.low, p.high))


extreme_theories = st.fixed_dictionaries({name: edge_or_between(p) for name, p in assumptions.PARAMETERS.items()})


@cache
def prior():
    return theory.load("prior", 200, 5).draws


prior_draws = st.integers(0, 199).map(lambda k: prior()[k : k + 1].copy())


def grown(design, believed, years=1):
    """The world of a design after some years in the first luck, having checked its states each week."""
    start = population.template(design)
    world = run.World(*copy_of(start.world._replace(theory=believed[0], key=(1, 0))))
    run.populate(world, start.year_quantiles, start.degree_quantiles)
    for now in range(years * WEEKS):
        run.week(world, now)
        check_states(world)
        if (now + 1) % WEEKS == 0:
            run.close_year(world, (now + 1) // WEEKS)
            if now + 1 < years * WEEKS:
                run.open_year(world, (now + 1) // WEEKS)
    return world


def check_states(world):
    for name in BOUNDED:
        values = world.teachers[name]
        assert (values >= 0.0).all(), name
        assert (values <= 1.0).all(), name
    assert (np.abs(world.teachers.norm) <= 1.0).all()
    assert (np.abs(world.schools.support - 0.5) <= 0.5).all()
    for name in ("craft", "hours", "pounds", "attainment", "use_sum"):
        assert np.isfinite(world.teachers[name]).all(), name


@modest
@given(designs(SOLO, TOGETHER, VOLUNTARY), extreme_theories)
def test_states_stay_in_range(design, values):
    believed = theory.override(theory.load("point", 1, 0), values).draws
    world = grown(design, believed, years=2)
    assert (world.teachers.attended <= world.teachers.offered).all()
    assert (world.teachers.reaction <= world.teachers.attended).all()
    assert (world.teachers.ties <= world.advisers.shape[1]).all()


@modest
@given(designs(SOLO, TOGETHER, VOLUNTARY), extreme_theories)
def test_outcomes_stay_in_range(design, values):
    out = results(design.with_(**{"evaluation.years": 2}), 2, "point", **values)
    for name in ("reaction", "insight", "technique", "organisational_support", "use", "attendance", "retention"):
        column = out[:, :, :2, OUTCOMES.index(name)]
        assert np.nanmin(column) >= 0.0, name
        assert np.nanmax(column) <= 1.0, name


@modest
@given(designs(SOLO, TOGETHER, VOLUNTARY), st.integers(0, 1000))
def test_no_sessions_no_effect(design, seed):
    nothing = scenarios.load("no-pd").in_the_world_of(design)
    without = design.with_(**{"programme.sessions": 0})
    assert np.array_equal(results(without, seed=seed), results(nothing, seed=seed, reported=without), equal_nan=True)


class TestMoreIsNeverWorse:
    """Better content, facilitator or fidelity never lower learning, all else equal: attendance, and people.

    Nobody's learning falls, but for what helpers learn by helping: colleagues who know more ask for less. With helping
    in, the mean over the staff does not fall.
    """

    def check(self, design, believed, key, low, high):
        believed["attendance_required"] = 1.0
        low, high = sorted((low, high))
        for helping, what in ((0.0, np.asarray), (float(believed["helping"][0]), np.mean)):
            believed["helping"] = helping
            worse, better = (grown(design.with_(**{key: x}), believed).teachers for x in (low, high))
            for name in LEARNED:
                assert (what(better[name]) >= what(worse[name]) - ROUNDING).all(), (name, helping)

    quality = st.sampled_from(["programme.content", "programme.facilitator", "programme.fidelity"])

    @modest
    @given(designs(SOLO), prior_draws, quality, shares, shares)
    def test_solo(self, design, believed, key, low, high):
        self.check(design, believed, key, low, high)

    @modest
    @given(designs(SOLO, TOGETHER), prior_draws, quality, shares, shares)
    def test_collaborative_with_channels_that_do_no_harm(self, design, believed, key, low, high):
        for p in assumptions.REGISTER:
            if p.family in ("fluoride", "mint", "organisation"):
                believed[p.name] = np.abs(believed[p.name])
        believed["sociability_mean"], believed["sociability_spread"] = 0.5, 0.0
        self.check(design, believed, key, low, high)


state = st.floats(0.02, 0.98)
person = st.fixed_dictionaries({"insight": state, "technique": state, "insight_usual": state, "technique_usual": state})
weights = st.lists(st.floats(0.05, 1.0), min_size=2, max_size=2)


STRONG = {
    "advice_rate": 0.15,
    "exchange_insight": 0.2,
    "exchange_technique": 0.2,
    "lasting_tie_strength": 0.7,
    "lasting_tie_rate": 0.0,
    "peer_strength": 1.0,
}


class TestBetterColleague:
    """A better colleague never lowers what a teacher learns, with ties and attendance fixed and discernment 1."""

    def a_week(self, people, weight, lasting):
        """Insight and technique of the first teacher, who turns to the others, after advice and a session with them."""
        world = build(people, STRONG, programme__format="collaborative", programme__sessions=1)
        world.design.mechanisms[TECHNIQUE] = 1
        set_school(world, support=0.5)
        for adviser, w in enumerate(weight, start=1):
            tie(world, 0, adviser, w, lasting)
        advice.advice(world)
        advised = [world.teachers[0][name] for name in LEARNED]
        team_up(world, *range(len(people)))
        session.turn_up(world, 0)
        session.instruction(world)
        teamwork.teamwork(world, 0)
        return np.array(advised + [world.teachers[0][name] for name in LEARNED])

    def assert_no_less_learned(self, people, weight, lasting, better):
        before = self.a_week(people, weight, lasting)
        after = self.a_week([people[0], {**people[1], **better}, people[2]], weight, lasting)
        assert (after >= before - ROUNDING).all()

    @modest
    @given(st.lists(person, min_size=3, max_size=3), weights, st.integers(0, 1), state, state)
    def test_who_has_learned_more(self, people, weight, lasting, insight, technique):
        better = {name: max(people[1][name], x) for name, x in zip(LEARNED, (insight, technique), strict=True)}
        self.assert_no_less_learned(people, weight, lasting, better)

    @modest
    @given(st.lists(person, min_size=3, max_size=3), weights, st.integers(0, 1), shares)
    def test_who_has_always_known_more(self, people, weight, lasting, share):
        more = share * (0.98 - max(people[1].values()))
        self.assert_no_less_learned(people, weight, lasting, {name: value + more for name, value in people[1].items()})


class TestMechanisms:
    @modest
    @given(st.floats(0.0, 1.5), state, st.floats(0.05, 0.9), shares)
    @example(1.5, 0.98, 0.9, 0.5)
    def test_intensity_rises_with_the_number_of_mechanisms_and_stays_below_1(self, strength, expertise, reach, led):
        people = [{"insight": expertise, "technique": expertise}] * 2
        world = build(people, {"peer_strength": strength, "mechanism_reach": reach}, programme__format="collaborative")
        team_up(world, 0, 1)
        peers = session.peers_quality(world, 0)
        before = 0.0
        for count in range(1, 6):
            world.design.mechanisms[TECHNIQUE] = (count, 0, 0, count)
            missed = session.missed_by_led(world.design, world.theory, TECHNIQUE, led)
            intensity = session.intensity(world.design, world.theory, TECHNIQUE, missed, peers)
            assert before - ROUNDING <= intensity <= 1.0
            before = intensity


COLLABORATIVE = [n for n in library.shipped() if scenarios.load(n).programme.format == "collaborative"]
OFF = {f"collaboration.channels.{name}": False for name in CHANNELS}
STRENGTHS = {  # assumptions that act through a channel alone
    "insight_exchange": ["exchange_insight", "talk_deepens"],
    "technique_exchange": ["exchange_technique"],
    "peer_mechanisms": ["peer_strength"],
    "norms": ["norm_strength", "norm_half_life"],
    "lasting_ties": ["lasting_tie_rate", "lasting_tie_strength"],
    "palatability": ["company_reaction", "company_motivation"],
    "organisational_support": ["support_from_joint_work"],
    "coordination_cost": ["coordination", "coordination_across", "together_load"],
}


class TestChannels:
    @pytest.mark.parametrize("name", COLLABORATIVE)
    def test_without_any_channel_a_design_is_its_solo_twin(self, name):
        design = scenarios.load(name)
        off, twin = (results(s, kind="prior") for s in (design.with_(**OFF), design.solo_twin("stripped")))
        different = {OUTCOMES[o] for *_, o in np.argwhere((off != twin) & ~(np.isnan(off) & np.isnan(twin)))}
        assert different == set()

    @modest
    @given(designs(SOLO, TOGETHER, VOLUNTARY), st.integers(0, 1000))
    def test_without_any_channel_any_design_is_its_solo_twin(self, design, seed):
        off, twin = (results(s, kind="prior", seed=seed) for s in (design.with_(**OFF), design.solo_twin("stripped")))
        assert np.array_equal(off, twin, equal_nan=True)

    def of_strength(self, channel, end, **switches):
        """Results of a rich programme with the strengths of a channel at one end of their ranges."""
        values = {name: getattr(assumptions.PARAMETERS[name], end) for name in STRENGTHS[channel]}
        mechanisms = ("managing cognitive load", "arranging practical social support", "prompting action planning")
        design = scenario(
            programme__format="collaborative",
            programme__sessions=15,
            programme__hours=3.0,
            programme__mechanisms=mechanisms,
            programme__attendance="voluntary",
            collaboration__teams="across-schools",
            staff__teachers_per_school=12,
            partners__schools=2,
            **switches,
        )
        return results(design, kind="fluoride", **values)

    @pytest.mark.parametrize("channel", CHANNELS)
    def test_a_channel_switched_off_has_no_trace(self, channel):
        off = {f"collaboration__channels__{channel}": False}
        low, high = (self.of_strength(channel, end, **off) for end in ("low", "high"))
        assert np.array_equal(low, high, equal_nan=True)

    @pytest.mark.parametrize("channel", CHANNELS)
    def test_a_channel_switched_on_has(self, channel):
        low, high = (self.of_strength(channel, end) for end in ("low", "high"))
        assert (low[:, -1, 1] != high[:, -1, 1]).any()

    def test_every_channel_and_every_strength_is_tried(self):
        assert set(STRENGTHS) == set(CHANNELS)
        tried = {name for names in STRENGTHS.values() for name in names}
        assert {p.name for p in assumptions.REGISTER if p.family} <= tried
