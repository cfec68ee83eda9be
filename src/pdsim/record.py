"""Results on disk: whole or not at all, with a manifest from which ``replay`` makes them again."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pdsim import __version__, assumptions, theory
from pdsim.errors import InputError, read_text, shown
from pdsim.files import write_files
from pdsim.scenarios import Scenario, check_whole

MANIFEST = "manifest.json"
TOLERANCE = 1e-9  # relative: exp and log differ in the last bit between processors and libraries
LIBRARIES = ("numpy", "numba", "pandas", "scipy")


def save(result: Any, folder: Path) -> None:
    """Write a comparison to a folder: tables (Parquet, CSV), figures (SVG, PNG), report, and the manifest last.

    Raises:
        InputError: the folder cannot be written to.
    """
    from pdsim import figures

    files: dict[str, bytes] = {}
    for name, frame in {"results": result.table, "pairs": result.pairs, "runs": result.runs}.items():
        files[f"{name}.parquet"] = frame.to_parquet(index=False)
        files[f"{name}.csv"] = frame.to_csv(index=False).encode()
    files |= figures.comparison_pictures(result)
    files["report.html"] = result.to_html().encode()
    files[MANIFEST] = json.dumps(manifest(result), indent=1).encode()
    write_files(folder, files)


def manifest(result: Any) -> dict[str, Any]:
    """All that is needed to make a result again, and what was found."""
    from pdsim.simulate import science_hash

    request = result.request
    return {
        "kind": "pdsim comparison",
        "version": __version__,
        "science": science_hash(),
        "python": platform.python_version(),
        "libraries": {name: installed(name) for name in LIBRARIES},
        "processor": platform.machine(),
        "request": {
            "designs": [d.model_dump(mode="json") for d in request.designs],
            "baseline": request.baseline.model_dump(mode="json"),
            "replicates": request.replicates,
            "seed": request.seed,
            "years": request.years,
            "theory": request.theory,
            "assumptions": request.assumptions,
            "settings": request.settings,
            "draws": result.theory,
        },
        "result": result.to_dict(),
    }


@dataclass(frozen=True)
class Verdict:
    """Outcome of a replay: one sentence, and whether the result counts as the same."""

    text: str
    same: bool


class Part(BaseModel):
    """A part of a manifest: strict, and blind to what later versions may add."""

    model_config = ConfigDict(frozen=True, strict=True)


class Asked(Part):
    """What was asked for."""

    designs: tuple[Scenario, ...] = Field(min_length=1)
    baseline: Scenario
    replicates: int
    seed: int
    years: int
    theory: str
    assumptions: dict[str, float] | None = None


class Found(Part):
    """What was found: rows of the two tables."""

    results: list[dict[str, float | int | str | None]]
    pairs: list[dict[str, float | int | str | None]]


class Manifest(Part):
    """A saved comparison, as far as ``replay`` reads it; see :func:`manifest`."""

    kind: Literal["pdsim comparison"]
    version: str
    science: str
    request: Asked
    result: Found


def read_manifest(path: Path) -> Manifest:
    """The manifest in a file, with everything in it checked as if a user had typed it.

    Raises:
        InputError: no such file, not a manifest of pdsim, or one that was changed to what is not allowed.
    """
    from pdsim import comparison

    text = read_text(path, limit=200_000_000)
    try:
        saved = Manifest.model_validate_json(text)
    except ValidationError as error:
        raise InputError(f"{path}: {damage(error)}") from None
    asked = saved.request
    for scenario in (*asked.designs, asked.baseline):
        check_whole(scenario, f"{path}: {scenario.name}")
    try:
        comparison.check_options(asked.replicates, asked.seed, asked.years)
        if asked.assumptions is None:
            theory.named_file(asked.theory)
        for name, value in (asked.assumptions or {}).items():
            assumptions.check_value(name, value)
    except InputError as error:
        raise InputError(f"{path}: request: {error}") from None
    return saved


def damage(error: ValidationError) -> str:
    """The first thing that is wrong with a manifest."""
    first = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    if first["type"] == "json_invalid":
        return f"not valid JSON: {first['ctx']['error']}"
    if first["type"] == "missing":
        return f"{place}: is missing; a manifest that pdsim wrote has it"
    return f"{place}: {shown(first['input'])} is not what pdsim writes there ({first['msg']})"


def replay(file: Path, bar: Callable[[int], AbstractContextManager[Callable[[int], None]]]) -> Verdict:
    """Run a saved comparison again and compare every number.

    Args:
        file: a manifest, or the folder that holds it.
        bar: makes a progress bar for a number of runs.

    Raises:
        InputError: no such file, or not a manifest of pdsim.
    """
    from pdsim import comparison

    saved = read_manifest(file / MANIFEST if os.path.isdir(file) else file)
    asked = saved.request
    request = comparison.Request(
        asked.designs, asked.baseline, asked.replicates, asked.seed, asked.years, asked.theory,
        assumptions=asked.assumptions,
    )  # fmt: skip
    with bar(2 * request.replicates * len(request.designs)) as progress:
        new = comparison.run(request, progress).to_dict()
    return judge(saved.result.model_dump(), new, saved.model_dump(include={"version", "science"}))


def judge(old: dict[str, Any], new: dict[str, Any], saved: dict[str, Any]) -> Verdict:
    """Compare two results number by number."""
    from pdsim.simulate import science_hash

    if old["results"] == new["results"] and old["pairs"] == new["pairs"]:
        return Verdict("identical: every number is the same to the last bit", True)
    before, after = numbers(old), numbers(new)
    made = f"saved by pdsim {saved.get('version')} (science {saved.get('science')})"
    where = f"{made}, run by {__version__} (science {science_hash()})"
    if before.shape == after.shape and np.allclose(before, after, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True):
        return Verdict(f"within tolerance: no number differs by more than {TOLERANCE:g} relative; {where}", True)
    if before.shape != after.shape:
        return Verdict(f"different: {len(before)} numbers were saved and {len(after)} came out; {where}", False)
    furthest = float(np.nanmax(np.abs(before - after)))
    return Verdict(f"different: the largest difference is {furthest:.3g}; {where}", False)


def numbers(result: dict[str, Any]) -> np.ndarray:
    """All numbers of a result in order, NaN for null."""
    rows = [*result["results"], *result["pairs"]]
    cells = [value for row in rows for value in row.values() if not isinstance(value, str)]
    return np.array([np.nan if cell is None else float(cell) for cell in cells])
