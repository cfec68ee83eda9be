"""The shipped library: every design is there, explains itself, runs, and differs from its twin as its name says."""

import csv
import re
from functools import cache

import numpy as np
import pytest

from pdsim import library, scenarios, theory
from pdsim.errors import read_toml
from pdsim.kernel.measure import ALL, COLLEAGUES, ONE_SCHOOL, PARTICIPANTS
from pdsim.outcomes import OUTCOMES
from pdsim.scenarios import MECHANISMS, Costs, Network, School, Staff
from pdsim.simulate import luck, simulate

DESIGNS = (
    "no-pd", "business-as-usual", "solo-workshop", "solo-course", "solo-coaching", "dfe-standard-2016",
    "tdt-great-teaching", "darling-hammond-bundle", "eef-balanced", "eef-social-support", "maths-hub",
    "shanghai-trg", "psqm-hub", "behaviour-hub", "challenge-partners", "subject-association",
    "research-school", "teacher-learning-community", "lesson-study", "peer-observation",
    "expert-novice-pairs", "aimless-meetings",
)  # fmt: skip

DROPPED = "programme.mechanisms"
NO_EXPERT = {DROPPED, "programme.facilitator", "costs.facilitator_per_hour", "costs.facilitator_together"}
# Every twin: its parent, the keys that are to differ, and the mechanisms that it does without.
TWINS = {
    "dfe-standard-2016-without-collaboration": (
        "dfe-standard-2016", {"programme.format", DROPPED}, {"arranging practical social support"}),
    "dfe-standard-2016-without-challenge": ("dfe-standard-2016", NO_EXPERT, {"monitoring and providing feedback"}),
    "darling-hammond-bundle-without-content-focus": (
        "darling-hammond-bundle", {"programme.content", DROPPED}, {"managing cognitive load"}),
    "darling-hammond-bundle-without-active-learning": (
        "darling-hammond-bundle", {DROPPED}, {"rehearsing the technique", "prompting context-specific repetition"}),
    "darling-hammond-bundle-without-collaboration": (
        "darling-hammond-bundle", {"programme.format", DROPPED}, {"arranging practical social support"}),
    "darling-hammond-bundle-without-models-of-effective-practice": (
        "darling-hammond-bundle", {DROPPED}, {"modelling the technique"}),
    "darling-hammond-bundle-without-coaching-and-expert-support": (
        "darling-hammond-bundle", NO_EXPERT | {"programme.per_facilitator"},
        {"presenting information from a credible source", "instructing teachers on how to perform a technique"}),
    "darling-hammond-bundle-without-feedback-and-reflection": (
        "darling-hammond-bundle", {DROPPED}, {"monitoring and providing feedback", "encouraging monitoring"}),
    "darling-hammond-bundle-without-sustained-duration": (
        "darling-hammond-bundle", {"programme.sessions", "programme.hours", DROPPED}, {"revisiting prior learning"}),
    "eef-social-support": ("eef-balanced", {"programme.format", DROPPED}, set()),
    "eef-social-support-without-mechanism-7": (
        "eef-social-support", {DROPPED}, {"arranging practical social support"}),
}  # fmt: skip
ELSEWHERE = {"shanghai-trg", "aimless-meetings"}  # designs whose source, or whose point, is who the staff are
WORDS = ("title", "source", "says", "choices")

SHIPPED = library.shipped()
with_every_file = pytest.mark.parametrize("name", SHIPPED)
with_every_programme = pytest.mark.parametrize("name", [name for name in SHIPPED if name != "no-pd"])
with_every_twin = pytest.mark.parametrize("name", TWINS)
load = cache(scenarios.load)


@cache
def levels(name):
    """Levels after one year, (4 replicates, populations, outcomes), at the default assumptions."""
    believed = theory.load("point", 1, 1)
    scenario = load(name).with_(**{"evaluation.years": 1})
    return simulate(scenario, believed, luck(4, 1, seed=1))[:, 1]


def flat(table, prefix=""):
    """{key path: value} of a scenario's nested tables."""
    out = {}
    for key, value in table.items():
        if isinstance(value, dict) and key not in {"carriers", "theory"}:
            out |= flat(value, f"{prefix}{key}.")
        else:
            out[prefix + key] = value
    return out


def differing(one, other):
    """Key paths in which two scenarios differ, but for their names and words."""
    a, b = flat(load(one).model_dump()), flat(load(other).model_dump())
    return {path for path in a if a[path] != b[path]} - {"name", *WORDS}


@cache
def scale(heading):
    """Scores of one of the scales in the folder's README: {0.5, 0.65, ...}."""
    text = (library.folder("scenarios") / "README.md").read_text(encoding="utf-8")
    table = re.search(rf"^\| {heading} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", text, re.MULTILINE)
    assert table, f"no scale {heading!r}"
    return {float(row.split("|")[1]) for row in table.group(1).splitlines()}


def test_every_design_and_twin_is_there_and_nothing_else():
    assert set(SHIPPED) == {*DESIGNS, *TWINS}


@with_every_file
def test_each_file_explains_itself_in_whole_words(name):
    own = read_toml(SHIPPED[name])
    scenario = load(name)
    for word in WORDS:
        assert len(getattr(scenario, word).strip()) >= 8, f"{word} is empty"
    assert own["title"].strip() == own["title"]
    assert own["choices"].strip(), "every file says what was chosen in it"
    assert len({load(other).title for other in SHIPPED}) == len(SHIPPED)


@with_every_file
def test_each_source_has_a_year_or_says_that_there_is_none(name):
    source = load(name).source
    assert re.search(r"\b(19|20)\d\d\b", source) or source.startswith("None: ")


@with_every_file
def test_no_file_sets_anything_that_does_nothing(name):
    assert scenarios.remarks(load(name)) == []


@with_every_file
def test_only_the_programme_differs_between_designs_unless_the_source_is_about_the_staff(name):
    scenario = load(name)
    assert (scenario.staff == Staff()) == (name not in ELSEWHERE)
    assert scenario.network == Network()
    assert scenario.school == School()
    assert scenario.theory == {}


@with_every_programme
def test_quality_is_scored_by_the_scales_of_the_folder(name):
    programme = load(name).programme
    assert programme.content in scale("content")
    assert programme.facilitator in scale("facilitator")
    assert programme.fidelity in scale("fidelity")


@with_every_file
def test_each_runs_with_finite_results(name):
    result = levels(name)
    assert np.isfinite(result[:, [ALL, PARTICIPANTS, ONE_SCHOOL]]).all()
    programme = load(name).programme
    some_stay = programme.count_per_school > 0 or programme.share_taking_part < 1
    assert np.isfinite(result[:, COLLEAGUES]).all() == some_stay


@with_every_programme
@pytest.mark.parametrize("outcome", ["hours_per_teacher", "pounds_per_teacher", "pounds_per_pupil"])
def test_each_programme_takes_time_and_money(name, outcome):
    assert load(name).programme.sessions > 0
    assert (levels(name)[:, ALL, OUTCOMES[outcome].column] > 0).all()


def test_a_world_without_programmes_takes_neither():
    for outcome in ("hours_per_teacher", "pounds_per_teacher", "attendance", "ties_formed"):
        assert (levels("no-pd")[:, ALL, OUTCOMES[outcome].column] == 0).all()


@with_every_programme
def test_participants_spend_no_more_than_the_hours_offered(name):
    programme = load(name).programme
    offered = programme.sessions * programme.hours
    spent = levels(name)[:, PARTICIPANTS, OUTCOMES["hours_per_teacher"].column]
    assert (spent <= offered * (1 + 1e-12)).all()


def test_one_to_one_coaching_is_dearest():
    pounds = {name: levels(name)[:, ALL, OUTCOMES["pounds_per_teacher"].column].mean() for name in SHIPPED}
    assert max(pounds, key=pounds.get) == "solo-coaching"


def test_aimless_meetings_have_nothing_to_teach_and_teach_nothing():
    design = load("aimless-meetings")
    assert (design.programme.content, design.programme.mechanisms) == (0, ())
    assert (design.staff.expertise_spread, design.staff.expert_share) == (0, 0)
    believed, runs = theory.load("prior", 4, 3), luck(8, 4, seed=3)
    met = simulate(design, believed, runs)
    never = simulate(design.with_(**{"programme.sessions": 0}), believed, runs)
    for outcome in ("insight", "technique"):
        column = OUTCOMES[outcome].column
        np.testing.assert_allclose(met[:, :, ALL, column], never[:, :, ALL, column], rtol=0, atol=1e-12)


@with_every_twin
def test_a_twin_differs_from_its_parent_in_what_its_name_says_and_in_nothing_else(name):
    parent, keys, dropped = TWINS[name]
    assert differing(name, parent) == keys
    here, there = set(load(name).programme.mechanisms), set(load(parent).programme.mechanisms)
    assert there - here == dropped
    added = {"arranging practical social support"} if name == "eef-social-support" else set()
    assert here - there == added


@with_every_twin
def test_a_twin_extends_its_parent_and_says_what_it_changes(name):
    parent = TWINS[name][0]
    assert read_toml(SHIPPED[name])["extends"] == parent
    twin, whole = load(name), load(parent)
    assert (twin.source, twin.says) == (whole.source, whole.says)
    assert parent in twin.choices
    assert twin.title != whole.title


def test_only_twins_extend():
    assert {name for name, path in SHIPPED.items() if "extends" in read_toml(path)} == set(TWINS)


def test_a_file_of_ones_own_extends_a_shipped_one(tmp_path):
    path = tmp_path / "our-hub.toml"
    path.write_text('extends = "maths-hub"\ntitle = "Our hub"\n[programme]\nsessions = 4\n', encoding="utf-8")
    ours, shipped = scenarios.load(path), load("maths-hub")
    assert (ours.title, ours.programme.sessions) == ("Our hub", 4)
    assert ours.programme.mechanisms == shipped.programme.mechanisms
    assert ours.partners == shipped.partners
    assert ours.says == shipped.says


def test_balanced_designs_have_mechanisms_for_all_four_purposes():
    for name in ("eef-balanced", "eef-social-support", "eef-social-support-without-mechanism-7"):
        groups = {MECHANISMS[mechanism][0] for mechanism in load(name).programme.mechanisms}
        assert len(groups) == 4


def test_hubs_meet_partners_and_in_school_designs_meet_none():
    across = {name for name in SHIPPED if load(name).collaboration.teams == "across-schools"}
    assert across == {
        "maths-hub", "psqm-hub", "behaviour-hub", "challenge-partners", "subject-association", "research-school",
    }  # fmt: skip
    assert {name for name in SHIPPED if load(name).partners.schools > 0} == across


def test_a_colleague_who_leads_costs_less_than_an_expert_from_outside():
    for name in SHIPPED:
        programme, price = load(name).programme, load(name).costs.facilitator_per_hour
        if programme.sessions > 0 and programme.facilitator < 0.75:
            assert price < Costs().facilitator_per_hour


def test_the_example_staffroom_is_invented_whole_and_runs():
    folder = library.folder("scenarios") / "examples" / "staffroom"
    with (folder / "teachers.csv").open(encoding="utf-8", newline="") as file:
        ids = [row["teacher"] for row in csv.DictReader(file)]
    assert len(ids) == 24
    assert all(name.startswith("invented-") for name in ids)
    room = {"staff.teachers": str(folder / "teachers.csv"), "network.edges": str(folder / "advice.csv")}
    scenario = scenarios.load("teacher-learning-community", room)
    assert scenario.staffroom.ids == tuple(sorted(ids))
    assert len(set(scenario.staffroom.departments)) == 5
    assert 2.0 <= len(scenario.staffroom.ties) / len(ids) <= 5.0
    assert all(years is not None for years in scenario.staffroom.years)
    result = simulate(scenario, theory.load("point", 1, 1), luck(4, 1, seed=1))
    assert np.isfinite(result[:, :, ALL]).all()
