"""Who leads: within limits of money and time, by chance of being best, and on the Pareto front."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd

PENNY = 0.005  # pounds by which costs may differ and still be equal
MINUTE = 0.01  # hours likewise
FORMATS = ("solo", "collaborative")
# Limits at which the best solo design meets the best collaborative one: pounds and hours per teacher (INF: no limit).
INF = float("inf")
BUDGETS = (25.0, 50.0, 100.0, 200.0, 300.0, 500.0, 1000.0, 2000.0, 4000.0)
TIMES = (5.0, 10.0, 20.0, 40.0, INF)


@dataclass(frozen=True)
class Limit:
    """What may be spent on each teacher: pounds and hours."""

    pounds: float = INF
    hours: float = INF

    def allows(self, table: pd.DataFrame) -> np.ndarray:
        """Which rows (columns ``pounds`` and ``hours``) keep to it."""
        kept = (table["pounds"] <= self.pounds + PENNY) & (table["hours"] <= self.hours + MINUTE)
        return np.asarray(kept, bool)


CELLS = tuple(Limit(pounds, hours) for hours, pounds in product(TIMES, BUDGETS))


def leaders(table: pd.DataFrame, limit: Limit, depth: int, kind: str | None = None) -> list[str]:
    """The designs with the largest effects within a limit, the best first.

    Args:
        table: columns name, format, effect (more is better), pounds, hours.
        limit: on pounds and hours.
        depth: how many.
        kind: "solo" or "collaborative"; None for both.
    """
    rows = table[limit.allows(table)]
    rows = rows if kind is None else rows[rows["format"] == kind]
    return list(rows.sort_values("effect", ascending=False, kind="stable")["name"][:depth])


def worth_running(table: pd.DataFrame, limit: Limit, depth: int, of_each: int) -> list[str]:
    """Designs that deserve more runs, in the order of the table.

    The first ``depth`` of those affordable, the first ``of_each`` of both formats there and in every cell of
    ``CELLS``, and the Pareto front.
    """
    kept = {*leaders(table, limit, depth), *table["name"][front(table)]}
    for cell, kind in product((limit, *CELLS), FORMATS):
        kept.update(leaders(table, cell, of_each, kind))
    return [name for name in table["name"] if name in kept]


def dominated(effect: np.ndarray, pounds: np.ndarray, hours: np.ndarray) -> np.ndarray:
    """Which designs (K) have another that is at least as good in effect, pounds and hours, and better in one.

    >>> dominated(np.array([0.1, 0.1, 0.2]), np.array([10.0, 20.0, 30.0]), np.array([5.0, 5.0, 5.0]))
    array([False,  True, False])
    """
    as_good = (
        (effect[:, None] >= effect)
        & (pounds[:, None] <= pounds + PENNY)
        & (hours[:, None] <= hours + MINUTE)
    )  # fmt: skip
    better = (
        (effect[:, None] > effect)
        | (pounds[:, None] < pounds - PENNY)
        | (hours[:, None] < hours - MINUTE)
    )  # fmt: skip
    return np.asarray((as_good & better).any(axis=0))


def front(table: pd.DataFrame) -> np.ndarray:
    """Which rows are on the Pareto front of effect, pounds and hours."""
    return ~dominated(*(table[name].to_numpy(float) for name in ("effect", "pounds", "hours")))


def chance_best(expected: np.ndarray) -> np.ndarray:
    """Share of draws (D, K; more is better) in which each of K designs is the best; ties share.

    >>> chance_best(np.array([[1.0, 0.0], [1.0, 1.0]]))
    array([0.75, 0.25])
    """
    best = expected == expected.max(axis=1, keepdims=True)
    return np.asarray((best / best.sum(axis=1, keepdims=True)).mean(axis=0))


def chance_on_front(expected: np.ndarray, pounds: np.ndarray, hours: np.ndarray) -> np.ndarray:
    """Share of draws (D, K) in which each of K designs is on the Pareto front."""
    return np.asarray(np.mean([~dominated(effect, pounds, hours) for effect in expected], axis=0))


def runs_of_equals(winners: Sequence[str]) -> list[tuple[int, int]]:
    """First and last place of each stretch of equal entries.

    >>> runs_of_equals(["a", "a", "b"])
    [(0, 1), (2, 2)]
    """
    starts = [k for k in range(len(winners)) if k == 0 or winners[k] != winners[k - 1]]
    return list(zip(starts, [*(k - 1 for k in starts[1:]), len(winners) - 1], strict=True))
