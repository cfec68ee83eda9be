"""Response over a grid: the effect at every point, and over each factor with the others averaged out."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pdsim.analysis.cells import Cells
from pdsim.analysis.finding import Finding, kept_points
from pdsim.comparison import spread_over_draws
from pdsim.experiment import designs

INTERVAL_WORDS = (
    "90 % interval of the average effect over draws of the assumptions, luck averaged out: what we do not know about "
    "the truth"
)
COLUMNS = ["effect", "low", "high", "mc_error", "probability_positive"]


def responses(cells: Cells) -> Finding:
    """The average effect at every point of the grid; with more than one factor also over each by itself.

    Intervals are those of a comparison, see :func:`pdsim.comparison.spread_over_draws`. ``mc_error`` is the standard
    error of the average, ``probability_positive`` the share of draws in which the effect is above 0.
    """
    table = designs.point_table(cells.experiment, cells.coded)
    points, curves, notes = [], [], []
    for contrast in cells.question.contrasts:
        whole, left_out = kept_points(cells, contrast, 1)
        notes += left_out
        effects = cells.effects[contrast][whole]
        found = table[whole].assign(**averages(effects.T, cells.draw))
        points.append(found.assign(contrast=str(contrast)))
        cells.advance(1)
        curves += [curve(cells, effects, whole, k).assign(contrast=str(contrast)) for k in range(len(cells.axes))]
    tables = {"points": ordered(pd.concat(points, ignore_index=True), [*table])}
    if len(cells.axes) > 1:
        tables["factors"] = ordered(pd.concat(curves, ignore_index=True), ["factor", "value"])
    return Finding("grid", tables, INTERVAL_WORDS, notes)


def averages(effects: np.ndarray, draw: np.ndarray) -> dict[str, np.ndarray]:
    """The columns of averages with their intervals, of (replicates, any number of) effects."""
    spread = spread_over_draws(effects, draw)
    low, high = spread.interval()
    return dict(zip(COLUMNS, (spread.effect, low, high, spread.error, spread.chance_positive), strict=True))


def curve(cells: Cells, effects: np.ndarray, whole: np.ndarray, place: int) -> pd.DataFrame:
    """The average effect at each value of a factor, the points of all others averaged with equal weights.

    Values that have not the same whole points of the others would not be comparable: they are left out.
    """
    axis, codes = cells.axes[place], cells.coded[whole, place]
    others = np.delete(cells.coded[whole], place, axis=1)
    every = {tuple(row) for row in np.delete(cells.coded, place, axis=1)}
    values = [code for code in axis.levels() if {tuple(row) for row in others[codes == code]} == every]
    if not values:
        return pd.DataFrame()
    means = np.stack([effects[codes == code].mean(axis=0) for code in values], axis=1)
    shown = axis.shown(np.array(values)).astype(object)
    return pd.DataFrame({"factor": axis.path, "value": shown, **averages(means, cells.draw)})


def ordered(table: pd.DataFrame, first: list[str]) -> pd.DataFrame:
    """The table with the contrast and what identifies a row first."""
    return table[["contrast", *first, *COLUMNS]]
