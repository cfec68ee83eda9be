"""The layers hold, the kernel stays pure, the command line stays quick."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import pdsim

PACKAGE = Path(pdsim.__file__).parent
KERNEL = sorted((PACKAGE / "kernel").glob("*.py"))


@pytest.mark.parametrize("path", KERNEL, ids=lambda path: path.stem)
def test_kernel_imports_only_numpy_numba_math_and_itself(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        for name in names:
            assert name.split(".")[0] in {"math", "numpy", "numba", "typing"} or name.startswith("pdsim.kernel")


def test_import_contracts():
    done = subprocess.run([Path(sys.executable).parent / "lint-imports"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_help_loads_no_heavy_library():
    code = (
        "import sys; sys.argv = ['pdsim', '--help']\n"
        "from pdsim.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'numba', 'numpy', 'pandas', 'scipy', 'matplotlib', 'mesa', 'pydantic'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "compare" in done.stdout


def test_no_function_is_longer_than_60_lines():
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                assert (node.end_lineno or 0) - node.lineno < 60, f"{path.name}: {node.name}"


def test_everything_public_has_a_docstring():
    for path in PACKAGE.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
        for node in [tree, *tree.body, *(inner for c in classes for inner in c.body)]:
            if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module):
                name = getattr(node, "name", path.name)
                assert name.startswith("_") or ast.get_docstring(node), f"{path.name}: {name}"
