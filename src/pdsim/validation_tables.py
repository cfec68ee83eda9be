"""Validation in the terminal: predicted against observed, contrasts, scores beside rivals, and what they can tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pdsim.outcomes import OUTCOMES
from pdsim.tables import of_100, signed
from pdsim.validation.result import Validation

ERRORS_APART = 2.0  # standard errors from which one score counts as ahead of another
ENOUGH_POWER = 0.8  # share of literatures from which these trials could tell a perfect model from the constant
SCORE_COLUMNS = {
    "contrasts": "contrasts within trials",
    "other_outcomes": "outcomes other than pupils'",
    "pupils": "pupils",
}
RIVAL_NAMES = {
    "pdsim": "pdsim",
    "prior": "pdsim before the evidence (prior)",
    "constant": "0.05 SD for every programme",
    "mechanisms_only": "0.01 SD for each mechanism",
    "no_network": "pdsim without a network",
    "no_difference": "no difference",
    "pooled_mean": "mean of the other trials",
}


def digits_of(row: Mapping[str, Any]) -> int:
    """Digits shown of an outcome's numbers: three for pupils and shares, two for effects in SD."""
    return 3 if row["outcome"] == "pupil_attainment" or row["unit"] in ("share", "0-1") else 2


def number(value: float, row: Mapping[str, Any]) -> str:
    """A number of an outcome, signed unless it is a level."""
    digits = digits_of(row)
    return f"{value:.{digits}f}" if row["against"] is None else signed(value, digits)


def span(low: float, high: float, row: Mapping[str, Any]) -> str:
    """An interval of an outcome."""
    return f"{number(low, row)} to {number(high, row)}"


def whom(row: Mapping[str, Any]) -> str:
    """Outcome, arm and people of a case in words."""
    arms = row["arm"] if row["against"] is None else f"{row['arm']} against {row['against']}"
    people = row["population"] if row["role"] is None else f"{row['population']}, {row['role']}"
    return f"{row['name']} ({OUTCOMES[row['outcome']].label}, {row['unit']}): {arms}, year {row['year']}, {people}"


def case_table(result: Validation) -> Table:
    """A row for each outcome: observed, predicted, and what the trial might have observed."""
    table = Table(title="Predicted from the design alone, and observed (90 % intervals)", title_justify="left")
    for heading in ("trial", "outcome"):
        table.add_column(heading)
    for heading in ("observed (standard error)", "predicted (average effect)", "might be observed", "inside"):
        table.add_column(heading, justify="right")
    shown = ""
    for row in result.cases:
        seen = "-" if row["observed"] is None else f"{number(row['observed'], row)} ({row['se']:.{digits_of(row)}f})"
        predicted = f"{number(row['predicted'], row)} ({span(row['effect_low'], row['effect_high'], row)})"
        might = "-" if row["se"] is None else span(row["low"], row["high"], row)
        inside = {None: "-", True: "yes", False: "no"}[row["in_interval"]]
        table.add_row("" if row["trial"] == shown else row["trial"], whom(row), seen, predicted, might, inside)
        shown = row["trial"]
    return table


def contrast_table(result: Validation) -> Table:
    """A row for each contrast: what is expected, what is predicted, and the chance of it."""
    table = Table(title="Signs and orders within trials", title_justify="left")
    for heading in ("trial", "reported"):
        table.add_column(heading)
    for heading in ("predicted difference", "chance of what is reported", "prior", "without a network"):
        table.add_column(heading, justify="right")
    for row in result.contrasts:
        than = row["than"] or "0"
        order = f"within {row['margin']:g} of" if row["margin"] is not None else f"{row['expected']} than"
        table.add_row(
            row["trial"],
            f"{row['contrast']}: {row['greater']} {order} {than}",
            f"{signed(row['predicted'], 3)} ({signed(row['low'], 3)} to {signed(row['high'], 3)})",
            *(f"{chance:.2f}" for chance in (row["probability"], row["rivals"]["prior"], row["rivals"]["no_network"])),
        )
    return table


def score_cell(score: Mapping[str, Any] | None, rival: str) -> str:
    """A mean score, and by how much the model is ahead of the rival."""
    if score is None or score["score"] is None:
        return "-"
    text = signed(score["score"], 2)
    if rival == "pdsim":
        return f"{text} ({score['trials']} trial{'s' * (score['trials'] > 1)})"
    if score["difference"] is None:
        return text
    error = "" if score["difference_se"] is None else f" ± {score['difference_se']:.2f}"
    return f"{text}; pdsim {signed(score['difference'], 2)}{error}"


def score_table(result: Validation) -> Table:
    """A row for the model and each rival: mean log scores over trials, and the model's lead with its standard error."""
    title = "Log scores a trial (higher is better), and pdsim's lead over each rival ± standard error"
    table = Table(title=title, title_justify="left")
    table.add_column("forecast")
    for heading in SCORE_COLUMNS.values():
        table.add_column(heading, justify="right")
    for rival, scores in result.scores.items():
        table.add_row(RIVAL_NAMES[rival], *(score_cell(scores[kind], rival) for kind in SCORE_COLUMNS))
    return table


def coverage_sentence(result: Validation) -> str:
    """How many observed values lie in the interval of what might be observed."""
    inside = [row["in_interval"] for row in result.cases if row["in_interval"] is not None]
    return f"{sum(inside)} of {len(inside)} observed values lie in the 90 % interval of what might be observed."


def constant_sentence(result: Validation) -> str:
    """The model beside the constant, for pupils, with what that tells."""
    score = result.scores["constant"]["pupils"]
    lead, error = score["difference"], score["difference_se"]
    start = "A constant 0.05 SD for every programme is a strong rival:"
    if lead is None:
        return f"{start} these trials report no effect on pupils, so nothing is said of it here."
    place = "higher" if lead > 0 else "lower"
    size = f"for pupils, pdsim's log score is {abs(lead):.2f} a trial {place} over {score['trials']} trials"
    if error is None:
        return f"{start} {size}; from one trial nothing follows."
    told = "these trials do not tell the two apart"
    if abs(lead) > ERRORS_APART * error:
        told = f"pdsim is {'ahead' if lead > 0 else 'behind'} by more than two standard errors"
    return f"{start} {size} (standard error of the difference {error:.2f}), so {told}."


def power_sentence(result: Validation) -> str:
    """What these trials can and cannot tell about any model."""
    power = result.power
    if power["share_ahead_by_two_errors"] is None:
        return "With fewer than two trials of pupils' results, no model can be told from the constant by them."
    share = power["share_ahead_by_two_errors"]
    start = (
        "Even a perfect model, one that knew the mean effect of every design (here taken to be what pdsim predicts), "
        f"would beat the constant by only {power['expected_difference']:.2f} a trial (standard error "
        f"{power['standard_error']:.2f}), and by two standard errors in {of_100(share)} literatures of these trials."
    )
    if share >= ENOUGH_POWER:
        return f"{start} So pupils' results of these trials can tell such a model from the constant."
    return (
        f"{start} So pupils' results of these trials cannot decide between models; "
        "contrasts within trials and outcomes other than pupils' say more."
    )


def codes_sentence(result: Validation) -> str:
    """How much the reading of the reports matters."""
    codes = result.codes
    named = {(row["trial"], row["name"]): row for row in result.cases}
    moved = [row for row in codes["cases"] if named[row["trial"], row["name"]]["outcome"] == "pupil_attainment"]
    start = (
        f"Were each mechanism read wrongly with chance {codes['chance_wrong']:.0%}, and content, facilitator and "
        f"fidelity off by up to {codes['shift']:g} ({codes['codings']} such readings),"
    )
    if not moved:
        return f"{start} no prediction for pupils would move, as there is none."
    most = max(moved, key=lambda row: row["mean_shift"])
    mean = sum(row["mean_shift"] for row in moved) / len(moved)
    text = (
        f"{start} predictions for pupils would move by {mean:.3f} SD on average, most in {most['trial']} "
        f"({signed(most['low'], 3)} to {signed(most['high'], 3)} instead of {signed(most['predicted'], 3)})"
    )
    lead = codes["lead_over_constant"]
    if lead["as_coded"] is None:
        return f"{text}."
    low, high, as_coded = (signed(v, 2) for v in (min(lead["codings"]), max(lead["codings"]), lead["as_coded"]))
    return f"{text}, and the lead over the constant would lie between {low} and {high} instead of {as_coded}."


def notes(result: Validation) -> list[str]:
    """What a reader has to know: intervals, spread, scores, weak designs, assumptions."""
    request = result.request
    spreads = "; ".join(f"{family} {spread:.3f}" for family, spread in result.spreads.items())
    weak = [trial.name for trial in request.trials if trial.kind != "randomised"]
    out = [
        f"{request.draws} draws of the assumptions, each with an own sample of what a report does not say; seed "
        f"{request.seed}. Assumptions: {result.theory}.",
        "Predicted: average effect of the design, and what we do not know about it. Might be observed: that, with the "
        "trial's standard error and the spread of true effects between trials of equal design.",
        f"That spread (SD), the same for every rival, estimated from these trials: {spreads}. Pupils: maximum "
        "likelihood around the constant, which favours the constant a little; others: around pooled means, and 0 where "
        "no outcome has two trials, which makes intervals too narrow.",
        "One score for each trial: the mean over its outcomes. Contrasts: log of the share of draws in which the "
        "expected difference is as reported. Effects on learning, use, support and reaction are in SD of the measure "
        "between teachers, error of the instrument included.",
        "No trial here was used to fit the model.",
    ]
    if weak:
        out.append(f"Not randomised, or in a laboratory: {', '.join(weak)}; their bias is in no standard error.")
    return out


def print_validation(result: Validation, console: Console) -> None:
    """Print predicted against observed, contrasts, scores, what they can tell, and notes."""
    console.print(case_table(result))
    if result.contrasts:
        console.print(contrast_table(result))
    console.print(score_table(result))
    for line in sentences(result):
        console.print(Text(line), soft_wrap=True)
    for line in notes(result):
        console.print(Text(f"- {line}"), style="dim", soft_wrap=True)


def sentences(result: Validation) -> Sequence[str]:
    """What the numbers say, in words."""
    return [coverage_sentence(result), constant_sentence(result), power_sentence(result), codes_sentence(result)]
