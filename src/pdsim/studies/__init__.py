"""``pdsim study``: what trial would tell fluoride from mint? Candidate trials, simulated and analysed as trialists do.

``arms`` says which programmes are compared, ``pool`` runs them in schools and finds what is true, ``trial`` draws and
analyses one trial, ``result`` takes the steps.
"""
