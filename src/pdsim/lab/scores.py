"""How often an analysis is right: measures over many literatures, each with its Monte Carlo interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from pdsim.lab.reviews import BOTH, CALLS, FLUORIDE, MINT, NOT_SHOWN, Conclusion

INTERVAL = 0.95  # of the Monte Carlo intervals
TRUTHS = {"fluoride": FLUORIDE, "mint": MINT, "both": BOTH, "bystander": NOT_SHOWN}


def share_row(measure: str, hits: np.ndarray) -> dict[str, Any]:
    """A share of literatures with its Wilson interval; None where there is none to count."""
    n = len(hits)
    if n == 0:
        return {"measure": measure, "value": None, "low": None, "high": None, "n": 0}
    low, high = proportion_confint(int(hits.sum()), n, 1.0 - INTERVAL, "wilson")
    return {"measure": measure, "value": float(hits.mean()), "low": float(low), "high": float(high), "n": n}


def mean_row(measure: str, values: np.ndarray) -> dict[str, Any]:
    """A mean over literatures with its interval by the normal distribution; None for fewer than two."""
    n = len(values)
    if n < 2:
        return {"measure": measure, "value": None, "low": None, "high": None, "n": n}
    mean, half = values.mean(), stats.norm.ppf(0.5 + INTERVAL / 2) * values.std(ddof=1) / np.sqrt(n)
    return {"measure": measure, "value": float(mean), "low": float(mean - half), "high": float(mean + half), "n": n}


def score(conclusions: Sequence[Conclusion], world: str, truth: float) -> list[dict[str, Any]]:
    """Rows of one analysis in one world.

    Args:
        conclusions: one for each literature or trial.
        world: name of the world, which is the right answer to "by which path?".
        truth: what working together adds on average, the right answer to "is there an effect?", pupil SD.

    Returns:
        A row for each call; ``path_right``, the share whose call is the world's; and, where it estimates an effect,
        ``bias``, ``error`` (SD of estimates) and ``coverage`` (of 95 % intervals); where the truth is not 0 also
        ``power`` (share of intervals above 0) and ``wrong_sign`` (share of estimates below 0), else
        ``false_positives`` (share of intervals above 0: 2.5 % by chance). All are over those analyses that gave an
        estimate. ``went_through``, where something was measured between, is the
        mean effect that an analysis says went through it.
    """
    calls = np.array([each.call for each in conclusions])
    rows = [share_row(f"calls {name}", calls == code) for code, name in enumerate(CALLS)]
    rows.append(share_row("path_right", calls == TRUTHS[world]))
    through = [each.through for each in conclusions if each.through is not None]
    if through:
        rows.append(mean_row("went_through", np.array(through)))
    if conclusions[0].effect is None:
        return rows
    found = np.array([each.effect for each in conclusions])
    estimate, low, high = found[~np.isnan(found[:, 0])].T
    rows += [
        mean_row("bias", estimate - truth),
        spread_row(estimate),
        share_row("coverage", (low <= truth) & (truth <= high)),
    ]
    if truth == 0:
        return [*rows, share_row("false_positives", low > 0)]
    return [*rows, share_row("power", low > 0), share_row("wrong_sign", estimate < 0)]


def spread_row(estimate: np.ndarray) -> dict[str, Any]:
    """SD of the estimates with its interval (chi-squared, so for estimates near normal)."""
    n = len(estimate)
    if n < 2:
        return {"measure": "error", "value": None, "low": None, "high": None, "n": n}
    sd = float(estimate.std(ddof=1))
    low, high = (
        sd * float(np.sqrt((n - 1) / stats.chi2.ppf(p, n - 1))) for p in (0.5 + INTERVAL / 2, 0.5 - INTERVAL / 2)
    )
    return {"measure": "error", "value": sd, "low": low, "high": high, "n": n}
