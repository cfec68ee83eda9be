"""The threshold: families of channels in a sweep, and where collaboration turns into fluoride."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import pdsim
from pdsim import experiment, theory
from pdsim.assumptions import CHANNEL_FAMILIES, FAMILIES
from pdsim.experiment import levels, work
from pdsim.explanation import coalitions, decomposition
from pdsim.kernel.records import CHANNELS
from pdsim.outcomes import OUTCOMES
from pdsim.simulate import luck, simulate
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
