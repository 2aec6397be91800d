"""One patient's record -> one row of a study table: the bridge from clinic to study.

The columns are those of `examples/intrathecal.study.yaml` and `examples/mri-phenotypes.study.yaml`, so that both run on
exported records. An unknown value is an empty cell, never 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from neurolupus.guidelines.attribution import attribute
from neurolupus.guidelines.scores.sledai2k import WEIGHTS, sledai2k
from neurolupus.records.clinical import PatientRecord

Cell = str | int | float | None
DAYS_PER_YEAR = 365.25
# The labels of the study files' vocabulary acr1999
LABELS: Mapping[str, str] = {
    "aseptic_meningitis": "aseptic_meningitis",
    "cerebrovascular_disease": "cerebrovascular",
    "demyelinating_syndrome": "demyelinating",
    "headache": "headache",
    "movement_disorder": "movement",
    "myelopathy": "myelopathy",
    "seizure_disorder": "seizure",
    "acute_confusional_state": "acs",
    "anxiety_disorder": "anxiety",
    "cognitive_dysfunction": "cognitive",
    "mood_disorder": "mood",
    "psychosis": "psychosis",
    "guillain_barre_syndrome": "guillain_barre",
    "autonomic_disorder": "autonomic",
    "mononeuropathy": "mononeuropathy",
    "myasthenia_gravis": "myasthenia",
    "cranial_neuropathy": "cranial_neuropathy",
    "plexopathy": "plexopathy",
    "polyneuropathy": "polyneuropathy",
}
_PHENOTYPE = {"inflammatory": "inf", "ischemic_thrombotic": "isc", "mixed": "mixed"}
_DRUG = {
    "cyclophosphamide_iv": "cyc",
    "mycophenolate": "mmf",
    "azathioprine": "other",
    "rituximab": "rtx",
    "other": "other",
    "none": "none",
}
_IN_HOSPITAL = {
    "cyclophosphamide": "cyc",
    "mycophenolate": "mmf",
    "calcineurin_inhibitor": "cni",
    "azathioprine": "other",
    "rituximab": "rtx",
    "other": "other",
}
_DISCHARGE = {"complete_recovery": "complete", "partial_improvement": "partial", "exacerbation": "exacerbation"}
_STOPPED = {"pressure_normalised": "icp_fell", "recovered": "recovered"}
_SAME = (
    "fever", "mucocutaneous", "musculoskeletal", "pulmonary", "cardiovascular", "haematological", "nephritis",
    "serositis",
)  # fmt: skip
_VOLUMES = {"wm": "wm_ml", "gm": "gm_ml", "csf": "csf_ml", "tbv": "tbv_ml", "tiv": "tiv_ml", "wmh": "wmh_ml"}


def study_row(record: PatientRecord) -> dict[str, Cell]:
    """The columns of one patient; None is unknown.

    Parameters
    ----------
    record : PatientRecord
    """
    return {**_who(record), **_lupus(record), **_findings(record), **_attribution(record), **_course(record)}


def _yes(value: bool | None) -> int | None:
    return None if value is None else int(value)


def _who(record: PatientRecord) -> dict[str, Cell]:
    who = record.patient
    return {
        "age": who.age,
        "male": None if who.sex is None else int(who.sex == "M"),
        "female": None if who.sex is None else int(who.sex == "F"),
        "hypertension": _yes(who.hypertension),
        "smoking": _yes(who.current_smoking),
        "diabetes": _yes(who.diabetes),
        "bmi": who.bmi,
    }


def _lupus(record: PatientRecord) -> dict[str, Cell]:
    sle = record.sle
    months = sle.duration_months
    return {
        "duration": months,
        "sle_duration": None if months is None else round(months / 12, 2),
        "sledai": sle.sledai2k if sle.sledai2k is not None else _from_items(record),
        "sdi": sle.sdi,
        "onset_npsle": _yes(sle.onset_with_npsle),
        **{name: _yes(getattr(sle, name)) for name in _SAME},
        "aps": _yes(record.apl.aps),
        "dsdna": _yes(sle.anti_dsdna),
        "rrnp": _yes(sle.anti_rrnp),
        "c3": sle.c3_g_per_L,
        "c4": sle.c4_g_per_L,
        "la": sle.lupus_anticoagulant_ratio,
        "coombs": _yes(sle.coombs),
        "b2gp1": _yes(sle.anti_b2gp1),
        "acl": _yes(sle.anticardiolipin),
    }


def _from_items(record: PatientRecord) -> int | None:
    """SLEDAI-2K from its items, where all of them are known."""
    items = record.sle.sledai2k_items
    return sledai2k({name: getattr(items, name) for name in WEIGHTS}).known


def _findings(record: PatientRecord) -> dict[str, Cell]:
    punctures = sorted(record.lumbar_punctures, key=lambda one: one.date)
    first, last = (punctures[0].csf, punctures[-1].csf) if punctures else (record.csf, None)
    if len(punctures) < 2:
        last = None
    return {
        "icp": first.opening_pressure_mmH2O,
        "csf_wbc": first.wbc_10e6_per_L,
        "csf_prot": None if first.protein is None else first.protein.g_per_L,
        "cytology": _yes(first.cytology_abnormal),
        "icp_last": None if last is None else last.opening_pressure_mmH2O,
        "csf_prot_last": None if last is None or last.protein is None else last.protein.g_per_L,
        "no_lumbar_puncture": None if record.csf.done is None and not punctures else int(not record.csf.done),
        **{name: getattr(record.mri, field) for name, field in _VOLUMES.items()},
        "flair_dim": record.mri.flair,
    }


def _attribution(record: PatientRecord) -> dict[str, Cell]:
    facts, found = record.attribution, attribute(record)
    syndromes = sorted({LABELS[event.syndrome] for event in record.events})
    first_attributed = facts.mdt_consensus == "attributed"
    return {
        "subtypes": ";".join(syndromes) or None,
        "italian_low": found.score_range[0],
        "italian_high": found.score_range[1],
        "attribution": found.status,
        "consensus": facts.current_consensus,
        "dx": _phenotype(found.status, facts.current_mechanism),
        "dx_first": _phenotype(facts.mdt_consensus or "insufficient_data", facts.mdt_mechanism),
        "uncertain_dx": int(facts.current_consensus == "uncertain" or found.status == "insufficient_data"),
        "revised": int(bool(facts.revisions)),
        "misdiagnosis": int(bool(facts.revisions) and first_attributed and facts.current_consensus == "not_attributed"),
        "atrophy_in_diagnosis": _yes(facts.atrophy_influenced),
    }


def _phenotype(status: str, mechanism: str | None) -> str | None:
    """non, inf, isc or mixed; None while attribution is open or the mechanism is not agreed."""
    if status == "not_attributed":
        return "non"
    return _PHENOTYPE.get(mechanism or "") if status == "attributed" else None


def _course(record: PatientRecord) -> dict[str, Cell]:
    sessions = sorted(record.intrathecal_sessions, key=lambda one: one.date)
    reactions = {reaction for one in sessions for reaction in one.reactions}
    stay, start = record.discharge, _enrolled(record)
    endpoint, end = _endpoint(record)
    stopped = next((one.stopped_because for one in reversed(sessions) if one.stopped_because), None)
    treated = bool(sessions)
    return {
        "mpp": _yes(record.treatment.methylprednisolone_pulse),
        "drug": _drug(record),
        "it": int(treated),
        "it_start": round(_years(start, sessions[0].date) or 0.0, 4) if treated and start else None,
        "injections": len(sessions) if treated else None,
        "stopping_reason": _STOPPED.get(stopped, "other") if stopped and len(sessions) < 3 else None,
        "low_icp": int(bool(reactions & {"low_pressure", "low_pressure_headache"})) if treated else None,
        "leg_numbness": int("leg_numbness" in reactions) if treated else None,
        "wheal": int("wheal" in reactions) if treated else None,
        "cns_infection": int("cns_infection" in reactions) if treated else None,
        "hospital_days": (stay.date - stay.admitted).days if stay.date and stay.admitted else None,
        "discharge": _DISCHARGE.get(stay.outcome or ""),
        "endpoint": endpoint,
        "fu_years": _years(start, end),
        "cause_of_death": record.follow_up.death.cause if record.follow_up.death else None,
    }


def _drug(record: PatientRecord) -> str | None:
    """The immunosuppressant in hospital, one word for several; what is given now where that is not recorded."""
    given = record.treatment.in_hospital
    if given is None:
        return _DRUG.get(record.treatment.immunosuppressant or "")
    words = sorted({_IN_HOSPITAL[one] for one in given})
    return "none" if not words else words[0] if len(words) == 1 else "combination"


def _enrolled(record: PatientRecord) -> date | None:
    """Admission, else the first event."""
    dates = [event.date for event in record.events if event.date is not None]
    return record.discharge.admitted or (min(dates) if dates else None)


def _endpoint(record: PatientRecord) -> tuple[str | None, date | None]:
    """The first of relapse leading to hospital and death, else none at the last contact (S2-053)."""
    relapses = [one.date for one in record.follow_up.relapses if one.hospitalised is not False]
    death = record.follow_up.death
    if relapses and (death is None or min(relapses) <= death.date):
        return "relapse", min(relapses)
    if death is not None:
        return "death", death.date
    last = record.follow_up.last_contact or record.discharge.date
    return ("none", last) if last is not None else (None, None)


def _years(start: date | None, end: date | None) -> float | None:
    return None if start is None or end is None else round((end - start).days / DAYS_PER_YEAR, 4)
