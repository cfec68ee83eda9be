"""The threshold in sentences, each made from the numbers; none says more than they do."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import Any

import numpy as np
import pandas as pd

from pdsim.analysis.threshold import FLUORIDE, THERE, Threshold
from pdsim.experiment.designs import Axis
from pdsim.experiment.factors import THEORY
from pdsim.explanation.verdict import LIMITS

ANSWER_WORDS = {
    "harmful": "it does harm",
    "fluoride": "it is the fluoride",
    "mint": "it is the mint",
    "both": "it is fluoride and mint",
    "neither": "it adds nothing that one would notice",
    "undecided": "no one answer holds in more than half of the simulated worlds",
}


def name_of(axis: Axis) -> str:
    """A factor in words: a scenario key by its label, an assumption by its name."""
    return axis.path.removeprefix(THEORY) if axis.path.startswith(THEORY) else axis.label.lower()


def level_words(axis: Axis, value: Any) -> str:
    """A factor's value as people say it: shares as percentages, numbers with their unit."""
    if not axis.numeric:
        return str(value)
    if axis.unit == "share":
        return f"{100 * float(value):.3g} %"
    unit = "" if axis.unit in ("0-1", "factor", "-", name_of(axis)) else f" {axis.unit}"
    return f"{float(value):.3g}{unit}"


def setting_words(result: Threshold, levels: Mapping[str, Any]) -> str:
    """Levels of factors in words, such as "share of hours together 50 %, discernment 0.9"."""
    by_path = {axis.path: axis for axis in result.axes}
    return ", ".join(f"{name_of(by_path[path])} {level_words(by_path[path], value)}" for path, value in levels.items())


def count(share: float) -> str:
    """A share as a count of 100, without the words; 0 and 100 only where that is exact.

    >>> count(0.456), count(0.005), count(0.0), count(0.999)
    ('46', 'fewer than 1', '0', 'more than 99')
    """
    if 0.0 < share < 0.01:
        return "fewer than 1"
    return "more than 99" if 0.99 < share < 1.0 else f"{100 * share:.0f}"


def sentences(result: Threshold) -> list[str]:
    """All sentences, scenario by scenario, and what they are not."""
    found = []
    for scenario in result.scenarios:
        levels = result.usual(scenario)
        found += [
            answer_sentence(result, scenario, levels),
            chance_sentence(result, scenario, levels),
            world_sentence(result, scenario, levels),
            there_sentence(result, scenario, levels),
            others_sentence(result, scenario, levels),
            harm_sentence(result, scenario),
            grid_sentence(result, scenario),
        ]
    return [*(sentence for sentence in found if sentence), LIMITS]


def answer_sentence(result: Threshold, scenario: str, levels: Mapping[str, Any]) -> str:
    """The verdict along the first factor at the usual levels, and in how many worlds it is fluoride at none of them."""
    axis, rows = result.axes[0], result.along(scenario, levels).to_dict("records")
    runs = [(answer, [*group]) for answer, group in groupby(rows, lambda row: row["answer"])]
    at = f" ({setting_words(result, levels)})" if levels else ""
    parts = []
    for number, (answer, group) in enumerate(runs):
        low, high = (level_words(axis, row[axis.path]) for row in (group[0], group[-1]))
        if len(runs) == 1:
            span = f"whatever the {name_of(axis)} from {low} to {high},"
        elif number == len(runs) - 1:
            span = f"from {low} on"
        else:
            span = f"with {low}" if low == high else f"with {low} to {high}"
            span = span.replace("with", f"with a {name_of(axis)} of", 1) if number == 0 else span
        parts.append(f"{span} {ANSWER_WORDS[str(answer)]}")
    never = f"in {count(result.boundary(scenario, levels)['draws_never'])} of 100 it never is the fluoride"
    return f"Working together in {scenario}{at}: {'; '.join(parts)}; {never}, alone or with mint."


def ends_of(rows: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """The first and the last of some points."""
    return rows.iloc[0], rows.iloc[-1]


def chance_sentence(result: Threshold, scenario: str, levels: Mapping[str, Any]) -> str:
    """The chance of fluoride from end to end, and where it rises through one half."""
    axis, row = result.axes[0], result.boundary(scenario, levels)
    parts = [
        f"{count(end['p_fluoride_or_both'])} ± {100 * end['p_error']:.0f} with {level_words(axis, end[axis.path])}"
        for end in ends_of(result.along(scenario, levels))
    ]
    where = boundary_words(result, row["boundary"])
    low, high = (end_words(result, row[name]) for name in ("boundary_low", "boundary_high"))
    interval = "" if low == high else f" (90 % interval of that: {low} to {high})"
    return (
        f"Of 100 simulated worlds it is the fluoride, alone or with mint, in {' and in '.join(parts)}; in more than "
        f"half {where}{interval}."
    )


def boundary_words(result: Threshold, value: float) -> str:
    """A boundary in words."""
    axis = result.axes[0]
    if np.isfinite(value):
        return f"from a {name_of(axis)} of {level_words(axis, value)} on"
    return f"from the lowest {name_of(axis)} tried on" if value < 0 else f"at no {name_of(axis)} tried"


def end_words(result: Threshold, value: float) -> str:
    """An end of a boundary's interval in words."""
    if np.isfinite(value):
        return level_words(result.axes[0], value)
    return "the lowest tried" if value < 0 else "none tried"


def world_sentence(result: Threshold, scenario: str, levels: Mapping[str, Any]) -> str:
    """What the simulated worlds do one by one as the first factor grows."""
    row, axis = result.boundary(scenario, levels), result.axes[0]
    first, last = ends_of(result.along(scenario, levels))
    later = f"in {count(row['draws_later'])} from more on"
    if row["draws_later"] > 0:
        later += f" (median {level_words(axis, row['level'])}, 90 % of them {level_words(axis, row['level_low'])} to "
        later += f"{level_words(axis, row['level_high'])})"
    never = f"in {count(row['draws_never'])} never up to {level_words(axis, last[axis.path])}"
    if first["there"] < 1.0:
        never += f" ({count(1.0 - first['there'])} of them worlds in which team-mates teach each other nothing at all)"
    lost = f"; in {count(row['draws_lost'])} it is lost again with more" if row["draws_lost"] > 0 else ""
    return (
        f"World by world: in {count(row['draws_already'])} it is so with {level_words(axis, first[axis.path])} "
        f"already, {later}, {never}{lost}."
    )


def there_sentence(result: Threshold, scenario: str, levels: Mapping[str, Any]) -> str:
    """The chance of fluoride from end to end where team-mates can teach each other at all."""
    rows, axis = result.along(scenario, levels), result.axes[0]
    share = float(rows["there"].iloc[0])
    if not 0.0 < share < 1.0:
        return ""
    parts = [f"{count(row['p_if_there'])} of 100 with {level_words(axis, row[axis.path])}" for row in ends_of(rows)]
    where = boundary_words(result, result.boundary(scenario, levels, THERE)["boundary"])
    return (
        f"In the {count(share)} of 100 worlds in which team-mates do move each other, for better or worse, it is the "
        f"fluoride in {' and in '.join(parts)}; in more than half {where}."
    )


def others_sentence(result: Threshold, scenario: str, levels: Mapping[str, Any]) -> str:
    """How the chance of fluoride changes over each of the other factors, averaged over the first."""
    parts = []
    for axis in result.axes[1:]:
        rows = result.along(scenario, {path: value for path, value in levels.items() if path != axis.path})
        values = [value for value in axis.shown(axis.levels()) if (rows[axis.path] == value).any()]
        if len(values) < 2:
            continue
        ends = [(value, rows[rows[axis.path] == value]) for value in (values[0], values[-1])]
        chances = [count(float(at["p_fluoride_or_both"].mean())) for _, at in ends]
        names = [level_words(axis, value) for value, _ in ends]
        parts.append(f"{name_of(axis)} from {names[0]} to {names[1]}: {chances[0]} to {chances[1]}")
    over = f"averaged over the {name_of(result.axes[0])}"
    return f"What else moves it, of 100 worlds with fluoride, {over}: {'; '.join(parts)}." if parts else ""


def harm_sentence(result: Threshold, scenario: str) -> str:
    """Where harm is most and least likely."""
    rows = result.points[result.points["scenario"] == scenario]
    worst, best = rows.loc[rows["p_harmful"].idxmax()], rows.loc[rows["p_harmful"].idxmin()]
    if worst["p_harmful"] == best["p_harmful"]:
        return f"It does harm in {count(worst['p_harmful'])} of 100 worlds at every point of the grid."
    most, least = (setting_words(result, {a.path: row[a.path] for a in result.axes}) for row in (worst, best))
    return (
        f"It does harm in {count(worst['p_harmful'])} of 100 worlds where that is likeliest ({most}) and in "
        f"{count(best['p_harmful'])} where it is least likely ({least})."
    )


def grid_sentence(result: Threshold, scenario: str) -> str:
    """How many points have which verdict, and where fluoride is likeliest."""
    rows = result.points[result.points["scenario"] == scenario]
    counts = rows["answer"].value_counts()
    parts = ", ".join(f"{answer} at {number}" for answer, number in counts.items())
    boundary = "" if set(counts.index) & set(FLUORIDE) else ": there is no boundary to fluoride"
    best = rows.loc[rows["p_fluoride_or_both"].idxmax()]
    where = setting_words(result, {axis.path: best[axis.path] for axis in result.axes})
    return (
        f"Of the {len(rows)} points of the grid the verdict is {parts}{boundary}. Fluoride, alone or with mint, is "
        f"likeliest with {count(best['p_fluoride_or_both'])} of 100 worlds ({where})."
    )


def headline(result: Threshold) -> str:
    """What the picture shows, in a sentence; scenarios with the same answer stand together."""
    by_answer: dict[str, list[str]] = {}
    for scenario in result.scenarios:
        row = result.boundary(scenario, result.usual(scenario))
        by_answer.setdefault(boundary_words(result, row["boundary"]), []).append(scenario)
    parts = [f"{words} ({', '.join(scenarios)})" for words, scenarios in by_answer.items()]
    claim = "Working together is the fluoride, alone or with mint, in more than half of the simulated worlds"
    return f"{claim} {'; '.join(parts)}."
