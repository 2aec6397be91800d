"""wmh_methods.tsv: one row for each scan and each method that was compared, with its data dictionary."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from neurolupus.io.atomic import write_json
from neurolupus.io.delimited import write_tsv
from neurolupus.records.measurement import Number

NAME = "wmh_methods.tsv"
COLUMNS = {
    "participant_id": "BIDS participant, with its prefix sub-.",
    "session_id": "BIDS session, with its prefix ses-; n/a without sessions.",
    "measured": "What found the hyperintensities of volumes.tsv: the reference of this row.",
    "measured_ml": "Their volume, in ml: wmh_ml of volumes.tsv.",
    "method": "The method that is compared.",
    "method_version": "As it says of itself.",
    "volume_ml": "Volume of its mask at the same threshold, in ml.",
    "volume_error_ml": "volume_ml minus measured_ml.",
    "dice": "Dice overlap of the two masks: 1 when both are empty, 0 when only one is.",
    "lesions": "Connected components (26 neighbours) of its mask.",
    "lesion_recall": "Share of the measured lesions that it touches.",
    "lesion_precision": "Share of its lesions that the measured mask touches.",
    "lesion_f1": "Harmonic mean of the two.",
    "hausdorff95_mm": "95 % Hausdorff distance, in mm; n/a when a mask is empty.",
    "failure": "Why it gave no mask; n/a when it did.",
}


def write_methods_table(out: Path, rows: Sequence[Mapping[str, Number]]) -> tuple[Path, ...]:
    """Write the table and `wmh_methods.json`; without rows, remove what an earlier run wrote."""
    path = out / NAME
    if not rows:
        path.unlink(missing_ok=True)
        path.with_suffix(".json").unlink(missing_ok=True)
        return ()
    in_order = sorted(rows, key=lambda row: tuple(str(row.get(k) or "") for k in ("participant_id", "session_id")))
    write_tsv(path, tuple(COLUMNS), in_order)
    write_json(path.with_suffix(".json"), {name: {"Description": words} for name, words in COLUMNS.items()})
    return path, path.with_suffix(".json")
