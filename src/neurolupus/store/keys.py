"""Seal what the trail says of a patient with that patient's key."""

import secrets
from base64 import b64decode, b64encode

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12


def new_key() -> bytes:
    """32 random bytes."""
    return AESGCM.generate_key(256)


def seal(key: bytes, text: str, place: str) -> str:
    """The text sealed with AES-256-GCM, bound to its place in the trail, in base64.

    Examples
    --------
    >>> key = bytes(32)
    >>> opened(key, seal(key, "a fact", "7"), "7")
    'a fact'
    """
    nonce = secrets.token_bytes(NONCE_BYTES)
    return b64encode(nonce + AESGCM(key).encrypt(nonce, text.encode(), place.encode())).decode("ascii")


def opened(key: bytes, sealed: str, place: str) -> str | None:
    """The text; None where key, place or content are not those it was sealed with."""
    try:
        raw = b64decode(sealed, validate=True)
        return AESGCM(key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], place.encode()).decode()
    except (InvalidTag, ValueError):  # no base64, too short for a nonce, or sealed with another key
        return None
