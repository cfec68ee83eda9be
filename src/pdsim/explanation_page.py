"""The page of an explanation, one HTML file without scripts that asks nothing of any network.

It finds places for numbers that the explanation holds, and the words of its tables. All text from files is escaped.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from pdsim import __version__
from pdsim import explanation_tables as words
from pdsim.assumptions import CHANNEL_FAMILIES
from pdsim.explanation.result import Explanation, Request
from pdsim.explanation_figures import picture_of
from pdsim.outcomes import OUTCOMES
from pdsim.pages import argument, design_part, inline, is_shipped, kept_together, run_options, templates
from pdsim.simulate import science_hash


def explanation_page(result: Explanation) -> str:
    """An explanation as a self-contained page: answer, picture, tables, what to believe, how to make it again."""
    request = result.request
    return (
        templates()
        .get_template("explanation.html")
        .render(
            version=__version__,
            science=science_hash(),
            request=request,
            theory=result.theory,
            draws=result.draws,
            verdict=result.verdict,
            headline=words.answer_words(result),
            size=words.size_words(result),
            evidence=words.evidence_words(result),
            counterpart=words.counterpart_words(result),
            checks=checks(result),
            others=words.twin_words(result),
            picture=inline(picture_of(result)),
            family_words=words.FAMILY_WORDS,
            levels=level_groups(result),
            channels=channel_groups(result),
            outcome=OUTCOMES[request.outcome],
            beliefs_named=words.names_of_beliefs(result),
            answers=words.verdict_rows(result),
            presence=words.presence_words(result),
            reassignment=words.reassignment_words(result),
            carriers=[carrier_part(carrier) for carrier in result.verdict["carried_by"]],
            notes=words.notes(result),
            design=design_part(request.asked),
            command=command(request),
            exact=names_suffice(request),
        )
    )


def checks(result: Explanation) -> list[str]:
    """What stands beside the shares and depends less on how they are divided, in sentences."""
    return [words.clamped_words(result), words.interaction_words(result)]


def level_groups(result: Explanation) -> list[dict[str, Any]]:
    """Families of channels by Guskey level: a group for each level, a row for each outcome."""
    groups: list[dict[str, Any]] = []
    for level, name, *cells in words.level_rows(result):
        if level:
            groups.append({"heading": f"Level {level}", "rows": []})
        groups[-1]["rows"].append([name, *map(kept_together, cells)])
    return groups


def channel_groups(result: Explanation) -> list[list[list[str]]]:
    """Rows of families, each with those of its channels below it, then the whole."""
    groups: list[list[list[str]]] = []
    for label, *cells in words.channel_rows(result):
        if not label.startswith(" "):
            groups.append([])
        groups[-1].append([label.strip(), *map(kept_together, cells)])
    return groups


def carrier_part(carrier: Mapping[str, Any]) -> dict[str, str]:
    """An assumption that carries the verdict: what it is, what it rests on, what would flip the answer."""
    low, middle, high = (words.number(carrier[name]) for name in ("low", "middle", "high"))
    return {
        "name": carrier["name"],
        "meaning": f"{carrier['meaning']} ({carrier['unit']})",
        "carried": f"{100 * carrier['carried']:.0f} %",
        "basis": carrier["basis"],
        "source": carrier["source"] + ("; moved by the fit to published patterns" if carrier["touched_by_fit"] else ""),
        "values": f"{middle} ({kept_together(f'{low} to {high}')})",
        "flips": words.flip_words(carrier),
    }


def command(request: Request) -> str:
    """The command that makes the page again, with every option spelt out; files without their folders."""
    name = request.asked.name
    options = [*run_options(request), "--outcome", request.outcome]
    for channel, family in request.families.items():
        if family != CHANNEL_FAMILIES[channel]:
            options += ["--family", f"{channel}={family}"]
    options += [] if request.search else ["--no-flip"]
    return shlex.join(["pdsim", "report", "explain", argument(name), *options, "--out", "explain.html"])


def names_suffice(request: Request) -> bool:
    """True when the design is a shipped one, so that the command needs no file but pdsim."""
    return is_shipped(argument(request.asked.name), request.settings, request.asked)
