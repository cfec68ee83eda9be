"""Tables in the terminal, in a school leader's words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pdsim.outcomes import OUTCOMES, Outcome, months_of_progress
from pdsim.scenarios import Scenario

LEVELS = {
    5: "5 pupils",
    4: "4 practice",
    3: "3 organisation",
    2: "2 learning",
    1: "1 reaction",
    None: "time, money, people",
}
CLEAR = 0.75  # a design that leads in a smaller share of the simulated worlds is called close
AS_LEVEL = ("reaction", "attendance", "hours_per_teacher", "pounds_per_teacher", "pounds_per_pupil")


def signed(value: float, digits: int) -> str:
    """A number with its sign; a zero after rounding has none.

    >>> signed(0.04, 2), signed(-0.001, 2)
    ('+0.04', '0.00')
    """
    text = f"{value:+,.{digits}f}"
    return text[1:] if float(text.replace(",", "")) == 0 else text


def cell(row: pd.Series, outcome: Outcome) -> str:
    """An effect with the interval of the average effect, or a level for what the baseline cannot have."""
    d = outcome.digits
    if np.isnan(row.effect):
        return "nobody"
    if outcome.name in AS_LEVEL:
        return f"{row['mean']:,.{d}f}"
    return f"{signed(row.effect, d)} ({signed(row.low, d)} to {signed(row.high, d)})"


def last_year(table: pd.DataFrame, population: str = "all") -> pd.DataFrame:
    """Rows of the last year for one population, by scenario and outcome."""
    rows = table[(table.year == table.year.max()) & (table.population == population)]
    return rows.set_index(["scenario", "outcome"])


def ordered_outcomes() -> list[Outcome]:
    """Outcomes from Guskey level 5 down, then those without a level."""
    return sorted(OUTCOMES.values(), key=lambda o: -(o.level or 0))


def effects_table(result: Any, names: list[str]) -> Table:
    """Average effects: outcomes down, designs across."""
    rows = last_year(result.table)
    table = Table(
        title="Average effect on all staff of the schools, and 90 % interval (what we do not know about the truth)",
        title_justify="left",
    )
    table.add_column("Guskey level")
    table.add_column("outcome")
    for name in names:
        table.add_column(name, justify="right")
    shown: object = ""
    for outcome in ordered_outcomes():
        level = LEVELS[outcome.level]
        cells = [cell(rows.loc[(name, outcome.name)], outcome) for name in names]
        table.add_row("" if level == shown else level, f"{outcome.label} ({outcome.unit})", *cells, end_section=False)
        if outcome.level == 5:
            months = [f"{months_of_progress(rows.loc[(n, outcome.name)].effect):+d}" for n in names]
            table.add_row("", "  in months of progress (EEF bands)", *[m.replace("+0", "0") for m in months])
            add_parts(table, result, names, outcome)
        shown = level
    return table


def add_parts(table: Table, result: Any, names: list[str], outcome: Outcome) -> None:
    """Add the effect on those who take part and on their colleagues, where somebody does not take part."""
    parts = {population: last_year(result.table, population) for population in ("participants", "colleagues")}
    if all(np.isnan(parts["colleagues"].loc[(name, outcome.name)].effect) for name in names):
        return
    for population, label in (("participants", "those who take part"), ("colleagues", "their colleagues")):
        table.add_row("", f"  {label}", *[cell(parts[population].loc[(name, outcome.name)], outcome) for name in names])


def school_table(result: Any, names: list[str]) -> Table:
    """What one school might see against its own earlier cohorts."""
    rows = last_year(result.table)
    table = Table(
        title="What one school might see, against its own earlier years (90 % of schools; chance included)",
        title_justify="left",
    )
    table.add_column("outcome")
    for name in names:
        table.add_column(name, justify="right")
    for outcome in ordered_outcomes():
        if outcome.level is None or outcome.name == "reaction":
            continue
        d = outcome.digits
        cells = [
            f"{signed(r.school_low, d)} to {signed(r.school_high, d)}"
            for r in (rows.loc[(n, outcome.name)] for n in names)
        ]
        table.add_row(f"{outcome.label} ({outcome.unit})", *cells)
    return table  # fmt: skip


def pair_sentences(result: Any) -> list[str]:
    """Every pair of designs in words, for pupils."""
    out = []
    for row in result.pairs[result.pairs.outcome == "pupil_attainment"].itertuples():
        first, second, chance = row.b, row.a, row.probability_b_better
        difference, low, high = row.difference, row.low, row.high
        if difference < 0:
            first, second, chance = row.a, row.b, 1 - chance
            difference, low, high = -difference, -high, -low
        worlds = f"in {100 * chance:.0f} of 100 simulated worlds"
        size = f"by {signed(difference, 3)} SD on average ({signed(low, 3)} to {signed(high, 3)})"
        if chance < CLEAR:
            out.append(f"For pupils, {first} and {second} are close: {first} is ahead {worlds}, {size}.")
        else:
            out.append(f"For pupils, {first} beats {second} {worlds}: {size}.")
    return out


def notes(result: Any) -> list[str]:
    """What a reader has to know: years, baseline, assumptions, luck, limits."""
    request = result.request
    years = f"{request.years} year{'s' * (request.years > 1)}"
    draws = f"{result.draws} draw{'s' * (result.draws > 1)} of the assumptions"
    out = [
        f"After {years}, against {request.baseline.name} in the same staffroom; "
        f"{request.replicates} replicates over {draws}, seed {request.seed}.",
        f"Assumptions: {result.theory}.",
        "Satisfaction, attendance, hours and costs are levels, not differences. "
        "Months never stand without the SD: their bands hide small differences.",
        "This is a model's answer, not a trial's. Effects of collaboration rest on assumptions that no study fixes.",
    ]
    if result.draws == 1:
        out.insert(2, "With one draw of the assumptions, the interval of the average effect has no width.")
    if len({setting_of(design) for design in request.designs}) > 1:
        out.insert(
            2, "The designs are set in different staffrooms, so their differences are partly those of the settings."
        )
    return out


def setting_of(design: Scenario) -> str:
    """The staffroom of a design in a form that compares by value; partners belong to the programme."""
    return repr((design.staff, design.network, design.school, design.staffroom))


def print_comparison(result: Any, console: Console) -> None:
    """Print effects, what one school might see, pairs and notes."""
    names = [d.name for d in result.request.designs]
    console.print(effects_table(result, names))
    console.print(school_table(result, names))
    for line in pair_sentences(result):
        console.print(Text(line), soft_wrap=True)
    for line in notes(result):
        console.print(Text(f"- {line}"), style="dim", soft_wrap=True)


ASKED = {5: "classes", 4: "teachers", 3: "staff", 2: "teachers", 1: "teachers"}


def of_100(share: float) -> str:
    """A share of schools as a count of 100; 0 and 100 only where that is exact.

    >>> of_100(0.956), of_100(0.999), of_100(1.0)
    ('96 of 100', '99 of 100', '100 of 100')
    """
    return f"{share if share in (0, 1) else min(max(share, 0.01), 0.99):.0%}".replace("%", " of 100")


def count_cell(row: dict[str, Any], name: str) -> str:
    """Count of 100 schools with its interval; a dash where no school could use the instrument."""
    if row[name] is None:
        return "-"
    return f"{100 * row[name]:.0f} ({100 * row[f'{name}_low']:.0f} to {100 * row[f'{name}_high']:.0f})"


def evaluation_cells(row: dict[str, Any]) -> list[str]:
    """Cells of one level of an evaluation: level, instrument, truth, what schools measure, who notices."""
    level = row["guskey_level"]
    cells = [LEVELS[level], f"{row['instrument']}, {row['n']} {ASKED[level]} ({row['unit']})"]
    digits = {5: 3, 4: 2, 3: 3, 2: 3, 1: 1}[level]
    for name, low, high in (("true_effect", "low", "high"), ("measured_change", "school_low", "school_high")):
        values = [row[name], row[low], row[high]]
        shown = ["-" if v is None else f"{v:.1f}" if level == 1 else signed(v, digits) for v in values]
        cells.append("-" if row[name] is None else f"{shown[0]} ({shown[1]} to {shown[2]})")
    return [*cells, count_cell(row, "detected"), "no form" if level == 1 else count_cell(row, "false_alarm")]


def evaluation_table(document: dict[str, Any]) -> Table:
    """One row per Guskey level, from 5 down."""
    title = f"Would you notice? One school with {document['scenario']} and its own instruments (90 % intervals)"
    table = Table(title=title, title_justify="left")
    for heading in ("Guskey level", "what the school looks at"):
        table.add_column(heading)
    for heading in (
        "true effect (and how far we know it)",
        "what one school measures (with chance)",
        "of 100 schools, so many notice",
        "of 100 without it, so many think so",
    ):
        table.add_column(heading, justify="right")
    for row in document["levels"]:
        table.add_row(*evaluation_cells(row))
    return table


def praise_sentences(document: dict[str, Any]) -> list[str]:
    """The punch line: what the feedback form says where pupils gain nothing, and what the tests say where they gain."""
    found, levels = document["praised_though_nothing"], {row["guskey_level"]: row for row in document["levels"]}
    if levels[1]["detected"] is None:
        return ["No feedback form was handed in: nobody came to a session in these years."]
    threshold = f"{found['threshold']:g} SD"
    out = [
        f"With the programme, {of_100(levels[1]['detected'])} schools would praise it on the feedback form (level 1) "
        f"and {of_100(levels[5]['detected'])} would see it in their tests (level 5)."
    ]
    if found["schools"] == 0:
        out.append(
            "Schools in which the programme does nothing for pupils: no schools of that kind arose "
            f"(the expected effect is at least {threshold} in every draw of the assumptions)."
        )
    elif found["praised"] is not None:
        others = found["otherwise"]["praised"]
        out.append(
            f"In {found['schools']} of {document['replicates']} simulated schools the programme does nothing for "
            f"pupils (expected effect below {threshold}): {of_100(found['praised'])} of them praise it all the same"
            + (f"; of the others, {of_100(others)}." if others is not None else ".")
        )
    worthless = found["worthless_practice"]["praised"]
    out.append(f"Were the practice worth nothing to pupils, {of_100(worthless)} schools would praise the programme.")
    fooled = worthless if found["praised"] is None else found["praised"]
    out.append(use_of_form(fooled, levels[5]["true_effect"] >= found["threshold"]))
    return out


def use_of_form(fooled: float, works: bool) -> str:
    """What the form is good for: ``fooled`` is how often it praises where pupils gain nothing.

    >>> use_of_form(0.9, True)
    'So a good feedback form does not tell that pupils gain.'
    """
    if fooled >= 0.5:
        return "So a good feedback form does not tell that pupils gain."
    if works:
        return "So here a cool feedback form does not tell that pupils gain nothing."
    return "So here the form is cool and pupils gain nothing; it would be as cool if they gained."


def evaluation_notes(result: Any) -> list[str]:
    """How the school measures, and what the numbers stand on."""
    request = result.request
    lessons = request.designs[0].evaluation.lessons_observed
    years = f"{request.years} year{'s' * (request.years > 1)}"
    draws = f"{result.draws} draw{'s' * (result.draws > 1)} of the assumptions"
    out = [
        f"Measured before the programme and at the end of {years}, each post against itself: its class of this year "
        "against its class of the last cohort.",
        "A school notices when a one-sided paired t-test at 5 % says so; the form is praise from a mean of 4 of 5.",
        f"Form, quiz, class tests and {lessons} observed lessons: those who take part (tests and lessons: all staff "
        "where champions pass the programme on). Survey: all staff.",
        "True effects are those on the same people, on independent tests, against the same school without a programme.",
        f"{request.replicates} simulated schools over {draws}, seed {request.seed}. Assumptions: {result.theory}.",
        "This is a model's answer, not a trial's. A quiz long after the last session finds what was forgotten since; "
        "--years 1 looks sooner.",
    ]
    if result.draws == 1:
        out.insert(5, "With one draw of the assumptions, the interval of the true effect has no width.")
    return out


def print_evaluation(result: Any, console: Console) -> None:
    """Print what the school sees level by level, the punch line, and notes."""
    document = result.to_dict()
    console.print(evaluation_table(document))
    for line in praise_sentences(document):
        console.print(Text(line), soft_wrap=True)
    for line in evaluation_notes(result):
        console.print(Text(f"- {line}"), style="dim", soft_wrap=True)
