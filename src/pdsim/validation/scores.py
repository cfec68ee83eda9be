"""How well predictions and their rivals meet what was observed: spread between trials, log scores, paired differences.

A forecast of an observed effect is a set of equally likely means, each with a normal error of variance
se^2 + spread^2: ``se`` is the trial's standard error, ``spread`` the SD of true effects between trials of equal design,
one number for every rival.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import optimize, special, stats

from pdsim.comparison import TAILS

CONSTANT = 0.05  # pupil SD: what the constant rival says of every programme (mean of the EEF review, Sims et al. 2021)
PER_MECHANISM = 0.01  # pupil SD for each mechanism (the same review)
WIDEST = 2.0  # SD: no spread between trials is looked for beyond it
NORMAL_GRID = stats.norm.ppf((np.arange(200) + 0.5) / 200)


@dataclass(frozen=True)
class Point:
    """What was observed: trial, what is measured (outcomes of the same ``key`` are pooled), effect, standard error."""

    trial: str
    key: str
    observed: float
    se: float


def log_density(observed: float, means: np.ndarray, error: float) -> float:
    """Log density of an observation under equally likely means with a normal error.

    >>> round(log_density(0.0, np.array([0.0]), 1.0), 4)
    -0.9189
    """
    each = stats.norm.logpdf(observed, means, error)
    return float(special.logsumexp(each) - np.log(len(means)))


def interval(means: np.ndarray, error: float) -> tuple[float, float]:
    """5th and 95th percentile of equally likely means with a normal error."""
    low, high = np.quantile(means[:, None] + error * NORMAL_GRID, TAILS, method="hazen")
    return float(low), float(high)


def within_trials(points: Sequence[Point], values: Sequence[float]) -> dict[str, float]:
    """Mean of values within each trial: one number for each independent trial."""
    listed: dict[str, list[float]] = {}
    for point, value in zip(points, values, strict=True):
        listed.setdefault(point.trial, []).append(value)
    return {trial: float(np.mean(numbers)) for trial, numbers in listed.items()}


def spread_around(points: Sequence[Point], means: Sequence[np.ndarray]) -> float:
    """Maximum-likelihood spread between trials around given forecasts; 0 without trials.

    Outcomes of a trial share one weight, so that each trial counts once.
    """
    if not points:
        return 0.0

    def badness(spread: float) -> float:
        logs = [log_density(p.observed, m, float(np.hypot(p.se, spread))) for p, m in zip(points, means, strict=True)]
        return -sum(within_trials(points, logs).values())

    return least(badness)


def least(badness: Any) -> float:
    """The spread, 0 to ``WIDEST``, at which a function is least; a boundary of 0 is 0 exactly."""
    found = optimize.minimize_scalar(badness, bounds=(0.0, WIDEST), method="bounded", options={"xatol": 1e-5})
    return float(found.x) if badness(float(found.x)) < badness(0.0) - 1e-9 else 0.0


def averaged(points: Sequence[Point]) -> list[Point]:
    """One point for each trial and key: mean effect, and the standard error as if its outcomes were one measure."""
    groups: dict[tuple[str, str], list[Point]] = {}
    for point in points:
        groups.setdefault((point.trial, point.key), []).append(point)
    return [
        Point(trial, key, float(np.mean([p.observed for p in some])), float(np.sqrt(np.mean([p.se**2 for p in some]))))
        for (trial, key), some in groups.items()
    ]


def spread_between(points: Sequence[Point]) -> float:
    """Restricted maximum-likelihood spread between trials around the pooled mean of each key; 0 if no key has two.

    -log L = 1/2 sum over keys of (sum log v + log sum 1/v + sum (x - m)^2 / v), v = se^2 + spread^2, m the pooled mean.
    """
    keys: dict[str, list[Point]] = {}
    for point in averaged(points):
        keys.setdefault(point.key, []).append(point)
    several = [some for some in keys.values() if len(some) > 1]

    def badness(spread: float) -> float:
        total = 0.0
        for some in several:
            v = np.array([p.se**2 + spread**2 for p in some])
            x = np.array([p.observed for p in some])
            mean = (x / v).sum() / (1 / v).sum()
            total += 0.5 * float(np.log(v).sum() + np.log((1 / v).sum()) + ((x - mean) ** 2 / v).sum())
        return total

    return least(badness) if several else 0.0


def pooled_without(point: Point, points: Sequence[Point], spread: float) -> tuple[float, float] | None:
    """Pooled mean of the same key over the other trials, with its standard error; None without any."""
    others = [p for p in averaged(points) if p.key == point.key and p.trial != point.trial]
    if not others:
        return None
    weights = np.array([1 / (p.se**2 + spread**2) for p in others])
    observed = np.array([p.observed for p in others])
    return float((weights * observed).sum() / weights.sum()), float(1 / np.sqrt(weights.sum()))


@dataclass(frozen=True)
class Score:
    """Mean score of a rival over independent trials, and how far the model is ahead of it.

    ``difference`` is the model's score less the rival's, mean over the trials that both have, with the standard error
    of that mean; None where there is no trial, or (error) one only.
    """

    score: float | None
    trials: int
    difference: float | None = None
    difference_se: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return dict(vars(self))


def scored(mine: Mapping[str, float], rival: Mapping[str, float] | None = None) -> Score:
    """Score of the model's own trials, or of a rival's beside them."""
    numbers = mine if rival is None else rival
    mean = float(np.mean(list(numbers.values()))) if numbers else None
    if rival is None:
        return Score(mean, len(numbers))
    differences = np.array([mine[trial] - rival[trial] for trial in mine if trial in rival])
    if len(differences) == 0:
        return Score(mean, len(numbers))
    error = float(differences.std(ddof=1) / np.sqrt(len(differences))) if len(differences) > 1 else None
    return Score(mean, len(numbers), float(differences.mean()), error)


def log_chance(probability: float, draws: int) -> float:
    """Log score of what was expected, from a share of draws: log((k + 1/2) / (n + 1)), so that no score is infinite."""
    return float(np.log((probability * draws + 0.5) / (draws + 1)))
