"""An analysis in the terminal: the question, a table for each contrast, and what the numbers stand on."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pdsim.analysis import Analysis
from pdsim.experiment.designs import Axis
from pdsim.tables import signed

MOST_ROWS = 40  # of a table in the terminal; files have all


def label_of(analysis: Analysis, factor: str) -> str:
    """A factor as people read it: a scenario key by its label, an assumption by its name."""
    axis = next(axis for axis in analysis.cells.axes if axis.path == factor)
    return factor if factor.startswith("theory.") else axis.label


def unit_of(axis: Axis) -> str:
    """Label of a factor with its unit."""
    name = axis.path if axis.path.startswith("theory.") else axis.label
    return f"{name} ({axis.unit})" if axis.unit and axis.unit != "word" else name


def measured_words(analysis: Analysis) -> str:
    """The outcome, its unit and whose it is: "Pupil attainment (pupil SD), all staff"."""
    question = analysis.cells.question
    of_whom = {"all": "all staff", "participants": "those who take part", "colleagues": "their colleagues"}
    return f"{question.measured.label} ({question.measured.unit}), {of_whom[question.population]}"


def contrast_words(analysis: Analysis, contrast: str) -> str:
    """A contrast in words: effects are against the baseline."""
    if " minus " in contrast:
        return contrast
    return f"{contrast} against {analysis.cells.experiment.baseline.name}"


def with_interval(row: dict[str, Any], name: str, digits: int, sign: bool = True) -> str:
    """A value with its interval; a dash where there is none."""
    values = [row[name], row[f"{name}_low"], row[f"{name}_high"]]
    if any(value is None or math.isnan(value) for value in values):
        return "-"
    shown = [signed(value, digits) if sign else f"{value:.{digits}f}" for value in values]
    return f"{shown[0]} ({shown[1]} to {shown[2]})"


def effect_cell(row: dict[str, Any], digits: int) -> str:
    """An average effect with its interval."""
    ends = {"effect": row["effect"], "effect_low": row["low"], "effect_high": row["high"]}
    return with_interval(ends, "effect", digits)


def filled(title: str, left: Sequence[str], right: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """A table with words on the left and numbers on the right; the first rows of a long one."""
    table = Table(title=title, title_justify="left")
    for heading in left:
        table.add_column(heading)
    for heading in right:
        table.add_column(heading, justify="right")
    for row in rows[:MOST_ROWS]:
        table.add_row(*row)
    if len(rows) > MOST_ROWS:
        table.caption = f"the first {MOST_ROWS} of {len(rows):,}; --out writes all"
    return table


def of_contrast(table: pd.DataFrame) -> list[tuple[str, list[dict[str, Any]]]]:
    """Rows of a tidy table by contrast, in order."""
    names = list(dict.fromkeys(table["contrast"]))
    return [(str(name), table[table["contrast"] == name].to_dict("records")) for name in names]


def index_tables(analysis: Analysis) -> list[Table]:
    """Sobol' indices, the most important factor first."""
    found = []
    for contrast, rows in of_contrast(analysis.tables["indices"]):
        rows.sort(key=lambda row: -row["total"])
        digits = analysis.cells.question.measured.digits
        title = (
            f"{contrast_words(analysis, contrast)}: which share of the effect's variance over the design goes with "
            f"each factor (SD of the effect {rows[0]['sd']:.{digits}f} {analysis.cells.question.measured.unit})"
        )
        cells = [
            [label_of(analysis, row["factor"]), *(with_interval(row, order, 2, False) for order in ("first", "total"))]
            for row in rows
        ]
        found.append(filled(title, ["factor"], ["by itself (first order)", "with all others (total)"], cells))
    return found + pair_tables(analysis)


def pair_tables(analysis: Analysis) -> list[Table]:
    """Second-order Sobol' indices where they were sampled, the largest first."""
    if "pairs" not in analysis.tables:
        return []
    found = []
    for contrast, rows in of_contrast(analysis.tables["pairs"]):
        rows.sort(key=lambda row: -row["second"])
        cells = [[*(label_of(analysis, row[k]) for k in "ab"), with_interval(row, "second", 2, False)] for row in rows]
        title = f"{contrast_words(analysis, contrast)}: what two factors do together beyond each (second order)"
        found.append(filled(title, ["factor", "and"], ["share of variance"], cells))
    return found


def screening_tables(analysis: Analysis) -> list[Table]:
    """Morris's measures, the factor that moves most first."""
    measured, found = analysis.cells.question.measured, []
    for contrast, rows in of_contrast(analysis.tables["measures"]):
        rows.sort(key=lambda row: -row["mu_star"])
        cells = [
            [
                label_of(analysis, row["factor"]),
                with_interval(row, "mu_star", measured.digits, sign=False),
                with_interval(row, "mu", measured.digits),
                with_interval(row, "sigma", measured.digits, sign=False),
            ]
            for row in rows
        ]
        title = (
            f"{contrast_words(analysis, contrast)}: how far the effect moves as a factor goes over its whole range "
            f"({measured.unit})"
        )
        headings = ["size (mu*)", "direction (mu)", "unevenness (sigma)"]
        found.append(filled(title, ["factor"], headings, cells))
    return found


def point_tables(analysis: Analysis) -> list[Table]:
    """The effect at every point of a grid."""
    cells, found = analysis.cells, []
    digits = cells.question.measured.digits
    for contrast, rows in of_contrast(analysis.tables["points"]):
        lines = [
            [*(value_words(row[axis.path]) for axis in cells.axes), effect_cell(row, digits), of_100_words(row)]
            for row in rows
        ]
        title = f"{contrast_words(analysis, contrast)}: average effect ({cells.question.measured.unit})"
        left = [unit_of(axis) for axis in cells.axes]
        found.append(filled(title, left, ["effect", "above 0 in, of 100 worlds"], lines))
    return found


def of_100_words(row: dict[str, Any]) -> str:
    """Of 100 simulated worlds, in how many the effect is above 0."""
    return f"{100 * row['probability_positive']:.0f}"


def value_words(value: Any) -> str:
    """A factor's value as people write it.

    >>> value_words(0.30000000000000004), value_words("solo")
    ('0.3', 'solo')
    """
    return f"{value:.4g}" if isinstance(value, float) else str(value)


TABLES: dict[str, Callable[[Analysis], list[Table]]] = {
    "grid": point_tables,
    "morris": screening_tables,
    "sobol": index_tables,
}


def tables_of(analysis: Analysis) -> list[Table]:
    """The tables of an analysis, in reading order."""
    return TABLES[analysis.finding.kind](analysis)


def heading(analysis: Analysis) -> str:
    """What was asked, of which experiment."""
    experiment = analysis.cells.experiment
    title = f"{experiment.name}: {experiment.title}" if experiment.title else experiment.name
    return f"{title}. {measured_words(analysis)}."


def runs_words(analysis: Analysis) -> str:
    """How many runs the numbers stand on, and how they can be made again."""
    cells, experiment = analysis.cells, analysis.cells.experiment
    status = cells.status
    runs = f"{status.runs_done:,} of {status.runs:,} runs" if not status.complete else f"{status.runs:,} runs"
    failed = f", {status.failed:,} of them failed (first: {status.reason})" if status.failed else ""
    return (
        f"Experiment {experiment.name}: {runs}{failed}; {len(cells.coded):,} points x {experiment.replicates} "
        f"replicates over {cells.draws} draw{'s' * (cells.draws != 1)} of the assumptions ({experiment.theory}), seed "
        f"{experiment.seed}, against {experiment.baseline.name} with the same luck."
    )


def notes(analysis: Analysis) -> list[str]:
    """What a reader has to know."""
    finding = analysis.finding
    found = [runs_words(analysis), f"{finding.interval[0].upper()}{finding.interval[1:]}.", *finding.notes]
    if analysis.cells.draws == 1:
        found.append("With one draw of the assumptions, intervals do not hold what we do not know about the truth.")
    return found


def print_analysis(analysis: Analysis, console: Console) -> None:
    """Print the question, what was found, the tables and the notes."""
    console.print(Text(heading(analysis)), soft_wrap=True)
    for line in analysis.finding.sentences:
        console.print(Text(line), soft_wrap=True)
    for table in tables_of(analysis):
        console.print(table)
    for line in notes(analysis):
        console.print(Text(f"- {line}"), style="dim", soft_wrap=True)
