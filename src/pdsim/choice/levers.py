"""The candidates: every programme of the library as written, and with its levers moved over a fixed grid.

Two levers are crossed (sessions, participants per facilitator), the others move one at a time. Values are half and
double of a design's own, or fixed ones, rounded to the steps of the register of keys. A programme for everyone is there
for a few champions too, solo or not, as hubs are: else who takes part would be taken for working together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from pdsim import library, scenarios
from pdsim.kernel.records import WEEKS
from pdsim.scenarios import Scenario

BASELINES = ("no-pd", "business-as-usual")
LONGEST_SESSION = 6.0  # hours: a day


def always(design: Scenario) -> bool:
    """For levers that every design has."""
    return True


def together(design: Scenario) -> bool:
    """For levers of those that work together."""
    return design.programme.format == "collaborative"


def in_teams(design: Scenario) -> bool:
    """For the size of teams, where it is not two by design."""
    return together(design) and design.collaboration.teams != "expert-novice-pairs"


@dataclass(frozen=True)
class Lever:
    """A key that is moved.

    Attributes:
        path: the key.
        words: how a value is said, with a place for it.
        factors: by what the design's own value is multiplied.
        values: fixed values, the same for all designs.
        crossed: moved together with the other crossed levers, not alone.
        fits: which designs have it.
    """

    path: str
    words: str
    factors: tuple[float, ...] = ()
    values: tuple[float, ...] = ()
    crossed: bool = False
    fits: Callable[[Scenario], bool] = always


LEVERS = (
    Lever("programme.sessions", "{:g} sessions", factors=(0.5, 2.0), crossed=True),
    Lever("programme.per_facilitator", "{:g} per facilitator", factors=(0.5, 2.0), crossed=True),
    Lever("programme.hours", "{:g}-hour sessions", factors=(0.5, 2.0)),
    Lever("collaboration.together", "{:.0%} together", values=(0.25, 0.5, 0.75), fits=together),
    Lever("collaboration.team_size", "teams of {:g}", values=(2.0, 4.0, 8.0), fits=in_teams),
)

# A programme for a few, who pass it on in part of a staff meeting, as in ``challenge-partners``.
CHAMPIONS: Mapping[str, Any] = {
    "programme.who": "champions",
    "programme.count_per_school": 4,
    "programme.cascade_hours": 0.5,
}
CHAMPIONS_WORDS = "4 champions pass it on"


@dataclass(frozen=True)
class Candidate:
    """One design that could be chosen.

    Attributes:
        name: that of the library, and what was moved.
        base: its name in the library.
        settings: what was moved, by key, as ``--set`` takes it.
        scenario: the design in the staffroom looked at.
    """

    name: str
    base: str
    settings: Mapping[str, Any]
    scenario: Scenario


def options(design: Scenario, lever: Lever) -> list[Any]:
    """Values to which a lever moves in a design, its own left out: in the register's range and steps.

    >>> options(scenarios.load("solo-coaching"), LEVERS[1])
    [2.0]
    """
    if not lever.fits(design):
        return []
    entry = scenarios.keys()[lever.path]
    section, _, name = lever.path.partition(".")
    own = getattr(getattr(design, section), name)
    step, high = entry.step or 1.0, min(entry.high or 0.0, highest(lever.path))
    found = []
    for wanted in (*(own * factor for factor in lever.factors), *lever.values):
        value = round(round(min(max(wanted, entry.low or step, step), high) / step) * step, 6)
        value = int(value) if entry.kind == "int" else float(value)
        if value != own and value not in found:
            found.append(value)
    return found


def highest(path: str) -> float:
    """The highest sensible value of a lever, where that is below the register's."""
    return LONGEST_SESSION if path == "programme.hours" else float("inf")


def moves(design: Scenario) -> list[dict[str, Any]]:
    """All settings of a design in the grid, none moved first."""
    choices = {lever: [(lever.path, value) for value in options(design, lever)] for lever in LEVERS}
    crossed = [[None, *choices[lever]] for lever in LEVERS if lever.crossed]
    found = [dict(move for move in moved if move is not None) for moved in product(*crossed)]
    found += [dict([move]) for lever in LEVERS if not lever.crossed for move in choices[lever]]
    return [*found, dict(CHAMPIONS)] if design.programme.who == "everyone" else found


def ends_in_time(design: Scenario, settings: Mapping[str, Any], years: int) -> bool:
    """Whether the last session of a moved design falls within the years looked at."""
    programme = design.programme
    sessions = settings.get("programme.sessions", programme.sessions)
    return bool(programme.first_week + (sessions - 1) * programme.weeks_between < years * WEEKS)


def name_of(base: str, settings: Mapping[str, Any]) -> str:
    """Name of a candidate.

    >>> name_of("solo-course", {"programme.sessions": 4})
    'solo-course, 4 sessions'
    """
    words = [lever.words.format(settings[lever.path]) for lever in LEVERS if lever.path in settings]
    words += [CHAMPIONS_WORDS] if settings == CHAMPIONS else []
    return ", ".join([base, *words])


def placed(design: Scenario, world: Scenario) -> Scenario:
    """A design with its partners and prices in the staffroom of a world."""
    return design.in_the_world_of(world).model_copy(update={"partners": design.partners})


def candidates_of(design: Scenario, world: Scenario) -> list[Candidate]:
    """A design as written, and with its levers moved as far as the programme then still ends within the years."""
    found = []
    for settings in moves(design):
        if not settings or ends_in_time(design, settings, world.evaluation.years):
            name = name_of(design.name, settings)
            moved = placed(design.with_(**settings), world).model_copy(update={"name": name})
            found.append(Candidate(name, design.name, settings, moved))
    return found


def library_designs() -> list[Scenario]:
    """The shipped programmes; not the baselines."""
    return [scenarios.load(name) for name in library.shipped() if name not in BASELINES]
