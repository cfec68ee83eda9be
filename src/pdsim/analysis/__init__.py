"""Analysis of experiments: from a folder of results to what the design calls for, each number with its interval.

The way of the data: ``question`` (what is asked), ``cells`` (the folder as arrays), then a module for each method
(``response`` grids, ``surface`` Latin hypercubes, ``variance`` Sobol', ``screening`` Morris, ``discovery`` PRIM,
``threshold`` families of channels; ``resampling`` for intervals), ``finding`` (tables), ``result`` (all together).
"""

from pdsim.analysis.result import Analysis, analyse

__all__ = ["Analysis", "analyse"]
