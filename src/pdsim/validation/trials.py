"""Trial files: a published trial's design and what was observed, from TOML to a frozen, checked :class:`Trial`."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args

import pydantic
from pydantic import Field

from pdsim import scenarios
from pdsim.errors import InputError, nearest, read_toml, shown
from pdsim.outcomes import OUTCOMES
from pdsim.scenarios import CSV_FILES, Scenario, Section
from pdsim.validation.unknown import Unknown, flat, read_unknown

CONTROL = "control"
ARM_SECTIONS = ("programme", "collaboration", "partners", "costs")  # what an arm says; the rest is the setting's
KINDS = ("randomised", "quasi-experimental", "own baseline", "laboratory")
TEXTS = ("title", "source", "kind", "says", "choices")
REQUIRED = ("title", "source", "kind")
TABLES = ("setting", "unknown", "arms")
LISTS = ("outcomes", "contrasts")
# Outcomes whose effects are in SD of the measure between teachers, with its error; see prediction.measure_sd.
IN_SD_OF_MEASURE = ("insight", "technique", "use", "organisational_support", "reaction")
NO_LEVELS = ("practice", "pupil_attainment")  # their levels have no meaning of their own
NAMES = tuple(name for name in OUTCOMES if name != "expertise_gap")  # a gap is not a mean over teachers

if TYPE_CHECKING:
    OutcomeName = str
else:
    OutcomeName = Literal[NAMES]


class Outcome(Section):
    """An entry of ``[[outcomes]]``: what was measured, on whom, when, and what was found."""

    name: str = Field(min_length=1, description="text")
    outcome: OutcomeName
    arm: str = Field(description="the name of an arm")
    against: str | None = Field(None, description="the name of another arm")
    year: int = Field(ge=1, le=10, description="a whole number, 1 to 10")
    population: Literal["all", "participants", "colleagues"] = "all"
    role: Literal["less-expert", "more-expert", "less-experienced", "more-experienced"] | None = None
    where: dict[str, Any] = Field({}, description="a table of setting keys")
    unit: Literal["SD", "own"] = "SD"
    alignment: tuple[float, float] = Field((1.0, 1.0), description="a number, 0.5 to 2.5, or a range [low, high]")
    observed: float | None = Field(None, description="a number")
    se: float | None = Field(None, gt=0, description="a number above 0")

    @property
    def is_level(self) -> bool:
        """True where nothing is compared."""
        return self.against is None

    @property
    def in_sd_of_measure(self) -> bool:
        """True for an effect in SD of the measure between teachers."""
        return self.outcome in IN_SD_OF_MEASURE and self.unit == "SD" and not self.is_level

    @property
    def unit_words(self) -> str:
        """The unit in words."""
        return "SD of the measure" if self.in_sd_of_measure else OUTCOMES[self.outcome].unit


class Contrast(Section):
    """An entry of ``[[contrasts]]``: a sign or an order that the report gives."""

    name: str = Field(min_length=1, description="text")
    greater: str = Field(description="the name of an outcome of this file")
    than: str | None = Field(None, description="the name of an outcome of this file")
    expected: Literal["greater", "less", "about equal"] = "greater"
    margin: float | None = Field(None, gt=0, description="a number above 0")


@dataclass(frozen=True)
class Arm:
    """A programme: its tables without the setting's, where they stand, and what is unknown of it."""

    name: str
    tables: Mapping[str, Any]
    inherited: Mapping[str, Any]
    unknown: tuple[Unknown, ...]
    place: str


@dataclass(frozen=True)
class Trial:
    """One published trial; see ``experiments/trials/FORMAT.md``.

    Attributes:
        name: name of the file without its ending.
        setting: tables of scenario keys shared by all arms.
        unknown: what is unknown of the setting, or of all arms alike.
        arms: by name; without "control" where that is business as usual.
        place: the file, for messages.
    """

    name: str
    title: str
    source: str
    kind: str
    says: str
    choices: str
    setting: Mapping[str, Any]
    unknown: tuple[Unknown, ...]
    arms: Mapping[str, Arm]
    outcomes: tuple[Outcome, ...]
    contrasts: tuple[Contrast, ...]
    place: str

    @property
    def years(self) -> int:
        """School years until the last outcome is measured."""
        return max(outcome.year for outcome in self.outcomes)

    def outcome(self, name: str) -> Outcome:
        """An outcome by name."""
        return next(outcome for outcome in self.outcomes if outcome.name == name)

    def scenario(self, arm: str, values: Mapping[str, Any]) -> Scenario:
        """The scenario of an arm of the file, with values for keys by path (of what is unknown, or of a subgroup).

        Raises:
            InputError: a value that is not allowed.
        """
        mine = self.arms[arm]
        tables = scenarios.merge(scenarios.merge(dict(mine.inherited), dict(self.setting)), dict(mine.tables))
        data = copy.deepcopy(tables)
        for path, value in values.items():
            scenarios.set_key(data, path, value, mine.place)
        data.setdefault("evaluation", {})["years"] = self.years
        return scenarios.build({**data, "name": self.name}, mine.place)


def read_folder(folder: Path) -> list[Trial]:
    """All trials of a folder, without its subfolders, in order of file name.

    Raises:
        InputError: no such folder, no trial in it, or a mistake in a file.
    """
    if not os.path.isdir(folder):
        raise InputError(f"{folder}: no such folder; name a folder with trial files (*.toml)")
    files = sorted(folder.glob("*.toml"), key=lambda path: path.name)
    if not files:
        raise InputError(f"{folder}: holds no trial files (*.toml)")
    return [read_trial(path) for path in files]


def read_trial(path: Path) -> Trial:
    """The trial in a file, every key checked.

    Raises:
        InputError: naming file, key path, value, what is allowed and the nearest valid name.
    """
    content, where = read_toml(path), str(path)
    check_top(content, where)
    setting = content.get("setting", {})
    check_tables(setting, [name for name in scenarios.sections() if name != "theory"], f"{where}: setting")
    tables = table_at(content, "arms", where)
    trial = Trial(
        name=path.stem,
        setting=setting,
        unknown=read_unknowns(content.get("unknown", {}), f"{where}: unknown"),
        arms={name: read_arm(path, name, table) for name, table in tables.items()},
        outcomes=entries(content, "outcomes", Outcome, where),
        contrasts=entries(content, "contrasts", Contrast, where),
        place=where,
        **{name: content.get(name, "") for name in TEXTS},
    )
    check_trial(trial)
    return trial


def check_top(content: Mapping[str, Any], where: str) -> None:
    """Check the keys at the top of a trial file and the kinds of their values.

    Raises:
        InputError: an unknown or missing key, or a value of the wrong kind.
    """
    allowed = (*TEXTS, *TABLES, *LISTS)
    for name, value in content.items():
        if name not in allowed:
            raise InputError(f"{where}: {name}: no such key in a trial file{nearest(name, allowed) or one_of(allowed)}")
        if name in TEXTS and not isinstance(value, str):
            raise InputError(f"{where}: {name}: {shown(value)} is not text")
        if name in TABLES:
            table_at(content, name, where)
    for name in (*REQUIRED, "arms", "outcomes"):
        if not content.get(name):
            raise InputError(f"{where}: {name}: is missing; every trial file has it")
    if content["kind"] not in KINDS:
        kind = content["kind"]
        raise InputError(f"{where}: kind: {shown(kind)} is not allowed{one_of(KINDS)}{nearest(kind, KINDS)}")


def one_of(names: Iterable[str]) -> str:
    """The end of a message: what is allowed."""
    return f"; allowed is one of {', '.join(names)}"


def table_at(tables: Mapping[str, Any], name: str, where: str) -> dict[str, Any]:
    """A table of a file.

    Raises:
        InputError: another kind of value.
    """
    value = tables.get(name, {})
    if not isinstance(value, dict):
        raise InputError(f"{where}: {name}: {shown(value)} is not a table; write a section [{name}]")
    return value


def check_tables(tables: Mapping[str, Any], allowed: Sequence[str], where: str) -> None:
    """Check that tables are sections that are allowed here, and every key in them.

    Raises:
        InputError: naming the key.
    """
    for name in tables:
        if name not in allowed:
            raise InputError(f"{where}: {name}: does not belong here{one_of(allowed)}")
        table_at(tables, name, where)
    for path in CSV_FILES:
        section, _, key = path.partition(".")
        if key in tables.get(section, {}):
            raise InputError(f"{where}: {path}: a trial's staffroom is drawn, not read from a file; take the key away")
    scenarios.validated(dict(tables), where)


def read_arm(path: Path, name: str, table: Any) -> Arm:
    """An arm of a trial file.

    Raises:
        InputError: a mistake in it, or in a scenario that it extends.
    """
    place = f"{path}: arms.{name}"
    if not isinstance(table, dict):
        raise InputError(f"{place}: {shown(table)} is not a table; write a section [arms.{name}]")
    tables = {key: value for key, value in table.items() if key not in ("extends", "unknown")}
    check_tables(tables, ARM_SECTIONS, place)
    parent = table.get("extends")
    inherited: dict[str, Any] = {}
    if parent is not None:
        inherited = scenarios.read_with_parents(scenarios.find_parent(path, parent), ())
    unknown = read_unknowns(table_at(table, "unknown", place), f"{place}.unknown")
    for entry in unknown:
        if entry.path.partition(".")[0] not in ARM_SECTIONS:
            raise InputError(f"{place}.unknown: {entry.path}: is not an arm's own; move it to [unknown]")
    return Arm(name, tables, {key: inherited[key] for key in ARM_SECTIONS if key in inherited}, unknown, place)


def read_unknowns(table: Mapping[str, Any], where: str) -> tuple[Unknown, ...]:
    """The entries of an ``unknown`` table.

    Raises:
        InputError: an entry that is neither a range nor a list, or a key that cannot be unknown.
    """
    found = flat(table)
    for path in found:
        if path in CSV_FILES or path.partition(".")[0] in ("theory", "title"):
            raise InputError(f"{where}: {path}: cannot be unknown; allowed are the other scenario keys")
    return tuple(read_unknown(path, values, where) for path, values in found.items())


Model = TypeVar("Model", Outcome, Contrast)


def entries(content: Mapping[str, Any], name: str, model: type[Model], where: str) -> tuple[Model, ...]:
    """The entries of a list of tables, with names that differ.

    Raises:
        InputError: naming the entry and its key.
    """
    listed = content.get(name, [])
    if not isinstance(listed, list) or not all(isinstance(entry, dict) for entry in listed):
        raise InputError(f"{where}: {name}: is not a list of tables; begin each with a line [[{name}]]")
    found = tuple(entry_of(entry, model, f"{where}: {name}[{k}]") for k, entry in enumerate(listed, 1))
    names = [entry.name for entry in found]
    twice = next((each for each in names if names.count(each) > 1), None)
    if twice is not None:
        raise InputError(f"{where}: {name}: {shown(twice)} stands twice; give each another name")
    return found


def entry_of(entry: Mapping[str, Any], model: type[Model], where: str) -> Model:
    """One entry of a list of tables.

    Raises:
        InputError: naming the key, the value, what is allowed and the nearest valid name.
    """
    data = dict(entry)
    alignment = data.get("alignment")
    if alignment is not None:
        data["alignment"] = tuple(alignment) if isinstance(alignment, list) else (alignment, alignment)
    if isinstance(data.get("where"), dict):
        data["where"] = flat(data["where"])
    try:
        return model.model_validate(data)
    except pydantic.ValidationError as error:
        raise InputError(explain(error, model, f"{where}{title_of(entry)}")) from None


def title_of(entry: Mapping[str, Any]) -> str:
    """The name of an entry in brackets, for messages."""
    name = entry.get("name")
    return f" ({name})" if isinstance(name, str) and name else ""


def explain(error: pydantic.ValidationError, model: type[Section], where: str) -> str:
    """The first mistake of an entry as one line."""
    first = error.errors(include_url=False)[0]
    name = str(first["loc"][0])
    if first["type"] == "extra_forbidden":
        return f"{where}: {name}: no such key{nearest(name, model.model_fields) or one_of(model.model_fields)}"
    field = model.model_fields[name]
    words = [word for word in words_of(field.annotation) if word is not None]
    allowed = f"one of {', '.join(words)}" if words else field.description
    if first["type"] == "missing":
        return f"{where}: {name}: is missing; allowed is {allowed}"
    return (
        f"{where}: {name}: {shown(first['input'])} is not allowed; allowed is {allowed}{nearest(first['input'], words)}"
    )


def words_of(annotation: Any) -> tuple[str, ...]:
    """The words of a field that takes one of several; empty for other fields."""
    options = [word for part in get_args(annotation) for word in (get_args(part) or (part,))]
    return tuple(word for word in options if isinstance(word, str))


def check_trial(trial: Trial) -> None:
    """Check what more than one key has a part in: names, ranges of what is unknown, numbers that go together.

    Raises:
        InputError: naming the entry.
    """
    arms = list(dict.fromkeys([*trial.arms, CONTROL]))
    for k, outcome in enumerate(trial.outcomes, 1):
        check_outcome(outcome, arms, f"{trial.place}: outcomes[{k}] ({outcome.name})")
    for arm in trial.arms.values():
        check_values(trial, arm)
    names = {outcome.name: outcome for outcome in trial.outcomes}
    for k, contrast in enumerate(trial.contrasts, 1):
        check_contrast(contrast, names, f"{trial.place}: contrasts[{k}] ({contrast.name})")


def check_outcome(outcome: Outcome, arms: Sequence[str], where: str) -> None:
    """Check one outcome against the arms of its file.

    Raises:
        InputError: naming the key.
    """
    for key, arm in (("arm", outcome.arm), ("against", outcome.against)):
        if arm is not None and arm not in arms:
            raise InputError(f"{where}: {key}: no arm {shown(arm)}{nearest(arm, arms) or one_of(arms)}")
    low, high = outcome.alignment
    if not 0.5 <= low <= high <= 2.5:
        raise InputError(
            f"{where}: alignment: {shown(list(outcome.alignment))} is not allowed; "
            "allowed is a number, 0.5 to 2.5, or a range [low, high]"
        )
    if outcome.is_level and (high > 1.0 or outcome.outcome in NO_LEVELS):
        key = "against: is missing" if outcome.outcome in NO_LEVELS else "alignment: a level has none"
        raise InputError(f"{where}: {key}; name the arm that it is compared with{one_of(arms)}")
    if outcome.observed is not None and outcome.se is None:
        raise InputError(f"{where}: se: is missing; what is observed has a standard error, a number above 0")
    setting = [path for path in list(scenarios.keys()) if path.partition(".")[0] not in ARM_SECTIONS]
    for path in outcome.where:
        if path not in setting:
            raise InputError(f"{where}: where.{path}: is no key of the setting{nearest(path, setting)}")


def check_values(trial: Trial, arm: Arm) -> None:
    """Check that an arm can be built: as it stands, at both ends of what is unknown, and in schools of every kind.

    Raises:
        InputError: naming the key and what is allowed.
    """
    trial.scenario(arm.name, {})
    shared = [(entry, f"{trial.place}: unknown") for entry in trial.unknown]
    for entry, where in shared + [(entry, f"{arm.place}.unknown") for entry in arm.unknown]:
        for value in entry.extremes():
            check_built(trial, arm, {entry.path: value}, where)
    for k, outcome in enumerate(trial.outcomes, 1):
        check_built(trial, arm, outcome.where, f"{trial.place}: outcomes[{k}] ({outcome.name}): where")


def check_built(trial: Trial, arm: Arm, values: Mapping[str, Any], where: str) -> None:
    """Check that an arm can be built with values for keys by path, which stand at ``where`` in the file.

    Raises:
        InputError: naming the key and what is allowed.
    """
    try:
        trial.scenario(arm.name, values)
    except InputError as error:
        raise InputError(str(error).replace(arm.place, where, 1)) from None


def check_contrast(contrast: Contrast, outcomes: Mapping[str, Outcome], where: str) -> None:
    """Check one contrast against the outcomes of its file.

    Raises:
        InputError: naming the key.
    """
    for key, name in (("greater", contrast.greater), ("than", contrast.than)):
        if name is not None and name not in outcomes:
            raise InputError(f"{where}: {key}: no outcome {shown(name)} in this file{nearest(name, outcomes)}")
    if (contrast.expected == "about equal") != (contrast.margin is not None):
        need = (
            "is missing; a null finding needs one" if contrast.margin is None else 'goes with expected = "about equal"'
        )
        raise InputError(f"{where}: margin: {need}, a number above 0")
    if contrast.than is not None and outcomes[contrast.greater].is_level != outcomes[contrast.than].is_level:
        raise InputError(f"{where}: than: a level and an effect cannot be compared; both need 'against', or neither")
