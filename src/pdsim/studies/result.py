"""``pdsim study``: the steps in order, from a request to a document."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from threadpoolctl import threadpool_limits

from pdsim import __version__, comparison, theory
from pdsim.comparison import INTERVAL, SCHEMA_VERSION, plain_records
from pdsim.errors import InputError, shown
from pdsim.scenarios import Scenario
from pdsim.studies.arms import DESIGNS, PROGRAMME, SIZES, Design, arms_of, check_sizes, programme_of
from pdsim.studies.pool import SCHOOLS, Pool, Progress, drawn, run_pool, truth_runs, truths
from pdsim.studies.trial import ANSWERS, CALLS, READINGS, analyse
from pdsim.theory import Theory
from pdsim.validation.unknown import stream

ASKED = "asked"
# Worlds in which trials are simulated: the assumptions asked for, and teaching worlds with the answer in each.
DRAWS = 200
TEACHING = {"fluoride": "fluoride", "mint": "mint", "bystander": "neither"}
TAUGHT = (40, 25)  # draws of a teaching world that are looked at, and at most so many in which its answer is true
TRIALS = 400  # of each design and size, in each world
MOST_TRIALS = 100_000
RESAMPLES = 200
Z = float(stats.norm.ppf((1 + INTERVAL) / 2))
POWER = 0.8


@dataclass(frozen=True)
class Request:
    """What was asked for, read and checked.

    Attributes:
        programme: that is tried.
        sizes: numbers of schools.
        trials: simulated trials of each design and size in each world.
        seed: 0..2^32-1.
        theory: as ``--theory``.
        settings: keys changed, for the record.
        assumptions: content of the file that ``theory`` names.
    """

    programme: Scenario
    sizes: tuple[int, ...]
    trials: int
    seed: int
    theory: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    assumptions: Mapping[str, float] | None = None


@dataclass(frozen=True)
class Study:
    """Result of :func:`study`.

    Attributes:
        request: what was asked for.
        theory: label of the assumptions asked for.
        truth: probability of each answer in each world (rows: worlds), over all its draws. In teaching worlds, trials
            are simulated in the draws in which the world's own answer is true of this programme.
        table: a row for each world, design, reading and number of schools: probability of the right answer, of a wrong
            one and of none, each with a 90 % Monte Carlo interval; for the assumptions asked for also the expected
            information in bits, its share of what there is to know, and its rank.
        calls: how often each call is made where each answer is true: world, design, reading, schools, truth, call,
            probability (of all trials in the world).
        entropy: bits that there are to know under the assumptions asked for.
    """

    request: Request
    theory: str
    truth: pd.DataFrame
    table: pd.DataFrame
    calls: pd.DataFrame
    entropy: float

    @property
    def ranked(self) -> pd.DataFrame:
        """Candidate trials under the assumptions asked for, the most informative first."""
        return self.table[self.table["world"] == ASKED].sort_values("rank")

    def to_dict(self) -> dict[str, Any]:
        """The document that ``pdsim study --json`` prints."""
        request = self.request
        return {
            "schema_version": SCHEMA_VERSION,
            "version": __version__,
            "scenario": request.programme.name,
            "theory": self.theory,
            "seed": request.seed,
            "trials": request.trials,
            "interval": INTERVAL,
            "designs": {design.name: design.meaning for design in DESIGNS},
            "truth": plain_records(self.truth),
            "entropy_bits": self.entropy,
            "trials_ranked": plain_records(self.ranked),
            "table": plain_records(self.table),
            "calls": plain_records(self.calls),
        }

    def to_json(self) -> str:
        """:meth:`to_dict` as text."""
        return json.dumps(self.to_dict(), indent=1, allow_nan=False)

    def plot(self) -> Any:
        """A Matplotlib figure: power and information by number of schools."""
        from pdsim.study_figures import draw_study

        return draw_study(self)


def resolve(
    scenario: str | Path | Scenario = PROGRAMME,
    schools: Sequence[int] = SIZES,
    trials: int = TRIALS,
    seed: int = comparison.DEFAULT_SEED,
    theory: str = "posterior",
    settings: Mapping[str, Any] | None = None,
) -> Request:
    """A study's request: everything is read and checked here, once.

    Raises:
        InputError: any mistake in names, files, settings or options.
    """
    comparison.check_options(comparison.DEFAULT_REPLICATES, seed, None)
    if not 1 <= trials <= MOST_TRIALS:
        raise InputError(f"--trials: {shown(trials)} is out of range; allowed is 1 to {MOST_TRIALS:,}")
    settings = dict(settings or {})
    programme = programme_of(scenario, settings)
    return Request(programme, check_sizes(schools), trials, seed, theory, settings, comparison.named_file(theory))


def study(
    scenario: str | Path | Scenario = PROGRAMME,
    schools: Sequence[int] = SIZES,
    trials: int = TRIALS,
    seed: int = comparison.DEFAULT_SEED,
    theory: str = "posterior",
    settings: Mapping[str, Any] | None = None,
    progress: Progress = lambda runs: None,
) -> Study:
    """Which trial would tell whether collaboration is the fluoride or the mint.

    Args:
        scenario: short name, path or scenario of the programme that is tried.
        schools: sizes of trials, multiples of 4.
        trials: simulated trials of each design and size in each world.
        seed: 0..2^32-1.
        theory: "posterior", "prior", "point", a named world, or a TOML file of assumptions.
        settings: scenario keys or assumptions to change, by path.
        progress: called with the number of runs, then of trials, done.

    Raises:
        InputError: any mistake in the input.
    """
    request = resolve(scenario, schools, trials, seed, theory, settings)
    return report(request, run_worlds(request, progress), progress)


def assumptions_of(request: Request) -> dict[str, Theory]:
    """Draws of the assumptions in each world; what the scenario fixes is fixed in all."""
    found = {ASKED: theory.load(request.theory, DRAWS, request.seed, request.assumptions)}
    found |= {world: theory.load(world, TAUGHT[0], request.seed) for world in TEACHING}
    return {world: theory.override(believed, request.programme.theory) for world, believed in found.items()}


def runs_needed(request: Request) -> int:
    """Runs of schools that a study takes, at most."""
    schools = len(arms_of(request.programme)) * SCHOOLS
    total = 0
    for world, assumed in assumptions_of(request).items():
        draws = len(assumed.draws)
        total += truth_runs(request.programme, assumed) + schools * (draws if world == ASKED else min(draws, TAUGHT[1]))
    return total


def trials_needed(request: Request) -> int:
    """Trials that a study simulates, at most."""
    return (1 + len(TEACHING)) * len(DESIGNS) * len(request.sizes) * request.trials


@dataclass(frozen=True)
class World:
    """Schools of a world, and how often each answer is true in its draws before any were left out."""

    pool: Pool
    draws: int
    truth: np.ndarray


def run_worlds(request: Request, progress: Progress = lambda runs: None) -> dict[str, World]:
    """Schools of every world; of a teaching world only draws in which its answer is true of this programme.

    A teaching world in which it never is, is left out.
    """
    arms = arms_of(request.programme)
    found: dict[str, World] = {}
    for world, assumed in assumptions_of(request).items():
        truth = truths(request.programme, assumed, request.seed, progress)
        kept = np.arange(len(truth))
        if world != ASKED:
            kept = np.flatnonzero(truth == TEACHING[world])[: TAUGHT[1]]
        if len(kept):
            part = Theory(assumed.label, assumed.draws[kept].view(np.recarray))
            found[world] = World(
                run_pool(arms, part, truth[kept], request.seed, progress), len(truth), frequencies(truth)
            )
    return found


def report(request: Request, worlds: Mapping[str, World], progress: Progress = lambda trials: None) -> Study:
    """Simulate and analyse all trials, and score them."""
    rows, calls = [], []
    for world, pool in ((world, each.pool) for world, each in worlds.items()):
        for design in DESIGNS:
            for schools in request.sizes:
                rng = stream(request.seed, f"study {world} {design.name} {schools}")
                with threadpool_limits(1):  # more threads are slower on small matrices
                    tried = simulate_trials(pool, design, schools, request.trials, rng)
                for reading in READINGS:
                    key = {"world": world, "design": design.name, "reading": reading, "schools": schools}
                    rows.append(key | scores(pool.truth, tried[reading]) | information(pool, tried[reading], world))
                    calls += call_rows(key, pool.truth, tried[reading])
                progress(request.trials)
    table = pd.DataFrame(rows)
    table["rank"] = table["bits"].rank(ascending=False, method="first").astype("Int64")
    asked = worlds[ASKED].pool
    return Study(
        request=request,
        theory=asked.label,
        truth=truth_table(worlds),
        table=table,
        calls=pd.DataFrame(calls),
        entropy=entropy(frequencies(asked.truth)),
    )


def simulate_trials(
    pool: Pool, design: Design, schools: int, trials: int, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Calls by reading: (draws, calls) shares of the trials of each draw, over as many trials as fit evenly.

    Every draw has the same number of trials, at least one.
    """
    each = max(trials // pool.draws, 1)
    made = {reading: np.zeros((pool.draws, len(CALLS))) for reading in READINGS}
    for draw in range(pool.draws):
        for _ in range(each):
            found = analyse(design, drawn(pool, draw, design.arms, schools, rng))
            for reading, call in found.items():
                made[reading][draw, CALLS.index(call)] += 1
    return {reading: counts / each for reading, counts in made.items()}


def places(truth: np.ndarray) -> np.ndarray:
    """Place of each draw's answer in ``ANSWERS`` (and so in ``CALLS``)."""
    return np.array([ANSWERS.index(answer) for answer in truth])


def scores(truth: np.ndarray, shares: np.ndarray) -> dict[str, float]:
    """Probability of the right answer, of a wrong one, and of none, with Monte Carlo intervals over draws."""
    right = shares[np.arange(len(truth)), places(truth)]
    answered = shares[:, : len(ANSWERS)].sum(axis=1)
    found: dict[str, float] = {}
    for name, values in (("right", right), ("wrong", answered - right), ("none", 1.0 - answered)):
        error = values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else 0.0
        mean = float(values.mean())
        found |= {name: mean, f"{name}_low": max(mean - Z * error, 0.0), f"{name}_high": min(mean + Z * error, 1.0)}
    return found


def frequencies(truth: np.ndarray) -> np.ndarray:
    """Share of draws in which each answer is true."""
    return np.bincount(places(truth), minlength=len(ANSWERS)) / len(truth)


def entropy(probability: np.ndarray) -> float:
    """Entropy in bits.

    >>> entropy(np.array([0.5, 0.5])), entropy(np.array([1.0, 0.0]))
    (1.0, 0.0)
    """
    return float(-sum(p * np.log2(p) for p in probability.ravel() if p > 0) + 0.0)


def joint(truth: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Probability of each answer being true with each call being made, (answers, calls)."""
    return np.array([shares[places(truth) == k].sum(axis=0) for k in range(len(ANSWERS))]) / len(truth)


def bits(truth: np.ndarray, shares: np.ndarray) -> float:
    """Expected reduction of the entropy of the answer by a call: their mutual information, in bits (Lindley 1956).

    >>> bits(np.array(["fluoride", "mint"]), np.eye(8)[:2])
    1.0
    """
    both = joint(truth, shares)
    return entropy(both.sum(axis=1)) + entropy(both.sum(axis=0)) - entropy(both)


def information(pool: Pool, shares: np.ndarray, world: str) -> dict[str, float]:
    """Expected information of a call with its Monte Carlo interval, by resampling draws; nothing in teaching worlds.

    In a finite sample of draws calls seem to tell a little even where they tell nothing. What a bootstrap adds on
    average over the estimate is taken off it once, as the estimate itself is too high by about as much.
    """
    if world != ASKED:
        return dict.fromkeys(("bits", "bits_low", "bits_high"), float("nan"))
    rng = stream(0, "study bootstrap")
    seen = bits(pool.truth, shares)
    again = []
    for _ in range(RESAMPLES):
        rows = rng.integers(pool.draws, size=pool.draws)
        again.append(bits(pool.truth[rows], shares[rows]))
    most = entropy(frequencies(pool.truth))
    value = float(np.clip(2 * seen - np.mean(again), 0.0, most))
    half = Z * float(np.std(again))
    return {"bits": value, "bits_low": max(value - half, 0.0), "bits_high": min(value + half, most)}


def call_rows(key: Mapping[str, Any], truth: np.ndarray, shares: np.ndarray) -> list[dict[str, Any]]:
    """How often each call is made where each answer is true; empty combinations left out."""
    both = joint(truth, shares)
    return [
        {**key, "truth": answer, "call": call, "probability": float(both[a, c])}
        for a, answer in enumerate(ANSWERS)
        for c, call in enumerate(CALLS)
        if both[a, c] > 0
    ]


def truth_table(worlds: Mapping[str, World]) -> pd.DataFrame:
    """Probability of each answer in each world, and in how many draws trials were simulated."""
    return pd.DataFrame(
        {
            "world": name, "draws": world.draws, "draws_used": world.pool.draws,
            **dict(zip(ANSWERS, map(float, world.truth), strict=True)),
        }
        for name, world in worlds.items()
    )  # fmt: skip
