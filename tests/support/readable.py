"""What a page must be at every width and in both colour schemes: no serious fault of accessibility, nothing cut off."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from pictures import pictures

SIZES = ((390, "dark"), (390, "light"), (1280, "dark"), (1280, "light"))  # the last is what stays


def is_readable(page: Any, folder: Path, name: str) -> None:
    """Look at an open page at every size, which costs a fraction of opening it; pictures of all are left."""
    for width, scheme in SIZES:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function("document.getAnimations().every(one => one.playState !== 'running')")  # colours fade
        page.screenshot(path=str(pictures(folder) / f"{name}-{width}-{scheme}.png"), full_page=True)
        serious = [v for v in Axe().run(page).response["violations"] if v["impact"] in ("serious", "critical")]
        assert [(v["id"], v["nodes"][0]["html"][:200]) for v in serious] == [], (name, width, scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (name, width, scheme)
