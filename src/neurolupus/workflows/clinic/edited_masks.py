"""A lesion mask edited by hand: checked, compared with the automatic one, and kept to be measured beside it."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from pathlib import Path

from neurolupus.errors import StoreError, UsageError
from neurolupus.io.dataset import derivative_path
from neurolupus.io.faults import Fault, check_no_faults
from neurolupus.io.hashing import file_sha256
from neurolupus.io.nifti import read_volume
from neurolupus.io.rater_folder import LABELS, read_drawn, write_drawn_masks
from neurolupus.records.rating import RaterCase
from neurolupus.store.edits import add_edit, new_edit_id
from neurolupus.store.engine import Store
from neurolupus.store.scans import scan_of
from neurolupus.workflows.clinic.scan_files import EDITS, folder_of, measured_folder, raw_pair, scan_id_of_row
from neurolupus.workflows.clinic.scan_intake import header_faults
from neurolupus.workflows.raters_read import compare_with_model

COMPARED = ("wmh_model_ml", "wmh_ml", "infarct_ml", "unsure_ml", "added_ml", "removed_ml", "dice")


def take_mask(store: Store, who: str, scan_id: str, mask: Path) -> str:
    """Keep a mask that somebody drew for a scan; returns its id, and it waits to be measured.

    Parameters
    ----------
    mask : Path
        Labels 0 to 3 on the grid of the T1w: 1 hyperintensity, 2 infarct-like, 3 unsure.

    Raises
    ------
    ImageError
        It is no label map, or lies on another grid.
    StoreError, UsageError
        The scan is not measured, has no FLAIR, or its images as acquired are not here.
    """
    with store.read() as connection:
        scan = scan_of(connection, scan_id)
    out, labelled = measured_folder(store, scan), scan_id_of_row(scan)
    automatic = derivative_path(out, labelled, label="WMH", suffix="mask", extension=".nii.gz")
    if scan.status != "measured" or not automatic.is_file():
        raise StoreError("This scan has no automatic mask to compare with.\n    Measure it with a FLAIR first.")
    if not all(raw_pair(store, scan)):
        raise UsageError(
            "The images as acquired were not taken in, so the mask cannot be measured on them.\n"
            "    Take in the T1w and the FLAIR."
        )
    check_no_faults({"The mask": header_faults(mask)})
    edit = new_edit_id()
    folder = folder_of(store, scan) / EDITS / edit
    folder.mkdir(parents=True)
    try:
        shutil.copyfile(mask, folder / LABELS)
        drawn = read_drawn(
            folder, read_volume(derivative_path(out, labelled, desc="preproc", suffix="T1w", extension=".nii.gz"))
        )
        if isinstance(drawn, Fault):
            check_no_faults({"The mask": [drawn]})
            raise AssertionError
        sha256 = file_sha256(automatic)
        compared = asdict(compare_with_model(out, labelled, drawn, RaterCase(labelled.stem, sha256)))
        how = f"edited by {who} from the model's mask ({sha256[:12]})"
        write_drawn_masks(folder, labelled.stem, drawn, how=how, about={}, knows_infarcts=False)
        kept = {name: compared["dice_to_model" if name == "dice" else name] for name in COMPARED}
        with store.write(who) as writer:
            add_edit(writer, scan.id, edit, f"{scan.folder}/{EDITS}/{edit}", kept)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return edit
