"""The one-page report of a comparison: one HTML file without scripts, which asks nothing of any network.

It finds words and places for numbers that the comparison holds. All text from scenario files is escaped.
"""

from __future__ import annotations

import shlex
from typing import Any

from pdsim import __version__, assumptions, theory
from pdsim.comparison import Comparison, Request
from pdsim.figures import Reading, headline, months_words, pictures
from pdsim.outcomes import OUTCOMES
from pdsim.pages import (
    GAP,
    argument,
    average,
    design_part,
    inline,
    is_shipped,
    outcome_heading,
    plain,
    run_options,
    span,
    templates,
    with_interval,
)
from pdsim.tables import notes, ordered_outcomes, pair_sentences, signed

PEOPLE = {"all": "All staff", "participants": "Those who take part", "colleagues": "Their colleagues"}
SPLIT = ("pupil_attainment", "practice", "use", "technique", "insight", "hours_per_teacher", "pounds_per_teacher")
COURSE = ("pupil_attainment", "use")
PAIRED = ("pupil_attainment", "use", "pounds_per_pupil")


def comparison_page(result: Comparison) -> str:
    """A comparison as a self-contained page: answer, effects, cost, designs, assumptions, how to make it again."""
    reading = Reading(result)
    request = result.request
    return (
        templates()
        .get_template("comparison.html")
        .render(
            version=__version__,
            request=request,
            reading=reading,
            theory=result.theory,
            draws=result.draws,
            headline=headline(reading),
            answers=[answer(reading, name) for name in reading.names],
            pairs_in_words=main_pairs(result, reading.ranked()[0]),
            all_in_words=len(reading.names) <= 4,
            notes=notes(result),
            pictures={picture.name: inline(picture) for picture in pictures(reading)},
            levels=estimate_groups(reading, lambda outcome: outcome.level is not None),
            resources=estimate_groups(reading, lambda outcome: outcome.level is None),
            error=simulation_error(result),
            people=PEOPLE,
            split=split_groups(reading),
            course=course_groups(reading),
            pairs=pair_rows(result),
            paired=[OUTCOMES[name] for name in PAIRED],
            designs=[design_part(design) for design in request.designs],
            assumptions=assumption_groups(),
            world=theory.WORLDS.get(request.theory, {}),
            command=command(request),
            exact=names_suffice(request),
        )
    )


def answer(reading: Reading, name: str) -> dict[str, str]:
    """What one design does for pupils and what it takes, in numbers with both intervals."""
    pupils, outcome = reading.pupils(name), OUTCOMES["pupil_attainment"]
    hours, teacher, pupil = (OUTCOMES[o] for o in ("hours_per_teacher", "pounds_per_teacher", "pounds_per_pupil"))
    return {
        "name": name,
        "effect": signed(pupils.centre, outcome.digits),
        "months": months_words(pupils.centre),
        "interval": span(pupils.low, pupils.high, outcome),
        "school": span(pupils.school_low, pupils.school_high, outcome),
        "hours": plain(reading.at(name, hours.name).centre, hours),
        "per_teacher": plain(reading.at(name, teacher.name).centre, teacher),
        "per_pupil": plain(reading.at(name, pupil.name).centre, pupil),
    }


def estimate_groups(reading: Reading, chosen: Any) -> list[dict[str, Any]]:
    """Outcomes with a row for each design: average, its interval, and what one school might see."""
    return [
        {
            "heading": outcome_heading(outcome),
            "meaning": outcome.meaning,
            "rows": [
                (name, average(e, outcome), span(e.low, e.high, outcome), span(e.school_low, e.school_high, outcome))
                for name, e in ((name, reading.at(name, outcome.name)) for name in reading.names)
            ],
        }
        for outcome in ordered_outcomes()
        if chosen(outcome)
    ]


def split_groups(reading: Reading) -> list[dict[str, Any]]:
    """Outcomes with a row for each design: all staff, those who take part, their colleagues."""
    return [
        {
            "heading": outcome_heading(outcome),
            "rows": [
                (name, *(with_interval(reading.at(name, outcome.name, people), outcome) for people in PEOPLE))
                for name in reading.names
            ],
        }
        for outcome in (OUTCOMES[name] for name in SPLIT)
    ]


def course_groups(reading: Reading) -> list[dict[str, Any]]:
    """Designs with a row for each year: effect and both intervals on pupils and on use."""
    years = range(1, reading.years + 1)
    return [{"heading": name, "rows": [course_row(reading, name, year) for year in years]} for name in reading.names]


def course_row(reading: Reading, name: str, year: int) -> list[str]:
    """One year of one design."""
    cells = [f"Year {year}"]
    for outcome in (OUTCOMES[o] for o in COURSE):
        found = reading.at(name, outcome.name, year=year)
        cells += [with_interval(found, outcome), span(found.school_low, found.school_high, outcome)]
    return cells


def pair_rows(result: Comparison) -> list[list[str]]:
    """Every pair: names, then for pupils, use and cost the difference with its interval, and how often B is better."""
    found = result.pairs.set_index(["a", "b", "outcome"])
    rows = []
    for a, b in dict.fromkeys(zip(result.pairs.a, result.pairs.b, strict=True)):
        cells = [a, b]
        for outcome in (OUTCOMES[name] for name in PAIRED):
            row = found.loc[(a, b, outcome.name)]
            values = [signed(v, outcome.digits) for v in (row.difference, row.low, row.high)]
            cells += [f"{values[0]} ({values[1]}{GAP}to{GAP}{values[2]})", f"{100 * row.probability_b_better:.0f}"]
        rows.append(cells)
    return rows


def simulation_error(result: Comparison) -> str:
    """Largest standard error of an average effect on pupils that comes from the limited number of runs."""
    rows = result.table[(result.table.outcome == "pupil_attainment") & (result.table.population == "all")]
    return f"{rows.mc_error.max():.4f}"


def main_pairs(result: Comparison, best: str) -> list[str]:
    """Pairs in words: all of up to four designs, else those of the design that does most; a table has the others."""
    pupils = result.pairs[result.pairs.outcome == "pupil_attainment"]
    sentences = zip(pair_sentences(result), pupils.a, pupils.b, strict=True)
    few = len(result.request.designs) <= 4
    return [sentence for sentence, a, b in sentences if few or best in (a, b)]


def assumption_groups() -> dict[str, list[assumptions.Parameter]]:
    """The register of assumptions by group, the channels of collaboration first."""
    order = sorted(assumptions.groups(), key=lambda group: group != "channels")
    return {group: [p for p in assumptions.REGISTER if p.group == group] for group in order}


def command(request: Request) -> str:
    """The command that makes a comparison again, with every option spelt out and files named without their folders.

    >>> from pdsim.comparison import resolve
    >>> command(resolve(["maths-hub"], replicates=8))
    'pdsim compare maths-hub --baseline no-pd --replicates 8 --years 2 --seed 1 --theory posterior --out results'
    """
    names = [design.name for design in request.designs]
    words = [
        "pdsim",
        "compare",
        *(argument(name, names) for name in names),
        "--baseline",
        argument(request.baseline.name),
    ]
    words += run_options(request)
    return shlex.join([*words, "--out", "results"])


def names_suffice(request: Request) -> bool:
    """True when all designs and the baseline are the shipped ones, so that the command needs no file but pdsim."""
    names = [design.name for design in request.designs]
    asked = [(argument(d.name, names), request.settings, d) for d in request.designs]
    asked.append((argument(request.baseline.name), {}, request.baseline))
    return all(is_shipped(name, settings, scenario) for name, settings, scenario in asked)
