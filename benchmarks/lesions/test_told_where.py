"""The limit of the FLAIR that agrees best with the truth, by hand."""

import numpy as np
import pytest
from methods import told_where
from rows import TOLD_WHERE, judged_rows
from scans import LesionScan

from neurolupus.records.volume import Volume

TOLD = {"case": "one", "group": "", "source": "", "contrast": None}


def scan(*beside, unknown=None):
    """Two true voxels of brightness 5 and 3, others beside them, and one of 9 that is 5 mm away; the rest is dark."""
    flair = np.ones((20, 5, 5), np.float32)
    truth = np.zeros(flair.shape, bool)
    truth[8:10, 2, 2] = True
    flair[8, 2, 2], flair[9, 2, 2], flair[14, 2, 2] = 5, 3, 9
    for at, brightness in enumerate(beside):
        flair[10, 1 + at, 2] = brightness
    known = np.ones(flair.shape, bool)
    if unknown is not None:
        known[10, 1 + unknown, 2] = False
    return LesionScan(Volume(flair, np.eye(4)), flair, known, None, truth, known, 0.002)


@pytest.mark.parametrize(
    ("beside", "unknown", "voxels", "dice"),
    [
        ((4,), None, 3, 4 / 5),  # with the other 2 of 3 are true; the brightest alone has a Dice of 2/3
        ((4, 4.5, 3.5), None, 1, 2 / 3),  # with all others 2 of 5: 4/7
        ((4, 4.5), 1, 3, 4 / 5),  # what is not known is not asked about
    ],
)
def test_the_limit_is_the_best_near_the_truth(beside, unknown, voxels, dice):
    made = scan(*beside, unknown=unknown)
    found = told_where(made)
    assert not found[14].any()
    (row,) = judged_rows(TOLD_WHERE, made, np.zeros(0), 0.0, TOLD)
    assert row["dice"] == pytest.approx(dice, abs=1e-4)
    assert found.sum() == voxels
    assert (row["lesion_f1"], row["false_lesions"], row["found_ml"]) == (None, None, found.sum() / 1000)


def test_where_nothing_is_true_there_is_no_row():
    made = scan(4)
    made.truth[:] = False
    assert judged_rows(TOLD_WHERE, made, np.zeros(0), 0.0, TOLD) == []
