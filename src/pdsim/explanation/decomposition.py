"""The difference from the stripped twin divided among families and channels, in every draw and for every outcome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np

from pdsim.assumptions import CHANNEL_FAMILIES, FAMILIES
from pdsim.errors import InputError, nearest, shown
from pdsim.explanation import games
from pdsim.explanation.coalitions import Game
from pdsim.kernel.records import CHANNELS
from pdsim.simulate import Luck

PAIRS = tuple(combinations(range(len(FAMILIES)), 2))
# Channels of which people may say that they belong elsewhere, and where: the felt norm is as much wanting to as
# learning, and a tie that lasts is a part of the school as well.
DEBATABLE = ("norms", "lasting_ties")
HOMES = ("fluoride", "mint", "organisation")


def check_families(changes: Mapping[str, str]) -> dict[str, str]:
    """The family of every channel, with some reassigned.

    Raises:
        InputError: no such channel or family.

    >>> check_families({"norms": "mint"})["norms"]
    'mint'
    """
    for channel, family in changes.items():
        if channel not in CHANNELS:
            raise InputError(f"families: {shown(channel)} is no channel{nearest(channel, CHANNELS)}")
        if family not in FAMILIES:
            allowed = ", ".join(FAMILIES)
            hint = nearest(family, FAMILIES)
            raise InputError(f"families: {channel}: {shown(family)} is no family; allowed is one of {allowed}{hint}")
    return {**CHANNEL_FAMILIES, **changes}


def unions_of(families: Mapping[str, str]) -> list[list[int]]:
    """Places of each family's channels among all channels, in the order of ``FAMILIES``."""
    return [[at for at, channel in enumerate(CHANNELS) if families[channel] == family] for family in FAMILIES]


def channel_game(families: Mapping[str, str]) -> Game:
    """The game of all channels: Owen values, families' Shapley values, first-in, last-in, interactions, levels."""
    n, unions = len(CHANNELS), unions_of(families)
    levels = np.zeros((2, 1 << n))
    levels[0, 0] = levels[1, -1] = 1.0
    weights = {
        "level": levels,  # of the twin, of the design
        "total": games.total(n)[None],
        "families": games.union_shapley(unions, n),
        "channels": games.owen(unions, n),
        "first_in": games.first_in(unions, n),
        "last_in": games.last_in(unions, n),
        "interactions": np.array([games.interaction(unions, n, a, b) for a, b in PAIRS]),
    }
    for number, changes in enumerate(reassignments(families)):
        weights[f"reassigned {number}"] = games.union_shapley(unions_of({**families, **changes}), n)
    return Game(tuple((channel,) for channel in CHANNELS), weights)


def family_game(families: Mapping[str, str]) -> Game:
    """The game of the four families alone: all that a verdict needs, in at most 16 runs of a population."""
    n = len(FAMILIES)
    players = tuple(tuple(CHANNELS[at] for at in union) for union in unions_of(families))
    return Game(players, {"total": games.total(n)[None], "families": games.shapley(n)})


def reassignments(families: Mapping[str, str]) -> list[dict[str, str]]:
    """Every other way to place the debatable channels."""
    ways = [dict(zip(DEBATABLE, homes, strict=True)) for homes in product(HOMES, repeat=len(DEBATABLE))]
    return [way for way in ways if any(families[channel] != home for channel, home in way.items())]


def means_by_draw(values: np.ndarray, draw: np.ndarray) -> np.ndarray:
    """Means (draws, ...) over the lucks of each draw; ``draw`` is non-decreasing."""
    first = np.flatnonzero(np.diff(draw, prepend=draw[0] - 1))
    count = np.diff(np.append(first, len(draw))).reshape(-1, *[1] * (values.ndim - 1))
    return np.add.reduceat(values, first, axis=0) / count


def part_of(runs: Luck, chosen: np.ndarray) -> Luck:
    """Some of the runs: ``chosen`` is a bool for each."""
    return Luck(runs.seed, runs.draw[chosen], runs.replicate[chosen])


def thinned(runs: Luck, lucks: int) -> Luck:
    """At most so many lucks of every draw, the first ones."""
    first = np.searchsorted(runs.draw, runs.draw)
    return part_of(runs, np.arange(len(runs.draw)) - first < lucks)


@dataclass(frozen=True)
class Shares:
    """Expected pupil effects by draw, luck averaged: ``total`` (draws) and ``families`` (draws, families)."""

    total: np.ndarray
    families: np.ndarray

    def joined(self, other: Shares) -> Shares:
        """The draws of both."""
        return Shares(np.concatenate([self.total, other.total]), np.concatenate([self.families, other.families]))


def shares_of(values: Mapping[str, np.ndarray], draw: np.ndarray, column: int, name: str = "families") -> Shares:
    """Shares by draw from the values of a game; ``column`` is the outcome's, ``name`` the values of the families."""
    return Shares(means_by_draw(values["total"][:, 0, column], draw), means_by_draw(values[name][:, :, column], draw))
