"""Scenario discovery: under which conditions an effect reaches a size, by PRIM through ema_workbench."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd

from pdsim.analysis.cells import Cells
from pdsim.analysis.finding import Finding, ends, kept_points
from pdsim.analysis.question import Contrast
from pdsim.analysis.resampling import Means
from pdsim.comparison import TAILS
from pdsim.errors import InputError, shown
from pdsim.experiment import designs

DENSITY = 0.8  # share of points in the box at which the effect is to reach the size
CHANCE = 0.05  # quasi-p-value above which a restriction is dropped
LEAST_POINTS = 40
RESAMPLES = 30
LARGEST = 1e6
KEYS = {True: ["coverage", "density"], False: ["density", "coverage"]}  # what counts first where a box is dense enough
INTERVAL_WORDS = (
    f"90 % intervals: the box found anew in {RESAMPLES} bootstrap samples of points and draws of the assumptions; "
    "coverage and density of those boxes are counted at points that they have not seen, so they may lie below those of "
    "the box itself"
)


@dataclass(frozen=True)
class Box:
    """Conditions: of each factor a lowest and highest number, or the words that are in.

    ``coverage`` is the share of all points of interest that lie within, ``density`` the share of the points within that
    are of interest; ``quasi_p`` how likely a restriction would add as much by chance (Bryant and Lempert 2010), for its
    lower and upper end, NaN where the factor is free there.
    """

    limits: Mapping[str, Any]
    coverage: float
    density: float
    quasi_p: Mapping[str, tuple[float, float]]

    def holds(self, points: pd.DataFrame) -> np.ndarray:
        """For each point whether it lies within."""
        inside = np.ones(len(points), bool)
        for name, limit in self.limits.items():
            column = points[name]
            inside &= (column.isin(limit) if isinstance(limit, set) else column.between(*limit)).to_numpy()
        return inside


def discovered(cells: Cells, at_least: float) -> Finding:
    """The box in which the mean effect is at least so large.

    PRIM (Friedman and Fisher 1999; for scenario discovery Bryant and Lempert 2010) peels off slices of the design until
    few points are left; of its boxes the one is taken that covers most where its density is at least 0.8, or else the
    densest. From that, restrictions that may well be chance (quasi-p-value above 0.05) are dropped one by one, so that
    density may end below 0.8.

    Raises:
        InputError: ema_workbench is not installed, several effects are asked of, or the design is one of Morris.
    """
    check_request(cells, at_least)
    contrast = only_contrast(cells)
    whole, notes = kept_points(cells, contrast, LEAST_POINTS)
    means = Means(cells.effects[contrast][whole], cells.draw)
    points = as_prim_wants(designs.point_table(cells.experiment, cells.coded)[whole])
    effect = means.all()
    reached = effect >= at_least
    tables: dict[str, pd.DataFrame] = {"points": points.assign(effect=effect, reached=reached)}
    count = {
        "contrast": str(contrast), "at_least": at_least, "points": len(points), "reached": int(reached.sum()),
        "least": float(effect.min()), "most": float(effect.max()),
    }  # fmt: skip
    interval = "Without a box there are no intervals"
    if 0 < reached.sum() < len(points):
        box, tradeoff = peeled(points, reached)
        again = resampled(points, means, at_least, cells)
        count |= {"in_box": int(box.holds(points).sum()), **qualities(box, again)}
        tables = {"box": limit_table(points, box, again).assign(contrast=str(contrast)), **tables, "tradeoff": tradeoff}
        interval = INTERVAL_WORDS
    return Finding("discovery", {"quality": pd.DataFrame([count]), **tables}, interval, notes)


def check_request(cells: Cells, at_least: float) -> None:
    """Make sure that scenario discovery is possible.

    Raises:
        InputError: naming what is in the way.
    """
    if find_spec("ema_workbench") is None:
        raise InputError("--at-least: needs ema_workbench; install it with pip install 'pdsim[discovery]'")
    if not -LARGEST <= at_least <= LARGEST:
        raise InputError(f"--at-least: {shown(at_least)} is out of range; allowed is a size of the effect, in its unit")
    if cells.experiment.design.method == "morris":
        raise InputError("--at-least: a Morris design is too coarse for it; sample a Latin hypercube")


def only_contrast(cells: Cells) -> Contrast:
    """The one effect that is asked of: that of the only scenario, or the difference of the only two.

    Raises:
        InputError: there are several.
    """
    found = cells.question.contrasts
    pairs = [contrast for contrast in found if contrast.minus]
    if len(found) > 1 and len(pairs) != 1:
        raise InputError("--at-least: asks of one effect; name it with --scenario A, or --scenario A --minus B")
    return (pairs or found)[0]


def as_prim_wants(table: pd.DataFrame) -> pd.DataFrame:
    """The factors of points: words as plain text, numbers as floats, as PRIM puts limits between whole ones."""
    points = table.drop(columns="point").reset_index(drop=True)
    words = [name for name in points if isinstance(points[name].dtype, pd.CategoricalDtype)]
    return points.astype({name: object if name in words else float for name in points})


def peeled(points: pd.DataFrame, reached: np.ndarray) -> tuple[Box, pd.DataFrame]:
    """The box of PRIM's peeling that the rule takes, and all boxes on the way: coverage, density, points, factors."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of parts of the library that are not used here
        from ema_workbench.analysis import prim

        found = prim.Prim(points, reached, threshold=DENSITY).find_box()
        path = found.peeling_trajectory
        dense = path[path["density"] >= DENSITY]
        place = int((dense if len(dense) else path).sort_values(KEYS[len(dense) > 0]).index[-1])
        while name := idle(found.qp[place]):
            found.drop_restriction(name, place)
            place = len(found.qp) - 1
    limits, row = found.box_lims[place], found.peeling_trajectory.loc[place]
    kept = {
        name: set(limits[name][0]) if points[name].dtype == object else tuple(limits[name]) for name in found.qp[place]
    }
    quasi_p = {name: (known(low), known(high)) for name, (low, high) in found.qp[place].items()}
    tradeoff = path[["coverage", "density", "n", "res_dim"]].rename(columns={"n": "points", "res_dim": "restricted"})
    return Box(kept, float(row["coverage"]), float(row["density"]), quasi_p), tradeoff


def idle(quasi_p: Mapping[str, Sequence[float]]) -> str:
    """The factor whose limits are likeliest by chance, where that is above ``CHANCE``; else nothing."""
    best = {name: min(p for p in ends_of if p >= 0) for name, ends_of in quasi_p.items()}
    name = max(best, key=lambda name: best[name], default="")
    return name if best.get(name, 0.0) > CHANCE else ""


def known(quasi_p: float) -> float:
    """A quasi-p-value; NaN for the -1 that the library gives to an end without a limit."""
    return float(quasi_p) if quasi_p >= 0 else float("nan")


@dataclass(frozen=True)
class Again:
    """A box found in a resample, with its coverage and density at points that it has not seen (NaN where none is)."""

    box: Box
    coverage: float
    density: float


def resampled(points: pd.DataFrame, means: Means, at_least: float, cells: Cells) -> list[Again]:
    """Boxes of bootstrap samples; those in which all points or none are of interest are passed over."""
    found, rng = [], cells.generator()
    for effect in means.resampled(rng, RESAMPLES):
        cells.progress(100 / RESAMPLES)
        reached = effect >= at_least
        chosen = rng.choice(np.arange(len(points)), len(points))
        if not 0 < reached[chosen].sum() < len(points):
            continue
        box, _ = peeled(points.iloc[chosen].reset_index(drop=True), reached[chosen])
        unseen = np.setdiff1d(np.arange(len(points)), chosen)
        inside, good = box.holds(points.iloc[unseen]), reached[unseen]
        found.append(Again(box, share(inside & good, good), share(inside & good, inside)))
    return found


def share(part: np.ndarray, whole: np.ndarray) -> float:
    """Share of ``part`` in ``whole``; NaN of nothing."""
    return float(part.sum() / whole.sum()) if whole.any() else float("nan")


def percentiles(values: list[float]) -> tuple[float, float]:
    """The ends of the 90 % interval; NaN without values."""
    there = [value for value in values if not np.isnan(value)]
    low, high = np.quantile(there, TAILS) if there else (np.nan, np.nan)
    return float(low), float(high)


def qualities(box: Box, again: list[Again]) -> dict[str, float]:
    """Coverage and density with their intervals."""
    found = {"coverage": box.coverage, "density": box.density}
    return {
        column: value
        for name, one in found.items()
        for column, value in zip(ends(name), (one, *percentiles([getattr(each, name) for each in again])), strict=True)
    }


def limit_table(points: pd.DataFrame, box: Box, again: list[Again]) -> pd.DataFrame:
    """A row for each factor: its limits in the box, with quasi-p-values, and how they come out in resamples.

    ``found_again`` is the share of resamples whose box restricts the factor at all. ``words`` are those that are in,
    where a factor has words; else ``low`` and ``high`` are the limits, with the interval of each.
    """
    rows = []
    for name in points:
        row: dict[str, Any] = {"factor": name, "restricted": name in box.limits}
        row["found_again"] = float(np.mean([name in each.box.limits for each in again])) if again else np.nan
        row |= dict(zip(("quasi_p_low", "quasi_p_high"), box.quasi_p.get(name, (np.nan, np.nan)), strict=True))
        if points[name].dtype == object:
            row["words"] = "; ".join(sorted(box.limits.get(name, set(points[name]))))
        else:
            row |= number_limits(points[name], name, box, again)
        rows.append(row)
    columns = ["contrast", "factor", "restricted", *ends("low"), *ends("high"), "words", "quasi_p_low", "quasi_p_high"]
    return pd.DataFrame(rows, columns=[*columns, "found_again", "least", "most"])


def number_limits(column: pd.Series, name: str, box: Box, again: list[Again]) -> dict[str, float]:
    """Limits of a factor with numbers (its whole range where it is free) and their intervals; whole if all are."""
    least, most = float(column.min()), float(column.max())
    inward = {"low": np.ceil, "high": np.floor} if (column % 1 == 0).all() else {"low": float, "high": float}
    found: dict[str, float] = {"least": least, "most": most}
    for side, end in enumerate(("low", "high")):
        free = (least, most)
        others = [float(inward[end](each.box.limits.get(name, free)[side])) for each in again]
        values = (float(inward[end](box.limits.get(name, free)[side])), *percentiles(others))
        found |= dict(zip(ends(end), values, strict=True))
    return found
