"""What makes volumes unusable, and what only warns."""

import numpy as np
import pytest

from neurolupus.imaging.tissue import Tissue
from neurolupus.imaging.verdict import Verdict, judge
from neurolupus.records.measured import Lesion
from neurolupus.records.measurement import Measurement, MeasurementSet
from neurolupus.records.scan import ScanId, ScanPair
from neurolupus.records.volume import Volume

T1W = Volume(np.repeat(np.array([20.0, 60.0, 90.0], np.float32), 9).reshape(3, 3, 3), np.eye(4))
FLAIR = np.repeat(np.array([15.0, 100.0, 80.0], np.float32), 9).reshape(3, 3, 3)


def verdict(
    *measured: Measurement, declared: tuple[str, ...] = (), lesions: tuple[Lesion, ...] = (), pair_warns: int = 0
) -> Verdict:
    """Three slabs: fluid, grey and white matter."""
    csf, gm, wm = (np.zeros((3, 3, 3), np.float32) for _ in range(3))
    csf[0], gm[1], wm[2] = 1, 1, 1
    told = tuple(f"warning {n}" for n in range(pair_warns))
    pair = ScanPair(ScanId("01"), T1W, T1W.with_data(FLAIR), declared_exclusions=declared, warnings=told)
    mask = np.ones((3, 3, 3), bool)
    return judge(pair, T1W, mask, Tissue(gm=gm, wm=wm, csf=csf), FLAIR, lesions, MeasurementSet(measured))


def test_a_good_scan_is_usable_and_silent() -> None:
    found = verdict(Measurement("qc_registration_nmi", 1.12))
    assert (found.usable, found.warnings) == (True, ())
    assert {one.name: one.value for one in found.measurements} == {
        "qc_warnings": 0, "usable": True, "unusable_reason": None,
    }  # fmt: skip


@pytest.mark.parametrize(("score", "usable"), [(1.026, False), (1.0299, False), (1.033, True), (1.05, True)])
def test_a_flair_that_may_be_another_persons_makes_volumes_unusable(score: float, usable: bool) -> None:
    found = verdict(Measurement("qc_registration_nmi", score))
    assert found.usable == usable
    assert ("Check that both are of one person" in " ".join(found.warnings)) == (score < 1.04)
    reason = {one.name: one.value for one in found.measurements}["unusable_reason"]
    assert (reason is None) == usable
    if reason:
        assert f"do not align (score {score:.3f})" in str(reason)


def test_a_declared_disease_and_an_infarct_are_told_together() -> None:
    infarct = Lesion(1, 2.5, "deep", (0.0, 0.0, 0.0), 22.0, 0.5, infarct_like=True)
    found = verdict(declared=("tumour",), lesions=(infarct,), pair_warns=2)
    told = {one.name: one.value for one in found.measurements}
    assert told["unusable_reason"] == "declared: tumour; 1 infarct-like lesion(s) over 15 mm, the longest 22 mm"
    assert told["qc_warnings"] == 2 + len(found.warnings)
