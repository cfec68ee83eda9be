"""What a handout holds: two designs compared at every step of a few sliders in several worlds, all under the same luck.

Every point of the grid is a comparison as ``pdsim compare`` makes it; explanations and evaluations are those of the
designs as they are, in each world.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from pdsim import comparison, evaluation, scenarios
from pdsim.assumptions import PARAMETERS
from pdsim.comparison import Comparison
from pdsim.errors import InputError, nearest, shown
from pdsim.evaluation import Evaluation
from pdsim.explanation import result as explanation
from pdsim.explanation.result import Explanation
from pdsim.figures import Estimate, Reading
from pdsim.outcomes import Outcome
from pdsim.scenarios import Scenario
from pdsim.tables import CLEAR, ordered_outcomes, pair_sentences
from pdsim.theory import named_file

Progress = Callable[[int], None]
WORLDS = ("fluoride", "mint", "bystander")  # beside the assumptions that are asked for
MOST_POINTS = 400  # combinations of sliders and worlds: a file of about a megabyte
MOST_SLIDERS = 4
MOST_WORLDS = 8
REPLICATES_EXPLAINED = 400  # staffs behind an explanation; half of them in a world whose answer is known
KINDS_OPEN = ("posterior", "prior")
CLOSE = 2  # the answer where neither design, 0 or 1, is ahead
LEFT_OUT = ("ties_formed", "retention", "expertise_gap")


@dataclass(frozen=True)
class Slider:
    """A number that the reader can change in both designs.

    Attributes:
        path: key of a scenario, or "theory." and an assumption.
        values: its steps; before them stands "as each design says".
    """

    path: str
    values: tuple[float, ...]

    @property
    def steps(self) -> tuple[float | None, ...]:
        """All steps; None: as each design says."""
        return (None, *self.values)

    def words(self) -> tuple[str, str, str]:
        """Label, unit and meaning, from the register of keys or of assumptions."""
        key = scenarios.keys().get(self.path)
        if key:
            return key.label, key.unit, key.meaning
        parameter = PARAMETERS[self.path.removeprefix("theory.")]
        return parameter.name.replace("_", " ").capitalize(), parameter.unit, parameter.meaning


SLIDERS = (
    Slider("collaboration.together", (0.25, 0.75)),
    Slider("staff.expert_share", (0.0, 0.3)),
    Slider("programme.fidelity", (0.5, 1.0)),
)


@dataclass(frozen=True)
class Request:
    """What a handout was asked for, read and checked.

    Attributes:
        base: the comparison of both designs as they are, in the first world.
        worlds: as ``--theory``; the handout opens with the first.
        sliders: what the reader can change.
    """

    base: comparison.Request
    worlds: tuple[str, ...]
    sliders: tuple[Slider, ...]

    @property
    def places(self) -> list[tuple[int, ...]]:
        """Every point of the grid: place of the world, then of the step of each slider; the last moves fastest."""
        counts = [len(self.worlds), *(len(slider.steps) for slider in self.sliders)]
        return list(product(*map(range, counts)))

    def settings_at(self, place: Sequence[int]) -> dict[str, float]:
        """What the sliders change in both designs at a point."""
        steps = [slider.steps[at] for slider, at in zip(self.sliders, place[1:], strict=True)]
        return {slider.path: step for slider, step in zip(self.sliders, steps, strict=True) if step is not None}


@dataclass(frozen=True)
class Point:
    """One comparison of the grid.

    Attributes:
        answer: place of the design that is ahead for pupils, 0 or 1, or 2 where neither is in 75 of 100 worlds.
        sentence: the pair in words.
        estimates: by outcome, an estimate for each of the two designs.
    """

    answer: int
    sentence: str
    estimates: Mapping[str, tuple[Estimate, ...]]


@dataclass(frozen=True)
class Handout:
    """All numbers of a handout.

    Attributes:
        request: what was asked for.
        first: the comparison of both designs as they are, in the first world.
        points: by place in the grid, in the order of :attr:`Request.places`.
        explanations: by world and name of the design; only designs in which teachers work together.
        evaluations: by world and name of the design; only designs with sessions.
    """

    request: Request
    first: Comparison
    points: Mapping[tuple[int, ...], Point]
    explanations: Mapping[tuple[str, str], Explanation]
    evaluations: Mapping[tuple[str, str], Evaluation]


def outcomes_shown() -> list[Outcome]:
    """The outcomes of a handout, from pupils down, then attendance, time and money."""
    return [outcome for outcome in ordered_outcomes() if outcome.name not in LEFT_OUT]


def resolve(
    first: str | Scenario,
    second: str | Scenario,
    baseline: str | Scenario = "no-pd",
    replicates: int = comparison.DEFAULT_REPLICATES,
    years: int | None = None,
    seed: int = comparison.DEFAULT_SEED,
    theory: str = "posterior",
    worlds: Sequence[str] = WORLDS,
    sliders: Sequence[Slider] = SLIDERS,
    settings: Mapping[str, Any] | None = None,
) -> Request:
    """A handout's request: everything is read and checked here, once, every step of every slider too.

    Raises:
        InputError: any mistake in names, files, settings, worlds, sliders or options, or more than can be shown.
    """
    every = tuple(dict.fromkeys([theory, *worlds]))
    if len(every) > MOST_WORLDS:
        raise InputError(f"--world: {len(worlds)} of them: allowed are at most {MOST_WORLDS - 1} beside --theory")
    if len(sliders) > MOST_SLIDERS or len({slider.path for slider in sliders}) < len(sliders):
        raise InputError(f"--slider: {len(sliders)} of them: allowed are at most {MOST_SLIDERS}, each once")
    for world in every:
        named_file(world)
    base = comparison.resolve([first, second], baseline, replicates, years, seed, theory, settings)
    request = Request(base, every, tuple(sliders))
    many = len(request.places)
    if many > MOST_POINTS:
        raise InputError(
            f"--slider: {many} combinations of worlds and steps; allowed are {MOST_POINTS}: name fewer steps"
        )
    for slider in sliders:
        check_slider(slider, base.designs)
    return request


def slider_of(text: str) -> Slider:
    """A ``--slider`` option "key=value,value" as a slider.

    Raises:
        InputError: no "=", or a value that is no number.

    >>> slider_of("programme.sessions=4,12")
    Slider(path='programme.sessions', values=(4, 12))
    """
    path, equals, values = (part.strip() for part in text.partition("="))
    if not equals:
        raise InputError(f"--slider {shown(text)}: write key=value,value for example --slider programme.fidelity=0.5,1")
    try:
        numbers = [float(value) for value in values.split(",")]
    except ValueError:
        raise InputError(f"--slider {shown(text)}: after = stand numbers, with commas between them") from None
    key = scenarios.keys().get(path)
    whole = key is not None and key.kind == "int" and all(number.is_integer() for number in numbers)
    return Slider(path, tuple(int(number) for number in numbers) if whole else tuple(numbers))


def check_slider(slider: Slider, designs: Sequence[Scenario]) -> None:
    """Make sure that a slider moves a number, to values that are allowed in both designs.

    Raises:
        InputError: no such key, a key that is no number, or a value that is not allowed.
    """
    numbers = [path for path, key in scenarios.keys().items() if key.kind in ("int", "float")]
    numbers = [*(path for path in numbers if path != "evaluation.years"), *(f"theory.{name}" for name in PARAMETERS)]
    if slider.path not in numbers:
        raise InputError(f"--slider: {shown(slider.path)}: is no number to change{nearest(slider.path, numbers)}")
    if not slider.values or len(set(slider.values)) < len(slider.values):
        raise InputError(f"--slider {slider.path}: name at least one value, and each once")
    for value in slider.values:
        for design in designs:
            design.with_(**{slider.path: value})


def explained(request: Request) -> list[Scenario]:
    """The designs in which teachers work together."""
    return [d for d in request.base.designs if d.programme.format == "collaborative" and d.programme.sessions > 0]


def explanation_requests(request: Request) -> Iterator[explanation.Request]:
    """An explanation for each world and each design in which teachers work together."""
    for world, design in product(request.worlds, explained(request)):
        replicates = REPLICATES_EXPLAINED if world in KINDS_OPEN else REPLICATES_EXPLAINED // 2
        yield explanation.resolve(design, replicates, request.base.years, request.base.seed, world, search=False)


def evaluation_requests(request: Request) -> Iterator[comparison.Request]:
    """An evaluation for each world and each design with sessions."""
    base = request.base
    for world, design in product(request.worlds, base.designs):
        if design.programme.sessions > 0:
            yield evaluation.resolve(design, base.replicates, base.years, base.seed, world)


def runs_needed(request: Request) -> int:
    """Runs that a handout takes."""
    grid = len(request.places) * 4 * request.base.replicates
    seen = sum(2 * each.replicates for each in evaluation_requests(request))
    return grid + seen + sum(explanation.runs_needed(each) for each in explanation_requests(request))


def run(request: Request, progress: Progress = lambda runs: None) -> Handout:
    """Run a request: the grid, then explanations and evaluations."""
    points: dict[tuple[int, ...], Point] = {}
    first: Comparison | None = None
    for place in request.places:
        found = compare_at(request, place, progress)
        first = first or found
        points[place] = point_of(found)
    assert first is not None
    explanations = [explanation.run(each, progress) for each in explanation_requests(request)]
    evaluations = [evaluation.run(each, progress) for each in evaluation_requests(request)]
    return Handout(
        request=request,
        first=first,
        points=points,
        explanations={(each.request.theory, each.request.asked.name): each for each in explanations},
        evaluations={(each.request.theory, each.request.designs[0].name): each for each in evaluations},
    )


def compare_at(request: Request, place: Sequence[int], progress: Progress = lambda runs: None) -> Comparison:
    """The comparison at one point of the grid; luck and draws of the assumptions are the same at all."""
    base, changes = request.base, request.settings_at(place)
    asked = comparison.resolve(
        base.designs, base.baseline, base.replicates, base.years, base.seed, request.worlds[place[0]], changes
    )
    return comparison.run(asked, progress)


def point_of(found: Comparison) -> Point:
    """What a handout keeps of a comparison."""
    reading = Reading(found)
    estimates = {o.name: tuple(reading.at(name, o.name) for name in reading.names) for o in outcomes_shown()}
    return Point(answer_of(reading), pair_sentences(found)[0], estimates)


def answer_of(reading: Reading) -> int:
    """Place of the design that is ahead for pupils, or 2 where they are close."""
    best, other = reading.ranked()
    return reading.names.index(best) if reading.chance_better(best, other) >= CLEAR else CLOSE


def axis_of(handout: Handout, outcome: str, neutral: float) -> tuple[float, float]:
    """The range that one outcome takes over the whole grid, both intervals and its neutral value included."""
    found = [e for point in handout.points.values() for e in point.estimates[outcome]]
    values = [v for e in found for v in (e.low, e.high, e.school_low, e.school_high) if math.isfinite(v)]
    return min([neutral, *values]), max([neutral, *values])
