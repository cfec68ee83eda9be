"""How the kernel's functions are compiled."""

from numba import njit

# nogil: threads run side by side. error_model numpy: no test for division by zero, which no rule can reach.
compiled = njit(cache=True, nogil=True, error_model="numpy")
# Rules for one teacher, inlined into the loop over teachers: passing a world by value would cost more than the rule.
rule = njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
