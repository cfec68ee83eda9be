"""What an experiment will be, before anything runs: its size, what it takes, and what a reader should know of it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pdsim.errors import InputError
from pdsim.experiment import designs, plan
from pdsim.experiment.definition import Experiment, run_count
from pdsim.experiment.factors import THEORY


@dataclass(frozen=True)
class Outlook:
    """Size of an experiment; ``seconds`` of one processor and ``size`` in bytes are rough."""

    points: int
    runs: int
    chunks: int
    seconds: float
    size: float
    notes: tuple[str, ...]

    @property
    def words(self) -> str:
        """The size in words."""
        return (
            f"{plan.counted(self.points, 'point')}, {plan.counted(self.runs, 'run')} (each with its baseline) in "
            f"{plan.counted(self.chunks, 'chunk')}; about {plan.in_words(self.seconds)} of one processor and "
            f"{plan.size_in_words(self.size)}"
        )


def look_ahead(experiment: Experiment, chunk_seconds: float = plan.CHUNK_SECONDS) -> Outlook:
    """The size of an experiment, with its points looked over.

    Raises:
        InputError: a design that cannot be analysed, as values of its points are not allowed together.
    """
    coded = designs.points(experiment)
    chunks = plan.plan(experiment, coded, chunk_seconds)
    notes = (*notes_on(experiment), *notes_on_points(experiment, coded))
    return Outlook(len(coded), run_count(experiment), chunks.chunks, chunks.seconds, chunks.size, notes)


def notes_on(experiment: Experiment) -> list[str]:
    """What a reader of the results should know of the design."""
    along, notes = designs.axes(experiment), []
    believed = [axis for axis in along if axis.path.startswith(THEORY)]
    if believed:
        notes.append("assumptions that are factors are replaced in every draw of the others; correlations are ignored")
    if any(axis.factor.distribution == "prior" for axis in believed):
        notes.append("assumptions are sampled from independent priors, in which no family of channels is switched off")
    whole = [axis.path for axis in along if axis.whole and axis.choices is None]
    if whole:
        notes.append(
            f"sampled values of {', '.join(whole)} are rounded to whole numbers, each equally likely if uniform"
        )
    if not experiment.design.common_luck:
        notes.append("points have luck of their own; draws of the assumptions are the same at all")
    return notes


def notes_on_points(experiment: Experiment, coded: np.ndarray) -> list[str]:
    """What is wrong with points of the design, among some that are tried.

    Raises:
        InputError: a Sobol' or Morris design, which has no answer when points are missing, or all points are wrong.
    """
    wrong, tried = designs.looked_over(experiment, coded)
    if not wrong:
        return []
    said = f"{len(wrong)} of {tried} points tried have values that are not allowed together (first: {wrong[0]})"
    if experiment.design.method in ("sobol", "morris") or len(wrong) == tried:
        raise InputError(f"{experiment.name}: {said}; narrow the ranges of the factors")
    return [f"{said}; their runs will be rows with this reason"]


def check_disk(needed: float, folder: Path) -> None:
    """Make sure that results can fit on the disk.

    Raises:
        InputError: they cannot.
    """
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise InputError(
            f"--out {folder}: about {needed / 1e9:,.1f} GB of results do not fit on a disk where {free / 1e9:,.1f} GB "
            "are free; keep fewer outcomes, or a coarser resolution"
        )
