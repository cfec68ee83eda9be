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
        verb = "beats" if difference > 0 else "equals"
        out.append(
            f"For pupils, {first} {verb} {second} in {100 * chance:.0f} of 100 simulated worlds: "
            f"by {signed(difference, 3)} SD on average ({signed(low, 3)} to {signed(high, 3)})."
        )
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
