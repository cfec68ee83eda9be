"""What a report does not say: ranges and words that predictions integrate over."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pdsim import scenarios
from pdsim.errors import InputError, shown


@dataclass(frozen=True)
class Unknown:
    """Values that a scenario key may have: any between two numbers (``choices`` of length 0), or one of ``choices``."""

    path: str
    low: float = 0.0
    high: float = 0.0
    whole: bool = False
    choices: tuple[Any, ...] = ()

    def at(self, u: float) -> Any:
        """The value at probability ``u``, 0 <= u < 1; choices have equal chance, as have whole numbers.

        >>> Unknown("staff.schools", 3, 5, whole=True).at(0.99), Unknown("x", choices=("a", "b")).at(0.5)
        (5, 'b')
        """
        if self.choices:
            return self.choices[int(u * len(self.choices))]
        if self.whole:
            return int(self.low) + int(u * (int(self.high) - int(self.low) + 1))
        return self.low + u * (self.high - self.low)

    def extremes(self) -> tuple[Any, ...]:
        """The values to check before anything runs: both ends, or all choices."""
        return self.choices or (self.at(0.0), int(self.high) if self.whole else self.high)


def is_number(value: Any) -> bool:
    """True for a number that is no truth value."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def read_unknown(path: str, values: Any, where: str) -> Unknown:
    """An entry of an ``unknown`` table.

    Raises:
        InputError: not a list of at least two, or a range whose ends are the wrong way round.
    """
    if not isinstance(values, list) or len(values) < 2:
        raise InputError(
            f"{where}: {path}: {shown(values)} is not allowed; allowed is [low, high] or a list of two or more values"
        )
    if len(values) > 2 or not all(map(is_number, values)):
        return Unknown(path, choices=tuple(values))
    low, high = values
    if low > high:
        raise InputError(f"{where}: {path}: {shown(values)}: the first number is the greater; write [low, high]")
    key = scenarios.keys().get(path)
    whole = key is not None and key.kind == "int"
    if whole and not (isinstance(low, int) and isinstance(high, int)):
        raise InputError(f"{where}: {path}: {shown(values)} is not allowed; allowed are two whole numbers")
    return Unknown(path, low, high, whole)


def flat(table: Mapping[str, Any], start: str = "") -> dict[str, Any]:
    """Nested tables as {dotted path: value}; dotted keys in quotes are taken as they are.

    >>> flat({"staff": {"schools": 2}, "programme.hours": 1.0})
    {'staff.schools': 2, 'programme.hours': 1.0}
    """
    out: dict[str, Any] = {}
    for name, value in table.items():
        out |= flat(value, f"{start}{name}.") if isinstance(value, Mapping) else {f"{start}{name}": value}
    return out


def stream(seed: int, *labels: str) -> np.random.Generator:
    """A stream of random numbers of its own for every seed and labels: one more unknown or trial changes no other."""
    words = [zlib.crc32(label.encode()) for label in labels]
    return np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, *words])))


def spread_evenly(count: int, seed: int, *labels: str) -> np.ndarray:
    """``count`` numbers from 0 to below 1, one in each of as many equal parts, in random order."""
    rng = stream(seed, *labels)
    return (rng.permutation(count) + rng.random(count)) / count
