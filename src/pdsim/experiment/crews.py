"""Who does the chunks: this process, several processes of this machine, or any executor."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from typing import Protocol

from pdsim.experiment.work import Done, Task, do

AHEAD = 2  # chunks in hand for each worker, so that none waits for the next

LINGER = 8.0  # seconds that a worker has after SIGTERM; a pool that ends its workers waits for them


class Crew(Protocol):
    """Workers that do chunks.

    ``in_hand`` is how many chunks they are given at a time; ``cancels`` tells whether a chunk that has not begun can be
    taken back without losing one that has.
    """

    in_hand: int
    cancels: bool

    def submit(self, task: Task) -> Future[Done]:
        """Give a chunk to the crew."""

    def renew(self) -> None:
        """Replace workers after some of them died."""

    def dismiss(self) -> None:
        """Let the workers go; chunks that have not begun are dropped."""


class Here:
    """This process, one chunk at a time."""

    in_hand = 1
    cancels = False

    def submit(self, task: Task) -> Future[Done]:
        """Do the chunk now."""
        future: Future[Done] = Future()
        try:
            future.set_result(do(task))
        except Exception as error:
            future.set_exception(error)
        return future

    def renew(self) -> None:
        """Nothing to replace."""

    def dismiss(self) -> None:
        """Nobody to let go."""


class Processes:
    """Processes of this machine.

    They are not forked from this one, which may have threads and locks, but from a process of their own that has loaded
    the libraries once, where the system offers that.
    """

    cancels = True

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self.in_hand = AHEAD * workers
        self.pool = self._started()

    def _started(self) -> ProcessPoolExecutor:
        """A pool of processes."""
        able = "forkserver" in multiprocessing.get_all_start_methods()
        context = multiprocessing.get_context("forkserver" if able else "spawn")
        context.set_forkserver_preload([do.__module__])
        return ProcessPoolExecutor(self.workers, context, initializer=serve)

    def submit(self, task: Task) -> Future[Done]:
        """Give a chunk to a process."""
        return self.pool.submit(do, task)

    def renew(self) -> None:
        """A new pool."""
        self.dismiss()
        self.pool = self._started()

    def dismiss(self) -> None:
        """End the processes when they have finished what they are at."""
        self.pool.shutdown(wait=False, cancel_futures=True)


def serve() -> None:
    """Make ready a worker process, which ends when its parent does.

    Ctrl-C is the parent's business. SIGTERM, which a scheduler may send to all processes of a job, leaves the time to
    finish a chunk.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda number, frame: threading.Timer(LINGER, os._exit, (1,)).start())
    threading.Thread(target=end_with_parent, daemon=True).start()


def end_with_parent() -> None:
    """End this process when its parent is gone, however it went: a pool's workers would wait for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


class Outside:
    """An executor that somebody else made and ends: threads, a pool, a Dask cluster."""

    cancels = False

    def __init__(self, executor: Executor, in_hand: int | None = None, end: Callable[[], None] = lambda: None) -> None:
        self.executor = executor
        self.in_hand = in_hand or AHEAD * (os.cpu_count() or 1)
        self.dismiss = end

    def submit(self, task: Task) -> Future[Done]:
        """Give a chunk to the executor.

        Raises:
            OSError: it takes no more work.
        """
        try:
            return self.executor.submit(do, task)
        except RuntimeError as error:
            raise OSError(f"the executor takes no more work ({error}); the same command goes on from here") from None

    def renew(self) -> None:
        """Its owner's business."""
