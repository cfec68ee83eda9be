"""Fluoride or mint? Comparisons and flips in small, its numbers beside explain's, and a student in a real browser."""

import json
import re
import threading
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from urllib.parse import parse_qs, urlencode

import pytest

from pdsim import evaluation, odd
from pdsim.dashboard import inquiry, inquiry_shipped, inquiry_tab
from pdsim.dashboard import inquiry_words as words
from pdsim.dashboard.compute import Simulator
from pdsim.dashboard.inquiry import DESIGNS, WORLDS, Answer, Desk, Question, Verdict
from pdsim.dashboard.inquiry_tab import Tab, link_of, read_settings
from pdsim.dashboard.inquiry_words import Prediction
from pdsim.dashboard.session import Session
from pdsim.errors import InputError
from pdsim.explanation import result as explanation
from pdsim.explanation.verdict import ANSWERS
from test_dashboard_browser import Server, opened

MINT = Question("lesson-study", "mint", whole=False)


def verdict(answer, effect=0.02, low=0.0, high=0.04, **probabilities):
    known = dict.fromkeys(ANSWERS, 0.0) | (probabilities or {answer: 1.0})
    families = {
        name: {"share": effect / 4, "low": low, "high": high} for name in ("fluoride", "mint", "organisation", "cost")
    }
    return Verdict(answer, known, families, {"effect": effect, "low": low, "high": high}, 80)


def answered(answer, question=MINT, **more):
    return Answer(question, verdict(answer, **more))


@pytest.fixture
def small(monkeypatch):
    """Answers of a few runs."""
    monkeypatch.setattr(inquiry, "REPLICATES_EXPLAINED", 40)
    monkeypatch.setattr(inquiry, "SCHOOLS", 8)


class TestComparison:
    def test_the_same_answer_agrees_and_says_in_how_many_worlds(self):
        line = words.compare_answer("mint", verdict("mint", mint=0.72, neither=0.28))
        assert line["mark"] == "Agrees"
        assert "72 of 100" in line["found"]

    def test_another_answer_differs_and_both_are_counted(self):
        line = words.compare_answer("fluoride", verdict("neither", neither=0.9, fluoride=0.04))
        assert line["mark"] == "Differs"
        assert "a bystander: “a bystander” in 90 of 100" in line["found"]
        assert "“fluoride” holds in 4 of 100" in line["found"]

    def test_an_undecided_model_leaves_it_open_and_names_the_likeliest(self):
        found = verdict("undecided", neither=0.45, fluoride=0.35, mint=0.2)
        assert words.compare_answer("fluoride", found)["mark"] == "Open"
        assert "“a bystander” in 45 of 100" in words.compare_answer("fluoride", found)["found"]
        assert "the likeliest answer" in words.compare_answer("neither", found)["found"]

    @pytest.mark.parametrize(
        ("said", "effect", "low", "high", "mark"),
        [
            ("some", 0.02, 0.0, 0.04, "Agrees"),
            ("much", 0.02, 0.0, 0.06, "Open"),
            ("much", 0.02, 0.0, 0.04, "Differs"),
            ("less", -0.03, -0.05, 0.0, "Agrees"),
            ("none", 0.02, 0.011, 0.04, "Differs"),
        ],
    )
    def test_a_size_agrees_is_reached_by_the_interval_or_differs(self, said, effect, low, high, mark):
        line = words.compare_size(said, verdict("mint", effect=effect, low=low, high=high))
        assert line["mark"] == mark
        assert f"{effect:+.3f} SD" in line["found"]

    @pytest.mark.parametrize(("said", "mark"), [(40, "Agrees"), (55, "Agrees"), (56, "Differs"), (0, "Differs")])
    def test_a_number_of_schools_is_close_or_off(self, monkeypatch, said, mark):
        row = {"detected": 0.4, "detected_low": 0.3, "detected_high": 0.5}
        monkeypatch.setattr(words, "level_row", lambda found, level: row)
        line = words.compare_seen(said, None)
        assert line["mark"] == mark
        assert "40 (30 to 50)" in line["found"]

    @pytest.mark.parametrize(
        "wrong",
        [
            {},
            {"answer": "fluor"},
            {"size": "huge"},
            {"seen": 101},
            {"seen": -1},
            {"seen": "many"},
            {"answer": ["mint"]},
        ],
    )
    def test_a_prediction_that_is_none_of_the_choices_is_refused(self, wrong):
        data = {"answer": "mint", "size": "some", "seen": 20} | wrong if wrong else {}
        with pytest.raises(InputError):
            words.read_prediction(data)


class TestFlips:
    def test_one_change_that_flips_the_answer_is_named(self):
        now = answered("neither", replace(MINT, fixed=(("company_motivation", 0.0),)))
        said = words.flip_words(answered("mint"), now)
        assert said.startswith("It flipped, from mint to neither. What flipped it: Company makes teachers want to: 0 ")
        assert "instead of what is believed" in said
        assert words.flipped(answered("mint"), now)

    def test_another_world_is_named(self):
        said = words.flip_words(answered("mint"), answered("harmful", replace(MINT, world="groupthink")))
        assert said == "It flipped, from mint to harmful. What flipped it: The world: “groupthink” instead of “mint”."

    def test_two_changes_at_once_leave_open_which(self):
        now = answered("neither", replace(MINT, world="bystander", fixed=(("coordination", 0.2),)))
        assert "2 changes at once, so it could be any" in words.flip_words(answered("mint"), now)

    def test_the_same_answer_is_no_flip(self):
        now = answered("mint", replace(MINT, fixed=(("coordination", 0.2),)))
        assert words.flip_words(answered("mint"), now).startswith("No flip: still mint. You changed: Time together")
        assert not words.flipped(answered("mint"), now)
        assert words.flip_words(now, now) == ""

    def test_every_slider_can_be_read_from_an_address(self):
        for one in words.sliders(None):
            for step in one["steps"][1:]:
                fixed = ((one["name"], step["value"]),)
                assert words.read_fixed(words.fixed_text(fixed), [one["name"]]) == fixed

    @pytest.mark.parametrize(
        "text", ["nonsense=1", "coordination=0.1234", "coordination", "coordination=x", "coordination=nan"]
    )
    def test_a_wrong_slider_is_explained(self, text):
        with pytest.raises(InputError):
            words.read_fixed(text, ["coordination"])


class TestNumbers:
    def test_a_short_answer_has_the_numbers_of_explain(self, small):
        question = Question("lesson-study", "mint", (("company_motivation", 0.24),), whole=False)
        found = inquiry.answer_to(question).verdict
        asked = explanation.explain(
            "lesson-study", replicates=20, theory="mint", settings={"theory.company_motivation": 0.24}, search=False
        )
        assert found.answer == asked.verdict["answer"]
        assert found.probabilities == asked.verdict["posterior"]
        assert found.total["effect"] == pytest.approx(asked.total["effect"], abs=1e-12)
        for row in asked.families.to_dict("records"):
            assert found.families[row["family"]]["share"] == pytest.approx(row["share"], abs=1e-12)
            assert found.families[row["family"]]["low"] == pytest.approx(row["low"], abs=1e-12)

    def test_a_whole_answer_is_explain_and_evaluate_and_can_be_shipped(self, small):
        question = Question("lesson-study")
        found = inquiry.answer_to(question)
        asked = explanation.explain("lesson-study", replicates=40, search=False)
        assert found.explanation.to_dict() == asked.to_dict()
        assert found.evaluation.to_dict() == evaluation.evaluate("lesson-study", replicates=8).to_dict()
        data = {name: inquiry_shipped.stored(getattr(found, name)) for name in ("explanation", "evaluation")}
        again = inquiry_shipped.answer_of(question, json.loads(json.dumps(data, default=float, allow_nan=False)))
        assert words.whole_part(again) == words.whole_part(found)
        assert again.verdict == found.verdict

    def test_shipped_answers_are_those_of_the_science_as_it_is(self):
        shipped = inquiry_shipped.shipped()
        assert set(inquiry_shipped.QUESTIONS) <= set(shipped), "run experiments/lesson.py again"
        found = shipped[Question("lesson-study")]
        play = inquiry.answer_to(Question("lesson-study", whole=False)).verdict
        assert shipped[MINT].verdict == inquiry.answer_to(MINT).verdict
        assert play.probabilities == found.verdict.probabilities
        assert play.total["effect"] == pytest.approx(found.verdict.total["effect"], abs=1e-12)

    def test_the_punch_line_is_what_the_lab_found(self, tmp_path, monkeypatch):
        file = tmp_path / "bundled-reviews.toml"
        monkeypatch.setattr(words.library, "shipped", lambda kind: {"bundled-reviews": file})
        file.write_text('title = "no finding yet"')
        assert words.punch_line() == []
        file.write_text('found = """\nOf 100 such reviews, 91\n(88-94) would.\nA second one.\n"""')
        assert words.punch_line() == ["Of 100 such reviews, 91 (88-94) would.", "A second one."]


class TestDesk:
    def test_sessions_share_an_answer_and_hear_of_it(self):
        go, asked, heard = threading.Event(), [], threading.Semaphore(0)

        def compute(question, progress):
            asked.append(question)
            go.wait(10)
            return answered("mint", question)

        desk = Desk(compute=compute)
        for session in ("a", "b"):
            desk.ask(session, MINT, heard.release)
        go.set()
        assert heard.acquire(timeout=10)
        assert heard.acquire(timeout=10)
        assert asked == [MINT]
        assert desk.known(MINT).verdict.answer == "mint"
        desk.close()

    def test_a_question_that_nobody_waits_for_is_dropped(self):
        started, go, done = threading.Event(), threading.Event(), threading.Event()
        other = replace(MINT, world="fluoride")
        asked = []

        def compute(question, progress):
            asked.append(question)
            if question == MINT:
                started.set()
                go.wait(10)
                progress(1)
            return answered("mint", question)

        desk = Desk(compute=compute)
        desk.ask("a", MINT, lambda: None)
        started.wait(10)
        desk.ask("a", other, done.set)
        go.set()
        assert done.wait(10)
        assert desk.known(MINT) is None
        assert asked == [MINT, other]
        desk.close()

    def test_a_fault_is_one_line_and_the_desk_goes_on(self):
        def compute(question, progress):
            if question == MINT:
                raise ZeroDivisionError("oh")
            return answered("mint", question)

        desk, done = Desk(compute=compute), threading.Semaphore(0)
        desk.ask("a", MINT, done.release)
        desk.ask("b", replace(MINT, world="fluoride"), done.release)
        assert done.acquire(timeout=10)
        assert done.acquire(timeout=10)
        assert "ZeroDivisionError: oh" in desk.known(MINT)
        desk.close()


@pytest.fixture(scope="module")
def simulator():
    made = Simulator(workers=1)
    yield made
    made.close()


class TestTab:
    def test_an_address_with_mistakes_is_explained_and_the_usual_stands_in(self):
        view = {
            "lesson.design": "lesson-studies",
            "lesson.world": "moon",
            "lesson.try.fixed": "x=1",
            "lesson.hide": "notice,x",
        }
        lesson, notes = read_settings(view)
        assert (lesson.design, lesson.world, lesson.tried.fixed) == (DESIGNS[0], WORLDS[0], ())
        assert lesson.hidden == ("notice",)
        assert len(notes) == 3
        assert "did you mean 'lesson-study'" in notes[0]

    def test_the_answer_is_shown_after_a_prediction_only_and_a_flip_is_noticed(self, simulator):
        first = {Question("lesson-study", "mint"): answered("mint", Question("lesson-study", "mint"))}
        desk = Desk(first, lambda question, progress: answered("neither", question))
        session = Session(simulator, "page=lesson&view.lesson.world=mint&replicates=20&years=1", ("compare", "lesson"))
        tab = Tab(desk, session)
        tab.part = lambda answer: {"answer": answer.verdict.answer}
        assert tab.shown()["whole"] is None
        tab.tell({"do": "predict", "answer": "mint", "size": "some", "seen": None})
        assert tab.shown()["whole"] == {"answer": "mint"}
        assert [line["mark"] for line in tab.shown()["compared"]] == ["Agrees", "Agrees"]
        heard = threading.Event()
        session.notify = heard.set
        tab.tell({"do": "try", "name": "company_motivation", "value": 0})
        heard.clear()
        if tab.shown()["trial"] is None:
            assert heard.wait(10)
        shown = tab.shown()
        assert shown["flipped"]
        assert "Company makes teachers want to: 0 instead of what is believed" in shown["flip"]
        assert dict(session.state.view)["lesson.try.fixed"] == "company_motivation=0"
        tab.tell({"do": "try", "name": "company_motivation", "value": 17})
        assert "allowed is one of" in tab.setup()["notes"][0]
        tab.tell({"do": "try", "back": True})
        assert "lesson.try.fixed" not in dict(session.state.view)
        assert tab.shown()["flip"].startswith("It flipped, from neither to mint")
        tab.tell({"do": "launch"})
        assert "there is nothing that does this" in tab.setup()["notes"][0]
        session.close()
        desk.close()

    def test_a_teachers_link_fixes_the_design(self, simulator):
        desk = Desk({}, lambda question, progress: answered("mint", question))
        session = Session(simulator, "page=lesson&replicates=20&years=1", ("compare", "lesson"))
        data = {"design": "shanghai-trg", "world": "mint", "name": "8b", "hide": ["evidence"], "fixed": True}
        query = parse_qs(link_of(session, data))
        assert query["view.lesson.fixed"] == ["yes"]
        assert query["view.lesson.design"] == ["shanghai-trg"]
        with pytest.raises(InputError):
            link_of(session, data | {"world": "moon"})
        fixed = Session(simulator, link_of(session, data), ("compare", "lesson"))
        tab = Tab(desk, fixed)
        tab.tell({"do": "choose", "design": "lesson-study"})
        assert tab.setup()["notes"] == ["In this lesson the design is fixed."]
        assert tab.setup()["design"] == "shanghai-trg"
        session.close()
        fixed.close()
        desk.close()


@pytest.mark.parametrize("design", DESIGNS)
def test_what_the_facilitators_page_expects_is_what_the_model_says(design):
    found = inquiry_shipped.shipped()[Question(design)]
    share = found.explanation.levels.set_index(["outcome", "family"]).share
    families = [share["reaction", family] for family in ("fluoride", "mint", "organisation", "cost")]
    assert max(families) == share["reaction", "mint"]
    assert share["pupil_attainment", "cost"] < 0
    form, tests = (words.level_row(found.evaluation, level)["detected"] for level in (1, 5))
    assert form > tests


def test_the_facilitators_page_is_45_minutes_without_gaps():
    spans = [(int(a), int(b)) for a, b in re.findall(r"^\| (\d+)-(\d+) \|", odd.document("lesson"), re.M)]
    assert spans[0][0] == 0
    assert spans[-1][1] == 45
    assert all(end == start for (_, end), (start, _) in pairwise(spans))


# A student in a browser

REASON = 'Teachers <b>talk</b> & "learn" <script>alert(1)</script>'
FAST = {"page": "lesson", "view.lesson.design": "lesson-study", "view.lesson.world": "mint", "view.lesson.name": "test"}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    made = Server(tmp_path_factory.mktemp("lesson"))
    yield made
    made.close()


def predict(page):
    page.get_by_label("Mint: teachers like it").check()
    page.get_by_label("Something (+0.01").check()
    page.fill("#seen", "40")
    page.fill("#reason", REASON)
    page.get_by_role("button", name="Show what the model says").click()
    page.wait_for_selector("#says", timeout=120_000)


def settled(page, flip):
    page.wait_for_function(
        "flip => document.querySelector('.pd-flip').innerText.startsWith(flip)", arg=flip, timeout=120_000
    )


def compares(page):
    asked = Question("lesson-study", "mint")
    found = inquiry.answer_to(asked)
    part = words.whole_part(found)
    text = page.inner_text("main")
    assert part["answer"] in text
    assert part["size"] in text
    assert page.locator(".pd-compared tbody tr").count() == 3
    for line in words.compare(Prediction("mint", "some", 40), found):
        assert line["found"] in text
    assert page.locator("figure svg").count() >= 11
    assert part["praise"][0] in text
    numbers = page.locator("figure", has_text="Level 5").first
    numbers.locator("summary").click()
    assert part["levels"][0]["rows"][-1][1] in numbers.locator("table").inner_text()


def flips(page):
    slider = page.get_by_label("Company makes teachers want to")
    slider.focus()
    values = words.slider_values("company_motivation")
    for _ in range(values.index(0.0) + 1):
        page.keyboard.press("ArrowRight")
    settled(page, "It flipped, from mint to neither")
    assert "Company makes teachers want to" in page.inner_text(".pd-flip")
    assert "neither: World “mint”; Company makes teachers want to: 0" in page.inner_text(".pd-tried")
    asked = explanation.explain(
        "lesson-study", replicates=200, theory="mint", settings={"theory.company_motivation": 0}, search=False
    )
    assert asked.verdict["answer"] == "neither"
    page.locator(".pd-live figure summary").first.click()
    assert f"{asked.total['effect']:+.3f}" in page.locator(".pd-live table").first.inner_text().replace("−", "-")


def takes_the_worksheet(page):
    with page.expect_download() as download:
        page.get_by_role("button", name="My worksheet, for Word").click()
    assert download.value.suggested_filename == "fluoride-or-mint-lesson-study.doc"
    with open(download.value.path(), encoding="utf-8-sig") as file:
        sheet = file.read()
    assert "<script>" not in sheet
    assert "Teachers &#60;b&#62;talk&#60;/b&#62; &#38; &#34;learn&#34;" in sheet
    assert "That it is &#60;i&#62;mint&#60;/i&#62;." in sheet
    assert "It flipped, from mint to neither" in sheet


class TestStudent:
    def test_predicts_runs_compares_flips_an_assumption_and_finds_all_again_after_a_reload(self, browser, server):
        with opened(browser, server, urlencode(FAST)) as page:
            page.get_by_role("button", name="Show what the model says").click()
            assert "Still to say: what working together is, how much it adds, your reason" in page.inner_text("main")
            assert page.locator("#says").count() == 0
            predict(page)

            compares(page)
            page.fill("#surprise", "That it is <i>mint</i>.")
            flips(page)
            page.wait_for_function("location.search.includes('company_motivation')")
            page.reload()
            page.wait_for_selector("#says", timeout=60_000)
            assert page.input_value("#reason") == REASON
            assert page.input_value("#surprise") == "That it is <i>mint</i>."
            assert page.get_by_label("Mint: teachers like it").is_checked()
            settled(page, "It flipped, from mint to neither")
            assert page.locator(".pd-tried li").count() >= 1

            takes_the_worksheet(page)
            page.on("dialog", lambda dialog: dialog.accept())
            page.get_by_role("button", name="Clear my answers").click()
            page.wait_for_selector("#says", state="detached")
            page.wait_for_function("localStorage.length === 0")
            assert page.input_value("#reason") == ""
            assert page.complaints == []
            assert page.failed == []

    def test_answers_are_kept_for_each_design(self, browser, server):
        with opened(browser, server, "page=lesson") as page:
            page.fill("#reason", "for lesson study")
            page.select_option("#lesson-design", "maths-hub")
            page.wait_for_function("location.search.includes('maths-hub')")
            page.wait_for_function("document.getElementById('reason').value === ''")
            page.select_option("#lesson-design", "lesson-study")
            page.wait_for_function("document.getElementById('reason').value === 'for lesson study'")
            assert page.complaints == []

    def test_answers_survive_a_restart_of_the_server(self, browser, tmp_path):
        first = Server(tmp_path)
        port = first.url.split(":")[2].strip("/")
        with opened(browser, first, urlencode(FAST)) as page:
            predict(page)
            page.fill("#surprise", "a note")
            first.close()
            second = Server(tmp_path, int(port))
            try:
                page.reload()
                page.wait_for_selector("#says", timeout=120_000)
                assert page.input_value("#surprise") == "a note"
                assert page.input_value("#reason") == REASON
                assert page.locator(".pd-compared tbody tr").count() == 3
            finally:
                second.close()


class TestTeacher:
    def test_a_link_fixes_settings_and_hides_steps(self, browser, server):
        with opened(browser, server, "page=lesson") as page:
            page.get_by_text("For the teacher", exact=True).click()
            page.fill("#link-name", "8b")
            page.select_option("#link-world", "mint")
            page.get_by_label("What reviews can tell").check()
            page.get_by_role("button", name="Make the link").click()
            page.wait_for_selector("#link")
            query = page.input_value("#link").partition("?")[2]
        with opened(browser, server, query) as page:
            assert page.locator("#lesson-design").count() == 0
            assert page.get_by_text("For the teacher", exact=True).count() == 0
            assert "made-up world" in page.inner_text("main")
            predict(page)
            assert "company is pleasant" in page.inner_text("main")
            assert page.locator("#evidence").count() == 0
            assert page.locator("#change").count() == 1

    def test_the_facilitators_page_opens_and_closes(self, browser, server):
        with opened(browser, server, "page=lesson") as page:
            page.get_by_text("For the teacher", exact=True).click()
            page.get_by_role("button", name="A plan for 45 minutes").click()
            page.wait_for_selector(".pd-plan table")
            assert page.inner_text("main h1") == "Fluoride or mint? A plan for 45 minutes"
            page.get_by_role("button", name="Back to the lesson").click()
            page.wait_for_selector("#predict")


class TestAccess:
    @pytest.mark.parametrize("width", [1024, 768])
    def test_axe_finds_no_serious_violation_and_nothing_sticks_out(self, browser, server, width):
        axe = pytest.importorskip("axe_playwright_python.sync_playwright")
        with opened(browser, server, urlencode(FAST), width=width) as page:
            predict(page)
            for summary in page.locator("summary").all():
                summary.click()
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            found = axe.Axe().run(page).response["violations"]
            serious = [
                (v["id"], [n["html"][:200] for n in v["nodes"][:3]])
                for v in found
                if v["impact"] in ("serious", "critical")
            ]
            assert serious == []

    def test_the_printed_page_has_the_answers_and_no_controls(self, browser, server):
        with opened(browser, server, urlencode(FAST)) as page:
            predict(page)
            page.emulate_media(media="print")
            assert page.get_by_text("My reason: Teachers").is_visible()
            assert not page.locator("#reason").is_visible()
            assert not page.get_by_role("button", name="My worksheet, for Word").is_visible()


def test_tab_steps_are_those_of_the_page():
    source = (Path(__file__).parents[1] / "src/pdsim/dashboard/pages/lesson.vue").read_text(encoding="utf-8")
    for step in inquiry_tab.STEPS:
        assert f"hides('{step}')" in source
