"""The staffroom as a Mesa model: the kernel's own records and weeks, with agents as views of the records.

Everything that Mesa offers works on it (``DataCollector``, ``AgentSet``, ``mesa.batch_run``, ``SolaraViz``), and the
numbers are those of :func:`pdsim.simulate.simulate`, to the bit: the rules stand in :mod:`pdsim.kernel` alone. This is
the only module that imports Mesa.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import mesa
import networkx as nx
import numpy as np
import pandas as pd

from pdsim import population, scenarios
from pdsim import theory as assumptions
from pdsim.errors import InputError
from pdsim.kernel.measure import ALL, measure
from pdsim.kernel.measure import OUTCOMES as COLUMNS
from pdsim.kernel.records import NOBODY, TEACHER_FIELDS, WEEKS
from pdsim.kernel.run import populate, practice_sd
from pdsim.kernel.week import week
from pdsim.kernel.year import close_year, open_year
from pdsim.outcomes import POPULATIONS
from pdsim.scenarios import Scenario
from pdsim.theory import Theory

STATES = ("insight", "technique", "motivation", "habit", "use")
MAX_DRAWS = 100_000
NODE_FIELDS = ("school", "department", "partner", "participant", "team", "years", "craft", *STATES)


class Teacher(mesa.Agent):
    """A teaching post, as a view of one record of the kernel: it holds no state and no rules.

    Every field of :data:`pdsim.kernel.records.TEACHER_FIELDS` is a read-only attribute of the same name and meaning,
    for example ``teacher.insight`` (0-1) or ``teacher.years``. When somebody leaves, the post stays and shows the
    newcomer; ``arrival`` tells the year in which the present holder came.
    """

    def __init__(self, model: StaffroomModel, row: int) -> None:
        super().__init__(model)
        self.row = row

    @property
    def support(self) -> float:
        """Organisational support (0-1) in the teacher's school."""
        return float(self.model.world.schools["support"][self.school])

    def advisers(self) -> list[Teacher]:
        """The colleagues whom this teacher turns to now."""
        world = self.model.world
        return [self.model.teachers[j] for j in world.advisers[self.row, : self.ties]]

    def team_mates(self) -> list[Teacher]:
        """The other members of this teacher's team; empty without a team."""
        world = self.model.world
        if self.team == NOBODY:
            return []
        members = world.team_members[world.team_first[self.team] : world.team_first[self.team + 1]]
        return [self.model.teachers[j] for j in members if j != self.row]


def _field(name: str, meaning: str) -> property:
    """A read-only view of a field of the teacher's record, as a plain Python number."""

    def read(self: Teacher) -> Any:
        return self.model.world.teachers[name][self.row].item()

    return property(read, doc=meaning)


for _name, (_, _meaning) in TEACHER_FIELDS.items():
    setattr(Teacher, _name, _field(_name, _meaning))


class StaffroomModel(mesa.Model):
    """A PD design in its staffroom; one step is one school week.

    Args:
        scenario: a shipped short name, a path of a scenario file, or a :class:`pdsim.scenarios.Scenario`.
        rng: seed, 0..2^32-1, as ``pdsim compare --seed``. Anything else that ``numpy.random.default_rng`` takes (None,
            a generator, ...) gives a seed drawn from it. The seed in use is ``model.key[0]``.
        replicate: which luck under that seed, 0..2^32-1, as the runs of a comparison are numbered.
        theory: the assumptions: a word or path as for ``--theory``, or a loaded :class:`pdsim.theory.Theory`.
        draw: which draw of the assumptions, 0..; "point" and files have one.
        seed: another name for ``rng``, which Mesa 3.5's ``batch_run`` needs: it throws away ``rng`` among the
            parameters of a model that does not know ``seed``.
        settings: scenario keys or assumptions to change, by path: ``**{"staff.expert_share": 0.3}``.

    Attributes:
        design: the scenario, complete, with the settings applied.
        theory: the one draw of the assumptions in use, with those that the scenario fixes.
        key: (seed, replicate).
        world: the kernel's records; change nothing in them.
        teachers: the agents in the order of the records; ``model.agents`` is the same as an ``AgentSet``.
        results: outcomes, (years + 1, populations, outcomes), NaN for years to come; see :meth:`outcomes`.
        weeks_done: school weeks simulated so far.
        running: False when the years of the scenario are over; further steps do nothing.
        datacollector: weekly means over the staff of the programme's schools ("mean_use", "mean_insight", ...), the
            outcomes at the end of the latest year ("outcome_pupil_attainment", ...), and every teacher's states. Its
            first row is the end of the first week: so the last row of ``batch_run`` is the end of the last week in each
            version of Mesa (Mesa 3.3 sets the teachers' states of one week before beside it).

    ``batch_run`` runs through any iterable parameter, a Scenario's fields too: give names, paths or *lists* of
    scenarios. Ask for repeats with ``rng`` or ``replicate``; ``iterations`` would repeat the same numbers.

    Raises:
        InputError: an unknown scenario or theory, or a setting, seed, replicate or draw that is not allowed.

    >>> model = StaffroomModel("solo-course", rng=1)
    >>> model.step()
    >>> model.weeks_done, len(model.agents)
    (1, 40)
    """

    running: bool

    def __init__(
        self,
        scenario: str | Path | Scenario = "no-pd",
        rng: Any = 1,
        replicate: int = 0,
        theory: str | Theory = "point",
        draw: int = 0,
        seed: int | None = None,
        **settings: Any,
    ) -> None:
        number = seed_from(rng if seed is None else seed)
        super().__init__(rng=number)
        self.design = design_of(scenario, settings)
        self.key = (number, whole(replicate, "replicate"))
        self.theory = assumptions.override(theory_of(theory, draw, number), self.design.theory)
        self.weeks_done = 0
        self._start(self.theory.draws[0])
        self.teachers = [Teacher(self, row) for row in range(len(self.world.teachers))]
        self.datacollector = collector()

    def _start(self, believed: np.record) -> None:
        """Build and populate the world, and measure it before the first week."""
        start = population.template(self.design)
        self.world = population.fresh(start.world, believed, self.key)
        self._unit = practice_sd(population.fresh(start.reference, believed, (0, 0)), start.year_quantiles)
        populate(self.world, start.year_quantiles, start.degree_quantiles)
        self._counted = self.world.teachers["in_programme_school"] == 1
        years = self.design.evaluation.years
        self.results = np.full((years + 1, len(POPULATIONS) + 1, len(COLUMNS)), np.nan)
        measure(self.world, 0, self._unit, self.results[0])

    @property
    def scenario(self) -> None:
        """Always None; the design is in ``design``.

        Mesa 3.5 keeps scenarios of its own kind here, and its ``SolaraViz`` would hand one back on reset in place of
        the design.
        """
        return None

    @scenario.setter
    def scenario(self, value: Any) -> None:
        """Leave Mesa's own scenario aside."""

    @property
    def year(self) -> int:
        """Number of school years that are over."""
        return self.weeks_done // WEEKS

    def step(self) -> None:
        """One school week, and the end of the year after its last; the summer comes before a year's first week.

        The same functions in the same order as :func:`pdsim.kernel.run.run`.
        """
        if not self.running:
            return
        if self.weeks_done > 0 and self.weeks_done % WEEKS == 0:
            open_year(self.world, self.year)
        week(self.world, self.weeks_done)
        self.weeks_done += 1
        if self.weeks_done % WEEKS == 0:
            close_year(self.world, self.year)
            measure(self.world, self.year, self._unit, self.results[self.year])
            self.running = self.year < self.design.evaluation.years
        self.datacollector.collect(self)

    def advice_network(self) -> nx.DiGraph:
        """Who turns to whom for advice now.

        Nodes are the teachers' ``unique_id`` with the attributes ``NODE_FIELDS``. An edge runs from the one who asks to
        the adviser, with ``weight`` (how much, 1 unless a file says otherwise) and ``lasting`` (True for a tie that the
        programme made).
        """
        world, graph = self.world, nx.DiGraph()
        for teacher in self.teachers:
            graph.add_node(teacher.unique_id, **{name: getattr(teacher, name) for name in NODE_FIELDS})
        for teacher in self.teachers:
            for place, adviser in enumerate(teacher.advisers()):
                weight = world.tie_weight[teacher.row, place].item()
                lasting = bool(world.tie_lasting[teacher.row, place])
                graph.add_edge(teacher.unique_id, adviser.unique_id, weight=weight, lasting=lasting)
        return graph

    def outcomes(self) -> pd.DataFrame:
        """Outcomes at the start (year 0) and at the end of each year that is over.

        Columns scenario, seed, replicate, year, population, outcome, value; units as in :mod:`pdsim.outcomes`.
        """
        done = self.results[: self.year + 1, : len(POPULATIONS)]
        index = pd.MultiIndex.from_product(
            [[self.design.name], [self.key[0]], [self.key[1]], range(len(done)), POPULATIONS, COLUMNS],
            names=["scenario", "seed", "replicate", "year", "population", "outcome"],
        )
        return pd.DataFrame({"value": done.reshape(-1)}, index=index).reset_index()


def seed_from(rng: Any) -> int:
    """The seed that ``rng`` stands for: itself if it is a whole number, else drawn by NumPy from what it is.

    Raises:
        InputError: a number out of 0..2^32-1, or nothing that NumPy can make a generator from.
    """
    if isinstance(rng, int | np.integer):
        return whole(rng, "rng")
    try:
        return int(np.random.default_rng(rng).integers(2**32))
    except (TypeError, ValueError):
        raise InputError(f"rng: {rng!r} is no seed; allowed is a whole number, 0 to {2**32 - 1}") from None


def whole(value: Any, name: str) -> int:
    """A key of the random numbers as a Python integer.

    Raises:
        InputError: not a whole number in 0..2^32-1.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not 0 <= value < 2**32:
        raise InputError(f"{name}: {value!r} is not allowed; allowed is a whole number, 0 to {2**32 - 1}")
    return int(value)


def design_of(scenario: str | Path | Scenario, settings: dict[str, Any]) -> Scenario:
    """The complete scenario from a name, path or scenario, with settings by key path.

    Raises:
        InputError: any mistake in them.
    """
    if isinstance(scenario, Scenario):
        return scenario.with_(**settings) if settings else scenario
    if isinstance(scenario, str | Path):
        return scenarios.load(scenario, settings)
    raise InputError(f"scenario: {scenario!r} is not allowed; allowed is a name, a path or a Scenario")


def theory_of(theory: str | Theory, draw: int, seed: int) -> Theory:
    """One draw of the assumptions, the one that a comparison under ``seed`` calls ``draw``.

    Raises:
        InputError: unknown theory, or no such draw.
    """
    if whole(draw, "draw") >= MAX_DRAWS:
        raise InputError(f"draw: {draw} is out of range; allowed is 0 to {MAX_DRAWS - 1}")
    loaded = assumptions.load(theory, draw + 1, seed) if isinstance(theory, str) else theory
    if draw >= len(loaded.draws):
        raise InputError(f"draw: {draw} is out of range; this theory has draws 0 to {len(loaded.draws) - 1}")
    return Theory(loaded.label, loaded.draws[draw : draw + 1].view(np.recarray))


def collector() -> mesa.DataCollector:
    """What is collected at the end of each week; see :class:`StaffroomModel`."""
    weekly = {f"mean_{name}": partial(mean_state, name) for name in (*STATES, "support")}
    yearly = {f"outcome_{name}": partial(latest_outcome, column) for column, name in enumerate(COLUMNS)}
    return mesa.DataCollector(
        model_reporters={"week": "weeks_done", "year": "year", **weekly, **yearly},
        agent_reporters={name: name for name in STATES},
    )


def mean_state(name: str, model: StaffroomModel) -> float:
    """Mean of a state over the staff of the programme's schools, who are population "all"."""
    teachers = model.world.teachers[model._counted]
    values = model.world.schools["support"][teachers["school"]] if name == "support" else teachers[name]
    return float(values.mean())


def latest_outcome(column: int, model: StaffroomModel) -> float:
    """An outcome of population "all" at the end of the latest year that is over, or at the start."""
    return float(model.results[model.year, ALL, column])
