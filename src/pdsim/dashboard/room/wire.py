"""Films packed for a browser: of each week only the arrays that changed, as base64 of little-endian int16."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np

from pdsim.dashboard.board import badge
from pdsim.dashboard.room import words
from pdsim.dashboard.room.cast import Act, Cast
from pdsim.dashboard.room.film import SCALES, Frame
from pdsim.dashboard.room.layout import Box, Plan
from pdsim.kernel.records import WEEKS

SENT = ("insight", "technique", "habit", "use", "craft", "attended", "ties")
SERIES = ("insight", "technique", "habit", "use", "craft")


def packed(array: np.ndarray) -> str:
    """An array of int16 as text, row by row."""
    return base64.b64encode(array.astype("<i2").tobytes()).decode()


def unpacked(text: str) -> np.ndarray:
    """The array in a text; see :func:`packed`."""
    return np.frombuffer(base64.b64decode(text), "<i2")


def scene(cast: Cast, names: Sequence[str]) -> dict[str, Any]:
    """All that stays as it is while a cast plays: schools, places, people, session weeks."""
    return {
        "weeks": cast.weeks,
        "year": WEEKS,
        "scales": SCALES,
        "alike": cast.alike(),
        "acts": [
            act_scene(act, plans, name, index, cast.weeks)
            for index, (act, plans, name) in enumerate(
                zip(cast.acts, zip(*cast.plans, strict=True), names, strict=True)
            )
        ],
        "people": people(cast),
    }


def act_scene(act: Act, plans: Sequence[Plan], name: str, index: int, weeks: int) -> dict[str, Any]:
    """What stays as it is in one design."""
    return {
        "letter": act.letter,
        "name": name,
        "badge": badge(index),
        "posts": act.posts.tolist(),
        "sessions": act.film.session_weeks(weeks),
        "shapes": [shape(plan, act.posts.tolist()) for plan in plans],
    }


def shape(plan: Plan, posts: Sequence[int]) -> dict[str, Any]:
    """A plan as far as it concerns a design with these posts; another design's schools leave their room empty."""
    departments = [disc for disc in plan.departments if set(disc.posts) & set(posts)]
    held = [box for box in plan.schools if any(inside(box, plan.places[post]) for post in posts)]
    return {
        "width": plan.width,
        "height": plan.height,
        "schools": [[box.x, box.y, box.width, box.height, box.label] for box in held],
        "departments": [[disc.x, disc.y, disc.radius] for disc in departments],
        "places": [plan.places[post] for post in posts],
    }


def inside(box: Box, place: tuple[float, float]) -> bool:
    """True for a place in a school's box."""
    return box.x < place[0] < box.x + box.width and box.y < place[1] < box.y + box.height


def people(cast: Cast) -> list[dict[str, Any]]:
    """Everybody in any of the designs, for a list to choose from: address and name, schools in order."""
    schools = max(act.design.staff.schools for act in cast.acts)
    posts = sorted({post for act in cast.acts for post in act.posts.tolist()})
    return [{"post": post, "name": words.teacher_name(post, schools)} for post in posts]


def chunk(cast: Cast, names: Sequence[str], sessions: Sequence[Sequence[int]], first: int, last: int) -> dict[str, Any]:
    """Weeks ``first`` to ``last`` for a browser that has those before them."""
    weeks = range(first, min(last, cast.filmed) + 1)
    return {
        "first": first,
        "weeks": [
            {
                "sentence": words.sentence(cast.acts, names, week),
                "acts": [act_week(act, week, when) for act, when in zip(cast.acts, sessions, strict=True)],
            }
            for week in weeks
        ],
    }


def act_week(act: Act, week: int, sessions: Sequence[int]) -> dict[str, Any]:
    """One week of one design: what is said of it, and the arrays that are not those of the week before."""
    now, before = shown(act, week), shown(act, week - 1) if week else {}
    fresh = {
        name: packed(array)
        for name, array in now.items()
        if name not in before or not np.array_equal(array, before[name])
    }
    return {"caption": words.caption(act, week, sessions), **fresh}


def shown(act: Act, week: int) -> Frame:
    """The arrays that a picture of a week needs, by name; ``more`` as :func:`pdsim.dashboard.room.words.use_more`."""
    frame = act.film.frames[week]
    return {"more": words.use_more(act, week), **{name: frame[name] for name in SENT}}


def told(cast: Cast, post: int, week: int) -> dict[str, Any]:
    """A teacher's story at a week in each design, with what would have been without the PD in all weeks so far."""
    schools = max(act.design.staff.schools for act in cast.acts)
    return {
        "post": post,
        "week": week,
        "name": words.teacher_name(post, schools),
        "acts": [
            {"letter": act.letter, "lines": words.story(act, post, week), "without": without(act, post)}
            for act in cast.acts
        ],
    }


def without(act: Act, post: int) -> dict[str, str]:
    """A teacher's states without the PD, week by week, packed by name; nothing where there is no such teacher."""
    row = act.row(post)
    if row is None:
        return {}
    frames = act.without.frames
    return {name: packed(np.array([frame[name][row] for frame in frames])) for name in SERIES}
