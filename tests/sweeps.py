"""A small experiment that is cut into many chunks, and what is asked of its results, for the tests of sweeps."""

import sys

import pandas as pd
import pyarrow.parquet as pq
import pytest

from pdsim import cli, experiment

TEXT = """
title = "Sweeps that are killed"
scenarios = ["teacher-learning-community"]
replicates = 3
seed = 5
years = 1

[design]
method = "latin-hypercube"
samples = 160

[settings]
staff.teachers_per_school = 6

[factors]
programme.fidelity = { low = 0.2, high = 1.0 }
programme.first_week = { low = 0, high = 90 }
school.leadership = { low = 0.2, high = 0.8 }

[output]
outcomes = ["use", "pupil_attainment"]
"""
CHUNK = "0.03"


def uninterrupted(trial, folder):
    """The table of a sweep in one go; some of its points are not allowed."""
    done = swept(trial, folder)
    assert done.status.chunks > 15
    assert 0 < done.status.failed < done.status.runs
    return done.results()


def assert_same(folder, whole):
    """The results in a folder are those of the uninterrupted run, to the bit, and no row is on the disk twice."""
    pd.testing.assert_frame_equal(experiment.results(folder), whole, check_exact=True)
    assert sum(pq.read_metadata(path).num_rows for path in (folder / "parts").glob("*.parquet")) == len(whole)


def assert_whole_parts(folder):
    """Every part that stands in its place can be read to its end."""
    for path in (folder / "parts").glob("*.parquet"):
        pq.read_table(path, page_checksum_verification=True)


def command(trial, out):
    """Arguments of the sweep of these tests."""
    return ("sweep", trial, "--out", out, "--chunk-seconds", CHUNK)


def swept(trial, out, **options):
    """A finished sweep."""
    done = experiment.sweep(trial, out, chunk_seconds=float(CHUNK), **options)
    assert done.status.complete
    return done


def ran(monkeypatch, *argv):
    """Exit code of a command line in this process."""
    monkeypatch.setattr(sys, "argv", ["pdsim", *map(str, argv)])
    with pytest.raises(SystemExit) as end:
        cli.main()
    return end.value.code or 0
