"""Provenance: from what, with what and when a result was made."""

from dataclasses import dataclass, field


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
