"""Families of channels as a picture: a dot for each family and design, a panel for each level of the first factor."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pdsim.analysis import Analysis
from pdsim.analysis.threshold import usual_code
from pdsim.analysis.threshold_words import level_words, name_of
from pdsim.assumptions import FAMILIES
from pdsim.explanation_figures import dot, finish, legend
from pdsim.figures import WIDTH, Picture, Sheet, house_style

ROW = 0.42  # inches of a design: a line for each family and the total
LEFT, GAP = 1.75, 0.25  # inches beside and between panels
ALT = (
    "Dot plots, a panel for each level of the first factor. In each panel a group of dots for each design: the shares "
    "of the families of channels (fluoride, mint, organisation, cost) and the total, with bars for 90 % intervals."
)
LINES = (*FAMILIES, "total")


def picture_of(analysis: Analysis) -> Picture:
    """The picture with its name and words."""
    return Picture("analysis", headline(analysis), ALT, draw_families(analysis))


def headline(analysis: Analysis) -> str:
    """What the picture shows; of the factors but the first, at which level."""
    others = analysis.cells.axes[1:]
    at = f" Each design with {' and '.join(name_of(axis) for axis in others)} as is usual for it." if others else ""
    return f"What working together adds for pupils (pupil SD), and through which family of channels.{at}"


def draw_families(analysis: Analysis) -> Figure:
    """A panel for each level of the first factor, designs from top to bottom."""
    first, points = analysis.cells.axes[0], usual_points(analysis)
    names = list(dict.fromkeys(points["scenario"]))
    levels = list(dict.fromkeys(points[first.path]))
    height = ROW * len(names)
    with house_style():
        sheet = Sheet(headline(analysis), legend(), height + 0.75)
        wide = (WIDTH - LEFT) / len(levels)
        panels: list[Axes] = []
        for column, level in enumerate(levels):
            shared = {"sharex": panels[0]} if panels else {}
            axes = sheet.panel(LEFT + column * wide, 0.35, wide - GAP, height, **shared)
            draw_panel(axes, points[points[first.path] == level], names if column == 0 else [""] * len(names))
            axes.set_title(f"{name_of(first)}: {level_words(first, level)}")
            panels.append(axes)
        return sheet.figure


def usual_points(analysis: Analysis) -> pd.DataFrame:
    """The points at which all factors but the first have the level nearest to the design's own."""
    cells, points = analysis.cells, analysis.tables["points"]
    kept = pd.Series(True, index=points.index)
    for scenario in cells.experiment.scenarios:
        own = points["scenario"] == scenario.name
        for axis in cells.axes[1:]:
            usual = axis.shown(pd.Series([usual_code(axis, scenario)]).to_numpy())
            kept &= ~own | (points[axis.path] == usual.iloc[0])
    return points[kept]


def draw_panel(axes: Axes, points: pd.DataFrame, labels: list[str]) -> None:
    """The designs of one level: for each a line for each family and one for the total."""
    for place, row in enumerate(points.to_dict("records")):
        for line, family in enumerate(LINES):
            dot(axes, place + (line - 2) * 0.16, ends_of(row, family), "share", family)
    finish(axes, len(points), labels)


def ends_of(row: dict[Any, Any], family: str) -> dict[str, float]:
    """A share with its interval."""
    name = family if family == "total" else f"share_{family}"
    return {"share": row[name], "low": row[f"{name}_low"], "high": row[f"{name}_high"]}
