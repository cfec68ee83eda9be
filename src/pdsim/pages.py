"""What HTML pages share: templates, pictures, words for numbers and designs, commands as they are typed.

No page asks anything of a network.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import PurePath
from typing import Any

import jinja2
from markupsafe import Markup

from pdsim import assumptions, library, scenarios, theory
from pdsim.errors import InputError
from pdsim.figures import Estimate, Picture, months_words, picture_bytes, unit_words
from pdsim.outcomes import Outcome
from pdsim.scenarios import Scenario
from pdsim.tables import AS_LEVEL, LEVELS, signed

FILES = ("network.edges", "staff.teachers")  # keys whose values are paths; a page names files, never folders
ALWAYS_SHOWN = (
    "programme.format", "programme.mechanisms", "programme.sessions", "programme.hours", "programme.weeks_between",
    "programme.content", "programme.facilitator", "programme.fidelity", "programme.per_facilitator",
    "programme.attendance", "programme.who", "collaboration.together", "collaboration.team_size",
    "collaboration.teams", "staff.schools", "staff.teachers_per_school",
)  # fmt: skip
NOBODY = "nobody"
GAP = "\u00a0"  # a blank at which no line ends


@cache
def templates() -> jinja2.Environment:
    """The pages' templates; every value is escaped, and a missing one is an error."""
    return jinja2.Environment(
        loader=jinja2.PackageLoader("pdsim"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def inline(picture: Picture) -> Markup:
    """A picture as SVG inside the page, with its own ids, described to those who cannot see it."""
    drawing = picture_bytes(picture, "svg").decode()
    drawing = re.sub(r"<!--.*?-->|<(title|metadata|style)\b.*?</\1>", "", drawing, flags=re.DOTALL)
    drawing = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{picture.name}-", drawing)
    inside = drawing[drawing.index(">", drawing.index("<svg")) + 1 :]
    box = re.search(r'viewBox="[^"]*"', drawing)
    assert box is not None
    label = Markup.escape(f"{picture.title} {picture.alt}")
    opening = f'<svg role="img" aria-label="{label}" {box[0]} xmlns:xlink="http://www.w3.org/1999/xlink">'
    return Markup(opening + inside)


def paragraphs(text: str) -> list[str]:
    """Text cut at empty lines.

    >>> paragraphs("One" + chr(10) * 2 + "Two")
    ['One', 'Two']
    """
    return [part.strip() for part in re.split(r"\n\s*\n", text) if part.strip()]


def kept_together(text: str) -> str:
    """Words with a number and its interval, of which neither end stands on another line."""
    return text.replace(" to ", f"{GAP}to{GAP}")


def setting_words(path: str, value: Any) -> str:
    """A setting's value as a reader says it.

    >>> setting_words("network.edges", "/somewhere/ties.csv"), setting_words("programme.mechanisms", ())
    ('ties.csv', 'none')
    """
    if path in FILES and value:
        return PurePath(value).name
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {carrier}" for name, carrier in value.items()) or "none"
    if isinstance(value, tuple | list):
        return "; ".join(map(str, value)) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


def theory_argument(kind: str) -> str:
    """What is typed after ``--theory``; a file is named without its folder.

    >>> theory_argument("mint"), theory_argument("/somewhere/ours.toml")
    ('mint', 'ours.toml')
    """
    return kind if kind in theory.KINDS else PurePath(kind).name


def design_part(design: Scenario) -> dict[str, Any]:
    """What a reader is told of a design: its own words, and its settings."""
    room = design.staffroom
    return {
        "name": design.name,
        "title": design.title or "(no title)",
        "source": design.source.strip() or "The file names none.",
        "says": paragraphs(design.says) or ["The file does not say."],
        "choices": paragraphs(design.choices) or ["The file does not say."],
        "staffroom": f"{len(room.ids)} teachers and {len(room.ties)} advice ties, read from files" if room else "",
        "settings": list(setting_rows(design)),
        "theory": {assumptions.PARAMETERS[name].meaning: f"{value:g}" for name, value in design.theory.items()},
    }


def setting_rows(design: Scenario) -> Iterable[tuple[str, str, str, str]]:
    """Settings that every reader looks for, and all that differ from the default: label, value, unit, meaning."""
    data = design.model_dump()
    for path, entry in scenarios.keys().items():
        value: Any = data
        for part in path.split("."):
            value = value[part]
        alone = path.startswith("collaboration.") and design.programme.format == "solo"
        nothing = path.startswith(("programme.", "collaboration.")) and design.programme.sessions == 0
        usual = value == entry.default or (not value and not entry.default)
        if alone or (nothing and path != "programme.sessions") or (usual and path not in ALWAYS_SHOWN):
            continue
        yield (
            entry.label,
            setting_words(path, value),
            entry.unit if entry.unit not in ("", "of 14") else "",
            entry.meaning,
        )


def argument(name: str, among: Iterable[str] = ()) -> str:
    """How a scenario is named on the command line: its short name if it is shipped, else its file.

    A second scenario of a name is called "name (2)" in results, and is asked for by its name again.
    """
    stem = re.sub(r" \(\d+\)$", "", name)
    stem = stem if stem in among else name
    return stem if stem in library.shipped() else f"{stem}.toml"


def toml_words(value: Any) -> str:
    """A setting's value as it is typed after the equals sign.

    >>> toml_words("everyone"), toml_words(0.3), toml_words(["a", "b"]), toml_words({"a": "peers"})
    ('everyone', '0.3', '["a", "b"]', '{"a" = "peers"}')
    """
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(name)} = {json.dumps(v)}" for name, v in value.items()) + "}"
    return json.dumps(value)


def is_shipped(name: str, settings: Mapping[str, Any], scenario: Scenario) -> bool:
    """True when a scenario is the shipped one of that name with those settings, but for its name and years."""
    if name not in library.shipped():
        return False
    try:
        shipped = scenarios.load(name, settings)
    except InputError:
        return False
    evaluation = shipped.evaluation.model_copy(update={"years": scenario.evaluation.years})
    return shipped.model_copy(update={"name": scenario.name, "evaluation": evaluation}) == scenario


def run_options(request: Any) -> list[str]:
    """Replicates, years, seed, theory and settings of a request as they are typed; files without their folders.

    A request without a number of replicates leaves it to the command.
    """
    words = [] if request.replicates is None else ["--replicates", str(request.replicates)]
    words += ["--years", str(request.years), "--seed", str(request.seed), "--theory", theory_argument(request.theory)]
    return words + setting_options(request.settings)


def setting_options(settings: Mapping[str, Any]) -> list[str]:
    """Settings as they are typed after ``--set``; files without their folders.

    >>> setting_options({"staff.expert_share": 0.3, "network.edges": "/somewhere/ties.csv"})
    ['--set', 'staff.expert_share=0.3', '--set', 'network.edges=ties.csv']
    """
    words = []
    for path, value in settings.items():
        words += ["--set", f"{path}={PurePath(value).name if path in FILES else toml_words(value)}"]
    return words


def span(low: float, high: float, outcome: Outcome) -> str:
    """An interval in words, with signs unless it is one of levels."""
    if math.isnan(low):
        return NOBODY
    if outcome.name in AS_LEVEL:
        return f"{plain(low, outcome)}{GAP}to{GAP}{plain(high, outcome)}"
    return f"{signed(low, outcome.digits)}{GAP}to{GAP}{signed(high, outcome.digits)}"


def plain(value: float, outcome: Outcome) -> str:
    """A level in words, with the pound sign for money.

    >>> from pdsim.outcomes import OUTCOMES
    >>> plain(1234.5, OUTCOMES["pounds_per_teacher"]), plain(0.812, OUTCOMES["reaction"])
    ('£1,234', '0.81')
    """
    pounds = "£" if outcome.unit == "GBP" else ""
    return f"{pounds}{value:,.{outcome.digits}f}"


def average(found: Estimate, outcome: Outcome) -> str:
    """The average in words; an effect on pupils with months of progress beside it."""
    if math.isnan(found.centre):
        return NOBODY
    if outcome.name in AS_LEVEL:
        return plain(found.centre, outcome)
    text = signed(found.centre, outcome.digits)
    return f"{text}{GAP}SD ({months_words(found.centre).replace(' ', GAP)})" if outcome.level == 5 else text


def with_interval(found: Estimate, outcome: Outcome) -> str:
    """The average with the interval of the average behind it."""
    if math.isnan(found.centre):
        return NOBODY
    value = plain(found.centre, outcome) if outcome.name in AS_LEVEL else signed(found.centre, outcome.digits)
    return f"{value} ({span(found.low, found.high, outcome)})"


def outcome_heading(outcome: Outcome) -> str:
    """An outcome with its level and unit, as the head of a group of rows."""
    level = f"Level {LEVELS[outcome.level]}: " if outcome.level else ""
    kind = "level, 0.5 is neither pleased nor displeased" if outcome.name == "reaction" else ""
    kind = kind or ("level" if outcome.name in AS_LEVEL else "difference")
    return f"{level}{outcome.label} ({unit_words(outcome)}; {kind})"
