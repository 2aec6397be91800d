"""Fault: one thing wrong with a file; faults are gathered and reported together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from neurolupus.errors import ImageContentError, ImageError, ImageFileError


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with one file.

    Parameters
    ----------
    what : str
        What was seen and what is needed; no full stop.
    remedy : str
        What to do next; a sentence.
    unreadable : bool
        The file is no readable image, as opposed to an image that cannot be measured.
    """

    what: str
    remedy: str
    unreadable: bool = False


def fault_error(faults: Mapping[str, Sequence[Fault]]) -> ImageError | None:
    """One error that tells every fault of every file; None when there is none.

    Parameters
    ----------
    faults : mapping of file name to its faults

    Returns
    -------
    ImageFileError, ImageContentError or None
        ImageFileError when one of the faults makes a file unreadable.
    """
    found = [(name, fault) for name, several in faults.items() for fault in several]
    if not found:
        return None
    kind = ImageFileError if any(fault.unreadable for _, fault in found) else ImageContentError
    if len(found) == 1:
        name, fault = found[0]
        return kind(f"{name}: {fault.what}.\n    {fault.remedy}")
    files = [name for name, several in faults.items() if several]
    if len(files) == 1:
        lines = [f"    {fault.what}. {fault.remedy}" for _, fault in found]
        return kind("\n".join([f"{files[0]} has {len(found)} faults.", *lines]))
    lines = [f"    {name}: {fault.what}. {fault.remedy}" for name, fault in found]
    return kind("\n".join([f"{len(files)} files have {len(found)} faults.", *lines]))


def check_no_faults(faults: Mapping[str, Sequence[Fault]]) -> None:
    """Raise the error that tells every fault of every file; nothing happens when there is none."""
    error = fault_error(faults)
    if error is not None:
        raise error


def single_fault_error(path: Path, fault: Fault) -> ImageError:
    """The error that tells one fault of one file."""
    error = fault_error({str(path): [fault]})
    assert error is not None
    return error
