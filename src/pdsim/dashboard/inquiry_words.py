"""What the lesson says: the answer in parts, how it compares with a prediction, and what flipped a verdict."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pdsim import evaluation, library
from pdsim import explanation_tables as words
from pdsim.assumptions import FAMILIES, PARAMETERS
from pdsim.dashboard import inquiry_charts as charts
from pdsim.dashboard.inquiry import Answer, Question, Verdict
from pdsim.dashboard.inquiry_charts import Bar, Dot
from pdsim.errors import InputError, nearest, shown
from pdsim.evaluation import Evaluation
from pdsim.explanation.flips import SEARCHED
from pdsim.explanation.result import LEVELS as OUTCOMES_OF_LEVELS
from pdsim.explanation.result import Explanation
from pdsim.explanation.verdict import THRESHOLD
from pdsim.figures import COLOURS, INK, unit_words
from pdsim.handout_page import notice_row, world_words
from pdsim.outcomes import OUTCOMES
from pdsim.pages import run_options
from pdsim.tables import LEVELS, of_100, praise_sentences, signed

PREDICTIONS = {
    "fluoride": "Fluoride: teachers learn from each other, and that reaches pupils",
    "mint": "Mint: teachers like it, so they come and want to, and that reaches pupils",
    "both": "Both: they learn from each other, and they come and want to",
    "neither": "A bystander: it comes in the same tube and makes no difference to pupils",
    "harmful": "It harms: pupils would learn more if teachers did the same programme alone",
}
SHORT = {
    "fluoride": "fluoride", "mint": "mint", "both": "both", "neither": "a bystander", "harmful": "harmful",
    "undecided": "something else",
}  # fmt: skip
ONE_PROGRAMME = 0.05  # pupil SD: mean effect of a whole programme in 104 randomised trials (Sims et al. 2021)
SIZES: dict[str, tuple[str, float, float]] = {
    "less": (f"Pupils learn less than without it (below −{THRESHOLD:g} SD)", -np.inf, -THRESHOLD),
    "none": (f"Hardly any difference (−{THRESHOLD:g} to +{THRESHOLD:g} SD)", -THRESHOLD, THRESHOLD),
    "some": (f"Something (+{THRESHOLD:g} to +{ONE_PROGRAMME:g} SD)", THRESHOLD, ONE_PROGRAMME),
    "much": (
        f"A lot (over +{ONE_PROGRAMME:g} SD: more than an average programme adds in all)", ONE_PROGRAMME, np.inf,
    ),
}  # fmt: skip
NEAR = 15  # schools of 100 by which a guess may be off and still be close
LOOK = dict(zip(FAMILIES, (COLOURS[0], COLOURS[2], COLOURS[4], COLOURS[1]), strict=True)) | {"total": INK}
ANSWER_COLOURS = {"fluoride": LOOK["fluoride"], "mint": LOOK["mint"], "harmful": LOOK["cost"]}
BARS = {"neither": "neither: a bystander", "undecided": "something else"}
NARROW = (440, 140)  # width of a small picture, and what is kept of it for the names of rows
LABELS = {
    "exchange_insight": "Team-mates pass on what they understand",
    "talk_deepens": "Talking about it deepens understanding",
    "exchange_technique": "Team-mates pass on how to do it",
    "peer_strength": "How well colleagues stand in for an expert",
    "norm_strength": "Seeing others do it makes one do it",
    "lasting_tie_rate": "How fast lasting advice ties form",
    "lasting_tie_strength": "How much lasting advice ties help",
    "company_reaction": "Company makes sessions pleasant",
    "company_motivation": "Company makes teachers want to",
    "support_from_joint_work": "The school backs what is done together",
    "coordination": "Time together that is lost to coordination",
    "coordination_across": "More of it lost in teams across schools",
    "together_load": "How much hours together tire",
}
USUAL = ("company_motivation", "exchange_technique", "coordination")  # a channel each of mint, fluoride and cost
MOST_SLIDERS = 5
STEPS = 5  # values of a slider over the range of the prior, beside 0


# Predictions


@dataclass(frozen=True)
class Prediction:
    """What a student expects.

    Attributes:
        answer: of ``PREDICTIONS``.
        size: of ``SIZES``.
        seen: of 100 schools, how many would see the programme in their tests; None where that was left open.
    """

    answer: str
    size: str
    seen: int | None = None


def read_prediction(data: Mapping[str, Any]) -> Prediction:
    """A prediction as a browser sends it.

    Raises:
        InputError: not one of the choices.
    """
    answer, size, seen = str(data.get("answer")), str(data.get("size")), data.get("seen")
    if answer not in PREDICTIONS or size not in SIZES:
        raise InputError(f"a prediction of {shown(answer)} and {shown(size)}: choose an answer and a size")
    if seen is not None and not (isinstance(seen, int) and 0 <= seen <= 100):
        raise InputError(f"{shown(seen)} schools of 100: allowed is a whole number, 0 to 100")
    return Prediction(answer, size, seen)


def remark(agrees: bool | None, said: str, found: str) -> dict[str, Any]:
    """A line of the comparison; ``agrees`` is None where the model itself does not decide."""
    mark = {True: "Agrees", False: "Differs", None: "Open"}[agrees]
    return {"mark": mark, "said": said, "found": found}


def compare(prediction: Prediction, answer: Answer) -> list[dict[str, Any]]:
    """What agreed with a prediction and what did not, line by line: mark, what was said, what the model says."""
    lines = [compare_answer(prediction.answer, answer.verdict), compare_size(prediction.size, answer.verdict)]
    if prediction.seen is not None and answer.evaluation is not None:
        lines.append(compare_seen(prediction.seen, answer.evaluation))
    return lines


def compare_answer(said: str, found: Verdict) -> dict[str, Any]:
    """Whether the verdict is what was predicted, and in how many worlds that holds."""
    own = f"“{SHORT[said]}” holds in {of_100(found.probabilities[said])} simulated worlds"
    expected = f"Working together is {SHORT[said]}."
    if found.answer == "undecided":
        likeliest = max(found.probabilities, key=lambda name: found.probabilities[name])
        if likeliest == said:
            return remark(None, expected, f"The model is undecided. Yours is the likeliest answer: {own}.")
        most = f"“{SHORT[likeliest]}” in {of_100(found.probabilities[likeliest])}"
        return remark(None, expected, f"The model is undecided: {own}, {most}.")
    if found.answer == said:
        return remark(True, expected, f"The model says so too: {own}.")
    other = f"“{SHORT[found.answer]}” in {of_100(found.probabilities[found.answer])}"
    return remark(False, expected, f"The model says {SHORT[found.answer]}: {other}; {own}.")


def size_of(effect: float) -> str:
    """The size that an effect has.

    >>> size_of(0.0), size_of(0.03), size_of(0.2), size_of(-0.02)
    ('none', 'some', 'much', 'less')
    """
    return next(name for name, (_, low, high) in SIZES.items() if low <= effect <= high)


def compare_size(said: str, found: Verdict) -> dict[str, Any]:
    """Whether the average lies where it was predicted, or the interval at least reaches there."""
    effect, low, high = (found.total[name] for name in ("effect", "low", "high"))
    text, start, end = SIZES[said]
    model = f"{signed(effect, 3)} SD on average (90 % interval {signed(low, 3)} to {signed(high, 3)})"
    if start <= effect <= end:
        return remark(True, f"{text}.", f"The model says {model}, which is that.")
    other = SIZES[size_of(effect)][0].partition(" (")[0].lower()
    if low <= end and high >= start:
        return remark(None, f"{text}.", f"The model says {model}: {other}, but the interval reaches your range.")
    return remark(False, f"{text}.", f"The model says {model}: {other}.")


def compare_seen(said: int, found: Evaluation) -> dict[str, Any]:
    """Whether so many schools would see the programme in their tests."""
    row = level_row(found, 5)
    schools = f"{said} of 100 schools would see it in their tests."
    if row["detected"] is None:
        return remark(None, schools, "No school could test, as nobody took part.")
    share = 100 * row["detected"]
    where = f"{share:.0f} ({100 * row['detected_low']:.0f} to {100 * row['detected_high']:.0f})"
    close = abs(share - said) <= NEAR
    off = "that is close" if close else f"you were {abs(share - said):.0f} off"
    return remark(close, schools, f"The model says {where}; {off}.")


def level_row(found: Evaluation, level: int) -> dict[str, Any]:
    """The row of one Guskey level of an evaluation."""
    rows: list[dict[str, Any]] = found.to_dict()["levels"]
    return next(row for row in rows if row["guskey_level"] == level)


# Flips


def setting_of(question: Question) -> dict[str, Any]:
    """What can be changed about a question: its world, and its fixed assumptions."""
    return {"world": question.world, **dict(question.fixed)}


def changes(before: Question, now: Question) -> list[str]:
    """What differs between two questions, in words."""
    old, new = setting_of(before), setting_of(now)
    names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    return [f"{label_of(name)}: {value_words(name, new)} instead of {value_words(name, old)}" for name in names]


def label_of(name: str) -> str:
    """What can be changed, in words."""
    return "The world" if name == "world" else LABELS.get(name, name.replace("_", " ").capitalize())


def value_words(name: str, setting: Mapping[str, Any]) -> str:
    """A value in words.

    >>> value_words("coordination", {"coordination": 0.25}), value_words("coordination", {})
    ('0.25', 'what is believed')
    """
    if name == "world":
        return f"“{setting['world']}”"
    return words.number(setting[name]) if name in setting else "what is believed"


def settings_words(question: Question) -> str:
    """All settings of a question."""
    fixed = [f"{label_of(name)}: {words.number(value)}" for name, value in question.fixed]
    return "; ".join([f"World “{question.world}”", *fixed])


def flip_words(before: Answer, now: Answer) -> str:
    """Whether the verdict flipped from one question to the next, and what flipped it."""
    different = changes(before.question, now.question)
    if not different:
        return ""
    old, new = before.verdict.answer, now.verdict.answer
    what = "; ".join(different)
    if old == new:
        return f"No flip: still {old}. You changed: {what}."
    if len(different) == 1:
        return f"It flipped, from {old} to {new}. What flipped it: {what}."
    return f"It flipped, from {old} to {new}, with {len(different)} changes at once, so it could be any: {what}."


def flipped(before: Answer, now: Answer) -> bool:
    """Whether the verdict is another."""
    return before.verdict.answer != now.verdict.answer


def slider_values(name: str) -> list[float]:
    """Values of a slider: over the range of the prior in even steps with two digits, and 0 where that is allowed."""
    p = PARAMETERS[name]
    low, high = p.prior.quantile(np.array(SEARCHED), p.low, p.high)
    values = {float(f"{value:.2g}") for value in np.linspace(low, high, STEPS)}
    zero = {0.0} if p.family and p.low <= 0.0 <= p.high else set()
    return sorted(value for value in values | zero if p.low <= value <= p.high)


def step_words(value: float, usual: float) -> str:
    """A value of a slider beside the usual one, the centre of what was believed before the evidence.

    >>> step_words(0.0, 0.1), step_words(-0.1, 0.1), step_words(0.25, 0.1)
    ('0: switched off', '-0.1: turned round', '0.25: 2.5 × usual')
    """
    if value == 0.0:
        return "0: switched off"
    size = "turned round" if value * usual < 0 else f"{value / usual:.2g} × usual" if usual else ""
    return f"{words.number(value)}: {size}" if size else words.number(value)


def slider(name: str) -> dict[str, Any]:
    """A slider: its words and its steps, the first of which leaves the assumption as believed."""
    p = PARAMETERS[name]
    steps: list[dict[str, Any]] = [{"value": None, "words": "as believed"}]
    steps += [{"value": value, "words": step_words(value, p.default)} for value in slider_values(name)]
    family = f" It belongs to {p.family} ({words.FAMILY_WORDS[p.family]})." if p.family else ""
    term = f"{p.name}, {p.unit}: {p.meaning}.{family} Source: {p.source}."
    return {"name": name, "label": label_of(name), "term": term, "steps": steps}


def sliders(found: Explanation | None) -> list[dict[str, Any]]:
    """Sliders of the assumptions that carry a verdict, and of one each of mint, fluoride and cost."""
    carried = [] if found is None else [carrier["name"] for carrier in found.verdict["carried_by"]]
    names = list(dict.fromkeys([*carried, *USUAL]))
    return [slider(name) for name in names[:MOST_SLIDERS]]


def read_fixed(text: str, among: Sequence[str]) -> tuple[tuple[str, float], ...]:
    """Fixed assumptions from an address: "name=value" with ";" between them.

    Raises:
        InputError: no slider of that name, or no step of it.

    >>> read_fixed("company_motivation=0", ["company_motivation"])
    (('company_motivation', 0.0),)
    """
    found = {}
    for part in filter(None, text.split(";")):
        name, _, value = part.partition("=")
        if name not in among:
            raise InputError(f"{shown(name)}: is no slider of this lesson{nearest(name, among)}")
        allowed = slider_values(name)
        try:
            found[name] = next(step for step in allowed if step == float(value))
        except (ValueError, StopIteration):
            steps = ", ".join(f"{step:g}" for step in allowed)
            raise InputError(f"{name}={value[:20]}: allowed is one of {steps}") from None
    return tuple((name, found[name]) for name in PARAMETERS if name in found)


def fixed_text(fixed: Sequence[tuple[str, float]]) -> str:
    """Fixed assumptions as an address holds them."""
    return ";".join(f"{name}={value:g}" for name, value in fixed)


# Parts of the page


def chart(title: str, sentence: str, svg: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> dict[str, Any]:
    """A picture with its sentence and the table of its numbers."""
    return {"title": title, "sentence": sentence, "svg": svg, "columns": list(columns), "rows": [list(r) for r in rows]}


def named(title: str, sentence: str) -> str:
    """What a picture shows, to those who cannot see it."""
    return f"{title}. {sentence} The table below has the numbers."


def family_row(family: str, row: Mapping[str, Any], name: str = "share") -> Dot:
    """A family, or the total, as a row."""
    return Dot("all together" if family == "total" else family, row[name], row["low"], row["high"], LOOK[family])


def level_chart(found: Explanation, name: str) -> dict[str, Any]:
    """Families' shares of one outcome: a picture, a sentence and a table."""
    outcome = OUTCOMES[name]
    table = found.levels[found.levels.outcome == name].set_index("family").to_dict("index")
    rows = [family_row(str(family), row) for family, row in table.items()]
    title = f"Level {LEVELS[outcome.level]}: {outcome.label} ({unit_words(outcome)})"
    d = words.digits(outcome)
    said = most_of(rows, d)
    svg = charts.dot_rows(rows, d, *NARROW, named(title, said))
    return chart(title, said, svg, ["Family", "Share", "90 % interval"], dot_cells(rows, d))


def most_of(rows: Sequence[Dot], digits: int) -> str:
    """Which row adds most, which costs most, and what they come to; the last row is the total."""
    *parts, total = rows
    most, least = max(parts, key=lambda row: row.value), min(parts, key=lambda row: row.value)
    half = 0.5 * 10**-digits
    out = []
    if most.value >= half:
        out.append(f"most comes from {in_sentence(most.label)} ({signed(most.value, digits)})")
    if least.value <= -half:
        out.append(f"{in_sentence(least.label)} costs {abs(least.value):.{digits}f}")
    said = "; ".join(out) or "hardly anything comes from any of them"
    return f"{said[0].upper()}{said[1:]}; in all {signed(total.value, digits)}."


def in_sentence(label: str) -> str:
    """A row's name within a sentence.

    >>> in_sentence("cost"), in_sentence("Norms")
    ('the time it takes', '“Norms”')
    """
    return {**words.FAMILY_WORDS, "organisation": "the school's backing"}.get(label, f"“{label}”")


def dot_cells(rows: Sequence[Dot], digits: int) -> list[list[str]]:
    """Cells of the table of a picture of dots."""
    return [
        [long_label(row.label), signed(row.value, digits), f"{signed(row.low, digits)} to {signed(row.high, digits)}"]
        for row in rows
    ]


def long_label(label: str) -> str:
    """A row's name in a table: a family with what it is.

    >>> long_label("mint"), long_label("all together")
    ('mint: liking it', 'all together')
    """
    return f"{label}: {words.FAMILY_WORDS[label]}" if label in words.FAMILY_WORDS else label


def channel_chart(found: Explanation) -> dict[str, Any]:
    """Channels' shares of what pupils gain."""
    records = found.channels.to_dict("records")
    rows = [
        Dot(words.channel_label(str(row["channel"])), row["share"], row["low"], row["high"], LOOK[str(row["family"])])
        for row in records
    ]
    rows.append(family_row("total", {"share": found.total["effect"], **found.total}))
    title = "Pupil attainment (pupil SD), channel by channel"
    said = most_of(rows, 3)
    svg = charts.dot_rows(rows, 3, 700, 250, named(title, said))
    cells = dot_cells(rows, 3)
    families = [*(str(row["family"]) for row in records), ""]
    table = [[name, family, *rest] for (name, *rest), family in zip(cells, families, strict=True)]
    return chart(title, said, svg, ["Channel", "Family", "Share", "90 % interval"], table)


def verdict_chart(
    found: Verdict, before: Mapping[str, float] | None = None, room: tuple[int, int] = (700, 150)
) -> dict[str, Any]:
    """In how many of 100 simulated worlds each answer holds, and, paler, before the evidence."""
    rows = []
    for answer, share in found.probabilities.items():
        low, high = interval_of(share, found.draws)
        beside = before[answer] if before else None
        rows.append(Bar(BARS.get(answer, answer), share, low, high, ANSWER_COLOURS.get(answer, INK), beside))
    first, second = sorted(rows, key=lambda row: -row.share)[:2]
    title = "The verdict in 100 simulated worlds"
    then = f", then “{second.label}” in {of_100(second.share)}" if second.share > 0 else ""
    said = f"“{first.label}” in {of_100(first.share)}{then}."
    columns = ["Answer", "Of 100 worlds (90 % interval)", *(["Before the evidence"] if before else [])]
    cells = [
        [row.label, bar_words(row), *([f"{100 * row.beside:.0f}"] if row.beside is not None else [])] for row in rows
    ]
    return chart(title, said, charts.bar_rows(rows, *room, named(title, said)), columns, cells)


def interval_of(share: float, draws: int) -> tuple[float, float]:
    """The 90 % Wilson interval of a share of so many draws.

    >>> [round(end, 2) for end in interval_of(0.5, 80)]
    [0.41, 0.59]
    """
    found = evaluation.share(np.arange(draws) < round(share * draws), np.arange(draws))
    assert found.low is not None
    assert found.high is not None
    return found.low, found.high


def bar_words(row: Bar) -> str:
    """A share with its interval, of 100."""
    return f"{100 * row.share:.0f} ({100 * (row.low or 0):.0f} to {100 * (row.high or 0):.0f})"


def notice_chart(found: Evaluation) -> dict[str, Any]:
    """Of 100 schools, how many would notice, level by level, beside those that would think so without the programme."""
    document = found.to_dict()
    rows = [notice_bar(row) for row in document["levels"] if row["detected"] is not None]
    title = "Would you notice? Of 100 schools, so many would say that it works"
    said = praise_sentences(document)[0]
    columns = [
        "Guskey level, and what the school looks at", "True effect", "What one school measures",
        "Of 100 schools, so many notice", "Of 100 without it, so many think so",
    ]  # fmt: skip
    svg = charts.bar_rows(rows, 700, 215, named(title, said))
    return chart(title, said, svg, columns, [notice_row(row) for row in document["levels"]])


def notice_bar(row: Mapping[str, Any]) -> Bar:
    """One level of an evaluation as a row."""
    level = row["guskey_level"]
    colour = COLOURS[4] if level == 1 else COLOURS[0]
    name = f"{level}: {row['instrument']}"
    return Bar(name, row["detected"], row["detected_low"], row["detected_high"], colour, row["false_alarm"])


def whole_part(answer: Answer) -> dict[str, Any]:
    """All that the page says of a whole answer, as plain data."""
    found, seen = answer.explanation, answer.evaluation
    assert found is not None
    assert seen is not None
    document = seen.to_dict()
    return {
        "answer": words.answer_words(found),
        "size": words.size_words(found),
        "evidence": words.evidence_words(found),
        "clamped": words.clamped_words(found),
        "checks": [words.interaction_words(found), words.reassignment_words(found), *words.twin_words(found)],
        "verdict": verdict_chart(answer.verdict, found.verdict["prior"]),
        "beliefs": words.names_of_beliefs(found),
        "levels": [level_chart(found, name) for name in OUTCOMES_OF_LEVELS],
        "channels": channel_chart(found),
        "notice": notice_chart(seen),
        "praise": praise_sentences(document)[1:],
        "carriers": [carrier_words(carrier) for carrier in found.verdict["carried_by"]],
        "notes": words.notes(found),
        "commands": commands(found, seen),
    }


def commands(found: Explanation, seen: Evaluation) -> list[str]:
    """What gives these numbers in a terminal."""
    design = found.request.asked.name
    explain = ["pdsim", "explain", design, *run_options(found.request)]
    return [shlex.join(explain), shlex.join(["pdsim", "evaluate", design, *run_options(seen.request)])]


def carrier_words(carrier: Mapping[str, Any]) -> dict[str, str]:
    """An assumption that carries the verdict, and where it flips it."""
    flips = words.flip_words(carrier)
    return {
        "label": label_of(carrier["name"]),
        "term": f"{carrier['name']}, {carrier['unit']}: {carrier['meaning']}; rests on {carrier['basis']}.",
        "flips": "" if flips == "not looked for" else f"Fixed in every world, the answer is {flips}.",
    }


def short_part(answer: Answer, start: Answer) -> dict[str, Any]:
    """What the page says of a changed assumption: verdict, families, and where they were at the start."""
    found, before = answer.verdict, start.verdict
    rows = [
        Dot(row.label, row.value, row.low, row.high, row.colour, before.families[family]["share"])
        for family, row in ((family, family_row(family, found.families[family])) for family in FAMILIES)
    ]
    total = family_row("total", {"share": found.total["effect"], **found.total})
    rows.append(Dot(total.label, total.value, total.low, total.high, total.colour, before.total["effect"]))
    title = "What working together adds for pupils (pupil SD), by family"
    said = most_of(rows, 3)
    table = dot_cells(rows, 3)
    columns = ["Family", "Share", "90 % interval"]
    picture = charts.dot_rows(rows, 3, *NARROW, named(title, said))
    return {
        "settings": settings_words(answer.question),
        "world": world_words(answer.question.world),
        "answer": found.answer,
        "said": f"With these settings, {words.ANSWER_WORDS[found.answer]}.",
        "families": chart(title, said, picture, columns, table),
        "verdict": verdict_chart(found, room=NARROW),
        "moved": setting_of(answer.question) != setting_of(start.question),
    }


def punch_line() -> list[str]:
    """What the shipped evidence lab found, in paragraphs; empty while it has not been run."""
    path = library.shipped("experiments").get("bundled-reviews")
    text = tomllib.loads(path.read_text(encoding="utf-8")).get("found", "") if path else ""
    return [" ".join(part.split()) for part in re.split(r"(?<=\.)\n", str(text)) if part.strip()]
