"""Small worlds for tests: a few teachers in one school, every state and assumption chosen by the test."""

import numpy as np

from pdsim import population, theory
from pdsim.assumptions import REGISTER
from pdsim.kernel.records import SCHOOL_FIELDS, World
from pdsim.scenarios import Scenario
from pdsim.simulate import draws_for, luck, simulate

QUIET = {  # strengths that a test of another submodel does not want to meet
    "advice_rate": 0.0,
    "helping": 0.0,
    "discernment": 1.0,
    "coordination": 0.0,
    "coordination_across": 0.0,
    "attendance_required": 1.0,
}


def theory_record(**values):
    """One theory record at the defaults, with ``QUIET`` and the test's own values."""
    record = theory.records_of(np.array([[p.default for p in REGISTER]]))[0]
    for name, value in {**QUIET, **values}.items():
        record[name] = value
    return record


def scenario(**settings):
    """The default scenario with keys changed; "__" stands for the dot of a key path."""
    return Scenario().with_(**{name.replace("__", "."): value for name, value in settings.items()})


def build(teachers, theory_values=None, key=(1, 0), **settings):
    """A world of one school whose teachers have just the states given.

    Args:
        teachers: a table of field values for each teacher; usual levels follow the present ones unless given.
        theory_values: assumptions to set, on top of ``QUIET``.
        key: seed and replicate.
        settings: scenario keys, "__" for the dot.
    """
    settings = {"staff__teachers_per_school": max(len(teachers), 2), "school__background_hours": 0.0, **settings}
    world = population.template(scenario(**settings)).world
    world = world._replace(theory=theory_record(**(theory_values or {})), key=key)
    world.teachers.habit_pace = 1.0
    for me, values in zip(world.teachers, teachers, strict=False):
        for name, value in values.items():
            me[name] = value
            usual = f"{name}_usual"
            if usual in me.dtype.names and usual not in values:
                me[usual] = value
    return world


def tie(world, asker, adviser, weight=1.0, lasting=0):
    """Let one teacher turn to another."""
    place = world.teachers[asker].ties
    world.advisers[asker, place], world.tie_weight[asker, place] = adviser, weight
    world.tie_lasting[asker, place] = lasting
    world.teachers[asker].ties += 1
    world.teachers[adviser].advice_given += 1


def team_up(world, *rows, present=True):
    """One team of these teachers, who all take part and came."""
    world.team_first[1:] = len(rows)
    world.team_members[: len(rows)] = rows
    for i in rows:
        world.teachers[i].team = 0
        world.teachers[i].participant = 1
        world.teachers[i].present = int(present)


def set_school(world, s=0, **values):
    """Set fields of a school."""
    assert set(values) <= set(SCHOOL_FIELDS)
    for name, value in values.items():
        world.schools[s][name] = value


def copy_of(world):
    """The same world in arrays of its own."""
    return World(*(np.copy(part).view(type(part)) if isinstance(part, np.ndarray) else part for part in world))


def results(design, replicates=4, kind="posterior", seed=1, reported=None, executor=None, draws=None, **fixed):
    """Outcomes (runs, years + 1, populations, outcomes) of a scenario under assumptions, some of them fixed."""
    believed = theory.override(theory.load(kind, draws or draws_for(replicates), seed), {**design.theory, **fixed})
    return simulate(design, believed, luck(replicates, len(believed.draws), seed), reported, executor)
