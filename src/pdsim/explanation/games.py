"""Cooperative games: the worth of every coalition of players divided among them.

A game of n players is an array of 2^n worths; coalition c holds player i when bit i of c is set. All values here are
linear in the worths, so each is a row of weights, (2^n), and a table of values is weights @ worths.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from math import factorial

import numpy as np


@cache
def sizes(players: int) -> np.ndarray:
    """Members of each coalition, (2^players) integers."""
    return np.array([bin(coalition).count("1") for coalition in range(1 << players)])


def mask_of(members: Sequence[int]) -> int:
    """The number of the coalition with these members.

    >>> mask_of([0, 2])
    5
    """
    return sum(1 << member for member in members)


def marginal_weights(players: int, player: int) -> np.ndarray:
    """Weights (2^players) of a player's Shapley value (Shapley 1953).

    sum over coalitions S without the player of |S|! (n - |S| - 1)! / n! x (worth of S with the player - worth of S).
    """
    weights = np.zeros(1 << players)
    for coalition in range(1 << players):
        if not coalition >> player & 1:
            size = int(sizes(players)[coalition])
            weight = factorial(size) * factorial(players - size - 1) / factorial(players)
            weights[coalition | 1 << player] += weight
            weights[coalition] -= weight
    return weights


def shapley(players: int) -> np.ndarray:
    """Weights (players, 2^players) of all Shapley values.

    >>> shapley(2)  # the worths stand in the order nobody, first, second, both
    array([[-0.5,  0.5, -0.5,  0.5],
           [-0.5, -0.5,  0.5,  0.5]])
    """
    return np.array([marginal_weights(players, player) for player in range(players)])


def widened(weights: np.ndarray, blocks: Sequence[int], players: int) -> np.ndarray:
    """Weights (..., 2^players) of a game of blocks of players: the worth of some blocks is that of all their members.

    Args:
        weights: (..., 2^blocks).
        blocks: the coalition that each block is, as a number.
        players: players of the game.
    """
    wide = np.zeros((*weights.shape[:-1], 1 << players))
    for coalition in range(weights.shape[-1]):
        members = sum(block for b, block in enumerate(blocks) if coalition >> b & 1)
        wide[..., members] += weights[..., coalition]
    return wide


def masks_of(unions: Sequence[Sequence[int]]) -> list[int]:
    """The number of the coalition that each union is."""
    return [mask_of(union) for union in unions]


def union_shapley(unions: Sequence[Sequence[int]], players: int) -> np.ndarray:
    """Weights (unions, 2^players) of the Shapley values of the game between unions."""
    return widened(shapley(len(unions)), masks_of(unions), players)


def owen(unions: Sequence[Sequence[int]], players: int) -> np.ndarray:
    """Weights (players, 2^players) of Owen values with a-priori unions (Owen 1977).

    As Shapley values, over those orders only in which the members of every union stand together: within a union its
    members divide what the union gets in the game between unions, so Owen values add up to the unions' Shapley values.

    Args:
        unions: lists of players; every player stands in exactly one.
        players: players of the game.
    """
    weights = np.zeros((players, 1 << players))
    for place, union in enumerate(unions):
        others = masks_of([other for at, other in enumerate(unions) if at != place])
        blocks = [*(1 << member for member in union), *others]
        for at, player in enumerate(union):
            weights[player] = widened(nested_weights(len(union), len(others), at), blocks, players)
    return weights


def nested_weights(members: int, others: int, member: int) -> np.ndarray:
    """Weights of one member's Owen value in a game of the union's members, then the other unions as one player each.

    sum over sets H of other unions and S of members of |H|! (others - |H|)! / (others + 1)! x |S|! (members - |S| - 1)!
    / members! x (worth of H and S with the member - worth of H and S).
    """
    within = marginal_weights(members, member)
    between = [factorial(int(size)) * factorial(others - int(size)) / factorial(others + 1) for size in sizes(others)]
    return np.outer(between, within).ravel()


def first_in(unions: Sequence[Sequence[int]], players: int) -> np.ndarray:
    """Weights (unions, 2^players) of what each union adds when nobody else is there."""
    weights = np.zeros((len(unions), 1 << players))
    weights[:, 0] -= 1.0
    for place, mask in enumerate(masks_of(unions)):
        weights[place, mask] += 1.0
    return weights


def last_in(unions: Sequence[Sequence[int]], players: int) -> np.ndarray:
    """Weights (unions, 2^players) of what each union adds when all others are there."""
    everybody = (1 << players) - 1
    weights = np.zeros((len(unions), 1 << players))
    weights[:, everybody] += 1.0
    for place, mask in enumerate(masks_of(unions)):
        weights[place, everybody ^ mask] -= 1.0
    return weights


def interaction(unions: Sequence[Sequence[int]], players: int, a: int, b: int) -> np.ndarray:
    """Weights (2^players) of the Shapley interaction index of two unions (Grabisch and Roubens 1999).

    The mean over orders of what the two add together beyond what each adds: positive where they need each other.
    """
    n = len(unions)
    weights = np.zeros(1 << n)
    for coalition in range(1 << n):
        if coalition >> a & 1 or coalition >> b & 1:
            continue
        size = int(sizes(n)[coalition])
        weight = factorial(size) * factorial(n - size - 2) / factorial(n - 1)
        for with_a, with_b in ((1, 1), (0, 0), (1, 0), (0, 1)):
            sign = 1.0 if with_a == with_b else -1.0
            weights[coalition | with_a << a | with_b << b] += sign * weight
    return widened(weights, masks_of(unions), players)


def total(players: int) -> np.ndarray:
    """Weights (2^players) of what everybody together adds."""
    weights = np.zeros(1 << players)
    weights[0] -= 1.0
    weights[-1] += 1.0
    return weights


def folded(weights: np.ndarray, active: Sequence[int]) -> np.ndarray:
    """Weights (..., 2^active) that give the same values when all other players add nothing to any coalition."""
    players = int(weights.shape[-1]).bit_length() - 1
    small = np.zeros((*weights.shape[:-1], 1 << len(active)))
    for coalition, left in enumerate(folds(players, active)):
        small[..., left] += weights[..., coalition]
    return small


def folds(players: int, active: Sequence[int]) -> list[int]:
    """For each coalition of all players the coalition of active ones that it holds, numbered among these.

    >>> folds(2, [1])  # nobody, first, second, both
    [0, 0, 1, 1]
    """
    return [
        mask_of([at for at, player in enumerate(active) if coalition >> player & 1])
        for coalition in range(1 << players)
    ]
