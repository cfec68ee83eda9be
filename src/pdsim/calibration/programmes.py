"""One hundred mixed PD programmes, as trials of real ones are: written before any fit, and frozen.

``programmes.csv`` is what calibration reads. :func:`draw_programmes` is how it was made, and a test holds that it still
gives the same file. Nothing in it comes from a trial that is kept for validation.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from io import StringIO
from typing import Any

import numpy as np
import pandas as pd

from pdsim.kernel.records import WEEKS
from pdsim.scenarios import MECHANISMS, Scenario

COUNT = 100
SEED = 2021
TEACHERS = 24  # teachers in the school that stands for a trial's schools: effects are means over teachers

# How often reports mention each mechanism, as relative weights. Modelling was in about two thirds of the programmes of
# the EEF review (Sims et al. 2021); the rest is *assumption*: telling is common, goals and feedback less, habit rare.
COMMONNESS = {
    "managing cognitive load": 0.8,
    "revisiting prior learning": 1.0,
    "setting and agreeing on goals": 1.2,
    "presenting information from a credible source": 2.0,
    "providing affirmation and reinforcement after progress": 0.7,
    "instructing teachers on how to perform a technique": 3.0,
    "arranging practical social support": 1.5,
    "modelling the technique": 2.6,
    "monitoring and providing feedback": 1.6,
    "rehearsing the technique": 1.4,
    "providing prompts and cues": 0.8,
    "prompting action planning": 1.2,
    "encouraging monitoring": 0.7,
    "prompting context-specific repetition": 0.5,
}
# In collaborative programmes peers carry these in half of the cases (*assumption*), and always mechanism 7.
OFTEN_BY_PEERS = (
    "setting and agreeing on goals",
    "modelling the technique",
    "monitoring and providing feedback",
    "rehearsing the technique",
    "encouraging monitoring",
)
SOCIAL_SUPPORT = "arranging practical social support"


@dataclass(frozen=True)
class Trial:
    """A programme of the file with how its trial measured it.

    ``pupil_error``, ``practice_error`` and ``knowledge_error`` are the standard errors of its effects, in pupil SD, SD
    of observed practice and SD of knowledge tests; ``alignment`` is how much its pupils' test is aligned to the
    programme (1: independent).
    """

    scenario: Scenario
    mechanisms: int
    balanced: bool
    pupil_error: float
    practice_error: float
    knowledge_error: float
    alignment: float


def draw_programmes() -> pd.DataFrame:
    """Draw the 100 programmes; one row each, the columns of ``programmes.csv``.

    The number of mechanisms is beta-binomial over 0 to 13 with mean 5 (remembered range and centre of Sims et al.
    2021). Formats alternate within pairs of equal number, so format tells nothing of mechanisms. Larger trials have
    lower fidelity and less expert facilitators (Kraft, Blazar and Hogan 2018: effects fall with size). Standard errors
    of pupil effects centre on 0.077, from the mean confidence interval of 0.30 of Lortie-Forgues and Inglis 2019. All
    else is *assumption*.
    """
    rng = np.random.Generator(np.random.Philox(key=SEED))
    numbers = np.sort(rng.binomial(13, rng.beta(3.0, 4.8, COUNT)))
    rows = []
    for first in range(0, COUNT, 2):
        formats = rng.permutation(["solo", "collaborative"])
        rows += [draw_programme(rng, str(kind), int(numbers[first + k])) for k, kind in enumerate(formats)]
    frame = pd.DataFrame(rows)
    frame.insert(0, "programme", [f"p{number:03d}" for number in range(1, COUNT + 1)])
    return frame


def draw_programme(rng: np.random.Generator, kind: str, mechanisms: int) -> dict[str, Any]:
    """One programme of a format with a number of mechanisms, as a row of the file."""
    names = draw_mechanisms(rng, mechanisms)
    teachers = float(np.clip(rng.lognormal(np.log(110), 0.8), 15, 900))
    small = float(np.clip(1.0 - np.log(teachers / 15) / np.log(60), 0.0, 1.0))  # 1: fifteen teachers, 0: nine hundred
    sessions = int(np.clip(round(rng.lognormal(np.log(7), 0.6)), 1, 24))
    one_to_one = kind == "solo" and rng.random() < 0.3
    return {
        "format": kind,
        "mechanisms": "; ".join(names),
        "peers": "; ".join(carried_by_peers(rng, names)) if kind == "collaborative" else "",
        "sessions": sessions,
        "weeks_between": max(1, min(int(rng.choice([1, 2, 3, 4])), (WEEKS - 4) // sessions)),
        "hours": float(rng.choice([1.0, 1.5, 2.0, 3.0, 5.0], p=[0.25, 0.2, 0.25, 0.15, 0.15])),
        "content": round(float(np.clip(rng.normal(0.6, 0.12), 0.3, 0.9)), 2),
        "facilitator": round(float(np.clip(rng.normal(0.58 + 0.2 * small, 0.1), 0.35, 0.9)), 2),
        "fidelity": round(float(np.clip(rng.normal(0.55 + 0.3 * small, 0.1), 0.3, 0.95)), 2),
        "per_facilitator": 1.0 if one_to_one else float(rng.choice([8.0, 12.0, 20.0, 30.0])),
        "attendance": str(rng.choice(["required", "voluntary"], p=[0.6, 0.4])),
        "share_taking_part": float(rng.choice([0.25, 0.5, 1.0], p=[0.3, 0.3, 0.4])),
        "together": round(float(rng.uniform(0.2, 0.7)), 2),
        "team_size": int(rng.choice([2, 3, 4, 5, 6, 8])),
        "teams": str(rng.choice(["within-departments", "within-schools", "across-schools"], p=[0.4, 0.4, 0.2])),
        "teachers_in_trial": round(teachers),
        "pupil_error": round(float(np.clip(rng.lognormal(np.log(0.072), 0.4), 0.03, 0.2)), 3),
        "practice_error": round(float(np.clip(1.7 / np.sqrt(teachers), 0.08, 0.45)), 3),
        "knowledge_error": round(float(np.clip(1.5 / np.sqrt(teachers), 0.07, 0.4)), 3),
        "alignment": 1.0 if rng.random() < 0.6 else round(float(rng.uniform(1.2, 2.0)), 2),
    }


def draw_mechanisms(rng: np.random.Generator, count: int) -> list[str]:
    """A number of different mechanisms, common ones more often; in the order of the review's list."""
    weights = np.array([COMMONNESS[name] for name in MECHANISMS])
    chosen = rng.choice(len(MECHANISMS), count, replace=False, p=weights / weights.sum())
    return [name for place, name in enumerate(MECHANISMS) if place in chosen]


def carried_by_peers(rng: np.random.Generator, names: list[str]) -> list[str]:
    """Which mechanisms of a collaborative programme peers carry."""
    return [name for name in names if name == SOCIAL_SUPPORT or (name in OFTEN_BY_PEERS and rng.random() < 0.5)]


def frozen_text() -> str:
    """Content of ``programmes.csv``."""
    return resources.files("pdsim.calibration").joinpath("programmes.csv").read_text(encoding="utf-8")


@cache
def trials() -> tuple[Trial, ...]:
    """The 100 programmes of the frozen file, each for one year in a school of 24 teachers."""
    frame = pd.read_csv(StringIO(frozen_text()), keep_default_na=False)
    return tuple(trial(row) for row in frame.to_dict("records"))


def trial(row: dict[str, Any]) -> Trial:
    """A row of the file as a scenario and its measurement."""
    names = [name for name in row["mechanisms"].split("; ") if name]
    carriers = dict.fromkeys((name for name in row["peers"].split("; ") if name), "peers")
    if row["format"] == "solo":
        carriers = dict.fromkeys((name for name in names if MECHANISMS[name][1] == "peers"), "facilitator")
    keys = {
        f"programme.{name}": row[name]
        for name in ("format", "sessions", "weeks_between", "hours", "content", "facilitator", "fidelity",
                     "per_facilitator", "attendance", "share_taking_part")
    } | {f"collaboration.{name}": row[name] for name in ("together", "team_size", "teams")}  # fmt: skip
    scenario = Scenario(name=row["programme"]).with_(
        **keys,
        **{
            "programme.mechanisms": names, "programme.carriers": carriers,
            "programme.who": "everyone" if row["share_taking_part"] == 1.0 else "chosen",
            "staff.teachers_per_school": TEACHERS, "evaluation.years": 1,
            "partners.schools": 3 if row["teams"] == "across-schools" and row["format"] == "collaborative" else 0,
        },
    )  # fmt: skip
    groups = {MECHANISMS[name][0] for name in names}
    return Trial(
        scenario, len(names), len(groups) == 4, row["pupil_error"], row["practice_error"], row["knowledge_error"],
        row["alignment"],
    )  # fmt: skip
