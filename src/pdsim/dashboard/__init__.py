"""The dashboard: pages in a browser, from one server, with nothing asked of any network.

``state`` is what a page shows and its address; ``compute`` simulates for all sessions; ``session`` joins the two for
one browser tab; ``pages/`` has a module for each page; ``site`` is what Solara opens; ``server`` starts it.

To add a page: name it in ``pages.ORDER``, write ``pages/NAME.py`` with a component and ``PAGE``, and ``NAME.vue``
beside it with a ``<main id="pd-main">`` that has one ``<h1>``. The component takes the session and shows
``session.state``; what a reader does goes to ``session.act({"do": ..., ...})``. Settings that only this page has stand
in ``state.view``, so that they are in the address. Large data go to the browser as JSON text, because Solara searches
lists and tables for components. After a change of the science, ``experiments/first_screen.py`` makes the shipped first
screen anew.
"""
