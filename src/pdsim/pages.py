"""What HTML pages share: templates, pictures inside a page, words for settings. None asks anything of a network."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import PurePath
from typing import Any

import jinja2
from markupsafe import Markup

from pdsim import theory
from pdsim.figures import Picture, picture_bytes

FILES = ("network.edges", "staff.teachers")  # keys whose values are paths; a page names files, never folders
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
