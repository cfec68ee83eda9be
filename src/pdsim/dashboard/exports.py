"""Files that a page hands out: tables, pictures, the report, the designs as scenario files, and how to cite."""

from __future__ import annotations

import base64
import io
import json
import re
import shlex
import threading
import zipfile
from collections.abc import Callable
from datetime import date
from typing import Any

from pdsim import __version__, figures
from pdsim.comparison import Comparison
from pdsim.dashboard.state import LETTERS, YEARS, Design, State
from pdsim.errors import InputError, nearest
from pdsim.simulate import science_hash

DRAWING = threading.Lock()  # Matplotlib's settings are those of the whole process


def file_name(letter: str, design: Design) -> str:
    """Name of a design's scenario file.

    >>> file_name("B", Design("solo-course"))
    'b-solo-course.toml'
    """
    return f"{letter.lower()}-{design.preset}.toml"


def scenario_toml(design: Design, state: State) -> str:
    """A scenario file of a design that ``pdsim compare`` runs to the numbers on the page."""
    tables: dict[str, list[str]] = {}
    for path, value in (*design.changes, (YEARS, state.years)):
        table, key = split_path(path)
        if value is not None:
            tables.setdefault(table, []).append(f"{key} = {toml(value)}")
    for name, number in state.assumptions:
        tables.setdefault("theory", []).append(f"{name} = {toml(number)}")
    title = f"{design.scenario().title}{', changed in the dashboard' if design.changes else ''}"
    lines = [f"title = {toml(title)}", f"extends = {toml(design.preset)}"]
    for table, entries in tables.items():
        lines += ["", f"[{table}]", *entries]
    return "\n".join(lines) + "\n"


def split_path(path: str) -> tuple[str, str]:
    """Table and key of a path; a mechanism's name is quoted.

    >>> split_path("programme.hours"), split_path("programme.carriers.rehearsing the technique")
    (('programme', 'hours'), ('programme.carriers', '"rehearsing the technique"'))
    """
    if path.startswith("programme.carriers."):
        return "programme.carriers", toml(path.removeprefix("programme.carriers."))
    table, _, key = path.rpartition(".")
    return table, key


def toml(value: Any) -> str:
    """A value as TOML writes it; numbers, words, truth and lists of words are as in JSON.

    >>> toml(0.5), toml(True), toml(("a", "b"))
    ('0.5', 'true', '["a", "b"]')
    """
    return json.dumps(value, ensure_ascii=False)


def command(state: State) -> str:
    """What to type beside the scenario files to get the numbers on the page."""
    files = [file_name(letter, design) for letter, design in zip(LETTERS, state.designs, strict=False)]
    words = ["pdsim", "compare", *files, "--years", str(state.years), "--replicates", str(state.replicates)]
    words += ["--seed", str(state.seed), "--theory", state.theory, "--baseline", state.baseline]
    return shlex.join(words)


def citation(state: State) -> str:
    """How to cite the result: the program, its version and science, settings and seed."""
    year = date.today().year
    return (
        f"The pdsim developers ({year}). pdsim: an agent-based model of teachers' professional development, version "
        f"{__version__} (science {science_hash()}). Result of: {command(state)}"
    )


def designs_zip(state: State, result: Comparison) -> bytes:
    """The designs as scenario files, with the command that runs them."""
    files = {
        file_name(letter, design): scenario_toml(design, state)
        for letter, design in zip(LETTERS, state.designs, strict=False)
    }
    return zipped({**files, "README.txt": f"{command(state)}\n\n{citation(state)}\n"})


def pictures_zip(state: State, result: Comparison) -> bytes:
    """The report's pictures, each as SVG and PNG."""
    with DRAWING:
        return zipped(figures.comparison_pictures(result))


def report_page(state: State, result: Comparison) -> bytes:
    """The one-page report."""
    with DRAWING:
        return result.to_html().encode()


def tables_zip(state: State, result: Comparison) -> bytes:
    """Tidy tables as CSV: effects, pairs and all runs."""
    frames = {"results.csv": result.table, "pairs.csv": result.pairs, "runs.csv": result.runs}
    return zipped({name: frame.to_csv(index=False) for name, frame in frames.items()})


def results_csv(state: State, result: Comparison) -> bytes:
    """Effects as CSV: one row for each design, outcome, population and year."""
    text: str = result.table.to_csv(index=False)
    return text.encode()


def zipped(files: dict[str, str] | dict[str, bytes]) -> bytes:
    """Files in one archive; the same files give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


KINDS: dict[str, tuple[str, str, Callable[[State, Comparison], bytes]]] = {
    "csv": ("pdsim-results.csv", "text/csv", results_csv),
    "tables": ("pdsim-tables.zip", "application/zip", tables_zip),
    "designs": ("pdsim-designs.zip", "application/zip", designs_zip),
    "pictures": ("pdsim-pictures.zip", "application/zip", pictures_zip),
    "report": ("pdsim-report.html", "text/html", report_page),
}


def made(kind: str, state: State, result: Comparison) -> dict[str, str]:
    """A file to hand out: name, type, and content in base64.

    Raises:
        InputError: no such kind of file.
    """
    if kind not in KINDS:
        raise InputError(f"{kind}: no such kind of file{nearest(kind, KINDS)}")
    name, mime, make = KINDS[kind]
    content = make(state, result)
    return {"name": re.sub(r"[^\w.-]", "-", name), "mime": mime, "content": base64.b64encode(content).decode()}
