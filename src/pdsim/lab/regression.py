"""Meta-regression: restricted maximum likelihood for what is left between trials, statsmodels for the regression."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import statsmodels.api as sm

CONFIDENCE = 0.95  # of the intervals that reviews and trials report
STEPS = 100
CLOSE = 1e-9  # pupil SD squared
CERTAIN = 1e-9  # of leverage


class Found(NamedTuple):
    """An estimate with its confidence interval; NaN where the data cannot give one."""

    estimate: float
    low: float
    high: float


NOTHING = Found(np.nan, np.nan, np.nan)


def variance_between(effects: np.ndarray, variances: np.ndarray, columns: np.ndarray) -> float:
    """Variance of true effects between trials that the moderators leave, by restricted maximum likelihood.

    Fisher scoring with the variance held at 0 or above (Viechtbauer 2005): with weights w = 1 / (variance + between)
    and P = W - W X (X'WX)^-1 X'W, the step is (y'PPy - tr P) / tr PP.

    Args:
        effects: (K) estimates of the trials.
        variances: (K) squared standard errors.
        columns: (K, p) moderators, with a column of ones.
    """
    between = max(float(np.var(effects) - variances.mean()), 0.0)
    for _ in range(STEPS):
        weights = 1.0 / (variances + between)
        first, second, third = (columns.T @ (weights[:, None] ** power * columns) for power in (1, 2, 3))
        residual = weights * (effects - columns @ np.linalg.solve(first, columns.T @ (weights * effects)))
        ratio = np.linalg.solve(first, second)
        trace = weights.sum() - np.trace(ratio)
        square = (weights**2).sum() - 2 * np.trace(np.linalg.solve(first, third)) + np.trace(ratio @ ratio)
        new = max(between + float(residual @ residual - trace) / float(square), 0.0)
        if abs(new - between) < CLOSE:
            return new
        between = new
    return between


def meta_regression(effects: np.ndarray, errors: np.ndarray, columns: np.ndarray, of: int, robust: bool) -> Found:
    """Coefficient of one moderator in a random-effects meta-regression, with its 95 % confidence interval.

    Args:
        effects: (K) estimates of the trials.
        errors: (K) their standard errors.
        columns: (K, p) moderators, with a column of ones.
        of: the column whose coefficient is asked for.
        robust: standard errors that hold with any weights (HC3, MacKinnon and White 1985) and the t distribution, in
            place of those that trust the model and the normal one.
    """
    if len(effects) <= columns.shape[1] + 1 or np.linalg.matrix_rank(columns) < columns.shape[1]:
        return NOTHING
    variances = errors**2
    weights = 1.0 / (variances + variance_between(effects, variances, columns))
    model = sm.WLS(effects, columns, weights=weights)
    if robust and decided_by_one(model.wexog):
        return NOTHING
    fit = model.fit(cov_type="HC3", use_t=True) if robust else model.fit(cov_type="fixed scale", use_t=False)
    low, high = fit.conf_int(1.0 - CONFIDENCE)[of]
    return Found(float(fit.params[of]), float(low), float(high))


def decided_by_one(columns: np.ndarray) -> bool:
    """Whether one trial alone decides a coefficient (its leverage is 1), so that nothing is left to tell its error."""
    return bool(np.einsum("ij,ji->i", columns, np.linalg.pinv(columns)).max() > 1.0 - CERTAIN)
