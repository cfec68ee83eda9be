"""A model recorded week by week in whole numbers, small enough to keep and to send."""

from __future__ import annotations

import numpy as np

from pdsim.kernel.session import session_today
from pdsim.mesa_model import StaffroomModel

# How many steps of the record make one unit. States 0-1 are kept to a ten-thousandth, craft to 0.0002 SD.
SCALES = {"insight": 10_000, "technique": 10_000, "habit": 10_000, "use": 10_000, "craft": 5_000, "years": 10}
COUNTS = ("attended", "offered", "arrival")
MOST = np.iinfo(np.int16).max

Frame = dict[str, np.ndarray]


def frame_of(model: StaffroomModel, before: Frame) -> Frame:
    """What a model shows now: by name an array over its teachers, and ``ties``.

    All are int16: states times their scale, counts as they are, ``ties`` (E x 3) as asker, adviser and 1 for a tie that
    the programme made. An array that did not change since the frame ``before`` is that frame's own.
    """
    teachers = model.world.teachers
    found = {name: whole(teachers[name] * scale) for name, scale in SCALES.items()}
    found |= {name: whole(teachers[name]) for name in COUNTS}
    found["ties"] = ties_of(model)
    return {
        name: before[name] if name in before and np.array_equal(before[name], array) else array
        for name, array in found.items()
    }


def whole(values: np.ndarray) -> np.ndarray:
    """Values rounded to int16; what lies beyond its range stands at its end."""
    return np.clip(np.rint(values), -MOST, MOST).astype(np.int16)


def ties_of(model: StaffroomModel) -> np.ndarray:
    """Who turns to whom now: (E x 3) asker, adviser, 1 for a lasting tie of the programme, by asker."""
    world = model.world
    stands = np.arange(world.advisers.shape[1]) < world.teachers["ties"][:, None]
    askers = np.nonzero(stands)[0]
    return whole(np.column_stack([askers, world.advisers[stands], world.tie_lasting[stands] != 0]))


def values_of(frame: Frame, name: str) -> np.ndarray:
    """A state of all teachers in its own unit."""
    return frame[name] / SCALES[name]


def advice_given(frame: Frame) -> np.ndarray:
    """How many colleagues turn to each teacher."""
    return np.bincount(frame["ties"][:, 1], minlength=len(frame["use"]))


class Film:
    """A model and all its weeks so far.

    Attributes:
        model: the model; it stands at the last recorded week.
        frames: what it showed before its first week (0) and after each week.
    """

    def __init__(self, model: StaffroomModel) -> None:
        model.datacollector = type(model.datacollector)()  # collects nothing: the film keeps what is shown
        self.model = model
        self.frames = [frame_of(model, {})]

    def run_to(self, week: int) -> None:
        """Step the model until ``week`` is recorded, or its years are over."""
        while len(self.frames) <= week and self.model.running:
            self.model.step()
            self.frames.append(frame_of(self.model, self.frames[-1]))

    def session_weeks(self, weeks: int) -> list[int]:
        """The weeks (1, 2, ...) of ``weeks`` that have a session."""
        return [week for week in range(1, weeks + 1) if session_today(self.model.world.design, week - 1)]
