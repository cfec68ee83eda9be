"""The manifest of a folder of results: what was asked for, of which version, and whether it is still the same."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterator
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from pdsim import __version__
from pdsim.errors import InputError, read_text, shown
from pdsim.experiment import plan
from pdsim.experiment.definition import Experiment, Texts, run_count
from pdsim.experiment.work import NOT_CONTENT, model_version
from pdsim.simulate import science_hash

MANIFEST = "manifest.json"
LIBRARIES = ("numpy", "numba", "pandas", "scipy", "pyarrow", "SALib")


class Manifest(BaseModel):
    """What a folder of results says of itself; written before any part.

    ``model`` is the version of all that makes numbers, ``design`` a hash of the points, ``key`` stands in the name of
    every part. The versions of libraries and the processor decide the last bit of a number only.
    """

    model_config = ConfigDict(frozen=True, strict=True)

    kind: Literal["pdsim experiment"] = "pdsim experiment"
    version: str
    science: str
    model: str
    python: str
    processor: str
    libraries: dict[str, str]
    key: str
    design: str
    points: int
    runs: int
    chunks: int
    chunk_seconds: float
    experiment: Experiment


def manifest_of(experiment: Experiment, coded: np.ndarray, chunk_seconds: float) -> Manifest:
    """The manifest of a new folder, for a design with these coded points."""
    design = hash_of_points(coded)
    content = json.dumps([model_version(), identity(experiment), design, chunk_seconds], sort_keys=True)
    return Manifest(
        version=__version__,
        science=science_hash(),
        model=model_version(),
        python=platform.python_version(),
        processor=platform.machine(),
        libraries=library_versions(),
        key=hashlib.sha256(content.encode()).hexdigest()[:12],
        design=design,
        points=len(coded),
        runs=run_count(experiment),
        chunks=plan.plan(experiment, coded, chunk_seconds).chunks,
        chunk_seconds=chunk_seconds,
        experiment=experiment,
    )


def library_versions() -> dict[str, str]:
    """Versions of the libraries that have a part in the numbers."""
    return {name: installed(name) for name in LIBRARIES}


def hash_of_points(coded: np.ndarray) -> str:
    """Hash of the coded points of a design, to the last bit."""
    return hashlib.sha256(np.ascontiguousarray(coded).tobytes()).hexdigest()


def identity(experiment: Experiment) -> dict[str, Any]:
    """All of an experiment that decides its numbers and their layout, as plain values: not what only people read."""
    read_only: dict[str, Any] = dict.fromkeys(("name", *Texts.model_fields), True)
    texts = {"scenarios": {"__all__": NOT_CONTENT - {"name"}}, "baseline": NOT_CONTENT}
    return experiment.model_dump(mode="json", exclude=read_only | texts)


def differences(old: Any, new: Any, path: str = "") -> Iterator[str]:
    """What differs between two plain values, by path.

    >>> list(differences({"seed": 1, "design": {"samples": 8}}, {"seed": 2, "design": {"samples": 8}}))
    ['seed (was 1, is 2)']
    """
    if isinstance(old, dict) and isinstance(new, dict):
        for name in [*old, *(name for name in new if name not in old)]:
            yield from differences(old.get(name), new.get(name), f"{path}.{name}" if path else name)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for at, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from differences(before, after, f"{path}.{at}")
    elif old != new:
        yield f"{path} (was {shown(old)}, is {shown(new)})"


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a folder of results.

    Raises:
        InputError: there is none, it is damaged, or it is not of an experiment.
    """
    path = folder / MANIFEST
    text = read_text(path, limit=200_000_000)
    try:
        return Manifest.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise InputError(
            f"{path}: is not what pdsim sweep writes ({place}: {first['msg']}); name another folder"
        ) from None


def check_same(manifest: Manifest, experiment: Experiment, folder: Path) -> None:
    """Make sure that a folder holds results of this experiment and this version of the model, so that none are mixed.

    Raises:
        InputError: naming what changed.
    """
    changed = list(differences(identity(manifest.experiment), identity(experiment)))
    if manifest.model != model_version():
        changed.insert(0, f"the model (was {manifest.model}, is {model_version()})")
    if changed:
        more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""
        raise InputError(
            f"--out {folder}: holds results of another experiment; changed: {', '.join(changed[:3])}{more}; "
            "name another folder"
        )
