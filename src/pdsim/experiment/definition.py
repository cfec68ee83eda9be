"""Experiment files: which scenarios, which factors, how many runs; from TOML to a frozen, complete, checked object."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from pdsim import assumptions, comparison, library, outcomes, scenarios, theory
from pdsim.errors import InputError, nearest, read_toml, shown
from pdsim.experiment.factors import Factor, absolute, factors_of
from pdsim.experiment.levels import YEARLY
from pdsim.experiment.reading import flat, validated
from pdsim.scenarios import Scenario, Section

MAX_RUNS = 10_000_000  # more than that is hardly meant: years of a processor


class Design(Section):
    """[design]: how the points are chosen.

    ``samples`` is the number of points of a Latin hypercube; of base points of Sobol' (a power of two; each gives
    factors + 2 points, or 2 x factors + 2 with ``second_order``); or of trajectories of Morris (each gives factors + 1
    points on a grid of ``levels``). With ``common_luck`` (the default) the same runs, of the same draws and luck, are
    made at every point; without it each point has luck of its own, under the same draws.
    """

    method: Literal["grid", "latin-hypercube", "sobol", "morris"]
    samples: int | None = Field(None, ge=1, le=10_000_000)
    second_order: bool = False
    levels: int = Field(4, ge=2, le=100)
    common_luck: bool = True


class Output(Section):
    """[output]: what is kept of each run.

    ``resolution`` is "run" (the last year), "year" (the start and the end of every year), "week" (means of weekly
    states over a population), "teacher" (every teacher at the end of the last year) or "families" (the last year, all
    staff, under every set of families of channels of collaboration: sixteen rows where others have one).
    """

    outcomes: tuple[str, ...] = Field(default=tuple(outcomes.OUTCOMES), min_length=1)
    populations: tuple[str, ...] = Field(default=("all",), min_length=1)
    resolution: Literal["run", "year", "week", "teacher", "families"] = "run"


class Texts(Section):
    """What only people read: title, question, prediction, what was found, with which command, how long it takes."""

    title: str = ""
    question: str = ""
    prediction: str = ""
    found: str = ""
    command: str = ""
    takes: str = ""


class Common(Texts):
    """Keys that mean the same in a file and in the complete experiment."""

    replicates: int = Field(20, ge=1, le=comparison.MAX_REPLICATES)
    seed: int = Field(comparison.DEFAULT_SEED, ge=0, lt=2**32)
    theory: str = "posterior"
    design: Design
    output: Output = Output()


class ExperimentFile(Common):
    """The keys of an experiment file, before its scenarios are read and its factors are completed."""

    scenarios: tuple[str, ...] = Field(min_length=1)
    baseline: str = "no-pd"
    years: int | None = Field(None, ge=1, le=10)
    settings: dict[str, Any] = Field({})
    factors: dict[str, Any] = Field(min_length=1)


class Experiment(Common):
    """A complete experiment. Make one with :func:`load`; it never changes.

    ``scenarios`` and ``baseline`` are complete, with the file's ``[settings]`` and years applied. ``assumptions`` are
    those of the file that ``theory`` names, if it names one. ``factors`` have their key's range where the file gives
    none.
    """

    name: str
    scenarios: tuple[Scenario, ...] = Field(min_length=1)
    baseline: Scenario
    assumptions: dict[str, float] | None = None
    factors: dict[str, Factor] = Field(min_length=1)


def load(name: str | Path) -> Experiment:
    """The experiment of a shipped short name or a path.

    Raises:
        InputError: unknown name, unreadable file, unknown factor, a range outside the key's own, or any other mistake.
    """
    path = find(name)
    file = validated(ExperimentFile, read_toml(path), str(path))
    settings = {key: absolute(key, value, path) for key, value in flat(file.settings, setting_paths()).items()}
    compared = scenarios_of(file, settings, path)
    experiment = Experiment(
        **{key: getattr(file, key) for key in Common.model_fields if key != "output"},
        output=complete_output(file.output, str(path)),
        name=path.stem,
        scenarios=compared,
        baseline=beside(path, "baseline", file.baseline),
        assumptions=assumptions_of(file.theory, path),
        factors=factors_of(file.factors, file.design.method, settings, path, compared[0]),
    )
    check_design(experiment, str(path))
    return experiment


def find(name: str | Path) -> Path:
    """Path of an experiment given by short name or path.

    Raises:
        InputError: neither a shipped name nor a file.
    """
    shipped = library.shipped("experiments")
    if str(name) in shipped:
        return shipped[str(name)]
    path = Path(name)
    if path.suffix == ".toml" or os.path.exists(name):
        return path
    hint = nearest(str(name), shipped)
    raise InputError(f"{shown(str(name))}: no experiment of that name and no such file{hint} ('pdsim list' shows all)")


def is_experiment(name: str | Path) -> bool:
    """True for a shipped experiment, and for a readable file with a key that only experiments have."""
    if str(name) in library.shipped("experiments"):
        return True
    try:
        return not {"scenarios", "design", "factors"}.isdisjoint(read_toml(Path(name)))
    except InputError:
        return False


def setting_paths() -> list[str]:
    """Paths of all that [settings] can fix."""
    return [*scenarios.keys(), *(f"theory.{name}" for name in assumptions.PARAMETERS)]


def complete_output(output: Output, where: str) -> Output:
    """The output with its names checked; where it names no outcomes, those that its resolution has.

    Raises:
        InputError: an unknown outcome or population, with the nearest, or one that the resolution does not have.
    """
    resolution = output.resolution
    names = tuple(name for name in outcomes.OUTCOMES if resolution != "week" or name not in YEARLY)
    groups = ("all",) if resolution == "families" else outcomes.POPULATIONS
    if "outcomes" not in output.model_fields_set:
        output = output.model_copy(update={"outcomes": names})
    for key, known in {"outcomes": names, "populations": groups}.items():
        for name in getattr(output, key):
            if name not in known:
                hint = nearest(name, known) or f"; allowed are {', '.join(known)}"
                missing = name in YEARLY or name in outcomes.POPULATIONS
                at = f' with resolution = "{resolution}"' if missing else ""
                raise InputError(f"{where}: output.{key}: no {key[:-1]} {shown(name)}{at}{hint}")
    return output


def scenarios_of(file: ExperimentFile, settings: dict[str, Any], path: Path) -> tuple[Scenario, ...]:
    """The scenarios with ``[settings]``, looked at over the same years: those of the file, or the longest named.

    Raises:
        InputError: unknown or invalid scenarios or settings.
    """
    try:
        compared = [beside(path, "scenarios", name).with_(**settings) for name in file.scenarios]
    except InputError as error:
        raise InputError(f"{path}: settings: {error}" if settings else str(error)) from None
    years = file.years or max(scenario.evaluation.years for scenario in compared)
    return tuple(comparison.distinct_names([comparison.looked_at(each, years) for each in compared]))


def beside(path: Path, key: str, name: str) -> Scenario:
    """The scenario that an experiment names: a shipped one, or a file beside it with or without its ending.

    Raises:
        InputError: no such scenario, or an invalid one.
    """
    shipped = library.shipped()
    if name in shipped:
        return scenarios.load(name)
    for file in (path.parent / f"{name}.toml", path.parent / name):
        if os.path.isfile(file):
            return scenarios.load(file)
    raise InputError(f"{path}: {key}: no scenario {shown(name)}, shipped or beside this file{nearest(name, shipped)}")


def assumptions_of(kind: str, path: Path) -> dict[str, float] | None:
    """Content of the file of assumptions that ``theory`` names, if it names one; its place counts from the experiment.

    Raises:
        InputError: neither a kind nor a file, or an invalid file.
    """
    named = kind if kind in theory.KINDS or not (path.parent / kind).exists() else str(path.parent / kind)
    try:
        return theory.named_file(named)
    except InputError as error:
        raise InputError(f"{path}: {str(error).removeprefix('--')}") from None


def point_count(experiment: Experiment) -> int:
    """Number of points of the design."""
    design, factors = experiment.design, len(experiment.factors)
    samples = design.samples or 1
    if design.method == "grid":
        return math.prod(len(f.values) if f.values is not None else f.levels or 1 for f in experiment.factors.values())
    if design.method == "latin-hypercube":
        return samples
    if design.method == "morris":
        return samples * (factors + 1)
    return samples * (2 * factors + 2 if design.second_order else factors + 2)


def run_count(experiment: Experiment) -> int:
    """Number of runs: scenarios x points x replicates, each run together with its baseline."""
    return len(experiment.scenarios) * point_count(experiment) * experiment.replicates


def check_design(experiment: Experiment, where: str) -> None:
    """What the method needs, and the number of runs.

    Raises:
        InputError: naming the key and what is allowed.
    """
    design = experiment.design
    samples, method = design.samples, design.method
    if (samples is None) != (method == "grid"):
        does = (
            "does not act in a grid; give values or levels to each factor"
            if samples
            else f"is missing; {method} needs it"
        )
        raise InputError(f"{where}: design.samples: {does}")
    if method == "sobol" and samples and samples & (samples - 1):
        near = 2 ** round(math.log2(samples))
        raise InputError(f"{where}: design.samples: {samples} is not a power of two, as Sobol' needs; try {near}")
    if design.second_order and method != "sobol":
        raise InputError(f"{where}: design.second_order: acts only with method = 'sobol'")
    if design.levels % 2 or (method != "morris" and "levels" in design.model_fields_set):
        raise InputError(
            f"{where}: design.levels: {design.levels} is not allowed; allowed is an even number, with method = 'morris'"
        )
    runs = run_count(experiment)
    if runs > MAX_RUNS:
        parts = (
            f"{len(experiment.scenarios)} scenarios x {point_count(experiment):,} points x {experiment.replicates:,}"
        )
        raise InputError(f"{where}: {runs:,} runs ({parts}) are hardly meant; allowed is at most {MAX_RUNS:,}")
