"""Calibration: from published patterns to draws of the assumptions.

``programmes`` is the frozen file of 100 designs; ``patterns`` holds one function for each numbered pattern; ``bank``
runs them over a stored bank of points; ``inference`` fits emulators and draws from the posterior; ``fit`` puts the
steps in order and writes what the package ships.
"""
