"""The numbered patterns that the model must reproduce: what each measures in simulated worlds, and its target.

A pattern is a function from :class:`Worlds` (runs made when first asked for, shared between patterns) to one or more
statistics per run. Those fitted in modules of their own stand in :mod:`pdsim.calibration.modules`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from pdsim import population, scenarios
from pdsim.calibration.programmes import trials
from pdsim.kernel.instruments import AFTER, BEFORE, CLASS_TESTS, FORM, INSTRUMENTS, OBSERVATIONS, QUIZ, read_many
from pdsim.kernel.measure import ALL, PARTICIPANTS
from pdsim.kernel.spillover import spillovers
from pdsim.outcomes import OUTCOMES
from pdsim.scenarios import Scenario
from pdsim.simulate import CHUNK, Luck, simulate
from pdsim.theory import Theory

PUPILS, PRACTICE = OUTCOMES["pupil_attainment"].column, OUTCOMES["practice"].column
INSIGHT, REACTION = OUTCOMES["insight"].column, OUTCOMES["reaction"].column
STAFF = 1200  # teachers of the cross-section behind patterns 7 and 8
ATTENDEES = 1000  # teachers of the programme behind pattern 16
TRIAL_LUCK = 1 << 24  # numbers of luck kept for each of the 100 trials: each has a staff of its own
QUARTILE = 0.674  # SDs from the mean to the 75th percentile of a normal distribution
RATED_WELL = 0.7
SHARE_RATED_WELL = 0.9

COACHING = (
    "managing cognitive load", "setting and agreeing on goals", "instructing teachers on how to perform a technique",
    "modelling the technique", "monitoring and providing feedback", "rehearsing the technique",
    "prompting action planning", "prompting context-specific repetition",
)  # fmt: skip
# Small and large programmes of one-to-one coaching: fidelity, the coach's expertise and the alignment of tests fall
# with size (Kraft, Blazar and Hogan 2018); the values are *assumption*.
SMALL = {"programme.facilitator": 0.9, "programme.fidelity": 0.9}, 1.5
LARGE = {"programme.facilitator": 0.65, "programme.fidelity": 0.55}, 1.0


class Effects(NamedTuple):
    """True effects of a set of trials on those who take part, each (R, trials), and their mean reaction."""

    pupils: np.ndarray
    practice: np.ndarray
    insight: np.ndarray
    reaction: np.ndarray


class Worlds:
    """Runs behind the patterns, made when first asked for: ``lucks`` runs for each draw, each with luck of its own.

    Args:
        theory: D draws of the assumptions.
        lucks: runs of each draw.
        seed: of the luck.
        first: number of the first run's luck, so that a part of a bank has the luck it has in the whole.
    """

    def __init__(self, theory: Theory, lucks: int = 1, seed: int = 1, first: int = 0) -> None:
        runs = len(theory.draws) * lucks
        self.theory = theory
        self.runs = Luck(seed, np.arange(runs) // lucks, first + np.arange(runs))

    def effects(self, design: Scenario, baseline: Scenario, trial: int = 0) -> np.ndarray:
        """(R, outcomes) paired effects after the last year on those who take part, and the level of their reaction.

        ``trial`` numbers trials that are to have luck, and so staff, of their own.
        """
        runs = replace(self.runs, replicate=self.runs.replicate + trial * TRIAL_LUCK)
        levels = simulate(design, self.theory, runs)[:, -1, PARTICIPANTS]
        without = simulate(baseline.in_the_world_of(design), self.theory, runs, design)[:, -1, PARTICIPANTS]
        effect = levels - without
        effect[:, REACTION] = levels[:, REACTION]
        return effect

    @cached_property
    def business_as_usual(self) -> Scenario:
        """The baseline of trials."""
        return scenarios.load("business-as-usual")

    @cached_property
    def programmes(self) -> Effects:
        """Effects of the 100 programmes of the frozen file after one year, against business as usual."""
        usual = self.business_as_usual
        found = np.stack([self.effects(t.scenario, usual, number) for number, t in enumerate(trials())], axis=1)
        return Effects(found[..., PUPILS], found[..., PRACTICE], found[..., INSIGHT], found[..., REACTION])

    def coaching(self, quality: dict[str, float], alignment: float) -> np.ndarray:
        """(R, 2) effects of a year of one-to-one coaching on practice and on pupils' tests of some alignment."""
        keys = {
            "programme.mechanisms": COACHING, "programme.sessions": 18, "programme.weeks_between": 2,
            "programme.hours": 1.0, "programme.content": 0.7, "programme.per_facilitator": 1.0,
            "staff.schools": 10, "staff.teachers_per_school": 20, "evaluation.years": 1,
        }  # fmt: skip
        effect = self.effects(Scenario(name="coaching").with_(**keys, **quality), self.business_as_usual)
        return np.stack([effect[:, PRACTICE], alignment * effect[:, PUPILS]], axis=1)

    @cached_property
    def small_coaching(self) -> np.ndarray:
        """Effects of coaching in small programmes, against business as usual."""
        return self.coaching(*SMALL)

    @cached_property
    def large_coaching(self) -> np.ndarray:
        """Effects of coaching in large programmes, against business as usual."""
        return self.coaching(*LARGE)

    def readings(self, design: Scenario) -> tuple[np.ndarray, np.ndarray]:
        """Readings of a school's instruments with and without noise, (R, 2 moments, teachers, instruments) each."""
        start = population.template(design)
        runs, staff = len(self.runs.draw), design.staff.teachers_per_school
        seen, true = np.empty((2, runs, 2, staff, len(INSTRUMENTS)))
        took_part = np.empty((runs, staff), np.int64)

        def read(at: slice) -> None:
            read_many(
                start.world, start.reference, self.theory.draws, self.runs.draw[at], self.runs.replicate[at],
                self.runs.seed, 1, start.year_quantiles, start.degree_quantiles, seen[at], true[at], took_part[at],
            )  # fmt: skip

        in_chunks(read, runs)
        return seen, true

    @cached_property
    def staff(self) -> tuple[np.ndarray, np.ndarray]:
        """Readings of a large staff without programmes."""
        return self.readings(scenarios.load("no-pd").with_(**{"staff.teachers_per_school": STAFF}))


def in_chunks(work: Callable[[slice], None], runs: int) -> None:
    """Do ``work`` on slices of ``runs`` runs, a thread for each processor (compiled code releases the GIL)."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(work, [slice(at, at + CHUNK) for at in range(0, runs, CHUNK)]))


def column(found: Sequence[float]) -> np.ndarray:
    """A property of the 100 programmes as an array, drawn from their mean."""
    values = np.array(found, float)
    return values - values.mean()


def mean_effect(worlds: Worlds) -> np.ndarray:
    """Pattern 1: mean pupil effect over the 100 programmes, independent tests."""
    return worlds.programmes.pupils.mean(axis=1)


def slope_per_mechanism(worlds: Worlds) -> np.ndarray:
    """Pattern 2: least-squares slope of pupil effects on the number of mechanisms over the 100 programmes."""
    number = column([trial.mechanisms for trial in trials()])
    return worlds.programmes.pupils @ number / (number @ number)


def effect_without_mechanisms(worlds: Worlds) -> np.ndarray:
    """Pattern 2: pupil effect of a solo programme that has sessions but no mechanism, against no programme."""
    empty = Scenario(name="empty").with_(
        **{"programme.sessions": 8, "programme.weeks_between": 4, "programme.hours": 2.0, "evaluation.years": 1}
    )
    return worlds.effects(empty, scenarios.load("no-pd"))[:, PUPILS]


def balanced_difference(worlds: Worlds) -> np.ndarray:
    """Pattern 3: mean pupil effect of programmes with a mechanism of each group, less that of the others."""
    balanced = np.array([trial.balanced for trial in trials()])
    pupils = worlds.programmes.pupils
    return pupils[:, balanced].mean(axis=1) - pupils[:, ~balanced].mean(axis=1)


def coaching_small(worlds: Worlds) -> np.ndarray:
    """Pattern 5, small programmes: effects of coaching on practice (SD of practice) and on aligned tests (pupil SD)."""
    return worlds.small_coaching


def coaching_large(worlds: Worlds) -> np.ndarray:
    """Pattern 5, large programmes."""
    return worlds.large_coaching


def coaching_mixture(worlds: Worlds) -> np.ndarray:
    """Pattern 4: the mean of small and large programmes, of which the reviewed studies are about an equal mixture."""
    return (worlds.small_coaching + worlds.large_coaching) / 2


def slopes_on_practice_and_knowledge(worlds: Worlds) -> np.ndarray:
    """Pattern 6: slope of measured pupil effects on measured practice effects; on knowledge given practice.

    Sampling errors of the three effects are independent, so their variances add to those of the true effects and bias
    the slopes; that is done in expectation, which needs no draw of errors. Knowledge is in SD of a quiz without PD.
    """
    programmes, measured = worlds.programmes, trials()
    alignment = np.array([trial.alignment for trial in measured])
    quiz_sd = worlds.staff[0][:, BEFORE, :, QUIZ].std(axis=1)
    pupils = centred(alignment * programmes.pupils)
    practice = centred(programmes.practice)
    knowledge = centred(programmes.insight / quiz_sd[:, None])
    both = (practice * knowledge).mean(axis=1)
    of_practice = (practice**2).mean(axis=1) + mean_square([trial.practice_error for trial in measured])
    of_knowledge = (knowledge**2).mean(axis=1) + mean_square([trial.knowledge_error for trial in measured])
    with_practice, with_knowledge = (practice * pupils).mean(axis=1), (knowledge * pupils).mean(axis=1)
    given_practice = (with_knowledge * of_practice - with_practice * both) / (of_practice * of_knowledge - both**2)
    return np.stack([with_practice / of_practice, given_practice], axis=1)


def centred(values: np.ndarray) -> np.ndarray:
    """Values (R, trials) less their mean in each run."""
    return values - values.mean(axis=1, keepdims=True)


def mean_square(errors: Sequence[float]) -> float:
    """Mean variance of the trials' sampling errors."""
    return float(np.mean(np.square(errors)))


def teacher_effect_sd(worlds: Worlds) -> np.ndarray:
    """Pattern 7: SD between teachers of their effect on pupils, without programmes."""
    return worlds.staff[1][:, BEFORE, :, CLASS_TESTS].std(axis=1)


def practice_gain_correlation(worlds: Worlds) -> np.ndarray:
    """Pattern 8: correlation of practice as observed in three lessons with the class's gain, both with their noise."""
    seen = worlds.staff[0][:, BEFORE]
    return correlation(seen[..., OBSERVATIONS], seen[..., CLASS_TESTS])


def correlation(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Correlations in each run of two arrays (R, n), ignoring places where either is NaN."""
    known = ~(np.isnan(a) | np.isnan(b))
    count = known.sum(axis=1, keepdims=True)
    a, b = np.where(known, a, 0.0), np.where(known, b, 0.0)
    a = np.where(known, a - a.sum(axis=1, keepdims=True) / count, 0.0)
    b = np.where(known, b - b.sum(axis=1, keepdims=True) / count, 0.0)
    return (a * b).sum(axis=1) / np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))


def growth_in_supportive_schools(worlds: Worlds) -> np.ndarray:
    """Pattern 10: growth over ten years in a supportive (75th percentile) over an unsupportive (25th) school, less 1.

    Growth is that of the attainment of beginning teachers' classes; nobody leaves, so that the same teachers are seen.
    """
    usual = Scenario().school
    growth = []
    for side in (1, -1):
        keys = {
            "staff.teachers_per_school": 120, "staff.experience": 2.0, "staff.experience_spread": 2.0,
            "school.turnover": 0.0, "school.leadership_spread": 0.0, "evaluation.years": 10,
            "school.leadership": usual.leadership + side * QUARTILE * usual.leadership_spread,
        }  # fmt: skip
        levels = simulate(Scenario(name="growth").with_(**keys), worlds.theory, worlds.runs)[:, :, ALL, PUPILS]
        growth.append(levels[:, -1] - levels[:, 0])
    return growth[0] / growth[1] - 1.0


def everyday_spillover(worlds: Worlds) -> np.ndarray:
    """Pattern 11: a year's gain of pupils when all colleagues are 1 SD of craft better; one is; one is 1 SD worse."""
    start = population.template(scenarios.load("no-pd"))
    results = np.empty((len(worlds.runs.draw), 3))

    def read(at: slice) -> None:
        spillovers(
            start.world, worlds.theory.draws, worlds.runs.draw[at], worlds.runs.replicate[at], worlds.runs.seed,
            start.year_quantiles, start.degree_quantiles, results[at],
        )  # fmt: skip

    in_chunks(read, len(results))
    return results


def reaction_learning_correlation(worlds: Worlds) -> np.ndarray:
    """Pattern 16: correlation within a programme of attendees' feedback forms with a quiz after it."""
    course = scenarios.load("solo-course").with_(**{"staff.teachers_per_school": ATTENDEES, "evaluation.years": 1})
    seen = worlds.readings(course)[0][:, AFTER]
    return correlation(seen[..., FORM], seen[..., QUIZ])


def reaction_of_most_programmes(worlds: Worlds) -> np.ndarray:
    """Pattern 17: the mean reaction that 90 % of programmes reach, of solo and of collaborative ones.

    It is at least 0.7 just when at least 90 % of programmes are rated 0.7 or better, and moves smoothly where a share
    of 50 programmes jumps.
    """
    solo = np.array([trial.scenario.programme.format == "solo" for trial in trials()])
    reaction = worlds.programmes.reaction
    return np.stack([np.quantile(reaction[:, kind], 1 - SHARE_RATED_WELL, axis=1) for kind in (solo, ~solo)], axis=1)


def reaction_effect_correlation(worlds: Worlds) -> np.ndarray:
    """Pattern 17: correlation across programmes of mean reaction with measured pupil effects (errors included)."""
    reaction, pupils = centred(worlds.programmes.reaction), centred(worlds.programmes.pupils)
    noisy = (pupils**2).mean(axis=1) + mean_square([trial.pupil_error for trial in trials()])
    return (reaction * pupils).mean(axis=1) / np.sqrt((reaction**2).mean(axis=1) * noisy)
