"""Atlas: what is packaged is a distribution, and what is drawn from it is a head."""

import numpy as np
import pytest

from neurolupus.imaging.atlas import NUMBERS, draw_labels, read_atlas
from neurolupus.imaging.labels import tissue_of

pytestmark = pytest.mark.slow


def test_shares_sum_to_one():
    atlas = read_atlas()
    total = atlas.shares.sum(0, dtype=np.int32)
    assert abs(total - 255).max() <= len(atlas.names)  # rounding of fourteen bytes
    assert set(atlas.names) == set(NUMBERS)


@pytest.fixture(scope="module")
def drawn():
    return draw_labels(np.random.default_rng(5))


def test_drawn_head_has_an_adult_brain(drawn):
    tissue = tissue_of(drawn.data)
    ml = {name: float((tissue == k).sum()) * drawn.voxel_volume_ml for name, k in (("gm", 1), ("wm", 2), ("csf", 3))}
    assert 1200 < sum(ml.values()) < 1900  # Matsumae 1996: 1289 ± 111 ml in women, 1469 ± 102 ml in men
    assert ml["gm"] > ml["wm"] > 250


def test_sides_are_the_patients_own(drawn):
    x = (np.argwhere(drawn.data == 3) @ drawn.affine[:3, :3].T + drawn.affine[:3, 3])[:, 0]
    assert x.max() <= 0  # label 3 is the left cortex; RAS x grows to the right
    assert (drawn.data == 42).sum() == pytest.approx((drawn.data == 3).sum(), rel=0.15)


def test_two_draws_differ_and_one_seed_repeats(drawn):
    again, other = draw_labels(np.random.default_rng(5)), draw_labels(np.random.default_rng(6))
    np.testing.assert_array_equal(again.data, drawn.data)
    assert (other.data != drawn.data).mean() > 0.01
