"""The results of an experiment as arrays: the effect of every contrast at every point in every run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from pdsim.analysis.question import Contrast, Question
from pdsim.errors import InputError
from pdsim.experiment import Experiment, designs, results
from pdsim.experiment.levels import FAMILY_SETS
from pdsim.experiment.store import Status, Store, read_store

RUN = ["scenario", "point", "replicate"]


def unseen(percent: float) -> None:
    """Tell nobody of progress."""


@dataclass(frozen=True)
class Cells:
    """What a question finds in a folder.

    ``effects`` holds for each contrast (points, replicates) effects in the outcome's unit, NaN where a run failed or is
    not there; ``draw`` the draw of the assumptions of each replicate; ``coded`` (points, factors) the design.
    ``version`` is that of the model which made the runs; ``progress`` is called with percents of the analysis as they
    are done.
    """

    folder: Path
    experiment: Experiment
    question: Question
    status: Status
    coded: np.ndarray
    effects: Mapping[Contrast, np.ndarray]
    draw: np.ndarray
    version: str
    progress: Callable[[float], None] = unseen

    def advance(self, share: float) -> None:
        """Note that a share of what is to be done for one contrast is done."""
        self.progress(100 * share / len(self.question.contrasts))

    @property
    def axes(self) -> tuple[designs.Axis, ...]:
        """The factors, with what the register knows about them."""
        return designs.axes(self.experiment)

    @property
    def draws(self) -> int:
        """Number of draws of the assumptions."""
        return len(np.unique(self.draw))

    def generator(self) -> np.random.Generator:
        """Random numbers for resampling, the same at every analysis of the same experiment."""
        return np.random.default_rng(self.experiment.seed)


def read(folder: Path, question: Question, partial: bool = False, progress: Callable[[float], None] = unseen) -> Cells:
    """The results that a question asks for.

    Args:
        folder: results of an experiment.
        question: see :func:`pdsim.analysis.question.resolve`.
        partial: take what is there where the experiment is not complete.
        progress: for what is made of the cells.

    Raises:
        InputError: an incomplete experiment without ``partial``, or nothing there that answers the question.
    """
    store = read_store(folder)
    status = store.status()
    if not status.complete and not partial:
        raise InputError(
            f"{folder}: only {status.chunks_done:,} of {status.chunks:,} chunks are there ({status.runs_done:,} of "
            f"{status.runs:,} runs); finish it with pdsim sweep, or take what is there with --partial"
        )
    frame = last_level(store, question)
    values, draw = by_run(store, frame)
    names = [scenario.name for scenario in store.experiment.scenarios]
    effects = {}
    for contrast in question.contrasts:
        effect = values[names.index(contrast.scenario)]
        effects[contrast] = effect - values[names.index(contrast.minus)] if contrast.minus else effect
        if not np.isfinite(effects[contrast]).any():
            raise InputError(f"{folder}: no run has {question.outcome} of {question.population} for {contrast}")
    return Cells(folder, store.experiment, question, status, store.coded, effects, draw, store.manifest.model, progress)


def last_level(store: Store, question: Question) -> pd.DataFrame:
    """Rows of the outcome and population asked for, at the last time that was kept of each run.

    Every teacher counts as one of "all", and runs of teachers are averaged over them; of sets of families of channels
    the one with all of them counts.
    """
    teachers = store.experiment.output.resolution == "teacher"
    everybody = teachers and question.population == "all"
    frame = results(store.folder, [question.outcome], None if everybody else [question.population])
    for time in ("year", "week"):
        if time in frame:
            last = frame.groupby(RUN[:2], observed=True)[time].transform("max")
            frame = frame[frame[time] == last]
    if "families" in frame:
        frame = frame[frame["families"] == FAMILY_SETS[-1]]
    if teachers:
        frame = frame.groupby([*RUN, "draw"], observed=True, as_index=False)["effect"].mean()
    return frame


def by_run(store: Store, frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Effects (scenarios, points, replicates), NaN where there is none, and the draw of each replicate."""
    experiment = store.experiment
    effects = np.full((len(experiment.scenarios), len(store.coded), experiment.replicates), np.nan)
    point, replicate = (frame[name].to_numpy(np.int64) for name in ("point", "replicate"))
    effects[frame["scenario"].cat.codes.to_numpy(), point, replicate] = frame["effect"].to_numpy(float)
    draw = np.zeros(experiment.replicates, np.int64)
    draw[replicate] = frame["draw"].to_numpy(np.int64)
    return effects, draw
