"""The shipped posterior: enough draws, fitted as recorded, and still what this version of the model makes of them."""

import numpy as np
import pandas as pd
import pytest

from pdsim import assumptions, calibration_tables, odd, theory
from pdsim.calibration import checks
from pdsim.calibration.fit import LUCKS, luck_seed
from pdsim.calibration.patterns import Worlds
from pdsim.calibration.targets import MODULES, TARGETS, statistics

RECORD = theory.shipped_record()
DRAWS = theory.shipped_draws()
FITS = ["posterior", theory.RIVAL]


def stored(name="posterior"):
    """Statistics of the shipped draws, as they were when they were fitted."""
    with theory.shipped_file(f"{name}-patterns.parquet").open("rb") as file:
        return pd.read_parquet(file)


def test_enough_draws_of_enough_effect():
    assert len(DRAWS) == RECORD["draws"] >= 500
    assert RECORD["diagnostics"]["effective_sample_size_of_particles"] >= 500
    assert RECORD["diagnostics"]["remembered"] < 0.6  # one coordinate; others have forgotten where they came from
    assert len(np.unique(np.column_stack([DRAWS[name] for name in assumptions.PARAMETERS]), axis=0)) == len(DRAWS)


@pytest.mark.parametrize("name", FITS)
def test_draws_are_in_range(name):
    draws = theory.shipped_draws(name)
    for p in assumptions.REGISTER:
        assert np.isfinite(draws[p.name]).all()
        assert (draws[p.name] >= p.low).all()
        assert (draws[p.name] <= p.high).all()


def test_the_model_still_makes_the_statistics_that_were_fitted():
    rows = stored().sample(3, random_state=1)
    for row, found in rows.iterrows():
        one = theory.Theory("", DRAWS[row : row + 1].view(np.recarray))
        again = statistics(Worlds(one, LUCKS, luck_seed(RECORD["seed"]), int(found["luck"]))).mean(axis=0)
        np.testing.assert_allclose(again, found.drop("luck").to_numpy(float), rtol=1e-9, atol=1e-12)


def test_the_record_says_what_the_statistics_are():
    rows = {row["name"]: row for row in RECORD["patterns"]}
    assert list(rows) == [*(t.name for t in TARGETS), *(t.name for m in MODULES for t in m.targets)]
    for target in TARGETS:
        values = stored()[target.name].to_numpy()
        assert rows[target.name]["mean"] == pytest.approx(values.mean())
        assert rows[target.name]["within_tolerance"] == pytest.approx(target.within(values).mean())
        assert rows[target.name]["target"] == target.value


def test_synthetic_truths_are_recovered():
    recovered = RECORD["diagnostics"]["synthetic"]
    assert recovered["truths"] >= 50
    assert recovered["checked"] >= 5
    error = np.sqrt(0.9 * 0.1 / recovered["truths"])  # intervals of one truth go together, so truths are what counts
    for name in ("coverage_of_touched", "coverage_of_all"):
        assert abs(recovered[name] - 0.9) < 2 * error


def test_every_parameter_has_its_shrinkage():
    rows = {row["name"]: row for row in RECORD["parameters"]}
    assert list(rows) == list(assumptions.PARAMETERS)
    for name, row in rows.items():
        if row["how"] != "fixed":
            assert row["low"] <= row["median"] <= row["high"]
            assert row["shrinkage"] <= 1.0
            values = DRAWS[name][DRAWS[name] != 0.0] if assumptions.PARAMETERS[name].family else DRAWS[name]
            assert row["median"] == pytest.approx(np.median(values))


def test_families_of_channels_can_be_off_after_the_evidence_too():
    on = checks.families_on(DRAWS).mean(axis=0)
    assert ((on > 0.2) & (on < 0.8)).all()
    assert dict(zip(assumptions.FAMILIES, on, strict=True)) == pytest.approx(RECORD["families_on"])


def test_the_point_is_a_draw_with_every_family():
    point = theory.load("point", 1, 0).draws
    assert len(point) == 1
    assert point[0] in DRAWS
    assert checks.families_on(point).all()


def test_draws_are_a_random_part_of_the_shipped_ones():
    few = theory.load("posterior", 50, 1).draws
    assert len(np.unique(few["use_effect"])) == 50
    assert np.isin(few["use_effect"], DRAWS["use_effect"]).all()
    assert not np.array_equal(few["use_effect"], theory.load("posterior", 50, 2).draws["use_effect"])
    many = theory.load("posterior", 2 * len(DRAWS), 1).draws
    assert (np.unique(many["use_effect"], return_counts=True)[1] == 2).all()


def test_no_teacher_learns_from_another_in_the_rival():
    rival = theory.load_rival(100, 1).draws
    for name, value in assumptions.NO_NETWORK.items():
        assert (rival[name] == value).all()
    assert not np.array_equal(np.median(rival["use_effect"]), np.median(DRAWS["use_effect"]))


def test_documents_show_every_pattern_and_what_is_not_touched():
    text = " ".join(odd.odd_text().split())
    for row in calibration_tables.pattern_rows(RECORD):
        assert row[1] in text
        assert row[4] in text
    for name in calibration_tables.untouched(RECORD):
        assert f"`{name}`" in text
