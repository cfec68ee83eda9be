"""Fluoride or mint: values of known games, exact sums, worlds whose answer is known, documents, mistakes."""

import itertools
import json
import sys

import numpy as np
import pytest

import pdsim
from pdsim import assumptions, cli, library, population, theory
from pdsim.assumptions import CHANNEL_FAMILIES, FAMILIES
from pdsim.errors import InputError
from pdsim.explanation import coalitions, decomposition, flips, games, result, rivals, verdict
from pdsim.explanation.coalitions import Game
from pdsim.explanation.decomposition import Shares
from pdsim.explanation_figures import explanation_files
from pdsim.explanation_tables import ANSWER_WORDS, sentences, tables_of
from pdsim.kernel import coalitions as kernel
from pdsim.kernel.records import CHANNELS
from pdsim.outcomes import OUTCOMES
from pdsim.scenarios import load
from pdsim.simulate import Luck, luck, simulate
from test_prior import REFERENCE

PUPILS = OUTCOMES["pupil_attainment"].column
SMALL = {**REFERENCE, "staff.teachers_per_school": 12}
QUIET = lambda runs: None  # noqa: E731


@pytest.fixture(scope="module")
def design():
    """The reference programme in a small school."""
    return load("no-pd").with_(**SMALL)


@pytest.fixture(scope="module")
def explained(design):
    """A small explanation with the search for flips, and the runs that were reported."""
    seen = []
    found = result.run(result.resolve(design, replicates=60), seen.append)
    return found, sum(seen)


def worth_of(players, worth):
    """Worths of all coalitions of a game given as a function of the set of members."""
    return np.array([worth({i for i in range(players) if c >> i & 1}) for c in range(1 << players)], float)


def gloves(members):
    """One left glove (player 0) and two right ones: a pair is worth 1."""
    return 0 in members and bool(members & {1, 2})


def unanimity(needed):
    return lambda members: needed <= members


class TestGames:
    def test_shapley_of_an_additive_game(self):
        worth = worth_of(3, lambda s: sum((0.5, -2.0, 4.0)[i] for i in s))
        assert games.shapley(3) @ worth == pytest.approx([0.5, -2.0, 4.0])

    def test_shapley_of_the_gloves(self):
        assert games.shapley(3) @ worth_of(3, gloves) == pytest.approx([2 / 3, 1 / 6, 1 / 6])

    def test_shapley_of_unanimity(self):
        assert games.shapley(4) @ worth_of(4, unanimity({1, 3})) == pytest.approx([0, 0.5, 0, 0.5])

    @pytest.mark.parametrize(
        ("unions", "values"),
        [
            ([[0], [1, 2]], [1 / 2, 1 / 4, 1 / 4]),  # the right gloves bargain together
            ([[0, 1], [2]], [3 / 4, 1 / 4, 0]),  # a union that needs nobody else
            ([[0], [1], [2]], [2 / 3, 1 / 6, 1 / 6]),  # unions of one: the Shapley value
            ([[0, 1, 2]], [2 / 3, 1 / 6, 1 / 6]),  # one union of all: again
        ],
    )
    def test_owen_of_the_gloves(self, unions, values):
        assert games.owen(unions, 3) @ worth_of(3, gloves) == pytest.approx(values)

    def test_owen_of_unanimity(self):
        worth = worth_of(3, unanimity({0, 1, 2}))
        assert games.owen([[0, 1], [2]], 3) @ worth == pytest.approx([1 / 4, 1 / 4, 1 / 2])

    def test_owen_of_an_additive_game_with_unions(self):
        worth = worth_of(4, lambda s: sum((1.0, 2.0, 3.0, -4.0)[i] for i in s))
        assert games.owen([[0, 3], [1, 2]], 4) @ worth == pytest.approx([1, 2, 3, -4])

    @pytest.mark.parametrize("seed", range(5))
    def test_values_add_up_in_any_game(self, seed):
        worth = np.random.default_rng(seed).normal(size=1 << 6)
        unions = [[0, 4], [1, 2, 5], [3]]
        owen, shares = games.owen(unions, 6) @ worth, games.union_shapley(unions, 6) @ worth
        assert owen.sum() == pytest.approx(games.total(6) @ worth, abs=1e-12)
        assert [owen[union].sum() for union in unions] == pytest.approx(shares, abs=1e-12)

    def test_equal_players_of_a_union_share_alike(self):
        worth = worth_of(4, lambda s: len(s & {0, 1}) ** 2 * (1 + len(s & {2, 3})))
        found = games.owen([[0, 1], [2], [3]], 4) @ worth
        assert found[0] == pytest.approx(found[1])
        assert found[2] == pytest.approx(found[3])

    def test_interaction_of_two_that_need_each_other(self):
        pair = [[0], [1]]
        assert games.interaction(pair, 2, 0, 1) @ worth_of(2, unanimity({0, 1})) == pytest.approx(1.0)
        three = [[0], [1], [2]]
        assert games.interaction(three, 3, 0, 1) @ worth_of(3, unanimity({0, 1, 2})) == pytest.approx(0.5)
        assert games.interaction(three, 3, 0, 1) @ worth_of(3, len) == pytest.approx(0.0)

    def test_first_in_and_last_in(self):
        worth = worth_of(3, gloves)
        unions = [[0], [1, 2]]
        assert games.first_in(unions, 3) @ worth == pytest.approx([0, 0])
        assert games.last_in(unions, 3) @ worth == pytest.approx([1, 1])

    def test_an_empty_union_gets_nothing_and_changes_nothing(self):
        worth = np.random.default_rng(3).normal(size=8)
        with_empty = games.union_shapley([[0], [], [1, 2]], 3) @ worth
        assert with_empty[1] == pytest.approx(0.0)
        assert with_empty[[0, 2]] == pytest.approx(games.union_shapley([[0], [1, 2]], 3) @ worth)

    def test_folded_weights_leave_out_players_that_add_nothing(self):
        small = np.random.default_rng(1).normal(size=4)
        active = (0, 2)
        wide = worth_of(4, lambda s: small[games.mask_of([at for at, p in enumerate(active) if p in s])])
        weights = games.owen([[0, 1], [2, 3]], 4)
        assert games.folded(weights, active) @ small == pytest.approx(weights @ wide)


def everything(design):
    """Designs with all 256 coalitions of channels, and the template."""
    start = population.template(design)
    lists = coalitions.coalitions_of(tuple((channel,) for channel in CHANNELS))
    return start, coalitions.switched(start.world.design, lists)


class TestCoalitions:
    def test_no_channel_is_the_stripped_twin_and_all_are_the_design_to_the_bit(self, design):
        believed, runs = theory.load("prior", 6, 4), luck(12, 6, 4)
        game = decomposition.channel_game(CHANNEL_FAMILIES)
        level = coalitions.play(design, believed.draws, game, runs, QUIET)["level"]
        for place, scenario in enumerate((design.solo_twin("stripped"), design)):
            assert np.array_equal(level[:, place], simulate(scenario, believed, runs)[:, -1, 0])

    @pytest.mark.parametrize("on", [("norms",), ("insight_exchange", "palatability"), CHANNELS[2:]])
    def test_a_coalition_is_the_scenario_with_its_channels_to_the_bit(self, design, on):
        believed, runs = theory.load("prior", 3, 4), luck(6, 3, 4)
        weights = np.zeros((1, 2))
        weights[0, 1] = 1.0
        found = coalitions.play(design, believed.draws, Game((on,), {"worth": weights}), runs, QUIET)["worth"][:, 0]
        off = {f"collaboration.channels.{channel}": False for channel in CHANNELS if channel not in on}
        assert np.array_equal(found, simulate(design.with_(**off), believed, runs)[:, -1, 0])

    def test_what_a_draw_has_off_changes_no_bit(self, design):
        start, designs = everything(design)
        draws = theory.load("prior", 12, 2).draws
        different = set()
        for draw in draws:
            active = coalitions.active_channels(start.world.design, draw)
            different.add(active)
            off = sum(1 << at for at, channel in enumerate(CHANNELS) if channel not in active)
            sample = [c for c in range(256) if c & off][:: max(len(active), 1) * 5]
            both = designs[sample + [c & ~off for c in sample]]
            worth = coalitions.run_chunk(kernel.run_coalitions, start, draw, both, (1, np.arange(1)), 1, len(both))[0]
            assert np.array_equal(worth[: len(sample)], worth[len(sample) :])
        assert len(different) > 4

    def test_channels_that_cannot_act(self, design):
        start = population.template(design)
        point = theory.load("point", 1, 1)
        assert coalitions.active_channels(start.world.design, point.draws[0]) == CHANNELS
        no_ties = theory.override(point, {"lasting_tie_rate": 0.0}).draws[0]
        assert "lasting_ties" not in coalitions.active_channels(start.world.design, no_ties)
        nothing = theory.override(point, assumptions.NO_CHANNELS).draws[0]
        assert coalitions.active_channels(start.world.design, nothing) == ("coordination_cost",)
        alone = design.with_(
            **{"programme.mechanisms": ["modelling the technique"], "collaboration.channels.norms": False}
        )
        found = coalitions.active_channels(population.template(alone).world.design, point.draws[0])
        assert {"peer_mechanisms", "norms"} & set(found) == set()

    def test_chunks_change_nothing(self, design, monkeypatch):
        believed, runs = theory.load("prior", 3, 4), luck(9, 3, 4)
        game = decomposition.family_game(CHANNEL_FAMILIES)
        whole = coalitions.play(design, believed.draws, game, runs, QUIET)["families"]
        monkeypatch.setattr(coalitions, "LUCKS", 2)
        assert np.array_equal(coalitions.play(design, believed.draws, game, runs, QUIET)["families"], whole)

    def test_the_game_of_families_agrees_with_that_of_channels(self, design):
        believed, runs = theory.load("prior", 4, 4), luck(8, 4, 4)
        by_channel, by_family = (
            coalitions.play(design, believed.draws, game(CHANNEL_FAMILIES), runs, QUIET)
            for game in (decomposition.channel_game, decomposition.family_game)
        )
        assert np.allclose(by_channel["families"], by_family["families"], rtol=0, atol=1e-12)

    @pytest.mark.parametrize("name", library.shipped())
    def test_every_shipped_programme_can_be_explained(self, name):
        scenario = load(name, {"evaluation.years": 1})
        if scenario.programme.sessions == 0:
            with pytest.raises(InputError, match="no programme"):
                result.resolve(scenario)
            return
        request = result.resolve(scenario.with_(**{"staff.teachers_per_school": 8}))
        believed, runs = theory.load("posterior", 1, 3), luck(1, 1, 3)
        found = coalitions.play(
            request.design, believed.draws, decomposition.channel_game(request.families), runs, QUIET
        )
        assert np.allclose(found["channels"].sum(axis=1), found["total"][:, 0], rtol=0, atol=1e-10)
        assert np.array_equal(found["total"][:, 0], found["level"][:, 1] - found["level"][:, 0])

    def test_shares_add_up_to_the_total_for_every_outcome(self, design):
        believed, runs = theory.load("prior", 8, 9), luck(16, 8, 9)
        found = coalitions.play(design, believed.draws, decomposition.channel_game(CHANNEL_FAMILIES), runs, QUIET)
        scale = np.abs(found["level"]).max(axis=(0, 1))
        for parts in ("families", "channels", *(name for name in found if name.startswith("reassigned"))):
            assert (np.abs(found[parts].sum(axis=1) - found["total"][:, 0]) <= 1e-12 * np.maximum(scale, 1)).all()
        assert np.abs(found["total"][:, 0, PUPILS]).max() > 0.01


class TestClamped:
    def played(self, design, on, **settings):
        """Outcomes of twin, clamped run and full run with some channels on, in a few lucks."""
        off = {f"collaboration.channels.{channel}": channel in on for channel in CHANNELS}
        design = design.with_(**{**settings, **off})
        believed, runs = theory.load("point", 1, 1), luck(6, 1, 3)
        twin, full = (simulate(s, believed, runs)[:, -1, 0] for s in (design.solo_twin("stripped"), design))
        return twin, coalitions.clamped(design, believed.draws, runs, QUIET), full

    def test_is_the_full_run_where_neither_attendance_nor_motivation_can_differ(self, design):
        on = ("insight_exchange", "technique_exchange", "norms", "lasting_ties")
        twin, clamped, full = self.played(design, on, **{"programme.attendance": "required"})
        assert np.array_equal(clamped, full)
        assert not np.array_equal(twin, full)

    def test_is_the_twin_where_collaboration_is_liked_and_nothing_else(self, design):
        twin, clamped, full = self.played(design, ("palatability",))
        others = [o.column for o in OUTCOMES.values() if o.name != "reaction"]
        assert np.array_equal(clamped[:, others], twin[:, others])
        assert not np.array_equal(full[:, PUPILS], twin[:, PUPILS])

    def test_keeps_attendance_whatever_the_channels(self, design):
        twin, clamped, full = self.played(design, CHANNELS)
        attendance = OUTCOMES["attendance"].column
        assert np.array_equal(clamped[:, attendance], twin[:, attendance])
        assert not np.array_equal(full[:, attendance], twin[:, attendance])
        assert not np.array_equal(clamped[:, PUPILS], twin[:, PUPILS])

    def test_goes_on_over_a_summer(self, design):
        twin, clamped, _ = self.played(design, ("palatability",), **{"evaluation.years": 2, "school.turnover": 0.3})
        assert np.array_equal(clamped[:, PUPILS], twin[:, PUPILS])


def shares(total, fluoride=0.0, mint=0.0, organisation=0.0, cost=0.0):
    return Shares(np.array([total]), np.array([[fluoride, mint, organisation, cost]]))


class TestVerdict:
    @pytest.mark.parametrize(
        ("found", "answer"),
        [
            (shares(-0.011, 0.02, 0.0, 0.0, -0.031), "harmful"),
            (shares(-0.01, 0.0, 0.0, 0.0, -0.01), "neither"),
            (shares(0.02, 0.02), "fluoride"),
            (shares(0.02, 0.0, 0.02), "mint"),
            (shares(0.0, 0.02, -0.02), "fluoride"),
            (shares(0.03, 0.015, 0.015), "both"),
            (shares(0.01, 0.01), "neither"),
            (shares(0.02, 0.0, 0.0, 0.02), "undecided"),
            (shares(0.01, 0.0, 0.0, 0.03, -0.02), "undecided"),
        ],
    )
    def test_each_draw_is_classified_by_its_signed_shares(self, found, answer):
        assert verdict.classify(found) == [answer]

    def test_the_answer_needs_more_than_half(self):
        assert verdict.answer_of({"fluoride": 0.5, "mint": 0.5}) == "undecided"
        assert verdict.answer_of({"fluoride": 0.51, "mint": 0.49}) == "fluoride"
        assert verdict.answer_of({"undecided": 0.9, "mint": 0.1}) == "undecided"

    def test_what_the_evidence_leaves_untouched(self):
        assert verdict.untouched({"mint": 0.3, "both": 0.5}, {"mint": 0.25, "both": 0.3}) == ["mint"]

    @pytest.mark.parametrize(
        ("world", "answer"),
        [
            (theory.WORLDS["fluoride"], "fluoride"),
            (theory.WORLDS["mint"], "mint"),
            (theory.WORLDS["fluoride"] | {"company_reaction": 0.25, "company_motivation": 0.12}, "both"),
            (theory.WORLDS["bystander"], "neither"),
            (theory.WORLDS["groupthink"] | {"coordination": 0.15}, "harmful"),
            (theory.WORLDS["bystander"] | {"support_from_joint_work": 1.8}, "undecided"),
        ],
        ids=(*verdict.ANSWERS[1:4], "neither", "harmful", "undecided"),
    )
    def test_every_answer_comes_back_from_a_world_of_assumptions(self, design, world, answer):
        centre = {p.name: p.default for p in assumptions.REGISTER if not p.family}
        settings = {f"theory.{name}": value for name, value in (centre | world).items()}
        request = result.resolve(design, replicates=40, settings=settings, search=False)
        found = result.run(request).verdict
        assert found["answer"] == answer
        assert found["posterior"][answer] > 0.6

    def test_the_prior_favours_no_family(self):
        draws, lucks = 1500, 2
        believed, runs = theory.load("prior", draws, 11), luck(draws * lucks, draws, 11)
        values = coalitions.play(
            load("no-pd").with_(**REFERENCE), believed.draws, decomposition.family_game(CHANNEL_FAMILIES), runs, QUIET
        )
        found = decomposition.shares_of(values, runs.draw, PUPILS).families
        spread = found.std(axis=0)
        kurtosis = ((found - found.mean(axis=0)) ** 4).mean(axis=0) / spread**4
        error = np.sqrt(((kurtosis - 1) / (4 * draws)).max())
        assert spread.max() / spread.min() < 1.1 + 3 * error
        assert ((found > verdict.THRESHOLD).mean(axis=0) < 0.5).all()

    def test_carriers_are_those_that_move_the_shares(self):
        draws = theory.load("prior", 400, 3).draws
        fluoride = draws["exchange_technique"] + 0.02 * (draws["talk_deepens"] != 0)
        mint = 0.5 * draws["attendance_usual"] / np.abs(draws["attendance_usual"]).max() * 0.02
        families = np.column_stack([fluoride, mint, 0 * mint, 0 * mint])
        found = verdict.carriers(draws, Shares(fluoride + mint, families))
        assert {c.name for c in found.found[:2]} == {"exchange_technique", "attendance_usual"}
        assert found.presence > 0.2
        assert found.presence + sum(c.carried for c in found.found) <= 1.0
        assert [c.carried for c in found.found] == sorted((c.carried for c in found.found), reverse=True)

    def test_a_verdict_without_spread_has_no_carriers(self):
        draws = theory.load("point", 1, 3).draws
        assert verdict.carriers(draws, shares(0.02, 0.02)).found == []

    def test_what_an_assumption_rests_on(self):
        assert verdict.basis_of("habit_rate", {}) == "evidence"
        assert verdict.basis_of("norm_strength", {}) == "assumption"
        assert verdict.basis_of("norm_strength", {"norm_strength": True}) == "evidence"


class Toy:
    """A search whose answer depends on the value alone."""

    runs_of_trial = 7

    def __init__(self, rule):
        self.rule = rule
        self.believed = theory.load("prior", 5, 1)

    def answer_at(self, name, value):
        return self.rule(value)


class TestFlips:
    def find(self, rule, name="discernment"):
        seen = []
        return flips.find(Toy(rule), name, seen.append), sum(seen)

    def test_one_value_that_flips(self):
        found, runs = self.find(lambda value: "mint" if value < 0.8 else "both")
        (flip,) = found["flips"]
        p = assumptions.PARAMETERS["discernment"]
        low, high = p.prior.quantile(np.array(flips.SEARCHED), p.low, p.high)
        assert flip["value"] == pytest.approx(0.8, abs=(high - low) / (flips.GRID - 1) / 2**flips.HALVINGS)
        assert (flip["below"], flip["above"]) == ("mint", "both")
        assert runs == Toy.runs_of_trial * flips.TRIALS

    def test_none(self):
        found, runs = self.find(lambda value: "neither")
        assert found["flips"] == []
        assert {row["answer"] for row in found["tried"]} == {"neither"}
        assert runs == Toy.runs_of_trial * flips.TRIALS

    def test_answers_on_both_sides_and_values_in_range(self):
        found, _ = self.find(
            lambda value: "harmful" if value < 0 else "fluoride" if value > 0.03 else "neither", "exchange_insight"
        )
        assert [(f["below"], f["above"]) for f in found["flips"]] == [("harmful", "neither"), ("neither", "fluoride")]
        values = [row["value"] for row in found["tried"]]
        assert values == sorted(values)
        assert assumptions.PARAMETERS["exchange_insight"].low <= values[0]

    def test_at_most_three_changes_are_looked_into(self):
        answers = itertools.cycle(["mint", "both"])
        _, runs = self.find(lambda value: next(answers))
        assert runs == Toy.runs_of_trial * flips.TRIALS

    def test_an_assumption_that_decides_is_found_to_flip_the_verdict(self, design):
        believed = theory.override(theory.load("point", 1, 1), theory.WORLDS["bystander"])
        search = flips.Search(design, believed, luck(3, 1, 1), CHANNEL_FAMILIES)
        assert search.answer_at("company_motivation", 0.0) == "neither"
        assert search.answer_at("company_motivation", 0.25) == "mint"


class TestExplanation:
    def test_progress_counts_every_run(self, explained):
        found, runs = explained
        assert runs == result.runs_needed(found.request)

    def test_document(self, explained):
        document = json.loads(explained[0].to_json())
        assert document["schema_version"] == 1
        assert document["twin"] == "stripped"
        assert (document["outcome"], document["unit"]) == ("pupil_attainment", "pupil SD")
        assert (document["replicates"], document["draws"], document["seed"]) == (60, 3, 1)
        assert {c["channel"] for c in document["channels"]} == set(CHANNELS)
        assert [f["family"] for f in document["families"]] == list(FAMILIES)
        assert {"channel", "family", "share", "low", "high"} <= set(document["channels"][0])
        assert {"family", "share", "low", "high", "first_in", "last_in"} <= set(document["families"][0])
        assert {"direct", "through_attendance_and_motivation"} <= set(document["clamped"])
        assert {"answer", "posterior", "prior", "carried_by"} <= set(document["verdict"])
        for name in ("posterior", "prior"):
            assert set(document["verdict"][name]) == set(verdict.ANSWERS)
            assert sum(document["verdict"][name].values()) == pytest.approx(1.0)

    def test_shares_add_up_in_the_document(self, explained):
        document = explained[0].to_dict()
        for parts in ("channels", "families"):
            assert sum(part["share"] for part in document[parts]) == pytest.approx(document["total"], abs=1e-12)
        clamped = document["clamped"]
        assert clamped["direct"] + clamped["through_attendance_and_motivation"] == pytest.approx(document["total"])
        assert document["twins"]["stripped"]["difference"] == pytest.approx(document["total"])
        levels = explained[0].levels.pivot_table(index="outcome", columns="family", values="share")
        assert np.allclose(levels[list(FAMILIES)].sum(axis=1), levels["total"], rtol=0, atol=1e-12)

    def test_the_levels_are_guskeys_from_five_down(self, explained):
        levels = explained[0].levels.guskey_level.tolist()
        assert set(levels) == {1, 2, 3, 4, 5}
        assert levels == sorted(levels, reverse=True)

    def test_the_verdict_says_what_the_draws_say(self, explained):
        found = explained[0]
        for name, key in (("asked", "posterior"), ("prior", "prior")):
            rows = found.by_draw[found.by_draw.assumptions == name]
            assert len(rows) == 12
            assert np.allclose(rows[list(FAMILIES)].sum(axis=1), rows.total)
            assert rows.answer.value_counts(normalize=True).to_dict() == pytest.approx(
                {answer: p for answer, p in found.verdict[key].items() if p > 0}
            )
        assert len(found.verdict["carried_by"]) == 3
        assert {c["basis"] for c in found.verdict["carried_by"]} <= {"evidence", "assumption"}

    def test_same_request_same_numbers(self, explained, design):
        again = pdsim.explain(design, replicates=60, search=False)
        assert again.to_json() == explained[0].to_json()

    def test_the_prior_beside_itself(self, design):
        found = pdsim.explain(design, replicates=40, theory="prior", search=False).verdict
        assert found["posterior"] == found["prior"]
        assert found["untouched"] is None

    def test_another_outcome_leaves_the_verdict(self, explained, design):
        found = pdsim.explain(design, replicates=60, outcome="reaction", search=False)
        assert found.verdict == explained[0].verdict
        assert found.total["effect"] != explained[0].total["effect"]
        assert found.to_dict()["unit"] == "0-1"

    def test_one_draw(self, design, tmp_path):
        file = tmp_path / "mine.toml"
        file.write_text("company_motivation = 0.2\n")
        found = pdsim.explain(design, theory=str(file), replicates=20, search=False)
        assert (found.draws, found.replicates) == (1, 20)
        assert found.total["low"] == found.total["high"]
        assert found.verdict["carried_by"] == []

    def test_families_can_be_reassigned(self, explained, design):
        found = pdsim.explain(design, replicates=60, families={"palatability": "fluoride"}, search=False)
        rows = found.families.set_index("family")
        assert rows.share["mint"] == rows.sd["mint"] == 0.0
        assert found.total["effect"] == explained[0].total["effect"]
        assert "both" not in found.by_draw.answer.tolist()

    def test_reassignments(self, explained):
        asked, *others = explained[0].verdict["reassignments"]
        assert asked["families"] == {}
        assert len(others) == 8
        assert {"norms": "mint", "lasting_ties": "fluoride"} in [row["families"] for row in others]
        assert explained[0].verdict["survives"] == all(row["answer"] == asked["answer"] for row in others)

    def test_a_solo_scenario_is_the_twin_of_its_counterpart(self):
        solo = load("solo-course", {"staff.teachers_per_school": 12, "evaluation.years": 1})
        request = result.resolve(solo)
        twin = request.design.solo_twin("stripped")
        believed, runs = theory.load("prior", 4, 2), luck(8, 4, 2)
        with_it, without = (simulate(s, believed, runs)[:, -1, 0] for s in (twin, solo))
        assert np.allclose(with_it, without, rtol=1e-9)
        assert request.design.collaboration == solo.collaboration
        assert result.counterpart_words(request)["hours"] == pytest.approx(2 * solo.programme.hours)

    def test_long_sessions_leave_less_time_together(self):
        request = result.resolve(load("solo-workshop", {"programme.hours": 9.0}))
        assert request.design.programme.hours == 12.0
        assert request.design.collaboration.together == pytest.approx(0.25)

    def test_twins(self, explained, design):
        found = explained[0].twins
        assert set(found) == {"stripped", "replaced", "best_solo"}
        best = found["best_solo"]
        assert load(best["scenario"]).programme.format == "solo"
        assert best["pounds_per_teacher"] <= best["own_pounds_per_teacher"] + rivals.CENTS
        runs, believed = luck(2, 1, 1), theory.load("point", 1, 1)
        costs_nothing = rivals.levels(design, believed, runs, QUIET) * 0.0
        assert rivals.best_solo(design, believed, runs, costs_nothing, QUIET) is None

    def test_better_is_less_where_less_is_better(self):
        design, other = np.zeros((4, 14)), np.ones((4, 14))
        draw = np.array([0, 0, 1, 1])
        assert rivals.against(design, other, draw, OUTCOMES["hours_per_teacher"])["probability_better"] == 1.0
        assert rivals.against(design, other, draw, OUTCOMES["use"])["probability_better"] == 0.0

    def test_thinned(self):
        runs = Luck(1, np.array([0, 0, 0, 1, 1, 2]), np.arange(6))
        assert decomposition.thinned(runs, 2).replicate.tolist() == [0, 1, 3, 4, 5]


class TestFaces:
    def test_words_and_tables(self, explained):
        lines = sentences(explained[0])
        assert any(ANSWER_WORDS[explained[0].verdict["answer"]] in line for line in lines)
        assert all(line.endswith(".") for line in lines)
        assert len(tables_of(explained[0])) == 4
        assert set(ANSWER_WORDS) == set(verdict.ANSWERS)

    def test_files(self, explained):
        files = explanation_files(explained[0])
        assert {"explanation.json", "figures-explanation.svg", "figures-explanation.png"} < set(files)
        assert files["figures-explanation.png"].startswith(b"\x89PNG")
        assert json.loads(files["explanation.json"]) == json.loads(explained[0].to_json())
        for name in ("levels", "families", "channels", "interactions", "draws", "beliefs", "reassignments"):
            assert {f"explanation-{name}.csv", f"explanation-{name}.parquet"} < set(files)
        assert explanation_files(explained[0]) == files

    @pytest.fixture
    def run(self, monkeypatch, capsys):
        """The command line in this process: exit code, what it printed, what it complained."""

        def run(*arguments):
            monkeypatch.setattr(sys, "argv", ["pdsim", "explain", *arguments])
            with pytest.raises(SystemExit) as end:
                cli.main()
            return end.value.code, *capsys.readouterr()

        return run

    def test_command(self, run, tmp_path):
        few = ["--replicates", "20", "--years", "1", "--set", "staff.teachers_per_school=8"]
        code, out, err = run("lesson-study", *few, "--json", "--out", str(tmp_path))
        assert code == 0, err
        document = json.loads(out)
        assert document["scenario"] == "lesson-study"
        assert all(
            "flips" in carrier and len(carrier["tried"]) == flips.GRID for carrier in document["verdict"]["carried_by"]
        )
        assert json.loads((tmp_path / "explanation.json").read_text()) == document
        assert not list(tmp_path.glob(".*"))
        more = ["--replicates", "200", *few[2:]]  # enough draws to rank the assumptions that carry the verdict
        code, out, err = run("solo-course", *more, "--no-flip", "--family", "norms=mint")
        assert code == 0, err
        for words in ("solo-course is for individuals", "What you would have to believe", verdict.LIMITS):
            assert words in out

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["no-pd"], ["programme.sessions", "no programme to explain"]),
            (["maths-hubs"], ["maths-hubs", "'maths-hub'"]),
            (["maths-hub", "--outcome", "pupil"], ["'pupil'", "'pupil_attainment'"]),
            (["maths-hub", "--family", "norm=mint"], ["'norm'", "'norms'"]),
            (["maths-hub", "--family", "norms=mnt"], ["'mnt'", "fluoride, mint, organisation, cost"]),
            (["maths-hub", "--family", "norms"], ["'norms'", "norms=mint"]),
            (["maths-hub", "--replicates", "19"], ["19", "20"]),
            (["maths-hub", "--replicates", "20001"], ["20001", "20,000"]),
            (["maths-hub", "--years", "0"], ["--years", "1 to 10"]),
            (["maths-hub", "--theory", "flouride"], ["'flouride'", "'fluoride'"]),
            (["solo-workshop", "--set", "programme.hours=12"], ["programme.hours", "less than 12"]),
        ],
    )
    def test_mistakes_give_one_line(self, run, arguments, words):
        code, out, err = run(*arguments)
        assert (code, out, err.count("\n")) == (2, "", 1)
        for word in words:
            assert word in err

    def test_mistakes_in_python(self, design):
        with pytest.raises(InputError, match="no family"):
            pdsim.explain(design, families={"norms": "paste"})
        with pytest.raises(InputError, match="--replicates"):
            pdsim.explain(design, replicates=0)
