"""The six invented patients: groups, loads, atrophy, determinism."""

import numpy as np
import pytest

from neurolupus.imaging.anatomy import deformed, draw_lesions, painted
from neurolupus.imaging.clinic import SMALL_CLINIC, phantom_patient, small_clinic
from neurolupus.imaging.labels import LATERAL_VENTRICLE_LABELS, tissue_of


@pytest.fixture(scope="module")
def clinic(ball_head):
    return small_clinic(lambda rng: ball_head, seed=3)


def test_two_patients_in_each_of_three_groups(clinic):
    groups = [p.participant.group for p in clinic]
    assert sorted(set(groups)) == ["inflammatory NPSLE", "ischaemic NPSLE", "non-NPSLE"]
    assert all(groups.count(g) == 2 for g in groups)
    assert all("invented" in p.participant.other["note"] for p in clinic)
    assert all(16 <= p.participant.age_years <= 79 for p in clinic)


def test_loads_are_the_planned_ones_to_the_voxel(clinic):
    for patient, plan in zip(clinic, SMALL_CLINIC, strict=True):
        assert patient.truth.wmh_ml == pytest.approx(plan.wmh_ml, abs=0.002)
        assert patient.pair.scan_id.participant_id == patient.participant.participant_id == plan.participant_id


def test_half_of_the_flairs_are_2d(clinic):
    kinds = [p.pair.flair_acquisition.acquisition_type for p in clinic]
    assert (kinds.count("2D"), kinds.count("3D")) == (3, 3)


def test_pairs_are_a_little_out_of_line(clinic):
    for patient in clinic:
        moved = np.linalg.norm((patient.truth.flair_to_t1w_ras - np.eye(4))[:3, 3])
        assert 0.3 < moved < 30


def test_a_patient_can_be_made_alone_and_again(ball_head, clinic):
    stream = np.random.SeedSequence(3).spawn(6)[2]
    alone = phantom_patient(SMALL_CLINIC[2], lambda rng: ball_head, np.random.default_rng(stream))
    assert alone.pair.t1w.data.tobytes() == clinic[2].pair.t1w.data.tobytes()
    assert alone.truth.measurements == clinic[2].truth.measurements


class TestAnatomy:
    def test_an_unbent_head_is_the_same_head(self, ball_head):
        same = deformed(ball_head, np.random.default_rng(0), bend_mm=0.0)
        assert (same.data == ball_head.data).all()

    def test_bending_changes_shapes_more_than_volumes(self, ball_head):
        bent = deformed(ball_head, np.random.default_rng(0), bend_mm=2.0)
        a, b = tissue_of(ball_head.data), tissue_of(bent.data)
        assert (a != b).mean() > 0.005
        assert (b > 0).sum() == pytest.approx((a > 0).sum(), rel=0.15)

    def test_ventricles_grow_by_the_cube_of_their_zoom(self, ball_head):
        grown = deformed(ball_head, np.random.default_rng(0), bend_mm=0.0, ventricle_zoom=1.2)
        before, after = (np.isin(v.data, LATERAL_VENTRICLE_LABELS).sum() for v in (ball_head, grown))
        # 1.2³ = 1.73 at the centre; at 8 to 10 mm the fade over 25 mm takes about a tenth off the displacement
        assert 1.5 < after / before < 1.73

    def test_atrophy_widens_the_fluid_and_leaves_the_skull(self, ball_head):
        shrunk = deformed(ball_head, np.random.default_rng(0), bend_mm=0.0, brain_shrink=0.04)
        before, after = (np.bincount(tissue_of(v.data).ravel(), minlength=4) for v in (ball_head, shrunk))
        assert after[1:].sum() == pytest.approx(before[1:].sum(), rel=0.005)  # intracranial volume
        assert after[1] + after[2] < 0.95 * (before[1] + before[2])
        assert after[3] > before[3]

    def test_lesions_reach_their_volume_in_white_matter(self, ball_head):
        for volume_ml in (0.05, 1.0, 10.0):
            mask = draw_lesions(ball_head, volume_ml, np.random.default_rng(1))
            assert mask.sum() == round(volume_ml * 1000)
            assert (ball_head.data[mask] == 2).all()

    def test_no_more_lesion_than_white_matter(self, ball_head):
        mask = draw_lesions(ball_head, 1000.0, np.random.default_rng(1), periventricular_share=1.0)
        assert 0 < mask.sum() <= (ball_head.data == 2).sum()

    def test_periventricular_lesions_hug_the_ventricle(self, ball_head):
        caps = draw_lesions(ball_head, 2.0, np.random.default_rng(1), periventricular_share=1.0)
        deep = draw_lesions(ball_head, 2.0, np.random.default_rng(1), periventricular_share=0.0)
        middle = (np.array(ball_head.shape) - 1) / 2
        radius = {name: np.linalg.norm(np.argwhere(m) - middle, axis=1) for name, m in (("c", caps), ("d", deep))}
        assert np.median(radius["c"]) < 8 + 8
        assert np.median(radius["d"]) > 8 + 6  # centres lie beyond 6 mm

    def test_no_load_and_no_paint(self, ball_head):
        mask = draw_lesions(ball_head, 0.0, np.random.default_rng(1))
        assert not mask.any()
        assert (painted(ball_head, mask).data == ball_head.data).all()
