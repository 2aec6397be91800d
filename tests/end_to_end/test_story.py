"""One whole story: from a febrile confusion to a revised diagnosis, and what it changes in a study."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from neurolupus.io.patient_file import parse_patient, patient_as_data
from neurolupus.workflows.advise import advise_data
from neurolupus.workflows.cohort_export import export_cohort
from neurolupus.workflows.study_run import run_study_file

ROOT = Path(__file__).resolve().parents[2]
ADMISSION: dict[str, Any] = {
    "id": "story",
    "as_of": "2024-01-03",
    "patient": {"age": 31, "sex": "F", "pregnant": False, "renal_insufficiency": False},
    "sle": {"duration_months": 36, "sledai2k": 16, "generalised_activity": True},
    "events": [
        {
            "syndrome": "acute_confusional_state",
            "date": "2024-01-02",
            "new_or_worsening": True,
            "severe_organ_threatening": True,
            "refractory": False,
        }
    ],
    "apl": {"positive": False, "thrombotic_event": False},
    "mri": {"done": True, "contraindicated": False, "normal": False, "concordant": True},
    "treatment": {
        "prednisone_mg_per_kg": 0.3,
        "gc": True,
        "immunosuppressant": "mycophenolate",
        "initial_control": False,
    },
    "discharge": {"admitted": "2024-01-02"},
}
FLOW = """
study: {id: revised, title: Phenotypes after follow-up, seed: 1}
data: {id: patient}
flow:
  steps:
    - {drop: uncertain_dx, label: Attribution open}
    - {drop: misdiagnosis, label: Misdiagnosis found at follow-up}
groups:
  phenotype: {label: Phenotype, column: dx, levels: {non: Not attributed, inf: Inflammatory}}
variables:
  age: {label: Age, unit: years, show: median_iqr, range: [0, 110], digits: 0}
table1:
  - {title: Patients, by: phenotype, rows: [age]}
"""


def codes(found: dict[str, Any], part: str) -> set[str]:
    return {item["code"] for item in found[part]}


def after(data: dict[str, Any], as_of: str, **parts: Any) -> dict[str, Any]:
    """The record some days later: parts are updated, nothing is forgotten."""
    found = copy.deepcopy(data)
    found["as_of"] = as_of
    for name, value in parts.items():
        if isinstance(value, dict):
            found.setdefault(name, {}).update(value)
        else:
            found[name] = value
    return found


def others() -> list[dict[str, Any]]:
    """Eleven invented patients with whom a study can run."""
    found = []
    for number in range(11):
        inflammatory = number % 2 == 0
        record: dict[str, Any] = {
            "id": f"other{number:02d}",
            "patient": {"age": 25 + 3 * number, "sex": "F" if number % 3 else "M"},
            "sle": {"sledai2k": 4 + number},
            "events": [{"syndrome": "psychosis" if inflammatory else "headache", "date": "2023-03-01"}],
            "attribution": {"mdt_consensus": "attributed", "mdt_mechanism": "inflammatory"}
            if inflammatory
            else {"mdt_consensus": "not_attributed"},
            "csf": {"done": True, "protein": {"value": 0.3 + number / 20, "unit": "g/L"}},
        }
        if number in (0, 4, 8):
            record["intrathecal_sessions"] = [
                {"date": "2023-03-10", "methotrexate_mg": 10, "dexamethasone_mg": 10, "volume_ml": 10}
            ]
        found.append(record)
    return found


def study(folder: Path, story: dict[str, Any], study_file: Path, out: Path) -> dict[str, Any]:
    """The records written, exported, and a study run on them; its results."""
    records = folder / f"records-{out.name}"
    records.mkdir()
    for record in (*others(), story):
        (records / f"{record['id']}.yaml").write_text(yaml.safe_dump(patient_as_data(parse_patient(record))), "utf-8")
    table = folder / f"{out.name}.csv"
    assert export_cohort(records, table).n == 12
    run_study_file(study_file, out, data=table)
    return json.loads((out / "results.json").read_text("utf-8"))


@pytest.mark.slow
def test_the_whole_story(tmp_path: Path):
    # Admission: fever and confusion, infection unknown. Immunosuppression waits, a lumbar puncture is asked for.
    found = advise_data(ADMISSION)
    assert found["attribution"]["status"] == "insufficient_data"
    assert "RX_GC_IS" in codes(found, "deferred")
    assert "RX_GC_IS" not in codes(found, "active")
    assert {"WU_LP_CSF", "WU_CSF_PATHOGENS", "ACS_CORRECT_CAUSES", "WU_EXCLUDE_SECONDARY"} <= codes(found, "active")
    assert "csf" in found["data_requests"]

    # The lumbar puncture: protein 0.72 g/L, no pathogens; infection and other causes excluded: suspected inflammatory.
    puncture = {
        "date": "2024-01-04",
        "csf": {"opening_pressure_mmH2O": 210, "protein": {"value": 0.72, "unit": "g/L"}, "pathogens_negative": True},
    }
    worked_up = after(
        ADMISSION,
        "2024-01-05",
        lumbar_punctures=[puncture],
        secondary={"cns_infection": False, "systemic_infection": False, "metabolic": False, "drug": False},
    )
    worked_up["events"][0]["acute_inflammatory"] = True
    found = advise_data(worked_up)
    assert found["findings"]["csf_protein_raised"] is True
    assert found["mechanism"]["value"] == "inflammatory"
    assert "suspected" in found["mechanism"]["sentence"]
    assert "RX_GC_IS" in codes(found, "deferred")  # attribution is still open
    assert {"WU_LP_CSF", "WU_CSF_PATHOGENS"}.isdisjoint(codes(found, "active"))

    # The consensus: attributed, inflammatory.
    agreed = after(
        worked_up,
        "2024-01-06",
        attribution={
            "mdt_consensus": "attributed",
            "mdt_mechanism": "inflammatory",
            "decided": "2024-01-06",
            "present": ["rheumatologist", "neurologist", "psychiatrist"],
            "dissent": [{"by": "psychiatrist", "opinion": "A delirium of another cause is not excluded."}],
        },
    )
    found = advise_data(agreed)
    assert {"RX_GC_IS", "RX_CYC_IV"} <= codes(found, "active")
    assert "OPT_IT_MTX_DEX" in codes(found, "options")  # severe, with raised protein

    # Refractory: the intrathecal option with its caveats; three sessions are charted.
    refractory = after(
        agreed, "2024-02-10", treatment={"immunosuppressant": "cyclophosphamide_iv", "other_interventions_failed": True}
    )
    refractory["events"][0]["refractory"] = True
    found = advise_data(refractory)
    option = next(item for item in found["options"] if item["code"] == "OPT_IT_MTX_DEX")
    assert option["strength"] == "option_observational"
    assert {"NOT_FIRST_LINE", "PRESERVATIVE_FREE", "MASS_EFFECT", "PLATELETS"} <= {
        n["code"] for n in option["must_show"]
    }
    assert {"W_IT_NOT_GUIDELINE", "W_IT_OBSERVATIONAL", "W_IT_LOW_ICP"} <= codes(found, "warnings")
    sessions = [
        {"date": day, "methotrexate_mg": 10, "dexamethasone_mg": 10, "volume_ml": 10, "reactions": []}
        for day in ("2024-02-12", "2024-02-19", "2024-02-26")
    ]
    sessions[1]["reactions"] = ["low_pressure_headache"]
    charted = after(refractory, "2024-02-27", intrathecal_sessions=sessions)

    # Discharge with BILAG D and no deficit.
    discharged = after(charted, "2024-03-06", discharge={"date": "2024-03-06", "bilag": "D", "residual_deficit": False})
    discharged["treatment"]["initial_control"] = True
    assert parse_patient(discharged).discharge.outcome == "complete_recovery"
    assert "RX_MAINT_AZA_MMF" in codes(advise_data(discharged), "active")

    # Six months later the diagnosis is revised.
    why = "Recurrent delirium of another cause under remission of lupus."
    revision = {"date": "2024-09-02", "attribution": "not_attributed", "changed": "attribution", "why": why}
    revised = after(discharged, "2024-09-02")
    revised["attribution"] = {**discharged["attribution"], "revisions": [revision]}
    advice_before_study = advise_data(revised)
    assert advice_before_study["attribution"]["status"] == "not_attributed"
    assert "RX_GC_IS" not in codes(advice_before_study, "active")

    # The cohort exported and the studies run before and after.
    flow_file = tmp_path / "revised.study.yaml"
    flow_file.write_text(FLOW, "utf-8")
    before = study(tmp_path, discharged, flow_file, tmp_path / "flow-before")
    later = study(tmp_path, revised, flow_file, tmp_path / "flow-after")
    assert dropped(before) == [0, 0]
    assert dropped(later) == [0, 1]
    assert label(tmp_path / "flow-before.csv") == "inf"
    assert label(tmp_path / "flow-after.csv") == "non"

    without = {name: part for name, part in discharged.items() if name != "intrathecal_sessions"}
    safety = ROOT / "examples" / "clinic.study.yaml"
    fewer = study(tmp_path, without, safety, tmp_path / "safety-before")
    more = study(tmp_path, revised, safety, tmp_path / "safety-after")
    assert injections(more) - injections(fewer) == 3

    # A study changes no recommendation.
    assert advise_data(revised) == advice_before_study


def dropped(results: dict[str, Any]) -> list[int]:
    return [int(results["numbers"][f"flow.step_{number}.dropped"]["value"]) for number in (1, 2)]


def label(table: Path) -> str:
    header, *rows = [line.split(",") for line in table.read_text("utf-8").splitlines()]
    row = next(dict(zip(header, row, strict=True)) for row in rows if row[0] == "story")
    return row["dx"]


def injections(results: dict[str, Any]) -> int:
    return int(results["numbers"]["safety.injections.1.total"]["value"])
