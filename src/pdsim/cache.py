"""Where the compiled kernel is kept between runs; imports nothing that is slow, and numba least of all."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path


def compiled_sources() -> list[Path]:
    """All files whose code is compiled."""
    return sorted((Path(__file__).parent / "kernel").glob("*.py"))


def hash_of(paths: list[Path]) -> str:
    """Short hash of the names and contents of files, whatever their line ends."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode() + b"\0" + path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:16]


def place_cache() -> None:
    """Point numba's cache at a folder named by the hash of the kernel's sources; of use only before numba is imported.

    Numba checks only the file of the function itself, so an edit of a submodel would leave its callers' cached code
    running the old rules.
    """
    if "NUMBA_CACHE_DIR" in os.environ:
        return
    import platformdirs

    name = f"kernel-{hash_of(compiled_sources())}"
    folder = Path(platformdirs.user_cache_dir("pdsim")) / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "writable").touch()
    except OSError:
        import tempfile

        folder = Path(tempfile.gettempdir()) / f"pdsim-{name}-{os.getuid() if hasattr(os, 'getuid') else 0}"
    os.environ["NUMBA_CACHE_DIR"] = str(folder)
