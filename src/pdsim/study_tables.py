"""A study of trials in sentences and tables."""

from __future__ import annotations

from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pdsim.explanation.verdict import THRESHOLD
from pdsim.lab.pool import ATTENDANCE, LEARNING, MOTIVATION
from pdsim.studies.arms import DESIGNS
from pdsim.studies.pool import BETWEEN_SCHOOLS, PRETEST, SCHOOL_SD, TESTED
from pdsim.studies.result import ASKED, POWER, TEACHING, Study
from pdsim.studies.trial import ANSWERS, WORTH
from pdsim.tables import of_100

TOP = 12  # candidate trials in the table
READING_WORDS = {
    "pupils": "pupils' results alone",
    "mediation": "pupils' results, with attendance and motivation measured",
    "what it moves": "attendance, motivation and knowledge measured, in place of pupils' results",
}
TRUTHS = {
    "fluoride": "collaboration is the fluoride",
    "mint": "it is the mint",
    "neither": "it does neither",
    "both": "it is both",
    "harmful": "it harms",
}
SCORES = {"right": "the right answer", "wrong": "a wrong one", "none": "none"}
KEYS = ["design", "reading", "schools"]


def trial_words(row: Any) -> str:
    """A candidate trial in words."""
    reading = row["reading"]
    return f"{row['design']} by lot in {row['schools']} schools, reading {reading} ({READING_WORDS[reading]})"


def by_world(result: Study, world: str, name: str) -> pd.Series:
    """A column of one world, by design, reading and schools; empty where the world was left out."""
    rows = result.table[result.table["world"] == world]
    return rows.set_index(KEYS)[name]


def in_worlds(result: Study, row: Any) -> str:
    """How often a trial is right in the teaching worlds."""
    at = tuple(row[key] for key in KEYS)
    parts = []
    for world, answer in TEACHING.items():
        values = by_world(result, world, "wrong" if answer == "neither" else "right")
        if at in values.index:
            verb = "wrongly names a path or a harm" if answer == "neither" else "says so"
            parts.append(f"where {TRUTHS[answer]} it {verb} in {of_100(float(values[at]))} trials")
    return "; ".join(parts)


def best_words(result: Study) -> str:
    """The most informative candidate."""
    best = result.ranked.iloc[0]
    return (
        f"What study would tell? Of {len(result.ranked)} candidate trials of {result.request.programme.name}, most is "
        f"learned from {trial_words(best)}: {best['bits']:.2f} of {result.entropy:.2f} bits (90 % Monte Carlo interval "
        f"{best['bits_low']:.2f} to {best['bits_high']:.2f}). In teaching worlds, {in_worlds(result, best)}."
    )


def truth_words(result: Study) -> str:
    """How often there is something to find."""
    asked = result.truth.set_index("world").loc[ASKED]
    order = sorted(ANSWERS, key=lambda answer: -asked[answer])
    likely = ", ".join(f"{answer} in {100 * asked[answer]:.0f}" for answer in order if asked[answer] > 0)
    best = result.ranked.iloc[0]
    counts = ", ".join(f"{words} in {100 * best[name]:.0f}" for name, words in SCORES.items())
    return (
        f"Under the assumptions asked for, the true answer for this programme is {likely} of 100 draws, so a trial "
        f"often has neither fluoride nor mint to find: of 100 trials of that kind, {counts}."
    )


def pupils_words(result: Study) -> str:
    """What pupils' results alone can do."""
    most = max(result.request.sizes)
    parts = []
    for world, answer in TEACHING.items():
        values = by_world(result, world, "right")
        if answer != "neither" and len(values):
            best = values.xs(("pupils", most), level=("reading", "schools")).max()
            parts.append(f"where {TRUTHS[answer]}, in {of_100(best)} trials")
    if not parts:
        return ""
    return (
        f"With pupils' results alone and {most} schools, the best of the {len(DESIGNS)} designs gives the right answer "
        f"{' and '.join(parts)}."
    )


def enough_words(result: Study) -> str:
    """The smallest trial that tells fluoride from mint."""
    right = [by_world(result, world, "right") for world, answer in TEACHING.items() if answer != "neither"]
    if any(values.empty for values in right):
        return "In one of the teaching worlds the answer is never true of this programme, so no trial can show both."
    worst = pd.concat(right, axis=1).min(axis=1)
    enough = worst[worst >= POWER].reset_index()
    if enough.empty:
        at = dict(zip(KEYS, worst.idxmax(), strict=True))
        return (
            f"No candidate is right in {of_100(POWER)} trials both where collaboration is the fluoride and where it is "
            f"the mint; nearest is {trial_words(at)}, with at least {of_100(worst.max())} in either."
        )
    first = enough.sort_values("schools", kind="stable").iloc[0]
    return (
        f"The smallest candidate that is right in {of_100(POWER)} trials both where collaboration is the fluoride and "
        f"where it is the mint: {trial_words(first)}."
    )


def sentences(result: Study) -> list[str]:
    """The study in words, the answer first."""
    found = [best_words(result), truth_words(result), pupils_words(result), enough_words(result)]
    return [line for line in found if line]


def ranked_table(result: Study) -> Table:
    """The most informative candidates."""
    table = Table(
        title=f"Candidate trials by the bits they tell, of {result.entropy:.2f} (±: 90 % Monte Carlo interval). Of 100 "
        "trials: right, wrong and no answer under the assumptions asked for; right where collaboration is the fluoride "
        "(F) and the mint (M); wrong where it does nothing (0)",
        title_justify="left",
    )
    table.add_column("trial", min_width=28)
    for heading in ("bits", "±", "right", "wrong", "none", "F", "M", "0"):
        table.add_column(heading, justify="right")
    for row in result.ranked.head(TOP).to_dict("records"):
        at = tuple(row[key] for key in KEYS)
        shown = [f"{row['bits']:.2f}", f"{(row['bits_high'] - row['bits_low']) / 2:.2f}"]
        shown += [f"{100 * row[name]:.0f}" for name in SCORES]
        for world, answer in TEACHING.items():
            values = by_world(result, world, "wrong" if answer == "neither" else "right")
            shown.append(f"{100 * values[at]:.0f}" if at in values.index else "-")
        table.add_row(f"{row['design']}, {row['schools']} schools: {row['reading']}", *shown)
    return table


def design_lines() -> list[str]:
    """What the lot decides in each design, and what each reading measures."""
    return [
        *(f"{design.name}: by lot, {design.meaning}." for design in DESIGNS),
        *(f"{reading}: {words}." for reading, words in READING_WORDS.items()),
    ]


def notes(result: Study) -> list[str]:
    """What a reader has to know."""
    request = result.request
    used = ", ".join(f"{row.world} {row.draws_used} of {row.draws}" for row in result.truth.itertuples())
    return [
        f"One school year; schools of {request.programme.staff.teachers_per_school} teachers; attendance voluntary "
        f"unless held. {request.trials} simulated trials of each kind and size in each world, seed {request.seed}; "
        "places in the ranking that are close are chance.",
        f"True is what the verdict's rule says of the families' shares (from {THRESHOLD:g} pupil SD; undecided counts "
        f"as neither). Draws used: {used}; of a teaching world only those in which its answer is true of this "
        "programme.",
        f"A school's result has an SD of {SCHOOL_SD:.2f}: {BETWEEN_SCHOOLS:.0%} of the variance between schools, "
        f"correlation {PRETEST:g} with the test before, {TESTED} pupils tested. Motivation and knowledge are seen with "
        "the errors of a survey and a quiz.",
        "Schools are analysed as single units with robust errors, 95 % intervals. A path is named when its sign is "
        f"above 0 beyond chance; in what is moved from {WORTH[LEARNING]:g} (knowledge), {WORTH[ATTENDANCE]:g} "
        f"(attendance) and {WORTH[MOTIVATION]:g} (motivation).",
        "What it moves takes from elsewhere that knowledge and attendance then reach pupils.",
        f"Assumptions: {result.theory}. This is a model's answer, not a trial's.",
    ]


def print_study(result: Study, console: Console) -> None:
    """Print sentences, table and notes."""
    for line in sentences(result):
        console.print(Text(line), soft_wrap=True)
    console.print(ranked_table(result))
    for line in design_lines():
        console.print(Text(f"  {line}"), soft_wrap=True)
    for line in notes(result):
        console.print(Text(f"- {line}"), style="dim", soft_wrap=True)
