"""Morris screening: which factors move an effect at all, and which act differently from place to place."""

from __future__ import annotations

import numpy as np
import pandas as pd
from SALib.analyze import morris

from pdsim.analysis.cells import Cells
from pdsim.analysis.finding import Finding, check_design, ends, kept_blocks, with_ends
from pdsim.analysis.resampling import bootstrap
from pdsim.experiment import problem

MEASURES = ("mu_star", "mu", "sigma")
INTERVAL_WORDS = "90 % interval: bootstrap over trajectories and draws of the assumptions ({times} resamples)"
RESAMPLES = 200


def measures(cells: Cells) -> Finding:
    """Morris's mu*, mu and sigma of every factor (Morris 1991, Campolongo et al. 2007), by SALib.

    An elementary effect is the change of the mean effect as one factor moves, per move over its whole range (in
    quantiles of its distribution). mu* is their mean size, mu their mean, sigma their SD, which is large where a factor
    acts in a curve or together with others.

    Raises:
        InputError: the design in the folder is not that of the installed libraries, or has no two whole trajectories.
    """
    names, levels = list(cells.experiment.factors), cells.experiment.design.levels
    unit = check_design(cells).reshape(-1, len(names) + 1, len(names))
    rows, notes = [], []
    for contrast in cells.question.contrasts:
        kept = kept_blocks(cells, contrast, len(names) + 1, "trajectories")
        notes += kept.notes
        points = unit[kept.whole]

        def statistic(y: np.ndarray, chosen: np.ndarray, points: np.ndarray = points) -> np.ndarray:
            return of_trajectories(cells, points[chosen], y, levels)

        found = bootstrap(kept.effects, cells.draw, statistic, cells.generator(), cells.advance, RESAMPLES)
        parts = [with_ends(found, slice(k * len(names), (k + 1) * len(names))) for k in range(len(MEASURES))]
        rows += [(str(contrast), name, *np.concatenate(each)) for name, *each in zip(names, *parts, strict=True)]
    columns = ["contrast", "factor", *(column for measure in MEASURES for column in ends(measure))]
    return Finding(
        "morris", {"measures": pd.DataFrame(rows, columns=columns)}, INTERVAL_WORDS.format(times=RESAMPLES), notes
    )


def of_trajectories(cells: Cells, points: np.ndarray, y: np.ndarray, levels: int) -> np.ndarray:
    """mu* of all factors, then mu, then sigma.

    Args:
        cells: for the names of the factors.
        points: (trajectories, points of each, factors) in the unit cube.
        y: (trajectories, points of each) effects.
        levels: of the design's grid.
    """
    found = morris.analyze(
        problem(cells.experiment), points.reshape(-1, points.shape[2]), y.ravel(), num_levels=levels, num_resamples=2,
        seed=1,
    )  # fmt: skip
    return np.concatenate([np.asarray(found[measure], float) for measure in MEASURES])
