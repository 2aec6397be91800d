"""Provenance: from what, with what and when a result was made."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, version


@dataclass(frozen=True, slots=True)
class Provenance:
    """How one result was made.

    `seconds` and `started` live here and nowhere else, so that the same input gives the same bytes in every other file.
    """

    version: str
    input_sha256: dict[str, str]
    settings: dict[str, object]
    packages: dict[str, str]
    seconds: dict[str, float] = field(default_factory=dict)
    started: str = ""
    peak_memory_mb: float | None = None


def versions_of(packages: Iterable[str]) -> dict[str, str]:
    """Name to version of those that are installed."""
    return {name: found for name in packages if (found := _version(name))}


@cache
def _version(package: str) -> str:
    """A package's version, empty where it is not installed; looking it up takes milliseconds, and none changes."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
