"""Simulation for all sessions: off their threads, shared, cached by content, in growing batches.

A result of 200 simulated worlds is the first 20, then 80, then 200 of the same worlds (the shipped draws and the luck
of a run do not depend on how many there are), so that numbers sharpen and the last are those of ``pdsim.compare``, to
the bit. Sessions that have seen nothing yet go first. What a session asked for before is forgotten when it asks anew.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from pdsim import comparison, theory
from pdsim.comparison import Comparison, Request
from pdsim.errors import InputError
from pdsim.scenarios import Scenario
from pdsim.simulate import DRAW_SHARE, Luck, draws_for, luck, simulate

BATCHES = (20, 80, 200, 500, 1000)  # multiples of the replicates that share a draw, so that each extends the last
MEMORY = 256_000_000  # bytes of runs that are kept
PATIENCE = 0.3  # seconds: a batch that is expected to take less needs no smaller one before it
WORDLESS = {"name", "title", "source", "says", "choices"}  # fields of a scenario that change no number
assert all(batch % DRAW_SHARE == 0 for batch in BATCHES)

Deliver = Callable[[Comparison], None]
Fail = Callable[[str], None]


def content(scenario: Scenario) -> str:
    """Text of all in a scenario that its numbers depend on."""
    return json.dumps(scenario.model_dump(mode="json", exclude=WORDLESS), sort_keys=True)


def runs_key(scenario: Scenario, reported: Scenario, request: Request) -> str:
    """Name of the runs of a scenario in which the participants of ``reported`` are reported, by content."""
    programme = reported.programme
    people = (programme.who, programme.share_taking_part, programme.count_per_school)
    parts = (content(scenario), people, request.theory, request.seed, request.assumptions)
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def sides(design: Scenario, request: Request) -> tuple[Scenario, Scenario]:
    """A design and its baseline: the two whose runs make an effect."""
    return design, request.baseline.in_the_world_of(design)


def steps_to(replicates: int) -> tuple[int, ...]:
    """Replicates after each batch.

    >>> steps_to(200), steps_to(50)
    ((20, 80, 200), (20, 50))
    """
    return (*(batch for batch in BATCHES if batch < replicates), replicates)


class Kept:
    """The most recently used runs, up to a number of bytes; safe for several threads.

    Runs are levels, (R, years + 1, populations, outcomes).
    """

    def __init__(self, limit: int = MEMORY) -> None:
        self.limit = limit
        self.size = 0
        self._runs: OrderedDict[str, np.ndarray] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str) -> np.ndarray | None:
        """The runs of a name, which count as used now."""
        with self._lock:
            if key in self._runs:
                self._runs.move_to_end(key)
            return self._runs.get(key)

    def put(self, key: str, runs: np.ndarray) -> None:
        """Keep runs; the least recently used ones go when there is no room."""
        with self._lock:
            old = self._runs.pop(key, None)
            self.size += runs.nbytes - (0 if old is None else old.nbytes)
            self._runs[key] = runs
            while self.size > self.limit and len(self._runs) > 1:
                self.size -= self._runs.popitem(last=False)[1].nbytes

    def __len__(self) -> int:
        return len(self._runs)


def next_step(steps: tuple[int, ...], step: int, seconds: float, patience: float) -> int:
    """The batch after one that took some seconds: the largest that one can wait for, or else the next.

    >>> next_step((20, 80, 200), 0, 0.02, patience=0.3), next_step((20, 80, 200), 0, 0.2, patience=0.3)
    (2, 1)
    """
    batch = steps[step] - (steps[step - 1] if step else 0)
    soon = [
        later for later in range(step + 1, len(steps)) if (steps[later] - steps[step]) * seconds / batch <= patience
    ]
    return max(soon, default=step + 1)


@dataclass(frozen=True)
class Job:
    """What a session waits for: a request, where results go, and how far it has come (``step`` of ``steps``)."""

    request: Request
    deliver: Deliver
    fail: Fail
    order: int
    step: int = 0

    @property
    def steps(self) -> tuple[int, ...]:
        """Replicates after each batch."""
        return steps_to(self.request.replicates)


class Simulator:
    """Simulates for many sessions on one machine; one for a server.

    Args:
        memory: bytes of runs to keep.
        workers: threads of the kernel, which releases the interpreter; by default a thread for each processor.
        patience: seconds that a batch may take without a smaller one before it.
    """

    def __init__(self, memory: int = MEMORY, workers: int | None = None, patience: float = PATIENCE) -> None:
        self.kept, self.patience = Kept(memory), patience
        self._kernel = ThreadPoolExecutor(workers or os.cpu_count() or 1, "kernel")
        self._arms = ThreadPoolExecutor(2 * 4, "arms")  # they only wait: two for each of four designs
        self._delivery = ThreadPoolExecutor(8, "delivery")
        self._waiting: dict[Hashable, Job] = {}
        self._latest: dict[Hashable, tuple[Job, Comparison]] = {}
        self._change = threading.Condition()
        self._count = itertools.count()
        self._open = True
        self._thread = threading.Thread(target=self._work, name="simulator", daemon=True)
        self._thread.start()

    def ask(self, session: Hashable, request: Request, deliver: Deliver, fail: Fail) -> None:
        """Simulate for a session, in place of what it asked for before.

        ``deliver`` is called from another thread with a result after each batch, the last one complete; ``fail`` with
        one line when the request cannot be simulated.
        """
        with self._change:
            self._waiting[session] = Job(request, deliver, fail, next(self._count))
            self._latest.pop(session, None)
            self._change.notify()

    def forget(self, session: Hashable) -> None:
        """Stop simulating for a session."""
        with self._change:
            self._waiting.pop(session, None)
            self._latest.pop(session, None)

    def known(self, request: Request) -> Comparison | None:
        """The whole result of a request if all its runs are kept; None otherwise."""
        found = [
            self.kept.get(runs_key(side, design, request))
            for design in request.designs
            for side in sides(design, request)
        ]
        runs = [levels for levels in found if levels is not None and len(levels) >= request.replicates]
        return result_of(request, runs) if len(runs) == len(found) else None

    def close(self) -> None:
        """Stop; nothing is delivered afterwards."""
        with self._change:
            self._open = False
            self._waiting.clear()
            self._latest.clear()
            self._change.notify()
        self._thread.join()
        for pool in (self._arms, self._kernel, self._delivery):
            pool.shutdown(wait=False, cancel_futures=True)

    def _work(self) -> None:
        """Take the most urgent job, do its next batch, and so on."""
        while True:
            with self._change:
                while self._open and not self._waiting:
                    self._change.wait()
                if not self._open:
                    return
                session, job = min(self._waiting.items(), key=lambda item: (item[1].step, item[1].order))
            self._do(session, job)

    def _do(self, session: Hashable, job: Job) -> None:
        """Do the next batch of a job, unless its session asked for something else meanwhile."""
        result: Comparison | None = None
        mistake, started = "", time.perf_counter()
        try:
            result = self.result(job.request, job.steps[job.step])
        except InputError as error:
            mistake = str(error)
        except Exception as error:  # a fault of the program must not end the service of all sessions
            mistake = f"This design could not be simulated ({type(error).__name__}: {error})."
        with self._change:
            if self._waiting.get(session) is not job:
                return
            if result is None or job.step + 1 == len(job.steps):
                del self._waiting[session]
            else:
                seconds = time.perf_counter() - started
                self._waiting[session] = replace(job, step=next_step(job.steps, job.step, seconds, self.patience))
            if result is not None:
                self._latest[session] = (job, result)
        if result is None:
            self._delivery.submit(job.fail, mistake)
        else:
            self._delivery.submit(self._hand_over, session)

    def _hand_over(self, session: Hashable) -> None:
        """Deliver the newest result of a session; one that was overtaken on the way is dropped."""
        with self._change:
            job, result = self._latest.pop(session, (None, None))
        if job is None or result is None:
            return
        try:
            job.deliver(result)
        except Exception as error:  # told, or a page would wait for ever
            job.fail(f"This result could not be shown ({type(error).__name__}: {error}).")

    def result(self, request: Request, replicates: int) -> Comparison:
        """The first replicates of a request: what is kept, and the rest simulated now.

        Raises:
            InputError: a request that cannot be simulated.
        """
        shorter = replace(request, replicates=replicates)
        believed = theory.load(request.theory, draws_for(replicates), request.seed, request.assumptions)
        runs = luck(replicates, len(believed.draws), request.seed)
        waits = [
            self._start(side, design, shorter, believed, runs)
            for design in request.designs
            for side in sides(design, request)
        ]
        return result_of(shorter, [wait() for wait in waits])

    def _start(
        self, scenario: Scenario, reported: Scenario, request: Request, believed: theory.Theory, runs: Luck
    ) -> Callable[[], np.ndarray]:
        """Start the missing runs of a scenario; the answer waits for them and keeps them."""
        key = runs_key(scenario, reported, request)
        old = self.kept.get(key)
        done = 0 if old is None else len(old)
        if old is not None and done >= request.replicates:
            return lambda: old
        missing = Luck(runs.seed, runs.draw[done:], runs.replicate[done:])
        assumed = theory.override(believed, reported.theory)
        started = self._arms.submit(simulate, scenario, assumed, missing, reported, self._kernel)

        def wait() -> np.ndarray:
            levels = started.result() if old is None else np.concatenate([old, started.result()])
            self.kept.put(key, levels)
            return levels

        return wait


def result_of(request: Request, runs: list[np.ndarray]) -> Comparison:
    """The comparison of a request from the runs of each design and its baseline, in turn."""
    count = request.replicates
    believed = theory.load(request.theory, draws_for(count), request.seed, request.assumptions)
    levels, effects = {}, {}
    for design, level, base in zip(request.designs, runs[::2], runs[1::2], strict=True):
        levels[design.name] = level[:count]
        effects[design.name] = level[:count] - base[:count]
    return comparison.summarise(request, believed, levels, effects, luck(count, len(believed.draws), request.seed))
