"""StudyTable: a cohort's table as it was read, one row per patient, nothing converted yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pandas import DataFrame

SYNTHETIC = "synthetic"  # column of made-up cohorts: 1 in every row
_YES = ("1", "1.0", "true", "True", "TRUE", "yes")


@dataclass(frozen=True, slots=True, eq=False)
class StudyTable:
    """A table as it was read.

    Attributes
    ----------
    name : str
        Of the file, for messages and provenance.
    frame : DataFrame
        Text as it stands in the cells, without spaces around it; numbers, dates and booleans where the format stores
        such. Row labels are the rows of the file as a spreadsheet counts them: the header is row 1.
    sha256 : tuple of (name, hash)
        Of every file the table came from.
    notes : tuple of str
        What a reader must know about how it was read: encoding guessed, rows joined and not joined.
    """

    name: str
    frame: DataFrame
    sha256: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_synthetic(self) -> bool:
        """Whether the patients are made up, by the column `synthetic`; one such row makes the whole table so."""
        if SYNTHETIC not in self.frame:
            return False
        return bool(self.frame[SYNTHETIC].astype(str).isin(_YES).any())
