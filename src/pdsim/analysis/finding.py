"""What an analysis finds, and what all methods do alike: leave out points with failed runs, put ends to values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pdsim.analysis.cells import Cells
from pdsim.analysis.question import Contrast
from pdsim.errors import InputError
from pdsim.experiment import designs


@dataclass(frozen=True)
class Finding:
    """The tables of a method, the most important first.

    ``kind`` names the method, ``interval`` says what low and high are, ``notes`` what was left out. ``sentences`` say
    what was found, where ``analysis_tables`` does not.
    """

    kind: str
    tables: Mapping[str, pd.DataFrame]
    interval: str
    notes: Sequence[str] = ()
    sentences: Sequence[str] = ()


def ends(name: str) -> list[str]:
    """Columns of a value with its interval."""
    return [name, f"{name}_low", f"{name}_high"]


def with_ends(found: tuple[np.ndarray, np.ndarray, np.ndarray], part: slice) -> np.ndarray:
    """A part of value, low and high as rows (value, low, high)."""
    return np.stack([each[part] for each in found], axis=1)


@dataclass(frozen=True)
class Blocks:
    """Blocks of a design without missing or failed runs.

    ``effects`` is (blocks, points of a block, replicates), ``whole`` a mask of all blocks, ``notes`` say what was left
    out.
    """

    effects: np.ndarray
    whole: np.ndarray
    notes: list[str]


def kept_blocks(cells: Cells, contrast: Contrast, size: int, what: str) -> Blocks:
    """Effects by block of ``size`` points; a block with a missing or failed run is left out.

    Raises:
        InputError: fewer than two whole blocks.
    """
    effects = cells.effects[contrast]
    blocks = effects.reshape(-1, size, effects.shape[1])
    whole = np.isfinite(blocks).all(axis=(1, 2))
    return Blocks(blocks[whole], whole, left_out(cells, contrast, whole, 2, what))


def left_out(cells: Cells, contrast: Contrast, whole: np.ndarray, least: int, what: str) -> list[str]:
    """A note on what is not whole; none where all is.

    Raises:
        InputError: fewer than ``least`` are whole.
    """
    count, total = int(whole.sum()), len(whole)
    if count < least:
        raise InputError(f"{cells.folder}: {contrast}: only {count} of {total} {what} are whole; {least} are needed")
    if count == total:
        return []
    return [f"{contrast}: {total - count} of {total} {what} are left out, as runs of them failed or are missing"]


def kept_points(cells: Cells, contrast: Contrast, least: int) -> tuple[np.ndarray, list[str]]:
    """Which points are whole (a mask), and a note on those that are left out.

    Raises:
        InputError: fewer than ``least`` are whole.
    """
    whole = np.isfinite(cells.effects[contrast]).all(axis=1)
    return whole, left_out(cells, contrast, whole, least, "points")


def nothing_varies(effects: np.ndarray) -> bool:
    """True where the mean effect is the same at all points."""
    means = effects.mean(axis=-1)
    return float(np.ptp(means)) <= 1e-12 * max(1.0, float(np.abs(means).max()))


def check_anything(rows: Sequence[object], cells: Cells) -> None:
    """Make sure that at least one effect varies over the design.

    Raises:
        InputError: no rows came out, as none does.
    """
    if not rows:
        raise InputError(
            f"{cells.folder}: {cells.question.outcome} does not vary over the design, so that there is nothing to "
            "analyse; ask about another --outcome or --scenario"
        )


def check_design(cells: Cells) -> np.ndarray:
    """Points of the design in the unit cube, as the installed libraries make them again.

    Raises:
        InputError: they are not those of the folder, because another version of a library made that design.
    """
    if not np.array_equal(designs.points(cells.experiment), cells.coded):
        raise InputError(
            f"{cells.folder}: its design was made by other versions of SALib, scipy or numpy than are installed now; "
            "manifest.json names them"
        )
    return designs.unit_points(cells.experiment)
