"""Silence for pydicom, which warns of each value that breaks the standard: they are judged here instead."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_warnings() -> Iterator[None]:
    """No warnings for the length of the block, in all threads; not to be entered by several threads at once."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
