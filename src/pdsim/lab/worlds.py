"""Worlds that differ in causes only: how strong channels are, and what practices are worth, so that all else is alike.

Four things are alike in all worlds, in every kind of literature: how common features are, because the same programmes
are drawn; the mean of their effects and its spread between programmes; and, in each world where working together adds
anything, how much it adds on average. Two levers make them so. The *strength* of a world's channels sets what working
together adds: the field is run with channels as strong as it takes where features are independent, and for each kind
of literature what they add is then made a little stronger or weaker, in proportion. The *worth* of a programme's
practice multiplies its effect on pupils, as ``programme.value`` does; its mean makes the mean effects alike (a world in
which working together adds nothing has practices worth a little more), and its spread the spreads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from pdsim import theory
from pdsim.assumptions import PARAMETERS
from pdsim.errors import InputError
from pdsim.lab.definition import Lab, Literature, Shared
from pdsim.lab.field import PATTERNS, draw_field
from pdsim.lab.pool import PUPILS, run_field
from pdsim.theory import Theory

SCALES = (0.25, 0.5, 1.0, 1.5, 2.0, 2.5)  # strengths tried, as multiples of the teaching world's
ASKED = 12  # participants of a school that a trial asks and tests
NEAR = (0.5, 2.0)  # strengths, as multiples of the one that was run, at which proportion is trusted
NODES, NODE_WEIGHTS = np.polynomial.hermite_e.hermegauss(41)

Strengths = Mapping[str, float]


@dataclass(frozen=True)
class Pool:
    """The field as it was run.

    Attributes:
        pattern: (N) which of ``PATTERNS`` each programme has; as many programmes have each, in their order.
        quality: (N) what no review codes, in SDs.
        mechanisms: (N) how many of the 14 each has, without practical social support.
        alone: effects of the solo programmes, (N, schools, measures).
        added: what working together adds, by world, (N, schools, measures).
        strengths: of the channels with which that was run, by world.
        errors: (measures) SD of the mean error of a school's instruments in a trial, pupils' tests aside.
        label: of the assumptions.
    """

    pattern: np.ndarray
    quality: np.ndarray
    mechanisms: np.ndarray
    alone: np.ndarray
    added: Mapping[str, np.ndarray]
    strengths: Mapping[str, Strengths]
    errors: np.ndarray
    label: str


@dataclass(frozen=True)
class Alike:
    """What makes a world like the others in one kind of literature.

    Attributes:
        strength: of the channels, as a multiple of that with which the field was run; 0 where none is on.
        worth: mean worth of a practice, 1 as in the model.
        worth_spread: SD of it, as a share of the mean.
    """

    strength: float
    worth: float
    worth_spread: float


def assumed(shared: Shared, assumptions: Mapping[str, float] | None) -> Theory:
    """The one draw of the assumptions, with all channels off.

    Raises:
        InputError: no such draw.
    """
    believed = theory.load(shared.theory, shared.draw + 1, 0, assumptions)
    if shared.draw >= len(believed.draws):
        raise InputError(
            f"world.draw: {shared.draw} is not allowed; this theory has draws 0 to {len(believed.draws) - 1}"
        )
    one = Theory(believed.label, believed.draws[shared.draw : shared.draw + 1].view(np.recarray))
    return theory.override(one, theory.NO_CHANNELS, noted=False)


def channels_of(world: str) -> dict[str, float]:
    """Strengths of a teaching world's channels, those that are on."""
    return {name: value for name, value in theory.WORLDS[world].items() if value != 0.0}


def scaled(strengths: Strengths, by: float) -> dict[str, float]:
    """Strengths times a number, each held within its range."""
    return {name: min(value * by, PARAMETERS[name].high) for name, value in strengths.items()}


def run_pool(lab: Lab, progress: Callable[[int], None] = lambda runs: None) -> Pool:
    """Find the strength of each world's channels on a part of the field, then run the whole of it with them.

    Raises:
        InputError: a world's channels cannot add as much as [world] asks for.
    """
    off = assumed(lab.world, lab.assumptions)
    found = found_strengths(lab, off, progress)
    designs = draw_field(lab.field.copies, lab.seed)
    records = [theory.override(off, each, noted=False).draws for each in found.values()]
    alone, added = run_field(designs, off.draws[0], joined(records), lab.field.schools, lab.seed, progress)
    nothing = np.zeros_like(alone)  # all channels off: together is as solo, to the bit (a test)
    return Pool(
        np.array([design.pattern for design in designs]),
        np.array([design.quality for design in designs]),
        np.array([design.mechanisms for design in designs]),
        alone, {**dict(zip(found, added, strict=True)), "bystander": nothing}, {**found, "bystander": {}},
        instrument_errors(off.draws[0]), off.label,
    )  # fmt: skip


def instrument_errors(theory: np.record) -> np.ndarray:
    """SD of the mean error of a school's instruments, in the order of ``MEASURES``, for ``ASKED`` participants.

    Registers do not err; motivation is asked once a term and before the programme, learning tested before and after.
    Pupils' tests have an error of their own, the school's.
    """
    survey = theory.survey_noise * np.sqrt(1 + 1 / 3)
    quiz = theory.quiz_noise * np.sqrt(2)
    return np.array([0.0, 0.0, survey, quiz]) / np.sqrt(ASKED)


def joined(records: Sequence[np.recarray]) -> np.recarray:
    """Records in one array; an empty one where there are none."""
    return np.concatenate(records).view(np.recarray) if records else np.empty(0, theory.THEORY).view(np.recarray)


def found_strengths(lab: Lab, off: Theory, progress: Callable[[int], None]) -> dict[str, dict[str, float]]:
    """Strengths at which working together adds what [world] asks for, by world, found on one programme of each pattern.

    In the world "both" each kind of channels begins at half of its strength.
    """
    wanted = [world for world in lab.worlds if world != "bystander"]
    found: dict[str, dict[str, float]] = {}
    for world in ("fluoride", "mint"):
        if world in wanted or "both" in wanted:
            found[world] = solved(world, channels_of(world), lab, off, progress)
    if "both" in wanted:
        halves = scaled(found["fluoride"], 0.5) | scaled(found["mint"], 0.5)
        found["both"] = solved("both", halves, lab, off, progress)
    return {world: found[world] for world in wanted}


def solved(world: str, unit: Strengths, lab: Lab, off: Theory, progress: Callable[[int], None]) -> dict[str, float]:
    """The multiple of some strengths at which working together adds what [world] asks for.

    The target is a ratio, of what is added to what a solo programme gives, so that it does not hang on what practices
    are worth; it is met where working together is independent of all else.

    Raises:
        InputError: even the strongest channels within their ranges add less.
    """
    records = [theory.override(off, scaled(unit, by), noted=False).draws for by in SCALES]
    alone, added = run_field(draw_field(1, lab.seed), off.draws[0], joined(records), 1, lab.seed, progress)
    ratios = added[..., PUPILS].mean(axis=(1, 2)) / alone[..., PUPILS].mean()
    shared, share = lab.world, lab.settings[0].literature.collaboration
    target = shared.collaboration_effect / (shared.mean_effect - share * shared.collaboration_effect)
    if not 0 < target <= ratios.max():
        most = ratios.max() * shared.mean_effect / (1 + share * ratios.max())
        raise InputError(
            f"{lab.name}: world.collaboration_effect: {shared.collaboration_effect:g} is out of reach where the mean "
            f"effect is {shared.mean_effect:g}; in the {world} world working together adds at most {most:.3f}"
        )
    return scaled(unit, float(np.interp(target, np.append(0.0, ratios), np.append(0.0, SCALES))))


def chances(pattern: np.ndarray, quality: np.ndarray, literature: Literature) -> tuple[np.ndarray, np.ndarray]:
    """How likely each programme of the field is drawn, (N), and that it is collaborative when it is, (N).

    A tendency common to all features makes bundles: a feature is there where sqrt(bundling) x common + sqrt(1 -
    bundling) x own is high. So is collaboration, in the same way, but that a share ``confounding`` of its tendency is
    the programme's uncoded quality. Exact, by quadrature over the common tendency.
    """
    of_feature, of_collaboration = tendencies(literature)
    weight = NODE_WEIGHTS / NODE_WEIGHTS.sum()
    feature = of_feature(NODES)
    given = np.prod(np.where(PATTERNS[pattern][:, :, None] == 1, feature, 1.0 - feature), axis=1) * weight
    chance = given.sum(axis=1)
    together = of_collaboration(NODES[None, :], quality[:, None])
    return chance / chance.sum(), (given * together).sum(axis=1) / chance


def tendencies(
    literature: Literature,
) -> tuple[Callable[[np.ndarray], np.ndarray], Callable[[np.ndarray, np.ndarray], np.ndarray]]:
    """Chance of a feature given the common tendency; of collaboration given that and the uncoded quality."""
    own = np.sqrt(1.0 - literature.bundling)
    common = np.sqrt(literature.bundling)
    seen = np.sqrt(1.0 - literature.confounding**2)
    for_feature = stats.norm.isf(literature.features)
    for_collaboration = stats.norm.isf(literature.collaboration)

    def feature(tendency: np.ndarray) -> np.ndarray:
        return stats.norm.cdf((common * tendency - for_feature) / own)

    def collaboration(tendency: np.ndarray, quality: np.ndarray) -> np.ndarray:
        centre = literature.confounding * quality + seen * common * tendency
        return stats.norm.cdf((centre - for_collaboration) / max(seen * own, 1e-9))

    return feature, collaboration


def make_alike(pool: Pool, world: str, literature: Literature, shared: Shared, where: str) -> Alike:
    """Solve a world's levers for one kind of literature; the expectations are exact over the field.

    With S what a solo programme gives, D what working together adds as it was run, C whether a programme is
    collaborative, and E the mean over programmes: worth x strength x E[D] is the effect of collaboration asked for,
    worth x (E[S] + strength x E[C D]) the mean effect, and the variance of worth x (S + strength x C D) the square of
    the spread.

    Raises:
        InputError: too far from what was run, or the programmes differ by more than the spread that is asked for.
    """
    chance, together = chances(pool.pattern, pool.quality, literature)
    solo, added = (each[..., PUPILS].mean(axis=1) for each in (pool.alone, pool.added[world]))
    strength = 0.0 if world == "bystander" else strength_for(chance, together, solo, added, shared)
    if world != "bystander" and not NEAR[0] <= strength <= NEAR[1]:
        raise InputError(
            f"{where}: world.collaboration_effect: {shared.collaboration_effect:g} is out of reach in the {world} "
            "world in one of the literatures, which differ too much in how common or how bundled collaboration is"
        )
    worth = shared.mean_effect / float(chance @ (solo + strength * together * added))
    both = (1 - together) * solo**2 + together * (solo + strength * added) ** 2
    square = worth**2 * float(chance @ both)
    variance = (shared.spread**2 + shared.mean_effect**2) / square - 1.0
    if variance < 0.0:
        least = np.sqrt(square - shared.mean_effect**2)
        raise InputError(
            f"{where}: world.spread: {shared.spread:g} is out of reach; programmes of equal worth differ by "
            f"{least:.3f} in the {world} world"
        )
    return Alike(strength, worth, float(np.sqrt(variance)))


def strength_for(
    chance: np.ndarray, together: np.ndarray, solo: np.ndarray, added: np.ndarray, shared: Shared
) -> float:
    """The strength at which E[strength D] / (E[S] + E[strength C D]) is the ratio that is asked for."""
    ratio = shared.collaboration_effect / shared.mean_effect
    return float(ratio * (chance @ solo) / (chance @ added - ratio * (chance @ (together * added))))


def true_effect(pool: Pool, world: str, alike: Alike, chance: np.ndarray) -> float:
    """Mean of what working together adds, over programmes drawn with these chances, pupil SD."""
    return alike.worth * alike.strength * float(chance @ pool.added[world][..., PUPILS].mean(axis=1))
