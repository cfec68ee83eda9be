"""The staffroom as a plain Mesa model: agents are ordinary Python objects, and Python runs the submodels' source.

What somebody who writes the model with Mesa alone would have, at its best: states are attributes with Python numbers,
tables are dictionaries and lists (faster here than NumPy's element by element), and the rules are the kernel's own
source, not compiled. The benchmark starts this file in a process with ``NUMBA_DISABLE_JIT=1`` and reads the document
that it prints.
"""

import json
import os
import random
import statistics
import sys
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import mesa
import numpy as np
from cases import SEED, started

from pdsim.assumptions import PARAMETERS
from pdsim.kernel import run
from pdsim.kernel.measure import OUTCOMES, POPULATIONS, measure
from pdsim.kernel.records import DESIGN, SCHOOL_FIELDS, TEACHER_FIELDS, WEEKS, World
from pdsim.kernel.week import week
from pdsim.kernel.year import close_year, open_year
from pdsim.population import Template

LOW = 0xFFFFFFFF


class Table(dict):
    """A table of plain numbers by (row, column), which knows its shape."""

    def __init__(self, array: np.ndarray) -> None:
        super().__init__({place: value.item() for place, value in np.ndenumerate(array)})
        self.shape = array.shape


class PlainTeacher(mesa.Agent):
    """A teacher with the fields of a kernel record as ordinary attributes."""

    def __init__(self, model: mesa.Model, fields: dict[str, Any]) -> None:
        super().__init__(model)
        self.__dict__.update(fields)


class PlainStaffroom(mesa.Model):
    """One run; a step is a school week, as in ``pdsim.StaffroomModel``."""

    def __init__(self, start: Template, unit: float, replicate: int, years: int) -> None:
        super().__init__(rng=SEED)
        self.unit, self.years = unit, years
        self.results = np.empty((years + 1, len(POPULATIONS), len(OUTCOMES)))
        self.world = self.populated(start, (SEED, replicate))
        measure(self.world, 0, unit, self.results[0])

    def populated(self, start: Template, key: tuple[int, int]) -> World:
        """A world of agents, with its first staff, ties and teams."""
        layout = start.world
        for fields in rows(layout.teachers, tuple(TEACHER_FIELDS)):
            PlainTeacher(self, fields)
        world = World(
            list(self.agents),
            [SimpleNamespace(**fields) for fields in rows(layout.schools, tuple(SCHOOL_FIELDS))],
            Table(layout.advisers),
            Table(layout.tie_weight),
            Table(layout.tie_lasting),
            layout.team_first.copy(),
            layout.team_members.copy(),
            layout.choice.tolist(),
            design_of(layout.design),
            theory_of(layout.theory),
            key,
        )
        run.populate(world, start.year_quantiles.tolist(), start.degree_quantiles.tolist())
        for teacher in world.teachers:
            teacher.participant, teacher.reported, teacher.team = map(
                int, (teacher.participant, teacher.reported, teacher.team)
            )
        return world._replace(team_first=world.team_first.tolist(), team_members=world.team_members.tolist())

    def step(self) -> None:
        """One school week, with the summer before it and the end of the year after it when they are due."""
        now = self.steps - 1
        if now > 0 and now % WEEKS == 0:
            open_year(self.world, now // WEEKS)
        week(self.world, now)
        if (now + 1) % WEEKS == 0:
            year = (now + 1) // WEEKS
            close_year(self.world, year)
            measure(self.world, year, self.unit, self.results[year])
            self.running = year < self.years


def rows(records: np.ndarray, names: tuple[str, ...]) -> list[dict[str, Any]]:
    """Records as dictionaries of plain numbers."""
    columns = {name: records[name].tolist() for name in names}
    return [{name: column[i] for name, column in columns.items()} for i in range(len(records))]


def design_of(record: np.record) -> SimpleNamespace:
    """The kernel's record of a scenario as an object with plain numbers."""
    plain = {name: record[name].item() for name in DESIGN.names or () if name != "mechanisms"}
    return SimpleNamespace(**plain, mechanisms=Table(record["mechanisms"]))


def theory_of(record: np.record) -> SimpleNamespace:
    """The assumptions as an object with plain numbers."""
    return SimpleNamespace(**{name: record[name].item() for name in PARAMETERS})


def addressed(key: tuple[int, int], stream: int, week: int, post: int, partner: int) -> tuple[float, ...]:
    """The kernel's addressed random numbers, on Python's integers: much faster than NumPy's one at a time."""
    c0, c1, c2, c3 = stream, week, post, partner
    k0, k1 = key
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = (p1 >> 32) ^ c1 ^ k0, p1 & LOW, (p0 >> 32) ^ c3 ^ k1, p0 & LOW
        k0, k1 = (k0 + 0x9E3779B9) & LOW, (k1 + 0xBB67AE85) & LOW
    return tuple((word + 0.5) / 4294967296.0 for word in (c0, c1, c2, c3))


def ordinary(*address: Any) -> tuple[float, ...]:
    """Random numbers as a plain Mesa model draws them, from Python's own generator; other luck, same work."""
    draw = random.random
    return draw(), draw(), draw(), draw()


def draw_with(uniforms: Callable[..., tuple[float, ...]]) -> None:
    """Let all of the kernel's source draw with ``uniforms``."""
    for name, module in sys.modules.items():
        if name.startswith("pdsim.kernel.") and hasattr(module, "uniforms"):
            module.uniforms = uniforms  # type: ignore[attr-defined]


def finished(start: Template, unit: float, replicate: int, years: int) -> PlainStaffroom:
    """A model that has run to its end."""
    model = PlainStaffroom(start, unit, replicate, years)
    while model.running:
        model.step()
    return model


def seconds_per_run(start: Template, unit: float, runs: int, years: int, repeats: int) -> float:
    """Median over repeats of the mean processor time of a run."""
    times = []
    for _ in range(repeats):
        began = time.process_time()
        for replicate in range(runs):
            finished(start, unit, replicate, years)
        times.append((time.process_time() - began) / runs)
    return statistics.median(times)


def draws_in_a_run(start: Template, unit: float, years: int) -> int:
    """How many addresses a run draws at."""
    calls = 0

    def counting(*address: Any) -> tuple[float, ...]:
        nonlocal calls
        calls += 1
        return addressed(*address)

    draw_with(counting)
    finished(start, unit, 0, years)
    return calls


def measured(form: str, teachers: int, years: int, runs: int, repeats: int, unit: float) -> dict[str, Any]:
    """All that the benchmark asks of the plain model, for one case."""
    start = started(form, teachers, years)
    random.seed(SEED)
    draw_with(ordinary)
    with_ordinary = seconds_per_run(start, unit, runs, years, repeats)
    draw_with(addressed)
    with_addressed = seconds_per_run(start, unit, runs, years, repeats)
    results = [finished(start, unit, replicate, years).results.tolist() for replicate in range(runs)]
    return {
        "seconds_per_run": with_ordinary,
        "seconds_per_run_addressed": with_addressed,
        "results": results,
        "draws": draws_in_a_run(start, unit, years),
    }


if __name__ == "__main__":
    if os.environ.get("NUMBA_DISABLE_JIT") != "1":
        sys.exit("plain_model.py: start it with NUMBA_DISABLE_JIT=1, as benchmark.py does")
    print(json.dumps(measured(**json.loads(sys.argv[1]))))
