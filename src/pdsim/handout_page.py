"""The handout: one HTML file that carries its numbers, a lesson and a few lines of script, and needs no network.

Numbers and sentences are those of the comparisons, explanations and evaluations; the script only looks them up. All
text from files is escaped.
"""

from __future__ import annotations

import base64
import hashlib
import math
import shlex
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

from markupsafe import Markup

from pdsim import __version__, scenarios
from pdsim import explanation_tables as words
from pdsim.assumptions import FAMILIES
from pdsim.explanation.result import Explanation
from pdsim.explanation_figures import picture_of
from pdsim.explanation_page import level_groups
from pdsim.figures import ALTS, COLOURS, Estimate, Picture, Reading, draw_effects, headline, unit_words
from pdsim.handout import Handout, Point, Request, Slider, axis_of, outcomes_shown
from pdsim.kernel.measure import NEUTRAL
from pdsim.outcomes import OUTCOMES, Outcome
from pdsim.pages import (
    argument,
    design_part,
    inline,
    kept_together,
    plain,
    run_options,
    setting_words,
    span,
    templates,
    theory_argument,
    with_interval,
)
from pdsim.report import names_suffice
from pdsim.scenarios import Scenario
from pdsim.simulate import science_hash
from pdsim.tables import CLEAR, LEVELS, evaluation_cells, notes, praise_sentences

WORLD_WORDS = {
    "posterior": "The real one, as far as published evidence tells; what it leaves open stays open",
    "prior": "The real one, before any evidence",
    "point": "The real one, by one guess that agrees with the evidence",
    "fluoride": "Made up: teachers learn much from each other",
    "mint": "Made up: company is pleasant, and nothing more",
    "bystander": "Made up: working together does nothing, good or bad",
    "groupthink": "Made up: teams hold each other back",
}
PATHS = (
    "Teachers learn from each other (fluoride: an active ingredient)",
    "Teachers like it, so they come and keep going (mint: it makes the rest pleasant)",
    "The school sees joint work and backs it",
    "It takes time that could be spent better",
    "It makes none: it only comes in the same tube",
)
AS_DESIGNED = "as each design says"
FACTS = (
    "programme.format", "programme.sessions", "programme.hours", "collaboration.together", "programme.who",
    "programme.attendance", "programme.facilitator", "programme.per_facilitator",
)  # fmt: skip
PRICES = ("hours_per_teacher", "pounds_per_teacher", "pounds_per_pupil")


def handout_page(handout: Handout) -> str:
    """A handout as a self-contained page: predict, reveal, explain, would you notice, change it until it flips."""
    request, script = handout.request, source_of("handout.js")
    base, designs = request.base, request.base.designs
    start = handout.points[request.places[0]]
    return (
        templates()
        .get_template("handout.html")
        .render(
            version=__version__,
            science=science_hash(),
            policy=policy_for(script),
            script=Markup(script),
            document=document_of(handout),
            request=base,
            names=[design.name for design in designs],
            draws=handout.first.draws,
            headline="Say what you expect and why. Then see what a simulation says, what explains it, and what would "
            "change its answer.",
            years=Reading(handout.first).years_words(),
            facts=fact_rows(handout),
            predictions=predictions_of(request),
            paths=PATHS,
            said=headline(Reading(handout.first)),
            effects=inline(effects_picture(handout)),
            outcomes=outcome_groups(start),
            explained=[explanation_part(handout, design) for design in designs if has_explanation(handout, design)],
            noticed=[evaluation_part(handout, design) for design in designs if has_evaluation(handout, design)],
            sliders=[slider_part(slider, designs) for slider in request.sliders],
            worlds=[world_words(world) for world in request.worlds],
            single=single_changes(handout),
            flips=flip_words(handout),
            about=[design_part(design) for design in designs],
            family_words=words.FAMILY_WORDS,
            command=command(request),
            exact=names_suffice(base),
            theory=handout.first.theory,
            notes=notes(handout.first),
        )
    )


def source_of(name: str) -> str:
    """Text of a file among the templates."""
    environment = templates()
    assert environment.loader is not None
    return environment.loader.get_source(environment, name)[0]


def policy_for(script: str) -> str:
    """What the page allows beside its style: this one script and nothing else."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return f"; script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def command(request: Request) -> str:
    """The command that makes the handout again, with every option spelt out; files without their folders."""
    base = request.base
    names = [design.name for design in base.designs]
    out = ["pdsim", "handout", *(argument(name, names) for name in names), "--baseline", argument(base.baseline.name)]
    out += run_options(base)
    for world in request.worlds[1:] or request.worlds:  # without any, the command would add its own
        out += ["--world", theory_argument(world)]
    for slider in request.sliders:
        out += ["--slider", f"{slider.path}={','.join(f'{value:g}' for value in slider.values)}"]
    return shlex.join([*out, "--out", "handout.html"])


# Words


def answers_of(request: Request) -> list[str]:
    """Who is ahead, in words, by answer."""
    return [*(f"{design.name} is ahead" for design in request.base.designs), "they are close"]


def predictions_of(request: Request) -> list[str]:
    """What a reader can predict, by answer."""
    choices = [f"{design.name} does more for pupils" for design in request.base.designs]
    return [*choices, f"They are close: neither is ahead in {100 * CLEAR:.0f} of 100 simulated worlds"]


def world_words(world: str) -> str:
    """A world in words."""
    return WORLD_WORDS.get(world, f"Your own assumptions: {PurePath(world).name}")


def step_words(path: str, value: Any) -> str:
    """A value of a slider with its unit.

    >>> step_words("collaboration.together", 0.25), step_words("programme.hours", 2.0)
    ('25 %', '2 hours')
    """
    unit = Slider(path, ()).words()[1]
    if not isinstance(value, int | float):
        return "as it falls" if value is None else setting_words(path, value)
    if unit == "share":
        return f"{100 * value:g} %"
    return f"{value:g} {unit}" if unit not in ("0-1", "factor", "") else f"{value:g}"


def own_value(design: Scenario, path: str) -> str:
    """What a design itself says of a slider, in words."""
    if path.startswith("theory."):
        name = path.removeprefix("theory.")
        return step_words(path, design.theory[name]) if name in design.theory else "as believed"
    if path.startswith("collaboration.") and design.programme.format == "solo":
        return "alone"
    value: Any = design
    for part in path.split("."):
        value = getattr(value, part)
    return step_words(path, value)


def slider_part(slider: Slider, designs: Sequence[Scenario]) -> dict[str, Any]:
    """Label, meaning and the words of each step of a slider."""
    label, _, meaning = slider.words()
    own = "; ".join(f"{design.name}: {own_value(design, slider.path)}" for design in designs)
    steps = [AS_DESIGNED, *(step_words(slider.path, value) for value in slider.values)]
    return {"label": label, "meaning": meaning, "own": own, "steps": steps}


# Tables


def fact_rows(handout: Handout) -> list[list[str]]:
    """What the two designs are and take."""
    designs, reading = handout.request.base.designs, Reading(handout.first)
    rows = [["What it is", *(design.title or "(no title)" for design in designs)]]
    for path in FACTS:
        rows.append([scenarios.keys()[path].label, *(own_value(design, path) for design in designs)])
    for name in PRICES:
        outcome = OUTCOMES[name]
        label = f"{outcome.label}, over all staff and {reading.years_words()}"
        rows.append([label, *(plain(reading.at(d.name, name).centre, outcome) for d in designs)])
    return rows


def outcome_cells(point: Point, outcome: Outcome) -> list[str]:
    """For each design the average with its interval, and what one school might see."""
    cells = []
    for found in point.estimates[outcome.name]:
        cells += [with_interval(found, outcome), span(found.school_low, found.school_high, outcome)]
    return cells


def outcome_groups(point: Point) -> list[dict[str, Any]]:
    """Outcomes under their level, with the cells of both designs."""
    groups: dict[str, list[list[str]]] = {}
    for outcome in outcomes_shown():
        heading = f"Level {LEVELS[outcome.level]}" if outcome.level else LEVELS[None].capitalize()
        label = f"{outcome.label} ({unit_words(outcome)})"
        groups.setdefault(heading, []).append([label, *outcome_cells(point, outcome)])
    return [{"heading": heading, "rows": rows} for heading, rows in groups.items()]


def family_rows(found: Explanation) -> list[list[str]]:
    """Families of channels with what they add for pupils and to satisfaction."""
    rows = words.level_rows(found)
    pupils, liking = rows[0][2:], rows[-1][2:]
    labels = [*(f"{family}: {words.FAMILY_WORDS[family]}" for family in FAMILIES), "in all"]
    return [list(row) for row in zip(labels, pupils, liking, strict=True)]


def has_explanation(handout: Handout, design: Scenario) -> bool:
    """True where teachers work together in a design."""
    return (handout.request.worlds[0], design.name) in handout.explanations


def has_evaluation(handout: Handout, design: Scenario) -> bool:
    """True where a design has sessions."""
    return (handout.request.worlds[0], design.name) in handout.evaluations


def explanation_part(handout: Handout, design: Scenario) -> dict[str, Any]:
    """What explains a design's effect, in the world that the handout opens with."""
    found = handout.explanations[handout.request.worlds[0], design.name]
    picture = picture_of(found)
    named = Picture(f"{picture.name}-{number_of(handout, design)}", picture.title, picture.alt, picture.figure)
    return {
        "name": design.name,
        "sentences": [words.size_words(found), words.answer_words(found), words.evidence_words(found)],
        "clamped": words.clamped_words(found),
        "picture": inline(named),
        "levels": level_groups(found),
        "rows": family_rows(found),
    }


def number_of(handout: Handout, design: Scenario) -> int:
    """Place of a design, from 1."""
    return [each.name for each in handout.request.base.designs].index(design.name) + 1


def evaluation_part(handout: Handout, design: Scenario) -> dict[str, Any]:
    """What a school would notice of a design, in the world that the handout opens with."""
    found = handout.evaluations[handout.request.worlds[0], design.name].to_dict()
    return {
        "name": design.name,
        "rows": [notice_row(row) for row in found["levels"]],
        "sentences": praise_sentences(found),
    }


def notice_row(row: dict[str, Any]) -> list[str]:
    """Cells of one level of an evaluation, the level and its instrument in one."""
    level, instrument, *cells = evaluation_cells(row)
    return [f"{level}: {instrument}", *map(kept_together, cells)]


def single_changes(handout: Handout) -> list[dict[str, Any]]:
    """Every change of one thing alone: what it is, what the model says then, and whether the answer is another."""
    request, start, answers = handout.request, handout.points[handout.request.places[0]], answers_of(handout.request)
    parts = [[world_words(world) for world in request.worlds]]
    parts += [slider_part(slider, handout.request.base.designs)["steps"] for slider in request.sliders]
    labels = ["World", *(slider.words()[0] for slider in request.sliders)]
    groups = []
    for at, (label, steps) in enumerate(zip(labels, parts, strict=True)):
        rows = []
        for step in range(1, len(steps)):
            place = tuple(step if k == at else 0 for k in range(len(parts)))
            point = handout.points[place]
            other = "yes" if point.answer != start.answer else "no"
            rows.append([steps[step], answers[point.answer], point.sentence, other])
        groups.append({"heading": label, "rows": rows})
    return [group for group in groups if group["rows"]]


def flip_words(handout: Handout) -> str:
    """In how many combinations the answer is another than that of the designs as they are."""
    start = handout.points[handout.request.places[0]].answer
    said = answers_of(handout.request)[start]
    others = sum(point.answer != start for point in handout.points.values())
    every = len(handout.points) - 1
    if not others:
        return f"In none of the {every} other combinations is the answer another: {said} in all of them."
    return f"In {others} of the {every} other combinations the answer is another than “{said}”."


# Picture and data


def effects_picture(handout: Handout) -> Picture:
    """The picture of effects of the designs as they are."""
    reading = Reading(handout.first)
    return Picture("effects", headline(reading), ALTS["effects"], draw_effects(reading))


def document_of(handout: Handout) -> dict[str, Any]:
    """The data of the script: words and numbers at every place of the grid, explanations and evaluations by world."""
    request = handout.request
    names = [design.name for design in handout.request.base.designs]
    counts = [len(request.worlds), *(len(slider.steps) for slider in request.sliders)]
    fingerprint = hashlib.sha256(f"{__version__} {science_hash()} {command(request)}".encode()).hexdigest()[:12]
    return {
        "key": f"pdsim-handout-{fingerprint}",
        "names": names,
        "colours": COLOURS[:2],
        "answers": answers_of(request),
        "counts": counts,
        "sliders": [slider_part(slider, handout.request.base.designs) for slider in request.sliders],
        "worlds": [world_part(handout, world) for world in request.worlds],
        "outcomes": [outcome_part(handout, outcome) for outcome in outcomes_shown()],
        "points": [point_part(handout.points[place]) for place in request.places],
    }


def world_part(handout: Handout, world: str) -> dict[str, Any]:
    """What the script shows of a world: families of channels and what a school would notice."""
    names = [design.name for design in handout.request.base.designs]
    explained = [handout.explanations[world, name] for name in names if (world, name) in handout.explanations]
    noticed = [handout.evaluations[world, name].to_dict() for name in names if (world, name) in handout.evaluations]
    return {
        "label": world_words(world),
        "why": [{"rows": [row[1:] for row in family_rows(e)], "answer": words.answer_words(e)} for e in explained],
        "notice": [praise_sentences(found)[0] for found in noticed],
    }


def outcome_part(handout: Handout, outcome: Outcome) -> dict[str, Any]:
    """What the script has to know to draw an outcome; without a level there is no panel."""
    neutral = NEUTRAL if outcome.name == "reaction" else 0.0
    low, high = axis_of(handout, outcome.name, neutral)
    title = f"Level {LEVELS[outcome.level]}: {outcome.label} ({unit_words(outcome)})"
    return {
        "title": title,
        "drawn": outcome.level is not None,
        "neutral": neutral,
        "low": short(low),
        "high": short(high),
    }


def point_part(point: Point) -> dict[str, Any]:
    """One comparison: who is ahead, in words, cells of the table, and numbers to draw."""
    return {
        "answer": point.answer,
        "sentence": point.sentence,
        "cells": [outcome_cells(point, outcome) for outcome in outcomes_shown()],
        "drawn": [[numbers_of(e) for e in point.estimates[o.name]] for o in outcomes_shown() if o.level],
    }


def numbers_of(found: Estimate) -> list[float | None]:
    """Average, its interval and what one school might see; None where there is nobody."""
    values = (found.centre, found.low, found.high, found.school_low, found.school_high)
    return [short(value) if math.isfinite(value) else None for value in values]


def short(value: float) -> float:
    """A number with five digits."""
    return float(f"{value:.5g}")
