"""Staffroom: the model live, two designs in step with the same luck, and the year of a single teacher."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import solara

from pdsim.dashboard.pages import Page
from pdsim.dashboard.pages.compare import COMPILING
from pdsim.dashboard.room.stage import Stage, look
from pdsim.dashboard.session import Session
from pdsim.simulate import kernel_is_compiled


@solara.component_vue("staffroom.vue")
def View(  # noqa: N802 - a component
    room: dict[str, Any] | None,
    chunk: dict[str, Any] | None,
    story: dict[str, Any] | None,
    message: str,
    compiling: str,
    view: dict[str, Any],
    notes: list[str],
    present: bool,
    event_act: Callable[[dict[str, Any]], None],
    event_ask: Callable[[dict[str, Any]], None],
    event_tell: Callable[[dict[str, Any]], None],
) -> None:
    """The picture of it; its arguments are the properties of staffroom.vue."""


@solara.component
def Staffroom(session: Session, version: int) -> Any:  # noqa: N802 - a component
    """The page; ``version`` grows whenever there is something new to show."""
    stage: Stage = solara.use_memo(lambda: Stage(session.notify), [])
    solara.use_effect(lambda: stage.close, [])
    stage.show(session.state)
    view, notes = look(session.state)
    played = stage.played
    return View(
        room=None if played is None else played.scene,
        chunk=stage.chunk,
        story=stage.story,
        message=stage.message,
        compiling="" if kernel_is_compiled("week.week") else COMPILING,
        view=view,
        notes=notes,
        present=session.state.present,
        event_act=session.act,
        event_ask=stage.ask,
        event_tell=stage.tell,
    )


PAGE = Page("staffroom", "Staffroom", Staffroom)
