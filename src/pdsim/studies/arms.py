"""The candidate trials: which programmes are compared by lot, and what each comparison can say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pdsim import comparison, scenarios
from pdsim.errors import InputError
from pdsim.explanation.result import counterpart
from pdsim.kernel.records import WEEKS
from pdsim.lab.field import TEACHERS
from pdsim.scenarios import Scenario

PROGRAMME = "darling-hammond-bundle"
SIZES = (60, 120, 240, 400)  # schools
# Mechanisms that either a facilitator or team-mates can carry: these change hands where carriers are randomised.
MOVABLE = (
    "setting and agreeing on goals",
    "modelling the technique",
    "monitoring and providing feedback",
    "arranging practical social support",
)
WITHOUT = "without"


@dataclass(frozen=True)
class Design:
    """A kind of trial.

    Attributes:
        name: in tables and files.
        meaning: what the lot decides.
        arms: what schools may be given, with as many schools each.
        columns: a row for each arm: the columns of the regressions; column 1 is the effect of the second arm where
            attendance is held, or of the second arm alone.
        against_nothing: whether the other arm has nothing in place of working together, so that a loss is harm and no
            change is no path.
        moves_company: whether the arms differ in company, and so can show a mint.
        holds_attendance: whether column 3 is what the effect gains where attendance is left to teachers.
    """

    name: str
    meaning: str
    arms: tuple[str, ...]
    columns: tuple[tuple[float, ...], ...]
    against_nothing: bool = False
    moves_company: bool = True
    holds_attendance: bool = False

    def matrix(self, schools: int) -> np.ndarray:
        """Columns of the regressions for so many schools, arm after arm."""
        return np.repeat(np.array(self.columns), schools // len(self.arms), axis=0)


TWO = ((1.0, 0.0), (1.0, 1.0))
FOUR = ((1.0, 0.0, 0.0, 0.0), (1.0, 1.0, 0.0, 0.0), (1.0, 0.0, 1.0, 0.0), (1.0, 1.0, 1.0, 1.0))
DESIGNS = (
    Design("collaboration", "working together, or the same without it", ("stripped", "together"), TWO,
           against_nothing=True),
    Design("collaboration, equal hours", "working together, or as many hours with the facilitator",
           ("replaced", "together"), TWO),
    Design("carriers", "team-mates carry mechanisms, or the facilitator does", ("facilitator", "peers"), TWO,
           moves_company=False),
    Design("attendance held", "working together or not, and attendance required with paid cover or voluntary",
           ("stripped, held", "together, held", "stripped", "together"), FOUR, against_nothing=True,
           holds_attendance=True),
)  # fmt: skip


def programme_of(name: str | Path | Scenario, settings: Mapping[str, Any]) -> Scenario:
    """The programme that is tried, as schools would have it: attendance voluntary, in one school, for one year.

    A solo design is tried as its collaborative counterpart. Schools have 24 teachers unless a setting or a file says
    otherwise.

    Raises:
        InputError: a wrong name or setting, no programme, one that does not end within the year, or several schools.
    """
    changed = {"programme.attendance": "voluntary", **settings}
    asked = name.with_(**changed) if isinstance(name, Scenario) else scenarios.load(name, changed)
    if asked.staffroom is None and "staff.teachers_per_school" not in settings:
        asked = asked.with_(**{"staff.teachers_per_school": TEACHERS})
    found = comparison.looked_at(counterpart(asked), 1)
    last = found.programme.first_week + (found.programme.sessions - 1) * found.programme.weeks_between
    if last >= WEEKS:
        raise InputError(
            f"{asked.name}: programme.sessions: the last falls in school week {last}; a trial here lasts one school "
            f"year (weeks 0 to {WEEKS - 1}); try --set programme.sessions={most_sessions(found)}"
        )
    if found.staff.schools > 1:
        raise InputError(f"{asked.name}: staff.schools: {found.staff.schools}: a trial gives lots to single schools; 1")
    return found


def most_sessions(design: Scenario) -> int:
    """How many sessions fit within one school year."""
    return (WEEKS - 1 - design.programme.first_week) // design.programme.weeks_between + 1


def arms_of(programme: Scenario) -> dict[str, Scenario]:
    """Every programme that a lot may give, by name; "without" is business as usual."""
    stripped = programme.solo_twin("stripped")
    held = {"programme.attendance": "required"}
    return {
        WITHOUT: scenarios.load("business-as-usual").in_the_world_of(programme),
        "together": programme,
        "stripped": stripped,
        "replaced": programme.solo_twin("replaced"),
        "together, held": programme.with_(**held),
        "stripped, held": stripped.with_(**held),
        "peers": carried(programme, "peers"),
        "facilitator": carried(programme, "facilitator"),
    }


def carried(programme: Scenario, carrier: str) -> Scenario:
    """A programme in which one kind of carrier carries all its movable mechanisms."""
    moved = [mechanism for mechanism in programme.programme.mechanisms if mechanism in MOVABLE]
    return programme.with_(**{f"programme.carriers.{mechanism}": carrier for mechanism in moved})


def check_sizes(sizes: Sequence[int]) -> tuple[int, ...]:
    """Numbers of schools, if all arms can have as many.

    Raises:
        InputError: not a multiple of 4 from 20 to 10,000.
    """
    for schools in sizes:
        if not 20 <= schools <= 10_000 or schools % 4:
            raise InputError(f"--schools: {schools} is not allowed; allowed is a multiple of 4 from 20 to 10000")
    if not sizes:
        raise InputError("--schools: is empty; allowed are multiples of 4 from 20 to 10000")
    return tuple(sorted(set(sizes)))
