"""pdsim: is collaboration in teachers' professional development the fluoride or the mint?

An agent-based model of teachers in solo and collaborative professional development (PD). Everything here is loaded
when first used, so that ``import pdsim`` is quick.

>>> import pdsim
>>> hub = pdsim.scenario("maths-hub").with_(**{"staff.expert_share": 0.3})
>>> hub.staff.expert_share
0.3
"""

from importlib import import_module
from typing import Any

from pdsim.cache import place_cache

place_cache()  # here, because numba reads the place once, when any module imports it first

__version__ = "0.1.0"

_WHERE = {
    "scenario": ("pdsim.scenarios", "load"),
    "Scenario": ("pdsim.scenarios", "Scenario"),
    "compare": ("pdsim.comparison", "compare"),
    "Comparison": ("pdsim.comparison", "Comparison"),
    "choose": ("pdsim.choice.result", "choose"),
    "Choice": ("pdsim.choice.result", "Choice"),
    "explain": ("pdsim.explanation.result", "explain"),
    "Explanation": ("pdsim.explanation.result", "Explanation"),
    "study": ("pdsim.studies.result", "study"),
    "Study": ("pdsim.studies.result", "Study"),
    "evaluate": ("pdsim.evaluation", "evaluate"),
    "sweep": ("pdsim.experiment", "sweep"),
    "analyse": ("pdsim.analysis", "analyse"),
    "Analysis": ("pdsim.analysis", "Analysis"),
    "simulate_literatures": ("pdsim.lab.result", "simulate_literatures"),
    "StaffroomModel": ("pdsim.mesa_model", "StaffroomModel"),
    "InputError": ("pdsim.errors", "InputError"),
}
__all__ = ["__version__", *_WHERE]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for."""
    if name not in _WHERE:
        raise AttributeError(f"module 'pdsim' has no attribute {name!r}")
    module, attribute = _WHERE[name]
    return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    """The public names, loaded or not."""
    return sorted(__all__)
