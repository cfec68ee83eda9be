"""Codes perturbed: how far predictions and scores move when trials had been read wrongly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pdsim.theory import Theory
from pdsim.validation.designs import MISREAD, SHIFT, misreading
from pdsim.validation.forecasts import Predicted
from pdsim.validation.prediction import plan, predict
from pdsim.validation.rivalry import pupil_logs
from pdsim.validation.scores import scored
from pdsim.validation.trials import Trial

CODINGS = 8  # ways of having read the codes wrongly


def perturbed(
    trials: Sequence[Trial],
    found: Sequence[Predicted],
    assumed: Theory,
    spread: float,
    progress: Callable[[int], None] | None = None,
) -> dict[str, Any]:
    """How far wrongly read codes move predictions, and the model's lead over the constant.

    In each of ``CODINGS`` codings every mechanism is wrong with chance ``MISREAD``, and content, facilitator and
    fidelity are moved by up to ``SHIFT``; draws and luck stay the same.

    Args:
        trials: the trials.
        found: their forecasts as coded.
        assumed: the model's assumptions.
        spread: SD of true effects on pupils between trials.
        progress: called with the number of runs done.
    """
    means, leads = [], []
    for coding in range(CODINGS):
        wrong = misread(coding, trials, found, assumed, progress)
        means.append(np.concatenate([each.by["pdsim"].spread.effect for each in wrong]))
        leads.append(lead_over_constant(wrong, spread))
    return {
        "codings": CODINGS,
        "chance_wrong": MISREAD,
        "shift": SHIFT,
        "cases": moved_cases(found, np.array(means)),
        "lead_over_constant": {"as_coded": lead_over_constant(found, spread), "codings": leads},
    }


def misread(
    coding: int,
    trials: Sequence[Trial],
    found: Sequence[Predicted],
    assumed: Theory,
    progress: Callable[[int], None] | None,
) -> list[Predicted]:
    """Forecasts under one wrong reading of all trials; the constant's stay as they are."""
    plans = [
        plan(trial, before.plan.draws, before.plan.seed, misreading(trial, coding, before.plan.seed), lucks=1)
        for trial, before in zip(trials, found, strict=True)
    ]
    predicted = predict(plans, {"pdsim": assumed}, progress)
    return [Predicted(of_trial, by, before.rules) for of_trial, by, before in zip(plans, predicted, found, strict=True)]


def lead_over_constant(found: Sequence[Predicted], spread: float) -> float | None:
    """The model's score for pupils less the constant's, mean over trials; None without trials."""
    logs = pupil_logs(found, spread, ("pdsim", "constant"))
    return scored(logs["pdsim"], logs["constant"]).difference


def moved_cases(found: Sequence[Predicted], means: np.ndarray) -> list[dict[str, Any]]:
    """For each outcome: predicted as coded, range and mean shift over codings. ``means`` is (codings, outcomes)."""
    rows = []
    listed = [(predicted, k) for predicted in found for k in range(len(predicted.plan.trial.outcomes))]
    for column, (predicted, k) in enumerate(listed):
        as_coded = float(predicted.by["pdsim"].spread.effect[k])
        rows.append(
            {
                "trial": predicted.plan.trial.name, "name": predicted.plan.trial.outcomes[k].name,
                "predicted": as_coded, "low": float(means[:, column].min()), "high": float(means[:, column].max()),
                "mean_shift": float(np.abs(means[:, column] - as_coded).mean()),
            }
        )  # fmt: skip
    return rows
