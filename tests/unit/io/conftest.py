"""Builders of small images, data sets and measured scans for the tests of io."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from neurolupus.records.measured import Lesion, MeasuredScan, RigidTransform, Settings
from neurolupus.records.measurement import Measurement, MeasurementSet
from neurolupus.records.provenance import Provenance
from neurolupus.records.scan import ScanId, ScanPair
from neurolupus.records.volume import Volume

SHAPE = (24, 28, 20)
SIZE_MM = (6.0, 6.0, 6.0)


def head(shape: tuple[int, ...] = SHAPE, seed: int = 0) -> np.ndarray:
    """A bright ball on noise, all values positive: what an MR image of a head is to the checks."""
    grid = np.stack(np.meshgrid(*[np.linspace(-1, 1, n) for n in shape[:3]], indexing="ij"))
    ball = (grid**2).sum(0) < 0.6
    noise = np.random.default_rng(seed).normal(0, 1, shape[:3])
    return np.where(ball, 600 + 30 * noise, 20 + np.abs(5 * noise)).astype(np.float32)


@pytest.fixture
def head_image() -> Callable[..., np.ndarray]:
    return head


@pytest.fixture
def write_image() -> Callable[..., Path]:
    """Write data with nibabel; codes of sform and qform, scaling and sidecar as named."""

    def write(
        path: Path,
        data: np.ndarray | None = None,
        *,
        size_mm: tuple[float, ...] = SIZE_MM,
        affine: np.ndarray | None = None,
        sform: int = 1,
        qform: int = 1,
        sidecar: dict[str, Any] | None = None,
        slope: float | None = None,
        intercept: float = 0.0,
    ) -> Path:
        data = head() if data is None else data
        affine = np.diag([*size_mm, 1.0]) if affine is None else affine
        path.parent.mkdir(parents=True, exist_ok=True)
        image = nib.Nifti1Image(data, affine, dtype=data.dtype)
        image.set_sform(affine, code=sform)
        image.set_qform(affine, code=qform)
        if slope is not None:
            image.header.set_slope_inter(slope, intercept)
            raw = image.header.binaryblock + bytes(4) + data.tobytes(order="F")
            path.write_bytes(gzip.compress(raw) if path.suffix == ".gz" else raw)
        else:
            nib.save(image, path)
        if sidecar is not None:
            path.with_name(path.name.partition(".")[0] + ".json").write_text(json.dumps(sidecar))
        return path

    return write


@pytest.fixture
def pair_files(tmp_path: Path, write_image: Callable[..., Path]) -> tuple[Path, Path]:
    """A T1w and a FLAIR without any fault, in a BIDS tree."""
    anat = tmp_path / "bids" / "sub-01" / "ses-1" / "anat"
    t1w = write_image(anat / "sub-01_ses-1_T1w.nii.gz", head(seed=1))
    flair = write_image(anat / "sub-01_ses-1_FLAIR.nii.gz", head(seed=2))
    return t1w, flair


def measured_scan(
    scan_id: ScanId | None = None, shape: tuple[int, int, int] = SHAPE, *, flair: bool = True, seed: int = 0
) -> MeasuredScan:
    """A measured scan whose numbers are made up, with all arrays on one oblique grid."""
    scan_id = scan_id or ScanId("01", "1")
    rng = np.random.default_rng(seed)
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    affine[:3, :3] @= np.array([[0.995, -0.0998, 0], [0.0998, 0.995, 0], [0, 0, 1]])
    affine[:3, 3] = (-20, -30, 5)
    t1w = Volume(head(shape, seed), affine)
    brain = t1w.data > 300
    parts = rng.dirichlet((1, 1, 1), shape).astype(np.float32) * brain[..., None]
    probability = (rng.random(shape) * brain).astype(np.float32)
    mask = probability >= 0.2
    labels = np.where(mask, 1, 0).astype(np.int32)
    turn = np.eye(4)
    turn[:3, :3] = [[0.98, -0.199, 0], [0.199, 0.98, 0], [0, 0, 1]]
    turn[:3, 3] = (3.0, -4.0, 5.5)
    items = [Measurement("gm_ml", 600.123456, "ml", 590.0, 610.0), Measurement("wm_ml", 500.0, "ml", method="EM")]
    if flair:
        items += [Measurement("wmh_ml", 4.2, "ml", 2.0, 6.5), Measurement("wmh_count", 1, "1")]
    items.append(Measurement("flair_dim", "2D" if flair else "none"))
    pair = ScanPair(
        scan_id,
        t1w,
        Volume(head(shape, seed + 1), affine) if flair else None,
        sources=("sub-01/ses-1/anat/sub-01_ses-1_T1w.nii.gz", "sub-01/ses-1/anat/sub-01_ses-1_FLAIR.nii.gz")[
            : 1 + flair
        ],
    )
    return MeasuredScan(
        pair=pair,
        settings=Settings(),
        t1w=t1w,
        t1w_corrected=t1w.data * np.float32(1.01),
        brain_mask=brain,
        intracranial_mask=brain,
        gm=parts[..., 0],
        wm=parts[..., 1],
        csf=parts[..., 2],
        flair=head(shape, seed + 2) if flair else None,
        transform=RigidTransform(turn, 1.2, "mutual information") if flair else None,
        wmh_probability=probability if flair else None,
        wmh_mask=mask if flair else None,
        lesion_labels=labels if flair else None,
        filled_t1w=t1w.data,
        lesions=(Lesion(1, 4.2, "deep", (1.0, 2.0, 3.0), 12.0, 0.6, False),) if flair else (),
        measurements=MeasurementSet(tuple(items)),
        usable=True,
        warnings=("T1w: contrast-enhanced",),
        seconds={"registration": 1.5},
    )


@pytest.fixture
def a_measured_scan() -> Callable[..., MeasuredScan]:
    return measured_scan


@pytest.fixture
def provenance() -> Provenance:
    return Provenance("0.1.0", {"T1w.nii.gz": "00"}, {"seed": 0}, {"numpy": "2"}, {"registration": 1.5}, "2024-01-01")
