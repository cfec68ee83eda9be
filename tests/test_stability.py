"""The world without programmes is stable: a push dies out, it does not grow."""

import numpy as np

from pdsim import scenarios, theory
from pdsim.outcomes import OUTCOMES
from pdsim.simulate import luck, simulate

USE = OUTCOMES["use"].column
PUSH = {"programme.sessions": 1, "programme.hours": 0.1, "programme.mechanisms": ["modelling the technique"],
        "evaluation.years": 10, "staff.teachers_per_school": 20, "school.turnover": 0.0}  # fmt: skip


def test_a_small_push_dies_out():
    design = scenarios.load("no-pd").with_(**PUSH)
    without = design.with_(**{"programme.sessions": 0})
    believed, runs = theory.load("prior", 20, 4), luck(40, 20, 4)
    use = (simulate(design, believed, runs) - simulate(without, believed, runs))[:, :, 0, USE]
    first = np.abs(use[:, 1]).mean()
    assert first > 0
    assert np.abs(use[:, 10]).mean() < 0.2 * first
