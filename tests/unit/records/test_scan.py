"""Who and what was scanned."""

import dataclasses

import numpy as np
import pytest

from neurolupus.records.scan import Acquisition, Participant, ScanId, ScanPair
from neurolupus.records.volume import Volume


@pytest.mark.parametrize(
    ("scan_id", "stem"),
    [(ScanId("01"), "sub-01"), (ScanId("01", "1"), "sub-01_ses-1"), (ScanId("xs19", None), "sub-xs19")],
)
def test_the_beginning_of_every_file_name(scan_id, stem):
    assert scan_id.stem == stem


def test_a_session_makes_another_scan_and_equal_labels_the_same():
    table = {ScanId("01", "1"): "first", ScanId("01", "2"): "second", ScanId("01"): "all"}
    assert table[ScanId("01", "2")] == "second"
    assert len(table) == 3


def test_what_is_not_told_is_unknown_and_not_false():
    facts = Acquisition()
    assert facts.contrast_enhanced is None
    assert facts.acquisition_type is None
    assert Participant("01").age_years is None


def test_records_do_not_share_what_they_were_not_given():
    assert Acquisition().sidecar is not Acquisition().sidecar
    assert Participant("01").other is not Participant("02").other


def test_a_t1w_alone_is_a_pair_without_flair():
    pair = ScanPair(ScanId("01"), Volume(np.zeros((2, 2, 2)), np.eye(4)), None)
    assert pair.flair is None
    assert pair.warnings == pair.declared_exclusions == ()


def test_a_scan_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        ScanId("01").participant_id = "02"
