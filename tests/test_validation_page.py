"""The page of a validation and its words: the numbers of the validation, for a school leader, at any width, offline."""

import dataclasses
import io
import re
import shlex
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from rich.console import Console

from pdsim import library, validation_figures, validation_page, validation_tables
from pdsim.simulate import science_hash
from pdsim.validation import result
from pdsim.validation.unknown import Unknown
from reading import A4_PIXELS, Page, check_closed, check_letters, check_structure, opened_offline, spoken
from test_validation import SMALL, TRIAL, written

SHIPPED = library.folder("experiments") / "trials"
KINDS = ("several", "hostile", "bare")
SCRIPT = "<script>alert(1)</script>"
LONG = "a-trial-of-collaborative-teacher-research-groups-across-very-many-schools-of-every-kind"

NOTES = f"""# Trials

## The trials

"Read": seen by somebody. {SCRIPT} <b>bold</b> [a link](https://example.org)

| file | how it is known |
|---|---|
| `hub` | read, *twice* |

After the table.

### Left out, and why

| publication | reason |
|---|---|
| Somebody 2001 | no size |
"""

BARE = """
title = "Films"
source = "Nobody 2022"
kind = "laboratory"

[setting]
staff.schools = 2
staff.teachers_per_school = 6

[arms.films]
extends = "solo-course"

[[outcomes]]
name = "skill"
outcome = "technique"
arm = "films"
against = "control"
year = 1

[[contrasts]]
name = "films raise skill"
greater = "skill"
"""


def hostile():
    """A trial file whose texts would do harm if they were not escaped, with names that are too long."""
    text = TRIAL.replace('name = "reading"', f'name = "{LONG}, reading of {SCRIPT}"')
    text = text.replace('name = "liked"', 'name = "$x_1$ --> & liked"')
    text = re.sub("^title = .*$", f'title = "{SCRIPT} {LONG} {LONG}"', text, flags=re.M)
    says = f'says = "</p>{SCRIPT}"\nchoices = "<img src=x onerror=alert(1)>"\n'
    return re.sub("^source = .*$", f"source = '\"{SCRIPT}'\n{says}", text, flags=re.M)


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """Validations: two trials with notes beside them, one with harmful texts, one with a direction only."""
    out = {}
    trials = {"several": {"hub": TRIAL, "coaching": SMALL}, "hostile": {LONG: hostile()}, "bare": {"films": BARE}}
    for kind, files in trials.items():
        folder = tmp_path_factory.mktemp("some") / "trials"
        folder.mkdir()
        for name, text in files.items():
            written(folder, text, name)
        if kind != "bare":
            (folder / "README.md").write_text(NOTES, encoding="utf-8")
        out[kind] = result.validate(folder, draws=6)
    return out


@pytest.fixture(scope="module")
def drawn(found):
    return {kind: validation_figures.pictures(validation) for kind, validation in found.items()}


@pytest.fixture(scope="module")
def pages(found, drawn):
    return {kind: validation_page.validation_page(found[kind], drawn[kind]) for kind in found}


def with_pupils(validation, **score):
    """The validation with another lead over the constant, for pupils."""
    scores = {name: dict(kinds) for name, kinds in validation.scores.items()}
    scores["constant"]["pupils"] = {"score": 1.0, "trials": 7, **score}
    return dataclasses.replace(validation, scores=scores)


class TestSentences:
    def test_the_verdict_follows_the_lead_and_its_error(self, found):
        several = found["several"]

        def say(lead, error):
            return validation_tables.verdict(with_pupils(several, difference=lead, difference_se=error))

        inside, of = validation_tables.counted(several)
        assert say(0.2, 0.2).startswith(f"{inside} of {of} results of published trials lie where pdsim expects them")
        assert say(0.2, 0.2).endswith("these trials cannot tell.")
        assert say(0.2, None).endswith("these trials cannot tell.")
        assert say(0.5, 0.2).endswith("it predicts better than one number for every programme.")
        assert say(-0.5, 0.2).endswith("it predicts worse than one number for every programme.")
        assert say(None, None).endswith("of pupils they say nothing.")

    def test_the_lead_over_the_constant_stands_with_its_error(self, found):
        def say(lead, error):
            changed = with_pupils(found["several"], difference=lead, difference_se=error)
            return validation_tables.constant_sentence(changed)

        assert say(-0.12, 0.3) == (
            "A constant 0.05 SD for every programme is a strong rival: for pupils, pdsim's score is 0.12 a trial lower "
            "over 7 trials (standard error of the difference 0.30), so these trials do not tell the two apart."
        )
        assert "pdsim is ahead by more than two standard errors" in say(0.61, 0.3)
        assert "pdsim is behind by more than two standard errors" in say(-0.61, 0.3)
        assert say(0.1, None).endswith("from one trial nothing follows.")
        assert "nothing is said of it here" in say(None, None)

    @pytest.mark.parametrize(("share", "said"), [(0.1, "cannot decide"), (0.9, "can tell such a model")])
    def test_what_a_perfect_model_could_do(self, found, share, said):
        power = {"share_ahead_by_two_errors": share, "expected_difference": 0.25, "standard_error": 0.125}
        sentence = validation_tables.power_sentence(dataclasses.replace(found["several"], power=power))
        assert f"{100 * share:.0f} of 100 repetitions" in sentence
        assert ("only 0.25" in sentence) == (share < 0.8)
        assert said in sentence

    def test_directions_count_when_they_are_more_likely_than_not(self, found):
        rows = [
            {**found["several"].contrasts[0], "probability": chance, "rivals": {"prior": prior, "no_network": 0.5}}
            for chance, prior in ((0.9, 0.4), (0.5, 0.4), (0.6, 0.7))
        ]
        sentence = validation_tables.contrast_sentence(dataclasses.replace(found["several"], contrasts=rows))
        assert "Of 3 directions and orders" in sentence
        assert "holds 2 for more likely than not (before any evidence, 1)" in sentence

    def test_trials_without_sizes_claim_nothing(self, found):
        sentences = validation_tables.sentences(found["bare"])
        for words in ("nothing is said of intervals", "no effect on pupils", "no model can be told from the constant"):
            assert any(words in sentence for sentence in sentences)
        none = dataclasses.replace(found["several"], contrasts=[])
        assert "no direction and no order" in validation_tables.contrast_sentence(none)

    def test_outcomes_that_only_a_contrast_uses_are_not_listed_twice(self, found):
        names = [row["name"] for row in validation_tables.cases_shown(found["several"])]
        assert "knowledge" in names  # neither observed nor in a contrast: shown, so that nothing is lost
        assert "stronger partners" not in names
        assert "weaker partners" in names  # in a contrast, and observed
        assert validation_tables.cases_shown(found["bare"]) == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("width", [80, 100, 120])
def test_the_terminal_loses_nothing_at_any_width(found, kind, width):
    out = io.StringIO()
    validation_tables.print_validation(found[kind], Console(file=out, width=width, markup=False, emoji=False))
    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    assert "…" not in out.getvalue()
    folded = "".join(out.getvalue().split())
    for row in validation_tables.cases_shown(found[kind]):
        words = validation_tables.case_words(row)
        for number in (words["interval"], words["might"]):
            assert any(number in line for line in lines), number
    for row in found[kind].contrasts:
        assert any(validation_tables.difference_words(row)[1] in line for line in lines)
    for text in (*validation_tables.sentences(found[kind]), *validation_tables.notes(found[kind])):
        assert "".join(text.split()) in folded


@pytest.mark.parametrize("kind", ["several", "hostile"])
class TestPictures:
    def test_no_text_is_cut_off_or_hidden_by_another(self, drawn, kind):
        assert [picture.name for picture in drawn[kind]] == ["trials", "validation"]
        for picture in drawn[kind]:
            check_letters(picture)

    def test_each_says_what_it_shows(self, drawn, kind):
        for picture in drawn[kind]:
            words = " ".join(" ".join(text.get_text().split()) for text in spoken(picture.figure))
            assert picture.title in words
            assert "90 % interval" in words
            assert len(picture.alt) > 80

    def test_every_outcome_has_its_numbers(self, drawn, found, kind):
        lines = [line for axes in drawn[kind][0].figure.axes for line in axes.get_lines()]
        ends = [(float(min(x)), float(max(x))) for x in (line.get_xdata() for line in lines)]
        for row in found[kind].cases:
            if row["observed"] is None:
                continue
            half = validation_figures.HALF * row["se"]
            for low, high in (
                (row["observed"] - half, row["observed"] + half),
                (row["low"], row["high"]),
                (row["effect_low"], row["effect_high"]),
                (row["predicted"], row["predicted"]),
            ):
                assert any(end == pytest.approx((low, high), abs=1e-12) for end in ends), row["name"]

    def test_inside_and_outside_are_words(self, drawn, found, kind):
        texts = [text.get_text() for text in spoken(drawn[kind][0].figure)]
        inside, of = validation_tables.counted(found[kind])
        assert (texts.count("inside"), texts.count("outside")) == (inside, of - inside)

    def test_predicted_and_observed_have_one_scale(self, drawn, kind):
        for axes in drawn[kind][1].figure.axes:
            assert axes.get_xlim() == axes.get_ylim()


def test_without_sizes_there_is_nothing_to_draw(drawn, pages):
    assert drawn["bare"] == []
    assert "<svg" not in pages["bare"]
    assert "nothing to draw" in Page(pages["bare"]).words()


def test_headline_of_ranges(found):
    rows = [{**found["several"].cases[0], "observed": o, "predicted": p} for o, p in ((-0.04, 0.001), (0.43, 0.14))]
    said = validation_figures.ranges_headline(dataclasses.replace(found["several"], cases=rows))
    assert said == (
        "Effects on pupils that trials observed run from -0.04 to +0.43 SD, those that pdsim predicts from "
        "0.00 to +0.14."
    )


@pytest.mark.parametrize("kind", KINDS)
class TestPage:
    def test_it_asks_nothing_of_anybody_and_is_well_built(self, pages, kind):
        check_closed(pages[kind].replace("https://example.org", ""))
        check_structure(pages[kind])

    def test_tables_have_captions_and_scopes_and_pictures_have_words(self, pages, drawn, kind):
        page = Page(pages[kind])
        assert len(page.all("table")) == len(page.all("caption")) > 2
        assert all("scope" in attributes for attributes in page.all("th"))
        drawings = page.all("svg")
        assert len(drawings) == len(page.all("figcaption")) == len(drawn[kind])
        assert all(d["role"] == "img" and len(d["aria-label"]) > 80 for d in drawings)

    def test_tables_are_numbered_without_gaps(self, pages, kind):
        numbers = [int(n) for n in re.findall(r"Table (\d)\. ", Page(pages[kind]).words())]
        assert numbers == list(range(1, len(numbers) + 1))

    def test_sentences_and_notes_are_there(self, pages, found, kind):
        words = Page(pages[kind]).words()
        assert validation_tables.verdict(found[kind]) in words
        for sentence in (*validation_tables.sentences(found[kind]), *validation_tables.notes(found[kind])):
            assert " ".join(sentence.split()) in words

    def test_numbers_are_those_of_the_validation(self, pages, found, kind):
        words = Page(pages[kind]).words()
        for row in validation_tables.cases_shown(found[kind]):
            said = validation_tables.case_words(row)
            assert f"{said['predicted']} ({said['interval']})" in words
            if row["observed"] is not None:
                assert f"{said['observed']} (± {said['error']})" in words
                assert said["might"] in words
        for row in found[kind].contrasts:
            difference, interval = validation_tables.difference_words(row)
            assert f"{difference} ({interval}) {' '.join(validation_tables.chance_words(row))}" in words
        for rival, scores in found[kind].scores.items():
            for of, score in scores.items():
                number, lead = validation_tables.score_words(score, rival)
                assert (f"{number} ({lead})" if lead else number) in words, (rival, of)

    def test_every_trial_is_told_with_its_source_and_codes(self, pages, found, kind):
        words = Page(pages[kind]).words()
        for trial in found[kind].request.trials:
            for text in (trial.title, trial.source, trial.says, trial.choices, f"Codes of {trial.name}"):
                assert " ".join(text.split()) in words
        if kind != "bare":
            assert "Hours per session not said: 1 to 3" in words
            assert "not said: either required, or voluntary" in words

    def test_it_says_how_it_was_made(self, pages, found, kind):
        words = Page(pages[kind]).words()
        assert f"science {science_hash()}" in words
        assert found[kind].theory in words
        assert "pdsim validate trials --draws 6 --seed 1 --theory posterior --out results" in words
        assert "files of your own" in words


class TestWords:
    def test_texts_of_files_are_escaped(self, pages):
        for kind in ("hostile", "several"):
            assert "<script" not in pages[kind]
            assert "<b>bold" not in pages[kind]
            assert "example.org" in pages[kind]
            assert "onerror" not in re.sub(r"&lt;img src=x onerror=alert\(1\)&gt;", "", pages[kind])
        assert pages["hostile"].count("&lt;script&gt;alert(1)&lt;/script&gt;") > 4

    def test_same_result_same_page(self, pages, found):
        again = validation_page.validation_page(found["several"], validation_figures.pictures(found["several"]))
        assert again == pages["several"]

    def test_folders_of_this_computer_stay_out(self, pages, found):
        for kind in KINDS:
            assert str(Path(found[kind].request.trials[0].place).parent) not in pages[kind]

    def test_notes_beside_the_trials(self, pages, found):
        words = Page(pages["several"]).words()
        assert '"Read": seen by somebody.' in words
        assert "Somebody 2001 no size" in words
        assert "hub read, twice" in words
        assert "After the table" not in words
        bare = Page(pages["bare"]).words()
        assert "considered and left out" not in bare
        folder = validation_page.folder_of(found["several"].request)
        assert validation_page.notes_under(folder, "Nothing") == {"paragraphs": [], "rows": []}


def test_the_shipped_trials_have_their_notes_and_command():
    request = result.resolve(SHIPPED)
    assert validation_page.is_shipped(validation_page.folder_of(request))
    assert validation_page.command(request) == ("pdsim validate --draws 100 --seed 1 --theory posterior --out results")
    known = validation_page.notes_under(SHIPPED, validation_page.WRITTEN["known"])
    assert {f"<code>{trial.name}</code>" for trial in request.trials} <= {row[0] for row in known["rows"]}
    assert known["paragraphs"]
    left_out = validation_page.notes_under(SHIPPED, validation_page.WRITTEN["left_out"])
    assert len(left_out["rows"]) > 2
    assert {len(row) for row in left_out["rows"]} == {2}


def test_the_command_asks_for_the_same(found, monkeypatch):
    request = found["several"].request
    words = shlex.split(validation_page.command(request))
    assert words[:2] == ["pdsim", "validate"]
    options = dict(zip(words[3::2], words[4::2], strict=True))
    monkeypatch.chdir(validation_page.folder_of(request).parent)
    again = result.resolve(Path(words[2]), int(options["--draws"]), int(options["--seed"]), options["--theory"])
    nowhere = {"place": "", "arms": {}}
    assert [dataclasses.replace(trial, **nowhere) for trial in again.trials] == [
        dataclasses.replace(trial, **nowhere) for trial in request.trials
    ]
    assert (again.draws, again.seed, again.theory) == (request.draws, request.seed, request.theory)
    other = dataclasses.replace(request, theory="/home/somebody/ours.toml")
    assert "--theory ours.toml" in validation_page.command(other)


def test_what_is_unknown_reads_well():
    assert validation_page.unknown_words(Unknown("staff.schools", 3, 5, whole=True)) == "not said: 3 to 5"
    lists = Unknown("programme.mechanisms", choices=(("modelling the technique",), ()))
    assert validation_page.unknown_words(lists) == "not said: either modelling the technique, or none"


def test_files(found):
    files = validation_page.validation_files(found["several"])
    assert files["validation.html"].startswith(b"<!DOCTYPE html>")
    for name in ("trials", "validation"):
        assert ET.fromstring(files[f"figures-{name}.svg"]).tag.endswith("svg")
        assert files[f"figures-{name}.png"].startswith(b"\x89PNG")
    assert not [name for name in validation_page.validation_files(found["bare"]) if name.startswith("figures")]


@pytest.mark.parametrize("kind", KINDS)
class TestBrowser:
    @pytest.fixture
    def opened(self, browser, pages, kind, tmp_path):
        """The page opened from a file."""
        path = tmp_path / "validation.html"
        path.write_text(pages[kind], encoding="utf-8")
        with opened_offline(browser, path) as page:
            yield page

    def test_it_opens_offline_with_headings_and_pictures(self, opened, drawn, kind):
        assert len(opened.asked) == 1
        assert opened.asked[0].startswith("file:")
        assert opened.complaints == []
        for heading in ("In short", "Predicted and observed", "Beside simple rivals", "The trials", "Limits"):
            assert opened.get_by_role("heading", name=heading, exact=True).is_visible()
        drawings = opened.get_by_role("img")
        assert drawings.count() == len(drawn[kind])
        for drawing in drawings.all():
            assert drawing.bounding_box()["width"] > 600
            shapes = "svg => [...svg.querySelectorAll('use')].filter(u => u.getBBox().width > 0).length"
            assert drawing.evaluate(shapes) > 100  # letters

    def test_the_answer_comes_first_and_terms_are_a_key_away(self, opened, kind):
        answer = opened.get_by_text("Does it do better than a rule of thumb?")
        assert answer.bounding_box()["y"] < 900
        term = opened.get_by_text("A perfect model", exact=True)
        assert not term.is_visible()
        opened.get_by_text("What the words mean").press("Enter")
        assert term.is_visible()

    def test_codes_unfold(self, opened, kind):
        codes = opened.locator("article details").first
        assert not codes.locator("table").is_visible()
        codes.locator("summary").press("Enter")
        assert codes.locator("table").is_visible()

    def test_nothing_is_wider_than_a_telephone_or_a_page_of_paper(self, opened, kind):
        opened.set_viewport_size({"width": 360, "height": 700})
        assert opened.evaluate("document.documentElement.scrollWidth") <= 360
        opened.emulate_media(media="print")
        opened.set_viewport_size({"width": A4_PIXELS, "height": 1000})
        assert opened.evaluate("document.documentElement.scrollWidth") <= A4_PIXELS
        wide = (
            "[...document.querySelectorAll('table')].filter(t => t.getBoundingClientRect().right > innerWidth).length"
        )
        assert opened.evaluate(wide) == 0

    def test_it_prints(self, opened, kind):
        printed = opened.pdf(prefer_css_page_size=True)
        assert printed.startswith(b"%PDF")
        assert 2 <= len(re.findall(rb"/Type\s*/Page\b", printed)) <= 20
