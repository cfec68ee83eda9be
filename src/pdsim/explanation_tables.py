"""An explanation in the terminal: the answer in a sentence, families by level, channels, verdict, what to believe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pdsim.assumptions import FAMILIES
from pdsim.explanation.result import Explanation
from pdsim.explanation.verdict import DECIDED, THRESHOLD
from pdsim.outcomes import OUTCOMES, Outcome
from pdsim.scenarios import keys
from pdsim.tables import LEVELS, of_100, signed

FAMILY_WORDS = {
    "fluoride": "learning from each other",
    "mint": "liking it",
    "organisation": "the school sees it",
    "cost": "the time it takes",
}
ANSWER_WORDS = {
    "fluoride": "working together is the fluoride: what teachers learn from each other reaches pupils",
    "mint": "working together is the mint: teachers come and want to, and that reaches pupils",
    "both": "working together is both: teachers learn from each other, and they come and want to",
    "neither": "working together is neither fluoride nor mint: for pupils it hardly matters",
    "harmful": "working together harms: pupils would learn more if teachers did the same programme alone",
    "undecided": "undecided: no answer is right in more than half of the simulated worlds",
}
# Where "undecided" itself is the answer of most worlds.
ELSEWHERE = "undecided: in most simulated worlds something else than learning from each other or liking it counts"
UNTOUCHED_WORDS = "the evidence does not touch this"


def digits(outcome: Outcome) -> int:
    """Digits of shares: one more than of whole effects, as shares are parts of them, but no more than three."""
    return min(outcome.digits + 1, 3)


def interval(row: Mapping[str, Any], name: str, outcome: Outcome) -> str:
    """A value with its 90 % interval."""
    d = digits(outcome)
    return f"{signed(row[name], d)} ({signed(row['low'], d)} to {signed(row['high'], d)})"


def channel_label(channel: str) -> str:
    """A channel in words."""
    return keys()[f"collaboration.channels.{channel}"].label


def level_rows(result: Explanation) -> list[list[str]]:
    """Cells of the table of families by Guskey level, from level 5 down."""
    rows, shown = [], ""
    for name, group in result.levels.groupby("outcome", sort=False):
        outcome = OUTCOMES[str(name)]
        found = {row["family"]: interval(row, "share", outcome) for row in group.to_dict("records")}
        level = LEVELS[outcome.level]
        label = f"{outcome.label} ({outcome.unit})"
        rows.append(["" if level == shown else level, label, *(found[f] for f in FAMILIES), found["total"]])
        shown = level
    return rows


def level_table(result: Explanation) -> Table:
    """Families by Guskey level."""
    table = Table(title="What working together adds, by Guskey level and family (90 % intervals)", title_justify="left")
    for heading in ("Guskey level", "outcome"):
        table.add_column(heading)
    for heading in (*FAMILIES, "in all"):
        table.add_column(heading, justify="right")
    for row in level_rows(result):
        table.add_row(*row)
    return table


def channel_rows(result: Explanation) -> list[list[str]]:
    """Cells of the table of families and their channels."""
    outcome = OUTCOMES[result.request.outcome]
    d, rows = digits(outcome), []
    for family in result.families.to_dict("records"):
        ends = [signed(family[name], d) for name in ("first_in", "last_in")]
        label = f"{family['family']}: {FAMILY_WORDS[family['family']]}"
        rows.append([label, interval(family, "share", outcome), f"{family['sd']:.{d}f}", *ends])
        for channel in result.channels[result.channels.family == family["family"]].to_dict("records"):
            label = f"  {channel_label(channel['channel'])}"
            rows.append([label, interval(channel, "share", outcome), f"{channel['sd']:.{d}f}", "", ""])
    total = {"share": result.total["effect"], **result.total}
    return [*rows, ["in all", interval(total, "share", outcome), f"{result.total['sd']:.{d}f}", "", ""]]


def channel_table(result: Explanation) -> Table:
    """Families and channels for the outcome asked."""
    outcome = OUTCOMES[result.request.outcome]
    table = Table(title=f"Through which channels: {outcome.label} ({outcome.unit})", title_justify="left")
    table.add_column("family and channel")
    for heading in ("share (90 % interval)", "SD over draws", "alone", "on top of all others"):
        table.add_column(heading, justify="right")
    for row in channel_rows(result):
        table.add_row(*row)
    return table


def names_of_beliefs(result: Explanation) -> tuple[str, str]:
    """Headings of what is believed now and before."""
    return {"posterior": ("with the evidence", "before it (prior)")}.get(
        result.request.theory, (f"with {result.request.theory}", "in the prior")
    )


def verdict_rows(result: Explanation) -> list[list[str]]:
    """Cells of the verdict: answer, how many of 100 worlds now with the standard error, and before, and a note."""
    found, rows = result.verdict, []
    for answer, probability in found["posterior"].items():
        note = UNTOUCHED_WORDS if found["untouched"] is not None and answer in found["untouched"] else ""
        error = 100 * found["standard_errors"][answer]
        rows.append([answer, f"{100 * probability:.0f} ± {error:.0f}", f"{100 * found['prior'][answer]:.0f}", note])
    return rows


def verdict_table(result: Explanation) -> Table:
    """Probabilities of each answer, after and before the evidence."""
    draws = result.verdict["draws"]
    title = f"The verdict, for pupils: of 100 simulated worlds (± standard error, {draws} draws)"
    table = Table(title=title, title_justify="left")
    table.add_column("answer")
    for heading in names_of_beliefs(result):
        table.add_column(heading, justify="right")
    table.add_column("")
    for row in verdict_rows(result):
        table.add_row(*row)
    return table


def number(value: float) -> str:
    """A value of an assumption.

    >>> number(0.043774), number(-0.0000001)
    ('0.0438', '0')
    """
    return f"{value:.3g}" if abs(value) > 1e-4 else "0"


def flip_words(carrier: Mapping[str, Any]) -> str:
    """At which value of an assumption the answer changes, in words."""
    if "flips" not in carrier:
        return "not looked for"
    tried = carrier["tried"]
    if not carrier["flips"]:
        span = f"{number(tried[0]['value'])} to {number(tried[-1]['value'])}"
        return f"{tried[0]['answer']} at any value from {span}"
    parts = [f"{flip['below']} below {number(flip['value'])}" for flip in carrier["flips"]]
    last = carrier["flips"][-1]
    return ", ".join([*parts, f"{last['above']} above {number(last['value'])}"])


def belief_table(result: Explanation) -> Table:
    """The assumptions that carry the verdict, what they rest on, and the values that change the answer."""
    table = Table(title="What you would have to believe", title_justify="left")
    for heading in (
        "assumption",
        "rests on",
        "where it acts (5 to 95 % of draws)",
        "fixed in every draw, the answer is",
    ):
        table.add_column(heading)
    for carrier in result.verdict["carried_by"]:
        table.add_row(
            f"{carrier['meaning']} ({carrier['name']}, {carrier['unit']}); carries {100 * carrier['carried']:.0f} % "
            "of the verdict's spread",
            carrier["basis"],
            f"{number(carrier['middle'])} ({number(carrier['low'])} to {number(carrier['high'])})",
            flip_words(carrier),
        )
    return table


def size_words(result: Explanation) -> str:
    """What working together adds for pupils, in a sentence."""
    row = result.levels[(result.levels.outcome == "pupil_attainment") & (result.levels.family == "total")]
    found = row.to_dict("records")[0]
    low, high = signed(found["low"], 3), signed(found["high"], 3)
    return (
        f"Working together in {result.request.asked.name} changes pupils' attainment by {signed(found['share'], 3)} SD "
        f"on average beyond the same programme done alone (90 % interval {low} to {high})."
    )


def answer_words(result: Explanation) -> str:
    """The answer in a sentence that a teacher understands."""
    found = result.verdict
    words = ANSWER_WORDS[found["answer"]]
    if found["answer"] != "undecided":
        return f"The model's answer: {words} (in {of_100(found['posterior'][found['answer']])} simulated worlds)."
    if found["posterior"]["undecided"] > DECIDED:
        return f"The model's answer: {ELSEWHERE}."
    first, second = sorted(found["posterior"], key=lambda answer: -found["posterior"][answer])[:2]
    return (
        f"The model's answer: {words} ({first} in {of_100(found['posterior'][first])}, {second} in "
        f"{of_100(found['posterior'][second])})."
    )


def evidence_words(result: Explanation) -> str:
    """How much of the answer is evidence."""
    found = result.verdict
    answer = found["answer"]
    before = f"Before the evidence the answer was {found['prior_answer']}"
    if found["untouched"] is None:
        return f"In the prior, without these assumptions, the answer is {found['prior_answer']}."
    if len(found["untouched"]) == len(found["posterior"]):
        return f"{before}; no answer's probability moved by 0.1: {UNTOUCHED_WORDS}."
    moved = [name for name in found["posterior"] if name not in found["untouched"]]
    shifts = "; ".join(
        f"{name} from {of_100(found['prior'][name])} to {of_100(found['posterior'][name])}" for name in moved
    )
    tail = f"; for {answer}, {UNTOUCHED_WORDS}" if answer in found["untouched"] else ""
    return f"{before}; it moved {shifts}{tail}."


def presence_words(result: Explanation) -> str:
    """How much of the verdict's spread is whether families of channels are there at all."""
    share = 100 * result.verdict["carried_by_presence_of_families"]
    if share < 1 or not result.verdict["carried_by"]:
        return ""
    return (
        f"Whether each family is there at all carries {share:.0f} % of the verdict's spread; beyond that, the "
        "assumptions in the table carry most."
    )


def clamped_words(result: Explanation) -> str:
    """What is direct, and what came through turning up and wanting to."""
    outcome, found = OUTCOMES[result.request.outcome], result.clamped
    parts = {}
    for name in ("direct", "through_attendance_and_motivation"):
        row = {"share": found[name], "low": found[f"{name}_low"], "high": found[f"{name}_high"]}
        parts[name] = interval(row, "share", outcome)
    return (
        "Without any labels: if everybody came and was motivated as in the programme done alone, "
        f"{parts['direct']} {outcome.unit} would remain (direct); {parts['through_attendance_and_motivation']} comes "
        "through turning up and wanting to."
    )


def interaction_words(result: Explanation) -> str:
    """The largest interaction of two families."""
    outcome = OUTCOMES[result.request.outcome]
    largest = max(result.interactions.to_dict("records"), key=lambda row: abs(row["interaction"]))
    return (
        f"Largest interaction: {largest['a']} and {largest['b']} together add "
        f"{interval(largest, 'interaction', outcome)} {outcome.unit} beyond what each adds (half of it stands in each "
        "share)."
    )


def twin_words(result: Explanation) -> list[str]:
    """The replaced twin and the best solo design, in sentences."""
    outcome = OUTCOMES[result.request.outcome]
    found, best = result.twins["replaced"], result.twins["best_solo"]
    out = [
        "Were the time together and what peers carry given to the facilitator instead (equal hours), the design's "
        f"lead would be {interval(found, 'difference', outcome)} {outcome.unit}; it is better in "
        f"{of_100(found['probability_better'])} simulated worlds."
    ]
    if best is None:
        return [*out, "No solo design of the library costs as little."]
    lead = interval(best, "difference", OUTCOMES["pupil_attainment"])
    return [
        *out,
        f"Beside the library's best solo design that costs no more, {best['scenario']} "
        f"(£{best['pounds_per_teacher']:.0f} and {best['hours_per_teacher']:.0f} hours a teacher, against "
        f"£{best['own_pounds_per_teacher']:.0f} and {best['own_hours_per_teacher']:.0f}): {lead} pupil SD; better in "
        f"{of_100(best['probability_better'])} simulated worlds.",
    ]


def reassignment_words(result: Explanation) -> str:
    """Whether the verdict survives when debatable channels are placed in other families."""
    asked, *others = result.verdict["reassignments"]
    different = [row for row in others if row["answer"] != asked["answer"]]
    ways = f"{len(others)} other ways to say which family norms and lasting ties belong to"
    if asked["answer"] != result.verdict["answer"]:
        ways += f", on the {result.draws} draws divided by channel, where it is {asked['answer']}"
    if not different:
        return f"The verdict survives all {ways}."
    names = "; ".join(f"{placed_words(row['families'])}: {row['answer']}" for row in different)
    return f"The verdict changes in {len(different)} of {ways} ({names})."


def placed_words(families: Mapping[str, str]) -> str:
    """Where channels are placed, in words."""
    return ", ".join(f"{channel_label(channel).lower()} in {family}" for channel, family in families.items())


def counterpart_words(result: Explanation) -> str:
    """What was assumed about collaboration in a solo design; empty for a collaborative one."""
    asked, found = result.request.asked, result.to_dict()["counterpart"]
    if found is None:
        return ""
    share = f"{found['together']:.0%} of them in teams of {found['team_size']} ({found['teams']})"
    return (
        f"{asked.name} is for individuals. This is what working together would add to it: sessions of "
        f"{found['hours']:g} hours instead of {asked.programme.hours:g}, with the same instruction, and {share}; "
        "change [collaboration] to see others."
    )


def sentences(result: Explanation) -> list[str]:
    """The explanation in words, the answer first."""
    lines = [
        counterpart_words(result),
        size_words(result),
        answer_words(result),
        evidence_words(result),
        presence_words(result),
        reassignment_words(result),
        clamped_words(result),
        interaction_words(result),
        *twin_words(result),
    ]
    return [line for line in lines if line]


def notes(result: Explanation) -> list[str]:
    """What a reader has to know."""
    request, outcome = result.request, OUTCOMES[result.request.outcome]
    years = f"{request.years} year{'s' * (request.years > 1)}"
    out = [
        f"Against the stripped twin: same people, instruction, everyday advice and luck, no channel of collaboration; "
        f"all staff, after {years}. Shares ({outcome.unit}) add up to the whole.",
        f"{result.replicates} populations over {result.draws} draws of the assumptions, seed {request.seed}; the "
        f"verdict rests on {result.verdict['draws']} draws, and a family counts from {THRESHOLD:g} pupil SD.",
        f"Assumptions: {result.theory}.",
        "Intervals are over draws: what we do not know about the truth. Which assumptions carry most is a ranking from "
        "these draws; small parts of it are chance.",
        result.verdict["note"],
    ]
    if result.draws == 1:
        out.insert(3, "With one draw of the assumptions, intervals have no width and no assumption carries any spread.")
    return out


def tables_of(result: Explanation) -> Sequence[Table]:
    """The tables, in reading order."""
    found = [level_table(result), channel_table(result), verdict_table(result)]
    return [*found, belief_table(result)] if result.verdict["carried_by"] else found


def print_explanation(result: Explanation, console: Console) -> None:
    """Print sentences, tables and notes."""
    for line in sentences(result):
        console.print(Text(line), soft_wrap=True)
    for table in tables_of(result):
        console.print(table)
    for line in notes(result):
        console.print(Text(f"- {line}"), style="dim", soft_wrap=True)
