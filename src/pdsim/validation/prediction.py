"""What the model predicts for a trial: runs of every arm in the same luck, reduced to an effect for each outcome."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from pdsim import population
from pdsim.comparison import Spread, spread_over_draws
from pdsim.errors import InputError
from pdsim.kernel.instruments import EXPERIENCE_IN_TEAM, EXPERTISE_IN_TEAM, MARKS, follow_many
from pdsim.kernel.measure import OUTCOMES as COLUMNS
from pdsim.scenarios import Scenario
from pdsim.theory import Theory
from pdsim.validation.designs import Misreading, Sample, alignments, samples
from pdsim.validation.trials import Outcome, Trial

LUCKS = 2  # runs for each draw
# Error of the instrument of each outcome whose effects are in SD of its measure; that of technique is an *assumption*.
INSTRUMENT_ERRORS = {
    "insight": "quiz_noise",
    "technique": "quiz_noise",
    "organisational_support": "survey_noise",
    "reaction": "rating_noise",
}


@dataclass(frozen=True)
class Followed:
    """Every teacher's outcomes and marks in R runs; arrays as in :func:`pdsim.kernel.instruments.follow_many`."""

    outcomes: np.ndarray
    marks: np.ndarray


@dataclass(frozen=True)
class Plan:
    """All runs of one trial: its samples of codes, and the alignment of each outcome (draws, outcomes)."""

    trial: Trial
    draws: int
    lucks: int
    seed: int
    samples: tuple[Sample, ...]
    alignment: np.ndarray

    @property
    def runs(self) -> int:
        """Number of runs of the trial, all arms together, for one set of assumptions."""
        return self.draws * self.lucks

    def over_draws(self, value: Callable[[Any], float]) -> np.ndarray:
        """A number of each case, (draws, outcomes)."""
        rows = [[value(case) for case in sample.cases] for sample in self.samples]
        return np.repeat(np.array(rows, float), [sample.last - sample.first for sample in self.samples], axis=0)


@dataclass(frozen=True)
class Prediction:
    """What one set of assumptions predicts for a trial.

    Attributes:
        effects: (runs, outcomes), alignment included, in the outcomes' units.
        draw: draw of each run.
        spread: the outcomes' effects, luck separated from what is not known; ``spread.expected`` is (draws, outcomes).
    """

    effects: np.ndarray
    draw: np.ndarray
    spread: Spread

    def difference(self, first: int, second: int | None, less: float = 0.0) -> Spread:
        """The first outcome less the second (or 0), and less a number, over draws; luck of the same runs cancels."""
        other = self.effects[:, second] if second is not None else 0.0
        return spread_over_draws(self.effects[:, first] - other - less, self.draw)


def plan(trial: Trial, draws: int, seed: int, wrong: Misreading | None = None, lucks: int = LUCKS) -> Plan:
    """All runs of a trial; with ``wrong``, under codes read wrongly on purpose."""
    aligned = [alignments(trial, outcome, draws, seed) for outcome in trial.outcomes]
    return Plan(trial, draws, lucks, seed, tuple(samples(trial, draws, seed, wrong)), np.stack(aligned, axis=1))


def predict(
    plans: Sequence[Plan], theories: Mapping[str, Theory], progress: Callable[[int], None] | None = None
) -> list[dict[str, Prediction]]:
    """What each set of assumptions predicts for each trial; samples of codes go to a thread for each processor.

    Args:
        plans: the trials' runs.
        theories: sets of assumptions by label; draw d of a trial takes record d of each, counted round.
        progress: called with the number of runs done.

    Raises:
        InputError: an outcome that nobody in the trial has.
    """
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        futures = [[pool.submit(run_sample, plan, sample, theories) for sample in plan.samples] for plan in plans]
        try:
            found = []
            for plan, parts in zip(plans, futures, strict=True):
                effects = []
                for part in parts:
                    effects.append(part.result())
                    if progress is not None:
                        progress(sum(map(len, effects[-1].values())))
                found.append({name: gathered(plan, [each[name] for each in effects]) for name in theories})
        finally:
            pool.shutdown(cancel_futures=True)
    return found


def gathered(plan: Plan, parts: Sequence[np.ndarray]) -> Prediction:
    """The prediction of one set of assumptions from its samples' effects.

    Raises:
        InputError: an outcome that nobody in the trial has.
    """
    effects = np.concatenate(parts)
    draw = np.repeat(np.arange(plan.draws), plan.lucks)
    for k, outcome in enumerate(plan.trial.outcomes):
        if np.isnan(effects[:, k]).any():
            whom = f"{outcome.population}{f', {outcome.role}' if outcome.role else ''}"
            raise InputError(
                f"{plan.trial.place}: outcomes[{k + 1}] ({outcome.name}): nobody among {whom} has {outcome.outcome} "
                f"in year {outcome.year}; choose another population, role or arm"
            )
    return Prediction(effects, draw, spread_over_draws(effects, draw))


def run_sample(plan: Plan, sample: Sample, theories: Mapping[str, Theory]) -> dict[str, np.ndarray]:
    """Effects of all outcomes in one sample of codes, (runs, outcomes), for each set of assumptions."""
    starts = {key: population.template(scenario) for key, scenario in sample.runs.items()}
    draws = np.arange(sample.first, sample.last)
    found = {}
    for label, theory in theories.items():
        records = theory.draws[draws % len(theory.draws)].view(np.recarray)
        followed = {key: follow(start, records, plan, sample.first) for key, start in starts.items()}
        found[label] = np.stack(
            [
                effect(outcome, sample.runs[case.arm], followed[case.arm], followed.get(case.against or ""), records)
                * np.repeat(plan.alignment[draws, k], plan.lucks)
                for k, (outcome, case) in enumerate(zip(plan.trial.outcomes, sample.cases, strict=True))
            ],
            axis=1,
        )
    return found


def follow(start: population.Template, records: np.recarray, plan: Plan, first: int) -> Followed:
    """Every teacher of one design, in ``plan.lucks`` runs for each record; the first record is draw ``first``."""
    draw = np.repeat(np.arange(len(records)), plan.lucks)
    replicate = first * plan.lucks + np.arange(len(draw))
    shape = (len(draw), len(start.world.teachers))
    out = Followed(
        np.empty((shape[0], plan.trial.years, shape[1], len(COLUMNS))), np.empty((*shape, len(MARKS)))
    )  # fmt: skip
    follow_many(
        start.world, start.reference, records, draw, replicate, plan.seed, start.year_quantiles,
        start.degree_quantiles, out.outcomes, out.marks,
    )  # fmt: skip
    return out


def effect(
    outcome: Outcome, design: Scenario, arm: Followed, against: Followed | None, records: np.recarray
) -> np.ndarray:
    """An outcome's true effect in each run of one sample (or its level), in its unit; NaN where nobody has it.

    Whom it is about is found in the arm, before the programme, and the same posts are looked at in the arm that it is
    compared with.
    """
    own = design.staff.schools * design.staff.teachers_per_school
    about = whom(outcome, arm.marks[:, :own])
    found = mean_over(about, column(outcome, arm, own))
    if against is None:
        return found
    found = found - mean_over(about, column(outcome, against, own))
    if not outcome.in_sd_of_measure:
        return found
    everybody = against.marks[:, :own, MARKS.index("all")] == 1
    sd = measure_sd(outcome, column(outcome, against, own), everybody, records, design.evaluation.lessons_observed)
    return found / np.repeat(sd, len(found) // len(sd))


def column(outcome: Outcome, followed: Followed, own: int) -> np.ndarray:
    """Levels of an outcome in its year, (runs, teachers of the trial's own schools)."""
    return followed.outcomes[:, outcome.year - 1, :own, COLUMNS.index(outcome.outcome)]


def whom(outcome: Outcome, marks: np.ndarray) -> np.ndarray:
    """Whom an outcome is about, (runs, teachers) of bool."""
    about = marks[:, :, MARKS.index(outcome.population)] == 1
    if outcome.role is None:
        return about
    standing = marks[:, :, EXPERTISE_IN_TEAM if outcome.role.endswith("expert") else EXPERIENCE_IN_TEAM]
    return about & (standing > 0 if outcome.role.startswith("more") else standing < 0)


def mean_over(about: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Mean level in each run over those whom it is about and who have it; NaN without any."""
    having = about & np.isfinite(levels)
    count = having.sum(axis=1)
    total = np.where(having, levels, 0.0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def measure_sd(
    outcome: Outcome, levels: np.ndarray, everybody: np.ndarray, records: np.recarray, lessons: int
) -> np.ndarray:
    """SD of a measure between teachers in each draw: true differences, and the error of its instrument.

    sqrt(variance of levels between all teachers of the trial's schools over the draw's runs + error^2).

    Args:
        outcome: which outcome.
        levels: (runs, teachers) in the arm compared with, runs of the same draw side by side.
        everybody: the same shape: who works in the trial's schools.
        records: a theory record for each draw.
        lessons: lessons observed, for use.
    """
    shape = (len(records), -1)
    levels, having = levels.reshape(shape), (everybody & np.isfinite(levels)).reshape(shape)
    count = np.maximum(having.sum(axis=1), 1)
    mean = np.where(having, levels, 0.0).sum(axis=1) / count
    squares = np.where(having, (levels - mean[:, None]) ** 2, 0.0).sum(axis=1)
    return np.sqrt(squares / count + instrument_error(outcome, records, lessons) ** 2)


def instrument_error(outcome: Outcome, records: np.recarray, lessons: int) -> np.ndarray:
    """SD of an instrument's error in the outcome's own unit, for each theory record.

    Use is seen in lessons: lesson_noise / practice_use / sqrt(lessons), the error of a practice score in units of use.
    """
    if outcome.outcome == "use":
        return records["lesson_noise"] / records["practice_use"] / np.sqrt(lessons)
    return records[INSTRUMENT_ERRORS[outcome.outcome]]
