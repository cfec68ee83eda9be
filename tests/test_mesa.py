"""The Mesa model: the kernel's numbers to the bit, and everything that Mesa users expect of a model; the benchmark."""

import json
import subprocess
import sys
from pathlib import Path

import mesa
import networkx as nx
import numpy as np
import pandas as pd
import pytest

import pdsim
from pdsim import library, scenarios, theory
from pdsim.errors import InputError
from pdsim.kernel.measure import OUTCOMES
from pdsim.kernel.records import TEACHER_FIELDS, WEEKS
from pdsim.mesa_model import NODE_FIELDS, STATES, StaffroomModel, Teacher
from pdsim.simulate import Luck, luck, simulate

BENCHMARK = Path(__file__).parents[1] / "experiments" / "benchmarks" / "benchmark.py"
SMALL = {"staff.teachers_per_school": 12, "evaluation.years": 1}
TEAMS = {**SMALL, "programme.format": "collaborative", "theory.lasting_tie_rate": 0.5}


def finished(*arguments, **keywords):
    """A model that has run to its end."""
    model = StaffroomModel(*arguments, **keywords)
    model.run_model()
    return model


def simulated(scenario, seed, replicate):
    """Outcomes of one run by the compiled driver, under the default assumptions."""
    assumed = theory.override(theory.load("point", 1, seed), scenario.theory)
    return simulate(scenario, assumed, Luck(seed, np.array([0]), np.array([replicate])))[0]


@pytest.fixture(scope="module")
def done():
    """A small collaborative course after its one year."""
    return finished("solo-course", rng=3, **TEAMS)


# ---------------------------------------------------------------- the kernel's numbers


@pytest.mark.parametrize("name", library.shipped())
def test_stepping_gives_the_numbers_of_simulate(name):
    scenario = scenarios.load(name, {"evaluation.years": 1})
    model = finished(name, rng=7, replicate=3, **{"evaluation.years": 1})
    np.testing.assert_array_equal(model.results, simulated(scenario, 7, 3))


@pytest.mark.parametrize("name", ["maths-hub", "solo-course"])
def test_over_summers_too(name):
    settings = {"evaluation.years": 3, "school.turnover": 0.3, "theory.discernment": 0.5}
    model = finished(name, rng=2, **settings)
    np.testing.assert_array_equal(model.results, simulated(scenarios.load(name, settings), 2, 0))


def test_a_draw_of_the_posterior_is_the_run_of_a_comparison():
    scenario = scenarios.load("solo-course", TEAMS)
    believed = theory.load("posterior", 2, 11)
    runs = luck(8, 2, 11)
    expected = simulate(scenario, theory.override(believed, scenario.theory), runs)
    assert runs.draw[5] == 1
    for given in ("posterior", believed):
        model = finished(scenario, rng=11, replicate=5, theory=given, draw=1)
        np.testing.assert_array_equal(model.results, expected[5])


def test_seeds_and_replicates_matter():
    results = [finished("solo-course", rng=r, replicate=k, **SMALL).results for r, k in ((1, 0), (2, 0), (1, 1))]
    assert not np.array_equal(results[0], results[1])
    assert not np.array_equal(results[0], results[2])


def test_models_do_not_share_state():
    scenario = scenarios.load("solo-course", TEAMS)
    still, moving = StaffroomModel(scenario, rng=1), StaffroomModel(scenario, rng=1)
    before = still.world.teachers.copy()
    moving.run_model()
    assert still.world.teachers.tobytes() == before.tobytes()
    assert moving.world.teachers.tobytes() != before.tobytes()


# ---------------------------------------------------------------- time


def test_a_step_is_a_week_and_the_years_come_to_an_end():
    model = StaffroomModel("solo-course", **{**SMALL, "evaluation.years": 2})
    for _ in range(2 * WEEKS):
        assert model.running
        model.step()
    assert not model.running
    assert (model.steps, model.weeks_done, model.year) == (2 * WEEKS, 2 * WEEKS, 2)
    after = model.world.teachers.tobytes()
    model.step()
    assert model.weeks_done == 2 * WEEKS
    assert model.world.teachers.tobytes() == after


def test_the_summer_comes_before_the_first_week_of_a_year():
    model = StaffroomModel("solo-course", rng=2, **{**SMALL, "evaluation.years": 2, "school.turnover": 0.5})
    for _ in range(WEEKS):
        model.step()
    leavers = [teacher for teacher in model.agents if teacher.leaving == 1]
    assert leavers
    assert all(teacher.arrival == 0 for teacher in model.agents)
    model.step()
    assert all(teacher.arrival == 1 and teacher.leaving == 0 for teacher in leavers)


# ---------------------------------------------------------------- agents


def test_agents_are_views_of_the_records(done):
    assert isinstance(done, mesa.Model)
    assert len(done.agents) == len(done.world.teachers) == 12
    for row, teacher in enumerate(done.teachers):
        assert isinstance(teacher, mesa.Agent)
        assert {name: getattr(teacher, name) for name in TEACHER_FIELDS} == {
            name: done.world.teachers[row][name] for name in TEACHER_FIELDS
        }
        assert teacher.support == done.world.schools[0].support
    assert isinstance(done.teachers[0].insight, float)
    assert isinstance(done.teachers[0].team, int)


def test_a_view_follows_the_record_and_cannot_be_written():
    model = StaffroomModel("solo-course", **SMALL)
    teacher = model.teachers[4]
    model.world.teachers[4].insight = 0.123
    assert teacher.insight == 0.123
    with pytest.raises(AttributeError):
        teacher.insight = 0.5
    assert Teacher.insight.__doc__ == TEACHER_FIELDS["insight"][1]


def test_team_mates_and_advisers(done):
    for teacher in done.teachers:
        mates = teacher.team_mates()
        assert teacher not in mates
        assert {mate.row for mate in mates} == {
            other.row for other in done.teachers if other.team == teacher.team and other is not teacher
        }
        assert len(teacher.advisers()) == teacher.ties
    assert StaffroomModel("solo-course", **SMALL).teachers[0].team_mates() == []


def test_agent_sets(done):
    staff = done.agents
    assert staff.get("insight") == [teacher.insight for teacher in done.teachers]
    middle = np.median(staff.get("technique"))
    strong = staff.select(lambda teacher: teacher.technique > middle)
    assert 0 < len(strong) < len(staff)
    assert staff.agg("use", max) == max(done.world.teachers["use"])
    by_department = staff.groupby("department")
    assert sum(len(group) for _, group in by_department) == 12
    seen = []
    staff.do(lambda teacher: seen.append(teacher.unique_id))
    assert seen == sorted(seen)
    shuffled = []
    staff.shuffle_do(lambda teacher: shuffled.append(teacher.unique_id))
    assert sorted(shuffled) == seen
    before = done.world.teachers.tobytes()
    staff.shuffle_do("step")
    assert done.world.teachers.tobytes() == before


# ---------------------------------------------------------------- what is collected


def test_weekly_collection():
    model = StaffroomModel("maths-hub", rng=1, **SMALL)
    expected = []
    while model.running:
        model.step()
        staff = model.world.teachers[model.world.teachers["partner"] == 0]
        expected.append((staff["use"].mean(), staff["insight"].mean()))
    weekly = model.datacollector.get_model_vars_dataframe()
    assert weekly["week"].tolist() == list(range(1, WEEKS + 1))
    np.testing.assert_allclose(weekly[["mean_use", "mean_insight"]], expected, rtol=1e-12)
    assert weekly["mean_support"].iloc[-1] == pytest.approx(model.world.schools[0].support, rel=1e-12)
    assert (model.world.teachers["partner"] == 1).any()


def test_agents_are_collected(done):
    states = done.datacollector.get_agent_vars_dataframe()
    assert len(states) == 12 * WEEKS
    last = states.xs(WEEKS, level="Step")
    assert list(last.columns) == list(STATES)
    np.testing.assert_array_equal(last["use"], done.world.teachers["use"])


def test_yearly_outcomes_are_tidy(done):
    table = done.outcomes()
    assert list(table.columns) == ["scenario", "seed", "replicate", "year", "population", "outcome", "value"]
    assert len(table) == 2 * 3 * len(OUTCOMES)
    row = table.query("year == 1 and population == 'participants' and outcome == 'pupil_attainment'")
    assert row["value"].item() == done.results[1, 1, OUTCOMES.index("pupil_attainment")]
    assert len(StaffroomModel("solo-course", **SMALL).outcomes()) == 3 * len(OUTCOMES)


def test_outcomes_change_when_a_year_is_over(done):
    weekly = done.datacollector.get_model_vars_dataframe()["outcome_use"]
    place = OUTCOMES.index("use")
    assert weekly.iloc[-2] == done.results[0, 0, place]
    assert weekly.iloc[-1] == done.results[1, 0, place]


# ---------------------------------------------------------------- the advice network


def test_the_advice_network(done):
    graph = done.advice_network()
    assert isinstance(graph, nx.DiGraph)
    assert set(graph) == {teacher.unique_id for teacher in done.agents}
    for teacher in done.teachers:
        assert graph.nodes[teacher.unique_id] == {name: getattr(teacher, name) for name in NODE_FIELDS}
        assert list(graph.successors(teacher.unique_id)) == [adviser.unique_id for adviser in teacher.advisers()]
        assert graph.in_degree(teacher.unique_id) == teacher.advice_given
    lasting = [made for _, _, made in graph.edges(data="lasting")]
    assert sum(lasting) == done.world.teachers["ties_formed"].sum() > 0
    assert not all(lasting)


def test_a_real_network_keeps_its_weights(tmp_path):
    edges = tmp_path / "edges.csv"
    edges.write_text("from,to,weight\nann,ben,0.25\nben,cem,1\ncem,ann,0.5\n")
    graph = StaffroomModel("solo-course", **{"network.edges": str(edges)}).advice_network()
    assert sorted(graph.edges(data="weight")) == [(1, 2, 0.25), (2, 3, 1.0), (3, 1, 0.5)]


# ---------------------------------------------------------------- batch_run


def test_batch_run():
    parameters = {"scenario": ["maths-hub", "solo-course"], "rng": [1, 2], "staff.teachers_per_school": 12}
    rows = pd.DataFrame(mesa.batch_run(StaffroomModel, parameters, display_progress=False))
    last = rows.drop_duplicates("RunId")
    assert len(last) == 4
    assert (last["week"] == 2 * WEEKS).all()
    for _, row in last.iterrows():
        scenario = scenarios.load(row["scenario"], {"staff.teachers_per_school": 12})
        expected = simulated(scenario, row["rng"], 0)[-1, 0]
        np.testing.assert_array_equal([row[f"outcome_{name}"] for name in OUTCOMES], expected)
    assert {"AgentID", *STATES} <= set(rows.columns)


def test_batch_run_over_scenarios_and_replicates():
    parameters = {"scenario": [scenarios.load("solo-course", SMALL)], "replicate": range(2), "theory": "mint"}
    rows = pd.DataFrame(mesa.batch_run(StaffroomModel, parameters, display_progress=False))
    found = rows.drop_duplicates("RunId")
    assert found["replicate"].tolist() == [0, 1]
    assert found["outcome_use"].nunique() == 2


def test_a_name_of_mesas_own_stays_empty():
    model = StaffroomModel("solo-course", **SMALL)
    assert model.scenario is None
    assert model.design.name == "solo-course"


# ---------------------------------------------------------------- seeds and mistakes


def test_seeds():
    assert StaffroomModel("solo-course", rng=0, **SMALL).key == (0, 0)
    assert StaffroomModel("solo-course", **SMALL).key == (1, 0)
    assert StaffroomModel("solo-course", seed=5, **SMALL).key == (5, 0)
    assert StaffroomModel("solo-course", rng=np.int64(6), replicate=4, **SMALL).key == (6, 4)
    drawn = [StaffroomModel("solo-course", rng=np.random.default_rng(s), **SMALL).key for s in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    fresh = {StaffroomModel("solo-course", rng=None, **SMALL).key for _ in range(2)}
    assert len(fresh) == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"scenario": "solo-corse"}, "did you mean 'solo-course'"),
        ({"scenario": 3}, "scenario: 3"),
        ({"rng": -1}, "rng: -1"),
        ({"rng": 2**32}, "rng: 4294967296"),
        ({"rng": "one"}, "rng: 'one'"),
        ({"rng": True}, "rng: True"),
        ({"replicate": -1}, "replicate: -1"),
        ({"replicate": 0.5}, "replicate: 0.5"),
        ({"draw": 1}, "draw: 1"),
        ({"draw": 100_000, "theory": "prior"}, "draw: 100000"),
        ({"theory": "minty"}, "did you mean 'mint'"),
        ({"staff.expert_shar": 0.3}, "staff.expert_shar"),
        ({"staff.expert_share": 3}, "staff.expert_share"),
    ],
)
def test_mistakes(arguments, said):
    with pytest.raises(InputError, match=said):
        StaffroomModel(**{"scenario": "solo-course", **arguments})


def test_settings_of_a_scenario_object():
    scenario = scenarios.load("solo-course", SMALL)
    assert StaffroomModel(scenario).design is scenario
    assert StaffroomModel(scenario, **{"staff.expert_share": 0.3}).design.staff.expert_share == 0.3
    assert pdsim.StaffroomModel is StaffroomModel


# ---------------------------------------------------------------- the benchmark


def test_the_benchmark_runs_and_the_plain_model_agrees():
    command = [sys.executable, str(BENCHMARK), "--quick", "--json"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["quick"] is True
    rows = pd.DataFrame(document["rows"])
    assert set(rows["question"]) >= set("abcdfg")
    agreement = rows[rows["measure"].str.startswith("outcomes agree to the bit")]
    assert agreement["value"].tolist() == [1.0, 1.0]
    assert (rows["value"] > 0).all()
