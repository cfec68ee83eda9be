"""Families of channels in the terminal: what working together adds and through which family, design by design."""

from __future__ import annotations

from rich.table import Table

from pdsim.analysis import Analysis
from pdsim.analysis.families import signed
from pdsim.analysis.threshold_words import count, level_words, name_of
from pdsim.assumptions import FAMILIES
from pdsim.explanation.verdict import ANSWERS
from pdsim.threshold_tables import table_with


def tables_of(analysis: Analysis) -> list[Table]:
    """A table of shares and one of answers."""
    return [share_table(analysis), answer_table(analysis)]


def share_table(analysis: Analysis) -> Table:
    """What working together adds for pupils, and the share of each family, with 90 % intervals."""
    title = "What working together adds (pupil SD, 90 % interval) to the same programme done alone, by family"
    table = table_with(title, headings(analysis), ["total", *FAMILIES])
    for row in analysis.tables["points"].to_dict("records"):
        names = ("total", *(f"share_{family}" for family in FAMILIES))
        parts = [f"{signed(row[n])} ({signed(row[f'{n}_low'])} to {signed(row[f'{n}_high'])})" for n in names]
        table.add_row(*place_words(analysis, row), *parts)
    return table


def answer_table(analysis: Analysis) -> Table:
    """The verdict, and of 100 simulated worlds in how many each answer is right."""
    title = "The verdict, and in how many of 100 simulated worlds each answer is right"
    table = table_with(title, [*headings(analysis), "the verdict"], list(ANSWERS))
    for row in analysis.tables["points"].to_dict("records"):
        chances = [count(row[f"p_{answer}"]) for answer in ANSWERS]
        table.add_row(*place_words(analysis, row), row["answer"], *chances)
    return table


def headings(analysis: Analysis) -> list[str]:
    """Headings of what names a row."""
    return ["design", *(name_of(axis) for axis in analysis.cells.axes)]


def place_words(analysis: Analysis, row: dict) -> list[str]:
    """The cells that name a row."""
    return [row["scenario"], *(level_words(axis, row[axis.path]) for axis in analysis.cells.axes)]
