"""How the kernel's functions are compiled.

Without reference counting (``_nrt=False``) a function cannot make arrays, but reading one out of a world costs nothing:
counting took four fifths of the time of a session. Without numba's test for division by zero (which no rule can reach)
and without the GIL, threads run side by side.
"""

from numba import njit

# A loop over teachers or schools, or a step made of such loops.
compiled = njit(cache=True, nogil=True, error_model="numpy", _nrt=False)  # type: ignore[call-overload]
# A rule for one teacher, inlined into the loop that calls it.
rule = njit(cache=True, nogil=True, error_model="numpy", _nrt=False, forceinline=True)  # type: ignore[call-overload]
# A function that makes arrays of its own.
allocating = njit(cache=True, nogil=True, error_model="numpy")
