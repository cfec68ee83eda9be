"""What reviewers conclude of a literature: counting features, and meta-regression of two kinds."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pdsim.lab.definition import Literature
from pdsim.lab.literature import Trials
from pdsim.lab.regression import NOTHING, Found, meta_regression

MAJORITY = 0.5  # a feature counts as effective when more than this share of the programmes that worked have it
COLLABORATION = -1  # its column among the coded features

# What an analysis says of collaboration, in the order of how much it claims.
CALLS = ("no answer", "harmful", "no effect shown", "path unknown", "fluoride", "mint", "both")
NO_ANSWER, HARMFUL, NOT_SHOWN, UNKNOWN, FLUORIDE, MINT, BOTH = range(len(CALLS))


class Conclusion(NamedTuple):
    """What one analysis of one literature or trial says of collaboration.

    ``effect`` is None where it asks no such question (NaN inside: asked, but the data cannot tell); ``call`` is a code
    of ``CALLS``; ``through`` is the effect that went through what was measured between, where anything was.
    """

    effect: Found | None
    call: int
    through: float | None = None


def read_as_ingredient(found: Found) -> int:
    """How an effect is read when nothing was measured between programme and pupils: as an active ingredient."""
    if np.isnan(found.estimate):
        return NO_ANSWER
    return FLUORIDE if found.low > 0 else HARMFUL if found.high < 0 else NOT_SHOWN


def counting(trials: Trials) -> Conclusion:
    """(1) Counting features of the programmes that worked, those with a significant gain, as was done historically."""
    return Conclusion(None, FLUORIDE if most_have_it(trials) else NOT_SHOWN)


def most_have_it(trials: Trials) -> bool:
    """Whether collaboration is a feature of most programmes that worked."""
    worked = trials.coded[trials.significant, COLLABORATION]
    return len(worked) > 0 and bool(worked.mean() > MAJORITY)


def review_of_reviews(trials: Trials, literature: Literature, rng: np.random.Generator) -> Conclusion:
    """What most of several reviews name that count features, each of its own part of the same literature."""
    parts = [rng.permutation(literature.trials)[: literature.studies] for _ in range(literature.reviews)]
    named = np.mean([most_have_it(trials.take(part)) for part in parts])
    return Conclusion(None, FLUORIDE if named > MAJORITY else NOT_SHOWN)


def features(trials: Trials) -> Conclusion:
    """(2) Random-effects meta-regression of all studies on all seven features."""
    columns = np.column_stack([np.ones(len(trials.estimate)), trials.coded]).astype(float)
    found = meta_regression(trials.estimate, trials.error, columns, len(columns.T) - 1, robust=False)
    return Conclusion(found, read_as_ingredient(found))


def mechanisms(trials: Trials) -> Conclusion:
    """(3) Reviewers at their best: the number of mechanisms and the format, with rules of inclusion and robust errors.

    Included are randomised trials with independent tests, as in the EEF review (Sims et al. 2021).
    """
    kept = trials.take(trials.randomised & trials.independent)
    if len(kept.estimate) == 0:
        return Conclusion(NOTHING, NO_ANSWER)
    columns = np.column_stack([np.ones(len(kept.estimate)), kept.mechanisms, kept.coded[:, COLLABORATION]]).astype(
        float
    )
    found = meta_regression(kept.estimate, kept.error, columns, 2, robust=True)
    return Conclusion(found, read_as_ingredient(found))


def review(trials: Trials, literature: Literature, rng: np.random.Generator) -> dict[str, Conclusion]:
    """All analyses of one literature, (K) trials, by name."""
    found = {"counting": counting(trials), "features": features(trials), "mechanisms": mechanisms(trials)}
    if literature.reviews:
        found["review of reviews"] = review_of_reviews(trials, literature, rng)
    return found
