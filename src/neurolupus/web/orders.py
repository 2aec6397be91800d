"""Orders in draft -> the kinds of drug they are, and the items of advice that concern each kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from neurolupus.io.fhir_medications import (
    ANTICOAGULANTS,
    ANTIPLATELETS,
    GLUCOCORTICOIDS,
    IMMUNOSUPPRESSANTS,
    medication_words,
)
from neurolupus.io.fhir_values import listed

_ORDERED: Mapping[str, str] = {
    **dict.fromkeys(GLUCOCORTICOIDS, "glucocorticoid"),
    **dict.fromkeys((*ANTICOAGULANTS, *ANTIPLATELETS), "antithrombotic"),
    **dict.fromkeys(("haloperidol", "tiapride", "risperidone", "olanzapine", "sulpiride"), "dopamine_antagonist"),
    **dict.fromkeys(IMMUNOSUPPRESSANTS, "immunosuppressant"),
    **{name: kind for name, kind in IMMUNOSUPPRESSANTS.items() if kind != "other"},
    "methotrexate": "methotrexate",
}
DRUG_CODES: Mapping[str, tuple[str, ...]] = {
    "cyclophosphamide_iv": (
        "RX_CYC_IV", "RX_GC_IS", "RX_MYEL_GC_CYC", "RX_SEIZ_REFR_MP_CYC", "RX_PLEX_CYC", "RX_CHOREA_GC_IS",
        "RX_SEIZ_GC_OR_GC_IS", "RX_PNS_GC_IS",
    ),
    "mycophenolate": ("RX_GC_IS", "RX_MAINT_AZA_MMF", "RX_CHOREA_GC_IS", "RX_SEIZ_GC_OR_GC_IS", "RX_PNS_GC_IS"),
    "azathioprine": ("RX_GC_IS", "RX_MAINT_AZA_MMF", "RX_CHOREA_GC_IS", "RX_SEIZ_GC_OR_GC_IS", "RX_PNS_GC_IS"),
    "rituximab": ("RX_RTX",),
    "methotrexate": ("OPT_IT_MTX_DEX", "RX_GC_IS"),
    "immunosuppressant": ("RX_GC_IS",),
    "glucocorticoid": (
        "RX_GC_IS", "RX_SEIZ_GC_OR_GC_IS", "RX_PNS_GC_IS", "RX_CHOREA_GC_IS", "RX_MYEL_GC_CYC", "RX_SEIZ_REFR_MP_CYC",
    ),
    "antithrombotic": ("RX_ANTITHROMBOTIC",),
    "dopamine_antagonist": ("RX_DOPAMINE_ANT", "RX_ANTIPSYCHOTIC"),
}  # fmt: skip


def ordered_drugs(context: Mapping[str, Any]) -> list[str]:
    """The kinds of drug among the selected orders; all drafts where none is selected."""
    selections = context.get("selections")
    selected = {str(one) for one in selections} if isinstance(selections, list) else set()
    orders = [entry.get("resource") for entry in listed(context.get("draftOrders"), "entry")]
    drafts = [order for order in orders if isinstance(order, Mapping)]
    medications = {f"Medication/{one.get('id')}": one for one in drafts if one.get("resourceType") == "Medication"}
    found = set()
    for order in drafts:
        name = f"{order.get('resourceType')}/{order.get('id')}"
        if selected and not {name, str(order.get("id"))} & selected:
            continue
        words = medication_words(order, medications)
        found |= {kind for drug, kind in _ORDERED.items() if drug in words}
    return sorted(found)
