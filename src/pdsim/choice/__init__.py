"""``pdsim choose``: the best designs for the money and the time, out of the library and a grid of its levers.

``levers`` makes the candidates, ``prices`` their cost lines, ``ranking`` says who leads, ``result`` takes the steps.
"""
