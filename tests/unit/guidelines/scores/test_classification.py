"""Classification criteria, counted by hand."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from neurolupus.guidelines.logic import Truth
from neurolupus.guidelines.scores.classification import (
    ACR_1997,
    SLICC_2012_CLINICAL,
    SLICC_2012_IMMUNOLOGIC,
    acr1997,
    slicc2012,
)
from neurolupus.records.clinical import Acr1997, Slicc2012

ALL_SLICC = SLICC_2012_CLINICAL + SLICC_2012_IMMUNOLOGIC


def criteria(names: tuple[str, ...], present: str, unknown: str = "") -> Mapping[str, bool | None]:
    """Those named present, those named unknown, the others absent."""
    return dict.fromkeys(names, False) | dict.fromkeys(present.split(), True) | dict.fromkeys(unknown.split(), None)


def test_the_criteria_are_those_of_the_record():
    assert list(ACR_1997) == list(Acr1997.__dataclass_fields__)
    assert list(ALL_SLICC) == list(Slicc2012.__dataclass_fields__)
    assert (len(ACR_1997), len(SLICC_2012_CLINICAL), len(SLICC_2012_IMMUNOLOGIC)) == (11, 11, 6)


@pytest.mark.parametrize(
    ("present", "unknown", "low", "high", "met"),
    [
        ("malar_rash arthritis serositis", "", 3, 3, False),
        ("malar_rash arthritis serositis antinuclear_antibody", "", 4, 4, True),
        ("malar_rash arthritis serositis", "oral_ulcers", 3, 4, None),
        ("malar_rash arthritis", "oral_ulcers", 2, 3, False),
        ("malar_rash arthritis serositis antinuclear_antibody", "oral_ulcers renal_disorder", 4, 6, True),
    ],
)
def test_four_of_the_eleven_criteria_of_1997(present: str, unknown: str, low: int, high: int, met: Truth):
    found = acr1997(criteria(ACR_1997, present, unknown))
    assert (found.criteria.low, found.criteria.high, found.is_met) == (low, high, met)


@pytest.mark.parametrize(
    ("present", "unknown", "nephritis", "met"),
    [
        ("synovitis serositis renal ana", "", False, True),  # three clinical, one immunologic
        ("renal ana anti_dsdna low_complement", "", False, True),  # one clinical, three immunologic
        ("synovitis serositis renal neurologic", "", False, False),  # four clinical, none immunologic
        ("ana anti_dsdna anti_sm low_complement", "", False, False),  # four immunologic, none clinical
        ("synovitis serositis ana", "", False, False),  # three
        ("synovitis serositis ana", "anti_sm", False, None),
        ("synovitis serositis ana", "", True, True),  # nephritis with ANA
        ("anti_dsdna", "", True, True),  # nephritis with anti-dsDNA
        ("low_complement anti_sm", "", True, False),  # nephritis with neither
        ("ana", "", None, None),
        ("low_complement", "ana", True, None),
        ("synovitis serositis renal ana", "anti_sm", None, True),
    ],
)
def test_the_rule_of_2012(present: str, unknown: str, nephritis: bool | None, met: Truth):
    found = slicc2012(criteria(ALL_SLICC, present, unknown), biopsy_proven_nephritis=nephritis)
    assert found.is_met is met


@pytest.mark.parametrize(
    ("present", "unknown", "low", "high", "met"),
    [
        ("synovitis serositis renal direct_coombs", "", 4, 4, True),
        # The Coombs test belongs to the anaemia: four clinical criteria remain, none of them immunologic
        ("synovitis serositis renal direct_coombs haemolytic_anaemia", "", 4, 4, False),
        # Either the one or the other counts, so four it is; whether one is immunologic is open
        ("synovitis serositis renal direct_coombs", "haemolytic_anaemia", 4, 4, None),
        ("synovitis serositis renal", "direct_coombs haemolytic_anaemia", 3, 4, None),
    ],
)
def test_a_coombs_test_counts_without_haemolytic_anaemia(present: str, unknown: str, low: int, high: int, met: Truth):
    found = slicc2012(criteria(ALL_SLICC, present, unknown), biopsy_proven_nephritis=False)
    assert (found.criteria.low, found.criteria.high, found.is_met) == (low, high, met)
    assert set(found.criteria.missing) == set(unknown.split())


def test_of_nothing_known_nothing_is_said():
    assert acr1997({}).is_met is None
    assert slicc2012({}, biopsy_proven_nephritis=None).is_met is None
    assert slicc2012({}, biopsy_proven_nephritis=None).criteria.high == 16  # never anaemia and Coombs test together


def test_a_criterion_of_the_other_set_is_refused():
    with pytest.raises(KeyError, match="malar_rash: no item of the SLICC criteria of 2012"):
        slicc2012({"malar_rash": True}, biopsy_proven_nephritis=None)
    with pytest.raises(KeyError, match="synovitis: no item of the ACR criteria of 1997"):
        acr1997({"synovitis": True})
