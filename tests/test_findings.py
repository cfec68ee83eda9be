"""What the shipped experiments found is in their files, made by the science as it is now."""

import runpy
import tomllib
from pathlib import Path

import pytest

from pdsim import library

ROOT = Path(__file__).parents[1]
EXPERIMENTS = library.shipped("experiments")
SCRIPT = runpy.run_path(str(ROOT / ".ci" / "findings"))


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_an_experiment_says_what_it_asks_expects_and_found(name):
    texts = tomllib.loads(EXPERIMENTS[name].read_text(encoding="utf-8"))
    for key in ("title", "question", "prediction", "found", "command", "takes"):
        assert texts[key].strip(), key
    assert f"pdsim {'lab' if texts.get('kind') == 'lab' else 'sweep'} {name}" in texts["command"]


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_what_was_found_is_of_the_science_as_it_is(name):
    found = f"{SCRIPT['BEGIN']}, science {SCRIPT['science']()}\n"
    assert found in EXPERIMENTS[name].read_text(encoding="utf-8"), "run .ci/findings again"
    assert (ROOT / "experiments" / "pictures" / f"{name}.svg").read_text(encoding="utf-8").count("<svg") == 1


BARE = """title = "A"

# Why these.
scenarios = ["solo-course"]

[factors]
"""


def test_a_finding_is_put_before_the_scenarios_and_replaced_there():
    put, made = SCRIPT["with_block"], SCRIPT["block"]
    once = put(BARE, made(["One \\d sentence.", "Two."], "pdsim sweep a", 240.0))
    texts = tomllib.loads(once)
    assert texts["found"] == "One \\d sentence.\n\nTwo.\n"
    assert texts["takes"] == "about 2 minutes on two cores"
    assert once.index("takes") < once.index("# Why these.") < once.index("scenarios")
    again = put(once, made(["Three."], "pdsim sweep a", 240.0))
    assert tomllib.loads(again)["found"] == "Three.\n"
    assert again.replace("Three.", "").count("found = ") == 1
    assert len(again.splitlines()) == len(once.splitlines()) - 2
