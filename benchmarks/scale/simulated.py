"""A BIDS data set of thousands of subjects with tiny volumes, and the volumes file of a made-up scan."""

import json
import os
from dataclasses import asdict
from pathlib import Path

import nibabel as nib
import numpy as np

from neurolupus.records.dictionary import DICTIONARY
from neurolupus.records.measured import Lesion

LESIONS = 30  # a patient's
WORDS = ("participant_id", "session_id", "usable", "unusable_reason", "version", "wmh_method")


def make_dataset(root: Path, subjects: int) -> Path:
    """`sub-00000` and so on, each with a T1w and a FLAIR of 8 x 8 x 8 voxels."""
    root.mkdir(parents=True)
    (root / "dataset_description.json").write_text('{"Name": "simulated", "BIDSVersion": "1.9.0"}\n')
    image = root / "image.nii.gz"
    nib.save(nib.Nifti1Image(np.arange(512, dtype=np.int16).reshape(8, 8, 8), np.eye(4)), image)
    for number in range(subjects):
        anat = root / f"sub-{number:05d}" / "anat"
        anat.mkdir(parents=True)
        for kind in ("T1w", "FLAIR"):
            os.link(image, anat / f"sub-{number:05d}_{kind}.nii.gz")
    image.unlink()
    return root


def write_template(path: Path) -> Path:
    """A volumes file with every column of the dictionary and some lesions, as large as a real one."""
    measurements = {
        column.name: {"value": 1.0, "unit": column.unit, "low": 0.9, "high": 1.1}
        for column in DICTIONARY
        if column.name not in WORDS
    }
    lesion = Lesion(1, 0.1, "deep", (1.0, 2.0, 3.0), 5.0, 0.5, infarct_like=False, confidence=0.9)
    told = {
        "participant_id": "sub-x",
        "session_id": None,
        "version": "0.1.0",
        "usable": True,
        "unusable_reason": None,
        "measurements": measurements,
        "lesions": [asdict(lesion) for _ in range(LESIONS)],
    }
    path.write_text(json.dumps(told, indent=2))
    return path
