"""The picture of an explanation and all files that are written of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from pdsim.assumptions import FAMILIES
from pdsim.explanation.result import LEVELS as OUTCOMES_OF_LEVELS
from pdsim.explanation.result import Explanation
from pdsim.explanation.verdict import ANSWERS
from pdsim.explanation_tables import FAMILY_WORDS, answer_words, channel_label, names_of_beliefs, size_words
from pdsim.figures import COLOURS, DASHED, INK, MARKERS, WIDTH, Picture, Sheet, house_style, picture_bytes, unit_words
from pdsim.outcomes import OUTCOMES
from pdsim.tables import LEVELS

HEIGHT = 6.1  # inches of all panels
HALF = WIDTH / 2
LOOK = {family: {"color": COLOURS[k], "marker": MARKERS[k]} for family, k in zip(FAMILIES, (0, 2, 4, 1), strict=True)}
LOOK["total"] = {"color": INK, "marker": "D"}
ROWS = (*FAMILIES, "total")
ALT = (
    "Left: dot plots by Guskey level from 5 (pupils) down to 1 (reaction), with a dot for each family of channels "
    "(fluoride, mint, organisation, cost) and for the total, and a bar for the 90 % interval. Top right: a dot for "
    "each channel. Bottom right: bars with the probability of each answer, with the evidence and before it."
)


def legend() -> list[Line2D]:
    """Key to families and bars."""
    words = {**{family: f"{family}: {FAMILY_WORDS[family]}" for family in FAMILIES}, "total": "all together"}
    marks: list[Line2D] = [
        Line2D([], [], **look_of(family), linewidth=0, markersize=5, label=text) for family, text in words.items()
    ]
    bar = Line2D([], [], color=INK, alpha=0.5, linewidth=4, label="90 % interval: what we do not know about the truth")
    return [*marks, bar]


def look_of(family: str) -> dict[str, Any]:
    """Colour and marker of a family."""
    return dict(LOOK[family])


def dot(axes: Axes, place: float, row: Mapping[str, Any], name: str, family: str) -> None:
    """A value as a dot on its 90 % interval."""
    colour = LOOK[family]["color"]
    axes.plot([row["low"], row["high"]], [place, place], color=colour, alpha=0.5, linewidth=4, solid_capstyle="butt")
    axes.plot([row[name]], [place], **look_of(family), markersize=4.5, markeredgecolor="white", markeredgewidth=0.5)


def finish(axes: Axes, rows: int, labels: Sequence[str] = ()) -> None:
    """Zero line, limits and labels of a panel of dots, the first row at the top."""
    axes.axvline(0, color=INK, linewidth=0.8, linestyle=DASHED, zorder=0)
    axes.set_ylim(rows - 0.4, -0.6)
    axes.set_yticks(range(len(labels)), labels)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.grid(axis="x")


def level_panels(sheet: Sheet, result: Explanation) -> None:
    """A small panel for each outcome of Guskey's levels, one under the other."""
    share = HEIGHT / len(OUTCOMES_OF_LEVELS)
    for number, name in enumerate(OUTCOMES_OF_LEVELS):
        outcome = OUTCOMES[name]
        axes = sheet.panel(0.15, HEIGHT - (number + 1) * share + 0.22, HALF - 0.4, share - 0.42)
        rows = result.levels[result.levels.outcome == name].set_index("family").to_dict("index")
        for place, family in enumerate(ROWS):
            dot(axes, place, rows[family], "share", family)
        finish(axes, len(ROWS))
        axes.set_title(f"{LEVELS[outcome.level]}:  {outcome.label} ({unit_words(outcome)})", pad=2)


def channel_panel(sheet: Sheet, result: Explanation) -> None:
    """A dot for each channel, for the outcome asked."""
    outcome = OUTCOMES[result.request.outcome]
    axes = sheet.panel(HALF + 1.45, 3.1, HALF - 1.6, HEIGHT - 3.3)
    rows = result.channels.to_dict("records")
    for place, row in enumerate(rows):
        dot(axes, place, row, "share", str(row["family"]))
    dot(axes, len(rows), {"share": result.total["effect"], **result.total}, "share", "total")
    finish(axes, len(rows) + 1, [*(channel_label(str(row["channel"])) for row in rows), "all together"])
    axes.set_title(f"Channels:  {outcome.label} ({unit_words(outcome)})", pad=2)


def verdict_panel(sheet: Sheet, result: Explanation) -> None:
    """Probability of each answer, now and before."""
    axes = sheet.panel(HALF + 1.45, 0.22, HALF - 1.6, 2.1)
    now, before = names_of_beliefs(result)
    for place, answer in enumerate(ANSWERS):
        colour = LOOK[answer]["color"] if answer in LOOK else INK
        axes.barh(place - 0.17, 100 * result.verdict["posterior"][answer], 0.34, color=colour)
        axes.barh(place + 0.17, 100 * result.verdict["prior"][answer], 0.34, color=colour, alpha=0.35)
    axes.axvline(50, color=INK, linewidth=0.8, linestyle=DASHED, zorder=0)
    axes.set_yticks(range(len(ANSWERS)), ANSWERS)
    axes.set_ylim(len(ANSWERS) - 0.4, -0.6)
    axes.set_xlim(0, 100)
    axes.grid(axis="x")
    axes.set_title(f"Verdict, of 100 simulated worlds\ndark: {now}\npale: {before}", pad=2)


def draw_explanation(result: Explanation) -> Figure:
    """Families by Guskey level, channels, and the verdict."""
    with house_style():
        sheet = Sheet(headline(result), legend(), HEIGHT)
        level_panels(sheet, result)
        channel_panel(sheet, result)
        verdict_panel(sheet, result)
        return sheet.figure


def headline(result: Explanation) -> str:
    """What the picture shows."""
    return f"{size_words(result)} {answer_words(result)}"


def picture_of(result: Explanation) -> Picture:
    """The picture with its name and words."""
    return Picture("explanation", headline(result), ALT, draw_explanation(result))


def reassignment_frame(result: Explanation) -> pd.DataFrame:
    """Where debatable channels are placed, with the answer and the probabilities."""
    return pd.DataFrame(
        {**row["families"], "answer": row["answer"], **row["posterior"]} for row in result.verdict["reassignments"]
    )


def belief_frame(result: Explanation) -> pd.DataFrame:
    """The assumptions that carry the verdict: a row for each value tried, or for each where none was."""
    rows = []
    for carrier in result.verdict["carried_by"]:
        fixed = {key: value for key, value in carrier.items() if key not in ("flips", "tried")}
        rows += [fixed | {"tried": one["value"], "answer": one["answer"]} for one in carrier.get("tried", [])] or [
            fixed
        ]
    return pd.DataFrame(rows)


def explanation_files(result: Explanation) -> dict[str, bytes]:
    """File name to content of all that is written: tables (Parquet, CSV), picture (SVG, PNG) and document (JSON)."""
    frames = {
        "levels": result.levels,
        "families": result.families,
        "channels": result.channels,
        "interactions": result.interactions,
        "draws": result.by_draw,
        "beliefs": belief_frame(result),
        "reassignments": reassignment_frame(result),
    }
    files = {f"explanation-{name}.parquet": frame.to_parquet(index=False) for name, frame in frames.items()}
    files |= {f"explanation-{name}.csv": frame.to_csv(index=False).encode() for name, frame in frames.items()}
    picture = picture_of(result)
    files |= {f"figures-explanation.{kind}": picture_bytes(picture, kind) for kind in ("svg", "png")}
    files["explanation.json"] = result.to_json().encode()
    return files
