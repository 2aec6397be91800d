"""Whether a file holds as many pixels as its header promises, told by lengths; no pixel is read."""

from __future__ import annotations

import struct
from typing import BinaryIO

PIXEL_TAGS = (b"\xe0\x7f\x10\x00", b"\x7f\xe0\x00\x10")
MOST_FRAGMENTS = 100_000


def pixel_fault(stream: BinaryIO, size: int, *, is_compressed: bool, expected: int) -> str:
    """What is wrong; empty when nothing is. The stream stands where reading of the header stopped.

    Parameters
    ----------
    expected : int
        Bytes of the pixels when they are not compressed.
    """
    begin = stream.tell()
    head = stream.read(6)
    if head[:4] not in PIXEL_TAGS:
        return "no pixel data"
    if is_compressed:
        return _fragment_fault(stream, begin + 12, size)
    left = size - begin - (12 if head[4:].isalpha() else 8)  # with or without the value's type
    return f"pixel data end early: {max(left, 0):,} of {expected:,} bytes" if left < expected else ""


def _fragment_fault(stream: BinaryIO, begin: int, size: int) -> str:
    """Walks the items of compressed pixels (PS3.5 A.4): each must fit, and a delimiter ends them."""
    at, seen = begin, 0
    while at + 8 <= size and seen < MOST_FRAGMENTS:
        stream.seek(at)
        group, element, length = struct.unpack("<HHI", stream.read(8))
        if (group, element) == (0xFFFE, 0xE0DD):
            return "" if seen > 1 else "no pixel data"
        if (group, element) != (0xFFFE, 0xE000) or at + 8 + length > size:
            break
        at, seen = at + 8 + length, seen + 1
    return "compressed pixel data end early"
