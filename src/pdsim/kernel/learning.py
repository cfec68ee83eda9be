"""How a state between 0 and 1 moves: the three forms that all learning rules share."""

import math

from pdsim.kernel.compiled import rule


@rule
def clip(x, low, high):
    """``x`` held between ``low`` and ``high``."""
    return min(max(x, low), high)


@rule
def gain(state, amount):
    """A state in 0-1 after a signed amount of learning; gains saturate.

    ``amount >= 0``: state + (1 - state) (1 - exp(-amount)); below 0 the state shrinks: state exp(amount).
    *Assumption*: learning closes a constant share of what is left to learn.
    """
    if amount >= 0.0:
        return state + (1.0 - state) * (1.0 - math.exp(-amount))
    return state * math.exp(amount)


@rule
def share_moved(amount):
    """Signed share of a gap that is closed by a signed amount: sign(amount) (1 - exp(-abs(amount)))."""
    if amount >= 0.0:
        return 1.0 - math.exp(-amount)
    return math.exp(amount) - 1.0


@rule
def discerned(gap, discernment):
    """What a colleague who stands ``gap`` above (or below) one is worth as a model.

    max(gap, 0) + (1 - discernment) min(gap, 0): with discernment 1 a worse colleague is ignored. That a better
    colleague raises and a worse one does not lower effectiveness: Sun, Loeb and Grissom 2017.
    """
    if gap >= 0.0:
        return gap
    return (1.0 - discernment) * gap


@rule
def weekly_loss(half_life):
    """Share of a deviation that fades in a week, for a half-life in weeks: 1 - 2^(-1 / half_life)."""
    return 1.0 - math.exp(-math.log(2.0) / half_life)
