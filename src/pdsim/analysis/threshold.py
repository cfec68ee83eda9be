"""The threshold: at which share of something does working together turn into fluoride?

For an experiment whose output has the resolution "families", at every point of a grid: the families' Shapley shares in
every draw and the verdict's answer, by the very rule of :mod:`pdsim.explanation.verdict`; then, along the first
factor at every level of the others, where fluoride (alone, or both fluoride and mint) becomes the more likely case.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pdsim import __version__
from pdsim.analysis.cells import Cells, read
from pdsim.analysis.finding import Finding, kept_points
from pdsim.analysis.question import DEFAULT_OUTCOME, Contrast, resolve
from pdsim.analysis.resampling import RESAMPLES
from pdsim.assumptions import CHANNEL_FAMILIES, FAMILIES, PARAMETERS
from pdsim.comparison import TAILS, plain_records, spread_over_draws
from pdsim.errors import InputError
from pdsim.experiment import Experiment, designs, results, stored_experiment
from pdsim.experiment.factors import THEORY
from pdsim.experiment.levels import FAMILY_SETS
from pdsim.explanation.decomposition import Shares, family_game, means_by_draw, shares_of
from pdsim.explanation.verdict import ANSWERS, DECIDED, answer_of, classify
from pdsim.explanation.verdict import THRESHOLD as VERDICT
from pdsim.scenarios import Scenario

RESOLUTION = "families"
FLUORIDE = ("fluoride", "both")  # answers in which teachers learn from each other
NOTHING = 1e-9  # pupil SD: a family whose share is smaller everywhere does nothing in a draw
ALL, THERE = "all", "fluoride there"
INTERVAL_WORDS = (
    "90 % intervals: of totals over draws of the assumptions, luck averaged out; of boundaries over draws of the "
    "assumptions, taken with replacement"
)


@dataclass(frozen=True)
class Threshold:
    """Where working together turns into fluoride.

    The picture is :func:`pdsim.threshold_figures.picture_of`, tables in words are in :mod:`pdsim.threshold_tables`.

    Attributes:
        experiment: the experiment; its first factor is the one along which a boundary is looked for.
        draws: number of draws of the assumptions.
        points: a row for each scenario and point: its factors; answer (the verdict's), likeliest (answer), one
            probability for each answer (p_harmful ...), p_fluoride_or_both with its standard error, the same among
            draws in which fluoride is there at all (p_if_there) and the share of such draws (there); total with
            its interval, and the mean share of each family, in pupil SD.
        boundaries: a row for each scenario, level of the factors but the first, and ``worlds`` ("all" draws, or those
            with "fluoride there"). boundary: where the probability of fluoride or both rises through one half, by
            linear interpolation, -inf where it is above at the lowest level already, inf where it never is; with
            its interval, and the shares of resamples in which it is already above, rises within, never does. Then
            what draws do one by one: the share in which it is fluoride or both at the lowest level already, from
            some later level on (median of the lowest such level, and 5th and 95th percentile), never; and in which
            it is lost again at a higher level. ``usual`` marks the levels nearest to the scenario's own values.
        notes: what was left out.
    """

    experiment: Experiment
    draws: int
    points: pd.DataFrame
    boundaries: pd.DataFrame
    notes: Sequence[str] = field(default=())

    @cached_property
    def axes(self) -> tuple[designs.Axis, ...]:
        """The factors; the first is the one along which a boundary is looked for."""
        return designs.axes(self.experiment)

    @property
    def scenarios(self) -> list[str]:
        """Names of the scenarios, in order."""
        return list(dict.fromkeys(self.points["scenario"]))

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Tidy data frames by name."""
        return {"points": self.points, "boundaries": self.boundaries}

    @property
    def sentences(self) -> list[str]:
        """What was found, in words that are made from the numbers."""
        from pdsim.analysis.threshold_words import sentences

        return sentences(self)

    def usual(self, scenario: str) -> dict[str, Any]:
        """The levels of the factors but the first that are nearest to a scenario's own values, by path."""
        rows = self.boundaries[(self.boundaries["scenario"] == scenario) & self.boundaries["usual"]]
        return {axis.path: rows[axis.path].iloc[0] for axis in self.axes[1:]}

    def along(self, scenario: str, levels: Mapping[str, Any]) -> pd.DataFrame:
        """The points of a scenario at some levels, in the order of the first factor."""
        rows = self.points[self.points["scenario"] == scenario]
        for path, value in levels.items():
            rows = rows[rows[path] == value]
        return rows.sort_values(self.axes[0].path, kind="stable")

    def boundary(self, scenario: str, levels: Mapping[str, Any], worlds: str = ALL) -> dict[str, Any]:
        """The row of the boundaries at some levels of all factors but the first."""
        rows = self.boundaries[(self.boundaries["scenario"] == scenario) & (self.boundaries["worlds"] == worlds)]
        for path, value in levels.items():
            rows = rows[rows[path] == value]
        return {str(name): value for name, value in rows.iloc[0].items()}

    def to_dict(self) -> dict[str, Any]:
        """A document of plain values; what is not finite is None."""
        return {
            "version": __version__,
            "experiment": self.experiment.name,
            "draws": self.draws,
            "replicates": self.experiment.replicates,
            "factors": [axis.path for axis in self.axes],
            "sentences": self.sentences,
            "notes": list(self.notes),
            "tables": {name: plain_records(table) for name, table in self.tables.items()},
        }

    def to_json(self) -> str:
        """:meth:`to_dict` as text."""
        return json.dumps(self.to_dict(), indent=1, allow_nan=False)


def threshold(folder: str | Path, partial: bool = False) -> Threshold:
    """The threshold of an experiment with families, from the folder of its results.

    Args:
        folder: results of ``pdsim sweep``.
        partial: take what is there where the experiment is not complete.

    Raises:
        InputError: no results, not complete, no families in them, or no grid.
    """
    experiment = stored_experiment(folder)
    if experiment.output.resolution != RESOLUTION:
        raise InputError(f'{folder}: holds no families of channels; sweep with resolution = "{RESOLUTION}"')
    return threshold_of(read(Path(folder), resolve(experiment, DEFAULT_OUTCOME), partial))


def told(cells: Cells, finding: Finding) -> Threshold:
    """The threshold behind the finding of an analysis."""
    return Threshold(cells.experiment, cells.draws, **finding.tables, notes=finding.notes)


def found(cells: Cells) -> Finding:
    """The threshold as the finding of an analysis."""
    result = threshold_of(cells)
    return Finding("threshold", result.tables, INTERVAL_WORDS, result.notes, result.sentences)


def threshold_of(cells: Cells) -> Threshold:
    """The threshold from the cells of an experiment.

    Raises:
        InputError: not a grid whose first factor is numeric, or another question than the pupils'.
    """
    check_question(cells)
    worth, names = worths(cells), [scenario.name for scenario in cells.experiment.scenarios]
    points, boundaries, notes = [], [], []
    for contrast in lone(cells):
        whole, left_out = kept_points(cells, contrast, 1)
        notes += left_out
        place = names.index(contrast.scenario)
        scene = scene_of(cells, cells.experiment.scenarios[place], worth[place][whole], whole)
        notes += luck_note(scene)
        points.append(point_table(scene))
        boundaries.append(pd.DataFrame(boundary_rows(scene)))
    whole_tables = [pd.concat(parts, ignore_index=True) for parts in (points, boundaries)]
    return Threshold(cells.experiment, cells.draws, whole_tables[0], whole_tables[1], tuple(notes))


def lone(cells: Cells) -> list[Contrast]:
    """The scenarios asked for, each by itself."""
    return [contrast for contrast in cells.question.contrasts if not contrast.minus]


def check_pupils(cells: Cells) -> None:
    """Families are looked at for pupils, each scenario beside its own twin.

    Raises:
        InputError: naming what is allowed.
    """
    outcome = cells.question.outcome
    if outcome != DEFAULT_OUTCOME:
        raise InputError(f"--outcome {outcome}: the verdict is on pupils; allowed is {DEFAULT_OUTCOME}")
    if not lone(cells):
        raise InputError("--minus: does not act on families, which compare each scenario with its own twin")


def check_question(cells: Cells) -> None:
    """What a threshold needs.

    Raises:
        InputError: naming what is allowed.
    """
    check_pupils(cells)
    where, method = f"{cells.folder}: a threshold", cells.experiment.design.method
    if method != "grid":
        raise InputError(f"{where} is looked for over a grid; this design is {method}")
    first = cells.axes[0]
    if not first.numeric or len(first.levels()) < 2:
        raise InputError(f"{where} is looked for along the first factor; {first.path} has no two numbers to go along")


def worths(cells: Cells) -> np.ndarray:
    """Pupils' attainment (scenarios, points, replicates, sets of families), NaN where a run failed or is missing."""
    frame, experiment = results(cells.folder, [DEFAULT_OUTCOME]), cells.experiment
    found = np.full((len(experiment.scenarios), len(cells.coded), experiment.replicates, len(FAMILY_SETS)), np.nan)
    point, replicate = (frame[name].to_numpy(np.int64) for name in ("point", "replicate"))
    scenario, families = (frame[name].cat.codes.to_numpy() for name in ("scenario", RESOLUTION))
    found[scenario, point, replicate, families] = frame["value"].to_numpy(float)
    return found


@dataclass(frozen=True)
class Scene:
    """One scenario's whole points.

    Attributes:
        scenario: the scenario.
        axes: the factors.
        table: the points' factors, a row for each.
        coded: (points, factors) the same as codes.
        shares: totals and families' shares at each point, by draw.
        answers: (points, draws) the answer in each draw.
        there: (draws) whether teachers can learn from each other at any point.
        totals: (points, replicates) what collaboration adds in each run.
        learned: (points, replicates) the share of fluoride in it.
        draw: (replicates) the draw of each.
    """

    scenario: Scenario
    axes: tuple[designs.Axis, ...]
    table: pd.DataFrame
    coded: np.ndarray
    shares: list[Shares]
    answers: np.ndarray
    there: np.ndarray
    totals: np.ndarray
    learned: np.ndarray
    draw: np.ndarray

    @property
    def fluoride(self) -> np.ndarray:
        """(points, draws) whether the answer is fluoride or both."""
        return np.isin(self.answers, FLUORIDE)


def scene_of(cells: Cells, scenario: Scenario, worth: np.ndarray, whole: np.ndarray) -> Scene:
    """Shares and answers at the whole points of a scenario; ``worth`` is (whole points, replicates, sets)."""
    game = family_game(CHANNEL_FAMILIES)
    values = {name: worth @ weights.T for name, weights in game.weights.items()}
    shares = [
        shares_of({name: each[point][:, :, None] for name, each in values.items()}, cells.draw, 0)
        for point in range(len(worth))
    ]
    learned = values["families"][:, :, FAMILIES.index("fluoride")]
    by_draw = np.array([each.families[:, FAMILIES.index("fluoride")] for each in shares])
    return Scene(
        scenario, cells.axes, designs.point_table(cells.experiment, cells.coded)[whole].reset_index(drop=True),
        cells.coded[whole], shares, np.array([classify(each) for each in shares]),
        (np.abs(by_draw) > NOTHING).any(axis=0), values["total"][:, :, 0], learned, cells.draw,
    )  # fmt: skip


def luck_note(scene: Scene) -> list[str]:
    """How far luck blurs the answer in a draw: the standard error of its share of fluoride; none with one luck each."""
    lucks = np.bincount(scene.draw)
    if lucks.min() < 2:
        return []
    rest = scene.learned - means_by_draw(scene.learned.T, scene.draw).T[:, scene.draw]
    variance = (rest**2).sum() / (len(rest) * (len(scene.draw) - len(lucks)))
    error = float(np.sqrt(variance * (1.0 / lucks).mean()))
    return [
        f"{scene.scenario.name}: the share of fluoride in a draw is a mean over {lucks.min()} lucks, with a standard "
        f"error of {error:.2g} pupil SD; answers nearer than that to the verdict's {VERDICT:g} may fall either way"
    ]


def point_table(scene: Scene) -> pd.DataFrame:
    """A row for each point: probabilities of the answers, and what is added by whom."""
    rows = [point_row(scene, point) for point in range(len(scene.table))]
    table = pd.concat([scene.table, pd.DataFrame(rows)], axis=1)
    table.insert(0, "scenario", scene.scenario.name)
    return table


def point_row(scene: Scene, point: int) -> dict[str, Any]:
    """The columns of a point but its factors."""
    answers, fluoride = scene.answers[point], scene.fluoride[point]
    found = {answer: float((answers == answer).mean()) for answer in ANSWERS}
    p, there = float(fluoride.mean()), scene.there
    spread = spread_over_draws(scene.totals[point], scene.draw)
    low, high = spread.interval()
    return {
        "answer": answer_of(found),
        "likeliest": max(found, key=lambda answer: found[answer]),
        **{f"p_{answer}": probability for answer, probability in found.items()},
        "p_fluoride_or_both": p,
        "p_error": float(np.sqrt(p * (1.0 - p) / len(answers))),
        "p_if_there": float(fluoride[there].mean()) if there.any() else np.nan,
        "there": float(there.mean()),
        "total": float(spread.effect),
        "total_low": float(low),
        "total_high": float(high),
        **{f"share_{f}": float(scene.shares[point].families[:, k].mean()) for k, f in enumerate(FAMILIES)},
    }


def usual_code(axis: designs.Axis, scenario: Scenario) -> float:
    """The coded level of a factor that is nearest to a scenario's own value; the middle one where it has none."""
    levels = axis.levels()
    middle = float(levels[(len(levels) - 1) // 2])
    if not axis.numeric:
        names = axis.names()
        own = str(own_value(axis, scenario))
        return float(names.index(own)) if own in names else middle
    value = own_value(axis, scenario)
    if not isinstance(value, int | float):
        return middle
    return float(levels[np.abs(axis.shown(levels).to_numpy(float) - value).argmin()])


def own_value(axis: designs.Axis, scenario: Scenario) -> Any:
    """A scenario's own value of a factor; of an assumption that it does not fix, the centre of the prior."""
    if axis.path.startswith(THEORY):
        name = axis.path.removeprefix(THEORY)
        return scenario.theory.get(name, PARAMETERS[name].default)
    value: Any = scenario.model_dump()
    for part in axis.path.split(".", 2):
        value = value.get(part)
    return value


def usual_codes(scene: Scene) -> np.ndarray:
    """The codes of the factors but the first, at the whole points that are nearest to the scenario's own values."""
    others, axes = scene.coded[:, 1:], scene.axes[1:]
    own = np.array([usual_code(axis, scene.scenario) for axis in axes])
    spans = np.array([max(float(np.ptp(axis.levels())), 1e-12) for axis in axes])
    return others[(np.abs(others - own) / spans).sum(axis=1).argmin()]


def slices(scene: Scene) -> Iterator[np.ndarray]:
    """Places of the points at each combination of levels of the factors but the first, in order of the first."""
    others = scene.coded[:, 1:]
    for levels in np.unique(others, axis=0):
        rows = np.flatnonzero((others == levels).all(axis=1))
        yield rows[np.argsort(scene.table[scene.axes[0].path].to_numpy(float)[rows], kind="stable")]


def boundary_rows(scene: Scene) -> Iterator[dict[str, Any]]:
    """The rows of the table of boundaries."""
    paths, usual = [axis.path for axis in scene.axes], usual_codes(scene)
    for rows in slices(scene):
        x = scene.table[paths[0]].to_numpy(float)[rows]
        levels = {path: scene.table[path].iloc[rows[0]] for path in paths[1:]}
        at = {"scenario": scene.scenario.name, **levels, "usual": bool((scene.coded[rows[0], 1:] == usual).all())}
        for worlds, chosen in ((ALL, np.ones_like(scene.there)), (THERE, scene.there)):
            found = scene.fluoride[rows][:, chosen]
            yield {**at, "worlds": worlds, "draws": int(chosen.sum()), **crossing_of(x, found), **passages(x, found)}


def crossing(x: np.ndarray, p: np.ndarray) -> float:
    """Where a probability first rises above one half, linear in between; -inf if it is at once, inf if it never is.

    >>> crossing(np.array([0.0, 0.5, 1.0]), np.array([0.0, 0.25, 0.75]))
    0.75
    """
    above = np.flatnonzero(p > DECIDED)
    if not len(above):
        return np.inf
    k = int(above[0])
    if k == 0:
        return -np.inf
    return float(x[k - 1] + (DECIDED - p[k - 1]) / (p[k] - p[k - 1]) * (x[k] - x[k - 1]))


def crossing_of(x: np.ndarray, fluoride: np.ndarray) -> dict[str, float]:
    """The boundary along (levels) ``x`` with its interval, from (levels, draws) whether it is fluoride or both."""
    draws = fluoride.shape[1]
    if draws == 0:
        names = ("boundary", "boundary_low", "boundary_high", "already", "within", "never")
        return dict.fromkeys(names, np.nan)
    rng = np.random.default_rng(0)  # of resampling only; the same for every slice, so that slices can be compared
    weights = rng.multinomial(draws, np.full(draws, 1 / draws), size=RESAMPLES) / draws
    again = np.array([crossing(x, p) for p in weights @ fluoride.T])
    low, high = np.quantile(again, TAILS, method="inverted_cdf")
    return {
        "boundary": crossing(x, fluoride.mean(axis=1)), "boundary_low": float(low), "boundary_high": float(high),
        "already": float((again == -np.inf).mean()), "within": float(np.isfinite(again).mean()),
        "never": float((again == np.inf).mean()),
    }  # fmt: skip


def passages(x: np.ndarray, fluoride: np.ndarray) -> dict[str, float]:
    """In how many draws it is fluoride from the lowest level on, from a later one, never; and lost again.

    Args:
        x: (levels) of the first factor, rising.
        fluoride: (levels, draws) whether it is fluoride or both.
    """
    ever = fluoride.any(axis=0)
    first = fluoride.argmax(axis=0)
    later = ever & (first > 0)
    lost = ever & ~np.where(np.arange(len(x))[:, None] >= first, fluoride, True).all(axis=0)
    low, middle, high = np.nan, np.nan, np.nan
    if later.any():
        low, middle, high = np.quantile(x[first[later]], (TAILS[0], 0.5, TAILS[1]), method="inverted_cdf")
    share = lambda mask: float(mask.mean()) if len(mask) else np.nan  # noqa: E731
    return {
        "draws_already": share(ever & (first == 0)), "draws_later": share(later), "draws_never": share(~ever),
        "draws_lost": share(lost), "level": float(middle), "level_low": float(low), "level_high": float(high),
    }  # fmt: skip
