"""Shapes whose numbers are known: ball, box, U, line, sheet, two balls."""

import time

import numpy as np
import pytest

from neurolupus.imaging.lesion_shape import lesion_shape

UNIT = np.eye(4)


def ball(radius: float, centre=(0, 0, 0), half_axes=(1.0, 1.0, 1.0)) -> np.ndarray:
    n = int(radius * max(half_axes)) + 2
    grid = np.stack(np.meshgrid(*[np.arange(-n, n + 1)] * 3, indexing="ij"), -1).reshape(-1, 3)
    inside = ((grid / (radius * np.array(half_axes))) ** 2).sum(1) <= 1
    return grid[inside] + np.array(centre)


def block(*size: int) -> np.ndarray:
    return np.argwhere(np.ones(size, bool))


class TestConvex:
    @pytest.mark.parametrize("voxels", [ball(8), block(10, 6, 4), block(20, 1, 1), block(9, 9, 1)], ids=str)
    def test_a_convex_lesion_has_exactly_one(self, voxels):
        shape = lesion_shape(voxels, UNIT)
        assert (shape.solidity, shape.convexity, shape.concavity_index) == pytest.approx((1.0, 1.0, 1.0), abs=1e-12)

    def test_a_ball_is_as_wide_as_long_and_an_ellipsoid_as_its_axes(self):
        assert lesion_shape(ball(10), UNIT).eccentricity == pytest.approx(1.0, abs=0.05)  # one voxel of 21
        two_to_one = ball(8, half_axes=(1.0, 1.0, 2.0))
        assert lesion_shape(two_to_one, UNIT).eccentricity == pytest.approx(0.5, abs=0.02)  # half a voxel of 17

    def test_millimetres_count_not_voxels(self):
        flat = ball(10, half_axes=(1.0, 1.0, 0.5))  # half as many slices, each twice as thick: a ball of 10 mm
        assert lesion_shape(flat, np.diag([1.0, 1.0, 2.0, 1.0])).eccentricity == pytest.approx(1.0, abs=0.08)
        assert lesion_shape(flat, UNIT).eccentricity == pytest.approx(0.5, abs=0.03)


class TestConcave:
    def test_a_u_fills_its_hull_by_counting(self):
        # 12 x 12 x 4 block with a notch 6 wide and 9 deep, open above: 576 - 216 = 360 voxels; the hull is the block
        u = np.ones((12, 12, 4), bool)
        u[3:9, 3:, :] = False
        shape = lesion_shape(np.argwhere(u), UNIT)
        assert shape.solidity == pytest.approx(360 / 576, abs=1e-12)
        # faces of the block: two of 144, four of 48; the notch takes 2 x 54 and 24 and gives two walls of 36 and 24
        block_area, u_area = 2 * 144 + 4 * 48, 2 * (144 - 54) + 4 * 48 - 24 + 2 * 36 + 24
        assert shape.convexity == pytest.approx(block_area / u_area, rel=0.06)  # Crofton rounds the edges of both
        assert shape.concavity_index == pytest.approx(np.hypot(2 - shape.convexity, 1 - shape.solidity))

    def test_two_touching_balls(self):
        # hull of two equal balls that touch: a cylinder of length 2r between two half balls,
        # volume 2πr³ + 4/3 πr³ = 10/3 πr³, area 4πr² + 4πr² = 8πr²; the balls 8/3 πr³ and 8πr²
        voxels = np.unique(np.vstack([ball(10.5), ball(10.5, centre=(21, 0, 0))]), axis=0)
        shape = lesion_shape(voxels, UNIT)
        assert shape.solidity == pytest.approx(0.8, abs=0.015)
        assert shape.convexity == pytest.approx(1.0, abs=0.04)
        assert shape.eccentricity == pytest.approx(0.5, abs=0.02)

    def test_a_comb_is_rougher_than_its_block(self):
        # 12 x 12 x 12 with five slots of 1 x 8 x 12: hull the block, 1728 - 480 = 1248 voxels
        comb = np.ones((12, 12, 12), bool)
        comb[1::2, 4:][:5] = False
        shape = lesion_shape(np.argwhere(comb), UNIT)
        assert shape.solidity == pytest.approx(1248 / 1728, abs=1e-12)
        assert shape.concavity_index > 1.5  # sqrt((2 - 0.4)² + 0.28²): each slot adds 2 x 96 faces to 864

    def test_thin_spokes_have_more_hull_than_surface(self):
        # three crossed rods: the formula gives a convexity above 1, which is why it is told beside solidity
        rods = np.unique(np.vstack([block(21, 1, 1) - [10, 0, 0], block(1, 21, 1) - [0, 10, 0]]), axis=0)
        assert lesion_shape(rods, UNIT).convexity > 1.0


class TestFractalDimension:
    @pytest.mark.parametrize(
        ("voxels", "dimension"), [(block(32, 1, 1), 1), (block(32, 32, 1), 2), (block(32, 32, 32), 3)]
    )
    def test_line_sheet_and_block(self, voxels, dimension):
        assert lesion_shape(voxels, UNIT).fractal_dimension == pytest.approx(dimension, abs=1e-9)

    def test_a_sierpinski_tetrahedron_has_dimension_two(self):
        # voxels whose coordinates share no binary digit: 4 copies at half the size, log 4 / log 2
        grid = np.argwhere(np.ones((32, 32, 32), bool))
        x, y, z = grid.T
        fractal = grid[(x & y == 0) & (y & z == 0) & (x & z == 0)]
        assert lesion_shape(fractal, UNIT).fractal_dimension == pytest.approx(2.0, abs=1e-9)

    def test_a_lesion_of_three_voxels_has_none(self):
        assert lesion_shape(block(3, 1, 1), UNIT).fractal_dimension is None


def test_one_voxel_is_the_shape_of_a_voxel():
    shape = lesion_shape(np.array([[5, 5, 5]]), np.diag([1.0, 1.0, 3.0, 1.0]))
    assert shape.solidity == 1.0
    assert shape.eccentricity == pytest.approx(1 / 3)


@pytest.mark.slow
def test_a_lesion_of_40_ml_is_quick_enough():
    rng = np.random.default_rng(1)
    mask = np.ones((40, 40, 26), bool) & (rng.random((40, 40, 26)) < 0.97)
    start = time.process_time()
    lesion_shape(np.argwhere(mask), UNIT)
    assert time.process_time() - start < 5.0
