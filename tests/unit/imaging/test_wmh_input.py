"""What the network is shown."""

import numpy as np
import pytest

from neurolupus.errors import ImageContentError
from neurolupus.imaging.brain import CLASSES, INDEX, HeadMap
from neurolupus.imaging.wmh_input import ANATOMY, halved, network_input
from neurolupus.records.volume import Volume


def block_head(shape=(40, 40, 40), voxel_mm=1.0):
    """A cube of brain: cortex below the middle, white matter above; T1w 60 and 100, FLAIR 90 and 80."""
    affine = np.diag([voxel_mm, voxel_mm, voxel_mm, 1.0])
    mask = np.zeros(shape, bool)
    mask[4:36, 4:36, 4:36] = True
    white = np.zeros(shape, bool)
    white[:, :, shape[2] // 2 :] = True
    t1w = np.where(mask, np.where(white, 100, 60), 0).astype(np.float32)
    flair = np.where(mask, np.where(white, 80, 90), 0).astype(np.float32)
    coarse = tuple(n // 2 for n in shape)
    probabilities = np.zeros((len(CLASSES), *coarse), np.float32)
    inside, below = mask[::2, ::2, ::2], ~white[::2, ::2, ::2]
    probabilities[INDEX["cortex"]] = inside & below
    probabilities[INDEX["cerebral_wm"]] = inside & ~below
    probabilities[0] = ~inside
    grid = np.diag([2 * voxel_mm, 2 * voxel_mm, 2 * voxel_mm, 1.0])
    grid[:3, 3] = voxel_mm / 2
    return Volume(t1w, affine), flair, mask, HeadMap(probabilities, Volume(np.zeros(coarse, np.float32), grid))


def test_units_are_those_of_normal_tissue():
    t1w, flair, mask, head = block_head()
    seen = network_input(t1w, flair, mask, head)
    white, grey = seen.images[:, 20, 20, 30], seen.images[:, 20, 20, 10]
    assert white == pytest.approx([80 / 90 - 1, 1.0], abs=0.02)
    assert grey == pytest.approx([0.0, 0.0], abs=0.02)
    assert (seen.images[:, 0, 0, 0] == 0).all()


def test_near_one_millimetre_nothing_is_resampled_and_maps_come_back_to_the_bit():
    t1w, flair, mask, head = block_head(voxel_mm=1.1)
    seen = network_input(t1w, flair, mask, head)
    assert all(n % 8 == 0 for n in seen.images.shape[1:])
    assert tuple(2 * n for n in seen.anatomy.shape[1:]) == seen.images.shape[1:]
    back = seen.back(np.where(seen.inside, 0.25, 0).astype(np.float32), t1w)
    np.testing.assert_array_equal(back, np.where(mask, np.float32(0.25), 0))


def test_thick_slices_are_brought_to_one_millimetre_and_back():
    t1w, flair, mask, head = block_head()
    thick = Volume(t1w.data[:, :, ::2].copy(), t1w.affine @ np.diag([1, 1, 2, 1.0]))
    seen = network_input(thick, flair[:, :, ::2], mask[:, :, ::2], head)
    assert seen.grid.voxel_size_mm == pytest.approx((1, 1, 1))
    back = seen.back(seen.images[1], thick)
    assert back[20, 20, 15] == pytest.approx(1.0, abs=0.05)


def test_place_and_anatomy():
    t1w, flair, mask, head = block_head()
    seen = network_input(t1w, flair, mask, head)
    at = {name: seen.anatomy[n] for n, name in enumerate(ANATOMY)}
    assert at["cerebral_wm"][10, 10, 15] == 1
    assert at["right_left"][10, 10, 10] < 0.1 < 0.8 < at["right_left"][3, 10, 10]
    assert at["front"][10, 16, 10] > at["front"][10, 4, 10]
    assert at["depth"][10, 10, 16] < at["depth"][10, 10, 4]


def test_mirroring_the_scan_mirrors_what_is_seen():
    t1w, flair, mask, head = block_head()
    flair = flair.copy()
    flair[8:12, 18:22, 28:32] = 130
    seen = network_input(t1w, flair, mask, head)
    turned = network_input(t1w.with_data(t1w.data[::-1]), flair[::-1], mask[::-1], head)
    np.testing.assert_allclose(turned.images, seen.images[:, ::-1], atol=1e-5)


def test_blocks_are_means():
    assert halved(np.arange(8, dtype=np.float32).reshape(2, 2, 2)).item() == 3.5


def test_an_empty_mask_is_told():
    t1w, flair, mask, head = block_head()
    with pytest.raises(ImageContentError, match=r"(?s)mask is empty.*upright"):
        network_input(t1w, flair, np.zeros_like(mask), head)
