"""Scenario files: a PD design and its setting, from TOML to a frozen, complete, validated :class:`Scenario`.

The pydantic models below are the one register of keys: label, unit, range and help stand with each field, and errors,
documentation and controls are made from them.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

import pydantic
from pydantic import BaseModel, ConfigDict, Field, field_validator

from pdsim import assumptions, library
from pdsim.errors import InputError, nearest, read_toml, shown
from pdsim.kernel.records import WEEKS
from pdsim.staffroom import Staffroom, read_staffroom

Carrier = Literal["facilitator", "materials", "self", "peers"]
CARRIERS: tuple[str, ...] = get_args(Carrier)
GROUPS = ("build knowledge", "motivate teachers", "develop teaching techniques", "embed practice")

# The 14 mechanisms of the EEF review (Sims et al. 2021): group, and who carries each when a file does not say
# (*assumption*).
MECHANISMS: dict[str, tuple[str, Carrier]] = {
    "managing cognitive load": ("build knowledge", "facilitator"),
    "revisiting prior learning": ("build knowledge", "facilitator"),
    "setting and agreeing on goals": ("motivate teachers", "facilitator"),
    "presenting information from a credible source": ("motivate teachers", "facilitator"),
    "providing affirmation and reinforcement after progress": ("motivate teachers", "facilitator"),
    "instructing teachers on how to perform a technique": ("develop teaching techniques", "facilitator"),
    "arranging practical social support": ("develop teaching techniques", "peers"),
    "modelling the technique": ("develop teaching techniques", "facilitator"),
    "monitoring and providing feedback": ("develop teaching techniques", "facilitator"),
    "rehearsing the technique": ("develop teaching techniques", "facilitator"),
    "providing prompts and cues": ("embed practice", "materials"),
    "prompting action planning": ("embed practice", "facilitator"),
    "encouraging monitoring": ("embed practice", "self"),
    "prompting context-specific repetition": ("embed practice", "facilitator"),
}
MAX_PROGRAMME_WEEKS = 3 * WEEKS
MAX_TEACHERS = 600_000
TEXTS = ("title", "source", "says", "choices")  # keys at the top of a file
CSV_FILES = ("staff.teachers", "network.edges")  # keys that name a file


def key(default: Any, label: str, unit: str, meaning: str, low: float | None = None, high: float | None = None,
        step: float | None = None) -> Any:  # fmt: skip
    """A field of the register: default, label, unit, meaning, range (both ends allowed) and a step for sliders."""
    return Field(
        default, ge=low, le=high, title=label, description=meaning, json_schema_extra={"unit": unit, "step": step}
    )


class Section(BaseModel):
    """A section of a scenario file: frozen, strict, no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


# fmt: off
class Staff(Section):
    """[staff]: who the teachers are."""

    schools: int = key(1, "Schools", "schools", "how many schools the staff work in", 1, 20_000, 1)
    teachers_per_school: int = key(40, "Teachers per school", "teachers", "how many teachers each school has", 2, 2000, 1)
    departments: int = key(5, "Departments", "departments", "departments (or year groups) in each school", 1, 50, 1)
    expertise: float = key(0.35, "Expertise", "0-1", "insight and technique that ordinary teachers have in the practice", 0.02, 0.98, 0.05)
    expertise_spread: float = key(0.12, "Spread of expertise", "SD", "how much teachers differ in expertise", 0.0, 0.5, 0.01)
    expert_share: float = key(0.1, "Share of experts", "share", "share of teachers who are experts in the practice", 0.0, 1.0, 0.05)
    expert_level: float = key(0.75, "Level of experts", "0-1", "insight and technique that experts have", 0.02, 0.98, 0.05)
    experience: float = key(10.4, "Experience", "years", "mean years of experience before experienced_share is applied", 0.5, 35.0, 0.5)
    experience_spread: float = key(10.4, "Spread of experience", "years (SD)", "how much teachers differ in experience", 0.5, 20.0, 0.5)
    experienced_share: float | None = key(None, "Share of the experienced", "share", "share of teachers with ten or more years; left out: as it falls", 0.0, 1.0, 0.05)
    teachers: str | None = key(None, "Teacher table", "CSV file", "a real school's teachers: columns teacher, and optionally years_of_experience, school, department")


class Network(Section):
    """[network]: whom teachers turn to for advice."""

    ties: float = key(3.5, "Advice ties", "colleagues", "colleagues that a teacher turns to, on average, whatever the school's size", 0.0, 12.0, 0.5)
    ties_spread: float = key(2.7, "Spread of ties", "SD", "how much teachers differ in that", 0.0, 8.0, 0.1)
    nobody_share: float = key(0.2, "Turn to nobody", "share", "share of teachers who turn to nobody", 0.0, 1.0, 0.05)
    ties_across: float = key(0.05, "Ties across schools", "share", "share of ties to other schools or partners of the programme", 0.0, 1.0, 0.05)
    everyday_advice: float = key(1.0, "Everyday advice", "factor", "strength of everyday advice; 0: colleagues do not talk about teaching", 0.0, 3.0, 0.1)
    edges: str | None = key(None, "Advice network", "CSV file", "a real school's ties: columns from, to, and optionally weight")


class Partners(Section):
    """[partners]: those whom a cross-school programme brings in; they count in no result."""

    schools: int = key(0, "Partner schools", "schools", "schools from which the programme brings in teachers", 0, 100, 1)
    teachers_per_school: int = key(2, "Partners per school", "teachers", "teachers brought in from each partner school", 1, 100, 1)
    expertise: float = key(0.35, "Partners' expertise", "0-1", "insight and technique of ordinary partners", 0.02, 0.98, 0.05)
    expert_share: float = key(0.1, "Experts among partners", "share", "share of partners who are experts", 0.0, 1.0, 0.05)
    experience: float = key(10.4, "Partners' experience", "years", "mean years of experience of partners", 0.5, 35.0, 0.5)


if TYPE_CHECKING:
    Mechanism = str
else:
    Mechanism = Literal[tuple(MECHANISMS)]


class Programme(Section):
    """[programme]: the PD itself."""

    format: Literal["solo", "collaborative"] = key("solo", "Format", "", "whether teachers also work together in teams")
    mechanisms: tuple[Mechanism, ...] = key((), "Mechanisms", "of 14", "the mechanisms of the EEF review that the programme uses")
    carriers: dict[Mechanism, Carrier] = key({}, "Carriers", "", "who carries a mechanism, where it is not the usual carrier")
    sessions: int = key(0, "Sessions", "sessions", "number of sessions; 0: no programme", 0, MAX_PROGRAMME_WEEKS, 1)
    weeks_between: int = key(1, "Weeks between sessions", "school weeks", "school weeks from one session to the next", 1, 39, 1)
    first_week: int = key(2, "First session", "school week", "school week of the first session (0: first week of the first year)", 0, 116, 1)
    hours: float = key(1.0, "Hours per session", "hours", "hours of each session", 0.0, 12.0, 0.5)
    content: float = key(0.5, "Content quality", "0-1", "how good the content is; 0: there is nothing to learn", 0.0, 1.0, 0.05)
    facilitator: float = key(0.6, "Facilitator's expertise", "0-1", "expertise of whoever leads", 0.0, 1.0, 0.05)
    fidelity: float = key(0.8, "Fidelity", "0-1", "share of the design that is delivered", 0.0, 1.0, 0.05)
    value: float = key(1.0, "Value of the practice", "factor", "what the practice is worth to pupils (1: as in the trials; 0: nothing; below 0: harm)", -1.0, 2.0, 0.1)
    per_facilitator: float = key(20.0, "Participants per facilitator", "teachers", "1: one-to-one", 1.0, 1000.0, 1.0)
    attendance: Literal["required", "voluntary"] = key("required", "Attendance", "", "whether teachers may stay away")
    who: Literal["everyone", "volunteers", "chosen", "least-experienced", "champions"] = key("everyone", "Who takes part", "", "who of each school takes part; champions pass it on to their colleagues")
    share_taking_part: float = key(1.0, "Share taking part", "share", "share of each school's staff who take part", 0.0, 1.0, 0.05)
    count_per_school: int = key(0, "Count taking part", "teachers", "teachers of each school who take part; 0: share_taking_part counts", 0, 2000, 1)
    cascade_hours: float = key(0.0, "Hours passed on", "hours", "hours per session that champions pass on to colleagues", 0.0, 12.0, 0.5)
    schools_taking_part: int = key(0, "Schools taking part", "schools", "how many of the schools take part; 0: all", 0, 20_000, 1)
    lesson_time: float = key(0.3, "Taken from lessons", "share", "share of the hours for which lessons are covered", 0.0, 1.0, 0.05)


class Channels(Section):
    """[collaboration.channels]: each path by which collaboration can act, switched off with false."""

    insight_exchange: bool = key(True, "Insight exchange", "", "team-mates exchange insight, and talk deepens the content")
    technique_exchange: bool = key(True, "Technique exchange", "", "team-mates model, observe and give feedback")
    peer_mechanisms: bool = key(True, "Peer-carried mechanisms", "", "mechanisms whose carrier is peers")
    norms: bool = key(True, "Norms", "", "team-mates' visible use sets a norm")
    lasting_ties: bool = key(True, "Lasting ties", "", "team-mates become lasting advisers")
    palatability: bool = key(True, "Palatability", "", "company moves reaction, attendance and motivation")
    organisational_support: bool = key(True, "Organisational support", "", "visible joint work raises support")
    coordination_cost: bool = key(True, "Coordination cost", "", "working together takes time")


class Collaboration(Section):
    """[collaboration]: how a collaborative programme works together."""

    together: float = key(0.5, "Share of hours together", "share", "share of the hours that teams spend together", 0.0, 1.0, 0.05)
    team_size: int = key(4, "Team size", "teachers", "team size aimed at", 2, 30, 1)
    teams: Literal["within-departments", "within-schools", "across-schools", "expert-novice-pairs"] = key("within-schools", "Teams", "", "how teams are made")
    channels: Channels = Channels()


class School(Section):
    """[school]: the organisation."""

    leadership: float = key(0.5, "Leadership", "0-1", "how much leaders back professional learning", 0.0, 1.0, 0.05)
    leadership_spread: float = key(0.12, "Spread of leadership", "SD", "how much schools differ in it", 0.0, 0.5, 0.01)
    turnover: float = key(0.085, "Turnover", "share a year", "share of staff who leave in a typical year", 0.0, 0.9, 0.01)
    background_hours: float = key(24.0, "Other PD", "hours a year", "hours of other professional development, in every design", 0.0, 200.0, 1.0)


class Evaluation(Section):
    """[evaluation]: how long to look, and with what."""

    years: int = key(2, "Years", "years", "school years to simulate", 1, 10, 1)
    pupils_per_class: int = key(25, "Pupils per class", "pupils", "pupils of each teacher in a year", 5, 200, 1)
    lessons_observed: int = key(3, "Lessons observed", "lessons", "lessons behind a practice score", 1, 30, 1)
    test_alignment: float = key(1.0, "Test alignment", "factor", "how much a test is aligned to the programme (1: independent test; up to 2: made by its authors)", 0.5, 2.5, 0.1)


class Costs(Section):
    """[costs]: prices in pounds."""

    facilitator_per_hour: float = key(120.0, "Facilitator", "GBP an hour", "for an hour of instruction, with preparation (assumption)", 0.0, 5000.0, 10.0)
    facilitator_together: float = key(1.0, "Facilitator stays", "share", "share of the hours together for which facilitators are paid", 0.0, 1.0, 0.1)
    cover_per_hour: float = key(36.0, "Cover", "GBP an hour", "for an hour of lessons covered (about GBP 215 a day)", 0.0, 500.0, 1.0)
    materials_per_teacher: float = key(30.0, "Materials", "GBP", "for each participant, once (assumption)", 0.0, 5000.0, 5.0)
    staff_per_hour: float = key(0.0, "Teachers' own time", "GBP an hour", "0: reported as hours and not priced, as the EEF does", 0.0, 200.0, 1.0)


# fmt: on
class Scenario(Section):
    """A complete design in its setting. Make one with :func:`load` or :meth:`with_`; it never changes."""

    name: str = "unnamed"
    title: str = ""
    source: str = ""
    says: str = ""
    choices: str = ""
    staff: Staff = Staff()
    network: Network = Network()
    partners: Partners = Partners()
    programme: Programme = Programme()
    collaboration: Collaboration = Collaboration()
    school: School = School()
    evaluation: Evaluation = Evaluation()
    costs: Costs = Costs()
    theory: dict[str, float] = {}
    staffroom: Staffroom | None = None

    @field_validator("theory", mode="before")
    @classmethod
    def assumptions_exist(cls, values: Any) -> Any:
        """Names and ranges of the assumptions that are overridden."""
        if not isinstance(values, Mapping):
            return values
        return {name: assumptions.check_value(name, value) for name, value in values.items()}

    def with_(self, **changes: Any) -> Scenario:
        """A copy with keys changed, for example ``.with_(**{"staff.expert_share": 0.3})``.

        Raises:
            InputError: unknown key, wrong type or range.

        >>> load("no-pd").with_(**{"staff.schools": 3}).staff.schools
        3
        """
        data = self.model_dump()
        for path, value in changes.items():
            set_key(data, path, value, self.name)
        return build(data, self.name)

    def solo_twin(self, kind: Literal["stripped", "replaced"] = "stripped") -> Scenario:
        """The same programme without collaboration, with the same people, instruction and luck.

        "stripped": what peers carried is dropped and the time together is free. "replaced": peers' mechanisms and the
        time together pass to the facilitator, so that hours are equal.
        """
        programme = self.programme
        carriers = {m: programme.carriers.get(m, MECHANISMS[m][1]) for m in programme.mechanisms}
        together = self.collaboration.together if programme.format == "collaborative" else 0.0
        data = self.model_dump()
        data["name"] = f"{self.name}-solo-{kind}"
        data["programme"]["format"] = "solo"
        if kind == "stripped":
            data["programme"]["mechanisms"] = tuple(m for m in programme.mechanisms if carriers[m] != "peers")
            data["programme"]["hours"] = programme.hours * (1.0 - together)
        else:
            data["programme"]["carriers"] = {m: "facilitator" if c == "peers" else c for m, c in carriers.items()}
        return Scenario.model_validate(data)

    def in_the_world_of(self, other: Scenario) -> Scenario:
        """This programme, with its collaboration and costs, in the staffroom and schools of another scenario.

        The practice is that of the other too: what it is worth to pupils does not depend on who is trained in it.
        """
        return other.model_copy(
            update={"name": self.name, "title": self.title, "programme": self.programme.model_copy(
                update={"schools_taking_part": other.programme.schools_taking_part, "value": other.programme.value}),
                "collaboration": self.collaboration, "costs": self.costs}
        )  # fmt: skip


@dataclass(frozen=True)
class Key:
    """One entry of the register of keys: where it stands, what it means, what is allowed."""

    path: str
    label: str
    unit: str
    meaning: str
    kind: str
    default: Any
    low: float | None = None
    high: float | None = None
    step: float | None = None
    words: tuple[str, ...] = ()

    @property
    def allowed(self) -> str:
        """What is allowed, in words."""
        if self.words:
            return "one of " + ", ".join(self.words) if self.kind != "list" else "a list of mechanisms"
        if self.low is not None:
            kind = "a whole number, " if self.kind == "int" else "a number, "
            unit = "" if self.unit in ("0-1", "share", "factor") else self.unit
            return f"{kind}{self.low:g} to {self.high:g} {unit}".strip()
        text = f"the name of a {self.unit}" if self.unit else "text"
        return {"bool": "true or false", "str": text, "table": "a table of mechanism = carrier"}.get(
            self.kind, self.kind
        )


def _kind_and_words(annotation: Any) -> tuple[str, tuple[str, ...]]:
    """Kind of a field ("int", "float", "bool", "str", "word", "list", "table") and its allowed words."""
    options = [a for a in get_args(annotation) if a is not type(None)]
    if get_origin(annotation) is Literal:
        return "word", get_args(annotation)
    if get_origin(annotation) is tuple:
        return "list", tuple(MECHANISMS)
    if get_origin(annotation) is dict:
        return "table", ()
    plain = options[0] if options else annotation
    return plain.__name__, ()


@cache
def keys() -> dict[str, Key]:
    """The register of scenario keys by path, for example "staff.expert_share"."""
    found: dict[str, Key] = {}

    def collect(model: type[BaseModel], prefix: str) -> None:
        for name, field in model.model_fields.items():
            annotation = field.annotation
            if isinstance(annotation, type) and issubclass(annotation, Section) and annotation is not Staffroom:
                collect(annotation, f"{prefix}{name}.")
            elif prefix:
                kind, words = _kind_and_words(annotation)
                extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
                low = next((m.ge for m in field.metadata if hasattr(m, "ge")), None)
                high = next((m.le for m in field.metadata if hasattr(m, "le")), None)
                found[prefix + name] = Key(
                    prefix + name, field.title or name, str(extra.get("unit", "")), field.description or "", kind,
                    field.default, low, high, extra.get("step"), words,  # type: ignore[arg-type]
                )  # fmt: skip

    collect(Scenario, "")
    return found


def set_key(data: dict[str, Any], path: str, value: Any, where: str) -> None:
    """Set the key at a dotted path in a scenario's nested tables; a file's path counts from the current folder.

    Raises:
        InputError: no such key.
    """
    if path in CSV_FILES:
        data["staffroom"] = None
        value = str(Path(value).absolute()) if isinstance(value, str) and value else value
    section, _, rest = path.partition(".")
    open_ended = next((start for start in ("theory.", "programme.carriers.") if path.startswith(start)), "")
    if path not in keys() and path != "title" and not open_ended:
        if section in sections() and not rest:
            raise InputError(f"{where}: {path}: is a whole section; name a key in it, for example {first_key(section)}")
        hint = nearest(path, [*keys(), *(f"theory.{name}" for name in assumptions.PARAMETERS)])
        raise InputError(f"{where}: {path}: no such key{hint}")
    *tables, last = [*open_ended.split(".")[:-1], path.removeprefix(open_ended)] if open_ended else path.split(".")
    table = data
    for name in tables:
        table = table.setdefault(name, {})
    table[last] = value


def sections() -> list[str]:
    """Names of the sections at the top level of a file."""
    return [name for name, field in Scenario.model_fields.items() if isinstance(field.default, Section | dict)]


def first_key(section: str) -> str:
    """A key of a section, as an example."""
    return next(
        (path for path in keys() if path.startswith(f"{section}.")), f"{section}.{assumptions.REGISTER[0].name}"
    )


def parse_setting(text: str) -> tuple[str, Any]:
    """A ``--set`` option "key=value" as (key, value); the value is read as TOML, or else as plain text.

    Raises:
        InputError: no "=" or nothing before it.

    >>> parse_setting("staff.expert_share=0.3")
    ('staff.expert_share', 0.3)
    """
    path, equals, value = text.partition("=")
    if not equals or not path.strip():
        raise InputError(f"--set {shown(text)}: write key=value, for example --set staff.expert_share=0.3")
    try:
        read = tomllib.loads(f"value = {value.strip()}")
    except (ValueError, RecursionError):
        read = {}
    return path.strip(), read["value"] if len(read) == 1 else value.strip()


def load(name: str | Path, settings: Mapping[str, Any] | None = None) -> Scenario:
    """The scenario of a shipped short name or a path, with optional settings by key path.

    Raises:
        InputError: unknown name, unreadable or invalid file, a cycle in ``extends``, an invalid setting.

    >>> load("no-pd").programme.sessions
    0
    """
    path = find(name)
    data = read_with_parents(path, ())
    where = f"{path} with --set" if settings else str(path)
    for setting, value in (settings or {}).items():
        set_key(data, setting, value, where)
    return build({**data, "name": path.stem}, where)


def find(name: str | Path) -> Path:
    """Path of a scenario given by short name or path.

    Raises:
        InputError: neither a shipped name nor a file.
    """
    shipped = library.shipped()
    if str(name) in shipped:
        return shipped[str(name)]
    path = Path(name)
    if path.suffix == ".toml" or os.path.exists(name):
        return path
    raise InputError(
        f"{shown(str(name))}: no scenario of that name and no such file{nearest(str(name), shipped)} ('pdsim list' shows all)"
    )


def read_with_parents(path: Path, children: tuple[str, ...]) -> dict[str, Any]:
    """Tables of a scenario file on top of those it ``extends``, file paths in it made absolute.

    Every file of the chain is checked on its own, so that a mistake is shown where it stands.

    Raises:
        InputError: unreadable or invalid file, a cycle or more than 20 files in a chain of ``extends``.
    """
    place = os.path.realpath(path)
    if place in children:
        raise InputError(f"{path}: extends: a cycle ({' -> '.join(Path(p).stem for p in (*children, place))})")
    if len(children) > 20:
        raise InputError(f"{path}: extends: more than 20 files deep")
    data = read_toml(path)
    parent = data.pop("extends", None)
    check_sections(data, str(path))
    for section, name in (key.split(".") for key in CSV_FILES):
        table = data.get(section, {})
        if isinstance(table.get(name), str) and table[name]:
            table[name] = str(path.absolute().parent / table[name])
    if parent is not None:
        data = merge(read_with_parents(find_parent(path, parent), (*children, place)), data)
    validated(data, str(path))
    return data


def check_sections(data: Mapping[str, Any], where: str) -> None:
    """Check the names at the top level of a file, and that sections are tables.

    Raises:
        InputError: naming where a key belongs, or the nearest valid name.
    """
    allowed = [*sections(), *TEXTS]
    for name, value in data.items():
        if name not in allowed:
            kind = "section" if isinstance(value, dict) else "key at the top of the file"
            raise InputError(
                f"{where}: {name}: no such {kind}{home_of(name, [*allowed, 'extends', 'collaboration.channels'])}"
            )
        if name not in TEXTS and not isinstance(value, dict):
            raise InputError(f"{where}: {name}: {shown(value)} is not a table; write a section [{name}]")


def find_parent(path: Path, parent: Any) -> Path:
    """Path of the scenario that a file extends: a shipped name, or a file beside it with or without its ending.

    Raises:
        InputError: not a text, or no such scenario.
    """
    if not isinstance(parent, str):
        raise InputError(f"{path}: extends: {shown(parent)} is not the name of a scenario")
    shipped = library.shipped()
    if parent in shipped:
        return shipped[parent]
    for beside in (path.parent / f"{parent}.toml", path.parent / parent):
        if os.path.isfile(beside):
            return beside
    names = [*shipped, *(other.stem for other in path.parent.glob("*.toml"))]
    raise InputError(
        f"{path}: extends: no scenario {shown(parent)}, shipped or beside this file{nearest(parent, names)}"
    )


def merge(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Tables merged key by key; where both have a key, ``above`` counts."""
    out = dict(below)
    for name, value in above.items():
        old = out.get(name)
        out[name] = merge(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return out


def build(data: dict[str, Any], where: str) -> Scenario:
    """A validated scenario from nested tables, with the staffroom that its CSV files hold.

    Raises:
        InputError: naming ``where``, the key path, the value, what is allowed and the nearest valid name.
    """
    scenario = validated(data, where)
    files = {path: getattr(getattr(scenario, path.partition(".")[0]), path.partition(".")[2]) for path in CSV_FILES}
    if scenario.staffroom is None and any(files.values()):
        for path, file in files.items():
            if file and (os.path.isdir(file) or not os.path.exists(file)):
                raise InputError(f"{where}: {path}: {file}: no such file")
        room = read_staffroom(files["network.edges"] or None, files["staff.teachers"] or None, Path())
        scenario = scenario.model_copy(update={"staffroom": room})
    check_whole(scenario, where)
    return scenario


def validated(data: dict[str, Any], where: str) -> Scenario:
    """A scenario from nested tables, each key checked by itself.

    Raises:
        InputError: as :func:`build`.
    """
    try:
        return Scenario.model_validate(with_tuples(data))
    except pydantic.ValidationError as error:
        raise InputError(explain(error, where)) from None


def with_tuples(data: dict[str, Any]) -> dict[str, Any]:
    """The tables with the list of mechanisms as a tuple, which the strict model wants."""
    programme = data.get("programme")
    if isinstance(programme, dict) and isinstance(programme.get("mechanisms"), list):
        return {**data, "programme": {**programme, "mechanisms": tuple(programme["mechanisms"])}}
    return data


def check_whole(scenario: Scenario, where: str) -> None:
    """Rules that more than one key has a part in.

    Raises:
        InputError: naming the keys.
    """
    staff, programme, room = scenario.staff, scenario.programme, scenario.staffroom
    teachers = staff.schools * staff.teachers_per_school
    if teachers > MAX_TEACHERS and room is None:
        raise InputError(
            f"{where}: staff.schools x staff.teachers_per_school: {teachers:,} teachers; allowed is at most {MAX_TEACHERS:,}"
        )
    last = programme.first_week + (programme.sessions - 1) * programme.weeks_between
    if programme.sessions > 0 and last >= MAX_PROGRAMME_WEEKS:
        raise InputError(
            f"{where}: programme.sessions: the last of {programme.sessions} sessions falls in school week {last}; "
            f"a programme lasts at most 3 years (weeks 0 to {MAX_PROGRAMME_WEEKS - 1})"
        )
    schools = staff.schools if room is None else len(set(room.schools))
    if programme.schools_taking_part > schools:
        raise InputError(
            f"{where}: programme.schools_taking_part: {programme.schools_taking_part} of {schools} schools; allowed is 0 to {schools}"
        )
    if len(set(programme.mechanisms)) < len(programme.mechanisms):
        twice = next(m for m in programme.mechanisms if programme.mechanisms.count(m) > 1)
        raise InputError(f"{where}: programme.mechanisms: {twice!r} is listed twice; name each once")


def explain(error: pydantic.ValidationError, where: str) -> str:
    """The first mistake of a validation as one line."""
    first = error.errors(include_url=False)[0]
    if first["type"] == "value_error":
        return f"{where}: {first['ctx']['error']}"
    place = [str(part) for part in first["loc"] if part != "[key]"]
    path, key, value = ".".join(place), ".".join(place[:2]), first["input"]
    if first["type"] == "extra_forbidden":
        names = [k.removeprefix(f"{'.'.join(place[:-1])}.") for k in keys() if k.startswith(f"{'.'.join(place[:-1])}.")]
        return f"{where}: {path}: no such key{home_of(place[-1], names)}"
    if first["type"] == "model_type":
        return f"{where}: {path}: {shown(value)} is not a table; write a section [{path}]"
    if first["loc"][-1] == "[key]" or (key == "programme.mechanisms" and len(place) > 2):
        hint = nearest(value, MECHANISMS) or f"; allowed are the 14 of the EEF review, such as {list(MECHANISMS)[7]!r}"
        return f"{where}: {key}: no mechanism {shown(value)}{hint}"
    allowed, words = allowed_at(path)
    return f"{where}: {path}: {shown(value)} is not allowed; allowed is {allowed}{nearest(value, words)}"


def home_of(name: str, names: Iterable[str]) -> str:
    """The end of a message about a key that is unknown where it stands: where it belongs, or the nearest name there."""
    if name in (*TEXTS, "extends"):
        return "; it belongs at the top of the file, before the first [section]"
    homes = [path.rpartition(".")[0] for path in keys() if path.endswith(f".{name}")]
    homes += ["theory"] if name in assumptions.PARAMETERS else []
    if homes:
        return f"; it belongs to {' or '.join(f'[{home}]' for home in homes)}"
    return nearest(name, names) or "; 'pdsim new NAME' writes a file in which all keys stand"


def allowed_at(path: str) -> tuple[str, tuple[str, ...]]:
    """What is allowed at a path of a file, in words, and the words of which it has to be one, if any."""
    if path.startswith("programme.carriers."):
        return f"one of {', '.join(CARRIERS)}", CARRIERS
    entry = keys().get(path)
    if entry is None:
        return "text", ()
    return entry.allowed, entry.words if entry.kind == "word" else ()


def remarks(scenario: Scenario) -> list[str]:
    """Things in a valid scenario that a user may not have meant."""
    programme = scenario.programme
    out = []
    carriers = {m: programme.carriers.get(m, MECHANISMS[m][1]) for m in programme.mechanisms}
    if programme.format == "solo" and "peers" in carriers.values():
        names = ", ".join(m for m, c in carriers.items() if c == "peers")
        out.append(f"a solo programme has no peers to carry: {names}; these do nothing")
    if programme.who == "everyone" and programme.count_per_school == 0 and programme.share_taking_part < 1:
        out.append('programme.share_taking_part does not act with who = "everyone"; try who = "chosen"')
    idle = [m for m in programme.carriers if m not in programme.mechanisms]
    if idle:
        out.append(f"programme.carriers names mechanisms that the programme does not use: {', '.join(idle)}")
    if programme.cascade_hours > 0 and programme.who != "champions":
        out.append('programme.cascade_hours acts only with who = "champions"')
    last = programme.first_week + (programme.sessions - 1) * programme.weeks_between
    if programme.sessions > 0 and last >= scenario.evaluation.years * WEEKS:
        out.append(
            f"the last session falls in school week {last}, after the {scenario.evaluation.years} years looked at"
        )
    across = scenario.collaboration.teams == "across-schools" and programme.format == "collaborative"
    if across and scenario.staff.schools == 1 and scenario.partners.schools == 0 and scenario.staffroom is None:
        out.append("teams across schools, but there is one school and no partner school")
    return out


# What a new file sets, so that it runs at once: a small solo programme.
STARTER = {
    "programme.format": '"solo"',
    "programme.mechanisms": '["setting and agreeing on goals", "modelling the technique", "rehearsing the technique"]',
    "programme.sessions": "6",
    "programme.weeks_between": "3",
    "programme.hours": "2.0",
}


def commented_file(name: str) -> str:
    """Text of a new scenario file: every key with its default, meaning and what is allowed, ready to be changed.

    >>> "expert_share = 0.1" in commented_file("our-hub")
    True
    """
    lines = [
        f'title = "{name}"', 'source = "who says so, and when"', 'says = "what the source says"',
        'choices = "what you chose where the source is silent, and why"',
        "", "# Lines that begin with # do nothing. Take the # away from a line to change its value.",
        '# To start from another scenario: extends = "solo-course" (as the first line)',
    ]  # fmt: skip
    section = ""
    for entry in keys().values():
        here, _, last = entry.path.rpartition(".")
        if here != section:
            section = here
            lines += ["", f"[{section}]"]
        lines.append(f"# {entry.meaning} ({entry.allowed})")
        mark = "" if entry.path in STARTER else "# "
        lines.append(f"{mark}{last} = {STARTER.get(entry.path, toml_value(entry))}")
    lines += ["", "# [theory]  assumptions to change, for example:", "# discernment = 1.0"]
    return "\n".join(lines) + "\n"


def toml_value(entry: Key) -> str:
    """Default of a key as it stands in a file; an example where there is none."""
    value = entry.default
    if entry.path == "programme.carriers":
        return '{ "modelling the technique" = "peers" }'
    if value is None:
        return '"file.csv"' if entry.kind == "str" else "0.5"
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)
