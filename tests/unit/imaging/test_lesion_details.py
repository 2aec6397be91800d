"""Reach, darkness, side and lobe of lesions of known place."""

import numpy as np
import pytest

from neurolupus.imaging.atlas_fit import AtlasFit
from neurolupus.imaging.lesion_details import describe_lesions, place_loads
from neurolupus.imaging.lesion_measures import lesion_measures
from neurolupus.imaging.lesions import label_lesions

SHAPE = (60, 50, 40)
VENTRICLE = (slice(25, 30), slice(20, 30), slice(15, 25))
# voxel (30, 25, 20) lies at MNI (0, 60, 20): all of the scene is frontal, the left side below index 30
FIT = AtlasFit(np.array([[1.0, 0, 0, -30], [0, 1, 0, 35], [0, 0, 1, 0], [0, 0, 0, 1]]), 0.9)


def box(*where: slice) -> np.ndarray:
    mask = np.zeros(SHAPE, bool)
    mask[where] = True
    return mask


def found(mask, *, dark=None, fit=FIT, below=None):
    ventricles = box(*VENTRICLE)
    labelled = label_lesions(
        mask,
        mask.astype(np.float32),
        np.eye(4),
        ventricles=ventricles,
        cortex=np.zeros(SHAPE, bool),
        infratentorial=np.zeros(SHAPE, bool) if below is None else below,
    )
    return labelled._replace(lesions=describe_lesions(labelled, np.eye(4), ventricles=ventricles, dark=dark, fit=fit))


class TestConfluence:
    @pytest.mark.parametrize(("last", "confluent"), [(39, False), (40, True)])
    def test_beyond_10_mm_of_the_ventricle_is_confluent(self, last, confluent):
        # the ventricle's last voxel is 29: voxel 39 lies 10 mm away, 40 lies 11 mm away
        (lesion,) = found(box(slice(31, last + 1), slice(24, 27), slice(18, 21))).lesions
        assert lesion.reach_mm == pytest.approx(last - 29)
        assert lesion.confluent is confluent

    def test_a_deep_lesion_has_no_reach_however_far(self):
        (lesion,) = found(box(slice(45, 55), slice(24, 27), slice(18, 21))).lesions
        assert (lesion.region, lesion.reach_mm, lesion.confluent) == ("deep", None, False)

    def test_it_is_counted_and_summed(self):
        result = found(box(slice(31, 45), slice(24, 27), slice(18, 21)) | box(slice(5, 9), slice(2, 6), slice(2, 6)))
        values = {m.name: m.value for m in lesion_measures(result.lesions, None)}
        assert values["wmh_confluent_count"] == 1
        assert values["wmh_confluent_ml"] == pytest.approx(14 * 9 / 1000)


class TestDarkness:
    def test_half_of_it_makes_a_black_hole(self):
        mask = box(slice(45, 49), slice(24, 28), slice(18, 22))  # 64 voxels
        for planes, hole in ((1, False), (2, True)):
            (lesion,) = found(mask, dark=box(slice(45, 45 + planes), slice(24, 28), slice(18, 22))).lesions
            assert lesion.dark_ml == pytest.approx(planes * 16 / 1000)
            assert lesion.black_hole is hole

    def test_unknown_is_not_zero(self):
        result = found(box(slice(45, 49), slice(24, 28), slice(18, 22)))
        values = {m.name: m.value for m in lesion_measures(result.lesions, None)}
        assert values["wmh_black_hole_ml"] is None
        assert values["wmh_black_hole_count"] is None


class TestShapeOfThePatient:
    def test_the_mean_over_lesions_of_each_group(self):
        # two deep blocks of 4 x 4 x 4 and 12 x 4 x 4: both convex, eccentricity 4/length of the diagonal
        result = found(box(slice(45, 49), slice(24, 28), slice(18, 22)) | box(slice(2, 14), slice(2, 6), slice(2, 6)))
        values = {m.name: m.value for m in lesion_measures(result.lesions, None)}
        each = [lesion.eccentricity for lesion in result.lesions]
        assert values["wmh_deep_eccentricity"] == pytest.approx(sum(each) / 2)
        assert values["wmh_periventricular_solidity"] is None

    @pytest.mark.parametrize(("length", "has_shape"), [(14, False), (15, True)])
    def test_a_lesion_of_30_voxels_has_a_shape_one_of_28_has_none(self, length, has_shape):
        (lesion,) = found(box(slice(45, 45 + length), slice(24, 25), slice(18, 20))).lesions
        assert (lesion.solidity is not None) is has_shape


class TestPlace:
    def test_each_side_by_its_voxels(self):
        mask = box(slice(27, 37), slice(2, 4), slice(30, 32))  # 3 of 10 columns left of 30
        result = found(mask)
        assert result.lesions[0].side == "right"
        loads = place_loads(result, np.eye(4), FIT)
        assert (loads.left_ml, loads.right_ml) == (pytest.approx(0.012), pytest.approx(0.028))
        assert loads.lobes_ml["frontal"] == pytest.approx(0.040)

    def test_lobes_hold_what_lies_above_the_tentorium(self):
        mask = box(slice(40, 44), slice(2, 4), slice(30, 32)) | box(slice(40, 44), slice(2, 4), slice(2, 4))
        result = found(mask, below=box(slice(None), slice(None), slice(0, 8)))
        assert {(lesion.region, lesion.lobe) for lesion in result.lesions} == {
            ("deep", "frontal"),
            ("infratentorial", None),
        }
        loads = place_loads(result, np.eye(4), FIT)
        assert sum(loads.lobes_ml.values()) == pytest.approx(0.016)
        assert loads.left_ml + loads.right_ml == pytest.approx(0.032)

    def test_without_a_fit_the_columns_are_unknown(self):
        result = found(box(slice(40, 44), slice(2, 4), slice(30, 32)), fit=None)
        assert (result.lesions[0].side, result.lesions[0].lobe) == (None, None)
        values = {m.name: m.value for m in lesion_measures(result.lesions, None)}
        assert values["wmh_left_ml"] is None
        assert values["wmh_frontal_ml"] is None
