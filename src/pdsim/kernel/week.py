"""One school week, in order: the list that the ODD gives under "Process overview"."""

from pdsim.kernel.advice import advice
from pdsim.kernel.classroom import classroom
from pdsim.kernel.compiled import compiled
from pdsim.kernel.organisation import organisation
from pdsim.kernel.session import cascade, instruction, session_today, turn_up
from pdsim.kernel.teamwork import teamwork


@compiled
def week(world, now):
    """Advance the world by school week ``now`` (0, 1, ... over the teaching weeks of all years)."""
    advice(world)  # 1    teachers learn from those they turn to
    if session_today(world.design, now):
        turn_up(world, now)  # 2.0-2.2  time, reaction, attendance
        instruction(world)  # 2.3  mechanisms through their carriers
        cascade(world)  #      champions pass it on
        teamwork(world, now)  # 2.4  what team-mates do to each other
    classroom(world)  # 3    use, habit, fading
    organisation(world)  # 4    support
