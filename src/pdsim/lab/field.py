"""The field: programmes as they could be tried, each with every other in the same make but for their features.

Programmes have the seven features of Darling-Hammond, Hyler and Gardner (2017). Six are built into the design here;
the seventh, collaboration, is time together in teams on top of the same instruction, so that every programme is there
twice: solo, and together. What a feature means in the model is a reading, as in ``scenarios/darling-hammond-bundle``.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from scipy import stats

from pdsim.scenarios import MECHANISMS, Scenario
from pdsim.validation.unknown import stream

FEATURES = (
    "content focus",
    "active learning",
    "models of effective practice",
    "coaching and expert support",
    "feedback and reflection",
    "sustained duration",
)
EXPERT = FEATURES.index("coaching and expert support")
PATTERNS = np.array(list(product((0, 1), repeat=len(FEATURES))))  # (64, 6): each set of features once
TEACHERS = 24  # teachers in each school of a trial, as in the file of 100 programmes
SOCIAL_SUPPORT = "arranging practical social support"  # counted with the format: peers carry it, or nobody

# The mechanisms that come with a feature (a reading); every programme tells teachers what to do.
ALWAYS = ("instructing teachers on how to perform a technique",)
BROUGHT: tuple[tuple[str, ...], ...] = (
    ("managing cognitive load",),
    ("rehearsing the technique", "prompting context-specific repetition"),
    ("modelling the technique",),
    ("presenting information from a credible source",),
    ("monitoring and providing feedback", "encouraging monitoring"),
    ("revisiting prior learning",),
)
# Mechanisms that belong to none of the seven features: each is there in a quarter of programmes (*assumption*).
OTHERS = (
    "setting and agreeing on goals",
    "providing affirmation and reinforcement after progress",
    "providing prompts and cues",
    "prompting action planning",
)
OTHERS_SHARE = 0.25
COUNTED = len(MECHANISMS) - 1  # mechanisms that a review counts beside the format


@dataclass(frozen=True)
class Design:
    """One programme of the field.

    Attributes:
        pattern: row of ``PATTERNS``: which of the six features it has.
        quality: what no review codes, in SDs: it moves content, facilitator and the schools' leadership.
        mechanisms: how many of the 14 it has, without practical social support.
        solo: the programme without time together.
        together: the same instruction, and time together in teams on top of it.
    """

    pattern: int
    quality: float
    mechanisms: int
    solo: Scenario
    together: Scenario


def draw_field(copies: int, seed: int) -> tuple[Design, ...]:
    """The field: ``copies`` programmes of each set of features, (64 x copies), in the order of ``PATTERNS``.

    Quality is independent of everything else.
    """
    rng = stream(seed, "field")
    return tuple(
        draw_design(rng, pattern, float(quality))
        for pattern in range(len(PATTERNS))
        for quality in draw_qualities(rng, copies)
    )


def draw_qualities(rng: np.random.Generator, copies: int) -> np.ndarray:
    """Quality of the programmes of one set of features, (copies): spread evenly over a normal distribution.

    Mean 0 and SD 1 exactly, so that no set of features is better than another by chance; 0 where there is one copy.
    """
    drawn = stats.norm.ppf((rng.permutation(copies) + rng.random(copies)) / copies)
    return np.asarray((drawn - drawn.mean()) / (drawn.std() or 1.0))


def draw_design(rng: np.random.Generator, pattern: int, quality: float) -> Design:
    """One programme: hours, dates, who takes part and the rest as in the file of 100 programmes (*assumption*).

    Nothing about working together costs lesson time here, in any world: the worlds differ in causes of gains only.
    """
    has = dict(zip(FEATURES, PATTERNS[pattern].tolist(), strict=True))
    names = mechanisms_of(pattern, rng.random(len(OTHERS)) < OTHERS_SHARE)
    share = float(rng.choice([0.25, 0.5, 1.0], p=[0.3, 0.3, 0.4]))
    hours = float(rng.choice([1.0, 1.5, 2.0, 3.0], p=[0.3, 0.25, 0.25, 0.2]))
    solo = Scenario(name="solo").with_(
        **quality_keys(quality, has),
        **{
            "programme.format": "solo", "programme.mechanisms": names, "programme.hours": hours,
            "programme.sessions": 12 if has["sustained duration"] else 4, "programme.weeks_between": 3,
            "programme.per_facilitator": 8.0 if has["coaching and expert support"] else 24.0,
            "programme.attendance": str(rng.choice(["required", "voluntary"], p=[0.6, 0.4])),
            "programme.who": "everyone" if share == 1.0 else "chosen", "programme.share_taking_part": share,
            "programme.lesson_time": 0.0, "staff.teachers_per_school": TEACHERS, "evaluation.years": 1,
        },
    )  # fmt: skip
    together = round(float(rng.uniform(0.4, 0.7)), 2)
    keys: dict[str, Any] = {
        "programme.format": "collaborative", "programme.hours": hours / (1.0 - together),
        "programme.mechanisms": (*names, SOCIAL_SUPPORT), "collaboration.together": together,
        "collaboration.team_size": int(rng.choice([2, 3, 4, 5, 6])),
        "collaboration.teams": str(rng.choice(["within-departments", "within-schools"])),
        "collaboration.channels.coordination_cost": False,
    }  # fmt: skip
    return Design(pattern, quality, len(names), solo, solo.with_(**keys))


def mechanisms_of(pattern: int, others: np.ndarray) -> tuple[str, ...]:
    """Mechanisms of a set of features and of those ``others`` (4 bools) that are there, in the review's order."""
    wanted = {*ALWAYS, *(name for name, there in zip(OTHERS, others, strict=True) if there)}
    for names, there in zip(BROUGHT, PATTERNS[pattern], strict=True):
        wanted.update(names if there else ())
    return tuple(name for name in MECHANISMS if name in wanted)


def quality_keys(quality: float, has: dict[str, int]) -> dict[str, float]:
    """Content, facilitator and leadership of a programme whose quality is so many SDs from the middle (*assumption*).

    Content focus and expert support raise the first two, which a review does code.
    """
    return {
        "programme.content": clipped(0.5 + 0.12 * quality + 0.1 * has["content focus"]),
        "programme.facilitator": clipped(0.5 + 0.1 * quality + 0.15 * has["coaching and expert support"]),
        "programme.fidelity": 0.6,
        "school.leadership": clipped(0.5 + 0.1 * quality),
    }


def clipped(value: float) -> float:
    """A level held within 0.1 to 0.95."""
    return min(max(value, 0.1), 0.95)
