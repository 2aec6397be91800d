"""The content of a file, gzip removed, never more of it than was asked for."""

import zlib
from collections.abc import Iterator
from pathlib import Path

GZIP_MAGIC = b"\x1f\x8b"
CHUNK_BYTES = 1 << 20
# Deflate cannot expand a byte to more than this: zlib technical details, https://zlib.net/zlib_tech.html (1032:1).
LARGEST_EXPANSION = 1032
# A flipped bit may lengthen what follows by a block; so much more than was asked for is inflated to reach the checksum.
TAIL_BYTES = 64 << 20


class TruncatedError(Exception):
    """The file ends before its content does, or its checksum is wrong; `content` is what came before.

    It never leaves `io`, which turns it into a Fault.
    """

    content: bytearray = bytearray()


def is_gzip(path: Path) -> bool:
    """Whether the file starts like gzip, whatever its name says."""
    with path.open("rb") as stream:
        return stream.read(2) == GZIP_MAGIC


def content_pieces(path: Path, limit: int, *, offset: int = 0) -> Iterator[bytes]:
    """Pieces of the file's content from byte `offset` on, in order, at most `limit` bytes in all.

    What starts there may be gzip; it may have several members, as pigz and bgzip write. Its checksum is verified when
    the limit lies beyond its end.

    Raises
    ------
    TruncatedError
        The gzip stream ends early or is damaged.
    """
    with path.open("rb") as stream:
        stream.seek(offset)
        compressed = stream.read(2) == GZIP_MAGIC
        stream.seek(offset)
        if compressed:
            yield from _inflated(iter(lambda: stream.read(CHUNK_BYTES), b""), limit)
            return
        while limit > 0 and (piece := stream.read(min(limit, 16 * CHUNK_BYTES))):
            limit -= len(piece)
            yield piece


def read_content(path: Path, start: int, count: int, *, verified: bool = True) -> bytearray:
    """Bytes `start` to `start + count` of the content, gzip removed; shorter only when a plain file ends there.

    Parameters
    ----------
    path : Path
    start, count : int
    verified : bool
        Whether gzip is inflated up to `TAIL_BYTES` further, so that the checksum at its end is verified; what lies
        there is not kept.

    Raises
    ------
    TruncatedError
        The gzip stream ends early or is damaged.
    """
    content = bytearray(count)
    position = -start
    try:
        for piece in content_pieces(path, start + count + (TAIL_BYTES if verified and is_gzip(path) else 0)):
            lower, upper = max(position, 0), min(position + len(piece), count)
            if upper > lower:
                content[lower:upper] = piece[lower - position : upper - position]
            position += len(piece)
    except TruncatedError as error:
        error.content = content[: max(position, 0)]
        raise
    del content[max(position, 0) :]
    return content


def _inflated(chunks: Iterator[bytes], limit: int) -> Iterator[bytes]:
    inflater = zlib.decompressobj(wbits=31)
    pending, at_end = b"", False
    while limit > 0:
        if not pending and not at_end:
            pending = next(chunks, b"")
            at_end = not pending
        try:  # at the end, zlib may still hold output of what it was given before
            piece = inflater.decompress(pending, min(limit, 16 * CHUNK_BYTES))
        except zlib.error as error:
            raise TruncatedError(f"the gzip stream is damaged ({error})") from error
        pending = inflater.unconsumed_tail
        limit -= len(piece)
        if piece:
            yield piece
        if inflater.eof:
            pending = inflater.unused_data or next(chunks, b"")
            if not pending.startswith(GZIP_MAGIC):
                return  # what follows the last member is no gzip: ignored, as gzip itself does
            inflater = zlib.decompressobj(wbits=31)
        elif at_end and not piece:
            raise TruncatedError("the gzip stream ends early")
