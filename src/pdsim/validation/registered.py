"""Registered predictions: what the model says of a trial whose result is not known, with all that makes it again."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pdsim import __version__
from pdsim.comparison import DEFAULT_SEED, INTERVAL
from pdsim.errors import InputError, read_text, read_toml
from pdsim.simulate import science_hash
from pdsim.theory import named_file
from pdsim.validation.cases import case_rows, contrast_rows
from pdsim.validation.forecasts import SIMULATED, Predicted, spreads_of
from pdsim.validation.prediction import LUCKS, plan, predict
from pdsim.validation.result import DEFAULT_DRAWS, SCHEMA_VERSION, check_draws
from pdsim.validation.rivals import simple_rules, theories
from pdsim.validation.trials import Trial, read_folder, read_trial

OF_OBSERVED = ("observed", "in_interval", "low", "high", "effect_low", "effect_high")  # columns with other names here


@dataclass(frozen=True)
class Unreported:
    """A trial to be predicted, and the trials from which the spread of true effects is taken."""

    trial: Trial
    file: Path
    published: tuple[Trial, ...]
    draws: int
    seed: int
    theory: str

    @property
    def runs(self) -> int:
        """Number of runs, as progress counts them."""
        return self.draws * LUCKS * len(SIMULATED)


def resolve(
    file: Path, folder: Path, draws: int = DEFAULT_DRAWS, seed: int = DEFAULT_SEED, theory: str = "posterior"
) -> Unreported:
    """What is to be predicted: the file, the folder of published trials and the options are checked here, once.

    Raises:
        InputError: a mistake in them, or a trial whose result is known.
    """
    check_draws(draws, seed)
    named_file(theory)
    trial = read_trial(file)
    known = next((outcome.name for outcome in trial.outcomes if outcome.observed is not None), None)
    if known is not None:
        raise InputError(f"{file}: outcomes ({known}): observed: a prediction is made before the result is known")
    return Unreported(trial, file, tuple(read_folder(folder)), draws, seed, theory)


def predict_unreported(
    asked: Unreported, progress: Callable[[int], None] | None = None, date: datetime.date | None = None
) -> dict[str, Any]:
    """The prediction as a document of plain values.

    ``average_effect`` is the 5-95 % range over draws of the effect that the design has on average; ``may_be_observed``
    adds the spread between trials and the standard error that is expected (None where the file expects none).
    ``rivals`` are the means of what the model's rivals say.

    Args:
        asked: what is to be predicted.
        progress: called with the number of runs done.
        date: of the prediction; today if left out.
    """
    assumed = theories(asked.theory, asked.draws, asked.seed)
    of_trial = plan(asked.trial, asked.draws, asked.seed)
    predicted = Predicted(of_trial, predict([of_trial], assumed, progress)[0], simple_rules(of_trial))
    spreads = spreads_of([reported(trial, asked) for trial in asked.published])
    return {
        "schema_version": SCHEMA_VERSION,
        "kind": "pdsim registered prediction",
        "date": (date or datetime.date.today()).isoformat(),
        "version": __version__,
        "science": science_hash(),
        "theory": assumed["pdsim"].label,
        "draws": asked.draws,
        "seed": asked.seed,
        "interval": INTERVAL,
        "trial": asked.trial.name,
        "sha256_of_file": hashlib.sha256(read_text(asked.file).encode()).hexdigest(),
        "design": json.loads(json.dumps(read_toml(asked.file), default=str)),
        "between_trial_spread": spreads,
        "between_trial_spread_from": [trial.name for trial in asked.published],
        "predictions": [as_registered(row) for row in case_rows(predicted, spreads)],
        "contrasts": list(contrast_rows(predicted)),
    }


def to_json(prediction: Mapping[str, Any]) -> str:
    """A registered prediction as text."""
    return json.dumps(prediction, indent=1, allow_nan=False)


def reported(trial: Trial, asked: Unreported) -> Predicted:
    """A published trial with the simple rules' forecasts, which need no runs."""
    of_trial = plan(trial, asked.draws, asked.seed)
    return Predicted(of_trial, {}, simple_rules(of_trial))


def as_registered(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row of an outcome without what is not known yet, its two intervals named."""
    out = {name: value for name, value in row.items() if name not in OF_OBSERVED}
    out["average_effect"] = [row["effect_low"], row["effect_high"]]
    out["may_be_observed"] = [row["low"], row["high"]] if row["se"] is not None else None
    return out
