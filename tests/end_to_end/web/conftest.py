"""The browser of the tests of pages."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

PATIENCE_MS = 30_000  # a busy machine takes its time to show what is expected of a page


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """Debian's Chromium; without it, or without playwright, the tests that ask for it are skipped."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("needs chromium")
    sync_api.expect.set_options(timeout=PATIENCE_MS)
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()
