"""Is the fit to be trusted? Synthetic truths recovered, patterns met or not, assumptions touched or not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from pdsim import __version__
from pdsim.assumptions import FAMILIES, PARAMETERS
from pdsim.calibration.bank import Space, run_bank
from pdsim.calibration.inference import Particles, Sampler, effective_size, fit_emulators, normalised
from pdsim.calibration.targets import (
    FITTED_APART,
    MODULES,
    REVIEW_AT,
    TARGETS,
    TOLERANCE_IN_SD,
    Target,
    log_likelihood,
    review_correlation,
)
from pdsim.simulate import science_hash
from pdsim.theory import Theory

CHECKED = 5  # how many of the synthetic truths are checked on the true simulator
SYNTHETIC_PARTICLES = 400
TOUCHED = 0.1  # shrinkage from which the evidence is said to touch an assumption
SHIFTED = 0.3  # shift of the mean, in prior SDs, from which it is said to
TAILS = (0.05, 0.95)
PRIOR_SAMPLE = 4096  # draws that the prior's spread is taken from

Progress = Callable[[int], None]


@dataclass(frozen=True)
class Bank:
    """Points that have been run: latent coordinates, rows of the modules' draws, statistics (N, statistics)."""

    latent: np.ndarray
    pick: np.ndarray
    found: np.ndarray


def recover(
    space: Space, bank: Bank, folder: Path, seed: int, truths: int, luck_variance: np.ndarray, progress: Progress
) -> dict[str, Any]:
    """Recover synthetic truths: points of the prior's bank, whose statistics are observed with an error.

    The error has the distribution that the likelihood assumes; bounds are not observed. The emulators are fitted
    without these points. For ``CHECKED`` of them the posterior is also corrected on the true simulator.

    Returns:
        Shares of 90 % intervals that hold the truth: of parameters that the synthetic posterior shrinks by ``TOUCHED``
        or more, of all, and of all in the ``CHECKED`` posteriors before and after correction.
    """
    rest = slice(truths, None)
    emulators = fit_emulators(space.features(bank.latent[rest], bank.pick[rest]), bank.found[rest])
    rng = np.random.Generator(np.random.Philox(key=[seed, truths]))
    even = np.full(SYNTHETIC_PARTICLES, 1 / SYNTHETIC_PARTICLES)
    found, emulated, corrected, sizes = [], [], [], []
    for truth in range(truths):
        shift = observed_elsewhere(bank.found[truth], rng)
        particles = Sampler(space, emulators, seed + 1000 + truth, shift).sample(SYNTHETIC_PARTICLES, final_moves=150)
        found.append(covered(space, bank.latent[truth], particles, even))
        if truth < CHECKED:
            runs = run_bank(
                space.theory(particles.latent, particles.pick), folder / f"synthetic-{truth}", seed + truth,
                progress=progress,
            )  # fmt: skip
            logs = log_likelihood(runs[:, 0], luck_variance, shift) - particles.log_likelihood
            weights = normalised(logs)
            emulated.append(found[-1])
            corrected.append(covered(space, bank.latent[truth], particles, weights))
            sizes.append(effective_size(weights))
    everything = np.concatenate(found)
    touched = everything["shrinkage"] >= TOUCHED
    return {
        "truths": truths,
        "coverage_of_touched": float(everything["covered"][touched].mean()),
        "touched": int(touched.sum()),
        "coverage_of_all": float(everything["covered"].mean()),
        "checked": len(sizes),
        "coverage_checked_emulated": float(np.concatenate(emulated)["covered"].mean()),
        "coverage_checked_corrected": float(np.concatenate(corrected)["covered"].mean()),
        "effective_sizes_of_corrections": sizes,
    }


def observed_elsewhere(truth: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """What to add to statistics (K) so that the published targets stand for observations of ``truth`` with errors.

    Errors are distributed as in :func:`log_likelihood`: those of patterns 1 to 3 are correlated.
    """
    luck = rng.standard_normal(len(TARGETS))
    luck[REVIEW_AT] = np.linalg.cholesky(review_correlation()) @ luck[REVIEW_AT]
    return np.array([shift_of(target, *pair) for target, *pair in zip(TARGETS, truth, luck, strict=True)])


def shift_of(target: Target, truth: float, luck: float) -> float:
    """What to add to one statistic, for a standard normal ``luck``; a bound is shifted to where it binds nobody.

    The error is normal on either side, with the target's two SDs, and continuous at 0.
    """
    if np.isinf(target.above):
        return 1e6
    if np.isinf(target.below):
        return -1e6
    u, lower = stats.norm.cdf(luck), target.below / (target.below + target.above)
    if u < lower:
        error = target.below * stats.norm.ppf(u / (2 * lower))
    else:
        error = -target.above * stats.norm.ppf((1 - u) / (2 * (1 - lower)))
    return target.value - truth + error / TOLERANCE_IN_SD


def covered(space: Space, truth: np.ndarray, particles: Particles, weights: np.ndarray) -> np.ndarray:
    """Whether 90 % intervals of latent coordinates hold the truth, and by how much they shrink, channels apart."""
    kept = [column for column, name in enumerate(space.names) if not PARAMETERS[name].family]
    out = np.zeros(len(kept), [("covered", bool), ("shrinkage", float)])
    for row, column in enumerate(kept):
        values = particles.latent[:, column]
        low, high = weighted_quantiles(values, weights)
        out[row] = (low <= truth[column] <= high, 1.0 - weighted_variance(values, weights))
    return out


def weighted_quantiles(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The 5th and 95th percentile of weighted values."""
    order = np.argsort(values)
    return np.interp(TAILS, np.cumsum(weights[order]), values[order])


def weighted_variance(values: np.ndarray, weights: np.ndarray) -> float:
    """Variance of weighted values."""
    mean = weights @ values
    return float(weights @ (values - mean) ** 2)


def make_record(
    space: Space, draws: np.recarray, found: np.ndarray, seed: int, diagnostics: dict[str, Any]
) -> dict[str, Any]:
    """The record that is shipped with draws: how they were made, and what the patterns say of them."""
    return {
        "kind": "pdsim posterior",
        "version": __version__,
        "science": science_hash(),
        "seed": seed,
        "draws": len(draws),
        "medoid": medoid(space, draws),
        "fixed": space.fixed,
        "patterns": [pattern_row(target, found[:, k]) for k, target in enumerate(TARGETS)] + module_rows(draws, seed),
        "parameters": [parameter_row(space, name, draws[name]) for name in PARAMETERS],
        "families_on": {family: float(families_on(draws)[:, k].mean()) for k, family in enumerate(FAMILIES)},
        "diagnostics": diagnostics,
    }


def pattern_row(target: Target, values: np.ndarray) -> dict[str, Any]:
    """A pattern's statistic over draws: mean, 90 % range, share within tolerance, and whether the evidence is met.

    ``surprise`` is the two-sided posterior predictive probability of an observation at least as far out as the
    published value, the tolerance read as its error; it is 1 for a bound that is met.
    """
    low, high = np.quantile(values, TAILS)
    deviation = target.deviation(values)
    predicted = stats.norm.cdf(deviation)  # chance that the observation lies below the statistic
    surprise = (
        2 * min(predicted.mean(), 1 - predicted.mean())
        if np.isfinite([target.below, target.above]).all()
        else (2 * stats.norm.sf(np.abs(deviation)).mean())
    )
    return {
        "pattern": target.pattern, "name": target.name, "label": target.label, "unit": target.unit,
        "target": target.value, "below": finite(target.below), "above": finite(target.above), "source": target.source,
        "counted": target.counted, "mean": float(values.mean()), "low": float(low), "high": float(high),
        "within_tolerance": float(target.within(values).mean()), "surprise": float(min(surprise, 1.0)),
    }  # fmt: skip


def finite(tolerance: float) -> float | None:
    """A tolerance, or None where there is none."""
    return tolerance if np.isfinite(tolerance) else None


def module_rows(draws: np.recarray, seed: int) -> list[dict[str, Any]]:
    """The patterns that are fitted apart, evaluated on the posterior's draws."""
    rows = []
    for module in MODULES:
        found = module.function(Theory("", draws), seed)
        rows += [pattern_row(t, found[:, k]) | {"apart": True} for k, t in enumerate(module.targets)]
    return rows


def parameter_row(space: Space, name: str, values: np.ndarray) -> dict[str, Any]:
    """A parameter's prior and posterior: medians, 90 % ranges and shrinkage = 1 - variance ratio.

    Of a channel strength only draws in which its family is on are looked at.
    """
    p = PARAMETERS[name]
    values = values[values != 0.0] if p.family else values
    if p.prior.kind == "fixed" or name in space.fixed:
        return {"name": name, "how": "fixed", "median": float(np.median(values)) if len(values) else 0.0}
    u = (np.arange(PRIOR_SAMPLE) + 0.5) / PRIOR_SAMPLE
    prior = p.prior.quantile(u, p.low, p.high)
    if p.prior.kind == "lognormal":
        prior, measured = np.log(prior), np.log(values)
    else:
        measured = values
    shrinkage = 1.0 - measured.var() / prior.var()
    shift = (measured.mean() - prior.mean()) / prior.std()
    low, median, high = np.quantile(values, (TAILS[0], 0.5, TAILS[1]))
    return {
        "name": name, "how": "apart" if name in FITTED_APART else "together", "median": float(median),
        "low": float(low), "high": float(high), "shrinkage": float(shrinkage),
        "shift": float(shift),
"touched": touched(shrinkage, shift, len(values)),
    }  # fmt: skip


def touched(shrinkage: float, shift: float, draws: int) -> bool:
    """Whether the evidence touches an assumption: by more than the thresholds, and than twice what chance does."""
    return bool(shrinkage >= max(TOUCHED, 2 * np.sqrt(2 / draws)) or abs(shift) >= max(SHIFTED, 2 / np.sqrt(draws)))


def families_on(draws: np.recarray) -> np.ndarray:
    """(N, families) booleans: whether any channel strength of a family is not exactly 0."""
    names = [[name for name, p in PARAMETERS.items() if p.family == family] for family in FAMILIES]
    return np.column_stack([np.any([draws[name] != 0.0 for name in family], axis=0) for family in names])


def medoid(space: Space, draws: np.recarray) -> int:
    """Row of the draw nearest to all others, among those in which every family of channels is on.

    Distance is Euclidean in parameters standardised over the draws. With a family off a single draw would hide a path
    that the model has.
    """
    candidates = np.flatnonzero(families_on(draws).all(axis=1))
    if len(candidates) == 0:
        candidates = np.arange(len(draws))
    names = [name for name in (*space.names, *FITTED_APART) if draws[name].std() > 0]
    values = np.column_stack([(draws[name] - draws[name].mean()) / draws[name].std() for name in names])
    distance = [np.sqrt(((values[row] - values[candidates]) ** 2).sum(axis=1)).sum() for row in candidates]
    return int(candidates[np.argmin(distance)])
