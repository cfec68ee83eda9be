"""At which value of an assumption would the verdict be another?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pdsim import theory
from pdsim.assumptions import PARAMETERS
from pdsim.explanation import decomposition
from pdsim.explanation.coalitions import Progress, play, runs_of
from pdsim.explanation.verdict import CARRIERS, answer_of, probabilities
from pdsim.outcomes import OUTCOMES
from pdsim.scenarios import Scenario
from pdsim.simulate import Luck
from pdsim.theory import Theory

SEARCHED = (0.01, 0.99)  # quantiles of the prior between which values are tried
GRID = 7  # values tried first
HALVINGS = 3  # of the step between two of them in which the answer changes: it is then known to 1 % of the range
CHANGES = 3  # such steps that are looked into, those nearest to the assumption's median
TRIALS = GRID + CHANGES * HALVINGS  # of one assumption, at most
LUCKS = 5  # lucks of every draw in a trial; draws are those of the verdict
PUPILS = OUTCOMES["pupil_attainment"].column


@dataclass(frozen=True)
class Search:
    """What every trial of a value shares.

    Attributes:
        scenario: the design.
        believed: draws of the assumptions.
        runs: draw and luck of each run of a trial.
        families: family of each channel.
    """

    scenario: Scenario
    believed: Theory
    runs: Luck
    families: Mapping[str, str]

    @property
    def runs_of_trial(self) -> int:
        """Runs of a trial, about: an assumption that is fixed may wake channels that draws have off."""
        game = decomposition.family_game(self.families)
        return runs_of(self.scenario, self.believed.draws, game, self.runs)

    @property
    def runs_at_most(self) -> int:
        """Runs of the whole search when the answer changes often."""
        return self.runs_of_trial * CARRIERS * TRIALS

    def answer_at(self, name: str, value: float) -> str:
        """The answer when an assumption has this value in every draw, whatever else it went with."""
        fixed = theory.override(self.believed, {name: value})
        game = decomposition.family_game(self.families)
        values = play(self.scenario, fixed.draws, game, self.runs, lambda done: None)
        return answer_of(probabilities(decomposition.shares_of(values, self.runs.draw, PUPILS)))


def halve(answer_at: Callable[[float], str], low: float, high: float, below: str, above: str) -> dict[str, Any]:
    """Where between two values with different answers the first answer stops, and the answers on both sides."""
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        found = answer_at(middle)
        if found == below:
            low = middle
        else:
            high, above = middle, found
    return {"value": 0.5 * (low + high), "below": below, "above": above}


def find(search: Search, name: str, progress: Progress) -> dict[str, Any]:
    """The values of an assumption at which the answer changes when it is fixed in every draw.

    Returns:
        ``tried``: values from the 1st to the 99th percentile of the prior, each with its answer. ``flips``: values
        where the answer changes, with the answers ``below`` and ``above``, in order; empty where it is one throughout.
    """
    trial, done = search.runs_of_trial, 0

    def answer_at(value: float) -> str:
        nonlocal done
        found = search.answer_at(name, value)
        done += 1
        progress(trial)
        return found

    p = PARAMETERS[name]
    low, high = p.prior.quantile(np.array(SEARCHED), p.low, p.high)
    values = [float(value) for value in np.linspace(low, high, GRID)]
    answers = [answer_at(value) for value in values]
    steps = [k for k in range(GRID - 1) if answers[k] != answers[k + 1]]
    middle = float(np.median(search.believed.draws[name]))
    near = sorted(steps, key=lambda k: abs(0.5 * (values[k] + values[k + 1]) - middle))[:CHANGES]
    flips = [halve(answer_at, values[k], values[k + 1], answers[k], answers[k + 1]) for k in sorted(near)]
    progress(trial * (TRIALS - done))
    return {"flips": flips, "tried": [{"value": v, "answer": a} for v, a in zip(values, answers, strict=True)]}
