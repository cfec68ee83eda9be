"""What reviews and trials conclude in worlds whose truth is known, in sentences made from the numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pdsim.lab.definition import Literature, Setting
from pdsim.lab.presets import PRESETS
from pdsim.lab.result import SIZES, Evidence, sizes_of

Row = Mapping[str, Any] | None

WORLD_WORDS = {
    "fluoride": "it is the fluoride",
    "mint": "it is mint",
    "both": "it is both",
    "bystander": "it does nothing",
}
WHERE = {
    "mint": "in a world where it is mint",
    "fluoride": "where it is the fluoride",
    "both": "where it is both",
    "bystander": "where it does nothing",
}


def share_words(row: Row) -> str:
    """A share as so many of 100, with its interval.

    >>> share_words({"value": 0.5, "low": 0.404, "high": 0.596})
    '50 (40-60)'
    """
    if row is None or row["value"] is None:
        return "-"
    return f"{100 * row['value']:.0f} ({100 * row['low']:.0f}-{100 * row['high']:.0f})"


def in_sd(row: Row) -> str:
    """A number in pupil SD with half the width of its interval.

    >>> in_sd({"value": 0.012, "low": 0.009, "high": 0.015})
    '+0.012 ±0.003'
    """
    if row is None or row["value"] is None:
        return "-"
    return f"{round(row['value'], 3) + 0.0:+.3f} ±{(row['high'] - row['low']) / 2:.3f}"


def headlines(evidence: Evidence) -> list[dict[str, Any]]:
    """For each preset, how many of 100 such reviews call collaboration the fluoride, by world; and that in words."""
    return [headline(evidence, setting.preset) for setting in evidence.lab.settings if setting.preset]


def headline(evidence: Evidence, preset: str) -> dict[str, Any]:
    """The headline of one preset: its analysis, shares by world (of 100, with intervals) and a sentence."""
    method = PRESETS[preset].method
    of_100 = {}
    for world in evidence.lab.worlds:
        row = evidence.value(preset, world, method, "calls fluoride")
        if row is not None:
            of_100[world] = {key: round(100 * row[key], 1) for key in ("value", "low", "high")}
    return {"preset": preset, "method": method, "of_100": of_100, "sentence": sentence(preset, of_100)}


def sentence(preset: str, of_100: Mapping[Any, Mapping[str, float]]) -> str:
    """The headline of a preset in words.

    >>> sentence("eef-2021", {"mint": {"value": 12.0, "low": 8.6, "high": 16.4}}).partition(". ")[2]
    'Of 100 such reviews, 12 (9-16) would call collaboration the fluoride in a world where it is mint.'
    """
    numbers = {
        world: f"{of_100[world]['value']:.0f} ({of_100[world]['low']:.0f}-{of_100[world]['high']:.0f})"
        for world in WHERE
        if world in of_100
    }
    first, *others = numbers
    call = f"{numbers[first]} would call collaboration the fluoride {WHERE[first]}"
    rest = "".join(f", {numbers[world]} {WHERE[world]}" for world in others)
    return f"{preset}, {PRESETS[preset].title}. Of 100 such reviews, {call}{rest}."


def sentences(evidence: Evidence) -> list[str]:
    """What was found, in words: the presets' headlines, how far meta-regression gets, what trials tell."""
    heads = [each["sentence"] for each in headlines(evidence)]
    if not {"mint", "bystander"} <= set(evidence.lab.worlds):
        return heads
    return [*heads, *counting_sentences(evidence), *regression_sentences(evidence), *trial_sentences(evidence)]


def told(evidence: Evidence, setting: Setting, method: str, measure: str, world: str = "mint") -> str:
    """A share of literatures or trials in words."""
    return share_words(evidence.value(setting.name, world, method, measure))


def counting_sentences(evidence: Evidence) -> list[str]:
    """How counting hangs on how common collaboration is, in words; none where no crossing varies that."""
    points = [each for each in evidence.lab.settings if each.crossing and "collaboration" in each.keys]
    points.sort(key=lambda each: each.literature.collaboration)
    if len(points) < 2:
        return []
    (few, many), calls = (points[0], points[-1]), ("counting", "calls fluoride")
    return [
        f"Counting, by how common collaboration is: if {100 * few.literature.collaboration:.0f} of 100 programmes are "
        f"collaborative, {told(evidence, few, *calls)} of 100 reviews call it the fluoride {WHERE['mint']} and "
        f"{told(evidence, few, *calls, 'bystander')} {WHERE['bystander']}; if "
        f"{100 * many.literature.collaboration:.0f} are, {told(evidence, many, *calls)} and "
        f"{told(evidence, many, *calls, 'bystander')}."
    ]


def regression_sentences(evidence: Evidence) -> list[str]:
    """Where meta-regression on mechanisms and format works best and worst, in words; none without crossings."""
    points = sorted((each for each in evidence.lab.settings if each.crossing), key=lambda each: each.literature.trials)
    clean = [each for each in points if is_clean(each.literature)]
    found = []
    if clean:
        ends = "; ".join(regression_words(evidence, each) for each in clean[:1] + clean[1:][-1:])
        found.append(
            "Meta-regression on mechanisms and format, where features come apart and all that matters is coded, and "
            f"coded rightly: {ends}. By which path, it does not ask."
        )
    if points:
        worst = max(points, key=lambda each: false_positives(evidence, each))
        called = told(evidence, worst, "mechanisms", "false_positives", "bystander")
        found.append(
            f"Of the literatures tried, it goes most wrong in those of {literature_words(worst.literature)}: it finds "
            f"an effect in {called} of 100 in which there is none."
        )
    return found


def is_clean(literature: Literature) -> bool:
    """Whether features come apart, nothing is uncoded or misread and all is published."""
    return literature.bundling == literature.confounding == literature.coding_error == literature.publication_bias == 0


def regression_words(evidence: Evidence, setting: Setting) -> str:
    """How meta-regression on mechanisms and format does in one kind of literature, in words."""
    bias = in_sd(evidence.value(setting.name, "mint", "mechanisms", "bias"))
    power, covered = (told(evidence, setting, "mechanisms", measure) for measure in ("power", "coverage"))
    return (
        f"with {setting.literature.trials:,} trials it is off by {bias} SD on average, its intervals hold the truth in "
        f"{covered} of 100, and it finds the effect in {power} of 100"
    )


def false_positives(evidence: Evidence, setting: Setting) -> float:
    """Share of literatures in which meta-regression on mechanisms finds an effect that is not there."""
    row = evidence.value(setting.name, "bystander", "mechanisms", "false_positives")
    return row["value"] if row and row["value"] is not None else 0.0


def literature_words(literature: Literature) -> str:
    """What decides whether meta-regression on mechanisms goes wrong, in words."""
    return (
        f"{literature.trials:,} trials, bundling {literature.bundling:g} and confounding {literature.confounding:g} "
        "(how far better content and leadership, which nobody codes, go with collaboration)"
    )


def trial_sentences(evidence: Evidence) -> list[str]:
    """What trials find and tell beside the last preset, in words; none without a preset."""
    presets = [setting for setting in evidence.lab.settings if setting.preset]
    return [*power_sentence(evidence, presets[-1]), *path_sentences(evidence, presets[-1])] if presets else []


def power_sentence(evidence: Evidence, setting: Setting) -> list[str]:
    """Whether trials find an effect at all."""
    small, large = sizes_of(evidence.lab.trial, setting.literature)
    first, second = (told(evidence, setting, f"{size}: pupils", "power") for size in SIZES)
    return [
        f"A factorial trial of {small:,} schools finds the effect on pupils in {first} of 100; one of {large:,}, as "
        f"many as in all trials of {setting.name} together, in {second}."
    ]


def path_sentences(evidence: Evidence, setting: Setting) -> list[str]:
    """Whether trials tell the path, by what is measured."""
    large, both = SIZES[1], f"{SIZES[1]}: registers and motivation"
    through = evidence.value(setting.name, "mint", both, "went_through")
    truth = f"{through['truth']:+.3f}" if through else "-"
    moved = ", ".join(
        f"{told(evidence, setting, f'{SIZES[0]}: what it moves', 'path_right', world)} where {WORLD_WORDS[world]}"
        for world in evidence.lab.worlds
    )
    return [
        f"Not even the large one tells the path from pupils' results alone: it reads mint as fluoride in "
        f"{told(evidence, setting, f'{large}: pupils', 'calls fluoride')} of 100, with attendance registers too in "
        f"{told(evidence, setting, f'{large}: registers', 'calls fluoride')}. With registers and teachers' motivation "
        f"it says mint in {told(evidence, setting, both, 'calls mint')}, though it puts what went through them at "
        f"{in_sd(through)} SD where {truth} is true: working together is by lot, motivation is not.",
        f"Asked what working together moves (learning, turning up, wanting to) and not what pupils gain, "
        f"{evidence.lab.trial.schools:,} schools name the path rightly in, of 100: {moved}.",
    ]
