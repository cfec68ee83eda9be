"""The main job: what `pdsim compare` returns, writes, and can make again."""

import json
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest

import pdsim
from pdsim import assumptions, comparison, files, record, tables, theory
from pdsim.cli.console import progress_bar
from pdsim.outcomes import OUTCOMES, POPULATIONS
from pdsim.simulate import luck

DESIGNS = ["solo-course", "maths-hub"]


@pytest.fixture(scope="module")
def result():
    return pdsim.compare(DESIGNS, replicates=40, seed=5, years=2)


def last(result, scenario, outcome, population="all"):
    rows = result.table
    return rows[
        (rows.scenario == scenario)
        & (rows.outcome == outcome)
        & (rows.population == population)
        & (rows.year == result.request.years)
    ].iloc[0]


def test_json_has_exactly_the_published_keys(result):
    document = json.loads(result.to_json())
    assert list(document) == [
        "schema_version", "version", "baseline", "replicates", "seed", "years", "theory", "interval", "results",
        "pairs",
    ]  # fmt: skip
    assert list(document["results"][0]) == [
        "scenario", "outcome", "guskey_level", "unit", "population", "year", "effect", "low", "high", "mc_error",
        "school_low", "school_high", "mean",
    ]  # fmt: skip
    assert list(document["pairs"][0]) == ["a", "b", "outcome", "difference", "low", "high", "probability_b_better"]
    assert document["interval"] == 0.9
    assert document["baseline"] == "no-pd"
    hours = next(r for r in document["results"] if r["outcome"] == "hours_per_teacher")
    assert hours["guskey_level"] is None


def test_every_outcome_population_and_year_has_a_row(result):
    expected = len(DESIGNS) * len(OUTCOMES) * len(POPULATIONS) * 2
    assert len(result.table) == expected
    assert not result.table.duplicated(["scenario", "outcome", "population", "year"]).any()


def test_effect_is_the_mean_difference_of_the_runs(result):
    row = last(result, "solo-course", "pupil_attainment")
    runs = result.effects["solo-course"][:, 2, 0, OUTCOMES["pupil_attainment"].column]
    assert row.effect == pytest.approx(runs.reshape(10, 4).mean(axis=1).mean(), rel=1e-12)
    assert row.low < row.effect < row.high


def test_difference_of_a_pair_is_b_minus_a(result):
    pair = result.pairs[result.pairs.outcome == "use"].iloc[0]
    expected = last(result, pair.b, "use").effect - last(result, pair.a, "use").effect
    assert pair.difference == pytest.approx(expected, rel=1e-9)


def test_fewer_hours_and_pounds_are_better(result):
    pair = result.pairs[result.pairs.outcome == "pounds_per_teacher"].iloc[0]
    assert pair.difference < 0
    assert pair.probability_b_better == 1.0


def test_a_scenario_against_itself_differs_by_exactly_zero():
    itself = pdsim.compare(["maths-hub", "maths-hub"], replicates=8, years=1)
    assert list(itself.effects) == ["maths-hub", "maths-hub (2)"]
    assert (itself.pairs.difference == 0).all()
    assert (itself.pairs.probability_b_better == 0.5).all()
    same = pdsim.compare(["no-pd"], replicates=8, years=1)
    assert (same.table.effect.dropna() == 0).all()


def test_names_that_look_numbered_stay_apart():
    first = pdsim.scenario("no-pd")
    designs = [first, first.model_copy(update={"name": "no-pd (2)"}), first]
    assert list(pdsim.compare(designs, replicates=2, years=1).effects) == ["no-pd", "no-pd (2)", "no-pd (3)"]


def test_one_design_needs_no_list():
    assert list(pdsim.compare("no-pd", replicates=2, years=1).effects) == ["no-pd"]


def test_settings_reach_all_designs_and_theory_is_labelled():
    settings = {"staff.teachers_per_school": 12, "theory.discernment": 1.0}
    changed = pdsim.compare(DESIGNS, replicates=4, years=1, settings=settings)
    assert all(d.staff.teachers_per_school == 12 for d in changed.request.designs)
    assert "discernment = 1" in changed.theory
    assert "fitted to published patterns" in changed.theory


def test_one_draw_has_no_width_and_says_so():
    one = pdsim.compare(["solo-course"], replicates=8, years=1, theory="point")
    rows = one.table.dropna(subset=["effect"])
    assert np.allclose(rows.low, rows.high)
    assert any("no width" in note for note in tables.notes(one))


def test_participants_of_a_baseline_are_those_of_the_design(result):
    part, rest = (last(result, "maths-hub", "hours_per_teacher", p)["mean"] for p in ("participants", "colleagues"))
    everyone = last(result, "maths-hub", "hours_per_teacher")["mean"]
    assert rest < everyone < part
    assert part * 5 / 40 + rest * 35 / 40 == pytest.approx(everyone)


def test_variance_components_recover_known_spread():
    rng = np.random.default_rng(1)
    draws, each = 4000, 4
    truth = rng.normal(0.3, 0.2, draws)
    values = np.repeat(truth, each) + rng.normal(0, 0.5, draws * each)
    spread = comparison.spread_over_draws(values, luck(draws * each, draws, 0).draw)
    low, high = spread.interval()
    assert spread.effect == pytest.approx(0.3, abs=4 * 0.32 / np.sqrt(draws))
    assert (low, high) == (pytest.approx(0.3 - 1.645 * 0.2, abs=0.03), pytest.approx(0.3 + 1.645 * 0.2, abs=0.03))
    assert spread.chance_positive == pytest.approx((truth > 0).mean(), abs=0.03)
    assert spread.error == pytest.approx(np.sqrt((0.2**2 + 0.5**2 / 4) / draws), rel=0.05)


def test_luck_alone_leaves_no_interval_and_an_even_chance():
    rng = np.random.default_rng(2)
    spread = comparison.spread_over_draws(rng.normal(0, 1, (400, 50)), luck(400, 100, 0).draw)
    low, high = spread.interval()
    assert np.median(high - low) < 0.6  # the draws' means alone would span 1.6
    assert 0.3 < spread.chance_positive.mean() < 0.7


def test_out_writes_whole_files_and_replay_proves_them(result, tmp_path):
    record.save(result, tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert {"results.parquet", "results.csv", "pairs.csv", "runs.parquet", "report.html", "manifest.json"} <= names
    assert {path.suffix for path in tmp_path.iterdir()} >= {".svg", ".png"}
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "results.parquet"), result.table)
    verdict = record.replay(tmp_path, progress_bar)
    assert verdict.same
    assert verdict.text.startswith("identical")


def test_replay_tells_tolerance_from_difference(result, tmp_path):
    saved = record.manifest(result)
    saved["result"]["results"][0]["effect"] += 1e-13
    (tmp_path / "near.json").write_text(json.dumps(saved))
    saved["result"]["results"][0]["effect"] += 1e-3
    (tmp_path / "far.json").write_text(json.dumps(saved))
    assert record.replay(tmp_path / "near.json", progress_bar).text.startswith("within tolerance")
    far = record.replay(tmp_path / "far.json", progress_bar)
    assert not far.same
    assert "0.001" in far.text


def test_replay_needs_no_staffroom_files(tmp_path):
    (tmp_path / "ties.csv").write_text("from,to\na,b\nb,c\nc,a\nd,a\n")
    settings = {"network.edges": str(tmp_path / "ties.csv")}
    real = pdsim.compare(["solo-course"], replicates=4, years=1, settings=settings)
    (tmp_path / "ties.csv").unlink()
    out = tmp_path / "out"
    files.check_folder(out)
    record.save(real, out)
    assert record.replay(out, progress_bar).text.startswith("identical")


def test_replay_needs_no_file_of_assumptions(tmp_path):
    (tmp_path / "mine.toml").write_text("discernment = 0.5\n")
    own = pdsim.compare(["solo-course"], replicates=4, years=1, theory=str(tmp_path / "mine.toml"))
    (tmp_path / "mine.toml").unlink()
    (tmp_path / "manifest.json").write_text(json.dumps(record.manifest(own)))
    assert record.replay(tmp_path, progress_bar).text.startswith("identical")


def test_retention_has_no_earlier_cohort(result):
    assert np.isnan(last(result, "solo-course", "retention").school_low)


def test_a_stopped_run_says_so_and_leaves_no_half_written_file(tmp_path):
    out = tmp_path / "out"
    listening = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"  # background jobs do not
    start = f"{listening}; from pdsim.cli import main; main()"
    options = ["solo-course", "--replicates", "100000", "--out", str(out)]
    command = [sys.executable, "-c", start, "compare", *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        while not out.exists():  # made when the input is checked, before anything runs
            assert running.poll() is None
            time.sleep(0.05)
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=120)
    assert running.returncode == 1
    assert "pdsim: stopped" in said
    assert list(out.iterdir()) == []


def test_pairs_in_words_name_the_better_design_first(result):
    (sentence,) = tables.pair_sentences(result)
    assert sentence.startswith("For pupils, solo-course beats maths-hub in ")


@pytest.mark.parametrize("world", theory.WORLDS)
def test_named_worlds_fix_what_they_name(world):
    believed = theory.load(world, 8, 1)
    for name, value in theory.WORLDS[world].items():
        assert (believed.draws[name] == value).all()
    assert len(np.unique(believed.draws["insight_rate"])) == 8


def test_families_are_off_in_half_of_the_prior():
    draws = theory.load("prior", 4000, 3).draws
    for family in assumptions.FAMILIES:
        names = [p.name for p in assumptions.REGISTER if p.family == family]
        off = np.all([draws[name] == 0 for name in names], axis=0)
        assert off.mean() == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(4000))


def test_draws_stay_in_range_and_more_draws_keep_the_first():
    few, many = theory.load("prior", 5, 9).draws, theory.load("prior", 50, 9).draws
    for p in assumptions.REGISTER:
        assert (few[p.name] == many[p.name][:5]).all()
        assert ((many[p.name] >= p.low) & (many[p.name] <= p.high) | (many[p.name] == 0)).all()
