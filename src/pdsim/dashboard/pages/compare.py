"""Compare: two to four designs side by side, controls on the left, answers on the right."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import solara

from pdsim.dashboard import exports
from pdsim.dashboard.pages import Page
from pdsim.dashboard.session import Session
from pdsim.simulate import kernel_is_compiled

COMPILING = " The model is being compiled for this computer, which takes about a minute and happens once."


@solara.component_vue("compare.vue")
def View(  # noqa: N802 - a component
    panel_text: str,
    board_text: str,
    busy: bool,
    stale: bool,
    wanted: int,
    compiling: str,
    present: bool,
    download: dict[str, Any] | None,
    command: str,
    citation: str,
    event_act: Callable[[dict[str, Any]], None],
) -> None:
    """The picture of it; its arguments are the properties of compare.vue."""


@solara.component
def Compare(session: Session, version: int) -> Any:  # noqa: N802 - a component
    """The page; ``version`` grows whenever there is something new to show."""
    state, board = session.state, session.board
    # as text, because Solara would look for components in every list and table, on every change
    panel_text = solara.use_memo(lambda: json.dumps(session.panel()), [state, session.selected])
    board_text = solara.use_memo(lambda: json.dumps(board), [session.boards])
    return View(
        panel_text=panel_text,
        board_text=board_text,
        busy=session.busy,
        stale=session.stale,
        wanted=state.replicates,
        compiling="" if kernel_is_compiled() else COMPILING,
        present=state.present,
        download=session.download,
        command=exports.command(state),
        citation=exports.citation(state),
        event_act=session.act,
    )


PAGE = Page("compare", "Compare", Compare)
