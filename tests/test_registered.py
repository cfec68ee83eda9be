"""Registered predictions are never edited: their files are held by their hashes."""

import hashlib
import json

import pytest

from pdsim import library

FOLDER = library.folder("experiments") / "trials" / "registered"
HASHES = {
    "psqm-effectiveness.json": "aa60710df0550b93bae82015f462c36c48e6849b63dfc56d356c0ce9e4b2eccd",
    "psqm-effectiveness.toml": "69278f6f370965a88b6267d342b33d43c6cb0d2685dd1bf3c2562fa68ade0730",
}


def test_every_registered_file_is_held():
    assert sorted(path.name for path in FOLDER.iterdir()) == sorted(HASHES)


@pytest.mark.parametrize("name", HASHES)
def test_registered_files_are_as_they_were(name):
    assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == HASHES[name]


def test_the_prediction_is_of_the_design_beside_it():
    prediction = json.loads((FOLDER / "psqm-effectiveness.json").read_text(encoding="utf-8"))
    assert prediction["sha256_of_file"] == HASHES["psqm-effectiveness.toml"]
    assert prediction["date"]
    assert prediction["version"]
    for outcome in prediction["predictions"]:
        for interval in ("average_effect", "may_be_observed"):
            low, high = outcome[interval]
            assert low <= outcome["predicted"] <= high
