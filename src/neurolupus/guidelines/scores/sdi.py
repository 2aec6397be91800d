"""The neuropsychiatric items of the SLICC/ACR Damage Index: how many are present.

The weights and the rule that damage lasts six months could not be read in a source; so items are counted, not scored.
"""

from __future__ import annotations

from collections.abc import Mapping

from neurolupus.guidelines.scores.range import ScoreRange

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
    unknown = [name for name in items if name not in ITEMS]
    if unknown:
        raise KeyError(f"{', '.join(unknown)}: no neuropsychiatric item of the index; they are {', '.join(ITEMS)}.")
    low = sum(items.get(name) is True for name in ITEMS)
    missing = tuple(name for name in ITEMS if items.get(name) is None)
    return ScoreRange(low, low + len(missing), missing, ("L-SDI-NP",))
