"""What a page must be at every width and in both colour schemes: no serious fault of accessibility, nothing cut off."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from pictures import pictures

SIZES = ((390, "dark"), (1280, "light"))  # each width and each scheme once; the last is what stays
TO_LOOK_AT = ((390, "dark"), (390, "light"), (1280, "dark"), (1280, "light"))
MOVING = "document.getAnimations().some(one => one.playState === 'running')"


def is_readable(page: Any, folder: Path, name: str) -> None:
    """Look at an open page at each size, which costs a fraction of opening it.

    Where NEUROLUPUS_SCREENSHOTS names a folder, every width in every scheme is looked at, and pictures are left there.
    """
    is_wanted = "NEUROLUPUS_SCREENSHOTS" in os.environ
    for width, scheme in TO_LOOK_AT if is_wanted else SIZES:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        _settled(page)
        if is_wanted:
            page.screenshot(path=str(pictures(folder) / f"{name}-{width}-{scheme}.png"), full_page=True)
        serious = [v for v in Axe().run(page).response["violations"] if v["impact"] in ("serious", "critical")]
        assert [(v["id"], v["nodes"][0]["html"][:200]) for v in serious] == [], (name, width, scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (name, width, scheme)


def _settled(page: Any) -> None:
    """Wait until colours have faded; the page's own policy lets no function be polled within it."""
    until = time.monotonic() + 10
    while page.evaluate(MOVING):
        assert time.monotonic() < until, "the page does not come to rest"
        page.wait_for_timeout(20)
