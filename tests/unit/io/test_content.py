import numpy as np
import pytest

from neurolupus.io.content import (
    blank_slices,
    enclosed_count,
    intensity_faults,
    is_ct,
    without_background_nan,
    without_negatives,
)


def test_nan_that_reaches_the_border_is_background():
    finite = np.ones((7, 7, 7), bool)
    finite[0:4, 3, 3] = False
    assert enclosed_count(finite) == 0
    finite[5, 5, 5] = False
    assert enclosed_count(finite) == 1


def test_finite_data_are_not_copied():
    data = np.ones((3, 3, 3), np.float32)
    same, warning = without_background_nan(data)
    assert same is data
    assert warning is None


@pytest.mark.parametrize("background", [0, -1])
def test_mr_with_small_negative_values_is_not_ct(background):
    values = np.random.default_rng(0).normal(300, 100, 10_000).astype(np.float32)
    values[:6000] = background
    assert not is_ct(values)


def test_signed_overflow_is_not_called_ct():
    # int16 that wrapped around: values near -32768, no air
    values = np.concatenate([np.full(500, -30000.0), np.linspace(1, 3000, 5000)]).astype(np.float32)
    assert not is_ct(values)


def test_a_share_of_air_below_five_percent_is_not_ct():
    values = np.full(1000, 40.0, np.float32)
    values[:49] = -1000
    assert not is_ct(values)
    values[:50] = -1000
    assert is_ct(values)


def test_signal_is_measured_in_ml(head_image):
    data = head_image()
    assert intensity_faults(data, 0.216) == []
    (fault,) = intensity_faults(data, 0.000001)  # the same array, 1e-6 ml voxels
    assert "differ from the background" in fault.what


@pytest.mark.parametrize("lost", [0.0, np.nan])
def test_slices_lost_in_the_middle_are_a_fault(head_image, lost):
    data = head_image()
    middle = data.shape[2] // 2
    data[:, :, middle : middle + 3] = lost
    (fault,) = intensity_faults(data, 0.216)
    assert f"3 blank slices (along axis 3: {middle + 1} to {middle + 3}) in the middle" in fault.what
    assert "Convert the DICOM series again" in fault.remedy


def test_one_lost_slice_is_a_fault(head_image):
    data = head_image()
    data[data.shape[0] // 2] = 7.0  # one value, not zero
    (fault,) = intensity_faults(data, 0.216)
    assert f"1 blank slice (along axis 1: {data.shape[0] // 2 + 1}) in" in fault.what


def test_padding_and_stray_voxels_are_no_lost_slices(head_image):
    data = np.pad(head_image(), 9)
    data[0, 0, 0] = 3.0
    data[-1, -1, -1] = 2.0
    assert blank_slices(data) == []


@pytest.mark.parametrize(("share", "expected"), [(0.04, 0), (0.08, 1)])
def test_negative_share(share, expected):
    data = np.full((20, 20, 20), 100.0, np.float32)
    data[:: round(1 / share)] = -50
    data[0] = 100
    count = np.count_nonzero(data[::2, ::2, ::2] < 0) / 1000
    assert bool(without_negatives(data)[1]) == (count >= 0.05)


def test_interpolation_ringing_is_not_warned_of():
    data = np.full((20, 20, 20), 100.0, np.float32)
    data[:, :, :8] = -0.5  # -0.5 % of the tissue
    same, warning = without_negatives(data)
    assert same is data
    assert warning is None


def test_a_standardised_head_is_lifted_as_it_was(head_image):
    data = head_image()
    lifted, warning = without_negatives((data - data.mean()) / data.std())
    assert "was added to its values" in warning
    assert lifted.min() == 0
    darkest = np.percentile(data[::2, ::2, ::2], 0.1)
    np.testing.assert_allclose(lifted * data.std() + darkest, np.maximum(data, darkest), rtol=1e-5)


def test_a_standardised_brain_keeps_its_zero_outside():
    generator = np.random.default_rng(0)
    data = np.zeros((20, 20, 20), np.float32)
    inside = (slice(3, 17),) * 3
    brain = generator.normal(100, 20, (14, 14, 14)).astype(np.float32)
    data[inside] = (brain - brain.mean()) / brain.std()
    lifted, _ = without_negatives(data)
    assert not lifted[data == 0].any()
    order = np.argsort(brain, axis=None)
    assert (np.diff(lifted[inside].ravel()[order]) >= 0).all()  # what was darker stays darker, nothing falls below 0
    assert np.count_nonzero(lifted[inside]) > 0.99 * brain.size
