"""Validation from start to end: read the trials, predict them, score the predictions beside their rivals."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pdsim import __version__
from pdsim.comparison import DEFAULT_SEED, INTERVAL, check_options
from pdsim.errors import InputError, shown
from pdsim.simulate import science_hash
from pdsim.theory import named_file
from pdsim.validation.cases import case_rows, contrast_rows
from pdsim.validation.codes import CODINGS, perturbed
from pdsim.validation.forecasts import SIMULATED, Predicted, spreads_of
from pdsim.validation.prediction import LUCKS, plan, predict
from pdsim.validation.rivalry import all_scores, contrast_logs, other_logs, power_of, pupil_logs
from pdsim.validation.rivals import simple_rules, theories
from pdsim.validation.trials import Trial, read_folder

SCHEMA_VERSION = 1
DEFAULT_DRAWS = 100
MAX_DRAWS = 10_000


@dataclass(frozen=True)
class Request:
    """What a validation was asked for.

    ``assumptions`` are those of the file that ``theory`` names, if it names one.
    """

    trials: tuple[Trial, ...]
    draws: int
    seed: int
    theory: str
    assumptions: Mapping[str, float] | None = None

    @property
    def runs(self) -> int:
        """Number of runs, as progress counts them: of whole trials under one set of assumptions."""
        return len(self.trials) * self.draws * (LUCKS * len(SIMULATED) + CODINGS)


@dataclass(frozen=True)
class Validation:
    """Result of :func:`validate`.

    Attributes:
        request: what was asked for.
        theory: label of the model's assumptions.
        cases: a row per outcome: what was observed and predicted, both intervals, and the rivals' means.
        contrasts: a row per contrast: what is expected, and its probability.
        scores: by rival, for contrasts, other outcomes than pupils', and pupils.
        spreads: SD of true effects between trials of equal design, by kind of outcome, as estimated here.
        power: see :func:`pdsim.validation.power.perfect_model`.
        codes: how far wrongly read codes move predictions and score.
    """

    request: Request
    theory: str
    cases: list[dict[str, Any]]
    contrasts: list[dict[str, Any]]
    scores: dict[str, Any]
    spreads: dict[str, float]
    power: dict[str, Any]
    codes: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """The document that ``pdsim validate --json`` prints."""
        return {
            "schema_version": SCHEMA_VERSION,
            "version": __version__,
            "science": science_hash(),
            "theory": self.theory,
            "draws": self.request.draws,
            "seed": self.request.seed,
            "interval": INTERVAL,
            "cases": self.cases,
            "contrasts": self.contrasts,
            "scores": self.scores,
            "between_trial_spread": self.spreads,
            "power": self.power,
            "codes": self.codes,
        }

    def to_json(self) -> str:
        """:meth:`to_dict` as text."""
        return json.dumps(self.to_dict(), indent=1, allow_nan=False)


def resolve(folder: Path, draws: int = DEFAULT_DRAWS, seed: int = DEFAULT_SEED, theory: str = "posterior") -> Request:
    """A validation's request: trial files and options are read and checked here, once.

    Raises:
        InputError: any mistake in files or options.
    """
    check_draws(draws, seed)
    assumptions = named_file(theory)
    return Request(tuple(read_folder(folder)), draws, seed, theory, assumptions)


def check_draws(draws: int, seed: int) -> None:
    """Ranges of the options.

    Raises:
        InputError: naming the option and what is allowed.
    """
    if not 1 <= draws <= MAX_DRAWS:
        raise InputError(f"--draws: {shown(draws)} is out of range; allowed is 1 to {MAX_DRAWS:,}")
    check_options(1, seed, None)


def validate(
    folder: str | Path,
    draws: int = DEFAULT_DRAWS,
    seed: int = DEFAULT_SEED,
    theory: str = "posterior",
    progress: Callable[[int], None] | None = None,
) -> Validation:
    """Predict the published trials of a folder, and compare with what was observed and with rivals.

    Args:
        folder: with trial files (``*.toml``; not in subfolders).
        draws: of the assumptions, each with its own sample of what a report does not say (in ``CODE_SAMPLES`` groups).
        seed: 0..2^32-1.
        theory: as in ``compare``.
        progress: called with the number of runs done, of ``Request.runs``.

    Raises:
        InputError: any mistake in files or options.
    """
    return run(resolve(Path(folder), draws, seed, theory), progress)


def run(request: Request, progress: Callable[[int], None] | None = None) -> Validation:
    """Run a request; see :func:`validate`."""
    assumed = theories(request.theory, request.draws, request.seed, request.assumptions)
    plans = [plan(trial, request.draws, request.seed) for trial in request.trials]
    found = [
        Predicted(of_trial, by, simple_rules(of_trial))
        for of_trial, by in zip(plans, predict(plans, assumed, progress), strict=True)
    ]
    spreads = spreads_of(found)
    cases = [row for predicted in found for row in case_rows(predicted, spreads)]
    contrasts = [row for predicted in found for row in contrast_rows(predicted)]
    contrast, other = contrast_logs(contrasts, request.draws), other_logs(found, spreads)
    return Validation(
        request=request,
        theory=assumed["pdsim"].label,
        cases=cases,
        contrasts=contrasts,
        scores=all_scores(contrast, other, pupil_logs(found, spreads["pupils"])),
        spreads=spreads,
        power=power_of(found, spreads["pupils"], request.seed),
        codes=perturbed(request.trials, found, assumed["pdsim"], spreads["pupils"], progress),
    )
