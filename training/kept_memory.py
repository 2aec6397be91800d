"""Memory of a training run."""

import ctypes


def keep_memory() -> None:
    """Let glibc keep what is freed: handing tens of MB back at every layer, to be zeroed anew, is a third of a step."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:
        trim_threshold, top_pad, mmap_max = -1, -2, -4
        mallopt(mmap_max, 0)
        mallopt(trim_threshold, 2**31 - 1)
        mallopt(top_pad, 2**29)
