"""Controls for the keys of a design, made from the register of scenario keys: a new key appears by itself."""

from __future__ import annotations

from typing import Any

from pdsim import library
from pdsim.assumptions import PARAMETERS
from pdsim.dashboard.state import NOT_IN_ADDRESS, SETTINGS, Design, State, preset_of, value_at
from pdsim.pages import setting_words
from pdsim.scenarios import CARRIERS, GROUPS, MECHANISMS, Key, Scenario, keys

FIRST = (
    "programme.format",
    "programme.sessions",
    "programme.hours",
    "collaboration.together",
    "programme.facilitator",
    "programme.content",
    "staff.expert_share",
)
MOST_STEPS = 200  # a slider with more steps than this cannot be set by hand: a field for a number is better
SECTIONS = {
    "programme": "The programme",
    "collaboration": "Working together",
    "collaboration.channels": "Channels by which working together can act",
    "staff": "The teachers",
    "network": "Who asks whom for advice",
    "partners": "Partners from other schools",
    "school": "The school",
    "evaluation": "Measuring",
    "costs": "Prices",
}
CARRIER = "programme.carriers"  # set together with the mechanisms


def kind_of(key: Key) -> str:
    """How a key is set: "switch", "words", "mechanisms", "slider", or "number"."""
    if key.kind in ("bool", "word", "list"):
        return {"bool": "switch", "word": "words", "list": "mechanisms"}[key.kind]
    countable = key.low is not None and key.high is not None and key.step and key.default is not None
    return "slider" if countable and steps_of(key) <= MOST_STEPS else "number"


def steps_of(key: Key) -> float:
    """Steps of a key's range."""
    return (key.high - key.low) / key.step if key.step and key.low is not None and key.high is not None else 0


def control(key: Key, scenario: Scenario, preset: Scenario) -> dict[str, Any]:
    """One control: what it is called, what it means, what it is now and in the preset."""
    value, usual = value_at(scenario, key.path), value_at(preset, key.path)
    return {
        "path": key.path,
        "label": key.label,
        "unit": "" if key.unit.lower() in key.label.lower() else key.unit,
        "help": f"{key.meaning[:1].upper()}{key.meaning[1:]}.",
        "kind": kind_of(key),
        "value": value,
        "preset": "left out" if usual is None else setting_words(key.path, usual),
        "changed": value != usual,
        "low": key.low,
        "high": key.high,
        "step": key.step,
        "whole": key.kind == "int",
        "words": key.words,
    }


def mechanisms(scenario: Scenario, preset: Scenario) -> list[dict[str, Any]]:
    """The 14 mechanisms by group: whether each is used, and who carries it."""
    used = scenario.programme.mechanisms
    groups = []
    for group in GROUPS:
        items = [
            {
                "name": name,
                "used": name in used,
                "changed": (name in used) != (name in preset.programme.mechanisms),
                "carrier": scenario.programme.carriers.get(name, carrier),
                "usual": carrier,
            }
            for name, (of, carrier) in MECHANISMS.items()
            if of == group
        ]
        groups.append({"group": group, "items": items})
    return groups


def sections(scenario: Scenario, preset: Scenario) -> list[dict[str, Any]]:
    """All controls by section, in the order of the register."""
    found: dict[str, list[dict[str, Any]]] = {}
    for key in keys().values():
        if key.path not in NOT_IN_ADDRESS and key.path != CARRIER:
            found.setdefault(key.path.rpartition(".")[0], []).append(control(key, scenario, preset))
    return [
        {
            "name": name,
            "title": SECTIONS.get(name, name),
            "controls": controls,
            "changed": sum(one["changed"] for one in controls),
        }
        for name, controls in found.items()
    ]


def changes_in_words(design: Design) -> list[dict[str, str]]:
    """What differs from the preset, a line each."""
    preset = preset_of(design.preset)
    out = []
    for path, value in design.changes:
        key = keys().get(path)
        old = value_at(preset, path)
        label = key.label if key else path.rpartition(".")[2]
        out.append({"path": path, "label": label, "old": value_words(path, old), "new": value_words(path, value)})
    return out


def value_words(path: str, value: Any) -> str:
    """A value in words; a list of mechanisms as their number."""
    if value is None:
        return "as usual" if path.startswith(CARRIER) else "left out"
    return f"{len(value)} mechanisms" if isinstance(value, tuple) else setting_words(path, value)


def panel(state: State, index: int) -> dict[str, Any]:
    """The controls of one design, and of the world that all designs share."""
    design = state.designs[index]
    scenario, preset = design.scenario(), preset_of(design.preset)
    first = [control(keys()[path], scenario, preset) for path in FIRST if path in keys()]
    return {
        "preset": design.preset,
        "presets": [{"name": name, "title": preset_of(name).title or name} for name in library.shipped()],
        "title": preset.title,
        "source": preset.source,
        "says": preset.says.strip(),
        "choices": preset.choices.strip(),
        "changes": changes_in_words(design),
        "first": first,
        "sections": sections(scenario, preset),
        "mechanisms": mechanisms(scenario, preset),
        "carriers": CARRIERS,
        "assumptions": [
            {"name": name, "meaning": PARAMETERS[name].meaning, "value": setting_words(name, value)}
            for name, value in state.assumptions
        ],
        "world": [
            {
                "name": s.name,
                "label": s.label,
                "help": f"{s.meaning[:1].upper()}{s.meaning[1:]}.",
                "words": s.words,
                "low": s.low,
                "high": s.high,
                "step": s.step,
                "value": getattr(state, s.name),
                "usual": getattr(State(), s.name),
            }
            for s in SETTINGS.values()
        ],
    }
