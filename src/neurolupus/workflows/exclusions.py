"""Declared exclusions: tumour, arachnoid cyst, large infarct - what makes a volume unusable and no algorithm finds."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from neurolupus.errors import TableError
from neurolupus.io.delimited import read_tsv
from neurolupus.records.scan import Participant, ScanId

REASON_COLUMNS = ("exclude", "exclusion", "exclusion_reason", "declared_disease")
DISEASE_COLUMNS = {"tumour": "tumour", "tumor": "tumour", "arachnoid_cyst": "arachnoid cyst"}  # yes or no
_NOT_EXCLUDED = frozenset({"", "n/a", "na", "nan", "no", "n", "none", "false", "0", "0.0"})
_YES = frozenset({"yes", "y", "true", "1", "1.0"})
_EVERY_SESSION = frozenset({"", "n/a", "na", "nan"})


def reasons_of(text: str) -> tuple[str, ...]:
    """The reasons named in one cell; several are divided by semicolons.

    Examples
    --------
    >>> reasons_of("tumour; arachnoid cyst")
    ('tumour', 'arachnoid cyst')
    >>> reasons_of("n/a")
    ()
    >>> reasons_of("yes")
    ('declared without a reason',)
    """
    words = [word.strip() for word in text.split(";")]
    return tuple(
        "declared without a reason" if word.lower() in _YES else word
        for word in words
        if word.lower() not in _NOT_EXCLUDED
    )


def declared_by_participants(participants: Mapping[str, Participant]) -> dict[ScanId, tuple[str, ...]]:
    """What participants.tsv declares that makes volumes unusable; it holds for every session.

    Columns `exclude`, `exclusion`, `exclusion_reason` and `declared_disease` name reasons, several divided by
    semicolons; `tumour` (or `tumor`) and `arachnoid_cyst` say yes, true or 1.

    Raises
    ------
    TableError
        A cell of `tumour` or `arachnoid_cyst` is neither yes nor no; all such cells are told together.
    """
    declared, faults = {}, []
    for label, participant in participants.items():
        columns = {name.lower(): text.strip() for name, text in participant.other.items()}
        said = [(name, words, columns.get(name, "")) for name, words in DISEASE_COLUMNS.items()]
        faults += [
            f"    {label}: {name} is {text!r}." for name, _, text in said if text.lower() not in _YES | _NOT_EXCLUDED
        ]
        reasons = [words for _, words, text in said if text.lower() in _YES]
        reasons += [reason for name in REASON_COLUMNS for reason in reasons_of(columns.get(name, ""))]
        if reasons:
            declared[ScanId(label.removeprefix("sub-"))] = tuple(dict.fromkeys(reasons))
    if faults:
        heading = (
            f"participants.tsv has {len(faults)} cell(s) that are neither yes nor no; write yes, no or n/a. What kind "
            "of disease it is has a column of its own, declared_disease."
        )
        raise TableError("\n".join([heading, *faults]))
    return declared


def read_exclusions(path: Path) -> dict[ScanId, tuple[str, ...]]:
    """Reasons in a table with the columns participant_id, reason and, when they differ by session, session_id.

    Raises
    ------
    TableError
        A column is missing, or a row names no participant or no reason; all such rows are told together.
    """
    declared: dict[ScanId, tuple[str, ...]] = {}
    faults = []
    for number, row in enumerate(read_tsv(path, needed=("participant_id", "reason")), start=2):
        reasons = reasons_of(row["reason"])
        session = row.get("session_id", "n/a").removeprefix("ses-")
        label = row["participant_id"].removeprefix("sub-")
        if not label or not reasons:
            faults.append(f"    line {number}: participant {label!r}, reason {row['reason']!r}.")
            continue
        scan_id = ScanId(label, None if session.lower() in _EVERY_SESSION else session)
        declared[scan_id] = (*declared.get(scan_id, ()), *reasons)
    if faults:
        heading = f"{path} has {len(faults)} row(s) without a participant or a reason; give both, or leave the row out."
        raise TableError("\n".join([heading, *faults]))
    return declared


def check_exclusions(path: Path, declared: Mapping[ScanId, tuple[str, ...]], scans: Iterable[ScanId]) -> None:
    """Refuse a table that excludes who is not there: a label with a slip would leave its patient in.

    Raises
    ------
    TableError
        With each participant and session that is none of the data set's.
    """
    known = {key for scan in scans for key in (scan, ScanId(scan.participant_id))}
    absent = [one.stem for one in declared if one not in known]
    if absent:
        raise TableError(
            f"{path} excludes {', '.join(absent)}, which the data set does not hold; nobody was measured.\n"
            "    Write the labels as the folders have them (sub-01 is not sub-1), or leave those rows out."
        )


def exclusions_of(scan_id: ScanId, *declared: Mapping[ScanId, tuple[str, ...]]) -> tuple[str, ...]:
    """Every reason that holds for a scan, those of its participant included; each once."""
    participant = ScanId(scan_id.participant_id)
    found = [reason for table in declared for key in (participant, scan_id) for reason in table.get(key, ())]
    return tuple(dict.fromkeys(found))
