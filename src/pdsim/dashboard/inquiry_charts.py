"""The lesson's pictures as SVG text: rows with a dot on its interval, and rows with a bar of 100.

Every row is named beside its mark, so that nothing is told by colour alone. The thick line is the 90 % interval.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pdsim.dashboard.charts import GHOST, drawing, line, scale_over, text, tick_digits
from pdsim.figures import INK
from pdsim.tables import signed

ROW, FOOT, HEAD = 24, 24, 4
VALUE, COUNT = 58, 78  # room at the right for a number, and for so many of 100


@dataclass(frozen=True)
class Dot:
    """A row: what it is, a value with its 90 % interval, and where it was before, if that is drawn."""

    label: str
    value: float
    low: float
    high: float
    colour: str = INK
    before: float | None = None


@dataclass(frozen=True)
class Bar:
    """A row: what it is, its share, the 90 % interval of that, if it has one, and a paler bar beside it, if any."""

    label: str
    share: float
    low: float | None = None
    high: float | None = None
    colour: str = INK
    beside: float | None = None


def dot_rows(rows: Sequence[Dot], digits: int, width: int, room: int, label: str) -> str:
    """Dots on their intervals over one scale with a dashed line at no difference; ``room`` is kept for the names."""
    height = HEAD + ROW * len(rows) + FOOT
    values = [0.0, *(value for row in rows for value in (row.low, row.high, row.value))]
    values += [row.before for row in rows if row.before is not None]
    x, ticks = scale_over(values, room + 10, width - VALUE - 10, 3)
    foot = height - FOOT
    parts = [line(x(tick), HEAD, x(tick), foot) for tick in ticks]
    parts += [text(x(tick), height - 8, signed(tick, tick_digits(ticks)), "middle") for tick in ticks]
    parts.append(line(x(0), HEAD, x(0), foot, INK, 1, "4 3"))
    for number, row in enumerate(rows):
        y = HEAD + ROW * number + ROW / 2
        parts += [text(room, y + 4, row.label, "end"), interval(x(row.low), x(row.high), y, row.colour)]
        if row.before is not None and abs(row.before - row.value) > 1e-9:
            parts.append(line(x(row.before), y - 9, x(row.before), y + 9, GHOST, 2, "3 2"))
        parts.append(f"<circle cx='{x(row.value)}' cy='{y}' r='4.5' fill='{row.colour}' stroke='white'/>")
        parts.append(text(width - VALUE, y + 4, signed(row.value, digits), weight="bold"))
    return drawing(width, height, label, parts)


def interval(low: float, high: float, y: float, colour: str) -> str:
    """A thick pale line."""
    return f"<line x1='{low}' y1='{y}' x2='{high}' y2='{y}' stroke='{colour}' stroke-width='8' stroke-opacity='0.4'/>"


def bar_rows(rows: Sequence[Bar], width: int, room: int, label: str) -> str:
    """Bars of 100; the mark of an interval is a thin line with ends."""
    height = HEAD + ROW * len(rows) + FOOT
    x, _ = scale_over([0.0, 100.0], room + 10, width - COUNT - 10, 4)
    foot = height - FOOT
    parts = [line(x(tick), HEAD, x(tick), foot) for tick in (0, 25, 50, 75, 100)]
    parts += [text(x(tick), height - 8, str(tick), "middle") for tick in (0, 25, 50, 75, 100)]
    for number, row in enumerate(rows):
        y = HEAD + ROW * number + ROW / 2
        parts += [text(room, y + 4, row.label, "end"), *bars(row, x(0), x(100 * row.share), y)]
        if row.beside is not None:
            parts.append(bar(x(0), x(100 * row.beside), y + 4, 6, row.colour, 0.4))
        if row.low is not None and row.high is not None:
            parts += whisker(x(100 * row.low), x(100 * row.high), y - 2 if row.beside is not None else y)
        parts.append(text(width - COUNT, y + 4, f"{100 * row.share:.0f} of 100", weight="bold"))
    return drawing(width, height, label, parts)


def bars(row: Bar, start: float, end: float, y: float) -> list[str]:
    """The bar of a row; thinner, and above the middle, where another stands beside it."""
    if row.beside is None:
        return [bar(start, end, y - 7, 14, row.colour, 0.75)]
    return [bar(start, end, y - 8, 11, row.colour, 0.75)]


def bar(start: float, end: float, y: float, height: float, colour: str, opacity: float) -> str:
    """One bar."""
    size = f"width='{round(end - start, 1)}' height='{height}'"
    return f"<rect x='{start}' y='{y}' {size} fill='{colour}' fill-opacity='{opacity}'/>"


def whisker(low: float, high: float, y: float) -> list[str]:
    """A thin line with ends."""
    ends = [line(at, y - 4, at, y + 4, INK, 1.5) for at in (low, high)]
    return [line(low, y, high, y, INK, 1.5), *ends]
