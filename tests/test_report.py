"""Pictures and the one-page report: the numbers of the comparison, nothing cut off, nothing asked of a network."""

import dataclasses
import re
import shlex
import subprocess
import sys
import xml.etree.ElementTree as ET

import matplotlib
import numpy as np
import pytest

import pdsim
from pdsim import assumptions, comparison, figures, report, scenarios, tables
from pdsim.figures import Reading
from pdsim.outcomes import OUTCOMES
from pdsim.pages import setting_rows, setting_words
from reading import A4_PIXELS, Page, check_closed, check_letters, check_structure, opened_offline, spoken

SCRIPT = "<script>alert(1)</script>"
LONG = "a-collaborative-programme-of-teacher-research-groups-across-many-schools"
KINDS = ("two", "one", "hostile", "eight")


def renamed(design, name):
    return design.model_copy(update={"name": name})


def hostile_designs():
    """Designs with long and strange names, and texts that would do harm if they were not escaped."""
    hub = pdsim.scenario("maths-hub")
    texts = {
        "title": SCRIPT,
        "source": f'"{SCRIPT}',
        "says": f"</p>{SCRIPT}",
        "choices": "<img src=x onerror=alert(1)>",
    }
    return [
        renamed(hub, f"{LONG}-with-experts"),
        renamed(hub.with_(**{"staff.expert_share": 0.0}), f"{LONG}-without-experts"),
        pdsim.scenario("solo-course").model_copy(update={"name": f"{SCRIPT} --> $x_1$ & 'y'", **texts}),
        pdsim.scenario("no-pd"),
    ]


def eight_designs():
    hub = pdsim.scenario("maths-hub")
    sizes = [renamed(hub.with_(**{"programme.count_per_school": n}), f"maths-hub-of-{n}") for n in range(2, 8)]
    return [*sizes, renamed(hub, f"{LONG}-with-experts"), "solo-course"]


@pytest.fixture(scope="module")
def results():
    return {
        "two": pdsim.compare(["solo-course", "maths-hub"], replicates=12),
        "one": pdsim.compare(["maths-hub"], replicates=1, years=1),
        "hostile": pdsim.compare(hostile_designs(), baseline="business-as-usual", replicates=8, years=3),
        "eight": pdsim.compare(eight_designs(), replicates=8, years=7),
    }


@pytest.fixture(scope="module")
def files(results):
    return {kind: figures.comparison_pictures(result) for kind, result in results.items()}


@pytest.fixture(scope="module")
def drawn(results):
    return {kind: figures.pictures(Reading(result)) for kind, result in results.items()}


@pytest.fixture(scope="module")
def pages(results):
    return {kind: report.comparison_page(result) for kind, result in results.items()}


def changed(result, **effects):
    """The result with other effects on pupils (name with _ for -: effect), pairs to match."""
    table = result.table.copy()
    for name, effect in effects.items():
        where = (table.scenario == name.replace("_", "-")) & (table.outcome == "pupil_attainment")
        table.loc[where, ["effect", "low", "high"]] = [effect, effect - 0.01, effect + 0.01]
    return dataclasses.replace(result, table=table)


class TestReading:
    def test_effects_are_those_of_the_table(self, results):
        result = results["two"]
        reading = Reading(result)
        for row in result.table[~result.table.outcome.isin(tables.AS_LEVEL)].itertuples():
            found = reading.at(row.scenario, row.outcome, row.population, row.year)
            expected = (row.effect, row.low, row.high, row.school_low, row.school_high)
            assert dataclasses.astuple(found) == pytest.approx(expected, nan_ok=True, rel=0, abs=0)

    def test_the_interval_of_a_level_is_that_of_the_effect_where_the_baseline_has_none(self, results):
        # Without PD, satisfaction is neutral in every run and hours are 0: level = effect + constant.
        result = results["two"]
        for outcome, start in (("reaction", 0.5), ("hours_per_teacher", 0.0), ("pounds_per_pupil", 0.0)):
            row = tables.last_year(result.table).loc[("maths-hub", outcome)]
            found = Reading(result).at("maths-hub", outcome)
            assert found.centre == row["mean"]
            assert [found.low, found.high] == pytest.approx([start + row.low, start + row.high], abs=1e-12)
            assert [found.school_low, found.school_high] == [start + row.school_low, start + row.school_high]

    def test_nothing_differs_at_the_start_so_the_course_begins_at_zero(self, results):
        for effect in results["hostile"].effects.values():
            assert np.all(effect[:, 0, 0] == 0)
        reading = Reading(results["hostile"])
        assert not figures.course(reading, "no-pd", "use")[0].any()

    def test_ranked_and_chance(self, results):
        reading = Reading(results["two"])
        assert reading.ranked() == ["solo-course", "maths-hub"]
        row = results["two"].pairs.set_index("outcome").loc["pupil_attainment"]
        assert reading.chance_better("maths-hub", "solo-course") == row.probability_b_better
        assert reading.chance_better("solo-course", "maths-hub") == 1 - row.probability_b_better


class TestHeadlines:
    def say(self, result, **effects):
        return figures.headline(Reading(changed(result, **effects)))

    def test_the_largest_average_is_named_with_its_lead(self, results):
        sure = dataclasses.replace(results["two"], pairs=results["two"].pairs.assign(probability_b_better=0.02))
        said = self.say(sure, solo_course=0.123)
        assert said.startswith("solo-course does most for pupils: +0.123 SD on average, ahead of maths-hub in 98 ")
        assert said.endswith(" of 100 simulated worlds.")

    def test_an_uncertain_lead_says_only(self, results):
        pairs = results["two"].pairs.assign(probability_b_better=0.2)
        said = figures.headline(Reading(dataclasses.replace(results["two"], pairs=pairs)))
        assert said.endswith("ahead of maths-hub in only 80 of 100 simulated worlds.")

    def test_a_lead_that_may_be_none_is_called_close(self, results):
        pairs = results["two"].pairs.assign(probability_b_better=0.52)
        close = dataclasses.replace(results["two"], pairs=pairs)
        assert self.say(close, solo_course=0.0451, maths_hub=0.045) == (
            "solo-course and maths-hub are close for pupils: +0.045 and +0.045 SD on average, "
            "the first ahead in 48 of 100 simulated worlds."
        )

    def test_a_loss_is_no_win(self, results):
        said = self.say(results["two"], solo_course=-0.02, maths_hub=-0.01)
        assert said == "For pupils, no design raises attainment; maths-hub comes closest, with -0.010 SD on average."
        assert "no design raises" in self.say(results["two"], solo_course=0.0001, maths_hub=-0.01)

    def test_one_design(self, results):
        assert self.say(results["one"], maths_hub=0.05) == (
            "With maths-hub, pupils gain +0.050 SD on average (90 % interval +0.040 to +0.060)."
        )
        assert (
            self.say(results["one"], maths_hub=0.0)
            == "maths-hub does not raise pupils' attainment: 0.000 SD on average."
        )

    def test_course_and_cost(self, results):
        reading = Reading(changed(results["two"], solo_course=0.05, maths_hub=0.02))
        assert figures.course_headline(reading) == (
            "With solo-course, pupils' attainment differs by +0.050 SD on average after year 1 "
            "and by +0.050 SD after year 2."
        )
        price = {name: reading.at(name, "pounds_per_pupil").centre for name in reading.names}
        assert figures.cost_headline(reading) == (
            f"solo-course costs £{price['solo-course']:.2f} a pupil for +0.050 SD on average; "
            f"maths-hub costs least, £{price['maths-hub']:.2f} for +0.020 SD."
        )
        other = Reading(changed(results["two"], solo_course=0.01, maths_hub=0.02))
        assert figures.cost_headline(other).endswith("; no other design costs less.")
        assert "After one year with maths-hub" in figures.course_headline(Reading(results["one"]))


@pytest.mark.parametrize("kind", KINDS)
class TestPictures:
    def test_files(self, files, kind):
        stems = ("figures-effects", "figures-course", "figures-cost")
        assert set(files[kind]) == {f"{stem}.{ending}" for stem in stems for ending in ("svg", "png")}
        for name, content in files[kind].items():
            if name.endswith("png"):
                assert content.startswith(b"\x89PNG\r\n\x1a\n")
                assert b"Software" not in content
                continue
            assert ET.fromstring(content).tag == "{http://www.w3.org/2000/svg}svg"
            for word in (b"<dc:date", b"Matplotlib v", b"<script", b"<image", b"<text", b'href="http'):
                assert word not in content

    def test_no_text_is_cut_off_or_hidden_by_another(self, drawn, kind):
        for picture in drawn[kind]:
            check_letters(picture)

    def test_every_picture_names_its_interval_and_says_what_it_shows(self, drawn, kind):
        for picture in drawn[kind]:
            words = " ".join(" ".join(text.get_text().split()) for text in spoken(picture.figure))
            assert figures.AVERAGE in words
            assert picture.name == "cost" or figures.ONE_SCHOOL in words
            assert picture.title.replace("-", "") in words.replace("- ", "").replace("-", "")

    def test_levels_stand_from_five_down(self, results, kind):
        axes = results[kind].plot().axes
        places = [(-round(a.get_position().y0, 4), a.get_position().x0) for a in axes]
        titles = [" ".join(a.get_title(loc="left").split()) for _, a in sorted(zip(places, axes, strict=True))]
        labels = [next(o for o in OUTCOMES.values() if o.label in title) for title in titles]
        assert [outcome.level for outcome in labels] == [5, 4, 4, 3, 2, 2, 1]
        assert {title[0] for title in titles} >= set("54321")

    def test_intervals_are_drawn_where_the_table_has_them(self, results, kind):
        result = results[kind]
        rows = tables.last_year(result.table)
        axes = next(a for a in result.plot().axes if a.get_title(loc="left").startswith("5"))
        lines = axes.get_lines()[1:]  # the first is the baseline
        for place, name in enumerate(Reading(result).names):
            row = rows.loc[(name, "pupil_attainment")]
            thin, thick, mark = lines[3 * place : 3 * place + 3]
            assert list(thin.get_xdata()) == [row.school_low, row.school_high]
            assert list(thick.get_xdata()) == [row.low, row.high]
            assert list(mark.get_xdata()) == [row.effect]
            assert thick.get_linewidth() > 5 * thin.get_linewidth()


@pytest.mark.parametrize("kind", ["two", "one"])
def test_same_result_same_bytes_whatever_the_users_settings(results, files, kind):
    with matplotlib.rc_context({"font.size": 20, "svg.fonttype": "none", "axes.grid": True, "svg.hashsalt": None}):
        again = figures.comparison_pictures(results[kind])
    assert files[kind] == again


def test_designs_differ_by_marker_and_not_by_colour_alone():
    looks = [figures.look(index) for index in range(64)]
    assert len({(look["color"], look["marker"]) for look in looks}) == 64
    assert len({look["marker"] for look in looks[:8]}) == len({look["color"] for look in looks[:8]}) == 8


def test_names_that_differ_at_an_end_differ_in_the_picture():
    assert figures.wrapped(f"{LONG}-with-experts") != figures.wrapped(f"{LONG}-without-experts")
    assert figures.wrapped("x" * 500).count("\n") == 2
    assert figures.wrapped("  ") == "(no name)"


def test_equal_costs_are_drawn_side_by_side():
    assert figures.apart([0.0, 0.0]) == [0.0, 0.0]
    places = figures.apart([5.0, 5.0, 5.0, 10.0])
    assert places == pytest.approx([5.0, 5.25, 5.5, 10.0])


def test_letters_without_a_shape_warn_nobody(results, recwarn):
    result = pdsim.compare([renamed(pdsim.scenario("no-pd"), "学校 😀")], replicates=1, years=1)
    figures.comparison_pictures(result)
    assert not recwarn.list


def test_pyplot_is_never_loaded():
    code = "import sys, pdsim.figures, pdsim.report; assert 'matplotlib.pyplot' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("kind", KINDS)
class TestPage:
    def test_it_asks_nothing_of_anybody_and_is_well_built(self, pages, kind):
        check_closed(pages[kind])
        check_structure(pages[kind])

    def test_tables_have_captions_and_scopes_and_pictures_have_words(self, pages, kind):
        page = Page(pages[kind])
        assert len(page.all("table")) == len(page.all("caption")) > 6
        assert all("scope" in attributes for attributes in page.all("th"))
        drawings = page.all("svg")
        assert len(drawings) == len(page.all("figcaption")) == 3
        assert all(d["role"] == "img" and len(d["aria-label"]) > 80 for d in drawings)

    def test_both_intervals_are_there_in_words_and_numbers(self, pages, results, kind):
        words = Page(pages[kind]).words()
        assert "What we do not know about the truth" in words
        assert "Chance included" in words
        for name in Reading(results[kind]).names:
            row = tables.last_year(results[kind].table).loc[(name, "pupil_attainment")]
            for low, high in ((row.low, row.high), (row.school_low, row.school_high)):
                assert f"{tables.signed(low, 3)} to {tables.signed(high, 3)}" in words

    def test_months_never_stand_without_the_sd(self, pages, kind):
        words = Page(pages[kind]).words()
        counts = [match.start() for match in re.finditer(r"[+-]?\d+ months?\b", words)]
        assert counts
        for at in counts:
            assert re.search(r"[+-]?\d\.\d{3} SD", words[at - 30 : at]), words[at - 40 : at + 20]

    def test_designs_notes_pairs_and_assumptions(self, pages, results, kind):
        result, words = results[kind], Page(pages[kind]).words()
        for note in tables.notes(result):
            assert note in words
        if kind != "eight":
            for sentence in tables.pair_sentences(result):
                assert " ".join(sentence.split()) in words
        for design in result.request.designs:
            for text in (design.name, design.title, design.source, design.says, design.choices):
                assert " ".join(text.split()) in words
        for parameter in assumptions.REGISTER:
            assert parameter.name in words
            assert parameter.source in words
        assert "This is a model's answer, not a trial's." in words


class TestWords:
    def test_same_result_same_page(self, pages, results):
        assert results["two"].to_html() == pages["two"]

    def test_participants_and_colleagues(self, pages, results):
        words = Page(pages["two"]).words()
        assert "nobody" in words  # all take part in the course, so there are no colleagues
        for people in ("participants", "colleagues"):
            row = tables.last_year(results["two"].table, people).loc[("maths-hub", "use")]
            assert (
                f"{tables.signed(row.effect, 3)} ({tables.signed(row.low, 3)} to {tables.signed(row.high, 3)})" in words
            )

    def test_texts_of_scenario_files_are_escaped(self, pages):
        page = pages["hostile"]
        assert "<script" not in page
        assert "onerror" not in re.sub(r"&lt;img src=x onerror=alert\(1\)&gt;", "", page)
        assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") > 4

    def test_one_draw_is_no_certainty(self, pages):
        assert "that is no certainty" in Page(pages["one"]).words()
        assert "that is no certainty" not in Page(pages["two"]).words()

    def test_one_design_has_no_pairs(self, pages):
        assert "Every pair" not in pages["one"]
        assert "Table 5. Strengths" in Page(pages["one"]).words()

    def test_a_teaching_world_says_what_it_fixes(self):
        words = Page(pdsim.compare(["maths-hub"], replicates=4, years=1, theory="mint").to_html()).words()
        assert "company_reaction = " in words

    def test_many_pairs_are_told_only_where_the_first_takes_part(self, results):
        best = Reading(results["eight"]).ranked()[0]
        sentences = report.main_pairs(results["eight"], best)
        assert len(sentences) == 7
        assert all(best in sentence for sentence in sentences)

    def test_settings_that_count_are_listed(self):
        design = pdsim.scenario("maths-hub").with_(**{"costs.staff_per_hour": 31.0, "theory.discernment": 0.5})
        rows = {label: value for label, value, *_ in setting_rows(design)}
        assert rows["Teachers' own time"] == "31"
        assert rows["Team size"] == "4"
        assert "Pupils per class" not in rows  # at its default, and not among those that everybody looks for
        assert report.design_part(design)["theory"] == {assumptions.PARAMETERS["discernment"].meaning: "0.5"}
        solo = {label for label, *_ in setting_rows(pdsim.scenario("solo-course"))}
        assert "Team size" not in solo
        assert "Hours per session" not in {label for label, *_ in setting_rows(pdsim.scenario("no-pd"))}

    def test_every_carrier_and_list_reads_well(self):
        assert (
            setting_words("programme.carriers", {"modelling the technique": "peers"})
            == "modelling the technique: peers"
        )
        assert setting_words("collaboration.channels.norms", False) == "no"

    def test_folders_of_this_computer_stay_out(self, tmp_path):
        (tmp_path / "staff.csv").write_text("teacher\n" + "\n".join(f"t{n}" for n in range(12)))
        (tmp_path / "ties.csv").write_text("from,to\nt1,t2\nt2,t3\n")
        (tmp_path / "ours.toml").write_text(
            'extends = "maths-hub"\n[staff]\nteachers = "staff.csv"\n[network]\nedges = "ties.csv"\n'
        )
        page = pdsim.compare([str(tmp_path / "ours.toml")], replicates=2, years=1).to_html()
        words = Page(page).words()
        assert str(tmp_path) not in page
        assert "12 teachers and 2 advice ties, read from files" in words
        assert "pdsim compare ours.toml --baseline no-pd" in words
        assert "Run the command where the files lie" in words


def typed(command):
    """The request that the command line would make of a command."""
    words = shlex.split(command)
    assert words[:2] == ["pdsim", "compare"]
    options, designs, settings, rest = {}, [], {}, iter(words[2:])
    for word in rest:
        if word == "--set":
            path, value = scenarios.parse_setting(next(rest))
            settings[path] = value
        elif word.startswith("--"):
            options[word[2:]] = next(rest)
        else:
            designs.append(word)
    assert options.pop("out") == "results"
    numbers = {name: int(options.pop(name)) for name in ("replicates", "years", "seed")}
    return comparison.resolve(designs, **options, **numbers, settings=settings)


class TestCommand:
    @pytest.mark.parametrize(
        "asked",
        [
            {"designs": ["solo-course", "maths-hub"]},
            {
                "designs": ["maths-hub", "maths-hub"],
                "baseline": "business-as-usual",
                "replicates": 7,
                "seed": 0,
                "years": 3,
            },
            {"designs": ["maths-hub"], "theory": "groupthink", "seed": 2**32 - 1},
            {
                "designs": ["maths-hub", "solo-course"],
                "settings": {
                    "staff.expert_share": 0.3,
                    "staff.schools": 2,
                    "collaboration.channels.norms": False,
                    "collaboration.teams": "within-schools",
                    "programme.mechanisms": ["modelling the technique", "prompting action planning"],
                    "programme.carriers": {"modelling the technique": "peers"},
                    "theory.discernment": 1.0,
                },
            },
        ],
        ids=("plain", "twice", "world", "settings"),
    )
    def test_it_asks_for_the_same(self, asked):
        request = comparison.resolve(**asked)
        assert report.names_suffice(request)
        again = typed(report.command(request))
        assert again == request

    def test_what_was_changed_in_python_is_not_claimed(self):
        for path, value in (("staff.expert_share", 0.3), ("evaluation.pupils_per_class", 30)):
            request = comparison.resolve([pdsim.scenario("maths-hub").with_(**{path: value})])
            assert not report.names_suffice(request)
        other = comparison.resolve(["maths-hub"], baseline=pdsim.scenario("no-pd").with_(**{"programme.sessions": 1}))
        assert not report.names_suffice(other)

    def test_settings_that_only_python_can_hold_do_not_stop_the_page(self):
        request = comparison.resolve(["maths-hub"])
        assert not report.names_suffice(dataclasses.replace(request, settings={"staff.expert_share": "many"}))

    def test_a_file_is_named_without_its_folder(self):
        request = comparison.resolve(["maths-hub"])
        other = dataclasses.replace(
            request, theory="/home/somebody/ours.toml", settings={"network.edges": "/home/x/ties.csv"}
        )
        assert "--theory ours.toml --set network.edges=ties.csv" in report.command(other)

    def test_number_in_brackets_is_part_of_a_name_unless_it_was_added(self):
        assert report.argument("maths-hub (2)", ["maths-hub"]) == "maths-hub"
        assert report.argument("plan (2)") == "plan (2).toml"


def test_words_for_numbers():
    pupils, money = OUTCOMES["pupil_attainment"], OUTCOMES["pounds_per_pupil"]
    found = figures.Estimate(0.1, 0.05, 0.12, -0.2, 0.3)
    assert report.average(found, pupils).replace(report.GAP, " ") == "+0.100 SD (+2 months)"
    assert report.with_interval(found, pupils).replace(report.GAP, " ") == "+0.100 (+0.050 to +0.120)"
    assert report.with_interval(found, money).replace(report.GAP, " ") == "£0.10 (£0.05 to £0.12)"
    nobody = figures.Estimate(*[float("nan")] * 5)
    assert {
        report.average(nobody, pupils),
        report.with_interval(nobody, money),
        report.span(np.nan, np.nan, money),
    } == {"nobody"}


@pytest.mark.parametrize("kind", KINDS)
class TestBrowser:
    @pytest.fixture
    def opened(self, browser, pages, kind, tmp_path):
        """The report opened from a file, with all that it asked for and complained of."""
        path = tmp_path / "report.html"
        path.write_text(pages[kind], encoding="utf-8")
        with opened_offline(browser, path) as page:
            yield page

    def test_it_opens_offline_with_headings_and_pictures(self, opened, results, kind):
        assert len(opened.asked) == 1
        assert opened.asked[0].startswith("file:")
        assert opened.complaints == []
        assert opened.locator("h1").is_visible()
        for heading in ("Two kinds of uncertainty", "Time and money", "Assumptions", "How to make it again", "Limits"):
            assert opened.get_by_role("heading", name=heading, exact=True).is_visible()
        drawings = opened.get_by_role("img")
        assert drawings.count() == 3
        for index in range(3):
            box = drawings.nth(index).bounding_box()
            assert box["width"] > 600
            assert box["height"] > 200
        for name in Reading(results[kind]).names:
            assert opened.get_by_role("heading", name=name, exact=True).is_visible()

    def test_pictures_are_drawn_and_not_blank(self, opened, kind):
        for drawing in opened.get_by_role("img").all():
            shapes = drawing.evaluate(
                "svg => [...svg.querySelectorAll('use')].filter(u => u.getBBox().width > 0).length"
            )
            assert shapes > 100  # letters

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

    def test_all_assumptions_unfold(self, opened, kind):
        assert not opened.locator("details table").first.is_visible()
        opened.locator("summary").press("Enter")
        assert opened.locator("details table").first.is_visible()

    def test_it_prints(self, opened, kind):
        printed = opened.pdf(prefer_css_page_size=True)
        assert printed.startswith(b"%PDF")
        sheets = len(re.findall(rb"/Type\s*/Page\b", printed))
        assert 5 <= sheets <= 30
        assert re.search(rb"/MediaBox\s*\[0 0 59[45][\d.]* 84[12][\d.]*\]", printed)  # A4 in points
