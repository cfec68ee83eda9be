"""The model's scores beside its rivals': contrasts first, then other outcomes than pupils', then pupils."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pdsim.validation.forecasts import FOR_PUPILS, SIMULATED, Predicted, family_of, observed
from pdsim.validation.power import perfect_model
from pdsim.validation.scores import Point, log_chance, log_density, pooled_without, scored, within_trials

RIVALS = (*FOR_PUPILS, "no_difference", "pooled_mean")


def pupil_logs(
    found: Sequence[Predicted], spread: float, rivals: Sequence[str] = FOR_PUPILS
) -> dict[str, dict[str, float]]:
    """Log density of what was observed of pupils, by rival and trial."""
    listed = list(observed(found, pupils=True))
    points = [point for *_, point in listed]
    logs = {}
    for rival in rivals:
        values = [
            log_density(point.observed, predicted.means(rival, k), float(np.hypot(point.se, spread)))
            for predicted, k, point in listed
        ]
        logs[rival] = within_trials(points, values)
    return logs


def other_logs(found: Sequence[Predicted], spreads: Mapping[str, float]) -> dict[str, dict[str, float]]:
    """Log density of what was observed of other outcomes, by rival and trial.

    Rivals are the simulated ones, no difference (for effects), and the pooled mean of the other trials with its error.
    """
    listed = list(observed(found, pupils=False))
    points = [point for *_, point in listed]
    logs: dict[str, dict[str, float]] = {}
    for rival in (*SIMULATED, "no_difference", "pooled_mean"):
        kept, values = [], []
        for predicted, k, point in listed:
            outcome = predicted.plan.trial.outcomes[k]
            spread = spreads[family_of(outcome)]
            forecast = other_forecast(rival, predicted, k, point, points, spread)
            if forecast is not None:
                means, error = forecast
                kept.append(point)
                values.append(log_density(point.observed, means, error))
        logs[rival] = within_trials(kept, values)
    return logs


def other_forecast(
    rival: str, predicted: Predicted, k: int, point: Point, points: Sequence[Point], spread: float
) -> tuple[np.ndarray, float] | None:
    """A rival's equally likely means of an outcome that is not pupils', with their error; None where it has none."""
    error = float(np.hypot(point.se, spread))
    if rival in SIMULATED:
        return predicted.means(rival, k), error
    if rival == "no_difference":
        return None if predicted.plan.trial.outcomes[k].is_level else (np.zeros(1), error)
    pooled = pooled_without(point, points, spread)
    return None if pooled is None else (np.array([pooled[0]]), float(np.hypot(error, pooled[1])))


def contrast_logs(rows: Sequence[Mapping[str, Any]], draws: int) -> dict[str, dict[str, float]]:
    """Log score of contrasts, by rival and trial; "no_difference" gives an order one half and a null finding one."""
    points = [Point(row["trial"], row["contrast"], 0.0, 1.0) for row in rows]
    chances = {
        "pdsim": [row["probability"] for row in rows],
        "prior": [row["rivals"]["prior"] for row in rows],
        "no_network": [row["rivals"]["no_network"] for row in rows],
        "no_difference": [1.0 if row["expected"] == "about equal" else 0.5 for row in rows],
    }
    return {
        rival: within_trials(points, [log_chance(chance, draws) for chance in listed])
        for rival, listed in chances.items()
    }


def all_scores(
    contrasts: Mapping[str, Mapping[str, float]],
    others: Mapping[str, Mapping[str, float]],
    pupils: Mapping[str, Mapping[str, float]],
) -> dict[str, Any]:
    """Scores of the model and every rival, by what is predicted; None for what a rival says nothing of."""
    kinds = {"contrasts": contrasts, "other_outcomes": others, "pupils": pupils}
    return {
        rival: {
            kind: scored(logs["pdsim"], None if rival == "pdsim" else logs[rival]).to_dict() if rival in logs else None
            for kind, logs in kinds.items()
        }
        for rival in RIVALS
    }


def power_of(found: Sequence[Predicted], spread: float, seed: int) -> dict[str, Any]:
    """How far a perfect model could beat the constant, were the model's mean predictions the truth of each design."""
    listed = list(observed(found, pupils=True))
    means = [float(predicted.means("pdsim", k).mean()) for predicted, k, _ in listed]
    constants = [float(predicted.means("constant", k).mean()) for predicted, k, _ in listed]
    return perfect_model([point for *_, point in listed], means, constants, spread, seed) | {"spread": spread}
