"""Addressed random numbers: the draw behind (stream, week, post, partner) never depends on what happened before.

The generator is Philox4x32-10, a counter-based generator (Salmon, Moraes, Dror and Shaw 2011, *Parallel random
numbers: as easy as 1, 2, 3*). The counter is the address; the key is (seed, replicate). So two designs run under
the same key meet the same luck, whatever either of them drew before, and no state is carried or stored.
"""

import math

import numpy as np
from numba import njit

from pdsim.kernel.compiled import rule

# One stream per decision, so that no decision can use up another's luck.
STREAM_TEACHER = 1  # who holds a post: expertise, motivation, sociability ...
STREAM_YEARS = 2  # years of experience of the first holder of a post
STREAM_SCHOOL = 3  # leadership
STREAM_DEGREE = 4  # how many colleagues a teacher turns to
STREAM_TIE = 5  # whom a teacher turns to
STREAM_ACROSS = 15  # which ties go to another school
STREAM_LAPSE = 6  # which advice ties lapse
STREAM_PART = 7  # who takes part
STREAM_TEAM = 8  # who is in a team with whom
STREAM_ATTEND = 9  # who turns up
STREAM_LASTING = 10  # which team-mates become lasting advisers
STREAM_LEAVE = 11  # who leaves
STREAM_CLASS = 12  # noise of a class, and of observed lessons, in a year
STREAM_LESSON = 13  # noise of lessons observed by the school itself
STREAM_INSTRUMENT = 14  # noise of a school's own forms, quizzes and surveys

_M0 = np.uint64(0xD2511F53)
_M1 = np.uint64(0xCD9E8D57)
_W0 = np.uint64(0x9E3779B9)
_W1 = np.uint64(0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)
_SHIFT = np.uint64(32)
_TO_UNIT = 1.0 / 4294967296.0
_TWO_PI = 2.0 * math.pi


@njit(inline="always")
def philox_round(c0, c1, c2, c3, k0, k1):
    """One round of Philox4x32: counter words ``c0..c3`` and key words ``k0, k1``, all uint64 holding 32 bits."""
    p0 = _M0 * c0
    p1 = _M1 * c2
    return ((p1 >> _SHIFT) ^ c1 ^ k0) & _LOW, p1 & _LOW, ((p0 >> _SHIFT) ^ c3 ^ k1) & _LOW, p0 & _LOW


@rule
def philox(c0, c1, c2, c3, k0, k1):
    """Philox4x32-10.

    Args:
        c0: first word of the counter, a uint64 holding 32 bits.
        c1: second word.
        c2: third word.
        c3: fourth word.
        k0: first word of the key, a uint64 holding 32 bits.
        k1: second word.

    Returns:
        Four uint64 holding 32 random bits each, as in the published known-answer vectors (Salmon et al. 2011).
    """
    for _ in range(10):
        c0, c1, c2, c3 = philox_round(c0, c1, c2, c3, k0, k1)
        k0 = (k0 + _W0) & _LOW
        k1 = (k1 + _W1) & _LOW
    return c0, c1, c2, c3


@rule
def uniforms(key, stream, week, post, partner):
    """Four independent uniforms in the open interval (0, 1) at one address.

    Args:
        key: (seed, replicate), integers in 0..2^32-1.
        stream: one of the ``STREAM_`` constants.
        week: integer in 0..2^32-1; so are the next two.
        post: address of the post.
        partner: address of the other post, or a count within the address.
    """
    a, b, c, d = philox(
        np.uint64(stream), np.uint64(week), np.uint64(post), np.uint64(partner), np.uint64(key[0]), np.uint64(key[1])
    )
    return (
        (float(a) + 0.5) * _TO_UNIT,
        (float(b) + 0.5) * _TO_UNIT,
        (float(c) + 0.5) * _TO_UNIT,
        (float(d) + 0.5) * _TO_UNIT,
    )


@rule
def uniform(key, stream, week, post, partner):
    """One uniform in (0, 1) at an address; arguments as in :func:`uniforms`."""
    return uniforms(key, stream, week, post, partner)[0]


@rule
def normal_pair(u, v):
    """Two independent standard normals from two uniforms in (0, 1) (Box and Muller 1958)."""
    radius = math.sqrt(-2.0 * math.log(u))
    angle = _TWO_PI * v
    return radius * math.cos(angle), radius * math.sin(angle)


@rule
def normal(key, stream, week, post, partner):
    """One standard normal at an address; arguments as in :func:`uniforms`."""
    u, v, _, _ = uniforms(key, stream, week, post, partner)
    return normal_pair(u, v)[0]
