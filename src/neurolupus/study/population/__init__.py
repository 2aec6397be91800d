"""Who is analysed, and how it came to be them: the flow of patients and the population at its end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Reason:
    """Why patients left in one step; a patient for whom several hold is counted under the first.

    Attributes
    ----------
    label : str
    n : int
    expected : int or None
    """

    label: str
    n: int
    expected: int | None = None


@dataclass(frozen=True, slots=True)
class CountedStep:
    """One step of the selection.

    Attributes
    ----------
    label : str
    n_before, n_dropped, n_after : int or None
        None where the file declares no number and the table does not tell.
    reasons : tuple of Reason
    n_unknown : int
        Patients whose columns do not say; kept by `drop`, not kept by `keep`.
    is_counted : bool
        From the table; else as the file declares.
    expected_after : int or None
    """

    label: str
    n_before: int | None
    n_dropped: int | None
    n_after: int | None
    reasons: tuple[Reason, ...] = ()
    n_unknown: int = 0
    is_counted: bool = True
    expected_after: int | None = None

    @property
    def agrees(self) -> bool | None:
        """Whether what was counted is what the file expects; None where there is nothing to compare."""
        compared = [(one.n, one.expected) for one in self.reasons if one.expected is not None]
        if self.expected_after is not None and self.n_after is not None:
            compared.append((self.n_after, self.expected_after))
        if not self.is_counted or not compared:
            return None
        return all(n == expected for n, expected in compared)


@dataclass(frozen=True, slots=True)
class Flow:
    """From everybody who was screened to everybody who is analysed.

    Attributes
    ----------
    start : int or None
    start_label : str
    steps : tuple of CountedStep
    n : int
        Patients analysed.
    expected_n : int or None
    end_label : str
    notes : tuple of str
        What does not agree, and what is not known.
    """

    start: int | None
    start_label: str
    steps: tuple[CountedStep, ...]
    n: int
    expected_n: int | None = None
    end_label: str = ""
    notes: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether every number that can be compared is as the file expects."""
        is_end_right = self.expected_n is None or self.expected_n == self.n
        return is_end_right and all(step.agrees is not False for step in self.steps)


@dataclass(frozen=True, slots=True, eq=False)
class Population:
    """The patients who are analysed, with the values of everything the study names.

    Attributes
    ----------
    frame : DataFrame
        One row per patient, columns as `derive_fields` gives them; labelled 0, 1, ... in the order of the table.
    ids : (patients,) array of str
    rows : (patients,) int array
        Row of each patient in the table's file; the header is row 1.
    flow : Flow
    notes : tuple of str
        What a reader must know about the table and the flow.
    is_synthetic : bool
        Made-up patients.
    """

    frame: pd.DataFrame
    ids: NDArray[np.str_]
    rows: NDArray[np.int64]
    flow: Flow
    notes: tuple[str, ...] = ()
    is_synthetic: bool = False

    @property
    def n(self) -> int:
        """Patients who are analysed."""
        return len(self.frame)
