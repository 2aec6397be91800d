"""Brain: the network's map becomes masks; a picture without a head is refused."""

import numpy as np
import pytest

from neurolupus.errors import ImageContentError
from neurolupus.imaging.atlas import draw_labels
from neurolupus.imaging.brain import (
    CLASSES,
    map_head,
    normalise,
)
from neurolupus.imaging.grid import largest_component
from neurolupus.imaging.labels import tissue_of
from neurolupus.imaging.masks import brain_mask, intracranial_mask, is_skull_stripped
from neurolupus.records.volume import Volume

pytestmark = pytest.mark.slow

GREY = {
    0: 0,
    2: 100,
    41: 100,
    7: 98,
    46: 98,
    16: 95,
    3: 65,
    42: 65,
    8: 65,
    47: 65,
    10: 72,
    49: 72,
    24: 20,
    4: 18,
    43: 18,
}
SKULL = {515: 10, 516: 80, 514: 40, 507: 55, 511: 110, 506: 25}


@pytest.fixture(scope="module")
def drawn():
    return draw_labels(np.random.default_rng(2))


def t1w_of(labels, values):
    image = np.zeros(labels.shape, np.float32)
    for number, value in values.items():
        image[labels.data == number] = value
    noise = np.random.default_rng(0).normal(0, 3, labels.shape)
    return labels.with_data(np.abs(image + noise).astype(np.float32))


@pytest.fixture(scope="module")
def mapped(drawn):
    t1w = t1w_of(drawn, GREY | SKULL)
    head = map_head(t1w)
    return t1w, head, intracranial_mask(head, t1w)


def dice(a, b):
    return 2 * (a & b).sum() / (a.sum() + b.sum())


def test_probabilities_sum_to_one(mapped):
    _, head, _ = mapped
    assert head.probabilities.shape[0] == len(CLASSES)
    np.testing.assert_allclose(head.probabilities.sum(0), 1, atol=1e-4)


def test_intracranial_mask_of_a_drawn_head(drawn, mapped):
    _, _, found = mapped
    truth = tissue_of(drawn.data) > 0
    # a phantom of blurred shares, not a head: the benchmark holds the figures for heads
    assert dice(found, truth) > 0.93


def test_skull_of_another_contrast_changes_little(drawn, mapped):
    _, _, usual = mapped
    other = t1w_of(drawn, GREY | {515: 60, 516: 15, 514: 90, 507: 20, 511: 40, 506: 100})
    found = intracranial_mask(map_head(other), other)
    assert dice(found, usual) > 0.94


def test_brain_lies_within_the_skull_and_holds_the_tissue(drawn, mapped):
    t1w, head, inside = mapped
    brain = brain_mask(head, t1w, inside)
    assert not (brain & ~inside).any()
    assert brain.sum() < inside.sum()
    tissue = np.isin(tissue_of(drawn.data), (1, 2))
    assert (brain & tissue).sum() > 0.93 * tissue.sum()


def test_scale_of_the_image_does_not_matter(mapped):
    t1w, _, found = mapped
    scaled = t1w.with_data(t1w.data * np.float32(37.5))
    assert dice(intracranial_mask(map_head(scaled), scaled), found) > 0.999


def test_much_air_about_the_head_does_not_mislead_the_first_look(mapped):
    t1w, _, found = mapped
    air = [round((340 / size - side) / 2) for size, side in zip(t1w.voxel_size_mm, t1w.shape, strict=True)]
    affine = t1w.affine.copy()
    affine[:3, 3] -= affine[:3, :3] @ air
    wide = Volume(np.pad(t1w.data, [(n, n) for n in air]), affine)
    head = map_head(wide)
    hit = np.argwhere(head.of("outside") < 0.5)
    assert np.abs((hit.min(0) + hit.max(0) + 1) / 2 - np.array(head.grid.shape) / 2).max() <= 2  # voxels of 2 mm
    inside = intracranial_mask(head, wide)[tuple(slice(n, -n) for n in air)]
    assert dice(inside, found) > 0.99


def test_same_bits_twice(mapped):
    t1w, head, _ = mapped
    np.testing.assert_array_equal(map_head(t1w).probabilities, head.probabilities)


def test_picture_without_a_head_is_refused():
    empty = np.zeros((64, 64, 64), np.float32)
    empty[30:33, 30:33, 30:33] = 100
    with pytest.raises(ImageContentError, match=r"No (brain|head) found"):
        map_head(Volume(empty, np.diag([3.0, 3, 3, 1])))


def test_noise_is_no_head():
    # the network sees a brain in the clouds; that its grey and white matter look alike gives the clouds away
    noise = Volume(np.random.default_rng(0).random((64, 64, 64), np.float32) + 1, np.diag([3.0, 3, 3, 1]))
    with pytest.raises(ImageContentError, match="No head found"):
        map_head(noise)


def test_stripped_image_is_told(mapped):
    t1w, _, inside = mapped
    assert not is_skull_stripped(t1w, inside)
    assert is_skull_stripped(t1w.with_data(np.where(inside, t1w.data, 0)), inside)


def test_largest_component_fills_cavities():
    mask = np.zeros((9, 9, 9), bool)
    mask[1:6, 1:6, 1:6] = True
    mask[3, 3, 3] = False
    mask[7:, 7:, 7:] = True
    assert largest_component(mask).sum() == 125


def test_normalise_sets_the_98th_percentile_to_one():
    image = np.concatenate([np.zeros(1000), np.full(970, 50.0), np.full(30, 200.0)]).reshape(10, 20, 10)
    # of the 1000 voxels that are not background, 3 % are 200: the 98th percentile is 200
    assert normalise(image.astype(np.float32)).max() == pytest.approx(1.0)
