"""The scores of a record: attribution, activity, damage items, and what each event is called."""

from __future__ import annotations

from typing import Any

from neurolupus.guidelines.attribution import Attribution
from neurolupus.guidelines.scores.sdi import ITEMS, sdi_neuropsychiatric_items
from neurolupus.guidelines.scores.sledai2k import WEIGHTS, sledai2k, without_neuropsychiatric
from neurolupus.guidelines.scores.syndromes import LABELS, is_minor_event, part_of
from neurolupus.records.clinical import PatientRecord

CIRCULAR = (
    "The neuropsychiatric items of SLEDAI-2K presuppose that the event is due to SLE; the score must not be used to "
    "attribute it."
)


def scores_as_data(record: PatientRecord, attribution: Attribution) -> dict[str, Any]:
    """Every score as a range with what is missing; a range of one number where everything is known.

    Parameters
    ----------
    record : PatientRecord
    attribution : Attribution
    """
    activity = {name: getattr(record.sle.sledai2k_items, name) for name in WEIGHTS}
    damage = {name: getattr(record.sle.sdi_items, name) for name in ITEMS}
    found: dict[str, Any] = {
        "italian": {
            "low": attribution.score_range[0],
            "high": attribution.score_range[1],
            "of": 10,
            "cites": ["L-ITALIAN-WEIGHTS"],
        },
        "events": [
            {
                "syndrome": event.syndrome,
                "label": LABELS[event.syndrome],
                "part": part_of(event.syndrome),
                "minor_after_ainiala": is_minor_event(event.syndrome),
                "cites": ["L-ACR-1999", "L-AINIALA"],
            }
            for event in sorted(record.events, key=lambda one: one.syndrome)
        ],
    }
    total = record.sle.sledai2k
    if total is not None or any(value is not None for value in activity.values()):
        score, outside = sledai2k(activity), without_neuropsychiatric(activity)
        found["sledai2k"] = {
            "low": total if total is not None else score.low,
            "high": total if total is not None else score.high,
            "of": 105,
            "without_neuropsychiatric": [outside.low, outside.high],
            "missing": list(score.missing) if total is None else [],
            "note": CIRCULAR,
            "cites": ["L-SLEDAI2K"],
        }
    if any(value is not None for value in damage.values()):
        count = sdi_neuropsychiatric_items(damage)
        found["sdi_neuropsychiatric_items"] = {
            "low": count.low,
            "high": count.high,
            "of": len(ITEMS),
            "missing": list(count.missing),
            "cites": ["L-SDI-NP"],
        }
    return found
