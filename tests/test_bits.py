"""The compiled kernel and the same source without compilation agree to the bit, for every shipped scenario.

Run as a script (with NUMBA_DISABLE_JIT=1), this file writes the numbers of all cases to the .npz file that it is given.
"""

import os
import subprocess
import sys

import numpy as np
import pytest

from pdsim import library, population, scenarios
from pdsim.kernel import run
from worlds import results

FEW = {"staff.schools": 2, "staff.teachers_per_school": 6, "programme.schools_taking_part": 2, "partners.schools": 1}


def small(name):
    """A shipped scenario, cut down to a few teachers and a year: fit for a run without compilation."""
    scenario = scenarios.load(name)
    most = {key: min(getattr(getattr(scenario, key.split(".")[0]), key.split(".")[1]), few) for key, few in FEW.items()}
    return scenario.with_(**{**most, "evaluation.years": 1})


def cases():
    """Scenario of each case: all that are shipped, and one that goes through a summer."""
    found = {name: small(name) for name in library.shipped()}
    summer = {"evaluation.years": 2, "school.turnover": 0.3, "partners.schools": 0}
    found["maths-hub over a summer"] = found["maths-hub"].with_(**summer)
    return found


def numbers(scenario):
    """Results of two runs under two draws of the assumptions, with a unit of practice from a small reference staff."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(population, "REFERENCE_STAFF", 50)
        return results(scenario, replicates=2, draws=2)


@pytest.fixture(scope="module")
def uncompiled(tmp_path_factory):
    path = tmp_path_factory.mktemp("bits") / "uncompiled.npz"
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    subprocess.run([sys.executable, __file__, str(path)], check=True, env=environment)
    with np.load(path) as stored:
        return dict(stored)


@pytest.mark.parametrize("name", cases())
def test_with_and_without_compilation(name, uncompiled):
    compiled = numbers(cases()[name])
    assert compiled.shape == uncompiled[name].shape
    different = (compiled != uncompiled[name]) & ~(np.isnan(compiled) & np.isnan(uncompiled[name]))
    assert not different.any()


def test_the_cases_are_alive(uncompiled):
    assert "maths-hub" in uncompiled
    hub, nothing = uncompiled["maths-hub"], uncompiled["no-pd"]
    assert hub[0, -1, 0, 1] != nothing[0, -1, 0, 1]


if __name__ == "__main__":
    assert not hasattr(run.run_many, "py_func"), "this is to run without compilation"
    np.savez(sys.argv[1], **{name: numbers(scenario) for name, scenario in cases().items()})
