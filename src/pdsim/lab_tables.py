"""What reviews and trials conclude in worlds whose truth is known: sentences and tables in the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pdsim.lab.definition import Setting
from pdsim.lab.result import SIZES, Evidence, methods
from pdsim.lab.wording import WORLD_WORDS, in_sd, sentences, share_words
from pdsim.tables import signed

ESTIMATING = ("features", "mechanisms", *(f"{size}: pupils" for size in SIZES))
EFFECT_COLUMNS = ("bias (pupil SD)", "coverage", "power", "wrong sign", "false positives")
COLUMNS_MEAN = (
    "Bias, coverage (95 % intervals that hold the truth), power (intervals above 0) and wrong signs (estimates below "
    "0): in a world where it is mint. False positives (intervals above 0; 2.5 by chance): where it does nothing. All "
    "but bias of 100. Counting estimates nothing: there, power and false positives are calls that it is the fluoride."
)


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


def crossings(evidence: Evidence) -> list[list[Setting]]:
    """The points of each crossing."""
    numbers = sorted({setting.crossing for setting in evidence.lab.settings} - {0})
    return [[each for each in evidence.lab.settings if each.crossing == number] for number in numbers]


def varied(points: Sequence[Setting]) -> dict[str, list[float]]:
    """The keys that a crossing varies, with their values."""
    values = {key: list(dict.fromkeys(point.keys[key] for point in points)) for key in points[0].keys}
    return {key: found for key, found in values.items() if len(found) > 1}


def crossing_title(points: Sequence[Setting]) -> str:
    """What a crossing varies, and what it holds.

    For example "Literatures by trials (bundling 0, confounding 0)".
    """
    keys = varied(points) or points[0].keys
    held = ", ".join(f"{in_words(key)} {value:g}" for key, value in points[0].keys.items() if key not in keys)
    return f"Literatures by {' and '.join(map(in_words, keys))}" + (f" ({held})" if held else "")


def in_words(key: str) -> str:
    """A key of [literature] in words."""
    return {"collaboration": "share of collaborative programmes"}.get(key, key.replace("_", " "))


def crossing_table(evidence: Evidence, points: Sequence[Setting]) -> Table:
    """A crossing: how counting and both meta-regressions do at each of its points."""
    keys = varied(points) or points[0].keys
    table = new_table(crossing_title(points), ", ".join(map(in_words, keys)), "by", *EFFECT_COLUMNS)
    for point in points:
        calls = [
            share_words(evidence.value(point.name, world, "counting", "calls fluoride"))
            for world in (with_effect(evidence), "bystander")
        ]
        name = ", ".join(f"{point.keys[key]:g}" for key in keys)
        table.add_row(name, "counting", "-", "-", calls[0], "-", calls[1])
        for method in ("features", "mechanisms"):
            table.add_row("", method, *effect_cells(evidence, point.name, method))
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


def notes(evidence: Evidence) -> Sequence[str]:
    """What to bear in mind."""
    lab, shared = evidence.lab, evidence.lab.world
    return [
        COLUMNS_MEAN.replace("it is mint", WORLD_WORDS.get(with_effect(evidence), "it is mint")),
        f"{lab.literatures} literatures of each kind in each world, {lab.trial.repeats} trials of each size, seed "
        f"{lab.seed}; numbers in brackets are 95 % Monte Carlo intervals.",
        f"In every world programmes give pupils {shared.mean_effect:g} SD on average (SD {shared.spread:g}); working "
        f"together adds {shared.collaboration_effect:g}, but nothing where it does nothing.",
        "A programme one SD better in what no review codes (content, facilitator, leadership) gives "
        f"{signed(evidence.worlds[0]['uncoded'], 3)} SD more.",
        f"Assumptions: {evidence.theory}; strengths of channels, worth of practices and its spread are solved so that "
        "worlds differ in causes only.",
        "A positive finding with nothing measured between programme and pupils is read as an active ingredient, the "
        "fluoride. How common features are, how they bundle and what is not coded are assumptions of the file.",
        "This is a model's answer: true effects come from the model, not from the studies.",
    ]


def tables_of(evidence: Evidence) -> list[Table]:
    """All tables: of each preset, of each crossing, and what the worlds share."""
    found = []
    for setting in evidence.lab.settings:
        if setting.preset:
            called = f"{setting.name}: how many of 100 call collaboration the fluoride, by what it truly is"
            right = f"{setting.name}: by which path? How many of 100 say so rightly"
            found.append(worlds_table(evidence, setting.name, "calls fluoride", called))
            found.append(worlds_table(evidence, setting.name, "path_right", right))
            found.append(effect_table(evidence, setting.name))
    found += [crossing_table(evidence, points) for points in crossings(evidence)]
    return [*found, shared_table(evidence, evidence.lab.settings[0].name)]


def print_lab(evidence: Evidence, console: Console) -> None:
    """Print the headlines, what trials could tell, the tables and the notes."""
    for line in sentences(evidence):
        console.print(Text(line), soft_wrap=True)
    console.print()
    for table in tables_of(evidence):
        console.print(table)
    for line in notes(evidence):
        console.print(Text(f"- {line}"), style="dim", soft_wrap=True)
