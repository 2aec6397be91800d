"""The provenance of a result made on this machine now."""

import sys
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime

from neurolupus import __version__
from neurolupus.records.measured import Settings
from neurolupus.records.provenance import Provenance, versions_of

PACKAGES = ("numpy", "scipy", "nibabel", "simpleitk", "onnxruntime", "pillow")


def package_versions() -> dict[str, str]:
    """Name to version of what computes, Python included."""
    return {"python": ".".join(str(part) for part in sys.version_info[:3]), **versions_of(PACKAGES)}


def peak_memory_mb() -> float | None:
    """The most memory this process has held, in MiB; None where the system does not tell."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1024**2 if sys.platform == "darwin" else 1024), 1)


def now() -> str:
    """The time in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def make_provenance(
    input_sha256: Mapping[str, str],
    settings: Settings,
    seconds: Mapping[str, float],
    *,
    started: str,
    more: Mapping[str, object] | None = None,
) -> Provenance:
    """What a scan was measured from (name to SHA-256) and with, and when that began; `more` joins the settings."""
    return Provenance(
        version=__version__,
        input_sha256=dict(input_sha256),
        settings={**asdict(settings), **(more or {})},
        packages=package_versions(),
        seconds=dict(seconds),
        started=started,
        peak_memory_mb=peak_memory_mb(),
    )
