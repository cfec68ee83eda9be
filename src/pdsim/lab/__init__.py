"""The evidence lab: literatures of trials in worlds whose truth is known, analysed as reviewers and experimenters do.

The way of the data: ``definition`` (file to :class:`Lab`), ``field`` and ``pool`` (programmes, run once), ``worlds``
(made alike but for causes), ``literature`` and ``trial`` (what is found), ``reviews`` (what is concluded), ``scores``,
``result`` (all of it, in one process or several), ``wording`` (sentences). In Python, ``pdsim.simulate_literatures``
runs an experiment.
"""
