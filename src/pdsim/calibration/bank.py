"""The stored bank: points spread over the prior, each with the statistics of the patterns that it leads to.

A point is a vector of latent coordinates, one standard normal for each parameter that is fitted together with others
and one for each family's switch, and the number of a draw of the modules' parameters.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats
from scipy.stats import qmc

from pdsim import files
from pdsim.assumptions import FAMILIES, FAMILY_OFF, PARAMETERS, REGISTER
from pdsim.calibration.patterns import Worlds
from pdsim.calibration.targets import FITTED_APART, TARGETS, statistics
from pdsim.simulate import science_hash
from pdsim.theory import Theory, records_of

CHUNK = 256  # points in a part of the bank: a quarter of a minute on two processors


@dataclass(frozen=True)
class Space:
    """The space of points: parameters fitted together, on top of draws of those fitted apart.

    Attributes:
        modular: draws (M, modular parameters) of the parameters fitted apart, in the order of ``FITTED_APART``.
        fixed: parameters held at a value, by name (a rival model without a network, say).
    """

    modular: np.ndarray
    fixed: dict[str, float]

    @property
    def names(self) -> list[str]:
        """Parameters fitted together: all but fixed scales, fixed values and those fitted apart."""
        apart = {*FITTED_APART, *self.fixed}
        return [p.name for p in REGISTER if p.prior.kind != "fixed" and p.name not in apart]

    @property
    def dimensions(self) -> int:
        """Latent coordinates of a point: parameters, then the families' switches."""
        return len(self.names) + len(FAMILIES)

    def theory(self, latent: np.ndarray, pick: np.ndarray) -> Theory:
        """The assumptions at N points.

        Args:
            latent: (N, dimensions) standard normal coordinates; a family is off where its switch's is below 0.
            pick: N rows of ``modular``.
        """
        values = np.tile([p.default for p in REGISTER], (len(latent), 1))
        place = {name: column for column, name in enumerate(PARAMETERS)}
        for column, name in enumerate(FITTED_APART):
            values[:, place[name]] = self.modular[pick, column]
        switches = stats.norm.cdf(latent[:, len(self.names) :]) >= FAMILY_OFF
        for column, name in enumerate(self.names):
            p = PARAMETERS[name]
            value = p.prior.quantile(stats.norm.cdf(latent[:, column]), p.low, p.high)
            on = switches[:, FAMILIES.index(p.family)] if p.family else True
            values[:, place[name]] = np.where(on, value, 0.0)
        for name, held in self.fixed.items():
            values[:, place[name]] = held
        return Theory("calibration", records_of(values))

    def features(self, latent: np.ndarray, pick: np.ndarray) -> np.ndarray:
        """What an emulator sees of N points, (N, parameters): all in prior SDs, channels measured from "off".

        Latent coordinates stand for parameters; the modules' parameters are standardised over their draws.
        """
        values = latent[:, : len(self.names)].copy()
        on = latent[:, len(self.names) :] >= stats.norm.ppf(FAMILY_OFF)
        for column, name in enumerate(self.names):
            p = PARAMETERS[name]
            if p.family:
                lognormal = p.prior.kind == "lognormal"
                strength = (
                    np.exp(p.prior.b * values[:, column]) if lognormal else values[:, column] + p.prior.a / p.prior.b
                )
                values[:, column] = np.where(on[:, FAMILIES.index(p.family)], strength, 0.0)
        centre, spread = self.modular.mean(axis=0), self.modular.std(axis=0)
        return np.hstack([values, (self.modular[pick] - centre) / spread])


def sobol_normals(count: int, dimensions: int, seed: int) -> np.ndarray:
    """(count, dimensions) standard normal coordinates from a scrambled Sobol' sequence (Owen 1998)."""
    unit = qmc.Sobol(dimensions, rng=np.random.default_rng(seed)).random(count)
    return stats.norm.ppf(np.clip(unit, 1e-9, 1 - 1e-9))


def run_bank(
    theory: Theory, folder: Path, seed: int, lucks: int = 1, progress: Callable[[int], None] = lambda runs: None
) -> np.ndarray:
    """Statistics (N, lucks, statistics) of N points on the true simulator, part by part; stored parts are read.

    Args:
        theory: the assumptions at the points.
        folder: where parts are stored; what is there of other points or another version of the model is made again.
        seed: of the luck; run r of all has luck r.
        lucks: runs of each point.
        progress: called with the number of runs done.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for first in range(0, len(theory.draws), CHUNK):
        points = Theory(theory.label, theory.draws[first : first + CHUNK].view(np.recarray))
        found.append(stored_part(folder / f"part-{first:06d}.parquet", points, lucks, first * lucks, seed))
        progress(len(found[-1]))
    return np.concatenate(found).reshape(len(theory.draws), lucks, len(TARGETS))


def stored_part(path: Path, points: Theory, lucks: int, first: int, seed: int) -> np.ndarray:
    """Statistics (runs, statistics) of a part of a bank, read if it holds these points and this version, else run."""
    names = [target.name for target in TARGETS]
    values = {name: np.repeat(points.draws[name], lucks) for name in PARAMETERS}
    asked = pd.DataFrame(values).assign(science=science_hash(), seed=seed)
    if path.exists():
        stored = pd.read_parquet(path)
        if list(stored.columns) == [*asked.columns, *names] and stored[asked.columns].equals(asked):
            return stored[names].to_numpy()
    found = statistics(Worlds(points, lucks, seed, first))
    whole = pd.concat([asked, pd.DataFrame(found, columns=names)], axis=1)
    files.write_files(path.parent, {path.name: whole.to_parquet(index=False)})
    return found
