"""Analyses of experiments: functions whose answers are known through the same path, from TOML to indices."""

from pathlib import Path

import numpy as np
import pytest

import pdsim
from pdsim import experiment
from pdsim.experiment import work
from pdsim.experiment.levels import Levels
from pdsim.kernel.measure import OUTCOMES, POPULATIONS

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
    Path("known.toml").write_text(HEAD.format(replicates=replicates) + design + factors)
    assert experiment.sweep("known.toml", "out").status.complete
    return "out"


def ishigami(values):
    """The function of Ishigami and Homma (1990) with a = 7 and b = 0.1, over -pi to pi."""
    x = np.pi * (2 * values - 1)
    return np.sin(x[0]) + 7 * np.sin(x[1]) ** 2 + 0.1 * x[2] ** 4 * np.sin(x[0])


def test_sobol_indices_of_the_ishigami_function(folder, monkeypatch):
    out = swept(monkeypatch, ishigami, 'method = "sobol"\nsamples = 1024\nsecond_order = true')
    table = pdsim.analyse(out).tables["indices"].set_index("factor").loc[list(PATHS)]
    assert table["first"].to_numpy() == pytest.approx([0.314, 0.442, 0.0], abs=0.03)
    assert table["total"].to_numpy() == pytest.approx([0.558, 0.442, 0.244], abs=0.03)
    for name, truth in (("first", [0.314, 0.442, 0.0]), ("total", [0.558, 0.442, 0.244])):
        assert (table[f"{name}_low"] < truth).all()
        assert (table[f"{name}_high"] > truth).all()
    pairs = pdsim.analyse(out).tables["pairs"].set_index(["a", "b"])["second"]
    assert pairs[PATHS[0], PATHS[2]] == pytest.approx(0.244, abs=0.05)
    assert pairs[PATHS[0], PATHS[1]] == pytest.approx(0.0, abs=0.05)
