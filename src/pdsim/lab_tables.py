"""What reviews and trials conclude in worlds whose truth is known: sentences and tables in the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pdsim.lab.result import SIZES, Evidence, headlines, methods
from pdsim.tables import signed

Row = Mapping[str, Any] | None

WORLD_WORDS = {
    "fluoride": "it is the fluoride",
    "mint": "it is mint",
    "both": "it is both",
    "bystander": "it does nothing",
}
ESTIMATING = ("features", "mechanisms", *(f"{size}: pupils" for size in SIZES))
EFFECT_COLUMNS = ("bias (pupil SD)", "coverage", "power", "wrong sign", "false positives")
COLUMNS_MEAN = (
    "Bias, coverage (of 95 % intervals, the truth), power (intervals above 0) and wrong signs (below 0): where it is "
    "mint. False positives: where it does nothing. All but bias of 100."
)


def share_words(row: Row) -> str:
    """A share as so many of 100, with its interval.

    >>> share_words({"value": 0.5, "low": 0.404, "high": 0.596})
    '50 (40-60)'
    """
    if row is None or row["value"] is None:
        return "-"
    return f"{100 * row['value']:.0f} ({100 * row['low']:.0f}-{100 * row['high']:.0f})"


def in_sd(row: Row) -> str:
    """A number in pupil SD with its interval.

    >>> in_sd({"value": 0.012, "low": 0.009, "high": 0.015})
    '+0.012 (+0.009 to +0.015)'
    """
    if row is None or row["value"] is None:
        return "-"
    return f"{signed(row['value'], 3)} ({signed(row['low'], 3)} to {signed(row['high'], 3)})"


def analyses(evidence: Evidence, setting: str) -> dict[str, str]:
    """Names and labels of the analyses that were made in a kind of literature."""
    made = set(evidence.table[evidence.table.setting == setting].method)
    return {each["method"]: each["label"] for each in methods(evidence.lab) if each["method"] in made}


def worlds_table(evidence: Evidence, setting: str, measure: str, title: str) -> Table:
    """A share by analysis (down) and world (across), of 100."""
    table = new_table(title, "analysis", *evidence.lab.worlds)
    for method, label in analyses(evidence, setting).items():
        table.add_row(label, *(share_words(evidence.value(setting, w, method, measure)) for w in evidence.lab.worlds))
    return table


def new_table(title: str, *columns: str) -> Table:
    """An empty table without upright lines, with numbers to the right."""
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for place, column in enumerate(columns):
        table.add_column(column, justify="right" if place else "left", no_wrap=place > 0)
    return table


def with_effect(evidence: Evidence) -> str:
    """The world in which power and bias are shown: mint, or another in which there is an effect; "" without one."""
    return next((world for world in ("mint", "fluoride", "both") if world in evidence.lab.worlds), "")


def effect_cells(evidence: Evidence, setting: str, method: str) -> list[str]:
    """Bias, coverage, power and wrong signs where there is an effect, false positives where there is none."""
    world = with_effect(evidence)
    shares = [evidence.value(setting, world, method, measure) for measure in ("coverage", "power", "wrong_sign")]
    return [
        in_sd(evidence.value(setting, world, method, "bias")),
        *map(share_words, shares),
        share_words(evidence.value(setting, "bystander", method, "false_positives")),
    ]


def effect_table(evidence: Evidence, setting: str) -> Table:
    """Is there an effect at all? Analyses that estimate it."""
    table = new_table(f"{setting}: is there an effect at all?", "analysis", *EFFECT_COLUMNS)
    for method, label in analyses(evidence, setting).items():
        if method in ESTIMATING:
            table.add_row(label, *effect_cells(evidence, setting, method))
    return table


def crossing_table(evidence: Evidence, crossing: int) -> Table:
    """A crossing: how counting and both meta-regressions do at each of its points.

    Counting estimates nothing: under power and false positives stand those that call collaboration the fluoride.
    """
    table = new_table("Other literatures", "literature", "by", *EFFECT_COLUMNS)
    for setting in evidence.lab.settings:
        if setting.crossing == crossing:
            calls = [
                share_words(evidence.value(setting.name, world, "counting", "calls fluoride"))
                for world in (with_effect(evidence), "bystander")
            ]
            name = setting.name.partition(": ")[2]
            table.add_row(name, "counting", "-", "-", calls[0], "-", calls[1])
            for method in ("features", "mechanisms"):
                table.add_row("", method, *effect_cells(evidence, setting.name, method))
    return table


def shared_table(evidence: Evidence, setting: str) -> Table:
    """What the worlds share, as it came out in the draws of one kind of literature."""
    rows = evidence.shared[evidence.shared.setting == setting].set_index(["measure", "world"])
    table = new_table(f"{setting}: what the worlds share, so that only causes differ", "", *evidence.lab.worlds)
    for measure, (label, write) in SHARED.items():
        table.add_row(label, *(write(rows.loc[(measure, world)].to_dict()) for world in evidence.lab.worlds))
    return table


SHARED = {
    "mean effect": ("mean effect of programmes, SD", in_sd),
    "spread of effects": ("its spread (SD of true effects)", in_sd),
    "collaborative": ("collaborative programmes, of 100", share_words),
    "effect of collaboration": ("working together adds, SD", in_sd),
}


def trial_sentences(evidence: Evidence) -> list[str]:
    """What trials find and tell in the last preset's setting, in words; empty where there is no preset or no mint."""
    presets = [setting for setting in evidence.lab.settings if setting.preset]
    if not presets or "mint" not in evidence.lab.worlds:
        return []
    setting, trial = presets[-1], evidence.lab.trial
    schools = {SIZES[0]: trial.schools, SIZES[1]: trial.schools_per_trial * setting.literature.trials}

    def told(size: str, reading: str, measure: str, world: str = "mint") -> str:
        return share_words(evidence.value(setting.name, world, f"{size}: {reading}", measure))

    found = [
        f"A factorial trial of {count:,} schools finds the effect on pupils in {told(size, 'pupils', 'power')} of 100."
        for size, count in schools.items()
    ]
    large = SIZES[1]
    through = evidence.value(setting.name, "mint", f"{large}: registers and motivation", "went_through")
    truth = signed(through["truth"], 3) if through else "-"
    alone, registers = told(large, "pupils", "calls fluoride"), told(large, "registers", "calls fluoride")
    found.append(
        f"With pupils' results alone even the larger reads mint as fluoride in {alone} of 100, with registers too in "
        f"{registers}; with registers and teachers' motivation it says mint in "
        f"{told(large, 'registers and motivation', 'calls mint')}, though it puts what went through them at "
        f"{in_sd(through)} SD where {truth} is true: only working together is by lot, motivation is not."
    )
    small = [
        f"{told(SIZES[0], 'what it moves', 'path_right', w)} of 100 where {WORLD_WORDS[w]}" for w in evidence.lab.worlds
    ]
    found.append(
        f"Asked only what working together moves (learning, turning up, wanting to), {trial.schools} schools name the "
        f"right path in {', '.join(small)}."
    )
    return found


def notes(evidence: Evidence) -> Sequence[str]:
    """What to bear in mind."""
    lab, shared = evidence.lab, evidence.lab.world
    return [
        COLUMNS_MEAN.replace("it is mint", WORLD_WORDS.get(with_effect(evidence), "it is mint")),
        f"{lab.literatures} literatures of each kind in each world, {lab.trial.repeats} trials of each size, seed "
        f"{lab.seed}; numbers in brackets are 95 % Monte Carlo intervals.",
        f"In every world programmes give pupils {shared.mean_effect:g} SD on average (SD {shared.spread:g}); working "
        f"together adds {shared.collaboration_effect:g}, but nothing where it does nothing.",
        f"Assumptions: {evidence.theory}; strengths of channels, worth of practices and its spread are solved so that "
        "worlds differ in causes only.",
        "A positive finding with nothing measured between programme and pupils is read as an active ingredient, the "
        "fluoride. How common features are, how they bundle and what is not coded are assumptions of the file.",
        "This is a model's answer: true effects come from the model, not from the studies.",
    ]


def print_lab(evidence: Evidence, console: Console) -> None:
    """Print the headlines, what trials could tell, the tables and the notes."""
    for line in [*(each["sentence"] for each in headlines(evidence)), *trial_sentences(evidence)]:
        console.print(Text(line), soft_wrap=True)
    console.print()
    for setting in evidence.lab.settings:
        if setting.preset:
            called = f"{setting.name}: how many of 100 call collaboration the fluoride, by what it truly is"
            right = f"{setting.name}: by which path? How many of 100 say so rightly"
            console.print(worlds_table(evidence, setting.name, "calls fluoride", called))
            console.print(worlds_table(evidence, setting.name, "path_right", right))
            console.print(effect_table(evidence, setting.name))
    for crossing in sorted({setting.crossing for setting in evidence.lab.settings} - {0}):
        console.print(crossing_table(evidence, crossing))
    console.print(shared_table(evidence, evidence.lab.settings[0].name))
    for line in notes(evidence):
        console.print(Text(f"- {line}"), style="dim", soft_wrap=True)
