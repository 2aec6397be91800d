"""Infarct-like lesions stand apart, counted by hand."""

import numpy as np
import pytest

from neurolupus.imaging.infarcts import core_away_from, separate_infarcts
from neurolupus.imaging.lesion_details import NO_LOADS
from neurolupus.imaging.lesion_measures import lesion_measures
from neurolupus.imaging.lesions import label_lesions
from neurolupus.imaging.volumetry import wmh_volumes

SHAPE = (60, 50, 40)
NONE = np.zeros(SHAPE, bool)


def scene():
    """A shell of 20 x 10 x 10 with a core of 16 x 6 x 6, and a plain lesion of 4 x 4 x 4 20 mm away."""
    bright, core = NONE.copy(), NONE.copy()
    bright[5:25, 5:15, 5:15] = True
    core[7:23, 7:13, 7:13] = True
    bright &= ~core
    bright[45:49, 30:34, 20:24] = True
    probability = np.where(bright, np.float32(0.8), np.float32(0))
    probability[45:49, 30:34, 20:24] = 0.95
    probability[25, 5:15, 5:15] = 0.1  # faint, beside the infarct
    probability[49, 30:34, 20:24] = 0.1  # faint, beside the plain lesion
    return bright, core, probability


def labelled(bright, probability, core):
    return label_lesions(
        bright, probability, np.eye(4), ventricles=NONE, cortex=NONE, infratentorial=NONE, fluid_core=core
    )


def test_the_infarct_is_in_no_number_of_wmh():
    bright, core, probability = scene()
    apart = separate_infarcts(*labelled(bright, probability, core), probability, np.eye(4), core)
    assert np.count_nonzero(apart.wmh_mask) == 64
    assert [lesion.infarct_like for lesion in apart.lesions] == [True, False]
    measures = wmh_volumes(
        apart.probability,
        apart.wmh_mask,
        apart.lesions,
        np.eye(4),
        1400.0,
        dimension="3D",
        operating=apart.probability >= 0.9,
        threshold=0.2,
    )
    found = {m.name: m for m in measures}
    assert found["wmh_ml"].value == pytest.approx(0.064)
    assert found["wmh_operating_ml"].value == pytest.approx(0.064)  # its voxels have 0.95
    assert found["wmh_expected_ml"].value == pytest.approx((64 * 0.95 + 16 * 0.1) / 1000)
    assert found["wmh_operating_count"].value == 1
    assert found["wmh_count"].value == 1
    assert (found["wmh_deep_ml"].value, found["wmh_deep_count"].value) == (pytest.approx(0.064), 1)


def test_the_infarct_has_its_own_volume_with_the_core():
    bright, core, probability = scene()
    apart = separate_infarcts(*labelled(bright, probability, core), probability, np.eye(4), core)
    found = {m.name: m.value for m in lesion_measures(apart.lesions, NO_LOADS)}
    assert found["infarct_like_count"] == 1
    assert found["infarct_like_ml"] == pytest.approx(2.0)  # 20 x 10 x 10, the core of 0.576 ml among it
    assert apart.labels[15, 10, 10] == 1


def test_without_an_infarct_nothing_changes():
    bright, _, probability = scene()
    before = labelled(bright, probability, NONE)
    apart = separate_infarcts(*before, probability, np.eye(4), NONE)
    assert np.array_equal(apart.wmh_mask, bright)
    assert np.array_equal(apart.probability, probability)
    assert apart.lesions == before.lesions


def test_faint_voxels_nearer_to_another_lesion_stay():
    bright, core, probability = scene()
    bright[27:29, 5:15, 5:15] = True  # 2 mm beside the infarct's face at 24
    probability[27:29, 5:15, 5:15] = 0.8
    probability[26, 5:15, 5:15] = 0.15  # one voxel from the new lesion, two from the infarct
    apart = separate_infarcts(*labelled(bright, probability, core), probability, np.eye(4), core)
    assert (apart.probability[26, 6:14, 6:14] == np.float32(0.15)).all()
    assert (apart.probability[25, 6:14, 6:14] == 0).all()


def test_a_cavity_whose_rim_is_seen_on_one_side_only_is_an_infarct():
    """A ball of 14 mm that the bright rim cups by its upper half: no closing of 3 mm encloses it."""
    x, y, z = np.indices(SHAPE)
    away = np.sqrt((x - 30) ** 2 + (y - 25) ** 2 + (z - 20) ** 2)
    core = away <= 7
    bright = (away > 7) & (away <= 10) & (z >= 19)
    probability = np.where(bright, np.float32(0.8), np.float32(0))
    found = labelled(bright, probability, core)
    assert [lesion.infarct_like for lesion in found.lesions] == [True]
    apart = separate_infarcts(found.labels, found.lesions, probability, np.eye(4), core)
    assert apart.lesions[0].volume_ml == pytest.approx((core.sum() + bright.sum()) / 1000)


def test_fluid_that_only_lies_beside_a_lesion_is_not_its_core():
    bright, core = NONE.copy(), NONE.copy()
    bright[10:30, 20:24, 15:25] = True
    core[10:30, 24:36, 15:25] = True  # covered on one of its six sides: 200 of 1120 faces
    probability = np.where(bright, np.float32(0.8), np.float32(0))
    assert [lesion.infarct_like for lesion in labelled(bright, probability, core).lesions] == [False]


def test_a_cavity_with_a_bright_wall_belongs_to_the_lesion_it_borders_on():
    bright, core = NONE.copy(), NONE.copy()
    bright[10:30, 20:24, 15:25] = True
    core[10:30, 24:36, 15:25] = True  # as beside the lesion above
    core[40:50, 40:45, 5:10] = True  # far away
    probability = np.where(bright, np.float32(0.8), np.float32(0))
    found = label_lesions(
        bright, probability, np.eye(4), ventricles=NONE, cortex=NONE, infratentorial=NONE, fluid_core=core, rimmed=core
    )
    assert [lesion.infarct_like for lesion in found.lesions] == [True]
    apart = separate_infarcts(found.labels, found.lesions, probability, np.eye(4), core, core)
    assert apart.lesions[0].volume_ml == pytest.approx((20 * 4 * 10 + 20 * 12 * 10) / 1000)


def test_a_small_cavity_that_a_large_lesion_hardly_touches_is_a_fissure():
    bright, core = NONE.copy(), NONE.copy()
    bright[5:45, 10:24, 10:30] = True  # 11.2 ml
    core[20:28, 24:29, 29:37] = True  # 0.32 ml, of whose 288 neighbours 8 are the lesion's
    probability = np.where(bright, np.float32(0.8), np.float32(0))
    found = label_lesions(
        bright, probability, np.eye(4), ventricles=NONE, cortex=NONE, infratentorial=NONE, fluid_core=core, rimmed=core
    )
    assert [lesion.infarct_like for lesion in found.lesions] == [False]


@pytest.mark.parametrize("voxel_mm", [0.5, 1.0, 3.0])
def test_a_cavity_is_seen_as_far_as_12_mm_from_all_lesions_whatever_the_voxels(voxel_mm):
    labels, core = np.zeros((60, 5, 5), np.int32), np.zeros((60, 5, 5), bool)
    labels[:4, 2, 2] = 1
    core[4:, 2, 2] = True
    seen = core_away_from(core, np.zeros_like(core), labels, np.diag([voxel_mm] * 3 + [1.0]))
    assert np.flatnonzero(seen[:, 2, 2]).max() * voxel_mm == pytest.approx((4 + 12 / voxel_mm - 1) * voxel_mm)
    assert seen.sum() == round(12 / voxel_mm)
