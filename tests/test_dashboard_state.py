"""The dashboard's state: addresses that open what they name, notes on what they cannot, undo, marks of change."""

from dataclasses import replace
from urllib.parse import quote

import pytest

from pdsim import library, scenarios
from pdsim.dashboard import controls, state
from pdsim.dashboard.state import Design, History, State, address, changed, read_address
from pdsim.errors import InputError

PAGES = ("compare", "about")


def opened(query):
    return read_address(query, PAGES)


def another(key):
    """A value of a key that is allowed and not its default."""
    if key.kind == "bool":
        return not key.default
    if key.kind == "word":
        return key.words[-1] if key.words[-1] != key.default else key.words[0]
    if key.kind == "list":
        return ("modelling the technique", "rehearsing the technique")
    step = 1 if key.kind == "int" else 0.125
    value = (key.low if key.default is None else key.default) + step
    return value if value <= key.high else key.default - step


SETTABLE = [k for k in scenarios.keys().values() if k.path not in (*state.NOT_IN_ADDRESS, controls.CARRIER)]


class TestAddress:
    def test_the_usual_state_is_what_an_empty_address_opens(self):
        assert opened("") == (State(), ())

    def test_everything_survives(self):
        design = Design("maths-hub")
        design = changed(design, "programme.mechanisms", ("modelling the technique", "rehearsing the technique"))
        design = changed(design, "programme.carriers.modelling the technique", "peers")
        design = changed(design, "collaboration.channels.norms", False)
        design = changed(design, "staff.experienced_share", 0.25)
        design = changed(design, "theory.discernment", 0.5)
        here = State(
            designs=(design, Design("solo-course"), Design("no-pd"), Design("maths-hub")), baseline="business-as-usual",
            theory="mint", assumptions=(("advice_rate", 0.1), ("discernment", 0.5)), seed=0, replicates=80, years=5,
            people="colleagues", page="about", present=True, view=(("colour", "red"),),
        )  # fmt: skip
        assert opened(address(here)) == (here, ())
        assert opened("?" + address(here)) == (here, ())

    @pytest.mark.parametrize("key", SETTABLE, ids=lambda key: key.path)
    def test_every_key_of_the_register_survives(self, key):
        design = Design("solo-course")
        extra = {"programme.cascade_hours": {"programme.who": "champions"}}.get(key.path, {})
        if key.path == "programme.schools_taking_part":
            extra = {"staff.schools": 3}
        for path, value in extra.items():
            design = changed(design, path, value)
        design = changed(design, key.path, another(key))
        assert dict(design.changes)[key.path] == state.value_at(design.scenario(), key.path)
        here = replace(State(), designs=(design, Design("no-pd")))
        assert opened(address(here)) == (here, ())

    def test_changes_that_only_go_together_are_read_together(self):
        here = opened("a=solo-course&a.programme.first_week=100&a.programme.sessions=1&b=no-pd")
        assert here[1] == ()
        assert dict(here[0].designs[0].changes) == {"programme.sessions": 1, "programme.first_week": 100}

    @pytest.mark.parametrize(
        ("query", "says"),
        [
            ("a=solo-cours&b=no-pd", "did you mean 'solo-course'"),
            ("a=solo-course&b=no-pd&a.programme.content=2", "allowed is a number, 0 to 1"),
            ("a=solo-course&b=no-pd&a.programme.contend=1", "did you mean 'programme.content'"),
            ("a=solo-course&b=no-pd&a.programme.format=duo", "allowed is one of solo, collaborative"),
            ("a=solo-course&b=no-pd&a.network.edges=/etc/passwd", "names a file"),
            ("a=solo-course&b=no-pd&a.staff.teachers=x.csv", "names a file"),
            ("a=solo-course&b=no-pd&a.evaluation.years=3", "write years="),
            ("a=solo-course&b=no-pd&a.staff.schools=500", "the dashboard simulates at most 2,000"),
            ("a=solo-course&b=no-pd&a.programme.mechanisms=[[1]]", "mechanisms"),
            ("a=solo-course&b=no-pd&a.theory.discernment=7", "allowed is 0 to 1"),
            ("a=../../etc/passwd&b=no-pd", "no shipped scenario"),
            ("theory=/etc/passwd", "allowed is one of posterior"),
            ("theory.discernment=7", "allowed is 0 to 1"),
            ("theory.disernment=1", "did you mean 'discernment'"),
            ("seed=-1", "a whole number, 0 to 4294967295"),
            ("seed=٣", "a whole number"),
            ("replicates=50", "in steps of 4"),
            ("replicates=100000", "20 to 1000"),
            ("years=11", "1 to 10"),
            ("people=pupils", "allowed is one of all"),
            ("page=staffrom", "allowed is one of compare"),
            ("colour=red", "no such key"),
            ("b.programme.hours=2", "does not name it"),
            ("version=0.0.1", "numbers may differ"),
        ],
    )
    def test_what_is_wrong_is_explained_and_the_rest_is_kept(self, query, says):
        found, notes = opened(f"{query}&c=lesson-study&d=maths-hub")
        assert any(says in note for note in notes), notes
        assert not any("/" in note and ".toml" in note for note in notes), "a path of the server"
        assert {"lesson-study", "maths-hub"} <= {design.preset for design in found.designs}
        found.request()

    def test_a_wrong_change_leaves_the_right_ones(self):
        found, notes = opened("a=solo-course&b=no-pd&a.programme.content=2&a.programme.hours=3")
        assert len(notes) == 1
        assert found.designs[0].changes == (("programme.hours", 3),)

    def test_one_design_gets_company(self):
        found, notes = opened("a=lesson-study")
        assert [design.preset for design in found.designs] == ["lesson-study", "maths-hub"]
        assert "fewer than two" in notes[0]

    @pytest.mark.parametrize(
        "query", ["a=" + "x" * 30_000, "%00=%ff&a=%00", "a.=1", "=", "&&&", "a=b=c", "a." + "b" * 999 + "=1", "💥=💥"]
    )
    def test_any_text_opens_something(self, query):
        found, _ = opened(query)
        assert len(found.designs) >= 2

    def test_texts_are_escaped(self):
        design = changed(Design("maths-hub"), "programme.carriers.managing cognitive load", "peers")
        here = replace(State(), designs=(design, Design("no-pd")), view=(("answer", "a&b=c#d é"),))
        assert quote("a&b=c#d é") in address(here)
        assert opened(address(here))[0] == here


class TestChanges:
    def test_the_presets_own_value_leaves_no_mark(self):
        preset = Design("solo-course")
        usual = preset.scenario().programme.hours
        there = changed(preset, "programme.hours", 3.0)
        assert there.name("B") == "B (solo-course, changed)"
        assert changed(there, "programme.hours", usual) == preset

    def test_order_does_not_matter(self):
        one = changed(changed(Design("no-pd"), "staff.schools", 2), "programme.hours", 2.0)
        other = changed(changed(Design("no-pd"), "programme.hours", 2.0), "staff.schools", 2)
        assert one == other

    def test_what_differs_is_said(self):
        design = changed(Design("solo-course"), "programme.hours", 3.0)
        assert controls.changes_in_words(design) == [
            {"path": "programme.hours", "label": "Hours per session", "old": "2", "new": "3"}
        ]

    def test_designs_come_and_go(self):
        here = state.add_design(State(), "lesson-study")
        assert [design.preset for design in here.designs] == ["maths-hub", "solo-course", "lesson-study"]
        here = state.add_design(here, "no-pd")
        with pytest.raises(InputError, match="4 designs"):
            state.add_design(here, "no-pd")
        assert state.remove_design(here, 0).designs[0].preset == "solo-course"
        with pytest.raises(InputError, match="two"):
            state.remove_design(State(), 0)

    def test_names_differ_and_the_request_has_them(self):
        here = replace(State(), designs=(Design("no-pd"), Design("no-pd")))
        request = here.request()
        assert [design.name for design in request.designs] == ["A (no-pd)", "B (no-pd)"]
        assert request.years == 2

    def test_assumptions_are_fixed_in_every_design(self):
        here = state.with_assumption(State(), "discernment", 0.5)
        assert [design.theory["discernment"] for design in here.request().designs] == [0.5, 0.5]
        assert state.with_assumption(here, "discernment", None) == State()


class TestHistory:
    def test_steps_back_and_forth(self):
        first, second, third = (replace(State(), seed=seed) for seed in (1, 2, 3))
        history = History(first).to(second).to(third)
        assert history.step("undo").now == second
        assert history.step("undo").step("undo").step("undo").now == first
        assert history.step("undo").step("redo") == History(third, (first, second))
        assert history.step("undo").to(first).future == ()

    def test_a_slider_is_one_step(self):
        history = History(State())
        for seed in range(5, 9):
            history = history.to(replace(State(), seed=seed), "seed")
        assert history.past == (State(),)
        assert history.to(replace(State(), years=3), "years").past == (State(), replace(State(), seed=8))

    def test_a_step_after_undo_is_a_new_one(self):
        history = History(State()).to(replace(State(), seed=5), "seed").step("undo")
        assert history.to(replace(State(), seed=6), "seed").past == (State(),)

    def test_the_past_is_bounded(self):
        history = History(State())
        for seed in range(300):
            history = history.to(replace(State(), seed=seed))
        assert len(history.past) == state.MAX_PAST


class TestControls:
    def test_every_key_has_its_control(self):
        panel = controls.panel(State(), 0)
        shown = [control["path"] for section in panel["sections"] for control in section["controls"]]
        assert shown == [key.path for key in SETTABLE]
        for section in panel["sections"]:
            for control in section["controls"]:
                assert control["label"]
                assert control["help"].endswith(".")
                if control["kind"] in ("slider", "number"):
                    assert control["low"] < control["high"]

    def test_first_controls_exist(self):
        assert [control["path"] for control in controls.panel(State(), 0)["first"]] == list(controls.FIRST)

    def test_a_change_is_marked(self):
        here = replace(State(), designs=(changed(Design("solo-course"), "programme.hours", 3.0), Design("no-pd")))
        marked = [c for s in controls.panel(here, 0)["sections"] for c in s["controls"] if c["changed"]]
        assert [(control["path"], control["value"], control["preset"]) for control in marked] == [
            ("programme.hours", 3.0, "2")
        ]

    @pytest.mark.parametrize("preset", library.shipped())
    def test_every_preset_has_a_panel(self, preset):
        panel = controls.panel(replace(State(), designs=(Design(preset), Design("no-pd"))), 0)
        assert panel["changes"] == []
        assert sum(item["used"] for group in panel["mechanisms"] for item in group["items"]) == len(
            scenarios.load(preset).programme.mechanisms
        )
