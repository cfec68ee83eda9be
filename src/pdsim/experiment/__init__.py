"""Experiments: designs over scenario keys and assumptions, run in chunks that survive anything, kept in a folder.

The way of the data: ``definition`` (file to :class:`Experiment`), ``factors`` and ``designs`` (to points), ``plan`` (to
chunks), ``work`` (a chunk to rows), ``store`` (the folder), ``runner`` and ``crews`` (from chunk to chunk), ``frames``
(data frames).
"""

from pdsim.experiment.definition import Experiment, load
from pdsim.experiment.designs import problem, unit_points
from pdsim.experiment.frames import design_points, results, stored_experiment
from pdsim.experiment.outlook import Outlook, look_ahead
from pdsim.experiment.runner import Sweep, sweep

__all__ = [
    "Experiment",
    "Outlook",
    "Sweep",
    "design_points",
    "load",
    "look_ahead",
    "problem",
    "results",
    "stored_experiment",
    "sweep",
    "unit_points",
]
