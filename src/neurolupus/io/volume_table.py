"""VolumeTable: volumes of many scans in ml, whatever program measured them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from neurolupus.errors import TableError

TableKind = Literal["neurolupus", "cat12", "lst", "freesurfer"]
KINDS: tuple[TableKind, ...] = ("neurolupus", "cat12", "lst", "freesurfer")
Key = tuple[str, str | None]  # participant and session, without sub- and ses-


@dataclass(frozen=True, slots=True, eq=False)
class VolumeTable:
    """One row per scan.

    Parameters
    ----------
    name : str
        What to call it in a comparison: the file's name.
    kind : str
        The program it comes from.
    keys : tuple of (participant, session)
        Labels without `sub-` and `ses-`; session None without one.
    columns : mapping of name to (n,) float array
        In ml and by the names of `records.dictionary`, except those ending in `_count`; NaN is missing.
    has_keys : bool
        False when the file names no scans (a plain CAT12 table): keys are then row numbers, and only the order can
        match rows.
    versions : tuple of str
        Of the program, where the table tells it.
    definitions : mapping of column to text
        How a column was made from what the file holds, where the names differ.
    unusable : frozenset of (participant, session)
        Scans whose volumes must not be analysed, where the table tells it.

    Raises
    ------
    TableError
        A scan occurs twice.
    """

    name: str
    kind: TableKind
    keys: tuple[Key, ...]
    columns: Mapping[str, NDArray[np.float64]]
    has_keys: bool = True
    versions: tuple[str, ...] = ()
    definitions: Mapping[str, str] | None = None
    unusable: frozenset[Key] = frozenset()

    def __post_init__(self) -> None:
        twice = sorted({"_".join(filter(None, key)) for key in self.keys if self.keys.count(key) > 1})
        if twice:
            raise TableError(
                f"{self.name} has more than one row of {', '.join(twice[:10])}; one row per scan is needed.\n"
                "    Remove the rows that are not meant."
            )
        for column, values in self.columns.items():
            if values.shape != (len(self.keys),):
                raise ValueError(f"Column {column} has {values.shape[0]} values for {len(self.keys)} rows.")


def key_of(text: str) -> Key:
    """Participant and session in a file name or path; the last `sub-` and `ses-` count, else the name itself.

    Examples
    --------
    >>> key_of("/data/sub-01/ses-2/mri/ples_lpa_mrsub-01_ses-2_FLAIR.nii")
    ('01', '2')
    >>> key_of("bert")
    ('bert', None)
    """
    participants, sessions = re.findall(r"sub-([A-Za-z0-9]+)", text), re.findall(r"ses-([A-Za-z0-9]+)", text)
    if participants:
        return participants[-1], sessions[-1] if sessions else None
    name = re.split(r"[/\\]", text.rstrip("/\\"))[-1]
    return re.sub(r"\.(nii(\.gz)?|xml|mgz|stats)$", "", name) or text, None
