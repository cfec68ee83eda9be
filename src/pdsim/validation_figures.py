"""The picture of a validation, predicted against observed with both errors, and all files that are written of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from scipy import stats

from pdsim.comparison import TAILS
from pdsim.figures import DASHED, INK, LEGEND_WIDTH, WIDTH, Picture, Sheet, house_style, look, picture_bytes, wrapped
from pdsim.validation.result import Validation
from pdsim.validation.scores import CONSTANT

HEIGHT = 2.9  # inches of a panel
PANELS = (
    ("Effects on pupils (pupil SD)", lambda row: row["outcome"] == "pupil_attainment"),
    ("Effects on teachers (SD)", lambda row: row["against"] is not None and row["unit"].startswith("SD")),
    ("Levels and shares", lambda row: row["unit"] in ("0-1", "share")),
)
ALT = (
    "Scatter plot of predicted against observed results of published trials, a marker for each outcome and a line "
    "where both are equal. Horizontal bars are 90 % intervals of the predicted average effect, vertical ones of the "
    "trial's own error."
)


def panels_of(cases: Sequence[Mapping[str, Any]]) -> list[tuple[str, list[Mapping[str, Any]]]]:
    """Titles and outcomes of the panels that have any observed value; an outcome stands in the first that fits."""
    left = [row for row in cases if row["observed"] is not None]
    found = []
    for title, fits in PANELS:
        rows = [row for row in left if fits(row)]
        left = [row for row in left if not fits(row)]
        if rows:
            found.append((title, rows))
    return found


def headline(result: Validation) -> str:
    """What the picture shows, in a sentence."""
    inside = [row["in_interval"] for row in result.cases if row["in_interval"] is not None]
    return (
        f"{sum(inside)} of {len(inside)} observed results of published trials lie where pdsim expects 90 % of them, "
        "from the design alone."
    )


def legend(trials: Sequence[str]) -> list[Line2D]:
    """Key to trials, errors and lines."""
    marks = [Line2D([], [], **look(k), linewidth=0, markersize=5, label=wrapped(n)) for k, n in enumerate(trials)]
    wide = "across: 90 % interval of the predicted average effect; upright: 90 % interval of the trial's own error"
    return [
        *marks,
        Line2D([], [], color=INK, alpha=0.5, linewidth=1.5, label=wrapped(wide, LEGEND_WIDTH)),
        Line2D([], [], color=INK, linewidth=0.8, linestyle=DASHED, label="predicted as observed"),
        Line2D([], [], color=INK, linewidth=0.8, linestyle=":", label=f"what a constant {CONSTANT:g} SD would predict"),
    ]


def draw_validation(result: Validation) -> Figure:
    """Predicted (across) against observed (upright): a panel for pupils, one for teachers, one for levels."""
    with house_style():
        panels = panels_of(result.cases)
        trials = list(dict.fromkeys(row["trial"] for _, rows in panels for row in rows))
        sheet = Sheet(headline(result), legend(trials), HEIGHT + 0.85)
        share = (WIDTH - 0.1) / max(len(panels), 2)
        for place, (title, rows) in enumerate(panels):
            axes = sheet.panel(0.1 + place * share + 0.5, 0.5, share - 0.65, HEIGHT)
            scatter(axes, rows, trials)
            axes.set_title(title, weight="bold")
            if title == PANELS[0][0]:
                axes.axvline(CONSTANT, color=INK, linewidth=0.8, linestyle=":")
        return sheet.figure


def scatter(axes: Axes, rows: Sequence[Mapping[str, Any]], trials: Sequence[str]) -> None:
    """One panel: a marker for each outcome with both errors, and the line on which predicted and observed are equal."""
    half = float(stats.norm.ppf(TAILS[1]))
    for row in rows:
        mark, x, y = look(trials.index(row["trial"])), row["predicted"], row["observed"]
        error = half * row["se"]
        axes.plot([row["effect_low"], row["effect_high"]], [y, y], color=mark["color"], alpha=0.5, linewidth=1.5)
        axes.plot([x, x], [y - error, y + error], color=mark["color"], alpha=0.5, linewidth=1.5)
        axes.plot([x], [y], **mark, markersize=5, markeredgecolor="white", markeredgewidth=0.5)
    axes.axline((0.0, 0.0), slope=1.0, color=INK, linewidth=0.8, linestyle=DASHED, zorder=0)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.set_xlabel("predicted")
    axes.set_ylabel("observed")
    axes.grid()


def score_frame(result: Validation) -> pd.DataFrame:
    """Scores as a tidy table: a row for each forecast and what is forecast."""
    rows = [
        {"forecast": rival, "of": kind, **score}
        for rival, scores in result.scores.items()
        for kind, score in scores.items()
        if score is not None
    ]
    return pd.DataFrame(rows)


def validation_files(result: Validation) -> dict[str, bytes]:
    """File name to content of all that is written: tables (CSV), figure (SVG, PNG) and document (JSON)."""
    frames = {
        "cases": pd.json_normalize(result.cases),
        "contrasts": pd.json_normalize(result.contrasts),
        "scores": score_frame(result),
        "codes": pd.DataFrame(result.codes["cases"]),
    }
    picture = Picture("validation", headline(result), ALT, draw_validation(result))
    files = {f"validation-{name}.csv": frame.to_csv(index=False).encode() for name, frame in frames.items()}
    files |= {f"figures-validation.{kind}": picture_bytes(picture, kind) for kind in ("svg", "png")}
    files["validation.json"] = result.to_json().encode()
    return files
