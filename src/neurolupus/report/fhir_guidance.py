"""Advice as a FHIR R4 GuidanceResponse: what is supported as Parameters, what is missing as data requirements.

Status as R4 defines it: `data-required` while something waits for facts, `data-requested` where more of them could only
add to the answer, else `success`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

MODULE = "urn:neurolupus:knowledge"
REQUIREMENT = "urn:neurolupus:fact"


def guidance_response(data: Mapping[str, Any], *, subject: str | None = None) -> dict[str, Any]:
    """The response, with the items as contained Parameters and what is missing as data requirements.

    Parameters
    ----------
    data : mapping
        The advice as data.
    subject : str or None
        A reference such as `Patient/123`.

    References
    ----------
    .. [1] https://hl7.org/fhir/R4/guidanceresponse.html
    """
    response: dict[str, Any] = {
        "resourceType": "GuidanceResponse",
        "id": _id(data),
        "contained": [_parameters(data)],
        "moduleUri": f"{MODULE}|{data['knowledge']['hash'][:12]}",
        "status": _status(data),
        "reasonCode": [{"text": data["attribution"]["sentence"]}, {"text": data["mechanism"]["sentence"]}],
        "note": [{"text": data["intended_use"]}, {"text": f"Rules: {data['knowledge']['review_status']}."}],
        "outputParameters": {"reference": "#items"},
    }
    if subject is not None:
        response["subject"] = {"reference": subject}
    if data["questions"]:
        response["dataRequirement"] = [_requirement(one) for one in data["questions"]]
    return response


def _status(data: Mapping[str, Any]) -> str:
    if not data["data_requests"]:
        return "success"
    waits = data["deferred"] or data["attribution"]["status"] == "insufficient_data"
    return "data-required" if waits else "data-requested"


def _parameters(data: Mapping[str, Any]) -> dict[str, Any]:
    parts = [
        _parameter(name, item) for name in ("active", "options", "deferred", "warnings", "gaps") for item in data[name]
    ]
    return {"resourceType": "Parameters", "id": "items", **({"parameter": parts} if parts else {})}


def _parameter(name: str, item: Mapping[str, Any]) -> dict[str, Any]:
    parts = [
        {"name": "code", "valueCode": item["code"]},
        {"name": "text", "valueString": item["text"]},
        {"name": "strength", "valueCode": item["strength"]},
        *({"name": "cites", "valueString": cite} for cite in item["cites"]),
        *({"name": "mustShow", "valueString": note["text"]} for note in item.get("must_show", [])),
        *({"name": "waitingFor", "valueString": fact} for fact in item.get("waiting_for", [])),
    ]
    return {"name": name, "part": parts}


def _requirement(question: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "Observation",
        "codeFilter": [
            {
                "path": "code",
                "code": [{"system": REQUIREMENT, "code": question["fact"], "display": question["question"]}],
            }
        ],
    }


def _id(data: Mapping[str, Any]) -> str:
    """The same answer has the same id."""
    text = json.dumps(
        [data["knowledge"]["hash"], data["active"], data["deferred"], data["data_requests"]], sort_keys=True
    )
    return hashlib.sha256(text.encode()).hexdigest()[:40]
