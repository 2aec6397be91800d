"""Memory: what earlier steps freed is given back to the system."""

import ctypes
from functools import cache


def give_back() -> None:
    """Give back what the C library keeps of freed memory, where it can: glibc on Linux holds on to 0.3 GB of it.

    To be called before a step that needs a gigabyte at once.
    """
    trim = _trim()
    if trim is not None:
        trim(0)


@cache
def _trim() -> "ctypes._NamedFuncPointer | None":
    try:
        return ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):  # not glibc, or not Linux
        return None
