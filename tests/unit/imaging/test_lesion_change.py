"""New, grown, shrunk and vanished lesions of known place, under noise, another scale and another shading."""

import numpy as np
import pytest
from scipy import ndimage

from neurolupus.imaging.lesion_change import SMALLEST_ML, compare_lesions, flair_difference

SHAPE = (80, 70, 60)
UNIT = np.eye(4)
WHITE = np.zeros(SHAPE, bool)
WHITE[5:75, 5:65, 5:55] = True


def ball(centre, radius) -> np.ndarray:
    grid = np.indices(SHAPE)
    return sum((grid[a] - centre[a]) ** 2 for a in range(3)) <= radius**2


OLD, STABLE, NEW, GROWN = (20, 20, 20), (20, 50, 30), (60, 20, 20), (60, 50, 40)


def session(rng, lesions, *, noise=0.05, scale=1.0, shading=0.0):
    """A FLAIR of white matter 1.0 with lesions of 1.5, and a map that is 0.9 in lesions and 0.02 elsewhere."""
    mask = np.any([ball(*one) for one in lesions], axis=0) if lesions else np.zeros(SHAPE, bool)
    x = np.linspace(-1, 1, SHAPE[0])[:, None, None]
    flair = scale * (1 + shading * x) * (1.0 + 0.5 * mask + noise * rng.standard_normal(SHAPE))
    return flair.astype(np.float32), np.where(mask, 0.9, 0.02).astype(np.float32)


BEFORE = [(OLD, 3), (STABLE, 4), (GROWN, 3)]
AFTER = [(STABLE, 4), (NEW, 3), (GROWN, 5)]


def compare(before, after):
    return compare_within(before, after, WHITE)


def compare_within(before, after, white, tissue=None):
    normal = (before[1] < 0.1) & (after[1] < 0.1)
    masks = before[1] >= 0.2, after[1] >= 0.2
    return compare_lesions(before[0], after[0], *masks, normal, white, white if tissue is None else tissue, UNIT)


class TestKnownChange:
    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("noise", "scale", "shading"), [(0.02, 1.0, 0.0), (0.08, 1.0, 0.0), (0.05, 3.7, 0.0), (0.05, 0.6, 0.15)]
    )
    def test_each_lesion_has_its_fate_and_its_volume(self, noise, scale, shading):
        rng = np.random.default_rng(3)
        found = compare(
            session(rng, BEFORE, noise=noise), session(rng, AFTER, noise=noise, scale=scale, shading=shading)
        )
        fates = {one.fate: one for one in found.lesions}
        assert sorted(fates) == ["disappeared", "enlarging", "new"]
        assert found.stable == 1
        count = {r: np.count_nonzero(ball((40, 35, 30), r)) / 1000 for r in (3, 5)}
        assert fates["new"].gained_ml == pytest.approx(count[3], rel=0.1)  # some edge voxels stay below three SD
        assert fates["disappeared"].lost_ml == pytest.approx(count[3], rel=0.1)
        assert fates["enlarging"].gained_ml == pytest.approx(count[5] - count[3], rel=0.15)
        assert (fates["enlarging"].before_ml, fates["enlarging"].after_ml) == pytest.approx((count[3], count[5]))
        assert fates["new"].centroid_mm == pytest.approx(NEW, abs=0.2)

    @pytest.mark.slow
    def test_time_turned_round_turns_the_fates(self):
        rng = np.random.default_rng(3)
        before, after = session(rng, BEFORE), session(rng, AFTER)
        there, back = compare(before, after), compare(after, before)
        turned = {"new": "disappeared", "disappeared": "new", "enlarging": "shrinking", "shrinking": "enlarging"}
        assert sorted(turned[one.fate] for one in there.lesions) == sorted(one.fate for one in back.lesions)
        assert np.array_equal(there.fates > 0, back.fates > 0)


class TestNoChange:
    @pytest.mark.slow
    @pytest.mark.parametrize("seed", range(5))
    def test_rescans_show_none(self, seed):
        rng = np.random.default_rng(seed)
        found = compare(session(rng, BEFORE), session(rng, BEFORE, scale=1.3, shading=0.1))
        assert found.lesions == ()
        assert found.stable == 3

    @pytest.mark.slow
    @pytest.mark.parametrize("shift", [0.3, 0.6])
    def test_an_alignment_wrong_by_half_a_voxel_is_no_change(self, shift):
        rng = np.random.default_rng(0)
        flair, probability = session(rng, BEFORE, noise=0.02)
        moved = [ndimage.shift(one, (shift, shift, 0), order=1, mode="nearest") for one in (flair, probability)]
        assert compare((flair, probability), tuple(moved)).lesions == ()

    @pytest.mark.slow
    def test_a_map_that_moves_alone_is_no_change(self):
        rng = np.random.default_rng(0)
        before, after = session(rng, BEFORE), session(rng, BEFORE)
        assert compare(before, (after[0], session(rng, AFTER)[1])).lesions == ()

    @pytest.mark.slow
    def test_a_flair_that_moves_alone_is_no_change(self):
        rng = np.random.default_rng(0)
        before = session(rng, BEFORE)
        assert compare(before, (session(rng, AFTER)[0], before[1])).lesions == ()

    @pytest.mark.slow
    def test_a_speck_smaller_than_a_ball_of_3_mm_is_dropped(self):
        rng = np.random.default_rng(0)
        before, after = session(rng, [], noise=0.01), session(rng, [], noise=0.01)
        for edge, count in ((2, 0), (3, 1)):  # 8 and 27 voxels of 1 mm; the limit is 14
            flair, probability = after[0].copy(), after[1].copy()
            flair[30 : 30 + edge, 30 : 30 + edge, 30 : 30 + edge] = 2.0
            probability[30 : 30 + edge, 30 : 30 + edge, 30 : 30 + edge] = 0.9
            assert len(compare(before, (flair, probability)).lesions) == count
        assert 8 < SMALLEST_ML * 1000 < 27

    def test_in_fluid_nothing_changes(self):
        rng = np.random.default_rng(0)
        found = compare_within(session(rng, BEFORE), session(rng, AFTER), WHITE, np.zeros(SHAPE, bool))
        assert found.lesions == ()

    def test_lesions_of_the_deep_nuclei_change_as_those_of_white_matter_do(self):
        rng = np.random.default_rng(0)
        white = WHITE & ~ball(NEW, 8) & ~ball(OLD, 8)
        found = compare_within(session(rng, BEFORE), session(rng, AFTER), white, WHITE)
        assert sorted(one.fate for one in found.lesions) == ["disappeared", "enlarging", "new"]


def test_the_noise_is_the_spread_of_the_smoothed_difference():
    rng = np.random.default_rng(0)
    before, after = session(rng, [], noise=0.05), session(rng, [], noise=0.05)
    _, noise = flair_difference(before[0], after[0], WHITE, WHITE, UNIT)
    # white noise of SD 0.05 twice, smoothed by a Gaussian of 1 voxel: 0.05 √2 (4 π)^(-3/4) = 0.0106
    assert noise == pytest.approx(0.05 * 2**0.5 * (4 * np.pi) ** -0.75, rel=0.03)
