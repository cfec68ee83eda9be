"""Charts as SVG text: small, quick to make, and a file of their own when saved.

A design is told by its letter, marker and colour, never by colour alone. Colours and markers are those of
:mod:`pdsim.figures`. The band is the 90 % interval of the average effect, the whisker what one school might see.
Nothing is computed here but where things stand on paper.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from matplotlib.ticker import MaxNLocator

from pdsim.figures import COLOURS, INK, Estimate
from pdsim.tables import signed

LINE = "#D9D9D9"
GHOST = "#8A8A8A"
FONT = "font-family='DejaVu Sans, Verdana, Arial, sans-serif'"
TOP, BOTTOM, LEFT, RIGHT = 12, 26, 50, 92


@dataclass(frozen=True)
class Series:
    """One design in a chart: an estimate at the end of each year, and the averages before the last change, if any."""

    index: int
    letter: str
    years: tuple[Estimate, ...]
    ghost: tuple[float, ...] = ()

    @property
    def last(self) -> Estimate:
        """The estimate of the last year."""
        return self.years[-1]


@dataclass(frozen=True)
class Scale:
    """From values to places: ``low``-``high`` lie at ``start``-``end``."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Place of a value, to a tenth of a unit."""
        share = (value - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 1)


def scale_over(values: Sequence[float], start: float, end: float, count: int = 4) -> tuple[Scale, list[float]]:
    """A scale over some values with round ticks, as (scale, ticks)."""
    low, high = min(values), max(values)
    if high - low < 1e-9:
        low, high = low - 0.05, high + 0.05
    ticks = [float(tick) for tick in MaxNLocator(count, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)]
    return Scale(ticks[0], ticks[-1], start, end), ticks


def drawing(width: int, height: int, label: str, parts: Sequence[str]) -> str:
    """A whole SVG picture with what it shows in words."""
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' role='img' "
        f"aria-label='{escape(label, quote=True)}' {FONT} font-size='12' fill='{INK}'>"
        f"<rect width='{width}' height='{height}' fill='white'/>{''.join(parts)}</svg>"
    )


def text(x: float, y: float, words: str, anchor: str = "start", weight: str = "normal") -> str:
    """Words at a place."""
    return f"<text x='{x}' y='{y}' text-anchor='{anchor}' font-weight='{weight}'>{escape(words)}</text>"


def line(x1: float, y1: float, x2: float, y2: float, colour: str = LINE, width: float = 1, dash: str = "") -> str:
    """A straight line."""
    dashed = f" stroke-dasharray='{dash}'" if dash else ""
    return f"<line x1='{x1}' y1='{y1}' x2='{x2}' y2='{y2}' stroke='{colour}' stroke-width='{width}'{dashed}/>"


def marker(index: int, x: float, y: float, size: float = 4.5) -> str:
    """The marker of a design: circle, square, triangle, diamond."""
    shapes = (
        f"<circle cx='{x}' cy='{y}' r='{size}'",
        f"<rect x='{x - size}' y='{y - size}' width='{2 * size}' height='{2 * size}'",
        f"<polygon points='{x},{y - size * 1.2} {x + size * 1.1},{y + size} {x - size * 1.1},{y + size}'",
        f"<polygon points='{x},{y - size * 1.3} {x + size * 1.3},{y} {x},{y + size * 1.3} {x - size * 1.3},{y}'",
    )
    return f"{shapes[index % 4]} fill='{COLOURS[index]}' stroke='white' stroke-width='1'/>"


def points(pairs: Sequence[tuple[float, float]]) -> str:
    """Places as SVG lists them."""
    return " ".join(f"{x},{y}" for x, y in pairs)


def spread_out(places: Sequence[float], gap: float) -> list[float]:
    """Places moved apart so that labels of height ``gap`` do not overlap, in the same order.

    >>> spread_out([10.0, 11.0, 50.0], 14)
    [3.5, 17.5, 50.0]
    """
    order = sorted(range(len(places)), key=lambda index: places[index])
    out = list(places)
    for _ in places:
        for below, above in pairwise(order):
            overlap = gap - (out[above] - out[below])
            if overlap > 1e-6:
                out[below] -= overlap / 2
                out[above] += overlap / 2
    return out


def course_chart(series: Sequence[Series], digits: int, width: int, height: int, label: str) -> str:
    """Effects over the school years: a line with markers, band and whisker for each design; no change is dashed."""
    values = [0.0]
    for one in series:
        for e in one.years:
            values += [e.low, e.high, e.centre]
        values += [one.last.school_low, one.last.school_high, *one.ghost]
    y, ticks = scale_over(values, height - BOTTOM, TOP, 5 if height > 200 else 4)
    x = Scale(0, len(series[0].years), LEFT + 8, width - RIGHT - 12 * len(series))
    parts = [line(LEFT, y(tick), width - RIGHT, y(tick)) for tick in ticks]
    parts += [text(LEFT - 6, y(tick) + 4, signed(tick, tick_digits(ticks)), "end") for tick in ticks]
    parts.append(line(LEFT, y(0), width - RIGHT, y(0), INK, 1, "4 3"))
    parts += year_labels(x, len(series[0].years), height)
    for one in series:
        parts += course(one, x, y, 0.22 if len(series) < 3 else 0.12)
    return drawing(width, height, label, [*parts, *end_labels(series, y, width, digits)])


def tick_digits(ticks: Sequence[float]) -> int:
    """Decimals that tell ticks apart.

    >>> tick_digits([0.0, 0.05]), tick_digits([0.0, 0.2]), tick_digits([0.0, 0.025])
    (2, 1, 3)
    """
    return next((d for d in range(4) if all(abs(round(tick, d) - tick) < 1e-9 for tick in ticks)), 4)


def year_labels(x: Scale, years: int, height: int) -> list[str]:
    """The years below a chart; every second one where there are many."""
    step = 1 if years < 6 else 2
    named = [(0, "start"), *((year, f"year {year}") for year in range(step, years + 1, step))]
    return [text(x(year), height - 8, words, "middle") for year, words in named]


def course(one: Series, x: Scale, y: Scale, shade: float) -> list[str]:
    """One design's band, line, markers, whisker and, in grey, its line before the last change."""
    colour = COLOURS[one.index]
    upper = [(x(0), y(0)), *((x(year), y(e.high)) for year, e in enumerate(one.years, 1))]
    lower = [(x(0), y(0)), *((x(year), y(e.low)) for year, e in enumerate(one.years, 1))]
    centre = [(x(0), y(0)), *((x(year), y(e.centre)) for year, e in enumerate(one.years, 1))]
    at = x(len(one.years)) + 12 * (one.index + 1)
    low, high = y(one.last.school_low), y(one.last.school_high)
    parts = [f"<polygon points='{points(upper + lower[::-1])}' fill='{colour}' fill-opacity='{shade}'/>"]
    if one.ghost:
        before = [(x(0), y(0)), *((x(year), y(value)) for year, value in enumerate(one.ghost, 1))]
        dashed = f"stroke='{GHOST}' stroke-width='2' stroke-dasharray='6 4'"
        parts.append(f"<polyline points='{points(before)}' fill='none' {dashed}/>")
    parts.append(f"<polyline points='{points(centre)}' fill='none' stroke='{colour}' stroke-width='2.5'/>")
    parts += [line(at, low, at, high, colour, 1.5), line(at - 3, low, at + 3, low, colour, 1.5)]
    parts += [line(at - 3, high, at + 3, high, colour, 1.5)]
    return [*parts, *(marker(one.index, *place) for place in centre[1:])]


def end_labels(series: Sequence[Series], y: Scale, width: int, digits: int) -> list[str]:
    """Letter, marker and value of each design at the right edge."""
    places = spread_out([y(one.last.centre) for one in series], 16)
    parts = []
    for one, place in zip(series, places, strict=True):
        parts.append(marker(one.index, width - RIGHT + 12, round(place, 1), 4))
        parts.append(
            text(
                width - RIGHT + 20,
                round(place + 4, 1),
                f"{one.letter} {signed(one.last.centre, digits)}",
                weight="bold",
            )
        )
    return parts


def dot_chart(series: Sequence[Series], digits: int, zero: float, width: int, label: str) -> str:
    """Levels of the last year: a row for each design, interval of the average thick, what one school might see thin."""
    height = 34 + 26 * len(series)
    values = [zero]
    for one in series:
        values += [one.last.low, one.last.high, one.last.school_low, one.last.school_high, *one.ghost[-1:]]
    x, ticks = scale_over(values, 24, width - RIGHT - 8)
    parts = [line(x(tick), 6, x(tick), height - BOTTOM) for tick in ticks]
    parts += [text(x(tick), height - 8, f"{tick:.{tick_digits(ticks)}f}", "middle") for tick in ticks]
    parts.append(line(x(zero), 6, x(zero), height - BOTTOM, INK, 1, "4 3"))
    for row, one in enumerate(series):
        y = 20 + 26 * row
        colour, e = COLOURS[one.index], one.last
        parts += [text(4, y + 4, one.letter, weight="bold"), line(x(e.school_low), y, x(e.school_high), y, colour, 1.5)]
        parts.append(
            f"<line x1='{x(e.low)}' y1='{y}' x2='{x(e.high)}' y2='{y}' stroke='{colour}' stroke-width='9' "
            "stroke-opacity='0.45'/>"
        )
        parts += [line(x(g), y - 9, x(g), y + 9, GHOST, 2, "3 2") for g in one.ghost[-1:]]
        parts.append(marker(one.index, x(e.centre), y))
        parts.append(text(width - RIGHT + 12, y + 4, f"{one.letter} {e.centre:.{digits}f}", weight="bold"))
    return drawing(width, height, label, parts)


def price_chart(
    series: Sequence[Series], prices: Sequence[float], title: str, width: int, height: int, label: str
) -> str:
    """Effect on pupils against a price: a marker with the interval of the average for each design."""
    values = [0.0]
    for one in series:
        values += [one.last.low, one.last.high]
    y, ticks = scale_over(values, height - 44, TOP)
    x, marks = scale_over([0.0, *prices, max(prices) * 1.05], LEFT + 8, width - 26)
    parts = [line(LEFT, y(tick), width - 10, y(tick)) for tick in ticks]
    parts += [text(LEFT - 6, y(tick) + 4, signed(tick, tick_digits(ticks)), "end") for tick in ticks]
    parts += [text(x(mark), height - 26, f"{mark:,.{tick_digits(marks)}f}", "middle") for mark in marks]
    parts += [line(LEFT, y(0), width - 10, y(0), INK, 1, "4 3"), text((LEFT + width) / 2, height - 8, title, "middle")]
    for one, price in zip(series, prices, strict=True):
        at, e = x(price), one.last
        parts.append(
            f"<line x1='{at}' y1='{y(e.low)}' x2='{at}' y2='{y(e.high)}' stroke='{COLOURS[one.index]}' "
            "stroke-width='7' stroke-opacity='0.4'/>"
        )
        parts += [marker(one.index, at, y(e.centre), 5.5), text(at + 9, y(e.centre) + 4, one.letter, weight="bold")]
    return drawing(width, height, label, parts)
