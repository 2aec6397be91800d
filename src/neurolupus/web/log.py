"""Where the log goes: faults to stderr, and every request to a file where one is named."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from neurolupus.web.guard.faults import LOG


@contextmanager
def log_to(path: Path | None) -> Iterator[None]:
    """Log until the end of the block; times are UTC."""
    form = logging.Formatter("%(asctime)sZ %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S")
    form.converter = time.gmtime
    faults = logging.StreamHandler()
    faults.setLevel(logging.ERROR)
    handlers: list[logging.Handler] = [faults]
    if path is not None:
        handlers.append(logging.FileHandler(path, encoding="utf-8"))
    for handler in handlers:
        handler.setFormatter(form)
        LOG.addHandler(handler)
    before = LOG.level
    LOG.setLevel(logging.INFO)
    try:
        yield
    finally:
        LOG.setLevel(before)
        for handler in handlers:
            LOG.removeHandler(handler)
            handler.close()
