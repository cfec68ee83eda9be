"""The science of pdsim, once: small compiled functions over records of teachers and schools.

Imports numpy, numba, math and itself, nothing else. Start reading at :mod:`pdsim.kernel.week`, the numbered list of
what happens in a school week, and go on to :mod:`pdsim.kernel.year`. With the environment variable
``NUMBA_DISABLE_JIT=1`` the same source runs as plain Python, for a debugger.
"""
