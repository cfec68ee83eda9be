"""Step 4, the organisation: a school's support follows its leadership and the use and joint work that it sees."""

from pdsim.kernel.compiled import compiled, rule
from pdsim.kernel.learning import clip, weekly_loss


@rule
def support_target(leadership, use_gain, joint_work, design, theory):
    """Where support drifts: leadership + support_from_use x (use beyond the usual) + support_from_joint_work x hours.

    ``joint_work`` is in hours together per teacher this week; the organisational-support channel switches it.
    """
    seen = design.organisational_support * theory.support_from_joint_work * joint_work
    return clip(leadership + theory.support_from_use * use_gain + seen, 0.0, 1.0)


@compiled
def organisation(world):
    """Support of every school moves towards its target, with a half-life of ``support_half_life`` weeks."""
    rate = weekly_loss(world.theory.support_half_life)
    for s in range(len(world.schools)):
        school = world.schools[s]
        use_gain = 0.0
        for i in range(school.first, school.first + school.staff):
            use_gain += world.teachers[i].use - world.teachers[i].use_usual
        target = support_target(
            school.leadership, use_gain / school.staff, school.joint_work, world.design, world.theory
        )
        school.support += rate * (target - school.support)
        school.joint_work = 0.0
