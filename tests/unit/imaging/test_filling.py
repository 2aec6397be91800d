"""Lesion filling on balls in white matter whose level is known."""

import time
import warnings

import numpy as np
import pytest

from neurolupus.errors import GridMismatchError, ImageContentError, ScanWarning
from neurolupus.imaging.filling import fill_lesions

SHAPE = (48, 44, 40)
ANISOTROPIC = np.diag([1.0, 1.0, 3.0, 1.0])


def ball(centre, radius_mm, affine=None, shape=SHAPE):
    voxel = np.linalg.norm((np.eye(4) if affine is None else affine)[:3, :3], axis=0)
    axes = np.ogrid[tuple(slice(0, n) for n in shape)]
    return sum(((a - c) * v) ** 2 for a, c, v in zip(axes, centre, voxel, strict=True)) <= radius_mm**2


def white_matter(slope_per_voxel=0.0, noise=0.0, shape=SHAPE):
    rng = np.random.default_rng(0)
    x = np.arange(shape[0], dtype=np.float32)[:, None, None] - shape[0] / 2
    level = 1000.0 * (1 + slope_per_voxel * x) * np.ones(shape, np.float32)
    return (level + noise * rng.standard_normal(shape)).astype(np.float32)


EVERYWHERE = np.ones(SHAPE, np.float32)


def test_a_ball_in_shaded_white_matter_gets_its_level_back_within_1_per_cent():
    healthy = white_matter(slope_per_voxel=0.002)  # 0.2 % per mm, a strong coil shading
    lesion = ball((24, 22, 20), 6)
    dark = np.where(lesion, 0.6 * healthy, healthy)
    filled = fill_lesions(dark, lesion, EVERYWHERE, np.eye(4))
    assert filled[lesion].mean() == pytest.approx(healthy[lesion].mean(), rel=0.01)
    assert np.abs(filled / healthy - 1)[lesion].max() < 0.03  # the shading itself is taken for spread: 0.8 % of noise


def test_noise_has_the_spread_of_the_white_matter_around():
    healthy = white_matter(noise=30.0)
    lesion = ball((24, 22, 20), 8)
    filled = fill_lesions(np.where(lesion, np.float32(400), healthy), lesion, EVERYWHERE, np.eye(4))
    assert filled[lesion].std() == pytest.approx(30.0, rel=0.1)  # 2109 voxels: standard error 1.5 %
    assert filled[lesion].mean() == pytest.approx(1000.0, abs=3.0)


def test_nothing_outside_the_mask_changes_by_a_bit_and_the_input_stays():
    t1w = white_matter(noise=30.0)
    before = t1w.copy()
    lesion = ball((24, 22, 20), 5)
    filled = fill_lesions(t1w, lesion, EVERYWHERE, np.eye(4))
    assert filled[~lesion].tobytes() == t1w[~lesion].tobytes()
    assert t1w.tobytes() == before.tobytes()
    assert (filled[lesion] != t1w[lesion]).all()
    assert filled.dtype == np.float32


def test_an_empty_mask_gives_the_same_array_back():
    t1w = white_matter()
    assert fill_lesions(t1w, np.zeros(SHAPE, bool), EVERYWHERE, np.eye(4)) is t1w


def test_the_seed_makes_the_bytes():
    t1w, lesion = white_matter(noise=30.0), ball((24, 22, 20), 5)
    first, again, other = (fill_lesions(t1w, lesion, EVERYWHERE, np.eye(4), rng_seed=s) for s in (1, 1, 2))
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != other.tobytes()


def test_only_white_matter_lends_its_level():
    # cortex of 600 lies beside the lesion; it must not pull the fill down
    wm = EVERYWHERE.copy()
    wm[30:] = 0.0
    t1w = np.where(wm > 0.5, np.float32(1000), np.float32(600))
    lesion = ball((26, 22, 20), 4)
    filled = fill_lesions(np.where(lesion, np.float32(700), t1w), lesion, wm, np.eye(4))
    assert filled[lesion] == pytest.approx(1000.0, abs=0.5)


def test_neighbourhoods_are_round_in_mm():
    # white matter steps from 900 to 1100 across a plane 9 mm (3 slices) above the lesion: too far for a 2 mm kernel
    t1w = np.full(SHAPE, 900.0, np.float32)
    t1w[:, :, 24:] = 1100.0
    lesion = ball((24, 22, 20), 3, ANISOTROPIC)
    filled = fill_lesions(np.where(lesion, np.float32(500), t1w), lesion, EVERYWHERE, ANISOTROPIC)
    assert filled[lesion] == pytest.approx(900.0, abs=1.0)


def test_a_lesion_at_the_edge_of_the_image():
    healthy = white_matter()
    lesion = ball((0, 0, 39), 5)
    filled = fill_lesions(np.where(lesion, np.float32(500), healthy), lesion, EVERYWHERE, np.eye(4))
    assert filled[lesion] == pytest.approx(1000.0, abs=0.5)


def test_a_wide_lesion_is_filled_to_its_middle():
    healthy = white_matter(noise=10.0)
    lesion = ball((24, 22, 20), 15)
    filled = fill_lesions(np.where(lesion, np.float32(500), healthy), lesion, EVERYWHERE, np.eye(4))
    middle = ball((24, 22, 20), 4)
    assert filled[middle].mean() == pytest.approx(1000.0, abs=3.0)


def test_no_white_matter_at_all():
    with pytest.raises(ImageContentError, match="None of 84480 voxels is normal-appearing white matter"):
        fill_lesions(white_matter(), ball((24, 22, 20), 3), 0 * EVERYWHERE, np.eye(4))


def test_white_matter_out_of_reach_is_a_counted_warning():
    shape = (150, 12, 12)
    wm = np.zeros(shape, np.float32)
    wm[10:14] = 1.0
    lesion = np.zeros(shape, bool)
    lesion[20:24, 5:8, 5:8] = True  # 36 voxels in reach
    lesion[140:142, 5:7, 5:7] = True  # 8 are not
    with pytest.warns(ScanWarning, match="8 of 44 lesion voxels"):
        filled = fill_lesions(np.full(shape, 1000.0, np.float32), lesion, wm, np.eye(4))
    assert filled[lesion] == pytest.approx(1000.0, abs=0.5)


def test_intensities_stay_positive():
    rng = np.random.default_rng(0)
    t1w = np.abs(5 + 10 * rng.standard_normal(SHAPE)).astype(np.float32)
    assert fill_lesions(t1w, ball((24, 22, 20), 6), EVERYWHERE, np.eye(4)).min() >= 0


def test_one_grid():
    with pytest.raises(GridMismatchError, match="one grid"):
        fill_lesions(white_matter(), np.zeros((2, 2, 2), bool), EVERYWHERE, np.eye(4))


@pytest.mark.slow
def test_50_ml_in_a_head_of_1_mm_are_quick():
    shape = (176, 200, 176)
    t1w = np.full(shape, 1000.0, np.float32)
    lesion = np.zeros(shape, bool)
    for x in (50, 110):
        lesion[x : x + 20, 50:130, 80:96] = True  # 51 ml
    start = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fill_lesions(t1w, lesion, np.ones(shape, np.float32), np.eye(4))
    assert time.process_time() - start < 5.0  # about 1 s; the margin is for a busy machine
