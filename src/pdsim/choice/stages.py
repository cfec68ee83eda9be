"""Running candidates: all of them a little, the leading ones more, and those that are reported once more, afresh.

Each stage has draws of the assumptions and luck of its own, shared by all designs in it. What is reported comes from
the last stage alone and which designs are named from those before, so the best is not flattered by the luck that made
it look best (the winner's curse).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pdsim.choice.levers import Candidate
from pdsim.choice.prices import HOURS, POUNDS
from pdsim.kernel.measure import ALL, PARTICIPANTS
from pdsim.outcomes import Outcome
from pdsim.scenarios import Partners, Scenario
from pdsim.simulate import Luck, simulate
from pdsim.theory import Theory

DRAWS = (50, 50, 100)  # draws of the assumptions in each stage
LUCKS = (1, 4, 4)  # staffs of each draw
Progress = Callable[[int], None]


@dataclass(frozen=True)
class Seen:
    """What a stage saw of its designs.

    Attributes:
        runs: draw and luck of each of R runs.
        levels: by name of the candidate: (R, populations, outcomes) at the end of the last year.
        without: the same without a programme, by the partners of the programme.
    """

    runs: Luck
    levels: dict[str, np.ndarray]
    without: dict[Partners, np.ndarray]

    def effect(self, candidate: Candidate, outcome: Outcome) -> np.ndarray:
        """Difference (R) from the same staff without a programme, turned so that more is better."""
        levels, without = self.levels[candidate.name], self.without[candidate.scenario.partners]
        return np.asarray(outcome.direction * (levels - without)[:, ALL, outcome.column])


def distinct(candidates: Sequence[Candidate], seen: Seen) -> list[Candidate]:
    """The candidates without those that came out the same to the bit as an earlier one: no lever changed anything."""
    first: dict[bytes, Candidate] = {}
    for candidate in candidates:
        first.setdefault(seen.levels[candidate.name].tobytes(), candidate)
    return list(first.values())


def draws_needed() -> int:
    """Draws of the assumptions that all stages take together."""
    return sum(DRAWS)


def luck_of(stage: int, draws: int, seed: int) -> Luck:
    """Draw and luck of each run of a stage, out of ``draws`` draws; one draw alone serves all stages."""
    replicates = sum(d * k for d, k in zip(DRAWS[:stage], LUCKS[:stage], strict=True))
    replicate = replicates + np.arange(DRAWS[stage] * LUCKS[stage])
    draw = sum(DRAWS[:stage]) + np.arange(len(replicate)) // LUCKS[stage]
    return Luck(seed, draw if draws > 1 else np.zeros_like(draw), replicate)


def runs_of(candidates: Sequence[Candidate], stage: int) -> int:
    """Runs that a stage takes."""
    partners = {candidate.scenario.partners for candidate in candidates}
    return (len(candidates) + len(partners)) * DRAWS[stage] * LUCKS[stage]


def run_stage(
    candidates: Sequence[Candidate], world: Scenario, assumed: Theory, runs: Luck, progress: Progress
) -> Seen:
    """Run candidates and, for each set of partners among them, the same staff without a programme.

    Args:
        candidates: the designs in the world.
        world: the staffroom, without a programme.
        assumed: draws of the assumptions.
        runs: draw and luck of each run.
        progress: called with the number of runs done.
    """

    def last_year(scenario: Scenario) -> np.ndarray:
        return simulate(scenario, assumed, runs, executor=threads, progress=progress)[:, -1]

    with ThreadPoolExecutor(os.cpu_count()) as threads:
        try:
            partners = dict.fromkeys(candidate.scenario.partners for candidate in candidates)
            without = {own: last_year(world.model_copy(update={"partners": own})) for own in partners}
            levels = {candidate.name: last_year(candidate.scenario) for candidate in candidates}
        finally:
            threads.shutdown(cancel_futures=True)
    return Seen(runs, levels, without)


def table_of(candidates: Sequence[Candidate], seen: Seen, outcome: Outcome) -> pd.DataFrame:
    """Means of a stage, a row for each candidate: name, base, format, effect (more is better), pounds, hours.

    ``hours`` are those of the whole staff, ``own_hours`` those of teachers who take part.
    """
    rows = []
    for candidate in candidates:
        everybody, own = seen.levels[candidate.name].mean(axis=0)[[ALL, PARTICIPANTS]]
        rows.append(
            {
                "name": candidate.name, "base": candidate.base, "format": candidate.scenario.programme.format,
                "effect": float(seen.effect(candidate, outcome).mean()),
                "pounds": float(everybody[POUNDS]), "hours": float(everybody[HOURS]), "own_hours": float(own[HOURS]),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)
