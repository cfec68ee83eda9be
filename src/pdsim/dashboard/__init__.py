"""The dashboard: pages in a browser, from one server, with nothing asked of any network.

``state`` is what a page shows and its address; ``compute`` simulates for all sessions; ``session`` joins the two for
one browser tab; ``pages/`` has a module for each page; ``site`` is what Solara opens; ``server`` starts it.
"""
