"""multipart/related (RFC 2387), as DICOMweb sends files: read piece by piece, written with a known length."""

import re
import secrets
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from neurolupus.dicom.archive.patience import MayPass
from neurolupus.errors import PacsError

LONGEST_HEADER = 16_384
PIECE = 1 << 20


def boundary_of(content_type: str) -> bytes | None:
    """What stands between the parts; None where the answer has no parts.

    Examples
    --------
    >>> boundary_of('multipart/related; type="application/dicom"; boundary="a-b"')
    b'a-b'
    """
    if not content_type.lower().startswith("multipart/related"):
        return None
    found = re.search(r';\s*boundary=(?:"([^"]{1,200})"|([^\s;"]{1,200}))', content_type, re.IGNORECASE)
    return (found[1] or found[2]).encode("latin-1", "replace") if found else None


def read_parts(chunks: Iterable[bytes], boundary: bytes) -> Iterator[Iterator[bytes]]:
    """Each part as an iterator of its bytes; a part must be read to its end before the next.

    Raises
    ------
    MayPass
        The answer ends before its last boundary: the connection was cut.
    PacsError
        It is no such answer.
    """
    stream = _Stream(chunks, b"\r\n")  # the first boundary may lack the line end that belongs to it
    mark = b"\r\n--" + boundary
    for _ in stream.until(mark):
        pass
    while stream.take(2) != b"--":
        header = b"".join(stream.until(b"\r\n\r\n", LONGEST_HEADER, already=stream.taken))
        if b"\n" in header.replace(b"\r\n", b""):
            raise PacsError("The archive's answer has a part whose header is not one.")
        yield stream.until(mark)


class Parts:
    """The body of a request that holds files: an iterable with a length, so that it need not be sent in chunks."""

    def __init__(self, files: Sequence[Path]) -> None:
        self.boundary = secrets.token_hex(16)
        self._files = [(path, path.stat().st_size) for path in files]
        self._head = f"--{self.boundary}\r\nContent-Type: application/dicom\r\n\r\n".encode()
        self._end = f"--{self.boundary}--\r\n".encode()

    @property
    def content_type(self) -> str:
        """What the request's header says."""
        return f'multipart/related; type="application/dicom"; boundary={self.boundary}'

    def __len__(self) -> int:
        return sum(len(self._head) + size + 2 for _, size in self._files) + len(self._end)

    def __iter__(self) -> Iterator[bytes]:
        for path, _ in self._files:
            yield self._head
            with path.open("rb") as stream:
                while piece := stream.read(PIECE):
                    yield piece
            yield b"\r\n"
        yield self._end


class _Stream:
    def __init__(self, chunks: Iterable[bytes], before: bytes) -> None:
        self._chunks, self._held = iter(chunks), bytearray(before)
        self.taken = b""

    def take(self, count: int) -> bytes:
        """The next bytes."""
        while len(self._held) < count:
            self._more()
        self.taken = bytes(self._held[:count])
        del self._held[:count]
        return self.taken

    def until(self, mark: bytes, limit: int | None = None, *, already: bytes = b"") -> Iterator[bytes]:
        """Everything up to a mark, and the mark is passed; `already` was read before and belongs to it."""
        self._held[:0] = already
        given = 0
        while (at := self._held.find(mark)) < 0:
            sure = len(self._held) - len(mark) + 1
            if sure > 0:
                given += sure
                if limit is not None and given > limit:
                    raise PacsError("The archive's answer has a part whose header never ends.")
                piece = bytes(self._held[:sure])
                del self._held[:sure]
                yield piece
            self._more()
        piece = bytes(self._held[:at])
        del self._held[: at + len(mark)]
        yield piece

    def _more(self) -> None:
        chunk = next(self._chunks, None)
        if chunk is None:
            raise MayPass("The archive's answer ends in the middle of a file.")
        self._held += chunk
