"""What better colleagues are worth: as in Jackson and Bruegmann 2009 and in Sun, Loeb and Grissom 2017."""

from pdsim.kernel.advice import tie_value
from pdsim.kernel.careers import craft_pull
from pdsim.kernel.compiled import allocating, rule
from pdsim.kernel.run import populate, start

BETTER_COLLEAGUES, ONE_BETTER, ONE_WORSE = 0, 1, 2  # what the three columns of results hold


@rule
def craft_sd(world):
    """SD of craft between the teachers of a world."""
    total = squares = 0.0
    for i in range(len(world.teachers)):
        craft = world.teachers[i].craft
        total += craft
        squares += craft * craft
    mean = total / len(world.teachers)
    return (squares / len(world.teachers) - mean * mean) ** 0.5


@rule
def pull_of_better_colleagues(world, lead):
    """Rise of the pull on craft, mean over teachers, when all colleagues are better by ``lead``."""
    teachers = world.teachers
    rise = 0.0
    for i in range(len(teachers)):
        before = craft_pull(world, i)
        teachers[i].craft -= lead  # all others better by lead is the same as oneself behind by it
        rise += craft_pull(world, i) - before
        teachers[i].craft += lead
    return rise / len(teachers)


@allocating
def spillovers(template, theories, draws, replicates, seed, year_quantiles, degree_quantiles, results):
    """A year's effect of colleagues' craft on pupils, pupil SD, in R worlds without programmes.

    Args:
        template: as in :func:`pdsim.kernel.run.run_many`; so are the next six.
        theories: theory records.
        draws: R integers.
        replicates: R integers.
        seed: integer.
        year_quantiles: quantile functions of experience.
        degree_quantiles: quantile function of everyday ties.
        results: filled, (R, 3): all colleagues 1 SD of craft better; one adviser 1 SD better than oneself instead of
            equal; one adviser 1 SD worse.
    """
    for r in range(len(draws)):
        theory = theories[draws[r]]
        world = start(template, theory, (seed, replicates[r]))
        populate(world, year_quantiles, degree_quantiles)
        lead = craft_sd(world)
        worth = theory.craft_spillover * theory.craft_effect
        results[r, BETTER_COLLEAGUES] = worth * pull_of_better_colleagues(world, lead)
        results[r, ONE_BETTER] = worth * tie_value(1.0, lead, theory.discernment)
        results[r, ONE_WORSE] = worth * tie_value(1.0, -lead, theory.discernment)
