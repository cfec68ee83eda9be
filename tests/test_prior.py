"""Every prior is stated and wide, and in the prior no family of channels is favoured."""

import re

import numpy as np
import pytest

from pdsim import assumptions, theory
from pdsim.outcomes import OUTCOMES
from pdsim.scenarios import load
from pdsim.simulate import luck, simulate

every_assumption = pytest.mark.parametrize("p", assumptions.REGISTER, ids=lambda p: p.name)
PUBLISHED = re.compile(r"\b(19|20)\d\d\b|\bpatterns? \d")  # a year, or a pattern of published figures by number
SENTENCE = re.compile(r"[A-Z0-9].{40,}\.")
NEXT_SENTENCE = re.compile(r"[.!?] [A-Z]")
DRAWS = 2000
REFERENCE = {
    "programme.format": "collaborative",
    "programme.mechanisms": [
        "managing cognitive load", "setting and agreeing on goals", "arranging practical social support",
        "modelling the technique", "monitoring and providing feedback", "prompting action planning",
    ],
    "programme.sessions": 10, "programme.weeks_between": 3, "programme.hours": 2.0, "programme.content": 0.6,
    "programme.facilitator": 0.7, "programme.attendance": "voluntary", "evaluation.years": 1,
}  # fmt: skip


def quantiles(p, *shares):
    """Quantiles of an assumption's prior."""
    return p.prior.quantile(np.array(shares), p.low, p.high)


@every_assumption
def test_a_prior_stays_within_its_range(p):
    drawn = quantiles(p, *np.linspace(1e-6, 1 - 1e-6, 101))
    assert (drawn >= p.low).all()
    assert (drawn <= p.high).all()
    assert (np.diff(drawn) > 0).all() or p.prior.kind == "fixed"


@every_assumption
def test_a_prior_lies_about_the_default(p):
    low, median, high = quantiles(p, 0.05, 0.5, 0.95)
    assert p.prior.kind == "uniform" or p.prior.a == p.default
    if p.prior.kind != "uniform" and p.default not in (p.low, p.high):  # no median lies at an end of the range
        assert abs(median - p.default) <= 0.15 * (high - low)


@every_assumption
def test_a_prior_is_wide_where_no_study_fixes_it(p):
    low, high = quantiles(p, 0.05, 0.95)
    if p.prior.kind == "fixed":
        assert low == high == p.default
    else:
        assert high - low > 0.1 * abs(p.default)
    if p.source.startswith("assumption") and p.prior.kind != "fixed":
        assert high - low >= min(abs(p.default), 0.15 * (p.high - p.low))


@every_assumption
def test_a_prior_has_a_source_and_a_sentence_of_reason(p):
    assert p.source.startswith("assumption") or PUBLISHED.search(p.source)
    assert SENTENCE.fullmatch(p.reason)
    assert not NEXT_SENTENCE.search(p.reason)


def test_no_two_assumptions_share_a_reason():
    assert len({p.reason for p in assumptions.REGISTER}) == len(assumptions.REGISTER)


def pupil_effects(design, draws):
    """Expected attainment in each draw, luck averaged over four runs."""
    runs = luck(4 * DRAWS, DRAWS, 3)
    column = OUTCOMES["pupil_attainment"].column
    return simulate(design, theory.Theory("", draws), runs)[:, -1, 0, column].reshape(DRAWS, 4).mean(axis=1)


def test_families_have_equal_spread_and_both_signs_over_the_whole_prior():
    design = load("no-pd").with_(**REFERENCE)
    silent = theory.override(theory.load("prior", DRAWS, 5), assumptions.NO_CHANNELS).draws
    without = pupil_effects(design, silent)
    rng = np.random.Generator(np.random.Philox(key=1))
    spreads = []
    for family in assumptions.FAMILIES:
        draws = silent.copy()
        for p in assumptions.REGISTER:
            if p.family == family:
                draws[p.name] = p.prior.quantile(rng.random(DRAWS), p.low, p.high)
        effect = pupil_effects(design, draws) - without
        spreads.append(effect.std())
        assert 0.02 < (effect < 0).mean() < 0.98
    kurtosis = 10.0  # of the effects, as measured: their spread is the less certain
    error = np.sqrt((kurtosis - 1) / (4 * DRAWS))
    assert max(spreads) / min(spreads) < 1.1 + 2 * error
