"""The answer is not built in: in the prior no family of channels is favoured."""

import numpy as np

from pdsim import assumptions, theory
from pdsim.outcomes import OUTCOMES
from pdsim.scenarios import load
from pdsim.simulate import luck, simulate

DRAWS = 400
REFERENCE = {
    "programme.format": "collaborative",
    "programme.mechanisms": [
        "managing cognitive load", "setting and agreeing on goals", "arranging practical social support",
        "modelling the technique", "monitoring and providing feedback", "prompting action planning",
    ],
    "programme.sessions": 10, "programme.weeks_between": 3, "programme.hours": 2.0, "programme.content": 0.6,
    "programme.facilitator": 0.7, "programme.attendance": "voluntary", "evaluation.years": 1,
}  # fmt: skip


def pupil_effects(design, draws):
    """Expected attainment in each draw, luck averaged over four runs."""
    runs = luck(4 * DRAWS, DRAWS, 3)
    column = OUTCOMES["pupil_attainment"].column
    return simulate(design, theory.Theory("", draws), runs)[:, -1, 0, column].reshape(DRAWS, 4).mean(axis=1)


def test_families_have_equal_spread_and_both_signs():
    design = load("no-pd").with_(**REFERENCE)
    point = theory.load("point", 1, 0)
    silent = theory.override(theory.Theory("", point.draws[[0] * DRAWS]), assumptions.NO_CHANNELS).draws
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
    assert max(spreads) / min(spreads) < 1.1 + 3 * np.sqrt(2 / (2 * DRAWS))  # three standard errors of a ratio of SDs
