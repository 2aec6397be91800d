"""Published numbers, read: tables with their cells, effects with their limits, claims with what they name."""

from __future__ import annotations

from dataclasses import dataclass

from neurolupus.study.audit.cells import Cell, EffectCell
from neurolupus.study.audit.printed import PrintedP
from neurolupus.study.audit.schema import Effects, Paper, Row, StatedTests, Table
from neurolupus.study.audit.schema_claims import Claim


@dataclass(frozen=True, slots=True)
class PublishedRow:
    """One row of a table; `sizes` are its arms' denominators, `own_sizes` tells that the row states them."""

    name: str
    cells: tuple[Cell | None, ...]
    p_value: PrintedP | None
    sizes: tuple[int, ...]
    own_sizes: bool
    written: Row

    @property
    def line(self) -> int:
        """In the file."""
        return self.written.line

    @property
    def text(self) -> str:
        """Its cells as printed."""
        return " vs ".join("–" if cell is None else cell.text for cell in self.cells)


@dataclass(frozen=True, slots=True)
class PublishedTable:
    """A table with the tests that hold for it."""

    name: str
    title: str
    arms: tuple[str, ...]
    sizes: tuple[int, ...]
    rows: dict[str, PublishedRow]
    tests: StatedTests
    written: Table


@dataclass(frozen=True, slots=True)
class PublishedEffects:
    """Estimates with limits; the cells by row."""

    name: str
    title: str
    cells: dict[str, EffectCell]
    written: Effects


@dataclass(frozen=True, slots=True)
class Published:
    """A file of published numbers without faults."""

    source: str
    paper: Paper
    tables: dict[str, PublishedTable]
    effects: dict[str, PublishedEffects]
    claims: dict[str, Claim]
