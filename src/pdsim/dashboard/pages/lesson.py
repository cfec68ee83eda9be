"""Fluoride or mint? A lesson: predict, run, compare, explain, would you notice, change it until it flips."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import solara
from markdown_it import MarkdownIt

from pdsim.dashboard import inquiry_shipped
from pdsim.dashboard.inquiry import Desk
from pdsim.dashboard.inquiry_tab import Tab
from pdsim.dashboard.pages import Page
from pdsim.dashboard.session import Session
from pdsim.simulate import kernel_is_compiled


@cache
def desk() -> Desk:
    """The one desk of the server, with the shipped answers."""
    return Desk(inquiry_shipped.shipped())


@solara.component_vue("lesson.vue")
def View(  # noqa: N802 - a component
    lesson: dict[str, Any],
    shown: dict[str, Any],
    plan: str,
    compiled: bool,
    present: bool,
    event_tell: Callable[[Mapping[str, Any]], None],
) -> None:
    """The picture of it; its arguments are the properties of lesson.vue."""


@cache
def as_html(text: str) -> str:
    """A document of the package as HTML."""
    return str(MarkdownIt("commonmark", {"html": False}).enable("table").render(text))


@solara.component
def Lesson(session: Session, version: int) -> Any:  # noqa: N802 - a component
    """The page; ``version`` grows whenever there is something new to show."""
    tab: Tab = solara.use_memo(lambda: Tab(desk(), session), [])
    solara.use_effect(lambda: tab.close, [])
    setup = tab.setup()
    return View(
        lesson=setup,
        shown=tab.shown(),
        plan=as_html(setup["plan"]),
        compiled=kernel_is_compiled(),
        present=session.state.present,
        event_tell=tab.tell,
    )


PAGE = Page("lesson", "Fluoride or mint?", Lesson)
