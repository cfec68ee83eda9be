"""The model's rivals: its own prior, itself without a network, and two simple rules for pupils."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pdsim import theory
from pdsim.theory import Theory
from pdsim.validation.prediction import Plan
from pdsim.validation.scores import CONSTANT, PER_MECHANISM


def theories(kind: str, draws: int, seed: int, assumptions: Mapping[str, float] | None = None) -> dict[str, Theory]:
    """The model and the rivals that are simulated, by label; arguments as :func:`pdsim.theory.load`."""
    return {
        "pdsim": theory.load(kind, draws, seed, assumptions),
        "prior": theory.load("prior", draws, seed),
        "no_network": theory.load_rival(draws, seed),
    }


def simple_rules(plan: Plan) -> dict[str, np.ndarray]:
    """What the two simple rules say of a trial's outcomes on pupils, (draws, outcomes), in pupil SD.

    constant: 0.05 x alignment for every programme, whatever it is; mechanisms_only: 0.01 x number of mechanisms x
    alignment. An arm that is compared with another programme has the difference of the two.
    """
    return {
        "constant": CONSTANT * plan.alignment * plan.over_draws(lambda case: case.programmes),
        "mechanisms_only": PER_MECHANISM * plan.alignment * plan.over_draws(lambda case: case.mechanisms),
    }
