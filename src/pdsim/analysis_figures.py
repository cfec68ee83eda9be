"""The picture of an analysis, readable on its own, and all files that are written of it."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from pdsim.analysis import Analysis
from pdsim.analysis_tables import (
    contrast_words,
    heading,
    label_of,
    notes,
    of_contrast,
    unit_of,
    value_words,
)
from pdsim.experiment.designs import Axis
from pdsim.figures import (
    COLOURS,
    DASHED,
    INK,
    MARKERS,
    WIDTH,
    Picture,
    Sheet,
    house_style,
    picture_bytes,
    text_width,
    wrapped,
)

MOST_FACTORS = 15  # of a dot plot: the rest matter less
ROW = 0.3  # inches of a factor in it
FOOT_WIDTH = 160  # letters in a line of the words under the panels
FEW = 4  # values of a factor up to which each has a line of its own
TILE = 1.75  # inches of a panel with curves or a map
NUMBERED = 80  # cells of a map up to which each shows its number
Row = Mapping[str, Any]
Group = tuple[str, Sequence[Row]]  # a contrast with its rows
Drawer = Callable[[Axes], None]


def footed_sheet(analysis: Analysis, handles: Sequence[Any], height: float) -> tuple[Sheet, float]:
    """A sheet with the question above and the notes under ``height`` inches of panels; the panels' lower edge."""
    lines = [line for note in notes(analysis) for line in textwrap.wrap(note, FOOT_WIDTH)]
    foot = 0.13 * len(lines) + 0.15
    sheet = Sheet(heading(analysis), handles, height + foot)
    sheet.write(0.08, 0.08, "\n".join(lines), size=6.5, va="bottom")
    return sheet, foot


def dot_plot(analysis: Analysis, table: str, order: str, measures: Mapping[str, str], axis: str) -> Figure:
    """Factors down, a panel for each contrast, a dot with its interval for each measure."""
    groups = of_contrast(analysis.tables[table])
    with house_style():
        handles = [
            Line2D(
                [], [], color=COLOURS[k], marker=MARKERS[k], linewidth=2, markersize=5, label=f"{name}, 90 % interval"
            )
            for k, name in enumerate(measures.values())
        ]
        tall = min(MOST_FACTORS, len(analysis.cells.axes)) * ROW
        block = tall + 0.75
        sheet, foot = footed_sheet(analysis, handles, block * len(groups))
        for place, (contrast, found) in enumerate(groups):
            rows = sorted(found, key=lambda row: -row[order])[:MOST_FACTORS]
            labels = [wrapped(label_of(analysis, row["factor"]), 40) for row in rows]
            left = text_width(labels, 7.5) + 0.25
            floor = foot + (len(groups) - 1 - place) * block + 0.45
            panel = sheet.panel(left, floor, WIDTH - left - 0.2, tall)
            dots(panel, rows, list(measures))
            panel.set_yticks(range(len(labels)), labels)
            panel.set_title(contrast_words(analysis, contrast))
            panel.set_xlabel(axis)
        return sheet.figure


def dots(axes: Axes, rows: Sequence[Row], measures: Sequence[str]) -> None:
    """A row of dots with bars for each factor."""
    axes.axvline(0, color=INK, linewidth=0.8, linestyle=DASHED)
    for place, row in enumerate(rows):
        for k, name in enumerate(measures):
            height = place + 0.24 * (k - (len(measures) - 1) / 2)
            axes.plot([row[f"{name}_low"], row[f"{name}_high"]], [height] * 2, color=COLOURS[k], alpha=0.5, linewidth=3)
            axes.plot([row[name]], [height], color=COLOURS[k], marker=MARKERS[k], markersize=4.5)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.grid(axis="x")


def index_picture(analysis: Analysis) -> Picture:
    """Sobol' indices."""
    measures = {"total": "with all others (total)", "first": "by itself (first order)"}
    figure = dot_plot(analysis, "indices", "total", measures, "share of the variance of the effect over the design")
    alt = "Dot plot: for each factor its first-order and total Sobol' index with a bar for the 90 % interval."
    return Picture("analysis", heading(analysis), alt, figure)


def screening_picture(analysis: Analysis) -> Picture:
    """Morris's mu* and sigma."""
    measures = {"mu_star": "size (mu*)", "sigma": "unevenness (sigma)"}
    unit = analysis.cells.question.measured.unit
    axis = f"move of the effect as the factor goes over its whole range ({unit})"
    figure = dot_plot(analysis, "measures", "mu_star", measures, axis)
    alt = "Dot plot: for each factor how far it moves the effect, and how unevenly, with a bar for the 90 % interval."
    return Picture("analysis", heading(analysis), alt, figure)


def tiled(analysis: Analysis, drawers: Sequence[Drawer], handles: Sequence[Any], columns: int) -> Figure:
    """A sheet of panels, so many side by side."""
    columns = min(columns, len(drawers))
    rows = -(-len(drawers) // columns)
    block, share = TILE + 0.75, WIDTH / columns
    sheet, foot = footed_sheet(analysis, handles, rows * block)
    for place, draw in enumerate(drawers):
        row, column = divmod(place, columns)
        floor = foot + (rows - 1 - row) * block + 0.45
        draw(sheet.panel(column * share + 0.62, floor, share - 0.8, TILE))
    return sheet.figure


def line(axes: Axes, axis: Axis, rows: Sequence[Row], value: str, k: int) -> None:
    """A curve with its band over a factor's numbers, or dots with bars over its names."""
    colour, marker = COLOURS[k % 8], MARKERS[k % 8]
    low, high, effect = (np.array([row[name] for row in rows], float) for name in ("low", "high", "effect"))
    if axis.numeric:
        at = np.array([row[value] for row in rows], float)
        axes.fill_between(at, low, high, color=colour, alpha=0.22, linewidth=0)
        axes.plot(at, effect, color=colour, marker=marker, markersize=3, linewidth=1.2)
        if axis.factor.log:
            axes.set_xscale("log")
        return
    names = [str(row[value]) for row in rows]
    at = np.arange(len(rows)) + 0.1 * k
    axes.vlines(at, low, high, color=colour, alpha=0.5, linewidth=4)
    axes.plot(at, effect, color=colour, marker=marker, markersize=4.5, linewidth=0)
    axes.set_xticks(range(len(names)), [wrapped(name, 14) for name in names])
    axes.set_xlim(-0.5, len(names) - 0.3)


def dressed(axes: Axes, analysis: Analysis, axis: Axis, title: str) -> None:
    """Labels and zero line of a panel of curves."""
    axes.axhline(0, color=INK, linewidth=0.8, linestyle=DASHED)
    axes.set_xlabel(wrapped(unit_of(axis), 40))
    axes.set_ylabel(f"effect ({analysis.cells.question.measured.unit})")
    axes.set_title(wrapped(title, 46))
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.grid(axis="y")


def key_of(names: Sequence[str]) -> list[Any]:
    """Legend of curves with bands."""
    marks = [
        Line2D([], [], color=COLOURS[k % 8], marker=MARKERS[k % 8], markersize=4, label=name)
        for k, name in enumerate(names)
    ]
    return [*marks, Patch(color=INK, alpha=0.22, label="band or bar: 90 % interval")]


def curve_tile(axes: Axes, analysis: Analysis, axis: Axis, groups: Sequence[Group], first: int) -> None:
    """Curves of several contrasts over one factor; ``first`` is the place of the first colour."""
    for k, (_, rows) in enumerate(groups):
        line(axes, axis, rows, "value", first + k)
    dressed(axes, analysis, axis, "against the baseline" if first == 0 else "one less the other")


def curves(analysis: Analysis, table: pd.DataFrame, factors: Sequence[str]) -> tuple[list[Drawer], list[Any]]:
    """Panels with curves over each factor: effects against the baseline, then differences of scenarios; their key."""
    by_name = {axis.path: axis for axis in analysis.cells.axes}
    names = [str(contrast) for contrast in analysis.cells.question.contrasts]
    alone = [contrast for contrast in names if " minus " not in contrast]
    drawers: list[Drawer] = []
    for kind, first in ((alone, 0), ([name for name in names if name not in alone], len(alone))):
        for factor in factors if kind else ():
            groups = [group for group in of_contrast(table[table["factor"] == factor]) if group[0] in kind]
            drawers.append(partial(curve_tile, analysis=analysis, axis=by_name[factor], groups=groups, first=first))
    return drawers, key_of([contrast_words(analysis, name) for name in names])


def crossed_tile(axes: Axes, analysis: Analysis, along: Axis, across: Axis, named: Group) -> None:
    """Curves over one factor, one for each value of another."""
    contrast, rows = named
    values = list(dict.fromkeys(row[across.path] for row in rows))
    for k, value in enumerate(values):
        line(axes, along, [row for row in rows if row[across.path] == value], along.path, k)
    dressed(axes, analysis, along, contrast_words(analysis, contrast))


def map_tile(axes: Axes, analysis: Analysis, along: Axis, up: Axis, named: Group) -> None:
    """Effects as colours over two factors; a small circle where the interval holds 0."""
    contrast, rows = named
    frame = pd.DataFrame(rows)
    table = frame.pivot_table(index=up.path, columns=along.path, values="effect", observed=True, sort=True)
    largest = float(np.nanmax(np.abs(table.to_numpy()))) or 1.0
    image = axes.imshow(table, cmap="PuOr_r", vmin=-largest, vmax=largest, aspect="auto", origin="lower")
    unclear = frame.assign(zero=(frame["low"] <= 0) & (frame["high"] >= 0))
    zero = unclear.pivot_table(index=up.path, columns=along.path, values="zero", observed=True, sort=True)
    for (row, column), value in np.ndenumerate(table.to_numpy()):
        held = "∘" if zero.iloc[row, column] else ""
        number = f"{value:.{analysis.cells.question.measured.digits}f}" if table.size <= NUMBERED else ""
        axes.text(column, row, f"{number}{held}", ha="center", va="center", size=5.5)
    for names, place in ((table.columns, axes.set_xticks), (table.index, axes.set_yticks)):
        step = -(-len(names) // 7)
        place(range(0, len(names), step), [wrapped(value_words(name), 14) for name in names[::step]])
    axes.set_xlabel(wrapped(unit_of(along), 40))
    axes.set_ylabel(wrapped(unit_of(up), 30))
    axes.set_title(wrapped(contrast_words(analysis, contrast), 46))
    bar = axes.figure.colorbar(image, ax=axes, fraction=0.05, pad=0.02)
    bar.ax.tick_params(labelsize=6)


MAP_KEY = "colour and number: effect; ∘ its 90 % interval holds 0"


def grid_picture(analysis: Analysis) -> Picture:
    """A curve over one factor, a map or several curves over two, curves over each of more."""
    axes, points = analysis.cells.axes, analysis.tables["points"]
    groups = of_contrast(points)
    drawers: Sequence[Drawer]
    with house_style():
        if len(axes) == 1:
            table = points.rename(columns={axes[0].path: "value"}).assign(factor=axes[0].path)
            drawers, key = curves(analysis, table, [axes[0].path])
            columns = 2
        elif len(axes) > 2:
            drawers, key = curves(analysis, analysis.tables["factors"], [axis.path for axis in axes])
            columns = 3
        else:
            drawers, key, columns = two_factors(analysis, groups)
        alt = "Effects over the factors of the grid, as curves with bands for the 90 % interval or as a map of colours."
        return Picture("analysis", heading(analysis), alt, tiled(analysis, drawers, key, columns))


def two_factors(analysis: Analysis, groups: Sequence[Group]) -> tuple[Sequence[Drawer], list[Any], int]:
    """Panels, key and columns of a grid of two factors: curves where one has few values or names, else maps."""
    along, across = sorted(analysis.cells.axes, key=lambda axis: (axis.numeric, len(axis.levels())), reverse=True)
    if along.numeric and len(along.levels()) > FEW and (len(across.levels()) <= FEW or not across.numeric):
        values = list(dict.fromkeys(row[across.path] for row in groups[0][1]))
        key = key_of([f"{unit_of(across)}: {value_words(value)}" for value in values])
        drawers = [
            partial(crossed_tile, analysis=analysis, along=along, across=across, named=group) for group in groups
        ]
        return drawers, key, 2
    drawers = [partial(map_tile, analysis=analysis, along=along, up=across, named=group) for group in groups]
    return drawers, [Line2D([], [], linewidth=0, label=MAP_KEY)], 2


PICTURES: dict[str, Callable[[Analysis], Picture]] = {
    "grid": grid_picture,
    "morris": screening_picture,
    "sobol": index_picture,
}


def picture_of(analysis: Analysis) -> Picture:
    """The picture of an analysis."""
    return PICTURES[analysis.finding.kind](analysis)


def csv_bytes(analysis: Analysis, table: pd.DataFrame) -> bytes:
    """A table as CSV, with what it is in lines that begin with "#" above it."""
    stream = io.StringIO()
    for note in (heading(analysis), *notes(analysis)):
        stream.write(f"# {note}\n")
    table.to_csv(stream, index=False)
    return stream.getvalue().encode()


def analysis_files(analysis: Analysis) -> dict[str, bytes]:
    """File name to content of all that is written: tables (Parquet, CSV), picture (SVG, PNG) and document (JSON)."""
    files: dict[str, bytes] = {}
    for name, table in analysis.tables.items():
        plain = table.astype({column: str for column in table if table[column].dtype == object})
        files[f"analysis-{name}.parquet"] = plain.to_parquet(index=False)
        files[f"analysis-{name}.csv"] = csv_bytes(analysis, table)
    picture = picture_of(analysis)
    files |= {f"figures-{picture.name}.{kind}": picture_bytes(picture, kind) for kind in ("svg", "png")}
    files["analysis.json"] = analysis.to_json().encode()
    return files
