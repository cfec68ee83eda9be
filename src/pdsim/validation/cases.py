"""The rows of a validation: outcomes with both intervals, and contrasts with their probabilities."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from pdsim.validation.forecasts import Predicted, family_of
from pdsim.validation.prediction import Prediction
from pdsim.validation.scores import interval
from pdsim.validation.trials import Contrast


def case_rows(predicted: Predicted, spreads: Mapping[str, float]) -> Iterator[dict[str, Any]]:
    """A row for each outcome of a trial."""
    trial, spread = predicted.plan.trial, predicted.by["pdsim"].spread
    effect_low, effect_high = spread.interval()
    for k, outcome in enumerate(trial.outcomes):
        error = float(np.hypot(outcome.se or 0.0, spreads.get(family_of(outcome), 0.0)))
        low, high = interval(predicted.means("pdsim", k), error)
        within = None if outcome.observed is None else low <= outcome.observed <= high
        yield {
            "trial": trial.name, "title": trial.title, "kind": trial.kind, "outcome": outcome.outcome,
            "name": outcome.name, "arm": outcome.arm, "against": outcome.against, "year": outcome.year,
            "population": outcome.population, "role": outcome.role, "unit": outcome.unit_words,
            "observed": outcome.observed, "se": outcome.se, "predicted": float(spread.effect[k]), "low": low,
            "high": high, "in_interval": within,
            "effect_low": float(effect_low[k]), "effect_high": float(effect_high[k]),
            "mc_error": float(spread.error[k]),
            "rivals": {name: float(predicted.means(name, k).mean()) for name in predicted.rivals_for(outcome)},
        }  # fmt: skip


def contrast_rows(predicted: Predicted) -> Iterator[dict[str, Any]]:
    """A row for each contrast of a trial."""
    trial = predicted.plan.trial
    names = [outcome.name for outcome in trial.outcomes]
    for contrast in trial.contrasts:
        first = names.index(contrast.greater)
        second = names.index(contrast.than) if contrast.than is not None else None
        spread = predicted.by["pdsim"].difference(first, second)
        low, high = spread.interval()
        chances = {name: chance_of(contrast, by, first, second) for name, by in predicted.by.items()}
        yield {
            "trial": trial.name, "contrast": contrast.name, "greater": contrast.greater, "than": contrast.than,
            "expected": contrast.expected, "margin": contrast.margin, "predicted": float(spread.effect),
            "low": float(low), "high": float(high), "probability": chances.pop("pdsim"), "rivals": chances,
        }  # fmt: skip


def chance_of(contrast: Contrast, prediction: Prediction, first: int, second: int | None) -> float:
    """Share of draws in which the expected difference is as a contrast says; exact ties count half."""

    def above(margin: float) -> float:
        return float(prediction.difference(first, second, margin).chance_positive)

    if contrast.margin is not None:
        return above(-contrast.margin) - above(contrast.margin)
    return above(0.0) if contrast.expected == "greater" else 1.0 - above(0.0)
