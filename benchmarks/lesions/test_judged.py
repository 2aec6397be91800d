"""The judge, by hand."""

import numpy as np
import pytest
from judged import judge

TOLD = {"case": "", "group": "", "source": "", "contrast": None, "method": "", "threshold": 0.0, "seconds": 0.0}


def at(threshold):
    truth, probability = scene()
    return judge(truth, probability >= threshold, probability, np.ones(truth.shape, bool), 0.001, 0.084, **TOLD)


def scene():
    truth = np.zeros((20, 20, 20), bool)
    truth[2:4, 2:4, 2:4] = True  # 8 mm³
    truth[10:15, 10:15, 10:13] = True  # 75 mm³
    truth[18, 18, 18] = True  # a single voxel: not counted
    found = np.zeros(truth.shape, np.float32)
    found[2:4, 2:4, 2] = 0.9  # half of the first
    found[5:7, 15:17, 5:7] = 0.3  # 8 mm³ of nothing
    return truth, found


def test_overlap_lesions_and_volumes():
    one = at(0.2)
    assert one.dice == pytest.approx(2 * 4 / (12 + 84))
    assert (one.lesions, one.false_lesions) == (2, 1)
    assert (one.lesion_recall, one.lesion_precision, one.lesion_f1) == (0.5, 0.5, 0.5)
    assert one.small_recall == 1.0  # of 3 to 50 mm³ there is one, and it was touched
    assert one.found_ml == pytest.approx(0.012)
    assert one.expected_ml == pytest.approx((4 * 0.9 + 8 * 0.3) / 1000)


def test_a_higher_threshold_drops_the_false_one():
    one = at(0.5)
    assert (one.false_lesions, one.lesion_precision) == (0, 1.0)


def test_nothing_in_nothing_is_right():
    nothing = np.zeros((5, 5, 5))
    one = judge(nothing > 0, nothing > 0, nothing, nothing == 0, 0.001, 0.0, **TOLD)
    assert (one.dice, one.lesion_f1, one.lesion_recall, one.small_recall) == (1.0, 1.0, None, None)


@pytest.mark.parametrize(("unknown_layers", "false", "found_ml"), [(0, 1, 0.008), (1, 0, 0.0), (2, 0, 0.0)])
def test_what_sticks_out_of_where_nothing_is_known_is_not_false(unknown_layers, false, found_ml):
    truth, probability = scene()
    truth[:] = False
    probability[2:4] = 0  # what is left lies in two layers of 4 voxels
    known = np.ones(truth.shape, bool)
    known[5 : 5 + unknown_layers] = False
    one = judge(truth, probability >= 0.2, probability, known, 0.001, 0.0, **TOLD)
    assert (one.false_lesions, one.found_ml) == (false, pytest.approx(found_ml))


def test_less_than_half_in_the_unknown_is_counted_without_that_part():
    truth, probability = scene()
    truth[:] = False
    probability[2:4], probability[7, 15:17, 5:7] = 0, 0.3  # three layers now
    known = np.ones(truth.shape, bool)
    known[5] = False
    one = judge(truth, probability >= 0.2, probability, known, 0.001, 0.0, **TOLD)
    assert (one.false_lesions, one.found_ml) == (1, pytest.approx(0.008))


def test_a_true_lesion_found_from_the_unknown_is_found():
    truth, probability = scene()
    truth[:] = False
    truth[6, 15:17, 5:7] = True
    known = np.ones(truth.shape, bool)
    known[5] = False
    one = judge(truth, probability >= 0.2, probability, known, 0.001, 0.004, **TOLD)
    assert (one.dice, one.lesion_recall, one.lesion_precision) == (pytest.approx(2 * 4 / (8 + 4)), 1.0, 0.5)
