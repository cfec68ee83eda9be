"""Pages of the lab, a choice and the threshold: the words and tables of the terminal, closed, accessible, on paper."""

import re
import shlex
from pathlib import Path

import pytest

from pdsim import choice_tables, cli, experiment, lab_tables, question_pages, threshold_tables
from pdsim.analysis.threshold import threshold
from pdsim.choice import levers, result, stages
from pdsim.lab import definition, wording
from pdsim.lab import result as lab_result
from reading import Page, check_accessible, check_closed, check_prints, check_structure, opened_offline
from test_choice import SMALL, TOY, toy
from test_threshold import TEXT

SCRIPT = "<script>alert(1)</script>"
LAB = """
kind = "lab"
title = "</title><script>alert(1)</script> & co"
literatures = 10
worlds = ["mint", "bystander"]
presets = ["eef-2021"]
[field]
copies = 2
schools = 1
[trial]
repeats = 10
schools_per_trial = 10
[[crossed]]
trials = [20, 40]
"""
KINDS = ("lab", "choice", "threshold")


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """A small result of each kind; in the texts of its files stands what would do harm."""
    place = tmp_path_factory.mktemp("results")
    (place / "small lab.toml").write_text(LAB)
    text = TEXT.replace("Families in a sweep", SCRIPT).replace(
        "scenarios =", f"prediction = '{SCRIPT}'\nscenarios =", 1
    )
    (place / "swept.toml").write_text(text.replace("replicates = 12", "replicates = 8"))
    experiment.sweep(experiment.load(place / "swept.toml"), place / "out")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(levers, "library_designs", lambda: [toy(name) for name in TOY])
        patch.setattr(stages, "DRAWS", (4, 4, 6))
        patch.setattr(stages, "LUCKS", (1, 1, 1))
        chosen = result.choose(300, 20, theory="bystander", settings=SMALL | {"costs.cover_per_hour": 30.0})
    return {
        "lab": lab_result.run(definition.load(place / "small lab.toml")),
        "choice": chosen,
        "threshold": threshold(place / "out"),
    }


@pytest.fixture(scope="module")
def pages(found):
    return {
        "lab": question_pages.lab_page(found["lab"]),
        "choice": question_pages.choice_page(found["choice"], Path("/home/somebody/our prices.toml")),
        "threshold": question_pages.threshold_page(found["threshold"], Path("/home/somebody/out")),
    }


@pytest.fixture(scope="module")
def said(found):
    """Sentences, notes and tables of the terminal."""
    lab, choice, where = found["lab"], found["choice"], found["threshold"]
    return {
        "lab": ([*wording.sentences(lab), *lab_tables.notes(lab)], lab_tables.tables_of(lab)),
        "choice": ([*choice_tables.sentences(choice), *choice_tables.notes(choice)], choice_tables.tables_of(choice)),
        "threshold": (where.sentences, threshold_tables.tables_of(where)),
    }


@pytest.mark.parametrize("kind", KINDS)
class TestPage:
    def test_it_asks_nothing_of_anybody_and_is_well_built(self, pages, kind):
        check_closed(pages[kind])
        check_structure(pages[kind])
        page = Page(pages[kind])
        assert len(page.all("table")) == len(page.all("caption")) > 1
        assert all("scope" in attributes for attributes in page.all("th"))
        assert len(page.all("svg")) == len(page.all("figcaption")) > 0
        assert all(len(drawing["aria-label"]) > 80 for drawing in page.all("svg"))

    def test_sentences_and_tables_are_those_of_the_terminal(self, pages, said, kind):
        words = Page(pages[kind]).words()
        sentences, tables = said[kind]
        assert len(sentences) > 2
        for sentence in sentences:
            assert " ".join(sentence.split()) in words
        for table in tables:
            assert " ".join(str(table.title).split()) in words
            for row in zip(*(column.cells for column in table.columns), strict=True):
                assert " ".join(" ".join(filter(None, map(str, row))).split()) in words

    def test_texts_of_files_are_escaped(self, pages, kind):
        assert "<script" not in pages[kind]
        assert ("&lt;script&gt;" in pages[kind]) == (kind != "choice")

    def test_every_row_has_a_name(self, pages, kind):
        assert not re.search(r'<th scope="(row|col)"[^>]*></th>', pages[kind])

    def test_evidence_is_told_from_assumption(self, pages, kind):
        tags = re.findall(r'<strong class="tag (\w+)">(\w+)</strong>', pages[kind])
        assert {first for first, _ in tags} == {"evidence", "assumption"}
        assert all(first == second for first, second in tags)


def test_prices_stand_with_their_source(pages):
    words = Page(pages["choice"]).words()
    assert "Cover: £30 an hour evidence" in words or "Cover: £30 an hour assumption" in words
    assert "Facilitator: £" in words
    assert "assumption: " not in words


def commands_in(page):
    """The commands of a page, as they are typed."""
    found = re.findall(r"<pre><code>(.*?)</code></pre>", page)
    return [shlex.split(" ".join(Page(command).words().split())) for command in found]


class TestCommands:
    def test_of_the_lab(self, pages):
        words = ["pdsim", "report", "lab", "small lab.toml", "--literatures", "10", "--out", "lab.html"]
        assert commands_in(pages["lab"]) == [words]

    def test_of_a_choice(self, pages):
        (words,) = commands_in(pages["choice"])
        assert words[:7] == ["pdsim", "report", "choose", "--budget", "300", "--hours", "20"]
        assert words[-4:] == ["--costs", "our prices.toml", "--out", "choose.html"]
        assert "costs.cover_per_hour=30.0" in words
        assert "--staff" not in words

    def test_of_a_threshold(self, pages):
        assert commands_in(pages["threshold"]) == [
            ["pdsim", "sweep", "swept.toml", "--out", "out"],
            ["pdsim", "report", "threshold", "out", "--out", "threshold.html"],
        ]

    @pytest.mark.parametrize("kind", KINDS)
    def test_folders_of_this_computer_stay_out(self, pages, kind):
        assert "/home" not in pages[kind]


class TestCommandLine:
    def run(self, monkeypatch, capsys, *words):
        monkeypatch.setattr("sys.argv", ["pdsim", "report", *words])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        return stop.value.code, capsys.readouterr()

    def test_each_writes_its_page(self, monkeypatch, capsys, tmp_path):
        (tmp_path / "small.toml").write_text(LAB)
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(levers, "library_designs", lambda: [toy("team")])
        monkeypatch.setattr(stages, "DRAWS", (2, 2, 2))
        monkeypatch.setattr(stages, "LUCKS", (1, 1, 1))
        assert self.run(monkeypatch, capsys, "lab", "small.toml", "--workers", "1")[0] == 0
        assert self.run(monkeypatch, capsys, "choose", "--staff", "8", "--years", "1", "--out", "a.html")[0] == 0
        names = {path.name for path in tmp_path.iterdir()}
        assert names == {"small.toml", "lab.html", "a.html"}
        assert "--staff 8" in Page((tmp_path / "a.html").read_text(encoding="utf-8")).words()

    @pytest.mark.parametrize(
        ("words", "complaint"),
        [
            (["lab", "bundled-review"], "bundled-reviews"),
            (["lab", "--workers", "-1"], "--workers"),
            (["lab", "--out", "lab.txt"], ".html"),
            (["choose", "--hours", "-1"], "--hours"),
            (["choose", "--out", "choose"], ".html"),
            (["threshold", "nowhere"], "nowhere"),
            (["threshold"], "DIR"),
            (["tresholds"], "No such command"),
        ],
    )
    def test_mistakes_get_one_line(self, monkeypatch, capsys, tmp_path, words, complaint):
        monkeypatch.chdir(tmp_path)
        code, said = self.run(monkeypatch, capsys, *words)
        assert (code, said.out) == (2, "")
        assert complaint in said.err
        assert len(said.err.splitlines()) == 1


@pytest.mark.parametrize("kind", KINDS)
class TestBrowser:
    @pytest.fixture
    def opened(self, browser, pages, kind, tmp_path):
        """The page opened from a file."""
        path = tmp_path / "page.html"
        path.write_text(pages[kind], encoding="utf-8")
        with opened_offline(browser, path) as page:
            yield page

    def test_it_opens_offline_and_is_accessible(self, opened, kind):
        assert {address.partition(":")[0] for address in opened.asked} == {"file"}
        assert opened.complaints == []
        for heading in ("The question, and the answer", "What is evidence, and what is assumption", "Limits"):
            assert opened.get_by_role("heading", name=heading, exact=True).is_visible()
        check_accessible(opened)

    def test_it_prints(self, opened, kind):
        check_prints(opened, most=8)
