"""What working together adds and through which family, design by design: for results that keep sets of families.

At every point of the design the families' Shapley shares in every draw, and the verdict's answer, by the very rule of
:mod:`pdsim.explanation.verdict`. Where the first factor is a scale, :mod:`pdsim.analysis.threshold` looks for a
boundary along it instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from pdsim.analysis import threshold
from pdsim.analysis.cells import Cells
from pdsim.analysis.finding import Finding, kept_points
from pdsim.analysis.threshold import Scene, lone, point_row, scene_of, worths
from pdsim.analysis.threshold_words import count, level_words, name_of
from pdsim.assumptions import CHANNEL_FAMILIES, FAMILIES
from pdsim.comparison import spread_over_draws
from pdsim.experiment.designs import Axis
from pdsim.explanation.decomposition import family_game
from pdsim.explanation.verdict import ANSWERS
from pdsim.outcomes import OUTCOMES

DIGITS = OUTCOMES["pupil_attainment"].digits
INTERVAL_WORDS = "90 % intervals over draws of the assumptions, luck averaged out: what we do not know about the truth"


def found(cells: Cells) -> Finding:
    """The finding of an experiment with families: a threshold along a first factor that is a scale, else the shares.

    Raises:
        InputError: no point is whole, or another question than the pupils'.
    """
    first = cells.axes[0]
    if first.numeric and len(first.levels()) > 1 and cells.experiment.design.method == "grid":
        return threshold.found(cells)
    threshold.check_pupils(cells)
    worth, names = worths(cells), [scenario.name for scenario in cells.experiment.scenarios]
    tables, notes = [], []
    for contrast in lone(cells):
        whole, left_out = kept_points(cells, contrast, 1)
        place = names.index(contrast.scenario)
        here = worth[place][whole]
        tables.append(share_table(cells, here, scene_of(cells, cells.experiment.scenarios[place], here, whole)))
        notes += left_out
    points = pd.concat(tables, ignore_index=True)
    return Finding("families", {"points": points}, INTERVAL_WORDS, notes, sentences(points, cells.axes))


def share_table(cells: Cells, worth: np.ndarray, scene: Scene) -> pd.DataFrame:
    """A row for each whole point: answers, the total, and the families' shares, with their intervals.

    Args:
        cells: the experiment.
        worth: (whole points, replicates, sets of families) pupils' attainment.
        scene: its shares and answers.
    """
    weights = family_game(CHANNEL_FAMILIES).weights["families"]
    rows = []
    for point in range(len(worth)):
        spread = spread_over_draws(worth[point] @ weights.T, cells.draw)
        low, high = spread.interval()
        ends = {f"share_{name}_low": low[k] for k, name in enumerate(FAMILIES)}
        rows.append(point_row(scene, point) | ends | {f"share_{name}_high": high[k] for k, name in enumerate(FAMILIES)})
    table = pd.concat([scene.table, pd.DataFrame(rows)], axis=1)
    table.insert(0, "scenario", scene.scenario.name)
    return table


def sentences(points: pd.DataFrame, axes: tuple[Axis, ...]) -> list[str]:
    """What was found, in words made from the numbers."""
    return [total_sentence(points, axes), verdict_sentence(points), *answer_sentences(points, axes),
            *level_sentences(points, axes)]  # fmt: skip


def signed(value: float) -> str:
    """A share in pupil SD with its sign; nothing has none."""
    return f"{round(value, DIGITS) + 0.0:+.{DIGITS}f}" if round(value, DIGITS) else f"{0:.{DIGITS}f}"


def at(row: dict[str, Any], axes: tuple[Axis, ...]) -> str:
    """A point in words."""
    levels = ", ".join(f"{name_of(axis)} {level_words(axis, row[axis.path])}" for axis in axes)
    return f"{row['scenario']}, {levels}"


def total_sentence(points: pd.DataFrame, axes: tuple[Axis, ...]) -> str:
    """The least and the most that working together adds."""
    least, most = (points.loc[place].to_dict() for place in (points["total"].idxmin(), points["total"].idxmax()))
    ends = [
        f"{signed(row['total'])} pupil SD ({signed(row['total_low'])} to {signed(row['total_high'])}; {at(row, axes)})"
        for row in (least, most)
    ]
    return (
        f"In {points['scenario'].nunique()} designs at {len(points)} settings in all, working together adds from "
        f"{ends[0]} to {ends[1]} to what the same programme does alone, its time together free."
    )


def verdict_sentence(points: pd.DataFrame) -> str:
    """How often each answer is the verdict."""
    counts = points["answer"].value_counts()
    parts = [f"{answer} at {counts[answer]}" for answer in ANSWERS if answer in counts]
    return f"The verdict is {', '.join(parts)} of {len(points)} settings."


def answer_sentences(points: pd.DataFrame, axes: tuple[Axis, ...]) -> Iterator[str]:
    """Where fluoride, mint and harm are likeliest, and how likely on average."""
    for words, share in (
        ("fluoride, alone or with mint,", points["p_fluoride_or_both"]),
        ("mint, alone or with fluoride,", points["p_mint"] + points["p_both"]),
        ("harmful", points["p_harmful"]),
    ):
        row = points.loc[share.idxmax()].to_dict()
        yield (
            f"Of 100 simulated worlds it is {words} in {count(share.mean())} on average over the settings, and in "
            f"{count(share.max())} where that is likeliest ({at(row, axes)})."
        )


def level_sentences(points: pd.DataFrame, axes: tuple[Axis, ...]) -> Iterator[str]:
    """How the families' shares change with each factor, the others averaged."""
    for axis in axes:
        columns = [f"share_{name}" for name in FAMILIES]
        means = points.groupby(axis.path, sort=False, observed=True)[columns].mean()
        parts = [f"{name} {' / '.join(signed(value) for value in means[f'share_{name}'])}" for name in FAMILIES]
        levels = " / ".join(level_words(axis, value) for value in means.index)
        yield f"Mean shares (pupil SD) with {name_of(axis)} {levels}: {', '.join(parts)}."
