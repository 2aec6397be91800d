"""multipart/related: read whatever the pieces it comes in, written as other readers read it."""

from email.parser import BytesParser
from email.policy import HTTP
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurolupus.dicom.archive.multipart import Parts, boundary_of, read_parts
from neurolupus.dicom.archive.patience import MayPass
from neurolupus.errors import PacsError

BOUNDARY = b"-=cut here"


def message(parts: list[bytes], *, header: bytes = b"Content-Type: application/dicom\r\n", end: bytes = b"--") -> bytes:
    """As a server writes it (RFC 2046, 5.1.1)."""
    return b"".join(b"\r\n--" + BOUNDARY + b"\r\n" + header + b"\r\n" + part for part in parts) + (
        b"\r\n--" + BOUNDARY + end + b"\r\n"
    )


def in_pieces(content: bytes, size: int) -> list[bytes]:
    return [content[start : start + size] for start in range(0, len(content), size)]


def read(pieces: list[bytes]) -> list[bytes]:
    return [b"".join(part) for part in read_parts(pieces, BOUNDARY)]


near_boundaries = st.lists(
    st.sampled_from([b"\r\n", b"--", b"\r", b"\n", b"\r\n--", BOUNDARY, BOUNDARY[:4], b"\0", b"x" * 50])
).map(b"".join)


@given(parts=st.lists(near_boundaries | st.binary(max_size=200), max_size=4), size=st.integers(1, 70))
def test_parts_come_back_whatever_the_pieces(parts: list[bytes], size: int):
    clean = [part for part in parts if b"\r\n--" + BOUNDARY not in b"\r\n" + part]
    assert read(in_pieces(message(clean), size)) == clean


def test_a_part_without_a_header_is_read():
    assert read([message([b"one", b"two"], header=b"")]) == [b"one", b"two"]


def test_the_first_boundary_may_begin_the_answer():
    assert read([message([b"one"])[2:]]) == [b"one"]


@pytest.mark.parametrize("kept", [3, 30, 60, -3, -9])
def test_an_answer_that_is_cut_is_not_taken_for_whole(kept: int):
    with pytest.raises(MayPass, match="ends in the middle"):
        read([message([b"one" * 10])[:kept]])


def test_a_header_without_end_is_refused():
    with pytest.raises(PacsError, match="never ends"):
        read([b"\r\n--" + BOUNDARY + b"\r\n", *([b"A: b\r\n" * 1000] * 20)])


@pytest.mark.parametrize(
    ("header", "boundary"),
    [
        ('multipart/related; type="application/dicom"; boundary=abc', b"abc"),
        ('Multipart/Related; Boundary="a b"; type="application/dicom"', b"a b"),
        ("application/dicom", None),
        ("multipart/related", None),
    ],
)
def test_the_boundary_is_told_by_the_header(header: str, boundary: bytes | None):
    assert boundary_of(header) == boundary


def test_what_is_sent_is_read_by_the_standard_library(tmp_path: Path):
    contents = [b"one\r\n", bytes(range(256)) * 5000, b""]
    files = [tmp_path / str(number) for number in range(3)]
    for path, content in zip(files, contents, strict=True):
        path.write_bytes(content)
    body = Parts(files)
    sent = b"".join(body)
    assert len(sent) == len(body)
    parsed = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {body.content_type}\r\n\r\n".encode() + sent)
    assert [part.get_content_type() for part in parsed.iter_parts()] == ["application/dicom"] * 3
    assert [part.get_payload(decode=True) for part in parsed.iter_parts()] == contents
