"""Pages for the questions of the lab, of choosing and of the threshold: their sentences, pictures and tables.

One template for all: HTML without scripts that asks nothing of any network. All text from files is escaped.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from rich.table import Table

from pdsim import (
    __version__,
    choice_figures,
    choice_tables,
    lab_figures,
    lab_tables,
    library,
    threshold_figures,
    threshold_tables,
)
from pdsim.analysis.threshold import INTERVAL_WORDS, Threshold
from pdsim.assumptions import PARAMETERS
from pdsim.choice.result import Choice, finite
from pdsim.experiment.factors import THEORY
from pdsim.explanation.verdict import LIMITS
from pdsim.figures import Picture
from pdsim.lab import wording
from pdsim.lab.presets import PRESETS, Preset
from pdsim.lab.result import Evidence
from pdsim.pages import inline, kept_together, paragraphs, setting_options, templates, theory_argument
from pdsim.scenarios import keys
from pdsim.simulate import science_hash

CHANNELS = (
    "What collaboration adds",
    "assumption",
    "No study has measured how strong its channels are; of each, the prior holds that it may be absent, useful or "
    "harmful.",
)
PROGRAMMES = (
    "What programmes and their mechanisms do on average",
    "evidence",
    "The assumptions are fitted to averages and orders that published reviews of trials report.",
)
UNCODED = (
    "How common features are, how they come bundled, and what nobody codes",
    "assumption",
    "No review reports it. The file of the experiment says what was taken, and the tables vary it.",
)


@dataclass(frozen=True)
class Answer:
    """What a page says.

    Attributes:
        headline: the answer in a sentence.
        sentences: what else was found.
        pictures: at least one.
        tables: as in the terminal.
        basis: what the answer rests on: name, "evidence" or "assumption", and why.
        commands: that make the page again.
        exact: whether they need no file but pdsim's own.
        theory: label of the assumptions.
        notes: what a reader has to know.
        told: what else the template of the page says.
    """

    headline: str
    sentences: Sequence[str]
    pictures: Sequence[Picture]
    tables: Sequence[Table]
    basis: Sequence[tuple[str, str, str]]
    commands: Sequence[str]
    exact: bool
    theory: str
    notes: Sequence[str]
    told: Mapping[str, Any] = field(default_factory=dict)


def page_of(answer: Answer, template: str) -> str:
    """An answer as a self-contained page."""
    return (
        templates()
        .get_template(template)
        .render(
            version=__version__,
            science=science_hash(),
            headline=answer.headline,
            answer=answer,
            pictures=[(inline(picture), full_stop(picture.title)) for picture in answer.pictures],
            tables=[table_part(table) for table in answer.tables],
            **answer.told,
        )
    )


def full_stop(text: str) -> str:
    """A sentence with its full stop.

    >>> full_stop("One"), full_stop("Two.")
    ('One.', 'Two.')
    """
    return text if text.endswith((".", "?")) else f"{text}."


def table_part(table: Table) -> dict[str, Any]:
    """A table of the terminal as a page has it; a row that leaves its name out has that of the row above."""
    rows = [list(map(str, row)) for row in zip(*(column.cells for column in table.columns), strict=True)]
    for above, row in pairwise(rows):
        row[0] = row[0] or above[0]
    columns = [{"heading": str(c.header) or "What", "number": c.justify == "right"} for c in table.columns]
    return {"caption": str(table.title), "columns": columns, "rows": [list(map(kept_together, row)) for row in rows]}


def tagged(name: str, source: str) -> tuple[str, str, str]:
    """What something rests on: an assumption where its source says so, else evidence."""
    return name, "assumption" if "assumption" in source else "evidence", full_stop(source.removeprefix("assumption: "))


# The lab


def lab_page(evidence: Evidence) -> str:
    """The page of an experiment of the lab."""
    lab, drawn = evidence.lab, lab_figures.pictures(evidence)
    shipped = lab.name in library.shipped("experiments")
    name = lab.name if shipped else f"{lab.name}.toml"
    again = ["pdsim", "report", "lab", name, "--literatures", str(lab.literatures), "--out", "lab.html"]
    presets = [PRESETS[setting.preset] for setting in lab.settings if setting.preset]
    answer = Answer(
        headline=full_stop(drawn[0].title),
        sentences=wording.sentences(evidence),
        pictures=drawn,
        tables=lab_tables.tables_of(evidence),
        basis=[*(part for preset in presets for part in preset_basis(preset)), UNCODED, CHANNELS],
        commands=[shlex.join(again)],
        exact=shipped,
        theory=evidence.theory,
        notes=lab_tables.notes(evidence),
        told={"lab": lab},
    )
    return page_of(answer, "lab.html")


def preset_basis(preset: Preset) -> list[tuple[str, str, str]]:
    """Where a known literature comes from, and what was chosen where it is silent."""
    return [
        (preset.source, "evidence", full_stop(preset.title)),
        (f"What was chosen in {preset.source}", "assumption", preset.choices),
    ]


# Choosing


def choice_page(result: Choice, costs: Path | None = None) -> str:
    """The page of a choice; ``costs`` is the file of prices that it was asked for with."""
    headline, *others = choice_tables.sentences(result)
    answer = Answer(
        headline=headline,
        sentences=others,
        pictures=[choice_figures.picture_of(result)],
        tables=choice_tables.tables_of(result),
        basis=[PROGRAMMES, CHANNELS, *price_basis(result)],
        commands=[choice_command(result, costs)],
        exact=costs is None and result.request.assumptions is None,
        theory=result.theory,
        notes=choice_tables.notes(result),
        told={"choice": result, "aim": choice_tables.aim(result.request.measure)},
    )
    return page_of(answer, "choice.html")


def price_basis(result: Choice) -> list[tuple[str, str, str]]:
    """Where the prices of the leading designs come from."""
    found = []
    for row in choice_tables.cost_rows(result).drop_duplicates(["price", "rate", "source"]).itertuples():
        key = keys()[f"costs.{row.price}"]
        found.append(tagged(f"{key.label}: {key.unit.replace('GBP', f'£{row.rate:g}')}", str(row.source)))
    return found


def choice_command(result: Choice, costs: Path | None) -> str:
    """The command that makes a choice's page again; files without their folders."""
    request, words = result.request, ["pdsim", "report", "choose"]
    hours = finite(request.limit.hours)
    words += [] if request.budget is None else ["--budget", f"{request.budget:g}"]
    words += [] if hours is None else ["--hours", f"{hours:g}"]
    words += ["--staff", str(request.staff)] if request.for_all else []
    words += ["--years", str(request.world.evaluation.years), "--seed", str(request.seed)]
    words += ["--theory", theory_argument(request.theory), "--outcome", request.outcome]
    words += setting_options(request.settings)
    words += [] if costs is None else ["--costs", costs.name]
    return shlex.join([*words, "--out", "choose.html"])


# The threshold


def threshold_page(result: Threshold, folder: Path) -> str:
    """The page of a threshold, from the results in a folder."""
    experiment, where = result.experiment, folder.resolve().name
    headline, *others = result.sentences
    shipped = experiment.name in library.shipped("experiments")
    name = experiment.name if shipped else f"{experiment.name}.toml"
    answer = Answer(
        headline=headline,
        sentences=[sentence for sentence in others if sentence != LIMITS],  # the page says it at its head
        pictures=[threshold_figures.picture_of(result)],
        tables=threshold_tables.tables_of(result),
        basis=[*factor_basis(result), CHANNELS],
        commands=[
            shlex.join(["pdsim", "sweep", name, "--out", where]),
            shlex.join(["pdsim", "report", "threshold", where, "--out", "threshold.html"]),
        ],
        exact=shipped,
        theory=theory_argument(experiment.theory),
        notes=[
            f"{experiment.replicates} staffs over {result.draws} draws of the assumptions at each point, seed "
            f"{experiment.seed}; each with every set of families of channels.",
            *result.notes,
        ],
        told={
            "experiment": experiment,
            "asked": paragraphs(experiment.question),
            "before": paragraphs(experiment.prediction),
            "intervals": full_stop(INTERVAL_WORDS),
        },
    )
    return page_of(answer, "threshold.html")


def factor_basis(result: Threshold) -> list[tuple[str, str, str]]:
    """What the designs and the factors rest on."""
    designs = [tagged(s.name, s.source.strip() or "assumption") for s in result.experiment.scenarios]
    names = [axis.path.removeprefix(THEORY) for axis in result.axes if axis.path.startswith(THEORY)]
    return [*designs, *(tagged(f"{PARAMETERS[name].meaning} ({name})", PARAMETERS[name].source) for name in names)]
