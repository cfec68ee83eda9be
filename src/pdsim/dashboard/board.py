"""What Compare shows of a result: sentences first, then charts, tables and prices, as plain data for a page."""

from __future__ import annotations

from typing import Any

import numpy as np

from pdsim.comparison import Comparison, spread_over_draws
from pdsim.dashboard import charts
from pdsim.dashboard.charts import Series
from pdsim.dashboard.state import LETTERS
from pdsim.figures import CLOSE, SURE, Estimate, Reading, cost_headline, headline, unit_words
from pdsim.kernel.measure import NEUTRAL
from pdsim.outcomes import OUTCOMES, POPULATIONS, Outcome
from pdsim.report import answer, plain, span
from pdsim.tables import AS_LEVEL, notes, ordered_outcomes, pair_sentences, signed

PEOPLE = {"all": "all staff", "participants": "those who take part", "colleagues": "their colleagues"}
WORDS = {
    5: ("Level 5", "Do pupils learn more?"),
    4: ("Level 4", "Do teachers use it?"),
    3: ("Level 3", "Does the school back it?"),
    2: ("Level 2", "Do teachers learn it?"),
    1: ("Level 1", "Do they like it?"),
}
WIDE, NARROW = (700, 240), (345, 185)
PRICES = {"pounds_per_pupil": "Cost per pupil (£)", "hours_per_teacher": "Hours per teacher"}


class Board:
    """A result with what is needed to say and draw it.

    Attributes:
        result: the comparison.
        before: the result before the last change, drawn as a ghost, if any.
        people: the population whose effects are drawn.
    """

    def __init__(self, result: Comparison, before: Comparison | None = None, people: str = "all") -> None:
        self.result, self.people = result, people
        self.reading = Reading(result)
        same = before is not None and len(before.request.designs) == len(result.request.designs)
        comparable = same and before is not None and before.request.years == result.request.years
        self.before = Reading(before) if comparable and before is not None else None

    def series(self, outcome: Outcome, people: str | None = None) -> list[Series]:
        """The designs that have people of the population, as a chart draws them."""
        out = []
        for index, name in enumerate(self.reading.names):
            years = self.years_of(self.reading, name, outcome, people or self.people)
            if not np.isnan(years[-1].centre):
                out.append(Series(index, LETTERS[index], years, self.ghost(index, outcome, years)))
        return out

    def years_of(self, reading: Reading, name: str, outcome: Outcome, people: str) -> tuple[Estimate, ...]:
        """Estimates by year; of what is shown as a level, the last year's only."""
        years = [reading.years] if outcome.name in AS_LEVEL else range(1, reading.years + 1)
        return tuple(reading.at(name, outcome.name, people, year) for year in years)

    def ghost(self, index: int, outcome: Outcome, now: tuple[Estimate, ...]) -> tuple[float, ...]:
        """Averages before the last change; empty where they did not move."""
        if self.before is None:
            return ()
        before = self.years_of(self.before, self.before.names[index], outcome, self.people)
        moved = any(abs(old.centre - new.centre) > 1e-9 for old, new in zip(before, now, strict=True))
        return tuple(e.centre for e in before) if moved and not np.isnan(before[-1].centre) else ()

    def chance(self, first: str, second: str, outcome: Outcome) -> float:
        """Share of the simulated worlds in which ``first`` is higher than ``second`` at the end."""
        at = (slice(None), -1, POPULATIONS.index(self.people), outcome.column)
        effects = self.result.effects
        found = spread_over_draws(effects[first][at] - effects[second][at], self.result.luck.draw)
        return float(found.chance_positive)

    def sentence(self, outcome: Outcome) -> str:
        """What a chart shows, from the numbers: who leads, by how much, and how surely."""
        found = sorted(self.series(outcome), key=lambda one: -one.last.centre)
        if not found:
            return f"Nobody belongs to {PEOPLE[self.people]} in these designs."
        values = [value_words(one.last, outcome) for one in found]
        if len(found) == 1:
            return f"{found[0].letter}: {values[0]}; in the other designs nobody belongs to {PEOPLE[self.people]}."
        first, second = found[:2]
        if len(set(values)) == 1:
            return f"No difference between the designs: {values[0]} in each."
        chance = self.chance(self.reading.names[first.index], self.reading.names[second.index], outcome)
        worlds = f"{100 * chance:.0f} of 100 simulated worlds"
        if chance < CLOSE:
            both = f"{first.letter} and {second.letter} are close: {values[0]} and {values[1]}"
            return f"{both}, {first.letter} ahead in {worlds}."
        only = "only " if chance < SURE else ""
        return f"{first.letter} leads with {values[0]}, ahead of {second.letter} ({values[1]}) in {only}{worlds}."

    def chart(self, outcome: Outcome) -> dict[str, Any]:
        """One outcome: its sentence, its picture and the table of its numbers."""
        series, said = self.series(outcome), self.sentence(outcome)
        label = f"{outcome.label}, {PEOPLE[self.people]}. {said} The table below has the numbers."
        width, height = WIDE if outcome.level == 5 else NARROW
        if not series:
            picture = ""
        elif outcome.name in AS_LEVEL:
            picture = charts.dot_chart(series, outcome.digits, NEUTRAL, width, label)
        else:
            picture = charts.course_chart(series, outcome.digits, width, height, label)
        return {
            "name": outcome.name,
            "title": f"{outcome.label} ({unit_words(outcome)})",
            "meaning": outcome.meaning,
            "sentence": said,
            "svg": picture,
            "columns": ["Design", "Year", "Average", "90 % interval of the average", "One school might see"],
            "rows": [row for one in series for row in table_rows(one, outcome, self.reading.years)],
        }

    def levels(self) -> list[dict[str, Any]]:
        """Guskey's levels from 5 down, with their charts."""
        return [
            {
                "level": level,
                "name": name,
                "question": question,
                "charts": [self.chart(outcome) for outcome in ordered_outcomes() if outcome.level == level],
            }
            for level, (name, question) in WORDS.items()
        ]

    def cards(self) -> list[dict[str, Any]]:
        """A card for each design: what it does for pupils, and what it takes."""
        out = []
        for index, name in enumerate(self.reading.names):
            card: dict[str, Any] = answer(self.reading, name)
            ghost = self.ghost_of_pupils(index)
            card |= {"letter": LETTERS[index], "index": index, "before": ghost, "svg": badge(index)}
            out.append(card)
        return out

    def ghost_of_pupils(self, index: int) -> str:
        """The effect on pupils before the last change in words; empty where it did not move."""
        if self.before is None:
            return ""
        old, new = (r.pupils(r.names[index]).centre for r in (self.before, self.reading))
        return signed(old, 3) if abs(old - new) >= 0.0005 else ""

    def prices(self) -> dict[str, Any]:
        """What the effect on pupils costs in money and hours."""
        pupils = self.series(OUTCOMES["pupil_attainment"], "all")
        said = cost_headline(self.reading)
        pictures = []
        for name, title in PRICES.items():
            prices = [self.reading.at(design, name).centre for design in self.reading.names]
            label = f"Effect on pupils (SD) against {title.lower()}. {said} The table below has the numbers."
            pictures.append(charts.price_chart(pupils, prices, title, *NARROW, label))
        return {"sentence": said, "svgs": pictures, **self.other_outcomes()}

    def other_outcomes(self) -> dict[str, Any]:
        """Time, money and people as a table, designs across."""
        rows = []
        for outcome in (outcome for outcome in OUTCOMES.values() if outcome.level is None):
            cells = []
            for name in self.reading.names:
                e = self.reading.at(name, outcome.name)
                words = plain(e.centre, outcome) if outcome.name in AS_LEVEL else signed(e.centre, outcome.digits)
                cells.append(f"{words} ({span(e.low, e.high, outcome)})")
            rows.append([f"{outcome.label} ({unit_words(outcome)})", *cells])
        return {"columns": ["After the last year, all staff", *self.reading.names], "rows": rows}

    def data(self) -> dict[str, Any]:
        """All of it, as plain data."""
        request = self.result.request
        return {
            "headline": headline(self.reading),
            "pairs": pair_sentences(self.result),
            "cards": self.cards(),
            "levels": self.levels(),
            "prices": self.prices(),
            "notes": notes(self.result),
            "replicates": request.replicates,
            "draws": self.result.draws,
            "years": self.reading.years_words(),
            "baseline": request.baseline.name,
            "people": PEOPLE[self.people],
            "has_ghost": self.before is not None,
        }


def value_words(e: Estimate, outcome: Outcome) -> str:
    """An average as a sentence says it."""
    if outcome.name in AS_LEVEL:
        return plain(e.centre, outcome)
    unit = " SD" if outcome.level == 5 or outcome.name == "practice" else ""
    return f"{signed(e.centre, outcome.digits)}{unit}"


def table_rows(one: Series, outcome: Outcome, years: int) -> list[list[str]]:
    """Rows of a chart's table for one design."""
    first = years - len(one.years) + 1
    return [
        [
            one.letter,
            str(year),
            value_words(e, outcome),
            span(e.low, e.high, outcome),
            span(e.school_low, e.school_high, outcome),
        ]
        for year, e in enumerate(one.years, first)
    ]


def badge(index: int) -> str:
    """The marker of a design, as it stands in the charts."""
    return (
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16' width='16' height='16' aria-hidden='true'>"
        f"{charts.marker(index, 8, 8, 6)}</svg>"
    )
