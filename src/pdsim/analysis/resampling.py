"""Intervals by resampling: other points of the design, and other draws of the assumptions."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from pdsim.comparison import TAILS

RESAMPLES = 500


class Means:
    """Mean effects at points over runs, with the draws of the assumptions weighted.

    Args:
        effects: (points, replicates), all finite.
        draw: (replicates) the draw of each.
    """

    def __init__(self, effects: np.ndarray, draw: np.ndarray) -> None:
        kinds, place = np.unique(draw, return_inverse=True)
        self.draws = len(kinds)
        self._sums = np.stack([effects[:, place == d].sum(axis=1) for d in range(self.draws)], axis=1)
        self._counts = np.bincount(place)

    def over(self, weights: np.ndarray) -> np.ndarray:
        """(points) means with a weight for each draw."""
        return self._sums @ weights / (self._counts @ weights)

    def all(self) -> np.ndarray:
        """(points) means over all runs."""
        return self.over(np.ones(self.draws))

    def resampled(self, rng: np.random.Generator, times: int = RESAMPLES) -> Iterator[np.ndarray]:
        """(points) means over as many draws as there are, taken with replacement; again and again."""
        for _ in range(times):
            yield self.over(rng.multinomial(self.draws, np.full(self.draws, 1 / self.draws)))


def bootstrap(
    blocks: np.ndarray,
    draw: np.ndarray,
    statistic: Callable[[np.ndarray, np.ndarray], np.ndarray],
    rng: np.random.Generator,
    advance: Callable[[float], None],
    times: int = RESAMPLES,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A statistic of a design with its 90 % interval.

    Each resample takes blocks of points (which stay together, as the design's estimators need them) and draws of the
    assumptions, both with replacement; the interval goes from the 5th to the 95th percentile (Efron and Tibshirani
    1993).

    Args:
        blocks: (blocks, points of a block, replicates) effects, all finite.
        draw: (replicates) the draw of each.
        statistic: from mean effects (blocks, points of a block), and the numbers of the blocks, to an array.
        rng: random numbers.
        advance: called with the share of resamples that a further one is.
        times: number of resamples.

    Returns:
        Value, low and high of the statistic.
    """
    count, size, runs = blocks.shape
    means = Means(blocks.reshape(count * size, runs), draw)
    value = statistic(means.all().reshape(count, size), np.arange(count))
    again = []
    for mean in means.resampled(rng, times):
        chosen = rng.integers(count, size=(count,))
        again.append(statistic(mean.reshape(count, size)[chosen], chosen))
        advance(1 / times)
    low, high = np.quantile(again, TAILS, axis=0)
    return value, low, high
