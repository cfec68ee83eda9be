"""Literatures drawn from the field: which programmes were tried, what the trials found, what a review can read."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from pdsim.lab.definition import Literature
from pdsim.lab.field import COUNTED, FEATURES, PATTERNS
from pdsim.lab.pool import PUPILS
from pdsim.lab.worlds import Alike, Pool, tendencies

# Standard errors of trials' effects: a mean of 0.077, as the mean confidence interval of 0.30 in Lortie-Forgues and
# Inglis (2019) implies; how they differ is an *assumption*, as in the file of 100 programmes.
ERROR_MEDIAN, ERROR_SPREAD, ERROR_RANGE = 0.072, 0.4, (0.03, 0.2)
ALIGNMENT = (1.2, 2.0)  # times the true effect that tests aligned to the programme show; range as in that file
# Studies that are not randomised flatter, and err, by this much more (pupil SD, *assumption*).
QUASI_BIAS, QUASI_SPREAD = 0.05, 0.05
SIGNIFICANT = 1.96  # standard errors
BATCH = 20_000  # trials drawn at once


@dataclass(frozen=True)
class Trials:
    """Trials as arrays, (T) or, of literatures, (L, K).

    Attributes:
        effect: true effect of the programme on independent tests, pupil SD.
        adds: what working together adds to this programme, or would add, pupil SD.
        together: whether the programme is collaborative.
        estimate: what the trial found, pupil SD.
        error: its standard error.
        randomised: whether it is a randomised trial.
        independent: whether its tests are independent of the programme.
        coded: features as a review codes them, (..., 7): the six of ``FEATURES``, then collaboration.
        mechanisms: number of mechanisms as a review counts them, practical social support aside.
    """

    effect: np.ndarray
    adds: np.ndarray
    together: np.ndarray
    estimate: np.ndarray
    error: np.ndarray
    randomised: np.ndarray
    independent: np.ndarray
    coded: np.ndarray
    mechanisms: np.ndarray

    def take(self, which: np.ndarray | int) -> Trials:
        """Some of the trials, by an index along the first axis."""
        return Trials(**{field.name: getattr(self, field.name)[which] for field in fields(self)})

    @property
    def significant(self) -> np.ndarray:
        """Whether a trial found a significant gain (two-sided, 5 %)."""
        return self.estimate > SIGNIFICANT * self.error


def draw_trials(
    pool: Pool, world: str, alike: Alike, literature: Literature, count: int, rng: np.random.Generator
) -> Trials:
    """Trials as they are done, published or not.

    Every world draws the same numbers in the same order, so that the same programmes are tried with the same luck.
    """
    number, together = draw_programmes(pool, literature, count, rng)
    worth = alike.worth * (1.0 + alike.worth_spread * rng.standard_normal(count))
    solo = pool.alone[..., PUPILS].mean(axis=1)[number]
    adds = worth * alike.strength * pool.added[world][..., PUPILS].mean(axis=1)[number]
    effect = worth * solo + together * adds
    error = np.clip(ERROR_MEDIAN * np.exp(ERROR_SPREAD * rng.standard_normal(count)), *ERROR_RANGE)
    independent = rng.random(count) >= literature.aligned
    randomised = rng.random(count) >= literature.quasi
    shown = effect * np.where(independent, 1.0, rng.uniform(*ALIGNMENT, count))
    flattery = np.where(randomised, 0.0, QUASI_BIAS + QUASI_SPREAD * rng.standard_normal(count))
    coded, mechanisms = code(pool, number, together, literature.coding_error, rng)
    estimate = shown + flattery + error * rng.standard_normal(count)
    return Trials(effect, adds, together, estimate, error, randomised, independent, coded, mechanisms)


def draw_programmes(
    pool: Pool, literature: Literature, count: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Which programmes are tried, (count), and whether each is tried collaboratively, (count)."""
    of_feature, of_collaboration = tendencies(literature)
    tendency = rng.standard_normal(count)
    has = rng.random((count, len(FEATURES))) < of_feature(tendency)[:, None]
    pattern = has @ (1 << np.arange(len(FEATURES))[::-1])
    copies = len(pool.pattern) // len(PATTERNS)
    number = pattern * copies + rng.integers(copies, size=count)
    return number, rng.random(count) < of_collaboration(tendency, pool.quality[number])


def code(
    pool: Pool, number: np.ndarray, together: np.ndarray, error: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Features (count, 7) and number of mechanisms (count) as read from reports, each mistaken with a chance."""
    true = np.column_stack([PATTERNS[pool.pattern[number]], together])
    wrong = rng.random(true.shape) < error
    mechanisms = pool.mechanisms[number]
    missed = rng.binomial(mechanisms, error)
    imagined = rng.binomial(COUNTED - mechanisms, error)
    return np.where(wrong, 1 - true, true), mechanisms - missed + imagined


def draw_literatures(
    pool: Pool, world: str, alike: Alike, literature: Literature, count: int, rng: np.random.Generator
) -> Trials:
    """Published literatures (count, trials): trials are done until as many are published.

    A trial without a significant gain stays unpublished with the chance ``publication_bias``.
    """
    wanted, parts, have = count * literature.trials, [], 0
    while have < wanted:
        done = draw_trials(pool, world, alike, literature, BATCH, rng)
        published = done.significant | (rng.random(BATCH) >= literature.publication_bias)
        parts.append(done.take(published))
        have += int(published.sum())
    whole = {
        field.name: np.concatenate([getattr(part, field.name) for part in parts])[:wanted] for field in fields(Trials)
    }
    return Trials(**{name: array.reshape(count, literature.trials, *array.shape[1:]) for name, array in whole.items()})
