"""Choosing: a toy library whose best is known, costs to the penny, fronts worked by hand, documents, mistakes."""

import json
import sys
import tomllib

import numpy as np
import pandas as pd
import pytest

import pdsim
from pdsim import cli, comparison, library, theory
from pdsim.choice import levers, prices, ranking, result, stages
from pdsim.choice.ranking import Limit
from pdsim.choice_figures import choice_files, numbered
from pdsim.choice_tables import cell_words, sentences, source_words, stretch_words
from pdsim.errors import InputError
from pdsim.outcomes import OUTCOMES
from pdsim.scenarios import keys, load
from pdsim.simulate import draws_for, luck, simulate

PUPILS = OUTCOMES["pupil_attainment"].column
POUNDS = OUTCOMES["pounds_per_teacher"].column
SMALL = {"staff.teachers_per_school": 12}
TOY = {  # name to format, content and number of mechanisms: what is worth most is known from the model's rules
    "course": ("solo", 0.8),
    "empty-course": ("solo", 0.0),
    "team": ("collaborative", 0.6),
}


def toy(name):
    """A small programme; all of them cost the same by the hour."""
    kind, content = TOY[name]
    mechanisms = ("modelling the technique", "rehearsing the technique", "setting and agreeing on goals")
    settings = {
        "programme.format": kind, "programme.sessions": 8, "programme.weeks_between": 3, "programme.hours": 2.0,
        "programme.mechanisms": mechanisms if content else (), "programme.content": content,
    }  # fmt: skip
    return load("no-pd").with_(**settings).model_copy(update={"name": name})


@pytest.fixture
def small_library(monkeypatch):
    """A library of three programmes and few runs of each."""
    monkeypatch.setattr(levers, "library_designs", lambda: [toy(name) for name in TOY])
    monkeypatch.setattr(stages, "DRAWS", (6, 6, 12))
    monkeypatch.setattr(stages, "LUCKS", (1, 2, 2))


@pytest.fixture(scope="module")
def chosen():
    """A choice out of three programmes in a world in which collaboration does nothing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(levers, "library_designs", lambda: [toy(name) for name in TOY])
        patch.setattr(stages, "DRAWS", (6, 6, 12))
        patch.setattr(stages, "LUCKS", (1, 2, 2))
        seen = []
        request = result.resolve(budget=300, hours=20, theory="bystander", settings=SMALL)
        first = result.plan(request)
        total = first.runs
        second = result.narrow(first, result.run(first, seen.append))
        total += second.runs
        third = result.narrow(second, result.run(second, seen.append))
        total += third.runs
        found = result.report(third, result.run(third, seen.append))
    assert sum(seen) == total
    return found


class TestRanking:
    TABLE = pd.DataFrame(
        {
            "name": ["a", "b", "c", "d"],
            "format": ["solo", "solo", "collaborative", "collaborative"],
            "effect": [0.1, 0.2, 0.15, 0.05],
            "pounds": [100.0, 300.0, 100.0, 50.0],
            "hours": [10.0, 20.0, 10.0, 30.0],
        }
    )

    def test_leaders_keep_to_limits(self):
        assert ranking.leaders(self.TABLE, Limit(), 2) == ["b", "c"]
        assert ranking.leaders(self.TABLE, Limit(pounds=100.0), 9) == ["c", "a", "d"]
        assert ranking.leaders(self.TABLE, Limit(hours=10.0), 9, "solo") == ["a"]
        assert ranking.leaders(self.TABLE, Limit(pounds=49.99), 9) == []

    def test_front_worked_by_hand(self):
        # a is beaten by c at the same price and time; d is cheapest; b is largest
        assert list(ranking.front(self.TABLE)) == [False, True, True, True]
        assert list(ranking.front(self.TABLE.assign(pounds=0.0))) == [False, True, True, False]

    def test_designs_alike_are_both_on_the_front(self):
        same = np.array([0.1, 0.1])
        assert not ranking.dominated(same, same, same).any()

    def test_chances_of_being_best_share_ties_and_add_up_to_one(self):
        expected = np.array([[1.0, 1.0, 0.0], [0.0, 2.0, 1.0], [3.0, 3.0, 3.0]])
        chance = ranking.chance_best(expected)
        assert chance == pytest.approx([(0.5 + 1 / 3) / 3, (0.5 + 1 + 1 / 3) / 3, (1 / 3) / 3])
        assert chance.sum() == pytest.approx(1.0)

    def test_chance_on_the_front(self):
        expected = np.array([[0.1, 0.2], [0.2, 0.1]])
        pounds, hours = np.array([10.0, 20.0]), np.array([1.0, 1.0])
        assert list(ranking.chance_on_front(expected, pounds, hours)) == [1.0, 0.5]

    def test_worth_running_keeps_both_kinds_and_the_front(self):
        assert ranking.worth_running(self.TABLE, Limit(), 1, 1) == ["a", "b", "c", "d"]
        assert ranking.worth_running(self.TABLE[:3], Limit(), 1, 0) == ["b", "c"]


class TestLevers:
    @pytest.mark.parametrize("name", [name for name in library.shipped() if name not in levers.BASELINES])
    def test_every_candidate_is_what_its_settings_say(self, name):
        world = comparison.looked_at(load("no-pd"), 2)
        found = levers.candidates_of(load(name), world)
        assert found[0].name == name
        assert found[0].settings == {}
        assert len({candidate.name for candidate in found}) == len(found)
        for candidate in found:
            for path, value in candidate.settings.items():
                section, _, last = path.partition(".")
                assert getattr(getattr(candidate.scenario, section), last) == value
                entry = keys()[path]
                if entry.words:
                    assert value in entry.words
                    continue
                assert entry.low <= value <= entry.high
                assert value / entry.step == pytest.approx(round(value / entry.step))
            assert candidate.scenario.staff == world.staff
            assert candidate.scenario.partners == load(name).partners
            if candidate.settings:
                assert levers.ends_in_time(candidate.scenario, {}, 2)

    def test_solo_designs_move_no_lever_of_teams(self):
        found = levers.candidates_of(load("solo-course"), load("no-pd"))
        assert not any(path.startswith("collaboration") for candidate in found for path in candidate.settings)

    def test_who_takes_part_is_not_confounded_with_working_together(self):
        """Programmes for a few champions are there in both formats, so that neither has them to itself."""
        world = load("no-pd")
        found = [c for design in levers.library_designs() for c in levers.candidates_of(design, world)]
        champions = {c.scenario.programme.format for c in found if c.scenario.programme.who == "champions"}
        assert champions == {"solo", "collaborative"}
        moved = next(c for c in found if c.name == "solo-course, 4 champions pass it on")
        assert moved.scenario.programme.count_per_school == 4

    def test_pairs_by_design_stay_pairs(self):
        found = levers.candidates_of(load("expert-novice-pairs"), load("no-pd"))
        assert not any("collaboration.team_size" in candidate.settings for candidate in found)

    def test_whole_library_has_a_few_hundred_candidates(self):
        world = load("no-pd")
        assert 200 < sum(len(levers.candidates_of(design, world)) for design in levers.library_designs()) < 600

    def test_same_candidates_every_time(self):
        first, again = (levers.candidates_of(load("maths-hub"), load("no-pd")) for _ in range(2))
        assert first == again


class TestStages:
    def test_stages_share_no_draw_and_no_luck(self):
        parts = [stages.luck_of(stage, stages.draws_needed(), 1) for stage in range(3)]
        for one, other in ((0, 1), (0, 2), (1, 2)):
            assert not set(parts[one].draw) & set(parts[other].draw)
            assert not set(parts[one].replicate) & set(parts[other].replicate)
        assert [len(part.draw) for part in parts] == [d * k for d, k in zip(stages.DRAWS, stages.LUCKS, strict=True)]
        assert parts[2].draw.max() == stages.draws_needed() - 1

    def test_one_draw_serves_all_stages(self):
        assert set(stages.luck_of(2, 1, 1).draw) == {0}

    def test_levers_that_change_nothing_are_left_out(self):
        design = load("solo-course")  # 12 teachers: 20 or 40 per facilitator are one facilitator
        world = load("no-pd", SMALL)
        wanted = ("solo-course", "solo-course, 40 per facilitator", "solo-course, 10 per facilitator")
        candidates = [c for c in levers.candidates_of(design, world) if c.name in wanted]
        assumed = theory.load("point", 1, 1)
        seen = stages.run_stage(candidates, world, assumed, luck(4, 1, 1), lambda runs: None)
        assert [c.name for c in stages.distinct(candidates, seen)] == ["solo-course", "solo-course, 10 per facilitator"]

    def test_winner_is_not_flattered(self):
        """Equal designs in name only: chosen by luck in one stage, they differ by nothing in the next."""
        rng = np.random.default_rng(3)
        reported = []
        for _ in range(400):
            luck_before, luck_after = rng.standard_normal((2, 50))
            table = pd.DataFrame(
                {"name": range(50), "format": "solo", "effect": luck_before, "pounds": 1.0, "hours": 1.0}
            )
            reported.append(luck_after[ranking.leaders(table, Limit(), 1)[0]])
        assert abs(np.mean(reported)) < 3 / np.sqrt(400)


class TestToyLibrary:
    def test_the_known_best_is_chosen(self, chosen):
        assert chosen.best["base"] == "course"
        kinds = chosen.kinds.set_index("base")["probability_best"]
        assert kinds["course"] == pytest.approx(1.0)
        assert kinds.sum() == pytest.approx(1.0)

    def test_solo_is_ahead_where_collaboration_does_nothing(self, chosen):
        assert chosen.at_limits["probability_collaborative_better"] < 0.1
        assert chosen.at_limits["difference"] < 0
        both = chosen.duels[chosen.duels["solo"].notna() & chosen.duels["collaborative"].notna()]
        assert len(both) > 10
        assert (both["ahead"] == "solo").all()

    def test_empty_course_is_never_best_nor_on_the_front_beside_a_cheaper_one(self, chosen):
        rows = chosen.designs[chosen.designs["base"] == "empty-course"]
        assert (rows["probability_best"] == 0).all()

    def test_affordable_designs_keep_to_both_limits(self, chosen):
        rows = chosen.designs[chosen.designs["affordable"]]
        assert len(rows)
        ranked = chosen.designs["rank"].notna()
        assert (chosen.designs[ranked]["affordable"]).all()
        assert (rows["pounds_per_teacher"] <= 300 + ranking.PENNY).all()
        assert (rows["hours_per_teacher"] <= 20 + ranking.MINUTE).all()
        assert chosen.designs["affordable"].sum() <= chosen.affordable <= chosen.candidates

    def test_chances_of_the_affordable_are_at_most_one(self, chosen):
        assert chosen.designs["probability_best"].between(0, 1).all()
        assert chosen.designs["probability_best"].sum() <= 1 + 1e-12
        assert (chosen.designs[~chosen.designs["affordable"]]["probability_best"] == 0).all()

    def test_seed_makes_the_numbers(self, small_library):
        first, again = (pdsim.choose(theory="point", settings=SMALL, seed=4).to_json() for _ in range(2))
        assert first == again
        assert pdsim.choose(theory="point", settings=SMALL, seed=5).to_json() != first

    def test_nothing_affordable_is_an_answer(self, small_library):
        found = pdsim.choose(budget=1, theory="point", settings=SMALL)
        assert found.affordable == 0
        assert found.best is None
        assert found.kinds.to_dict("records") == [{"base": "no-pd", "probability_best": 1.0}]
        assert "nothing but no-pd is affordable" in sentences(found)[0]
        assert found.cheapest["name"] in sentences(found)[0]
        json.loads(found.to_json())
        choice_files(found)

    def test_lower_is_better_for_a_gap(self, small_library):
        found = pdsim.choose(theory="point", settings=SMALL, outcome="expertise_gap")
        rows = found.designs.set_index("rank").sort_index()
        assert rows.loc[1, "effect"] < rows.loc[10, "effect"]

    def test_one_draw_has_no_width(self, small_library):
        found = pdsim.choose(theory="point", settings=SMALL)
        assert (found.designs["low"] == found.designs["high"]).all()
        assert set(found.designs["probability_best"]) <= {0.0, 1.0}


class TestCosts:
    @pytest.mark.parametrize("name", [name for name in library.shipped() if name not in levers.BASELINES])
    def test_lines_add_up_to_what_compare_says_to_the_penny(self, name):
        compared = pdsim.compare([name], replicates=8, years=2, seed=3)
        rows = compared.table.query("outcome == 'pounds_per_teacher' and population == 'all' and year == 2")
        design = compared.request.designs[0]
        believed = theory.override(theory.load("posterior", draws_for(8), 3), design.theory)
        levels = simulate(design, believed, luck(8, len(believed.draws), 3))[:, -1]
        lines = prices.cost_lines(name, design, believed, levels, prices.Prices({}, {}, {}))
        assert sum(line.pounds for line in lines) == pytest.approx(rows["mean"].iloc[0], abs=1e-6)
        assert all(line.pounds == line.rate * line.quantity for line in lines)
        assert all(line.source for line in lines)

    def test_costs_of_a_choice_add_up(self, chosen):
        total = chosen.costs.groupby("design")["pounds"].sum()
        stated = chosen.designs.set_index("name")["pounds_per_teacher"]
        assert np.allclose(total[stated.index], stated, atol=1e-6)

    def test_a_price_set_is_the_rate_and_says_so(self, small_library):
        found = pdsim.choose(theory="point", settings={**SMALL, "costs.cover_per_hour": 10.0})
        cover = found.costs[found.costs["price"] == "cover_per_hour"]
        assert (cover["rate"] == 10.0).all()
        assert (cover["source"] == "set by you").all()

    def test_prices_do_not_change_what_designs_do(self, small_library):
        plain, dear = (
            pdsim.choose(theory="point", settings={**SMALL, **more}) for more in ({}, {"costs.staff_per_hour": 30.0})
        )
        effects = [found.designs.set_index("name")["effect"] for found in (plain, dear)]
        shared = effects[0].index.intersection(effects[1].index)
        assert len(shared) > 5
        assert (effects[0][shared] == effects[1][shared]).all()

    def test_file_of_prices_goes_out_and_in_again(self, small_library, tmp_path):
        first = pdsim.choose(theory="point", settings=SMALL)
        path = tmp_path / "costs.toml"
        path.write_bytes(choice_files(first)["costs.toml"])
        assert set(tomllib.loads(path.read_text())["costs"]) == set(TOY)
        again = pdsim.choose(theory="point", settings=SMALL, costs=path)
        pd.testing.assert_frame_equal(first.designs, again.designs)
        assert set(again.costs["source"]) == {"your file costs.toml"}

    def test_own_price_of_a_design_goes_before_that_of_all_and_a_setting_before_both(self, tmp_path):
        path = tmp_path / "ours.toml"
        path.write_text("[costs]\ncover_per_hour = 20\n[costs.solo-course]\ncover_per_hour = 25\n")
        names = ["solo-course", "maths-hub"]
        from_file = prices.read_prices(path, {}, names)
        assert from_file.applied(load("solo-course")).costs.cover_per_hour == 25
        assert from_file.applied(load("maths-hub")).costs.cover_per_hour == 20
        assert from_file.source("solo-course", "cover_per_hour") == "your file ours.toml"
        assert from_file.source("solo-course", "staff_per_hour") == prices.SOURCES["staff_per_hour"]
        typed = prices.read_prices(path, {"costs.cover_per_hour": 30.0}, names)
        assert typed.applied(load("solo-course")).costs.cover_per_hour == 30
        assert typed.source("solo-course", "cover_per_hour") == "set by you"


class TestDocuments:
    def test_json_is_plain_and_names_the_best(self, chosen):
        document = json.loads(chosen.to_json())
        assert list(document)[:5] == ["schema_version", "version", "outcome", "unit", "baseline"]
        assert document["best"] == chosen.best["name"]
        assert document["pounds_per_teacher"] == 300
        assert len(document["designs"]) == len(chosen.designs)
        assert len(document["solo_or_together"]["cells"]) == len(ranking.CELLS)
        assert isinstance(document["designs"][0]["settings"], dict)

    def test_settings_of_a_row_make_the_same_design(self, chosen):
        row = next(row for row in chosen.designs.to_dict("records") if row["settings"])
        moved = toy(row["base"]).with_(**row["settings"])
        assert levers.name_of(row["base"], row["settings"]) == row["name"]
        assert moved.programme != toy(row["base"]).programme or moved.collaboration != toy(row["base"]).collaboration

    def test_sentences_carry_the_numbers(self, chosen):
        text = " ".join(sentences(chosen))
        assert chosen.best["name"] in text
        assert f"{chosen.best['effect']:+.3f} pupil SD" in text
        assert "£300 a teacher" in text
        assert "When does solo win?" in text
        counts = chosen.duels["ahead"].value_counts()
        assert f"solo is ahead (in at least 75 of 100 simulated worlds) in {counts['solo']}," in text

    def test_stretches_are_read_from_the_cells(self):
        rows = pd.DataFrame({"pounds": [50.0, 100.0], "ahead": "solo", "probability_collaborative_better": [0.1, 0.02]})
        assert stretch_words(rows) == "£50 to £100: solo ahead (90 to 98 of 100)"
        assert stretch_words(rows.assign(ahead="only solo")) == "£50 to £100: only solo designs are affordable"
        assert [cell_words(row) for row in rows.itertuples()] == ["solo 90", "solo 98"]

    def test_files_and_figure(self, chosen):
        files = choice_files(chosen)
        assert {"choice-designs.csv", "choice-costs.parquet", "figures-choice.svg", "figures-choice.png"} <= set(files)
        assert files == choice_files(chosen)
        figure = chosen.plot()
        assert len(figure.axes) == 2
        assert all(axes.get_xlabel() and axes.get_ylabel() for axes in figure.axes)
        assert list(numbered(chosen)["number"]) == list(range(1, len(numbered(chosen)) + 1))

    def test_every_shown_rate_has_its_source(self, chosen):
        assert any(line.startswith("facilitator_per_hour = 120: assumption") for line in source_words(chosen))


BAD = [
    ({"budget": -1}, "--budget: -1 is not allowed; allowed is a number from 0"),
    ({"budget": float("nan")}, "--budget: nan is not allowed"),
    ({"hours": "ten"}, "--hours: 'ten' is not allowed"),
    ({"staff": 1}, "--staff: 1 is not allowed; allowed is a whole number from 2 to 2000"),
    ({"staff": 30, "settings": SMALL}, "--staff: the settings say already who the staff are"),
    ({"outcome": "pounds_per_pupil"}, "designs are not chosen by that; allowed is one of reaction"),
    ({"outcome": "pupil_atainment"}, "did you mean 'pupil_attainment'?"),
    ({"settings": {"programme.sessions": 3}}, "choose tries designs that differ in it"),
    ({"settings": {"costs.cover": 3}}, "no such key"),
    (
        {"settings": {"costs.cover_per_hour": -3}},
        "costs.cover_per_hour: -3 is not allowed; allowed is a number, 0 to 500",
    ),
    ({"costs": "nowhere.toml"}, "nowhere.toml: no such file"),
    ({"seed": -1}, "--seed: -1 is out of range"),
    ({"theory": "posteriori"}, "did you mean 'posterior'?"),
]


class TestMistakes:
    @pytest.mark.parametrize(("options", "message"), BAD, ids=[message[:40] for _, message in BAD])
    def test_one_clear_line(self, options, message):
        with pytest.raises(InputError) as caught:
            result.resolve(**options)
        assert message in str(caught.value)
        assert "\n" not in str(caught.value)

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("cover_per_hour = 3", "'cover_per_hour': a file of prices has one section, [costs]"),
            ("[costs]\ncover = 3", "costs.cover: no such price or design"),
            ("[costs.solo-corse]\ncover_per_hour = 3", "did you mean 'solo-course'?"),
            ("[costs.solo-course]\ncover = 3", "no such key"),
            ("[costs]\ncover_per_hour = 'x'", "cover_per_hour: 'x' is not allowed"),
            ("costs = 3", "costs: 3 is not a table"),
            ("[costs", "not valid TOML"),
        ],
    )
    def test_file_of_prices(self, tmp_path, text, message):
        path = tmp_path / "ours.toml"
        path.write_text(text)
        with pytest.raises(InputError) as caught:
            prices.read_prices(path, {}, list(library.shipped()))
        assert message in str(caught.value)
        assert "ours.toml" in str(caught.value)

    def test_command_line(self, monkeypatch, capsys):
        monkeypatch.setattr(sys, "argv", ["pdsim", "choose", "--budget", "many"])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        assert caught.value.code == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_command_prints_one_document(small_library, monkeypatch, capsys, tmp_path):
    arguments = ["choose", "--theory", "point", "--staff", "12", "--budget", "3600", "--json", "--out", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", ["pdsim", *arguments])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    assert caught.value.code == 0
    document = json.loads(capsys.readouterr().out)
    assert document["pounds_per_teacher"] == 300
    assert json.loads((tmp_path / "choice.json").read_text()) == document


def test_command_prints_words(small_library, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["pdsim", "choose", "--theory", "point", "--set", "staff.teachers_per_school=12"])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    assert caught.value.code == 0
    text = capsys.readouterr().out
    assert text.startswith("With no limit on money or time, course")
    assert "This is a model's answer" in text
