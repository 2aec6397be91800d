"""Quality indices worked by hand, and warnings on both sides of each limit."""

import numpy as np
import pytest

from neurolupus.imaging.quality import (
    PLAUSIBLE,
    USUAL_INDICES,
    TissueMedians,
    cjv,
    cnr,
    contrast_order,
    efc,
    mask_border_share,
    nmi,
    plausibility,
    snr,
    tissue_medians,
)
from neurolupus.records.measurement import Measurement, MeasurementSet

# white matter 90, 110 (mean 100, variance 100); grey 60, 80 (mean 70, variance 100); air -5, 5 (variance 25)
IMAGE = np.array([[[90, 110, 60, 80, -5, 5]]], np.float32)
WM, GM, AIR = (np.arange(6).reshape(1, 1, 6) // 2 == n for n in range(3))
NOWHERE = np.zeros((1, 1, 6), bool)


def measured(**values: float | None) -> MeasurementSet:
    return MeasurementSet(tuple(Measurement(name, value) for name, value in values.items()))


def test_snr_by_hand():
    assert snr(IMAGE, WM) == pytest.approx(100 / (10 * np.sqrt(2)))  # SD 10 with divisor n = 2


def test_cnr_by_hand():
    assert cnr(IMAGE, WM, GM, AIR) == pytest.approx(30 / 15)  # sqrt(100 + 100 + 25)
    assert cnr(IMAGE, WM, GM, NOWHERE) == pytest.approx(30 / np.sqrt(200))


def test_cjv_by_hand():
    assert cjv(IMAGE, WM, GM) == pytest.approx(20 / 30)


def test_indices_without_voxels_or_spread_are_unknown():
    assert snr(IMAGE, NOWHERE) is None
    assert snr(np.ones((1, 1, 6), np.float32), WM) is None
    assert cnr(IMAGE, NOWHERE, GM, AIR) is None
    assert cjv(np.ones((1, 1, 6), np.float32), WM, GM) is None


def test_efc_of_one_bright_voxel_and_of_an_even_image():
    point = np.zeros((4, 4, 4), np.float32)
    assert efc(point) is None
    point[1, 2, 3] = 7.0
    assert efc(point) == pytest.approx(0.0)
    assert efc(np.full((4, 4, 4), 3.0, np.float32)) == pytest.approx(1.0)


class TestNormalisedMutualInformation:
    def test_one_to_one_has_2_in_either_direction(self):
        assert nmi(np.diag([3, 9, 1])) == pytest.approx(2.0)
        assert nmi(np.diag([3, 9, 1])[::-1]) == pytest.approx(2.0)

    def test_unrelated_images_have_1(self):
        assert nmi(np.outer([1, 2, 3], [4, 5])) == pytest.approx(1.0)

    def test_two_bits_by_hand(self):
        # pairs (0,0) twice, (0,1) twice, (1,0) once, (1,1) once
        h_a = -(4 / 6 * np.log(4 / 6) + 2 / 6 * np.log(2 / 6))
        h_b = np.log(2)
        h_ab = -(2 * 2 / 6 * np.log(2 / 6) + 2 * 1 / 6 * np.log(1 / 6))
        assert nmi(np.array([[2, 2], [1, 1]])) == pytest.approx((h_a + h_b) / h_ab)

    def test_constant_and_empty_images(self):
        assert nmi(np.array([[7, 0], [0, 0]])) == 1.0
        assert nmi(np.zeros((2, 2), int)) == 1.0


def test_border_share():
    mask = np.zeros((10, 10, 10), bool)
    assert mask_border_share(mask) == 0.0
    mask[3:6, 3:6, 3:6] = True
    assert mask_border_share(mask) == 0.0
    mask[5, 5, :] = True  # 27 + 7 voxels, two of them on the edge
    assert mask_border_share(mask) == pytest.approx(2 / 34)


class TestContrastOrder:
    t1w = TissueMedians(gm=60.0, wm=90.0, csf=20.0)
    flair = TissueMedians(gm=100.0, wm=80.0, csf=15.0)

    def test_a_good_pair_is_silent(self):
        assert contrast_order(self.t1w, self.flair) == ()
        assert contrast_order(self.t1w, None) == ()

    def test_a_swapped_pair_is_called_swapped(self):
        (warning,) = contrast_order(self.flair, self.t1w)
        assert "look swapped" in warning
        assert "other way round" in warning

    def test_two_t1w_are_not_called_swapped(self):
        (warning,) = contrast_order(self.t1w, self.t1w)
        assert warning.startswith("The FLAIR does not look like one")

    def test_two_flairs(self):
        (warning,) = contrast_order(self.flair, self.flair)
        assert warning.startswith("The T1w does not look like one")

    def test_a_t2w_with_bright_fluid_is_no_flair(self):
        (warning,) = contrast_order(self.t1w, TissueMedians(gm=60.0, wm=40.0, csf=120.0))
        assert "fluid darkest" in warning

    def test_medians_by_hand_and_unknown(self):
        assert tissue_medians(IMAGE, GM, WM, AIR) == TissueMedians(gm=70.0, wm=100.0, csf=0.0)
        assert tissue_medians(IMAGE, GM, WM, NOWHERE) is None


class TestPlausibility:
    def test_a_usual_adult_is_silent(self):
        # means of Inglese 2021 with a TIV of Matsumae 1996
        usual = measured(tiv_ml=1350.0, gm_ml=560.0, wm_ml=482.0, gm_tiv=0.415, wm_tiv=0.357, tbv_tiv=0.772, wmh_ml=0.6)
        assert plausibility(usual) == ()

    @pytest.mark.parametrize("rule", PLAUSIBLE, ids=lambda r: r.name)
    def test_each_limit_from_both_sides(self, rule):
        for inside, beyond in ((rule.low, rule.low * 0.99 - 1e-9), (rule.high, rule.high * 1.01)):
            assert plausibility(measured(**{rule.name: inside})) == ()
            (warning,) = plausibility(measured(**{rule.name: beyond}))
            assert rule.words in warning
            assert rule.remedy in warning

    def test_the_words_hold_the_value_and_the_range(self):
        (warning,) = plausibility(measured(tiv_ml=2124.0))
        assert warning == (
            "Total intracranial volume is 2124 ml; 1000 to 2100 ml is usual in adults. "
            "Look at the brain mask on the T1w."
        )

    def test_a_poor_registration_score_asks_whether_it_is_one_person(self):
        (warning,) = plausibility(measured(qc_registration_nmi=1.01))
        assert "one person" in warning

    def test_indices_that_noise_moves_together_share_one_warning(self):
        # xs19 of Lesjak 2018, as measured; 8, 1.5 and 0.8 are the bounds
        (warning,) = plausibility(measured(qc_snr_wm=5.97, qc_snr_gm=10.76, qc_cnr=1.46, qc_cjv=0.89))
        assert warning == (
            "The T1w is unusual for a research scan: signal-to-noise of white matter 5.97 (8 or more is usual), "
            "contrast-to-noise 1.46 (1.5 or more is usual), joint variation 0.89 (0.8 or less is usual). "
            "Look at it for motion, noise and shading."
        )

    @pytest.mark.parametrize("index", USUAL_INDICES, ids=lambda index: index.name)
    def test_each_bound_of_an_index_is_usual_and_beyond_it_is_not(self, index):
        bound, beyond = (index.low, 0.99) if index.low is not None else (index.high, 1.01)
        assert plausibility(measured(**{index.name: bound})) == ()
        (warning,) = plausibility(measured(**{index.name: bound * beyond}))
        assert index.words in warning

    def test_unknown_values_are_passed_over(self):
        assert plausibility(measured(tiv_ml=None)) == ()
