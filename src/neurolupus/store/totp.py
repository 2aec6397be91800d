"""Time-based one-time passwords, RFC 6238: six digits that an authenticator app shows for half a minute."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from datetime import datetime
from urllib.parse import quote, urlencode

STEP_S, DIGITS = 30, 6
SECRET_BYTES = 20  # RFC 4226, 4, R6: 160 bits
SKEW = 1  # RFC 6238, 5.2: one step for the way and for clocks that differ


def new_secret() -> str:
    """A fresh secret, in base32 as apps read it."""
    return base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode()


def is_secret(text: str) -> bool:
    """Whether a text is a secret as `new_secret` makes them."""
    try:
        return len(base64.b32decode(text)) == SECRET_BYTES
    except ValueError:
        return False


def code_at(secret: str, step: int, *, digits: int = DIGITS) -> str:
    """The code of one step of time.

    Examples
    --------
    RFC 6238, appendix B, 59 seconds after the epoch:

    >>> code_at(base64.b32encode(b"12345678901234567890").decode(), 59 // 30, digits=8)
    '94287082'
    """
    mac = hmac.digest(base64.b32decode(secret), step.to_bytes(8, "big"), hashlib.sha1)
    at = mac[-1] & 0x0F  # RFC 4226, 5.3: dynamic truncation
    number = int.from_bytes(mac[at : at + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**digits:0{digits}d}"


def step_of(moment: datetime) -> int:
    """Which step a moment is in."""
    return int(moment.timestamp()) // STEP_S


def matching_step(secret: str, code: str, moment: datetime, *, after: int) -> int | None:
    """The step whose code this is, of those around a moment; None where none fits.

    Parameters
    ----------
    after : int
        The last step that was used: its code and earlier ones are worth nothing any more.
    """
    here, typed = step_of(moment), code.replace(" ", "").encode()
    fitting = [
        step
        for step in range(here - SKEW, here + SKEW + 1)
        if hmac.compare_digest(code_at(secret, step).encode(), typed)
    ]
    return next((step for step in fitting if step > after), None)


def enrolment_address(secret: str, user: str, server: str) -> str:
    """What the QR code holds: the secret, and whose it is where.

    Examples
    --------
    >>> enrolment_address("ABCD", "anna", "clinic.example.org")
    'otpauth://totp/neurolupus%20clinic.example.org:anna?secret=ABCD&issuer=neurolupus+clinic.example.org'
    """
    issuer = f"neurolupus {server}"
    return f"otpauth://totp/{quote(issuer)}:{quote(user)}?{urlencode({'secret': secret, 'issuer': issuer})}"
