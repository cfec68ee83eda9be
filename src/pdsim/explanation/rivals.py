"""What else could be done: the replaced twin, and the best solo design of the library at equal or lower cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from pdsim import library, scenarios
from pdsim.comparison import spread_over_draws
from pdsim.explanation.coalitions import Progress
from pdsim.explanation.decomposition import thinned
from pdsim.kernel.measure import ALL
from pdsim.outcomes import OUTCOMES, Outcome
from pdsim.scenarios import Scenario
from pdsim.simulate import Luck, simulate
from pdsim.theory import Theory

LUCKS = 4  # lucks of every draw for the library's designs
POUNDS, HOURS = OUTCOMES["pounds_per_teacher"].column, OUTCOMES["hours_per_teacher"].column
PUPILS = OUTCOMES["pupil_attainment"]
CENTS = 0.005  # pounds by which costs may differ and still be equal


def levels(design: Scenario, assumed: Theory, runs: Luck, progress: Progress) -> np.ndarray:
    """Outcomes (R, outcomes) of all staff at the end of the last year."""
    return simulate(design, assumed, runs, progress=progress)[:, -1, ALL]


def against(design: np.ndarray, other: np.ndarray, draw: np.ndarray, outcome: Outcome) -> dict[str, Any]:
    """What a design adds to an outcome beyond another, (R, outcomes) each: mean, 90 % range, chance to be better."""
    spread = spread_over_draws((design - other)[:, outcome.column], draw)
    low, high = spread.interval()
    more = float(spread.chance_positive)
    return {
        "difference": float(spread.effect), "low": float(low), "high": float(high),
        "probability_better": 1.0 - more if outcome.direction < 0 else more,
    }  # fmt: skip


def solo_designs() -> list[Scenario]:
    """The solo designs of the library that have a programme."""
    loaded = [scenarios.load(name) for name in library.shipped()]
    return [s for s in loaded if s.programme.format == "solo" and s.programme.sessions > 0]


def best_solo(
    scenario: Scenario, assumed: Theory, runs: Luck, found: np.ndarray, progress: Progress
) -> Mapping[str, Any] | None:
    """The library's solo design that does most for pupils in this staffroom, of those that cost no more.

    Args:
        scenario: the design beside which they stand.
        assumed: draws of the assumptions.
        runs: draw and luck of each run.
        found: (R, outcomes) of the design in these runs.
        progress: called with the number of runs done.

    Returns:
        Its name, its cost and hours, and what the design adds beyond it; None where none is as cheap.
    """
    few = thinned(runs, LUCKS)
    own = found[np.isin(runs.replicate, few.replicate)]
    rows = {s.name: levels(s.in_the_world_of(scenario), assumed, few, progress) for s in solo_designs()}
    cheap = {name: row for name, row in rows.items() if row[:, POUNDS].mean() <= own[:, POUNDS].mean() + CENTS}
    if not cheap:
        return None
    name = max(cheap, key=lambda name: cheap[name][:, PUPILS.column].mean())
    best = cheap[name]
    return {
        "scenario": name, **against(own, best, few.draw, PUPILS),
        "pounds_per_teacher": float(best[:, POUNDS].mean()), "own_pounds_per_teacher": float(own[:, POUNDS].mean()),
        "hours_per_teacher": float(best[:, HOURS].mean()), "own_hours_per_teacher": float(own[:, HOURS].mean()),
    }  # fmt: skip
