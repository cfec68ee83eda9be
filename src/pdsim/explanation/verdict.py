"""The verdict: fluoride, mint, both, neither or harmful, computed from each draw; and the assumptions that carry it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from pdsim import theory
from pdsim.assumptions import FAMILIES, PARAMETERS, REGISTER
from pdsim.explanation.decomposition import Shares

ANSWERS = ("harmful", "fluoride", "mint", "both", "neither", "undecided")
THRESHOLD = 0.01  # pupil SD: what a family must add to count, and from which a loss is harm
DECIDED = 0.5  # the answer is the one with more probability than this
UNTOUCHED = 0.1  # the evidence does not touch a probability that it moves by less
CARRIERS = 3
LIMITS = "This is a model's answer, not a trial's."
FLUORIDE, MINT = FAMILIES.index("fluoride"), FAMILIES.index("mint")


def classify(shares: Shares) -> np.ndarray:
    """The answer in each draw, (draws) strings.

    Harmful where the total is below -0.01 pupil SD; else fluoride, mint or both by which of the two families' signed
    shares exceed 0.01; neither where all families are within 0.01; else undecided.
    """
    fluoride, mint = (shares.families[:, family] > THRESHOLD for family in (FLUORIDE, MINT))
    nothing = (np.abs(shares.families) <= THRESHOLD).all(axis=1)
    cases = [shares.total < -THRESHOLD, fluoride & mint, fluoride, mint, nothing]
    return np.select(cases, ["harmful", "both", "fluoride", "mint", "neither"], "undecided")


def probabilities(shares: Shares) -> dict[str, float]:
    """Share of the draws in which each answer is right."""
    found = classify(shares)
    return {answer: float((found == answer).mean()) for answer in ANSWERS}


def answer_of(probability: Mapping[str, float]) -> str:
    """The answer with a probability above 0.5, else "undecided".

    >>> answer_of({"fluoride": 0.4, "mint": 0.35, "neither": 0.25})
    'undecided'
    """
    return next((answer for answer, p in probability.items() if p > DECIDED), "undecided")


def standard_errors(probability: Mapping[str, float], draws: int) -> dict[str, float]:
    """Standard errors of probabilities that are shares of so many draws."""
    return {answer: float(np.sqrt(p * (1.0 - p) / draws)) for answer, p in probability.items()}


def untouched(posterior: Mapping[str, float], prior: Mapping[str, float]) -> list[str]:
    """Answers whose probability the evidence moves by less than 0.1."""
    return [answer for answer in posterior if abs(posterior[answer] - prior[answer]) < UNTOUCHED]


@dataclass(frozen=True)
class Carrier:
    """An assumption with the part of the verdict's spread that it carries beyond those named before it, 0-1."""

    name: str
    carried: float


@dataclass(frozen=True)
class Carriers:
    """What carries a verdict's spread: ``presence`` is the part of whether families of channels are there at all."""

    presence: float
    found: list[Carrier]


def scores(name: str, values: np.ndarray) -> np.ndarray:
    """Standardised ranks of an assumption in the draws, (draws); ties share their mean rank.

    Where a family of channels is off its strengths say nothing more: their score is 0, and ranks are among the others.
    """
    on = values != 0.0 if PARAMETERS[name].family else np.ones(len(values), bool)
    out = np.zeros(len(values))
    if on.any() and np.ptp(values[on]) > 0:
        ranked = stats.rankdata(values[on])
        out[on] = (ranked - ranked.mean()) / ranked.std()
    return out


def families_there(draws: np.recarray) -> np.ndarray:
    """1 where any channel of a family is on, (draws, families), each column less its mean."""
    own = [[p.name for p in REGISTER if p.family == family] for family in FAMILIES]
    there = np.column_stack([np.any([draws[name] != 0.0 for name in names], axis=0) for names in own]).astype(float)
    return there - there.mean(axis=0)


def without(direction: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Columns (draws, K) less what one direction (draws), of length 1, explains of them."""
    return columns - np.outer(direction, direction @ columns)


def carriers(draws: np.recarray, shares: Shares, count: int = CARRIERS) -> Carriers:
    """The assumptions that carry most of a verdict's spread, the most first.

    What a verdict looks at (total, fluoride, mint) on the scale asinh(value / 0.01), which is even near the thresholds
    and logarithmic far off, is regressed on whether each family is there at all, then on the ranks of all assumptions:
    the one that explains most of the joint variance comes first, then the one that explains most of what is left. So an
    assumption that only goes with another is not counted twice.
    """
    looked_at = np.column_stack([shares.total, shares.families[:, FLUORIDE], shares.families[:, MINT]])
    left = np.arcsinh(looked_at / THRESHOLD)
    left = left - left.mean(axis=0)
    spread = float((left**2).sum())
    if spread == 0.0:
        return Carriers(0.0, [])
    given = np.column_stack([scores(name, draws[name]) for name in PARAMETERS])
    there, size, _ = np.linalg.svd(families_there(draws), full_matrices=False)
    for direction in there.T[size > 1e-9]:
        left, given = without(direction, left), without(direction, given)
    presence = 1.0 - float((left**2).sum()) / spread
    found: list[Carrier] = []
    for _ in range(count):
        length = np.sqrt((given**2).sum(axis=0))
        unit = given / np.where(length > 1e-6, length, np.inf)
        gains = ((unit.T @ left) ** 2).sum(axis=1) / spread
        best = int(gains.argmax())
        if gains[best] <= 0.0:
            break
        found.append(Carrier(list(PARAMETERS)[best], float(gains[best])))
        left, given = without(unit[:, best], left), without(unit[:, best], given)
    return Carriers(presence, found)


def touched_by_fit() -> dict[str, bool]:
    """Whether the fit to the published patterns moved or narrowed each assumption."""
    return {row["name"]: bool(row.get("touched", False)) for row in theory.shipped_record()["parameters"]}


def basis_of(name: str, fitted: Mapping[str, bool]) -> str:
    """What an assumption rests on: "evidence" where a publication gives it or the fit touched it, else "assumption"."""
    return "evidence" if fitted.get(name, False) or "assumption" not in PARAMETERS[name].source else "assumption"


def description(carrier: Carrier, draws: np.recarray, fitted: Mapping[str, bool]) -> dict[str, Any]:
    """A carrier as it stands in a document; its quantiles are those of the draws in which its family is there."""
    p = PARAMETERS[carrier.name]
    values = draws[carrier.name]
    values = values[values != 0.0] if p.family else values
    low, middle, high = (float(value) for value in np.quantile(values, (0.05, 0.5, 0.95)))
    return {
        "name": p.name, "meaning": p.meaning, "unit": p.unit, "family": p.family or None,
        "carried": carrier.carried, "basis": basis_of(p.name, fitted), "source": p.source,
        "touched_by_fit": fitted.get(p.name), "low": low, "middle": middle, "high": high,
    }  # fmt: skip
