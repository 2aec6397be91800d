"""De-identified series are chosen and converted as the originals are, and hold none of what names somebody."""

import json
from pathlib import Path

import nibabel
import numpy as np
import pytest

pytest.importorskip("pydicom", reason="needs the extra dicom")
pytest.importorskip("dcm2niix", reason="needs the extra dicom")

from dicom_series import LEAKS, Order, asymmetric_phantom, tells, write_series


@pytest.mark.parametrize("enhanced", [False, True], ids=["one file a slice", "enhanced"])
@pytest.mark.parametrize("vendor", ["SIEMENS", "GE", "PHILIPS"])
def test_import_of_both_gives_the_same_images(tmp_path: Path, neurolupus, vendor: str, enhanced: bool) -> None:
    phantom = asymmetric_phantom()
    for number, kind in enumerate(("T1w", "FLAIR"), 3):
        write_series(
            tmp_path / "originals" / kind,
            phantom,
            kind=kind,
            vendor=vendor,
            enhanced=enhanced,
            order=Order(number=number),
        )
    done = neurolupus(
        "deidentify", tmp_path / "originals", tmp_path / "shared", "--key", tmp_path / "kept" / "key.json", "--json"
    )
    assert done.returncode == 0, done.stderr
    content = b"".join(path.read_bytes() for path in (tmp_path / "shared").rglob("*.dcm"))
    for leak in (*LEAKS, "20240312", "101500"):
        assert not tells(content, leak), leak

    images = []
    for name in ("originals", "shared"):
        bids = tmp_path / f"bids-{name}"
        done = neurolupus("import", "dicom", tmp_path / name, bids, "--key", tmp_path / f"{name}.json", "--json")
        assert done.returncode == 0, done.stderr
        found = sorted(bids.glob("sub-*/**/*.nii.gz"))
        assert [path.name.rpartition("_")[2] for path in found] == ["FLAIR.nii.gz", "T1w.nii.gz"]
        images.append(found)
    for before, after in zip(*images, strict=True):
        one, other = nibabel.load(before), nibabel.load(after)
        assert np.array_equal(np.asanyarray(one.dataobj), np.asanyarray(other.dataobj))
        assert np.array_equal(one.affine, other.affine)
        facts = [
            json.loads(path.with_name(path.name.replace(".nii.gz", ".json")).read_text()) for path in (before, after)
        ]
        for name in (
            "RepetitionTime",
            "EchoTime",
            "InversionTime",
            "FlipAngle",
            "MagneticFieldStrength",
            "Manufacturer",
        ):
            assert facts[0].get(name) == facts[1].get(name), name
