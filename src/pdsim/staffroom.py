"""A real school's staff and advice ties, read from CSV files."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from pdsim.errors import InputError, nearest, read_text

MAX_STAFF = 5000


class Staffroom(BaseModel):
    """Teachers in order of id, and their ties. The order of rows in the files leaves no trace.

    ``years`` is None where unknown. ``ties`` are (asker, adviser, weight), weights scaled to a largest of 1, in order
    of the ids.
    """

    model_config = ConfigDict(frozen=True)

    ids: tuple[str, ...]
    schools: tuple[str, ...]
    departments: tuple[str, ...]
    years: tuple[float | None, ...]
    ties: tuple[tuple[str, str, float], ...]
    ties_given: bool


def read_table(path: Path, required: tuple[str, ...], optional: tuple[str, ...]) -> list[tuple[int, dict[str, str]]]:
    """Rows of a CSV file with a header, as (line number, {column: text}).

    Raises:
        InputError: unreadable file, missing or unknown column, a row of the wrong length, no rows.
    """
    try:
        rows = list(csv.reader(io.StringIO(read_text(path), newline="")))
    except csv.Error as error:
        raise InputError(f"{path}: not a CSV file ({error})") from None
    if not rows:
        raise InputError(f"{path}: is empty; the first line is to name the columns {', '.join(required)}")
    header = [name.strip().lower() for name in rows[0]]
    for name in required:
        if name not in header:
            raise InputError(f"{path}: line 1: no column {name!r}{nearest(name, header)}; the header is {', '.join(header)}")
    for name in header:
        if name not in required + optional:
            raise InputError(f"{path}: line 1: no use for column {name!r}; allowed are {', '.join(required + optional)}")
    if len(set(header)) < len(header):
        raise InputError(f"{path}: line 1: a column stands twice in {', '.join(header)}")
    out = []
    for line, row in enumerate(rows[1:], start=2):
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(header):
            raise InputError(f"{path}: line {line}: {len(row)} cells; the header has {len(header)}")
        out.append((line, {name: cell.strip() for name, cell in zip(header, row, strict=True)}))
    if not out:
        raise InputError(f"{path}: no rows below the header")
    return out


def number(text: str, where: str, low: float, high: float) -> float:
    """A number from a cell.

    Raises:
        InputError: not a number, not finite or out of range.
    """
    try:
        value = float(text)
    except ValueError:
        raise InputError(f"{where}: {text!r} is not a number; allowed is {low:g} to {high:g}") from None
    if not (math.isfinite(value) and low <= value <= high):
        raise InputError(f"{where}: {text} is out of range; allowed is {low:g} to {high:g}")
    return value


def read_teachers(path: Path) -> dict[str, tuple[str, str, float | None]]:
    """Teacher id to (school, department, years of experience or None).

    Raises:
        InputError: as :func:`read_table`; an empty or duplicate id; years outside 0-60.
    """
    teachers: dict[str, tuple[str, str, float | None]] = {}
    for line, row in read_table(path, ("teacher",), ("years_of_experience", "school", "department")):
        name = row["teacher"]
        if not name:
            raise InputError(f"{path}: line {line}: teacher: is empty; every teacher needs an id")
        if name in teachers:
            raise InputError(f"{path}: line {line}: teacher {name!r} stands twice; ids are to be unique")
        years = row.get("years_of_experience", "")
        experience = number(years, f"{path}: line {line}: years_of_experience", 0, 60) if years else None
        teachers[name] = (row.get("school", ""), row.get("department", ""), experience)
    return teachers


def read_edges(path: Path, teachers: dict[str, tuple[str, str, float | None]] | None) -> dict[tuple[str, str], float]:
    """(asker, adviser) to weight.

    Raises:
        InputError: as :func:`read_table`; empty or unknown id; a tie to oneself or twice; weight not in (0, 1000].
    """
    edges: dict[tuple[str, str], float] = {}
    for line, row in read_table(path, ("from", "to"), ("weight",)):
        tie = (row["from"], row["to"])
        for column, name in zip(("from", "to"), tie, strict=True):
            if not name:
                raise InputError(f"{path}: line {line}: {column}: is empty; every tie needs two ids")
            if teachers is not None and name not in teachers:
                raise InputError(f"{path}: line {line}: {column}: no teacher {name!r} in the teacher table{nearest(name, teachers)}")
        if tie[0] == tie[1]:
            raise InputError(f"{path}: line {line}: {tie[0]!r} turns to themselves; ties are between two teachers")
        if tie in edges:
            raise InputError(f"{path}: line {line}: the tie from {tie[0]!r} to {tie[1]!r} stands twice")
        edges[tie] = number(row.get("weight") or "1", f"{path}: line {line}: weight", 1e-6, 1000)
    return edges


def read_staffroom(edges: str | None, teachers: str | None, folder: Path) -> Staffroom:
    """A staffroom from an edge list, a teacher table, or both; relative paths start at ``folder``.

    Raises:
        InputError: any mistake in the files; fewer than 2 or more than 5,000 teachers; a school of one.
    """
    table = read_teachers(folder / teachers) if teachers else None
    ties = read_edges(folder / edges, table) if edges else {}
    if table is None:
        table = {name: ("", "", None) for tie in ties for name in tie}
    where = teachers or edges
    if not 2 <= len(table) <= MAX_STAFF:
        raise InputError(f"{where}: {len(table)} teachers; allowed is 2 to {MAX_STAFF}")
    ids = sorted(table, key=lambda name: (table[name][0], name))
    schools = [table[name][0] for name in ids]
    for school in set(schools):
        if schools.count(school) < 2:
            raise InputError(f"{where}: school {school!r} has one teacher; every school needs two or more")
    most = max(ties.values(), default=1.0)
    return Staffroom(
        ids=tuple(ids),
        schools=tuple(schools),
        departments=tuple(table[name][1] for name in ids),
        years=tuple(table[name][2] for name in ids),
        ties=tuple((a, b, w / most) for (a, b), w in sorted(ties.items())),
        ties_given=edges is not None,
    )
