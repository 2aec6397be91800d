"""The consensus: what was decided, by whom, with what dissent; signed, and revised only by a further decision."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData

from neurolupus.errors import Conflict, PatientFileError
from neurolupus.report.advice_page import MECHANISM, attribution_words, score_scale
from neurolupus.store.decisions import decisions_of
from neurolupus.store.engine import Store
from neurolupus.store.patients import patient_of
from neurolupus.web.access import Editor, Exporter, Kept, Viewer
from neurolupus.web.form_data import Fields
from neurolupus.web.render import page
from neurolupus.workflows.clinic.consensus import Meeting, is_revision, record_consensus
from neurolupus.workflows.clinic.minutes import minutes_of
from neurolupus.workflows.clinic.patient_advice import advice_on
from neurolupus.workflows.clinic.patient_page import patient_view

router = APIRouter()
ROLES = (
    "rheumatologist", "neurologist", "psychiatrist", "neuroradiologist", "neuropsychologist", "nephrologist",
    "haematologist", "nurse",
)  # fmt: skip
_LONGEST = 2000


@router.get("/patients/{patient}/consensus")
def show(request: Request, store: Kept, _: Viewer, patient: str) -> Response:
    """The decisions so far, and the form for the next."""
    return _page(request, store, patient, {})


@router.post("/patients/{patient}/consensus")
def sign(request: Request, store: Kept, who: Editor, patient: str, form: Fields) -> Response:
    """Sign a decision."""
    typed = _typed(form)
    meeting = Meeting(
        typed["date"], typed["attribution"], "" if typed["mechanism"] == "none" else typed["mechanism"],
        tuple(typed["present"]), tuple((by, opinion) for by, opinion in typed["dissent"]), typed["atrophy"],
        typed["note"], typed["why"],
    )  # fmt: skip
    try:
        with store.write(who.name) as writer:
            record_consensus(writer, patient, _number(form.get("version")), _number(form.get("number")), meeting)
    except PatientFileError as error:
        return _page(request, store, patient, typed, faults=_placed(error), told=str(error), code=422)
    except Conflict as error:
        return _page(request, store, patient, typed, told=str(error), code=409)
    return RedirectResponse(f"/patients/{patient}/consensus", 303)


@router.get("/patients/{patient}/consensus/{number}/minutes.pdf")
def minutes(store: Kept, who: Exporter, patient: str, number: int) -> Response:
    """The signed minutes; that they were taken out stays in the trail."""
    with store.write(who.name) as writer:
        stored = patient_of(writer.connection, patient)
        found = next((one for one in decisions_of(writer.connection, patient) if one.number == number), None)
        if found is None:
            raise HTTPException(404, "No such decision is kept.")
        writer.note("minutes.exported", patient, after={"number": number, "sha256": found.sha256}, patient=patient)
    name = f"consensus-{stored.pseudonym}-{number}.pdf".encode("ascii", "replace").decode()
    kept = {"Content-Disposition": f'attachment; filename="{name.replace(chr(34), "")}"', "Cache-Control": "no-store"}
    return Response(minutes_of(found, stored.pseudonym), media_type="application/pdf", headers=kept)


def _page(
    request: Request, store: Store, patient: str, typed: Mapping[str, Any], *,
    faults: Mapping[str, str] | None = None, told: str = "", code: int = 200,
) -> Response:  # fmt: skip
    with store.read() as connection:
        view = patient_view(connection, patient)
    data = advice_on(view.stored.record)
    return page(
        request, "consensus.html.j2", code=code, view=view, data=data, scale=score_scale(data["attribution"]),
        standing=attribution_words(data["attribution"]), mechanism=MECHANISM[data["mechanism"]["value"]],
        revises=is_revision(view.stored.record, view.decisions), typed=typed, faults=faults or {}, told=told,
        today=date.today().isoformat(), roles=ROLES,
    )  # fmt: skip


def _typed(form: FormData) -> dict[str, Any]:
    """What was typed, kept as it is so that nothing is lost when it is refused."""
    found: dict[str, Any] = {
        name: str(form.get(name, "")).strip()[:_LONGEST]
        for name in ("date", "attribution", "mechanism", "atrophy", "note", "why")
    }
    others = str(form.get("others", "")).replace("\n", ",").split(",")
    found["others"] = str(form.get("others", ""))[:_LONGEST]
    found["present"] = [one.strip()[:100] for one in (*map(str, form.getlist("present")), *others) if one.strip()]
    pairs = zip(form.getlist("dissent_by"), form.getlist("dissent_opinion"), strict=False)
    kept = [(str(by).strip()[:100], str(opinion).strip()[:_LONGEST]) for by, opinion in pairs]
    found["dissent"] = [one for one in kept if any(one)]
    return found


def _placed(error: PatientFileError) -> dict[str, str]:
    return {".".join(map(str, place)): what for place, what in error.placed}


def _number(text: object) -> int:
    return int(str(text)) if str(text).isdecimal() and len(str(text)) < 10 else 0
