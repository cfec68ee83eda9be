"""A choice in sentences and tables, in a school leader's words."""

from __future__ import annotations

from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pdsim.choice.ranking import FORMATS, runs_of_equals
from pdsim.choice.result import AHEAD, NOTHING, Choice, finite
from pdsim.choice.stages import DRAWS, LUCKS
from pdsim.outcomes import Outcome
from pdsim.tables import of_100, signed

TOP = 10  # affordable designs in the table
BY_PUPILS = "pupil_attainment"
WORLDS = "simulated worlds"
CELL = {"solo": "solo", "collaborative": "team", "close": "close"}


def money(pounds: float) -> str:
    """Pounds as they are said.

    >>> money(3.82), money(1250.4)
    ('£3.82', '£1,250')
    """
    return f"£{pounds:,.2f}" if pounds < 10 else f"£{pounds:,.0f}"


def effect_words(result: Choice, row: Any) -> str:
    """An effect with its interval and unit."""
    outcome = result.request.measure
    low, high = signed(row.low, outcome.digits), signed(row.high, outcome.digits)
    return f"{signed(row.effect, outcome.digits)} {outcome.unit} (90 % interval {low} to {high})"


def aim(outcome: Outcome) -> str:
    """What designs are chosen for."""
    return "pupils" if outcome.name == BY_PUPILS else outcome.label.lower()


def limits_words(result: Choice) -> str:
    """The limits as they were asked for."""
    request = result.request
    parts = []
    pounds, hours = finite(request.limit.pounds), finite(request.limit.hours)
    if pounds is not None:
        total = f" ({money(request.budget or 0.0)} for {request.staff} teachers)" if request.for_all else ""
        parts.append(f"{money(pounds)} a teacher{total}")
    if hours is not None:
        parts.append(f"{hours:g} hour{'s' * (hours != 1)} a teacher")
    return f"With {' and '.join(parts)}" if parts else "With no limit on money or time"


def answer_words(result: Choice) -> str:
    """The best design within the limits."""
    best, request = result.best, result.request
    if best is None:
        least = result.screened.loc[result.screened["hours"].idxmin()]
        return (
            f"{limits_words(result)}, nothing but {NOTHING} is affordable. The cheapest design is "
            f"{result.cheapest['name']}: {money(result.cheapest['pounds_per_teacher'])} a teacher; the one that takes "
            f"least time is {least['name']}: {least['hours']:.1f} hours a teacher."
        )
    gain = best["effect"] * request.measure.direction
    does = "does most" if gain > 0 else f"comes closest, though no affordable design gains on {NOTHING},"
    return (
        f"{limits_words(result)}, {best['name']} {does} for {aim(request.measure)}: {effect_words(result, best)}, for "
        f"{money(best['pounds_per_teacher'])} and {best['hours_per_teacher']:.1f} hours a teacher."
    )


def certainty_words(result: Choice) -> str:
    """How sure it is, and by whom else the best might be."""
    best = result.best
    if best is None:
        return ""
    others = result.kinds[result.kinds["base"] != best["base"]].head(2)
    rest = "; ".join(f"{row.base} in {of_100(row.probability_best)}" for row in others.itertuples())
    own = float(result.kinds.set_index("base").loc[best["base"], "probability_best"])
    return (
        f"Of {result.affordable} affordable designs it is the best in {of_100(best['probability_best'])} {WORLDS}, "
        f"and some variant of {best['base']} in {of_100(own)}{f'; {rest}' if rest else ''}."
    )


def duel_words(result: Choice) -> str:
    """The best solo against the best collaborative design within the limits."""
    found = result.at_limits
    if found is None:
        return "" if result.best is None else f"Only {result.best['format']} designs are affordable."
    outcome, chance = result.request.measure, found["probability_collaborative_better"]
    first, second, lead = found["collaborative"], found["solo"], chance
    if chance < 0.5:
        first, second, lead = second, first, 1 - chance
    turned = 1 if chance >= 0.5 else -1
    ends = sorted((turned * found["low"], turned * found["high"]))
    size = f"{signed(turned * found['difference'], outcome.digits)} {outcome.unit}"
    interval = f"{signed(ends[0], outcome.digits)} to {signed(ends[1], outcome.digits)}"
    verb = "is ahead of" if lead >= AHEAD else "is close to"
    kinds = ("collaborative", "solo") if chance >= 0.5 else ("solo", "collaborative")
    return (
        f"The best {kinds[0]} design there, {first}, {verb} the best {kinds[1]} one, {second}: better in "
        f"{of_100(lead)} {WORLDS}, by {size} on average ({interval})."
    )


def stretch_words(rows: pd.DataFrame) -> str:
    """Who is ahead in neighbouring budgets."""
    first, last = rows.iloc[0], rows.iloc[-1]
    where = money(first["pounds"]) if len(rows) == 1 else f"{money(first['pounds'])} to {money(last['pounds'])}"
    ahead = str(first["ahead"])
    if ahead == "nothing":
        return f"{where}: nothing is affordable"
    if ahead.startswith("only"):
        return f"{where}: {ahead} designs are affordable"
    chance = rows["probability_collaborative_better"].astype(float)
    low, high = sorted(100 * (1 - chance if ahead == "solo" else chance).quantile([0.0, 1.0]).round(2))
    ends = f"{high:.0f} of 100" if low == high else f"{low:.0f} to {high:.0f} of 100"
    if ahead == "close":
        return f"{where}: close (collaborative better in {ends})"
    return f"{where}: {ahead} ahead ({ends})"


def when_words(result: Choice) -> list[str]:
    """When does solo win? Computed from the cells of budget and hours."""
    duels = result.duels
    counts = duels["ahead"].value_counts()
    lone = sum(counts.get(f"only {kind}", 0) for kind in FORMATS)
    out = [
        f"When does solo win? Best against best in {len(duels)} combinations of budget and hours: solo is ahead (in at "
        f"least {of_100(AHEAD)} {WORLDS}) in {counts.get('solo', 0)}, collaborative in "
        f"{counts.get('collaborative', 0)}; {counts.get('close', 0)} are close"
        f"{f'; in {lone} only one kind is affordable' if lone else ''}."
    ]
    for hours, rows in duels.groupby("hours", dropna=False, sort=False):
        stretches = [rows.iloc[a : b + 1] for a, b in runs_of_equals(list(rows["ahead"]))]
        limit = "No limit on hours" if pd.isna(hours) else f"Up to {hours:g} hours a teacher"
        out.append(f"{limit}, pounds a teacher: {'; '.join(map(stretch_words, stretches))}.")
    return out


def sentences(result: Choice) -> list[str]:
    """The choice in words, the answer first."""
    found = [answer_words(result), certainty_words(result), duel_words(result), *when_words(result)]
    return [line for line in found if line]


def design_table(result: Choice) -> Table:
    """The leading affordable designs."""
    outcome = result.request.measure
    table = Table(
        title=f"Best affordable designs for {aim(outcome)}: effect in {outcome.unit}, £ and hours a teacher, and in "
        "how many of 100 simulated worlds each is the best, or on the Pareto front",
        title_justify="left",
    )
    table.add_column("design", min_width=16)
    for heading in ("effect", "90 % interval", "£", "hours", "best", "front"):
        table.add_column(heading, justify="right")
    for row in result.designs[result.designs["rank"] <= TOP].itertuples():
        table.add_row(
            f"{row.name} ({row.format})", signed(row.effect, outcome.digits),
            f"{signed(row.low, outcome.digits)} to {signed(row.high, outcome.digits)}",
            f"{row.pounds_per_teacher:,.0f}", f"{row.hours_per_teacher:.1f}", f"{100 * row.probability_best:.0f}",
            f"{100 * row.probability_on_front:.0f}",
        )  # fmt: skip
    return table


def cell_words(row: Any) -> str:
    """One cell of the table of duels."""
    if row.ahead not in CELL:
        return "-" if row.ahead == "nothing" else f"only {CELL[row.ahead.removeprefix('only ')]}"
    chance = float(row.probability_collaborative_better)
    return f"{CELL[row.ahead]} {100 * (1 - chance if row.ahead == 'solo' else chance):.0f}"


def duel_table(result: Choice) -> Table:
    """Who is ahead, by budget and hours."""
    table = Table(
        title="Best solo against best collaborative design: who is ahead, and in how many of 100 simulated worlds "
        "(team: collaborative; close: collaborative better in so many)",
        title_justify="left",
    )
    table.add_column("£ a teacher", justify="right")
    hours = list(result.duels["hours"].drop_duplicates())
    for limit in hours:
        table.add_column("no limit" if pd.isna(limit) else f"{limit:g} hours", justify="right")
    for pounds, rows in result.duels.groupby("pounds"):
        table.add_row(f"{pounds:,.0f}", *map(cell_words, rows.itertuples()))
    return table


def priced(result: Choice) -> list[str]:
    """Designs whose cost is shown line by line: the best, and the best of either format within the limits."""
    best, found = result.best, result.at_limits
    names = [] if best is None else [str(best["name"])]
    return list(dict.fromkeys([*names, *([found["solo"], found["collaborative"]] if found else [])]))


def cost_rows(result: Choice) -> pd.DataFrame:
    """Cost lines of the leading designs."""
    rows = result.costs
    return pd.concat([rows.iloc[:0], *(rows[rows["design"] == name] for name in priced(result))])


def cost_table(result: Choice) -> Table:
    """Cost lines of the leading designs."""
    table = Table(title="What they cost, a teacher; change a price with --set costs.… or --costs FILE")
    table.title_justify = "left"
    for heading in ("design", "item"):
        table.add_column(heading)
    for heading in ("quantity", "rate (£)", "£"):
        table.add_column(heading, justify="right")
    for name, rows in cost_rows(result).groupby("design", sort=False):
        for place, row in enumerate(rows.itertuples()):
            quantity = f"{row.quantity:.2f} {row.unit}"
            table.add_row("" if place else name, row.item, quantity, f"{row.rate:g}", f"{row.pounds:,.2f}")
        table.add_row("", "all", "", "", f"{rows['pounds'].sum():,.2f}", end_section=True)
    return table


def source_words(result: Choice) -> list[str]:
    """Where the rates of the shown cost lines come from."""
    rows = cost_rows(result).drop_duplicates(["price", "rate", "source"])
    return [f"{row.price} = {row.rate:g}: {row.source}." for row in rows.itertuples()]


def notes(result: Choice) -> list[str]:
    """What a reader has to know."""
    request = result.request
    years = f"{request.world.evaluation.years} year{'s' * (request.world.evaluation.years > 1)}"
    first, second, _ = (draws * lucks for draws, lucks in zip(DRAWS, LUCKS, strict=True))
    out = [
        f"{result.candidates} designs: the library as written, and with sessions and participants per facilitator "
        "halved and doubled, hours, share together and team size moved, or for a few champions who pass it on. All in "
        f"the same staffroom of {request.staff} teachers, against {NOTHING}, after {years}.",
        f"Which designs are named was settled in other runs ({first} of each design, then {second} of the leading "
        f"ones); the numbers are from {result.replicates} fresh ones over {result.draws} "
        f"draw{'s' * (result.draws > 1)}, so that luck does not flatter the winner. Seed {request.seed}.",
        "Probabilities are shares of the draws of the assumptions, among the designs that were run afresh; ties share. "
        "The front is that of effect, pounds and hours.",
        "Pounds and hours are means over the whole staff and all years; in programmes for a few champions these few "
        "give many more hours.",
        f"Assumptions: {result.theory}.",
        "This is a model's answer, not a trial's. Effects of collaboration rest on assumptions that no study fixes.",
    ]
    if result.draws == 1:
        out.insert(3, "With one draw of the assumptions, intervals have no width and probabilities are 0 or 1.")
    return out


def tables_of(result: Choice) -> list[Table]:
    """The tables, in reading order; those of designs where any is affordable."""
    best = [design_table(result)] if result.best is not None else []
    costs = [cost_table(result)] if priced(result) else []
    return [*best, duel_table(result), *costs]


def print_choice(result: Choice, console: Console) -> None:
    """Print sentences, tables and notes."""
    for line in sentences(result):
        console.print(Text(line), soft_wrap=True)
    for table in tables_of(result):
        console.print(table)
    for line in source_words(result):
        console.print(Text(line), soft_wrap=True)
    for line in notes(result):
        console.print(Text(f"- {line}"), style="dim", soft_wrap=True)
