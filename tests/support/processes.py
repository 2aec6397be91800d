"""Processes that a test watches."""

from contextlib import suppress

import psutil


def has_ended(process: psutil.Process) -> bool:
    """Whether it is gone, or waits only for its parent to hear of it."""
    with suppress(psutil.NoSuchProcess):
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    return True
