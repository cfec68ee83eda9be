"""The dashboard in a real browser: offline, from an empty home, by hand and keyboard, with the numbers of compare."""

import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import contextmanager

import pytest
from axe_playwright_python.sync_playwright import Axe

from pdsim import comparison
from pdsim.dashboard.pages import pages
from pdsim.dashboard.server import free_port
from pdsim.dashboard.state import Design, State, address, changed, with_assumption
from pdsim.figures import Reading, headline
from pdsim.tables import signed

WATCHED = """
import socket, sys
from pdsim.cli import main

asked = open(sys.argv.pop(1), "a", encoding="utf-8")
connect = socket.socket.connect

def watched(self, place):
    asked.write(f"{place}\\n")
    asked.flush()
    if not (isinstance(place, str) or place[0] in ("127.0.0.1", "::1")):
        raise OSError("no network in this test")
    return connect(self, place)

socket.socket.connect = watched
socket.getaddrinfo_ = socket.getaddrinfo
def looked_up(host, *rest, **more):
    if host not in ("127.0.0.1", "localhost", "::1", None):
        asked.write(f"look-up of {host}\\n")
        asked.flush()
        raise OSError("no network in this test")
    return socket.getaddrinfo_(host, *rest, **more)
socket.getaddrinfo = looked_up
main()
"""
HEADER = ("Skip to the answer", "Compare", "About", "Start again", "Copy link")
SMALL = changed(changed(Design("solo-course"), "staff.teachers_per_school", 8), "programme.hours", 1.5)


class Server:
    """A dashboard's server in a process of its own, with an empty home and no network beyond this computer."""

    def __init__(self, folder, port=0):
        self.home, self.asked = folder / "home", folder / "asked.txt"
        self.home.mkdir(exist_ok=True)
        self.asked.write_text("")
        cache = os.environ["NUMBA_CACHE_DIR"]
        usual = {key: value for key, value in os.environ.items() if key in ("PATH", "LANG", "LD_LIBRARY_PATH")}
        environment = usual | {"HOME": str(self.home), "NUMBA_CACHE_DIR": cache, "PYTHONUNBUFFERED": "1"}
        program = [sys.executable, "-c", WATCHED, str(self.asked), "dashboard", "--no-browser"]
        program += ["--port", str(free_port("127.0.0.1", port))]  # its own: other tests start servers at the same time
        self.process = subprocess.Popen(
            program, env=environment, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        line = self.process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+/", line)
        assert found, line + (self.process.stdout.read() if self.process.poll() is not None else "")
        self.url = found[0]

    def close(self):
        self.process.terminate()
        self.process.wait(30)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    made = Server(tmp_path_factory.mktemp("dashboard"))
    yield made
    made.close()


@contextmanager
def opened(browser, server, query="", width=1024, height=768):
    """The dashboard in a new browser, with all that it asked for and complained of."""
    context = browser.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    page.asked, page.failed, page.complaints = [], [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("response", lambda response: response.status >= 400 and page.failed.append((response.status, response.url)))
    page.on("requestfailed", lambda request: page.failed.append(("failed", request.url)))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("console", lambda message: message.type == "error" and page.complaints.append(message.text))
    page.goto(f"{server.url}?{query}")
    page.wait_for_selector("main h1")
    try:
        yield page
    finally:
        context.close()


def settled(page):
    """Wait until the result is complete."""
    page.wait_for_selector(".pd-progress[aria-busy=false]")


def effects(page):
    """The effects on pupils, as the cards say them."""
    return page.locator(".pd-effect strong").all_inner_texts()


def shown_by_compare(state):
    """What the cards have to say of a state."""
    reading = Reading(comparison.run(state.request()))
    return headline(reading), [f"{signed(reading.pupils(name).centre, 3)} SD" for name in reading.names]


class TestFirstScreen:
    def test_it_shows_results_and_asks_nothing_of_anybody(self, browser, server):
        with opened(browser, server) as page:
            settled(page)
            words, numbers = shown_by_compare(State())
            assert page.inner_text("main h1") == words
            assert effects(page) == numbers
            assert page.locator("figure svg").count() == 7
            page.wait_for_timeout(500)
            assert page.failed == []
            assert page.complaints == []
            assert [url for url in page.asked if not url.startswith((server.url, "data:", "blob:"))] == []
        for place in server.asked.read_text().splitlines():
            assert re.match(r"\('(127\.0\.0\.1|::1)'", place), place

    @pytest.mark.parametrize("name", pages())
    def test_every_page_opens_by_its_address_and_says_something(self, browser, server, name):
        with opened(browser, server, f"page={name}") as page:
            assert page.title() == f"{pages()[name].title} - pdsim"
            assert len(page.inner_text("main")) > 300
            assert page.locator("nav a[aria-current=page]").inner_text() == pages()[name].title
            assert page.evaluate("document.documentElement.lang") == "en"
            assert page.failed == []
            assert page.complaints == []

    def test_nothing_sticks_out_at_the_side(self, browser, server):
        for width in (1024, 768, 1600):
            with opened(browser, server, width=width) as page:
                assert page.evaluate("document.documentElement.scrollWidth") <= width

    def test_the_command_console_of_mesa_and_other_addresses_are_not_there(self, server):
        for path in ("static/../../etc/passwd", "nonsense", "_solara/cdn/nonsense.js"):
            with pytest.raises(urllib.error.HTTPError) as error:
                urllib.request.urlopen(server.url + path)
            assert error.value.code >= 400


class TestJourney:
    def test_a_moved_slider_changes_the_numbers_to_those_of_compare(self, browser, server):
        with opened(browser, server, address(State(designs=(SMALL, Design("no-pd")), years=1))) as page:
            settled(page)
            before = effects(page)
            slider = page.get_by_role("slider", name="Hours per session").first
            slider.focus()
            for _ in range(3):
                page.keyboard.press("ArrowRight")
            page.wait_for_function("document.querySelector('.pd-changes')?.innerText.includes('3')")
            settled(page)
            state = State(designs=(changed(SMALL, "programme.hours", 3.0), Design("no-pd")), years=1)
            words, numbers = shown_by_compare(state)
            page.wait_for_function("words => document.querySelector('main h1').innerText === words", arg=words)
            assert effects(page) == numbers
            assert effects(page) != before
            assert "Before your last change" in page.inner_text(".pd-card >> nth=0")
            assert page.get_by_text("Grey dashes").count() == 1

            page.wait_for_function("query => location.search === '?' + query", arg=address(state))
            with opened(browser, server, page.url.partition("?")[2]) as again:
                settled(again)
                assert again.inner_text("main h1") == words
                assert effects(again) == numbers

            page.get_by_role("button", name="Undo").click()
            page.wait_for_function(
                "numbers => document.querySelector('.pd-effect strong').innerText === numbers", arg=before[0]
            )
            assert page.complaints == []

    def test_a_broken_link_gives_a_message_and_a_page_that_works(self, browser, server):
        with opened(browser, server, "a=solo-cours&b=no-pd&seed=x&years=1&a.network.edges=/etc/passwd") as page:
            notes = page.inner_text(".pd-notes")
            assert "did you mean 'solo-course'" in notes
            assert "seed=x" in notes
            settled(page)
            page.get_by_role("button", name="Close this message").click()
            page.wait_for_function("document.querySelector('.pd-notes').innerText === ''")
            page.get_by_role("button", name="Start again").click()
            words, _ = shown_by_compare(State())
            page.wait_for_function("words => document.querySelector('main h1').innerText === words", arg=words)

    def test_a_third_design_presets_and_mechanisms(self, browser, server):
        with opened(browser, server, "years=1&replicates=20") as page:
            page.get_by_role("button", name="+ another design").click()
            page.wait_for_function("document.querySelectorAll('.pd-card').length === 3")
            page.select_option("#pd-preset", "no-pd")
            page.get_by_text("All settings of design C").click()
            page.get_by_text("The programme", exact=True).click()
            page.get_by_label("modelling the technique", exact=True).check()
            page.wait_for_function("document.querySelector('.pd-changes')?.innerText.includes('Mechanisms')")
            page.get_by_label("Who carries: modelling the technique").select_option("peers")
            page.wait_for_function("location.search.includes('carriers')")
            assert page.locator(".pd-notes").inner_text() == ""

    def test_a_room_predicts_before_it_sees(self, browser, server):
        with opened(browser, server, "years=1&replicates=20") as page:
            settled(page)
            words = page.inner_text("main h1")
            page.get_by_role("button", name="Let the room predict first").click()
            assert page.locator(".pd-cards").count() == 0
            assert page.get_by_role("button", name="Show the answer").is_disabled()
            page.get_by_label("A (maths-hub)").check()
            page.get_by_role("button", name="Show the answer").click()
            assert page.inner_text("main h1") == words
            assert page.get_by_text("You expected: A (maths-hub)").is_visible()

    def test_an_assumption_is_fixed_in_about_and_moves_compare(self, browser, server):
        with opened(browser, server, "page=about&years=1&replicates=20") as page:
            page.get_by_text("advice (3)").click()
            field = page.get_by_label("Fix how far a worse colleague is ignored")
            field.fill("7")
            field.press("Tab")
            page.wait_for_selector("text=allowed is 0 to 1")
            field.fill("0.1")
            field.press("Tab")
            page.wait_for_function("location.search.includes('theory.discernment=0.1')")
            page.get_by_role("link", name="Compare").click()
            page.wait_for_selector(".pd-cards")
            settled(page)
            here = with_assumption(State(years=1, replicates=20), "discernment", 0.1)
            assert effects(page) == shown_by_compare(here)[1]
            page.get_by_role("button", name="Free again").click()
            page.wait_for_function("!location.search.includes('theory')")

    def test_files_are_handed_out(self, browser, server):
        with opened(browser, server, "years=1&replicates=20") as page:
            settled(page)
            with page.expect_download() as download:
                page.get_by_role("button", name="Results (CSV)").click()
            with open(download.value.path(), encoding="utf-8") as file:
                assert file.readline().startswith("scenario,outcome")
            with page.expect_download() as download:
                page.get_by_role("button", name="Save picture: Pupil attainment").click()
            assert download.value.suggested_filename == "pdsim-pupil_attainment.svg"

    def test_a_page_finds_a_restarted_server_and_its_own_state_by_itself(self, browser, tmp_path):
        first = Server(tmp_path)
        with opened(browser, first, "a=lesson-study&b=no-pd&years=1&replicates=20") as page:
            settled(page)
            page.get_by_role("slider", name="Content quality").first.press("ArrowLeft")
            page.wait_for_function("location.search.includes('a.programme.content=0.45')")
            settled(page)
            words, numbers = page.inner_text("main h1"), effects(page)
            first.close()
            page.wait_for_selector("text=disconnected")
            second = Server(tmp_path, int(first.url.split(":")[2].strip("/")))
            page.wait_for_selector("text=disconnected", state="hidden", timeout=60_000)
            page.wait_for_selector("main h1", timeout=60_000)
            settled(page)
            assert (page.inner_text("main h1"), effects(page)) == (words, numbers)
            assert "a.programme.content=0.45" in page.url
            second.close()


class TestAccess:
    def test_the_keyboard_reaches_the_controls(self, browser, server):
        with opened(browser, server) as page:
            reached = []
            for _ in range(45):
                page.keyboard.press("Tab")
                reached.append(page.evaluate("document.activeElement.id || document.activeElement.innerText"))
            said = " | ".join(reached)
            for name in (*HEADER, "another design", "pd-preset", "first programme.hours", "All settings", "Numbers"):
                assert name in said, name

    def test_the_skip_link_leads_to_the_answer(self, browser, server):
        with opened(browser, server) as page:
            page.keyboard.press("Tab")
            page.keyboard.press("Enter")
            assert page.evaluate("document.activeElement.id") == "pd-main"

    @pytest.mark.parametrize(
        "query", ["", "page=about", "present=yes", "a=nonsense&c=lesson-study&c.programme.hours=4"]
    )
    def test_axe_finds_no_serious_violation(self, browser, server, query):
        with opened(browser, server, query) as page:
            settled(page) if page.locator(".pd-progress").count() else None
            for summary in page.locator("summary").all():
                summary.click()
            found = Axe().run(page).response["violations"]
            serious = [
                (v["id"], [n["html"][:200] for n in v["nodes"][:3]])
                for v in found
                if v["impact"] in ("serious", "critical")
            ]
            assert serious == []

    def test_presenter_mode_leaves_the_answer_alone_and_larger(self, browser, server):
        with opened(browser, server) as page:
            before = page.evaluate("parseFloat(getComputedStyle(document.querySelector('main h1')).fontSize)")
            page.get_by_role("button", name="Presenter").click()
            page.wait_for_selector(".pd-panel", state="detached")
            assert page.evaluate("parseFloat(getComputedStyle(document.querySelector('main h1')).fontSize)") > before
            page.wait_for_function("location.search.includes('present=yes')")
