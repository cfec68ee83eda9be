"""Sobol' indices: which share of the variance of an effect over the design each factor accounts for."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
from SALib.analyze import sobol

from pdsim.analysis.cells import Cells
from pdsim.analysis.finding import Finding, check_anything, ends, kept_blocks, nothing_varies, with_ends
from pdsim.analysis.resampling import bootstrap

INTERVAL_WORDS = (
    "90 % interval: bootstrap over base points of the design and draws of the assumptions (500 resamples); it says how "
    "far the index could be off with so many points and draws"
)


def indices(cells: Cells) -> Finding:
    """First-order and total Sobol' indices of every factor, and second-order ones where they were sampled.

    The variance is that of the mean effect over all runs at a point. Estimators are those of SALib (Saltelli et al.
    2010 for first and total order, Saltelli 2002 for second order); an index may come out a little below 0 by chance.

    Raises:
        InputError: no effect varies over the design, or fewer than two base points are whole.
    """
    design, names = cells.experiment.design, list(cells.experiment.factors)
    size = (2 if design.second_order else 1) * len(names) + 2
    rows, pairs, notes = [], [], []
    for contrast in cells.question.contrasts:
        kept = kept_blocks(cells, contrast, size, "base points")
        notes += kept.notes
        if nothing_varies(kept.effects):
            notes.append(f"{contrast}: the effect is the same at every point, so that there is no variance to share")
            continue
        found = bootstrap(
            kept.effects, cells.draw, lambda y, _: all_orders(y, design.second_order), cells.generator(), cells.advance
        )
        first, total, second = (with_ends(found, part) for part in parts_of(len(names)))
        spread = float(kept.effects.mean(axis=2).std())
        for name, one, whole in zip(names, first, total, strict=True):
            rows.append((str(contrast), name, *one, *whole, spread))
        for (a, b), both in zip(itertools.combinations(names, 2), second, strict=False):
            pairs.append((str(contrast), a, b, *both))
    check_anything(rows, cells)
    table = pd.DataFrame(rows, columns=["contrast", "factor", *ends("first"), *ends("total"), "sd"])
    tables = {"indices": table}
    if design.second_order:
        tables["pairs"] = pd.DataFrame(pairs, columns=["contrast", "a", "b", *ends("second")])
    return Finding("sobol", tables, INTERVAL_WORDS, notes)


def parts_of(factors: int) -> tuple[slice, slice, slice]:
    """Where the orders stand in what :func:`all_orders` returns."""
    return slice(0, factors), slice(factors, 2 * factors), slice(2 * factors, None)


def all_orders(y: np.ndarray, second_order: bool) -> np.ndarray:
    """First-order indices of all factors, then total ones, then second-order ones of all pairs.

    Args:
        y: (base points, points of each) effects in SALib's order.
        second_order: whether the design has the points for pairs.
    """
    count, size = y.shape
    factors = (size - 2) // (2 if second_order else 1)
    centred = (y.ravel() - y.mean()) / (y.std() or 1.0)
    a, b, ab, ba = sobol.separate_output_values(centred, factors, count, second_order)
    found = [sobol.first_order(a, ab[:, j], b) for j in range(factors)]
    found += [sobol.total_order(a, ab[:, j], b) for j in range(factors)]
    if second_order:
        for j, k in itertools.combinations(range(factors), 2):
            found.append(sobol.second_order(a, ab[:, j], ab[:, k], ba[:, j], b))
    return np.array(found)
