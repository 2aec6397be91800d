"""The resources of one patient in a Bundle, a list or a prefetch; bounded, and never those of another patient."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from neurolupus.io.fhir_values import listed

MOST_RESOURCES = 2000
DEEPEST = 12


def bounded(resources: Any, ignored: Counter[str]) -> Iterator[Mapping[str, Any]]:
    """Every resource of a Bundle, list or prefetch, up to MOST_RESOURCES."""
    for number, one in enumerate(_resources(resources, ignored, 0)):
        if number >= MOST_RESOURCES:
            ignored[f"more than {MOST_RESOURCES} resources"] += 1
            return
        yield one


def _resources(value: Any, ignored: Counter[str], depth: int) -> Iterator[Mapping[str, Any]]:
    if depth > DEEPEST:
        ignored["nested too deep"] += 1
    elif isinstance(value, list):
        for one in value:
            yield from _resources(one, ignored, depth + 1)
    elif isinstance(value, Mapping) and value.get("resourceType") == "Bundle":
        if any(one.get("relation") == "next" for one in listed(value, "link")):
            ignored["Bundle: further pages that were not supplied"] += 1
        for entry in listed(value, "entry"):
            if (entry.get("search") or {}) != {"mode": "outcome"}:
                yield from _resources(entry.get("resource"), ignored, depth + 1)
    elif isinstance(value, Mapping) and isinstance(value.get("resourceType"), str):
        yield value
    elif isinstance(value, Mapping) and "resourceType" not in value:
        for one in value.values():
            yield from _resources(one, ignored, depth + 1)


def of_one_patient(
    found: list[Mapping[str, Any]], patient: str | None, ignored: Counter[str]
) -> list[Mapping[str, Any]]:
    """The resources of the patient who is asked about; none where it is not clear who that is."""
    own = {str(one["id"]) for one in found if one["resourceType"] == "Patient" and one.get("id")}
    told = {name for name in map(_whose, found) if name}
    wanted = {patient} if patient is not None else own or told
    if len(wanted) > 1:
        ignored["resources of several patients: none is read"] += 1
        return []
    kept = [one for one in found if (_whose(one) or next(iter(wanted), "")) in (wanted or {""})]
    if len(found) > len(kept):
        ignored["of another patient"] += len(found) - len(kept)
    return kept


def _whose(one: Mapping[str, Any]) -> str:
    """The id of the patient whom a resource belongs to; empty where it does not tell."""
    if one["resourceType"] == "Patient":
        return str(one.get("id") or "")
    reference = one.get("subject") or one.get("patient")
    text = str(reference.get("reference") or "") if isinstance(reference, Mapping) else ""
    return text.removeprefix("urn:uuid:").split("/_history/")[0].rpartition("/")[2]
