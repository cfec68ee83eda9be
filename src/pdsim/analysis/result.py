"""The analysis that an experiment's design calls for, from its folder to tables."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pdsim import __version__
from pdsim.analysis import discovery, families, response, screening, surface, threshold, variance
from pdsim.analysis.cells import Cells, read, unseen
from pdsim.analysis.finding import Finding
from pdsim.analysis.question import DEFAULT_OUTCOME, resolve
from pdsim.comparison import INTERVAL, plain_records
from pdsim.experiment import stored_experiment

SCHEMA_VERSION = 1
# What the method of a design calls for: from cells to a finding. A new kind of analysis is one entry here, one in
# ``analysis_tables.TABLES`` and one in ``analysis_figures.PICTURES``.
METHODS: dict[str, Callable[[Cells], Finding]] = {
    "grid": response.responses,
    "latin-hypercube": surface.surfaces,
    "morris": screening.measures,
    "sobol": variance.indices,
    threshold.RESOLUTION: families.found,  # whatever the design
}


@dataclass(frozen=True)
class Analysis:
    """Result of :func:`analyse`: what was asked of which results, what was found, and the command to find it again."""

    cells: Cells
    finding: Finding
    command: str

    @property
    def tables(self) -> dict[str, Any]:
        """Tidy data frames by name, the most important first."""
        return dict(self.finding.tables)

    def to_dict(self) -> dict[str, Any]:
        """The document that ``pdsim analyse --json`` prints."""
        from pdsim.analysis_tables import question as asked
        from pdsim.analysis_tables import sentences

        cells, experiment = self.cells, self.cells.experiment
        question, status = cells.question, cells.status
        return {
            "schema_version": SCHEMA_VERSION,
            "version": __version__,
            "kind": self.finding.kind,
            "experiment": experiment.name,
            "folder": str(cells.folder),
            "command": self.command,
            "model": cells.version,
            "method": experiment.design.method,
            "baseline": experiment.baseline.name,
            "outcome": question.outcome,
            "unit": question.measured.unit,
            "population": question.population,
            "contrasts": [str(contrast) for contrast in question.contrasts],
            "points": len(cells.coded),
            "replicates": experiment.replicates,
            "draws": cells.draws,
            "seed": experiment.seed,
            "runs": status.runs,
            "runs_done": status.runs_done,
            "failed": status.failed,
            "interval": INTERVAL,
            "interval_is": self.finding.interval,
            "question": asked(self),
            "sentences": sentences(self),
            "notes": list(self.finding.notes),
            "tables": {name: plain_records(table) for name, table in self.finding.tables.items()},
        }

    def to_json(self) -> str:
        """:meth:`to_dict` as text."""
        return json.dumps(self.to_dict(), indent=1, allow_nan=False)

    def plot(self) -> Any:
        """A Matplotlib figure that can be read on its own."""
        from pdsim.analysis_figures import picture_of

        return picture_of(self).figure


def analyse(
    folder: str | Path,
    outcome: str = DEFAULT_OUTCOME,
    population: str = "all",
    scenario: str = "",
    minus: str = "",
    partial: bool = False,
    at_least: float | None = None,
    progress: Callable[[float], None] = unseen,
) -> Analysis:
    """Analyse the results of an experiment as its design calls for, or discover where an effect reaches a size.

    Args:
        folder: results of ``pdsim sweep``.
        outcome: one that the experiment kept.
        population: "all", "participants" or "colleagues", as far as the experiment kept it.
        scenario: only the effect of this one; without it, all, and differences of up to three scenarios.
        minus: with ``scenario``: its lead over this one, in the same worlds and with the same luck.
        partial: take what is there where the experiment is not complete.
        at_least: ask instead under which conditions the effect is at least so large, in the outcome's unit; needs
            ``pip install 'pdsim[discovery]'``.
        progress: called with percents of the analysis as they are done.

    Raises:
        InputError: no results, not complete, or something that the experiment does not have.
    """
    question = resolve(stored_experiment(folder), outcome, population, scenario, minus)
    cells = read(Path(folder), question, partial, progress)
    options = {"outcome": outcome, "population": population, "scenario": scenario, "minus": minus, "at-least": at_least}
    command = command_of(folder, options, partial)
    if at_least is not None:
        return Analysis(cells, discovery.discovered(cells, at_least), command)
    design, output = cells.experiment.design, cells.experiment.output
    method = output.resolution if output.resolution in METHODS else design.method
    return Analysis(cells, METHODS[method](cells), command)


def command_of(folder: str | Path, options: Mapping[str, object], partial: bool) -> str:
    """The command of an analysis, with the options that are not the usual ones.

    >>> command_of("my results", {"outcome": "use", "population": "all", "at-least": None}, False)
    "pdsim analyse 'my results' --outcome use"
    """
    usual = ("", None, "all", DEFAULT_OUTCOME)
    given = [word for name, value in options.items() if value not in usual for word in (f"--{name}", str(value))]
    return shlex.join(["pdsim", "analyse", str(folder), *given, *["--partial"] * partial])
