"""The tissue table against the label maps it was made for, and the cut at the skull base."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from neurolupus.errors import ImageContentError
from neurolupus.imaging.labels import KINDS, TISSUE_TABLE, cut_at_skull_base, heal_lesions, tissue_of

HEADS = Path(__file__).resolve().parents[4] / "shared" / "data" / "mri" / "head-label-maps"


def column(*labels: int) -> np.ndarray:
    return np.array(labels, np.int32).reshape(1, 1, -1)


def test_each_number_belongs_to_one_kind():
    numbers = [n for members in KINDS.values() for n in members]
    assert len(numbers) == len(set(numbers))


def test_tissues_of_the_listed_numbers():
    # the table written down before anything was simulated: 0 outside, 1 GM, 2 WM, 3 CSF
    csf = (24, 4, 5, 14, 15, 43, 44, 72, 136, 137, 163, 164)
    gm = (3, 42, 8, 47, 10, 49, 11, 50, 12, 51, 13, 52, 17, 53, 18, 54, 26, 58)
    wm = (2, 41, 7, 46, 16, 28, 60, 85, 30, 62, 25, 57, 77)
    outside = (0, 502, 506, 507, 508, 509, 511, 512, 514, 515, 516, 530, 999)
    for numbers, tissue in ((csf, 3), (gm, 1), (wm, 2), (outside, 0)):
        assert set(tissue_of(column(*numbers)).ravel().tolist()) == {tissue}
    assert set(csf + gm + wm) == {n for n, t in TISSUE_TABLE.items() if t}


def test_numbers_a_little_off_are_rounded():
    assert tissue_of(np.array([[[2.0001, 2.9999, 23.9998]]], np.float32)).tolist() == [[[2, 1, 3]]]


def test_an_unknown_number_is_named():
    with pytest.raises(ImageContentError, match=r"\[6, 251\]"):
        tissue_of(column(2, 251, 6))


def test_spinal_fluid_lies_below_the_cerebellum_in_ras_whatever_the_storage_order():
    labels = column(24, 24, 8, 24, 3)
    up = np.eye(4)
    down = np.diag([1.0, 1.0, -1.0, 1.0])
    assert cut_at_skull_base(labels, up).ravel().tolist() == [507, 507, 8, 24, 3]
    assert cut_at_skull_base(labels, down).ravel().tolist() == [24, 24, 8, 507, 3]


def test_nothing_is_cut_without_cerebellum_and_brain_stem():
    labels = column(24, 3, 24)
    assert cut_at_skull_base(labels, np.eye(4)).tolist() == labels.tolist()


def test_healed_lesions_take_the_white_matter_of_their_side():
    affine = np.eye(4)
    affine[2] = [0, 0, 1, 0]
    affine[0] = [0, 0, 1, -2]  # the third voxel axis runs from left (-2 mm) to right
    affine[2] = [1, 0, 0, 0]
    assert heal_lesions(column(77, 25, 57, 77), affine).ravel().tolist() == [2, 2, 41, 41]


@pytest.mark.slow
@pytest.mark.skipif(not HEADS.is_dir(), reason=f"the shared head label maps are not at {HEADS}")
def test_the_table_knows_every_number_of_the_shared_heads():
    seen: set[int] = set()
    for path in sorted(HEADS.glob("head-*.nii.gz"))[::4]:
        data = np.asanyarray(nib.load(path).dataobj)
        seen |= set(np.flatnonzero(np.bincount(np.rint(data).astype(np.int32).ravel())).tolist())
    assert {25, 57, 85, 136, 163, 512} <= seen
    assert seen <= set(TISSUE_TABLE), "a number without a row in KINDS"
