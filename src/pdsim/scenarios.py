"""Scenario files: a PD design and its setting, from TOML to a frozen, complete, validated :class:`Scenario`.

The pydantic models below are the one register of keys: label, unit, range and help stand with each field, and errors,
documentation and controls are made from them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pydantic
from pydantic import BaseModel, ConfigDict, Field

from pdsim import library, theory
from pdsim.errors import InputError, nearest, read_toml
from pdsim.kernel.records import CHANNELS, WEEKS
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


def key(default: Any, label: str, unit: str, meaning: str, low: float | None = None, high: float | None = None,
        step: float | None = None) -> Any:  # fmt: skip
    """A field of the register: default, label, unit, meaning, range (both ends allowed) and a step for sliders."""
    return Field(default, ge=low, le=high, title=label, description=meaning, json_schema_extra={"unit": unit, "step": step})


class Section(BaseModel):
    """A section of a scenario file: frozen, strict, no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


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
    teachers: str | None = key(None, "Teacher table", "CSV file", "a real school's teachers: columns teacher, and optionally years_of_experience, school, department")  # fmt: skip


class Network(Section):
    """[network]: whom teachers turn to for advice."""

    ties: float = key(3.5, "Advice ties", "colleagues", "colleagues that a teacher turns to, on average, whatever the school's size", 0.0, 12.0, 0.5)
    ties_spread: float = key(2.7, "Spread of ties", "SD", "how much teachers differ in that", 0.0, 8.0, 0.1)
    nobody_share: float = key(0.2, "Turn to nobody", "share", "share of teachers who turn to nobody", 0.0, 1.0, 0.05)
    ties_across: float = key(0.05, "Ties across schools", "share", "share of ties to other schools or partners of the programme", 0.0, 1.0, 0.05)
    everyday_advice: float = key(1.0, "Everyday advice", "factor", "strength of everyday advice; 0: colleagues do not talk about teaching", 0.0, 3.0, 0.1)
    edges: str | None = key(None, "Advice network", "CSV file", "a real school's ties: columns from, to, and optionally weight")  # fmt: skip


class Partners(Section):
    """[partners]: those whom a cross-school programme brings in; they count in no result."""

    schools: int = key(0, "Partner schools", "schools", "schools from which the programme brings in teachers", 0, 100, 1)
    teachers_per_school: int = key(2, "Partners per school", "teachers", "teachers brought in from each partner school", 1, 100, 1)
    expertise: float = key(0.35, "Partners' expertise", "0-1", "insight and technique of ordinary partners", 0.02, 0.98, 0.05)
    expert_share: float = key(0.1, "Experts among partners", "share", "share of partners who are experts", 0.0, 1.0, 0.05)
    experience: float = key(10.4, "Partners' experience", "years", "mean years of experience of partners", 0.5, 35.0, 0.5)


Mechanism = Literal[tuple(MECHANISMS)]  # type: ignore[valid-type]


class Programme(Section):
    """[programme]: the PD itself."""

    format: Literal["solo", "collaborative"] = key("solo", "Format", "", "whether teachers also work together in teams")
    mechanisms: tuple[Mechanism, ...] = key((), "Mechanisms", "of 14", "the mechanisms of the EEF review that the programme uses")
    carriers: dict[Mechanism, Carrier] = key({}, "Carriers", "", "who carries a mechanism, where it is not the usual carrier")  # fmt: skip
    sessions: int = key(0, "Sessions", "sessions", "number of sessions; 0: no programme", 0, MAX_PROGRAMME_WEEKS, 1)
    weeks_between: int = key(1, "Weeks between sessions", "school weeks", "school weeks from one session to the next", 1, 39, 1)
    first_week: int = key(2, "First session", "school week", "school week of the first session (0: first week of the first year)", 0, 116, 1)
    hours: float = key(1.0, "Hours per session", "hours", "hours of each session", 0.1, 12.0, 0.5)
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
    lesson_time: float = key(0.3, "Taken from lessons", "share", "share of the hours for which lessons are covered", 0.0, 1.0, 0.05)  # fmt: skip


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
    channels: Channels = Channels()  # fmt: skip


class School(Section):
    """[school]: the organisation."""

    leadership: float = key(0.5, "Leadership", "0-1", "how much leaders back professional learning", 0.0, 1.0, 0.05)
    leadership_spread: float = key(0.12, "Spread of leadership", "SD", "how much schools differ in it", 0.0, 0.5, 0.01)
    turnover: float = key(0.0875, "Turnover", "share a year", "share of staff who leave in a typical year", 0.0, 0.9, 0.01)
    background_hours: float = key(24.0, "Other PD", "hours a year", "hours of other professional development, in every design", 0.0, 200.0, 1.0)  # fmt: skip


class Evaluation(Section):
    """[evaluation]: how long to look, and with what."""

    years: int = key(2, "Years", "years", "school years to simulate", 1, 10, 1)
    pupils_per_class: int = key(25, "Pupils per class", "pupils", "pupils of each teacher in a year", 5, 200, 1)
    lessons_observed: int = key(3, "Lessons observed", "lessons", "lessons behind a practice score", 1, 30, 1)
    test_alignment: float = key(1.0, "Test alignment", "factor", "how much a test is aligned to the programme (1: independent test; up to 2: made by its authors)", 0.5, 2.5, 0.1)  # fmt: skip


class Costs(Section):
    """[costs]: prices in pounds."""

    facilitator_per_hour: float = key(120.0, "Facilitator", "GBP an hour", "for an hour of instruction, with preparation (assumption)", 0.0, 5000.0, 10.0)
    cover_per_hour: float = key(36.0, "Cover", "GBP an hour", "for an hour of lessons covered (about GBP 215 a day)", 0.0, 500.0, 1.0)
    materials_per_teacher: float = key(30.0, "Materials", "GBP", "for each participant, once (assumption)", 0.0, 5000.0, 5.0)
    staff_per_hour: float = key(0.0, "Teachers' own time", "GBP an hour", "0: reported as hours and not priced, as the EEF does", 0.0, 200.0, 1.0)  # fmt: skip


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
        return build(data, self.name, Path())

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
            if together == 1.0:
                data["programme"]["sessions"] = 0
            else:
                data["programme"]["hours"] = programme.hours * (1.0 - together)
        else:
            data["programme"]["carriers"] = {m: "facilitator" if c == "peers" else c for m, c in carriers.items()}
        return Scenario.model_validate(data)

    def in_the_world_of(self, other: Scenario) -> Scenario:
        """This programme, with its collaboration and costs, in the staffroom and schools of another scenario."""
        return other.model_copy(
            update={"name": self.name, "title": self.title, "programme": self.programme.model_copy(
                update={"schools_taking_part": other.programme.schools_taking_part}),
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
            kind = "a whole number, " if self.kind == "int" else ""
            return f"{kind}{self.low:g} to {self.high:g} {self.unit}".strip()
        return {"bool": "true or false", "str": "text", "table": "a table of mechanism = carrier"}.get(self.kind, self.kind)


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
    """Set the key at a dotted path in a scenario's nested tables.

    Raises:
        InputError: no such key.
    """
    section, _, rest = path.partition(".")
    if section == "theory" and rest:
        data.setdefault("theory", {})[rest] = theory.check_value(rest, value, f"{where}: theory")
        return
    known = path in keys() or path in ("title",) or path.startswith("programme.carriers.")
    if not known:
        raise InputError(f"{where}: {path}: no such key{nearest(path, [*keys(), *(f'theory.{n}' for n in theory.PARAMETERS)])}")
    *sections, last = path.split(".", 2) if path.startswith("programme.carriers.") else path.split(".")
    table = data
    for name in sections:
        table = table.setdefault(name, {})
    table[last] = value


def parse_setting(text: str) -> tuple[str, Any]:
    """A ``--set`` option "key=value" as (key, value); the value is read as TOML, or else as plain text.

    >>> parse_setting("staff.expert_share=0.3")
    ('staff.expert_share', 0.3)
    """
    path, equals, value = text.partition("=")
    if not equals or not path.strip():
        raise InputError(f"--set {text!r}: write key=value, for example --set staff.expert_share=0.3")
    try:
        return path.strip(), tomllib.loads(f"value = {value.strip()}")["value"]
    except (tomllib.TOMLDecodeError, RecursionError):
        return path.strip(), value.strip()


def load(name: str | Path, settings: Mapping[str, Any] | None = None) -> Scenario:
    """The scenario of a shipped short name or a path, with optional settings by key path.

    Raises:
        InputError: unknown name, unreadable or invalid file, a cycle in ``extends``, an invalid setting.

    >>> load("no-pd").programme.sessions
    0
    """
    path = find(name)
    data = read_with_parents(path, ())
    folder = path.parent
    for setting, value in (settings or {}).items():
        if setting in ("network.edges", "staff.teachers") and isinstance(value, str):
            value = str(Path(value).absolute())
        set_key(data, setting, value, "--set")
    return build({**data, "name": path.stem}, str(path), folder)


def find(name: str | Path) -> Path:
    """Path of a scenario given by short name or path.

    Raises:
        InputError: neither a shipped name nor a file.
    """
    shipped = library.shipped()
    if str(name) in shipped:
        return shipped[str(name)]
    path = Path(name)
    if path.suffix == ".toml" or path.exists():
        return path
    raise InputError(f"{name}: no scenario of that name and no such file{nearest(str(name), shipped)} ('pdsim list' shows all)")


def read_with_parents(path: Path, children: tuple[Path, ...]) -> dict[str, Any]:
    """Tables of a scenario file on top of those it ``extends``, file paths in it made absolute."""
    if path.absolute() in children:
        raise InputError(f"{path}: extends: a cycle ({' -> '.join(p.stem for p in (*children, path))})")
    if len(children) > 20:
        raise InputError(f"{path}: extends: more than 20 files deep")
    data = read_toml(path)
    for section, name in (("staff", "teachers"), ("network", "edges")):
        table = data.get(section)
        if isinstance(table, dict) and isinstance(table.get(name), str):
            table[name] = str((path.absolute().parent / table[name]))
    parent = data.pop("extends", None)
    if parent is None:
        return data
    if not isinstance(parent, str):
        raise InputError(f"{path}: extends: {parent!r} is not the name of a scenario")
    beside = path.parent / f"{parent}.toml"
    parent_path = beside if beside.is_file() and parent not in library.shipped() else find_parent(path, parent)
    return merge(read_with_parents(parent_path, (*children, path.absolute())), data)


def find_parent(path: Path, parent: str) -> Path:
    """Path of the scenario that a file extends: a shipped name, or a path beside the file."""
    try:
        found = find(parent)
    except InputError as error:
        raise InputError(f"{path}: extends: {error}") from None
    return found if found.is_absolute() or parent in library.shipped() else path.parent / found


def merge(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Tables merged key by key; where both have a key, ``above`` counts."""
    out = dict(below)
    for name, value in above.items():
        old = out.get(name)
        out[name] = merge(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return out


def build(data: dict[str, Any], where: str, folder: Path) -> Scenario:
    """A validated scenario from nested tables.

    Raises:
        InputError: naming ``where``, the key path, the value, what is allowed and the nearest valid name.
    """
    for name, value in data.items():
        if name not in Scenario.model_fields:
            raise InputError(f"{where}: [{name}]: no such section{nearest(name, Scenario.model_fields)}")
        if isinstance(Scenario.model_fields[name].default, Section | dict) and not isinstance(value, dict):
            raise InputError(f"{where}: {name}: {value!r} is not a table; write a section [{name}]")
    for name, value in data.get("theory", {}).items():
        theory.check_value(name, value, f"{where}: theory")
    try:
        scenario = Scenario.model_validate(with_tuples(data))
    except pydantic.ValidationError as error:
        raise InputError(explain(error, where, data)) from None
    except RecursionError:
        raise InputError(f"{where}: nested too deeply") from None
    check_whole(scenario, where)
    if scenario.staffroom is None and (scenario.network.edges or scenario.staff.teachers):
        room = read_staffroom(scenario.network.edges, scenario.staff.teachers, folder)
        scenario = scenario.model_copy(update={"staffroom": room})
    return scenario


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
    staff, programme = scenario.staff, scenario.programme
    if staff.schools * staff.teachers_per_school > MAX_TEACHERS:
        raise InputError(f"{where}: staff.schools x staff.teachers_per_school: {staff.schools * staff.teachers_per_school:,} teachers; allowed is at most {MAX_TEACHERS:,}")  # fmt: skip
    last = programme.first_week + (programme.sessions - 1) * programme.weeks_between
    if programme.sessions > 0 and last >= MAX_PROGRAMME_WEEKS:
        raise InputError(
            f"{where}: programme.sessions: the last of {programme.sessions} sessions falls in school week {last}; "
            f"a programme lasts at most 3 years (weeks 0 to {MAX_PROGRAMME_WEEKS - 1})"
        )
    if programme.schools_taking_part > staff.schools and scenario.staffroom is None:
        raise InputError(f"{where}: programme.schools_taking_part: {programme.schools_taking_part} of {staff.schools} schools; allowed is 0 to {staff.schools}")  # fmt: skip
    if len(set(programme.mechanisms)) < len(programme.mechanisms):
        twice = next(m for m in programme.mechanisms if programme.mechanisms.count(m) > 1)
        raise InputError(f"{where}: programme.mechanisms: {twice!r} is listed twice")


def explain(error: pydantic.ValidationError, where: str, data: dict[str, Any]) -> str:
    """The first mistake of a validation as one line."""
    first = error.errors()[0]
    place = [str(part) for part in first["loc"] if part != "[key]"]
    path = ".".join(place)
    register = keys()
    entry = register.get(path) or register.get(".".join(place[:2]))
    value = first.get("input")
    if first["type"] == "extra_forbidden":
        inside = ".".join(place[:-1])
        names = [k.removeprefix(f"{inside}.") for k in register if k.startswith(f"{inside}.")]
        elsewhere = [k for k in register if k.endswith(f".{place[-1]}")]
        hint = f"; it belongs to [{elsewhere[0].rpartition('.')[0]}]" if elsewhere else nearest(place[-1], names)
        return f"{where}: {path}: no such key{hint}"
    if path.startswith("programme.mechanisms") or path.startswith("programme.carriers"):
        if isinstance(value, str) and entry is not None and (path.startswith("programme.mechanisms.") or "[key]" in first["loc"]):
            return f"{where}: {'.'.join(place[:2])}: no mechanism {value!r}{nearest(value, MECHANISMS)}"
        if path.startswith("programme.carriers."):
            return f"{where}: {path}: {value!r} is no carrier; allowed is one of {', '.join(CARRIERS)}{nearest(str(value), CARRIERS)}"
    if entry is None:
        return f"{where}: {path}: {shown(value)} is not allowed ({first['msg'].lower()})"
    hint = nearest(value, entry.words) if isinstance(value, str) else ""
    return f"{where}: {path}: {shown(value)} is not allowed; allowed is {entry.allowed}{hint}"


def shown(value: Any) -> str:
    """A value for an error message, cut to a readable length."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def channels_on(scenario: Scenario) -> tuple[str, ...]:
    """Names of the channels that are switched on in a collaborative scenario; none in a solo one."""
    if scenario.programme.format == "solo":
        return ()
    switches = scenario.collaboration.channels
    return tuple(c for c in CHANNELS if getattr(switches, c))
