"""A raw BIDS data set that scans are added to: what is there already is never changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from neurolupus.errors import UsageError
from neurolupus.io.atomic import TEMPORARY_PREFIX, replacing, write_json, write_text
from neurolupus.io.dataset import BIDS_VERSION, scan_folder
from neurolupus.io.delimited import MISSING, cell_text, read_tsv, table_text
from neurolupus.records.measurement import Number
from neurolupus.records.scan import ScanId

DESCRIPTION = "dataset_description.json"
OLDEST_TOLD_YEARS = 89
README = """MRI of the brain, T1w and FLAIR, imported from DICOM by neurolupus.

Participants have pseudonyms; who is who is told by a linking key that is not in this folder. Dates, where there are
any, lie in the 19th century on purpose: each participant's were moved by one number of days, so that the time between
two sessions of a participant is right and nothing else is.

code/import.tsv tells of every series that was found: taken, passed over or failed, and why.
"""
PARTICIPANT_COLUMNS: Mapping[str, Mapping[str, object]] = {
    "participant_id": {"Description": "Pseudonym of the participant"},
    "age": {
        "Description": f"Age at the first session that was imported; {OLDEST_TOLD_YEARS} means {OLDEST_TOLD_YEARS} "
        "or older",
        "Units": "year",
    },
    "sex": {"Description": "Sex as the scanner was told", "Levels": {"F": "female", "M": "male", "O": "other"}},
}
SESSION_COLUMNS: Mapping[str, Mapping[str, object]] = {
    "session_id": {"Description": "Session: one study of the scanner"},
    "acq_time": {"Description": "Day of the session, moved by a secret number of days that each participant has"},
    "age": {
        "Description": f"Age at the session; {OLDEST_TOLD_YEARS} means {OLDEST_TOLD_YEARS} or older",
        "Units": "year",
    },
}


@dataclass(frozen=True, slots=True)
class ScannedPerson:
    """What the tables of a data set say of a participant and a session; None is unknown.

    Attributes
    ----------
    scan_id : ScanId
        With a session.
    age_years : int or None
        At this session; above 89 it is written as 89.
    sex : F, M, O or None
    acq_time : str
        The day, already moved: `1873-05-02T00:00:00`; empty when it is not told.
    """

    scan_id: ScanId
    age_years: int | None = None
    sex: str | None = None
    acq_time: str = ""

    @property
    def told_age(self) -> int | None:
        """The age as it is written."""
        return None if self.age_years is None else min(self.age_years, OLDEST_TOLD_YEARS)


def check_dataset(root: Path) -> None:
    """Raise UsageError where a folder can be no raw BIDS data set: it holds other things, or results."""
    path = root / DESCRIPTION
    if path.is_file():
        _check_raw(path)
    elif root.exists() and (not root.is_dir() or any(not entry.name.startswith(".") for entry in root.iterdir())):
        raise UsageError(
            f"{root} holds files and no {DESCRIPTION}; a BIDS data set or an empty folder is needed.\n"
            "    Name a new folder."
        )


def prepare_dataset(root: Path, *, version: str, converter: str) -> None:
    """Make a folder a raw BIDS data set; one that is there is left as it is.

    Raises
    ------
    UsageError
        As `check_dataset`.
    """
    check_dataset(root)
    path = root / DESCRIPTION
    if path.is_file():
        return
    makers = [{"Name": "neurolupus", "Version": version}]
    makers += [{"Name": "dcm2niix", "Version": converter}] if converter else []
    if not (root / "README").exists():
        write_text(root / "README", README)
    told = {"Name": "MRI imported from DICOM", "BIDSVersion": BIDS_VERSION, "DatasetType": "raw", "GeneratedBy": makers}
    write_json(path, told)


def _check_raw(path: Path) -> None:
    try:
        described = json.loads(path.read_text(encoding="utf-8-sig"))
        kind = described.get("DatasetType", "raw")
    except (OSError, ValueError, AttributeError) as error:
        raise UsageError(f"{path} is no JSON object; a BIDS data set is needed.\n    Correct it.") from error
    if kind != "raw":
        raise UsageError(
            f"{path.parent} is a data set of results (DatasetType {kind!r}); raw scans belong elsewhere.\n"
            "    Name another folder."
        )


def labels_in(root: Path) -> set[str]:
    """The labels of all participants that a data set has a folder or a row for, without `sub-`."""
    found = {path.name.removeprefix("sub-") for path in root.glob("sub-*") if path.is_dir()}
    table = root / "participants.tsv"
    if table.is_file():
        found |= {row["participant_id"].removeprefix("sub-") for row in read_tsv(table, needed=("participant_id",))}
    return found


def image_path(root: Path, scan_id: ScanId, suffix: str) -> Path:
    """Where an image lies: `sub-01/ses-1/anat/sub-01_ses-1_T1w.nii.gz`."""
    return scan_folder(root, scan_id) / f"{scan_id.stem}_{suffix}.nii.gz"


def write_image(path: Path, nifti_gz: bytes, sidecar: Mapping[str, object]) -> None:
    """Write an image and its sidecar; the image comes last, so that one that is there is whole.

    Raises
    ------
    UsageError
        The image exists.
    """
    if path.exists():
        raise UsageError(f"{path.name} exists; it is not replaced.\n    Remove it, or give the session another label.")
    write_json(path.with_name(path.name.removesuffix(".nii.gz") + ".json"), dict(sidecar))
    with replacing(path) as stream:
        stream.write(nifti_gz)


def clear_leftovers(*folders: Path) -> None:
    """Remove what a killed import was writing; only for who alone writes there."""
    for folder in folders:
        for path in folder.glob(f"{TEMPORARY_PREFIX}*"):
            path.unlink(missing_ok=True)


class PeopleTables:
    """participants.tsv and the sessions of each participant: rows are added, those that are there stay as they are."""

    def __init__(self, root: Path) -> None:
        self._root = root
        path = root / "participants.tsv"
        self._known = (
            {row["participant_id"] for row in read_tsv(path, needed=("participant_id",))} if path.is_file() else set()
        )

    def add(self, person: ScannedPerson) -> None:
        """Add a participant and a session where they are not told yet."""
        name = f"sub-{person.scan_id.participant_id}"
        if name not in self._known:
            row: dict[str, Number] = {"participant_id": name, "age": person.told_age, "sex": person.sex}
            _add_row(self._root / "participants.tsv", row, PARTICIPANT_COLUMNS)
            self._known.add(name)
        session = f"ses-{person.scan_id.session_id}"
        path = self._root / name / f"{name}_sessions.tsv"
        told = read_tsv(path, needed=("session_id",)) if path.is_file() else []
        if session not in {one["session_id"] for one in told}:
            row = {"session_id": session, "acq_time": person.acq_time or None, "age": person.told_age}
            _add_row(path, row, SESSION_COLUMNS)


def _add_row(path: Path, row: Mapping[str, Number], columns: Mapping[str, Mapping[str, object]]) -> None:
    """Append a row to a table; its own columns and the text of its other rows are kept."""
    if not path.is_file():
        write_json(path.with_suffix(".json"), dict(columns))
        write_text(path, table_text(list(columns), [row]))
        return
    text = path.read_text(encoding="utf-8-sig")
    names = text.partition("\n")[0].rstrip("\r").split("\t")
    cells = [cell_text(row[name]) if name in row else MISSING for name in (one.strip() for one in names)]
    write_text(path, text.rstrip("\r\n") + "\n" + "\t".join(cells) + "\n")
