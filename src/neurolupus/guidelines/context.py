"""What is shown beside advice and changes nothing in it: the patient's brain volumes."""

from __future__ import annotations

from typing import Any

from neurolupus.guidelines.model import Knowledge
from neurolupus.records.clinical import PatientRecord

CAUTION = (
    "Context only: volumes change neither attribution nor mechanism. The published groups are shown unadjusted: the "
    "paper's coefficients were not published and scanners differ."
)
_NAMES = {
    "wmh_ml": "White matter hyperintensities",
    "tbv_ml": "Total brain volume",
    "tiv_ml": "Total intracranial volume",
    "gm_ml": "Grey matter",
    "wm_ml": "White matter",
}

_PUBLISHED = {
    "wmh_ml": ("S0-V01", "S0-V02", "S0-V03", "S0-V04"),
    "tbv_ml": ("S0-V05", "S0-V06", "S0-V07", "S0-V08"),
    "wm_ml": ("S0-V09", "S0-V10", "S0-V11", "S0-V12"),
    "gm_ml": ("S0-V13", "S0-V14", "S0-V15", "S0-V16"),
}


def volumes_context(record: PatientRecord, knowledge: Knowledge) -> dict[str, Any]:
    """The volumes of the record beside the published groups; empty when there are none.

    Parameters
    ----------
    record : PatientRecord
    knowledge : Knowledge
        Whose statements S0-V.. hold the published groups.
    """
    found = {name: getattr(record.mri, name) for name in _NAMES if getattr(record.mri, name) is not None}
    if not found:
        return {}
    named = [name for measure in found for name in _PUBLISHED.get(measure, ())]
    published = [knowledge.statements[name] for name in named]
    return {
        "volumes": [{"name": name, "label": _NAMES[name], "value_ml": value} for name, value in found.items()],
        "published_groups": [
            {"cite": one.id, "text": one.text, "figures": list(one.figures), "locator": one.locator}
            for one in published
        ],
        "caution": CAUTION,
        "cites": ["S0-043", "S0-032", "S0-035"],
    }
