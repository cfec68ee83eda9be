"""Under which assumptions to run: draws of the prior or the posterior, teaching worlds, a user's own file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pdsim.assumptions import FAMILIES, FAMILY_OFF, NO_CHANNELS, PARAMETERS, REGISTER, THEORY, check_value
from pdsim.errors import InputError, nearest, read_toml, shown
from pdsim.kernel.records import records

WORLDS_NOTE = "a teaching world in which the answer is known"
PROVISIONAL_NARROWING = 0.3  # provisional draws scatter by this share of the prior's spread

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


@dataclass(frozen=True)
class Theory:
    """Which assumptions a comparison runs under: a label and the records of its draws.

    ``draws`` holds one record (dtype ``THEORY``) for each draw.
    """

    label: str
    draws: np.recarray


def records_of(values: np.ndarray) -> np.recarray:
    """(draws x parameters) as theory records."""
    out = records(len(values), THEORY)
    for column, name in enumerate(PARAMETERS):
        out[name] = values[:, column]
    return out


def _sample(draws: int, seed: int, narrowing: float) -> np.ndarray:
    """Independent draws (draws x parameters): channels from their prior, the rest narrowed around the default.

    Each family of channels is exactly off with probability one half.
    """
    rng = np.random.Generator(np.random.Philox(key=seed))
    luck = rng.random((draws, len(REGISTER) + len(FAMILIES)))
    values = np.empty((draws, len(REGISTER)))
    for column, p in enumerate(REGISTER):
        values[:, column] = p.prior.quantile(luck[:, column], p.low, p.high, 1.0 if p.family else narrowing)
        if p.family:
            switch = luck[:, len(REGISTER) + FAMILIES.index(p.family)]
            values[switch < FAMILY_OFF, column] = 0.0
    return values


def defaults() -> np.ndarray:
    """The default of every assumption, in the order of the register."""
    return np.array([p.default for p in REGISTER])


def load(kind: str, draws: int, seed: int, assumptions: Mapping[str, float] | None = None) -> Theory:
    """The assumptions named by ``--theory``.

    Args:
        kind: "posterior" (provisional: drawn around hand-set values), "prior", "point" (all defaults, one draw), a
            named world, or the path of a TOML file of assumptions (the rest at their defaults, one draw).
        draws: how many draws, where the kind has several.
        seed: of the draws.
        assumptions: content of the file that ``kind`` names, when it was read before.

    Raises:
        InputError: unknown name, unreadable file, or a value that is not allowed.
    """
    if kind == "posterior":
        label = "posterior (provisional: drawn around hand-set values; channels from their prior)"
        return Theory(label, records_of(_sample(draws, seed, PROVISIONAL_NARROWING)))
    if kind == "prior":
        return Theory("prior", records_of(_sample(draws, seed, 1.0)))
    if kind == "point":
        return Theory("point (one draw: every assumption at its hand-set default)", records_of(defaults()[None, :]))
    if kind in WORLDS:
        values = _sample(draws, seed, PROVISIONAL_NARROWING)
        label = f"{kind} ({WORLDS_NOTE})"
        return override(Theory(label, records_of(values)), WORLDS[kind], noted=False)
    fixed = named_file(kind) if assumptions is None else assumptions
    one_draw = Theory(f"file {Path(kind).name} (one draw)", records_of(defaults()[None, :]))
    return override(one_draw, fixed or {}, noted=False)


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
