"""Rows of results: their columns, from levels of runs to a Parquet part."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pdsim.experiment.definition import Experiment
from pdsim.experiment.levels import FAMILY_SETS, Levels
from pdsim.kernel.measure import COLLEAGUES, PARTICIPANTS
from pdsim.outcomes import OUTCOMES, POPULATIONS

WORD = pa.dictionary(pa.int32(), pa.string())
COLUMNS: dict[str, pa.DataType] = {
    "scenario": WORD,
    "point": pa.int32(),
    "replicate": pa.int32(),
    "draw": pa.int32(),
    "run": WORD,
    "year": pa.int16(),
    "week": pa.int16(),
    "teacher": pa.int64(),
    "families": WORD,
    "population": WORD,
    "outcome": WORD,
    "value": pa.float64(),
    "effect": pa.float64(),
    "error": WORD,
}
ONLY_AT = {name: name for name in ("week", "teacher", "families")}  # columns that one resolution alone has
LABEL = "pdsim"
NONE = -1  # a code or a number that a row does not have
# Checksums of the pages find what a disk or a network spoiled; numbers of runs hardly repeat, so words alone have
# dictionaries.
FORMAT: dict[str, Any] = {
    "compression": "zstd",
    "write_page_checksum": True,
    "use_dictionary": [name for name, kind in COLUMNS.items() if kind == WORD],
}


def columns_at(resolution: str) -> list[str]:
    """The columns of results at a resolution."""
    return [name for name in COLUMNS if ONLY_AT.get(name, resolution) == resolution]


@dataclass(frozen=True)
class Rows:
    """Rows of some runs: coded columns of equal length, and the names behind the codes of "run" and "error"."""

    columns: dict[str, np.ndarray]
    runs: list[str]
    errors: list[str]

    def table(self, experiment: Experiment) -> pa.Table:
        """The rows as they are stored."""
        words = {
            "scenario": [scenario.name for scenario in experiment.scenarios],
            "run": self.runs,
            "families": list(FAMILY_SETS),
            "population": list(POPULATIONS),
            "outcome": list(OUTCOMES),
            "error": self.errors,
        }
        names = columns_at(experiment.output.resolution)
        return pa.table({name: stored(self.columns[name], COLUMNS[name], words.get(name)) for name in names})


def stored(column: np.ndarray, kind: pa.DataType, words: list[str] | None) -> pa.Array:
    """A coded column as an Arrow array, with nothing where the code is ``NONE``."""
    if kind == pa.float64():
        return pa.array(column)
    missing = column == NONE
    if words is None:
        return pa.array(column.astype(kind.to_pandas_dtype()), mask=missing)
    return pa.DictionaryArray.from_arrays(pa.array(column.astype(np.int32), mask=missing), pa.array(words, pa.string()))


def joined(parts: list[Rows]) -> Rows:
    """The rows of several parts in order."""
    runs: list[str] = []
    errors: list[str] = []
    moved = []
    for part in parts:
        error = part.columns["error"]
        after = {"run": part.columns["run"] + len(runs), "error": np.where(error == NONE, NONE, error + len(errors))}
        moved.append(part.columns | after)
        runs += part.runs
        errors += part.errors
    return Rows({name: np.concatenate([columns[name] for columns in moved]) for name in COLUMNS}, runs, errors)


class Label(NamedTuple):
    """What a part is, written into it: whose it is, its first and last chunk, its runs, and those that failed."""

    key: str
    first: int
    last: int
    runs: int
    failed: int
    reason: str

    @property
    def metadata(self) -> dict[str, str]:
        """The label as metadata of a Parquet file."""
        return {LABEL: json.dumps(self._asdict())}


def label_of(schema: pa.Schema) -> Label | None:
    """The label in a Parquet file's metadata; None where there is none of ours."""
    try:
        return Label(**json.loads((schema.metadata or {})[LABEL.encode()]))
    except (KeyError, TypeError, ValueError):
        return None


def encoded(table: pa.Table, label: Label) -> bytes:
    """A labelled table as the bytes of a Parquet file."""
    stream = io.BytesIO()
    pq.write_table(table.replace_schema_metadata(label.metadata), stream, **FORMAT)
    return stream.getvalue()


def failed_rows(runs: list[str], reasons: list[str]) -> Rows:
    """One row for each run that failed, with its reason."""
    names = list(dict.fromkeys(reasons))
    columns = {name: np.full(len(runs), NONE) for name in COLUMNS}
    columns |= {"value": np.full(len(runs), np.nan), "effect": np.full(len(runs), np.nan)}
    columns |= {"run": np.arange(len(runs)), "error": np.array([names.index(reason) for reason in reasons], np.int64)}
    return Rows(columns, runs, names)


def outcome_rows(experiment: Experiment, design: Levels, without: Levels, runs: list[str]) -> Rows:
    """Rows of runs with the programme, with their differences from the same runs ``without`` it.

    A run with an outcome that is not a number gives one row with the reason.
    """
    cells = of_teachers if design.marks is not None else of_populations
    columns = cells(experiment, design, without)
    size = len(columns["value"])
    columns = {name: columns.get(name, np.full(size, NONE)) for name in COLUMNS}
    reasons = [a or b for a, b in zip(design.mistakes(), without.mistakes(), strict=True)]
    good = np.array([not reason for reason in reasons])
    if good.all():
        return Rows(columns, runs, [])
    kept = Rows({name: column[good[columns["run"]]] for name, column in columns.items()}, [], [])
    failed = failed_rows(runs, reasons)
    bad = Rows({name: column[~good] for name, column in failed.columns.items()}, runs, failed.errors)
    both = joined([kept, bad])
    order = np.argsort(both.columns["run"], kind="stable")
    return Rows({name: column[order] for name, column in both.columns.items()}, both.runs, both.errors)


def of_populations(experiment: Experiment, design: Levels, without: Levels) -> dict[str, np.ndarray]:
    """Columns for every run, time, population and outcome that is asked for, in this order of change, last fastest.

    Where times are sets of families the runs ``without`` the programme have one time, which stands beside all of them.
    """
    output = experiment.output
    groups = np.array([POPULATIONS.index(name) for name in output.populations])
    outcomes = np.array([OUTCOMES[name].column for name in output.outcomes])
    kept, other = (each.values[:, :, groups][..., outcomes] for each in (design, without))
    run, time, group, outcome = (axis.ravel() for axis in np.indices(kept.shape))
    only_here = {"week": design.week, "families": design.families}
    return {
        "run": run, "year": design.year[time], "population": groups[group], "outcome": outcomes[outcome],
        "value": kept.ravel(), "effect": (kept - other).ravel(),
        **{name: codes[time] for name, codes in only_here.items() if codes is not None},
    }  # fmt: skip


def of_teachers(experiment: Experiment, design: Levels, without: Levels) -> dict[str, np.ndarray]:
    """Columns for every run, teacher of a population that is asked for, and outcome; the last changes fastest."""
    assert design.marks is not None
    assert design.post is not None
    output = experiment.output
    wanted = [POPULATIONS.index(name) for name in output.populations]
    outcomes = np.array([OUTCOMES[name].column for name in output.outcomes])
    run, teacher = np.nonzero(design.marks[:, :, wanted].any(axis=2))
    takes_part = design.marks[run, teacher, PARTICIPANTS] == 1
    value, other = (each.values[run, 0, teacher][:, outcomes] for each in (design, without))
    times = len(outcomes)
    return {
        "run": run.repeat(times), "year": np.full(value.size, design.year[0]),
        "teacher": design.post[teacher].repeat(times),
        "population": np.where(takes_part, PARTICIPANTS, COLLEAGUES).repeat(times),
        "outcome": np.tile(outcomes, len(run)), "value": value.ravel(), "effect": (value - other).ravel(),
    }  # fmt: skip
