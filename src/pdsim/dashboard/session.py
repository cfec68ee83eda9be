"""One browser tab: its state, what it does, what it shows. It knows nothing of browsers, so tests drive it directly."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pdsim import __version__, scenarios
from pdsim.comparison import Comparison
from pdsim.dashboard import controls, exports
from pdsim.dashboard import state as states
from pdsim.dashboard.board import Board
from pdsim.dashboard.compute import Simulator
from pdsim.dashboard.state import Design, History, State
from pdsim.errors import InputError, shown


def numbers_of(state: State) -> State:
    """The part of a state that its numbers depend on."""
    return replace(state, page="", present=False, view=())


class Session:
    """A tab of the dashboard.

    Args:
        simulator: shared by all sessions.
        query: of the address that was opened.
        pages: names of the pages that there are.
        notify: called, from any thread, when there is something new to show.
    """

    def __init__(
        self, simulator: Simulator, query: str, pages: Sequence[str], notify: Callable[[], None] = lambda: None
    ) -> None:
        self.simulator, self.pages, self.notify = simulator, tuple(pages), notify
        state, notes = states.read_address(query, pages)
        self.history = History(state)
        self.notes: tuple[str, ...] = notes
        self.selected = 0
        self.result: Comparison | None = None
        self.board: dict[str, Any] | None = None
        self.boards = 0  # how many there have been
        self.download: dict[str, Any] | None = None
        self.busy = self.stale = True  # the result is not complete; what is shown is not of this state
        self._lock = threading.RLock()
        self._asked: State | None = None
        self._before: tuple[State, Comparison] | None = None
        self._complete: tuple[State, Comparison] | None = None
        self.simulate()

    @property
    def state(self) -> State:
        """What is shown."""
        return self.history.now

    def act(self, action: Mapping[str, Any]) -> None:
        """Do what a control asks: ``do`` names one of the methods below, the rest are its arguments.

        What cannot be done leaves the state as it is and a note that says why.
        """
        with self._lock:
            step = ACTIONS.get(str(action.get("do")))
            arguments = {str(name): value for name, value in action.items() if name != "do"}
            try:
                if step is None:
                    raise InputError(f"{shown(action.get('do'))}: there is nothing that does this")
                self.notes = ()
                step(self, **arguments)
            except InputError as error:
                self.notes = (str(error),)
            except (TypeError, AttributeError, KeyError):
                self.notes = (f"{shown(action.get('do'))}: not asked for as this page asks",)
        self.notify()

    def to(self, state: State, what: str = "") -> None:
        """Show another state, as one step to undo; ``what`` joins a run of steps of one control."""
        state.request()  # raises before anything changes
        self.history = self.history.to(state, what)
        self.selected = min(self.selected, len(state.designs) - 1)
        self.simulate()

    def set_key(self, design: int, path: str, value: Any) -> None:
        """Change a key of a design."""
        value = tuple(value) if isinstance(value, list) else value
        key = scenarios.keys().get(path)
        if key is not None and key.kind == "int" and isinstance(value, float) and value.is_integer():
            value = int(value)  # browsers have one kind of number
        new = states.changed(self.design(design), path, value)
        self.to(states.with_design(self.state, design, new), f"{design} {path}")

    def design(self, index: int) -> Design:
        """The design at a place.

        Raises:
            InputError: there is none.
        """
        if not isinstance(index, int) or not 0 <= index < len(self.state.designs):
            raise InputError(f"design {shown(index)}: there are {len(self.state.designs)}")
        return self.state.designs[index]

    def set_preset(self, design: int, preset: str) -> None:
        """Start a design from another preset."""
        self.design(design)
        self.to(states.with_design(self.state, design, Design(str(preset))))

    def reset_key(self, design: int, path: str) -> None:
        """Give a key its preset's value again."""
        kept = tuple(change for change in self.design(design).changes if change[0] != path)
        self.to(states.with_design(self.state, design, replace(self.design(design), changes=kept)))

    def add(self) -> None:
        """One more design: the first shipped one that is not there yet, of a few that people know."""
        there = {design.preset for design in self.state.designs}
        known = ("teacher-learning-community", "solo-coaching", "lesson-study", "solo-workshop", "shanghai-trg")
        self.to(states.add_design(self.state, next(name for name in known if name not in there)))
        self.selected = len(self.state.designs) - 1

    def remove(self, design: int) -> None:
        """Take a design away."""
        self.design(design)
        self.to(states.remove_design(self.state, design))

    def select(self, design: int) -> None:
        """Show the controls of a design."""
        self.design(design)
        self.selected = design

    def set_setting(self, name: str, value: Any) -> None:
        """Change a setting that all designs share."""
        self.to(states.with_setting(self.state, name, str(value)), name)

    def set_assumption(self, name: str, value: float | None) -> None:
        """Fix an assumption in every draw, or leave it to the draws again."""
        self.to(states.with_assumption(self.state, name, value), f"theory {name}")

    def set_view(self, name: str, value: str) -> None:
        """Change a setting of a page."""
        view = {**dict(self.state.view), str(name): str(value)}
        self.to(replace(self.state, view=tuple(sorted(view.items()))), f"view {name}")

    def open(self, page: str) -> None:
        """Go to another page."""
        if page not in self.pages:
            raise InputError(f"{shown(page)}: there is no such page")
        self.to(replace(self.state, page=page))

    def present(self, on: bool) -> None:
        """Presenter mode on or off."""
        self.to(replace(self.state, present=bool(on)))

    def undo(self) -> None:
        """One step back."""
        self.history = self.history.step("undo")
        self.simulate()

    def redo(self) -> None:
        """One step forth again."""
        self.history = self.history.step("redo")
        self.simulate()

    def reset(self) -> None:
        """The usual first pair again; it can be undone."""
        self.to(State(page=self.state.page, present=self.state.present))
        self.selected = 0

    def dismiss(self) -> None:
        """Take notes away."""

    def export(self, kind: str) -> None:
        """Make a file of what is shown; ``download`` then holds it."""
        if self.result is None or self.busy:
            raise InputError("The result is not complete yet; try again in a moment.")
        self.download = exports.made(kind, self.state, self.result)

    def simulate(self) -> None:
        """Ask for what the state shows, unless it was asked for already."""
        numbers = numbers_of(self.state)
        if self._asked == numbers:
            return
        self._asked, self.busy, self.stale = numbers, True, True
        self._before = self.known_before()
        request = self.state.request()
        known = self.simulator.known(request)
        if known is None:
            self.simulator.ask(self, request, lambda result: self.show(result, numbers), self.fail)
        else:
            self.simulator.forget(self)
            self.show(known, numbers)

    def show(self, result: Comparison, numbers: State) -> None:
        """Take a result that arrived; called from another thread."""
        before = self._before[1] if self._before else None
        board = Board(result, before, numbers.people).data()
        with self._lock:
            if self._asked != numbers:
                return
            self.result, self.board, self.stale = result, board, False
            self.boards += 1
            self.busy = result.request.replicates < numbers.replicates
            if not self.busy:
                self._complete = (numbers, result)
        self.notify()

    def known_before(self) -> tuple[State, Comparison] | None:
        """The state before the last change with its result, if that was complete and is still kept."""
        if not self.history.past:
            return None
        numbers = numbers_of(self.history.past[-1])
        for known in (self._before, self._complete):
            if known is not None and known[0] == numbers:
                return known
        result = self.simulator.known(self.history.past[-1].request())
        return (numbers, result) if result is not None else None

    def fail(self, mistake: str) -> None:
        """Take the news that the state cannot be simulated; called from another thread."""
        with self._lock:
            self.notes, self.busy = (mistake,), False
        self.notify()

    def close(self) -> None:
        """The tab is gone."""
        self.simulator.forget(self)

    def shell(self) -> dict[str, Any]:
        """What stands around every page."""
        return {
            "page": self.state.page,
            "address": states.address(self.state),
            "links": {page: states.address(replace(self.state, page=page)) for page in self.pages},
            "notes": list(self.notes),
            "can_undo": bool(self.history.past),
            "can_redo": bool(self.history.future),
            "present": self.state.present,
            "version": __version__,
        }

    def panel(self) -> dict[str, Any]:
        """The controls of the selected design, and the tabs of all."""
        tabs = [
            {"letter": letter, "preset": design.preset, "changed": len(design.changes)}
            for letter, design in zip(states.LETTERS, self.state.designs, strict=False)
        ]
        return {
            "tabs": tabs,
            "selected": self.selected,
            "can_add": len(tabs) < states.MAX_DESIGNS,
            "can_remove": len(tabs) > 2,
            **controls.panel(self.state, self.selected),
        }


ACTIONS: dict[str, Callable[..., None]] = {
    name: getattr(Session, name)
    for name in (
        "set_key", "set_preset", "reset_key", "add", "remove", "select", "set_setting", "set_assumption", "set_view",
        "open", "present", "undo", "redo", "reset", "dismiss", "export",
    )
}  # fmt: skip
