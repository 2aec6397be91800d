"""Every exception and warning of neurolupus.

::

    NeurolupusError                exit 1
    ├── UsageError                 exit 2   options that contradict one another, an output that exists
    ├── StudyFileError             exit 10  a study or published-numbers file with faults
    ├── TableError                 exit 11  a table that cannot be read or compared
    │   └── StatsError                      data that cannot be analysed as asked (one arm, no events)
    ├── KnowledgeError             exit 13  a knowledge base with faults: no advice is given from it
    ├── PatientFileError           exit 14  a patient's record with faults: no advice is given on it
    ├── StoreError                 exit 15  a store that cannot be opened or written, or knows no such row
    │   ├── NotKept                         no such row is kept: a patient, a scan, a study
    │   └── Conflict                        an edit of something that was changed meanwhile; nothing is overwritten
    ├── DicomError                 exit 16  a DICOM file or series that cannot be used
    ├── PacsError                  exit 17  an image archive that does not answer, refuses, or lost something
    └── ImageError                 exit 12  anything wrong with a scan
        ├── ImageFileError                  a file that is no readable NIfTI image
        ├── ImageContentError               an image that cannot be measured (empty, 4D, five slices, CT)
        ├── GridMismatchError               two images that should lie on one grid and do not
        ├── PairingError                    a T1w or FLAIR that is missing, or one too many
        └── MethodError                     a hyperintensity method of the user's own that failed

    NeurolupusWarning
    ├── ScanWarning                something a reader of the volumes must know
    └── StudyWarning               something a reader of a study's results must know

A message has four parts: what is wrong with the value seen; what is needed; where; what to do next.
"""

from typing import ClassVar


def lacks_extra(what: str, needed: str | None, extra: str) -> str:
    """What to say where a library is not installed that stands in an extra.

    Examples
    --------
    >>> print(lacks_extra("db", "alembic", "web"))
    db needs alembic, part of the extra web.
        Install it: pip install 'neurolupus[web]'
    """
    return f"{what} needs {needed}, part of the extra {extra}.\n    Install it: pip install 'neurolupus[{extra}]'"


class NeurolupusError(Exception):
    """The root of all errors raised on purpose; `exit_code` is what the command line returns."""

    exit_code: ClassVar[int] = 1


class UsageError(NeurolupusError):
    """Options that contradict one another, or an output that would be overwritten."""

    exit_code = 2


class StudyFileError(NeurolupusError):
    """A study file, or a file of published numbers, with faults; all of them are told at once."""

    exit_code = 10


class TableError(NeurolupusError):
    """A table that cannot be read, or tables that must not be mixed."""

    exit_code = 11


class StatsError(TableError):
    """Data that cannot be analysed as asked: one arm, no events, a constant or missing column."""


class KnowledgeError(NeurolupusError):
    """A knowledge base with faults; all of them are told, and no advice is given from it."""

    exit_code = 13


class PatientFileError(NeurolupusError):
    """A patient's record with faults; all of them are told, and no advice is given on it.

    Attributes
    ----------
    faults : tuple of str
        Each without a full stop; empty where the file as a whole cannot be read.
    placed : tuple of (place, str)
        The same faults: the keys and list positions that lead to the value from the part or record that was read, and
        what is wrong.
    """

    exit_code = 14

    def __init__(
        self,
        message: str,
        faults: tuple[str, ...] = (),
        *,
        placed: tuple[tuple[tuple[str | int, ...], str], ...] = (),
    ) -> None:
        super().__init__(message)
        self.faults, self.placed = faults, placed


class StoreError(NeurolupusError):
    """A store that cannot be opened or written, or that knows no such row."""

    exit_code = 15


class NotKept(StoreError):  # noqa: N818 - said of what was looked for
    """No such row is kept: a patient, a scan, a study."""


class Conflict(StoreError):  # noqa: N818 - what it is called wherever rows are kept
    """An edit of something that was changed meanwhile; nothing is overwritten."""


class DicomError(NeurolupusError):
    """A DICOM file or series that cannot be used, and why."""

    exit_code = 16


class PacsError(NeurolupusError):
    """An image archive that does not answer, refuses, or did not send or keep everything."""

    exit_code = 17


class ImageError(NeurolupusError):
    """Anything wrong with a scan."""

    exit_code = 12


class ImageFileError(ImageError):
    """A file that is no readable NIfTI image."""


class ImageContentError(ImageError):
    """An image that was read and cannot be measured."""


class GridMismatchError(ImageError):
    """Two images that should lie on one grid and do not."""


class PairingError(ImageError):
    """A T1w or FLAIR that is missing, or more of them than can be told apart."""


class MethodError(ImageError):
    """A hyperintensity method of the user's own that lacks something, crashed, took too long or gave no usable map."""


class NeurolupusWarning(UserWarning):
    """The root of all warnings given on purpose."""


class ScanWarning(NeurolupusWarning):
    """Something a reader of the volumes must know."""


class StudyWarning(NeurolupusWarning):
    """Something a reader of a study's results must know."""
