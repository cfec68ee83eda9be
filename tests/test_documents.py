"""Documents keep their word: the README's Python runs, its links lead somewhere, its version is the package's."""

import re
from pathlib import Path

import pytest

import pdsim

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("block", re.findall(r"^```python\n(.*?)^```", README, re.S | re.M))
def test_readme_python_runs(block):
    names: dict = {}
    exec(compile(block, "README.md", "exec"), names)
    assert names["model"].steps >= 1
    assert len(names["result"].table) > 0


@pytest.mark.parametrize("target", re.findall(r"\]\((?!http)([^)#]+)\)", README))
def test_readme_links_lead_somewhere(target):
    assert (ROOT / target).exists()


@pytest.mark.parametrize("path", re.findall(r"`(src/pdsim/[\w/]+\.py|experiments/[\w/]+\.py)`", README))
def test_readme_names_files_that_exist(path):
    assert (ROOT / path).is_file()


def test_versions_agree():
    assert f'version = "{pdsim.__version__}"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f"version: {pdsim.__version__}" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"## {pdsim.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
