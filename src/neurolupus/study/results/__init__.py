"""What a study comes to: sections of tables and figures in the paper's order, and every number at full precision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from neurolupus.study.results.figures import Figure
from neurolupus.study.results.members import Members

Value = float | int | str | None
Kind = Literal["text", "number"]


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table: what is printed, and the value it was printed from.

    Attributes
    ----------
    text : str
        As the reader sees it.
    value : float, int, str or None
        Unrounded; None where the text is all there is.
    strong : bool
        Set in bold: a p-value below 0.05, an |SMD| above the limit.
    """

    text: str
    value: Value = None
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its heading and whether its cells are set as numbers; `span` is a heading over several columns."""

    title: str
    kind: Kind = "number"
    span: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One row; `indent` 1 for a level of the variable above, `is_heading` for a line that names a block of rows."""

    cells: tuple[Cell, ...]
    indent: int = 0
    is_heading: bool = False


@dataclass(frozen=True, slots=True)
class ResultTable:
    """A table as a paper prints it, with the notes under it.

    Raises
    ------
    ValueError
        A row that is no heading has more or fewer cells than there are columns.
    """

    id: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row.cells) != (1 if row.is_heading else len(self.columns)):
                raise ValueError(f"Table {self.id}: {len(row.cells)} cells for {len(self.columns)} columns.")


@dataclass(frozen=True, slots=True)
class ResultNumber:
    """One number, as exact as it was computed, and how it was made.

    Attributes
    ----------
    id : str
        Path of the number, parts joined by points: `t3.matched.it.hazard_ratio`.
    value : float or None
        None where it could not be estimated; `notes` say why.
    scale : str
        `ratio`, `log`, `probability`, `count`, or the unit of the variable.
    method : str
        In words.
    n, n_dropped : int
        Patients that entered, and patients of the cohort left out (missing values).
    """

    id: str
    value: float | None
    scale: str
    method: str
    n: int
    n_dropped: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Caution:
    """A sentence that a reader of the results must know, and the part of the study it belongs to."""

    where: str
    text: str


@dataclass(frozen=True, slots=True)
class MethodsPart:
    """A sentence of the methods paragraph and the keys of the papers it cites."""

    text: str
    citations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StrobeItem:
    """One item of the STROBE statement and where it is answered; `where` empty when it is left to the authors."""

    number: str
    topic: str
    where: str


@dataclass(frozen=True, slots=True)
class Highlight:
    """A figure to see first: `386`, `patients analysed`."""

    value: str
    label: str


Block = str | ResultTable | Figure


@dataclass(frozen=True, slots=True)
class ResultSection:
    """One part of the paper: sentences, tables and figures in the order they are read."""

    id: str
    title: str
    blocks: tuple[Block, ...]

    @property
    def tables(self) -> tuple[ResultTable, ...]:
        """Its tables, in order."""
        return tuple(block for block in self.blocks if isinstance(block, ResultTable))

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Its figures, in order."""
        return tuple(block for block in self.blocks if not isinstance(block, (str, ResultTable)))


@dataclass(frozen=True, slots=True)
class StudyResults:
    """Everything that one study comes to.

    Attributes
    ----------
    study_id, title : str
    n_screened : int or None
        Where the flow begins; None where the file declares no number.
    n : int
        Patients analysed.
    seed : int
        Of everything random.
    is_synthetic : bool
        The table was simulated: every output says so.
    members : tuple of Members
        The patients of each cohort; written only where the patients themselves are kept.
    """

    study_id: str
    title: str
    n_screened: int | None
    n: int
    seed: int
    is_synthetic: bool
    sections: tuple[ResultSection, ...]
    numbers: tuple[ResultNumber, ...]
    warnings: tuple[Caution, ...]
    methods: tuple[MethodsPart, ...]
    strobe: tuple[StrobeItem, ...] = ()
    highlights: tuple[Highlight, ...] = ()
    members: tuple[Members, ...] = ()

    @property
    def tables(self) -> tuple[ResultTable, ...]:
        """Every table, in the paper's order."""
        return tuple(table for section in self.sections for table in section.tables)

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Every figure, in the paper's order."""
        return tuple(figure for section in self.sections for figure in section.figures)

    def number(self, id: str) -> ResultNumber:  # noqa: A002 - the field's name
        """The number of this path.

        Raises
        ------
        KeyError
            There is none; the message names the nearest.
        """
        for number in self.numbers:
            if number.id == id:
                return number
        from difflib import get_close_matches

        near = get_close_matches(id, [number.id for number in self.numbers], n=3)
        raise KeyError(f"No number {id!r}; near it lie {', '.join(near) or 'none'}.")
