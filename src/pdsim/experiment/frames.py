"""Reading the results of an experiment as data frames."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pdsim.errors import InputError
from pdsim.experiment import designs
from pdsim.experiment.definition import Experiment
from pdsim.experiment.levels import FAMILY_SETS
from pdsim.experiment.store import DamagedError, Store, read_store, tables
from pdsim.outcomes import POPULATIONS

# years, weeks and teachers stay whole numbers where rows of failed runs have none
NULLABLE = {pa.int16(): pd.Int16Dtype(), pa.int64(): pd.Int64Dtype()}


def stored_experiment(folder: str | Path) -> Experiment:
    """The experiment whose results a folder holds.

    Raises:
        InputError: the folder holds no results of an experiment.
    """
    return read_store(Path(folder)).experiment


def design_points(source: str | Path | Experiment) -> pd.DataFrame:
    """Factor values by point: the column "point", and one for each factor under its path.

    Args:
        source: a folder of results, or an experiment.

    Raises:
        InputError: the folder holds no results of an experiment.
    """
    if isinstance(source, Experiment):
        return designs.point_table(source, designs.points(source))
    store = read_store(Path(source))
    return designs.point_table(store.experiment, store.coded)


def results(
    folder: str | Path,
    outcomes: Sequence[str] | None = None,
    populations: Sequence[str] | None = None,
    factors: bool = False,
) -> pd.DataFrame:
    """Results of an experiment, as far as they are there: one row per run, time, population and outcome.

    Columns: scenario, point, replicate, draw, run (an id made from all that decides the run's numbers), year, week,
    teacher or families (at those resolutions; families names those that are on, "none" or such as "fluoride+mint"),
    population, outcome, value (the level with the programme), effect (the difference from the same run of the baseline
    in the same world), and error: a run that failed has one row, with its reason and
    no outcome. Rows are in the order of scenarios, points and replicates, however they were made.

    Args:
        folder: a folder of results.
        outcomes: only these; without the rows of failed runs.
        populations: likewise.
        factors: with the factors' values in columns under their paths.

    Raises:
        InputError: the folder holds no results of an experiment, or a damaged part.
    """
    store = read_store(Path(folder))
    table = gathered_rows(store, {"outcome": outcomes, "population": populations})
    frame = table.to_pandas(types_mapper=NULLABLE.get)
    output = store.experiment.output
    words: dict[str, Sequence[str]] = {
        "scenario": [scenario.name for scenario in store.experiment.scenarios],
        "population": POPULATIONS if output.resolution == "teacher" else output.populations,
        "outcome": output.outcomes,
    }
    if output.resolution == "families":
        words["families"] = FAMILY_SETS
    for name, categories in words.items():
        frame[name] = frame[name].cat.set_categories(list(categories))
    if factors:
        points = designs.point_table(store.experiment, store.coded).set_index("point")
        frame = frame.join(points, on="point")
    return frame


def gathered_rows(store: Store, wanted: dict[str, Sequence[str] | None], tries: int = 5) -> pa.Table:
    """All rows of a store in order, of some outcomes and populations if asked for.

    A sweep that is running may roll parts up while they are read; then they are looked for again.

    Raises:
        InputError: a damaged part.
    """
    try:
        kept = [chosen(table, wanted) for table in tables(store.parts())]
    except FileNotFoundError:
        if tries == 0:
            raise
        return gathered_rows(store, wanted, tries - 1)
    except DamagedError as error:
        raise InputError(f"{error.path}: is damaged; the same pdsim sweep makes it again") from None
    if not kept:
        raise InputError(f"{store.folder}: has no results yet; start them with pdsim sweep")
    return pa.concat_tables(kept).unify_dictionaries()


def chosen(table: pa.Table, wanted: dict[str, Sequence[str] | None]) -> pa.Table:
    """The rows whose words are among those that are wanted."""
    for name, words in wanted.items():
        if words is not None:
            table = table.filter(pc.is_in(table[name].cast(pa.string()), value_set=pa.array(list(words), pa.string())))
    return table
