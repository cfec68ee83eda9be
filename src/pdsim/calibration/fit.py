"""``pdsim calibrate``: modules, bank, emulators, a second bank where it matters, posterior, checks, files."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pdsim import files
from pdsim.assumptions import PARAMETERS
from pdsim.calibration import checks
from pdsim.calibration.bank import Space, run_bank, sobol_normals
from pdsim.calibration.checks import Bank, Progress
from pdsim.calibration.inference import SCALES, Emulators, Sampler, effective_size, fit_emulators, fit_modules, squashed
from pdsim.calibration.targets import TARGETS, log_likelihood, standardised
from pdsim.errors import InputError, shown
from pdsim.simulate import science_hash

# Waves of a fit: the power to which the likelihood is raised where their points are drawn, the prior first. Tolerances
# are almost twice as wide in the second, so that emulators learn where the targets may be met, then where they are.
WAVES = (0.0, 0.3, 1.0)
POINTS = 4096  # of each wave
PARTICLES = 4000  # of the emulated posterior, run again on the true simulator
LUCKS = 2  # runs of each of these
PLAUSIBLE = 6.0  # points within so many SDs of every target serve the next emulators
SYNTHETIC = 50  # synthetic truths


@dataclass(frozen=True)
class Fit:
    """A calibrated posterior.

    Attributes:
        draws: N equally weighted draws of all assumptions.
        found: (N, statistics) of the patterns at these draws, on the true simulator: means over ``LUCKS`` runs.
        luck: (N) numbers of the first of these runs' luck, so that anyone can make them again.
        record: version, seed, diagnostics, pattern by pattern and parameter by parameter.
    """

    draws: np.recarray
    found: np.ndarray
    luck: np.ndarray
    record: Mapping[str, Any]


def calibrate(
    folder: Path,
    seed: int = 1,
    points: int = POINTS,
    particles: int = PARTICLES,
    fixed: Mapping[str, float] | None = None,
    synthetic: int = SYNTHETIC,
    progress: Progress = lambda runs: None,
) -> Fit:
    """Fit the assumptions to the numbered patterns.

    Parts of the banks are stored in ``folder``; a second call with the same arguments takes them from there.

    Args:
        folder: of the banks.
        seed: of points, luck and moves.
        points: of each wave.
        particles: of the emulated posterior.
        fixed: parameters held at a value, as in a rival model without a network.
        synthetic: number of synthetic truths to recover; 0 leaves that check out.
        progress: called with the number of runs of the 100 programmes done, of :func:`runs_of`.
    """
    asked = f"{science_hash()} {seed} {points} {particles} {fixed}"
    space = Space(kept(folder / "modules.npz", partial(modular_draws, seed), asked)["modular"], dict(fixed or {}))
    waves: list[Bank] = []
    for wave, power in enumerate(WAVES):
        draw = partial(points_of_wave, space, waves, power, points, seed)
        at = kept(folder / f"wave-{wave}.npz", draw, asked)
        theory = space.theory(at["latent"], at["pick"])
        runs = run_bank(theory, folder / f"wave-{wave}", seed + wave, progress=progress)
        waves.append(Bank(at["latent"], at["pick"], runs[:, 0]))
    emulators = emulators_after(space, waves)
    at = kept(folder / "posterior.npz", partial(points_of_wave, space, waves, 1.0, particles, seed), asked)
    theory = space.theory(at["latent"], at["pick"])
    runs = run_bank(theory, folder / "posterior", luck_seed(seed), LUCKS, progress)
    luck_variance = squashed(runs).var(axis=1, ddof=1).mean(axis=0) * SCALES**2
    weights = correction(runs.mean(axis=1), luck_variance / LUCKS, at["log_likelihood"])
    chosen = rejection(weights, seed)
    diagnostics: dict[str, Any] = {
        "points": [len(wave.pick) for wave in waves],
        "particles": particles,
        "effective_sample_size_of_particles": effective_size(weights / weights.sum()),
        "remembered": float(at["remembered"]),
        "r_squared": by_name(emulators.r_squared),
        "r_squared_over_the_prior": by_name(emulators_after(space, waves[:1]).r_squared),
    }
    if synthetic:
        diagnostics["synthetic"] = checks.recover(space, waves[0], folder, seed, synthetic, luck_variance, progress)
    draws, found = theory.draws[chosen].view(np.recarray), runs.mean(axis=1)[chosen]
    return Fit(draws, found, LUCKS * chosen, checks.make_record(space, draws, found, seed, diagnostics))


def luck_seed(seed: int) -> int:
    """Seed of the luck in which the posterior's draws are run: apart from that of every wave."""
    return seed + len(WAVES)


def check_options(seed: int, points: int, particles: int, synthetic: int) -> None:
    """Ranges of the options of a fit: emulators need more points than they have terms, synthetic truths set aside.

    Raises:
        InputError: naming the option and what is allowed.
    """
    limits = {"seed": (seed, 0, 2**31), "points": (points, 512, 2**17), "particles": (particles, 100, 100_000),
              "synthetic": (synthetic, 0, min(points // 2, 1000))}  # fmt: skip
    for name, (value, low, high) in limits.items():
        if not low <= value <= high:
            raise InputError(f"--{name}: {shown(value)} is out of range; allowed is {low} to {high:,}")
    if points & (points - 1):
        raise InputError(f"--points: {shown(points)} is not a power of 2, as Sobol' points want; for example {POINTS}")


def runs_of(points: int, particles: int, synthetic: int) -> int:
    """How many runs of all patterns a fit takes."""
    checked = min(synthetic, checks.CHECKED) * checks.SYNTHETIC_PARTICLES
    return len(WAVES) * points + LUCKS * particles + checked


def by_name(values: np.ndarray) -> dict[str, float]:
    """A number of each statistic, by name."""
    return {target.name: float(value) for target, value in zip(TARGETS, values, strict=True)}


def kept(path: Path, make: Callable[[], dict[str, np.ndarray]], asked: str) -> dict[str, np.ndarray]:
    """Arrays stored at ``path`` in answer to what is ``asked``, else made and stored.

    What later steps are resumed from must not differ in the last bit from one run to the next.
    """
    mark = np.array([asked])
    if path.exists():
        with np.load(path, allow_pickle=False) as stored:
            if stored["mark"] == mark:
                return {name: stored[name] for name in stored.files}
    arrays = make()
    path.parent.mkdir(parents=True, exist_ok=True)
    content = BytesIO()
    np.savez(content, allow_pickle=False, **arrays, mark=mark)
    files.write_files(path.parent, {path.name: content.getvalue()})
    return arrays


def modular_draws(seed: int) -> dict[str, np.ndarray]:
    """Draws of the parameters that are fitted apart."""
    return {"modular": fit_modules(seed)}


def points_of_wave(space: Space, waves: list[Bank], power: float, points: int, seed: int) -> dict[str, np.ndarray]:
    """Points where the next wave is run: Sobol' points of the prior, then draws of the emulated posterior.

    ``power`` is that of the likelihood, 0 to 1.
    """
    if not waves:
        return {"latent": sobol_normals(points, space.dimensions, seed), "pick": np.arange(points) % len(space.modular)}
    particles = Sampler(space, emulators_after(space, waves), seed + len(waves), power=power).sample(points)
    return {name: np.asarray(getattr(particles, name)) for name in ("latent", "pick", "log_likelihood", "remembered")}


def emulators_after(space: Space, waves: list[Bank]) -> Emulators:
    """Emulators of all points so far; after the first wave only of those that are not implausible."""
    latent, pick, found = (
        np.concatenate([getattr(wave, part) for wave in waves]) for part in ("latent", "pick", "found")
    )
    near = (np.abs(standardised(found)).max(axis=1) < PLAUSIBLE) | (len(waves) == 1)
    return fit_emulators(space.features(latent[near], pick[near]), found[near])


def correction(found: np.ndarray, variance: np.ndarray, emulated: np.ndarray) -> np.ndarray:
    """Importance weights (N), largest 1, that correct an emulated posterior by the likelihood on the true simulator.

    The largest fiftieth is cut to its smallest, so that a lucky few do not decide (Ionides 2008).

    Args:
        found: (N, statistics) on the true simulator.
        variance: (statistics) of luck in them.
        emulated: (N) log likelihood by which they were drawn.
    """
    logs = log_likelihood(found, variance) - emulated
    weights = np.exp(logs - logs.max())
    return np.minimum(weights / np.quantile(weights, 0.98), 1.0)


def rejection(weights: np.ndarray, seed: int) -> np.ndarray:
    """Rows that are kept, each once, with chance ``weights``: draws that need no weights any more."""
    rng = np.random.Generator(np.random.Philox(key=[seed, len(weights)]))
    return np.flatnonzero(rng.random(len(weights)) < weights)


def write(fit: Fit, folder: Path, name: str = "posterior") -> None:
    """Write a fit: ``NAME.parquet`` (draws), ``NAME-patterns.parquet`` (their statistics), ``NAME.json`` (record).

    Raises:
        InputError: the folder cannot be written to.
    """
    draws = pd.DataFrame({p: fit.draws[p] for p in PARAMETERS})
    found = pd.DataFrame(fit.found, columns=[target.name for target in TARGETS]).assign(luck=fit.luck)
    written = {
        f"{name}.parquet": draws.to_parquet(index=False),
        f"{name}-patterns.parquet": found.to_parquet(index=False),
        f"{name}.json": (json.dumps(fit.record, indent=1) + "\n").encode(),
    }
    files.check_folder(folder)
    files.write_files(folder, written)
