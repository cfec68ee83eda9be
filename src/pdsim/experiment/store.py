"""The folder of an experiment's results: a manifest, the design, and Parquet parts that are rolled up as they grow.

Every file is written whole or not at all, and a part's name and content follow from the experiment alone. So a process
that dies loses and doubles nothing, and several may work on one folder: at worst they do a chunk twice.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pdsim.errors import InputError
from pdsim.experiment import designs, plan
from pdsim.experiment.definition import Experiment
from pdsim.experiment.manifest import MANIFEST, Manifest, check_same, hash_of_points, manifest_of, read_manifest
from pdsim.experiment.rows import FORMAT, Label, label_of
from pdsim.experiment.work import Done, Task
from pdsim.files import check_folder, create_file, reason, whole_file

DESIGN, PARTS, ASIDE = "design.parquet", "parts", "set-aside"
FAN = 10  # parts that are rolled up into one
MOST_PARTS = 400  # of a finished experiment
GROUP_ROWS = 500_000  # rows that a roll-up holds in memory
STALE = 600.0  # seconds after which an unfinished file is that of a process which has died
NAME = re.compile(r"part-(?P<key>[0-9a-f]{12})-(?P<first>\d{6,})-(?P<last>\d{6,})\.parquet")


@dataclass(frozen=True)
class Part:
    """A file of results that holds the chunks ``first`` to ``last``."""

    path: Path
    first: int
    last: int


@dataclass(frozen=True)
class Status:
    """How far an experiment is.

    ``reason`` is why the first of the ``failed`` runs failed; ``size`` is in bytes, ``seconds_left`` of one processor.
    """

    chunks: int
    chunks_done: int
    runs: int
    runs_done: int
    failed: int
    reason: str
    files: int
    size: int
    seconds_left: float

    @property
    def complete(self) -> bool:
        """True when every chunk is there."""
        return self.chunks_done == self.chunks

    def __str__(self) -> str:
        """In words, for people."""
        done = "complete" if self.complete else f"{self.chunks_done:,} of {plan.counted(self.chunks, 'chunk')}"
        failed = f", {self.failed:,} of them failed (first: {self.reason})" if self.failed else ""
        left = "" if self.complete else f"; about {plan.in_words(self.seconds_left)} of one processor left"
        runs = f"{self.runs_done:,} of {self.runs:,} runs{failed}"
        return f"{done}: {runs}; {plan.size_in_words(self.size)} in {plan.counted(self.files, 'file')}{left}"


def without_overlap(parts: Iterable[Part]) -> list[Part]:
    """Parts in order, the widest where several hold a chunk: they are nested, as a roll-up keeps whole parts."""
    kept: list[Part] = []
    for part in sorted(parts, key=lambda part: (part.first, -part.last)):
        if not kept or part.first > kept[-1].last:
            kept.append(part)
    return kept


def to_join(parts: Sequence[Part], chunk: int, chunks: int) -> list[Part]:
    """The parts around a chunk that can be joined now: ten neighbours, or ten joined ones, all of them there.

    They are joined at fixed places, so that the parts of any two processes are nested or apart; and only as often as it
    takes to leave at most ``MOST_PARTS``.
    """
    span = 1
    while chunks > span * MOST_PARTS:
        span *= FAN
        first = chunk // span * span
        last = min(first + span, chunks) - 1
        inner = [part for part in parts if first <= part.first and part.last <= last]
        if len(inner) > 1 and sum(part.last - part.first + 1 for part in inner) == last - first + 1:
            return inner
    return []


class Store:
    """A folder of results. Make one with :func:`open_store` to write to it, with :func:`read_store` to read."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder = folder
        self.manifest = manifest
        self.parts_folder = folder / PARTS

    @property
    def experiment(self) -> Experiment:
        """The experiment whose results these are."""
        return self.manifest.experiment

    @cached_property
    def coded(self) -> np.ndarray:
        """Coded values of the design's points, as the file in the folder has them.

        Raises:
            InputError: the file is missing or damaged, or does not belong to the manifest.
        """
        path = self.folder / DESIGN
        try:
            coded = designs.coded_points(self.experiment, pq.read_table(path).to_pandas())
        except (OSError, pa.ArrowException, KeyError) as error:
            raise InputError(f"{path}: cannot be read ({reason(error)}); delete it to have it made again") from None
        if hash_of_points(coded) != self.manifest.design:
            raise InputError(f"{path}: is not the design of which {MANIFEST} tells; delete it to have it made again")
        return coded

    @cached_property
    def plan(self) -> plan.Plan:
        """The plan of the chunks."""
        return plan.plan(self.experiment, self.coded, self.manifest.chunk_seconds)

    @cached_property
    def _text(self) -> str:
        """The experiment as it is sent to workers."""
        return self.experiment.model_dump_json()

    def task(self, chunk: int) -> Task:
        """A chunk as it is sent to a worker."""
        pieces = slice(self.plan.start[chunk], self.plan.start[chunk + 1])
        cell, points = self.plan.cell[pieces], len(self.coded)
        first, last = self.plan.first[pieces], self.plan.last[pieces]
        return Task(self.manifest.key, self._text, chunk, points, cell, first, last, self.coded[cell % points])

    def path(self, first: int, last: int) -> Path:
        """Where the part with some chunks lies."""
        return self.parts_folder / f"part-{self.manifest.key}-{first:06d}-{last:06d}.parquet"

    def files(self) -> list[Path]:
        """Finished files in the folder of parts, whatever they are."""
        return [path for path in self.parts_folder.glob("*") if not path.name.startswith(".")]

    def part_at(self, path: Path) -> Part | None:
        """The part that a file is by its name; None for any other file."""
        match = NAME.fullmatch(path.name)
        if match is None or match["key"] != self.manifest.key:
            return None
        return Part(path, int(match["first"]), int(match["last"]))

    def parts(self) -> list[Part]:
        """The parts that are there now, no two with the same chunk, in order."""
        return without_overlap(part for part in map(self.part_at, self.files()) if part is not None)

    def done(self) -> np.ndarray:
        """For each chunk whether it is there now."""
        done = np.zeros(self.manifest.chunks, bool)
        for part in self.parts():
            done[part.first : part.last + 1] = True
        return done

    def has(self, chunk: int) -> bool:
        """True when a chunk is there now."""
        return any(part.first <= chunk <= part.last for part in self.parts())

    def add(self, done: Done) -> bool:
        """Write a chunk and roll up what it completes; False where another process was first.

        Raises:
            OSError: it cannot be written; all that was written before stays whole.
        """
        chunk = done.label.first
        if self.has(chunk):
            return False
        with whole_file(self.path(chunk, chunk)) as file:
            file.write(done.content)
        self.roll_up(chunk)
        return True

    def roll_up(self, chunk: int) -> None:
        """Join parts around a chunk as far as they are there; see :func:`to_join`."""
        while group := to_join(self.parts(), chunk, self.manifest.chunks):
            if not self.join(group):
                return

    def join(self, parts: list[Part]) -> bool:
        """Write the rows of neighbouring parts as one part, then delete them.

        False where another process was first, or a part is damaged: that is set aside, so that its chunks run again.
        """
        try:
            schema, labels = schema_and_labels(parts)
            schema = schema.with_metadata(together(labels).metadata)
            path = self.path(parts[0].first, parts[-1].last)
            with whole_file(path) as file, pq.ParquetWriter(file, schema, **FORMAT) as writer:
                for table in gathered(tables(parts)):
                    writer.write_table(table)
        except FileNotFoundError:
            return False
        except DamagedError as error:
            self.set_aside(error.path)
            return False
        for part in parts:
            part.path.unlink(missing_ok=True)
        return True

    def set_aside(self, path: Path) -> None:
        """Move a file out of the folder of parts."""
        (self.folder / ASIDE).mkdir(exist_ok=True)
        with suppress(FileNotFoundError):
            os.replace(path, self.folder / ASIDE / path.name)

    def inspect(self) -> list[str]:
        """Read every part, and set aside those that are damaged or foreign; a line for each of them."""
        notes = []
        for path in self.files():
            part = self.part_at(path)
            trouble = "is not of this experiment" if part is None else self.damage(part)
            if trouble:
                self.set_aside(path)
                notes.append(f"{path.name} {trouble}; it is now in {ASIDE}")
        self.tidy()
        return notes

    def damage(self, part: Part) -> str:
        """What is wrong with a part; nothing where another process has just rolled it up."""
        try:
            _, (label,) = schema_and_labels([part])
            for _ in tables([part]):
                pass
        except FileNotFoundError:
            return ""
        except DamagedError:
            return "is damaged"
        runs = sum(self.plan.runs(chunk) for chunk in range(part.first, min(part.last + 1, self.manifest.chunks)))
        whole = label[:4] == (self.manifest.key, part.first, part.last, runs)
        return "" if whole else "does not hold what its name says"

    def tidy(self) -> None:
        """Delete what a process that died left behind, and roll up what is there."""
        for path in self.parts_folder.glob(".*"):
            with suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > STALE:
                    path.unlink()
        parts = self.parts()
        for path in set(self.files()) - {part.path for part in parts}:
            if self.part_at(path) is not None:
                path.unlink(missing_ok=True)
        for part in parts:
            self.roll_up(part.first)

    def status(self) -> Status:
        """How far the experiment is."""
        parts = self.parts()
        label = together(schema_and_labels(parts)[1]) if parts else Label(self.manifest.key, 0, 0, 0, 0, "")
        chunks = sum(part.last - part.first + 1 for part in parts)
        left = self.plan.seconds * (1 - label.runs / self.manifest.runs)
        size = sum(part.path.stat().st_size for part in parts)
        return Status(
            self.manifest.chunks,
            chunks,
            self.manifest.runs,
            label.runs,
            label.failed,
            label.reason,
            len(parts),
            size,
            left,
        )


class DamagedError(Exception):
    """A part that cannot be read."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.path = path


def schema_and_labels(parts: Sequence[Part]) -> tuple[pa.Schema, list[Label]]:
    """The columns of parts, and what each says of itself.

    Raises:
        FileNotFoundError: one is gone.
        DamagedError: one cannot be read, or says nothing.
    """
    labels = []
    for part in parts:
        try:
            schema = pq.read_schema(part.path)
        except FileNotFoundError:
            raise
        except (OSError, pa.ArrowException):
            raise DamagedError(part.path) from None
        label = label_of(schema)
        if label is None:
            raise DamagedError(part.path)
        labels.append(label)
    return schema, labels


def together(labels: Sequence[Label]) -> Label:
    """The label of neighbouring parts that are joined."""
    reason = next((label.reason for label in labels if label.reason), "")
    runs, failed = sum(label.runs for label in labels), sum(label.failed for label in labels)
    return Label(labels[0].key, labels[0].first, labels[-1].last, runs, failed, reason)


def tables(parts: Iterable[Part]) -> Iterator[pa.Table]:
    """The rows of parts in order, piece by piece, every page checked.

    Raises:
        FileNotFoundError: a part is gone.
        DamagedError: a part cannot be read to its end.
    """
    for part in parts:
        try:
            with pq.ParquetFile(part.path, page_checksum_verification=True) as file:
                for group in range(file.num_row_groups):
                    yield file.read_row_group(group)
        except FileNotFoundError:
            raise
        except (OSError, pa.ArrowException):
            raise DamagedError(part.path) from None


def gathered(pieces: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Tables put together until they are large enough to read well."""
    held: list[pa.Table] = []
    for table in pieces:
        held.append(table)
        if sum(len(each) for each in held) >= GROUP_ROWS:
            yield pa.concat_tables(held).unify_dictionaries()
            held = []
    if held:
        yield pa.concat_tables(held).unify_dictionaries()


def read_store(folder: Path) -> Store:
    """The store in a folder, for reading.

    Raises:
        InputError: there is none.
    """
    return Store(folder, read_manifest(folder))


def open_store(experiment: Experiment, folder: Path, chunk_seconds: float | None = None) -> Store:
    """The store of an experiment in a folder, made if there is none yet.

    Args:
        experiment: the experiment.
        folder: where its results are or will be.
        chunk_seconds: length of chunks in a new folder; one that is there keeps its own.

    Raises:
        InputError: the folder cannot be written to, or holds results of something else.
    """
    check_folder(folder)
    try:
        (folder / PARTS).mkdir(exist_ok=True)
        if not (folder / MANIFEST).exists():
            manifest = manifest_of(experiment, designs.points(experiment), chunk_seconds or plan.CHUNK_SECONDS)
            create_file(folder / MANIFEST, manifest.model_dump_json(indent=1).encode())
        store = read_store(folder)
        check_same(store.manifest, experiment, folder)
        if not (folder / DESIGN).exists():
            table = designs.point_table(experiment, designs.points(experiment))
            with whole_file(folder / DESIGN) as file:
                file.write(table.to_parquet(index=False))
    except OSError as error:
        raise InputError(f"--out {folder}: cannot be written to ({reason(error)}); name a folder that can") from None
    return store
