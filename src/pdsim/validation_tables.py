"""Validation in words and in the terminal: predicted against observed, contrasts, scores beside rivals, what they tell.

The page of a validation takes its sentences and the words of its cells from here.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pdsim.comparison import INTERVAL
from pdsim.outcomes import OUTCOMES
from pdsim.tables import of_100, signed
from pdsim.validation.result import Validation
from pdsim.validation.scores import CONSTANT, PER_MECHANISM
from pdsim.validation.trials import CONTROL

ERRORS_APART = 2.0  # standard errors from which one score counts as ahead of another
ENOUGH_POWER = 0.8  # share of repetitions from which these trials could tell a perfect model from the constant
NOTHING = "-"
NINETY = f"{100 * INTERVAL:.0f} %"
SCORE_COLUMNS = {
    "contrasts": "directions and orders",
    "other_outcomes": "outcomes other than pupils'",
    "pupils": "pupils",
}
RIVAL_NAMES = {
    "pdsim": "pdsim",
    "prior": "pdsim before the evidence (prior)",
    "constant": f"{CONSTANT:g} SD for every programme",
    "mechanisms_only": f"{PER_MECHANISM:g} SD for each mechanism",
    "no_network": "pdsim without a network",
    "no_difference": "no difference",
    "pooled_mean": "mean of the other trials",
}
RIVAL_MEANINGS = {
    "prior": "the same model before it was fitted to anything: every assumption may be what it plausibly can be",
    "constant": f"says {CONSTANT:g} SD for pupils, about what reviews find on average, whatever the programme is",
    "mechanisms_only": f"counts the mechanisms in a programme's description and says {PER_MECHANISM:g} SD for each",
    "no_network": "the model in which no teacher learns from another, fitted anew to the same patterns",
    "no_difference": "says that nothing differs: an effect of 0, and for an order one chance in two",
    "pooled_mean": "says the mean of what the other trials observed of the same outcome",
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


def measured(row: Mapping[str, Any]) -> str:
    """What was measured, when, and on whom: the small print under the name of an outcome."""
    words = [f"{OUTCOMES[row['outcome']].label}, {row['unit']}", f"year {row['year']}"]
    words += [row["population"]] if row["population"] != "all" else []
    words += [row["role"]] if row["role"] is not None else []
    words += [f"{row['arm']} against {row['against']}"] if row["against"] not in (CONTROL, None) else []
    return "; ".join(words)


def case_words(row: Mapping[str, Any]) -> dict[str, str]:
    """The numbers of an outcome in words; a dash for what there is not."""
    observed, error = row["observed"], row["se"]
    return {
        "observed": NOTHING if observed is None else number(observed, row),
        "error": NOTHING if error is None else f"{error:.{digits_of(row)}f}",
        "predicted": number(row["predicted"], row),
        "interval": span(row["effect_low"], row["effect_high"], row),
        "might": NOTHING if error is None else span(row["low"], row["high"], row),
        "inside": {None: NOTHING, True: "yes", False: "no"}[row["in_interval"]],
    }


def cases_shown(result: Validation) -> list[dict[str, Any]]:
    """Outcomes with an observed value, and those of which no contrast says what was reported."""
    told = {(row["trial"], row[end]) for row in result.contrasts for end in ("greater", "than")}
    return [row for row in result.cases if row["observed"] is not None or (row["trial"], row["name"]) not in told]


def by_trial(rows: Iterable[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Rows by trial, in their order."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(row["trial"], []).append(row)
    return groups


def narrow_table(title: str, *headings: str) -> Table:
    """A table without upright lines, so that it fits a narrow terminal; numbers are not broken over lines."""
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(headings[0], overflow="fold")
    for heading in headings[1:]:
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def named(name: str, small: str = "") -> Text:
    """A row's name, with small print on the next line."""
    return Text.assemble(name, (f"\n{small}" if small else "", "dim"))


def case_table(result: Validation) -> Table:
    """A row for each outcome, under its trial: observed, predicted, and what the trial might have observed."""
    table = narrow_table(
        f"Predicted from the design alone, and observed ({NINETY} intervals, ± standard errors)",
        "trial and outcome", "observed\n± error", "predicted effect\non average", "might be observed\ninside?",
    )  # fmt: skip
    for trial, rows in by_trial(cases_shown(result)).items():
        table.add_row(Text(trial, style="bold"))
        for row in rows:
            words = case_words(row)
            table.add_row(
                named(row["name"], measured(row)),
                f"{words['observed']}\n± {words['error']}" if row["se"] is not None else words["observed"],
                f"{words['predicted']}\n{words['interval']}",
                f"{words['might']}\n{words['inside']}" if row["se"] is not None else words["might"],
            )
        table.add_section()
    return table


def expectation(row: Mapping[str, Any]) -> str:
    """What a contrast expects, in the names of its outcomes."""
    than = row["than"] or "0"
    order = f"within {row['margin']:g} of" if row["margin"] is not None else f"{row['expected']} than"
    return f"{row['greater']}: {order} {than}"


def difference_words(row: Mapping[str, Any]) -> tuple[str, str]:
    """The predicted difference of a contrast, and its interval."""
    return signed(row["predicted"], 3), f"{signed(row['low'], 3)} to {signed(row['high'], 3)}"


def chance_words(row: Mapping[str, Any]) -> list[str]:
    """The chance of what is reported by pdsim, its prior, and itself without a network."""
    return [f"{chance:.2f}" for chance in (row["probability"], row["rivals"]["prior"], row["rivals"]["no_network"])]


def contrast_table(result: Validation) -> Table:
    """A row for each contrast, under its trial: what is reported, what is predicted, and the chance of it."""
    table = narrow_table(
        "Directions and orders within trials: the chance that is given to what was reported",
        "trial and finding", "predicted\ndifference", "pdsim", "prior", "without a\nnetwork",
    )  # fmt: skip
    for trial, rows in by_trial(result.contrasts).items():
        table.add_row(Text(trial, style="bold"))
        for row in rows:
            name = named(row["contrast"], f"difference within {row['margin']:g}" if row["margin"] is not None else "")
            table.add_row(name, "\n".join(difference_words(row)), *chance_words(row))
        table.add_section()
    return table


def score_words(score: Mapping[str, Any] | None, rival: str) -> tuple[str, str]:
    """A mean score, and by how much the model is ahead of the rival (of pdsim's own: over how many trials)."""
    if score is None or score["score"] is None:
        return NOTHING, ""
    text = signed(score["score"], 2)
    if rival == "pdsim":
        return text, f"{score['trials']} trial{'s' * (score['trials'] > 1)}"
    if score["difference"] is None:
        return text, ""
    error = "" if score["difference_se"] is None else f" ± {score['difference_se']:.2f}"
    return text, f"lead {signed(score['difference'], 2)}{error}"


def score_table(result: Validation) -> Table:
    """A row for the model and each rival: mean log scores over trials, and the model's lead with its standard error."""
    title = "Log scores a trial (higher is better); below each, pdsim's lead ± standard error"
    headings = ["\n".join(textwrap.wrap(heading, 17)) for heading in SCORE_COLUMNS.values()]
    table = narrow_table(title, "forecast", *headings)
    for rival, scores in result.scores.items():
        cells = ["\n".join(score_words(scores[kind], rival)).rstrip() for kind in SCORE_COLUMNS]
        table.add_row(RIVAL_NAMES[rival], *cells)
    return table


def counted(result: Validation) -> tuple[int, int]:
    """How many observed values lie in the interval of what might be observed, of how many."""
    inside = [row["in_interval"] for row in result.cases if row["in_interval"] is not None]
    return sum(inside), len(inside)


def verdict(result: Validation) -> str:
    """What the validation comes to, in a sentence: intervals, and pupils beside the constant."""
    inside, of = counted(result)
    start = f"{inside} of {of} results of published trials lie where pdsim expects them" if of else ""
    score = result.scores["constant"]["pupils"]
    lead, error = score["difference"], score["difference_se"]
    if lead is None:
        return f"{start or 'These trials give no sizes of effects'}; of pupils they say nothing."
    if error is None or not lead_told(lead, error):
        return f"{start}; whether it beats one number for every programme, these trials cannot tell."
    better = "better" if lead > 0 else "worse"
    return f"{start}; for pupils it predicts {better} than one number for every programme."


def coverage_sentence(result: Validation) -> str:
    """How many observed values lie in the interval of what might be observed."""
    inside, of = counted(result)
    if of == 0:
        return "No trial here gives the size of what it observed, so nothing is said of intervals."
    return (
        f"{inside} of {of} observed values lie in the {NINETY} interval of what might be observed; "
        f"were intervals just right, about {INTERVAL * of:.0f} would."
    )


def lead_told(lead: float, error: float) -> bool:
    """Whether a lead, either way, is more than luck would give."""
    return abs(lead) > ERRORS_APART * error


def lead_words(score: Mapping[str, Any]) -> str:
    """The model's lead over a rival with what that tells."""
    lead, error, trials = score["difference"], score["difference_se"], score["trials"]
    size = f"pdsim's score is {abs(lead):.2f} a trial {'higher' if lead > 0 else 'lower'}"
    if error is None:
        return f"{size}; from one trial nothing follows."
    told = "these trials do not tell the two apart"
    if lead_told(lead, error):
        told = f"pdsim is {'ahead' if lead > 0 else 'behind'} by more than two standard errors"
    return f"{size} over {trials} trials (standard error of the difference {error:.2f}), so {told}."


def contrast_sentence(result: Validation) -> str:
    """How often what was reported is what the model holds for likely, beside a rival that knows no difference."""
    if not result.contrasts:
        return "These trials report no direction and no order that could be compared."
    likely = sum(row["probability"] > 0.5 for row in result.contrasts)
    before = sum(row["rivals"]["prior"] > 0.5 for row in result.contrasts)
    lead = lead_words(result.scores["no_difference"]["contrasts"])
    return (
        f"Of {len(result.contrasts)} directions and orders that the reports give, pdsim holds {likely} for more likely "
        f"than not (before any evidence, {before}); beside a rival that sees no difference, {lead}"
    )


def constant_sentence(result: Validation) -> str:
    """The model beside the constant, for pupils, with what that tells."""
    score = result.scores["constant"]["pupils"]
    start = f"A constant {CONSTANT:g} SD for every programme is a strong rival:"
    if score["difference"] is None:
        return f"{start} these trials report no effect on pupils, so nothing is said of it here."
    return f"{start} for pupils, {lead_words(score)}"


def power_sentence(result: Validation) -> str:
    """What these trials can and cannot tell about any model."""
    power = result.power
    if power["share_ahead_by_two_errors"] is None:
        return "With fewer than two trials of pupils' results, no model can be told from the constant by them."
    share = power["share_ahead_by_two_errors"]
    enough = share >= ENOUGH_POWER
    start = (
        "Even a perfect model, one that knew the mean effect of every design (here taken to be what pdsim predicts), "
        f"would beat the constant by {'' if enough else 'only '}{power['expected_difference']:.2f} a trial (standard "
        f"error {power['standard_error']:.2f}), and clearly, by two standard errors, in {of_100(share)} repetitions "
        "of these trials."
    )
    if enough:
        return f"{start} So pupils' results of these trials can tell such a model from the constant."
    return (
        f"{start} So pupils' results of these trials cannot decide between models; "
        "directions and orders within trials, and outcomes other than pupils', say more."
    )


def codes_sentence(result: Validation) -> str:
    """How much the reading of the reports matters."""
    codes = result.codes
    named = {(row["trial"], row["name"]): row for row in result.cases}
    moved = [row for row in codes["cases"] if named[row["trial"], row["name"]]["outcome"] == "pupil_attainment"]
    start = (
        f"Were each mechanism read wrongly with chance {100 * codes['chance_wrong']:.0f} %, and content, facilitator "
        f"and fidelity off by up to {codes['shift']:g} ({codes['codings']} such readings),"
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
    if cases_shown(result):
        console.print(case_table(result))
    if result.contrasts:
        console.print(contrast_table(result))
    console.print(score_table(result))
    console.print(points(sentences(result)))
    console.print(points(notes(result)), style="dim")


def points(lines: Iterable[str]) -> Table:
    """Lines with a dash before each, the next lines of each set in."""
    table = Table.grid(padding=(0, 1))
    table.add_column()
    table.add_column(overflow="fold")
    for line in lines:
        table.add_row("-", Text(line))
    return table


def sentences(result: Validation) -> Sequence[str]:
    """What the numbers say, in words."""
    return [
        coverage_sentence(result),
        contrast_sentence(result),
        constant_sentence(result),
        power_sentence(result),
        codes_sentence(result),
    ]
