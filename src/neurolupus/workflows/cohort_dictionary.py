"""neurolupus cohort dictionary: the fields of a patient's record -> a REDCap data dictionary."""

from __future__ import annotations

from pathlib import Path

from neurolupus.errors import UsageError
from neurolupus.io.atomic import write_text
from neurolupus.io.redcap_dictionary import redcap_dictionary, repeating_forms


def write_dictionary(out: Path, *, overwrite: bool = False) -> tuple[str, ...]:
    """Write the dictionary; the instruments that must repeat come back.

    Raises
    ------
    UsageError
        The file exists.
    """
    if out.exists() and not overwrite:
        raise UsageError(f"{out} exists.\n    Give --overwrite, or another name.")
    write_text(out, redcap_dictionary())
    return repeating_forms()
