"""What trials like these can tell: how far even a perfect model could beat a constant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pdsim.validation.scores import Point
from pdsim.validation.unknown import stream

LITERATURES = 4000
AHEAD = 2.0  # standard errors


def perfect_model(
    points: Sequence[Point], means: Sequence[float], constants: Sequence[float], spread: float, seed: int
) -> dict[str, Any]:
    """How far a model that knows the mean of every design would beat a constant, over simulated literatures.

    In each, a trial's true effects scatter by ``spread`` around the means of its designs (alike for its outcomes), and
    the observed ones by their standard errors around those. Score: mean over trials of the log density, averaged within
    a trial, errors and spread being known to both.

    Args:
        points: the trials' outcomes on pupils; only trial and standard error are used.
        means: what the perfect model says of each: the true mean of its design.
        constants: what the constant says.
        spread: SD of true effects between trials of the same design.
        seed: of the simulated literatures.

    Returns:
        trials; expected difference of the score (perfect less constant) and the standard error that a literature of
        this size leaves it with; share of literatures in which the perfect model is ahead by two of its own standard
        errors, and ahead at all. None where there are fewer than two trials.
    """
    trials = list(dict.fromkeys(point.trial for point in points))
    if len(trials) < 2:
        return {"trials": len(trials)} | dict.fromkeys(
            ("literatures", "expected_difference", "standard_error", "share_ahead_by_two_errors", "share_ahead")
        )
    difference = simulated_differences(points, trials, np.array(means), np.array(constants), spread, seed)
    mean = difference.mean(axis=1)
    error = difference.std(axis=1, ddof=1) / np.sqrt(len(trials))
    return {
        "trials": len(trials),
        "literatures": LITERATURES,
        "expected_difference": float(mean.mean()),
        "standard_error": float(mean.std(ddof=1)),
        "share_ahead_by_two_errors": float(np.mean((mean > AHEAD * error) & (mean > 0))),
        "share_ahead": float(np.mean(mean > 0)),
    }


def simulated_differences(
    points: Sequence[Point], trials: Sequence[str], means: np.ndarray, constants: np.ndarray, spread: float, seed: int
) -> np.ndarray:
    """Score of the perfect model less the constant's, (literatures, trials)."""
    rng = stream(seed, "power")
    row = np.array([trials.index(point.trial) for point in points])
    se = np.array([point.se for point in points])
    true = means + spread * rng.standard_normal((LITERATURES, len(trials)))[:, row]
    observed = true + se * rng.standard_normal((LITERATURES, len(points)))
    ahead = ((observed - constants) ** 2 - (observed - means) ** 2) / (2 * (se**2 + spread**2))
    members = (row[:, None] == np.arange(len(trials))).astype(float)
    return ahead @ (members / members.sum(axis=0))
