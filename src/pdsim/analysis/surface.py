"""Response surface over a Latin hypercube (or any scattered design): a smoother, main effects, two factors together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.interpolate import RBFInterpolator
from scipy.linalg import LinAlgError

from pdsim.analysis.cells import Cells
from pdsim.analysis.finding import Finding, check_anything, ends, kept_points, nothing_varies
from pdsim.analysis.resampling import Means
from pdsim.comparison import TAILS
from pdsim.errors import InputError
from pdsim.experiment.designs import Axis

RESAMPLES = 200
MOST_POINTS = 1500  # that the smoother takes in: its time grows with their cube
BACKGROUND = 100  # points over which the other factors are averaged
SHUFFLED = 1000  # points over which the variance is counted
CURVE, MAP = 21, 11  # values of a factor on a curve, and on each side of a map
SMOOTHINGS = 10.0 ** np.arange(-4, 6)
FOLDS = 5
INTERVAL_WORDS = (
    f"90 % interval: bootstrap over residuals of the smoother and draws of the assumptions ({RESAMPLES} resamples); it "
    "does not hold what the smoother smooths away"
)


class Columns:
    """The design as columns for the smoother.

    A number (its logarithm where the factor has it) is a standardised column; of words each but the first has one.
    """

    def __init__(self, axes: Sequence[Axis], coded: np.ndarray) -> None:
        self._axes = axes
        raw = self._raw(coded)
        self._centre, spread = raw.mean(axis=0), raw.std(axis=0)
        self._kept, self._spread = spread > 0, np.where(spread > 0, spread, 1.0)

    def of(self, coded: np.ndarray) -> np.ndarray:
        """(points, columns) for coded values (points, factors)."""
        return ((self._raw(coded) - self._centre) / self._spread)[:, self._kept]

    def _raw(self, coded: np.ndarray) -> np.ndarray:
        """Columns before they are standardised."""
        found = []
        for axis, codes in zip(self._axes, coded.T, strict=True):
            if axis.numeric:
                values = axis.shown(codes).to_numpy(float)
                found.append(np.log(values) if axis.factor.log else values)
            else:
                found += [(codes == word).astype(float) for word in range(1, len(axis.choices or ()))]
        return np.stack(found, axis=1)


class Smoother:
    """A polyharmonic smoothing spline over all factors (Duchon 1977; Wahba 1990), by scipy.

    Its kernel is the cube of the distance: over one factor it is the natural cubic smoothing spline. How much it
    smooths is chosen by five-fold cross-validation. ``explained`` is the share of the variance between points that it
    predicts of points that it has not seen; ``residuals`` are the errors on those.
    """

    def __init__(self, x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> None:
        self.x = x
        fold = rng.permutation(np.arange(len(y)) % FOLDS)
        errors = [self._unseen(y, fold, smoothing) for smoothing in SMOOTHINGS]
        best = int(np.argmin([np.mean(error**2) for error in errors]))
        self.smoothing, self.residuals = SMOOTHINGS[best], errors[best]
        self.explained = float(1 - np.mean(self.residuals**2) / y.var())

    def _unseen(self, y: np.ndarray, fold: np.ndarray, smoothing: float) -> np.ndarray:
        """Errors at points when each fold is predicted from the others."""
        error = np.empty(len(y))
        for k in range(FOLDS):
            inside, out = fold != k, fold == k
            error[out] = y[out] - spline(self.x[inside], y[inside], smoothing)(self.x[out])
        return error

    def fitted(self, y: np.ndarray) -> RBFInterpolator:
        """The surface through (points, any number of) effects."""
        return spline(self.x, y, self.smoothing)


def spline(x: np.ndarray, y: np.ndarray, smoothing: float) -> RBFInterpolator:
    """A cubic polyharmonic spline with a linear trend."""
    return RBFInterpolator(x, y, smoothing=smoothing, kernel="cubic", degree=1)


def surfaces(cells: Cells) -> Finding:
    """Main effects of every factor, and the surface over the two with the largest, the others averaged over the design.

    ``share`` is the variance of a factor's main effect in that of the whole response (what the smoother does not
    predict included), so about its first-order Sobol' index; ``change`` the main effect at the factor's last value less
    that at its first.

    Raises:
        InputError: too few points for so many factors, or no effect varies over the design.
    """
    changes, curves, maps, notes = [], [], [], []
    explained: list[str] = []
    for contrast in cells.question.contrasts:
        whole, left_out = kept_points(cells, contrast, 2 * len(cells.axes) + 10)
        notes += left_out
        used = np.flatnonzero(whole)[:MOST_POINTS]
        if len(used) < whole.sum():
            notes.append(f"{contrast}: the smoother takes the first {MOST_POINTS:,} of {whole.sum():,} points")
        effects = cells.effects[contrast][used]
        if nothing_varies(effects):
            notes.append(f"{contrast}: the effect is the same at every point, so that there is nothing to smooth")
            continue
        surface = Surface(cells, effects, cells.coded[used])
        explained.append(f"{100 * surface.explained:.0f} % ({contrast})")
        found = [surface.main_effect(k) for k in range(len(cells.axes))]
        changes += [{"contrast": str(contrast), **each.change} for each in found]
        curves += [each.table.assign(contrast=str(contrast)) for each in found]
        maps.append(surface.over_two(found).assign(contrast=str(contrast)))
        cells.advance(1)
    check_anything(changes, cells)
    notes.append(f"Of the variance of points that it has not seen the smoother predicts {', '.join(explained)}")
    tables = {"changes": pd.DataFrame(changes), "factors": joined(curves), "surface": joined(maps)}
    return Finding("latin-hypercube", tables, INTERVAL_WORDS, notes)


def joined(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Tables one under the other, the contrast first."""
    if not tables:
        return pd.DataFrame()
    whole = pd.concat([table.astype({"contrast": object}) for table in tables], ignore_index=True)
    return whole[["contrast", *whole.columns.drop("contrast")]]


class MainEffect:
    """The effect over the values of one factor, with what came out of each resample.

    ``change`` is the row of the table of changes, ``table`` the curve, ``share`` the part of the variance.
    """

    def __init__(
        self, axis: Axis, codes: np.ndarray, weights: np.ndarray, found: np.ndarray, spread: np.ndarray
    ) -> None:
        low, high = np.quantile(found[:, 1:], TAILS, axis=1)
        values = axis.shown(codes).astype(object)
        self.table = pd.DataFrame(
            {"factor": axis.path, "value": values, "effect": found[:, 0], "low": low, "high": high}
        )
        centre = weights @ found
        shares = weights @ (found - centre) ** 2 / spread**2
        self.share, self.axis = float(shares[0]), axis
        self.change = {
            "factor": axis.path, "first": values.iloc[0], "last": values.iloc[-1],
            **measured("change", found[-1] - found[0]), **measured("share", shares),
        }  # fmt: skip


def measured(name: str, found: np.ndarray) -> dict[str, float]:
    """A value (the first) with the ends of its interval (from the others)."""
    return dict(zip(ends(name), map(float, (found[0], *np.quantile(found[1:], TAILS))), strict=True))


class Surface:
    """A smoothed response with resamples beside it: column 0 is the response, the others are resamples.

    A resample takes draws of the assumptions with replacement, smooths their mean, and adds errors of the smoother,
    taken with replacement too (Efron and Tibshirani 1993, chapter 9).
    """

    def __init__(self, cells: Cells, effects: np.ndarray, coded: np.ndarray) -> None:
        self._axes, self._coded = cells.axes, coded
        self._columns = Columns(cells.axes, coded)
        rng, means = cells.generator(), Means(effects, cells.draw)
        x, y = self._columns.of(coded), means.all()
        try:
            smoother = Smoother(x, y, rng)
            smooth = smoother.fitted(np.stack(list(means.resampled(rng, RESAMPLES)), axis=1))(x)
            errors = rng.choice(smoother.residuals - smoother.residuals.mean(), smooth.shape)
            self._response = smoother.fitted(np.column_stack([y, smooth + errors]))
        except (LinAlgError, np.linalg.LinAlgError) as error:
            raise InputError(f"{cells.folder}: its points cannot carry a surface ({error}); take more points") from None
        self.explained = max(smoother.explained, 0.0)
        self._spread = np.sqrt(self._variance(rng) + smoother.residuals.var())
        self._background = coded[np.unique(np.linspace(0, len(coded) - 1, BACKGROUND).astype(int))]

    def _variance(self, rng: np.random.Generator) -> np.ndarray:
        """(1 + resamples) variances of the response over points whose factors are independent, not just nearly so."""
        times = -(-SHUFFLED // len(self._coded))
        shuffled = rng.permuted(np.tile(self._coded, (times, 1)), axis=0)
        return self._response(self._columns.of(shuffled)).var(axis=0)

    def averaged(self, fixed: dict[int, np.ndarray]) -> np.ndarray:
        """(values, 1 + resamples) responses at coded values of some factors, averaged over the others."""
        count = len(next(iter(fixed.values())))
        coded = np.tile(self._background, (count, 1))
        for place, codes in fixed.items():
            coded[:, place] = np.repeat(codes, len(self._background))
        return self._response(self._columns.of(coded)).reshape(count, len(self._background), -1).mean(axis=1)

    def main_effect(self, place: int) -> MainEffect:
        """The main effect of a factor: at each of its choices, or at values that stand for equal parts of its range."""
        column = np.sort(self._coded[:, place])
        parts = np.ones(len(column))
        if self._axes[place].choices is None:
            column = column[np.linspace(0, len(column) - 1, CURVE).round().astype(int)]
            column[0], column[-1] = self.ends_of(place)
            parts = np.ones(CURVE)
            parts[[0, -1]] = 0.5  # as in the trapezoidal rule
        codes, at = np.unique(column, return_inverse=True)
        weights = np.bincount(at, parts)
        found = self.averaged({place: codes})
        return MainEffect(self._axes[place], codes, weights / weights.sum(), found, self._spread)

    def over_two(self, effects: Sequence[MainEffect]) -> pd.DataFrame:
        """The surface over the two factors with the largest main effects."""
        if len(effects) < 2:
            return pd.DataFrame()
        places = sorted(range(len(effects)), key=lambda place: -effects[place].share)[:2]
        sides = [self.values(place) for place in places]
        codes = [side.ravel() for side in np.meshgrid(*sides, indexing="ij")]
        found = self.averaged(dict(zip(places, codes, strict=True)))
        low, high = np.quantile(found[:, 1:], TAILS, axis=1)
        names = ((self._axes[place], code) for place, code in zip(places, codes, strict=True))
        table: dict[str, object] = {}
        for letter, (axis, code) in zip("xy", names, strict=True):
            table |= {f"{letter}_factor": axis.path, letter: axis.shown(code).astype(object)}
        return pd.DataFrame({**table, "effect": found[:, 0], "low": low, "high": high})

    def ends_of(self, place: int) -> tuple[float, float]:
        """Between which coded values a factor is looked at: its own where all are as likely, else those sampled."""
        factor, column = self._axes[place].factor, self._coded[:, place]
        if factor.distribution == "uniform" and factor.low is not None and factor.high is not None:
            return factor.low, factor.high
        return column.min(), column.max()

    def values(self, place: int) -> np.ndarray:
        """Coded values of a factor along a side of the map."""
        axis, column = self._axes[place], self._coded[:, place]
        if axis.choices is not None:
            return np.unique(column)
        low, high = self.ends_of(place)
        steps = np.geomspace(low, high, MAP) if axis.factor.log else np.linspace(low, high, MAP)
        return np.unique(np.round(steps)) if axis.whole else steps
