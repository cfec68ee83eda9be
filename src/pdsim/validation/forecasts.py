"""Trials with what the model and its rivals forecast, and the spread of true effects between trials."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pdsim.validation.prediction import Plan, Prediction
from pdsim.validation.scores import Point, spread_around, spread_between
from pdsim.validation.trials import Outcome

SIMULATED = ("pdsim", "prior", "no_network")
FOR_PUPILS = ("pdsim", "prior", "constant", "mechanisms_only", "no_network")


@dataclass(frozen=True)
class Predicted:
    """A trial with what the model and its rivals predict.

    ``by`` holds predictions by label of the assumptions, ``rules`` those of the simple rules (draws, outcomes).
    """

    plan: Plan
    by: Mapping[str, Prediction]
    rules: Mapping[str, np.ndarray]

    def rivals_for(self, outcome: Outcome) -> list[str]:
        """The rivals that forecast an outcome."""
        return [*(name for name in self.by if name != "pdsim"), *(self.rules if is_pupils(outcome) else ())]

    def means(self, rival: str, k: int) -> np.ndarray:
        """Equally likely expected effects of outcome ``k`` under a rival."""
        return self.by[rival].spread.expected[:, k] if rival in self.by else self.rules[rival][:, k]


def is_pupils(outcome: Outcome) -> bool:
    """True for effects on pupils."""
    return outcome.outcome == "pupil_attainment"


def key_of(outcome: Outcome) -> str:
    """What an outcome measures: outcomes of the same key are pooled."""
    kind = "level" if outcome.is_level else outcome.unit_words
    return f"{outcome.outcome} ({kind})"


def family_of(outcome: Outcome) -> str:
    """Which outcomes share a spread between trials: pupils; effects on teachers in SD; each other key by itself."""
    if is_pupils(outcome):
        return "pupils"
    in_sd = outcome.in_sd_of_measure or outcome.outcome == "practice"
    return "teachers, in SD" if in_sd else key_of(outcome)


def observed(found: Sequence[Predicted], pupils: bool) -> Iterator[tuple[Predicted, int, Point]]:
    """Outcomes with an observed value, pupils' or others', with their trial and place in it."""
    for predicted in found:
        for k, outcome in enumerate(predicted.plan.trial.outcomes):
            if outcome.observed is not None and outcome.se is not None and is_pupils(outcome) == pupils:
                yield predicted, k, Point(predicted.plan.trial.name, key_of(outcome), outcome.observed, outcome.se)


def spreads_of(found: Sequence[Predicted]) -> dict[str, float]:
    """SD of true effects between trials of equal design, by family of outcomes.

    Pupils: maximum likelihood around the constant rival. Others: restricted maximum likelihood around the pooled mean
    of each outcome (0 where no outcome has two trials, which makes intervals too narrow).
    """
    pupils = list(observed(found, pupils=True))
    means = [predicted.means("constant", k) for predicted, k, _ in pupils]
    spreads = {"pupils": spread_around([point for *_, point in pupils], means)}
    families: dict[str, list[Point]] = {}
    for predicted, k, point in observed(found, pupils=False):
        families.setdefault(family_of(predicted.plan.trial.outcomes[k]), []).append(point)
    return spreads | {family: spread_between(points) for family, points in families.items()}
