"""About: what the model is, what it assumes and on whose word, what speaks against it, how to cite it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import solara
from markdown_it import MarkdownIt

from pdsim import odd
from pdsim.assumptions import REGISTER, groups
from pdsim.dashboard import exports
from pdsim.dashboard.pages import Page
from pdsim.dashboard.session import Session
from pdsim.theory import WORLDS

LIMITS = (
    "This is a model's answer, not a trial's: it says what follows from assumptions.",
    "The published evidence hardly touches how strong collaboration's channels are, so differences between solo and "
    "collaborative designs mostly show what one has to believe.",
    "Pupils are not simulated one by one, a practice has one value for all pupils, and schools differ by leadership "
    "and staff only.",
    "The designs are readings of publications; where a source is silent something was chosen, as each design says.",
)


@solara.component_vue("about.vue")
def View(  # noqa: N802 - a component
    limits: tuple[str, ...],
    assumptions: list[dict[str, Any]],
    fixed: dict[str, float],
    description: str,
    citation: str,
    worlds: str,
    event_act: Callable[[dict[str, Any]], None],
) -> None:
    """The picture of it; its arguments are the properties of about.vue."""


def assumption_groups() -> list[dict[str, Any]]:
    """The register of assumptions by group: name, value, range, prior, source and reason."""
    return [
        {
            "group": group,
            "rows": [
                {
                    "name": p.name,
                    "meaning": p.meaning,
                    "value": f"{p.default:g}",
                    "low": p.low,
                    "high": p.high,
                    "unit": "" if p.unit == "-" else p.unit,
                    "range": f"{p.low:g} to {p.high:g}",
                    "prior": str(p.prior),
                    "source": p.source,
                    "reason": p.reason,
                }
                for p in REGISTER
                if p.group == group
            ],
        }
        for group in groups()
    ]


@cache
def description() -> str:
    """The model's ODD+D description as HTML, its headings one level below the page's."""
    html = MarkdownIt("commonmark", {"html": False}).enable("table").render(odd.odd_text())
    for level in (5, 4, 3, 2, 1):
        html = html.replace(f"<h{level}>", f"<h{level + 1}>").replace(f"</h{level}>", f"</h{level + 1}>")
    return html


@solara.component
def About(session: Session, version: int) -> Any:  # noqa: N802 - a component
    """The page; only the citation and what is fixed depend on the state."""
    return View(
        limits=LIMITS,
        assumptions=solara.use_memo(assumption_groups, []),
        description=description(),
        fixed=dict(session.state.assumptions),
        citation=exports.citation(session.state),
        worlds=", ".join(WORLDS),
        event_act=session.act,
    )


PAGE = Page("about", "About", About)
