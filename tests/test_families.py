"""What working together adds, design by design and family by family, from an experiment that keeps sets of families."""

from itertools import permutations

import numpy as np
import pytest

import pdsim
from pdsim import experiment
from pdsim.assumptions import FAMILIES
from pdsim.explanation.verdict import ANSWERS
from sweeps import ran

TEXT = """
title = "Families, design by design"
scenarios = ["teacher-learning-community", "aimless-meetings"]
replicates = 40
seed = 4
years = 1

[design]
method = "grid"

[settings]
staff.teachers_per_school = 8

[factors]
programme.attendance = { values = ["required", "voluntary"] }
staff.expert_share = { values = [0.1, 0.5] }

[output]
resolution = "families"
outcomes = ["pupil_attainment"]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The folder of a finished sweep."""
    place = tmp_path_factory.mktemp("families")
    (place / "trial.toml").write_text(TEXT)
    experiment.sweep(place / "trial.toml", place / "out")
    return place / "out"


@pytest.fixture(scope="module")
def analysis(folder):
    """Its analysis."""
    return pdsim.analyse(folder)


def test_shares_add_up_to_what_all_families_add(folder, analysis):
    points = analysis.tables["points"]
    assert analysis.finding.kind == "families"
    assert len(points) == 2 * 4
    shares = points[[f"share_{family}" for family in FAMILIES]].sum(axis=1)
    np.testing.assert_allclose(shares, points["total"], atol=1e-12)
    rows = experiment.results(folder)
    rows = rows.assign(families=rows["families"].astype(str), scenario=rows["scenario"].astype(str))
    means = rows.groupby(["scenario", "point", "families"])["value"].mean().unstack()
    added = means["+".join(FAMILIES)] - means["none"]
    for name, table in points.groupby("scenario"):
        np.testing.assert_allclose(table["total"], added[name], atol=1e-12)


def test_shares_are_means_over_all_orders_of_joining(folder, analysis):
    rows = experiment.results(folder)
    rows = rows[(rows["scenario"] == "aimless-meetings") & (rows["point"] == 3)]
    worth = rows.assign(families=rows["families"].astype(str)).groupby("families")["value"].mean()
    gains = dict.fromkeys(FAMILIES, 0.0)
    for order in permutations(FAMILIES):
        for place, family in enumerate(order):
            before, after = (set_name(order[:end]) for end in (place, place + 1))
            gains[family] += (worth[after] - worth[before]) / 24
    row = analysis.tables["points"].query("scenario == 'aimless-meetings'").iloc[3]
    np.testing.assert_allclose([row[f"share_{family}"] for family in FAMILIES], list(gains.values()), atol=1e-12)


def set_name(members):
    """The name that a set of families has in results."""
    return "+".join(family for family in FAMILIES if family in members) or "none"


def test_intervals_hold_the_means_and_answers_are_shares_of_draws(analysis):
    points = analysis.tables["points"]
    for family in FAMILIES:
        name = f"share_{family}"
        assert (points[f"{name}_low"] <= points[f"{name}_high"]).all()
    assert (points["total_low"] < points["total"]).all()
    np.testing.assert_allclose(points[[f"p_{answer}" for answer in ANSWERS]].sum(axis=1), 1.0)


def test_sentences_tables_and_picture_say_it(analysis, folder, monkeypatch, capsys):
    points = analysis.tables["points"]
    most = points.loc[points["total"].idxmax()]
    said = analysis.to_dict()["sentences"]
    assert "In 2 designs at 8 settings in all" in said[0]
    assert f"{most['total']:+.3f} pupil SD" in said[0]
    assert sum(map(int, [word for word in said[1].replace(",", "").split() if word.isdigit()][:-1])) == 8
    assert "Mean shares (pupil SD) with attendance required / voluntary: fluoride" in " ".join(said)
    monkeypatch.setenv("COLUMNS", "200")
    assert ran(monkeypatch, "analyse", folder, "--out", folder / "analysis") == 0
    printed = capsys.readouterr().out
    assert printed.count("teacher-learning-community") >= 8
    assert {"figures-analysis.svg", "figures-analysis.png"} <= {path.name for path in (folder / "analysis").iterdir()}
    assert len(analysis.plot().axes) == 2


def test_another_outcome_is_refused(folder, monkeypatch, capsys):
    assert ran(monkeypatch, "analyse", folder, "--outcome", "practice") == 2
    assert "--outcome" in capsys.readouterr().err
