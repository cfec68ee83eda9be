"""Pictures of a comparison: effects by Guskey level, the course over the years, effect against cost.

Each is drawn twice over: the interval of the average effect thick or dark, what one school might see thin or pale, and
both named. Colours are those of Okabe and Ito (2008), safe for the colour-blind, and each design has its own marker
too. Nothing is computed here but where things stand on paper; the same result always gives the same bytes.
"""

from __future__ import annotations

import io
import textwrap
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.textpath import TextPath
from matplotlib.ticker import MaxNLocator

from pdsim.comparison import Comparison, spread_over_draws
from pdsim.kernel.measure import NEUTRAL
from pdsim.outcomes import OUTCOMES, POPULATIONS, Outcome, months_of_progress
from pdsim.tables import AS_LEVEL, LEVELS, ordered_outcomes, signed

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#7F7F7F")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "p")
INK, FAINT = "#333333", "#B0B0B0"
DASHED = (0, (3, 3))
WIDTH = 7.5  # inches: nearly the width of an A4 page, so that print shows the letters at their own size
TITLE_WIDTH = 82  # letters in a line of the title
NAME_WIDTH = 34  # letters in a line of a design's name beside a panel
PANEL_NAME = 23  # and over a panel
LEGEND_WIDTH = 100  # and in a legend
COLUMNS = 4  # panels side by side in the course over the years
COURSE_HEIGHT = 1.3  # inches of each of them
CLOSE = 0.75  # a lead in fewer of the simulated worlds is called close, and one in fewer than SURE "only"
SURE = 0.9
DOTS = 160  # dots per inch of PNG files

MEAN, OWN = "average effect", "(each design has its own marker)"
AVERAGE = "90 % interval of the average effect: what we do not know about the truth"
ONE_SCHOOL = "what one school might see, against its own earlier years (90 % of schools, chance included)"

STYLE = {
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.labelsize": 8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 8.5,
    "axes.axisbelow": True,
    "axes.titlecolor": INK,
    "font.family": ["DejaVu Sans"],  # comes with Matplotlib, so letters are the same everywhere
    "font.size": 8,
    "grid.color": "#E3E3E3",
    "grid.linewidth": 0.6,
    "svg.fonttype": "path",
    "svg.hashsalt": "pdsim",
    "text.parse_math": False,  # a name such as "£5 or $5" is no formula
    "xtick.color": INK,
    "xtick.labelsize": 7.5,
    "ytick.color": INK,
    "ytick.labelsize": 7.5,
}


@dataclass(frozen=True)
class Estimate:
    """One number of a comparison with both intervals, in the outcome's unit.

    ``low``-``high`` is the 90 % interval of the average effect, ``school_low``-``school_high`` what one school might
    see against its own earlier years. For outcomes that are shown as levels (see ``tables.AS_LEVEL``) all are levels.
    NaN where nobody belongs to the population.
    """

    centre: float
    low: float
    high: float
    school_low: float
    school_high: float


class Reading:
    """A comparison's numbers, looked up by design, outcome, population and year.

    Attributes:
        names: the designs in the order in which they were asked for.
        baseline: name of the baseline.
        years: school years looked at.
    """

    def __init__(self, result: Comparison) -> None:
        self.names = [design.name for design in result.request.designs]
        self.baseline = result.request.baseline.name
        self.years = result.request.years
        keys = ["scenario", "outcome", "population", "year"]
        fields = ["effect", "low", "high", "school_low", "school_high", "mean"]
        places = zip(*(result.table[key].tolist() for key in keys), strict=True)
        self._rows = dict(zip(places, result.table[fields].to_numpy().tolist(), strict=True))
        self._levels, self._draw = result.levels, result.luck.draw
        pupils = result.pairs[result.pairs.outcome == "pupil_attainment"]
        self._chance = pupils.set_index(["a", "b"]).probability_b_better.to_dict()

    def at(self, name: str, outcome: str, population: str = "all", year: int | None = None) -> Estimate:
        """A number with its intervals, of the last year unless another is asked for.

        Outcomes that are shown as levels are there for the last year only. A level's interval is that of its average
        over draws of the assumptions, found from the runs as the comparison finds that of an effect.
        """
        place = (name, outcome, population, year or self.years)
        effect, low, high, school_low, school_high, level = self._rows[place]
        if outcome not in AS_LEVEL:
            return Estimate(effect, low, high, school_low, school_high)
        runs = self._levels[name][:, self.years, POPULATIONS.index(population), OUTCOMES[outcome].column]
        low, high = map(float, spread_over_draws(runs, self._draw).interval())
        start = NEUTRAL if outcome == "reaction" else 0.0
        return Estimate(level, low, high, start + school_low, start + school_high)

    def pupils(self, name: str, year: int | None = None) -> Estimate:
        """Effect on the attainment of all pupils."""
        return self.at(name, "pupil_attainment", year=year)

    def ranked(self) -> list[str]:
        """Designs by their effect on pupils, the largest average first; equals in the order asked for."""
        return sorted(self.names, key=lambda name: -self.pupils(name).centre)

    def chance_better(self, first: str, second: str) -> float:
        """Share of the simulated worlds in which ``first`` does more for pupils than ``second``; ties count half."""
        return float(self._chance.get((second, first), 1 - self._chance.get((first, second), 0.5)))

    def years_words(self) -> str:
        """The time looked at: "1 year" or "3 years"."""
        return f"{self.years} year{'s' * (self.years > 1)}"


@dataclass(frozen=True)
class Picture:
    """A figure with its name, and what it shows in a sentence (``title``) and in words for those who cannot see it."""

    name: str
    title: str
    alt: str
    figure: Figure


def unit_words(outcome: Outcome) -> str:
    """The unit in a teacher's words.

    >>> unit_words(OUTCOMES["use"]), unit_words(OUTCOMES["pupil_attainment"])
    ('0 to 1', 'pupil SD')
    """
    return {"0-1": "0 to 1", "GBP": "£"}.get(outcome.unit, outcome.unit)


def months_words(effect: float) -> str:
    """An effect in SD as months of progress by the EEF's bands; it must stand beside the effect in SD.

    >>> months_words(0.05), months_words(-0.1), months_words(0.0)
    ('+1 month', '-2 months', '0 months')
    """
    months = months_of_progress(effect)
    return f"{signed(months, 0)} month{'s' * (abs(months) != 1)}"


def headline(reading: Reading) -> str:
    """The answer for pupils in one sentence, read from the numbers."""
    best, *others = reading.ranked()
    found = reading.pupils(best)
    size = f"{signed(found.centre, 3)} SD on average"
    if found.centre < 0 or signed(found.centre, 3) == "0.000":
        if others:
            return f"For pupils, no design raises attainment; {best} comes closest, with {size}."
        return f"{best} does not raise pupils' attainment: {size}."
    if not others:
        return f"With {best}, pupils gain {size} (90 % interval {signed(found.low, 3)} to {signed(found.high, 3)})."
    chance, second = reading.chance_better(best, others[0]), others[0]
    if chance < CLOSE:
        sizes = f"{signed(found.centre, 3)} and {signed(reading.pupils(second).centre, 3)} SD on average"
        ahead = f"the first ahead in {100 * chance:.0f} of 100 simulated worlds"
        return f"{best} and {second} are close for pupils: {sizes}, {ahead}."
    worlds = f"{'only ' if chance < SURE else ''}{100 * chance:.0f} of 100 simulated worlds"
    return f"{best} does most for pupils: {size}, ahead of {second} in {worlds}."


def course_headline(reading: Reading) -> str:
    """How the largest effect on pupils came about over the years, in one sentence."""
    best = reading.ranked()[0]
    first, last = (signed(reading.pupils(best, year).centre, 3) for year in (1, reading.years))
    if reading.years == 1:
        return f"After one year with {best}, pupils' attainment differs by {first} SD on average."
    then = f"by {last} SD after year {reading.years}"
    return f"With {best}, pupils' attainment differs by {first} SD on average after year 1 and {then}."


def cost_headline(reading: Reading) -> str:
    """What the largest effect on pupils costs, beside the cheapest design, in one sentence."""
    best = reading.ranked()[0]
    price = {name: reading.at(name, "pounds_per_pupil").centre for name in reading.names}
    effect = {name: signed(reading.pupils(name).centre, 3) for name in reading.names}
    cheapest = min(reading.names, key=lambda name: (price[name], name != best))
    sentence = f"{best} costs £{price[best]:,.2f} a pupil for {effect[best]} SD on average"
    if cheapest == best:
        return f"{sentence}{'; no other design costs less' * (len(price) > 1)}."
    return f"{sentence}; {cheapest} costs least, £{price[cheapest]:,.2f} for {effect[cheapest]} SD."


@contextmanager
def house_style() -> Iterator[None]:
    """Matplotlib's own settings and ours, whatever a user's own say; no warnings of letters that it cannot draw."""
    usual = matplotlib.rcParamsDefault
    settings: dict[Any, Any] = {key: usual[key] for key in usual if "backend" not in key} | STYLE
    with matplotlib.rc_context(settings), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        yield


def wrapped(name: str, width: int = NAME_WIDTH) -> str:
    """A design's name on at most three lines; of a longer one the middle is left out, as names differ at their ends.

    >>> wrapped("maths-hub")
    'maths-hub'
    """
    lines = textwrap.wrap(name, width)
    if len(lines) > 3:
        lines = [f"{lines[0][: width - 1]}…", *lines[-2:]]
    return "\n".join(lines) or "(no name)"


def line_count(labels: Iterable[str]) -> int:
    """Lines of the label that has most."""
    return max(label.count("\n") + 1 for label in labels)


def text_width(labels: Iterable[str], size: float) -> float:
    """Width in inches of the widest line of some labels, in letters of ``size`` points."""
    font = FontProperties(family="DejaVu Sans")
    lines = {line for label in labels for line in label.split("\n") if line.strip()}
    return max(TextPath((0, 0), line, size=size, prop=font, usetex=False).get_extents().x1 for line in lines) / 72


def look(index: int) -> dict[str, Any]:
    """Colour and marker of the design at a place in the list; no two of the first 64 share both."""
    return {"color": COLOURS[index % 8], "marker": MARKERS[(index + index // 8) % 8]}


class Sheet:
    """A figure with a title sentence and a legend at the top, and panels placed in inches below them."""

    def __init__(self, title: str, handles: Sequence[Any], height: float) -> None:
        """``height`` inches are left for panels."""
        lines = textwrap.wrap(title, TITLE_WIDTH)
        below_title = 0.1 + len(lines) * 0.185 + 0.06
        rows = sum(line_count([str(handle.get_label())]) for handle in handles)
        self.height = below_title + rows * 0.15 + height
        self.figure = Figure(figsize=(WIDTH, self.height))
        self.write(0.08, self.height - 0.1, "\n".join(lines), size=10, weight="bold", va="top")
        top_of_legend = 1 - below_title / self.height
        self.figure.legend(handles=handles, loc="upper left", bbox_to_anchor=(0.004, top_of_legend), frameon=False,
                           fontsize=7.5, borderaxespad=0, labelspacing=0.35, handlelength=2.2)  # fmt: skip

    def panel(self, left: float, bottom: float, width: float, height: float, **options: Any) -> Axes:
        """Axes at a place in inches from the sheet's lower left corner."""
        place = (left / WIDTH, bottom / self.height, width / WIDTH, height / self.height)
        return self.figure.add_axes(place, **options)

    def write(self, left: float, bottom: float, text: str, **options: Any) -> None:
        """Words at a place in inches from the sheet's lower left corner."""
        self.figure.text(left / WIDTH, bottom / self.height, text, color=INK, **options)


def key_lines(baseline: str) -> list[Line2D]:
    """Legend of the effects: average, its interval, one school, and the baseline."""
    same = wrapped(f"no change from {baseline}; satisfaction: neither pleased nor displeased", LEGEND_WIDTH)
    return [
        Line2D(
            [], [], color=INK, marker="o", linewidth=0, markersize=5, label=f"{MEAN} over all simulated worlds {OWN}"
        ),
        Line2D([], [], color=INK, alpha=0.5, linewidth=7, solid_capstyle="butt", label=f"thick: {AVERAGE}"),
        Line2D([], [], color=INK, linewidth=1, marker="|", markersize=6, label=f"thin: {ONE_SCHOOL}"),
        Line2D([], [], color=INK, linewidth=0.8, linestyle=DASHED, label=same),
    ]


def draw_effects(reading: Reading) -> Figure:
    """Effects in the last year on all staff, Guskey's levels from 5 down as small multiples, with both intervals.

    A level has a row to itself; with more than four designs, levels share rows so that the picture fits a page.
    """
    with house_style():
        labels = [wrapped(name) for name in reading.names]
        many = len(labels) > 4
        rows = ((5,), (4, 3), (2, 1)) if many else ((5,), (4,), (3,), (2,), (1,))
        panel = len(labels) * max(0.22, 0.13 * line_count(labels) + 0.08)
        block = panel + (0.75 if many else 0.52)
        left = text_width(labels, 7.5) + 0.2
        sheet = Sheet(headline(reading), key_lines(reading.baseline), len(rows) * block + 0.05)
        for row, levels in enumerate(reversed(rows)):
            outcomes = [outcome for outcome in ordered_outcomes() if outcome.level in levels]
            margin = 1.5 if len(outcomes) == 1 else 0.55
            share = (WIDTH - left) / len(outcomes)
            for column, outcome in enumerate(outcomes):
                axes = sheet.panel(left + column * share, row * block + 0.27, share - margin, panel)
                effects_panel(axes, reading, outcome)
                axes.set_yticks(range(len(labels)), labels if column == 0 else [""] * len(labels))
                axes.set_title(panel_title(outcome, column, many), weight="bold")
                axes.xaxis.set_major_locator(MaxNLocator(6 - len(outcomes), steps=[1, 2, 2.5, 5, 10]))
        return sheet.figure


def panel_title(outcome: Outcome, column: int, many: bool) -> str:
    """Level, outcome and unit; on several lines where panels are narrow, the level said once where they share it."""
    words, level = f"{outcome.label} ({unit_words(outcome)})", LEVELS[outcome.level]
    if many and outcome.level != 5:
        return "\n".join([level, *textwrap.wrap(words, 25)])
    return words if column else f"{level}:  {words}"


def effects_panel(axes: Axes, reading: Reading, outcome: Outcome) -> None:
    """One outcome: a line for each design, with its value in the right margin."""
    axes.axvline(NEUTRAL if outcome.name == "reaction" else 0.0, color=INK, linewidth=0.8, linestyle=DASHED)
    for place, name in enumerate(reading.names):
        found = reading.at(name, outcome.name)
        draw_estimate(axes, found, place)
        value = value_words(outcome, found)
        axes.text(1.015, place, value, transform=axes.get_yaxis_transform(), va="center", fontsize=7.5, color=INK)
    axes.set_ylim(len(reading.names) - 0.5, -0.5)
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x")


def draw_estimate(axes: Axes, found: Estimate, place: int) -> None:
    """Both intervals and the average of one design, on its line."""
    colour = look(place)["color"]
    school = [found.school_low, found.school_high]
    axes.plot(school, [place, place], color=colour, linewidth=1, marker="|", markersize=7)
    axes.plot([found.low, found.high], [place, place], color=colour, alpha=0.5, linewidth=8, solid_capstyle="butt")
    axes.plot([found.centre], [place], **look(place), markersize=4.5, markeredgecolor="white", markeredgewidth=0.5)


def value_words(outcome: Outcome, found: Estimate) -> str:
    """The average as it stands in the right margin; pupils' with months of progress beside it."""
    if outcome.name in AS_LEVEL:
        return f"{found.centre:.{outcome.digits}f}"
    text = signed(found.centre, outcome.digits)
    return f"{text} SD ({months_words(found.centre)})" if outcome.level == 5 else text


def draw_course(reading: Reading) -> Figure:
    """Pupils' attainment and use in lessons over the years: a panel for each design, the others in grey behind it."""
    with house_style():
        rows = -(-len(reading.names) // COLUMNS)
        title = 0.12 + 0.14 * line_count(wrapped(name, PANEL_NAME) for name in reading.names)
        block = 0.24 + rows * (title + COURSE_HEIGHT) + 0.45
        sheet = Sheet(course_headline(reading), course_key(len(reading.names)), 2 * block + 0.05)
        for bottom, outcome in ((block, "pupil_attainment"), (0.0, "use")):
            course_block(sheet, reading, OUTCOMES[outcome], bottom, block, title)
        return sheet.figure


def course_key(designs: int) -> list[Any]:
    """Legend of the course over the years."""
    handles: list[Any] = [
        Line2D([], [], color=INK, marker="o", markersize=4.5, label=f"{MEAN} {OWN}"),
        Patch(color=INK, alpha=0.45, linewidth=0, label=f"dark band: {AVERAGE}"),
        Patch(facecolor="#EEEEEE", edgecolor=INK, linestyle=":", label=f"pale band, dotted edge: {ONE_SCHOOL}"),
    ]
    others = Line2D([], [], color=FAINT, linewidth=1.2, label="the other designs")
    return [*handles, others] if designs > 1 else handles


def course_block(sheet: Sheet, reading: Reading, outcome: Outcome, bottom: float, height: float, title: float) -> None:
    """The panels of one outcome, all on one scale, with ``title`` inches for the design's name over each."""
    words = f"{LEVELS[outcome.level]}:  {outcome.label} ({unit_words(outcome)}), difference from {reading.baseline}"
    sheet.write(0.08, bottom + height - 0.2, textwrap.shorten(words, 110, placeholder=" …"), size=8.5, weight="bold")
    courses = [course(reading, name, outcome.name) for name in reading.names]
    columns = min(len(courses), COLUMNS)
    share = (WIDTH - 0.55) / columns
    first: Axes | None = None
    for index in range(len(courses)):
        row, column = divmod(index, columns)
        floor = bottom + height - 0.24 - (row + 1) * (title + COURSE_HEIGHT)
        axes = sheet.panel(0.5 + column * share, floor, share - 0.15, COURSE_HEIGHT, sharex=first, sharey=first)
        first = first or axes
        draw_bands(axes, courses, index)
        axes.set_title(wrapped(reading.names[index], PANEL_NAME), fontsize=8)
        axes.tick_params(labelleft=column == 0, labelbottom=index + columns >= len(courses))
    assert first is not None
    step = 1 if reading.years < 7 else 2
    first.set_xticks(range(0, reading.years + 1, step), ["start", *map(str, range(step, reading.years + 1, step))])
    first.yaxis.set_major_locator(MaxNLocator(4))
    sheet.write(WIDTH / 2, bottom + 0.06, "end of school year", size=8, ha="center")


def course(reading: Reading, name: str, outcome: str) -> np.ndarray:
    """(years + 1, 5) fields of :class:`Estimate` by year; at the start nothing differs yet, so all are 0."""
    found = [reading.at(name, outcome, year=year) for year in range(1, reading.years + 1)]
    return np.array([[0.0] * 5, *([e.centre, e.low, e.high, e.school_low, e.school_high] for e in found)])


def draw_bands(axes: Axes, courses: Sequence[np.ndarray], index: int) -> None:
    """Both bands and the average of one design over the years, the other designs' averages in grey behind them."""
    band, colour, years = courses[index], look(index)["color"], np.arange(len(courses[index]))
    axes.axhline(0, color=INK, linewidth=0.8, linestyle=DASHED)
    for other in courses:
        axes.plot(years, other[:, 0], color=FAINT, linewidth=1)
    axes.fill_between(years, band[:, 3], band[:, 4], color=colour, alpha=0.1, linewidth=0)
    axes.plot(years, band[:, 3:5], color=colour, linewidth=0.8, linestyle=":")
    axes.fill_between(years, band[:, 1], band[:, 2], color=colour, alpha=0.45, linewidth=0)
    axes.plot(years, band[:, 0], **look(index), linewidth=1.4, markersize=4)
    axes.grid(axis="y")


def draw_cost(reading: Reading) -> Figure:
    """Effect on pupils against pounds per pupil, and against hours per teacher."""
    with house_style():
        names = [wrapped(name, LEGEND_WIDTH) for name in reading.names]
        same = wrapped(f"no change from {reading.baseline}", LEGEND_WIDTH)
        handles = [
            *(Line2D([], [], **look(index), linewidth=0, label=name) for index, name in enumerate(names)),
            Line2D([], [], color=INK, alpha=0.5, linewidth=4, solid_capstyle="butt", label=f"bar: {AVERAGE}"),
            Line2D([], [], color=INK, linewidth=0.8, linestyle=DASHED, label=same),
        ]
        sheet = Sheet(cost_headline(reading), handles, 3.1)
        money = sheet.panel(0.75, 0.5, 3.2, 2.45)
        hours = sheet.panel(4.15, 0.5, 3.2, 2.45, sharey=money)
        cost_panel(money, reading, "pounds_per_pupil", "Cost per pupil (£)")
        cost_panel(hours, reading, "hours_per_teacher", "Hours per teacher")
        hours.tick_params(labelleft=False)
        money.set_ylabel("Pupil attainment (pupil SD)")
        return sheet.figure


def cost_panel(axes: Axes, reading: Reading, price: str, label: str) -> None:
    """One scatter: effect on pupils with the interval of its average, against a price."""
    places = apart([reading.at(name, price).centre for name in reading.names])
    axes.axhline(0, color=INK, linewidth=0.8, linestyle=DASHED)
    for index, (name, x) in enumerate(zip(reading.names, places, strict=True)):
        found = reading.pupils(name)
        colour = look(index)["color"]
        axes.plot([x, x], [found.low, found.high], color=colour, alpha=0.5, linewidth=5, solid_capstyle="butt")
        axes.plot([x], [found.centre], **look(index), markersize=7, markeredgecolor="white", markeredgewidth=0.6)
    furthest = max(*places, 1e-9)
    axes.set_xlim(-0.06 * furthest, 1.06 * furthest)
    axes.set_xlabel(f"{label}, all staff, {reading.years_words()}")
    axes.grid()


def apart(values: Sequence[float]) -> list[float]:
    """Places on an axis, moved a little to the right where two would hide each other.

    >>> apart([10.0, 10.0, 20.0])
    [10.0, 10.5, 20.0]
    """
    step = 0.025 * max(values)
    places: list[float] = []
    for value in values:
        place = value
        while step > 0 and any(abs(place - other) < step * 0.99 for other in places):
            place += step
        places.append(place)
    return places


ALTS = {
    "effects": "Dot plot with a panel for each outcome, Guskey's levels from 5 (pupils) down to 1 (reaction), and a "
    "line for each design: the average effect as a marker, the 90 % interval of the average effect thick, what one "
    "school might see thin.",
    "course": "Line charts with a panel for each design: its effect on pupil attainment and on use in lessons by "
    "school year, with a dark band for the 90 % interval of the average effect and a pale band for what one school "
    "might see.",
    "cost": "Two scatter plots with a marker for each design: its effect on pupil attainment, with the 90 % interval "
    "of the average effect, against cost per pupil and against hours per teacher.",
}


def effects_figure(result: Comparison) -> Figure:
    """A comparison's picture of effects by Guskey level; see :func:`draw_effects`."""
    return draw_effects(Reading(result))


def pictures(reading: Reading) -> list[Picture]:
    """All pictures of a comparison."""
    return [
        Picture("effects", headline(reading), ALTS["effects"], draw_effects(reading)),
        Picture("course", course_headline(reading), ALTS["course"], draw_course(reading)),
        Picture("cost", cost_headline(reading), ALTS["cost"], draw_cost(reading)),
    ]


def picture_bytes(picture: Picture, kind: str) -> bytes:
    """A picture as an "svg" or "png" file, without date or version, so that a replay gives the same bytes."""
    buffer = io.BytesIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type") if kind == "svg" else ("Software",))
    with house_style():
        picture.figure.savefig(buffer, format=kind, dpi=DOTS, metadata={"Title": picture.title, **nothing})
    return buffer.getvalue()


def comparison_pictures(result: Comparison) -> dict[str, bytes]:
    """File name to content of all pictures, each as SVG and PNG; names have no sub-folder."""
    return {
        f"figures-{picture.name}.{kind}": picture_bytes(picture, kind)
        for picture in pictures(Reading(result))
        for kind in ("svg", "png")
    }
