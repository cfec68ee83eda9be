"""Pictures of a validation: what was observed beside what was predicted, trial by trial, and one against the other."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from scipy import stats

from pdsim.comparison import TAILS
from pdsim.figures import DASHED, INK, LEGEND_WIDTH, WIDTH, Picture, Sheet, house_style, look, wrapped
from pdsim.tables import signed
from pdsim.validation.result import Validation
from pdsim.validation.scores import CONSTANT
from pdsim.validation_tables import NINETY, by_trial, counted

HALF = float(stats.norm.ppf(TAILS[1]))  # standard errors in half of a 90 % interval
SIDE = 2.9  # inches of a square panel at most
LABELS = 2.75  # inches for the names of outcomes
HEADING, ROW = 0.26, 0.32  # inches of a line with a trial's title, and of an outcome
GAP = 0.65  # inches between panels
APART = 0.07  # inches from the middle of a row to what was observed (above) and predicted (below)
TITLE_WIDTH = 105  # letters of a trial's title
PANELS: tuple[tuple[str, Callable[[Mapping[str, Any]], bool]], ...] = (
    ("Effects on pupils (pupil SD)", lambda row: row["outcome"] == "pupil_attainment"),
    ("Effects on teachers (SD)", lambda row: row["against"] is not None and row["unit"].startswith("SD")),
    ("Levels and shares", lambda row: row["unit"] in ("0-1", "share")),
)
ALTS = {
    "trials": "Dot plot with two lines for each outcome of each published trial: above, what was observed with the "
    f"{NINETY} interval of the trial's own error; below, what pdsim predicts from the design, with the {NINETY} "
    "interval of the average effect thick and of what the trial might observe thin.",
    "validation": "Scatter plot of predicted against observed results of published trials, a marker for each outcome "
    f"and a line where both are equal. Horizontal bars are {NINETY} intervals of the predicted average effect, "
    "vertical ones of the trial's own error.",
}


def panels_of(cases: Sequence[Mapping[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Titles and outcomes of the panels that have any observed value; an outcome stands in the first that fits."""
    left = [dict(row) for row in cases if row["observed"] is not None]
    found = []
    for title, fits in PANELS:
        rows = [row for row in left if fits(row)]
        left = [row for row in left if not fits(row)]
        if rows:
            found.append((title, rows))
    return found


def headline(result: Validation) -> str:
    """What the pictures show, in a sentence."""
    inside, of = counted(result)
    return (
        f"{inside} of {of} observed results of published trials lie where pdsim expects {NINETY} of them, "
        "from the design alone."
    )


def ranges_headline(result: Validation) -> str:
    """How far what was observed and what was predicted reach for pupils; the headline where there are no pupils."""
    rows = [row for row in result.cases if PANELS[0][1](row) and row["observed"] is not None]
    if not rows:
        return headline(result)
    ends = {
        name: [signed(end([row[name] for row in rows]), 2) for end in (min, max)] for name in ("observed", "predicted")
    }
    observed, predicted = (" to ".join(ends[name]) for name in ends)
    return f"Effects on pupils that trials observed run from {observed} SD, those that pdsim predicts from {predicted}."


def constant_line(label: str) -> Line2D:
    """Legend of what the constant says."""
    return Line2D([], [], color=INK, linewidth=0.9, linestyle=":", label=label)


# Trial by trial


def observed_look() -> dict[str, Any]:
    """Colour and marker of what was observed."""
    return look(0)


def predicted_look() -> dict[str, Any]:
    """Colour and marker of what was predicted."""
    return look(1)


def trials_legend() -> list[Line2D]:
    """Key to markers and lines of the picture by trial."""
    colour = predicted_look()["color"]
    return [
        Line2D([], [], **observed_look(), linewidth=1,
               label=f"observed by the trial, with the {NINETY} interval of its own error"),
        Line2D([], [], **predicted_look(), linewidth=0, label="predicted by pdsim from the design: average effect"),
        Line2D([], [], color=colour, alpha=0.5, linewidth=6, solid_capstyle="butt",
               label=f"thick: {NINETY} interval of the average effect: what we do not know about the truth"),
        Line2D([], [], color=colour, linewidth=1, marker="|", markersize=6,
               label=f"thin: what the trial might observe ({NINETY}), with its own error and that trials differ"),
        Line2D([], [], color=INK, linewidth=0.8, linestyle=DASHED, label="no effect"),
        constant_line(f"what a constant {CONSTANT:g} SD for every programme says of pupils"),
    ]  # fmt: skip


def draw_trials(result: Validation) -> Figure:
    """A row for each outcome, under its trial's title: observed above, predicted below; a panel for each unit."""
    with house_style():
        panels = panels_of(result.cases)
        heights = [HEADING * len(by_trial(rows)) + ROW * len(rows) for _, rows in panels]
        sheet = Sheet(headline(result), trials_legend(), sum(heights) + GAP * len(panels) + 0.1)
        top = sum(heights) + GAP * len(panels)
        for (title, rows), height in zip(panels, heights, strict=True):
            top -= height + GAP
            axes = sheet.panel(LABELS, top + 0.4, WIDTH - LABELS - 0.6, height)
            axes.set_ylim(height, 0)
            trial_rows(axes, rows)
            axes.set_title(title, weight="bold")
        return sheet.figure


def trial_rows(axes: Axes, rows: Sequence[dict[str, Any]]) -> None:
    """The rows of one panel, whose upright axis counts inches from the top."""
    inches = -LABELS / (WIDTH - LABELS - 0.6)  # the sheet's left edge, in widths of the panel
    place, ticks = 0.0, {}
    if rows[0]["against"] is not None:
        axes.axvline(0.0, color=INK, linewidth=0.8, linestyle=DASHED, zorder=1)
    for group in by_trial(rows).values():
        title = textwrap.shorten(group[0]["title"], TITLE_WIDTH, placeholder=" …")
        axes.text(inches + 0.02, place + HEADING - 0.08, title, transform=axes.get_yaxis_transform(), fontsize=7.5,
                  weight="bold", color=INK, bbox={"color": "white", "pad": 0.5})  # fmt: skip
        for k, row in enumerate(group):
            middle = place + HEADING + (k + 0.5) * ROW
            ticks[middle] = wrapped(row["name"], 42)
            draw_case(axes, row, middle)
        place += HEADING + ROW * len(group)
    axes.set_yticks(list(ticks), list(ticks.values()))
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_major_locator(MaxNLocator(7))
    axes.grid(axis="x")


def draw_case(axes: Axes, row: Mapping[str, Any], middle: float) -> None:
    """One outcome: observed above the middle of its row, predicted below, the constant across, and whether it fits."""
    seen, said, error = observed_look(), predicted_look(), HALF * row["se"]
    small: dict[str, Any] = {"markersize": 4.5, "markeredgecolor": "white", "markeredgewidth": 0.5}
    above, below = middle - APART, middle + APART
    axes.plot([row["observed"] - error, row["observed"] + error], [above] * 2, color=seen["color"], linewidth=1)
    axes.plot([row["observed"]], [above], **seen, **small)
    axes.plot([row["low"], row["high"]], [below] * 2, color=said["color"], linewidth=1, marker="|", markersize=5)
    axes.plot([row["effect_low"], row["effect_high"]], [below] * 2, color=said["color"], alpha=0.5, linewidth=6,
              solid_capstyle="butt")  # fmt: skip
    axes.plot([row["predicted"]], [below], **said, **small)
    if "constant" in row["rivals"]:
        axes.plot([row["rivals"]["constant"]] * 2, [middle - ROW / 2, middle + ROW / 2], color=INK, linewidth=0.9,
                  linestyle=":")  # fmt: skip
    axes.text(1.015, middle, "inside" if row["in_interval"] else "outside", transform=axes.get_yaxis_transform(),
              va="center", fontsize=7.5, color=INK)  # fmt: skip


# One against the other


def scatter_legend(trials: Sequence[str]) -> list[Line2D]:
    """Key to trials, errors and lines of the scatter plot."""
    marks = [Line2D([], [], **look(k), linewidth=0, markersize=5, label=wrapped(n)) for k, n in enumerate(trials)]
    wide = f"{NINETY} intervals: across, of the predicted average effect; upright, of the trial's own error"
    return [
        *marks,
        Line2D([], [], color=INK, alpha=0.5, linewidth=1.5, label=wrapped(wide, LEGEND_WIDTH)),
        Line2D([], [], color=INK, linewidth=0.8, linestyle=DASHED, label="predicted as observed"),
        constant_line(f"what a constant {CONSTANT:g} SD would predict"),
    ]


def draw_validation(result: Validation) -> Figure:
    """Predicted (across) against observed (upright): a panel for pupils, one for teachers, one for levels."""
    with house_style():
        panels = panels_of(result.cases)
        trials = list(dict.fromkeys(row["trial"] for _, rows in panels for row in rows))
        share = (WIDTH - 0.1) / max(len(panels), 2)
        side = min(SIDE, share - 0.65)
        sheet = Sheet(ranges_headline(result), scatter_legend(trials), side + 0.85)
        for place, (title, rows) in enumerate(panels):
            axes = sheet.panel(0.1 + place * share + 0.5, 0.5, side, side)
            scatter(axes, rows, trials)
            axes.set_title(title, weight="bold")
            if title == PANELS[0][0]:
                axes.axvline(CONSTANT, color=INK, linewidth=0.9, linestyle=":")
        return sheet.figure


def scatter(axes: Axes, rows: Sequence[Mapping[str, Any]], trials: Sequence[str]) -> None:
    """One panel, of one scale both ways: a marker for each outcome with both errors, and the line of equal values."""
    ends = [0.0]
    for row in rows:
        mark, x, y, error = look(trials.index(row["trial"])), row["predicted"], row["observed"], HALF * row["se"]
        axes.plot([row["effect_low"], row["effect_high"]], [y, y], color=mark["color"], alpha=0.5, linewidth=1.5)
        axes.plot([x, x], [y - error, y + error], color=mark["color"], alpha=0.5, linewidth=1.5)
        axes.plot([x], [y], **mark, markersize=5, markeredgecolor="white", markeredgewidth=0.5)
        ends += [row["effect_low"], row["effect_high"], y - error, y + error]
    slack = 0.05 * (max(ends) - min(ends))
    limits = (min(ends) - slack, max(ends) + slack)
    axes.plot(limits, limits, color=INK, linewidth=0.8, linestyle=DASHED, zorder=0)
    for axis, set_limits in ((axes.xaxis, axes.set_xlim), (axes.yaxis, axes.set_ylim)):
        set_limits(limits)
        axis.set_major_locator(MaxNLocator(5))
    axes.set_xlabel("predicted")
    axes.set_ylabel("observed")
    axes.grid()


def pictures(result: Validation) -> list[Picture]:
    """All pictures of a validation; none where no trial gives the size of what it observed."""
    if not panels_of(result.cases):
        return []
    return [
        Picture("trials", headline(result), ALTS["trials"], draw_trials(result)),
        Picture("validation", ranges_headline(result), ALTS["validation"], draw_validation(result)),
    ]
