"""The picture of a choice, and all files that are written of it."""

from __future__ import annotations

import textwrap
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from pdsim.choice.prices import prices_file
from pdsim.choice.result import Choice, finite
from pdsim.choice_tables import answer_words
from pdsim.figures import (
    AVERAGE,
    COLOURS,
    DASHED,
    FAINT,
    INK,
    WIDTH,
    Picture,
    Sheet,
    house_style,
    picture_bytes,
    unit_words,
)

LOOK: dict[str, dict[str, Any]] = {
    "solo": {"color": COLOURS[0], "marker": "o"},
    "collaborative": {"color": COLOURS[1], "marker": "s"},
}
HEIGHT = 3.0  # inches of a panel
KEY_LINE = 0.125  # inches of a line of the numbered list
KEY_WIDTH = 54  # letters in a line of it
ALT = (
    "Two scatter plots with a marker for each design: its effect against cost per teacher, and against hours per "
    "teacher. Designs that no other beats at less cost (or in less time) are numbered, joined by a line and drawn with "
    "the 90 % interval of the average effect; solo designs are blue discs, collaborative ones red squares."
)
PANELS = (
    ("pounds_per_teacher", "on_money_front", "Cost per teacher (£, log scale)"),
    ("hours_per_teacher", "on_time_front", "Hours per teacher, mean over all staff (log scale)"),
)


def numbered(result: Choice) -> pd.DataFrame:
    """Designs on either front, the cheapest first: number 1, 2 and so on."""
    rows = result.designs
    rows = rows[rows["on_money_front"] | rows["on_time_front"] | (rows["rank"] == 1).fillna(False)]
    rows = rows.sort_values("pounds_per_teacher", kind="stable").reset_index(drop=True)
    return rows.assign(number=rows.index + 1)


def legend(result: Choice) -> list[Any]:
    """Key to markers, bars and lines."""
    handles: list[Any] = [
        Line2D([], [], **LOOK[kind], linewidth=0, markersize=5, label=f"{kind} design; pale: not on the front")
        for kind in LOOK
    ]
    handles.append(Line2D([], [], color=INK, alpha=0.5, linewidth=4, label=f"bar: {AVERAGE}"))
    handles.append(Line2D([], [], color=FAINT, linewidth=1.2, label="front: no other design does more for less"))
    if finite(result.request.limit.pounds) is not None or finite(result.request.limit.hours) is not None:
        handles.append(Line2D([], [], color=INK, linewidth=0.8, linestyle=DASHED, label="limit asked for; no effect"))
    return handles


def draw_choice(result: Choice) -> Figure:
    """Effect against cost and against hours, with both Pareto fronts and their designs by number."""
    with house_style():
        rows = numbered(result)
        key = key_lines(rows)
        lines = -(-len(key) // 2)
        below = lines * KEY_LINE + 0.25
        sheet = Sheet(headline(result), legend(result), 2 * HEIGHT + below)
        for place, (column, on_front, label) in enumerate(PANELS):
            axes = sheet.panel(0.65, below + (1 - place) * HEIGHT + 0.45, WIDTH - 0.85, HEIGHT - 0.6)
            panel(axes, result, rows, column, on_front)
            axes.set_xlabel(label)
            axes.set_ylabel(f"{result.request.measure.label} ({unit_words(result.request.measure)})")
        for place, line in enumerate(key):
            left, below_top = 0.15 + (place // lines) * (WIDTH / 2), (place % lines) * KEY_LINE
            sheet.write(left, below - 0.15 - below_top, line, size=7, va="top")
        return sheet.figure


def key_lines(rows: pd.DataFrame) -> list[str]:
    """Lines of the numbered list of designs."""
    found: list[str] = []
    for row in rows.itertuples():
        found += textwrap.wrap(
            f"{row.number}  {row.name}", KEY_WIDTH, subsequent_indent="      ", drop_whitespace=False
        )
    return found


def headline(result: Choice) -> str:
    """What the picture shows."""
    return answer_words(result)


def panel(axes: Axes, result: Choice, rows: pd.DataFrame, column: str, on_front: str) -> None:
    """One scatter: effects against a price, those on its front with number and interval."""
    axes.axhline(0, color=INK, linewidth=0.8, linestyle=DASHED, zorder=0)
    limit = result.request.limit.pounds if column.startswith("pounds") else result.request.limit.hours
    if finite(limit) is not None and limit > 0:
        axes.axvline(limit, color=INK, linewidth=0.8, linestyle=DASHED, zorder=0)
    for row in result.designs.to_dict("records"):
        axes.plot([row[column]], [row["effect"]], **LOOK[row["format"]], alpha=0.25, markersize=3.5, linewidth=0)
    leading = rows[rows[on_front]].sort_values(column)
    axes.plot(leading[column], leading["effect"], color=FAINT, linewidth=1.2, zorder=1)
    best = rows[(rows["rank"] == 1).fillna(False) & ~rows[on_front]]
    for row in pd.concat([leading, best]).to_dict("records"):
        look = LOOK[row["format"]]
        place = [row[column]] * 2
        axes.plot(place, [row["low"], row["high"]], color=look["color"], alpha=0.35, linewidth=4, solid_capstyle="butt")
        axes.plot(place[:1], [row["effect"]], **look, markersize=5.5, markeredgecolor="white", markeredgewidth=0.5)
        axes.annotate(str(row["number"]), (row[column], row["high"]), (0, 2), textcoords="offset points", ha="center",
                      fontsize=7, color=INK)  # fmt: skip
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    axes.grid()


def picture_of(result: Choice) -> Picture:
    """The picture with its name and words."""
    return Picture("choice", headline(result), ALT, draw_choice(result))


def choice_files(result: Choice) -> dict[str, bytes]:
    """File name to content of all that is written: tables (Parquet, CSV), picture, prices to change, document."""
    designs = result.designs.assign(settings=[str(settings) for settings in result.designs["settings"]])
    frames = {
        "designs": designs,
        "kinds": result.kinds,
        "solo-or-together": result.duels,
        "costs": result.costs,
        "screened": result.screened,
    }
    files = {f"choice-{name}.parquet": frame.to_parquet(index=False) for name, frame in frames.items()}
    files |= {f"choice-{name}.csv": frame.to_csv(index=False).encode() for name, frame in frames.items()}
    picture = picture_of(result)
    files |= {f"figures-choice.{kind}": picture_bytes(picture, kind) for kind in ("svg", "png")}
    files["costs.toml"] = prices_file(list(result.request.designs)).encode()
    files["choice.json"] = result.to_json().encode()
    return files
