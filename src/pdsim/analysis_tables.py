"""An analysis in the terminal: the question, a table for each contrast, and what the numbers stand on."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pdsim import families_tables, threshold_tables
from pdsim.analysis import Analysis
from pdsim.analysis.threshold import told
from pdsim.experiment.designs import Axis
from pdsim.tables import signed

SMALL = 0.05  # a total index below which a factor hardly matters
SIDE_BY_SIDE = 2  # contrasts in a table of a grid
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
    shown = [signed(value, digits) if sign else signed(value, digits).removeprefix("+") for value in values]
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
    for place, heading in enumerate(right, start=len(left)):
        widest = max((len(line) for row in rows[:MOST_ROWS] for line in row[place].splitlines()), default=1)
        table.add_column("\n".join(textwrap.wrap(heading, max(widest, 12))), justify="right", no_wrap=True)
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
    """The effect at every point of a grid, two contrasts side by side."""
    cells, groups = analysis.cells, of_contrast(analysis.tables["points"])
    measured = cells.question.measured
    title = f"Average effect ({measured.unit}) at every point; a scenario's is against {cells.experiment.baseline.name}"
    found = []
    for start in range(0, len(groups), SIDE_BY_SIDE):
        shown = groups[start : start + SIDE_BY_SIDE]
        lines: dict[tuple[str, ...], list[str]] = {}
        for column, (_, rows) in enumerate(shown):
            for row in rows:
                key = tuple(value_words(row[axis.path]) for axis in cells.axes)
                lines.setdefault(key, ["-"] * len(shown))[column] = effect_cell(row, measured.digits).replace(
                    " (", "\n("
                )
        left, right = [unit_of(axis) for axis in cells.axes], [contrast for contrast, _ in shown]
        found.append(filled(title, left, right, [[*key, *cell] for key, cell in lines.items()]))
    return found


def value_words(value: Any) -> str:
    """A factor's value as people write it.

    >>> value_words(0.30000000000000004), value_words("solo")
    ('0.3', 'solo')
    """
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def change_tables(analysis: Analysis) -> list[Table]:
    """Main effects of the factors of a hypercube, the one with the largest share of the variance first."""
    measured, found = analysis.cells.question.measured, []
    for contrast, rows in of_contrast(analysis.tables["changes"]):
        rows.sort(key=lambda row: -row["share"])
        cells = [
            [
                f"{label_of(analysis, row['factor'])}: {value_words(row['first'])} to {value_words(row['last'])}",
                with_interval(row, "change", measured.digits),
                with_interval(row, "share", 2, False),
            ]
            for row in rows
        ]
        title = f"{contrast_words(analysis, contrast)}: main effects, all other factors averaged ({measured.unit})"
        headings = ["changes the effect by", "share of variance"]
        found.append(filled(title, ["factor, from its first value to its last"], headings, cells))
    return found


def box_tables(analysis: Analysis) -> list[Table]:
    """The conditions of scenario discovery; none where no or every point is of interest."""
    if "box" not in analysis.tables:
        return []
    (quality,) = analysis.tables["quality"].to_dict("records")
    rows = sorted(
        analysis.tables["box"].to_dict("records"), key=lambda row: (not row["restricted"], -row["found_again"])
    )
    cells = [
        [
            label_of(analysis, row["factor"]),
            limit_words(row),
            chance_words(row),
            f"{100 * row['found_again']:.0f} %",
        ]
        for row in rows
    ]
    title = f"{contrast_words(analysis, quality['contrast'])}: where it is at least {size_words(analysis)}"
    headings = ["quasi-p", "found again"]
    return [filled(title, ["factor", "conditions (90 % intervals of limits)"], headings, cells)]


def size_words(analysis: Analysis) -> str:
    """The size that is asked for, with its unit."""
    return f"{analysis.tables['quality']['at_least'].iloc[0]:g} {analysis.cells.question.measured.unit}"


def limit_words(row: dict[str, Any]) -> str:
    """The limits of a factor in the box."""
    if isinstance(row["words"], str):
        return row["words"] if row["restricted"] else "any"
    parts = []
    for name, word, edge in (("low", "at least", row["least"]), ("high", "at most", row["most"])):
        if row[name] != edge:
            values = [value_words(row[column]) for column in (name, f"{name}_low", f"{name}_high")]
            parts.append(f"{word} {values[0]} ({values[1]} to {values[2]})")
    return ", ".join(parts) or "any"


def chance_words(row: dict[str, Any]) -> str:
    """The quasi-p-values of a factor's limits."""
    known = [row[name] for name in ("quasi_p_low", "quasi_p_high") if not math.isnan(row[name])]
    return " and ".join(f"{value:.2g}" if value >= 0.001 else "below 0.001" for value in known)


def discovery_sentences(analysis: Analysis) -> list[str]:
    """What scenario discovery found."""
    (row,) = analysis.tables["quality"].to_dict("records")
    points, reached = row["points"], row["reached"]
    digits, unit = analysis.cells.question.measured.digits, analysis.cells.question.measured.unit
    size = f"{contrast_words(analysis, row['contrast'])} is at least {size_words(analysis)} on average"
    if "box" not in analysis.tables:
        ends = f"from {signed(row['least'], digits)} to {signed(row['most'], digits)} {unit}"
        return [f"{size} at {'every one' if reached else 'none'} of the {points:,} points: there it goes {ends}."]
    rows = analysis.tables["box"].to_dict("records")
    conditions = [f"{label_of(analysis, each['factor'])} is {limit_words(each)}" for each in rows if each["restricted"]]
    dense, covered = (in_percent(row, name) for name in ("density", "coverage"))
    return [
        f"{size} at {reached:,} of {points:,} points ({100 * reached / points:.0f} %).",
        f"Conditions: {'; '.join(conditions) or 'none were found'}. There it is so at {dense} of points (density); "
        f"of all points where it is so {covered} lie there (coverage).",
    ]


def in_percent(row: dict[str, Any], name: str) -> str:
    """A share with its interval, in percent."""
    value, low, high = (100 * row[column] for column in (name, f"{name}_low", f"{name}_high"))
    return f"{value:.0f} % ({low:.0f} to {high:.0f})"


TABLES: dict[str, Callable[[Analysis], list[Table]]] = {
    "discovery": box_tables,
    "families": families_tables.tables_of,
    "grid": point_tables,
    "latin-hypercube": change_tables,
    "morris": screening_tables,
    "sobol": index_tables,
    "threshold": lambda analysis: threshold_tables.tables_of(told(analysis.cells, analysis.finding)),
}


def tables_of(analysis: Analysis) -> list[Table]:
    """The tables of an analysis, in reading order."""
    return TABLES[analysis.finding.kind](analysis)


def heading(analysis: Analysis) -> str:
    """What was asked, of which experiment."""
    experiment = analysis.cells.experiment
    title = f"{experiment.name}: {experiment.title}" if experiment.title else experiment.name
    return f"{title}{'' if title[-1] in '.?!' else '.'} {measured_words(analysis)}."


def index_sentences(analysis: Analysis) -> list[str]:
    """Which factors carry most of an effect's variance, by total index."""
    found = []
    for contrast, rows in of_contrast(analysis.tables["indices"]):
        rows.sort(key=lambda row: -row["total"])
        first = [f"{label_of(analysis, row['factor'])} {with_interval(row, 'total', 2, False)}" for row in rows[:3]]
        idle = sum(row["total_high"] < SMALL for row in rows)
        found.append(
            f"{contrast_words(analysis, contrast)}: most of the variance of the effect goes with {', '.join(first)} "
            f"(total indices); {idle} of {len(rows)} factors have one surely below {SMALL:g}."
        )
    return found


def screening_sentences(analysis: Analysis) -> list[str]:
    """Which factors move an effect most."""
    found, measured = [], analysis.cells.question.measured
    for contrast, rows in of_contrast(analysis.tables["measures"]):
        rows.sort(key=lambda row: -row["mu_star"])
        first = [
            f"{label_of(analysis, row['factor'])} by {with_interval(row, 'mu_star', measured.digits, False)}"
            for row in rows[:3]
        ]
        found.append(
            f"{contrast_words(analysis, contrast)}: over their whole ranges the effect is moved most by "
            f"{', '.join(first)} {measured.unit}."
        )
    return found


def grid_sentences(analysis: Analysis) -> list[str]:
    """Where on the grid an effect is smallest and largest."""
    found, measured = [], analysis.cells.question.measured
    for contrast, rows in of_contrast(analysis.tables["points"]):
        ordered = sorted(rows, key=lambda row: row["effect"])
        least, most = (effect_cell(row, measured.digits) for row in (ordered[0], ordered[-1]))
        bottom, top = (place_words(analysis, row) for row in (ordered[0], ordered[-1]))
        course = f"goes from {least} at {bottom} to {most} at {top}"
        if least == most:
            course = f"is {most} everywhere"
        found.append(f"{contrast_words(analysis, contrast)}: the average effect ({measured.unit}) {course}.")
    return found


def place_words(analysis: Analysis, row: dict[str, Any]) -> str:
    """A point of a grid in words."""
    return ", ".join(f"{label_of(analysis, axis.path)} {value_words(row[axis.path])}" for axis in analysis.cells.axes)


def surface_sentences(analysis: Analysis) -> list[str]:
    """Which factors of a hypercube matter most by themselves."""
    found, measured = [], analysis.cells.question.measured
    for contrast, rows in of_contrast(analysis.tables["changes"]):
        rows.sort(key=lambda row: -row["share"])
        first = [
            f"{label_of(analysis, row['factor'])} ({value_words(row['first'])} to {value_words(row['last'])}) by "
            f"{with_interval(row, 'change', measured.digits)}"
            for row in rows[:2]
        ]
        found.append(
            f"{contrast_words(analysis, contrast)}: what matters most changes it: {'; '.join(first)} {measured.unit}."
        )
    return found


SENTENCES: dict[str, Callable[[Analysis], list[str]]] = {
    "discovery": discovery_sentences,
    "grid": grid_sentences,
    "latin-hypercube": surface_sentences,
    "morris": screening_sentences,
    "sobol": index_sentences,
}


def question(analysis: Analysis) -> str:
    """The experiment's question on one line; empty where it has none."""
    return " ".join(analysis.cells.experiment.question.split())


def sentences(analysis: Analysis) -> list[str]:
    """What was found, in words."""
    kind = analysis.finding.kind
    return SENTENCES[kind](analysis) if kind in SENTENCES else list(analysis.finding.sentences)


def above(analysis: Analysis) -> list[str]:
    """What stands with the tables and the picture: the question, and what was found."""
    asked = question(analysis)
    return [*([f"Question: {asked}"] if asked else []), *sentences(analysis)]


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
    return [*found, f"Found again by: {analysis.command}; runs of model {analysis.cells.version}."]


def print_analysis(analysis: Analysis, console: Console) -> None:
    """Print the question, what was found, the tables and the notes."""
    console.print(Text(heading(analysis)), soft_wrap=True)
    for line in above(analysis):
        console.print(Text(line), soft_wrap=True)
    for table in tables_of(analysis):
        console.print(table)
    for line in notes(analysis):
        console.print(Text(f"- {line}"), style="dim", soft_wrap=True)
