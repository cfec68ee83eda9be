"""A design run with every coalition of its channels that a game asks for, one population for all of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache

import numpy as np

from pdsim import population
from pdsim.assumptions import CHANNEL_STRENGTHS
from pdsim.explanation import games
from pdsim.kernel import coalitions as kernel
from pdsim.kernel.measure import OUTCOMES
from pdsim.kernel.records import CHANNELS, DESIGN, PEERS, records
from pdsim.population import Template
from pdsim.scenarios import Scenario
from pdsim.simulate import Luck

LUCKS = 5  # populations in one call of the kernel: at most 1,280 runs, a fifth of a second
Progress = Callable[[int], None]
Task = Callable[[int, np.ndarray], np.ndarray]  # from a draw and R replicates to (R, ...)


@dataclass(frozen=True)
class Game:
    """Whose contributions are asked for.

    Attributes:
        players: channels that are switched together, for each player: eight single channels, or four families.
        weights: values wanted, by name: (rows, 2^players) weights of the coalitions, as in :mod:`games`.
    """

    players: tuple[tuple[str, ...], ...]
    weights: Mapping[str, np.ndarray]

    @property
    def rows(self) -> dict[str, slice]:
        """Where each of the values stands when all are stacked."""
        ends = np.cumsum([0, *(len(weights) for weights in self.weights.values())])
        return {name: slice(ends[k], ends[k + 1]) for k, name in enumerate(self.weights)}


def active_channels(design: np.record, theory: np.record) -> tuple[str, ...]:
    """Channels whose switch can change a run under a design and a theory record.

    A channel does nothing when all its strengths are 0, peer-carried mechanisms also when peers carry none, lasting
    ties also at a rate of 0. Coordination always acts, as time together is billed whatever it costs in coordination.
    """
    found = []
    for channel in CHANNELS:
        on = design[channel] == 1.0 and any(theory[name] != 0.0 for name in CHANNEL_STRENGTHS[channel])
        if channel == "peer_mechanisms":
            on = on and design["mechanisms"][:, PEERS].any()
        elif channel == "lasting_ties":
            on = on and theory["lasting_tie_rate"] != 0.0
        elif channel == "coordination_cost":
            on = design[channel] == 1.0
        if on:
            found.append(channel)
    return tuple(found)


def active_players(game: Game, design: np.record, theory: np.record) -> tuple[int, ...]:
    """Players of a game of whom at least one channel can change a run."""
    channels = set(active_channels(design, theory))
    return tuple(player for player, own in enumerate(game.players) if channels & set(own))


def switched(design: np.record, channels: Sequence[Sequence[str]]) -> np.ndarray:
    """Design records, one for each list of channels: those are as in the design, all others off."""
    designs = records(len(channels), DESIGN)
    designs[:] = design
    for row, on in enumerate(channels):
        for channel in CHANNELS:
            if channel not in on:
                designs[channel][row] = 0.0
    return designs


@cache
def coalitions_of(players: tuple[tuple[str, ...], ...]) -> list[list[str]]:
    """Channels that are on in every coalition of players, in the order of :mod:`games`."""
    return [
        [channel for player, own in enumerate(players) if coalition >> player & 1 for channel in own]
        for coalition in range(1 << len(players))
    ]


def run_chunk(
    entry: Callable[..., None], start: Template, theory: np.record, designs: np.ndarray, luck: tuple[int, np.ndarray],
    years: int, shape: int,
) -> np.ndarray:  # fmt: skip
    """Outcomes (R, ``shape``, outcomes) of one call of a kernel function; ``luck`` is the seed and R replicates."""
    seed, replicates = luck
    results = np.empty((len(replicates), shape, len(OUTCOMES)))
    entry(
        start.world, start.reference, theory, designs, replicates, seed, years, start.year_quantiles,
        start.degree_quantiles, results,
    )  # fmt: skip
    return results


def chunks_of(runs: Luck) -> list[tuple[int, np.ndarray]]:
    """Draw and replicates of each chunk, in order: a few lucks of one draw."""
    found = []
    for draw in np.unique(runs.draw):
        own = runs.replicate[runs.draw == draw]
        found += [(int(draw), own[at : at + LUCKS]) for at in range(0, len(own), LUCKS)]
    return found


def in_threads(task: Task, runs: Luck, progress: Progress, cost: Callable[[int], int]) -> np.ndarray:
    """Results of all chunks in their order, from a thread for each processor (the kernel releases the GIL).

    Args:
        task: what is done in a chunk.
        runs: draw and luck of each run.
        progress: called with the number of runs done.
        cost: runs that a luck under a draw takes.
    """
    parts = []
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        chunks = chunks_of(runs)
        futures = [pool.submit(task, *chunk) for chunk in chunks]
        try:
            for (draw, replicates), future in zip(chunks, futures, strict=True):
                parts.append(future.result())
                progress(cost(draw) * len(replicates))
        finally:
            pool.shutdown(cancel_futures=True)
    return np.concatenate(parts)


def play(scenario: Scenario, draws: np.recarray, game: Game, runs: Luck, progress: Progress) -> dict[str, np.ndarray]:
    """Values of a game in every run.

    Returns:
        By name of the value: (R, rows, outcomes), the weights times the worths of coalitions. A coalition's worth is
        the outcome's mean over all staff at the end of the last year, in a run of the design with the coalition's
        channels on; coalitions that differ by channels that do nothing in a draw share their runs.
    """
    start = population.template(scenario)
    stacked = np.concatenate(list(game.weights.values()))

    def task(draw: int, replicates: np.ndarray) -> np.ndarray:
        luck = (runs.seed, replicates)
        active, worths = worths_of(start, draws[draw], game, luck, scenario.evaluation.years)
        return games.folded(stacked, active) @ worths

    values = in_threads(task, runs, progress, lambda draw: coalition_count(game, start.world.design, draws[draw]))
    return {name: values[:, rows] for name, rows in game.rows.items()}


def worths_of(
    start: Template, theory: np.record, game: Game, luck: tuple[int, np.ndarray], years: int
) -> tuple[tuple[int, ...], np.ndarray]:
    """Players that can act under a theory record, and the outcomes (R, 2^active, outcomes) of all their coalitions."""
    active = active_players(game, start.world.design, theory)
    coalitions = coalitions_of(tuple(game.players[player] for player in active))
    designs = switched(start.world.design, coalitions)
    return active, run_chunk(kernel.run_coalitions, start, theory, designs, luck, years, len(coalitions))


def coalition_count(game: Game, design: np.record, theory: np.record) -> int:
    """Runs that one luck of a game takes."""
    return 1 << len(active_players(game, design, theory))


def runs_of(scenario: Scenario, draws: np.recarray, game: Game, runs: Luck) -> int:
    """Runs that a game takes in all."""
    design = population.design_record(scenario, scenario)
    counts = [coalition_count(game, design, theory) for theory in draws]
    return int(np.take(counts, runs.draw).sum())


def clamped(scenario: Scenario, draws: np.recarray, runs: Luck, progress: Progress) -> np.ndarray:
    """Outcomes (R, outcomes) of a design in which everybody comes and is motivated as in the stripped twin."""
    start = population.template(scenario)
    designs = switched(start.world.design, [(), CHANNELS])

    def task(draw: int, replicates: np.ndarray) -> np.ndarray:
        luck = (runs.seed, replicates)
        return run_chunk(kernel.run_clamped, start, draws[draw], designs, luck, scenario.evaluation.years, 1)[:, 0]

    return in_threads(task, runs, progress, lambda draw: 2)
