"""Where the brain ends: the image decides where the network is unsure."""

import numpy as np
import pytest

from neurolupus.imaging.brain import CLASSES, INDEX, HeadMap
from neurolupus.imaging.masks import brain_mask, first_intracranial_mask, intracranial_mask, is_skull_stripped
from neurolupus.records.volume import Volume

SIDE = 72
FLUID, GREY, WHITE, BONE, SCALP = 0.2, 0.6, 1.0, 0.03, 1.3


def distance() -> np.ndarray:
    """Distance in voxels from the centre of the grid, (72, 72, 72)."""
    axes = np.meshgrid(*[np.arange(SIDE) - (SIDE - 1) / 2] * 3, indexing="ij")
    return np.sqrt(sum(a**2 for a in axes))


def a_head(skull_radius: float, *, seed: int = 0) -> tuple[HeadMap, Volume]:
    """A ball of white matter (to 15), grey matter (to 20) and fluid (to 24 by the network), 2 mm voxels; the image's
    fluid ends at `skull_radius`, whatever the network says."""
    r = distance()
    soft = lambda edge: 1 / (1 + np.exp((r - edge) / 0.8))  # noqa: E731
    white, brain, inside = soft(15), soft(20), soft(24)
    maps = np.zeros((len(CLASSES), SIDE, SIDE, SIDE), np.float32)
    maps[INDEX["cerebral_wm"]], maps[INDEX["cortex"]] = white, brain - white
    maps[INDEX["csf"]], maps[INDEX["outside"]] = inside - brain, 1 - inside
    image = np.select([r < 15, r < 20, r < skull_radius, r < 29, r < 33], [WHITE, GREY, FLUID, BONE, SCALP], 0.0)
    image = np.abs(image + np.random.default_rng(seed).normal(0, 0.02, image.shape)).astype(np.float32)
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    grid = Volume(image, affine)
    return HeadMap(maps, grid), grid


@pytest.mark.parametrize("skull_radius", [22.5, 24.0, 25.5])
def test_the_image_moves_the_edge_where_the_network_is_unsure(skull_radius: float) -> None:
    head, t1w = a_head(skull_radius)
    true = float((distance() < skull_radius).sum())
    by_network = float(first_intracranial_mask(head, t1w).sum())
    assert float(intracranial_mask(head, t1w).sum()) == pytest.approx(true, rel=0.02)
    # the network says 24, always: 3 voxels in 24 are a third of the volume
    assert by_network == pytest.approx(4 / 3 * np.pi * 24**3, rel=0.02)


def test_the_mask_has_one_piece_and_no_holes() -> None:
    head, t1w = a_head(24.0)
    image = t1w.data.copy()
    image[distance() < 3] = 0  # a hole in the image is none in the mask
    mask = intracranial_mask(head, t1w.with_data(image))
    assert mask[distance() < 10].all()


def test_the_brain_mask_leaves_out_the_fluid_below_the_skull() -> None:
    head, t1w = a_head(24.0)
    mask = brain_mask(head, t1w, first_intracranial_mask(head, t1w))
    radius = (float(mask.sum()) * 3 / 4 / np.pi) ** (1 / 3)
    assert 20 <= radius <= 22.5  # tissue ends at 20, fluid at 24; the hull keeps a rim of about 2 mm
    assert not brain_mask(head, t1w, np.zeros(t1w.shape, bool)).any()


def test_a_brain_alone_is_told_from_a_head() -> None:
    head, t1w = a_head(24.0)
    mask = first_intracranial_mask(head, t1w)
    assert not is_skull_stripped(t1w, mask)
    assert is_skull_stripped(t1w.with_data(np.where(mask, t1w.data, 0).astype(np.float32)), mask)
