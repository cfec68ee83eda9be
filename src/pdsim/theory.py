"""Under which assumptions to run: draws of the posterior or the prior, teaching worlds, a user's own file."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from pdsim.assumptions import FAMILIES, FAMILY_OFF, NO_CHANNELS, PARAMETERS, REGISTER, THEORY, check_value
from pdsim.errors import InputError, nearest, read_toml, shown
from pdsim.kernel.records import records

WORLDS_NOTE = "a teaching world in which the answer is known"

_MINT = {"company_reaction": 0.25, "company_motivation": 0.12}
_FLUORIDE = {
    "exchange_insight": 0.08, "talk_deepens": 0.05, "exchange_technique": 0.08, "peer_strength": 1.4,
    "norm_strength": 0.2, "lasting_tie_rate": 0.03, "lasting_tie_strength": 1.0,
}  # fmt: skip
_GROUPTHINK = {
    "exchange_insight": -0.08, "talk_deepens": -0.05, "exchange_technique": -0.08, "norm_strength": 0.3,
    "coordination": 0.08, "together_load": 1.0,
}  # fmt: skip
WORLDS: dict[str, dict[str, float]] = {
    "fluoride": NO_CHANNELS | _FLUORIDE,
    "mint": NO_CHANNELS | _MINT,
    "bystander": NO_CHANNELS,
    "groupthink": NO_CHANNELS | _GROUPTHINK,
}
KINDS = ("posterior", "prior", "point", *WORLDS)
RIVAL = "no-network"  # the shipped fit of the model in which no teacher learns from another


@dataclass(frozen=True)
class Theory:
    """Which assumptions a comparison runs under: a label and the records of its draws.

    ``draws`` holds one record (dtype ``THEORY``) for each draw.
    """

    label: str
    draws: np.recarray


def records_of(values: np.ndarray) -> np.recarray:
    """(draws x parameters, in the order of the register) as theory records."""
    out = records(len(values), THEORY)
    for column, name in enumerate(PARAMETERS):
        out[name] = values[:, column]
    return out


def shipped_file(name: str) -> Any:
    """A file of the posterior that comes with the package, as something to open."""
    return resources.files("pdsim").joinpath("posterior", name)


@cache
def shipped_draws(name: str = "posterior") -> np.recarray:
    """All shipped draws of a fit: "posterior", or "no-network" for the rival; see its record for how they were made."""
    import pandas as pd  # here: names and records are read without it

    with shipped_file(f"{name}.parquet").open("rb") as file:
        return records_of(pd.read_parquet(file)[list(PARAMETERS)].to_numpy())


@cache
def shipped_record(name: str = "posterior") -> Mapping[str, Any]:
    """The record of a shipped fit: version, seed, diagnostics, pattern by pattern and parameter by parameter."""
    return json.loads(shipped_file(f"{name}.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def sample_shipped(draws: int, seed: int, name: str = "posterior") -> np.recarray:
    """A number of the shipped draws in random order; all of them again and again when more are asked for."""
    shipped = shipped_draws(name)
    order = np.random.Generator(np.random.Philox(key=seed)).permutation(len(shipped))
    return shipped[np.resize(order, draws)].view(np.recarray)


def medoid() -> np.recarray:
    """The one draw of the posterior that is nearest to all others, among those with every family of channels."""
    row = int(shipped_record()["medoid"])
    return shipped_draws()[row : row + 1].view(np.recarray)


def sample_prior(draws: int, seed: int) -> np.recarray:
    """Independent draws of the prior; each family of channels is exactly off with probability one half."""
    rng = np.random.Generator(np.random.Philox(key=seed))
    luck = rng.random((draws, len(REGISTER) + len(FAMILIES)))
    values = np.empty((draws, len(REGISTER)))
    for column, p in enumerate(REGISTER):
        values[:, column] = p.prior.quantile(luck[:, column], p.low, p.high)
        if p.family:
            switch = luck[:, len(REGISTER) + FAMILIES.index(p.family)]
            values[switch < FAMILY_OFF, column] = 0.0
    return records_of(values)


def load(kind: str, draws: int, seed: int, assumptions: Mapping[str, float] | None = None) -> Theory:
    """The assumptions named by ``--theory``.

    Args:
        kind: "posterior" (fitted to published patterns), "prior", "point" (one draw, the medoid of the posterior), a
            named world, or the path of a TOML file of assumptions (the rest as in "point").
        draws: how many draws, where the kind has several.
        seed: of the draws.
        assumptions: content of the file that ``kind`` names, when it was read before.

    Raises:
        InputError: unknown name, unreadable file, or a value that is not allowed.
    """
    if kind == "posterior":
        return Theory("posterior (fitted to published patterns)", sample_shipped(draws, seed))
    if kind == "prior":
        return Theory("prior", sample_prior(draws, seed))
    if kind == "point":
        return Theory("point (one draw: the medoid of the posterior)", medoid())
    if kind in WORLDS:
        world = Theory(f"{kind} ({WORLDS_NOTE})", sample_shipped(draws, seed))
        return override(world, WORLDS[kind], noted=False)
    fixed = named_file(kind) if assumptions is None else assumptions
    return override(Theory(f"file {Path(kind).name} (one draw)", medoid()), fixed or {}, noted=False)


def load_rival(draws: int, seed: int) -> Theory:
    """Draws of the rival in which no teacher learns from another, fitted to the same patterns."""
    return Theory("no network", sample_shipped(draws, seed, RIVAL))


def named_file(kind: str) -> dict[str, float] | None:
    """Content of the file that ``--theory`` names; None for one of the known kinds.

    Raises:
        InputError: neither a kind nor a file, unreadable file, or a value that is not allowed.
    """
    if kind in KINDS:
        return None
    path = Path(kind)
    if path.suffix == ".toml" or os.path.exists(kind):
        return read_file(path)
    raise InputError(f"--theory: {shown(kind)} is neither a file nor one of {', '.join(KINDS)}{nearest(kind, KINDS)}")


def read_file(path: Path) -> dict[str, float]:
    """Assumptions from a TOML file, either at top level or under ``[theory]``.

    Raises:
        InputError: unreadable file, unknown name, a value that is not allowed, or keys outside ``[theory]``.
    """
    content = read_toml(path)
    table = content.get("theory", content)
    if not isinstance(table, Mapping):
        raise InputError(f"{path}: theory: {shown(table)} is not a table; write a section [theory]")
    for name in content:
        if table is not content and name != "theory":
            raise InputError(f"{path}: {name}: stands outside [theory], where a file of assumptions has nothing else")
    return {name: check_value(name, value, f"{path}: theory") for name, value in table.items()}


def override(theory: Theory, values: Mapping[str, float], noted: bool = True) -> Theory:
    """The same draws with some assumptions fixed in every draw, correlations ignored; the label says so."""
    if not values:
        return theory
    draws = theory.draws.copy()
    for name, value in values.items():
        draws[name] = check_value(name, value)
    fixed = ", ".join(f"{name} = {value:g}" for name, value in values.items())
    label = f"{theory.label}; fixed in every draw, correlations ignored: {fixed}" if noted else theory.label
    return Theory(label, draws)
