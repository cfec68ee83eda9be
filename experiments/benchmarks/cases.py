"""What the benchmark runs: one course for individuals and the same course in teams, in a school of a given size."""

from pdsim import population, scenarios, theory
from pdsim.scenarios import Scenario
from pdsim.theory import Theory

FORMATS = ("solo", "collaborative")
SEED = 1


def case(form: str, teachers: int, years: int) -> Scenario:
    """The shipped sustained course, for individuals or in teams of four, in one school."""
    settings = {"programme.format": form, "staff.teachers_per_school": teachers, "evaluation.years": years}
    return scenarios.load("solo-course", settings).model_copy(update={"name": form})


def believed() -> Theory:
    """One draw: all assumptions at their defaults."""
    return theory.load("point", 1, SEED)


def started(form: str, teachers: int, years: int) -> population.Template:
    """The template of a case with its assumptions."""
    return population.with_theory(population.template(case(form, teachers, years)), believed().draws[0], (SEED, 0))
