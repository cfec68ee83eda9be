"""One chunk of an experiment, from a task to the bytes of a Parquet part: what a worker does, wherever it is."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import numpy as np

import pdsim
from pdsim import theory
from pdsim.cache import compiled_sources, hash_of
from pdsim.errors import InputError, one_line
from pdsim.experiment import designs
from pdsim.experiment.definition import Experiment
from pdsim.experiment.levels import Levels, levels
from pdsim.experiment.rows import NONE, Label, Rows, encoded, failed_rows, joined, outcome_rows
from pdsim.scenarios import TEXTS, Programme, Scenario
from pdsim.simulate import Luck, draws_for, luck

NOT_CONTENT = {"name", *TEXTS}  # in which scenarios that are the same may differ
NUMBERS = (
    "assumptions", "theory", "scenarios", "staffroom", "population", "simulate", "experiment/designs",
    "experiment/factors", "experiment/levels", "experiment/plan", "experiment/rows", "experiment/work",
    "explanation/coalitions", "explanation/decomposition", "explanation/games",
)  # fmt: skip


@cache
def model_version() -> str:
    """Version of all that makes numbers: pdsim's, and a hash of kernel, assumptions, shipped draws of them, designs."""
    package = Path(pdsim.__file__).parent
    draws = package / "posterior" / "posterior.parquet"
    sources = [*compiled_sources(), draws, *(package / f"{name}.py" for name in NUMBERS)]
    return f"{pdsim.__version__}+{hash_of(sources)}"


@dataclass(frozen=True)
class Task:
    """A chunk as it is sent to a worker.

    ``key`` says to which folder of results the chunk belongs. ``experiment`` is JSON; ``cell``, ``first`` and ``last``
    are pieces as in :class:`pdsim.experiment.plan.Plan`, of a design of ``points`` points; ``codes`` (pieces x factors)
    are the coded values of each piece's point.
    """

    key: str
    experiment: str
    chunk: int
    points: int
    cell: np.ndarray
    first: np.ndarray
    last: np.ndarray
    codes: np.ndarray


@dataclass(frozen=True)
class Done:
    """A chunk's rows as a Parquet file, what it is, and the version of the model that made it."""

    label: Label
    content: bytes
    version: str


@dataclass(frozen=True)
class Job:
    """An experiment made ready to run: its factors, and the draws of its assumptions."""

    text: str
    experiment: Experiment
    along: tuple[designs.Axis, ...]
    believed: theory.Theory
    draw: np.ndarray

    def theories(self, scenario: Scenario) -> np.recarray:
        """The draws of the assumptions, with those that a scenario fixes."""
        return theory.override(self.believed, scenario.theory, noted=False).draws


@lru_cache(maxsize=2)
def prepared(text: str) -> Job:
    """The job behind an experiment's JSON, kept for the next chunk."""
    experiment = Experiment.model_validate_json(text)
    runs, seed = experiment.replicates, experiment.seed
    believed = theory.load(experiment.theory, draws_for(runs), seed, experiment.assumptions)
    return Job(text, experiment, designs.axes(experiment), believed, luck(runs, len(believed.draws), seed).draw)


def do(task: Task) -> Done:
    """Run a chunk."""
    job = prepared(task.experiment)
    parts = []
    for piece, cell in enumerate(task.cell):
        which, point = divmod(int(cell), task.points)
        replicate = np.arange(task.first[piece], task.last[piece])
        rows = run_piece(job, which, point, task.codes[piece], replicate)
        rows.columns["scenario"][:], rows.columns["point"][:] = which, point
        parts.append(rows)
    rows = joined(parts)
    failed = int((rows.columns["error"] != NONE).sum())
    label = Label(task.key, task.chunk, task.chunk, len(rows.runs), failed, rows.errors[0] if failed else "")
    return Done(label, encoded(rows.table(job.experiment), label), model_version())


def run_piece(job: Job, which: int, point: int, codes: np.ndarray, replicate: np.ndarray) -> Rows:
    """Rows of some replicates of a scenario at a point.

    Values that are not allowed together, and whatever goes wrong in a run, give one row for each run, with the reason.
    """
    experiment = job.experiment
    shift = 0 if experiment.design.common_luck else point * experiment.replicates
    runs = Luck(experiment.seed, job.draw[replicate], replicate + shift)
    scenario = experiment.scenarios[which]
    try:
        design = designs.scenario_at(scenario, job.along, codes)
    except InputError as error:
        ids = run_ids(job, f"{scenario.model_dump_json(exclude=NOT_CONTENT)} {codes.tolist()}", scenario, runs)
        rows = failed_rows(ids, [str(error)] * len(ids))
    else:
        rows = run_pair(job, design, runs)
    rows.columns["replicate"] = replicate[rows.columns["run"]]
    rows.columns["draw"] = runs.draw[rows.columns["run"]]
    return rows


def run_pair(job: Job, design: Scenario, runs: Luck) -> Rows:
    """Rows of a design's runs, each beside the same run of the baseline in the design's world."""
    experiment = job.experiment
    without = experiment.baseline.in_the_world_of(design)
    world = without.model_dump_json(exclude=NOT_CONTENT)
    programme = design.programme
    reported = (programme.who, programme.share_taking_part, programme.count_per_school)
    ids = run_ids(job, f"{design.model_dump_json(exclude=NOT_CONTENT)} {world}", design, runs)
    try:
        with_pd = levels(experiment.output.resolution, design, job.theories(design), runs)
        without_pd = baseline_levels(job.text, world, reported, runs.draw.tobytes(), runs.replicate.tobytes())
        return outcome_rows(experiment, with_pd, without_pd, ids)
    except Exception as error:
        if len(ids) == 1:
            return failed_rows(ids, [one_line(f"{type(error).__name__}: {error}")])
        singly = zip(runs.draw[:, None], runs.replicate[:, None], strict=True)
        return joined([run_pair(job, design, Luck(runs.seed, draw, replicate)) for draw, replicate in singly])


@lru_cache(maxsize=4)
def baseline_levels(text: str, world: str, reported: tuple[str, float, int], draw: bytes, replicate: bytes) -> Levels:
    """Levels of the baseline in a world, for a design with these participants.

    They are kept for the next points: where factors change the programme alone, the world without it is the same at
    all of them, and half of the runs need not be made again.

    Args:
        text: JSON of the experiment.
        world: JSON of the baseline in the design's world.
        reported: who, share_taking_part and count_per_school of the design.
        draw: integers, the draw of each run.
        replicate: integers, the luck of each run.
    """
    job = prepared(text)
    scenario = Scenario.model_validate_json(world)
    who, share, count = reported
    programme = Programme(who=who, share_taking_part=share, count_per_school=count)  # type: ignore[arg-type]
    # copies, because numba would compile the kernel anew for arrays that cannot be written to
    runs = Luck(job.experiment.seed, np.frombuffer(draw, np.int64).copy(), np.frombuffer(replicate, np.int64).copy())
    resolution = job.experiment.output.resolution
    return levels(resolution, scenario, job.theories(scenario), runs, Scenario(programme=programme))


def run_ids(job: Job, content: str, scenario: Scenario, runs: Luck) -> list[str]:
    """Ids of runs, made from what decides their numbers: model, design, baseline, assumptions, seed, luck."""
    start = hashlib.sha256(f"{model_version()} {content} {runs.seed}".encode())
    theories = job.theories(scenario)
    found = []
    for draw, replicate in zip(runs.draw.tolist(), runs.replicate.tolist(), strict=True):
        digest = start.copy()
        digest.update(theories[draw].tobytes() + replicate.to_bytes(8, "big"))
        found.append(digest.hexdigest()[:16])
    return found
