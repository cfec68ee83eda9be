"""The page of an explanation: its numbers and words, escaped, closed, sound for a screen reader, printable."""

import dataclasses
import re
import shlex

import pytest

from pdsim import assumptions, cli, explanation_page, explanation_tables, scenarios
from pdsim.explanation import result
from reading import Page, check_accessible, check_closed, check_prints, check_structure, opened_offline

SCRIPT = "<script>alert(1)</script>"
QUICK = {"replicates": 40, "years": 1}


@pytest.fixture(scope="module")
def found():
    """A collaborative design with the search for flips; a solo one with harmful texts, under one draw."""
    hostile = scenarios.load("solo-workshop").model_copy(
        update={"name": 'a & b <i> "c"', "title": SCRIPT, "source": f"'\"{SCRIPT}", "says": f"</dd>{SCRIPT}"}
    )
    small = {"staff.teachers_per_school": 8}
    return {
        "together": result.explain("lesson-study", settings=small, families={"norms": "mint"}, **QUICK),
        "hostile": result.explain(hostile, settings=small, theory="point", search=False, **QUICK),
    }


@pytest.fixture(scope="module")
def pages(found):
    return {kind: explanation_page.explanation_page(each) for kind, each in found.items()}


@pytest.mark.parametrize("kind", ["together", "hostile"])
class TestPage:
    def test_it_asks_nothing_of_anybody_and_is_well_built(self, pages, kind):
        check_closed(pages[kind])
        check_structure(pages[kind])
        page = Page(pages[kind])
        assert len(page.all("table")) == len(page.all("caption")) >= 4
        assert all("scope" in attributes for attributes in page.all("th"))
        assert len(page.all("svg")) == len(page.all("figcaption")) == 1

    def test_numbers_and_sentences_are_those_of_the_terminal(self, pages, found, kind):
        words = Page(pages[kind]).words()
        each = found[kind]
        for sentence in (*explanation_tables.sentences(each), *explanation_tables.notes(each)):
            assert " ".join(sentence.split()) in words
        rows = [row[1:] for row in explanation_tables.level_rows(each)]
        rows += [[cell.strip() for cell in row] for row in explanation_tables.channel_rows(each)]
        rows += explanation_tables.verdict_rows(each)
        for row in rows:
            assert " ".join(filter(None, row)) in words

    def test_the_answer_comes_first(self, pages, found, kind):
        words = Page(pages[kind]).words()
        assert words.index(explanation_tables.answer_words(found[kind])) < words.index("The question, and the answer")

    def test_the_command_asks_for_the_same(self, found, kind):
        request = found[kind].request
        words = shlex.split(explanation_page.command(request))
        assert words[:3] == ["pdsim", "report", "explain"]
        assert words[3] == ("lesson-study" if kind == "together" else 'a & b <i> "c".toml')
        assert ("--no-flip" in words) == (kind == "hostile")
        assert ("norms=mint" in words) == (kind == "together")
        assert "staff.teachers_per_school=8" in words
        assert explanation_page.names_suffice(request) == (kind == "together")


def test_every_carrier_has_its_basis_and_what_would_flip_the_answer(pages, found):
    words = Page(pages["together"]).words()
    assert found["together"].verdict["carried_by"]
    for carrier in found["together"].verdict["carried_by"]:
        source = assumptions.PARAMETERS[carrier["name"]].source
        assert f"{carrier['name']} : {' '.join(source.split())}" in words
        assert explanation_tables.flip_words(carrier) in words
        assert f" {carrier['basis']} {100 * carrier['carried']:.0f} %" in words


def test_an_assumption_that_only_the_fit_touched_says_so(found):
    carrier = {**found["together"].verdict["carried_by"][0], "touched_by_fit": True}
    assert explanation_page.carrier_part(carrier)["source"].endswith("moved by the fit to published patterns")
    assert "moved by" not in explanation_page.carrier_part(carrier | {"touched_by_fit": False})["source"]


def test_texts_are_escaped_and_one_draw_is_no_certainty(pages):
    assert "<script" not in pages["hostile"]
    assert "<i>" not in pages["hostile"]
    assert pages["hostile"].count("&lt;script&gt;") >= 3
    assert "that is no certainty" in Page(pages["hostile"]).words()
    assert "No assumption carries any spread" in Page(pages["hostile"]).words()


def test_without_a_verdict_of_its_own_theory_the_page_still_reads(found):
    other = dataclasses.replace(found["together"].request, theory="/home/somebody/ours.toml")
    assert "--theory ours.toml" in explanation_page.command(other)


class TestCommand:
    def run(self, monkeypatch, capsys, *words):
        monkeypatch.setattr("sys.argv", ["pdsim", "report", "explain", *words])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        return stop.value.code, capsys.readouterr()

    def test_it_writes_one_page(self, monkeypatch, capsys, tmp_path):
        file = tmp_path / "new folder" / "answer.html"
        options = ("--set", "staff.teachers_per_school=8", "--replicates", "20", "--years", "1", "--no-flip")
        code, said = self.run(monkeypatch, capsys, "lesson-study", *options, "--out", str(file))
        assert (code, said.err) == (0, "")
        assert str(file) in said.out
        assert [path.name for path in file.parent.iterdir()] == ["answer.html"]
        assert file.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")

    @pytest.mark.parametrize(
        ("words", "complaint"),
        [
            (["maths-hubb"], "maths-hub"),
            (["maths-hub", "--out", "page.pdf"], "name a file that ends in .html"),
            (["maths-hub", "--out", "folder.html"], "is a folder"),
            (["maths-hub", "--out", "file.html/page.html"], "is a file"),
            (["maths-hub", "--replicates", "many"], "not a whole number"),
            (["no-pd"], "no programme to explain"),
        ],
    )
    def test_mistakes_get_one_line_before_anything_runs(self, monkeypatch, capsys, tmp_path, words, complaint):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "folder.html").mkdir()
        (tmp_path / "file.html").write_text("mine")
        code, said = self.run(monkeypatch, capsys, *words)
        assert (code, said.out) == (2, "")
        assert complaint in said.err
        assert len(said.err.splitlines()) == 1
        assert (tmp_path / "file.html").read_text() == "mine"


@pytest.mark.parametrize("kind", ["together", "hostile"])
class TestBrowser:
    @pytest.fixture
    def opened(self, browser, pages, kind, tmp_path):
        """The page opened from a file."""
        path = tmp_path / "explain.html"
        path.write_text(pages[kind], encoding="utf-8")
        with opened_offline(browser, path) as page:
            yield page

    def test_it_opens_offline_and_is_accessible(self, opened, kind):
        assert [re.match(r"\w+:", address)[0] for address in opened.asked] == ["file:"]
        assert opened.complaints == []
        for heading in ("The question, and the answer", "What you would have to believe", "Limits"):
            assert opened.get_by_role("heading", name=heading, exact=True).is_visible()
        check_accessible(opened)

    def test_it_prints(self, opened, kind):
        check_prints(opened, most=8)
