"""``pdsim choose``: the steps in order, from a request to a document."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pdsim import __version__, comparison, scenarios, theory
from pdsim.choice import levers, ranking, stages
from pdsim.choice.levers import Candidate
from pdsim.choice.prices import Prices, cost_lines, read_prices
from pdsim.choice.ranking import FORMATS, INF, Limit
from pdsim.choice.stages import Progress, Seen
from pdsim.comparison import INTERVAL, SCHEMA_VERSION, Spread, plain_records, spread_over_draws
from pdsim.errors import InputError, nearest, shown
from pdsim.outcomes import OUTCOMES, Outcome
from pdsim.scenarios import Scenario
from pdsim.theory import Theory

NOTHING = "no-pd"
SHOWN = 20  # affordable designs that are run afresh and reported
FIRST = 40  # affordable designs that the second stage looks at
OF_EACH = (3, 1)  # designs of each format, in each cell of budget and hours, that go on to the second and third stage
MOST_MONEY = 1e9
NOT_CHOSEN_BY = ("hours_per_teacher", "pounds_per_teacher", "pounds_per_pupil", "attendance", "ties_formed")
# Settings that would be the same for all designs although designs are what is chosen; the rest describe the school.
OF_DESIGNS = ("programme", "collaboration", "partners", "evaluation")
AHEAD = 0.75  # one kind of design is called ahead from this probability


@dataclass(frozen=True)
class Request:
    """What was asked for, read and checked.

    Attributes:
        world: the staffroom, without a programme.
        designs: the library's programmes at the prices asked for.
        limit: pounds and hours for each teacher.
        budget: pounds in all, as typed; None without one.
        staff: how many teachers; the budget is for all of them where ``for_all``, else for each.
        for_all: whether the number of staff was given.
        seed: 0..2^32-1.
        theory: as ``--theory``.
        outcome: by what designs are ranked.
        prices: that replace those of the files.
        settings: keys changed, for the record.
        assumptions: content of the file that ``theory`` names.
    """

    world: Scenario
    designs: tuple[Scenario, ...]
    limit: Limit
    budget: float | None
    staff: int
    for_all: bool
    seed: int
    theory: str
    outcome: str
    prices: Prices
    settings: Mapping[str, Any] = field(default_factory=dict)
    assumptions: Mapping[str, float] | None = None

    @property
    def measure(self) -> Outcome:
        """The outcome by which designs are ranked."""
        return OUTCOMES[self.outcome]


@dataclass(frozen=True)
class Choice:
    """Result of :func:`choose`.

    Attributes:
        request: what was asked for.
        theory: label of the assumptions, with what is fixed about them.
        draws: draws of the assumptions behind the numbers.
        replicates: staffs behind them, of each design.
        candidates: designs that were looked at, those left out that a lever did not change.
        affordable: how many of them keep to the limits.
        designs: a row for each design run afresh: name, base, format, settings, rank (1: the best affordable, in the
            stages before; missing where not affordable), effect, low, high, mc_error, pounds per teacher and for the
            staff, hours per teacher and per participant, affordable, whether on the Pareto front (of effect, pounds
            and hours; of effect and pounds; of effect and hours) in the stages before, probability_best,
            probability_on_front.
        kinds: by programme of the library: probability that the best affordable design is one of its variants.
        duels: the best solo against the best collaborative design in each cell of budget and hours.
        at_limits: the same at the limits asked for; None where one kind has nothing affordable.
        costs: cost lines of each design: design, item, price, rate, quantity, unit, pounds, source.
        cheapest: name and price of the cheapest design.
        screened: all candidates with the means of the first stage; for choosing only, as luck flatters its leaders.
    """

    request: Request
    theory: str
    draws: int
    replicates: int
    candidates: int
    affordable: int
    designs: pd.DataFrame
    kinds: pd.DataFrame
    duels: pd.DataFrame
    at_limits: Mapping[str, Any] | None
    costs: pd.DataFrame
    cheapest: Mapping[str, Any]
    screened: pd.DataFrame

    @property
    def best(self) -> pd.Series | None:
        """The row of the best affordable design; None where only no programme at all is affordable."""
        first = self.designs[self.designs["rank"] == 1]
        return first.iloc[0] if len(first) else None

    def to_dict(self) -> dict[str, Any]:
        """The document that ``pdsim choose --json`` prints."""
        request = self.request
        best = self.best
        return {
            "schema_version": SCHEMA_VERSION,
            "version": __version__,
            "outcome": request.outcome,
            "unit": request.measure.unit,
            "baseline": NOTHING,
            "budget": request.budget,
            "staff": request.staff,
            "pounds_per_teacher": finite(request.limit.pounds),
            "hours_per_teacher": finite(request.limit.hours),
            "years": request.world.evaluation.years,
            "seed": request.seed,
            "theory": self.theory,
            "draws": self.draws,
            "replicates": self.replicates,
            "interval": INTERVAL,
            "candidates": self.candidates,
            "affordable": self.affordable,
            "best": None if best is None else str(best["name"]),
            "cheapest": dict(self.cheapest),
            "designs": plain_records(self.designs),
            "kinds": plain_records(self.kinds),
            "solo_or_together": {"at_limits": self.at_limits, "cells": plain_records(self.duels)},
            "costs": plain_records(self.costs),
        }

    def to_json(self) -> str:
        """:meth:`to_dict` as text."""
        return json.dumps(self.to_dict(), indent=1, allow_nan=False)

    def plot(self) -> Any:
        """A Matplotlib figure: effects against pounds and hours, with the Pareto front."""
        from pdsim.choice_figures import draw_choice

        return draw_choice(self)


def finite(value: float) -> float | None:
    """A number, or None for no limit."""
    return value if math.isfinite(value) else None


def check_limit(option: str, value: float | None, most: float) -> float:
    """A limit as typed; infinite where there is none.

    Raises:
        InputError: not a number from 0 to ``most``.
    """
    if value is None:
        return INF
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise InputError(f"{option}: {shown(value)} is not allowed; allowed is a number from 0 to {most:,.0f}")
    return float(value)


def check_settings(settings: Mapping[str, Any]) -> None:
    """Check that settings describe the school and the prices.

    Raises:
        InputError: a setting of designs, which are what is chosen.
    """
    for path in settings:
        if path.split(".")[0] in OF_DESIGNS and path != "programme.value":
            raise InputError(
                f"--set {shown(path)}: choose tries designs that differ in it; allowed are keys of staff, network, "
                "school, costs and theory, and programme.value"
            )


def resolve(
    budget: float | None = None,
    hours: float | None = None,
    staff: int | None = None,
    years: int | None = None,
    seed: int = comparison.DEFAULT_SEED,
    theory: str = "posterior",
    outcome: str = "pupil_attainment",
    settings: Mapping[str, Any] | None = None,
    costs: str | Path | None = None,
) -> Request:
    """A request from what was typed: everything is read and checked here, once.

    Raises:
        InputError: any mistake in limits, names, files or settings.
    """
    comparison.check_options(comparison.DEFAULT_REPLICATES, seed, years)
    money, time = check_limit("--budget", budget, MOST_MONEY), check_limit("--hours", hours, 10_000.0)
    if outcome not in OUTCOMES or outcome in NOT_CHOSEN_BY:
        allowed = [name for name in OUTCOMES if name not in NOT_CHOSEN_BY]
        raise InputError(
            f"--outcome: {shown(outcome)}: designs are not chosen by that; allowed is one of {', '.join(allowed)}"
            f"{nearest(outcome, allowed)}"
        )
    settings = dict(settings or {})
    check_settings(settings)
    own = {path: value for path, value in settings.items() if not path.startswith("costs.")}
    world = school(own, staff, years)
    size = len(world.staffroom.ids) if world.staffroom else world.staff.schools * world.staff.teachers_per_school
    designs = levers.library_designs()
    paid = {path: value for path, value in settings.items() if path.startswith("costs.")}
    prices = read_prices(None if costs is None else Path(costs), paid, [design.name for design in designs])
    return Request(
        world, tuple(map(prices.applied, designs)), Limit(money / size if staff is not None else money, time), budget,
        size, staff is not None, seed, theory, outcome, prices, settings, comparison.named_file(theory),
    )  # fmt: skip


def school(settings: Mapping[str, Any], staff: int | None, years: int | None) -> Scenario:
    """The staffroom of a choice, without a programme.

    Raises:
        InputError: a wrong setting, or a number of staff beside a file that lists them.
    """
    world = scenarios.load(NOTHING, settings)
    if staff is not None:
        if world.staffroom is not None or "staff.teachers_per_school" in settings or world.staff.schools > 1:
            raise InputError("--staff: the settings say already who the staff are; leave one of the two out")
        low, high = 2, 2000
        if isinstance(staff, bool) or not isinstance(staff, int) or not low <= staff <= high:
            raise InputError(f"--staff: {shown(staff)} is not allowed; allowed is a whole number from {low} to {high}")
        world = world.with_(**{"staff.teachers_per_school": staff})
    return comparison.looked_at(world, years or world.evaluation.years)


def choose(
    budget: float | None = None,
    hours: float | None = None,
    staff: int | None = None,
    years: int | None = None,
    seed: int = comparison.DEFAULT_SEED,
    theory: str = "posterior",
    outcome: str = "pupil_attainment",
    settings: Mapping[str, Any] | None = None,
    costs: str | Path | None = None,
    progress: Progress = lambda runs: None,
) -> Choice:
    """The best designs for the money and the time, out of the library and a grid of its levers.

    Args:
        budget: pounds over all years: for the whole staff where ``staff`` is given, else for each teacher.
        hours: for each teacher over all years, the mean over the staff.
        staff: teachers in the school, 2-2000; by default 40.
        years: school years to look at, 1-10; by default 2.
        seed: 0..2^32-1.
        theory: "posterior", "prior", "point", a named world, or a TOML file of assumptions.
        outcome: by what designs are ranked.
        settings: keys of the school, prices and assumptions to change, by path.
        costs: a TOML file of prices.
        progress: called with the number of runs done.

    Raises:
        InputError: any mistake in the input.
    """
    request = resolve(budget, hours, staff, years, seed, theory, outcome, settings, costs)
    first = plan(request)
    second = narrow(first, run(first, progress))
    third = narrow(second, run(second, progress))
    return report(third, run(third, progress))


@dataclass(frozen=True)
class Plan:
    """What one of the stages runs, and what is known from the one before.

    Attributes:
        request: what was asked for.
        stage: 0, 1 or 2.
        assumed: draws of the assumptions for all stages.
        candidates: designs of this stage.
        before: means of the candidates in the stage before, by which they were kept; empty in the first. When the last
            stage is reported, effects by which designs are chosen are still those, money and time its own.
        screened: means of all candidates in the first stage.
    """

    request: Request
    stage: int
    assumed: Theory
    candidates: Sequence[Candidate]
    before: pd.DataFrame
    screened: pd.DataFrame

    @property
    def runs(self) -> int:
        """Runs that the stage takes."""
        return stages.runs_of(self.candidates, self.stage)


def plan(request: Request) -> Plan:
    """The first stage: all candidates."""
    believed = theory.load(request.theory, stages.draws_needed(), request.seed, request.assumptions)
    candidates = [found for design in request.designs for found in levers.candidates_of(design, request.world)]
    assumed = theory.override(believed, request.world.theory)
    return Plan(request, 0, assumed, candidates, pd.DataFrame(), pd.DataFrame())


def run(planned: Plan, progress: Progress = lambda runs: None) -> Seen:
    """Run a stage."""
    luck = stages.luck_of(planned.stage, len(planned.assumed.draws), planned.request.seed)
    return stages.run_stage(planned.candidates, planned.request.world, planned.assumed, luck, progress)


def narrow(planned: Plan, seen: Seen) -> Plan:
    """The next stage: the designs that deserve it."""
    distinct = stages.distinct(planned.candidates, seen)
    table = stages.table_of(distinct, seen, planned.request.measure)
    depth = (FIRST, SHOWN)[planned.stage]
    kept = ranking.worth_running(table, planned.request.limit, depth, OF_EACH[planned.stage])
    candidates = [candidate for candidate in distinct if candidate.name in kept]
    screened = table if planned.stage == 0 else planned.screened
    before = table[table["name"].isin(kept)].reset_index(drop=True)
    return Plan(planned.request, planned.stage + 1, planned.assumed, candidates, before, screened)


def report(planned: Plan, seen: Seen) -> Choice:
    """The result, from the runs of the last stage."""
    request = planned.request
    table = stages.table_of(planned.candidates, seen, request.measure)
    planned = replace(planned, before=planned.before.assign(pounds=table["pounds"], hours=table["hours"]))
    spreads = {
        candidate.name: spread_over_draws(seen.effect(candidate, request.measure), seen.runs.draw)
        for candidate in planned.candidates
    }
    designs = design_table(planned, table, spreads)
    others = planned.screened[~planned.screened["name"].isin(table["name"])]
    cheap = planned.screened.loc[planned.screened["pounds"].idxmin()]
    return Choice(
        request=request,
        theory=planned.assumed.label,
        draws=len(np.unique(seen.runs.draw)),
        replicates=len(seen.runs.draw),
        candidates=len(planned.screened),
        affordable=int(request.limit.allows(others).sum() + designs["affordable"].sum()),
        designs=designs,
        kinds=kind_table(designs),
        duels=duel_table(planned, seen),
        at_limits=duel(planned, seen, request.limit),
        costs=cost_table(planned, seen),
        cheapest={"name": str(cheap["name"]), "pounds_per_teacher": float(cheap["pounds"])},
        screened=planned.screened,
    )


def design_table(planned: Plan, table: pd.DataFrame, spreads: Mapping[str, Spread]) -> pd.DataFrame:
    """A row for each design of the last stage, those affordable first in their order, then the others by price.

    ``table`` holds the means of the last stage; the order is that of the effects in the stage before.
    """
    request, sign = planned.request, planned.request.measure.direction
    order = ranking.leaders(planned.before, request.limit, SHOWN)
    settings = {candidate.name: dict(candidate.settings) for candidate in planned.candidates}
    rows = []
    for row in table.to_dict("records"):
        name, spread = row["name"], spreads[row["name"]]
        low, high = sorted(sign * float(end) for end in spread.interval())
        rows.append(
            {
                "name": name, "base": row["base"], "format": row["format"], "settings": settings[name],
                "rank": order.index(name) + 1 if name in order else pd.NA, "effect": sign * float(spread.effect),
                "low": low, "high": high, "mc_error": float(spread.error), "pounds_per_teacher": row["pounds"],
                "pounds_for_staff": row["pounds"] * request.staff, "hours_per_teacher": row["hours"],
                "hours_per_participant": row["own_hours"],
            }
        )  # fmt: skip
    found = pd.DataFrame(rows).astype({"rank": "Int64"})
    found["affordable"] = request.limit.allows(planned.before)
    found["on_front"] = ranking.front(planned.before)
    found["on_money_front"] = ranking.front(planned.before.assign(hours=0.0))
    found["on_time_front"] = ranking.front(planned.before.assign(pounds=0.0))
    found = found.assign(**chances(found, table, spreads))
    return found.sort_values(["rank", "pounds_per_teacher"], kind="stable").reset_index(drop=True)


def chances(designs: pd.DataFrame, table: pd.DataFrame, spreads: Mapping[str, Spread]) -> dict[str, np.ndarray]:
    """Probabilities that each design is the best affordable one, and on the Pareto front; no programme is always there.

    Over draws of the expected effect, luck removed. Among the designs of the last stage: those left out before have
    hardly a chance.
    """
    expected = np.column_stack([spreads[name].expected for name in designs["name"]])
    nothing = np.zeros((len(expected), 1))
    own = designs["affordable"].to_numpy(bool)
    best = np.zeros(len(designs))
    best[own] = ranking.chance_best(np.column_stack([expected[:, own], nothing]))[:-1]
    pounds, hours = (np.append(table[name].to_numpy(float), 0.0) for name in ("pounds", "hours"))
    on_front = ranking.chance_on_front(np.column_stack([expected, nothing]), pounds, hours)[:-1]
    return {"probability_best": best, "probability_on_front": on_front}


def kind_table(designs: pd.DataFrame) -> pd.DataFrame:
    """Probability that the best affordable design is a variant of each programme, and that it is none at all."""
    sums = designs[designs["affordable"]].groupby("base")["probability_best"].sum()
    sums = sums.sort_values(ascending=False, kind="stable")
    found = pd.DataFrame({"base": sums.index, "probability_best": sums.to_numpy(float)})
    nothing = pd.DataFrame({"base": [NOTHING], "probability_best": [max(1.0 - float(sums.sum()), 0.0)]})
    return pd.concat([found, nothing], ignore_index=True) if len(found) else nothing


def duel(planned: Plan, seen: Seen, limit: Limit) -> dict[str, Any] | None:
    """The best collaborative design less the best solo one within a limit; None where there are not both."""
    chosen = [ranking.leaders(planned.before, limit, 1, kind) for kind in FORMATS]
    if not all(chosen):
        return None
    by_name = {candidate.name: candidate for candidate in planned.candidates}
    outcome = planned.request.measure
    alone, together = (seen.effect(by_name[names[0]], outcome) for names in chosen)
    spread = spread_over_draws(together - alone, seen.runs.draw)
    low, high = sorted(outcome.direction * float(end) for end in spread.interval())
    return {
        "solo": chosen[0][0], "collaborative": chosen[1][0], "difference": outcome.direction * float(spread.effect),
        "low": low, "high": high, "probability_collaborative_better": float(spread.chance_positive),
    }  # fmt: skip


def duel_table(planned: Plan, seen: Seen) -> pd.DataFrame:
    """Solo against collaborative in every cell of budget and hours; empty values where there are not both."""
    empty = dict.fromkeys(("solo", "collaborative", "difference", "low", "high", "probability_collaborative_better"))
    rows = []
    for cell in ranking.CELLS:
        lone = {kind: name for kind in FORMATS for name in ranking.leaders(planned.before, cell, 1, kind)}
        found = duel(planned, seen, cell) or lone
        rows.append({"pounds": cell.pounds, "hours": finite(cell.hours), **empty, **found, "ahead": ahead(found)})
    return pd.DataFrame(rows)


def ahead(found: Mapping[str, Any]) -> str:
    """Who leads in a cell: a format, "close", "only" the format that there is, or "nothing".

    >>> ahead({"solo": "solo-course"}), ahead({"probability_collaborative_better": 0.1})
    ('only solo', 'solo')
    """
    chance = found.get("probability_collaborative_better")
    if chance is None:
        return next((f"only {kind}" for kind in FORMATS if kind in found), "nothing")
    return "collaborative" if chance >= AHEAD else "solo" if chance <= 1 - AHEAD else "close"


def cost_table(planned: Plan, seen: Seen) -> pd.DataFrame:
    """Cost lines of every design of the last stage."""
    rows = []
    for candidate in planned.candidates:
        levels, prices = seen.levels[candidate.name], planned.request.prices
        for line in cost_lines(candidate.base, candidate.scenario, planned.assumed, levels, prices):
            rows.append({"design": candidate.name, **asdict(line)})
    return pd.DataFrame(rows)
