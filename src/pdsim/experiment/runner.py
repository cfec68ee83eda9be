"""Running an experiment: chunks over a crew of workers, from where the folder stands to the end."""

from __future__ import annotations

import random
import re
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pdsim.errors import InputError, one_line, shown
from pdsim.experiment import frames
from pdsim.experiment.crews import Crew, Here, Outside, Processes
from pdsim.experiment.definition import Experiment, load
from pdsim.experiment.manifest import differences, library_versions
from pdsim.experiment.outlook import check_disk, notes_on, notes_on_points
from pdsim.experiment.store import Status, Store, open_store
from pdsim.experiment.work import Done, model_version
from pdsim.files import reason

MAX_WORKERS, MAX_SHARDS = 10_000, 100_000
GRACE = 60.0  # seconds that chunks in hand have after a request to stop
PATIENCE = 0.5  # seconds between two questions whether to stop
ROUNDS = 3  # looks for chunks that are missing after all, as when a part was damaged meanwhile


@dataclass(frozen=True)
class Sweep:
    """Result of :func:`sweep`: the folder, how far it is, and what was noticed on the way."""

    folder: Path
    status: Status
    notes: tuple[str, ...]

    def results(self) -> pd.DataFrame:
        """The results so far; see :func:`pdsim.experiment.results`."""
        return frames.results(self.folder)

    def design_points(self) -> pd.DataFrame:
        """Factor values by point."""
        return frames.design_points(self.folder)


def never() -> bool:
    """Do not stop."""
    return False


def sweep(
    experiment: str | Path | Experiment,
    out: str | Path,
    workers: int = 1,
    executor: Executor | None = None,
    shard: tuple[int, int] = (1, 1),
    chunk_seconds: float | None = None,
    progress: Callable[[int], None] | None = None,
    stop: Callable[[], bool] = never,
) -> Sweep:
    """Run an experiment, or go on where it stopped.

    The numbers are the same whatever the workers, chunks, shards, executors and interruptions. With ``workers`` above 1
    a script needs ``if __name__ == "__main__":`` around its calls, as whatever starts processes does.

    Args:
        experiment: short name, path, or a loaded experiment.
        out: folder of its results.
        workers: processes on this machine; 1 runs in this one.
        executor: any ``concurrent.futures`` executor, in place of ``workers``.
        shard: (i, N) runs the i-th of N parts only, 1 <= i <= N.
        chunk_seconds: length of a chunk of work in a new folder.
        progress: called with the number of runs done, after each chunk.
        stop: asked between chunks whether to stop.

    Raises:
        InputError: a mistake in the experiment, or a folder that holds results of another.
        OSError: results cannot be written, or chunks could not be run; the same call goes on from there.
    """
    loaded = experiment if isinstance(experiment, Experiment) else load(experiment)
    check_options(workers, shard, chunk_seconds)
    store, notes = opened(loaded, Path(out), chunk_seconds)
    if executor is not None:
        crew: Crew = Outside(executor)
    else:
        crew = Here() if workers == 1 else Processes(workers)
    return run(store, crew, shard, notes, progress, stop)


def check_options(workers: int, shard: tuple[int, int], chunk_seconds: float | None) -> None:
    """Ranges of the options of a sweep.

    Raises:
        InputError: naming the option and what is allowed.
    """
    if not 1 <= workers <= MAX_WORKERS:
        raise InputError(f"--workers: {shown(workers)} is out of range; allowed is 1 to {MAX_WORKERS}")
    if not 1 <= shard[0] <= shard[1] <= MAX_SHARDS:
        raise InputError(
            f"--shard: {shard[0]}/{shard[1]} is not allowed; allowed is i/N with 1 <= i <= N <= {MAX_SHARDS}"
        )
    if chunk_seconds is not None and not 0.001 <= chunk_seconds <= 600:
        raise InputError(f"--chunk-seconds: {chunk_seconds:g} is out of range; allowed is 0.001 to 600")


def opened(experiment: Experiment, out: Path, chunk_seconds: float | None = None) -> tuple[Store, tuple[str, ...]]:
    """The folder of an experiment, made or inspected, and what was noticed.

    Raises:
        InputError: it cannot be written to, holds something else, or is too small.
    """
    store = open_store(experiment, out, chunk_seconds)
    noticed = [*notes_on(experiment), *notes_on_points(experiment, store.coded), *store.inspect()]
    check_disk(store.plan.size * (1 - store.done().mean()), out)
    changed = ", ".join(differences(store.manifest.libraries, library_versions()))
    if changed:
        noticed.append(f"libraries differ from those of the first parts, and so may the last bit of numbers: {changed}")
    return store, tuple(noticed)


def shard_of(text: str) -> tuple[int, int]:
    """The shard that "i/N" names.

    Raises:
        InputError: it is not of this form.

    >>> shard_of("2/8")
    (2, 8)
    """
    match = re.fullmatch(r"(\d{1,9})/(\d{1,9})", text)
    if match is None:
        raise InputError(f"--shard: {shown(text)} is not allowed; allowed is i/N, such as 1/8")
    return int(match[1]), int(match[2])


def chunks_of(store: Store, shard: tuple[int, int]) -> range:
    """The chunks of a shard: neighbours, so that parts can be rolled up without the other shards."""
    i, shards = shard
    chunks = store.manifest.chunks
    return range((i - 1) * chunks // shards, i * chunks // shards)


def missing(store: Store, shard: tuple[int, int] = (1, 1)) -> list[int]:
    """The chunks of a shard that are not there yet."""
    done = store.done()
    return [chunk for chunk in chunks_of(store, shard) if not done[chunk]]


def runs_missing(store: Store, shard: tuple[int, int]) -> int:
    """How many runs of a shard are not there yet."""
    return sum(store.plan.runs(chunk) for chunk in missing(store, shard))


def run(
    store: Store,
    crew: Crew,
    shard: tuple[int, int] = (1, 1),
    notes: tuple[str, ...] = (),
    progress: Callable[[int], None] | None = None,
    stop: Callable[[], bool] = never,
) -> Sweep:
    """Run what is missing of a store; see :func:`sweep`. The crew is dismissed at the end.

    Raises:
        OSError: results cannot be written, or chunks could not be run.
    """
    shift = Shift(store, crew, progress or (lambda runs: None), stop)
    try:
        for _ in range(ROUNDS):
            shift.work(missing(store, shard))
            if stop() or shift.lost or not missing(store, shard):
                break
        store.tidy()
        if shift.lost:
            raise OSError(f"{len(shift.lost)} chunks could not be run ({next(iter(shift.lost.values()))})")
    except OSError as error:
        raise OSError(
            f"{store.folder}: {reason(error)}; what is written is whole, and the same command goes on"
        ) from None
    finally:
        crew.dismiss()
    return Sweep(store.folder, store.status(), notes)


class Shift:
    """Chunks on their way through a crew.

    Those that were with the crew when a worker died are tried again one by one, so that the one which killed it is
    found and the others are not blamed.
    """

    def __init__(self, store: Store, crew: Crew, progress: Callable[[int], None], stop: Callable[[], bool]) -> None:
        self.store, self.crew, self.progress, self.stop = store, crew, progress, stop
        self.todo: deque[int] = deque()
        self.suspects: deque[int] = deque()
        self.alone: int | None = None
        self.lost: dict[int, str] = {}
        self.pending: dict[Future[Done], int] = {}

    def work(self, chunks: list[int]) -> None:
        """Run chunks until they are done, or a stop is asked for; then those that have begun are finished.

        A cluster without workers would finish none, so that they are waited for no longer than ``GRACE``.

        Raises:
            OSError: a result cannot be written.
        """
        self.todo = deque(chunks)
        while (self.todo or self.suspects or self.pending) and not self.stop():
            self.hand_out()
            self.collect()
        if self.crew.cancels:
            self.pending = {future: chunk for future, chunk in self.pending.items() if not future.cancel()}
        end = time.monotonic() + GRACE
        while self.pending and time.monotonic() < end:
            self.collect()

    def hand_out(self) -> None:
        """Give the crew as many chunks as it takes; suspects when all others are done, one at a time."""
        while self.todo and len(self.pending) < self.crew.in_hand:
            chunk = self.todo.popleft()
            if self.store.has(chunk):
                self.leave_to_others(chunk)
            else:
                self.pending[self.crew.submit(self.store.task(chunk))] = chunk
        if self.suspects and not self.pending:
            self.alone = self.suspects.popleft()
            self.pending[self.crew.submit(self.store.task(self.alone))] = self.alone

    def leave_to_others(self, chunk: int) -> None:
        """Another process has done a chunk: go on elsewhere, so that the two do not meet at every step.

        Where makes no difference to the numbers, so any random numbers will do.
        """
        self.todo.rotate(random.randrange(len(self.todo) + 1))
        self.progress(self.store.plan.runs(chunk))

    def collect(self) -> None:
        """Keep what is finished; after a worker's death replace the crew and suspect all that it had in hand.

        Raises:
            OSError: a result cannot be written.
        """
        broken = False
        for future in wait(self.pending, timeout=PATIENCE, return_when=FIRST_COMPLETED).done:
            chunk = self.pending.pop(future)
            error = CancelledError("cancelled") if future.cancelled() else future.exception()
            broken = broken or isinstance(error, BrokenExecutor)
            if error is None:
                self.keep(chunk, future.result())
            elif chunk == self.alone:
                self.lost[chunk] = one_line(error) or type(error).__name__
            else:
                self.suspects.append(chunk)
        if broken:
            self.suspects.extend(self.pending.values())
            self.pending = {}
            self.crew.renew()

    def keep(self, chunk: int, done: Done) -> None:
        """Write a chunk.

        Raises:
            OSError: it cannot be written, or its worker runs another version of the model.
        """
        if done.version != model_version():
            raise OSError(f"a worker has another version of the model ({done.version} and not {model_version()})")
        if self.store.add(done):
            self.progress(done.label.runs)
        else:
            self.leave_to_others(chunk)
