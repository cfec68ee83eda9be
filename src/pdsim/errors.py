"""Mistakes of users: one clear line each."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any


class InputError(ValueError):
    """A mistake in a file or an option. Its text is one line: where, what, what is allowed, the nearest valid name."""

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(str(message).split()))


def nearest(name: str, names: Iterable[str]) -> str:
    """"; did you mean 'x'?" for the nearest valid name, or nothing."""
    close = difflib.get_close_matches(str(name), list(names), n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else ""


def read_text(path: Path, limit: int = 5_000_000) -> str:
    """Text of a UTF-8 file of at most ``limit`` bytes.

    Raises:
        InputError: missing, a directory, unreadable, too large, or not UTF-8.
    """
    try:
        if path.is_dir():
            raise InputError(f"{path}: is a directory; a file is needed")
        if path.stat().st_size > limit:
            raise InputError(f"{path}: larger than {limit // 1_000_000} MB, which no such file needs")
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})") from None


def read_toml(path: Path) -> dict[str, Any]:
    """Content of a TOML file; mistakes as :class:`InputError` with line and column."""
    try:
        return tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path}: not valid TOML: {error}") from None
    except RecursionError:
        raise InputError(f"{path}: not valid TOML: nested too deeply") from None
