"""What the group page holds: light rows, so that thousands of scans need no image in memory.

Of a large data set the page shows a part, told as such: what needs a look comes first, and `volumes.tsv` has all.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from markupsafe import Markup

from neurolupus.records.measurement import Number
from neurolupus.records.scan import Participant, ScanId
from neurolupus.records.wmh_method import MODEL
from neurolupus.report import charts, wording
from neurolupus.report.content import as_number
from neurolupus.report.figures import data_uri
from neurolupus.report.methods import Methods, MethodsFacts, methods

STRIPS: tuple[tuple[str, str, bool], ...] = (  # column, unit, logarithmic
    ("tiv_ml", "ml", False),
    ("gm_ml", "ml", False),
    ("wm_ml", "ml", False),
    ("csf_ml", "ml", False),
    ("tbv_tiv", "", False),
    ("wmh_ml", "ml", True),
    ("wmh_count", "", False),
    ("qc_snr_wm", "", False),
    ("qc_cnr", "", False),
    ("qc_cjv", "", False),
    ("qc_efc", "", False),
    ("qc_registration_nmi", "", False),
)
Picture: TypeAlias = Callable[[], bytes]
"""Gives a PNG when it is shown."""

MOST_ROWS, MOST_TILES = 2000, 300  # a page of some 6 MB, which a browser shows in a second or two
TABLE_COLUMNS = ("tiv_ml", "gm_ml", "wm_ml", "csf_ml", "wmh_ml")


@dataclass(frozen=True, slots=True, eq=False)
class GroupRow:
    """One measured scan, as the group page needs it.

    Parameters
    ----------
    scan_id : ScanId
    participant : Participant or None
    measurements : mapping of str to number, word or None
        `MeasurementSet.row()`.
    warnings : tuple of str
    report_href : str
        Address of the scan report, relative to the group page.
    thumbnail, example : callable or None
        Give what `scan_thumbnail` and `scan_example` made.
    """

    scan_id: ScanId
    measurements: Mapping[str, Number]
    report_href: str
    participant: Participant | None = None
    warnings: tuple[str, ...] = ()
    thumbnail: Picture | None = None
    example: Picture | None = None

    @property
    def usable(self) -> bool:
        """False when the measurement marked the scan as not to be analysed."""
        return self.measurements.get("usable") not in (False, "false", "False", 0)

    def number(self, name: str) -> float | None:
        """A measurement as a number; None when unknown."""
        return as_number(self.measurements.get(name))


@dataclass(frozen=True, slots=True)
class FailedScan:
    """One scan that could not be measured, why, and where its log lies; empty where none was kept."""

    scan_id: ScanId
    reason: str
    log_href: str = ""


@dataclass(frozen=True, slots=True)
class TableCell:
    """One number of the table and the value it is sorted by."""

    text: str
    sort: str


@dataclass(frozen=True, slots=True)
class TableRow:
    """One scan in the table and in the mosaic."""

    key: str
    name: str
    href: str
    group: str
    sex: str
    age: TableCell
    cells: tuple[TableCell, ...]
    usable: bool
    reason: str
    warnings: tuple[str, ...]
    far_in: tuple[str, ...]
    thumbnail: str | None


@dataclass(frozen=True, slots=True)
class Example:
    """One patient of a group: FLAIR above WMH probability."""

    letter: str
    group: str
    words: str
    href: str
    uri: str


@dataclass(frozen=True, slots=True)
class GroupContent:
    """Everything the group page says."""

    title: str
    measured: int
    failed: tuple[FailedScan, ...]
    unusable: int
    warned: int
    not_shown: int
    failed_not_shown: int
    columns: tuple[str, ...]
    rows: tuple[TableRow, ...]
    tiles: tuple[TableRow, ...]
    strips: tuple[Markup, ...]
    examples: tuple[Example, ...]
    methods: Methods | None  # none where nothing was measured
    versions: tuple[str, ...] = field(default=())

    @property
    def failures(self) -> int:
        """How many scans could not be measured, shown or not."""
        return len(self.failed) + self.failed_not_shown


def _cell(value: float | None, digits: int) -> TableCell:
    return TableCell(wording.number_text(value, digits), "" if value is None else repr(value))


def _dots(rows: Sequence[GroupRow], name: str) -> list[charts.Dot]:
    values = [(row, row.number(name)) for row in rows]
    return [charts.Dot(row.scan_id.stem, row.scan_id.stem, v) for row, v in values if v is not None]


def _worth_showing(rows: Sequence[GroupRow], far: Mapping[str, Sequence[str]], most: int) -> Sequence[GroupRow]:
    """At most so many rows, in order: those that need a look before the others."""
    if len(rows) <= most:
        return rows

    def need(place: int) -> tuple[bool, bool, bool, int]:
        row = rows[place]
        return row.usable, not far[row.scan_id.stem], not row.warnings, place

    return [rows[place] for place in sorted(sorted(range(len(rows)), key=need)[:most])]


def _table_row(row: GroupRow, far_in: Sequence[str], *, pictured: bool) -> TableRow:
    person = row.participant
    reason = row.measurements.get("unusable_reason")
    return TableRow(
        key=row.scan_id.stem,
        name=row.scan_id.stem,
        href=safe_href(row.report_href),
        group=(person.group if person else None) or "",
        sex=(person.sex if person else None) or "",
        age=_cell(person.age_years if person else None, 0),
        cells=tuple(_cell(row.number(name), wording.decimals(name)) for name in TABLE_COLUMNS),
        usable=row.usable,
        reason="" if reason in (None, "n/a") else str(reason),
        warnings=tuple(wording.sentence(w) for w in row.warnings),
        far_in=tuple(far_in),
        thumbnail=data_uri(row.thumbnail()) if pictured and row.thumbnail else None,
    )


def safe_href(address: str) -> str:
    """A relative address, or nothing when it names a scheme or a host: no link of a page may run or fetch anything."""
    head = address.strip().split("/", 1)[0]
    return "" if ":" in head or address.strip().startswith(("//", "\\")) else address.strip()


def typical_example(rows: Sequence[GroupRow], group: str) -> GroupRow | None:
    """The usable scan of a group whose WMH volume is the (lower) median among those with an example picture."""
    members = [
        (volume, row.scan_id.stem, row)
        for row in rows
        if row.usable and row.example and row.participant is not None and row.participant.group == group
        for volume in [row.number("wmh_ml")]
        if volume is not None
    ]
    members.sort(key=lambda m: m[:2])
    return members[(len(members) - 1) // 2][2] if members else None


def _examples(rows: Sequence[GroupRow]) -> tuple[Example, ...]:
    groups = dict.fromkeys(row.participant.group for row in rows if row.participant and row.participant.group)
    found: list[Example] = []
    for group in groups:
        row = typical_example(rows, group)
        if row is None or row.example is None or row.participant is None:
            continue
        person = wording.person_text(row.participant).removeprefix(f"{group}, ")
        volume = wording.number_text(row.number("wmh_ml"), 2)
        words = f"{wording.sentence(person)} Total WMH volume: {volume} ml." if person != group else f"{volume} ml."
        found.append(Example(chr(97 + len(found)), group, words, safe_href(row.report_href), data_uri(row.example())))
    return tuple(found)


def _facts(rows: Sequence[GroupRow], versions: Sequence[str]) -> MethodsFacts:
    """What was done in these scans, of which there is at least one."""
    seen = [row.measurements for row in rows if row.number("wmh_ml") is not None]
    told = sorted({str(dim) for row in seen if (dim := row.get("flair_dim")) not in (None, "none")})
    return MethodsFacts(
        ", ".join(versions),
        has_flair=bool(seen),
        wmh_thresholds=tuple(sorted({t for row in rows if (t := row.number("wmh_threshold")) is not None})) or (0.2,),
        flair_dim=" or ".join(told) or None,
        wmh_methods=Counter(str(row.get("wmh_method") or MODEL) for row in seen) or {MODEL: 0},
        without_flair=len(rows) - len(seen),
    )


def group_content(
    rows: Sequence[GroupRow], failures: Sequence[FailedScan], title: str, facts: MethodsFacts | None
) -> GroupContent:
    """Everything the group page says of its scans."""
    far: dict[str, list[str]] = {row.scan_id.stem: [] for row in rows}
    strips = []
    for name, unit, log in STRIPS:
        dots = _dots(rows, name)
        if len({d.value for d in dots}) < 2:
            continue
        strips.append(charts.strip_plot(wording.LABELS[name], unit, dots, wording.decimals(name), log=log))
        for key in charts.outliers(dots, log=log):
            far[key].append(wording.LABELS[name])
    shown = _worth_showing(rows, far, MOST_ROWS)
    pictured = {row.scan_id.stem for row in _worth_showing(shown, far, MOST_TILES)}
    table = tuple(_table_row(row, far[row.scan_id.stem], pictured=row.scan_id.stem in pictured) for row in shown)
    versions = tuple(sorted({str(v) for row in rows if (v := row.measurements.get("version"))}))
    if facts is None and rows:
        facts = _facts(rows, versions)
    return GroupContent(
        title=title,
        measured=len(rows),
        failed=tuple(failures[:MOST_TILES]),
        unusable=sum(not row.usable for row in rows),
        warned=sum(bool(row.warnings) for row in rows),
        not_shown=len(rows) - len(table),
        failed_not_shown=max(0, len(failures) - MOST_TILES),
        columns=tuple(wording.SHORT_LABELS[name] for name in TABLE_COLUMNS),
        rows=table,
        tiles=tuple(row for row in table if row.key in pictured),
        strips=tuple(strips),
        examples=_examples(rows),
        methods=methods(facts) if facts else None,
        versions=versions,
    )
