"""From a scenario to the arrays that the kernel starts from: posts, schools, room for ties and teams."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, get_args

import numpy as np
from scipy import stats

from pdsim.assumptions import THEORY
from pdsim.kernel.records import (
    DESIGN,
    DESIGN_FIELDS,
    NOBODY,
    PEERS,
    SCHOOL,
    TEACHER,
    World,
    records,
)
from pdsim.scenarios import CARRIERS, GROUPS, MECHANISMS, Channels, Collaboration, Programme, Scenario

SCHOOL_ADDRESS = 100_000  # a post's address is its school's times this plus its seat
PARTNER_ADDRESS = 30_000  # partner schools' addresses start here, whatever the number of schools
LASTING_PLACES = 24  # room for lasting advisers of each teacher in a collaborative programme
REFERENCE_STAFF = 1000  # teachers behind the unit of practice
YEARS_EXPERIENCED = 10.0
CAREER = 40.0
MOST_TIES = 30
STEPS = np.linspace(0.0005, 0.9995, 1000)


@dataclass(frozen=True)
class Template:
    """All that the kernel needs to start runs of one design; arrays as in :class:`pdsim.kernel.records.World`."""

    world: World
    reference: World
    year_quantiles: np.ndarray
    degree_quantiles: np.ndarray


def words(model: type, name: str) -> tuple[str, ...]:
    """The allowed words of a key, in the order of their codes."""
    return get_args(model.model_fields[name].annotation)  # type: ignore[attr-defined]


def mechanism_counts(programme: Programme) -> np.ndarray:
    """How many mechanisms each group (row) has with each carrier (column); peers carry nothing in a solo programme."""
    counts = np.zeros((4, 4), np.int64)
    for mechanism in programme.mechanisms:
        group, carrier = MECHANISMS[mechanism]
        counts[GROUPS.index(group), CARRIERS.index(programme.carriers.get(mechanism, carrier))] += 1
    if programme.format == "solo":
        counts[:, PEERS] = 0
    return counts


def design_record(scenario: Scenario, reported: Scenario) -> np.record:
    """The kernel's record of a scenario; ``reported`` says who is reported as a participant."""
    programme, collaboration = scenario.programme, scenario.collaboration
    values: dict[str, Any] = {}
    for section in ("staff", "network", "programme", "collaboration", "school", "evaluation", "costs"):
        values |= {k: v for k, v in getattr(scenario, section).model_dump().items() if k in DESIGN_FIELDS}
    values |= {f"partner_{k}": v for k, v in scenario.partners.model_dump().items() if f"partner_{k}" in DESIGN_FIELDS}
    values |= {name: float(getattr(collaboration.channels, name)) for name in Channels.model_fields}
    values |= {
        "format": words(Programme, "format").index(programme.format),
        "voluntary": int(programme.attendance == "voluntary"),
        "who": words(Programme, "who").index(programme.who),
        "teams": words(Collaboration, "teams").index(collaboration.teams),
        "report_who": words(Programme, "who").index(reported.programme.who),
        "report_share": reported.programme.share_taking_part,
        "report_count": reported.programme.count_per_school,
        "ties_given": int(scenario.staffroom is not None and scenario.staffroom.ties_given),
        "mechanisms": mechanism_counts(programme),
    }
    if programme.format == "solo":
        values["together"] = 0.0
    record = records(1, DESIGN)[0]
    for name in DESIGN.names or ():
        record[name] = values[name]
    return record


@lru_cache(maxsize=64)
def year_quantiles(mean: float, spread: float, experienced_share: float | None) -> np.ndarray:
    """Quantile function of years of experience at ``STEPS``: a gamma distribution cut off at a career of 40 years.

    With ``experienced_share`` the parts below and above ten years are reweighted to that share. Kept for the next
    design with the same staff: sweeps make thousands of templates, and these tables take most of a template's time.
    """
    shape, scale = (mean / spread) ** 2, spread**2 / mean
    career = stats.gamma.cdf(CAREER, shape, scale=scale)
    junior = stats.gamma.cdf(YEARS_EXPERIENCED, shape, scale=scale) / career
    u = STEPS
    if experienced_share is not None:
        split = 1.0 - experienced_share
        below = split > STEPS
        u = np.where(below, STEPS / max(split, 1e-9) * junior, 1 - (1 - STEPS) / max(1 - split, 1e-9) * (1 - junior))
    return stats.gamma.ppf(np.clip(u * career, 1e-9, 1 - 1e-9), shape, scale=scale)


def degree_quantiles(mean: float, spread: float, nobody: float) -> np.ndarray:
    """Quantile function of everyday ties at ``STEPS``: nobody with a given share, else 1 + negative binomial.

    Mean and SD are those of all teachers; where the SD is too small for that, the rest is 1 + Poisson. Looked up in
    the distribution function up to ``MOST_TIES``: fifty times as fast as scipy's quantile function, which took half of
    the time of a template, and the same values.
    """
    if mean <= 0 or nobody >= 1:
        return np.zeros(len(STEPS))
    inner = mean / (1 - nobody)
    variance = (spread**2 + mean**2) / (1 - nobody) - inner**2
    more = max(inner - 1.0, 1e-9)
    u = np.clip((STEPS - nobody) / (1 - nobody), 1e-9, 1 - 1e-9)
    counts = np.arange(MOST_TIES)
    if variance > more * 1.001:
        up_to = stats.nbinom.cdf(counts, more**2 / (variance - more), more / variance)
    else:
        up_to = stats.poisson.cdf(counts, more)
    return np.where(nobody >= STEPS, 0.0, np.minimum(1.0 + np.searchsorted(up_to, u), float(MOST_TIES)))


def school_sizes(scenario: Scenario) -> list[int]:
    """Teachers in each school, then in each partner school."""
    room, partners = scenario.staffroom, scenario.partners
    if room is None:
        own = [scenario.staff.teachers_per_school] * scenario.staff.schools
    else:
        own = [room.schools.count(name) for name in dict.fromkeys(room.schools)]
    return own + [partners.teachers_per_school] * partners.schools


def lay_out(scenario: Scenario) -> tuple[np.recarray, np.recarray]:
    """Records of all posts and schools, with addresses and places but nobody in them."""
    sizes = np.array(school_sizes(scenario))
    own_schools = len(sizes) - scenario.partners.schools
    taking_part = min(scenario.programme.schools_taking_part or own_schools, own_schools)
    schools = records(len(sizes), SCHOOL)
    number = np.arange(len(sizes))
    schools["partner"] = number >= own_schools
    schools["takes_part"] = number < taking_part
    schools["address"] = np.where(number < own_schools, number, PARTNER_ADDRESS + number - own_schools)
    schools["staff"] = sizes
    schools["first"] = np.cumsum(sizes) - sizes
    teachers = records(int(sizes.sum()), TEACHER)
    school = np.repeat(number, sizes)
    seat = np.arange(len(teachers)) - schools["first"][school]
    teachers["school"] = school
    teachers["post"] = schools["address"][school] * SCHOOL_ADDRESS + seat
    teachers["department"] = seat % scenario.staff.departments
    teachers["partner"] = schools["partner"][school]
    teachers["in_programme_school"] = schools["takes_part"][school]
    teachers["team"] = NOBODY
    teachers["years_given"] = -1.0
    if scenario.staffroom is not None:
        fill_from_files(scenario, teachers)
    return teachers, schools


def fill_from_files(scenario: Scenario, teachers: np.recarray) -> None:
    """Years of experience and departments of a real staff; posts keep the order of the ids."""
    room = scenario.staffroom
    assert room is not None
    staff = len(room.ids)
    teachers["years_given"][:staff] = [-1.0 if years is None else years for years in room.years]
    if any(room.departments):
        names = {name: code for code, name in enumerate(sorted(set(room.departments)))}
        teachers["department"][:staff] = [names[name] for name in room.departments]


def lay_out_ties(scenario: Scenario, teachers: np.recarray, most: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Advisers, weights and lasting marks, filled with the ties of a real staffroom where there is one."""
    places = most + (LASTING_PLACES if scenario.programme.format == "collaborative" else 0)
    room = scenario.staffroom
    given = room.ties if room is not None else ()
    places += max(Counter(asker for asker, _, _ in given).values(), default=0)
    advisers = np.full((len(teachers), max(places, 1)), NOBODY, np.int64)
    weight = np.zeros(advisers.shape)
    row = {name: i for i, name in enumerate(room.ids)} if room is not None else {}
    standing = teachers["ties"]
    for asker, adviser, strength in given:
        i = row[asker]
        advisers[i, standing[i]], weight[i, standing[i]] = row[adviser], strength
        standing[i] += 1
    return advisers, weight, np.zeros(advisers.shape, np.int8)


def world_of(teachers: np.recarray, schools: np.recarray, ties: tuple[np.ndarray, ...], design: np.record) -> World:
    """A world with empty state and theory."""
    advisers, weight, lasting = ties
    staff = len(teachers)
    return World(
        teachers, schools, advisers, weight, lasting, np.zeros(staff + 1, np.int64), np.zeros(staff, np.int64),
        np.zeros(staff), design, records(1, THEORY)[0], (0, 0),
    )  # fmt: skip


def template(scenario: Scenario, reported: Scenario | None = None) -> Template:
    """The start of all runs of a scenario.

    Args:
        scenario: the design that is run.
        reported: the design whose participants are reported, when another (a baseline is run for that design).
    """
    design = design_record(scenario, reported or scenario)
    degrees = degree_quantiles(scenario.network.ties, scenario.network.ties_spread, scenario.network.nobody_share)
    if scenario.staffroom is not None and any(scenario.staffroom.departments):
        design.departments = max(len(set(scenario.staffroom.departments)), int(design.departments))
    teachers, schools = lay_out(scenario)
    world = world_of(teachers, schools, lay_out_ties(scenario, teachers, int(degrees.max() + 0.5)), design)
    plain = Scenario(staff=scenario.staff.model_copy(update={"schools": 1, "teachers_per_school": REFERENCE_STAFF}))
    posts, school = lay_out(plain)
    staff, partners = scenario.staff, scenario.partners
    quantiles = np.stack(
        [
            year_quantiles(staff.experience, staff.experience_spread, staff.experienced_share),
            year_quantiles(partners.experience, staff.experience_spread, None),
        ]
    )
    return Template(world, world_of(posts, school, lay_out_ties(plain, posts, 1), design), quantiles, degrees)


def fresh(template: World, theory: np.record, key: tuple[int, int]) -> World:
    """A copy of a world's arrays with its own theory and key, as :func:`pdsim.kernel.run.start` makes in the kernel."""
    copies = World._make(part.copy() if isinstance(part, np.ndarray) else part for part in template)
    return copies._replace(theory=theory, key=key)


def with_theory(start: Template, theory: np.record, key: tuple[int, int]) -> Template:
    """The same template with a theory record and a key (seed, replicate) in its world."""
    return replace(start, world=start.world._replace(theory=theory, key=key))
