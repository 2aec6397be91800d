"""Settings, the rigid transform and the likeliest tissue, worked by hand."""

import numpy as np
import pytest

from neurolupus.records.measured import MeasuredScan, RigidTransform, Settings
from neurolupus.records.measurement import MeasurementSet
from neurolupus.records.scan import ScanId, ScanPair
from neurolupus.records.volume import Volume


def a_turn(degrees: float, axis: int = 2) -> np.ndarray:
    """The 4 x 4 matrix of a turn about an axis, and a shift that must not matter."""
    a, b = [other for other in range(3) if other != axis]
    c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    affine = np.eye(4)
    affine[a, a] = affine[b, b] = c
    affine[a, b], affine[b, a] = -s, s
    affine[:3, 3] = (20.0, -5.0, 3.0)
    return affine


@pytest.mark.parametrize("threshold", [0.0, 1.0, -0.2, 20.0])
def test_a_threshold_lies_between_0_and_1(threshold):
    with pytest.raises(ValueError, match="between 0 and 1"):
        Settings(wmh_threshold=threshold)


def test_the_threshold_is_the_papers_unless_chosen():
    assert Settings().wmh_threshold == 0.2  # Inglese 2021, "a lesion probability threshold of 0.2 was applied"


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("degrees", [0.0, 1.5, 90.0, 180.0])
def test_the_angle_of_a_turn(degrees, axis):
    transform = RigidTransform(a_turn(degrees, axis), 1.1)
    assert transform.rotation_deg == pytest.approx(degrees, abs=1e-5)  # arccos loses half the digits near 0


def test_the_angle_does_not_tell_left_from_right():
    assert RigidTransform(a_turn(-12.0), 1.1).rotation_deg == pytest.approx(12.0)


def test_two_turns_about_different_axes():
    # two quarter turns about perpendicular axes are a third of a turn about the diagonal of the cube
    assert RigidTransform(a_turn(90, 0) @ a_turn(90, 2), 1.1).rotation_deg == pytest.approx(120.0)


def test_rounding_beyond_the_identity_is_no_angle():
    assert RigidTransform(np.diag([1 + 1e-12, 1.0, 1.0, 1.0]), 2.0).rotation_deg == 0.0


def a_measured_scan(gm, wm, csf, intracranial) -> MeasuredScan:
    row = [np.asarray(values, np.float32).reshape(-1, 1, 1) for values in (gm, wm, csf)]
    inside = np.asarray(intracranial, bool).reshape(-1, 1, 1)
    t1w = Volume(np.ones(inside.shape, np.float32), np.eye(4))
    return MeasuredScan(
        pair=ScanPair(ScanId("01"), t1w, None),
        settings=Settings(),
        t1w=t1w,
        t1w_corrected=t1w.data,
        brain_mask=inside,
        intracranial_mask=inside,
        gm=row[0],
        wm=row[1],
        csf=row[2],
        flair=None,
        transform=None,
        wmh_probability=None,
        wmh_mask=None,
        lesion_labels=None,
        filled_t1w=t1w.data,
        lesions=(),
        measurements=MeasurementSet(()),
        usable=True,
        warnings=(),
    )


def test_the_likeliest_tissue_has_the_numbers_of_bids():
    # BIDS 1.9.0, common image-derived labels: 1 grey matter, 2 white matter, 3 CSF; 0 outside
    scan = a_measured_scan([0.6, 0.1, 0.2, 0.9], [0.3, 0.8, 0.3, 0.1], [0.1, 0.1, 0.5, 0.0], [1, 1, 1, 0])
    assert scan.tissue_labels.ravel().tolist() == [1, 2, 3, 0]
    assert scan.tissue_labels.dtype == np.int32


def test_a_voxel_between_two_tissues_goes_to_the_first():
    assert a_measured_scan([0.5], [0.5], [0.0], [1]).tissue_labels.item() == 1
