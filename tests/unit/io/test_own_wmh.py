"""A hyperintensity map brought by the user: masks, labels, probabilities; on one of the two grids or refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from neurolupus.errors import ImageContentError
from neurolupus.io.nifti import read_volume
from neurolupus.io.own_wmh import read_own_wmh
from neurolupus.records.volume import Volume

T1W = Volume(np.ones((20, 24, 22), np.float32), np.diag([1.0, 1, 1, 1]))
FLAIR = Volume(np.ones((20, 24, 8), np.float32), np.diag([1.0, 1, 3, 1]))


@pytest.fixture
def write(tmp_path: Path, write_image):
    def _write(data: np.ndarray, affine: np.ndarray = T1W.affine) -> Path:
        return write_image(tmp_path / "wmh.nii.gz", data.astype(np.float32), affine=affine)

    return _write


def block(shape: tuple[int, ...], value: float = 1.0) -> np.ndarray:
    data = np.zeros(shape, np.float32)
    data[5:8, 5:8, 3:5] = value
    return data


def test_a_mask_on_either_grid_is_taken_as_it_is(write):
    for image, name in ((T1W, "T1w"), (FLAIR, "FLAIR")):
        own = read_own_wmh(write(block(image.shape), image.affine), T1W, FLAIR)
        assert (own.grid, own.warnings) == (name, ())
        assert own.volume.data.sum() == 18


def test_probabilities_stay_probabilities(write):
    own = read_own_wmh(write(block(T1W.shape, 0.3)), T1W, FLAIR)
    assert own.volume.data.max() == pytest.approx(0.3)


def test_every_label_above_zero_counts_and_is_said(write):
    own = read_own_wmh(write(block(T1W.shape, 7)), T1W, FLAIR)
    assert set(np.unique(own.volume.data)) == {0, 1}
    assert "labels up to 7" in own.warnings[0]


def test_an_empty_mask_is_a_brain_without_lesions_and_is_said(write):
    own = read_own_wmh(write(np.zeros(T1W.shape)), T1W, FLAIR)
    assert "empty" in own.warnings[0]


@pytest.mark.parametrize(("value", "told"), [(-1, "down to -1"), (2.5, "fractions up to 2.5"), (np.nan, "not finite")])
def test_values_that_are_neither_mask_nor_probability_are_refused(write, value: float, told: str):
    with pytest.raises(ImageContentError, match=told):
        read_own_wmh(write(block(T1W.shape, value)), T1W, FLAIR)


def test_numbered_lesions_are_labels_and_shades_of_grey_are_not(write):
    numbered, shades = np.zeros(T1W.shape), np.zeros(T1W.shape)
    for n in range(12):
        x, y = 1 + 3 * (n % 6), 2 + 10 * (n // 6)
        numbered[x : x + 2, y : y + 4, 3:5] = n + 1
        shades[2:18, n + 2, 3:5] = np.linspace(10 + n, 90 + n, 16).round()[:, None]
    assert "labels up to 12" in read_own_wmh(write(numbered), T1W, FLAIR).warnings[0]
    with pytest.raises(ImageContentError, match="values up to 101 that change from voxel to voxel"):
        read_own_wmh(write(shades), T1W, FLAIR)


def test_per_cent_in_tens_is_no_label_and_a_raters_classes_are(write):
    tens, classes = np.zeros(T1W.shape), np.zeros(T1W.shape)
    x, y, z = np.indices(T1W.shape)
    near = np.sqrt((x - 10.0) ** 2 + (y - 12.0) ** 2 + (z - 11.0) ** 2)
    tens[near < 8] = 10 * np.ceil(10 - 10 * near[near < 8] / 8)
    with pytest.raises(ImageContentError, match="per cent"):
        read_own_wmh(write(tens), T1W, FLAIR)
    classes[2:6, 4:18, 3:9], classes[8:12, 4:18, 3:9] = 2, 4
    classes[14:18, 4:10, 3:9], classes[14:18, 10:18, 3:9] = 6, 8  # two classes that touch
    assert "labels up to 8" in read_own_wmh(write(classes), T1W, FLAIR).warnings[0]


def test_another_grid_is_refused(write):
    shifted = T1W.affine.copy()
    shifted[0, 3] = 5
    with pytest.raises(ImageContentError, match=r"origin \(5, 0, 0\) lies on the grid of neither image \(T1w .*origin"):
        read_own_wmh(write(block(T1W.shape), shifted), T1W, FLAIR)
    with pytest.raises(ImageContentError, match="grid of neither"):
        read_own_wmh(write(block((20, 24, 20))), T1W, FLAIR)


@pytest.mark.parametrize(("image", "grid"), [(T1W, "T1w"), (FLAIR, "FLAIR")])
def test_an_affine_rounded_by_another_program_is_the_same_grid(write, image, grid):
    rounded = image.affine.copy()
    rounded[:3, 3] += 0.02
    own = read_own_wmh(write(block(image.shape), rounded), T1W, FLAIR)
    assert own.grid == grid
    assert np.array_equal(own.volume.affine, image.affine)  # as measure_scan tells which of both it is


def test_a_stored_orientation_of_its_own_changes_nothing(write):
    turned = np.diag([-1.0, 1, 1, 1])
    turned[0, 3] = T1W.shape[0] - 1
    path = write(block(T1W.shape)[::-1], turned)
    assert np.array_equal(read_own_wmh(path, T1W, FLAIR).volume.data, block(T1W.shape))
    assert np.allclose(read_volume(path).affine, T1W.affine)


def test_who_edited_a_mask_is_said(write) -> None:
    mask = np.zeros(T1W.shape)
    mask[5, 5, 5] = 1
    path = write(mask)
    assert read_own_wmh(path, T1W, FLAIR).warnings == ()
    path.with_name("wmh.json").write_text('{"NeurolupusEdit": "edited by AB"}')
    assert read_own_wmh(path, T1W, FLAIR).warnings == ("WMH: edited by AB",)


@pytest.mark.parametrize("value", [0.9999999, 1.0000001, 0.9995, 2.0000002])
def test_ones_that_another_program_rounded_are_a_mask(write, value: float):
    own = read_own_wmh(write(block(FLAIR.shape, value), FLAIR.affine), T1W, FLAIR)
    assert set(np.unique(own.volume.data)) == {0, 1}


def test_a_value_just_above_one_is_said_as_it_is(write):
    with pytest.raises(ImageContentError, match=r"fractions up to 1\.002"):
        read_own_wmh(write(block(FLAIR.shape, 1.002), FLAIR.affine), T1W, FLAIR)


def test_rounding_below_zero_is_zero(write):
    own = read_own_wmh(write(block(T1W.shape, 0.3) - 1e-6), T1W, FLAIR)
    assert own.volume.data.min() == 0
    assert own.volume.data.max() == pytest.approx(0.3, abs=1e-5)


def test_a_segmentation_of_tissues_is_no_lesion_mask(write):
    tissues = np.ones(T1W.shape, np.float32)
    tissues[:10] = 2
    large = Volume(tissues, np.diag([4.0, 4, 4, 1]))  # 10 560 voxels of 0.064 ml
    with pytest.raises(ImageContentError, match=r"marks 676 ml as hyperintensity(.|\n)*Give the lesions alone"):
        read_own_wmh(write(tissues, large.affine), large, FLAIR)
