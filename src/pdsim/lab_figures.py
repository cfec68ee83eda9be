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
from pdsim.lab.result import SIZES, Evidence, methods
from pdsim.lab.wording import WORLD_WORDS, headlines
from pdsim.lab_tables import crossing_title, crossings, in_words, varied

ROW = 0.42  # inches of an analysis in the first picture
LABEL_WIDTH = 44  # letters in a line of an analysis's name
PANEL_HEIGHT = 2.0  # inches of a panel in the pictures of crossings
BIAS_SHOWN = 0.03  # pupil SD: the axis of biases reaches at least so far either way, so that small ones look small
CALLS = "calls fluoride"
ALT = (
    "Dot plot with a line for each way to find out: of 100 reviews or trials, how many call collaboration the "
    "fluoride, a marker for each world, with the interval of the simulation. A good one has the world where it is the "
    "fluoride at 100 and the others at 0."
)
CROSSING_ALT = (
    "Three line charts along what varies between literatures: how many of 100 reviews that count features call "
    "collaboration the fluoride; how many of 100 meta-regressions find an effect; how far off these are on average."
)


def look_of(world: str) -> dict[str, Any]:
    """Colour and marker of a world, the same in all pictures."""
    place = list(WORLD_WORDS).index(world)
    return {"color": COLOURS[place], "marker": MARKERS[place]}


def headline(evidence: Evidence) -> str:
    """What the first picture shows, in a sentence."""
    first = headlines(evidence)[0]
    if "mint" not in first["of_100"]:
        return "How many of 100 reviews and trials call collaboration the fluoride."
    mint = first["of_100"]["mint"]
    return (
        f"Of 100 reviews such as {PRESETS[first['preset']].source}, {mint['value']:.0f} ({mint['low']:.0f}-"
        f"{mint['high']:.0f}) would call collaboration the fluoride in a world where it is mint."
    )


def lines_of(evidence: Evidence) -> list[tuple[str, str, str]]:
    """The lines of the first picture: setting, method and label.

    Each preset with the analysis that it is known for, then the trials beside the last preset.
    """
    labels = {each["method"]: each["label"] for each in methods(evidence.lab)}
    presets = [setting.name for setting in evidence.lab.settings if setting.preset]
    lines = [
        (name, PRESETS[name].method, f"{labels[PRESETS[name].method]}, as {PRESETS[name].source}") for name in presets
    ]
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
                height = place + 0.16 * (k - (len(worlds) - 1) / 2)
                mark(axes, evidence.value(setting, world, method, CALLS), height, world)
        axes.axhline(sum(setting.preset != "" for setting in evidence.lab.settings) - 0.5, color=FAINT, linewidth=0.8)
        axes.set_yticks(range(len(labels)), labels)
        axes.set_ylim(len(lines) - 0.5, -0.5)
        axes.set_xlim(-3, 103)
        axes.set_xlabel("how many of 100 call it the fluoride (right: circles at 100, others at 0)")
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


# Columns of a picture of a crossing: title, analysis, scale, and what is drawn of which world.
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


def drawn(evidence: Evidence) -> list[list[Setting]]:
    """The crossings that can be drawn: those that vary one key, or two with at most four values of the second."""
    keys = [(points, list(varied(points).values())) for points in crossings(evidence)]
    return [
        points for points, values in keys if len(values) == 1 or (len(values) == 2 and len(values[1]) <= len(STYLES))
    ]


def draw_crossing(evidence: Evidence, points: Sequence[Setting]) -> Figure:
    """Counting and meta-regression along the first key that a crossing varies, a line for each value of the second."""
    first, *second = varied(points)
    lines = {
        value: [point for point in points if not second or point.keys[second[0]] == value]
        for value in (varied(points)[second[0]] if second else [0.0])
    }
    worlds = [world for world in ("mint", "bystander") if world in evidence.lab.worlds]
    with house_style():
        sheet = Sheet(crossing_title(points), crossing_handles(worlds, second, list(lines)), PANEL_HEIGHT + 0.95)
        for column, (title, method, scale, measures) in enumerate(QUESTIONS):
            axes = sheet.panel(0.5 + column * 2.4, 0.42, 1.9, PANEL_HEIGHT)
            for world in worlds:
                for style, line in zip(STYLES, lines.values(), strict=False):
                    rows = [evidence.value(point.name, world, method, measures[world]) for point in line]
                    places = [point.keys[first] for point in line]
                    draw_line(axes, dict(zip(places, rows, strict=True)), scale, {**look_of(world), "linestyle": style})
            finish(axes, first, varied(points)[first], title, scale)
        return sheet.figure


def crossing_handles(worlds: Sequence[str], second: Sequence[str], values: Sequence[float]) -> list[Line2D]:
    """The key to a crossing's lines: worlds, values of the second key, intervals."""
    return [
        *(Line2D([], [], **look_of(w), markersize=5, label=f"in a world where {WORLD_WORDS[w]}") for w in worlds),
        *(
            Line2D([], [], color=INK, linewidth=1.2, linestyle=style, label=f"{in_words(second[0])} {value:g}")
            for style, value in zip(STYLES, values, strict=False)
            if second
        ),
        Line2D([], [], color=INK, alpha=0.5, linewidth=1.5, label="upright: 95 % interval of the simulation"),
    ]


def draw_line(axes: Axes, rows: Mapping[float, Mapping[str, Any] | None], scale: float, look: dict[str, Any]) -> None:
    """One measure along a key, with intervals; ``rows`` by the key's value."""
    known = {place: row for place, row in rows.items() if row is not None and row["value"] is not None}
    heights = [scale * row["value"] for row in known.values()]
    axes.plot(list(known), heights, **look, linewidth=1.2, markersize=3.5)
    for place, row in known.items():
        ends = [scale * row["low"], scale * row["high"]]
        axes.plot([place, place], ends, color=look["color"], alpha=0.5, linewidth=1.5)


def finish(axes: Axes, key: str, values: Sequence[float], title: str, scale: float) -> None:
    """Axes and title of a panel."""
    if min(values) > 0 and max(values) / min(values) > 8:
        axes.set_xscale("log")
    axes.set_xticks(values, [f"{value:g}" for value in values])
    axes.minorticks_off()
    axes.set_xlabel(in_words(key))
    axes.set_title(title)
    axes.axhline(0, color=INK, linewidth=0.6)
    if scale == 100.0:
        axes.set_ylim(-3, 103)
    else:
        low, high = axes.get_ylim()
        axes.set_ylim(min(low, -BIAS_SHOWN), max(high, BIAS_SHOWN))
    axes.grid()


def pictures(evidence: Evidence) -> list[Picture]:
    """All pictures of an experiment: of the presets, where it has any, and of each crossing."""
    found = []
    if headlines(evidence):
        found.append(Picture("lab", headline(evidence), ALT, draw_headline(evidence)))
    for points in drawn(evidence):
        name = f"literatures-{points[0].crossing}"
        found.append(Picture(name, crossing_title(points), CROSSING_ALT, draw_crossing(evidence, points)))
    return found


def lab_files(evidence: Evidence) -> dict[str, bytes]:
    """File name to content of all that is written: tables (CSV, Parquet), pictures (SVG, PNG), document (JSON)."""
    files: dict[str, bytes] = {}
    for name, frame in {"lab-results": evidence.table, "lab-shared": evidence.shared}.items():
        files |= {f"{name}.csv": frame.to_csv(index=False).encode(), f"{name}.parquet": frame.to_parquet(index=False)}
    for picture in pictures(evidence):
        files |= {f"figures-{picture.name}.{kind}": picture_bytes(picture, kind) for kind in ("svg", "png")}
    return files | {"lab.json": evidence.to_json().encode()}
