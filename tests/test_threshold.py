"""The threshold: families of channels in a sweep, and where collaboration turns into fluoride."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import pdsim
from pdsim import experiment, theory
from pdsim.analysis.threshold import crossing, crossing_of, passages, threshold, told
from pdsim.assumptions import CHANNEL_FAMILIES, FAMILIES, REGISTER
from pdsim.experiment import levels, work
from pdsim.explanation import coalitions, decomposition, verdict
from pdsim.kernel.records import CHANNELS
from pdsim.outcomes import OUTCOMES
from pdsim.simulate import luck, simulate
from pdsim.threshold_figures import draw_threshold
from pdsim.threshold_tables import tables_of
from sweeps import ran

TEXT = """
title = "Families in a sweep"
scenarios = ["teacher-learning-community"]
replicates = 12
seed = 4
years = 1

[design]
method = "grid"

[settings]
staff.teachers_per_school = 8

[factors]
staff.expert_share = { values = [0.0, 0.5] }
staff.experienced_share = { values = [0.2, 0.8] }
collaboration.together = { values = [0.5] }
theory.discernment = { values = [0.5, 1.0] }

[output]
resolution = "families"
outcomes = ["use", "pupil_attainment"]
"""
PUPILS = OUTCOMES["pupil_attainment"].column


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder to be in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def loaded(*changes, text=TEXT):
    """The experiment of a text, with pieces of the text replaced."""
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    Path("trial.toml").write_text(text, encoding="utf-8")
    return experiment.load("trial.toml")


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    """The experiment, and its results from one process in one go."""
    place = tmp_path_factory.mktemp("whole")
    (place / "trial.toml").write_text(TEXT)
    found = experiment.load(place / "trial.toml")
    return found, experiment.sweep(found, place / "out").results()


class TestFamiliesInASweep:
    def test_a_row_for_every_run_set_and_outcome_in_order(self, swept):
        found, frame = swept
        assert len(levels.FAMILY_SETS) == 16
        assert levels.FAMILY_SETS[:4] == ("none", "fluoride", "mint", "fluoride+mint")
        assert levels.FAMILY_SETS[-1] == "+".join(FAMILIES)
        expected = pd.MultiIndex.from_product([range(8), range(12), levels.FAMILY_SETS, found.output.outcomes])
        keys = ["point", "replicate", "families", "outcome"]
        assert pd.MultiIndex.from_frame(frame[keys].astype({"families": str, "outcome": str})).equals(expected)
        assert frame.error.isna().all()
        assert set(frame.population) == {"all"}
        assert set(frame.year) == {1}

    @pytest.mark.parametrize("on", [(), ("fluoride",), ("mint", "cost"), FAMILIES])
    def test_every_set_is_the_scenario_with_its_channels_to_the_bit(self, swept, on):
        found, frame = swept
        point = experiment.design_points(found).iloc[6].to_dict()
        off = {f"collaboration.channels.{c}": False for c in CHANNELS if CHANNEL_FAMILIES[c] not in on}
        changes = {name: value for name, value in point.items() if name != "point"}
        design = found.scenarios[0].with_(**{**changes, **off})
        believed = theory.override(theory.load("posterior", 3, 4), design.theory)
        rows = frame[(frame.point == 6) & (frame.families == ("+".join(on) or "none"))]
        values = simulate(design, believed, luck(12, 3, 4))[:, -1, 0]
        without = simulate(found.baseline.in_the_world_of(design), believed, luck(12, 3, 4), design)[:, -1, 0]
        for outcome in found.output.outcomes:
            row, column = rows[rows.outcome == outcome], OUTCOMES[outcome].column
            assert np.array_equal(row["value"], values[:, column])
            assert np.array_equal(row["effect"], (values - without)[:, column])

    def test_what_a_draw_has_off_is_not_run_twice(self, swept, monkeypatch):
        found, _ = swept
        made = []
        real = coalitions.run_chunk

        def counting(entry, start, theory, designs, luck, years, shape):
            made.append(len(designs) * len(luck[1]))
            return real(entry, start, theory, designs, luck, years, shape)

        monkeypatch.setattr(coalitions, "run_chunk", counting)
        believed, runs = theory.load("posterior", 30, 4), luck(30, 30, 4)
        game = decomposition.family_game(CHANNEL_FAMILIES)
        levels.levels("families", found.scenarios[0], believed.draws, runs)
        assert sum(made) == coalitions.runs_of(found.scenarios[0], believed.draws, game, runs) < 0.7 * 30 * 16

    def test_shares_are_those_of_the_explanation(self, swept):
        found, frame = swept
        design = found.scenarios[0].with_(**{"staff.expert_share": 0.5, "staff.experienced_share": 0.2,
                                             "collaboration.together": 0.5, "theory.discernment": 1.0})  # fmt: skip
        believed = theory.override(theory.load("posterior", 3, 4), design.theory)
        game = decomposition.family_game(CHANNEL_FAMILIES)
        played = coalitions.play(design, believed.draws, game, luck(12, 3, 4), lambda runs: None)
        rows = frame[(frame.point == 5) & (frame.outcome == "pupil_attainment")]["value"].to_numpy().reshape(12, 16)
        assert np.allclose(rows @ game.weights["families"].T, played["families"][:, :, PUPILS], rtol=0, atol=1e-13)

    @pytest.mark.parametrize("options", [{"workers": 2}, {"chunk_seconds": 0.005}])
    def test_workers_and_chunks_change_no_bit(self, swept, options, folder):
        found, frame = swept
        again = experiment.sweep(found, "out", **options)
        assert again.status.complete
        pd.testing.assert_frame_equal(again.results(), frame, check_exact=True)

    def test_a_stopped_sweep_goes_on_to_the_same_bits(self, swept, folder):
        found, frame = swept
        asked = []
        first = experiment.sweep(found, "out", chunk_seconds=0.005, stop=lambda: len(asked) > 3 or asked.append(1))
        assert 0 < first.status.chunks_done < first.status.chunks
        pd.testing.assert_frame_equal(experiment.sweep(found, "out").results(), frame, check_exact=True)

    def test_shards_give_the_same_bits(self, swept, folder):
        found, frame = swept
        for shard in ((2, 2), (1, 2)):
            experiment.sweep(found, "out", shard=shard, chunk_seconds=0.01)
        pd.testing.assert_frame_equal(experiment.results("out"), frame, check_exact=True)

    def test_a_run_that_fails_is_a_row_and_the_others_go_on(self, swept, folder, monkeypatch):
        found, frame = swept
        real = work.levels

        def failing(resolution, scenario, theories, runs, reported=None):
            if reported is None and 2 in runs.replicate:
                raise ZeroDivisionError("nothing to divide by")
            found = real(resolution, scenario, theories, runs, reported)
            if reported is None and 4 in runs.replicate:
                found.values[runs.replicate == 4, 3, 0, PUPILS] = np.nan
            return found

        monkeypatch.setattr(work, "levels", failing)
        result = experiment.sweep(found, "out")
        assert result.status.failed == 2 * 8
        rows = result.results()
        reasons = rows.dropna(subset="error").groupby("replicate")["error"].unique()
        assert reasons[2].tolist() == ["ZeroDivisionError: nothing to divide by"]
        assert reasons[4].tolist() == ["pupil_attainment in year 1 is not a finite number"]
        good = rows[rows.error.isna()].reset_index(drop=True)
        rest = frame[~frame.replicate.isin([2, 4])].reset_index(drop=True)
        pd.testing.assert_frame_equal(good.drop(columns="error"), rest.drop(columns="error"), check_categorical=False)

    def test_the_plan_knows_that_it_takes_longer_and_more_room(self, folder):
        families, plain = (
            experiment.look_ahead(loaded(("per_school = 8", "per_school = 80"), ('"families"', f'"{kind}"')))
            for kind in ("families", "run")
        )
        assert families.runs == plain.runs
        assert families.seconds > 1.5 * plain.seconds
        assert families.size > 5 * plain.size

    def test_only_all_staff(self, folder):
        with pytest.raises(pdsim.InputError, match=r"populations: no population .colleagues. with resolution = .fam"):
            loaded(("[output]", '[output]\npopulations = ["all", "colleagues"]'))

    def test_from_the_command_line(self, folder, monkeypatch):
        loaded()
        assert ran(monkeypatch, "sweep", "trial.toml", "--out", "out") == 0
        assert len(experiment.results("out", outcomes=["use"])) == 8 * 12 * 16


WORLD = """
title = "A world of assumptions alone"
scenarios = ["teacher-learning-community"]
replicates = 16
seed = 4
years = 1
theory = "bystander"

[design]
method = "grid"

[settings]
staff.teachers_per_school = 16
staff.expertise_spread = 0.0

[factors]
staff.expert_share = { values = [0.0, 0.3, 0.5] }
staff.experienced_share = { values = [0.1, 0.9] }
collaboration.together = { values = [0.4, 0.8] }

[output]
resolution = "families"
outcomes = ["pupil_attainment"]
"""
CENTRE = {p.name: p.default for p in REGISTER if not p.family}
EXCHANGE = {"exchange_insight": 0.4, "exchange_technique": 0.4, "discernment": 1.0}


def found_in(*changes, out="out", text=WORLD, **assumptions):
    """The threshold of a world in which some assumptions have these values in every draw."""
    settings = "".join(f"theory.{name} = {value}\n" for name, value in assumptions.items())
    trial = loaded(("[factors]", f"{settings}[factors]"), *changes, text=text)
    experiment.sweep(trial, out)
    return threshold(out)


class TestWorldsWhoseBoundaryIsKnown:
    def test_where_collaboration_does_nothing_there_is_no_boundary(self, folder):
        found = found_in()
        assert set(found.points.answer) == set(found.points.likeliest) == {"neither"}
        assert (found.points.p_neither == 1.0).all()
        assert (found.points.there == 0.0).all()
        assert (found.points[["total", *(f"share_{family}" for family in FAMILIES)]].abs() < 1e-12).all(axis=None)
        everywhere = found.boundaries[found.boundaries.worlds == "all"]
        assert (everywhere.boundary == np.inf).all()
        assert (everywhere.never == 1.0).all()
        assert (everywhere.draws_never == 1.0).all()
        assert found.boundaries[found.boundaries.worlds != "all"].boundary.isna().all()
        said = " ".join(found.sentences)
        assert "whatever the share of experts from 0 % to 50 %, it adds nothing that one would notice" in said
        assert "neither at 12: there is no boundary to fluoride" in said
        assert "in more than half at no share of experts tried" in said

    def test_where_all_know_the_same_nobody_learns_and_with_experts_they_do(self, folder):
        found = found_in(**EXCHANGE)
        without = found.points[found.points["staff.expert_share"] == 0.0]
        assert set(without.answer) == {"neither"}
        assert (without.p_neither == 1.0).all()
        rows = found.points[found.points["collaboration.together"] == 0.8]
        assert set(rows[rows["staff.expert_share"] > 0].answer) == {"fluoride"}
        row = found.boundary(
            "teacher-learning-community", {"staff.experienced_share": 0.1, "collaboration.together": 0.8}
        )
        assert 0.0 < row["boundary"] < 0.3
        assert 0.0 <= row["boundary_low"] <= row["boundary"] <= row["boundary_high"] <= 0.3
        assert row["draws_later"] == 1.0
        assert row["level"] == 0.3
        said = found.sentences[0]
        assert (
            "with a share of experts of 0 % it adds nothing that one would notice; from 30 % on it is the fluoride"
            in said
        )

    def test_harm_turns_into_fluoride(self, folder):
        found = found_in(**(CENTRE | EXCHANGE | {"coordination": 0.15}))
        points = found.points.set_index("staff.expert_share").answer
        assert set(points[0.0]) == {"harmful"}
        assert set(points[0.3]) == set(points[0.5]) == {"fluoride"}
        assert "with a share of experts of 0 % it does harm; from 30 % on it is the fluoride" in found.sentences[0]

    def test_without_discernment_or_experts_talk_among_unequals_harms(self, folder):
        change = ("staff.expertise_spread = 0.0", "staff.expertise_spread = 0.2")
        found = found_in(change, exchange_insight=-0.3, exchange_technique=-0.3, discernment=0.0)
        rows = found.points[found.points["staff.expert_share"] == 0.0]
        assert set(rows.answer) == {"harmful"}
        assert (rows.share_fluoride < -0.01).all()

    def test_mint_has_no_boundary_to_fluoride_and_is_mint(self, folder):
        company = {"company_motivation": 0.3, "company_reaction": 0.4}
        voluntary = ("[factors]", 'programme.attendance = "voluntary"\n[factors]')
        found = found_in(('"bystander"', '"mint"'), voluntary, **(CENTRE | company))
        assert set(found.points.answer) == {"mint"}
        assert (found.points.there == 0.0).all()
        assert not any("team-mates do move each other" in sentence for sentence in found.sentences)


class TestBoundaries:
    @pytest.mark.parametrize(
        ("chances", "where"),
        [
            ([0.2, 0.4, 0.8], 0.125),
            ([0.6, 0.2, 0.9], -np.inf),
            ([0.5, 0.5, 0.5], np.inf),
            ([0.0, 1.0, 0.0], 0.05),
            ([0.5, 0.6, 0.7], 0.0),
        ],
    )
    def test_a_chance_rises_through_one_half(self, chances, where):
        assert crossing(np.array([0.0, 0.1, 0.2]), np.array(chances)) == pytest.approx(where)

    def test_draws_one_by_one(self):
        draws = np.array([[1, 1, 1], [1, 0, 0], [0, 1, 1], [0, 0, 1], [0, 1, 0], [0, 0, 0], [0, 0, 0], [0, 0, 1]], bool)
        found = passages(np.array([0.0, 0.1, 0.4]), draws.T)
        assert found["draws_already"] == 2 / 8
        assert found["draws_later"] == 4 / 8
        assert found["draws_never"] == 2 / 8
        assert found["draws_lost"] == 2 / 8
        assert (found["level_low"], found["level_high"]) == (0.1, 0.4)

    def test_the_interval_is_that_of_a_binomial_share(self):
        rng = np.random.default_rng(1)
        luck_of_draws = rng.random(400)
        x = np.linspace(0.0, 1.0, 101)
        found = crossing_of(x, x[:, None] > luck_of_draws)  # the chance at x is x: the boundary is the median
        assert found["boundary"] == pytest.approx(np.median(luck_of_draws), abs=0.02)
        half = 1.645 * np.sqrt(0.25 / 400)
        assert found["boundary_high"] - found["boundary_low"] == pytest.approx(2 * half, rel=0.25)
        assert found["within"] == 1.0

    def test_no_draws_no_boundary(self):
        assert np.isnan(list(crossing_of(np.arange(2.0), np.zeros((2, 0), bool)).values())).all()
        assert np.isnan(list(passages(np.arange(2.0), np.zeros((2, 0), bool)).values())).all()


class TestAnswers:
    @pytest.fixture
    def found(self, swept, folder):
        trial, _ = swept
        experiment.sweep(trial, "out")
        return threshold("out")

    def test_probabilities_follow_the_rule_of_the_verdict(self, swept, found):
        _, frame = swept
        rows = frame[(frame.point == 6) & (frame.outcome == "pupil_attainment")]
        worth = rows["value"].to_numpy().reshape(12, 16)
        game = decomposition.family_game(CHANNEL_FAMILIES)
        values = {name: (worth @ weights.T)[:, :, None] for name, weights in game.weights.items()}
        shares = decomposition.shares_of(values, luck(12, 3, 4).draw, 0)
        asked = verdict.probabilities(shares)
        row = found.points[found.points.point == 6].iloc[0]
        assert {answer: row[f"p_{answer}"] for answer in verdict.ANSWERS} == asked
        assert row.answer == verdict.answer_of(asked)
        assert row.p_fluoride_or_both == pytest.approx(asked["fluoride"] + asked["both"])
        families = np.array([row[f"share_{family}"] for family in FAMILIES])
        assert families == pytest.approx(shares.families.mean(axis=0), abs=1e-15)
        assert families.sum() == pytest.approx(row.total, abs=1e-12)

    def test_the_error_of_luck_is_said(self, swept, found):
        _, frame = swept
        rows = frame[frame.outcome == "pupil_attainment"]
        worth = rows["value"].to_numpy().reshape(8, 3, 4, 16)
        learned = worth @ decomposition.family_game(CHANNEL_FAMILIES).weights["families"][0]
        error = np.sqrt(learned.var(axis=2, ddof=1).mean() / 4)
        assert found.notes == (found.notes[0],)
        assert f"a mean over 4 lucks, with a standard error of {error:.2g} pupil SD" in found.notes[0]

    def test_usual_levels_are_nearest_to_the_scenario(self, found):
        assert found.usual("teacher-learning-community") == {
            "staff.experienced_share": 0.2, "collaboration.together": 0.5, "theory.discernment": 1.0
        }  # fmt: skip
        assert found.boundaries.usual.sum() == 2

    def test_document_and_finding_say_the_same(self, found):
        document = json.loads(found.to_json())
        analysis = pdsim.analyse("out")
        assert document["sentences"] == found.sentences == list(analysis.finding.sentences)
        assert told(analysis.cells, analysis.finding).sentences == found.sentences
        assert len(document["tables"]["points"]) == 8
        assert all(sentence.endswith(".") for sentence in found.sentences)
        assert found.sentences[-1] == verdict.LIMITS

    def test_command(self, found, monkeypatch, capsys):
        assert ran(monkeypatch, "analyse", "out", "--out", "analysis") == 0
        said = capsys.readouterr().out
        for words in (found.sentences[0][:60], "the verdict", "boundary"):
            assert words in said
        assert Path("analysis/figures-analysis.png").read_bytes().startswith(b"\x89PNG")
        assert {"analysis-points.csv", "analysis-boundaries.parquet"} <= {
            path.name for path in Path("analysis").iterdir()
        }
        assert ran(monkeypatch, "analyse", "out", "--json") == 0
        assert json.loads(capsys.readouterr().out)["kind"] == "threshold"

    def test_every_cell_says_its_answer_without_colour(self, found):
        cells = [text.get_text() for axes in draw_threshold(found).axes for text in axes.texts]
        likeliest = found.points.sort_values("point")
        expected = [f"({100 * p:.0f})" for p in likeliest.p_fluoride_or_both]
        expected += [
            f"{row.likeliest[0].upper()} {100 * getattr(row, f'p_{row.likeliest}'):.0f}"
            for row in likeliest.itertuples()
        ]
        assert sorted(cells) == sorted(expected)

    def test_points_with_failed_runs_are_left_out(self, folder, monkeypatch):
        change = ("collaboration.together = { values = [0.5] }", "programme.first_week = { values = [2, 115] }")
        experiment.sweep(loaded(change), "out")
        found = threshold("out")
        assert set(found.points["programme.first_week"]) == {2}
        assert any("8 of 16 points are left out" in note for note in found.notes)

    def test_usual_levels_are_looked_for_among_whole_points(self, folder):
        change = ("collaboration.together = { values = [0.5] }", "programme.sessions = { values = [5, 9, 18] }")
        experiment.sweep(
            loaded(
                change, ("theory.discernment = { values = [0.5, 1.0] }", "programme.weeks_between = { values = [7] }")
            ),
            "out",
        )
        found = threshold("out")
        assert found.usual("teacher-learning-community")["programme.sessions"] == 9
        assert any("sessions from 5 to 9: " in sentence for sentence in found.sentences)
        assert len(draw_threshold(found).axes) == 3  # the last one empty

    @pytest.mark.parametrize("factors", [1, 2, 3])
    def test_fewer_factors(self, folder, factors):
        rest = ["staff.experienced_share", "collaboration.together", "theory.discernment"][factors - 1 :]
        lines = [line for line in TEXT.splitlines() if not line.startswith(tuple(rest))]
        experiment.sweep(loaded(text="\n".join(lines)), "out")
        found = threshold("out")
        assert len(found.boundaries) == len(found.points)  # two levels, with a row for all draws and one for some
        assert len(draw_threshold(found).axes) == 1
        assert len(tables_of(found)) == 2

    EXPERTS = "staff.expert_share = { values = [0.0, 0.5] }"

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ([('resolution = "families"\n', "")], "holds no families of channels"),
            ([('"grid"', '"latin-hypercube"\nsamples = 4')], "looked for over a grid"),
            ([(EXPERTS, 'programme.attendance = { values = ["required"] }')], "attendance has no two numbers"),
            ([(EXPERTS, "staff.expert_share = { values = [0.5] }")], "staff.expert_share has no two numbers"),
        ],
    )
    def test_mistakes(self, folder, changes, said):
        experiment.sweep(loaded(*changes), "out")
        with pytest.raises(pdsim.InputError, match=said):
            threshold("out")

    def test_other_questions_are_refused(self, found):
        with pytest.raises(pdsim.InputError, match="the verdict is on pupils"):
            pdsim.analyse("out", outcome="use")
