"""What is asked of an experiment's results: which outcome, of whom, of which scenarios or differences between two."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

from pdsim.errors import InputError, nearest, shown
from pdsim.experiment import Experiment
from pdsim.outcomes import OUTCOMES, POPULATIONS, Outcome

MOST_PAIRED = 3  # scenarios up to which every pair is looked at without being asked for
DEFAULT_OUTCOME = "pupil_attainment"


@dataclass(frozen=True)
class Contrast:
    """The effect of a scenario against the experiment's baseline, or against another scenario (``minus``)."""

    scenario: str
    minus: str = ""

    def __str__(self) -> str:
        """The contrast as a label: "lesson-study", or "lesson-study minus solo-course"."""
        return f"{self.scenario} minus {self.minus}" if self.minus else self.scenario


@dataclass(frozen=True)
class Question:
    """One outcome of one population, for some contrasts."""

    outcome: str
    population: str
    contrasts: tuple[Contrast, ...]

    @property
    def measured(self) -> Outcome:
        """The outcome with its label and unit."""
        return OUTCOMES[self.outcome]


def resolve(
    experiment: Experiment, outcome: str = DEFAULT_OUTCOME, population: str = "all", scenario: str = "", minus: str = ""
) -> Question:
    """A checked question.

    Args:
        experiment: whose results are asked.
        outcome: one that the experiment kept.
        population: one that the experiment kept.
        scenario: only its effect; without it, that of every scenario, and the differences of up to three scenarios.
        minus: with ``scenario``: less that of this one.

    Raises:
        InputError: something that the experiment does not have, with the nearest that it has.
    """
    output, names = experiment.output, [each.name for each in experiment.scenarios]
    kept = POPULATIONS if output.resolution == "teacher" else output.populations
    check_name("--outcome", outcome, output.outcomes, experiment)
    check_name("--population", population, kept, experiment)
    for option, name in (("--scenario", scenario), ("--minus", minus)):
        if name:
            check_name(option, name, names, experiment)
    if minus and (not scenario or minus == scenario):
        raise InputError(f"--minus {minus}: needs --scenario with another scenario, whose lead is asked for")
    if scenario:
        return Question(outcome, population, (Contrast(scenario, minus),))
    alone = [Contrast(name) for name in names]
    return Question(outcome, population, (*alone, *pairs(experiment)))


def check_name(option: str, name: str, known: Iterable[str], experiment: Experiment) -> None:
    """Make sure that a name is among those of the experiment.

    Raises:
        InputError: it is not; with the nearest that is.
    """
    known = list(known)
    if name not in known:
        hint = nearest(name, known) or f"; it has {', '.join(known)}"
        raise InputError(f"{option}: experiment {experiment.name} has no {shown(name)}{hint}")


def pairs(experiment: Experiment) -> list[Contrast]:
    """Differences of all pairs of scenarios: what is collaborative less what is solo, else the first less the later."""
    if len(experiment.scenarios) > MOST_PAIRED:
        return []
    found = []
    for first, second in itertools.combinations(experiment.scenarios, 2):
        turned = (first.programme.format, second.programme.format) == ("solo", "collaborative")
        a, b = (second, first) if turned else (first, second)
        found.append(Contrast(a.name, b.name))
    return found
