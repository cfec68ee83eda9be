"""Designs: from an experiment to the points at which it is run, and from a point to scenarios.

A point is sampled in the unit cube and carried to each factor's values by its quantile function. Points are kept as
numbers: a factor's value, or the place of its value among ``values``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from scipy.stats import qmc

from pdsim import assumptions
from pdsim.errors import InputError
from pdsim.experiment.definition import Experiment
from pdsim.experiment.factors import THEORY, Factor, register_entry
from pdsim.scenarios import Scenario

LABEL_BETWEEN = "; "  # between the mechanisms of a value that is a list of them


@dataclass(frozen=True)
class Axis:
    """One factor with what the register knows about it.

    ``whole`` is True where the key takes whole numbers: the range is then widened by half at both ends, and a sampled
    value is rounded to the nearest whole number, so that in a uniform distribution each is equally likely.
    """

    path: str
    label: str
    unit: str
    whole: bool
    factor: Factor

    @property
    def choices(self) -> tuple[Any, ...] | None:
        """The values to choose from, or None for a range."""
        return self.factor.values

    @property
    def numeric(self) -> bool:
        """True where the factor's values are numbers."""
        return self.choices is None or all(type(value) in (int, float) for value in self.choices)

    def at(self, u: np.ndarray) -> np.ndarray:
        """Coded values at probabilities ``u`` (0-1); of n choices each has an n-th part of the way from 0 to 1."""
        if self.choices is not None:
            return np.minimum(np.floor(u * len(self.choices)), len(self.choices) - 1)
        if self.factor.distribution == "prior":
            p = assumptions.PARAMETERS[self.path.removeprefix(THEORY)]
            return p.prior.quantile(u, p.low, p.high)
        return self._within(self._quantile(u))

    def levels(self) -> np.ndarray:
        """Coded values of this factor in a grid."""
        if self.choices is not None:
            return np.arange(float(len(self.choices)))
        low, high = self._bounds(0.0)
        steps = np.linspace(low, high, self.factor.levels or 2)
        return self._within(np.exp(steps) if self.factor.log else steps)

    def _bounds(self, wider: float) -> np.ndarray:
        """Ends of the range, or their logarithms."""
        assert self.factor.low is not None
        assert self.factor.high is not None
        ends = np.array([self.factor.low - wider, self.factor.high + wider])
        return np.log(ends) if self.factor.log else ends

    def _quantile(self, u: np.ndarray) -> np.ndarray:
        """Quantile function of the distribution, before rounding."""
        low, high = self._bounds(0.5 if self.whole else 0.0)
        factor = self.factor
        centre = factor.mean if factor.distribution == "normal" else factor.mode
        if centre is not None and factor.log:
            centre = float(np.log(centre))
        if factor.distribution == "normal":
            assert centre is not None
            assert factor.sd is not None
            a, b = (low - centre) / factor.sd, (high - centre) / factor.sd
            value = stats.truncnorm.ppf(u, a, b, loc=centre, scale=factor.sd)
        elif factor.distribution == "triangular":
            assert centre is not None
            value = stats.triang.ppf(u, (centre - low) / (high - low), loc=low, scale=high - low)
        else:
            value = low + u * (high - low)
        return np.exp(value) if factor.log else value

    def _within(self, value: np.ndarray) -> np.ndarray:
        """Values rounded where they have to be whole, and within the range whatever the last bit."""
        rounded = np.floor(value + 0.5) if self.whole else value
        return np.clip(rounded, self.factor.low, self.factor.high)

    def value(self, code: float) -> Any:
        """The scenario's value behind a coded one."""
        if self.choices is not None:
            return self.choices[int(code)]
        return int(code) if self.whole else float(code)

    def shown(self, codes: np.ndarray) -> pd.Series:
        """Coded values as a column of a table: numbers, or a category with the values' names in order."""
        if self.choices is None:
            return pd.Series(codes.astype(np.int64) if self.whole else codes)
        if self.numeric:
            return pd.Series(np.array(self.choices)[codes.astype(np.int64)])
        return pd.Series(pd.Categorical.from_codes(codes.astype(np.int64), categories=self.names()))

    def names(self) -> list[str]:
        """Names of the choices, as tables show them."""
        lists = [LABEL_BETWEEN.join(v) if isinstance(v, tuple) else v for v in self.choices or ()]
        return [str(v).lower() if isinstance(v, bool) else str(v) for v in lists]

    def coded(self, column: pd.Series) -> np.ndarray:
        """The codes behind a column that :meth:`shown` made."""
        if self.choices is None:
            return column.to_numpy(np.float64)
        names = list(self.choices) if self.numeric else self.names()
        return pd.Categorical(column, categories=names).codes.astype(np.float64)


def axes(experiment: Experiment) -> tuple[Axis, ...]:
    """The factors of an experiment, in order, with what the register knows about them."""
    found = []
    for path, factor in experiment.factors.items():
        entry = register_entry(path, experiment.name)
        found.append(Axis(path, entry.label, entry.unit, entry.kind == "int", factor))
    return tuple(found)


def problem(experiment: Experiment) -> dict[str, Any]:
    """The experiment's factors as SALib's analyses want them: names, and bounds of the unit cube."""
    names = list(experiment.factors)
    return {"num_vars": len(names), "names": names, "bounds": [[0.0, 1.0]] * len(names)}


def unit_points(experiment: Experiment) -> np.ndarray:
    """Points in the unit cube (points x factors) of any design but a grid, in the order that SALib's analyses want.

    The seed of the experiment makes a generator for the design, since SALib takes a seed of 0 for none.
    """
    design, factors = experiment.design, len(experiment.factors)
    rng = np.random.default_rng(experiment.seed)
    samples = design.samples or 1
    if design.method == "latin-hypercube":
        return qmc.LatinHypercube(factors, rng=rng).random(samples)
    if design.method == "sobol":
        from SALib.sample import sobol

        return sobol.sample(problem(experiment), samples, calc_second_order=design.second_order, seed=rng)
    from SALib.sample import morris

    return np.clip(morris.sample(problem(experiment), samples, num_levels=design.levels, seed=rng), 0.0, 1.0)


def points(experiment: Experiment) -> np.ndarray:
    """Coded values (points x factors) of every point, see :class:`Axis`; in a grid the last factor changes fastest."""
    along = axes(experiment)
    if experiment.design.method == "grid":
        grid = np.meshgrid(*(axis.levels() for axis in along), indexing="ij")
        return np.stack([column.ravel() for column in grid], axis=1)
    unit = unit_points(experiment)
    return np.stack([axis.at(unit[:, column]) for column, axis in enumerate(along)], axis=1)


def point_table(experiment: Experiment, coded: np.ndarray) -> pd.DataFrame:
    """Factor values by point: the column "point", and one for each factor under its path."""
    columns = {axis.path: axis.shown(coded[:, column]) for column, axis in enumerate(axes(experiment))}
    return pd.DataFrame({"point": np.arange(len(coded)), **columns})


def coded_points(experiment: Experiment, table: pd.DataFrame) -> np.ndarray:
    """The coded values behind a table that :func:`point_table` made."""
    return np.stack([axis.coded(table[axis.path]) for axis in axes(experiment)], axis=1)


def scenario_at(scenario: Scenario, along: tuple[Axis, ...], codes: np.ndarray) -> Scenario:
    """A scenario at one point.

    Raises:
        InputError: values that are not allowed together.
    """
    return scenario.with_(**{axis.path: axis.value(code) for axis, code in zip(along, codes, strict=True)})


def looked_over(experiment: Experiment, coded: np.ndarray, most: int = 300) -> tuple[list[str], int]:
    """Points whose values are not allowed together, among at most ``most`` evenly spread over the design.

    Returns:
        One line for each such point and scenario, and how many were tried.
    """
    along = axes(experiment)
    at = np.unique(np.linspace(0, len(coded) - 1, most).astype(int))
    found = []
    for scenario in experiment.scenarios:
        for point in at:
            try:
                scenario_at(scenario, along, coded[point])
            except InputError as error:
                found.append(f"point {point}: {error}")
    return found, len(at) * len(experiment.scenarios)
