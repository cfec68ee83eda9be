"""``pdsim explain``: the steps in order, from a request to a document."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pdsim import __version__, comparison, scenarios, theory
from pdsim.assumptions import FAMILIES
from pdsim.comparison import INTERVAL, SCHEMA_VERSION, plain_records, spread_over_draws
from pdsim.errors import InputError, nearest, shown
from pdsim.explanation import coalitions, decomposition, flips, rivals, verdict
from pdsim.explanation.coalitions import Progress
from pdsim.explanation.decomposition import Shares
from pdsim.kernel.records import CHANNELS
from pdsim.outcomes import OUTCOMES
from pdsim.scenarios import Scenario
from pdsim.simulate import Luck, luck
from pdsim.theory import Theory

SEEDS = 20  # lucks of every draw
REPLICATES = 1000  # populations, by default: 50 draws x 20 lucks
REPLICATES_OF_ONE_DRAW = 200
MAX_REPLICATES = 20_000
VERDICT_DRAWS = 4  # times as many draws for the probabilities of a verdict, which hang on draws more than on luck
LEVELS = ("pupil_attainment", "practice", "use", "organisational_support", "insight", "technique", "reaction")
LONGEST_SESSION = 12.0  # hours, as the register of keys allows
PUPILS = OUTCOMES["pupil_attainment"].column


@dataclass(frozen=True)
class Request:
    """What an explanation was asked for, read and checked.

    Attributes:
        asked: the scenario as it was named.
        design: the collaborative design that is explained: the same, or for a solo one its counterpart.
        families: family of every channel.
        replicates: populations, (draw, luck) each; None for the default.
        seed: 0..2^32-1.
        years: school years.
        theory: as ``--theory``.
        outcome: what is divided among channels and families; the verdict is always on pupils.
        search: whether to search for what flips the verdict.
        settings: keys changed in the scenario, for the record.
        assumptions: content of the file that ``theory`` names.
    """

    asked: Scenario
    design: Scenario
    families: Mapping[str, str]
    replicates: int | None
    seed: int
    years: int
    theory: str
    outcome: str
    search: bool
    settings: Mapping[str, Any] = field(default_factory=dict)
    assumptions: Mapping[str, float] | None = None


@dataclass(frozen=True)
class Plan:
    """Draws and luck of all parts of an explanation.

    Attributes:
        believed: draws of the assumptions asked for; four times as many as are decomposed.
        runs: draw and luck of every run behind the verdict.
        own: those of the first quarter of the draws, which are decomposed channel by channel.
        rest: those of the others.
        prior: draws of the prior; None where the prior is what was asked for.
        prior_runs: their draw and luck.
    """

    believed: Theory
    runs: Luck
    own: Luck
    rest: Luck
    prior: Theory | None
    prior_runs: Luck


@dataclass(frozen=True)
class Explanation:
    """Result of :func:`explain`.

    Attributes:
        request: what was asked for.
        theory: label of the assumptions, with what is fixed about them.
        draws: draws of the assumptions behind the decomposition.
        replicates: populations behind it.
        levels: a row for each outcome of Guskey's five levels and each family (and "total"): share, sd, low, high.
        families: a row for each family, for the outcome asked: share, sd, low, high, first_in, last_in.
        channels: a row for each channel: family, share, sd, low, high.
        interactions: a row for each pair of families: what they add together beyond what each adds.
        by_draw: a row for each draw behind the verdict: assumptions ("asked" or "prior"), total, families, answer.
        total: the whole difference from the stripped twin: effect, sd, low, high, mc_error.
        clamped: what is direct and what came through turning up and wanting to.
        twins: the design beside the replaced twin and the library's best solo design that costs no more.
        verdict: answer, probabilities, carriers, reassignments.
    """

    request: Request
    theory: str
    draws: int
    replicates: int
    levels: pd.DataFrame
    families: pd.DataFrame
    channels: pd.DataFrame
    interactions: pd.DataFrame
    by_draw: pd.DataFrame
    total: Mapping[str, float]
    clamped: Mapping[str, float]
    twins: Mapping[str, Any]
    verdict: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """The document that ``pdsim explain --json`` prints."""
        request = self.request
        return {
            "schema_version": SCHEMA_VERSION,
            "version": __version__,
            "scenario": request.asked.name,
            "counterpart": counterpart_words(request),
            "twin": "stripped",
            "outcome": request.outcome,
            "unit": OUTCOMES[request.outcome].unit,
            "replicates": self.replicates,
            "draws": self.draws,
            "seed": request.seed,
            "years": request.years,
            "theory": self.theory,
            "interval": INTERVAL,
            "total": self.total["effect"],
            **{name: self.total[name] for name in ("low", "high", "sd", "mc_error")},
            "channels": plain_records(self.channels),
            "families": plain_records(self.families),
            "levels": plain_records(self.levels),
            "interactions": plain_records(self.interactions),
            "clamped": dict(self.clamped),
            "twins": dict(self.twins),
            "verdict": dict(self.verdict),
        }

    def to_json(self) -> str:
        """:meth:`to_dict` as text."""
        return json.dumps(self.to_dict(), indent=1, allow_nan=False)


def resolve(
    design: str | Path | Scenario,
    replicates: int | None = None,
    years: int | None = None,
    seed: int = comparison.DEFAULT_SEED,
    theory: str = "posterior",
    settings: Mapping[str, Any] | None = None,
    outcome: str = "pupil_attainment",
    families: Mapping[str, str] | None = None,
    search: bool = True,
) -> Request:
    """An explanation's request from a name, path or scenario: everything is read and checked here, once.

    Raises:
        InputError: any mistake in names, files, settings or options, or a design without a programme.
    """
    comparison.check_options(replicates or REPLICATES, seed, years)
    if replicates is not None and not SEEDS <= replicates <= MAX_REPLICATES:
        allowed = f"{SEEDS} (lucks of one draw) to {MAX_REPLICATES:,}"
        raise InputError(f"--replicates: {shown(replicates)} is out of range; allowed is {allowed}")
    if outcome not in OUTCOMES:
        allowed = f"allowed is one of {', '.join(OUTCOMES)}{nearest(outcome, OUTCOMES)}"
        raise InputError(f"--outcome: {shown(outcome)} is no outcome; {allowed}")
    placed = decomposition.check_families(families or {})
    content = comparison.named_file(theory)
    changed = dict(settings or {})
    asked = design.with_(**changed) if isinstance(design, Scenario) else scenarios.load(design, changed)
    asked = comparison.looked_at(asked, years or asked.evaluation.years)
    return Request(
        asked, counterpart(asked), placed, replicates, seed, asked.evaluation.years, theory, outcome, search, changed,
        content,
    )  # fmt: skip


def counterpart(scenario: Scenario) -> Scenario:
    """The design to explain: the scenario itself, or for a solo one the same with time together on top.

    The teams, and the share of the hours that they spend together, are those of the scenario's [collaboration], which
    has defaults; instruction keeps its hours, so that the counterpart's stripped twin is the scenario. A session has
    at most 12 hours: the share is smaller where it would be longer.

    Raises:
        InputError: no programme, or sessions so long that no time together fits.
    """
    programme = scenario.programme
    if programme.sessions == 0:
        raise InputError(
            f"{scenario.name}: programme.sessions: 0: there is no programme to explain; name a design with sessions"
        )
    if programme.format == "collaborative":
        return scenario
    share = scenario.collaboration.together
    hours = programme.hours / (1.0 - share) if share < 1.0 else np.inf
    if programme.hours >= LONGEST_SESSION:
        raise InputError(
            f"{scenario.name}: programme.hours: {programme.hours:g}: no time together fits on top; allowed for the "
            f"collaborative counterpart of a solo design is less than {LONGEST_SESSION:g}"
        )
    if hours > LONGEST_SESSION:
        hours, share = LONGEST_SESSION, 1.0 - programme.hours / LONGEST_SESSION
    changes = {"programme.format": "collaborative", "programme.hours": hours, "collaboration.together": share}
    return scenario.with_(**changes)


def counterpart_words(request: Request) -> dict[str, Any] | None:
    """What was assumed about collaboration in a solo design; None for a collaborative one."""
    if request.asked.programme.format == "collaborative":
        return None
    design = request.design
    return {
        "hours": design.programme.hours,
        "together": design.collaboration.together,
        "team_size": design.collaboration.team_size,
        "teams": design.collaboration.teams,
    }


def planned(request: Request) -> Plan:
    """Draws and luck of a request."""
    replicates = request.replicates or REPLICATES
    draws = VERDICT_DRAWS * (replicates // SEEDS)
    believed = theory.load(request.theory, draws, request.seed, request.assumptions)
    many = luck(VERDICT_DRAWS * replicates, draws, request.seed)
    one = luck(request.replicates or REPLICATES_OF_ONE_DRAW, 1, request.seed)
    runs = many if len(believed.draws) > 1 else one
    own = runs.draw < max(len(believed.draws) // VERDICT_DRAWS, 1)
    fixed = request.design.theory
    return Plan(
        theory.override(believed, fixed),
        runs,
        decomposition.part_of(runs, own),
        decomposition.part_of(runs, ~own),
        None if request.theory == "prior" else theory.override(theory.load("prior", draws, request.seed), fixed),
        many,
    )


def runs_needed(request: Request) -> int:
    """Runs that an explanation takes, the search for flips apart."""
    plan = planned(request)
    channels = decomposition.channel_game(request.families)
    total = coalitions.runs_of(request.design, plan.believed.draws, channels, plan.own)
    total += family_runs(request, plan.believed, plan.rest)
    if plan.prior is not None:
        total += family_runs(request, plan.prior, plan.prior_runs)
    library = len(rivals.solo_designs()) * len(decomposition.thinned(plan.own, rivals.LUCKS).draw)
    return total + 3 * len(plan.own.draw) + library  # clamped runs take two, the replaced twin one


def family_runs(request: Request, believed: Theory, runs: Luck) -> int:
    """Runs of the game of families."""
    return coalitions.runs_of(request.design, believed.draws, decomposition.family_game(request.families), runs)


def runs_of_search(request: Request) -> int:
    """Runs of the search for flips, at most about."""
    return search_of(request, planned(request)).runs_at_most


def search_of(request: Request, plan: Plan) -> flips.Search:
    """The search for flips of a request: on the draws of the verdict."""
    runs = decomposition.thinned(plan.runs, flips.LUCKS)
    return flips.Search(request.design, plan.believed, runs, request.families)


def explain(
    design: str | Path | Scenario,
    replicates: int | None = None,
    years: int | None = None,
    seed: int = comparison.DEFAULT_SEED,
    theory: str = "posterior",
    settings: Mapping[str, Any] | None = None,
    outcome: str = "pupil_attainment",
    families: Mapping[str, str] | None = None,
    search: bool = True,
    progress: Progress = lambda runs: None,
) -> Explanation:
    """Whether collaboration is the fluoride or the mint of a design, and what one would have to believe.

    Args:
        design: short name, path or scenario; a solo one is explained as its collaborative counterpart.
        replicates: populations, twenty lucks to a draw of the assumptions; by default 1,000, or 200 with one draw.
        years: school years to look at, 1-10; by default those of the scenario.
        seed: 0..2^32-1.
        theory: "posterior", "prior", "point", a named world, or a TOML file of assumptions.
        settings: scenario keys or assumptions to change, by path.
        outcome: what is divided among channels and families; the verdict is always on pupils.
        families: families of channels where they are not the usual ones, for example {"norms": "mint"}.
        search: whether to search for the values of assumptions that flip the verdict (about a minute more).
        progress: called with the number of runs done.

    Raises:
        InputError: any mistake in the input, or no programme to explain.

    >>> result = explain("lesson-study", replicates=20, years=1, search=False)
    >>> bool(abs(result.channels.share.sum() - result.total["effect"]) < 1e-12)
    True
    """
    request = resolve(design, replicates, years, seed, theory, settings, outcome, families, search)
    result = run(request, progress)
    return with_flips(result, progress) if search else result


def run(request: Request, progress: Progress = lambda runs: None) -> Explanation:
    """Run a request without the search for flips; see :func:`explain`."""
    plan = planned(request)
    draws, draw = plan.believed.draws, plan.own.draw
    channels = decomposition.channel_game(request.families)
    values = coalitions.play(request.design, draws, channels, plan.own, progress)
    asked = decomposition.shares_of(values, draw, PUPILS)
    if len(plan.rest.draw):
        asked = asked.joined(family_shares(request, plan.believed, plan.rest, progress))
    prior = asked if plan.prior is None else family_shares(request, plan.prior, plan.prior_runs, progress)
    column = OUTCOMES[request.outcome].column
    return Explanation(
        request=request,
        theory=plan.believed.label,
        draws=len(np.unique(draw)),
        replicates=len(draw),
        levels=level_table(values, draw),
        families=family_table(values, draw, column),
        channels=channel_table(values, draw, column, request.families),
        interactions=interaction_table(values, draw, column),
        by_draw=draw_table(asked, prior),
        total=share_of(values["total"][:, 0, column], draw) | {"mc_error": error_of(values, draw, column)},
        clamped=clamped_of(request, plan, values, progress),
        twins=twins_of(request, plan, values, progress),
        verdict=verdict_of(request, plan, asked, prior, values),
    )


def family_shares(request: Request, believed: Theory, runs: Luck, progress: Progress) -> Shares:
    """Families' shares of the pupil effect in every draw."""
    game = decomposition.family_game(request.families)
    values = coalitions.play(request.design, believed.draws, game, runs, progress)
    return decomposition.shares_of(values, runs.draw, PUPILS)


def share_of(values: np.ndarray, draw: np.ndarray, name: str = "effect") -> dict[str, float]:
    """Mean (under ``name``), SD and 90 % interval over draws of the expected value of (R) runs."""
    spread = spread_over_draws(values, draw)
    low, high = spread.interval()
    sd = spread.expected.std(ddof=1) if len(spread.expected) > 1 else 0.0
    return {name: float(spread.effect), "sd": float(sd), "low": float(low), "high": float(high)}


def error_of(values: Mapping[str, np.ndarray], draw: np.ndarray, column: int) -> float:
    """Standard error of the total."""
    return float(spread_over_draws(values["total"][:, 0, column], draw).error)


def level_table(values: Mapping[str, np.ndarray], draw: np.ndarray) -> pd.DataFrame:
    """Families' shares of every outcome with a Guskey level, from level 5 down, and the total."""
    rows = []
    for name in LEVELS:
        outcome = OUTCOMES[name]
        key = {"guskey_level": outcome.level, "outcome": name, "unit": outcome.unit}
        for at, family in enumerate(FAMILIES):
            rows.append(key | {"family": family} | share_of(values["families"][:, at, outcome.column], draw, "share"))
        rows.append(key | {"family": "total"} | share_of(values["total"][:, 0, outcome.column], draw, "share"))
    return pd.DataFrame(rows)


def family_table(values: Mapping[str, np.ndarray], draw: np.ndarray, column: int) -> pd.DataFrame:
    """Families' shares of one outcome, and what each adds first and last."""
    return pd.DataFrame(
        {
            "family": family,
            **share_of(values["families"][:, at, column], draw, "share"),
            "first_in": float(values["first_in"][:, at, column].mean()),
            "last_in": float(values["last_in"][:, at, column].mean()),
        }
        for at, family in enumerate(FAMILIES)
    )


def channel_table(
    values: Mapping[str, np.ndarray], draw: np.ndarray, column: int, families: Mapping[str, str]
) -> pd.DataFrame:
    """Channels' shares of one outcome (Owen values), family by family."""
    rows = [
        {"channel": channel, "family": families[channel], **share_of(values["channels"][:, at, column], draw, "share")}
        for at, channel in enumerate(CHANNELS)
    ]
    return pd.DataFrame(sorted(rows, key=lambda row: FAMILIES.index(str(row["family"]))))


def interaction_table(values: Mapping[str, np.ndarray], draw: np.ndarray, column: int) -> pd.DataFrame:
    """What each pair of families adds to one outcome together, beyond what each adds."""
    return pd.DataFrame(
        {"a": FAMILIES[a], "b": FAMILIES[b], **share_of(values["interactions"][:, at, column], draw, "interaction")}
        for at, (a, b) in enumerate(decomposition.PAIRS)
    )


def draw_table(asked: Shares, prior: Shares) -> pd.DataFrame:
    """Total, families' shares and answer of every draw behind the verdict: assumptions "asked" for, and the "prior"."""
    frames = []
    for name, shares in (("asked", asked), ("prior", prior)):
        frame = pd.DataFrame(shares.families, columns=list(FAMILIES))
        frame.insert(0, "total", shares.total)
        frame.insert(0, "assumptions", name)
        frames.append(frame.assign(answer=verdict.classify(shares)))
    return pd.concat(frames, ignore_index=True)


def clamped_of(request: Request, plan: Plan, values: Mapping[str, np.ndarray], progress: Progress) -> dict[str, float]:
    """What is direct, with attendance and motivation replayed from the twin, and what came through those two."""
    column, draw = OUTCOMES[request.outcome].column, plan.own.draw
    held = coalitions.clamped(request.design, plan.believed.draws, plan.own, progress)[:, column]
    twin, whole = values["level"][:, 0, column], values["level"][:, 1, column]
    found: dict[str, float] = {}
    for name, part in (("direct", held - twin), ("through_attendance_and_motivation", whole - held)):
        row = share_of(part, draw)
        found |= {name: row["effect"], f"{name}_low": row["low"], f"{name}_high": row["high"]}
    return found


def twins_of(request: Request, plan: Plan, values: Mapping[str, np.ndarray], progress: Progress) -> dict[str, Any]:
    """The design beside both twins, in the outcome's unit, and beside the best solo design, for pupils."""
    outcome, draw = OUTCOMES[request.outcome], plan.own.draw
    twin, own = values["level"][:, 0], values["level"][:, 1]
    replaced = rivals.levels(request.design.solo_twin("replaced"), plan.believed, plan.own, progress)
    return {
        "stripped": rivals.against(own, twin, draw, outcome),
        "replaced": rivals.against(own, replaced, draw, outcome),
        "best_solo": rivals.best_solo(request.design, plan.believed, plan.own, own, progress),
    }


def verdict_of(
    request: Request, plan: Plan, asked: Shares, prior: Shares, values: Mapping[str, np.ndarray]
) -> dict[str, Any]:
    """Answer and probabilities, what the evidence leaves untouched, carriers, and other ways to place channels."""
    found, before = verdict.probabilities(asked), verdict.probabilities(prior)
    fitted = verdict.touched_by_fit() if request.theory == "posterior" else {}
    carried = verdict.carriers(plan.believed.draws, asked)
    placed = reassigned(request, plan, values)
    return {
        "answer": verdict.answer_of(found),
        "prior_answer": verdict.answer_of(before),
        "posterior": found,
        "prior": before,
        "untouched": verdict.untouched(found, before) if request.theory == "posterior" else None,
        "threshold": verdict.THRESHOLD,
        "draws": len(asked.total),
        "standard_errors": verdict.standard_errors(found, len(asked.total)),
        "carried_by": [verdict.description(carrier, plan.believed.draws, fitted) for carrier in carried.found],
        "carried_by_presence_of_families": carried.presence,
        "reassignments": placed,
        "survives": all(row["answer"] == placed[0]["answer"] for row in placed),
        "note": verdict.LIMITS,
    }


def reassigned(request: Request, plan: Plan, values: Mapping[str, np.ndarray]) -> list[dict[str, Any]]:
    """The verdict on the decomposed draws as asked, then with the debatable channels placed in other families."""
    changes: list[dict[str, str]] = [{}, *decomposition.reassignments(request.families)]
    names = ["families", *(f"reassigned {number}" for number in range(len(changes) - 1))]
    rows = []
    for change, name in zip(changes, names, strict=True):
        found = verdict.probabilities(decomposition.shares_of(values, plan.own.draw, PUPILS, name))
        rows.append({"families": change, "answer": verdict.answer_of(found), "posterior": found})
    return rows


def with_flips(result: Explanation, progress: Progress = lambda runs: None) -> Explanation:
    """The same with the values at which each carrier flips the verdict."""
    search = search_of(result.request, planned(result.request))
    carried = [carrier | flips.find(search, carrier["name"], progress) for carrier in result.verdict["carried_by"]]
    return replace(result, verdict={**result.verdict, "carried_by": carried})
