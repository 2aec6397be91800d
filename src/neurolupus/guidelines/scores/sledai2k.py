"""SLEDAI-2K from its 24 items, 0 to 105; a range where items are unknown.

Bands of activity and the days that the items look back are not held: the sources conflict or could not be read.
"""

from __future__ import annotations

from collections.abc import Mapping

from neurolupus.guidelines.scores.range import ScoreRange, weighted_sum

# Weights: L-SLEDAI2K (https://medicalcriteria.com/web/reusledai/)
WEIGHTS: Mapping[str, int] = {
    "seizure": 8,
    "psychosis": 8,
    "organic_brain_syndrome": 8,
    "visual_disturbance": 8,
    "cranial_nerve_disorder": 8,
    "lupus_headache": 8,
    "cerebrovascular_accident": 8,
    "vasculitis": 8,
    "arthritis": 4,
    "myositis": 4,
    "urinary_casts": 4,
    "haematuria": 4,
    "proteinuria": 4,
    "pyuria": 4,
    "rash": 2,
    "alopecia": 2,
    "mucosal_ulcers": 2,
    "pleurisy": 2,
    "pericarditis": 2,
    "low_complement": 2,
    "increased_dna_binding": 2,
    "fever": 1,
    "thrombocytopenia": 1,
    "leukopenia": 1,
}
# These presuppose that the event is due to SLE: used to attribute it, they would argue in a circle.
NEUROPSYCHIATRIC = (
    "seizure", "psychosis", "organic_brain_syndrome", "visual_disturbance", "cranial_nerve_disorder",
    "lupus_headache", "cerebrovascular_accident",
)  # fmt: skip


def sledai2k(items: Mapping[str, bool | None]) -> ScoreRange:
    """The score, or its range where items are unknown.

    Parameters
    ----------
    items : mapping of item to bool or None
        By the names of `WEIGHTS`; what is left out is unknown.

    Raises
    ------
    KeyError
        An item that the score does not have.

    Examples
    --------
    >>> score = sledai2k(dict.fromkeys(WEIGHTS, False) | {"psychosis": True, "rash": True, "fever": None})
    >>> score.low, score.high, score.missing
    (10, 11, ('fever',))
    """
    return weighted_sum(WEIGHTS, items, ("L-SLEDAI2K",), score="SLEDAI-2K")


def without_neuropsychiatric(items: Mapping[str, bool | None]) -> ScoreRange:
    """The score of the items outside the nervous system: activity that does not presuppose attribution.

    Examples
    --------
    >>> without_neuropsychiatric(dict.fromkeys(WEIGHTS, True)).known
    49
    """
    return sledai2k({name: False if name in NEUROPSYCHIATRIC else items.get(name) for name in WEIGHTS})
