"""Analyses of experiments: functions whose answers are known through the same path, from TOML to indices."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import pdsim
from pdsim import experiment
from pdsim.experiment import work
from pdsim.experiment.levels import Levels
from pdsim.kernel.measure import OUTCOMES, POPULATIONS
from sweeps import ran

HEAD = """
title = "A function whose answer is known"
scenarios = ["teacher-learning-community"]
replicates = {replicates}
seed = 5
years = 1
theory = "prior"

[output]
outcomes = ["use", "pupil_attainment"]

[design]
"""
FACTORS = """
[factors]
programme.fidelity = { low = 0.0, high = 1.0 }
programme.content = { low = 0.0, high = 1.0 }
school.leadership = { low = 0.0, high = 1.0 }
"""
PATHS = ("programme.fidelity", "programme.content", "school.leadership")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def swept(monkeypatch, function, design, factors=FACTORS, replicates=1):
    """A finished sweep of a known function of the three factors' values, put in the place of the model's runs."""

    def levels(resolution, scenario, theories, runs, reported=None):
        values = np.array([scenario.programme.fidelity, scenario.programme.content, scenario.school.leadership])
        answer = 0.0 if reported else function(values)
        luck = runs.replicate[:, None, None, None] * 10.0  # the same with and without the programme
        return Levels(np.zeros((len(runs.draw), 1, len(POPULATIONS), len(OUTCOMES))) + answer + luck, np.array([1]))

    monkeypatch.setattr(work, "levels", levels)
    Path("known.toml").write_text(f"{HEAD.format(replicates=replicates)}{design}\n{factors}")
    assert experiment.sweep("known.toml", "out").status.complete
    return "out"


def ishigami(values):
    """The function of Ishigami and Homma (1990) with a = 7 and b = 0.1, over -pi to pi."""
    x = np.pi * (2 * values - 1)
    return np.sin(x[0]) + 7 * np.sin(x[1]) ** 2 + 0.1 * x[2] ** 4 * np.sin(x[0])


def test_sobol_indices_of_the_ishigami_function(folder, monkeypatch):
    out = swept(monkeypatch, ishigami, 'method = "sobol"\nsamples = 512\nsecond_order = true')
    table = pdsim.analyse(out).tables["indices"].set_index("factor").loc[list(PATHS)]
    assert table["first"].to_numpy() == pytest.approx([0.314, 0.442, 0.0], abs=0.03)
    assert table["total"].to_numpy() == pytest.approx([0.558, 0.442, 0.244], abs=0.03)
    for name, truth in (("first", [0.314, 0.442, 0.0]), ("total", [0.558, 0.442, 0.244])):
        assert (table[f"{name}_low"] < truth).all()
        assert (table[f"{name}_high"] > truth).all()
    pairs = pdsim.analyse(out).tables["pairs"].set_index(["a", "b"])["second"]
    assert pairs[PATHS[0], PATHS[2]] == pytest.approx(0.244, abs=0.05)
    assert pairs[PATHS[0], PATHS[1]] == pytest.approx(0.0, abs=0.05)


def test_intervals_of_indices_cover_draws_and_points(folder, monkeypatch):
    out = swept(monkeypatch, lambda v: v[0] + v[1], 'method = "sobol"\nsamples = 32', replicates=8)
    found = pdsim.analyse(out)
    table = found.tables["indices"].set_index("factor")
    assert found.cells.draws == 2
    acting = table.loc[list(PATHS[:2])]
    assert (acting["first_low"] < acting["first"]).all()
    assert (acting["first"] < acting["first_high"]).all()
    assert table["total"].loc[PATHS[2]] == 0
    again = pdsim.analyse(out).tables["indices"]
    assert again.equals(found.tables["indices"])


def linear(values):
    """A function whose elementary effects are 1, -2 and 0 everywhere, over factors of range 1."""
    return values[0] - 2 * values[1]


def test_morris_measures_of_a_linear_function(folder, monkeypatch):
    out = swept(monkeypatch, linear, 'method = "morris"\nsamples = 6', replicates=5)
    table = pdsim.analyse(out).tables["measures"].set_index("factor").loc[list(PATHS)]
    assert table["mu_star"].to_numpy() == pytest.approx([1, 2, 0])
    assert table["mu"].to_numpy() == pytest.approx([1, -2, 0])
    assert table["sigma"].to_numpy() == pytest.approx([0, 0, 0], abs=1e-9)
    for end in ("low", "high"):
        assert table[f"mu_star_{end}"].to_numpy() == pytest.approx([1, 2, 0])


def test_morris_measures_are_those_of_the_library(folder, monkeypatch):
    from SALib.analyze import morris

    out = swept(monkeypatch, ishigami, 'method = "morris"\nsamples = 8\nlevels = 6')
    loaded = experiment.load("known.toml")
    points = experiment.unit_points(loaded)
    y = np.array([ishigami(point) for point in points])
    expected = morris.analyze(experiment.problem(loaded), points, y, num_levels=6, num_resamples=5, seed=1)
    table = pdsim.analyse(out).tables["measures"].set_index("factor").loc[list(PATHS)]
    for name in ("mu_star", "mu", "sigma"):
        assert table[name].to_numpy() == pytest.approx(np.asarray(expected[name], float))
        assert (table[f"{name}_low"] <= table[name] + 1e-9).all()
        assert (table[name] <= table[f"{name}_high"] + 1e-9).all()


def test_surface_of_a_known_function(folder, monkeypatch):
    def function(values):
        return np.sin(3 * values[0]) + 2 * values[1]

    out = swept(monkeypatch, function, 'method = "latin-hypercube"\nsamples = 80')
    found = pdsim.analyse(out)
    changes = found.tables["changes"].set_index("factor")
    truth = [np.sin(3), 2, 0]
    assert changes["change"].loc[list(PATHS)].to_numpy() == pytest.approx(truth, abs=0.08)
    for end, sign in (("low", 1), ("high", -1)):
        assert (sign * (truth - changes[f"change_{end}"].loc[list(PATHS)]) > -0.02).all()  # it smooths a little
    variances = np.array([np.var(np.sin(3 * np.linspace(0, 1, 1001))), 4 / 12, 0])
    assert changes["share"].loc[list(PATHS)].to_numpy() == pytest.approx(variances / variances.sum(), abs=0.04)
    curve = found.tables["factors"].query("factor == @PATHS[0]")
    shape = np.sin(3 * curve["value"].to_numpy(float)) + 1
    assert curve["effect"].to_numpy(float) == pytest.approx(shape, abs=0.1)  # most at the ends
    inside = (curve["low"] - 0.03 <= shape) & (shape <= curve["high"] + 0.03)
    assert inside.mean() > 0.9
    surface = found.tables["surface"]
    assert set(surface["x_factor"]) | set(surface["y_factor"]) == set(PATHS[:2])
    x, y = (surface[name].to_numpy(float) for name in ("x", "y"))
    if surface["x_factor"].iloc[0] == PATHS[1]:
        x, y = y, x
    assert surface["effect"].to_numpy() == pytest.approx(np.sin(3 * x) + 2 * y, abs=0.1)


def test_discovery_finds_a_known_box(folder, monkeypatch):
    pytest.importorskip("ema_workbench")

    def in_box(values):
        return float(values[0] >= 0.5 and values[1] <= 0.6)

    monkeypatch.setattr("pdsim.analysis.discovery.RESAMPLES", 3)
    out = swept(monkeypatch, in_box, 'method = "latin-hypercube"\nsamples = 120')
    found = pdsim.analyse(out, at_least=0.5)
    box = found.tables["box"].set_index("factor")
    assert box["restricted"].loc[list(PATHS)].tolist() == [True, True, False]
    assert box["low"].loc[PATHS[0]] == pytest.approx(0.5, abs=0.03)
    assert box["high"].loc[PATHS[1]] == pytest.approx(0.6, abs=0.03)
    assert box["quasi_p_low"].loc[PATHS[0]] < 0.001
    assert box["found_again"].loc[list(PATHS[:2])].tolist() == [1, 1]
    quality = found.tables["quality"].iloc[0]
    assert quality["coverage"] > 0.9
    assert quality["density"] > 0.9
    assert quality["reached"] == found.tables["points"]["reached"].sum()
    nowhere = pdsim.analyse(out, at_least=2.0)
    assert "box" not in nowhere.tables
    assert nowhere.plot() is not None


GRID = """
[factors]
programme.fidelity = { values = [0.0, 0.5, 1.0] }
programme.format = { values = ["solo", "collaborative"] }
"""


def test_grid_gives_the_average_of_every_point_and_of_every_factor(folder, monkeypatch):
    out = swept(monkeypatch, lambda v: v[0], 'method = "grid"', GRID, replicates=8)
    tables = pdsim.analyse(out).tables
    points = tables["points"]
    assert points["programme.fidelity"].tolist() == [0, 0, 0.5, 0.5, 1, 1]
    assert points["effect"].tolist() == pytest.approx(points["programme.fidelity"].tolist())
    assert points["low"].tolist() == pytest.approx(points["high"].tolist())
    curve = tables["factors"].query("factor == 'programme.format'")
    assert curve["value"].tolist() == ["solo", "collaborative"]
    assert curve["effect"].tolist() == pytest.approx([0.5, 0.5])


REAL = """
title = "Two designs"
question = "What does working together add?"
scenarios = ["solo-course", "teacher-learning-community"]
replicates = 8
seed = 2
years = 1

[design]
method = "{method}"
{more}

[settings]
staff.teachers_per_school = 6

[factors]
{factors}

[output]
outcomes = ["use", "pupil_attainment"]
"""
RANGES = """
programme.fidelity = { low = 0.3, high = 0.9 }
collaboration.together = { low = 0.1, high = 0.7 }
programme.attendance = { values = ["required", "voluntary"] }
"""
METHODS = {
    "grid": ("", "collaboration.together = { low = 0.0, high = 1.0, levels = 3 }"),
    "latin-hypercube": ("samples = 45", RANGES),
    "morris": ("samples = 4", RANGES),
    "sobol": ("samples = 16", RANGES),
}


def real(method, name="trial", factors=""):
    """A finished sweep of the model itself."""
    more, usual = METHODS[method]
    Path(f"{name}.toml").write_text(REAL.format(method=method, more=more, factors=factors or usual))
    experiment.sweep(f"{name}.toml", f"{name}-out", chunk_seconds=0.2)
    return Path(f"{name}-out")


def test_grid_of_the_model_is_a_comparison_at_every_point(folder):
    found = pdsim.analyse(real("grid"), outcome="use").tables["points"]
    designs = [
        pdsim.scenario(name).with_(**{"staff.teachers_per_school": 6, "collaboration.together": 0.5})
        for name in ("solo-course", "teacher-learning-community")
    ]
    compared = pdsim.compare(designs, replicates=8, seed=2, years=1)
    rows = compared.table.query("outcome == 'use' and population == 'all'").set_index("scenario")
    for name in rows.index:
        here = found[(found["contrast"] == name) & (found["collaboration.together"] == 0.5)].iloc[0]
        expected = rows.loc[name, ["effect", "low", "high", "mc_error"]].to_list()
        assert here[["effect", "low", "high", "mc_error"]].to_list() == pytest.approx(expected, rel=1e-12)
    pair = compared.pairs.query("outcome == 'use'").iloc[0]
    lead = found[found["contrast"] == "teacher-learning-community minus solo-course"]
    here = lead[lead["collaboration.together"] == 0.5].iloc[0]
    assert here[["effect", "low", "high"]].to_list() == pytest.approx(pair[["difference", "low", "high"]].to_list())


@pytest.mark.parametrize("method", METHODS)
def test_command_prints_writes_and_gives_json(folder, monkeypatch, capsys, method):
    out = real(method)
    capsys.readouterr()
    assert ran(monkeypatch, "analyse", out, "--out", "written") == 0
    printed = " ".join(capsys.readouterr().out.split())
    for words in (
        "Two designs",
        "Question: What does working together add?",
        "pupil SD",
        "90 % interval",
        "seed 2",
        f"Found again by: pdsim analyse {out};",
    ):
        assert words in printed
    files = {path.name for path in Path("written").iterdir()}
    assert {"analysis.json", "figures-analysis.svg", "figures-analysis.png"} <= files
    document = json.loads(Path("written/analysis.json").read_text())
    assert document["method"] == method
    assert (
        document["runs"]
        == document["runs_done"]
        == experiment.stored_experiment(out).replicates * 2 * (document["points"])
    )
    for name, rows in document["tables"].items():
        table = pd.read_csv(f"written/analysis-{name}.csv", comment="#")
        assert len(rows) == len(table) == len(pd.read_parquet(f"written/analysis-{name}.parquet"))
        assert {row["contrast"] for row in rows} == set(document["contrasts"])
    assert ran(monkeypatch, "analyse", out, "--json") == 0
    assert json.loads(capsys.readouterr().out) == document
    percents: list[float] = []
    pdsim.analyse(out, progress=percents.append)
    assert sum(percents) == pytest.approx(100)
    svg = Path("written/figures-analysis.svg").read_bytes()
    assert ran(monkeypatch, "analyse", out, "--out", "written") == 0
    assert Path("written/figures-analysis.svg").read_bytes() == svg


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--outcome", "pupil_atainment"), "did you mean 'pupil_attainment'?"),
        (("--outcome", "retention"), "it has use, pupil_attainment"),
        (("--population", "colleagues"), "has no 'colleagues'"),
        (("--scenario", "solo-curse"), "did you mean 'solo-course'?"),
        (("--minus", "solo-course"), "needs --scenario"),
        (("--scenario", "solo-course", "--minus", "solo-course"), "needs --scenario with another"),
        (("--at-least", "nan"), "out of range"),
        (("--at-least", "0.02"), "only 3 of 3 points are whole; 40 are needed"),
    ],
)
def test_wrong_questions_are_one_clear_line(folder, monkeypatch, capsys, options, message):
    out = real("grid")
    capsys.readouterr()
    assert ran(monkeypatch, "analyse", out, *options) == 2
    said = capsys.readouterr()
    assert message in said.err
    assert said.err.count("\n") == 1
    assert said.out == ""


def test_discovery_asks_of_one_effect_and_says_what_to_install(folder, monkeypatch, capsys):
    out = real("morris")
    with pytest.raises(pdsim.InputError, match="sample a Latin hypercube"):
        pdsim.analyse(out, at_least=0.02)
    monkeypatch.setattr("pdsim.analysis.discovery.find_spec", lambda name: None)
    assert ran(monkeypatch, "analyse", out, "--at-least", "0.02") == 2
    assert "pip install 'pdsim[discovery]'" in capsys.readouterr().err


def test_incomplete_results_are_refused_or_named(folder, monkeypatch):
    out = real("latin-hypercube")
    parts = sorted((out / "parts").glob("*.parquet"))
    assert len(parts) > 2
    parts[-1].unlink()
    with pytest.raises(pdsim.InputError, match=r"chunks are there .* finish it with pdsim sweep"):
        pdsim.analyse(out)
    found = pdsim.analyse(out, partial=True)
    assert any("points are left out" in note for note in found.finding.notes)
    for part in parts:
        part.unlink(missing_ok=True)
    with pytest.raises(pdsim.InputError, match="no results yet"):
        pdsim.analyse(out, partial=True)


def test_failed_runs_are_counted_and_their_points_left_out(folder, capsys, monkeypatch):
    factors = "programme.first_week = { values = [2, 40, 115] }\nprogramme.fidelity = { values = [0.4, 0.8] }"
    out = real("grid", factors=factors)
    found = pdsim.analyse(out, scenario="solo-course")
    assert found.cells.status.failed == 2 * 2 * 8
    assert set(found.tables["points"]["programme.first_week"]) == {2, 40}
    assert found.finding.notes == [
        "solo-course: 2 of 6 points are left out, as runs of them failed or are missing",
    ]
    assert ran(monkeypatch, "analyse", out) == 0
    assert "32 of them failed (first:" in " ".join(capsys.readouterr().out.split())


def test_weeks_and_teachers_give_their_last_level(folder):
    text = REAL.format(method="grid", more="", factors=METHODS["grid"][1])
    for resolution in ("run", "year", "week", "teacher"):
        Path("level.toml").write_text(f'{text}resolution = "{resolution}"\n'.replace(', "pupil_attainment"', ""))
        experiment.sweep("level.toml", resolution)
    found = {name: pdsim.analyse(name, outcome="use").tables["points"] for name in ("run", "year", "teacher", "week")}
    run = found["run"]["effect"].to_numpy()
    assert found["year"]["effect"].to_numpy() == pytest.approx(run)
    assert found["teacher"]["effect"].to_numpy() == pytest.approx(run)
    assert np.corrcoef(found["week"]["effect"], run)[0, 1] > 0.9


README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def readme_block(language):
    """The README's one example in a language."""
    (block,) = re.findall(rf"^```{language}\n(.*?)^```", README, re.S | re.M)
    return block


def test_the_experiment_of_the_readme_is_right(folder):
    Path("readme.toml").write_text(readme_block("toml"))
    assert experiment.load("readme.toml").replicates == 40


def test_readers_of_the_readme_find_the_means_of_the_results(folder):
    duckdb = pytest.importorskip("duckdb")
    shipped = experiment.load("well-implemented")
    small = shipped.model_copy(update={"replicates": 2})
    result = experiment.sweep(small, "results/well-implemented").results()
    points = experiment.design_points(small)
    rows = result[result["outcome"] == "pupil_attainment"].merge(points, on="point")
    expected = rows.groupby(["scenario", "programme.fidelity"], observed=True)["effect"].mean().to_dict()
    assert len(expected) == 3 * 9
    names: dict = {}
    exec(compile(readme_block("py"), "README.md", "exec"), names)
    assert names["means"].to_dict() == pytest.approx(expected)
    found = duckdb.sql(readme_block("sql")).fetchall()
    assert {(scenario, value): effect for scenario, value, effect in found} == pytest.approx(expected)


LEVELS = "[factors]\nprogramme.fidelity = { low = 0.0, high = 1.0, levels = 6 }\n"
WORDS = 'programme.format = { values = ["solo", "collaborative"] }\n'
SEVERAL = "programme.content = { low = 0.1, high = 0.9, levels = 5 }\n"


@pytest.mark.parametrize(
    ("factors", "kinds"),
    [
        (LEVELS, ["line"]),
        (LEVELS + WORDS, ["lines"]),
        (LEVELS + SEVERAL, ["map"]),
        (LEVELS + SEVERAL + WORDS, ["line", "line", "dots"]),
    ],
)
def test_pictures_of_grids_show_what_was_found(folder, monkeypatch, factors, kinds):
    out = swept(monkeypatch, lambda v: v[0] - v[1], 'method = "grid"', factors)
    figure = pdsim.analyse(out).plot()
    assert len(figure.axes) == len(kinds)
    for axes, kind in zip(figure.axes, kinds, strict=True):
        curves = [line for line in axes.lines if len(line.get_xdata()) > 2]
        shown = {"line": 1, "lines": 2, "map": 0, "dots": 0}[kind]
        assert len(curves) == shown
        assert len(axes.images) == (kind == "map")
    if kinds == ["line"]:
        assert figure.axes[0].lines[0].get_ydata() == pytest.approx(np.linspace(0, 1, 6) - CONTENT, abs=1e-9)


CONTENT = pdsim.scenario("teacher-learning-community").programme.content


def test_what_does_not_vary_is_said(folder, monkeypatch):
    for method in ("latin-hypercube", "sobol"):
        out = swept(monkeypatch, lambda v: 0.5, f'method = "{method}"\nsamples = 32')
        with pytest.raises(pdsim.InputError, match="does not vary over the design"):
            pdsim.analyse(out)
        shutil.rmtree(out)


def test_whole_base_points_are_analysed_where_others_are_missing(folder):
    out = real("sobol")
    parts = sorted((out / "parts").glob("*.parquet"))
    parts[0].unlink()
    found = pdsim.analyse(out, partial=True, scenario="teacher-learning-community", minus="solo-course")
    (note,) = found.finding.notes
    assert "of 16 base points are left out" in note
    assert found.to_dict()["runs_done"] < found.to_dict()["runs"]
    assert found.command == f"pdsim analyse {out} --scenario teacher-learning-community --minus solo-course --partial"
    assert found.to_dict()["model"] == work.model_version()


def test_trajectories_of_another_library_are_refused(folder, monkeypatch):
    out = real("morris")
    monkeypatch.setattr("pdsim.analysis.finding.designs.points", lambda experiment: np.zeros((1, 3)))
    with pytest.raises(pdsim.InputError, match="made by other versions"):
        pdsim.analyse(out)


def test_a_hypercube_of_one_factor_has_a_curve_and_no_map(folder, monkeypatch):
    factors = "[factors]\nprogramme.fidelity = { low = 0.1, high = 1.0, log = true }\n"
    out = swept(monkeypatch, lambda v: np.log(v[0]), 'method = "latin-hypercube"\nsamples = 30', factors)
    found = pdsim.analyse(out)
    curve = found.tables["factors"]
    assert curve["effect"].to_numpy() == pytest.approx(np.log(curve["value"].to_numpy(float)), abs=0.02)
    assert found.tables["surface"].empty
    assert len(found.plot().axes) == 1
