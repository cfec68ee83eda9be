"""From a bank to draws of the posterior: modules by weighting, the rest by emulators and sequential Monte Carlo."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import optimize, stats
from sklearn.linear_model import RidgeCV
from sklearn.preprocessing import PolynomialFeatures, StandardScaler
from threadpoolctl import threadpool_limits

from pdsim.assumptions import PARAMETERS, REGISTER
from pdsim.calibration.bank import Space, sobol_normals
from pdsim.calibration.targets import MODULES, TARGETS, Module, log_likelihood
from pdsim.theory import Theory, records_of

MODULE_POINTS = 2048
MODULE_DRAWS = 1024
SQUASH = 2.0  # statistics are squashed beyond about this many tolerances from the target
ACTIVE_T = 4.0
HELD_OUT = 5  # every fifth point of a bank is held out to judge emulators
STEP_ESS = 0.6  # a temperature step keeps this share of particles effective
MOVES = 30  # moves of every particle after each step
FINAL_MOVES = 500  # further moves at the end, which forget where particles came from
INFORMED = 24  # coordinates that differential evolution moves
EVOLVE = 0.7  # share of moves by differential evolution
REFRESHED = 0.15  # share of coordinates that the other moves draw afresh
SWAP = 0.15  # chance that a move also takes another draw of the modules' parameters


def fit_module(module: Module, seed: int, points: int = MODULE_POINTS, draws: int = MODULE_DRAWS) -> np.ndarray:
    """Draws (draws, parameters) of a module's parameters: Sobol' points of the prior, resampled by likelihood.

    Everything else is at its default. Sampling-importance resampling (Rubin 1988) on the true submodel.
    """
    latent = sobol_normals(points, len(module.parameters), seed)
    values = np.tile([p.default for p in REGISTER], (points, 1))
    for column, name in enumerate(module.parameters):
        p = PARAMETERS[name]
        values[:, list(PARAMETERS).index(name)] = p.prior.quantile(stats.norm.cdf(latent[:, column]), p.low, p.high)
    found = module.function(Theory(module.function.__name__, records_of(values)), seed)
    deviations = np.column_stack([t.deviation(found[:, k]) for k, t in enumerate(module.targets)])
    weights = normalised(-0.5 * (deviations**2).sum(axis=1))
    rng = np.random.Generator(np.random.Philox(key=[seed, len(module.parameters)]))
    columns = [list(PARAMETERS).index(name) for name in module.parameters]
    return rng.permutation(values[systematic(weights, draws, rng)][:, columns])


def fit_modules(seed: int) -> np.ndarray:
    """Draws (MODULE_DRAWS, parameters fitted apart); modules are independent of each other."""
    return np.hstack([fit_module(module, seed) for module in MODULES])


def normalised(log_weights: np.ndarray) -> np.ndarray:
    """Weights that add up to 1."""
    weights = np.exp(log_weights - log_weights.max())
    return weights / weights.sum()


def effective_size(weights: np.ndarray) -> float:
    """Kish's effective sample size, 1 / sum of squared normalised weights."""
    return float(1.0 / (weights**2).sum())


def systematic(weights: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Indices of ``count`` draws by systematic resampling (Kitagawa 1996)."""
    return np.searchsorted(np.cumsum(weights), (rng.random() + np.arange(count)) / count).clip(max=len(weights) - 1)


@dataclass(frozen=True)
class Emulators:
    """Quadratic emulators of all statistics on a squashed scale: constant + linear'x + x' quadratic x.

    ``constant`` is (K), ``linear`` (F, K), ``quadratic`` (F, K F); ``variance`` (K) is the mean squared error on points
    held out, in the statistics' own units near the targets, ``r_squared`` (K) the share of the variance of the squashed
    statistics that is explained there.
    """

    constant: np.ndarray
    linear: np.ndarray
    quadratic: np.ndarray
    variance: np.ndarray
    r_squared: np.ndarray

    def predict(self, features: np.ndarray) -> np.ndarray:
        """Statistics (N, K) at features (N, F)."""
        return stretched(self.on_squashed_scale(features))

    def influence(self) -> np.ndarray:
        """How much each parameter can move any statistic, in tolerances (F): sums of absolute coefficients."""
        wide, many = self.linear.shape
        bent = np.abs(self.quadratic).reshape(wide, many, wide)
        of_each = np.abs(self.linear) + bent.sum(axis=2) + bent.sum(axis=0).T
        return (of_each * SQUASH).max(axis=1)

    def on_squashed_scale(self, features: np.ndarray) -> np.ndarray:
        """The same before they are stretched back."""
        rows, wide = features.shape
        bent = (features @ self.quadratic).reshape(rows, len(self.constant), wide)
        return self.constant + features @ self.linear + np.einsum("nkf,nf->nk", bent, features)


VALUES = np.array([target.value for target in TARGETS])
SCALES = SQUASH * np.array([target.tolerance for target in TARGETS])


def squashed(found: np.ndarray) -> np.ndarray:
    """Statistics on a scale that is even near the target and logarithmic far off: asinh of the scaled deviation.

    An emulator then spends its effort where the targets are.
    """
    return np.arcsinh((found - VALUES) / SCALES)


def stretched(values: np.ndarray) -> np.ndarray:
    """Inverse of :func:`squashed`."""
    return VALUES + SCALES * np.sinh(np.clip(values, -20.0, 20.0))


def fit_emulators(features: np.ndarray, found: np.ndarray) -> Emulators:
    """Quadratic regressions of K statistics (N, K) on those of F parameters (N, F) that are active in each.

    Judged on every fifth point, then fitted again on all.
    """
    held_out = np.arange(len(features)) % HELD_OUT == 0
    wanted = squashed(found)
    trained = [regress(features[~held_out], column[~held_out]) for column in wanted.T]
    predicted = stacked(trained).on_squashed_scale(features[held_out])
    error = ((predicted - wanted[held_out]) ** 2).mean(axis=0)
    r_squared = 1.0 - error / np.maximum(wanted[held_out].var(axis=0), np.finfo(float).tiny)
    whole = stacked([regress(features, column) for column in wanted.T])
    return replace(whole, variance=error * SCALES**2, r_squared=r_squared)


def active(features: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Columns of the parameters that move a statistic: |t| > 4 in a regression on all parameters and their squares.

    Few of some 75 parameters move any one statistic, and products of the rest would only add noise.
    """
    wide = features.shape[1]
    if np.ptp(wanted) == 0.0:
        return np.array([], np.int64)
    terms = np.hstack([features, features**2])
    terms = np.column_stack([np.ones(len(terms)), terms - terms.mean(axis=0)])
    inverse = np.linalg.pinv(terms.T @ terms)
    slopes = inverse @ (terms.T @ wanted)
    residual = ((wanted - terms @ slopes) ** 2).sum() / (len(wanted) - terms.shape[1])
    t = np.abs(slopes / np.sqrt(residual * np.abs(np.diag(inverse))))[1:]
    return np.flatnonzero(np.maximum(t[:wide], t[wide:]) > ACTIVE_T)


def regress(features: np.ndarray, wanted: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """Constant, linear (F) and quadratic (F, F) coefficients of a ridge regression on the active parameters."""
    wide = features.shape[1]
    linear, quadratic = np.zeros(wide), np.zeros((wide, wide))
    columns = active(features, wanted)
    if len(columns) == 0:
        return float(wanted.mean()), linear, quadratic
    terms, scaler = PolynomialFeatures(2, include_bias=False), StandardScaler()
    ridge = RidgeCV(np.logspace(-1, 4, 8))
    ridge.fit(scaler.fit_transform(terms.fit_transform(features[:, columns])), wanted)
    slopes = ridge.coef_ / scaler.scale_
    for power, slope in zip(terms.powers_, slopes, strict=True):
        involved = columns[np.flatnonzero(power)]
        if power.sum() == 1:
            linear[involved[0]] = slope
        else:
            quadratic[involved[0], involved[-1]] = slope
    return float(ridge.intercept_ - slopes @ scaler.mean_), linear, quadratic


def stacked(fitted: list[tuple[float, np.ndarray, np.ndarray]]) -> Emulators:
    """The regressions of all statistics as one set of emulators, not yet judged."""
    constant, linear, quadratic = (np.array(part) for part in zip(*fitted, strict=True))
    many, wide = linear.shape
    flat = quadratic.transpose(1, 0, 2).reshape(wide, many * wide)
    return Emulators(constant, linear.T, flat, np.zeros(many), np.zeros(many))


@dataclass(frozen=True)
class Particles:
    """Equally weighted points of a posterior.

    Attributes:
        latent: (N, dimensions).
        pick: (N) rows of the modules' draws.
        log_likelihood: (N), as emulated.
        remembered: largest absolute correlation, over coordinates, between where particles stood after the last
            resampling and where they ended: near 0 when they are independent of their common ancestors.
    """

    latent: np.ndarray
    pick: np.ndarray
    log_likelihood: np.ndarray
    remembered: float


class Sampler:
    """Tempered sequential Monte Carlo (Del Moral, Doucet and Jasra 2006).

    The likelihood is raised to ``power`` (0-1); ``shift`` is added to the statistics (for synthetic truths). Each move
    takes half of the particles by the other half: most by differential evolution (ter Braak 2006), which follows the
    ridges that the patterns leave, in the ``INFORMED`` coordinates that the emulators react to most; the rest by fresh
    draws from the prior of some coordinates, which lets switches flip. Either may take another draw of the modules'
    parameters too.
    """

    def __init__(self, space: Space, emulators: Emulators, seed: int, shift: np.ndarray | float = 0.0,
                 power: float = 1.0) -> None:  # fmt: skip
        self.space, self.emulators, self.shift, self.power = space, emulators, shift, power
        self.rng = np.random.Generator(np.random.Philox(key=seed))
        self.informed = np.zeros(space.dimensions, bool)
        self.informed[np.argsort(-emulators.influence()[: len(space.names)])[:INFORMED]] = True

    def evaluate(self, latent: np.ndarray, pick: np.ndarray) -> np.ndarray:
        """Emulated log likelihood (N), the emulator's own error included."""
        found = self.emulators.predict(self.space.features(latent, pick))
        return self.power * log_likelihood(found, self.emulators.variance, self.shift)

    def sample(self, particles: int, final_moves: int = FINAL_MOVES) -> Particles:
        """Particles of the posterior. Small matrices: more than one thread would only wait for each other."""
        with threadpool_limits(1):
            return self.anneal(particles, final_moves)

    def anneal(self, particles: int, final_moves: int) -> Particles:
        """From the prior to the posterior, a temperature after the other."""
        latent = self.rng.standard_normal((particles, self.space.dimensions))
        pick = self.rng.integers(0, len(self.space.modular), particles)
        logs = self.evaluate(latent, pick)
        temperature = 0.0
        while temperature < 1.0:
            step = next_step(logs, 1.0 - temperature)
            chosen = systematic(normalised(step * logs), particles, self.rng)
            latent, pick, logs = latent[chosen], pick[chosen], logs[chosen]
            temperature += step
            before = latent.copy()
            for _ in range(MOVES if temperature < 1.0 else final_moves):
                self.move(latent, pick, logs, temperature)
        return Particles(latent, pick, logs, correlation_of_columns(before, latent))

    def move(self, latent: np.ndarray, pick: np.ndarray, logs: np.ndarray, temperature: float) -> None:
        """Move every particle once, in place, at a temperature (0 prior, 1 posterior)."""
        halves = np.array_split(self.rng.permutation(len(pick)), 2)
        propose = self.evolve if self.rng.random() < EVOLVE else self.refresh
        for mine, others in (halves, halves[::-1]):
            proposed, prior = propose(latent[mine], latent[self.rng.choice(others, (2, len(mine)))])
            swap = self.rng.random(len(mine)) < SWAP
            other = np.where(swap, self.rng.integers(0, len(self.space.modular), len(mine)), pick[mine])
            new = self.evaluate(proposed, other)
            taken = np.log(self.rng.random(len(mine))) < temperature * (new - logs[mine]) + prior
            rows = mine[taken]
            latent[rows], pick[rows], logs[rows] = proposed[taken], other[taken], new[taken]

    def evolve(self, here: np.ndarray, pair: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """A step along the difference of two other particles in informed coordinates, and the log ratio of priors."""
        chosen = self.informed & (self.rng.random(here.shape) < self.rng.choice([0.5, 1.0]))
        size = 2.38 / np.sqrt(2.0 * np.maximum(chosen.sum(axis=1, keepdims=True), 1)) * self.rng.choice([0.6, 1.0])
        proposed = np.where(chosen, here + size * (pair[0] - pair[1]), here)
        return proposed, 0.5 * ((here**2).sum(axis=1) - (proposed**2).sum(axis=1))

    def refresh(self, here: np.ndarray, pair: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """A fresh draw of some coordinates from the prior, whose ratio then drops out."""
        fresh = self.rng.standard_normal(here.shape)
        return np.where(self.rng.random(here.shape) < REFRESHED, fresh, here), np.zeros(len(here))


def next_step(logs: np.ndarray, left: float) -> float:
    """Rise of temperature that leaves a share ``STEP_ESS`` of particles effective, at most what is left."""

    def surplus(step: float) -> float:
        return effective_size(normalised(step * logs)) - STEP_ESS * len(logs)

    return left if surplus(left) >= 0 else float(optimize.brentq(surplus, 0.0, left))


def correlation_of_columns(a: np.ndarray, b: np.ndarray) -> float:
    """Largest absolute correlation between columns of the same place."""
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    return float(np.abs((a * b).mean(axis=0) / (a.std(axis=0) * b.std(axis=0))).max())
