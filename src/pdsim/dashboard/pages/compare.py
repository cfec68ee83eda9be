"""Compare: two to four designs side by side, controls on the left, answers on the right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import solara

from pdsim.dashboard import exports
from pdsim.dashboard.pages import Page
from pdsim.dashboard.session import Session
from pdsim.simulate import kernel_is_compiled

COMPILING = " The model is being compiled for this computer, which takes about a minute and happens once."


@solara.component_vue("compare.vue")
def View(  # noqa: D103, N802 - its arguments are the properties of compare.vue
    panel: dict[str, Any],
    board: dict[str, Any] | None,
    busy: bool,
    stale: bool,
    wanted: int,
    compiling: str,
    present: bool,
    download: dict[str, Any] | None,
    command: str,
    citation: str,
    event_act: Callable[[dict[str, Any]], None],
) -> None: ...


@solara.component
def Compare(session: Session, version: int) -> Any:  # noqa: N802 - a component
    """The page; ``version`` grows whenever there is something new to show."""
    state = session.state
    return View(
        panel=session.panel(),
        board=session.board,
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
