import gzip
import zlib
from pathlib import Path

import numpy as np
import pytest

from neurolupus.io.inflate import TruncatedError, content_pieces, is_gzip, read_content

CONTENT = bytes(range(256)) * 40


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_plain_and_packed_files_have_the_same_content(tmp_path):
    plain = write(tmp_path / "a", CONTENT)
    packed = write(tmp_path / "b", gzip.compress(CONTENT))
    assert not is_gzip(plain)
    assert is_gzip(packed)
    assert read_content(plain, 100, 500) == read_content(packed, 100, 500) == CONTENT[100:600]


def test_members_are_joined_as_pigz_and_bgzip_write_them(tmp_path):
    path = write(tmp_path / "a.gz", gzip.compress(CONTENT[:5000]) + gzip.compress(CONTENT[5000:]))
    assert read_content(path, 0, len(CONTENT)) == CONTENT


def test_padding_after_the_last_member_is_ignored(tmp_path):
    path = write(tmp_path / "a.gz", gzip.compress(CONTENT) + b"\0" * 64)
    assert read_content(path, 0, len(CONTENT) + 5) == CONTENT


@pytest.mark.parametrize("cut", [1, 4, 8, 30, 100])
def test_a_cut_stream_is_told_even_when_only_its_checksum_is_lost(tmp_path, cut):
    path = write(tmp_path / "a.gz", gzip.compress(CONTENT)[:-cut])
    with pytest.raises(TruncatedError, match="ends early"):
        read_content(path, 0, len(CONTENT))


def test_a_wrong_checksum_is_told(tmp_path):
    packed = bytearray(gzip.compress(CONTENT))
    packed[-8] ^= 0xFF
    path = write(tmp_path / "a.gz", bytes(packed))
    with pytest.raises(TruncatedError, match="damaged"):
        read_content(path, 0, len(CONTENT))


def test_damage_that_makes_the_content_longer_is_told(tmp_path):
    # bits of the file flipped one at a time, as a bad disk does: zlib's own checksum of the whole tells each of them
    generator = np.random.default_rng(1)
    content = generator.integers(0, 40, 60_000, dtype=np.uint8).tobytes()
    packed = gzip.compress(content, 6)
    longer = 0
    for bit in generator.integers(8 * 20, 8 * (len(packed) - 8), 400):
        damaged = bytearray(packed)
        damaged[bit // 8] ^= 1 << (bit % 8)
        try:
            longer += len(zlib.decompressobj(wbits=-15).decompress(bytes(damaged[10:-8]))) > len(content)
        except zlib.error:
            continue
        path = write(tmp_path / "a.gz", bytes(damaged))
        with pytest.raises(TruncatedError):
            read_content(path, 0, len(content))
    assert longer > 5  # such damage was among what was tried


def test_what_is_only_looked_at_is_not_verified(tmp_path):
    path = write(tmp_path / "a.gz", gzip.compress(CONTENT)[:-8])
    assert read_content(path, 0, 100, verified=False) == CONTENT[:100]


@pytest.mark.slow
def test_no_more_is_inflated_than_was_asked_for(tmp_path):
    # 200 MB of zeros in 200 kB: only the first 1000 bytes may be made
    path = write(tmp_path / "bomb.gz", gzip.compress(bytes(200_000_000), 9))
    assert sum(len(piece) for piece in content_pieces(path, 1000)) == 1000
