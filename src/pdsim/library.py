"""Where the shipped scenarios and experiments lie: in the installed package, or else in the checkout."""

from pathlib import Path


def folder(kind: str) -> Path:
    """Folder of the shipped "scenarios" or "experiments".

    A wheel carries them inside the package; an editable install reads them from the top of the checkout.
    """
    package = Path(__file__).parent
    installed = package / "library" / kind
    return installed if installed.is_dir() else package.parents[1] / kind


def shipped(kind: str = "scenarios") -> dict[str, Path]:
    """Short name to path of every shipped file of a kind, in alphabetical order."""
    return {path.stem: path for path in sorted(folder(kind).glob("*.toml"), key=lambda path: path.stem)}
