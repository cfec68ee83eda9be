"""Factors: what may vary, over which values or distribution, checked against the registers of keys and assumptions."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from pdsim import assumptions, scenarios
from pdsim.errors import InputError, nearest, shown
from pdsim.experiment.reading import flat, validated
from pdsim.scenarios import Key, Scenario, Section

THEORY, CARRIERS = "theory.", "programme.carriers."
Value = bool | int | float | str | tuple[str, ...]


class Factor(Section):
    """One factor: either ``values`` to choose from, or a distribution from ``low`` to ``high``.

    ``distribution`` is "uniform"; "normal" (``mean``, ``sd``) or "triangular" (``mode``), both cut off at low and high;
    or "prior", the register's prior of an assumption. With ``log`` it is the distribution of the logarithm: low, high,
    mode and mean are still given in the key's own unit, ``sd`` is that of the natural logarithm. In a grid, ``levels``
    values lie at equal distances (with ``log``: equal ratios) from low to high.
    """

    values: tuple[Value, ...] | None = None
    low: float | None = None
    high: float | None = None
    levels: int | None = Field(None, ge=2, le=1000)
    distribution: Literal["uniform", "normal", "triangular", "prior"] = "uniform"
    mean: float | None = None
    sd: float | None = Field(None, gt=0)
    mode: float | None = None
    log: bool = False


def factors_of(
    tables: Mapping[str, Any], method: str, fixed: Mapping[str, Any], path: Path, example: Scenario
) -> dict[str, Factor]:
    """The factors of a file, checked and complete, in its order.

    Args:
        tables: the section [factors].
        method: of the design.
        fixed: settings by key path, which no factor can vary.
        path: the file.
        example: a scenario in which values are tried.

    Raises:
        InputError: unknown factor, or one whose values or range are not allowed.
    """
    where = f"{path}: factors"
    found: dict[str, Factor] = {}
    for name, table in expanded(flat(tables, known_paths())).items():
        if not isinstance(table, dict):
            example_text = "{ values = [...] } or { low = ..., high = ... }"
            raise InputError(f"{where}.{name}: {shown(table)} is not a table; write {example_text}")
        if name in fixed:
            raise InputError(f"{where}.{name}: is fixed in [settings] too; leave it out of one of them")
        entry = register_entry(name, where)
        factor = validated(Factor, table, f"{where}.{name}")
        if factor.values is not None:
            placed = tuple(absolute(name, value, path) for value in factor.values)
            factor = Factor(**{**factor.model_dump(exclude_unset=True), "values": placed})
        found[name] = complete(factor, entry, method, example, where)
    return found


def expanded(tables: Mapping[str, Any]) -> dict[str, Any]:
    """Factors with patterns such as "theory.exchange_*" written out; what is named by itself counts before a pattern.

    Scales that no observation can identify are left out of patterns.
    """
    found: dict[str, Any] = {}
    for name, table in tables.items():
        if "*" in name:
            free = [p.name for p in assumptions.REGISTER if p.prior.kind != "fixed"]
            matched = [f"{THEORY}{each}" for each in free if fnmatchcase(f"{THEORY}{each}", name)]
            found |= {each: table for each in matched if each not in tables} or {name: table}
        else:
            found[name] = table
    return found


def known_paths() -> list[str]:
    """Paths of all that can be a factor."""
    carriers = [f"{CARRIERS}{mechanism}" for mechanism in scenarios.MECHANISMS]
    keys = [path for path in scenarios.keys() if path != CARRIERS[:-1]]  # noqa: SIM118
    return [*keys, *carriers, *(f"{THEORY}{name}" for name in assumptions.PARAMETERS)]


def register_entry(name: str, where: str) -> Key:
    """The entry of a factor in the register of keys or of assumptions.

    Raises:
        InputError: no such key, with the nearest.
    """
    register = scenarios.keys()
    if name in register:
        return register[name]
    if name.startswith(CARRIERS):
        return Key(name, name, "", "who carries this mechanism", "word", None, words=scenarios.CARRIERS)
    p = assumptions.PARAMETERS.get(name.removeprefix(THEORY)) if name.startswith(THEORY) else None
    if p is None:
        raise InputError(f"{where}.{name}: no such scenario key or assumption{nearest(name, known_paths())}")
    return Key(name, p.meaning, p.unit, p.meaning, "float", p.default, p.low, p.high)


def absolute(name: str, value: Any, path: Path) -> Any:
    """The value of a key, its file counted from the folder of the experiment where it names one."""
    if name not in scenarios.CSV_FILES or not isinstance(value, str) or not value:
        return value
    return str(path.absolute().parent / value)


def complete(factor: Factor, entry: Key, method: str, example: Scenario, where: str) -> Factor:
    """A factor with its defaults filled in from the register, checked against it.

    Raises:
        InputError: a value or range that the key does not allow, or settings that do not belong together.
    """
    place = f"{where}.{entry.path}"
    if factor.values is not None:
        return check_values(factor, entry, example, where)
    if entry.kind not in ("int", "float"):
        raise InputError(f"{place}: has no range; give values = [...] ({entry.allowed})")
    given = factor.model_fields_set
    if not given - {"log"} and entry.path.startswith(THEORY):
        factor = factor.model_copy(update={"distribution": "prior"})
    check_belongings(factor, entry, method, place)
    low = entry.low if factor.low is None else factor.low
    high = entry.high if factor.high is None else factor.high
    factor = factor.model_copy(update={"low": low, "high": high})
    check_range(factor, entry, place)
    return factor


def check_values(factor: Factor, entry: Key, example: Scenario, where: str) -> Factor:
    """Every value of a factor tried in a scenario; whole numbers as the key has them.

    Raises:
        InputError: a value that the key does not allow, one given twice, none, or a range beside the values.
    """
    place, values = f"{where}.{entry.path}", factor.values or ()
    others = factor.model_fields_set - {"values"}
    if others:
        raise InputError(f"{place}: values stand alone; leave out {', '.join(sorted(others))}")
    if not values:
        raise InputError(f"{place}: values: is empty; allowed is {entry.allowed}")
    for at, value in enumerate(values):
        if value in values[:at]:
            raise InputError(f"{place}: values: {shown(value)} is listed twice")
        data = example.model_dump()
        scenarios.set_key(data, entry.path, value, where)
        scenarios.validated(data, where)
    return factor


BELONGS: dict[str, set[str]] = {"uniform": set(), "normal": {"mean", "sd"}, "triangular": {"mode"}, "prior": set()}


def check_belongings(factor: Factor, entry: Key, method: str, place: str) -> None:
    """The settings that a factor's distribution and the design need, and no others.

    Raises:
        InputError: one is missing, or does not belong.
    """
    kind = factor.distribution
    if kind == "prior" and not entry.path.startswith(THEORY):
        raise InputError(f"{place}: distribution: a scenario key has no prior; give low and high, or values")
    need = set(BELONGS[kind])
    if method == "grid":
        if kind != "uniform":
            raise InputError(f"{place}: a grid needs values, or low, high and levels")
        need |= {"levels"}
    if kind in ("uniform", "triangular"):
        need |= {"low", "high"}
    given = {name for name in ("low", "high", "levels", "mean", "sd", "mode") if getattr(factor, name) is not None}
    missing, extra = need - given, given - need - ({"low", "high"} if kind == "normal" else set())
    what = f"a factor that is {kind} in a {method} design"
    if missing:
        raise InputError(f"{place}: {' and '.join(sorted(missing))} missing; {what} needs {', '.join(sorted(need))}")
    if extra or (kind == "prior" and factor.log):
        raise InputError(f"{place}: {', '.join(sorted(extra)) or 'log'} does not act; leave it out of {what}")


def check_range(factor: Factor, entry: Key, place: str) -> None:
    """A factor's range and centre, within the key's own range.

    Raises:
        InputError: naming the setting and what is allowed.
    """
    assert factor.low is not None
    assert factor.high is not None
    for name, value in (("low", factor.low), ("high", factor.high)):
        if not (entry.low is not None and entry.high is not None and entry.low <= value <= entry.high):
            raise InputError(f"{place}: {name}: {value:g} is out of range; allowed is {entry.allowed}")
        if entry.kind == "int" and value != round(value):
            raise InputError(f"{place}: {name}: {value:g} is not allowed; allowed is {entry.allowed}")
    if factor.low >= factor.high:
        raise InputError(f"{place}: low: {factor.low:g} is not below high ({factor.high:g})")
    if factor.log and factor.low <= 0:
        raise InputError(f"{place}: low: {factor.low:g} has no logarithm; with log, low has to be above 0")
    if factor.mode is not None and not factor.low <= factor.mode <= factor.high:
        raise InputError(
            f"{place}: mode: {factor.mode:g} is out of range; allowed is {factor.low:g} to {factor.high:g}"
        )
    if factor.mean is not None and factor.log and factor.mean <= 0:
        raise InputError(f"{place}: mean: {factor.mean:g} has no logarithm; with log, mean has to be above 0")
    if factor.levels and entry.kind == "int" and factor.levels > factor.high - factor.low + 1:
        span = f"{factor.low:g} to {factor.high:g}"
        raise InputError(f"{place}: levels: {factor.levels} is more than there are whole numbers from {span}")
