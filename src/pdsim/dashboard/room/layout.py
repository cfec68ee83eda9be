"""Where teachers stand: departments as rings, in schools as boxes, partner schools beside. Nothing is drawn by lot.

The unit is the distance of neighbours in a ring.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

ASPECTS = (1.25, 2.1)  # width over height: two pictures side by side on a screen that is high, or wide
LARGEST_RING = 12
EDGE = 0.65  # from a teacher to the end of the department
PADDING = 0.35  # around the departments of a school
HEAD = 0.9  # room for the school's name
GAP = 0.4  # between schools
NARROWEST = 2.9  # width of a school that its name fits into


@dataclass(frozen=True)
class Seat:
    """A post's place in the organisation; ``school`` is the school's address."""

    post: int
    school: int
    department: int
    partner: bool


@dataclass(frozen=True)
class Box:
    """A school on paper."""

    x: float
    y: float
    width: float
    height: float
    label: str


@dataclass(frozen=True)
class Disc:
    """A department on paper; ``posts`` are those who belong to it."""

    x: float
    y: float
    radius: float
    posts: tuple[int, ...]


@dataclass(frozen=True)
class Plan:
    """A whole picture: its size, the place of each post, the schools and their departments."""

    width: float
    height: float
    places: dict[int, tuple[float, float]]
    schools: tuple[Box, ...]
    departments: tuple[Disc, ...]


def ring(count: int) -> tuple[list[tuple[float, float]], float]:
    """Places of a department's teachers around (0, 0), and the radius they need.

    A ring up to a dozen, the first on the left; beyond that a disc, filled like a sunflower.

    >>> ring(1)
    ([(0.0, 0.0)], 0.65)
    """
    if count == 1:
        return [(0.0, 0.0)], EDGE
    if count <= LARGEST_RING:
        radius = 0.5 / math.sin(math.pi / count)
        turns = [2 * math.pi * index / count for index in range(count)]
        return [(-radius * math.cos(turn), -radius * math.sin(turn)) for turn in turns], radius + EDGE
    golden = math.pi * (3 - math.sqrt(5))
    steps = [(0.6 * math.sqrt(index + 0.5), index * golden) for index in range(count)]
    return [(far * math.cos(turn), far * math.sin(turn)) for far, turn in steps], 0.6 * math.sqrt(count) + EDGE


def rows(count: int, columns: int, width: float, height: float, gap: float) -> list[tuple[float, float]]:
    """Upper left corners of boxes of one size in rows, the last row in the middle.

    >>> rows(3, 2, 1, 1, 0)
    [(0.0, 0), (1.0, 0), (0.5, 1)]
    """
    out = []
    for index in range(count):
        row, column = divmod(index, columns)
        missing = columns - min(columns, count - row * columns)
        out.append(((column + missing / 2) * (width + gap), row * (height + gap)))
    return out


def extent(count: int, columns: int, width: float, height: float, gap: float) -> tuple[float, float]:
    """Width and height of what :func:`rows` places."""
    lines = -(-count // columns)
    return columns * (width + gap) - gap, lines * (height + gap) - gap


def scale_of(size: tuple[float, float], aspect: float) -> float:
    """How large something of a width and height can be drawn in a picture of an aspect."""
    return min(aspect / size[0], 1 / size[1])


@dataclass(frozen=True)
class Form:
    """The form of all schools of a kind: a cell of the same size for each department, in rows of ``columns``."""

    columns: int
    radius: float
    departments: int

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of a school's box."""
        width, height = extent(self.departments, self.columns, 2 * self.radius, 2 * self.radius, 0)
        return max(width + 2 * PADDING, NARROWEST), height + 2 * PADDING + HEAD

    def middles(self) -> list[tuple[float, float]]:
        """Middles of the departments within the box."""
        corners = rows(self.departments, self.columns, 2 * self.radius, 2 * self.radius, 0)
        left = (self.size[0] - self.columns * 2 * self.radius) / 2
        return [(x + self.radius + left, y + self.radius + PADDING + HEAD) for x, y in corners]


Groups = dict[int, dict[int, list[int]]]  # school -> department -> posts


def grouped(seats: Iterable[Seat]) -> Groups:
    """Posts by school and department, all in order."""
    out: Groups = {}
    for seat in sorted(seats, key=lambda seat: (seat.school, seat.department, seat.post)):
        out.setdefault(seat.school, {}).setdefault(seat.department, []).append(seat.post)
    return out


def forms(groups: Groups) -> list[Form]:
    """The forms that schools of a kind can have, one for each number of columns."""
    departments = max(len(school) for school in groups.values())
    radius = max(ring(len(posts))[1] for school in groups.values() for posts in school.values())
    return [Form(columns, radius, departments) for columns in range(1, departments + 1)]


def plan(seats: Sequence[Seat], aspect: float) -> Plan:
    """The largest picture of a staff in a frame of an aspect: own schools, partner schools to the right or below.

    The same staff gives the same plan, whatever the order of ``seats``.
    """
    own = grouped(seat for seat in seats if not seat.partner)
    partners = grouped(seat for seat in seats if seat.partner)
    (width, height), placed = max(arrangements(own, partners), key=lambda found: scale_of(found[0], aspect))
    boxes = [box for block in placed for box in block.boxes()]
    discs = [disc for block in placed for disc in block.discs()]
    places = {post: place for disc in discs for post, place in standing(disc)}
    return Plan(width, height, places, tuple(boxes), tuple(discs))


@dataclass(frozen=True)
class Block:
    """Schools of one form, and the corner of each."""

    groups: Groups
    form: Form
    corners: tuple[tuple[float, float], ...]
    partner: bool

    def boxes(self) -> list[Box]:
        """The schools' boxes with their names."""
        kind = "Partner" if self.partner else "School"
        names = [f"{kind} {number}" if len(self.groups) > 1 else kind for number in range(1, len(self.groups) + 1)]
        return [Box(x, y, *self.form.size, name) for name, (x, y) in zip(names, self.corners, strict=True)]

    def discs(self) -> list[Disc]:
        """The departments of all schools."""
        return [
            Disc(x + left, y + top, self.form.radius, tuple(posts))
            for school, (x, y) in zip(self.groups.values(), self.corners, strict=True)
            for posts, (left, top) in zip(school.values(), self.form.middles(), strict=False)
        ]


def standing(disc: Disc) -> list[tuple[int, tuple[float, float]]]:
    """Where a department's teachers stand, by post."""
    around = ring(len(disc.posts))[0]
    return [
        (post, (round(disc.x + x, 3), round(disc.y + y, 3))) for post, (x, y) in zip(disc.posts, around, strict=True)
    ]


def arrangements(own: Groups, partners: Groups) -> Iterable[tuple[tuple[float, float], list[Block]]]:
    """All ways to lay the schools out that are tried, each with the size it takes."""
    for form, columns in itertools.product(forms(own), range(1, len(own) + 1)):
        size = extent(len(own), columns, *form.size, GAP)
        corners = rows(len(own), columns, *form.size, GAP)
        if not partners:
            yield size, [Block(own, form, tuple(corners), False)]
            continue
        for other, across in itertools.product(forms(partners), range(1, len(partners) + 1)):
            inner = extent(len(partners), across, *other.size, GAP)
            beside = rows(len(partners), across, *other.size, GAP)
            height, width = max(size[1], inner[1]), max(size[0], inner[0])
            yield (
                (size[0] + GAP + inner[0], height),
                [
                    Block(own, form, moved(corners, 0, (height - size[1]) / 2), False),
                    Block(partners, other, moved(beside, size[0] + GAP, (height - inner[1]) / 2), True),
                ],
            )
            yield (
                (width, size[1] + GAP + inner[1]),
                [
                    Block(own, form, moved(corners, (width - size[0]) / 2, 0), False),
                    Block(partners, other, moved(beside, (width - inner[0]) / 2, size[1] + GAP), True),
                ],
            )


def moved(corners: Iterable[tuple[float, float]], right: float, down: float) -> tuple[tuple[float, float], ...]:
    """Places moved to the right and down."""
    return tuple((x + right, y + down) for x, y in corners)
