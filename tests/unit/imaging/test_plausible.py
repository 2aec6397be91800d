"""Warnings on both sides of each limit."""

import pytest

from neurolupus.imaging.plausible import PLAUSIBLE, USUAL_INDICES, plausibility
from neurolupus.records.measurement import Measurement, MeasurementSet


def measured(**values: float | None) -> MeasurementSet:
    return MeasurementSet(tuple(Measurement(name, value) for name, value in values.items()))


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
