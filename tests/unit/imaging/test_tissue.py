"""Tissue: a phantom of three balls, each other inside, with fractions known voxel by voxel."""

import numpy as np
import pytest
from scipy import ndimage

from neurolupus.errors import ImageContentError
from neurolupus.imaging.brain import CLASSES, INDEX, HeadMap
from neurolupus.imaging.grid import isotropic_grid, resample
from neurolupus.imaging.tissue import segment_tissue
from neurolupus.records.volume import Volume

SHAPE = (64, 64, 64)
RADII = {"wm": 18.0, "gm": 23.0, "csf": 27.0}  # voxels of 1 mm


def shares():
    """Fractions (fluid, grey, white, outside) of nested balls, by 4 x 4 x 4 points a voxel."""
    fine = (np.arange(SHAPE[0] * 4) + 0.5) / 4 - SHAPE[0] / 2
    squared = fine[:, None, None] ** 2 + fine[None, :, None] ** 2 + fine[None, None, :] ** 2

    def ball(radius):
        return (squared < radius**2).reshape(64, 4, 64, 4, 64, 4).mean((1, 3, 5))

    wm, gm, csf = (ball(RADII[n]) for n in ("wm", "gm", "csf"))
    return {"wm": wm, "gm": gm - wm, "csf": csf - gm, "outside": 1 - csf}


def a_head(blur=1.5):
    """The phantom's T1w, its mask and the map a perfect but blurred network would give."""
    part = shares()
    t1w = Volume(
        (100 * part["csf"] + 400 * part["gm"] + 600 * part["wm"]).astype(np.float32), np.diag([1.0, 1.0, 1.0, 1.0])
    )
    noise = np.random.default_rng(0).normal(0, 20, SHAPE)
    t1w = t1w.with_data((t1w.data + noise).astype(np.float32))
    grid = isotropic_grid(t1w, 2.0)
    maps = np.zeros((len(CLASSES), *grid.shape), np.float32)
    for name, klass in (("wm", "cerebral_wm"), ("gm", "cortex"), ("csf", "csf"), ("outside", "outside")):
        smooth = ndimage.gaussian_filter(part[name].astype(np.float32), blur)
        maps[INDEX[klass]] = resample(t1w.with_data(smooth), grid)
    maps /= np.maximum(maps.sum(0), 1e-6)
    return t1w, part["outside"] < 0.5, HeadMap(maps, grid), part


@pytest.fixture(scope="module")
def head():
    return a_head()


@pytest.mark.slow
def test_volumes_of_nested_balls(head):
    t1w, mask, network, part = head
    tissue = segment_tissue(t1w, mask, network)
    # the issue asks for 3 %; noise is 10 % of the contrast between grey and white
    truth = {"gm": part["gm"][mask].sum(), "wm": part["wm"][mask].sum()}
    truth["csf"] = mask.sum() - truth["gm"] - truth["wm"]  # a mask's voxel is all inside: its rim counts as fluid
    for name, voxels in truth.items():
        assert getattr(tissue, name).sum() == pytest.approx(voxels, rel=0.03), name


@pytest.mark.slow
def test_fractions_agree_voxel_by_voxel(head):
    t1w, mask, network, part = head
    tissue = segment_tissue(t1w, mask, network)
    for name in ("gm", "wm"):
        overlap = 2 * np.minimum(getattr(tissue, name), part[name]).sum() / (getattr(tissue, name) + part[name]).sum()
        assert overlap > 0.93, name


@pytest.mark.slow
def test_fractions_sum_to_one_in_the_mask_and_nothing_lies_outside(head):
    t1w, mask, network, _ = head
    tissue = segment_tissue(t1w, mask, network)
    total = tissue.gm + tissue.wm + tissue.csf
    np.testing.assert_allclose(total[mask], 1, atol=1e-5)
    assert not total[~mask].any()


@pytest.mark.slow
def test_scale_of_the_image_does_not_matter(head):
    t1w, mask, network, _ = head
    one = segment_tissue(t1w, mask, network)
    two = segment_tissue(t1w.with_data(t1w.data * np.float32(8)), mask, network)
    np.testing.assert_allclose(one.gm, two.gm, atol=2e-3)


@pytest.mark.slow
def test_image_without_contrast_is_refused(head):
    t1w, mask, network, _ = head
    flat = t1w.with_data(np.full(SHAPE, 100, np.float32))
    with pytest.raises(ImageContentError, match="same brightness"):
        segment_tissue(flat, mask, network)


def test_empty_mask_is_refused(head):
    t1w, mask, network, _ = head
    with pytest.raises(ImageContentError, match="mask is empty"):
        segment_tissue(t1w, np.zeros_like(mask), network)
