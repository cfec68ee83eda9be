"""The staffroom that a page plays: models in step, what they did week by week, where teachers stand, what is said.

``film`` records a model, ``layout`` says where teachers stand, ``cast`` puts two designs and their worlds without PD in
step, ``words`` says what happened, ``wire`` packs it for a browser, ``stage`` joins them for one browser tab.
"""
