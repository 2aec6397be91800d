"""Which cavities are old infarcts: balls and slits of known size in a block of white matter, with a wall or without."""

import numpy as np
import pytest

from neurolupus.imaging.cavities import walled_cavities, with_outer_wall

SHAPE = (44, 40, 40)
BRAIN = np.ones(SHAPE, bool)
AWAY = np.sqrt(sum((axis - at) ** 2 for axis, at in zip(np.indices(SHAPE), (24, 20, 20), strict=True)))


def find(cavity: np.ndarray, wall: np.ndarray, *, cortex: float | None = 400) -> np.ndarray:
    """White matter of 350 on FLAIR, a wall of 600."""
    flair = np.full(SHAPE, 350, np.float32)
    flair[wall], flair[cavity] = 600, 50
    return walled_cavities(cavity, flair, BRAIN, np.eye(4), cortex)


def test_a_ball_in_a_bright_wall_is_an_infarct_with_its_wall():
    found = find(AWAY <= 6, (AWAY > 6) & (AWAY <= 9))
    np.testing.assert_array_equal(found, AWAY <= 9)


def test_what_is_bright_further_away_is_no_part_of_it():
    speck = np.zeros(SHAPE, bool)
    speck[24, 20, 33] = True  # 7 mm from the cavity
    found = find(AWAY <= 6, ((AWAY > 6) & (AWAY <= 9)) | speck)
    np.testing.assert_array_equal(found, AWAY <= 9)
    alone = find(AWAY <= 6, (AWAY > 6) & (AWAY <= 8) | ((AWAY > 9.2) & (AWAY <= 9.8)))
    assert not (alone & (AWAY > 9)).any()  # bright within 4 mm, but a rim of its own


def test_without_a_bright_wall_it_is_none():
    assert not find(AWAY <= 6, np.zeros(SHAPE, bool)).any()
    half = (AWAY > 6) & (AWAY <= 9) & (np.indices(SHAPE)[0] >= 24)
    assert not find(AWAY <= 6, half).any()


def test_a_slit_between_bright_banks_is_a_fissure():
    slit, banks = np.zeros(SHAPE, bool), np.zeros(SHAPE, bool)
    banks[15:25, 8:32, 8:32] = True
    slit[19:21, 12:28, 12:28] = True  # 0.5 ml, 2 by 16 by 16 mm: a tenth of the ball as long
    assert not find(slit, banks & ~slit).any()


def test_a_small_cavity_is_a_lacune():
    assert not find(AWAY <= 4, (AWAY > 4) & (AWAY <= 7)).any()  # 0.26 ml


def test_where_cortex_was_not_seen_nothing_is_known():
    assert not find(AWAY <= 6, (AWAY > 6) & (AWAY <= 9), cortex=None).any()


@pytest.mark.parametrize("voxel_mm", [2.0, 4.0])  # the wall reaches 3 mm: no voxel of 4 mm lies so near another
def test_the_wall_counts_whatever_the_voxels(voxel_mm):
    away = AWAY * voxel_mm
    cavity, wall = away <= 10, (away > 10) & (away <= 15)
    affine = np.diag([voxel_mm] * 3 + [1])
    for bright, expected in ((wall, True), (np.zeros(SHAPE, bool), False)):
        flair = np.select([cavity, bright], [50, 600], 350).astype(np.float32)
        assert walled_cavities(cavity, flair, BRAIN, affine, 400).any() == expected


def test_a_thick_wall_belongs_to_the_infarct_and_a_large_lesion_beside_it_does_not():
    infarct = AWAY <= 10
    whole = with_outer_wall(infarct, AWAY <= 14, np.eye(4))
    np.testing.assert_array_equal(whole, AWAY <= 14)
    band = np.zeros(SHAPE, bool)
    band[24:, 18:23, 18:23] = True  # from the infarct to 20 mm from its middle
    np.testing.assert_array_equal(with_outer_wall(infarct, band, np.eye(4)), infarct)
    apart = (AWAY > 12.5) & (AWAY <= 14)
    np.testing.assert_array_equal(with_outer_wall(infarct, apart, np.eye(4)), infarct)
    nothing = np.zeros(SHAPE, bool)
    assert not with_outer_wall(nothing, AWAY <= 14, np.eye(4)).any()
