"""Drugs in FHIR R4, by their words: systemic glucocorticoid, immunosuppressant, anticoagulant, antiplatelet."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from neurolupus.io.fhir_values import listed

GLUCOCORTICOIDS = ("prednisone", "prednisolone", "methylprednisolone", "dexamethasone", "hydrocortisone")
CYCLOPHOSPHAMIDE = "cyclophosphamide"
IMMUNOSUPPRESSANTS: Mapping[str, str] = {
    CYCLOPHOSPHAMIDE: "cyclophosphamide_iv",
    "mycophenol": "mycophenolate",
    "azathioprine": "azathioprine",
    "rituximab": "rituximab",
    **dict.fromkeys(
        ("methotrexate", "ciclosporin", "cyclosporin", "tacrolimus", "voclosporin", "leflunomide", "belimumab"), "other"
    ),
}
ANTICOAGULANTS = (
    "warfarin", "acenocoumarol", "phenprocoumon", "heparin", "enoxaparin", "dalteparin", "tinzaparin", "fondaparinux",
    "apixaban", "rivaroxaban", "edoxaban", "dabigatran",
)  # fmt: skip
ANTIPLATELETS = ("aspirin", "acetylsalicylic", "clopidogrel", "prasugrel", "ticagrelor", "dipyridamole")
_LOCAL = re.compile(
    r"\b(cream|ointment|lotion|gel|topical\w*|cutaneous|drops?|ophthalmic|otic|nasal\w*|inhal\w*|rectal\w*|foam|enema"
    r"|suppositor\w*|intra-?articular|intrathecal\w*|flush|lock)\b"
)
_INTRAVENOUS = re.compile(r"\b(iv|i\.v\.|intravenous\w*|infusion|injection|injectable)")
_ORAL = re.compile(r"\b(oral\w*|tablets?|capsules?|po|by mouth)\b")


def words_of(concept: Any) -> str:
    """Text and displays of a CodeableConcept, in small letters."""
    if not isinstance(concept, Mapping):
        return ""
    texts = [concept.get("text"), *(one.get("display") for one in listed(concept, "coding"))]
    return " ".join(text for text in texts if isinstance(text, str)).lower()


def medication_words(one: Mapping[str, Any], medications: Mapping[str, Any]) -> str:
    """The drug's words, also where it is told by reference to a contained or another Medication."""
    words = words_of(one.get("medicationCodeableConcept"))
    reference = one.get("medicationReference")
    if isinstance(reference, Mapping):
        target = str(reference.get("reference", ""))
        contained = {f"#{part.get('id')}": part for part in listed(one, "contained")}
        found = contained.get(target) or medications.get(target)
        words += f" {str(reference.get('display', '')).lower()}"
        words += f" {words_of(found.get('code'))}" if isinstance(found, Mapping) else ""
    return words.strip()


def drug_facts(one: Mapping[str, Any], medications: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """The facts that an active drug states, or why it states none."""
    kind = str(one.get("resourceType"))
    drug = medication_words(one, medications)
    route = " ".join([drug, *_dosage_words(one)])
    if _LOCAL.search(route):
        return {}, f"{kind}: a drug that is not given systemically"
    if any(name in drug for name in GLUCOCORTICOIDS):
        return {"treatment.gc": True}, ""
    if any(name in drug for name in ANTICOAGULANTS):
        return {"treatment.anticoagulated": True}, ""
    if any(name in drug for name in ANTIPLATELETS):
        return {"treatment.antiplatelet": True}, ""
    found = next((value for name, value in IMMUNOSUPPRESSANTS.items() if name in drug), None)
    if found == "cyclophosphamide_iv" and not _INTRAVENOUS.search(route):
        if not _ORAL.search(route):
            return {}, f"{kind}: cyclophosphamide without its route"
        found = "other"
    return ({"treatment.immunosuppressant": found}, "") if found else ({}, f"{kind}: drug not known")


def _dosage_words(one: Mapping[str, Any]) -> Iterator[str]:
    for name in ("dosage", "dosageInstruction"):
        for dosage in listed(one, name):
            yield words_of(dosage.get("route"))
            yield str(dosage.get("text", "")).lower()
