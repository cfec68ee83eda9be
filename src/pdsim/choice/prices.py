"""What a design costs, line by line: price, quantity, and where the price comes from; and files of one's own prices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pdsim import scenarios
from pdsim.errors import InputError, nearest, read_toml, shown
from pdsim.kernel.measure import ALL, PARTICIPANTS
from pdsim.outcomes import OUTCOMES
from pdsim.scenarios import Costs, Scenario
from pdsim.simulate import Luck, simulate
from pdsim.theory import Theory

POUNDS, HOURS = OUTCOMES["pounds_per_teacher"].column, OUTCOMES["hours_per_teacher"].column
ONE_RUN = Luck(0, np.zeros(1, np.int64), np.zeros(1, np.int64))
FREE = {"facilitator_per_hour": 0.0, "cover_per_hour": 0.0, "materials_per_teacher": 0.0, "staff_per_hour": 0.0}

# Where prices come from, if nobody sets them. Quantities are the model's own.
SOURCES: dict[str, str] = {
    "facilitator_per_hour": "assumption: 120 for somebody from outside, with preparation; 160 for a coach, who watches "
    "a lesson for each hour of talk, in the yearly range of Knight 2012; 36 for a colleague whose lesson is covered",
    "facilitator_together": "assumption: outside facilitators stay while teams work; a colleague is one of the team",
    "cover_per_hour": "assumption: about 215 a day, within what supply cover costs (180 to 250 a day)",
    "materials_per_teacher": "assumption: handbooks and copies; 60 where it is a year's membership",
    "staff_per_hour": "teachers' own time is reported as hours and not priced, as the EEF does; 36 where somebody else "
    "has to teach in timetabled time (assumption)",
}


@dataclass(frozen=True)
class Line:
    """One line of a design's cost, per teacher of the staff over the years looked at.

    Attributes:
        item: what is paid for.
        price: the price's key in ``[costs]``.
        rate: the price in pounds.
        quantity: hours or teachers, per teacher of the staff.
        unit: of the quantity.
        pounds: rate x quantity.
        source: where the rate comes from.
    """

    item: str
    price: str
    rate: float
    quantity: float
    unit: str
    pounds: float
    source: str


@dataclass(frozen=True)
class Prices:
    """Prices that replace those of the designs' files.

    Attributes:
        everywhere: by key, for all designs.
        by_design: by name in the library, then by key.
        origin: who says so, by key or "design key", for the cost lines.
    """

    everywhere: Mapping[str, float]
    by_design: Mapping[str, Mapping[str, float]]
    origin: Mapping[str, str]

    def applied(self, design: Scenario) -> Scenario:
        """A design of the library under these prices; those for it alone go before those for all."""
        changes = {**self.everywhere, **self.by_design.get(design.name, {})}
        return design.model_copy(update={"costs": design.costs.model_copy(update=changes)})

    def source(self, base: str, key: str) -> str:
        """Where a price of a design comes from."""
        return self.origin.get(f"{base} {key}") or self.origin.get(key) or SOURCES[key]


def checked(key: str, value: Any, where: str) -> float:
    """A price, if the key is one of ``[costs]`` and the value is allowed there.

    Raises:
        InputError: no such price, not a number, out of range.
    """
    found = scenarios.build({"costs": {key: value}}, where)
    return float(getattr(found.costs, key))


def read_prices(path: Path | None, settings: Mapping[str, Any], designs: list[str]) -> Prices:
    """Prices from a file and from settings, which go before the file.

    A file has a table ``[costs]`` with the keys of scenario files for all designs, and in it, under a design's name, a
    table for that design alone, as ``[costs.lesson-study]``.

    Args:
        path: of the TOML file, if any.
        settings: prices by key path ("costs.cover_per_hour").
        designs: names of the library's designs.

    Raises:
        InputError: unreadable file, no such price or design, a value that is not allowed.
    """
    everywhere: dict[str, float] = {}
    by_design: dict[str, dict[str, float]] = {}
    origin: dict[str, str] = {}
    for name, value in read_table(path).items():
        if not isinstance(value, Mapping):
            check_name(name, [*Costs.model_fields, *designs], f"{path}: costs")
            everywhere[name] = checked(name, value, str(path))
            origin[name] = f"your file {path.name if path else ''}"
            continue
        check_name(name, designs, f"{path}: costs")
        by_design[name] = {key: checked(key, price, f"{path}: {name}") for key, price in value.items()}
        origin |= {f"{name} {key}": f"your file {path.name if path else ''}" for key in value}
    for setting, value in settings.items():
        key = setting.removeprefix("costs.")
        everywhere[key] = checked(key, value, "--set")
        by_design = {name: {k: v for k, v in own.items() if k != key} for name, own in by_design.items()}
        origin = {name: who for name, who in origin.items() if name.split()[-1] != key} | {key: "set by you"}
    return Prices(everywhere, by_design, origin)


def read_table(path: Path | None) -> dict[str, Any]:
    """The table ``[costs]`` of a file.

    Raises:
        InputError: unreadable file, or anything else at its top level.
    """
    if path is None:
        return {}
    content = read_toml(path)
    for name in content:
        if name != "costs":
            raise InputError(
                f"{path}: {shown(name)}: a file of prices has one section, [costs]{nearest(name, ['costs'])}"
            )
    table = content.get("costs", {})
    if not isinstance(table, Mapping):
        raise InputError(f"{path}: costs: {shown(table)} is not a table; write a section [costs]")
    return dict(table)


def check_name(name: str, allowed: list[str], where: str) -> None:
    """Check that a name is one of those allowed.

    Raises:
        InputError: it is not; with the nearest.
    """
    if name not in allowed:
        raise InputError(f"{where}.{name}: no such price or design{nearest(name, allowed)}")


def quantity(scenario: Scenario, assumed: Theory, price: str) -> float:
    """How much of something each teacher of the staff pays for: the cost at a price of 1 with all others 0.

    For what hangs on the number of participants alone, not on who turns up, so one run will do.
    """
    only = scenario.model_copy(update={"costs": scenario.costs.model_copy(update={**FREE, price: 1.0})})
    return float(simulate(only, assumed, ONE_RUN)[0, -1, ALL, POUNDS])


def cost_lines(base: str, scenario: Scenario, assumed: Theory, levels: np.ndarray, prices: Prices) -> list[Line]:
    """The cost of a design line by line; the lines add up to its mean pounds per teacher.

    Cover is paid for the share ``lesson_time`` of the hours of participants alone: what champions pass on is a staff
    meeting.

    Args:
        base: name in the library.
        scenario: the design in its staffroom.
        assumed: draws of the assumptions.
        levels: (R, populations, outcomes) at the end of the last year.
        prices: that replace those of the files.
    """
    costs, mean = scenario.costs, levels.mean(axis=0)
    taking_part = quantity(scenario, assumed, "materials_per_teacher")
    paid = quantity(scenario, assumed, "facilitator_per_hour")
    covered = scenario.programme.lesson_time * taking_part * float(np.nan_to_num(mean[PARTICIPANTS, HOURS]))
    rows = (
        ("facilitators", "facilitator_per_hour", paid, "hours"),
        ("cover of lessons", "cover_per_hour", covered, "hours"),
        ("materials", "materials_per_teacher", taking_part, "teachers"),
        ("teachers' own time", "staff_per_hour", float(mean[ALL, HOURS]), "hours"),
    )
    found = []
    for item, price, many, unit in rows:
        rate = float(getattr(costs, price))
        found.append(Line(item, price, rate, many, unit, rate * many, prices.source(base, price)))
    return found


def prices_file(designs: list[Scenario]) -> str:
    """A file of the prices of all designs, to be changed and given back: the same prices give the same numbers."""
    lines = [
        "# Prices in pounds. Change what differs where you are, then:  pdsim choose --costs costs.toml",
        *(f"# {key}: {SOURCES[key]}" for key in Costs.model_fields),
        "",
        "[costs]  # a price here counts for all designs that have none of their own below",
    ]
    for design in designs:
        lines += ["", f"[costs.{design.name}]"]
        lines += [f"{key} = {value}" for key, value in design.costs.model_dump().items()]
    return "\n".join(lines) + "\n"
