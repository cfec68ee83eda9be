"""The runs of the first screen, shipped, so that it shows results before anything is simulated or compiled.

They are used only when nothing has changed that their numbers depend on; otherwise they are simulated like any other.
``experiments/first_screen.py`` makes them anew.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pdsim import population
from pdsim.assumptions import __file__ as assumptions_file
from pdsim.cache import compiled_sources, hash_of
from pdsim.comparison import Request
from pdsim.dashboard.compute import Kept, Simulator, runs_key, sides
from pdsim.dashboard.state import State

FILE = Path(__file__).with_name("first_screen.npz")
SCIENCE = "science"  # name of the hash among the runs


def science() -> str:
    """Short hash of all that the numbers depend on beside the designs themselves."""
    package = Path(assumptions_file).parent
    draws = sorted((package / "posterior").glob("*.parquet"))
    return hash_of([*compiled_sources(), Path(assumptions_file), Path(population.__file__), *draws])


def names(request: Request) -> list[str]:
    """Names of the runs of a request, by content."""
    return [runs_key(side, design, request) for design in request.designs for side in sides(design, request)]


def made(simulator: Simulator) -> bytes:
    """The file: the runs of the first screen by name."""
    request = State().request()
    simulator.result(request, request.replicates)
    runs: dict[str, Any] = {name: simulator.kept.get(name) for name in names(request)}
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **{SCIENCE: np.array(science()), **runs})
    return buffer.getvalue()


def shipped() -> Mapping[str, np.ndarray]:
    """The shipped runs by name; none when there is no file or the science has changed since."""
    if not FILE.is_file():
        return {}
    with np.load(FILE, allow_pickle=False) as stored:
        if str(stored[SCIENCE]) != science():
            return {}
        return {name: stored[name] for name in stored.files if name != SCIENCE}


def fill(kept: Kept) -> None:
    """Put the shipped runs where a simulator looks for runs."""
    for name, runs in shipped().items():
        kept.put(name, runs)
