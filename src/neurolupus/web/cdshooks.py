"""The CDS Hooks 2.0 service: discovery, patient-view, order-select, feedback; it fetches and changes nothing."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from neurolupus.errors import PatientFileError
from neurolupus.io.fhir import read_fhir
from neurolupus.io.fhir_codes import GLUCOCORTICOIDS, IMMUNOSUPPRESSANTS, Codes
from neurolupus.web.cards import order_cards, patient_cards
from neurolupus.web.tokens import Clients, TokenRefused
from neurolupus.workflows.advise import advise_data

LARGEST_BODY_BYTES = 4 << 20
DEEPEST = 64
LOG = logging.getLogger("neurolupus.cdshooks")
LOG.addHandler(logging.NullHandler())
PREFETCH = {
    "patient": "Patient/{{context.patientId}}",
    "conditions": "Condition?patient={{context.patientId}}&clinical-status=active",
    "observations": "Observation?patient={{context.patientId}}&category=laboratory,survey",
    "medications": "MedicationRequest?patient={{context.patientId}}&status=active",
    "statements": "MedicationStatement?patient={{context.patientId}}&status=active",
    "allergies": "AllergyIntolerance?patient={{context.patientId}}",
    "imaging": "ImagingStudy?patient={{context.patientId}}",
}
REQUIRED = ("patient",)
_USE = "For clinicians; unreviewed rules; not a medical device; not for emergencies. It fetches nothing by itself."
SERVICES: Mapping[str, Mapping[str, Any]] = {
    "neurolupus-patient-view": {
        "hook": "patient-view",
        "title": "Neuropsychiatric lupus: what the sources support",
        "description": "Attribution, work-up, suspected mechanism and management, each with strength and source.",
    },
    "neurolupus-order-select": {
        "hook": "order-select",
        "title": "Neuropsychiatric lupus: before an order",
        "description": "What must be known before immunosuppression, an antithrombotic or a dopamine antagonist.",
    },
}
_ORDERED = {
    **dict.fromkeys(GLUCOCORTICOIDS, "glucocorticoid"),
    **IMMUNOSUPPRESSANTS,
    "methotrexate": "methotrexate",
    **dict.fromkeys(("warfarin", "heparin", "aspirin", "acetylsalicylic", "clopidogrel", "apixaban"), "antithrombotic"),
    **dict.fromkeys(("haloperidol", "tiapride", "tetrabenazine", "risperidone"), "dopamine_antagonist"),
}


@dataclass(frozen=True, slots=True)
class CdsSettings:
    """How the service runs.

    Attributes
    ----------
    clients : Clients or None
        Whose tokens are taken; None takes every call, and is for loopback alone.
    base_url : str
        The service's own address: the audience of tokens.
    feedback : Path or None
        A file that feedback is appended to; None keeps none.
    codes : Codes
    """

    clients: Clients | None = None
    base_url: str = "http://127.0.0.1:8910"
    feedback: Path | None = None
    codes: Codes = field(default_factory=Codes)


class Refused(Exception):  # noqa: N818
    """A call that gets no card: the status, and why."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status, self.why = status, why


def create_app(settings: CdsSettings | None = None) -> Starlette:
    """The application.

    Parameters
    ----------
    settings : CdsSettings or None
        Those of a service on loopback when None.
    """
    chosen = settings or CdsSettings()

    async def discovery(_: Request) -> Response:
        services = [
            {"id": name, **one, "prefetch": PREFETCH, "usageRequirements": _USE} for name, one in SERVICES.items()
        ]
        return JSONResponse({"services": services})

    async def service(request: Request) -> Response:
        name = request.path_params["service"]
        if name not in SERVICES:
            raise Refused(404, "no such service")
        _check_caller(request, chosen)
        body = await _body(request)
        cards = await run_in_threadpool(cards_for, name, body, chosen.codes)
        return JSONResponse({"cards": cards})

    async def feedback(request: Request) -> Response:
        if request.path_params["service"] not in SERVICES:
            raise Refused(404, "no such service")
        _check_caller(request, chosen)
        _keep_feedback(await _body(request), request.path_params["service"], chosen.feedback)
        return Response(status_code=200)

    routes = [
        Route("/cds-services", _safe(discovery), methods=["GET"]),
        Route("/cds-services/{service}", _safe(service), methods=["POST"]),
        Route("/cds-services/{service}/feedback", _safe(feedback), methods=["POST"]),
    ]
    return Starlette(routes=routes)


def cards_for(name: str, body: Mapping[str, Any], codes: Codes, *, today: date | None = None) -> list[dict[str, Any]]:
    """The cards of one call.

    Raises
    ------
    Refused
        400 for a call of another form; 412 where required data cannot be had.
    """
    hook, context = SERVICES[name]["hook"], body.get("context")
    if body.get("hook") != hook or not isinstance(body.get("hookInstance"), str) or not isinstance(context, Mapping):
        raise Refused(400, f"hook {hook}, hookInstance and context are needed")
    if not context.get("patientId") or not context.get("userId"):
        raise Refused(400, "context needs userId and patientId")
    prefetch = body.get("prefetch") or {}
    if not isinstance(prefetch, Mapping):
        raise Refused(400, "prefetch is no object")
    absent = [key for key in REQUIRED if prefetch.get(key) is None]
    if absent:
        raise Refused(412, f"required data were not supplied: {', '.join(absent)}; this service fetches nothing")
    day = today or date.today()
    found = read_fhir({key: prefetch[key] for key in PREFETCH if key in prefetch}, today=day, codes=codes)
    for key in PREFETCH:
        if key not in prefetch:
            found.ignored[f"{key}: not supplied"] += 1
    try:
        data = advise_data(found.data, today=day, with_trace=False)
    except PatientFileError as error:
        raise Refused(422, f"the record has {len(error.faults)} faults; no advice is given on it") from None
    _log(body, data)
    if hook == "order-select":
        return order_cards(data, _drugs(context))
    return patient_cards(data, ignored=found.ignored)


def _drugs(context: Mapping[str, Any]) -> list[str]:
    """The kinds of drug among the selected draft orders."""
    selected = {str(one) for one in context.get("selections") or []}
    drafts = context.get("draftOrders")
    entries = drafts.get("entry") if isinstance(drafts, Mapping) else None
    found = []
    for entry in entries or []:
        order = entry.get("resource") if isinstance(entry, Mapping) else None
        if not isinstance(order, Mapping):
            continue
        if selected and f"{order.get('resourceType')}/{order.get('id')}" not in selected:
            continue
        words = json.dumps(order.get("medicationCodeableConcept") or {}).lower()
        found += [kind for name, kind in _ORDERED.items() if name in words]
    return sorted(set(found))


def _check_caller(request: Request, settings: CdsSettings) -> None:
    if settings.clients is None:
        return
    try:
        settings.clients.check(request.headers.get("authorization"), settings.base_url + request.url.path)
    except TokenRefused as error:
        raise Refused(401, str(error)) from None


async def _body(request: Request) -> dict[str, Any]:
    """The JSON of a request, bounded before it is read."""
    claimed = request.headers.get("content-length", "0")
    if not claimed.isdigit() or int(claimed) > LARGEST_BODY_BYTES:
        raise Refused(413, f"at most {LARGEST_BODY_BYTES:,} bytes are read")
    read = bytearray()
    async for chunk in request.stream():
        read += chunk
        if len(read) > LARGEST_BODY_BYTES:
            raise Refused(413, f"at most {LARGEST_BODY_BYTES:,} bytes are read")
    try:
        body = json.loads(bytes(read))
    except (ValueError, RecursionError):
        raise Refused(400, "the body is no JSON") from None
    if not isinstance(body, dict) or _depth(body) > DEEPEST:
        raise Refused(400, f"a JSON object nested at most {DEEPEST} deep is needed")
    return body


def _depth(value: Any) -> int:
    level, depth = [value], 0
    while level and depth <= DEEPEST:
        depth += 1
        level = [
            one
            for part in level
            if isinstance(part, (dict, list))
            for one in (part.values() if isinstance(part, dict) else part)
        ]
    return depth


def _keep_feedback(body: Mapping[str, Any], service: str, path: Path | None) -> None:
    """Append card, outcome and coded reason; no ids of patients or users, and no free text."""
    entries = body.get("feedback")
    if not isinstance(entries, list) or not all(isinstance(one, Mapping) for one in entries):
        raise Refused(400, "feedback is a list of objects")
    lines = []
    for one in entries:
        if one.get("outcome") not in ("accepted", "overridden") or not isinstance(one.get("card"), str):
            raise Refused(400, "each feedback needs card and outcome: accepted or overridden")
        reason = ((one.get("overrideReason") or {}).get("reason") or {}).get("code")
        kept = {
            "service": service,
            "card": one["card"][:64],
            "outcome": one["outcome"],
            "reason": str(reason)[:64] if reason else None,
            "received": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        lines.append(json.dumps(kept) + "\n")
    if path is not None:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(handle, "".join(lines).encode())  # one write: lines of two calls never mix
        finally:
            os.close(handle)


def _log(body: Mapping[str, Any], data: Mapping[str, Any]) -> None:
    """Hash of the input, codes and knowledge; nothing of the patient."""
    if LOG.isEnabledFor(logging.INFO):
        text = json.dumps(body.get("prefetch"), sort_keys=True, default=str)
        codes = ",".join(item["code"] for item in data["active"])
        LOG.info(
            "input %s codes %s knowledge %s",
            hashlib.sha256(text.encode()).hexdigest()[:16],
            codes,
            data["knowledge"]["hash"][:12],
        )


def _safe(handler: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """A handler whose refusals are answers, and whose faults tell nothing of the patient."""

    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except Refused as refused:
            return JSONResponse({"error": refused.why}, status_code=refused.status)
        except Exception as error:
            LOG.error("internal fault: %s", type(error).__name__)
            return JSONResponse({"error": "internal fault; no advice was given"}, status_code=500)

    return answer
