"""What the dashboard shows, as one frozen value, and the address that holds the whole of it.

An address is written by hand or kept for years, so reading one never fails: what it cannot use is left out with a note
that says so. No key that names a file is read from an address.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Literal, cast
from urllib.parse import parse_qsl, quote, urlencode

from pdsim import __version__, comparison, library, scenarios, theory
from pdsim.assumptions import PARAMETERS, check_value
from pdsim.comparison import Request
from pdsim.errors import InputError, nearest, shown
from pdsim.outcomes import POPULATIONS
from pdsim.scenarios import CSV_FILES, Scenario, keys
from pdsim.simulate import DRAW_SHARE

LETTERS = "ABCD"
MAX_DESIGNS = len(LETTERS)
MAX_QUERY = 20_000  # letters of an address; browsers and servers agree on no more
MAX_TEACHERS = 2_000  # in one design: more than a room can wait for
BASELINES = ("no-pd", "business-as-usual")
FIRST_PAIR = ("maths-hub", "solo-course")
YEARS = "evaluation.years"  # all designs are looked at over the same years, which the state holds
NOT_IN_ADDRESS = (*CSV_FILES, YEARS)
MAX_PAST = 100

Value = bool | int | float | str | tuple[str, ...] | None
Changes = tuple[tuple[str, Value], ...]


@dataclass(frozen=True)
class Design:
    """A shipped scenario with some of its keys changed.

    ``changes`` are (key path, value) in the order of the register; only what differs from the preset.
    """

    preset: str
    changes: Changes = ()

    def scenario(self) -> Scenario:
        """The design as a scenario, under the preset's name.

        Raises:
            InputError: the changes do not go together.
        """
        return scenario_of(self)

    def name(self, letter: str) -> str:
        """What sentences call the design.

        >>> Design("maths-hub").name("A")
        'A (maths-hub)'
        """
        return f"{letter} ({self.preset}{', changed' if self.changes else ''})"


@lru_cache(maxsize=512)
def scenario_of(design: Design) -> Scenario:
    """See :meth:`Design.scenario`."""
    scenario = preset_of(design.preset).with_(**dict(design.changes))
    check_size(scenario)
    return scenario


@lru_cache(maxsize=64)
def preset_of(name: str) -> Scenario:
    """A shipped scenario."""
    return scenarios.load(name)


def check_size(scenario: Scenario) -> None:
    """The dashboard simulates no more teachers than a room can wait for.

    Raises:
        InputError: more than ``MAX_TEACHERS``.
    """
    staff = scenario.staff.schools * scenario.staff.teachers_per_school
    teachers = staff + scenario.partners.schools * scenario.partners.teachers_per_school
    if teachers > MAX_TEACHERS:
        raise InputError(
            f"{scenario.name}: {teachers:,} teachers; the dashboard simulates at most {MAX_TEACHERS:,}, "
            "and pdsim compare in a terminal more"
        )


def value_at(scenario: Scenario, path: str) -> Value:
    """Value of a scenario at a key's path; ``programme.carriers.x`` is the carrier of a mechanism, or None."""
    found: Any = scenario
    for name in path.split(".", 2 if path.startswith("programme.carriers.") else -1):
        found = found.get(name) if isinstance(found, Mapping) else getattr(found, name)
    return cast(Value, found)


def changed(design: Design, path: str, value: Value) -> Design:
    """The design with one key changed; a value that is the preset's own leaves no mark.

    Raises:
        InputError: no such key, a value that is not allowed, or one that does not go with the others.
    """
    check_path(path)
    whole = scenario_of(replace(design, changes=ordered({**dict(design.changes), path: value})))
    preset = scenario_of(Design(design.preset))
    others = {key: old for key, old in design.changes if key != path}
    if value_at(whole, path) != value_at(preset, path):
        others[path] = value_at(whole, path)
    return replace(design, changes=ordered(others))


def check_path(path: str) -> None:
    """Whether a key may be changed here; the register says whether it exists.

    Raises:
        InputError: a key that names a file, or the years, which are the same for all designs.
    """
    if path in CSV_FILES:
        raise InputError(f"{path}: names a file, which a page does not read; use pdsim compare in a terminal")
    if path == YEARS:
        raise InputError(f"{path}: all designs are looked at over the same years; write years=")


def ordered(changes: Mapping[str, Value]) -> Changes:
    """Changes in the order of the register, so that equal designs compare equal."""
    place = {path: index for index, path in enumerate(keys())}
    return tuple(sorted(changes.items(), key=lambda item: (place.get(item[0], len(place)), item[0])))


@dataclass(frozen=True)
class State:
    """All that a dashboard shows.

    ``assumptions`` are fixed in every draw and design; ``people`` is the population whose effects are drawn; ``view``
    are settings of single pages, by name, as their pages declare them.
    """

    designs: tuple[Design, ...] = tuple(Design(name) for name in FIRST_PAIR)
    baseline: str = "no-pd"
    theory: str = "posterior"
    assumptions: tuple[tuple[str, float], ...] = ()
    seed: int = comparison.DEFAULT_SEED
    replicates: int = comparison.DEFAULT_REPLICATES
    years: int = 2
    people: str = "all"
    page: str = "compare"
    present: bool = False
    view: tuple[tuple[str, str], ...] = ()

    def names(self) -> tuple[str, ...]:
        """What sentences call the designs."""
        return tuple(design.name(letter) for letter, design in zip(LETTERS, self.designs, strict=False))

    def request(self) -> Request:
        """The comparison that the state asks for.

        Raises:
            InputError: designs and settings do not go together.
        """
        designs = [
            design.scenario().model_copy(update={"name": name})
            for name, design in zip(self.names(), self.designs, strict=True)
        ]
        fixed = {f"theory.{name}": value for name, value in self.assumptions}
        return comparison.resolve(designs, self.baseline, self.replicates, self.years, self.seed, self.theory, fixed)


@dataclass(frozen=True)
class Setting:
    """A setting of the state that stands in the address as one word or number.

    ``words`` are all allowed values, or else ``low``-``high`` a whole number's range, in steps of ``step``.
    """

    name: str
    label: str
    meaning: str
    words: tuple[str, ...] = ()
    low: int = 0
    high: int = 0
    step: int = 1

    def read(self, text: str) -> str | int:
        """The value in a text.

        Raises:
            InputError: naming the setting and what is allowed.
        """
        if self.words:
            if text not in self.words:
                allowed = ", ".join(self.words)
                raise InputError(f"{self.name}={text[:40]}: allowed is one of {allowed}{nearest(text, self.words)}")
            return text
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 12 else -1
        if not self.low <= number <= self.high or number % self.step:
            steps = f" in steps of {self.step}" if self.step > 1 else ""
            raise InputError(f"{self.name}={text[:40]}: allowed is a whole number, {self.low} to {self.high}{steps}")
        return number


SETTINGS = {
    setting.name: setting
    for setting in (
        Setting("people", "Whose results", "all staff, those who take part, or their colleagues", POPULATIONS),
        Setting("years", "School years", "how long to look, for all designs", low=1, high=10),
        Setting("baseline", "Compared with", "the world without these programmes", BASELINES),
        Setting("theory", "Assumptions", "under which assumptions to run", theory.KINDS),
        Setting("replicates", "Simulated worlds", "more take longer and say more", low=20, high=1000, step=DRAW_SHARE),
        Setting("seed", "Seed of luck", "the same seed gives the same numbers", low=0, high=2**32 - 1),
    )
}


def with_setting(state: State, name: str, text: str) -> State:
    """The state with one of ``SETTINGS`` read from a text.

    Raises:
        InputError: no such setting, or a value that is not allowed.
    """
    if name not in SETTINGS:
        raise InputError(f"{name}: no such setting{nearest(name, SETTINGS)}")
    found: dict[str, Any] = {name: SETTINGS[name].read(text)}
    return replace(state, **found)


def with_assumption(state: State, name: str, value: float | None) -> State:
    """The state with an assumption fixed in every draw, or left to the draws again (None).

    Raises:
        InputError: no such assumption, or out of range.
    """
    fixed = dict(state.assumptions)
    fixed.pop(name, None)
    if value is not None:
        fixed[name] = check_value(name, value)
    return replace(state, assumptions=tuple((key, fixed[key]) for key in PARAMETERS if key in fixed))


def with_design(state: State, index: int, design: Design) -> State:
    """The state with another design at a place; its scenario is checked.

    Raises:
        InputError: no such place or preset, or changes that do not go together.
    """
    if not 0 <= index < len(state.designs):
        raise InputError(f"design {index}: there are {len(state.designs)}")
    if design.preset not in library.shipped():
        raise InputError(f"{shown(design.preset)}: no shipped scenario{nearest(design.preset, library.shipped())}")
    design.scenario()
    designs = list(state.designs)
    designs[index] = design
    return replace(state, designs=tuple(designs))


def add_design(state: State, preset: str) -> State:
    """The state with one more design.

    Raises:
        InputError: there are four already, or no such preset.
    """
    if len(state.designs) >= MAX_DESIGNS:
        raise InputError(f"there are {MAX_DESIGNS} designs; more do not fit side by side")
    return with_design(replace(state, designs=(*state.designs, Design("no-pd"))), len(state.designs), Design(preset))


def remove_design(state: State, index: int) -> State:
    """The state without the design at a place; two stay.

    Raises:
        InputError: there are only two.
    """
    if len(state.designs) <= 2:
        raise InputError("a comparison needs two designs")
    return replace(state, designs=state.designs[:index] + state.designs[index + 1 :])


# --- the address ---------------------------------------------------------------------------------------------------


def address(state: State) -> str:
    """The query of the address that opens the state again; what is as usual is left out.

    >>> address(State())
    'page=compare&a=maths-hub&b=solo-course&version=0.1.0'
    """
    usual = State()
    items = [("page", state.page)]
    for letter, design in zip(LETTERS.lower(), state.designs, strict=False):
        items.append((letter, design.preset))
        items += [(f"{letter}.{path}", value_text(value)) for path, value in design.changes]
    items += [(n, str(getattr(state, n))) for n in SETTINGS if getattr(state, n) != getattr(usual, n)]
    items += [(f"theory.{name}", value_text(value)) for name, value in state.assumptions]
    items += [("present", "yes")] if state.present else []
    items += [(f"view.{name}", value) for name, value in state.view]
    return urlencode([*items, ("version", __version__)], quote_via=quote, safe='",[]')


def value_text(value: Value) -> str:
    """A value as it stands in an address.

    >>> value_text(2.0), value_text(True), value_text(("a", "b")), value_text(None)
    ('2.0', 'true', '["a","b"]', '')
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"))


def read_value(path: str, text: str) -> Value:
    """A value of a key from an address; see :func:`value_text`."""
    value = None if text == "" else scenarios.parse_setting(f"{path}={text}")[1]
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    return value if isinstance(value, bool | int | float | str | None) else text


@dataclass
class Reader:
    """Reads an address piece by piece; ``notes`` collect what was left out, and why."""

    state: State = field(default_factory=State)
    notes: list[str] = field(default_factory=list)

    def attempt(self, step: Any, *arguments: Any) -> Any:
        """Result of a step; None and a note where the address is wrong."""
        try:
            return step(*arguments)
        except InputError as error:
            self.notes.append(str(error))
            return None


def read_address(query: str, pages: Iterable[str] = ("compare",)) -> tuple[State, tuple[str, ...]]:
    """The state in an address's query, and notes on what it could not use.

    Args:
        query: with or without the question mark.
        pages: names of the pages that there are.

    >>> read_address("?page=compare&a=maths-hub&b=solo-course")[0] == State()
    True
    """
    reader = Reader()
    if len(query) > MAX_QUERY:
        return reader.state, ("The link is too long to be one of pdsim's; this is the usual first page.",)
    items = parse_qsl(query.removeprefix("?"), keep_blank_values=True)
    rest = read_designs(reader, items)
    for name, text in rest:
        read_item(reader, name, text, tuple(pages))
    return reader.state, tuple(reader.notes)


def read_designs(reader: Reader, items: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Read the designs of an address into the state; returns what is not about designs."""
    presets: dict[str, str] = {}
    changes: dict[str, dict[str, str]] = {}
    rest = []
    for name, text in items:
        letter, _, path = name.partition(".")
        if letter.upper() not in LETTERS or len(letter) != 1:
            rest.append((name, text))
        elif path:
            changes.setdefault(letter, {})[path] = text
        else:
            presets[letter] = text
    designs = [d for letter in sorted(presets) if (d := read_design(reader, presets[letter], changes.get(letter, {})))]
    for letter in sorted(set(changes) - set(presets)):
        reader.notes.append(f"{letter}.…: the link changes design {letter.upper()} and does not name it; left out")
    usual = [design for design in State().designs if design not in designs]
    if presets and len(designs) < 2:
        reader.notes.append("The link names fewer than two designs that exist; usual ones stand in.")
    reader.state = replace(reader.state, designs=tuple((designs + usual[: max(0, 2 - len(designs))])[:MAX_DESIGNS]))
    return rest


def read_design(reader: Reader, preset: str, texts: Mapping[str, str]) -> Design | None:
    """One design of an address: all its changes at once, or else as many as go together."""
    if preset not in library.shipped():
        reader.notes.append(f"{shown(preset)}: no shipped scenario{nearest(preset, library.shipped())}; left out")
        return None
    values: dict[str, Value] = {}
    for path, text in texts.items():
        if path in NOT_IN_ADDRESS:
            reader.attempt(check_path, path)
        else:
            values[path] = read_value(path, text)
    design = Design(preset)
    try:
        scenario = scenario_of(Design(preset, ordered(values)))
    except InputError:
        for path, value in values.items():
            design = reader.attempt(changed, design, path, value) or design
        return design
    preset_scenario = scenario_of(design)
    found = {path: value_at(scenario, path) for path in values}
    return Design(preset, ordered({p: v for p, v in found.items() if v != value_at(preset_scenario, p)}))


def read_item(reader: Reader, name: str, text: str, pages: tuple[str, ...]) -> None:
    """Read one item of an address that is not about a design into the state."""
    state = reader.state
    if name == "version":
        if text != __version__:
            reader.notes.append(f"The link was made with pdsim {text[:20]}, this is {__version__}: numbers may differ.")
    elif name == "page":
        read = reader.attempt(Setting("page", "", "", pages).read, text)
        reader.state = replace(state, page=read or state.page)
    elif name == "present":
        reader.state = replace(state, present=text == "yes")
    elif name in SETTINGS:
        reader.state = reader.attempt(with_setting, state, name, text) or state
    elif name.startswith("theory."):
        value = read_value(name, text)
        reader.state = reader.attempt(with_assumption, state, name.removeprefix("theory."), value) or state
    elif name.startswith("view."):
        reader.state = replace(state, view=(*state.view, (name.removeprefix("view.")[:40], text[:200])))
    else:
        reader.notes.append(f"{name[:40]}: no such key; left out")


# --- undo ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class History:
    """The state and the way to it.

    ``last`` names what the last step changed: steps of one slider are one step to undo.
    """

    now: State
    past: tuple[State, ...] = ()
    future: tuple[State, ...] = ()
    last: str = ""

    def to(self, state: State, what: str = "") -> History:
        """The history after a step; ``what`` names it, so that a run of the same is one step."""
        if state == self.now:
            return self
        past = self.past if what and what == self.last else (*self.past, self.now)[-MAX_PAST:]
        return History(state, past, (), what)

    def step(self, direction: Literal["undo", "redo"]) -> History:
        """One step back, or forth again; the same where there is none."""
        if direction == "undo" and self.past:
            return History(self.past[-1], self.past[:-1], (self.now, *self.future))
        if direction == "redo" and self.future:
            return History(self.future[0], (*self.past, self.now), self.future[1:])
        return self
