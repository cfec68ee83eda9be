"""Two designs played in step with the same luck, each beside its own world without the PD."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pdsim import theory
from pdsim.comparison import Request
from pdsim.dashboard.room.film import SCALES, Film
from pdsim.dashboard.room.layout import ASPECTS, Plan, Seat, plan
from pdsim.dashboard.state import LETTERS, preset_of
from pdsim.errors import InputError
from pdsim.kernel.records import WEEKS
from pdsim.mesa_model import StaffroomModel
from pdsim.population import SCHOOL_ADDRESS
from pdsim.scenarios import Scenario
from pdsim.simulate import DRAW_SHARE, draws_for, luck
from pdsim.theory import Theory

MOST_TEACHERS = 400  # in one design: more can be neither told apart nor kept for every tab
WITHOUT = "no-pd"


@dataclass(frozen=True)
class Act:
    """One design on the page: its film, and the film of the same staff, same luck, without the PD."""

    letter: str
    design: Scenario
    film: Film
    without: Film

    @property
    def posts(self) -> np.ndarray:
        """Addresses of the posts, in the order of the frames' columns."""
        return np.asarray(self.film.model.world.teachers["post"])

    def row(self, post: int) -> int | None:
        """The column of a post in the frames; None if this design has no such post."""
        found = np.flatnonzero(self.posts == post)
        return int(found[0]) if len(found) else None

    def counted(self) -> np.ndarray:
        """True for the staff of the programme's own schools, whom results count."""
        return np.asarray(self.film.model.world.teachers["in_programme_school"] == 1)


class Cast:
    """The designs of a page in one simulated world.

    Args:
        request: a comparison, of which the first two designs are played.
        world: which of its simulated worlds, 1, 2, ...; the same numbers as that comparison's, to the bit.

    Attributes:
        acts: the designs, playing.
        weeks: how many weeks there are to play.
        plans: for each of ``ASPECTS`` a plan for each act.

    Raises:
        InputError: more teachers than can be shown.
    """

    def __init__(self, request: Request, world: int) -> None:
        designs = request.designs[:2]
        for design in designs:
            check_size(design)
        believed, replicate = world_of(request, world)
        nothing = preset_of(WITHOUT)
        self.acts = tuple(
            Act(
                letter,
                design,
                Film(StaffroomModel(design, request.seed, replicate, believed)),
                Film(StaffroomModel(nothing.in_the_world_of(design), request.seed, replicate, believed)),
            )
            for letter, design in zip(LETTERS, designs, strict=False)
        )
        self.weeks = request.years * WEEKS
        self.plans = tuple(plans(self.acts, aspect) for aspect in ASPECTS)

    @property
    def filmed(self) -> int:
        """The last week that is there in all films."""
        return min(len(film.frames) for act in self.acts for film in (act.film, act.without)) - 1

    def alike(self) -> bool:
        """True when the posts that both designs have are held by the same people at the start, state by state."""
        first, second = self.acts
        _, here, there = np.intersect1d(first.posts, second.posts, return_indices=True)
        one, other = first.film.frames[0], second.film.frames[0]
        return all(np.array_equal(one[name][here], other[name][there]) for name in SCALES)

    def run_to(self, week: int) -> None:
        """Play all models until ``week`` is there."""
        for act in self.acts:
            act.without.run_to(week)
            act.film.run_to(week)


def check_size(design: Scenario) -> None:
    """Whether a design has few enough teachers to be shown one by one.

    Raises:
        InputError: it has more.
    """
    staff, partners = design.staff, design.partners
    count = staff.schools * staff.teachers_per_school + partners.schools * partners.teachers_per_school
    if count > MOST_TEACHERS:
        raise InputError(
            f"{design.name} has {count:,} teachers; this page shows at most {MOST_TEACHERS} one by one. "
            "Compare takes more."
        )


def world_of(request: Request, world: int) -> tuple[Theory, int]:
    """The assumptions (one draw) and the replicate of a comparison's simulated world 1, 2, ..."""
    count = -(-world // DRAW_SHARE) * DRAW_SHARE  # the first worlds do not depend on how many there are
    believed = theory.load(request.theory, draws_for(count), request.seed, request.assumptions)
    runs = luck(count, len(believed.draws), request.seed)
    draw, replicate = int(runs.draw[world - 1]), int(runs.replicate[world - 1])
    return Theory(believed.label, believed.draws[draw : draw + 1].view(np.recarray)), replicate


def seats(act: Act) -> dict[int, Seat]:
    """The seats of a design's staff, by post."""
    teachers = act.film.model.world.teachers
    return {
        int(post): Seat(int(post), int(post) // SCHOOL_ADDRESS, int(department), bool(partner))
        for post, department, partner in zip(teachers["post"], teachers["department"], teachers["partner"], strict=True)
    }


def plans(acts: tuple[Act, ...], aspect: float) -> tuple[Plan, ...]:
    """A plan for each design: one for all, with every post of any, unless a post sits differently in two of them."""
    each = [seats(act) for act in acts]
    together: dict[int, Seat] = {}
    for some in each:
        together |= some
    if any(together[post] != seat for some in each for post, seat in some.items()):
        return tuple(plan(list(some.values()), aspect) for some in each)
    return (plan(list(together.values()), aspect),) * len(acts)
