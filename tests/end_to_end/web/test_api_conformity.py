"""What the OpenAPI says against what the API does, with requests that nobody thought of: schemathesis."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="needs the extra web")
pytest.importorskip("schemathesis", reason="needs schemathesis")

import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from patients_app import PSYCHOSIS
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.generation.modes import GenerationMode

from neurolupus.store.measurements import Measured, keep_measurements
from neurolupus.store.patients import add_patient
from neurolupus.store.scans import add_scan
from neurolupus.store.studies import begin_run, end_run
from neurolupus.web.app import create_app
from neurolupus.web.settings import Settings
from neurolupus.workflows.clinic.study_upload import keep_study
from neurolupus.workflows.examples import example_path

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # schemathesis warns of its own dependencies
EXAMPLES = 12
CHECKED = [
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance",
    "response_headers_conformance", "negative_data_rejection",
]  # fmt: skip


def api(folder: Path) -> Any:
    """The schema over an app with one patient and one study."""
    app = create_app(Settings(folder / "store"))
    text = example_path("clinic.study.yaml").read_text("utf-8")
    study = keep_study(app.state.store, "somebody", name="One", text=text, criteria={})
    with app.state.store.write("somebody") as writer:
        patient = add_patient(writer, dict(PSYCHOSIS))
        scan = add_scan(writer, "01", None, patient=patient, status="measured")
        keep_measurements(writer, scan, [Measured("tiv_ml", 1400.0, None, "ml", None, None)])
        run = begin_run(writer, study)
        end_run(writer, run, error="no events")
    found = schemathesis.openapi.from_dict(json.loads(json.dumps(app.openapi())))
    found.app = app
    found.kept = {"patient": patient, "scan": scan, "study": study, "run_id": run, "rule": "CYC-IV",
                  "statement": "S3-024"}  # fmt: skip
    return found


@pytest.mark.parametrize(
    ("mode", "is_kept"),
    [(GenerationMode.POSITIVE, False), (GenerationMode.POSITIVE, True), (GenerationMode.NEGATIVE, False)],
    ids=["as said", "of what is kept", "otherwise"],
)
def test_no_request_breaks_the_api(tmp_path: Path, mode: Any, is_kept: bool):
    load_all_checks()
    schema = api(tmp_path)
    with TestClient(schema.app):  # begins what runs beside it
        faults, answers = ask_all(schema, CHECKS.get_by_names(CHECKED), mode, is_kept=is_kept)
    assert faults == []
    assert sum(answers.values()) > 100
    assert 500 not in answers
    if is_kept:
        assert answers[404] < answers[200] + answers[422]


def ask_all(schema: Any, checks: Any, mode: Any, *, is_kept: bool) -> tuple[list[str], Counter[int]]:
    """What was wrong, and how often each status was answered."""
    faults: list[str] = []
    answers: Counter[int] = Counter()
    secret = {"X-CSRF-Token": schema.app.state.local.csrf}
    for found in schema.get_all_operations():
        operation = found.ok()

        @settings(
            max_examples=EXAMPLES, derandomize=True, deadline=None, phases=[Phase.generate], database=None,
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=operation.as_strategy(generation_mode=mode))
        def ask(case: Any) -> None:
            if is_kept and case.method != "DELETE":
                case.path_parameters = {name: schema.kept[name] for name in case.path_parameters or {}}
            answer = case.call(base_url="http://localhost", headers=secret)
            answers[answer.status_code] += 1
            case.validate_response(answer, checks=checks)

        try:
            ask()
        except Exception as error:
            if type(error).__name__ != "Unsatisfiable":  # nothing can be said otherwise of a route without parameters
                faults.append(f"{operation.label}: {error}")
    return faults, answers
