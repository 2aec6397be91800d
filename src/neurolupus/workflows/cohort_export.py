"""neurolupus cohort export: patients' records, scores, consensus, exclusions and volumes -> one study table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from neurolupus.errors import PatientFileError, UsageError
from neurolupus.guidelines.study_row import Cell, study_row
from neurolupus.io.delimited import read_tsv, write_tsv
from neurolupus.io.patient_file import read_patient
from neurolupus.records.clinical import PatientRecord

SUFFIXES = (".yaml", ".yml", ".json")
VOLUME_COLUMNS = {"wm": "wm_ml", "gm": "gm_ml", "csf": "csf_ml", "tbv": "tbv_ml", "tiv": "tiv_ml", "wmh": "wmh_ml"}
EXCLUSIONS = {  # the flow of the MRI paper, by a word of the reason
    "motion_artifact": "motion",
    "infarct_gt_15mm": "infarct",
    "brain_tumour": "tumour",
    "arachnoid_cyst": "arachnoid cyst",
}
_UNKNOWN = ("", "n/a", "NA", "nan")


@dataclass(frozen=True, slots=True)
class CohortExport:
    """What was exported.

    Attributes
    ----------
    table : Path
    n : int
        Patients.
    without_volumes : tuple of str
        Patients whom the table of volumes does not hold.
    excluded : tuple of str
        Patients whose scan is not usable: their volumes are left empty and `scan_excluded` says why.
    several : tuple of str
        Patients with several sessions, of which the first was taken.
    """

    table: Path
    n: int
    without_volumes: tuple[str, ...]
    excluded: tuple[str, ...]
    several: tuple[str, ...] = ()

    def summary(self) -> dict[str, object]:
        """JSON of the export."""
        return {
            "table": str(self.table),
            "n": self.n,
            "without_volumes": list(self.without_volumes),
            "scan_excluded": list(self.excluded),
            "several_sessions": list(self.several),
        }


def export_cohort(records: Path, table: Path, *, volumes: Path | None = None, overwrite: bool = False) -> CohortExport:
    """Write one row per patient.

    Parameters
    ----------
    records : Path
        A folder of patients' records, one file each.
    table : Path
        `.csv` or `.tsv`.
    volumes : Path or None
        `volumes.tsv` of `neurolupus measure`; rows are joined by `participant_id`, the first session of each.

    Raises
    ------
    PatientFileError
        A record has faults, no id or another's; all are told together, and nothing is written.
    TableError
        The volumes cannot be read.
    UsageError
        The table exists.
    """
    if table.exists() and not overwrite:
        raise UsageError(f"{table} exists.\n    Give --overwrite, or another name.")
    found = _records(records)
    scans, more = _volumes(volumes) if volumes is not None else ({}, set())
    rows: list[dict[str, Cell]] = []
    without, excluded = [], []
    for name in sorted(found):
        row: dict[str, Cell] = {"patient": name, **study_row(found[name])}
        scan = scans.get(name.removeprefix("sub-"))
        row.update(scan_cells(scan, row))
        if scan is not None and row["scan_excluded"]:
            excluded.append(name)
        elif scan is None and volumes is not None:
            without.append(name)
        rows.append(row)
    columns = list(rows[0])
    write_tsv(table, columns, rows)
    several = tuple(name for name in sorted(found) if name.removeprefix("sub-") in more)
    return CohortExport(table, len(rows), tuple(without), tuple(excluded), several)


def _records(folder: Path) -> dict[str, PatientRecord]:
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder; a folder of patients' records (.yaml, .json) is needed.")
    paths = sorted(
        path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and not path.name.startswith(".")
    )
    if not paths:
        raise UsageError(f"{folder} holds no record; one .yaml or .json file for each patient is needed.")
    found: dict[str, PatientRecord] = {}
    faults: list[str] = []
    for path in paths:
        try:
            record = read_patient(path)
        except PatientFileError as error:
            faults.append(str(error))
            continue
        if record.id is None:
            faults.append(f"{path.name} has no id; each patient of a cohort needs one.")
        elif record.id in found:
            faults.append(f"{path.name} has the id of another record; ids are unique.")
        else:
            found[record.id] = record
    if faults:
        raise PatientFileError("\n".join(faults), tuple(faults))
    return found


def _volumes(path: Path) -> tuple[dict[str, Mapping[str, str]], set[str]]:
    """The first row of each participant, and who has more than one."""
    scans: dict[str, Mapping[str, str]] = {}
    more: set[str] = set()
    for row in read_tsv(path, needed=("participant_id",)):
        name = row["participant_id"].removeprefix("sub-")
        if name in scans:
            more.add(name)
        else:
            scans[name] = row
    return scans, more


def scan_cells(scan: Mapping[str, str] | None, row: Mapping[str, Cell]) -> dict[str, Cell]:
    """Volumes and exclusions of a scan; the record's own volumes where there is none."""
    if scan is None:
        own: dict[str, Cell] = {column: row.get(column) for column in VOLUME_COLUMNS}
        return {**own, "flair_dim": row.get("flair_dim"), "scan_excluded": None, **dict.fromkeys(EXCLUSIONS)}
    reason = None
    if scan.get("usable", "true").strip().lower() in ("false", "no", "0"):
        reason = scan.get("unusable_reason") or "not usable"
    cells: dict[str, Cell] = {
        column: None if reason else _number(scan.get(field)) for column, field in VOLUME_COLUMNS.items()
    }
    told = (reason or "").lower()
    cells["flair_dim"] = scan.get("flair_dim") or None
    cells["scan_excluded"] = reason
    return {**cells, **{column: int(word in told) for column, word in EXCLUSIONS.items()}}


def _number(text: str | None) -> float | None:
    return None if text is None or text.strip() in _UNKNOWN else float(text)
