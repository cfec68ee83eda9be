"""Doors of the widget libraries that a page of ours never uses, and that a browser could misuse: closed."""

from __future__ import annotations

from typing import Any

from ipyvue.VueTemplateWidget import Events


def handle_event(widget: Any, _: Any, content: dict[str, Any], buffers: list[Any]) -> None:
    """Call the handler of a declared event of a template, and do nothing else.

    The library's own version also imports modules and calls classes and methods that a message names.
    """
    name = content.get("event")
    if isinstance(name, str) and f"vue_{name}" in dir(type(widget)):
        arguments = (content.get("data", {}), buffers) if buffers else (content.get("data", {}),)
        getattr(widget, f"vue_{name}")(*arguments)


def close_doors() -> None:
    """Let templates hear declared events only."""
    Events._handle_event = handle_event
