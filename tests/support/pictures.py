"""Where browser tests leave their pictures of pages: the folder NEUROLUPUS_SCREENSHOTS names, else the test's own."""

from __future__ import annotations

import os
from pathlib import Path


def pictures(own: Path) -> Path:
    """The folder, made where it is missing."""
    named = os.environ.get("NEUROLUPUS_SCREENSHOTS")
    folder = Path(named).expanduser() if named else own
    folder.mkdir(parents=True, exist_ok=True)
    return folder
