"""The picture of a study of trials, and all files that are written of it."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator, StrMethodFormatter

from pdsim.figures import COLOURS, INK, MARKERS, WIDTH, Picture, Sheet, house_style, picture_bytes
from pdsim.studies.arms import DESIGNS
from pdsim.studies.result import ASKED, Study
from pdsim.studies.trial import READINGS
from pdsim.study_tables import READING_WORDS, best_words

LOOK: dict[str, dict[str, Any]] = {
    design.name: {"color": COLOURS[k], "marker": MARKERS[k]} for k, design in enumerate(DESIGNS)
}
BLOCK = 1.75  # inches of a row of panels
# Rows of panels: world, column of the table, scale, and what is drawn.
ROWS = (
    ("fluoride", "right", 100.0, "Where collaboration is the fluoride: trials of 100 that say so"),
    ("mint", "right", 100.0, "Where it is the mint: trials of 100 that say so"),
    ("bystander", "wrong", 100.0, "Where it does nothing: trials of 100 that name a path or a harm"),
    (ASKED, "bits", 1.0, "Under the assumptions asked for: bits learned of what there is to know"),
)
COLUMN_WORDS = {"pupils": "pupils' results alone", "mediation": "with mediators", "what it moves": "what it moves"}
ALT = (
    "Twelve line charts over the number of schools, a line for each design of trial. Columns: what is read "
    f"({'; '.join(READING_WORDS.values())}). Rows: how often trials are right where collaboration is the fluoride, and "
    "where it is the mint; how often they are wrong where it does nothing; and how many bits they tell."
)


def legend() -> list[Line2D]:
    """Key to the designs and bars."""
    found = [
        Line2D([], [], **LOOK[design.name], linewidth=1.2, markersize=4.5, label=f"{design.name}: {design.meaning}")
        for design in DESIGNS
    ]
    bar = Line2D([], [], color=INK, marker="|", linewidth=0, markersize=7, label="bar: 90 % Monte Carlo interval")
    return [*found, bar]


def draw_study(result: Study) -> Figure:
    """Power in teaching worlds, false alarms, and information, by reading and number of schools."""
    with house_style():
        worlds = set(result.table["world"])
        rows = [row for row in ROWS if row[0] in worlds]
        sheet = Sheet(best_words(result), legend(), len(rows) * BLOCK + 0.3)
        share = (WIDTH - 0.55) / len(READINGS)
        for place, (world, name, scale, words) in enumerate(reversed(rows)):
            bottom = 0.3 + place * BLOCK
            sheet.write(0.08, bottom + BLOCK - 0.2, words, size=8.5, weight="bold")
            top = 1.0 if name != "bits" else max(result.entropy, 0.01)
            for column, reading in enumerate(READINGS):
                axes = sheet.panel(0.5 + column * share, bottom + 0.22, share - 0.18, BLOCK - 0.62)
                panel(axes, result, (world, name, reading), scale)
                axes.set_ylim(-0.03 * top * scale, 1.03 * top * scale)
                axes.set_title(COLUMN_WORDS[reading], fontsize=8)
                axes.tick_params(labelleft=column == 0, labelbottom=place == 0)
        sheet.write(WIDTH / 2, 0.06, "schools in the trial", size=8, ha="center")
        return sheet.figure


def panel(axes: Axes, result: Study, what: tuple[str, str, str], scale: float) -> None:
    """One panel: a line for each design."""
    world, name, reading = what
    rows = result.table[(result.table["world"] == world) & (result.table["reading"] == reading)]
    for number, (design, own) in enumerate(rows.groupby("design", sort=False)):
        places = own["schools"] * (1 + 0.02 * (number - 1.5))  # apart, so that no bar hides another
        values, colour = scale * own[name], LOOK[str(design)]["color"]
        axes.vlines(places, scale * own[f"{name}_low"], scale * own[f"{name}_high"], color=colour, linewidth=1.2)
        axes.plot(places, values, **LOOK[str(design)], linewidth=1.2, markersize=3.5)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(FixedLocator(list(result.request.sizes)))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:.0f}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.grid(axis="y")


def picture_of(result: Study) -> Picture:
    """The picture with its name and words."""
    return Picture("study", best_words(result), ALT, draw_study(result))


def study_files(result: Study) -> dict[str, bytes]:
    """File name to content of all that is written: tables (Parquet, CSV), picture (SVG, PNG) and document (JSON)."""
    frames = {"trials": result.table, "calls": result.calls, "truth": result.truth}
    files = {f"study-{name}.parquet": frame.to_parquet(index=False) for name, frame in frames.items()}
    files |= {f"study-{name}.csv": frame.to_csv(index=False).encode() for name, frame in frames.items()}
    picture = picture_of(result)
    files |= {f"figures-study.{kind}": picture_bytes(picture, kind) for kind in ("svg", "png")}
    files["study.json"] = result.to_json().encode()
    return files
