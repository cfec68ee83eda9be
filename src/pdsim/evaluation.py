"""Would you notice? One school with a programme, measured as a school would, beside what is true."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from pdsim import __version__, comparison, population, theory
from pdsim.comparison import (
    DEFAULT_REPLICATES,
    DEFAULT_SEED,
    INTERVAL,
    TAILS,
    Request,
    plain_records,
    spread_over_draws,
)
from pdsim.errors import InputError
from pdsim.kernel import instruments
from pdsim.kernel.instruments import AFTER, BEFORE, CLASS_TESTS, FORM, INSTRUMENTS, SURVEY
from pdsim.scenarios import Scenario
from pdsim.simulate import CHUNK, Luck, draws_for, luck
from pdsim.theory import Theory

SCHEMA_VERSION = 1
UNITS = ("points of 5", "0-1", "0-1", "SD of practice", "pupil SD")
SIGNIFICANT = 0.05  # one-sided
PRAISE = 4.0  # mean rating, of 5, from which a feedback form counts as praise (*assumption*)
NOTHING = 0.01  # pupil SD: a smaller expected effect counts as none, as in the verdict of the model


class Look(NamedTuple):
    """What R schools see through each instrument, and what is true: arrays (R, instruments).

    ``n`` counts answers, ``true`` is the mean effect on those asked, ``measured`` the mean change on their
    instruments, ``noticed`` whether the school would say so. For the form, ``true`` and ``measured`` are mean ratings
    and ``noticed`` is praise. NaN where nobody answers.
    """

    n: np.ndarray
    true: np.ndarray
    measured: np.ndarray
    noticed: np.ndarray


class Looks(NamedTuple):
    """The same schools with the programme, without any, and with it when the practice is worth nothing."""

    programme: Look
    without: Look
    worthless: Look


class Readings(NamedTuple):
    """Readings of the first school's teachers in R runs.

    ``seen`` (with noise) and ``true`` are (R, 2 moments, teachers, instruments); ``took_part`` is (R, teachers).
    """

    seen: np.ndarray
    true: np.ndarray
    took_part: np.ndarray


@dataclass(frozen=True)
class School:
    """Starts of the four designs that are run in the same luck, and how the school measures.

    ``alignment`` multiplies the programme's effect on the class tests; ``whole`` is true where the programme aims at
    all staff, though some of them take part.
    """

    programme: population.Template
    without: population.Template
    worthless: population.Template
    worthless_without: population.Template
    alignment: float
    whole: bool


@dataclass(frozen=True)
class Evaluation:
    """Result of :func:`evaluate`.

    Attributes:
        request: what was asked for.
        theory: label of the assumptions.
        draws: number of draws of the assumptions.
        table: a row per Guskey level, from 5 down: instrument, unit, answers ``n``, the true effect with the 90 %
            range over draws of the expected effect (``low``, ``high``), the mean change on the instrument with what
            90 % of schools measure (``school_low``, ``school_high``), and the shares of schools that notice with and
            without the programme, each with a Wilson interval. Level 1 has no before: its effect and change are
            ratings.
        praised_though_nothing: how often level 1 praises a programme that does nothing at level 5; see
            :func:`praise_of_nothing`.
    """

    request: Request
    theory: str
    draws: int
    table: pd.DataFrame
    praised_though_nothing: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """The document that ``pdsim evaluate --json`` prints."""
        return {
            "schema_version": SCHEMA_VERSION,
            "version": __version__,
            "scenario": self.request.designs[0].name,
            "replicates": self.request.replicates,
            "seed": self.request.seed,
            "years": self.request.years,
            "theory": self.theory,
            "interval": INTERVAL,
            "levels": plain_records(self.table),
            "praised_though_nothing": self.praised_though_nothing,
        }

    def to_json(self) -> str:
        """:meth:`to_dict` as text."""
        return json.dumps(self.to_dict(), indent=1, allow_nan=False)


def resolve(
    design: str | Scenario,
    replicates: int = DEFAULT_REPLICATES,
    years: int | None = None,
    seed: int = DEFAULT_SEED,
    theory: str = "posterior",
    settings: Mapping[str, Any] | None = None,
) -> Request:
    """An evaluation's request: a comparison of one design with no-pd, read and checked here, once.

    Raises:
        InputError: any mistake in names, files, settings or options, or a design in which there is nothing to notice.
    """
    request = comparison.resolve([design], "no-pd", replicates, years, seed, theory, settings)
    scenario = request.designs[0]
    programme = scenario.programme
    if programme.sessions == 0:
        raise InputError(
            f"{scenario.name}: programme.sessions: 0: there is no programme to notice; name a design with sessions"
        )
    by_share = programme.who != "everyone" and programme.count_per_school == 0
    staff = population.school_sizes(scenario)[0]
    if by_share and int(programme.share_taking_part * staff + 0.5) == 0:
        raise InputError(
            f"{scenario.name}: programme.share_taking_part: {programme.share_taking_part:g}: of {staff} teachers "
            "nobody takes part, so there is nothing to notice"
        )
    return request


def evaluate(
    design: str | Scenario,
    replicates: int = DEFAULT_REPLICATES,
    years: int | None = None,
    seed: int = DEFAULT_SEED,
    theory: str = "posterior",
    settings: Mapping[str, Any] | None = None,
    progress: Callable[[int], None] | None = None,
) -> Evaluation:
    """Whether one school would notice a programme with its own form, quiz, survey, observations and class tests.

    Args:
        design: short name, path or scenario; its first school is looked at.
        replicates: simulated schools, each a draw of the assumptions and a luck, as in ``compare``.
        years: school years until the second measurement, 1-10.
        seed: 0..2^32-1.
        theory: "posterior", "prior", "point", a named world, or a TOML file of assumptions.
        settings: scenario keys or assumptions to change, by path.
        progress: called with the number of runs done, two for each replicate.

    Raises:
        InputError: any mistake in the input, or no programme to notice.

    >>> result = evaluate("solo-course", replicates=8, years=1)
    >>> result.table.guskey_level.tolist()
    [5, 4, 3, 2, 1]
    >>> result.praised_though_nothing["worthless_practice"]["schools"]
    8
    """
    return run(resolve(design, replicates, years, seed, theory, settings), progress)


def run(request: Request, progress: Callable[[int], None] | None = None) -> Evaluation:
    """Run a request; see :func:`evaluate`. Draws and luck are those of a comparison with the same options."""
    design = request.designs[0]
    believed = theory.load(request.theory, draws_for(request.replicates), request.seed, request.assumptions)
    assumed = theory.override(believed, design.theory)
    runs = luck(request.replicates, len(assumed.draws), request.seed)
    looks = visit(school_of(design, request.baseline), assumed, runs, request.years, progress)
    return Evaluation(
        request=request,
        theory=assumed.label,
        draws=len(assumed.draws),
        table=level_table(looks, runs.draw),
        praised_though_nothing=praise_of_nothing(looks, runs.draw),
    )


def school_of(design: Scenario, baseline: Scenario) -> School:
    """The school of a design with the programme, without any, and both when the practice is worth nothing to pupils.

    Forms, quiz, observations and tests are those of the participants, and the survey goes to all staff; where
    champions pass the programme on, it aims at all, whose lessons are observed and whose classes are tested.
    """
    worthless = design.with_(**{"programme.value": 0.0})
    return School(
        population.template(design),
        population.template(baseline.in_the_world_of(design), design),
        population.template(worthless),
        population.template(baseline.in_the_world_of(worthless), worthless),
        design.evaluation.test_alignment,
        design.programme.who == "champions" and design.programme.cascade_hours > 0,
    )


def visit(
    school: School, assumed: Theory, runs: Luck, years: int, progress: Callable[[int], None] | None = None
) -> Looks:
    """What R schools see; chunks of runs go to a thread for each processor, and their order is kept."""
    parts = []
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        chunks = [slice(at, at + CHUNK) for at in range(0, len(runs.draw), CHUNK)]
        futures = [
            pool.submit(visit_chunk, school, assumed.draws, runs.draw[c], runs.replicate[c], runs.seed, years)
            for c in chunks
        ]
        try:
            for future in futures:
                parts.append(future.result())
                if progress is not None:
                    progress(2 * len(parts[-1].programme.n))
        finally:
            pool.shutdown(cancel_futures=True)
    return Looks(*(joined([part[k] for part in parts]) for k in range(len(Looks._fields))))


def joined(parts: list[Look]) -> Look:
    """Looks at several groups of schools as one."""
    return Look(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


def visit_chunk(
    school: School, theories: np.recarray, draw: np.ndarray, replicate: np.ndarray, seed: int, years: int
) -> Looks:
    """A few schools, each four times in the same luck: with and without the programme, worth something and nothing."""
    programme, without, worthless, worthless_without = (
        read(start, theories, draw, replicate, seed, years)
        for start in (school.programme, school.without, school.worthless, school.worthless_without)
    )
    return Looks(
        look(programme, without, school.alignment, school.whole),
        look(without, without, school.alignment, school.whole),
        look(worthless, worthless_without, school.alignment, school.whole),
    )


def read(
    start: population.Template, theories: np.recarray, draw: np.ndarray, replicate: np.ndarray, seed: int, years: int
) -> Readings:
    """Readings of one design's first school in a few runs; one call of the kernel."""
    runs, staff = len(draw), int(start.world.schools["staff"][0])
    shape = (runs, 2, staff, len(INSTRUMENTS))
    out = Readings(np.empty(shape), np.empty(shape), np.empty((runs, staff), np.int64))
    instruments.read_many(
        start.world, start.reference, theories, draw, replicate, seed, years, start.year_quantiles,
        start.degree_quantiles, *out,
    )  # fmt: skip
    return out


def look(programme: Readings, without: Readings, alignment: float, whole: bool) -> Look:
    """What the schools see of a programme, and its true effect against the same schools without it.

    The school compares with its own past: each post before and after. A test made for the programme shows ``alignment``
    times its true effect: measured = without + alignment x (with - without), in the same luck.
    """
    before, after = programme.seen[:, BEFORE], programme.seen[:, AFTER].copy()
    plain = without.seen[:, AFTER, :, CLASS_TESTS]
    after[:, :, CLASS_TESTS] = plain + alignment * (after[:, :, CLASS_TESTS] - plain)
    change = after - before
    change[:, :, FORM] = after[:, :, FORM]
    effect = programme.true[:, AFTER] - without.true[:, AFTER]
    effect[:, :, FORM] = programme.true[:, AFTER, :, FORM]
    asked = who_is_asked(programme, whole)
    seen = significant(change, asked)
    measured = mean_of(change, asked)
    seen[:, FORM] = measured[:, FORM] >= PRAISE  # False for NaN
    return Look(asked.sum(axis=1), mean_of(effect, asked), measured, seen)


def who_is_asked(readings: Readings, whole: bool) -> np.ndarray:
    """Which teachers each instrument asks, (R, teachers, instruments) of bool; the form, those who came."""
    took_part = readings.took_part == 1
    asked = np.repeat((took_part | whole)[:, :, None], len(INSTRUMENTS), axis=2)
    asked[:, :, :SURVEY] = took_part[:, :, None]
    asked[:, :, SURVEY] = True
    asked[:, :, FORM] &= np.isfinite(readings.seen[:, AFTER, :, FORM])
    return asked


def mean_of(values: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Means over the teachers asked, (R, instruments); NaN where nobody is."""
    n = asked.sum(axis=1)
    total = np.where(asked, values, 0.0).sum(axis=1)
    return np.where(n > 0, total / np.maximum(n, 1), np.nan)


def significant(change: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Whether the mean change is above 0 in a one-sided paired t-test at 5 %, (R, instruments); never with n < 2.

    Classes are paired by the post that teaches them: an unpaired test counts the spread between teachers, who are the
    same before and after, as noise, so that it finds half as much and has far fewer false alarms than it says.

    Args:
        change: (R, teachers, instruments), after less before on the same post.
        asked: the same shape: who counts.
    """
    n = asked.sum(axis=1)
    mean = mean_of(change, asked)
    squares = np.where(asked, (change - mean[:, None, :]) ** 2, 0.0).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.sqrt(squares / (n - 1) / n)
        p = stats.t.sf(mean / error, n - 1)
    return (n > 1) & (p < SIGNIFICANT)


class Share(NamedTuple):
    """A share of schools with its interval; None without schools."""

    share: float | None
    low: float | None
    high: float | None


def share(hits: np.ndarray, draw: np.ndarray) -> Share:
    """Share of schools with a 90 % Wilson score interval (Wilson 1927): what so many simulated schools can say.

    Schools that share a draw of the assumptions resemble each other, so the interval counts p (1 - p) / error^2
    independent ones, at least the draws and at most the schools; the error is that of means over draws.

    Args:
        hits: a bool for each school.
        draw: the draw of each, non-decreasing.
    """
    if len(hits) == 0:
        return Share(None, None, None)
    p = float(hits.mean())
    error = float(spread_over_draws(hits.astype(float), draw).error)
    n = float(len(hits))
    if error > 0:
        n = min(max(p * (1 - p) / error**2, float(len(np.unique(draw)))), n)
    z2 = stats.norm.ppf(TAILS[1]) ** 2
    middle = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = np.sqrt(z2 * (p * (1 - p) / n + z2 / (4 * n * n))) / (1 + z2 / n)
    return Share(p, max(float(middle - half), 0.0), min(float(middle + half), 1.0))


def level_table(looks: Looks, draw: np.ndarray) -> pd.DataFrame:
    """A row per Guskey level, from 5 down; see :class:`Evaluation`."""
    return pd.DataFrame([level_row(looks, draw, k) for k in reversed(range(len(INSTRUMENTS)))])


def level_row(looks: Looks, draw: np.ndarray, k: int) -> dict[str, Any]:
    """The row of one instrument; None where no school could use it."""
    look = looks.programme
    used = np.isfinite(look.true[:, k])
    row: dict[str, Any] = {"guskey_level": k + 1, "instrument": INSTRUMENTS[k], "unit": UNITS[k]}
    row["n"] = round(float(look.n[:, k].mean()))
    row |= dict.fromkeys(("true_effect", "measured_change", "low", "high", "school_low", "school_high"))
    if used.any():
        spread = spread_over_draws(look.true[used, k], draw[used])
        row["true_effect"], row["measured_change"] = float(spread.effect), float(look.measured[used, k].mean())
        row["low"], row["high"] = map(float, spread.interval())
        row["school_low"], row["school_high"] = map(float, np.quantile(look.measured[used, k], TAILS))
    for name, group in (("detected", look), ("false_alarm", looks.without)):
        known = slice(None) if group.n[:, k].any() else slice(0)
        found = share(group.noticed[known, k], draw[known])
        row |= {name: found.share, f"{name}_low": found.low, f"{name}_high": found.high}
    return row


def praise_of_nothing(looks: Looks, draw: np.ndarray) -> dict[str, Any]:
    """How often level 1 praises a programme that does nothing at level 5, in two ways.

    First in those simulated schools in whose draw of the assumptions the expected pupil effect is below ``threshold``
    (luck averaged out; harm counts), and beside it in the others, under "otherwise"; then, under "worthless_practice",
    in all schools when the practice itself is worth nothing to pupils (programme.value = 0). Shares are None where
    there is no such school or no form.
    """
    true = looks.programme.true[:, CLASS_TESTS]
    of_draw = np.unique(draw, return_inverse=True)[1]
    nothing = spread_over_draws(true, draw).expected[of_draw] < NOTHING
    return {
        "threshold": NOTHING,
        "praise_from": PRAISE,
        "schools": int(nothing.sum()),
        **praised(looks.programme, nothing, draw),
        "otherwise": {"schools": int((~nothing).sum()), **praised(looks.programme, ~nothing, draw)},
        "worthless_practice": {
            "schools": len(draw),
            "true_effect": float(looks.worthless.true[:, CLASS_TESTS].mean()),
            **praised(looks.worthless, np.ones(len(draw), bool), draw),
        },
    }


def praised(look: Look, which: np.ndarray, draw: np.ndarray) -> dict[str, float | None]:
    """Share of some schools whose feedback forms praise the programme, with its interval."""
    if not look.n[which, FORM].any():
        which = np.zeros_like(which)
    found = share(look.noticed[which, FORM], draw[which])
    return {"praised": found.share, "low": found.low, "high": found.high}
