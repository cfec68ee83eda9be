"""The threshold in the terminal: the verdict along the first factor, and the boundary at every level of the others."""

from __future__ import annotations

from typing import Any

import numpy as np
from rich.table import Table

from pdsim.analysis.threshold import ALL, THERE, Threshold
from pdsim.analysis.threshold_words import count, level_words, name_of, setting_words
from pdsim.explanation.verdict import ANSWERS
from pdsim.outcomes import OUTCOMES
from pdsim.tables import signed

DIGITS = OUTCOMES["pupil_attainment"].digits


def tables_of(result: Threshold) -> list[Table]:
    """All tables, scenario by scenario."""
    return [make(result, scenario) for scenario in result.scenarios for make in (answer_table, boundary_table)]


def table_with(title: str, left: list[str], right: list[str]) -> Table:
    """A table with words on the left and numbers on the right."""
    table = Table(title=title, title_justify="left")
    for heading in left:
        table.add_column(heading)
    for heading in right:
        table.add_column(heading, justify="right")
    return table


def answer_table(result: Threshold, scenario: str) -> Table:
    """The verdict along the first factor, the others at the scenario's usual levels."""
    levels, axis = result.usual(scenario), result.axes[0]
    at = f" ({setting_words(result, levels)})" if levels else ""
    title = f"{scenario}{at}: of 100 simulated worlds, in how many each answer is right"
    columns = [*ANSWERS, "fluoride or both", "... where it is there", "adds (pupil SD, 90 % interval)"]
    table = table_with(title, [name_of(axis), "the verdict"], columns)
    for row in result.along(scenario, levels).to_dict("records"):
        table.add_row(level_words(axis, row[axis.path]), row["answer"], *answer_cells(row))
    return table


def answer_cells(row: dict[str, Any]) -> list[str]:
    """Numbers of a point."""
    low, high = (signed(row[name], DIGITS) for name in ("total_low", "total_high"))
    return [
        *(count(row[f"p_{answer}"]) for answer in ANSWERS),
        f"{count(row['p_fluoride_or_both'])} ± {100 * row['p_error']:.0f}",
        "-" if np.isnan(row["p_if_there"]) else count(row["p_if_there"]),
        f"{signed(row['total'], DIGITS)} ({low} to {high})",
    ]


def boundary_table(result: Threshold, scenario: str) -> Table:
    """Where fluoride becomes the likelier case at every level of the other factors."""
    name = name_of(result.axes[0])
    title = f"{scenario}: from which {name} on it is fluoride, alone or with mint, in more than half of the worlds"
    left = [name_of(axis) for axis in result.axes[1:]]
    right = ["boundary (90 % interval)", "... where fluoride is there", "worlds with it at once", "later", "never"]
    table = table_with(title, left, right)
    rows = result.boundaries[result.boundaries["scenario"] == scenario]
    there = rows[rows["worlds"] == THERE].to_dict("records")
    for row, also in zip(rows[rows["worlds"] == ALL].to_dict("records"), there, strict=True):
        levels = [level_words(axis, row[axis.path]) for axis in result.axes[1:]]
        shares = [count(row[name]) for name in ("draws_already", "draws_later", "draws_never")]
        table.add_row(*levels, boundary_cell(result, row), boundary_cell(result, also), *shares)
    return table


def boundary_cell(result: Threshold, row: dict[str, Any]) -> str:
    """A boundary with its interval."""
    if np.isnan(row["boundary"]):
        return "-"
    where, low, high = (end_words(result, row[name]) for name in ("boundary", "boundary_low", "boundary_high"))
    return where if where == low == high else f"{where} ({low} to {high})"


def end_words(result: Threshold, value: float) -> str:
    """A boundary in a word."""
    if np.isfinite(value):
        return level_words(result.axes[0], value)
    return "at once" if value < 0 else "none"
