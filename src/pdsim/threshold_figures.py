"""The phase diagram: over a plane of two factors, at every level of two others, which answer is likeliest.

A cell's colour is the likeliest answer, its strength how likely that is; letter and number say both without colour.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from pdsim.analysis.threshold import ALL, THERE, Threshold
from pdsim.analysis.threshold_words import headline, level_words, name_of
from pdsim.experiment.designs import Axis
from pdsim.explanation.verdict import ANSWERS
from pdsim.figures import COLOURS, DASHED, WIDTH, Picture, Sheet, house_style

COLOUR_OF = dict(zip(ANSWERS, (COLOURS[1], COLOURS[0], COLOURS[2], COLOURS[3], COLOURS[7], COLOURS[4]), strict=True))
MEANINGS = {
    "harmful": "pupils would learn more if teachers did it alone",
    "fluoride": "teachers learn from each other, and pupils gain",
    "mint": "teachers come and want to, and pupils gain",
    "both": "fluoride and mint",
    "neither": "nothing that one would notice",
    "undecided": "something else counts",
}
CELL = 0.31  # inches of a cell's height
LEFT, RIGHT, GAP = 1.35, 0.1, 0.12  # inches beside and between panels
FOOT = 0.2  # inches under the panels
PALE = 0.12  # strength of the colour of an answer that is never right
ALT = (
    "Phase diagram: panels of cells, the first factor across and the second up within a panel, panels by the levels of "
    "two other factors. Each cell has the letter of the likeliest answer and how many of 100 simulated worlds give it; "
    "lines mark where fluoride, alone or with mint, passes one half."
)


def draw_threshold(result: Threshold) -> Figure:
    """The phase diagram of every scenario, one under the other."""
    with house_style():
        columns, rows = levels_of(result, 2), levels_of(result, 3)
        tall = CELL * len(levels_of(result, 1))
        block = len(rows) * (tall + GAP) + 0.78
        sheet = Sheet(headline(result), legend(), block * len(result.scenarios) + FOOT)
        sheet.write(0.08, 0.06, foot_words(result), size=6.5)
        for place, scenario in enumerate(result.scenarios):
            floor = FOOT + (len(result.scenarios) - 1 - place) * block
            sheet.write(0.08, floor + block - 0.16, scenario, size=9, weight="bold")
            wide = (WIDTH - LEFT - RIGHT + GAP) / len(columns)
            for i, row in enumerate(rows):
                bottom = floor + 0.42 + (len(rows) - 1 - i) * (tall + GAP)
                sheet.write(0.08, bottom + tall / 2, row_words(result, row), size=7.5, va="center")
                for j, column in enumerate(columns):
                    axes = sheet.panel(LEFT + j * wide, bottom, wide - GAP, tall)
                    draw_panel(axes, result, scenario, panel_levels(result, scenario, column, row))
                    label_panel(axes, result, column, (i, j), (len(rows), len(columns)))
        return sheet.figure


def foot_words(result: Threshold) -> str:
    """What the numbers stand on."""
    experiment = result.experiment
    years = experiment.scenarios[0].evaluation.years
    return (
        f"{experiment.name}: {result.draws} draws of the assumptions ({experiment.theory}), {experiment.replicates} "
        f"lucks in all, seed {experiment.seed}; all staff, after {years} year{'s' * (years > 1)}; beside the same "
        "programme done alone."
    )


def axis_at(result: Threshold, place: int) -> Axis | None:
    """A factor by its place; None where there are fewer."""
    return result.axes[place] if place < len(result.axes) else None


def levels_of(result: Threshold, place: int) -> list[Any]:
    """The levels of a factor in order; a single None where there are fewer factors."""
    axis = axis_at(result, place)
    if axis is None:
        return [None]
    levels = axis.shown(axis.levels()).tolist()
    return sorted(levels) if axis.numeric else levels


def row_words(result: Threshold, value: Any) -> str:
    """The level of a row of panels."""
    axis = axis_at(result, 3)
    return "" if axis is None else f"{name_of(axis)}\n{level_words(axis, value)}"


def panel_levels(result: Threshold, scenario: str, column: Any, row: Any) -> dict[str, Any]:
    """The levels of all factors but the first two in a panel; further factors have their usual ones."""
    found = {axis.path: result.usual(scenario)[axis.path] for axis in result.axes[2:]}
    for place, value in ((2, column), (3, row)):
        axis = axis_at(result, place)
        if axis is not None:
            found[axis.path] = value
    return found


def draw_panel(axes: Axes, result: Threshold, scenario: str, levels: dict[str, Any]) -> None:
    """Cells and boundaries of a panel."""
    points = result.along(scenario, levels)
    across, up = levels_of(result, 0), levels_of(result, 1)
    second = axis_at(result, 1)
    for y, value in enumerate(up):
        rows = points if second is None else points[points[second.path] == value]
        if rows.empty:
            continue
        for row in rows.to_dict("records"):
            draw_cell(axes, across.index(row[result.axes[0].path]), y, row)
        here = levels if second is None else {**levels, second.path: value}
        for worlds, style in ((ALL, "-"), (THERE, DASHED)):
            draw_boundary(axes, result.boundary(scenario, here, worlds)["boundary"], across, y, style)
    axes.set_xlim(-0.5, len(across) - 0.5)
    axes.set_ylim(-0.5, len(up) - 0.5)


def draw_cell(axes: Axes, x: int, y: int, row: dict[str, Any]) -> None:
    """A cell with its letter and number; bold where it is the verdict."""
    answer = str(row["likeliest"])
    p = row[f"p_{answer}"]
    strength = PALE + (1.0 - PALE) * p
    colour = tuple(1.0 - strength * (1.0 - channel) for channel in to_rgb(COLOUR_OF[answer]))
    axes.add_patch(Rectangle((x - 0.5, y - 0.5), 1, 1, facecolor=colour, edgecolor="white", linewidth=0.8))
    bright = float(np.dot(colour, (0.299, 0.587, 0.114)))
    ink = "white" if bright < 0.5 else "black"
    weight = "bold" if row["answer"] == answer else "normal"
    options: dict[str, Any] = {"ha": "center", "color": ink}
    axes.text(x, y + 0.02, f"{answer[0].upper()} {100 * p:.0f}", fontsize=6.5, va="bottom", weight=weight, **options)
    axes.text(x, y - 0.06, f"({100 * row['p_fluoride_or_both']:.0f})", fontsize=5.5, va="top", **options)


def draw_boundary(axes: Axes, where: float, across: list[float], y: int, style: Any) -> None:
    """The mark of a boundary in a row of cells, before the first cell above it; none where no cell is."""
    above = int(np.searchsorted(across, where, side="right"))
    if above < len(across):
        axes.plot([above - 0.5] * 2, [y - 0.46, y + 0.46], color="black", linewidth=2, linestyle=style, clip_on=False)


def label_panel(axes: Axes, result: Threshold, column: Any, place: tuple[int, int], size: tuple[int, int]) -> None:
    """Labels of a panel: the level of its column at the top, the plane's own levels at the edges."""
    i, j = place
    first, second, third = (axis_at(result, k) for k in range(3))
    assert first is not None
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.tick_params(length=0, pad=2)
    across = [short(first, value) for value in levels_of(result, 0)]
    axes.set_xticks(range(len(across)), across if i == size[0] - 1 else [""] * len(across), fontsize=6.5)
    up = [] if second is None else [short(second, value) for value in levels_of(result, 1)]
    axes.set_yticks(range(len(up)), up if j == 0 else [""] * len(up), fontsize=6.5)
    if i == 0 and third is not None:
        axes.set_title(f"{name_of(third)} {level_words(third, column)}", fontsize=7.5, pad=3)
    if i == size[0] - 1:
        axes.set_xlabel(name_of(first), fontsize=7, labelpad=2)
    if j == 0 and second is not None and i == size[0] // 2:
        axes.set_ylabel(name_of(second), fontsize=7, labelpad=2)


def short(axis: Axis, value: Any) -> str:
    """A level as it stands at an edge."""
    return level_words(axis, value).removesuffix(f" {axis.unit}")


def legend() -> list[Any]:
    """Key to letters, colours and lines."""
    cells: list[Any] = [
        Patch(facecolor=colour, label=f"{answer[0].upper()}: {answer}: {MEANINGS[answer]}")
        for answer, colour in COLOUR_OF.items()
    ]
    words = "fluoride, alone or with mint, passes half of "
    return [
        *cells,
        Line2D([], [], linewidth=0, label="number: of 100 simulated worlds; bold: more than half, so the verdict; "
               "the stronger the colour, the more worlds"),
        Line2D([], [], linewidth=0, label="(number): of 100 with fluoride, alone or with mint, which the lines go by"),
        Line2D([], [], color="black", linewidth=1.8, label=f"{words}all simulated worlds"),
        Line2D([], [], color="black", linewidth=1.8, linestyle=DASHED,
               label=f"{words}those in which team-mates move each other at all; at the left edge: from the start"),
    ]  # fmt: skip


def picture_of(result: Threshold) -> Picture:
    """The phase diagram with its name and words."""
    return Picture("analysis", headline(result), ALT, draw_threshold(result))
