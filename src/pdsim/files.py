"""Files on disk: whole or not at all."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from pdsim.errors import InputError


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files whole, and all of them or none: beside their places first, then moved over them in order.

    Raises:
        InputError: the folder cannot be written to or the disk is full; older files stay as they were.
    """
    staged: dict[Path, str] = {}
    try:
        for name, content in files.items():
            stage(folder / name, content, staged)
        for path, temporary in staged.items():
            os.replace(temporary, path)
    except (OSError, ValueError) as error:
        raise InputError(f"{folder.absolute()}: cannot be written to ({reason(error)})") from None
    finally:
        for temporary in staged.values():
            Path(temporary).unlink(missing_ok=True)


def stage(path: Path, content: bytes, staged: dict[Path, str]) -> None:
    """Write content beside the place where it is to stand and note it in ``staged``.

    Raises:
        OSError: it cannot be written, or a folder stands in its place.
    """
    if os.path.isdir(path):
        raise IsADirectoryError(errno.EISDIR, f"{path.name} is a directory")
    handle, staged[path] = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        settle(file)
    os.chmod(staged[path], 0o644)


def settle(file: BinaryIO) -> None:
    """Bring what was written to a file to the disk itself."""
    file.flush()
    os.fsync(file.fileno())


def settle_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk itself, where the system can."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write to piece by piece, which stands at ``path`` when the block ends well, and else not at all.

    Raises:
        OSError: it cannot be written.
    """
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            settle(file)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
        settle_folder(path.parent)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 text file whole; see :func:`write_files`."""
    write_files(path.parent, {path.name: text.encode()})


def reason(error: Exception) -> str:
    """Why a file could not be used, in the system's words."""
    return str(getattr(error, "strerror", None) or error)


def check_folder(folder: Path) -> None:
    """Make sure, before anything runs, that results can be written to a folder; it is made if need be.

    Raises:
        InputError: the place is a file, or cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except FileExistsError:
        raise InputError(f"--out {folder}: is a file; name a folder") from None
    except (OSError, ValueError) as error:
        raise InputError(f"--out {folder}: cannot be written to ({reason(error)}); name a folder that can") from None


def create_file(path: Path, content: bytes) -> bool:
    """Write a file whole where none is yet; False, with nothing changed, where another process was first.

    Raises:
        OSError: it cannot be written.
    """
    staged: dict[Path, str] = {}
    try:
        stage(path, content, staged)
        try:
            os.link(staged[path], path)
        except FileExistsError:
            return False
        except OSError:  # a file system without links
            os.replace(staged[path], path)
        return True
    finally:
        for temporary in staged.values():
            Path(temporary).unlink(missing_ok=True)
