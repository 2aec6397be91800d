"""The CDS Hooks 2.0 service: discovery, patient-view, order-select, feedback; it fetches and changes nothing."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from neurolupus.errors import PatientFileError
from neurolupus.io.fhir import FhirReading, read_fhir
from neurolupus.io.fhir_codes import Codes
from neurolupus.web.cards import order_cards, patient_cards
from neurolupus.web.feedback import keep_feedback
from neurolupus.web.orders import ordered_drugs
from neurolupus.web.requests import Refused, read_json
from neurolupus.web.tokens import Clients, TokenRefused
from neurolupus.workflows.advise import advise_data

LOG = logging.getLogger("neurolupus.cdshooks")
LOG.addHandler(logging.NullHandler())
PREFETCH = {
    "patient": "Patient/{{context.patientId}}",
    "conditions": "Condition?patient={{context.patientId}}&clinical-status=active,recurrence,relapse",
    "observations": "Observation?patient={{context.patientId}}&category=laboratory,survey,exam,social-history",
    "medications": "MedicationRequest?patient={{context.patientId}}&status=active",
    "statements": "MedicationStatement?patient={{context.patientId}}&status=active",
    "allergies": "AllergyIntolerance?patient={{context.patientId}}",
    "imaging": "ImagingStudy?patient={{context.patientId}}",
}
REQUIRED = ("patient",)
MOST_FAULTS = 5
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
        body = await read_json(request)
        cards = await run_in_threadpool(cards_for, _service(request), body, chosen.codes)
        return JSONResponse({"cards": cards})

    async def feedback(request: Request) -> Response:
        body = await read_json(request)
        await run_in_threadpool(keep_feedback, body, _service(request), chosen.feedback)
        return Response(status_code=200)

    routes = [
        Route("/cds-services", _safe(discovery, chosen), methods=["GET"]),
        Route("/cds-services/{service}", _safe(service, chosen), methods=["POST"]),
        Route("/cds-services/{service}/feedback", _safe(feedback, chosen), methods=["POST"]),
    ]
    return Starlette(routes=routes)


def cards_for(name: str, body: Mapping[str, Any], codes: Codes, *, today: date | None = None) -> list[dict[str, Any]]:
    """The cards of one call.

    Raises
    ------
    Refused
        400 for a call of another form, or data of another patient; 412 where required data cannot be had; 422 where
        what was read makes no record.
    """
    hook, context = SERVICES[name]["hook"], body.get("context")
    if body.get("hook") != hook or not isinstance(body.get("hookInstance"), str) or not isinstance(context, Mapping):
        raise Refused(400, f"hook {hook}, hookInstance and context are needed")
    patient = context.get("patientId")
    if not isinstance(patient, str) or not patient or not isinstance(context.get("userId"), str):
        raise Refused(400, "context needs userId and patientId")
    prefetch = _prefetch(body, patient)
    day = today or date.today()
    found = read_fhir(prefetch, today=day, codes=codes, patient=patient)
    for key in PREFETCH:
        if key not in prefetch:
            found.ignored[f"{key}: not supplied"] += 1
    data = _advice(found, day)
    _log(prefetch, data)
    if hook == "order-select":
        return order_cards(data, ordered_drugs(context))
    return patient_cards(data, read=found.read, ignored=found.ignored)


def _prefetch(body: Mapping[str, Any], patient: str) -> dict[str, Any]:
    """What was supplied under the keys that were asked for; None is nothing found, and an absent key says nothing."""
    given = body.get("prefetch") or {}
    if not isinstance(given, Mapping):
        raise Refused(400, "prefetch is no object")
    absent = [key for key in REQUIRED if not isinstance(given.get(key), Mapping)]
    if absent or given["patient"].get("resourceType") != "Patient":
        raise Refused(412, f"required data were not supplied: {', '.join(REQUIRED)}; this service fetches nothing")
    if given["patient"].get("id") not in (None, patient):
        raise Refused(400, "prefetch holds another patient than context")
    return {key: given[key] for key in PREFETCH if key in given}


def _advice(found: FhirReading, today: date) -> dict[str, Any]:
    try:
        return advise_data(found.data, today=today, with_trace=False)
    except PatientFileError as error:
        told = f"what was read makes no record ({len(error.faults)} faults); no advice is given on it"
        raise Refused(422, told, error.faults[:MOST_FAULTS]) from None


def _service(request: Request) -> str:
    name = str(request.path_params["service"])
    if name not in SERVICES:
        raise Refused(404, "no such service")
    return name


def _log(prefetch: Mapping[str, Any], data: Mapping[str, Any]) -> None:
    """Hash of the input, rules and knowledge; nothing of the patient."""
    if LOG.isEnabledFor(logging.INFO):
        text = json.dumps(prefetch, sort_keys=True, default=str)
        rules = sorted({rule["id"] for item in data["active"] for rule in item["rules"]})
        LOG.info(
            "input %s rules %s knowledge %s",
            hashlib.sha256(text.encode()).hexdigest()[:16],
            ",".join(rules),
            data["knowledge"]["hash"][:12],
        )


def _safe(
    handler: Callable[[Request], Awaitable[Response]], settings: CdsSettings
) -> Callable[[Request], Awaitable[Response]]:
    """A handler of known callers, whose refusals are answers, and whose faults tell nothing of the patient."""

    async def answer(request: Request) -> Response:
        try:
            if settings.clients is not None:
                settings.clients.check(request.headers.get("authorization"), settings.base_url + request.url.path)
            return await handler(request)
        except TokenRefused as refused:
            return JSONResponse({"error": str(refused)}, 401, {"WWW-Authenticate": "Bearer"})
        except Refused as refused:
            faults = {"faults": list(refused.faults)} if refused.faults else {}
            return JSONResponse({"error": refused.why, **faults}, status_code=refused.status)
        except Exception as error:
            LOG.error("internal fault: %s", type(error).__name__)
            return JSONResponse({"error": "internal fault; no advice was given"}, status_code=500)

    return answer
