"""The data dictionary is complete, and says what the measurements are."""

import re
from itertools import pairwise

import pytest

from neurolupus.records.dictionary import DICTIONARY
from neurolupus.records.measurement import Definition

BY_NAME = {definition.name: definition for definition in DICTIONARY}
# The columns that were asked for: participant, volumes, counts, acquisition, quality, version.
ASKED = (
    *("participant_id", "session_id", "gm_ml", "wm_ml", "csf_ml", "tiv_ml", "tbv_ml", "wmh_ml", "wmh_expected_ml"),
    *("wmh_count", "flair_dim", "version", "usable", "unusable_reason"),
)
SHAPES = ("_solidity", "_convexity", "_concavity_index", "_eccentricity", "_fractal_dimension")


def test_names_occur_once():
    assert len(BY_NAME) == len(DICTIONARY)


@pytest.mark.parametrize("name", ASKED)
def test_what_was_asked_for_is_there(name):
    assert name in BY_NAME


@pytest.mark.parametrize("definition", DICTIONARY, ids=lambda definition: definition.name)
def test_a_name_tells_its_unit(definition: Definition):
    expected = {"ml": "ml", "count": "1", "tiv": "1", "mm": "mm", "cm2": "cm2"}.get(definition.name.rpartition("_")[2])
    if definition.name.startswith("qc_"):
        expected = expected or "1"
    if definition.name == "wmh_threshold" or definition.name.endswith(SHAPES):
        expected = "1"
    assert definition.unit == (expected or "")


@pytest.mark.parametrize("definition", DICTIONARY, ids=lambda definition: definition.name)
def test_a_name_is_one_word_in_lower_case_and_a_description_a_sentence(definition: Definition):
    assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", definition.name)
    first = definition.description.split()[0]
    assert not first[0].islower() or first in (*BY_NAME, "false")
    assert definition.description.endswith(".")
    assert not re.search(r"\s{2}|[\t\n]", definition.description)


@pytest.mark.parametrize("definition", DICTIONARY, ids=lambda definition: definition.name)
def test_no_column_takes_the_name_of_anothers_bound(definition: Definition):
    assert not definition.name.endswith(("_low", "_high"))


def test_sums_and_ratios_are_told_by_the_columns_they_are_made_of():
    assert "gm_ml + wm_ml + csf_ml" in BY_NAME["tiv_ml"].description
    assert "gm_ml + wm_ml." in BY_NAME["tbv_ml"].description
    for name in ("gm", "wm", "tbv", "wmh"):
        assert BY_NAME[f"{name}_tiv"].description == f"{name}_ml / tiv_ml."


def test_filled_hyperintensities_are_told_to_be_white_matter():
    assert "filled white matter hyperintensities included" in BY_NAME["wm_ml"].description


def test_every_region_has_a_volume_and_a_count():
    regions = ("periventricular", "deep", "juxtacortical", "infratentorial")
    names = list(BY_NAME)
    assert [n for n in names if n.endswith("_ml") and n.split("_")[1] in regions] == [f"wmh_{r}_ml" for r in regions]
    assert [n for n in names if n.endswith("_count") and n.split("_")[1] in regions] == [
        f"wmh_{r}_count" for r in regions
    ]


def test_the_participant_comes_first_and_the_version_last():
    names = [definition.name for definition in DICTIONARY]
    assert names[:2] == ["participant_id", "session_id"]
    assert names[-1] == "version"
    quality = [place for place, name in enumerate(names) if name.startswith("qc_")]
    assert all(b - a == 1 for a, b in pairwise(quality))  # quality stands together
