"""The pages, a module each. A page is there when its module is: it defines ``PAGE``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

ORDER = ("compare", "staffroom", "lesson", "experiments", "about")


@dataclass(frozen=True)
class Page:
    """A page.

    ``name`` stands in the address; ``component`` is a Solara component that takes the :class:`Session` and a number
    that grows whenever there is something new to show.
    """

    name: str
    title: str
    component: Callable[[Any, int], Any]


@cache
def pages() -> dict[str, Page]:
    """All pages that there are, by name, in the order of the navigation."""
    modules = [f"{__name__}.{name}" for name in ORDER]
    found = [import_module(module).PAGE for module in modules if find_spec(module) is not None]
    return {page.name: page for page in found}
