"""Experiment files and designs: what they mean, what is wrong with them, and the numbers that come out."""

import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import pdsim
from pdsim import comparison, experiment, scenarios, theory
from pdsim.assumptions import PARAMETERS
from pdsim.experiment import designs, plan, work
from pdsim.experiment.definition import Experiment, point_count, run_count
from pdsim.experiment.store import MOST_PARTS, Part, open_store, to_join, without_overlap
from pdsim.kernel.records import WEEKS
from pdsim.mesa_model import StaffroomModel
from pdsim.simulate import luck, simulate

GRID = """
title = "How much time together, and how faithfully"
question = "Does fidelity matter more when teachers work together?"
scenarios = ["teacher-learning-community", "solo-course"]
replicates = 6
seed = 3
years = 1

[design]
method = "grid"

[settings]
staff.teachers_per_school = 8

[factors]
programme.fidelity = { values = [0.4, 0.9] }
"collaboration.together" = { low = 0.0, high = 1.0, levels = 3 }

[output]
outcomes = ["use", "pupil_attainment"]
"""
HYPERCUBE = """
scenarios = ["teacher-learning-community"]
replicates = 4
seed = 0
years = 1

[design]
method = "latin-hypercube"
samples = 16

[settings]
staff.teachers_per_school = 6

[factors]
programme.sessions = { low = 1, high = 4 }
programme.format = { values = ["solo", "collaborative"] }
programme.hours = { low = 0.5, high = 8.0, log = true }
programme.content = { low = 0.1, high = 0.9, distribution = "normal", mean = 0.5, sd = 0.1 }
school.leadership = { low = 0.0, high = 1.0, distribution = "triangular", mode = 0.8 }
theory.discernment = { low = 0.5, high = 1.0 }
theory.craft_spillover = {}
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder to be in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(text, name="trial.toml"):
    """A file with this text."""
    Path(name).write_text(text, encoding="utf-8")
    return name


def loaded(text, *changes):
    """The experiment of a text, with pieces of the text replaced."""
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return experiment.load(written(text))


def test_file_becomes_a_complete_frozen_experiment(folder):
    found = loaded(GRID)
    assert found.name == "trial"
    assert [scenario.name for scenario in found.scenarios] == ["teacher-learning-community", "solo-course"]
    assert {scenario.staff.teachers_per_school for scenario in found.scenarios} == {8}
    assert {scenario.evaluation.years for scenario in found.scenarios} == {1}
    assert found.baseline.name == "no-pd"
    assert (point_count(found), run_count(found)) == (6, 72)
    with pytest.raises(ValueError, match="frozen"):
        found.seed = 2


@pytest.mark.parametrize("text", [GRID, HYPERCUBE])
def test_experiment_comes_back_from_its_record(text, folder):
    found = loaded(text)
    again = Experiment.model_validate_json(found.model_dump_json())
    assert again == found
    assert np.array_equal(designs.points(again), designs.points(found))


def test_years_are_the_longest_that_a_scenario_names(folder):
    found = loaded(GRID, ("years = 1\n", ""))
    longest = max(scenarios.load(name).evaluation.years for name in ("teacher-learning-community", "solo-course"))
    assert {scenario.evaluation.years for scenario in found.scenarios} == {longest}


def test_scenarios_assumptions_and_tables_lie_beside_the_file(folder):
    Path("study").mkdir()
    Path("study/ours.toml").write_text('extends = "solo-course"\n')
    Path("study/believed.toml").write_text("discernment = 0.75\n")
    Path("study/a.csv").write_text("from,to\nT1,T2\n")
    text = GRID.replace('"solo-course"', '"ours"').replace("seed = 3", 'seed = 3\ntheory = "believed.toml"')
    text = text.replace("[output]", 'network.edges = { values = ["a.csv"] }\n[output]')
    found = experiment.load(written(text, "study/trial.toml"))
    assert found.scenarios[1].name == "ours"
    assert found.assumptions == {"discernment": 0.75}
    design = designs.scenario_at(found.scenarios[1], designs.axes(found), designs.points(found)[0])
    assert design.staffroom is not None
    assert design.staffroom.ids == ("T1", "T2")


def test_patterns_name_many_assumptions(folder):
    found = loaded(HYPERCUBE, ("theory.craft_spillover = {}", '"theory.*" = {}'))
    free = [name for name, p in PARAMETERS.items() if p.prior.kind != "fixed"]
    assert [path.removeprefix("theory.") for path in found.factors if path.startswith("theory.")] == [
        "discernment",
        *(name for name in free if name != "discernment"),
    ]
    assert found.factors["theory.discernment"].distribution == "uniform"
    assert found.factors["theory.helping"].distribution == "prior"


MISTAKES = {
    "unknown-key": (("seed = 3", "sed = 3"), ["sed: no such key", "'seed'"]),
    "unknown-section": (("[output]", "[outputs]"), ["outputs", "'output'"]),
    "missing-design": (('[design]\nmethod = "grid"', ""), ["design: is missing"]),
    "unknown-method": (('"grid"', '"gird"'), ["design.method", "'grid'"]),
    "unknown-scenario": (('"solo-course"', '"solo-corse"'), ["scenarios", "'solo-course'"]),
    "unknown-baseline": (("seed = 3", 'baseline = "no-pdd"'), ["baseline", "'no-pd'"]),
    "no-scenarios": (('["teacher-learning-community", "solo-course"]', "[]"), ["scenarios"]),
    "scenarios-as-text": (('["teacher-learning-community", "solo-course"]', '"solo-course"'), ["scenarios", "allowed"]),
    "unknown-theory": (("seed = 3", 'theory = "pror"'), ["theory", "'prior'"]),
    "unknown-setting": (("staff.teachers_per_school = 8", "staff.techers = 8"), ["settings", "staff.teachers"]),
    "setting-out-of-range": (("per_school = 8", "per_school = 1"), ["settings", "teachers_per_school", "2 to 2000"]),
    "replicates": (("replicates = 6", "replicates = 0"), ["replicates: 0"]),
    "replicates-as-text": (("replicates = 6", 'replicates = "6"'), ["replicates", "integer"]),
    "seed": (("seed = 3", "seed = -1"), ["seed: -1"]),
    "years": (("years = 1", "years = 11"), ["years: 11"]),
    "unknown-outcome": (('"use", ', '"usee", '), ["output.outcomes", "'use'"]),
    "unknown-population": (("[output]", '[output]\npopulations = ["al"]'), ["output.populations", "'all'"]),
    "unknown-resolution": (("[output]", '[output]\nresolution = "month"'), ["output.resolution", "'week'"]),
    "weekly-pupils": (("[output]", '[output]\nresolution = "week"'), ["pupil_attainment", "week"]),
    "unknown-factor": (
        ("programme.fidelity", "programme.fidelty"),
        ["factors.programme.fidelty", "programme.fidelity"],
    ),
    "unknown-assumption": (("programme.fidelity", "theory.discernmint"), ["theory.discernment"]),
    "pattern-of-nothing": (("programme.fidelity", '"theory.x*"'), ["theory.x*"]),
    "no-factors": (("[output]", "[design.x]"), ["design.x"]),
    "factor-as-list": (("{ values = [0.4, 0.9] }", "[0.4, 0.9]"), ["programme.fidelity", "not a table", "values"]),
    "factor-in-settings": (("per_school = 8", "per_school = 8\nprogramme.fidelity = 0.5"), ["fidelity", "[settings]"]),
    "value-out-of-range": (("[0.4, 0.9]", "[0.4, 1.9]"), ["programme.fidelity: 1.9", "0 to 1"]),
    "value-of-wrong-kind": (("[0.4, 0.9]", '[0.4, "x"]'), ["programme.fidelity: 'x'", "0 to 1"]),
    "value-twice": (("[0.4, 0.9]", "[0.4, 0.4]"), ["programme.fidelity", "twice"]),
    "no-values": (("[0.4, 0.9]", "[]"), ["programme.fidelity", "empty"]),
    "value-as-table": (("[0.4, 0.9]", "[{}]"), ["programme.fidelity: values", "allowed"]),
    "values-and-range": (("values = [0.4, 0.9]", "values = [0.4], low = 0.1"), ["fidelity", "leave out low"]),
    "unknown-in-factor": (("values = [0.4, 0.9]", "value = [0.4]"), ["fidelity: value: no such key", "'values'"]),
    "word-has-no-range": (
        ("programme.fidelity = { values = [0.4, 0.9] }", "programme.format = { low = 0.1, high = 0.9, levels = 3 }"),
        ["programme.format", "no range", "solo, collaborative"],
    ),
    "range-outside": (("high = 1.0", "high = 1.5"), ["together: high: 1.5", "0 to 1"]),
    "range-upside-down": (("low = 0.0", "low = 1.0"), ["together: low", "not below high"]),
    "range-half": ((", high = 1.0", ""), ["together", "high missing"]),
    "grid-without-levels": ((", levels = 3", ""), ["together", "levels missing"]),
    "grid-of-a-distribution": (("levels = 3", 'distribution = "prior"'), ["together", "no prior"]),
    "grid-of-normal": (("levels = 3", 'distribution = "normal", mean = 0.5, sd = 0.1'), ["together", "a grid needs"]),
    "log-of-nothing": (("levels = 3", "levels = 3, log = true"), ["together: low: 0", "logarithm"]),
    "samples-in-a-grid": (('method = "grid"', 'method = "grid"\nsamples = 8'), ["design.samples", "grid"]),
    "levels-in-a-grid": (('method = "grid"', 'method = "grid"\nlevels = 8'), ["design.levels", "morris"]),
    "second-order": (('method = "grid"', 'method = "grid"\nsecond_order = true'), ["design.second_order", "sobol"]),
    "too-many-runs": (
        ("replicates = 6", "replicates = 1_000_000"),
        ["replicates", "100000"],
    ),
}


@pytest.mark.parametrize(("change", "said"), MISTAKES.values(), ids=MISTAKES)
def test_mistake_in_a_file_is_one_clear_line(change, said, folder):
    with pytest.raises(pdsim.InputError) as mistake:
        loaded(GRID, change)
    message = str(mistake.value)
    assert "trial.toml" in message
    assert "\n" not in message
    for piece in said:
        assert piece in message


def test_more_runs_than_can_be_meant_are_refused(folder):
    with pytest.raises(pdsim.InputError, match=r"20,000,000 runs .* hardly meant; allowed is at most 10,000,000"):
        loaded(GRID, ("replicates = 6", "replicates = 10_000"), ("levels = 3", "levels = 500"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("samples = 16", ""), "design.samples: is missing; latin-hypercube needs it"),
        (('latin-hypercube"', 'sobol"\nlevels = 6'), "design.levels"),
        (
            ('latin-hypercube"\nsamples = 16', 'sobol"\nsamples = 15'),
            "design.samples: 15 is not a power of two.* try 16",
        ),
        (('latin-hypercube"', 'morris"\nlevels = 5'), "design.levels: 5"),
        (("low = 1, high = 4", "low = 1.5, high = 4"), "sessions: low: 1.5 is not allowed; allowed is a whole number"),
        (("mode = 0.8", "mode = 1.8"), "leadership: mode: 1.8 is out of range; allowed is 0 to 1"),
        (("mean = 0.5, sd = 0.1", "mean = 0.5"), "content: sd missing; .*normal.* needs mean, sd"),
        (("sd = 0.1", "sd = 0"), "content: sd: 0 is not allowed"),
        (("low = 0.5, high = 8.0, log", "low = 0.5, high = 8.0, levels = 3, log"), "hours: levels does not act"),
        (("theory.discernment = { low = 0.5", "theory.discernment = { low = -0.5"), "discernment: low: -0.5"),
        (("craft_spillover = {}", 'craft_spillover = { distribution = "prior", log = true }'), "log does not act"),
        (("programme.content = { low = 0.1, high = 0.9", "programme.content = { low = 0.1, high = nan"), "content"),
    ],
)
def test_mistake_in_a_sampled_design_is_one_clear_line(change, said, folder):
    with pytest.raises(pdsim.InputError, match=said):
        loaded(HYPERCUBE, change)


def test_unknown_experiment_and_file_that_is_no_text(folder):
    with pytest.raises(pdsim.InputError, match="no experiment of that name"):
        experiment.load("nothing-like-it")
    Path("bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(pdsim.InputError, match="not UTF-8"):
        experiment.load("bytes.toml")


def test_grid_has_every_combination_in_order(folder):
    found = loaded(GRID)
    points = experiment.design_points(found)
    assert points["programme.fidelity"].tolist() == [0.4, 0.4, 0.4, 0.9, 0.9, 0.9]
    assert points["collaboration.together"].tolist() == [0.0, 0.5, 1.0, 0.0, 0.5, 1.0]
    assert points["point"].tolist() == list(range(6))


def test_grid_levels_are_equal_ratios_or_whole_numbers(folder):
    log = loaded(GRID, ("{ low = 0.0, high = 1.0, levels = 3 }", "{ low = 0.01, high = 1.0, levels = 3, log = true }"))
    assert experiment.design_points(log)["collaboration.together"][:3].tolist() == pytest.approx([0.01, 0.1, 1.0])
    whole = loaded(
        GRID, ('"collaboration.together" = { low = 0.0, high = 1.0', '"staff.departments" = { low = 1, high = 4')
    )
    assert experiment.design_points(whole)["staff.departments"][:3].tolist() == [1, 3, 4]


def test_hypercube_has_one_point_in_every_stratum(folder):
    unit = experiment.unit_points(loaded(HYPERCUBE))
    for column in unit.T:
        assert sorted(np.floor(column * 16)) == list(range(16))


def test_values_lie_where_the_distribution_says(folder):
    found = loaded(HYPERCUBE, ("samples = 16", "samples = 4000"))
    points = experiment.design_points(found)
    assert points["programme.sessions"].value_counts().sort_index().tolist() == [1000] * 4
    assert points["programme.format"].value_counts().tolist() == [2000] * 2
    assert np.log(points["programme.hours"]).mean() == pytest.approx(math.log(2.0), abs=0.001)
    assert points["programme.content"].between(0.1, 0.9).all()
    assert points["programme.content"].std() == pytest.approx(0.1, rel=0.01)
    assert points["school.leadership"].mean() == pytest.approx((0 + 1 + 0.8) / 3, abs=0.001)
    assert points["theory.discernment"].min() == pytest.approx(0.5, abs=0.001)
    p = PARAMETERS["craft_spillover"]
    prior = p.prior.quantile(np.array([0.25, 0.5, 0.75]), p.low, p.high)
    assert points["theory.craft_spillover"].quantile([0.25, 0.5, 0.75]).to_numpy() == pytest.approx(prior, rel=0.01)


def test_normal_distribution_of_a_logarithm(folder):
    change = ("high = 8.0, log = true", 'high = 8.0, log = true, distribution = "normal", mean = 2.0, sd = 0.3')
    points = experiment.design_points(loaded(HYPERCUBE, ("samples = 16", "samples = 4000"), change))
    assert points["programme.hours"].median() == pytest.approx(2.0, rel=0.01)
    assert np.log(points["programme.hours"]).std() == pytest.approx(0.3, rel=0.01)


@pytest.mark.parametrize("method", ["latin-hypercube", "sobol", "morris"])
def test_points_follow_from_the_seed_and_0_is_a_seed(method, folder):
    texts = [HYPERCUBE.replace("latin-hypercube", method).replace("seed = 0", f"seed = {seed}") for seed in (0, 0, 1)]
    same, again, other = (designs.points(loaded(text)) for text in texts)
    assert np.array_equal(same, again)
    assert not np.array_equal(same, other)
    assert len(same) == point_count(loaded(texts[0]))


@pytest.mark.parametrize(("second_order", "per_base"), [(False, 9), (True, 16)])
def test_sobol_points_differ_in_one_factor_from_the_base_point(second_order, per_base, folder):
    change = ('latin-hypercube"', f'sobol"\nsecond_order = {str(second_order).lower()}')
    unit = experiment.unit_points(loaded(HYPERCUBE, change)).reshape(16, per_base, 7)
    for factor in range(7):
        changed = (unit[:, 1 + factor] != unit[:, 0]).any(axis=0)
        assert changed.tolist() == [other == factor for other in range(7)]


def test_morris_points_change_one_factor_at_a_time(folder):
    unit = experiment.unit_points(loaded(HYPERCUBE, ("latin-hypercube", "morris"))).reshape(16, 8, 7)
    steps = np.diff(unit, axis=1)
    assert ((np.abs(steps) > 1e-9).sum(axis=2) == 1).all()
    assert np.abs(steps).max(axis=2) == pytest.approx(np.full((16, 7), 2 / 3))
    assert 0 <= unit.min() <= unit.max() <= 1


@pytest.mark.parametrize("text", [GRID, HYPERCUBE])
def test_points_come_back_from_their_table(text, folder):
    found = loaded(text)
    coded = designs.points(found)
    table = designs.point_table(found, coded)
    table.to_parquet("points.parquet")
    assert np.array_equal(designs.coded_points(found, pd.read_parquet("points.parquet")), coded)


def test_values_of_all_kinds_reach_the_scenario(folder):
    kinds = """
programme.mechanisms.values = [["modelling the technique"], ["rehearsing the technique", "encouraging monitoring"]]
programme.carriers."modelling the technique" = { values = ["peers", "self"] }
collaboration.channels.norms = { values = [true, false] }
staff.schools = { values = [1, 2] }
"""
    found = loaded(GRID, ("[output]", f"{kinds}[output]"))
    points = designs.points(found)
    design = designs.scenario_at(found.scenarios[0], designs.axes(found), points[-1])
    assert design.programme.mechanisms == ("rehearsing the technique", "encouraging monitoring")
    assert design.programme.carriers["modelling the technique"] == "self"
    assert not design.collaboration.channels.norms
    assert design.staff.schools == 2
    table = experiment.design_points(found)
    assert table["collaboration.channels.norms"].tolist()[:2] == ["true", "true"]
    assert table["programme.mechanisms"].iloc[-1] == "rehearsing the technique; encouraging monitoring"
    assert np.array_equal(designs.coded_points(found, table), points)


def one_point(frame, point, scenario, outcome):
    """Values and effects of all replicates at a point."""
    rows = frame.query("point == @point and scenario == @scenario and outcome == @outcome")
    return rows["value"].to_numpy(), rows["effect"].to_numpy()


def test_numbers_are_those_of_a_comparison_at_every_point(folder):
    found = loaded(GRID)
    frame = experiment.sweep(found, "out").results()
    for point, values in experiment.design_points(found).set_index("point").iterrows():
        for scenario in found.scenarios:
            compared = comparison.compare(
                [scenario.with_(**values.to_dict())], replicates=6, seed=3, years=1, theory="posterior"
            )
            rows = compared.runs.query("year == 1 and population == 'all' and outcome == 'use'")
            value, effect = one_point(frame, point, scenario.name, "use")
            assert np.array_equal(value, rows["value"])
            assert np.array_equal(effect, compared.effects[scenario.name][:, 1, 0, 4])


def test_table_has_a_row_for_every_run_and_outcome_in_order(folder):
    result = experiment.sweep(loaded(GRID), "out", chunk_seconds=0.01)
    frame = result.results()
    assert result.status.complete
    assert result.status.chunks > 3
    assert list(frame) == [
        "scenario", "point", "replicate", "draw", "run", "year", "population", "outcome", "value", "effect", "error"
    ]  # fmt: skip
    keys = ["scenario", "point", "replicate", "outcome"]
    expected = pd.MultiIndex.from_product(
        [["teacher-learning-community", "solo-course"], range(6), range(6), ["use", "pupil_attainment"]], names=keys
    )
    assert pd.MultiIndex.from_frame(frame[keys].astype({"scenario": str, "outcome": str})).equals(expected)
    assert frame["error"].isna().all()
    assert (frame["draw"] == frame["replicate"] * 2 // 6).all()
    assert frame.groupby("run", observed=True).size().eq(2).all()
    assert frame["run"].nunique() == 72
    joined = experiment.results("out", outcomes=["use"], factors=True)
    assert len(joined) == 72
    assert (
        joined["programme.fidelity"].tolist()
        == experiment.design_points("out")["programme.fidelity"].loc[joined["point"]].tolist()
    )


def test_folder_tells_its_experiment_and_design(folder):
    found = loaded(GRID)
    experiment.sweep(found, "out")
    assert experiment.stored_experiment("out") == found
    assert experiment.design_points("out").equals(experiment.design_points(found))
    assert pd.read_parquet("out/design.parquet").equals(experiment.design_points(found))
    assert len(pd.read_parquet("out/parts")) == len(experiment.results("out"))


def test_luck_is_the_same_at_every_point_unless_asked(folder):
    text = GRID.replace("programme.fidelity = { values = [0.4, 0.9] }", "costs.cover_per_hour = { values = [10, 20] }")
    common = experiment.sweep(loaded(text), "common").results()
    own = experiment.sweep(loaded(text, ('"grid"', '"grid"\ncommon_luck = false')), "own").results()
    for frame, same in ((common, True), (own, False)):
        first, second = (one_point(frame, point, "solo-course", "use")[0] for point in (0, 3))
        assert np.array_equal(first, second) == same
    assert np.array_equal(own.query("point == 0")["value"], common.query("point == 0")["value"])


def test_assumption_as_a_factor_is_fixed_in_every_draw(folder):
    found = loaded(
        GRID, ("programme.fidelity = { values = [0.4, 0.9] }", "theory.use_effect = { values = [0.2, 2.0] }")
    )
    frame = experiment.sweep(found, "out").results()
    scenario = found.scenarios[1].with_(**{"collaboration.together": 1.0})
    believed = theory.override(theory.load("posterior", 2, 3), {"use_effect": 2.0})
    value, _ = one_point(frame, 5, "solo-course", "pupil_attainment")
    assert np.array_equal(value, simulate(scenario, believed, luck(6, 2, 3))[:, 1, 0, 6])
    assert any("correlations are ignored" in note for note in experiment.look_ahead(found).notes)


def test_run_ids_follow_from_what_is_run(folder):
    by_factor = experiment.sweep(loaded(GRID), "a").results()
    fixed = GRID.replace("programme.fidelity = { values = [0.4, 0.9] }", "programme.content = { values = [0.5] }")
    scenario = scenarios.load("solo-course").programme.content
    fixed = fixed.replace("[0.5]", f"[{scenario}]").replace(
        "per_school = 8", "per_school = 8\nprogramme.fidelity = 0.9"
    )
    by_setting = experiment.sweep(loaded(fixed), "b").results()
    solo = [f.query("scenario == 'solo-course' and outcome == 'use'") for f in (by_factor, by_setting)]
    assert solo[0].query("point >= 3")["run"].tolist() == solo[1]["run"].tolist()
    other = experiment.sweep(loaded(GRID, ("seed = 3", "seed = 4")), "c").results()
    assert set(other["run"]).isdisjoint(by_factor["run"])


def test_point_that_is_not_allowed_is_a_row_with_its_reason(folder):
    text = GRID.replace("programme.fidelity = { values = [0.4, 0.9] }", "programme.first_week = { values = [2, 115] }")
    found = loaded(text)
    result = experiment.sweep(found, "out")
    frame = result.results()
    wrong, right = frame[frame["error"].notna()], frame[frame["error"].isna()]
    assert len(wrong) == 2 * 3 * 6 == result.status.failed
    assert wrong["point"].min() == 3
    assert wrong["error"].str.contains("programme.sessions: the last of").all()
    assert wrong["outcome"].isna().all()
    assert wrong["value"].isna().all()
    assert len(right) == 2 * 3 * 6 * 2
    assert right["value"].notna().all()
    assert any("6 of 12 points tried" in note for note in result.notes)
    with pytest.raises(pdsim.InputError, match="not allowed together"):
        experiment.look_ahead(loaded(HYPERCUBE, ("latin-hypercube", "sobol"), ("high = 4", "high = 117")))


def test_run_that_fails_is_a_row_and_the_others_go_on(folder, monkeypatch):
    real = work.levels

    def failing(resolution, scenario, theories, runs, reported=None):
        if reported is None and 2 in runs.replicate:
            raise ZeroDivisionError("nothing\nto divide by")
        found = real(resolution, scenario, theories, runs, reported)
        if reported is None and 4 in runs.replicate:
            found.values[runs.replicate == 4, 0, 0, 4] = np.inf
        return found

    with monkeypatch.context() as patch:
        patch.setattr(work, "levels", failing)
        result = experiment.sweep(loaded(GRID), "failing")
    frame, whole = result.results(), experiment.sweep(loaded(GRID), "whole").results()
    assert result.status.failed == 2 * 12
    reasons = frame.dropna(subset="error").groupby("replicate")["error"].unique()
    assert reasons[2].tolist() == ["ZeroDivisionError: nothing to divide by"]
    assert reasons[4].tolist() == ["use in year 1 is not a finite number"]
    good = frame[frame["error"].isna()].reset_index(drop=True)
    rest = whole[~whole["replicate"].isin([2, 4])].reset_index(drop=True)
    pd.testing.assert_frame_equal(good.drop(columns="error"), rest.drop(columns="error"), check_categorical=False)
    order = frame.drop_duplicates(["scenario", "point", "replicate"])["replicate"].tolist()
    assert order == list(range(6)) * 12


def at_resolution(resolution, **changes):
    """Results of the grid's first point at another resolution, and its first scenario there."""
    text = GRID.replace(
        "[output]", f'[output]\npopulations = ["all", "participants", "colleagues"]\nresolution = "{resolution}"'
    )
    text = text.replace("replicates = 6", "replicates = 2").replace("values = [0.4, 0.9]", "values = [0.4]")
    for old, new in changes.items():
        text = text.replace(old, new)
    found = loaded(text)
    frame = experiment.sweep(found, resolution).results()
    scenario = found.scenarios[0].with_(**{"programme.fidelity": 0.4, "collaboration.together": 0.0})
    rows = frame.query("scenario == 'teacher-learning-community' and point == 0").reset_index(drop=True)
    return rows, scenario, theory.load("posterior", 1, 3)


def test_years_from_the_start(folder):
    rows, scenario, believed = at_resolution("year")
    expected = simulate(scenario, believed, luck(2, 1, 3))[:, :, :3][..., [4, 6]]
    assert rows["value"].to_numpy() == pytest.approx(expected.ravel(), abs=0, nan_ok=True)
    assert rows["year"].tolist() == [0] * 6 + [1] * 6 + [0] * 6 + [1] * 6
    assert rows.query("year == 0")["effect"].abs().max() == 0


def test_weeks_are_those_of_the_mesa_model(folder):
    rows, scenario, believed = at_resolution("week", pupil_attainment="insight")
    model = StaffroomModel(scenario, rng=3, replicate=1, theory=believed)
    while model.running:
        model.step()
    weekly = model.datacollector.get_model_vars_dataframe()
    for outcome in ("use", "insight"):
        followed = rows.query("replicate == 1 and population == 'all' and outcome == @outcome")
        assert followed["week"].tolist() == list(range(1, WEEKS + 1))
        assert followed["value"].to_numpy() == pytest.approx(weekly[f"mean_{outcome}"].to_numpy(), rel=1e-12)


def test_last_week_is_the_end_of_the_year(folder):
    rows, scenario, believed = at_resolution("week", pupil_attainment="insight")
    end = simulate(scenario, believed, luck(2, 1, 3))[:, 1, 0, 1]
    last = rows.query("week == 39 and population == 'all' and outcome == 'insight'")
    assert np.array_equal(last["value"], end)


def test_every_teacher_of_a_run(folder):
    rows, scenario, believed = at_resolution("teacher")
    whole = simulate(scenario, believed, luck(2, 1, 3))
    use = rows.query("outcome == 'use'")
    assert use.groupby("replicate")["teacher"].nunique().tolist() == [8, 8]
    assert use.groupby("replicate")["value"].mean().to_numpy() == pytest.approx(whole[:, 1, 0, 4], rel=1e-12)
    assert set(use["population"]) <= {"participants", "colleagues"}
    assert (use.groupby("replicate")["effect"].mean() != 0).all()


def test_plan_cuts_every_run_once(folder):
    found = loaded(GRID)
    coded = designs.points(found)
    for seconds in (1e-4, 0.003, 0.01, 1.0):
        cut = plan.plan(found, coded, seconds)
        runs = [(c, r) for c, a, b in zip(cut.cell, cut.first, cut.last, strict=True) for r in range(a, b)]
        assert runs == [(cell, replicate) for cell in range(12) for replicate in range(6)]
        assert cut.start[0] == 0
        assert cut.start[-1] == len(cut.cell)
        assert (np.diff(cut.start) > 0).all()
        assert sum(cut.runs(chunk) for chunk in range(cut.chunks)) == 72


def test_chunks_are_of_like_length(folder):
    found = loaded(GRID, ("values = [0.4, 0.9]", "low = 0.1, high = 1.0, levels = 1000")).model_copy(
        update={"replicates": 2000}
    )
    coded = designs.points(found)
    cut = plan.plan(found, coded, 2.5)
    seconds = plan.cell_seconds(found, coded)
    share = (cut.last - cut.first) / found.replicates
    length = np.add.reduceat(seconds[cut.cell] * share, cut.start[:-1])
    assert length[:-1].min() >= 0.99 * 1.5
    assert length.max() <= 1.01 * 4.0
    assert cut.seconds == pytest.approx(length.sum())


def test_larger_schools_take_longer(folder):
    found = loaded(GRID, ("programme.fidelity = { values = [0.4, 0.9] }", "staff.schools = { values = [1, 30] }"))
    seconds = plan.cell_seconds(found, designs.points(found))
    assert seconds[3] > 3 * seconds[0]


@pytest.mark.parametrize(("chunks", "shards"), [(1, 1), (400, 3), (401, 1), (2500, 1), (2500, 40), (5001, 7)])
def test_parts_never_become_many(chunks, shards):
    starts = [shard * chunks // shards for shard in range(shards + 1)]
    side_by_side = sorted((at, chunk) for a, b in pairwise(starts) for at, chunk in enumerate(range(a, b)))
    parts, most = [], 0
    for _, chunk in side_by_side:
        parts = without_overlap([*parts, Part(Path(), chunk, chunk)])
        while group := to_join(parts, chunk, chunks):
            parts = without_overlap([*parts, Part(Path(), group[0].first, group[-1].last)])
        most = max(most, len(parts))
    assert most <= 2000
    assert len(parts) <= MOST_PARTS
    ordered = without_overlap(parts)
    assert [part.first for part in ordered] == [0, *(part.last + 1 for part in ordered[:-1])]
    assert ordered[-1].last == chunks - 1


def test_widest_part_counts_where_parts_overlap():
    spans = [(0, 9), (3, 3), (10, 10), (10, 19), (9, 9), (20, 20)]
    kept = without_overlap(Part(Path(), *span) for span in spans)
    assert [(part.first, part.last) for part in kept] == [(0, 9), (10, 19), (20, 20)]


def test_results_that_do_not_fit_on_the_disk_are_refused(folder, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 100})())
    with pytest.raises(pdsim.InputError, match="do not fit on a disk"):
        experiment.sweep(loaded(GRID), "out")


def test_folder_of_something_else_is_refused(folder):
    Path("out").mkdir()
    Path("out/manifest.json").write_text('{"kind": "pdsim comparison"}')
    with pytest.raises(pdsim.InputError, match="is not what pdsim sweep writes"):
        experiment.sweep(loaded(GRID), "out")
    for read in (experiment.results, experiment.design_points, experiment.stored_experiment):
        with pytest.raises(pdsim.InputError, match="no such file"):
            read("nowhere")


def test_folder_without_parts_has_no_results(folder):
    open_store(loaded(GRID), Path("out"))
    with pytest.raises(pdsim.InputError, match="no results yet"):
        experiment.results("out")


def test_sweep_is_a_function_of_the_package(folder):
    result = pdsim.sweep(written(GRID), "out")
    assert result.status.runs_done == 72
    assert len(result.results()) == 144
    assert len(result.design_points()) == 6
