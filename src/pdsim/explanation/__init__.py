"""Explanation: is collaboration in a design the fluoride or the mint, and what would one have to believe?

``games`` divides a total among players (Shapley, Owen), ``coalitions`` runs a design with every set of channels that
it needs, ``decomposition`` puts both together, ``verdict`` says what follows and which assumptions carry it, ``flips``
searches for the values that would change it, ``rivals`` are the solo designs beside it, and ``result`` puts the steps
in order.
"""
