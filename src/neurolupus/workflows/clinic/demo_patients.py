"""Invented patients for a store to be tried with: a cohort, and a few whose stories show what the pages hold."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from neurolupus.io.patient_file import patient_as_data, read_patient
from neurolupus.workflows.clinic.consensus import Meeting
from neurolupus.workflows.examples import example_path

Plain = dict[str, Any]
FIRST_DAY = date(2016, 1, 11)
INFLAMMATORY = (
    "acute_confusional_state", "psychosis", "myelopathy", "seizure_disorder", "cranial_neuropathy", "mood_disorder",
    "aseptic_meningitis",
)  # fmt: skip
ISCHAEMIC = ("cerebrovascular_disease", "cerebrovascular_disease", "movement_disorder", "cognitive_dysfunction")
MINOR = ("headache", "mood_disorder", "anxiety_disorder", "cognitive_dysfunction", "polyneuropathy")
MEETING = ("rheumatologist", "neurologist", "neuroradiologist")


def story_patients() -> Iterator[tuple[Plain, str]]:
    """The records of `examples/`, and three more, each with its place in the work list."""
    places = ("decided", "follow-up", "work-up", "follow-up", "decided", "for consensus")
    for number, status in enumerate(places, start=1):
        record = read_patient(example_path(f"patients/sub-{number:02d}.patient.yaml"))
        yield patient_as_data(record), status
    yield _treated_intrathecally(), "follow-up"
    yield _revised(), "follow-up"
    yield {"id": "first-visit", "events": [{"syndrome": "seizure_disorder"}]}, "new"


def story_meetings() -> Iterator[tuple[str, Meeting]]:
    """Pseudonym and what a meeting decided, in order; the last revises the one before."""
    yield "several-punctures", Meeting("2025-03-11", "attributed", "inflammatory", MEETING, (), "no")
    dissent = (("neuropsychologist", "A depression explains the tests."),)
    present = (*MEETING, "neuropsychologist")
    yield "revised-later", Meeting("2024-04-16", "attributed", "inflammatory", present, dissent, "yes")
    why = "The tests are normal since the depression was treated."
    yield "revised-later", Meeting("2025-05-27", "not_attributed", "", present, (), "no", why=why)


def cohort_patients(n: int, *, seed: int) -> Iterator[tuple[Plain, str]]:
    """`n` made-up patients; the same seed gives the same ones."""
    chance = random.Random(seed)  # noqa: S311 - invented patients, no secret
    for number in range(n):
        yield _patient(chance, number)


def _patient(chance: random.Random, number: int) -> tuple[Plain, str]:
    mechanism = chance.choices((None, "inflammatory", "ischemic_thrombotic"), (46, 36, 18))[0]
    day = FIRST_DAY + timedelta(days=chance.randrange(3200))
    age = round(chance.triangular(17, 76, 38))
    is_open = chance.random() < 0.1
    treated = mechanism == "inflammatory" and not is_open and chance.random() < 0.55
    record: Plain = {
        "id": f"C-{number + 1:03d}",
        "as_of": (day + timedelta(days=420)).isoformat(),
        "patient": _who(chance, age),
        "sle": _lupus(chance, age, active=mechanism == "inflammatory"),
        "events": [_event(chance, mechanism, day)],
        "secondary": dict.fromkeys(("cns_infection", "systemic_infection", "metabolic", "drug"), False),
        "attribution": _attribution(chance, mechanism, day, is_open=is_open),
        "apl": _antibodies(chance, mechanism),
        "mri": _mri(chance, mechanism, age, day),
        "discharge": _discharge(chance, day, treated=treated),
        "treatment": {"methylprednisolone_pulse": treated or chance.random() < 0.2,
                      "in_hospital": [chance.choice(("cyclophosphamide", "mycophenolate", "azathioprine"))]
                      if mechanism else []},
    }  # fmt: skip
    if mechanism == "inflammatory":
        record["lumbar_punctures"] = _punctures(chance, day, 3 if treated else 1)
    if treated:
        record["intrathecal_sessions"] = _sessions(chance, day)
    last = day + timedelta(days=chance.randrange(120, 400))
    record["follow_up"] = {"last_contact": last.isoformat()}
    status = "for consensus" if is_open else chance.choice(("decided", "follow-up", "follow-up"))
    return record, status


def _who(chance: random.Random, age: int) -> Plain:
    return {
        "age": age, "sex": "F" if chance.random() < 0.89 else "M", "renal_insufficiency": False,
        "hypertension": chance.random() < 0.15 + age / 200, "current_smoking": chance.random() < 0.22,
        "diabetes": chance.random() < 0.06, "bmi": round(chance.gauss(24, 3.5), 1),
    }  # fmt: skip


def _lupus(chance: random.Random, age: int, *, active: bool) -> Plain:
    return {
        "duration_months": min(round(chance.expovariate(1 / 90)), (age - 12) * 12),
        "sledai2k": max(0, round(chance.gauss(14 if active else 4, 4))),
        "sdi": min(6, int(chance.expovariate(0.9))),
        "generalised_activity": active,
        "nephritis": chance.random() < 0.3,
        "anti_dsdna": chance.random() < (0.7 if active else 0.3),
        "c3_g_per_L": round(max(0.2, chance.gauss(0.6 if active else 0.95, 0.15)), 2),
        "c4_g_per_L": round(max(0.02, chance.gauss(0.1 if active else 0.2, 0.05)), 2),
    }


def _event(chance: random.Random, mechanism: str | None, day: date) -> Plain:
    words = {None: MINOR, "ischemic_thrombotic": ISCHAEMIC}.get(mechanism, INFLAMMATORY)
    syndrome = chance.choice(words)
    found = {"syndrome": syndrome, "date": day.isoformat(), "new_or_worsening": True,
             "acute_inflammatory": mechanism == "inflammatory"}  # fmt: skip
    if syndrome == "cerebrovascular_disease":
        found |= {"arterial": True, "haemorrhage": False}
    return found


def _attribution(chance: random.Random, mechanism: str | None, day: date, *, is_open: bool) -> Plain:
    attributed = mechanism is not None
    items = {
        "onset": chance.choice(("within_6mo", ">6mo_after")) if attributed else ">6mo_before",
        "minor_event": not attributed,
        "confounders": chance.choice(("none", "one")) if attributed else "more",
        "favouring": chance.choice(("one", "more")) if attributed else "none",
    }
    found: Plain = {"italian_items": items, "n_syndromes": 1}
    if is_open:
        return found
    found |= {"mdt_consensus": "attributed" if attributed else "not_attributed", "present": list(MEETING),
              "decided": (day + timedelta(days=9)).isoformat(), "atrophy_influenced": False}  # fmt: skip
    return found | ({"mdt_mechanism": mechanism} if mechanism else {})


def _antibodies(chance: random.Random, mechanism: str | None) -> Plain:
    positive = chance.random() < (0.85 if mechanism == "ischemic_thrombotic" else 0.25)
    return {"positive": positive, "aps": positive and mechanism == "ischemic_thrombotic", "thrombotic_event": False}


def _mri(chance: random.Random, mechanism: str | None, age: int, day: date) -> Plain:
    tiv = chance.gauss(1440, 110)
    gm = tiv * (0.46 - 0.0011 * (age - 38) + chance.gauss(0, 0.012))
    wm = tiv * (0.335 - 0.0003 * (age - 38) + chance.gauss(0, 0.012) - (0.012 if mechanism == "inflammatory" else 0))
    load = chance.lognormvariate({"ischemic_thrombotic": 1.3, "inflammatory": 0.1}.get(mechanism or "", -0.6), 0.9)
    gm, wm, tiv = round(gm, 1), round(wm, 1), round(tiv, 1)
    return {
        "done": True, "date": (day + timedelta(days=3)).isoformat(), "normal": load < 0.3,
        "concordant": mechanism is not None, "flair": "3D" if day.year > 2019 else "2D",
        "gm_ml": gm, "wm_ml": wm, "tbv_ml": round(gm + wm, 1), "csf_ml": round(tiv - gm - wm, 1), "tiv_ml": tiv,
        "wmh_ml": round(min(load, 40), 2),
    }  # fmt: skip


def _punctures(chance: random.Random, day: date, count: int) -> list[Plain]:
    pressure, protein = chance.gauss(210, 35), chance.lognormvariate(-0.55, 0.35)
    found = []
    for number in range(count):
        when = day + timedelta(days=2 + 8 * number)
        csf = {
            "opening_pressure_mmH2O": max(70, round(pressure * 0.85**number)),
            "protein": {"value": round(protein * 0.8**number, 2), "unit": "g/L"},
            "wbc_10e6_per_L": round(chance.expovariate(0.2)), "pathogens_negative": True,
        }  # fmt: skip
        found.append({"date": when.isoformat(), "csf": csf})
    return found


def _sessions(chance: random.Random, day: date) -> list[Plain]:
    found = []
    for number in range(chance.choice((1, 2, 3, 3, 4))):
        reactions = [one for one, share in (("low_pressure", 0.06), ("leg_numbness", 0.03)) if chance.random() < share]
        dose = {"methotrexate_mg": 10, "dexamethasone_mg": 10, "reactions": reactions}
        found.append({"date": (day + timedelta(days=2 + 8 * number)).isoformat(), **dose})
    if len(found) < 3:
        found[-1]["stopped_because"] = chance.choice(("pressure_normalised", "recovered"))
    return found


def _discharge(chance: random.Random, day: date, *, treated: bool) -> Plain:
    left = day + timedelta(days=round(chance.triangular(9, 60, 21)))
    well = chance.random() < (0.75 if treated else 0.6)
    stay = {"admitted": day.isoformat(), "date": left.isoformat(), "improved": well}
    return stay | ({"bilag": "D", "residual_deficit": chance.random() < 0.4} if well else {"worse": False})


def _treated_intrathecally() -> Plain:
    """Four lumbar punctures with intrathecal injections; pressure and protein fall."""
    course = (("2025-03-04", 320, 1.12, 38), ("2025-03-12", 265, 0.84, 16), ("2025-03-20", 205, 0.58, 6),
              ("2025-04-02", 165, 0.41, 2))  # fmt: skip
    punctures = [
        {"date": day, "csf": {"opening_pressure_mmH2O": pressure, "protein": {"value": protein, "unit": "g/L"},
                              "wbc_10e6_per_L": cells, "pathogens_negative": True}}
        for day, pressure, protein, cells in course
    ]  # fmt: skip
    sessions: list[Plain] = [{"date": day, "methotrexate_mg": 10, "dexamethasone_mg": 10} for day, *_ in course[:3]]
    sessions[1]["reactions"] = ["low_pressure_headache"]
    sessions[2]["stopped_because"] = "pressure_normalised"
    return {
        "id": "several-punctures", "as_of": "2025-05-20",
        "patient": {"age": 29, "sex": "F", "pregnant": False, "renal_insufficiency": False, "hypertension": False,
                    "current_smoking": False, "diabetes": False, "bmi": 22},
        "sle": {"duration_months": 26, "sledai2k": 21, "sdi": 0, "generalised_activity": True, "anti_dsdna": True,
                "c3_g_per_L": 0.41, "c4_g_per_L": 0.06},
        "events": [
            {"syndrome": "acute_confusional_state", "date": "2025-03-01", "new_or_worsening": True,
             "acute_inflammatory": True, "severe_organ_threatening": True, "refractory": True},
            {"syndrome": "seizure_disorder", "date": "2025-03-03", "new_or_worsening": True,
             "seizure_pattern": "recurrent", "acute_inflammatory": True},
        ],
        "secondary": dict.fromkeys(("cns_infection", "systemic_infection", "metabolic", "drug"), False),
        "attribution": {"italian_items": {"onset": ">6mo_after", "minor_event": False, "confounders": "none",
                                          "favouring": "more"},
                        "n_syndromes": 2},
        "apl": {"positive": False, "thrombotic_event": False, "aps": False},
        "mri": {"done": True, "date": "2025-03-02", "normal": False, "concordant": True, "flair": "3D"},
        "lp_safety": {"mass_effect": False, "platelets_10e9_per_L": 210, "anticoagulated": False},
        "lumbar_punctures": punctures, "intrathecal_sessions": sessions,
        "treatment": {"prednisone_mg_per_kg": 0.6, "gc": True, "immunosuppressant": "cyclophosphamide_iv",
                      "methylprednisolone_pulse": True, "in_hospital": ["cyclophosphamide"]},
        "discharge": {"admitted": "2025-03-01", "date": "2025-04-10", "bilag": "D", "residual_deficit": False},
        "follow_up": {"last_contact": "2025-05-20"},
    }  # fmt: skip


def _revised() -> Plain:
    """A cognitive dysfunction whose attribution is disputed, and revised a year later."""
    return {
        "id": "revised-later", "as_of": "2025-06-30",
        "patient": {"age": 51, "sex": "F", "renal_insufficiency": False, "hypertension": True,
                    "current_smoking": True, "diabetes": False, "bmi": 28},
        "sle": {"duration_months": 190, "sledai2k": 6, "sdi": 2, "generalised_activity": False},
        "events": [{"syndrome": "cognitive_dysfunction", "date": "2024-03-18", "new_or_worsening": True,
                    "acute_inflammatory": False}],
        "secondary": {"cns_infection": False, "systemic_infection": False, "metabolic": False, "drug": False},
        "attribution": {
            "italian_items": {"onset": ">6mo_after", "minor_event": True, "confounders": "one", "favouring": "one"},
            "n_syndromes": 1,
        },
        "apl": {"positive": False, "thrombotic_event": False, "aps": False},
        "mri": {"done": True, "date": "2024-04-02", "normal": False, "concordant": False, "flair": "3D"},
        "csf": {"done": False},
        "treatment": {"gc": True, "prednisone_mg_per_kg": 0.08, "immunosuppressant": "azathioprine"},
        "follow_up": {"last_contact": "2025-06-30"},
    }  # fmt: skip
