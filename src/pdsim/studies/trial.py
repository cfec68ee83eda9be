"""One trial analysed as trialists would, and what it is taken to say under a stated rule.

Schools are the units that the lot is drawn for and the units that are analysed, by least squares with robust errors
(statsmodels, HC1), so pupils and teachers of a school count as one cluster. Three readings:

- *pupils*: pupils' results alone;
- *mediation*: also attendance and motivation are measured; what is left of the effect on pupils when they are held
  counts as fluoride, what went through them as mint;
- *what it moves*: attendance, motivation and knowledge are measured, and looked at in place of pupils: knowledge with
  attendance held speaks for fluoride, attendance or motivation for mint. That these then reach pupils is taken from
  elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pdsim.explanation.verdict import THRESHOLD
from pdsim.lab.pool import ATTENDANCE, LEARNING, MOTIVATION, PUPILS
from pdsim.lab.regression import Found
from pdsim.lab.trial import TOGETHER, Effect, Fit, Schools, fit, through
from pdsim.studies.arms import Design

READINGS = ("pupils", "mediation", "what it moves")
ANSWERS = ("fluoride", "mint", "both", "neither", "harmful")
# Beside an answer a trial may say only that something works, or does worse than the other arm, or nothing at all.
CALLS = (*ANSWERS, "works", "worse", "nothing")
# Smaller changes (0-1) name no path: about what goes with 0.01 pupil SD in the teaching worlds (*assumption*).
WORTH = {LEARNING: 0.015, ATTENDANCE: 0.025, MOTIVATION: 0.05}
BEYOND = 3  # column of what the effect gains where attendance is voluntary


def named(fluoride: bool, mint: bool) -> str:
    """The answer for the paths that were seen."""
    return ("both" if mint else "fluoride") if fluoride else "mint"


@dataclass(frozen=True)
class Sign:
    """An estimate that speaks for a path; it counts from ``floor`` to name the path, from ``worth`` to rule it out."""

    found: Found
    floor: float
    worth: float

    @property
    def seen(self) -> bool:
        """Whether it is above 0 beyond chance, and large enough to name the path."""
        return self.found.low > 0 and self.found.estimate >= self.floor

    @property
    def lost(self) -> bool:
        """Whether it is below 0 beyond chance, by as much."""
        return self.found.high < 0 and self.found.estimate <= -self.floor

    @property
    def ruled_out(self) -> bool:
        """Whether no size that counts is left in its interval."""
        return self.found.high < self.worth


def call(design: Design, total: Found, fluoride: Sequence[Sign], mint: Sequence[Sign]) -> str:
    """What a trial is taken to say.

    The paths of which a sign is seen; else, where the other arm has nothing in place of working together, harmful if
    pupils, or all signs of fluoride, lose beyond chance, and neither if both paths were looked at and all signs are
    ruled out; else whether pupils gain or lose beyond chance, with no path named.

    Args:
        design: of the trial.
        total: effect on pupils.
        fluoride: what speaks for fluoride.
        mint: what speaks for mint.
    """
    seen = [any(sign.seen for sign in path) for path in (fluoride, mint)]
    if any(seen) and not (design.against_nothing and total.high < 0):
        return named(*seen)
    if design.against_nothing:
        if total.high < 0 or (fluoride and all(sign.lost for sign in fluoride)):
            return "harmful"
        if fluoride and mint and all(sign.ruled_out for sign in (*fluoride, *mint)):
            return "neither"
    return "works" if total.low > 0 else "worse" if total.high < 0 else "nothing"


def combined(found: Fit, columns: Sequence[int]) -> Effect:
    """The sum of coefficients."""
    at = list(columns)
    return Effect(float(found.params[at].sum()), float(found.covariance[np.ix_(at, at)].sum()))


def analyse(design: Design, seen: np.ndarray) -> dict[str, str]:
    """What each reading of a trial says, one of ``CALLS``.

    Args:
        design: of the trial.
        seen: (schools, measures) as :func:`pdsim.studies.pool.drawn` gives them.
    """
    columns = design.matrix(len(seen))
    schools = Schools(columns[:, TOGETHER], columns, seen)
    pupils, attendance, motivation = (fit(seen[:, k], columns) for k in (PUPILS, ATTENDANCE, MOTIVATION))
    knowledge = fit(seen[:, LEARNING], np.column_stack([columns, seen[:, ATTENDANCE]]))
    whole = (TOGETHER, BEYOND) if design.holds_attendance else (TOGETHER,)
    direct, mediated = map(on_pupils, through(schools, [attendance, motivation], [ATTENDANCE, MOTIVATION], pupils))
    beyond = [on_pupils(pupils.of(BEYOND))] if design.holds_attendance else []
    alone = [on_pupils(pupils.of(TOGETHER))] if design.holds_attendance or not design.moves_company else []
    paths = {
        "pupils": (alone, beyond),
        "mediation": ([direct], [mediated, *beyond]),
        "what it moves": (
            [on_measure(knowledge.of(TOGETHER), LEARNING)],
            [on_measure(motivation.of(TOGETHER), MOTIVATION), on_measure(attendance.of(whole[-1]), ATTENDANCE)],
        ),
    }
    total = combined(pupils, whole).found()
    return {
        reading: call(design, total, fluoride, mint if design.moves_company else [])
        for reading, (fluoride, mint) in paths.items()
    }


def on_pupils(effect: Effect) -> Sign:
    """A sign in pupils' results: any size that is beyond chance names a path."""
    return Sign(effect.found(), 0.0, THRESHOLD)


def on_measure(effect: Effect, measure: int) -> Sign:
    """A sign in what lies between."""
    return Sign(effect.found(), WORTH[measure], WORTH[measure])
