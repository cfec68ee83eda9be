"""A tab of the dashboard without a browser: what its controls do, what it says and draws, what it hands out."""

import base64
import io
import json
import re
import shlex
import threading
import xml.etree.ElementTree as ET
import zipfile
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from pdsim import cli, comparison
from pdsim.assumptions import REGISTER, groups
from pdsim.dashboard import board, charts, exports, guard, server, state
from pdsim.dashboard.compute import Simulator
from pdsim.dashboard.pages import about, pages
from pdsim.dashboard.session import ACTIONS, Session
from pdsim.dashboard.state import Design, State, changed
from pdsim.figures import Estimate
from pdsim.outcomes import OUTCOMES

SMALL = "a.staff.teachers_per_school=6&b.staff.teachers_per_school=6&years=1&replicates=20"
QUERY = f"a=maths-hub&b=solo-course&{SMALL}"


@pytest.fixture(scope="module")
def simulator():
    made = Simulator(workers=2)
    yield made
    made.close()


class Tab:
    """A session, and a way to wait until its result is complete."""

    def __init__(self, simulator, query=QUERY):
        self.news = threading.Condition()
        self.session = Session(simulator, query, ("compare", "about"), self.notify)

    def notify(self):
        with self.news:
            self.news.notify_all()

    def act(self, do, **arguments):
        self.session.act({"do": do, **arguments})
        return self.wait()

    def wait(self):
        with self.news:
            assert self.news.wait_for(lambda: not self.session.busy, 60)
        return self.session


@pytest.fixture
def tab(simulator):
    made = Tab(simulator)
    made.wait()
    yield made
    made.session.close()


@pytest.fixture(scope="module")
def data(simulator):
    result = simulator.result(State(replicates=80).request(), 80)
    return result, board.Board(result).data()


@pytest.fixture(scope="module")
def here():
    design = Design("maths-hub")
    for path, value in {
        "staff.teachers_per_school": 8,
        "programme.mechanisms": ("modelling the technique", "rehearsing the technique"),
        "programme.carriers.modelling the technique": "peers",
        "programme.format": "collaborative",
        "collaboration.channels.norms": False,
        "programme.hours": 2.5,
        "theory.discernment": 0.7,
    }.items():
        design = changed(design, path, value)
    other = changed(Design("solo-course"), "staff.teachers_per_school", 8)
    return State(
        designs=(design, other), replicates=20, years=1, seed=3, theory="prior", baseline="business-as-usual",
        assumptions=(("advice_rate", 0.1),),
    )  # fmt: skip


@pytest.fixture(scope="module")
def result(here, simulator):
    return simulator.result(here.request(), 20)


class TestActions:
    def test_a_key_changes_and_its_effect_is_that_of_compare(self, tab):
        session = tab.act("set_key", design=1, path="programme.hours", value=4)
        assert session.notes == ()
        wanted = comparison.run(session.state.request())
        pd.testing.assert_frame_equal(session.result.table, wanted.table, check_exact=True)
        assert "changed" in session.board["cards"][1]["name"]

    def test_a_browser_has_one_kind_of_number(self, tab):
        session = tab.act("set_key", design=0, path="programme.sessions", value=3.0)
        assert session.state.designs[0].scenario().programme.sessions == 3

    def test_the_previous_result_is_left_as_a_ghost(self, tab):
        before = tab.session.board["cards"][1]["effect"]
        session = tab.act("set_key", design=1, path="programme.hours", value=6.0)
        tab.act("set_key", design=1, path="programme.hours", value=7.0)  # one slider, so the same ghost
        assert session.board["cards"][1]["before"] == before
        assert session.board["cards"][0]["before"] == ""
        pupils = session.board["levels"][0]["charts"][0]["svg"]
        assert pupils.count(charts.GHOST) == 1
        assert tab.act("undo").board["cards"][1]["effect"] == before

    def test_undo_redo_reset(self, tab):
        first = tab.session.state
        second = tab.act("set_setting", name="seed", value="5").state
        assert tab.act("undo").state == first
        assert tab.act("redo").state == second
        assert tab.act("reset").state == State()
        assert tab.act("undo").state == second
        assert tab.session.shell()["can_redo"]

    def test_designs(self, tab):
        assert len(tab.act("add").state.designs) == 3
        assert tab.session.selected == 2
        assert len(tab.session.board["cards"]) == 3
        assert len(tab.session.board["pairs"]) == 3
        assert len(tab.act("remove", design=0).state.designs) == 2
        assert tab.session.selected == 1
        assert tab.act("set_preset", design=0, preset="no-pd").state.designs[0] == Design("no-pd")
        assert tab.act("select", design=0).panel()["preset"] == "no-pd"

    def test_back_to_the_preset(self, tab):
        tab.act("set_key", design=1, path="programme.hours", value=4.0)
        session = tab.act("reset_key", design=1, path="programme.hours")
        assert "programme.hours" not in dict(session.state.designs[1].changes)

    def test_assumptions_views_pages_presenter(self, tab):
        assert tab.act("set_assumption", name="discernment", value=0.5).state.assumptions == (("discernment", 0.5),)
        assert tab.act("set_view", name="colour", value="use").state.view == (("colour", "use"),)
        assert tab.act("open", page="about").state.page == "about"
        assert tab.act("present", on=True).state.present
        assert state.read_address(tab.session.shell()["address"], ("compare", "about")) == (tab.session.state, ())

    def test_what_draws_nothing_anew_simulates_nothing(self, tab, monkeypatch):
        monkeypatch.setattr(tab.session.simulator, "ask", lambda *_: pytest.fail("asked"))
        assert tab.act("open", page="about").state.page == "about"
        assert tab.act("present", on=True).state.present

    @pytest.mark.parametrize(
        ("action", "says"),
        [
            ({"do": "set_key", "design": 0, "path": "programme.content", "value": 7}, "0 to 1"),
            ({"do": "set_key", "design": 0, "path": "programme.content", "value": {"a": 1}}, "not asked for"),
            ({"do": "set_key", "design": 0, "path": "programme.content", "value": [[1]]}, "not asked for"),
            ({"do": "set_key", "design": 0, "path": "nonsense", "value": 7}, "no such key"),
            ({"do": "set_key", "design": 0, "path": "network.edges", "value": "/etc/passwd"}, "names a file"),
            ({"do": "set_key", "design": 0, "path": 5, "value": 1}, "not asked for"),
            ({"do": "set_key", "design": 9, "path": "programme.content", "value": 0.5}, "there are 2"),
            ({"do": "set_key", "design": -1, "path": "programme.content", "value": 0.5}, "there are 2"),
            ({"do": "set_key"}, "not asked for"),
            ({"do": "set_preset", "design": 0, "preset": "../x"}, "no shipped scenario"),
            ({"do": "set_setting", "name": "seed", "value": "x"}, "a whole number"),
            ({"do": "set_setting", "name": "designs", "value": "x"}, "no such setting"),
            ({"do": "set_assumption", "name": "x", "value": 1}, "no such assumption"),
            ({"do": "set_assumption", "name": "discernment", "value": "1"}, "not a number"),
            ({"do": "open", "page": "staffroom"}, "no such page"),
            ({"do": "export", "kind": "pickle"}, "no such kind of file"),
            ({"do": "remove", "design": 0}, "needs two designs"),
            ({"do": "__init__"}, "nothing that does this"),
            ({"do": "close"}, "nothing that does this"),
            ({"do": ["x"]}, "nothing that does this"),
            ({}, "nothing that does this"),
        ],
        ids=str,
    )
    def test_what_cannot_be_done_is_said_and_changes_nothing(self, tab, action, says):
        before = (tab.session.state, tab.session.board)
        tab.session.act(action)
        assert says in tab.session.notes[0]
        assert (tab.session.state, tab.session.board) == before
        tab.act("dismiss")
        assert tab.session.notes == ()

    def test_actions_are_declared(self):
        assert all(callable(action) for action in ACTIONS.values())
        assert not any(name.startswith("_") for name in ACTIONS)


class TestBoard:
    def test_levels_from_5_down_with_words_before_pictures(self, data):
        levels = data[1]["levels"]
        assert [level["level"] for level in levels] == [5, 4, 3, 2, 1]
        drawn = [chart["name"] for level in levels for chart in level["charts"]]
        assert set(drawn) == {outcome.name for outcome in OUTCOMES.values() if outcome.level is not None}
        for level in levels:
            for chart in level["charts"]:
                assert re.search(r"\d", chart["sentence"])
                assert chart["rows"]

    def test_sentences_come_from_the_numbers(self, data):
        result, shown = data
        rows = result.table.query("population == 'all' and year == 2").set_index(["outcome", "scenario"]).effect
        pairs = result.pairs.set_index("outcome").probability_b_better
        for level in shown["levels"][:4]:
            for chart in level["charts"]:
                effects = {name[0]: rows[chart["name"], name] for name in ("A (maths-hub)", "B (solo-course)")}
                first, second = sorted(effects, key=lambda letter: -effects[letter])
                digits = OUTCOMES[chart["name"]].digits
                assert f"{effects[first]:+.{digits}f}" in chart["sentence"]
                chance = pairs[chart["name"]] if first == "B" else 1 - pairs[chart["name"]]
                assert f"{100 * chance:.0f} of 100 simulated worlds" in chart["sentence"]
                assert chart["sentence"].startswith(first)
                assert f"{second} " in chart["sentence"]

    def test_pictures_are_whole_and_hold_every_value(self, data):
        pictures = [chart["svg"] for level in data[1]["levels"] for chart in level["charts"]]
        for picture in [*pictures, *data[1]["prices"]["svgs"]]:
            root = ET.fromstring(picture)
            assert root.get("aria-label")
            words = " ".join(text.text for text in root.iter("{http://www.w3.org/2000/svg}text"))
            assert "A" in words
            assert "B" in words
            assert "nan" not in picture
            width, height = map(float, root.get("viewBox").split()[2:])
            for text in root.iter("{http://www.w3.org/2000/svg}text"):
                assert 0 <= float(text.get("x")) <= width
                assert 0 <= float(text.get("y")) <= height

    def test_the_table_has_the_numbers_of_the_result(self, data):
        result, shown = data
        chart = shown["levels"][0]["charts"][0]
        rows = result.table.query("population == 'all' and outcome == 'pupil_attainment'").sort_values(
            ["scenario", "year"]
        )
        assert [row[2] for row in chart["rows"]] == [f"{effect:+.3f} SD" for effect in rows.effect]

    def test_people_of_whom_there_are_none(self, simulator):
        request = replace(State(), replicates=20).request()
        shown = board.Board(simulator.result(request, 20), people="colleagues").data()
        sentence = shown["levels"][0]["charts"][0]["sentence"]
        assert sentence.startswith("A: ")
        assert "nobody" in sentence

    def test_worlds_without_difference_are_said_so(self, simulator):
        here = State(designs=(Design("no-pd"), Design("no-pd")), replicates=20)
        shown = board.Board(simulator.result(here.request(), 20)).data()
        assert "No difference" in shown["levels"][0]["charts"][0]["sentence"]
        for level in shown["levels"]:
            for chart in level["charts"]:
                ET.fromstring(chart["svg"])

    def test_four_designs_over_ten_years(self, simulator):
        small = [
            changed(Design(p), "staff.teachers_per_school", 4) for p in ("maths-hub", "solo-course", "lesson-study")
        ]
        here = State(designs=(*small, Design("no-pd")), replicates=20, years=10)
        shown = board.Board(simulator.result(here.request(), 20)).data()
        assert len(shown["pairs"]) == 6
        assert len(shown["cards"]) == 4
        ET.fromstring(shown["levels"][0]["charts"][0]["svg"])

    def test_labels_are_apart(self):
        estimates = [Estimate(0.1 + 0.001 * n, 0, 0.2, -0.1, 0.3) for n in range(4)]
        series = [charts.Series(n, "ABCD"[n], (e,)) for n, e in enumerate(estimates)]
        root = ET.fromstring(charts.course_chart(series, 3, 345, 185, "label"))
        labels = [t for t in root.iter("{http://www.w3.org/2000/svg}text") if t.text[0] in "ABCD"]
        places = sorted(float(label.get("y")) for label in labels)
        assert min(np.diff(places)) >= 12


class TestExports:
    def file(self, kind, here, result):
        made = exports.made(kind, here, result)
        return made, base64.b64decode(made["content"])

    def test_scenario_files_give_the_same_numbers_on_the_command_line(self, here, result, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        made, content = self.file("designs", here, result)
        assert made["name"] == "pdsim-designs.zip"
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            archive.extractall(tmp_path)
        words = shlex.split((tmp_path / "README.txt").read_text(encoding="utf-8").splitlines()[0])
        assert words[0] == "pdsim"
        said = CliRunner().invoke(cli.app, [*words[1:], "--json"])
        assert said.exit_code == 0, said.output
        numbers = [row["effect"] for row in json.loads(said.stdout)["results"]]
        shown = [None if np.isnan(effect) else effect for effect in result.table.effect]
        assert numbers == shown

    def test_tables(self, here, result):
        csv = pd.read_csv(io.BytesIO(self.file("csv", here, result)[1]))
        np.testing.assert_allclose(csv.effect, result.table.effect, rtol=1e-12)
        with zipfile.ZipFile(io.BytesIO(self.file("tables", here, result)[1])) as archive:
            assert sorted(archive.namelist()) == ["pairs.csv", "results.csv", "runs.csv"]

    def test_pictures_and_report(self, here, result):
        with zipfile.ZipFile(io.BytesIO(self.file("pictures", here, result)[1])) as archive:
            assert {name.rpartition(".")[2] for name in archive.namelist()} == {"svg", "png"}
        assert self.file("report", here, result)[1].lstrip().startswith(b"<!DOCTYPE html>")

    def test_the_citation_says_how_to_make_it_again(self, here):
        said = exports.citation(here)
        assert exports.command(here) in said
        assert "--seed 3" in said
        assert "version" in said

    def test_half_a_result_is_not_handed_out(self, tab):
        tab.session.busy = True
        tab.session.act({"do": "export", "kind": "csv"})
        assert "not complete" in tab.session.notes[0]
        tab.session.busy = False
        tab.session.act({"do": "export", "kind": "csv"})
        assert tab.session.download["name"] == "pdsim-results.csv"


class TestServer:
    def test_pages_that_exist_are_in_the_navigation(self):
        names = list(pages())
        assert (names[0], names[-1]) == ("compare", "about")

    def test_about_shows_every_assumption_and_no_markup_of_others(self):
        rows = [row for group in about.assumption_groups() for row in group["rows"]]
        assert [row["name"] for row in rows] == [
            p.name for p in sorted(REGISTER, key=lambda p: groups().index(p.group))
        ]
        assert all(row["source"] and row["reason"] for row in rows)
        assert "<script" not in about.description()
        assert "<h2>" in about.description()
        assert "<h1>" not in about.description()

    def test_settings_send_nothing_and_cap_sessions(self):
        found = server.settings()
        assert found["SOLARA_TELEMETRY_MIXPANEL_ENABLE"] == "False"
        assert len(found["SOLARA_SESSION_SECRET_KEY"]) >= 32
        assert found["SOLARA_SESSION_SECRET_KEY"] != server.settings()["SOLARA_SESSION_SECRET_KEY"]
        assert int(found["SOLARA_KERNEL_MAX_COUNT"]) >= 30
        assert found["SOLARA_ASSETS_CDN"].startswith("http://127.0.0.1")

    @pytest.mark.parametrize(
        ("options", "says"),
        [
            (["--port", "0"], "1 to 65535"),
            (["--port", "x"], "not a whole number"),
            (["--host", "nonsense.invalid"], "cannot listen there"),
            (["--host", "203.0.113.9", "--port", "8999"], "cannot listen there"),
        ],
    )
    def test_mistakes_on_the_command_line(self, options, says):
        said = CliRunner().invoke(cli.app, ["dashboard", "--no-browser", *options])
        assert said.exit_code != 0
        assert says in f"{said.output} {said.exception}"

    def test_templates_hear_declared_events_only(self):
        heard = []

        class Widget:
            secret = "x"

            def vue_act(self, data):
                heard.append(data)

        widget = Widget()
        guard.handle_event(widget, None, {"event": "act", "data": 1}, [])
        for content in (
            {"event": "other", "data": 1},
            {"event": "__class__"},
            {"event": 5},
            {"create_widget": ["subprocess", "Popen"], "props": {"args": ["true"]}, "id": "x"},
            {"update_ref": {"objectRef": "secret"}, "id": "x", "prop": "y"},
            {},
        ):
            guard.handle_event(widget, None, content, [])
        assert heard == [1]
