"""A document -> Published: every fault of a file of published numbers at once, with its line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from neurolupus.records.document import Document, LineFault, Place, study_file_error
from neurolupus.records.words import suggestion
from neurolupus.study.audit.cells import Cell, EffectCell, parse_cell, parse_effect
from neurolupus.study.audit.limits import check_limits
from neurolupus.study.audit.printed import NotPrinted, PrintedP, parse_p
from neurolupus.study.audit.published import Published, PublishedEffects, PublishedRow, PublishedTable
from neurolupus.study.audit.references import check_claims
from neurolupus.study.audit.schema import Effects, Paper, PublishedFile, Row, StatedTests, Table
from neurolupus.study.audit.schema_claims import CLAIM_TYPES, Sum
from neurolupus.study.parse.reader import Reader, Unreadable, shown

BAR = "|"


def parse_published(document: Document) -> Published:
    """The published numbers that a document states.

    Raises
    ------
    StudyFileError
        With every fault and its line: unknown keys (with the nearest one that is known), cells that have none of the
        forms, rows with too few cells, claims that name what is not there.
    """
    if not isinstance(document.data, dict):
        what = f"the file holds {shown(document.data)}; sections such as paper:, tables:, effects:, claims: are needed"
        raise study_file_error(document.source, [LineFault(1, what)])
    reader = Reader(document, {(Sum, "parts"): _parts})
    file = _file(reader)
    published = _settled(file, reader)
    if not reader.broken:
        unknown = check_claims(published)
        reader.faults += unknown or list(check_limits(published))
    if reader.faults:
        raise study_file_error(document.source, reader.faults)
    return published


def _file(reader: Reader) -> PublishedFile:
    data = reader.document.data
    for key in data:
        if key not in _SECTIONS:
            reader.fault((key,), f"{key!r} is not a section of a file of published numbers{suggestion(key, _SECTIONS)}")
    parts: dict[str, Any] = {}
    for key, read in _SECTIONS.items():
        if data.get(key) is None:
            continue
        try:
            parts[key] = read(reader, data[key], (key,))
        except Unreadable:
            reader.broken.add(key)
    if "paper" not in data:
        reader.fault((), "the section paper: is missing; add paper: {id: ..., title: ...}")
    if not parts.get("tables") and not parts.get("effects") and not parts.get("claims") and not reader.faults:
        reader.fault((), "there are no tables:, effects: or claims:; nothing can be checked")
    return PublishedFile(paper=parts.pop("paper", None) or Paper("", ""), source=reader.document.source, **parts)


def _parts(reader: Reader, data: Any, place: Place) -> dict[str, str]:
    """Numbers of a sum, with or without names."""
    if isinstance(data, list):
        return {str(number + 1): reader.value(str, one, (*place, number)) for number, one in enumerate(data)}
    return dict(reader.value(dict[str, str], data, place))


_SECTIONS: dict[str, Callable[[Reader, Any, Place], Any]] = {
    "paper": lambda reader, data, place: reader.record(Paper, data, place),
    "tests": lambda reader, data, place: reader.record(StatedTests, data, place),
    "tables": lambda reader, data, place: reader.named(Table, data, place),
    "effects": lambda reader, data, place: reader.named(Effects, data, place),
    "claims": lambda reader, data, place: reader.named(CLAIM_TYPES, data, place),
}


def _settled(file: PublishedFile, reader: Reader) -> Published:
    tables = {name: _table(table, file.tests, reader) for name, table in file.tables.items()}
    effects = {name: _effects(one, reader) for name, one in file.effects.items()}
    for name in file.effects.keys() & file.tables.keys():
        reader.faults.append(LineFault(file.effects[name].line, f"{name!r} is a table and an effect; give two names"))
    return Published(file.source, file.paper, tables, effects, file.claims)


def _table(table: Table, tests: StatedTests, reader: Reader) -> PublishedTable:
    arms, sizes = tuple(table.arms), tuple(table.arms.values())
    if not arms or min(sizes) < 1:
        reader.faults.append(LineFault(table.line, f"tables.{table.name}.arms: each arm needs a name and 1 or more"))
    rows = {}
    for name, row in table.rows.items():
        try:
            rows[name] = _row(row, sizes)
        except NotPrinted as fault:
            reader.faults.append(LineFault(row.line, f"tables.{table.name}.rows.{name}: {fault}"))
            reader.broken.add(name)
    return PublishedTable(table.name, table.title or table.name, arms, sizes, rows, table.tests or tests, table)


def _row(row: Row, sizes: tuple[int, ...]) -> PublishedRow:
    texts = [one.strip() for one in (row.read_as or row.values).split(BAR)]
    if len(texts) not in (len(sizes), len(sizes) + 1):
        raise NotPrinted(
            f"{len(texts)} entries for {len(sizes)} arms; one cell for each, then the p-value, parted by {BAR}"
        )
    cells = tuple(parse_cell(text, row.kind) for text in texts[: len(sizes)])
    kinds = {type(cell) for cell in cells if cell is not None}
    if len(kinds) > 1:
        raise NotPrinted(f"{row.values!r} mixes kinds of cells")
    p_value = _p_value(texts[len(sizes) :])
    own = _own_sizes(row, sizes, cells)
    return PublishedRow(row.name, cells, p_value, own or sizes, own is not None, row)


def _p_value(texts: list[str]) -> PrintedP | None:
    return parse_p(texts[0]) if texts and texts[0] not in ("", "-") else None


def _own_sizes(row: Row, sizes: tuple[int, ...], cells: tuple[Cell | None, ...]) -> tuple[int, ...] | None:
    """The denominators a row states, in `n:` or in its cells."""
    if row.n:
        texts = [one.strip() for one in row.n.split(BAR)]
        if len(texts) != len(sizes) or not all(one.isdigit() and int(one) > 0 for one in texts):
            raise NotPrinted(f"n is {row.n!r}; a whole number for each of {len(sizes)} arms is needed, parted by {BAR}")
        own = tuple(int(one) for one in texts)
    elif any(getattr(cell, "n", None) for cell in cells):
        own = tuple(getattr(cell, "n", None) or size for cell, size in zip(cells, sizes, strict=True))
    else:
        own = None
    for cell, size in zip(cells, own or sizes, strict=True):
        if (getattr(cell, "count", None) or 0) > size:
            raise NotPrinted(f"{cell.text!r} counts more than the {size} of its arm")  # type: ignore[union-attr]
    return own


def _effects(effects: Effects, reader: Reader) -> PublishedEffects:
    cells = {}
    for name, row in effects.rows.items():
        try:
            cells[name] = _effect(row.values, effects)
        except NotPrinted as fault:
            reader.faults.append(LineFault(row.line, f"effects.{effects.name}.rows.{name}: {fault}"))
            reader.broken.add(name)
    if not 0.5 <= effects.level < 1:
        what = f"effects.{effects.name}.level is {effects.level:g}; a share from 0.5 to below 1 is needed: 0.95"
        reader.faults.append(LineFault(effects.line, what))
    return PublishedEffects(effects.name, effects.title or effects.name, cells, effects)


def _effect(text: str, effects: Effects) -> EffectCell:
    value, _, p_text = (one.strip() for one in text.partition(BAR))
    cell = parse_effect(value, p_text or None)
    if effects.is_ratio and min(cell.value.value, cell.low.value) < 0:
        raise NotPrinted(f"{value!r} is negative; a {effects.scale.replace('_', ' ')} is not (is it on the log scale?)")
    return cell
