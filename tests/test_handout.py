"""The handout: its numbers are those of compare; its lesson works from a file, by keyboard alone, and on paper."""

import base64
import hashlib
import json
import re
import shlex

import pytest

import pdsim
from pdsim import cli, handout, handout_page, scenarios
from pdsim.errors import InputError
from pdsim.figures import Reading
from pdsim.handout import CLOSE, Slider
from pdsim.outcomes import OUTCOMES
from pdsim.pages import with_interval
from pdsim.tables import pair_sentences
from reading import Page, check_accessible, check_prints, check_structure, opened_offline

SCRIPT = "</script><script>alert(1)</script>"
SMALL = {"staff.teachers_per_school": 8}
OPTIONS = {"replicates": 8, "years": 1, "seed": 5}
SLIDERS = (Slider("programme.fidelity", (0.1, 1.0)), Slider("theory.discernment", (0.0,)))
WORLDS = ("fluoride", "groupthink")


def texts(title):
    return {
        "title": f"{title} & <i>\"'",
        "source": SCRIPT,
        "says": f"</dd>{SCRIPT}",
        "choices": "<img src=x onerror=alert(1)>",
    }


@pytest.fixture(scope="module")
def designs():
    """A design with harmful texts and one with a harmful name; both small."""
    first = scenarios.load("solo-course", SMALL).model_copy(update=texts(SCRIPT))
    return first, scenarios.load("lesson-study", SMALL).model_copy(update={"name": 'study & <b> "b"'})


@pytest.fixture(scope="module")
def found(designs):
    """A handout of both, and the runs that were reported."""
    seen = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(handout, "REPLICATES_EXPLAINED", 40)
        request = handout.resolve(*designs, worlds=WORLDS, sliders=SLIDERS, **OPTIONS)
        whole = handout.run(request, seen.append)
        return whole, handout.runs_needed(request), sum(seen)


@pytest.fixture(scope="module")
def text(found):
    return handout_page.handout_page(found[0])


@pytest.fixture(scope="module")
def document(text):
    return json.loads(re.search(r'<script type="application/json" id="document">(.*?)</script>', text, re.S)[1])


def compared(designs, theory, **settings):
    """What compare says of both designs with some settings."""
    return pdsim.compare(designs, theory=theory, settings=settings, **OPTIONS)


def cells_of(result):
    """Averages with their intervals, for both designs and each outcome of the table, as the page writes them."""
    reading = Reading(result)
    return [
        with_interval(reading.at(name, outcome.name), outcome)
        for outcome in handout.outcomes_shown()
        for name in reading.names
    ]


class TestNumbers:
    def test_runs_are_as_many_as_announced(self, found):
        _, announced, reported = found
        assert announced == reported

    @pytest.mark.parametrize(
        ("place", "theory", "settings"),
        [
            ((0, 0, 0), "posterior", {}),
            ((0, 1, 0), "posterior", {"programme.fidelity": 0.1}),
            ((1, 2, 1), "fluoride", {"programme.fidelity": 1.0, "theory.discernment": 0.0}),
            ((2, 0, 1), "groupthink", {"theory.discernment": 0.0}),
        ],
    )
    def test_every_point_is_what_compare_says(self, found, designs, document, place, theory, settings):
        result = compared(designs, theory, **settings)
        assert found[0].request.settings_at(place) == settings
        number = found[0].request.places.index(place)
        point = document["points"][number]
        assert point["sentence"] == pair_sentences(result)[0]
        assert [cell for row in point["cells"] for cell in row[::2]] == cells_of(result)
        pupils = result.table.query("outcome == 'pupil_attainment' and population == 'all' and year == 1")
        for numbers, row in zip(point["drawn"][0], pupils.itertuples(), strict=True):
            assert numbers == pytest.approx([row.effect, row.low, row.high, row.school_low, row.school_high], rel=1e-4)

    def test_the_answer_follows_the_chance(self, found):
        counts = [3, 3, 2]
        assert len(found[0].points) == 18
        for place, point in found[0].points.items():
            assert all(0 <= at < count for at, count in zip(place, counts, strict=True))
            close = " are close: " in point.sentence
            assert (point.answer == CLOSE) == close

    def test_worlds_differ_in_what_explains_the_effect(self, found, document):
        worlds = [world["label"] for world in document["worlds"]]
        assert worlds == [handout_page.WORLD_WORDS[name] for name in ("posterior", *WORLDS)]
        assert len({json.dumps(world["why"]) for world in document["worlds"]}) == 3
        assert [len(world["notice"]) for world in document["worlds"]] == [2, 2, 2]
        assert set(found[0].explanations) == {(world, 'study & <b> "b"') for world in ("posterior", *WORLDS)}

    def test_every_single_change_is_listed_with_its_answer(self, found, text):
        words = Page(text).words()
        single = [place for place in found[0].points if sum(at > 0 for at in place) == 1]
        assert len(single) == 5
        for place in single:
            assert found[0].points[place].sentence in words
        flips = sum(point.answer != found[0].points[0, 0, 0].answer for point in found[0].points.values())
        assert handout_page.flip_words(found[0]) in words
        assert f"In {flips or 'none'} of the 17 other" in words

    def test_a_full_grid_stays_below_two_megabytes(self, text, document):
        each = len(json.dumps(document["points"])) / len(document["points"])
        rest = len(text) - each * len(document["points"])
        assert rest + each * handout.MOST_POINTS < 2e6


class TestPage:
    def test_it_is_well_built_and_names_no_address(self, text):
        check_structure(text)
        page = Page(text)
        assert len(page.all("table")) == len(page.all("caption"))
        assert all("scope" in attributes for attributes in page.all("th"))
        assert not page.all("link", "img", "iframe", "object", "embed", "base", "form")
        assert [a.get("type") for a in page.all("script")] == ["application/json", None]
        assert not any(name.startswith("on") or name == "src" for _, attributes in page.tags for name in attributes)
        assert {*re.findall(r"\w+://[\w./]*", text)} == {"http://www.w3.org/1999/xlink", "http://www.w3.org/2000/svg"}

    def test_only_its_own_script_may_run(self, text):
        policy = next(m["content"] for m in Page(text).all("meta") if "http-equiv" in m)
        script = re.search(r"<script>(.*?)</script>", text, re.S)[1]
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert policy == (
            f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; base-uri 'none'; "
            "form-action 'none'"
        )
        assert not re.search(r"\beval\b|\bFunction\b|innerHTML|fetch|XMLHttp|import\(|document\.write", script)

    def test_texts_are_escaped(self, text, document):
        assert text.count("<script") == 2
        assert "<b>" not in text
        assert "<img" not in text
        assert "&lt;/script&gt;" in text
        assert document["names"][1] == 'study & <b> "b"'

    def test_the_command_makes_it_again(self, found):
        request = found[0].request
        words = shlex.split(handout_page.command(request))
        assert words[:4] == ["pdsim", "handout", "solo-course", 'study & <b> "b".toml']
        sliders = [handout.slider_of(words[k + 1]) for k, word in enumerate(words) if word == "--slider"]
        worlds = [words[k + 1] for k, word in enumerate(words) if word == "--world"]
        assert (tuple(sliders), tuple(worlds)) == (SLIDERS, WORLDS)
        assert "--seed 5" in shlex.join(words)

    def test_designs_without_working_together_have_nothing_to_divide(self):
        request = handout.resolve("no-pd", "solo-workshop", worlds=["posterior"], sliders=[], settings=SMALL, **OPTIONS)
        whole = handout.run(request)
        words = Page(handout_page.handout_page(whole)).words()
        assert "nothing to divide between fluoride and mint" in words
        assert "In none of the 0 other combinations" in words


def test_words_of_sliders(designs):
    part = handout_page.slider_part(Slider("collaboration.together", (0.25,)), designs)
    assert part["steps"] == ["as each design says", "25 %"]
    assert part["own"] == 'solo-course: alone; study & <b> "b": 90 %'
    experienced = handout_page.slider_part(Slider("staff.experienced_share", (0.5,)), designs)
    assert "solo-course: as it falls" in experienced["own"]
    theory = handout_page.slider_part(SLIDERS[1], [designs[0], designs[1].with_(**{"theory.discernment": 0.5})])
    assert theory["label"] == "Discernment"
    assert theory["own"].startswith("solo-course: as believed; ")
    assert handout_page.world_words("/home/somebody/ours.toml") == "Your own assumptions: ours.toml"


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"worlds": ["mintt"]}, "did you mean 'mint'"),
        (
            {"worlds": ["fluoride", "mint", "bystander", "groupthink", "prior", "point", "x", "y"]},
            "at most 7",
        ),
        ({"sliders": [Slider("programme.fidelty", (1.0,))]}, "did you mean 'programme.fidelity'"),
        ({"sliders": [Slider("programme.format", (1.0,))]}, "is no number to change"),
        ({"sliders": [Slider("evaluation.years", (1,))]}, "is no number to change"),
        ({"sliders": [Slider("programme.fidelity", (1.5,))]}, "programme.fidelity"),
        ({"sliders": [Slider("programme.fidelity", ())]}, "at least one value"),
        ({"sliders": [SLIDERS[0], SLIDERS[0]]}, "each once"),
        ({"sliders": [Slider("programme.fidelity", tuple(k / 200 for k in range(150)))]}, "allowed are 400"),
        ({"replicates": 0}, "--replicates"),
    ],
)
def test_mistakes_are_found_before_anything_runs(options, complaint):
    with pytest.raises(InputError, match=re.escape(complaint)):
        handout.resolve("solo-course", "maths-hub", **options)


@pytest.mark.parametrize("option", ["programme.fidelity", "programme.fidelity=a,b", "programme.fidelity="])
def test_sliders_that_cannot_be_read(option):
    with pytest.raises(InputError, match="--slider"):
        handout.slider_of(option)


def test_the_command_writes_one_file(monkeypatch, capsys, tmp_path):
    words = ["pdsim", "handout", "no-pd", "solo-workshop", "--replicates", "4", "--years", "1", "--world", "mint"]
    words += [
        "--slider",
        "programme.sessions=2",
        "--set",
        "staff.teachers_per_school=8",
        "--out",
        str(tmp_path / "a.html"),
    ]
    monkeypatch.setattr("sys.argv", words)
    with pytest.raises(SystemExit) as stop:
        cli.main()
    said = capsys.readouterr()
    assert (stop.value.code, said.err) == (0, "")
    assert [path.name for path in tmp_path.iterdir()] == ["a.html"]


class TestBrowser:
    @pytest.fixture
    def path(self, text, tmp_path):
        place = tmp_path / "handout.html"
        place.write_text(text, encoding="utf-8")
        return place

    @pytest.fixture
    def opened(self, browser, path):
        """The handout opened from a file; whatever a test does, nothing is asked for and nothing goes wrong."""
        with opened_offline(browser, path) as page:
            yield page
            assert {address.partition(":")[0] for address in page.asked} == {"file"}
            assert page.complaints == []

    def shown(self, page):
        """Averages in the table of the chosen settings."""
        return [cell.inner_text() for cell in page.locator("#live td").all()][::2]

    def reveal(self, page, answer="0", path="1"):
        page.check(f'input[name="answer"][value="{answer}"]')
        page.check(f'input[name="path"][value="{path}"]')
        page.click("#reveal")

    def test_the_answer_stays_hidden_until_a_prediction(self, opened, found):
        says = opened.get_by_role("heading", name="3. What the model says")
        assert not says.is_visible()
        opened.click("#reveal")
        assert not says.is_visible()
        assert "First say which" in opened.inner_text("#hint")
        assert opened.evaluate("document.activeElement.name") == "answer"
        answer = found[0].points[0, 0, 0].answer
        self.reveal(opened, str(answer))
        assert says.is_visible()
        assert opened.evaluate("document.activeElement.id") == "says"
        assert "That is what you predicted." in opened.inner_text("#compared")
        assert "Teachers like it" in opened.inner_text("#path-compared")
        opened.check(f'input[name="answer"][value="{(answer + 1) % 3}"]')
        assert "You predicted: " in opened.inner_text("#compared")

    def test_sliders_by_keyboard_show_what_compare_says(self, opened, designs):
        self.reveal(opened)
        assert self.shown(opened) == cells_of(compared(designs, "posterior"))
        opened.focus("#slider-0")
        opened.keyboard.press("ArrowRight")
        assert opened.inner_text("#value-0") == "0.1"
        assert opened.get_attribute("#slider-0", "aria-valuetext") == "0.1"
        opened.keyboard.press("Tab")
        opened.keyboard.press("End")
        result = compared(designs, "posterior", **{"programme.fidelity": 0.1, "theory.discernment": 0.0})
        assert self.shown(opened) == cells_of(result)
        assert opened.inner_text("#answer").removeprefix("The answer has flipped. ") == pair_sentences(result)[0]
        opened.focus('input[name="world"][value="0"]')
        opened.keyboard.press("ArrowDown")
        result = compared(designs, "fluoride", **{"programme.fidelity": 0.1, "theory.discernment": 0.0})
        assert self.shown(opened) == cells_of(result)
        opened.get_by_role("button", name="Back to the designs as they are").press("Enter")
        assert self.shown(opened) == cells_of(compared(designs, "posterior"))

    def test_what_was_tried_is_listed_and_flips_are_marked(self, opened, found):
        self.reveal(opened)
        start = found[0].points[0, 0, 0].answer
        for world in (1, 2):
            opened.check(f'input[name="world"][value="{world}"]')
        answers = [found[0].points[world, 0, 0].answer for world in (1, 2)]
        items = opened.locator("#tried li").all_inner_texts()
        assert [("another answer" in item) for item in items] == [answer != start for answer in answers]
        assert items[0].startswith(f"World: {handout_page.WORLD_WORDS['fluoride']}: ")
        assert "tried 2 of 17" in opened.inner_text("#count")

    def test_the_chart_moves_with_the_numbers_and_says_what_it_is(self, opened):
        self.reveal(opened)
        chart = opened.locator("#chart svg")
        before = chart.inner_html()
        assert "numbers are in the table" in chart.get_attribute("aria-label")
        assert chart.locator("rect[opacity]").count() == 2 * sum(o.level is not None for o in OUTCOMES.values())
        opened.check('input[name="world"][value="1"]')
        assert chart.inner_html() != before
        boxes = chart.evaluate("svg => [...svg.children].map(e => e.getBBox()).map(b => [b.x, b.x + b.width])")
        width = chart.evaluate("svg => svg.viewBox.baseVal.width")
        assert all(left >= 0 and right <= width for left, right in boxes)

    def test_answers_survive_a_reload_and_can_be_forgotten(self, opened):
        self.reveal(opened)
        opened.fill("#reason", "Because <b>I</b> think so")
        opened.focus("#slider-0")
        opened.keyboard.press("ArrowRight")
        opened.reload()
        assert opened.input_value("#reason") == "Because <b>I</b> think so"
        assert opened.is_checked('input[name="answer"][value="0"]')
        assert opened.inner_text("#value-0") == "0.1"
        assert opened.locator("#tried li").count() == 1
        opened.click("#forget")
        opened.reload()
        assert opened.input_value("#reason") == ""
        assert not opened.get_by_role("heading", name="3. What the model says").is_visible()

    @pytest.mark.parametrize(
        "kept",
        [
            "{broken",
            "null",
            "[]",
            '{"place": [0, 0, 0]}',
            '{"place": [0, 0, 0], "tried": 5, "answer": null}',
            '{"place": [0, 0, 3], "tried": [], "answer": null, "revealed": true}',
            '{"place": [0, 0, 0], "tried": [99, -1, "x"], "answer": "9"}',
        ],
    )
    def test_what_another_page_left_behind_does_no_harm(self, opened, document, kept):
        opened.evaluate("([key, kept]) => localStorage.setItem(key, kept)", [document["key"], kept])
        opened.reload()
        assert not opened.get_by_role("heading", name="3. What the model says").is_visible()
        self.reveal(opened)
        assert opened.inner_text("#value-0") == "as each design says"
        assert opened.locator("#tried li").count() == 0

    def test_a_browser_that_keeps_nothing_does_not_break_it(self, browser, path):
        with opened_offline(browser, path) as page:
            refuse = "{get() { throw new DOMException('no', 'SecurityError'); }}"
            page.add_init_script(f"Object.defineProperty(window, 'localStorage', {refuse})")
            page.reload()
            self.reveal(page)
            page.focus("#slider-0")
            page.keyboard.press("ArrowRight")
            assert page.inner_text("#value-0") == "0.1"
            assert "keeps no answers" in page.inner_text("#kept")
            assert page.complaints == []

    def test_keyboard_alone_reaches_everything(self, opened):
        self.reveal(opened)
        opened.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
        wanted = {"reason", "reveal", "slider-0", "slider-1", "back", "conclusion", "print", "forget"}
        wanted |= {"answer", "path", "world"}
        reached = set()
        for _ in range(120):
            opened.keyboard.press("Tab")
            reached.add(opened.evaluate("document.activeElement.id || document.activeElement.name"))
        assert wanted <= reached

    @pytest.mark.parametrize("revealed", [False, True])
    def test_it_is_accessible(self, opened, revealed):
        if revealed:
            self.reveal(opened)
            opened.get_by_text("Every single change").click()
        check_accessible(opened)

    def test_on_paper_stand_the_tables_and_the_answers(self, opened):
        opened.fill("#reason", "Because")
        opened.emulate_media(media="print")
        for heading in ("3. What the model says", "4. What explains it", "5. Would you notice?"):
            assert opened.get_by_role("heading", name=heading).is_visible()
        for name in ("#table-says", "#table-explains-1", "#table-notice-2", "#table-single", "#reason", "#conclusion"):
            assert opened.locator(name).is_visible(), name
        for name in ("#live", "#chart", "#reveal", "#print"):
            assert not opened.locator(name).is_visible(), name
        assert not opened.locator("#count").is_visible()
        opened.emulate_media(media="screen")
        self.reveal(opened)
        check_prints(opened, most=9)
        assert opened.locator("#count").is_visible()

    def test_without_scripts_it_can_still_be_read(self, browser, path):
        context = browser.new_context(java_script_enabled=False, offline=True)
        page = context.new_page()
        page.goto(path.as_uri())
        assert page.locator("#table-says").is_visible()
        assert not page.locator("#live").is_visible()
        context.close()

    def test_a_foreign_script_does_not_run(self, browser, path):
        with opened_offline(browser, path) as page:
            page.evaluate(
                "document.body.append(Object.assign(document.createElement('script'), {text: 'window.bad = 1'}))"
            )
            assert page.evaluate("window.bad") is None
            assert any("Content Security Policy" in line for line in page.complaints)


def test_the_default_sliders_are_in_the_register():
    for slider in handout.SLIDERS:
        label, unit, meaning = slider.words()
        assert label
        assert unit
        assert meaning
    assert len(handout.resolve("solo-course", "maths-hub").places) == 108
    same = handout.resolve("maths-hub", "maths-hub", theory="mint", sliders=[], worlds=["mint"])
    assert same.worlds == ("mint",)
    assert "maths-hub maths-hub --baseline no-pd" in handout_page.command(same)
    assert "--theory mint --world mint --out" in handout_page.command(same)
    assert [design.name for design in same.base.designs] == ["maths-hub", "maths-hub (2)"]
