"""Many runs of a scenario: in chunks, over any ``concurrent.futures.Executor``, always with the same numbers."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pdsim import population
from pdsim.cache import compiled_sources, hash_of
from pdsim.kernel import run as kernel_run
from pdsim.kernel.measure import OUTCOMES, POPULATIONS
from pdsim.scenarios import Scenario
from pdsim.theory import Theory

CHUNK = 25  # runs in one call of the kernel: about a hundredth of a second
DRAW_SHARE = 4  # replicates that share a draw of the assumptions


def science_hash() -> str:
    """Short hash of the kernel's sources and the register of assumptions: the version of the science."""
    return hash_of([*compiled_sources(), Path(__file__).parent / "assumptions.py"])


@dataclass(frozen=True)
class Luck:
    """Which draw and which luck each run has; the same in every design.

    ``draw`` and ``replicate`` are R integers: run r takes draw ``draw[r]`` of the assumptions and the random numbers
    under (``seed``, ``replicate[r]``).
    """

    seed: int
    draw: np.ndarray
    replicate: np.ndarray


def luck(replicates: int, draws: int, seed: int) -> Luck:
    """Runs 0..replicates-1, spread evenly over the draws, each with its own luck."""
    replicate = np.arange(replicates)
    return Luck(seed, replicate * draws // replicates, replicate)


def draws_for(replicates: int) -> int:
    """How many draws a number of replicates takes: four replicates share one."""
    return -(-replicates // DRAW_SHARE)


def simulate(
    scenario: Scenario,
    theory: Theory,
    runs: Luck,
    reported: Scenario | None = None,
    executor: Executor | None = None,
    progress: Callable[[int], None] | None = None,
) -> np.ndarray:
    """Outcomes of many runs of one scenario.

    Args:
        scenario: the design and its setting.
        theory: the draws of the assumptions.
        runs: draw and luck of each of R runs.
        reported: the design whose participants are reported (for a baseline).
        executor: where chunks run; by default a thread for each processor (the kernel releases the GIL).
        progress: called with the number of runs done, after each chunk.

    Returns:
        Array (R, years + 1, 4 populations, 14 outcomes) in the order of ``POPULATIONS`` and ``OUTCOMES``; year 0 is
        before the programme. NaN where a population is empty.
    """
    start = population.template(scenario, reported)
    pool = executor or ThreadPoolExecutor(max_workers=os.cpu_count())
    try:
        chunks = [
            (runs.draw[at : at + CHUNK], runs.replicate[at : at + CHUNK]) for at in range(0, len(runs.draw), CHUNK)
        ]
        futures = [
            pool.submit(run_chunk, start, theory.draws, d, r, runs.seed, scenario.evaluation.years) for d, r in chunks
        ]
        parts = []
        for future in futures:
            parts.append(future.result())
            if progress is not None:
                progress(len(parts[-1]))
    finally:
        if executor is None:
            pool.shutdown(cancel_futures=True)
    return np.concatenate(parts)


def run_chunk(
    start: population.Template, theories: np.recarray, draw: np.ndarray, replicate: np.ndarray, seed: int, years: int
) -> np.ndarray:
    """Outcomes of a few runs, as :func:`simulate`; one call of the kernel, fit for a worker process."""
    results = np.empty((len(draw), years + 1, len(POPULATIONS), len(OUTCOMES)))
    kernel_run.run_many(
        start.world, start.reference, theories, draw, replicate, seed, years, start.year_quantiles,
        start.degree_quantiles, results,
    )  # fmt: skip
    return results


def kernel_is_compiled(entry: str = "run.run_many") -> bool:
    """True when this machine has this version of a kernel function compiled, for this Python, in its cache."""
    folder = Path(os.environ["NUMBA_CACHE_DIR"])
    python = f"py{sys.version_info.major}{sys.version_info.minor}"
    return os.environ.get("NUMBA_DISABLE_JIT") == "1" or any(folder.rglob(f"{entry}-*.{python}.*.nbc"))
