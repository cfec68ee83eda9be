"""Sweeps survive: kills, torn files, full disks, company; the same bits whoever does the work."""

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import pdsim
from pdsim import experiment
from pdsim.experiment import manifest, runner, store, work
from sweeps import CHUNK, TEXT, assert_same, assert_whole_parts, command, ran, swept, uninterrupted

HERE = Path(__file__).parent
posix = pytest.mark.skipif(os.name != "posix", reason="signals and forks are POSIX")


@pytest.fixture(scope="module")
def trial(tmp_path_factory):
    """The experiment's file."""
    path = tmp_path_factory.mktemp("trial") / "trial.toml"
    path.write_text(TEXT)
    return path


@pytest.fixture(scope="module")
def whole(trial, tmp_path_factory):
    """The table of an uninterrupted run."""
    return uninterrupted(trial, tmp_path_factory.mktemp("whole"))


@pytest.fixture(scope="module")
def victim():
    """Start sweeps that may be killed; how they ended."""
    process = subprocess.Popen(
        [sys.executable, str(HERE / "victim.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "ready\n"

    def ended(*argv, **command):
        process.stdin.write(json.dumps({"argv": [str(each) for each in argv], **command}) + "\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline())

    yield ended
    process.stdin.close()
    process.wait()


@posix
def test_killed_at_20_random_moments(trial, whole, victim, tmp_path):
    moments = random.Random(1)
    kills = 0
    for _ in range(60):
        codes = victim(*command(trial, tmp_path), kill_after=moments.uniform(0.1, 0.4))
        kills += codes == [-9]
        assert_whole_parts(tmp_path)
        if kills == 20:
            break
        if codes == [0]:
            shutil.rmtree(tmp_path / "parts")
    assert kills == 20
    assert victim(*command(trial, tmp_path)) == [0]
    assert_same(tmp_path, whole)


ROLLED = {"pdsim.experiment.store.FAN": 3, "pdsim.experiment.store.MOST_PARTS": 4}
MOMENTS = {
    "first-manifest": ["pdsim.experiment.store.create_file", 1, "before"],
    "manifest-without-design": ["pdsim.experiment.store.create_file", 1, "after"],
    "half-of-the-design": ["", 1, "half"],
    "half-of-a-part": ["", 3, "half"],
    "part-not-on-disk": ["os.fsync", 9, "before"],
    "part-not-in-place": ["os.replace", 4, "before"],
    "part-in-place": ["os.replace", 4, "after"],
    "half-of-a-joined-part": ["pyarrow.parquet.ParquetWriter.write_table", 5, "after"],
    "joined-and-not-in-place": ["os.replace", 5, "before"],
    "joined-and-parts-still-there": ["os.replace", 5, "after"],
    "joined-and-one-part-gone": ["pathlib.Path.unlink", 3, "after"],
}


@posix
@pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS)
def test_killed_in_the_middle_of_writing(moment, trial, whole, victim, tmp_path):
    assert victim(*command(trial, tmp_path), die_at=moment, patch=ROLLED) == [-9]
    assert_whole_parts(tmp_path)
    assert victim(*command(trial, tmp_path), patch=ROLLED) == [0]
    assert_same(tmp_path, whole)
    assert len(list((tmp_path / "parts").glob("*.parquet"))) <= 4


@posix
def test_disk_that_fills_up_gives_one_line_and_leaves_parts_whole(trial, whole, victim, tmp_path):
    said = tmp_path / "said"
    swept(trial, tmp_path / "other")
    sizes = sorted(path.stat().st_size for path in (tmp_path / "other" / "parts").iterdir())
    experiment.sweep(trial, tmp_path, chunk_seconds=float(CHUNK), stop=lambda: True)
    assert victim(*command(trial, tmp_path), file_size=sizes[-2], errors=str(said)) == [1]
    (line,) = said.read_text().splitlines()
    assert line == f"pdsim: {tmp_path}: File too large; what is written is whole, and the same command goes on"
    assert_whole_parts(tmp_path)
    assert 0 < len(list((tmp_path / "parts").iterdir())) < len(sizes)
    assert victim(*command(trial, tmp_path)) == [0]
    assert_same(tmp_path, whole)


def open_to_all(file):
    """Whether every folder above a file can be entered by any user."""
    return all(folder.stat().st_mode & 0o001 for folder in file.resolve().parents)


@posix
def test_folder_that_cannot_be_written_to_gives_one_line(trial, whole, victim, tmp_path):
    said = tmp_path / "said"
    readable = Path(tempfile.mkdtemp())
    (readable / "trial.toml").write_text(TEXT)
    readable.chmod(0o555)
    said.touch()
    said.chmod(0o666)
    user = {"user": 65534} if os.geteuid() == 0 else {}
    if user and not (open_to_all(Path(pdsim.__file__)) and open_to_all(Path(pa.__file__))):
        pytest.skip("root can write anywhere, and another user cannot reach the installed packages")
    assert victim(*command(readable / "trial.toml", readable / "out"), errors=str(said), **user) == [2]
    (line,) = said.read_text().splitlines()
    assert "cannot be written to (Permission denied); name a folder that can" in line
    shutil.rmtree(readable)


@posix
def test_two_processes_on_one_folder(trial, whole, victim, tmp_path):
    assert victim(*command(trial, tmp_path), beside=2, patch=ROLLED) == [0, 0]
    assert_same(tmp_path, whole)


@posix
def test_two_processes_on_one_folder_killed_and_joined_by_a_third(trial, whole, victim, tmp_path):
    assert victim(*command(trial, tmp_path), beside=2, kill_after=0.4, patch=ROLLED) == [-9, -9]
    assert victim(*command(trial, tmp_path), beside=3, patch=ROLLED) == [0, 0, 0]
    assert_same(tmp_path, whole)


def truncated(path, share):
    """Cut a file to a share of its length."""
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])


def flipped(path):
    """Change one bit among a file's values."""
    values = next(
        column
        for column in map(pq.read_metadata(path).row_group(0).column, range(11))
        if column.path_in_schema == "value"
    )
    content = bytearray(path.read_bytes())
    content[values.data_page_offset + values.total_compressed_size - 5] ^= 1
    path.write_bytes(bytes(content))


@pytest.fixture
def half_done(trial, tmp_path):
    """A folder in which some chunks are done, and its parts."""
    asked = []
    experiment.sweep(trial, tmp_path, chunk_seconds=float(CHUNK), stop=lambda: len(asked) > 12, progress=asked.append)
    return tmp_path, sorted((tmp_path / "parts").glob("*.parquet"))


def test_damaged_parts_are_found_and_run_again(trial, whole, half_done):
    folder, parts = half_done
    truncated(parts[0], 0.0)
    truncated(parts[1], 0.5)
    truncated(parts[2], 0.99)
    flipped(parts[3])
    done = swept(trial, folder)
    damaged = [note for note in done.notes if "is damaged; it is now in set-aside" in note]
    assert len(damaged) == 4
    assert len(list((folder / "set-aside").iterdir())) == 4
    assert_same(folder, whole)


def test_foreign_parts_are_found_and_their_chunks_run_again(trial, whole, half_done, tmp_path_factory):
    folder, parts = half_done
    other = tmp_path_factory.mktemp("other")
    (other / "trial.toml").write_text(TEXT.replace("seed = 5", "seed = 6"))
    swept(other / "trial.toml", other)
    foreign = sorted((other / "parts").glob("*.parquet"))
    shutil.copy(foreign[0], folder / "parts")  # another experiment's, under its own name
    shutil.copy(foreign[1], parts[1])  # ... under the name of one of ours
    shutil.copy(parts[2], parts[3])  # another chunk of ours
    pq.write_table(pa.table({"x": [1]}), parts[4])  # a table that says nothing of itself
    (folder / "parts" / "notes.txt").write_text("mine")
    done = swept(trial, folder)
    assert len([note for note in done.notes if "set-aside" in note]) == 5
    assert (folder / "set-aside" / "notes.txt").read_text() == "mine"
    assert_same(folder, whole)


def test_part_damaged_while_it_runs_is_made_again(trial, whole, tmp_path, monkeypatch):
    monkeypatch.setattr(store, "FAN", 3)
    monkeypatch.setattr(store, "MOST_PARTS", 4)
    harmed = []

    def harm(runs):
        parts = sorted((tmp_path / "parts").glob("*.parquet"))
        if len(parts) == 2 and not harmed:
            truncated(parts[0], 0.5)
            harmed.append(parts[0])

    swept(trial, tmp_path, progress=harm)
    assert harmed
    assert_same(tmp_path, whole)


def test_damaged_part_is_named_when_results_are_read(half_done):
    folder, parts = half_done
    flipped(parts[3])
    with pytest.raises(pdsim.InputError, match="is damaged; the same pdsim sweep makes it again"):
        experiment.results(folder)


def test_unfinished_files_are_left_to_their_process_until_they_are_old(trial, whole, half_done):
    folder, _ = half_done
    fresh, old = folder / "parts" / ".part-x.1", folder / "parts" / ".part-x.2"
    for path in (fresh, old):
        path.write_text("half")
    os.utime(old, (time.time() - 2 * store.STALE,) * 2)
    swept(trial, folder)
    assert fresh.exists()
    assert not old.exists()
    assert_same(folder, whole)


def test_part_and_the_joined_part_that_holds_it_count_once(trial, whole, half_done):
    folder, parts = half_done
    for path in parts[:3]:
        shutil.copy(path, folder)
    found = store.read_store(folder)
    assert found.join(found.parts()[:3])
    for path in parts[:3]:
        shutil.move(folder / path.name, path)
    assert len(found.parts()) == len(parts) - 2
    swept(trial, folder)
    assert_same(folder, whole)


def test_design_that_is_gone_is_made_again_and_a_changed_one_refused(trial, whole, half_done):
    folder, _ = half_done
    (folder / "design.parquet").unlink()
    experiment.sweep(trial, folder, stop=lambda: True)
    table = pd.read_parquet(folder / "design.parquet")
    table["programme.fidelity"] *= 0.5
    table.to_parquet(folder / "design.parquet")
    with pytest.raises(pdsim.InputError, match=r"design.parquet: is not the design"):
        experiment.sweep(trial, folder)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("seed = 5", "seed = 6", r"seed \(was 5, is 6\)"),
        ("samples = 160", "samples = 161", r"design.samples \(was 160, is 161\)"),
        ("low = 0.2, high = 1.0", "low = 0.3, high = 1.0", r"factors.programme.fidelity.low \(was 0.2, is 0.3\)"),
        ("per_school = 6", "per_school = 7", r"scenarios.0.staff.teachers_per_school \(was 6, is 7\)"),
        ('["use", ', '["insight", ', r"output.outcomes.0 \(was 'use', is 'insight'\)"),
        (
            "replicates = 3",
            "replicates = 4\nbaseline = 'business-as-usual'",
            r"changed: replicates .*, baseline.* and \d+ more",
        ),
    ],
)
def test_changed_experiment_is_not_mixed_with_old_parts(old, new, said, trial, half_done):
    folder, parts = half_done
    trial = folder / "trial.toml"
    trial.write_text(TEXT.replace(old, new))
    with pytest.raises(pdsim.InputError, match=said):
        experiment.sweep(trial, folder)
    assert sorted((folder / "parts").glob("*.parquet")) == parts


def test_changed_model_is_not_mixed_with_old_parts(trial, half_done, monkeypatch):
    folder, _ = half_done
    monkeypatch.setattr(manifest, "model_version", lambda: "0.2.0+abc")
    with pytest.raises(pdsim.InputError, match=r"the model \(was .*, is 0.2.0\+abc\); name another folder"):
        experiment.sweep(trial, folder)


def test_texts_may_change_and_other_libraries_are_noted(trial, whole, half_done, monkeypatch):
    folder, _ = half_done
    renamed = folder / "renamed.toml"
    renamed.write_text(TEXT.replace("Sweeps that are killed", "Another title"))
    versions = {**manifest.library_versions(), "numpy": "9.9"}
    monkeypatch.setattr(runner, "library_versions", lambda: versions)
    done = swept(renamed, folder)
    assert any("numpy" in note and "is '9.9'" in note for note in done.notes)
    assert_same(folder, whole)


@pytest.mark.parametrize("seconds", [0.01, 0.3, 100.0])
def test_length_of_chunks_changes_no_number(seconds, trial, whole, tmp_path):
    done = experiment.sweep(trial, tmp_path, chunk_seconds=seconds)
    assert (done.status.chunks == 1) == (seconds == 100.0)
    assert_same(tmp_path, whole)


def test_shards_and_merge(trial, whole, tmp_path, monkeypatch, capsys):
    for shard in ("2/3", "1/3"):
        assert ran(monkeypatch, *command(trial, tmp_path), "--shard", shard) == 0
    assert ran(monkeypatch, "sweep", trial, "--out", tmp_path, "--merge") == 1
    assert "chunks are missing" in capsys.readouterr().err
    assert ran(monkeypatch, "sweep", trial, "--out", tmp_path, "--status") == 0
    assert "left" in capsys.readouterr().out
    assert ran(monkeypatch, *command(trial, tmp_path), "--shard", "3/3") == 0
    capsys.readouterr()
    assert ran(monkeypatch, "sweep", trial, "--out", tmp_path, "--merge", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["chunks_done"] == told["chunks"]
    assert_same(tmp_path, whole)


def test_any_executor(trial, whole, tmp_path):
    with ThreadPoolExecutor(2) as threads:
        swept(trial, tmp_path, executor=threads)
    assert_same(tmp_path, whole)


class Fragile(Executor):
    """An executor in this thread, in which one chunk always ends its worker and takes others with it."""

    def __init__(self, deadly):
        self.deadly = deadly
        self.waiting = []
        self.broken = 0

    def submit(self, do, task):
        """Hand in a chunk; up to the deadly one they wait, so that it takes them along."""
        future = Future()
        self.waiting.append((future, task))
        if task.chunk == self.deadly:
            self.broken += 1
            self.settle(lambda each, _: each.set_exception(BrokenExecutor("a worker died")))
        elif self.broken or len(self.waiting) > 2:
            self.settle(lambda each, held: each.set_result(do(held)))
        return future

    def settle(self, end):
        """Let all that wait end in a way."""
        for future, task in self.waiting:
            end(future, task)
        self.waiting = []


def test_chunk_that_kills_its_worker_is_found_and_the_others_are_done(trial, whole, tmp_path):
    fragile = Fragile(7)
    with pytest.raises(OSError, match=r"1 chunks could not be run \(a worker died\); what is written is whole"):
        experiment.sweep(trial, tmp_path, chunk_seconds=float(CHUNK), executor=fragile)
    assert fragile.broken == 2
    assert runner.missing(store.read_store(tmp_path)) == [7]
    swept(trial, tmp_path)
    assert_same(tmp_path, whole)


def test_workers_with_another_version_are_refused(trial, tmp_path, monkeypatch):
    monkeypatch.setattr(work, "model_version", lambda: "0.0.9+abc")
    with pytest.raises(OSError, match=r"another version of the model \(0.0.9\+abc and not "):
        experiment.sweep(trial, tmp_path)
