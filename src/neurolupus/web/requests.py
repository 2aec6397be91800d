"""What comes in: JSON of bounded size and depth, else a refusal with its status and the reason."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from starlette.requests import Request

from neurolupus.io.nesting import fits

LARGEST_BODY_BYTES = 4 << 20
DEEPEST = 64


class Refused(Exception):  # noqa: N818
    """A call that gets no card: the status, and why."""

    def __init__(self, status: int, why: str, faults: tuple[str, ...] = ()) -> None:
        super().__init__(why)
        self.status, self.why, self.faults = status, why, faults


async def read_json(request: Request) -> dict[str, Any]:
    """The JSON object of a request.

    Raises
    ------
    Refused
        400, 413 or 415.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":  # a web page may post any other kind without asking
        raise Refused(415, "the body has to be application/json")
    claimed = request.headers.get("content-length", "0")
    if not claimed.isdecimal() or int(claimed[:20]) > LARGEST_BODY_BYTES:
        raise Refused(413, f"at most {LARGEST_BODY_BYTES:,} bytes are read")
    read = bytearray()
    async for chunk in request.stream():
        read += chunk
        if len(read) > LARGEST_BODY_BYTES:
            raise Refused(413, f"at most {LARGEST_BODY_BYTES:,} bytes are read")
    try:
        body = json.loads(bytes(read), parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise Refused(400, "the body is no JSON") from None
    if not isinstance(body, dict) or not fits(body, deepest=DEEPEST):
        raise Refused(400, f"a JSON object nested at most {DEEPEST} deep is needed")
    return body


def _no_number(text: str) -> NoReturn:
    """NaN and Infinity are no JSON."""
    raise ValueError(text)
