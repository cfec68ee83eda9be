"""Tables of a TOML file: flattened, and validated with one clear line for the first mistake."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, TypeVar

import pydantic

from pdsim.errors import InputError, nearest, shown
from pdsim.scenarios import Section

Model = TypeVar("Model", bound=Section)


def with_tuples(value: Any) -> Any:
    """The same with every list as a tuple, which strict models want."""
    if isinstance(value, dict):
        return {key: with_tuples(inner) for key, inner in value.items()}
    return tuple(map(with_tuples, value)) if isinstance(value, list | tuple) else value


def validated(model: type[Model], data: Mapping[str, Any], where: str) -> Model:
    """Tables as a model, each key checked by itself.

    Raises:
        InputError: naming ``where``, the key, the value, what is allowed and the nearest valid name.
    """
    try:
        return model.model_validate(with_tuples(data))
    except pydantic.ValidationError as error:
        raise InputError(f"{where}: {explained(error, model)}") from None


def explained(error: pydantic.ValidationError, model: type[Section]) -> str:
    """The first mistake of a validation as one line, without the place."""
    first = error.errors(include_url=False)[0]
    path, value = ".".join(str(part) for part in first["loc"]), first["input"]
    if first["loc"][0] == "values":
        return f"values: {shown(value)} is not allowed; allowed are numbers, words, true, false or lists of mechanisms"
    if first["type"] == "missing":
        return f"{path}: is missing"
    if first["type"] == "extra_forbidden":
        names = names_in(model, first["loc"][:-1])
        hint = nearest(first["loc"][-1], names) or f"; allowed are {', '.join(names)}"
        return f"{path}: no such key{hint}"
    if first["type"] == "model_type":
        return f"{path}: {shown(value)} is not a table; write a section [{path}]"
    words = first.get("ctx", {}).get("expected", "")
    allowed = first["msg"].removeprefix("Input should be ").removeprefix("Input should be a valid ")
    return f"{path}: {shown(value)} is not allowed; allowed is {allowed}{nearest(value, words.split(chr(39))[1::2])}"


def names_in(model: Any, place: Iterable[int | str]) -> list[str]:
    """The keys that a model has, at a place within it."""
    for part in place:
        model = model.model_fields[part].annotation
    return list(model.model_fields)


def flat(tables: Mapping[str, Any], known: Collection[str], prefix: str = "") -> dict[str, Any]:
    """Nested tables by dotted path; a table is opened where a ``known`` path leads through it.

    >>> flat({"programme": {"fidelity": {"low": 0}}, "theory.helping": {}}, ["programme.fidelity", "theory.helping"])
    {'programme.fidelity': {'low': 0}, 'theory.helping': {}}
    """
    found: dict[str, Any] = {}
    for name, value in tables.items():
        path = f"{prefix}{name}"
        leads_on = path not in known and any(other.startswith(f"{path}.") for other in known)
        found |= flat(value, known, f"{path}.") if leads_on and isinstance(value, dict) else {path: value}
    return found
