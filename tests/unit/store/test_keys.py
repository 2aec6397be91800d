"""Sealing: opens with the key, the place and the content it was sealed with, and with nothing else."""

from __future__ import annotations

from base64 import b64decode, b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as some

pytest.importorskip("cryptography", reason="needs the extra web")

from neurolupus.store.keys import NONCE_BYTES, new_key, opened, seal


@given(text=some.text(), place=some.text())
def test_what_is_sealed_opens_again(text: str, place: str):
    key = new_key()
    assert opened(key, seal(key, text, place), place) == text


def test_another_key_place_or_content_does_not_open():
    key, sealed = new_key(), ""
    sealed = seal(key, "hemiparesis", "7")
    assert opened(new_key(), sealed, "7") is None
    assert opened(key, sealed, "8") is None
    raw = bytearray(b64decode(sealed))
    for place in range(len(raw)):
        altered = raw.copy()
        altered[place] ^= 1
        assert opened(key, b64encode(altered).decode(), "7") is None


def test_the_same_text_is_sealed_differently_each_time_and_does_not_show():
    key = new_key()
    sealed = {seal(key, "hemiparesis", "7") for _ in range(100)}
    assert len(sealed) == len({b64decode(one)[:NONCE_BYTES] for one in sealed}) == 100
    assert not any(b"hemi" in b64decode(one) for one in sealed)


@pytest.mark.parametrize("sealed", ["", "a", "AAAA", "ä", "no base64", "A" * 16])
def test_what_was_never_sealed_does_not_open(sealed: str):
    assert opened(new_key(), sealed, "7") is None
