"""What Solara opens: one address, the navigation around every page, and a session for each browser tab."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cache
from typing import Any

import solara
from solara.server import kernel_context

from pdsim.dashboard import first_screen
from pdsim.dashboard.compute import BATCHES, Simulator
from pdsim.dashboard.pages import pages
from pdsim.dashboard.session import Session
from pdsim.dashboard.state import Design, State
from pdsim.simulate import kernel_is_compiled

COMPILE_AFTER = 5.0  # seconds


@cache
def simulator() -> Simulator:
    """The one simulator of the server, with the runs of the first screen."""
    made = Simulator()
    first_screen.fill(made.kept)
    return made


def ignore(_: Any) -> None:
    """Do nothing with a result that nobody waits for."""


def warm_up() -> None:
    """Have the compiled model in memory before the first page is opened.

    Where it must be compiled first this begins a little later, because it would slow the first page down.
    """
    request = State(designs=(Design("no-pd"), Design("no-pd")), replicates=BATCHES[0]).request()
    if kernel_is_compiled():
        simulator().result(request, BATCHES[0])
        return
    later = threading.Timer(COMPILE_AFTER, simulator().ask, ("warm up", request, ignore, ignore))
    later.daemon = True
    later.start()


@solara.component_vue("shell.vue")
def Shell(  # noqa: N802 - a component
    shell: dict[str, Any],
    titles: dict[str, str],
    event_act: Callable[[dict[str, Any]], None],
) -> None:
    """The picture of it; its arguments are the properties of shell.vue."""


def open_session(query: str, show: Callable[[Callable[[int], int]], None]) -> Session:
    """A session for the tab that is being opened; ``show`` draws it anew, given how a number grows."""
    context = kernel_context.get_current_context()

    def notify() -> None:
        if not context.closed_event.is_set():
            with context:  # results come from threads that belong to no tab
                show(lambda version: version + 1)

    return Session(simulator(), query, tuple(pages()), notify)


@solara.component
def Page() -> Any:  # noqa: N802 - the name that Solara looks for
    """The dashboard in one browser tab."""
    version, show = solara.use_state(0)
    query = solara.use_router().search or ""
    session: Session = solara.use_memo(lambda: open_session(query, show), [])
    solara.use_effect(lambda: session.close, [])
    with solara.Div(classes=["pd-app"]) as main:
        Shell(
            shell=session.shell(),
            titles={name: page.title for name, page in pages().items()},
            event_act=session.act,
        )
        with solara.Div(classes=["pd-page"]):
            pages()[session.state.page].component(session, version)
    return main


@solara.component
def Layout(children: list[Any]) -> Any:  # noqa: N802 - the name that Solara looks for
    """Nothing around the page but the page."""
    return solara.Div(children=children)
