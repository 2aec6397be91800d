"""What a path names and the store does not keep: 404, and not the fault of what was sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from fastapi import HTTPException

from neurolupus.errors import StoreError, UsageError

Found = TypeVar("Found")


def or_404(look: Callable[[], Found]) -> Found:
    """What is looked for.

    Raises
    ------
    HTTPException
        404: it is not kept.
    """
    try:
        return look()
    except (StoreError, UsageError) as error:
        raise HTTPException(404, str(error)) from None
