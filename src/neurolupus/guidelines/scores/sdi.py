"""The neuropsychiatric items of the SLICC/ACR Damage Index: how many are present.

The weights and the rule that damage lasts six months could not be read in a source; so items are counted, not scored.
"""

from __future__ import annotations

from collections.abc import Mapping

from neurolupus.guidelines.scores.range import ScoreRange, weighted_sum

# L-SDI-NP (https://reference.medscape.com/calculator/336)
ITEMS: Mapping[str, str] = {
    "cognitive_impairment_or_psychosis": "Cognitive impairment or major psychosis",
    "seizures_requiring_therapy_6_months": "Seizures requiring therapy for six months",
    "cerebrovascular_accident": "Cerebrovascular accident",
    "cranial_or_peripheral_neuropathy": "Cranial or peripheral neuropathy",
    "transverse_myelitis": "Transverse myelitis",
}


def sdi_neuropsychiatric_items(items: Mapping[str, bool | None]) -> ScoreRange:
    """How many of the five items are present, or the range where some are unknown.

    Examples
    --------
    >>> count = sdi_neuropsychiatric_items(dict.fromkeys(ITEMS, False) | {"transverse_myelitis": None})
    >>> count.low, count.high
    (0, 1)
    """
    return weighted_sum(
        dict.fromkeys(ITEMS, 1), items, ("L-SDI-NP",), score="the neuropsychiatric part of the damage index"
    )
