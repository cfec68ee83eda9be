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
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator, StrMethodFormatter

from pdsim import families_figures, threshold_figures
from pdsim.analysis import Analysis
from pdsim.analysis.threshold import told
from pdsim.analysis_tables import (
    above,
    contrast_words,
    heading,
    label_of,
    notes,
    of_contrast,
    size_words,
    unit_of,
    value_words,
)
from pdsim.experiment.designs import Axis
from pdsim.figures import (
    COLOURS,
    DASHED,
    FAINT,
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
MOST_CURVES = 6  # factors of a hypercube that have a panel
ROW = 0.3  # inches of a factor in it
FOOT_WIDTH = 160  # letters in a line of the words under the panels
BAND = 0.16  # opacity of bands, which lie over each other
FEW = 4  # values of a factor up to which each has a line of its own
TILE = 1.5  # inches of a panel with curves or a map
NUMBERED = 80  # cells of a map up to which each shows its number
Row = Mapping[str, Any]
Group = tuple[str, Sequence[Row]]  # a contrast with its rows
Drawer = Callable[[Axes], None]


def footed_sheet(analysis: Analysis, handles: Sequence[Any], height: float) -> tuple[Sheet, float]:
    """A sheet with the question above and the notes under ``height`` inches of panels; the panels' lower edge."""
    lines = [line for note in (*above(analysis), *notes(analysis)) for line in textwrap.wrap(note, FOOT_WIDTH)]
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


def tiled(analysis: Analysis, bands: Sequence[Sequence[Drawer]], handles: Sequence[Any], columns: int) -> Figure:
    """A sheet of panels, so many side by side, each band of them beginning a new row."""
    columns = min(columns, max(map(len, bands)))
    rows = [band[start : start + columns] for band in bands for start in range(0, len(band), columns)]
    block, share = TILE + 0.85, WIDTH / columns
    sheet, foot = footed_sheet(analysis, handles, len(rows) * block)
    for row, drawers in enumerate(reversed(rows)):
        for column, draw in enumerate(drawers):
            draw(sheet.panel(column * share + 0.68, foot + row * block + 0.42, share - 0.85, TILE))
    return sheet.figure


def line(axes: Axes, axis: Axis, rows: Sequence[Row], value: str, k: int) -> None:
    """A curve with its band over a factor's numbers, or dots with bars over its names."""
    colour, marker = COLOURS[k % 8], MARKERS[k % 8]
    low, high, effect = (np.array([row[name] for row in rows], float) for name in ("low", "high", "effect"))
    if axis.numeric:
        at = np.array([row[value] for row in rows], float)
        axes.fill_between(at, low, high, color=colour, alpha=BAND, linewidth=0)
        axes.plot(at, effect, color=colour, marker=marker, markersize=3, linewidth=1.2)
        if axis.factor.log:
            axes.set_xscale("log")
            axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
            axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
            axes.xaxis.set_minor_locator(NullLocator())
        return
    names = [str(row[value]) for row in rows]
    at = np.arange(len(rows)) + 0.1 * k
    axes.vlines(at, low, high, color=colour, alpha=0.5, linewidth=4)
    axes.plot(at, effect, color=colour, marker=marker, markersize=4.5, linewidth=0)
    axes.set_xticks(range(len(names)), [wrapped(name, 14) for name in names])
    axes.set_xlim(-0.5, len(names) - 0.3)


def title_letters(axes: Axes) -> int:
    """How many letters of a panel's title stand on a line."""
    return int(17 * WIDTH * axes.get_position().width)


def dressed(axes: Axes, analysis: Analysis, axis: Axis, title: str) -> None:
    """Labels and zero line of a panel of curves."""
    axes.axhline(0, color=INK, linewidth=0.8, linestyle=DASHED)
    axes.set_xlabel(wrapped(unit_of(axis), 40))
    axes.set_ylabel(f"effect ({analysis.cells.question.measured.unit})")
    axes.set_title(wrapped(title, title_letters(axes)))
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.grid(axis="y")


def key_of(names: Sequence[str]) -> list[Any]:
    """Legend of curves with bands."""
    marks = [
        Line2D([], [], color=COLOURS[k % 8], marker=MARKERS[k % 8], markersize=4, label=name)
        for k, name in enumerate(names)
    ]
    return [*marks, Patch(color=INK, alpha=BAND, label="band or bar: 90 % interval")]


def curve_tile(axes: Axes, analysis: Analysis, axis: Axis, groups: Sequence[Group], first: int) -> None:
    """Curves of several contrasts over one factor; ``first`` is the place of the first colour."""
    for k, (_, rows) in enumerate(groups):
        line(axes, axis, rows, "value", first + k)
    dressed(axes, analysis, axis, "against the baseline" if first == 0 else "one less the other")


def curves(analysis: Analysis, table: pd.DataFrame, factors: Sequence[str]) -> tuple[list[list[Drawer]], list[Any]]:
    """A band of panels with curves over each factor for effects, and one for differences of scenarios; their key."""
    by_name = {axis.path: axis for axis in analysis.cells.axes}
    names = [str(contrast) for contrast in analysis.cells.question.contrasts]
    alone = [contrast for contrast in names if " minus " not in contrast]
    pairs = [name for name in names if name not in alone]
    bands = []
    for kind, first in ((alone, 0), (pairs, len(alone))):
        found = [(factor, of_contrast(table[table["factor"] == factor])) for factor in factors if kind]
        tiles = [(by_name[factor], [group for group in groups if group[0] in kind]) for factor, groups in found]
        bands.append([partial(curve_tile, analysis=analysis, axis=axis, groups=g, first=first) for axis, g in tiles])
    return [list(band) for band in bands if band], key_of([contrast_words(analysis, name) for name in names])


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
    scale = colours_of(table.to_numpy())
    image = axes.imshow(table, aspect="auto", origin="lower", **scale)
    unclear = frame.assign(zero=(frame["low"] <= 0) & (frame["high"] >= 0))
    zero = unclear.pivot_table(index=up.path, columns=along.path, values="zero", observed=True, sort=True)
    for (row, column), value in np.ndenumerate(table.to_numpy()):
        held = "∘" if zero.iloc[row, column] else ""
        number = f"{value:.{analysis.cells.question.measured.digits}f}" if table.size <= NUMBERED else ""
        axes.text(column, row, f"{number}{held}", ha="center", va="center", size=5.5)
    for names, place in ((table.columns, axes.set_xticks), (table.index, axes.set_yticks)):
        step = -(-len(names) // 5)
        place(range(0, len(names), step), [wrapped(value_words(name), 14) for name in names[::step]])
    axes.set_xlabel(wrapped(unit_of(along), 40))
    axes.set_ylabel(wrapped(unit_of(up), 30))
    axes.set_title(wrapped(contrast_words(analysis, contrast), title_letters(axes)))
    if table.size > NUMBERED:
        left, bottom, width, height = axes.get_position().bounds
        axes.set_position((left, bottom, 0.9 * width, height))
        bar = axes.figure.colorbar(image, ax=axes, fraction=0.06, pad=0.02)
        bar.ax.set_ylim(float(np.nanmin(table)), float(np.nanmax(table)))
        bar.ax.tick_params(labelsize=5.5, pad=1, length=2)
        bar.locator = MaxNLocator(4)
        bar.update_ticks()


def colours_of(values: np.ndarray) -> dict[str, Any]:
    """Colours of a map, light enough for numbers on them: from orange over white to violet where the sign changes."""
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    reach, span = 1.4 * max(abs(low), abs(high), 1e-12), (high - low) or 1e-12
    if low < 0 < high:
        return {"cmap": "PuOr_r", "vmin": -reach, "vmax": reach}
    if low >= 0:
        return {"cmap": "Oranges", "vmin": low, "vmax": high + 0.7 * span}
    return {"cmap": "Purples_r", "vmin": low - 0.7 * span, "vmax": high}


MAP_KEY = "colour and number: effect; ∘ its 90 % interval holds 0"


def grid_picture(analysis: Analysis) -> Picture:
    """A curve over one factor, a map or several curves over two, curves over each of more."""
    axes, points = analysis.cells.axes, analysis.tables["points"]
    groups = of_contrast(points)
    bands: Sequence[Sequence[Drawer]]
    with house_style():
        if len(axes) == 1:
            table = points.rename(columns={axes[0].path: "value"}).assign(factor=axes[0].path)
            bands, key = curves(analysis, table, [axes[0].path])
            columns = 2
        elif len(axes) > 2:
            bands, key = curves(analysis, analysis.tables["factors"], [axis.path for axis in axes])
            columns = 3
        else:
            band, key, columns = two_factors(analysis, groups)
            bands = [band]
        alt = "Effects over the factors of the grid, as curves with bands for the 90 % interval or as a map of colours."
        return Picture("analysis", heading(analysis), alt, tiled(analysis, bands, key, columns))


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


def surface_picture(analysis: Analysis) -> Picture:
    """Main effects of the factors that matter most, and the surface over the two that matter most."""
    shares = analysis.tables["changes"].groupby("factor")["share"].max().sort_values(ascending=False)
    factors = [str(name) for name in shares.index[:MOST_CURVES]]
    with house_style():
        bands, key = curves(analysis, analysis.tables["factors"], factors)
        by_name = {axis.path: axis for axis in analysis.cells.axes}
        maps: list[Drawer] = []
        for contrast, rows in of_contrast(analysis.tables["surface"]):
            along, up = (by_name[rows[0][f"{letter}_factor"]] for letter in "xy")
            named = contrast, [row | {along.path: row["x"], up.path: row["y"]} for row in rows]
            maps.append(partial(map_tile, analysis=analysis, along=along, up=up, named=named))
        key.append(Line2D([], [], linewidth=0, label=f"maps: the two factors that matter most; {MAP_KEY}"))
        alt = "Curves of the effect over each factor with bands for the 90 % interval, and maps over two factors."
        return Picture("analysis", heading(analysis), alt, tiled(analysis, [*bands, maps], key, 3))


def box_picture(analysis: Analysis) -> Picture:
    """Scenario discovery: the limits of each factor, and the points over the two factors that are restricted first."""
    with house_style():
        handles = [
            Line2D(
                [], [], color=COLOURS[0], linewidth=5, alpha=0.5, label="conditions (box), of the factor's whole range"
            ),
            Line2D([], [], color=INK, linewidth=1, marker="|", label="90 % interval of a limit"),
            Line2D(
                [],
                [],
                color=COLOURS[1],
                marker="o",
                linewidth=0,
                markersize=3.5,
                label=f"at least {size_words(analysis)}",
            ),
            Line2D([], [], color=FAINT, marker=".", linewidth=0, markersize=3.5, label="less"),
        ]
        rows = analysis.tables["box"].to_dict("records") if "box" in analysis.tables else []
        rows = sorted(rows, key=lambda row: (not row["restricted"], -row["found_again"]))[:MOST_FACTORS]
        tall = max(len(rows) * ROW, 2.2)
        sheet, foot = footed_sheet(analysis, handles, tall + 0.75)
        labels = [wrapped(label_of(analysis, row["factor"]), 26) for row in rows]
        left = text_width(labels, 7.5) + 0.2 if rows else 0.6
        if rows:
            limits = sheet.panel(left, foot + 0.5, 4.2 - left, tall)
            limit_panel(limits, rows, labels)
        place_panel(sheet.panel(4.95, foot + 0.5, WIDTH - 5.15, min(tall, 2.6)), analysis, [r["factor"] for r in rows])
        alt = "Left: for each factor the part of its range that is in the box. Right: points over two factors."
        return Picture("analysis", heading(analysis), alt, sheet.figure)


def limit_panel(axes: Axes, rows: Sequence[Row], labels: Sequence[str]) -> None:
    """For each factor the part of its range that is in the box."""
    for place, row in enumerate(rows):
        if isinstance(row["words"], str):
            axes.text(0.5, place, row["words"] if row["restricted"] else "any", ha="center", va="center", size=6.5)
            continue
        span = (row["most"] - row["least"]) or 1.0
        low, high = ((row[name] - row["least"]) / span for name in ("low", "high"))
        axes.plot([low, high], [place] * 2, color=COLOURS[0], alpha=0.5, linewidth=7, solid_capstyle="butt")
        for name in ("low", "high") if row["restricted"] else ():
            at = [(row[f"{name}_{end}"] - row["least"]) / span for end in ("low", "high")]
            axes.plot(at, [place] * 2, color=INK, linewidth=1, marker="|", markersize=5)
        for at, name, side in ((low, "low", "right"), (high, "high", "left")):
            axes.text(at, place - 0.3, value_words(row[name]), size=6, ha="left" if side == "right" else "right")
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(rows) - 0.4, -0.7)
    axes.set_xlim(-0.03, 1.03)
    axes.set_xticks([0, 1], ["lowest", "highest"])
    axes.set_title("Conditions")


def place_panel(axes: Axes, analysis: Analysis, factors: Sequence[str]) -> None:
    """Points over the first two factors, those that reach the size marked."""
    by_name = {axis.path: axis for axis in analysis.cells.axes}
    along, *others = [by_name[name] for name in factors] or analysis.cells.axes
    points = analysis.tables["points"]
    sides = [along, others[0]] if others else [along]
    at = [points[axis.path] for axis in sides] + ([] if others else [points["effect"]])
    for mask, colour, marker, size in ((~points["reached"], FAINT, ".", 9), (points["reached"], COLOURS[1], "o", 9)):
        axes.scatter(at[0][mask], at[1][mask], c=colour, marker=marker, s=size, linewidths=0)
    axes.set_xlabel(wrapped(unit_of(along), 34))
    axes.set_ylabel(wrapped(unit_of(others[0]), 34) if others else "effect")
    axes.set_title("Points of the design")


PICTURES: dict[str, Callable[[Analysis], Picture]] = {
    "discovery": box_picture,
    "families": families_figures.picture_of,
    "grid": grid_picture,
    "latin-hypercube": surface_picture,
    "morris": screening_picture,
    "sobol": index_picture,
    "threshold": lambda analysis: threshold_figures.picture_of(told(analysis.cells, analysis.finding)),
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
