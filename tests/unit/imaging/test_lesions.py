"""Lesions of known size and place."""

import time

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from neurolupus.errors import GridMismatchError
from neurolupus.imaging.lesions import label_lesions, longest_extent_mm, region_loads

SHAPE = (60, 50, 40)
VENTRICLE = (slice(25, 30), slice(20, 30), slice(15, 25))
CORTEX = (slice(0, 5), slice(None), slice(None))
BELOW = (slice(None), slice(None), slice(0, 8))


def box(*where: slice) -> np.ndarray:
    mask = np.zeros(SHAPE, bool)
    mask[where] = True
    return mask


def label(mask, affine=None, **more):
    return label_lesions(
        mask,
        np.where(mask, np.float32(0.5), np.float32(0)),
        np.eye(4) if affine is None else affine,
        ventricles=box(*VENTRICLE),
        cortex=box(*CORTEX),
        infratentorial=box(*BELOW),
        **more,
    )


def region_of(*where: slice) -> str:
    (lesion,) = label(box(*where)).lesions
    return lesion.region


class TestRegions:
    def test_3_mm_from_the_ventricle_is_periventricular_4_mm_is_deep(self):
        at = slice(22, 24), slice(18, 20)
        assert region_of(slice(32, 34), *at) == "periventricular"  # last ventricle voxel is 29: 3 mm
        assert region_of(slice(33, 35), *at) == "deep"

    def test_touching_the_cortex_is_juxtacortical_a_voxel_between_is_deep(self):
        at = slice(10, 14), slice(20, 24)
        assert region_of(slice(5, 8), *at) == "juxtacortical"
        assert region_of(slice(6, 8), *at) == "deep"

    def test_across_thick_slices_what_shares_a_face_touches_and_within_them_millimetres_count(self):
        thick = np.diag([1.0, 1.0, 5.0, 1.0])

        def region(*where: slice) -> str:
            (lesion,) = label(box(*where), thick).lesions
            return lesion.region

        at = slice(26, 28), slice(24, 26)
        assert region(*at, slice(25, 26)) == "periventricular"  # on the roof: centres 5 mm apart
        assert region(*at, slice(26, 27)) == "deep"
        assert region(slice(5, 8), slice(40, 44), slice(30, 31)) == "juxtacortical"
        assert region(slice(9, 12), slice(40, 44), slice(30, 31)) == "deep"  # 5 mm within the slice

    def test_from_ventricle_to_cortex_is_periventricular(self):
        assert region_of(slice(5, 25), slice(22, 24), slice(18, 20)) == "periventricular"

    def test_the_side_of_the_tentorium_goes_by_the_majority_of_voxels(self):
        at = slice(45, 48), slice(10, 12)
        assert region_of(*at, slice(4, 11)) == "infratentorial"  # 4 of 7 slices below 8
        assert region_of(*at, slice(5, 11)) == "deep"  # 3 of 6: no majority

    def test_a_lesion_inside_the_ventricle_mask_is_periventricular(self):
        assert region_of(slice(26, 28), slice(22, 24), slice(18, 20)) == "periventricular"

    def test_distances_are_in_mm_on_thick_slices(self):
        mask = box(slice(26, 28), slice(22, 24), slice(26, 27))  # two slices above the last ventricle slice 24
        (lesion,) = label(mask, np.diag([1.0, 1.0, 3.6, 1.0])).lesions  # 7.2 mm away
        assert lesion.region == "deep"
        (lesion,) = label(mask, np.diag([1.0, 1.0, 1.5, 1.0])).lesions  # 3.0 mm away
        assert lesion.region == "periventricular"

    def test_loads_add_up(self):
        mask = box(slice(32, 34), slice(22, 24), slice(18, 20)) | box(slice(45, 49), slice(10, 12), slice(20, 21))
        result = label(mask)
        loads = {r.region: r for r in region_loads(result.lesions)}
        assert (loads["periventricular"].count, loads["deep"].count, loads["infratentorial"].count) == (1, 1, 0)
        assert sum(r.volume_ml for r in loads.values()) == pytest.approx(0.016)


class TestComponents:
    def test_largest_first_and_described(self):
        mask = box(slice(40, 41), slice(5, 6), slice(30, 31)) | box(slice(45, 49), slice(10, 12), slice(20, 21))
        labels, lesions = label(mask)
        assert [lesion.label for lesion in lesions] == [1, 2]
        assert lesions[0].volume_ml == pytest.approx(0.008)
        assert lesions[0].centroid_mm == pytest.approx((46.5, 10.5, 20.0))
        assert lesions[0].mean_probability == pytest.approx(0.5)
        assert labels[46, 11, 20] == 1
        assert labels[40, 5, 30] == 2
        assert labels.dtype == np.int32

    def test_corners_connect(self):
        mask = np.zeros(SHAPE, bool)
        mask[40, 10, 20] = mask[41, 11, 21] = True
        assert len(label(mask).lesions) == 1

    def test_no_lesions(self):
        labels, lesions = label(np.zeros(SHAPE, bool))
        assert lesions == ()
        assert not labels.any()
        assert [r.count for r in region_loads(lesions)] == [0, 0, 0, 0]

    def test_masks_must_lie_on_one_grid(self):
        with pytest.raises(GridMismatchError, match="cortex"):
            label_lesions(
                box(),
                np.zeros(SHAPE, np.float32),
                np.eye(4),
                ventricles=box(),
                cortex=np.zeros((2, 2, 2), bool),
                infratentorial=box(),
            )

    @pytest.mark.slow
    def test_500_lesions_and_50_ml_are_quick(self):
        rng = np.random.default_rng(0)
        mask = np.zeros((180, 210, 180), bool)
        for centre in rng.integers(10, 160, (500, 3)):
            mask[tuple(slice(int(c), int(c) + 3) for c in centre)] = True
        mask[60:100, 60:100, 60:85] = True
        none = np.zeros_like(mask)
        ventricles = none.copy()
        ventricles[80:100, 90:120, 85:100] = True
        start = time.process_time()
        result = label_lesions(
            mask, mask.astype(np.float32), np.eye(4), ventricles=ventricles, cortex=none, infratentorial=none
        )
        assert len(result.lesions) > 300
        assert result.lesions[0].volume_ml > 40
        assert time.process_time() - start < 5.0  # about 0.5 s; the margin is for a busy machine


class TestExtent:
    def test_a_row_is_as_long_as_its_voxels(self):
        assert longest_extent_mm(
            np.array([[0, 0, k] for k in range(4)]), np.diag([1.0, 1.0, 3.6, 1.0])
        ) == pytest.approx(14.4)

    def test_a_single_voxel_has_its_longest_edge(self):
        assert longest_extent_mm(np.array([[3, 3, 3]]), np.diag([1.0, 1.0, 3.6, 1.0])) == pytest.approx(3.6)

    def test_a_diagonal_runs_to_the_corners(self):
        assert longest_extent_mm(np.array([[n, n, n] for n in range(5)]), np.eye(4)) == pytest.approx(5 * np.sqrt(3))

    def test_the_farthest_pair_is_that_of_all_pairs(self):
        rng = np.random.default_rng(3)
        affine = np.eye(4)
        affine[:3, :3] = rng.normal(size=(3, 3))  # any shear
        for _ in range(20):
            voxels = np.unique(rng.integers(0, 12, (80, 3)), axis=0)
            all_pairs = pdist(voxels @ affine[:3, :3].T).max()
            ours = longest_extent_mm(voxels, affine)
            assert all_pairs < ours <= all_pairs * 1.3


class TestInfarcts:
    long = (slice(40, 58), slice(5, 11), slice(20, 26))  # 18 mm

    def test_a_long_lesion_with_a_fluid_core(self):
        core = box(slice(45, 50), slice(6, 10), slice(21, 26))  # 100 voxels: 0.1 ml
        (lesion,) = label(box(*self.long), fluid_core=core).lesions
        assert lesion.infarct_like

    def test_a_core_that_is_too_small(self):
        core = box(slice(45, 50), slice(6, 10), slice(21, 25))  # 0.08 ml of 0.648
        (lesion,) = label(box(*self.long), fluid_core=core).lesions
        assert not lesion.infarct_like

    def test_a_short_lesion_is_a_lacune_not_an_infarct(self):
        short = box(slice(40, 49), slice(5, 11), slice(20, 26))
        (lesion,) = label(short, fluid_core=short).lesions
        assert lesion.longest_mm < 15
        assert not lesion.infarct_like

    def test_a_cavity_that_flair_suppresses_is_seen_through_its_rim(self):
        whole = box(*self.long)
        cavity = box(slice(42, 56), slice(7, 9), slice(22, 24))  # 56 voxels, dark on FLAIR: not in the mask
        (lesion,) = label(whole & ~cavity, fluid_core=cavity).lesions
        assert not lesion.infarct_like  # 0.056 ml
        cavity = box(slice(42, 56), slice(6, 10), slice(21, 25))
        (lesion,) = label(whole & ~cavity, fluid_core=cavity).lesions
        assert lesion.infarct_like

    def test_partial_volume_of_the_ventricle_is_no_core(self):
        lesion_mask = box(slice(25, 30), slice(30, 48), slice(15, 25))
        dark = box(slice(25, 30), slice(30, 31), slice(15, 25)) | box(slice(25, 30), slice(28, 30), slice(15, 25))
        (lesion,) = label(lesion_mask, fluid_core=dark).lesions
        assert lesion.longest_mm > 15
        assert not lesion.infarct_like

    def test_unknown_t1w_darkness_makes_no_infarct(self):
        (lesion,) = label(box(*self.long)).lesions
        assert not lesion.infarct_like
