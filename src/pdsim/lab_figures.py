"""Pictures of the evidence lab, fit for a slide, and all files that are written of an experiment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

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
from pdsim.lab.definition import Setting
from pdsim.lab.presets import PRESETS
from pdsim.lab.result import SIZES, Evidence, headlines, methods
from pdsim.lab_tables import WORLD_WORDS

ROW = 0.42  # inches of an analysis in the first picture
LABEL_WIDTH = 44  # letters in a line of an analysis's name
PANEL_HEIGHT = 1.75  # inches of a panel in the second
CALLS = "calls fluoride"
CROSSING_TITLE = "How counting features and meta-regression do as literatures change"
ALT = (
    "Dot plot with a line for each way to find out: of 100 reviews or trials, how many call collaboration the "
    "fluoride, a marker for each world, with the interval of the simulation. A good one has the world where it is the "
    "fluoride at 100 and the others at 0."
)
CROSSING_ALT = (
    "Line charts, a column for each question and a row for each comparison of literatures: how many of 100 reviews "
    "that count features call collaboration the fluoride; how many meta-regressions find an effect; how far off "
    "they are."
)


def look_of(world: str) -> dict[str, Any]:
    """Colour and marker of a world, the same in all pictures."""
    place = list(WORLD_WORDS).index(world)
    return {"color": COLOURS[place], "marker": MARKERS[place]}


def headline(evidence: Evidence) -> str:
    """What the first picture shows, in a sentence."""
    found = headlines(evidence)[0]["of_100"]
    if "mint" not in found:
        return "How many of 100 reviews and trials call collaboration the fluoride."
    source = PRESETS[headlines(evidence)[0]["preset"]].source
    return (
        f"Of 100 reviews such as {source}, {found['mint']['value']:.0f} would call collaboration the fluoride in a "
        "world where it is mint."
    )


def lines_of(evidence: Evidence) -> list[tuple[str, str, str]]:
    """The lines of the first picture: setting, method and label.

    Each preset with the analysis that it is known for, then the trials beside the last preset.
    """
    labels = {each["method"]: each["label"] for each in methods(evidence.lab)}
    presets = [setting.name for setting in evidence.lab.settings if setting.preset]
    lines = [(name, PRESETS[name].method, f"{name}: {labels[PRESETS[name].method]}") for name in presets]
    trials = [f"{size}: {reading}" for size, reading in TRIALS_SHOWN]
    return lines + [(presets[-1], method, labels[method]) for method in trials]


TRIALS_SHOWN = (
    (SIZES[0], "pupils"),
    (SIZES[1], "pupils"),
    (SIZES[1], "registers and motivation"),
    (SIZES[0], "what it moves"),
)


def draw_headline(evidence: Evidence) -> Figure:
    """How many of 100 call collaboration the fluoride, by way to find out and by world."""
    with house_style():
        lines = lines_of(evidence)
        labels = [wrapped(label, LABEL_WIDTH) for _, _, label in lines]
        left = text_width(labels, 7.5) + 0.25
        worlds = evidence.lab.worlds
        handles = [
            Line2D([], [], **look_of(w), linewidth=0, markersize=6, label=f"in a world where {WORLD_WORDS[w]}")
            for w in worlds
        ]
        handles.append(Line2D([], [], color=INK, alpha=0.5, linewidth=1.5, label="95 % interval of the simulation"))
        sheet = Sheet(headline(evidence), handles, ROW * len(lines) + 0.6)
        axes = sheet.panel(left, 0.5, WIDTH - left - 0.2, ROW * len(lines))
        for place, (setting, method, _) in enumerate(lines):
            for k, world in enumerate(worlds):
                mark(
                    axes,
                    evidence.value(setting, world, method, CALLS),
                    place + 0.16 * (k - (len(worlds) - 1) / 2),
                    world,
                )
        axes.axhline(sum(setting.preset != "" for setting in evidence.lab.settings) - 0.5, color=FAINT, linewidth=0.8)
        axes.set_yticks(range(len(labels)), labels)
        axes.set_ylim(len(lines) - 0.5, -0.5)
        axes.set_xlim(-3, 103)
        axes.set_xlabel("how many of 100 call collaboration the fluoride")
        axes.grid(axis="x")
        axes.tick_params(axis="y", length=0)
        return sheet.figure


def mark(axes: Axes, row: Mapping[str, Any] | None, height: float, world: str) -> None:
    """One share with its interval."""
    if row is None or row["value"] is None:
        return
    look = look_of(world)
    axes.plot([100 * row["low"], 100 * row["high"]], [height, height], color=look["color"], alpha=0.5, linewidth=1.5)
    axes.plot([100 * row["value"]], [height], **look, markersize=5, markeredgecolor="white", markeredgewidth=0.5)


# Columns of the second picture: title, analysis, scale, and what is drawn of which world.
QUESTIONS: tuple[tuple[str, str, float, dict[str, str]], ...] = (
    ("Counting features:\ncall it the fluoride, of 100", "counting", 100.0, {"mint": CALLS, "bystander": CALLS}),
    (
        "Meta-regression at its best:\nfind an effect, of 100",
        "mechanisms",
        100.0,
        {"mint": "power", "bystander": "false_positives"},
    ),
    ("Meta-regression at its best:\nbias (pupil SD)", "mechanisms", 1.0, {"mint": "bias", "bystander": "bias"}),
)
STYLES: tuple[Any, ...] = ("-", DASHED, ":", "-.")


def crossings(evidence: Evidence) -> list[list[Setting]]:
    """The points of each crossing that varies its first key and at most four values of its second."""
    numbers = sorted({setting.crossing for setting in evidence.lab.settings} - {0})
    found = [[each for each in evidence.lab.settings if each.crossing == number] for number in numbers]
    return [points for points in found if len(values_of(points, 0)) > 1 and len(points[0].keys) <= 2]


def values_of(points: Sequence[Setting], place: int) -> list[float]:
    """The values of a crossing's first (0) or second (1) key; [0] where it has no second."""
    return list(dict.fromkeys([*point.keys.values(), 0.0][place] for point in points))


def draw_crossings(evidence: Evidence) -> Figure:
    """Counting and meta-regression as literatures change: a row for each crossing, a column for each question."""
    with house_style():
        rows = crossings(evidence)
        worlds = [world for world in ("mint", "bystander") if world in evidence.lab.worlds]
        handles = [
            Line2D([], [], **look_of(w), markersize=5, label=f"in a world where {WORLD_WORDS[w]}") for w in worlds
        ]
        handles.append(
            Line2D([], [], color=INK, alpha=0.5, linewidth=1.5, label="upright: 95 % interval of the simulation")
        )
        block = PANEL_HEIGHT + 0.9
        sheet = Sheet(CROSSING_TITLE, handles, len(rows) * block + 0.1)
        for place, points in enumerate(rows):
            bottom = (len(rows) - 1 - place) * block + 0.42
            for column, (title, method, scale, measures) in enumerate(QUESTIONS):
                axes = sheet.panel(0.5 + column * 2.4, bottom, 1.9, PANEL_HEIGHT)
                for world in worlds:
                    draw_lines(axes, evidence, points, (method, measures[world], world), scale)
                finish(axes, points, title if place == 0 else "", column == 0, scale == 100.0)
        return sheet.figure


def draw_lines(
    axes: Axes, evidence: Evidence, points: Sequence[Setting], what: tuple[str, str, str], scale: float
) -> None:
    """One measure of one method in one world along the first key, a line for each value of the second."""
    method, measure, world = what
    look = look_of(world)
    for style, second in zip(STYLES, values_of(points, 1), strict=False):
        line = [point for point in points if [*point.keys.values(), 0.0][1] == second]
        found = [evidence.value(point.name, world, method, measure) for point in line]
        known = [(next(iter(point.keys.values())), row) for point, row in zip(line, found, strict=True) if row]
        known = [(x, row) for x, row in known if row["value"] is not None]
        axes.plot(
            [x for x, _ in known],
            [scale * row["value"] for _, row in known],
            **look,
            linestyle=style,
            linewidth=1.2,
            markersize=3.5,
        )
        for x, row in known:
            axes.plot([x, x], [scale * row["low"], scale * row["high"]], color=look["color"], alpha=0.5, linewidth=1.5)


def finish(axes: Axes, points: Sequence[Setting], title: str, first: bool, of_100: bool) -> None:
    """Axis, title and, in a row's first panel, the key to the lines."""
    names, values = list(points[0].keys), values_of(points, 0)
    if min(values) > 0 and max(values) / min(values) > 8:
        axes.set_xscale("log")
    axes.set_xticks(values, [f"{value:g}" for value in values])
    axes.minorticks_off()
    axes.set_xlabel(names[0].replace("_", " "))
    axes.set_title(title)
    axes.axhline(0, color=INK, linewidth=0.6)
    axes.set_ylim((-3, 103) if of_100 else None)
    axes.grid()
    seconds = values_of(points, 1)
    if first and len(seconds) > 1:
        lines = [
            Line2D([], [], color=INK, linewidth=1.2, linestyle=style, label=f"{names[1].replace('_', ' ')} {value:g}")
            for style, value in zip(STYLES, seconds, strict=False)
        ]
        axes.legend(handles=lines, fontsize=6, frameon=False, loc="lower right")


def pictures(evidence: Evidence) -> list[Picture]:
    """All pictures of an experiment: of the presets, where it has any, and of the crossings."""
    found = []
    if headlines(evidence):
        found.append(Picture("reviews", headline(evidence), ALT, draw_headline(evidence)))
    if crossings(evidence):
        found.append(Picture("literatures", CROSSING_TITLE, CROSSING_ALT, draw_crossings(evidence)))
    return found


def lab_files(evidence: Evidence) -> dict[str, bytes]:
    """File name to content of all that is written: tables (CSV, Parquet), pictures (SVG, PNG), document (JSON)."""
    files: dict[str, bytes] = {}
    for name, frame in {"lab-results": evidence.table, "lab-shared": evidence.shared}.items():
        files |= {f"{name}.csv": frame.to_csv(index=False).encode(), f"{name}.parquet": frame.to_parquet(index=False)}
    for picture in pictures(evidence):
        files |= {f"figures-{picture.name}.{kind}": picture_bytes(picture, kind) for kind in ("svg", "png")}
    return files | {"lab.json": evidence.to_json().encode()}
