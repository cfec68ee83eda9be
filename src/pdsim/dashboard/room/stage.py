"""One browser tab's staffrooms: simulated off the page's thread, asked for week by week, told teacher by teacher."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any

from pdsim.dashboard.room import wire
from pdsim.dashboard.room.cast import Cast
from pdsim.dashboard.state import SETTINGS, Setting, State
from pdsim.errors import InputError

COLOURS = ("use", "insight", "technique", "habit", "craft")
CHUNK = 13  # weeks that are played and sent at once: a third of a school year
MOST_WEEKS = 6 * CHUNK  # weeks in one answer
NUMBERS = ("designs", "theory", "assumptions", "seed", "years")  # of the state, on which the films depend
VIEW = {
    setting.name: setting
    for setting in (
        Setting("colour", "Colour", "what the teachers' colour shows", COLOURS),
        Setting("world", "Simulated world", "which luck: the first is the first of Compare", low=1, high=1000),
        Setting("teacher", "Teacher", "whose story is told", low=0, high=10**11 - 1),
        Setting("week", "Week", "the week that is shown", low=0, high=390),
    )
}
USUAL: dict[str, str | int | None] = {"colour": "use", "world": 1, "teacher": None, "week": 0}


@cache
def players() -> ThreadPoolExecutor:
    """The threads in which all tabs' models play."""
    return ThreadPoolExecutor(2, "staffroom")


def look(state: State) -> tuple[dict[str, Any], list[str]]:
    """The page's settings in a state, and notes on those that are not allowed."""
    found, notes = dict(USUAL), []
    for name, text in state.view:
        if name in VIEW and text:
            try:
                found[name] = VIEW[name].read(text)
            except InputError as error:
                notes.append(f"view.{error}")
    return found, notes


@dataclass(frozen=True)
class Played:
    """What a page shows of a cast: its number among the tab's casts, what stays, the newest weeks."""

    number: int
    cast: Cast
    names: tuple[str, ...]
    scene: dict[str, Any]

    def chunk(self, first: int, last: int) -> dict[str, Any]:
        """Weeks for the browser; see :func:`pdsim.dashboard.room.wire.chunk`."""
        sessions = [act["sessions"] for act in self.scene["acts"]]
        return {"number": self.number, **wire.chunk(self.cast, self.names, sessions, first, last)}


class Stage:
    """The staffrooms of one tab; at most one job of a tab waits or runs at a time.

    Attributes:
        played: the cast that is shown; None until it is there.
        chunk: the newest weeks for the browser.
        story: the newest story of a teacher.
        message: why there is nothing to show; empty when there is.
    """

    def __init__(self, notify: Callable[[], None]) -> None:
        self.notify = notify
        self.played: Played | None = None
        self.chunk: dict[str, Any] | None = None
        self.story: dict[str, Any] | None = None
        self.message = ""
        self._asked: tuple[Any, ...] = ()
        self._number = 0
        self._job: Callable[[], None] | None = None
        self._working = False
        self._closed = False
        self._lock = threading.Lock()

    def show(self, state: State) -> None:
        """Set the first two designs of a state up, unless they stand already."""
        world = look(state)[0]["world"]
        asked = (*(getattr(state, name) for name in NUMBERS), world)
        if asked == self._asked:
            return
        self._asked, self._number = asked, self._number + 1
        number = self._number
        self._submit(lambda: self._set_up(state, world, number))

    def _submit(self, job: Callable[[], None]) -> None:
        """Do a job in another thread; one that still waits for its turn is dropped."""
        with self._lock:
            self._job = job
            if self._working or self._closed:
                return
            self._working = True
        players().submit(self._work)

    def _work(self) -> None:
        """Do the job that waits, then let other tabs have their turn."""
        with self._lock:
            job, self._job = self._job, None
        if job is not None and not self._closed:
            try:
                job()
            except Exception as error:  # a fault of the program must not leave the tab waiting for ever
                self.message = f"These staffrooms could not be played ({type(error).__name__}: {error})."
            self.notify()
        with self._lock:
            self._working = self._job is not None and not self._closed
            if not self._working:
                return
        players().submit(self._work)

    def _set_up(self, state: State, world: int, number: int) -> None:
        """Make a cast and its first weeks."""
        try:
            cast = Cast(state.request(), world)
        except InputError as error:
            self.played, self.chunk, self.story, self.message = None, None, None, str(error)
            return
        cast.run_to(CHUNK)
        names = state.names()[: len(cast.acts)]
        played = Played(number, cast, names, {"number": number, **wire.scene(cast, names)})
        self.chunk, self.story, self.message = played.chunk(0, CHUNK), None, ""
        self.played = played

    def ask(self, wanted: Mapping[str, Any]) -> None:
        """Weeks from ``first`` on, at least to ``last``, of the cast ``number``: they arrive in ``chunk``."""
        played, (number, first, last) = self.played, whole_numbers(wanted, "number", "first", "last")
        if played is None or number != played.number or not 0 <= first <= played.cast.filmed + 1:
            return
        last = min(max(first + CHUNK - 1, last), first + MOST_WEEKS - 1, played.cast.weeks)
        self._submit(lambda: self._play(played, first, last))

    def _play(self, played: Played, first: int, last: int) -> None:
        """Play on to a week and hand the weeks over."""
        played.cast.run_to(last)
        self.chunk = played.chunk(first, last)

    def tell(self, wanted: Mapping[str, Any]) -> None:
        """The story of the teacher ``post`` at ``week`` of the cast ``number``: it arrives in ``story``."""
        played, (number, post, week) = self.played, whole_numbers(wanted, "number", "post", "week")
        if played is None or number != played.number or not 0 <= week <= played.cast.filmed or post < 0:
            return
        self.story = {"number": number, **wire.told(played.cast, post, week)}
        self.notify()

    def close(self) -> None:
        """The tab is gone, or shows another page: forget everything."""
        with self._lock:
            self._closed, self._job = True, None
        self.played = self.chunk = self.story = None


def whole_numbers(wanted: Mapping[str, Any], *names: str) -> tuple[int, ...]:
    """Whole numbers that a browser sent; -1 for what is none."""
    found = (wanted.get(name) for name in names)
    return tuple(value if isinstance(value, int) and not isinstance(value, bool) else -1 for value in found)


assert not set(VIEW) & set(SETTINGS)
