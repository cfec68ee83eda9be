"""Sweeps over processes and clusters: the same bits with any workers, though some of them die; stops on request."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from pdsim.experiment import clusters, runner, store
from sweeps import CHUNK, TEXT, assert_same, assert_whole_parts, command, ran, swept, uninterrupted

PDSIM = [sys.executable, "-m", "pdsim"]
posix = pytest.mark.skipif(os.name != "posix", reason="signals are POSIX")


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


def started(*argv):
    """A command line in a process of its own."""
    return subprocess.Popen([*PDSIM, *map(str, argv)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for_parts(folder, count):
    """Wait until a sweep has written some parts."""
    limit = time.monotonic() + 120
    while len(list((folder / "parts").glob("part-*.parquet"))) < count:
        assert time.monotonic() < limit
        time.sleep(0.01)


def test_two_processes_of_which_one_dies(trial, whole, tmp_path):
    killed = []

    def kill(runs):
        if not killed:
            killed.append(multiprocessing.active_children()[0].pid)
            os.kill(killed[0], signal.SIGKILL)

    swept(trial, tmp_path, workers=2, progress=kill)
    assert killed
    assert_same(tmp_path, whole)


@posix
def test_stop_request_finishes_the_chunk_and_exits_75(trial, whole, tmp_path):
    running = started(*command(trial, tmp_path))
    wait_for_parts(tmp_path, 2)
    running.send_signal(signal.SIGTERM)
    printed, said = running.communicate(timeout=60)
    assert running.returncode == 75
    assert said.splitlines()[-1] == "pdsim: stopped on request; the same command goes on from here"
    assert "processor left" in printed
    assert_whole_parts(tmp_path)
    assert not list((tmp_path / "parts").glob(".*"))
    swept(trial, tmp_path)
    assert_same(tmp_path, whole)


@posix
def test_workers_stop_with_their_sweep_and_end_with_it(trial, whole, tmp_path):
    running = started(*command(trial, tmp_path), "--workers", "2")
    wait_for_parts(tmp_path, 1)
    workers = psutil.Process(running.pid).children(recursive=True)
    for process in [running, *workers]:  # as a scheduler does that stops a whole job
        process.send_signal(signal.SIGTERM)
    _, said = running.communicate(timeout=60)
    assert (running.returncode, said.count("\n")) == (75, 1)
    running = started(*command(trial, tmp_path), "--workers", "2")
    wait_for_parts(tmp_path, len(list((tmp_path / "parts").iterdir())) + 1)
    workers = psutil.Process(running.pid).children(recursive=True)
    assert len(workers) >= 2
    running.kill()
    running.communicate()
    assert psutil.wait_procs(workers, timeout=30)[1] == []
    swept(trial, tmp_path)
    assert_same(tmp_path, whole)


def test_ctrl_c_twice_interrupts_at_once(trial, tmp_path, monkeypatch, capsys):
    def interrupt(store, crew, shard, progress, stop):
        os.kill(os.getpid(), signal.SIGINT)
        assert stop()
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(runner, "run", interrupt)
    monkeypatch.setattr(os, "_exit", sys.exit)  # it ends at once, and with it this test's process
    assert ran(monkeypatch, *command(trial, tmp_path)) == 1
    assert capsys.readouterr().err == "pdsim: stopped; files that are written are whole\n"
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


@pytest.fixture(scope="module")
def cluster():
    """A real scheduler and two workers, each a process, over TCP."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, protocol="tcp://", dashboard_address=None, silence_logs=50
    ) as made:
        yield made


def test_dask_cluster_over_tcp_of_which_a_worker_dies(trial, whole, tmp_path, cluster, monkeypatch):
    assert cluster.scheduler_address.startswith("tcp://")
    killed = []
    real = store.Store.add

    def add_and_kill(self, done):
        if not killed:
            killed.append(next(iter(cluster.workers.values())).pid)
            os.kill(killed[0], signal.SIGKILL)
        return real(self, done)

    monkeypatch.setattr(store.Store, "add", add_and_kill)
    assert ran(monkeypatch, *command(trial, tmp_path), "--scheduler", cluster.scheduler_address) == 0
    assert killed
    assert_same(tmp_path, whole)


def test_executor_of_a_dask_client(trial, whole, tmp_path, cluster):
    with cluster.get_client() as client:
        swept(trial, tmp_path, executor=client.get_executor())
    assert_same(tmp_path, whole)


def test_mistakes_about_clusters_are_one_line(trial, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(clusters, "ANSWER_SECONDS", 1)
    monkeypatch.setenv("PATH", str(tmp_path))
    sweep = ("sweep", trial, "--out", tmp_path / "out")
    for options, said in {
        ("--scheduler", "tcp://127.0.0.1:9"): "no Dask scheduler answers at 'tcp://127.0.0.1:9'",
        ("--scheduler", "carrier-pigeon"): "--scheduler",
        ("--scheduler", "tcp://127.0.0.1:9", "--workers", "2"): "leave out --workers",
        ("--scheduler", "tcp://127.0.0.1:9", "--slurm"): "leave out --workers and --slurm",
        ("--slurm",): "--slurm",
        ("--workers", "0"): "--workers: 0 is out of range",
        ("--workers", "two"): "is not a whole number",
        ("--shard", "0/3"): "--shard: 0/3",
        ("--shard", "one"): "--shard: 'one'",
        ("--sbatch", "0"): "--shard: 1/0",
        ("--chunk-seconds", "0"): "--chunk-seconds: 0",
        ("--plan", "--merge"): "give one of them",
    }.items():
        assert ran(monkeypatch, *sweep, *options) == 2, options
        (line,) = capsys.readouterr().err.splitlines()
        assert said in line


SBATCH = """#!/bin/sh
for script; do :; done
echo "$$" >> {folder}/jobs
sh "$script" > "{folder}/job-$$.out" 2>&1 &
echo "Submitted batch job $$"
"""


@posix
def test_slurm_jobs_join_a_dask_cluster(trial, whole, tmp_path, monkeypatch):
    pytest.importorskip("dask_jobqueue")
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "sbatch").write_text(SBATCH.format(folder=tmp_path))
    (tools / "scancel").write_text("#!/bin/sh\n")
    for tool in tools.iterdir():
        tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    assert ran(monkeypatch, *command(trial, tmp_path / "out"), "--slurm", "--workers", "2") == 0
    assert len((tmp_path / "jobs").read_text().split()) == 2
    assert_same(tmp_path / "out", whole)


@posix
def test_job_array_runs_its_shards_and_goes_back_in_the_queue_when_stopped(trial, whole, tmp_path, monkeypatch, capsys):
    assert ran(monkeypatch, *command(trial, tmp_path / "my out"), "--sbatch", "3") == 0
    script = tmp_path / "array.sh"
    script.write_text(capsys.readouterr().out)
    assert "#SBATCH --array=1-3" in script.read_text()
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "pdsim").write_text(f'#!/bin/sh\nexec {sys.executable} -m pdsim "$@" --chunk-seconds {CHUNK}\n')
    (tools / "scontrol").write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\n')
    for tool in tools.iterdir():
        tool.chmod(0o755)
    path = f"{tools}:{os.environ['PATH']}"

    def job(shard):
        return subprocess.Popen(
            ["bash", script],
            env={**os.environ, "PATH": path, "SLURM_ARRAY_TASK_ID": str(shard), "SLURM_ARRAY_JOB_ID": "77"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    first = job(1)
    wait_for_parts(tmp_path / "my out", 1)
    first.send_signal(signal.SIGTERM)
    assert first.wait(60) == 75
    assert (tmp_path / "asked").read_text() == "requeue 77_1\n"
    assert [each.wait(120) for each in [job(shard) for shard in (1, 2, 3)]] == [0, 0, 0]
    assert ran(monkeypatch, "sweep", trial, "--out", tmp_path / "my out", "--merge") == 0
    assert_same(tmp_path / "my out", whole)


def test_the_benchmark_of_sweeps_runs():
    script = Path(__file__).parents[1] / "experiments" / "benchmarks" / "sweep.py"
    done = subprocess.run([sys.executable, str(script), "--quick"], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert [line[:3] for line in done.stdout.splitlines()] == ["(a)", "(b)", "(c)", "(d)", "(d)"]
    assert "1,000 runs planned" in done.stdout
