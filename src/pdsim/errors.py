"""Mistakes of users: one clear line each."""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

LONGEST = 380  # characters of a message; a longer one loses its middle, as place and remedy stand at the ends


def one_line(text: object) -> str:
    """Text as one readable line: white space as blanks, control characters as escapes, cut in the middle."""
    line = " ".join(str(text).split())
    line = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 160]} ... {line[-155:]}"


def shown(value: Any) -> str:
    """A value for an error message, written as in TOML and cut to a readable length."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "a table"
    try:
        text = repr(value) if isinstance(value, str | int | float | list | tuple) else str(value)
    except (RecursionError, ValueError):  # nested very deeply, or a whole number of thousands of digits
        return "a value too long to show"
    return text if len(text) <= 60 else text[:57] + "..."


class InputError(ValueError):
    """A mistake in a file or an option, in one line: where, what, what is allowed, the nearest valid name."""

    def __init__(self, message: str) -> None:
        super().__init__(one_line(message))


def nearest(name: Any, names: Iterable[str]) -> str:
    """The end of a message, "; did you mean 'x'?", with the nearest valid name; empty when none is near.

    >>> nearest("Maths-Hubb", ["maths-hub", "no-pd"])
    "; did you mean 'maths-hub'?"
    """
    if not isinstance(name, str):
        return ""
    valid, start = {other.lower(): other for other in names}, name[:200].lower()
    close = [other for other in valid if len(start) > 2 and other.startswith(start)]
    close = close or difflib.get_close_matches(start, valid, n=1, cutoff=0.5)
    return f"; did you mean {valid[close[0]]!r}?" if close else ""


def read_text(path: Path, limit: int = 5_000_000) -> str:
    """Text of a UTF-8 file of at most ``limit`` bytes.

    Raises:
        InputError: missing, a directory, unreadable, too large, or not UTF-8 text.
    """
    if os.path.isdir(path):
        raise InputError(f"{path}: is a directory; a file is needed")
    try:
        with path.open("rb") as file:
            content = file.read(limit + 1)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})") from None
    if len(content) > limit:
        raise InputError(f"{path}: larger than {limit // 1_000_000} MB, which no such file needs")
    return decoded(content, path)


def decoded(content: bytes, path: Path) -> str:
    """Bytes of a file as text.

    Raises:
        InputError: not UTF-8, or with zero bytes, as in UTF-16 and files that are no text.
    """
    try:
        text = content.decode("utf-8-sig")
        wrong = content.find(b"\0")
    except UnicodeDecodeError as error:
        wrong = error.start
    if wrong < 0:
        return text
    line = content.count(b"\n", 0, wrong) + 1
    raise InputError(f"{path}: line {line}: not UTF-8 text; save the file as text, in UTF-8")


def read_toml(path: Path) -> dict[str, Any]:
    """Content of a TOML file; mistakes as :class:`InputError` with line and column."""
    text = read_text(path)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path}: not valid TOML: {error}") from None
    except RecursionError:
        raise InputError(f"{path}: not valid TOML: nested too deeply") from None
    except ValueError:
        raise InputError(f"{path}: not valid TOML: a whole number of thousands of digits") from None
