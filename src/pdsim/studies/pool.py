"""Schools in every arm under every draw, from which trials are made, and what is true in each draw."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from pdsim import population
from pdsim.assumptions import CHANNEL_FAMILIES
from pdsim.explanation import coalitions, decomposition, verdict
from pdsim.lab.pool import MEASURES, PUPILS, follow
from pdsim.lab.worlds import instrument_errors
from pdsim.outcomes import OUTCOMES
from pdsim.scenarios import Scenario
from pdsim.simulate import luck
from pdsim.studies.arms import WITHOUT
from pdsim.theory import Theory

SCHOOLS = 12  # schools in the pool of each draw, the same in every arm
LUCKS = 20  # staffs behind what is true in a draw
Progress = Callable[[int], None]

# Pupils' results of a school around what the model expects of it. Share of variance between schools: 0.10-0.20 in
# trials in England; correlation with the test before: 0.65-0.75 (as EEF trials report them); two classes are tested
# (*assumption*). With 120 schools that is a smallest detectable effect of 0.15 SD, as trials of that size have.
BETWEEN_SCHOOLS = 0.15
PRETEST = 0.7
TESTED = 50
SCHOOL_SD = float(np.sqrt((1 - PRETEST**2) * (BETWEEN_SCHOOLS + (1 - BETWEEN_SCHOOLS) / TESTED)))


@dataclass(frozen=True)
class Pool:
    """Schools of one world.

    Attributes:
        label: of the assumptions.
        truth: (draws) what is true of the programme: one of ``verdict.ANSWERS`` but "undecided", which counts as
            neither.
        change: by arm: (draws, schools, measures), in the order of ``MEASURES``: change from business as usual in the
            same school, among participants.
        errors: (draws, measures) SD of the error with which a trial sees a school's change.
    """

    label: str
    truth: np.ndarray
    change: Mapping[str, np.ndarray]
    errors: np.ndarray

    @property
    def draws(self) -> int:
        """Draws of the assumptions."""
        return len(self.truth)


def truths(programme: Scenario, assumed: Theory, seed: int, progress: Progress = lambda runs: None) -> np.ndarray:
    """What the verdict's rule says of the programme in each draw, from the families' shares of the pupil effect."""
    runs = luck(LUCKS * len(assumed.draws), len(assumed.draws), seed)
    game = decomposition.family_game(CHANNEL_FAMILIES)
    values = coalitions.play(programme, assumed.draws, game, runs, progress)
    found = verdict.classify(decomposition.shares_of(values, runs.draw, OUTCOMES["pupil_attainment"].column))
    return np.where(found == "undecided", "neither", found)


def truth_runs(programme: Scenario, assumed: Theory) -> int:
    """Runs that finding the truth takes."""
    runs = luck(LUCKS * len(assumed.draws), len(assumed.draws), 0)
    return coalitions.runs_of(programme, assumed.draws, decomposition.family_game(CHANNEL_FAMILIES), runs)


def run_pool(
    arms: Mapping[str, Scenario], assumed: Theory, truth: np.ndarray, seed: int, progress: Progress = lambda runs: None
) -> Pool:
    """Run every arm in the same schools under every draw.

    Args:
        arms: programmes by name, business as usual among them.
        assumed: draws of the assumptions.
        truth: what is true in each.
        seed: of the schools' luck.
        progress: called with the number of runs done.
    """
    templates = {name: population.template(arm) for name, arm in arms.items()}

    def run(draw: int) -> np.ndarray:
        keys = [(seed, draw * SCHOOLS + school) for school in range(SCHOOLS)]
        theory = assumed.draws[draw]
        return np.array([[follow(start, theory, key) for key in keys] for start in templates.values()])

    parts = []
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        try:
            for part in threads.map(run, range(len(assumed.draws))):
                parts.append(part)
                progress(len(arms) * SCHOOLS)
        finally:
            threads.shutdown(cancel_futures=True)
    levels = dict(zip(arms, np.stack(parts, axis=1), strict=True))
    change = {name: level - levels[WITHOUT] for name, level in levels.items() if name != WITHOUT}
    errors = np.array([instrument_errors(theory) for theory in assumed.draws])
    errors[:, PUPILS] = SCHOOL_SD
    return Pool(assumed.label, truth, change, errors)


def drawn(pool: Pool, draw: int, arms: tuple[str, ...], schools: int, rng: np.random.Generator) -> np.ndarray:
    """What a trial sees: (schools, measures), arm after arm, with as many schools each."""
    each = schools // len(arms)
    change = np.concatenate([pool.change[arm][draw][rng.integers(SCHOOLS, size=each)] for arm in arms])
    return np.asarray(change + pool.errors[draw] * rng.standard_normal((schools, len(MEASURES))))
