"""Codes of the record in the words of the clinic."""

from __future__ import annotations

from collections.abc import Mapping

from neurolupus.guidelines.scores.syndromes import LABELS

WORDS: Mapping[str, str] = {
    **LABELS,
    "F": "female", "M": "male",
    ">6mo_before": "more than 6 months before SLE", "within_6mo": "within 6 months of SLE",
    ">6mo_after": "more than 6 months after SLE",
    "attributed": "attributed to SLE", "not_attributed": "not attributed to SLE", "uncertain": "uncertain",
    "inflammatory": "inflammatory", "ischemic_thrombotic": "ischaemic or thrombotic", "mixed": "mixed",
    "cyclophosphamide_iv": "cyclophosphamide, intravenous", "sle": "SLE",
}  # fmt: skip


def worded(code: object) -> str:
    """A code, a truth or a number in words.

    Examples
    --------
    >>> worded("within_6mo"), worded(None), worded(True), worded(0.5)
    ('within 6 months of SLE', 'unknown', 'yes', '0.5')
    """
    if code is None:
        return "unknown"
    if isinstance(code, bool):
        return "yes" if code else "no"
    if isinstance(code, float):
        return f"{code:.10g}"
    return WORDS.get(str(code), str(code).replace("_", " "))


def begun(words: str) -> str:
    """Words as the beginning of a sentence; abbreviations stay as they are.

    Examples
    --------
    >>> begun("attributed to SLE")
    'Attributed to SLE'
    """
    return words[:1].upper() + words[1:]
