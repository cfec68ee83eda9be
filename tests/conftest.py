"""What all tests share: a real browser."""

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

import pdsim.simulate  # noqa: F401

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A real browser; without one its tests are skipped, or fail where PDSIM_REQUIRE_BROWSER=1."""
    path = shutil.which("chromium")
    if path is None:
        if os.environ.get("PDSIM_REQUIRE_BROWSER") == "1":
            pytest.fail("PDSIM_REQUIRE_BROWSER=1 and there is no chromium")
        pytest.skip("there is no chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield opened
        opened.close()
