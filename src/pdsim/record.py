"""Results on disk: whole or not at all, with a manifest from which ``replay`` makes them again."""

from __future__ import annotations

import json
import os
import platform
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import ValidationError

from pdsim import __version__
from pdsim.errors import InputError, read_text
from pdsim.scenarios import Scenario, with_tuples

MANIFEST = "manifest.json"
TOLERANCE = 1e-9  # relative: exp and log differ in the last bit between processors and libraries
LIBRARIES = ("numpy", "numba", "pandas", "scipy")


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file whole: beside its place first, then moved over it in one step.

    Raises:
        InputError: the folder cannot be written to or the disk is full; an older file stays as it was.
    """
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(temporary, 0o644)
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from None


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 text file whole; see :func:`write_bytes`."""
    write_bytes(path, text.encode())


def check_folder(folder: Path) -> None:
    """Make sure, before anything runs, that results can be written to a folder; it is made if need be.

    Raises:
        InputError: the place is a file, or cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except FileExistsError:
        raise InputError(f"--out {folder}: is a file; name a folder") from None
    except OSError as error:
        raise InputError(f"--out {folder}: cannot be written to ({error.strerror})") from None


def save(result: Any, folder: Path) -> None:
    """Write a comparison to a folder: tables (Parquet, CSV), figures (SVG, PNG), report, and the manifest last.

    Raises:
        InputError: the folder cannot be written to.
    """
    from pdsim import figures

    for name in ("table", "pairs", "runs"):
        frame: pd.DataFrame = getattr(result, name)
        stem = {"table": "results"}.get(name, name)
        write_bytes(folder / f"{stem}.parquet", frame.to_parquet(index=False))
        write_text(folder / f"{stem}.csv", frame.to_csv(index=False))
    for name, content in figures.comparison_pictures(result).items():
        write_bytes(folder / name, content)
    write_text(folder / "report.html", result.to_html())
    write_text(folder / MANIFEST, json.dumps(manifest(result), indent=1))


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
            "draws": result.theory,
        },
        "result": result.to_dict(),
    }


@dataclass(frozen=True)
class Verdict:
    """Outcome of a replay: one sentence, and whether the result counts as the same."""

    text: str
    same: bool


def scenario_from(data: dict[str, Any]) -> Scenario:
    """A scenario from its JSON form, in which tuples are lists."""
    if data.get("staffroom") is not None:
        room = data["staffroom"]
        data = {**data, "staffroom": {k: v if k == "ties_given" else tuple(map(_hashable, v)) for k, v in room.items()}}
    return Scenario.model_validate(with_tuples(data))


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def replay(file: Path, bar: Callable[[int], AbstractContextManager[Callable[[int], None]]]) -> Verdict:
    """Run a saved comparison again and compare every number.

    Args:
        file: a manifest, or the folder that holds it.
        bar: makes a progress bar for a number of runs.

    Raises:
        InputError: no such file, or not a manifest of pdsim.
    """
    from pdsim import comparison

    path = file / MANIFEST if file.is_dir() else file
    try:
        saved = json.loads(read_text(path, limit=200_000_000))
        if saved["kind"] != "pdsim comparison":
            raise InputError(f"{path}: not a manifest of a comparison")
        asked, old = saved["request"], saved["result"]
        request = comparison.Request(
            tuple(scenario_from(d) for d in asked["designs"]),
            scenario_from(asked["baseline"]),
            asked["replicates"],
            asked["seed"],
            asked["years"],
            asked["theory"],
        )
        comparison.check_options(request.replicates, request.seed, request.years)
    except (json.JSONDecodeError, KeyError, TypeError, AttributeError, ValidationError, RecursionError):
        raise InputError(f"{path}: not a manifest that pdsim wrote, or damaged") from None
    with bar(2 * request.replicates * len(request.designs)) as progress:
        new = comparison.run(request, progress).to_dict()
    return judge(old, new, saved)


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
