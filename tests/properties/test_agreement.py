"""Agreement is symmetric where it should be, and perfect with itself."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from neurolupus.imaging.agreement import segmentation_agreement, volume_agreement

MASKS = hnp.arrays(bool, (6, 5, 4))
AFFINE = np.diag([1.0, 1.5, 3.0, 1.0])
VALUES = hnp.arrays(float, 8, elements=st.floats(0, 2000).map(lambda x: round(x, 2)))


@given(MASKS)
def test_a_mask_agrees_with_itself(mask):
    result = segmentation_agreement(mask, mask, AFFINE)
    assert result.dice == result.lesion_f1 == 1.0
    assert result.volume_error_ml == 0.0
    assert result.hausdorff95_mm == (0.0 if mask.any() else None)


@given(MASKS, MASKS)
def test_swapping_swaps_recall_and_precision(a, b):
    there, back = segmentation_agreement(a, b, AFFINE), segmentation_agreement(b, a, AFFINE)
    assert (there.dice, there.lesion_f1, there.hausdorff95_mm) == (back.dice, back.lesion_f1, back.hausdorff95_mm)
    assert (there.lesion_recall, there.lesions_a) == (back.lesion_precision, back.lesions_b)
    assert there.volume_error_ml == -back.volume_error_ml
    assert 0 <= there.dice <= 1


@given(MASKS, MASKS, st.integers(0, 2))
def test_mirroring_both_changes_nothing(a, b, axis):
    mirrored = segmentation_agreement(np.flip(a, axis), np.flip(b, axis), AFFINE)
    plain = segmentation_agreement(a, b, AFFINE)
    assert mirrored.dice == plain.dice
    assert mirrored.lesion_f1 == plain.lesion_f1
    assert mirrored.hausdorff95_mm == (None if plain.hausdorff95_mm is None else pytest.approx(plain.hausdorff95_mm))


@given(VALUES, VALUES)
def test_swapping_the_readings_turns_the_bias_round(a, b):
    there, back = volume_agreement(a, b), volume_agreement(b, a)
    assert there.bias == pytest.approx(-back.bias)
    assert there.sd == pytest.approx(back.sd)
    assert there.icc21 == (None if back.icc21 is None else pytest.approx(back.icc21, abs=1e-9))
    assert there.limits_low <= there.bias <= there.limits_high


@given(VALUES, VALUES)
def test_concordance_never_exceeds_correlation(a, b):
    # Lin 1989: |ccc| = |r| × a factor of at most 1
    result = volume_agreement(a, b)
    assume(result.pearson_r is not None)
    assert abs(result.ccc) <= abs(result.pearson_r) + 1e-9


@given(VALUES, st.floats(-100, 100))
def test_an_offset_leaves_consistency_and_takes_from_agreement(a, offset):
    assume(np.ptp(a) > 1)
    result = volume_agreement(a, a + offset)
    assert result.icc31 == pytest.approx(1.0)
    assert result.icc21 <= 1.0 + 1e-9
    assert result.bias == pytest.approx(offset, abs=1e-9)
