"""A real school's staff and advice ties, read from CSV files."""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from pydantic import BaseModel, ConfigDict, model_validator

from pdsim.errors import InputError, nearest, read_text, shown

MAX_STAFF = 5000

Teacher = tuple[str, str, float | None]  # school, department ("" where not given), years of experience


class Staffroom(BaseModel):
    """Teachers in order of id, and their ties. The order of rows in the files leaves no trace.

    ``years`` is None where unknown. ``ties`` are (asker, adviser, weight), weights scaled to a largest of 1, in order
    of the ids.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    ids: tuple[str, ...]
    schools: tuple[str, ...]
    departments: tuple[str, ...]
    years: tuple[float | None, ...]
    ties: tuple[tuple[str, str, float], ...]
    ties_given: bool

    @model_validator(mode="after")
    def hold_together(self) -> Staffroom:
        """Columns of one length, and ties between two teachers who are there: a saved record may be damaged.

        Raises:
            ValueError: the parts do not fit together.
        """
        if not len(self.ids) == len(self.schools) == len(self.departments) == len(self.years):
            raise ValueError("ids, schools, departments and years differ in length")
        known = set(self.ids)
        if len(known) < len(self.ids) or not 2 <= len(known) <= MAX_STAFF:
            raise ValueError(f"ids are to be 2 to {MAX_STAFF} different ones")
        if any(asker == adviser or asker not in known or adviser not in known for asker, adviser, _ in self.ties):
            raise ValueError("ties are to be between two teachers of the staffroom")
        return self


def read_table(path: Path, required: tuple[str, ...], optional: tuple[str, ...]) -> list[tuple[int, dict[str, str]]]:
    """Rows of a CSV file with a header, as (line number, {column: text}).

    Raises:
        InputError: unreadable file, missing, unknown or repeated column, a row of the wrong length, no rows.
    """
    reader = csv.reader(io.StringIO(read_text(path), newline=""), strict=True)
    try:
        rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader]
    except csv.Error as error:
        raise InputError(f"{path}: line {reader.line_num}: not a CSV file ({error})") from None
    filled = [(line, row) for line, row in rows if any(row)]
    if not filled:
        raise InputError(f"{path}: is empty; the first line is to name the columns {', '.join(required)}")
    header = [name.lower() for name in filled[0][1]]
    check_header(header, f"{path}: line {filled[0][0]}", required, optional)
    for line, row in filled[1:]:
        if len(row) != len(header):
            raise InputError(
                f"{path}: line {line}: number of cells: {len(row)}; allowed is {len(header)}, as in the header"
            )
    if len(filled) == 1:
        raise InputError(f"{path}: no rows below the header")
    return [(line, dict(zip(header, row, strict=True))) for line, row in filled[1:]]


def check_header(header: list[str], where: str, required: tuple[str, ...], optional: tuple[str, ...]) -> None:
    """Check the names of the columns.

    Raises:
        InputError: missing, unknown or repeated column.
    """
    allowed = required + optional
    for name in header:
        if name not in allowed:
            mark = next((mark for mark in ";\t|" if mark in name), None)
            hint = nearest(name, allowed) if mark is None else f"; separate cells by commas, not by {mark!r}"
            raise InputError(f"{where}: no use for column {shown(name)}; allowed are {', '.join(allowed)}{hint}")
    for name in required:
        if name not in header:
            raise InputError(f"{where}: no column {name!r}; needed are {', '.join(required)}")
    twice = next((name for name, count in Counter(header).items() if count > 1), None)
    if twice is not None:
        raise InputError(f"{where}: column {twice!r} stands twice")


def number(text: str, where: str, low: float, high: float) -> float:
    """A number from a cell.

    Raises:
        InputError: not a number, not finite or out of range.
    """
    try:
        value = float(text)
    except ValueError:
        raise InputError(f"{where}: {shown(text)} is not a number; allowed is {low:g} to {high:g}") from None
    if not (math.isfinite(value) and low <= value <= high):
        raise InputError(f"{where}: {shown(text)} is out of range; allowed is {low:g} to {high:g}")
    return value


def read_teachers(path: Path) -> dict[str, Teacher]:
    """Teacher id to (school, department, years of experience or None).

    Raises:
        InputError: as :func:`read_table`; an empty or repeated id; years outside 0-60; schools named for some only.
    """
    teachers: dict[str, Teacher] = {}
    rows = read_table(path, ("teacher",), ("years_of_experience", "school", "department"))
    schools_named = any(row.get("school") for _, row in rows)
    for line, row in rows:
        where, name, school = f"{path}: line {line}", row["teacher"], row.get("school", "")
        if not name:
            raise InputError(f"{where}: teacher: is empty; every teacher needs an id")
        if name in teachers:
            raise InputError(f"{where}: teacher {shown(name)} stands twice; ids are to be unique")
        if schools_named and not school:
            raise InputError(f"{where}: school: is empty; name the school of every teacher, or of none")
        years = row.get("years_of_experience", "")
        experience = number(years, f"{where}: years_of_experience", 0, 60) if years else None
        teachers[name] = (school, row.get("department", ""), experience)
    return teachers


def read_edges(path: Path, teachers: dict[str, Teacher] | None) -> dict[tuple[str, str], float]:
    """(asker, adviser) to weight.

    Raises:
        InputError: as :func:`read_table`; an empty or unknown id; a tie to oneself or twice; weight outside 1e-6-1000.
    """
    edges: dict[tuple[str, str], float] = {}
    for line, row in read_table(path, ("from", "to"), ("weight",)):
        where, tie = f"{path}: line {line}", (row["from"], row["to"])
        for column, name in zip(("from", "to"), tie, strict=True):
            if not name:
                raise InputError(f"{where}: {column}: is empty; every tie needs two ids")
            if teachers is not None and name not in teachers:
                hint = nearest(name, teachers)
                raise InputError(f"{where}: {column}: no teacher {shown(name)} in the teacher table{hint}")
        if tie[0] == tie[1]:
            raise InputError(f"{where}: {shown(tie[0])} turns to themselves; ties are between two teachers")
        if tie in edges:
            raise InputError(f"{where}: the tie from {shown(tie[0])} to {shown(tie[1])} stands twice")
        edges[tie] = number(row.get("weight") or "1", f"{where}: weight", 1e-6, 1000)
    return edges


def check_staff(where: str, schools: Iterable[str]) -> None:
    """Check the size of the staff and of each school; ``schools`` names the school of every teacher.

    Raises:
        InputError: fewer than 2 or more than 5,000 teachers; a school of one.
    """
    sizes = Counter(schools)
    if not 2 <= sizes.total() <= MAX_STAFF:
        raise InputError(f"{where}: number of teachers: {sizes.total()}; allowed is 2 to {MAX_STAFF}")
    for school, size in sizes.items():
        if size < 2:
            raise InputError(f"{where}: school {shown(school)} has one teacher; every school needs two or more")


def read_staffroom(edges: str | None, teachers: str | None, folder: Path) -> Staffroom:
    """A staffroom from an edge list, a teacher table, or both; relative paths start at ``folder``.

    Raises:
        InputError: any mistake in the files; fewer than 2 or more than 5,000 teachers; a school of one.
    """
    table = read_teachers(folder / teachers) if teachers else None
    if table is not None:
        check_staff(str(teachers), (school for school, _, _ in table.values()))
    ties = read_edges(folder / edges, table) if edges else {}
    if table is None:
        table = {name: ("", "", None) for tie in ties for name in tie}
        check_staff(str(edges), ("" for _ in table))
    ids = sorted(table, key=lambda name: (table[name][0], name))
    most = max(ties.values(), default=1.0)
    return Staffroom(
        ids=tuple(ids),
        schools=tuple(table[name][0] for name in ids),
        departments=tuple(table[name][1] for name in ids),
        years=tuple(table[name][2] for name in ids),
        ties=tuple((a, b, w / most) for (a, b), w in sorted(ties.items())),
        ties_given=edges is not None,
    )
