"""The dashboard's simulator: the numbers of ``compare``, in growing batches, shared, bounded, the latest first."""

import threading
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pdsim import comparison
from pdsim.dashboard import compute, first_screen
from pdsim.dashboard.compute import Kept, Simulator, runs_key
from pdsim.dashboard.state import Design, State, changed, with_assumption
from pdsim.scenarios import Scenario

SMALL = {"staff.teachers_per_school": 6, "staff.departments": 1}


def small(preset, **more):
    design = Design(preset)
    for path, value in {**SMALL, **more}.items():
        design = changed(design, path, value)
    return design


def state(**more):
    return replace(State(designs=(small("maths-hub"), small("solo-course")), replicates=200, years=1), **more)


@pytest.fixture
def simulator():
    made = Simulator(workers=2, patience=0)  # every batch, however quick
    yield made
    made.close()


def asked(simulator, request, session="somebody"):
    """All results of a request, in the order of delivery."""
    results, mistakes, done = [], [], threading.Event()

    def deliver(result):
        results.append(result)
        if result.request.replicates == request.replicates:
            done.set()

    def fail(mistake):
        mistakes.append(mistake)
        done.set()

    simulator.ask(session, request, deliver, fail)
    assert done.wait(60)
    return results, mistakes


@pytest.mark.parametrize(
    "case",
    [{}, {"theory": "prior", "seed": 7}, {"theory": "point"}, {"theory": "mint", "years": 2}, {"replicates": 48},
     {"baseline": "business-as-usual"}, {"assumptions": (("discernment", 0.4),)}],
    ids=str,
)  # fmt: skip
def test_the_numbers_are_those_of_compare_to_the_bit(simulator, case):
    request = state(**case).request()
    results, mistakes = asked(simulator, request)
    assert mistakes == []
    found, wanted = results[-1], comparison.run(request)
    pd.testing.assert_frame_equal(found.table, wanted.table, check_exact=True)
    pd.testing.assert_frame_equal(found.pairs, wanted.pairs, check_exact=True)
    assert (found.theory, found.draws, found.request) == (wanted.theory, wanted.draws, request)


def test_numbers_sharpen_in_batches_that_extend_each_other(simulator):
    request = state().request()
    counts = (20, 80, 200)
    found = [simulator.result(request, count) for count in counts]
    for result, count in zip(found, counts, strict=True):
        alone = comparison.run(replace(request, replicates=count))
        pd.testing.assert_frame_equal(result.table, alone.table, check_exact=True)
    errors = [result.table.query("outcome == 'use' and population == 'all'").mc_error.max() for result in found]
    assert errors[2] < errors[0]


def test_a_moved_slider_simulates_one_design_and_no_baseline(simulator, monkeypatch):
    simulated = []
    original = compute.simulate

    def counted(scenario, *rest):
        simulated.append((scenario.name, len(rest[1].draw)))
        return original(scenario, *rest)

    monkeypatch.setattr(compute, "simulate", counted)
    simulator.result(state().request(), 20)
    assert len(simulated) == 4
    simulator.result(state().request(), 20)
    assert len(simulated) == 4
    moved = state(designs=(small("maths-hub"), small("solo-course", **{"programme.hours": 3.0})))
    simulator.result(moved.request(), 20)
    assert simulated[4:] == [("B (solo-course, changed)", 20)]
    simulator.result(moved.request(), 80)
    assert [count for _, count in simulated[5:]] == [60, 60, 60, 60]


def test_names_and_texts_do_not_matter_and_participants_do():
    request = state().request()
    design = request.designs[0]
    other = design.model_copy(update={"name": "x", "title": "y", "says": "z"})
    assert runs_key(design, design, request) == runs_key(other, other, request)
    half = design.with_(**{"programme.share_taking_part": 0.5})
    assert runs_key(request.baseline, design, request) != runs_key(request.baseline, half, request)
    for different in (replace(request, seed=2), replace(request, theory="prior")):
        assert runs_key(design, design, request) != runs_key(design, design, different)


def test_the_latest_wins(simulator, monkeypatch):
    gate, entered = threading.Event(), threading.Event()
    original = Simulator.result

    def slow(self, request, replicates):
        entered.set()
        gate.wait(30)
        return original(self, request, replicates)

    monkeypatch.setattr(Simulator, "result", slow)
    seen, done = [], threading.Event()

    def deliver(result):
        seen.append(result.request.seed)
        if result.request.seed == 9 and result.request.replicates == 200:
            done.set()

    for seed in range(10):
        simulator.ask("somebody", state(seed=seed).request(), deliver, seen.append)
        if seed == 0:
            assert entered.wait(30)
    gate.set()
    assert done.wait(60)
    assert set(seen) == {9}


def test_those_who_have_seen_nothing_go_first(simulator, monkeypatch):
    gate, order = threading.Event(), []
    original = Simulator.result

    def noted(self, request, replicates):
        gate.wait(30)
        order.append((request.seed, replicates))
        return original(self, request, replicates)

    monkeypatch.setattr(Simulator, "result", noted)
    done = threading.Semaphore(0)

    def deliver(result):
        if result.request.replicates == 200:
            done.release()

    for seed in range(3):
        simulator.ask(seed, state(seed=seed).request(), deliver, order.append)
    gate.set()
    for _ in range(3):
        assert done.acquire(timeout=60)
    assert [replicates for _, replicates in order] == [20] * 3 + [80] * 3 + [200] * 3


def test_a_quick_design_is_complete_in_two_batches():
    made, counts, done = Simulator(workers=2, patience=60), [], threading.Event()

    def deliver(result):
        counts.append(result.request.replicates)
        if counts[-1] == 200:
            done.set()

    made.ask("somebody", state().request(), deliver, counts.append)
    assert done.wait(60)
    made.close()
    assert set(counts) <= {20, 200}


def test_a_session_that_leaves_gets_nothing(simulator):
    seen = []
    simulator.ask("leaving", state().request(), seen.append, seen.append)
    simulator.forget("leaving")
    asked(simulator, state(seed=5).request())
    assert [result for result in seen if result.request.replicates == 200] == []


def test_a_fault_is_told_and_others_go_on(simulator, monkeypatch):
    original = compute.simulate

    def broken(scenario, theory, runs, *rest):
        if runs.seed == 3:
            raise ZeroDivisionError("on purpose")
        return original(scenario, theory, runs, *rest)

    monkeypatch.setattr(compute, "simulate", broken)
    results, mistakes = asked(simulator, state(seed=3).request())
    assert results == []
    assert "could not be simulated" in mistakes[0]
    assert asked(simulator, state(seed=4).request())[1] == []


def test_a_fault_in_showing_a_result_is_told(simulator):
    told, done = [], threading.Event()

    def broken(result):
        raise ZeroDivisionError("on purpose")

    def fail(mistake):
        told.append(mistake)
        done.set()

    simulator.ask("somebody", state(seed=6).request(), broken, fail)
    assert done.wait(60)
    assert "could not be shown" in told[0]


def test_memory_is_bounded():
    kept = Kept(limit=1000)
    for number in range(20):
        kept.put(str(number), np.zeros(25))
        kept.get("0")
    assert kept.size == 1000
    assert len(kept) == 5
    assert kept.get("0") is not None, "what is used stays"
    assert kept.get("5") is None
    kept.put("0", np.zeros(50))
    assert kept.size <= 1000
    kept.put("too large", np.zeros(1000))
    assert len(kept) == 1


def test_what_is_kept_is_known_at_once(simulator):
    request = state(replicates=20).request()
    assert simulator.known(request) is None
    simulator.result(request, 20)
    found = simulator.known(request)
    assert found is not None
    assert found.request == request
    assert simulator.known(state(replicates=80).request()) is None


def test_shipped_runs_are_those_of_the_first_screen():
    shipped = first_screen.shipped()
    assert shipped, "the science has changed: run experiments/first_screen.py"
    request = State().request()
    assert set(first_screen.names(request)) == set(shipped)
    made = Simulator(workers=2)
    first_screen.fill(made.kept)
    found = made.known(request)
    assert found is not None
    few = comparison.run(replace(request, replicates=8))
    for name, levels in few.levels.items():
        np.testing.assert_allclose(found.levels[name][:8], levels, rtol=1e-9, equal_nan=True)
        np.testing.assert_allclose(found.effects[name][:8], few.effects[name], rtol=1e-9, atol=1e-12, equal_nan=True)
    made.close()


def test_shipped_runs_of_another_science_are_not_used(monkeypatch):
    monkeypatch.setattr(first_screen, "science", lambda: "another")
    assert first_screen.shipped() == {}


def test_a_scenario_is_not_changed(simulator):
    request = with_assumption(state(), "discernment", 0.2).request()
    before = [design.model_dump_json() for design in request.designs]
    simulator.result(request, 20)
    assert [design.model_dump_json() for design in request.designs] == before
    assert all(isinstance(design, Scenario) for design in request.designs)
