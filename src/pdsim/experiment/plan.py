"""The plan of an experiment: which runs make up a chunk, and about how much time and disk they take.

The plan depends on nothing but the experiment and its points, so that every process, on whatever machine, cuts the same
chunks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pdsim.experiment import designs
from pdsim.experiment.definition import Experiment
from pdsim.experiment.levels import FAMILY_SETS
from pdsim.kernel.records import WEEKS
from pdsim.outcomes import OUTCOMES
from pdsim.scenarios import Scenario
from pdsim.simulate import draws_for

CHUNK_SECONDS = 2.5  # of work aimed at in a chunk; between 0.6 and 1.6 times that comes out
# Seconds on a processor of 2024, measured over schools of 10 to 2000 teachers and 1 to 4 years; a chunk's length is all
# that hangs on them. Each run is made twice, with the programme and without.
POINT_SECONDS = 1.3e-3  # to build a scenario and the arrays that its runs start from
DRAW_SECONDS = 0.4e-3  # for the unit of practice of a draw of the assumptions
START_SECONDS = 2.0e-6  # a teacher's part of starting a run
YEAR_SECONDS = 2.8e-6  # a teacher's year
CROWDED = 1500.0  # teachers of a school at which a run takes twice its time, as ties are looked for among all of them
WEEK_SECONDS = 30e-6  # a week that is recorded
FAMILY_RUNS = 7.0  # runs for all sets of families, on average over draws in which some families do nothing
ROW_BYTES = 17.0
RUN_BYTES = 30.0


@dataclass(frozen=True)
class Plan:
    """Pieces of work in order, and the chunks that they make up.

    A piece is the replicates ``first[i]`` to ``last[i]`` - 1 of the cell ``cell[i]`` (scenario x points + point); chunk
    k is the pieces ``start[k]`` to ``start[k + 1]`` - 1. ``seconds`` of one processor and ``size`` in bytes are rough.
    """

    cell: np.ndarray
    first: np.ndarray
    last: np.ndarray
    start: np.ndarray
    seconds: float
    size: float

    @property
    def chunks(self) -> int:
        """Number of chunks."""
        return len(self.start) - 1

    def runs(self, chunk: int) -> int:
        """Number of runs in a chunk."""
        pieces = slice(self.start[chunk], self.start[chunk + 1])
        return int((self.last[pieces] - self.first[pieces]).sum())


def plan(experiment: Experiment, coded: np.ndarray, chunk_seconds: float = CHUNK_SECONDS) -> Plan:
    """The plan of an experiment with the coded ``points`` of its design.

    Cells that take longer than a chunk are cut into pieces of equal length; then pieces are put together in order until
    they fill a chunk.
    """
    seconds = cell_seconds(experiment, coded)
    cuts = np.minimum(np.ceil(seconds / chunk_seconds), experiment.replicates).astype(np.int64)
    cell = np.repeat(np.arange(len(seconds)), cuts)
    place = np.arange(len(cell)) - np.repeat(np.cumsum(cuts) - cuts, cuts)
    parts = cuts[cell]
    first, last = place * experiment.replicates // parts, (place + 1) * experiment.replicates // parts
    start = chunk_starts(seconds[cell] / parts, 0.6 * chunk_seconds)
    return Plan(cell, first, last, start, float(seconds.sum()), estimated_bytes(experiment, coded))


def chunk_starts(seconds: np.ndarray, enough: float) -> np.ndarray:
    """Where chunks start when pieces of these lengths are joined until they are ``enough``; the end stands last."""
    starts, filled = [0], 0.0
    for piece, length in enumerate(seconds.tolist()):
        filled += length
        if filled >= enough:
            starts.append(piece + 1)
            filled = 0.0
    if starts[-1] < len(seconds):
        starts.append(len(seconds))
    return np.array(starts)


def values_over(scenario: Scenario, experiment: Experiment, coded: np.ndarray, path: str) -> np.ndarray:
    """The value of a numeric scenario key at every point of the design."""
    for column, axis in enumerate(designs.axes(experiment)):
        if axis.path == path:
            return axis.shown(coded[:, column]).to_numpy(float)
    section, key = path.split(".")
    return np.full(len(coded), float(getattr(getattr(scenario, section), key)))


def sizes(scenario: Scenario, experiment: Experiment, coded: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Teachers in all, teachers of a school, and years, at every point of the design."""
    keys = ("staff.schools", "staff.teachers_per_school", "partners.schools", "partners.teachers_per_school")
    schools, staff, partners, of_partner = (values_over(scenario, experiment, coded, key) for key in keys)
    if scenario.staffroom is not None:
        schools, staff = np.ones(len(coded)), np.full(len(coded), float(len(scenario.staffroom.ids)))
    return schools * staff + partners * of_partner, staff, values_over(scenario, experiment, coded, "evaluation.years")


def cell_seconds(experiment: Experiment, coded: np.ndarray) -> np.ndarray:
    """About how long all replicates of each cell take on one processor: scenarios x points, scenario by scenario."""
    runs = experiment.replicates
    lives = 0.5 * (1.0 + FAMILY_RUNS) if experiment.output.resolution == "families" else 1.0
    weekly = WEEK_SECONDS * WEEKS if experiment.output.resolution == "week" else 0.0
    found = []
    for scenario in experiment.scenarios:
        teachers, of_school, years = sizes(scenario, experiment, coded)
        run = teachers * (START_SECONDS + YEAR_SECONDS * years * lives) * (1 + of_school / CROWDED) + weekly * years
        found.append(2 * (POINT_SECONDS + DRAW_SECONDS * draws_for(runs) + runs * run))
    return np.concatenate(found)


def estimated_bytes(experiment: Experiment, coded: np.ndarray) -> float:
    """About how much disk the results take."""
    output, total = experiment.output, 0.0
    for scenario in experiment.scenarios:
        teachers, _, years = sizes(scenario, experiment, coded)
        times = {
            "run": 0 * years + 1, "year": years + 1, "week": years * WEEKS, "teacher": teachers,
            "families": 0 * years + len(FAMILY_SETS),
        }[output.resolution]  # fmt: skip
        groups = 1 if output.resolution == "teacher" else len(output.populations)
        total += float((RUN_BYTES + ROW_BYTES * times * groups * min(len(output.outcomes), len(OUTCOMES))).sum())
    return total * experiment.replicates


def in_words(seconds: float) -> str:
    """A length of time, roughly.

    >>> in_words(40.0), in_words(400.0), in_words(40_000.0), in_words(4e6)
    ('40 seconds', '7 minutes', '11 hours', '46 days')
    """
    for unit, length, most in (("second", 1, 90), ("minute", 60, 90 * 60), ("hour", 3600, 48 * 3600)):
        if seconds < most:
            return counted(max(round(seconds / length), 1), unit)
    return counted(round(seconds / 86400), "day")


def size_in_words(size: float) -> str:
    """Bytes, roughly.

    >>> size_in_words(16_400.0), size_in_words(2.31e6), size_in_words(1.2e10)
    ('16 kB', '2.3 MB', '12.0 GB')
    """
    if size < 1e6:
        return f"{size / 1e3:.0f} kB"
    return f"{size / 1e6:.1f} MB" if size < 1e9 else f"{size / 1e9:.1f} GB"


def counted(number: int, thing: str) -> str:
    """A number of things.

    >>> counted(1, "chunk"), counted(2000, "chunk")
    ('1 chunk', '2,000 chunks')
    """
    return f"{number:,} {thing}" + "s" * (number != 1)
