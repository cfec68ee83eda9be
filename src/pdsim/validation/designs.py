"""From a trial to scenarios to run: samples of what is unknown, a few schools, codes read wrongly on purpose."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from pdsim import scenarios
from pdsim.scenarios import MECHANISMS, Scenario
from pdsim.validation.trials import CONTROL, Outcome, Trial
from pdsim.validation.unknown import Unknown, spread_evenly, stream

CODE_SAMPLES = 20  # samples of what is unknown, each with an equal share of the draws
PARTS = 4  # parts of the draws where nothing is unknown, so that processors share the work
SCHOOLS = 4  # schools simulated at least, where there are as many
MOST_SCHOOLS = 60  # and at most
ROOM_TOLERANCE = 0.1  # how far a facilitator's group may be from that with all schools: attention hardly moves
MISREAD = 0.15  # chance that a mechanism was read wrongly (*assumption*)
SHIFT = 0.15  # content, facilitator and fidelity are moved by up to this much either way (*assumption*)
SHIFTED = ("content", "facilitator", "fidelity")


@dataclass(frozen=True)
class Case:
    """One outcome in one sample of codes.

    ``arm`` and ``against`` are keys into the runs of the sample. ``mechanisms`` is the number of the arm's mechanisms
    less that of the arm compared with, ``programmes`` the same of programmes; the control arm counts as none.
    """

    arm: str
    against: str | None
    mechanisms: int
    programmes: int


@dataclass(frozen=True)
class Sample:
    """One sample of what is unknown: the draws ``first`` to before ``last`` have it.

    ``runs`` holds the scenarios to run, each under its own content as key; ``cases`` an entry for each outcome.
    """

    first: int
    last: int
    runs: Mapping[str, Scenario]
    cases: tuple[Case, ...]


@dataclass(frozen=True)
class Misreading:
    """One way of having read a trial's codes wrongly, the same in all its arms.

    ``lots`` holds a number 0-1 for each of the 14 mechanisms, ``shifts`` what is added to content, facilitator and
    fidelity.
    """

    lots: np.ndarray
    shifts: np.ndarray

    def of(self, scenario: Scenario) -> Scenario:
        """The scenario under these codes; one without a programme stays as it is.

        A coded mechanism is dropped with chance ``MISREAD``; one that was not coded is added with the chance that keeps
        their expected number.
        """
        programme = scenario.programme
        if programme.sessions == 0:
            return scenario
        coded = programme.mechanisms
        chance_added = MISREAD * len(coded) / max(len(MECHANISMS) - len(coded), 1)
        chances = zip(MECHANISMS, self.lots, strict=True)
        mechanisms = tuple(name for name, lot in chances if (lot >= MISREAD if name in coded else lot < chance_added))
        changes: dict[str, Any] = {"mechanisms": mechanisms}
        for name, shift in zip(SHIFTED, self.shifts, strict=True):
            changes[name] = float(np.clip(getattr(programme, name) + shift, 0.0, 1.0))
        return scenario.model_copy(update={"programme": programme.model_copy(update=changes)})


def misreading(trial: Trial, coding: int, seed: int) -> Misreading:
    """The wrong reading of a trial that has a number."""
    rng = stream(seed, trial.name, f"coding {coding}")
    return Misreading(rng.random(len(MECHANISMS)), rng.uniform(-SHIFT, SHIFT, len(SHIFTED)))


def alignments(trial: Trial, outcome: Outcome, draws: int, seed: int) -> np.ndarray:
    """Alignment of an outcome's test in each draw, spread evenly over its range."""
    low, high = outcome.alignment
    return low + (high - low) * spread_evenly(draws, seed, trial.name, "alignment", outcome.name)


def samples(trial: Trial, draws: int, seed: int, wrong: Misreading | None = None) -> list[Sample]:
    """Samples of what is unknown in a trial, with the scenarios to run; together they cover all draws.

    Args:
        trial: the trial.
        draws: number of draws, at least 1.
        seed: of the samples.
        wrong: codes read wrongly on purpose.
    """
    something = trial.unknown or any(arm.unknown for arm in trial.arms.values())
    count = min(draws, CODE_SAMPLES if something else PARTS)
    shared = sampled(trial.unknown, count, seed, trial.name, "")
    own = {name: sampled(arm.unknown, count, seed, trial.name, name) for name, arm in trial.arms.items()}
    found = []
    for k in range(count):
        values = {name: shared[k] | mine[k] for name, mine in own.items()}
        found.append(sample_of(trial, draws * k // count, draws * (k + 1) // count, values, wrong))
    return found


def sampled(entries: Iterable[Unknown], count: int, seed: int, *labels: str) -> list[dict[str, Any]]:
    """``count`` samples of what is unknown, {path: value} each, every entry spread evenly over its values."""
    lots = {entry.path: (entry, spread_evenly(count, seed, *labels, entry.path)) for entry in entries}
    return [{path: entry.at(u[k]) for path, (entry, u) in lots.items()} for k in range(count)]


def sample_of(
    trial: Trial, first: int, last: int, values: Mapping[str, Mapping[str, Any]], wrong: Misreading | None
) -> Sample:
    """The runs and cases of one sample, for draws ``first`` to before ``last``; ``values`` of each arm by path."""
    schools: dict[str, dict[str, Scenario]] = {}
    runs: dict[str, Scenario] = {}
    cases = []
    for outcome in trial.outcomes:
        kind = repr(outcome.where)
        if kind not in schools:
            schools[kind] = arms_in(trial, values, outcome.where, wrong)
        arms = schools[kind]
        pair = [arm_or_control(arms, outcome.arm, outcome.against)]
        pair += [arm_or_control(arms, outcome.against, outcome.arm)] if outcome.against is not None else []
        keys = [scenario.model_dump_json() for scenario in pair]
        runs |= dict(zip(keys, pair, strict=True))
        cases.append(
            Case(
                keys[0], keys[1] if outcome.against is not None else None,
                mechanisms_of(arms, outcome.arm) - mechanisms_of(arms, outcome.against),
                programmes_of(arms, outcome.arm) - programmes_of(arms, outcome.against),
            )
        )  # fmt: skip
    return Sample(first, last, runs, tuple(cases))


def arms_in(
    trial: Trial, values: Mapping[str, Mapping[str, Any]], where: Mapping[str, Any], wrong: Misreading | None
) -> dict[str, Scenario]:
    """The arms of a trial's file in schools of a kind, in the few schools that are simulated."""
    arms = {name: trial.scenario(name, {**mine, **where}) for name, mine in values.items()}
    if wrong is not None:
        arms = {name: wrong.of(scenario) for name, scenario in arms.items()}
    count = schools_to_run(list(arms.values()))
    return {name: with_schools(scenario, count) for name, scenario in arms.items()}


@cache
def business_as_usual() -> Scenario:
    """The shipped scenario of what control groups get."""
    return scenarios.load("business-as-usual")


def arm_or_control(arms: Mapping[str, Scenario], name: str | None, other: str | None) -> Scenario:
    """An arm by name; a control that the file does not define is business as usual in the other arm's world."""
    if name is not None and name in arms:
        return arms[name]
    world = arms.get(other or "", next(iter(arms.values())))
    return business_as_usual().in_the_world_of(world)


def mechanisms_of(arms: Mapping[str, Scenario], name: str | None) -> int:
    """Number of mechanisms of an arm; the control counts as none."""
    return len(arms[name].programme.mechanisms) if name and programmes_of(arms, name) else 0


def programmes_of(arms: Mapping[str, Scenario], name: str | None) -> int:
    """1 for an arm with a programme; the control counts as none."""
    if name is None or name == CONTROL:
        return 0
    return int(arms[name].programme.sessions > 0)


def participants_in(scenario: Scenario, schools: int) -> int:
    """Participants of a programme in a number of schools, partners included."""
    staff, programme, partners = scenario.staff, scenario.programme, scenario.partners
    each = programme.count_per_school or int(programme.share_taking_part * staff.teachers_per_school + 0.5)
    if programme.who == "everyone" and programme.count_per_school == 0:
        each = staff.teachers_per_school
    return schools * min(each, staff.teachers_per_school) + partners.schools * partners.teachers_per_school


def room_in(scenario: Scenario, schools: int) -> float:
    """Participants that share a facilitator, in a number of schools."""
    participants = participants_in(scenario, schools)
    return participants / max(math.ceil(participants / scenario.programme.per_facilitator), 1)


def schools_to_run(arms: list[Scenario]) -> int:
    """The fewest schools that give every arm's facilitators groups of the size that all schools would.

    Effects are means per teacher, so more schools would only average out luck, which draws do too; at least
    ``SCHOOLS``, at most ``MOST_SCHOOLS``, where there are as many.
    """
    every = min(arm.programme.schools_taking_part or arm.staff.schools for arm in arms)
    most = min(every, MOST_SCHOOLS)
    fitting = (
        count
        for count in range(min(every, SCHOOLS), most)
        if all(abs(room_in(arm, count) - room_in(arm, every)) <= ROOM_TOLERANCE * room_in(arm, every) for arm in arms)
    )
    return next(fitting, most)


def with_schools(scenario: Scenario, count: int) -> Scenario:
    """The scenario with fewer schools, all of which take part."""
    return scenario.model_copy(
        update={
            "staff": scenario.staff.model_copy(update={"schools": count}),
            "programme": scenario.programme.model_copy(update={"schools_taking_part": 0}),
        }
    )
