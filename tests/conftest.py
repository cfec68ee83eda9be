"""What all tests share: importing the driver first sets the folder of the compiled kernel, before numba is imported."""

import pdsim.simulate  # noqa: F401
