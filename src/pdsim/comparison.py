"""The main job: paired effects of PD designs against a baseline and against each other, with intervals."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from pdsim import __version__, scenarios, theory
from pdsim.errors import InputError, shown
from pdsim.kernel.measure import ONE_SCHOOL
from pdsim.outcomes import OUTCOMES, POPULATIONS
from pdsim.scenarios import Scenario
from pdsim.simulate import Luck, draws_for, luck, simulate
from pdsim.theory import Theory, named_file

SCHEMA_VERSION = 1
INTERVAL = 0.9
DEFAULT_REPLICATES = 200
DEFAULT_SEED = 1
MAX_REPLICATES = 100_000
TAILS = ((1 - INTERVAL) / 2, (1 + INTERVAL) / 2)


@dataclass(frozen=True)
class Spread:
    """Draws of an expected effect, luck separated from what is not known.

    ``effect`` is the mean over draws, ``error`` its standard error; ``expected`` (draws, ...) the effect in each draw
    with the variance of luck removed; ``chance_positive`` the share of draws in which the expected effect is above 0.
    """

    effect: np.ndarray
    error: np.ndarray
    expected: np.ndarray
    chance_positive: np.ndarray

    def interval(self) -> tuple[np.ndarray, np.ndarray]:
        """5th and 95th percentile over draws of the expected effect; equal when there is one draw."""
        low, high = np.quantile(self.expected, TAILS, axis=0)
        return low, high


def spread_over_draws(values: np.ndarray, draw: np.ndarray) -> Spread:
    """Split runs into what differs between draws of the assumptions and luck within a draw.

    One-way variance components with draws as random groups: the variance of the draws' means less that of luck is
    what is left between draws, and the means are drawn in to that variance. A draw's expected effect given its runs is
    normal (best linear prediction), which gives the chance that it is positive; exact zeros count half.

    Args:
        values: (R, ...) paired differences, or levels.
        draw: R non-decreasing integers.
    """
    first = np.flatnonzero(np.diff(draw, prepend=-1))
    count = np.diff(np.append(first, len(draw))).astype(float).reshape(-1, *[1] * (values.ndim - 1))
    means = np.add.reduceat(values, first, axis=0) / count
    runs, draws = len(values), len(first)
    effect = means.mean(axis=0)
    residual = values - np.repeat(means, count.ravel().astype(int), axis=0)
    luck_variance = (residual**2).sum(axis=0) / max(runs - draws, 1)
    luck_of_means = luck_variance * (1 / count).mean()
    scatter = means.var(axis=0, ddof=1) if draws > 1 else np.zeros_like(effect)
    between = np.maximum(scatter - luck_of_means, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        kept = np.where(scatter > 0, between / scatter, 0.0)
    error = np.sqrt(scatter / draws) if draws > 1 else np.sqrt(luck_of_means)
    expected = effect + np.sqrt(kept) * (means - effect)
    predicted = effect + kept * (means - effect)
    doubt = np.sqrt(kept * luck_of_means + (1 - kept) ** 2 * error**2)
    with np.errstate(divide="ignore", invalid="ignore"):
        chance = np.where(doubt > 0, stats.norm.cdf(predicted / doubt), (np.sign(predicted) + 1) / 2)
    return Spread(effect, error, expected, chance.mean(axis=0))


@dataclass(frozen=True)
class Request:
    """What a comparison was asked for; with the version of the science it makes the same numbers again.

    ``settings`` are already in the scenarios; they are kept for the record. ``assumptions`` are those of the file that
    ``theory`` names, if it names one, so that a result can be made again without it.
    """

    designs: tuple[Scenario, ...]
    baseline: Scenario
    replicates: int
    seed: int
    years: int
    theory: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    assumptions: Mapping[str, float] | None = None


@dataclass(frozen=True)
class Comparison:
    """Result of :func:`compare`.

    Attributes:
        request: what was asked for.
        theory: label of the assumptions, with what is fixed about them.
        draws: number of draws of the assumptions.
        table: tidy results, one row per scenario, year, population and outcome.
        pairs: every pair of designs, for the last year and all staff.
        levels: (R, years + 1, populations, outcomes) by design, in the order of ``simulate``.
        effects: the same, as differences from the baseline.
        luck: draw and luck of the R runs.
    """

    request: Request
    theory: str
    draws: int
    table: pd.DataFrame
    pairs: pd.DataFrame
    levels: Mapping[str, np.ndarray]
    effects: Mapping[str, np.ndarray]
    luck: Luck

    @cached_property
    def runs(self) -> pd.DataFrame:
        """One row per run, scenario, year, population and outcome (value: the level)."""
        return run_table(self.levels, self.luck)

    def to_dict(self) -> dict[str, Any]:
        """The document that ``pdsim compare --json`` prints."""
        return {
            "schema_version": SCHEMA_VERSION,
            "version": __version__,
            "baseline": self.request.baseline.name,
            "replicates": self.request.replicates,
            "seed": self.request.seed,
            "years": self.request.years,
            "theory": self.theory,
            "interval": INTERVAL,
            "results": plain_records(self.table),
            "pairs": plain_records(self.pairs),
        }

    def to_json(self) -> str:
        """:meth:`to_dict` as text."""
        return json.dumps(self.to_dict(), indent=1, allow_nan=False)

    def plot(self) -> Any:
        """A Matplotlib figure: effects by Guskey level with their intervals."""
        from pdsim.figures import effects_figure

        return effects_figure(self)

    def to_html(self) -> str:
        """A self-contained page: tables, figures, assumptions, and how to make it again."""
        from pdsim.report import comparison_page

        return comparison_page(self)


def plain_records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as dictionaries of plain Python values, with None for what is missing."""
    return [
        {k: None if isinstance(v, float) and not np.isfinite(v) else v for k, v in row.items()}
        for row in table.astype(object).where(table.notna(), None).to_dict("records")
    ]


def check_options(replicates: int, seed: int, years: int | None) -> None:
    """Ranges of the options of a comparison.

    Raises:
        InputError: naming the option and what is allowed.
    """
    if not 1 <= replicates <= MAX_REPLICATES:
        raise InputError(f"--replicates: {shown(replicates)} is out of range; allowed is 1 to {MAX_REPLICATES:,}")
    if not 0 <= seed < 2**32:
        raise InputError(f"--seed: {shown(seed)} is out of range; allowed is 0 to {2**32 - 1}")
    if years is not None and not 1 <= years <= 10:
        raise InputError(f"--years: {shown(years)} is out of range; allowed is 1 to 10")


def resolve(
    designs: str | Path | Scenario | Iterable[str | Path | Scenario],
    baseline: str | Path | Scenario = "no-pd",
    replicates: int = DEFAULT_REPLICATES,
    years: int | None = None,
    seed: int = DEFAULT_SEED,
    theory: str = "posterior",
    settings: Mapping[str, Any] | None = None,
) -> Request:
    """A comparison's request from names, paths or scenarios: everything is read and checked here, once.

    All designs are looked at over the same years: those asked for, or the longest that a design names.

    Raises:
        InputError: any mistake in names, files, settings or options.
    """
    check_options(replicates, seed, years)
    assumptions = named_file(theory)
    settings = dict(settings or {})
    if isinstance(designs, str | Path | Scenario):
        designs = [designs]
    loaded = [d.with_(**settings) if isinstance(d, Scenario) else scenarios.load(d, settings) for d in designs]
    base = baseline if isinstance(baseline, Scenario) else scenarios.load(baseline)
    if not loaded:
        raise InputError("compare: name at least one scenario ('pdsim list' shows all)")
    horizon = years or max(s.evaluation.years for s in loaded)
    over_years = [looked_at(design, horizon) for design in loaded]
    named = tuple(distinct_names(over_years))
    return Request(named, base, replicates, seed, horizon, theory, settings, assumptions)


def looked_at(design: Scenario, years: int) -> Scenario:
    """The design looked at over a number of years."""
    return design.model_copy(update={"evaluation": design.evaluation.model_copy(update={"years": years})})


def distinct_names(loaded: Sequence[Scenario]) -> list[Scenario]:
    """The scenarios under names that differ: "x", "x (2)" and so on."""
    names: list[str] = []
    for scenario in loaded:
        numbered = (f"{scenario.name} ({number})" for number in itertools.count(2))
        names.append(next(name for name in itertools.chain([scenario.name], numbered) if name not in names))
    return [scenario.model_copy(update={"name": name}) for scenario, name in zip(loaded, names, strict=True)]


def compare(
    designs: str | Path | Scenario | Iterable[str | Path | Scenario],
    baseline: str | Path | Scenario = "no-pd",
    replicates: int = DEFAULT_REPLICATES,
    years: int | None = None,
    seed: int = DEFAULT_SEED,
    theory: str = "posterior",
    settings: Mapping[str, Any] | None = None,
    progress: Callable[[int], None] | None = None,
) -> Comparison:
    """Compare PD designs with a baseline and with each other.

    Args:
        designs: short names, paths or scenarios.
        baseline: likewise; its programme is run in each design's own staffroom.
        replicates: pairs of a draw of the assumptions and a luck, the same in every design.
        years: school years to look at, 1-10.
        seed: 0..2^32-1.
        theory: "posterior", "prior", "point", a named world, or a TOML file of assumptions.
        settings: scenario keys or assumptions to change in all designs, by path.
        progress: called with the number of runs done.

    Raises:
        InputError: any mistake in the input.

    >>> result = compare(["solo-course"], replicates=8, years=1)
    >>> bool(result.table.query("outcome == 'use' and population == 'all'").effect.iloc[0] > 0)
    True
    """
    return run(resolve(designs, baseline, replicates, years, seed, theory, settings), progress)


def run(request: Request, progress: Callable[[int], None] | None = None) -> Comparison:
    """Run a request; see :func:`compare`."""
    believed = theory.load(request.theory, draws_for(request.replicates), request.seed, request.assumptions)
    runs = luck(request.replicates, len(believed.draws), request.seed)
    levels: dict[str, np.ndarray] = {}
    effects: dict[str, np.ndarray] = {}
    for design in request.designs:
        assumed = theory.override(believed, design.theory)
        without = request.baseline.in_the_world_of(design)
        levels[design.name] = simulate(design, assumed, runs, progress=progress)
        effects[design.name] = levels[design.name] - simulate(without, assumed, runs, design, progress=progress)
    return summarise(request, believed, levels, effects, runs)


def summarise(
    request: Request, believed: Theory, levels: Mapping[str, np.ndarray], effects: Mapping[str, np.ndarray], runs: Luck
) -> Comparison:
    """The result of a request from the arrays of its runs; ``believed`` are the draws before designs fix any."""
    fixed: dict[str, float] = {}
    for design in request.designs:
        fixed |= design.theory
    return Comparison(
        request=request,
        theory=theory.override(believed, fixed).label,
        draws=len(believed.draws),
        table=effect_table(levels, effects, runs),
        pairs=pair_table(effects, runs),
        levels=levels,
        effects=effects,
        luck=runs,
    )


def effect_table(levels: Mapping[str, np.ndarray], effects: Mapping[str, np.ndarray], runs: Luck) -> pd.DataFrame:
    """Effects with both intervals: one row per scenario, outcome, population and year."""
    rows = []
    for name, effect in effects.items():
        spread = spread_over_draws(effect, runs.draw)
        low, high = spread.interval()
        seen = levels[name][:, :, ONE_SCHOOL] - levels[name][:, :1, ONE_SCHOOL]
        seen[..., OUTCOMES["retention"].column] = np.nan  # before the first year nobody can have left
        school_low, school_high = np.quantile(seen, TAILS, axis=0)
        mean = levels[name].mean(axis=0)
        for outcome, (p, population), year in itertools.product(
            OUTCOMES.values(), enumerate(POPULATIONS), range(1, effect.shape[1])
        ):
            at = (year, p, outcome.column)
            rows.append(
                {
                    "scenario": name, "outcome": outcome.name, "guskey_level": outcome.level, "unit": outcome.unit,
                    "population": population, "year": year, "effect": spread.effect[at], "low": low[at],
                    "high": high[at], "mc_error": spread.error[at], "school_low": school_low[year, outcome.column],
                    "school_high": school_high[year, outcome.column], "mean": mean[at],
                }
            )  # fmt: skip
    return pd.DataFrame(rows).astype({"guskey_level": "Int64"})


def pair_table(effects: Mapping[str, np.ndarray], runs: Luck) -> pd.DataFrame:
    """Every pair of designs (b minus a) in the last year, all staff."""
    columns = ["a", "b", "outcome", "difference", "low", "high", "probability_b_better"]
    rows = []
    for a, b in itertools.combinations(effects, 2):
        spread = spread_over_draws(effects[b][:, -1, 0] - effects[a][:, -1, 0], runs.draw)
        low, high = spread.interval()
        for outcome in OUTCOMES.values():
            o = outcome.column
            up = float(spread.chance_positive[o])
            better = up if outcome.direction > 0 else 1 - up
            rows.append((a, b, outcome.name, spread.effect[o], low[o], high[o], better))
    return pd.DataFrame(rows, columns=columns)


def run_table(levels: Mapping[str, np.ndarray], runs: Luck) -> pd.DataFrame:
    """Levels of every run: one row per run, scenario, year, population and outcome."""
    names = [o.name for o in sorted(OUTCOMES.values(), key=lambda o: o.column)]
    frames = []
    for scenario, level in levels.items():
        shown = level[:, :, : len(POPULATIONS)]
        index = pd.MultiIndex.from_product(
            [runs.replicate, range(level.shape[1]), POPULATIONS, names], names=["run", "year", "population", "outcome"]
        )
        frame = pd.DataFrame({"value": shown.reshape(-1)}, index=index).reset_index()
        frame.insert(1, "scenario", scenario)
        frame.insert(1, "draw", runs.draw[np.searchsorted(runs.replicate, frame["run"])])
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)
