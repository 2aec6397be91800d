"""What the OpenAPI says against what the API does, with requests that nobody thought of: schemathesis."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="needs the extra web")
pytest.importorskip("schemathesis", reason="needs schemathesis")

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from patients_app import PSYCHOSIS
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.generation.modes import GenerationMode

from neurolupus.store.patients import add_patient
from neurolupus.web.app import create_app
from neurolupus.web.settings import Settings
from neurolupus.workflows.examples import example_path
from neurolupus.workflows.study_upload import keep_study

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # schemathesis warns of its own dependencies
EXAMPLES = 12
CHECKED = [
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance",
    "response_headers_conformance", "negative_data_rejection",
]  # fmt: skip


def api(folder: Path) -> Any:
    """The schema over an app with one patient and one study."""
    app = create_app(Settings(folder / "store"))
    with app.state.store.write("somebody") as writer:
        add_patient(writer, dict(PSYCHOSIS))
    text = example_path("clinic.study.yaml").read_text("utf-8")
    keep_study(app.state.store, "somebody", name="One", text=text, criteria={})
    found = schemathesis.openapi.from_dict(json.loads(json.dumps(app.openapi())))
    found.app = app
    return found


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["as said", "otherwise"])
def test_no_request_breaks_the_api(tmp_path: Path, mode: Any):
    load_all_checks()
    checks, schema, faults, asked = CHECKS.get_by_names(CHECKED), api(tmp_path), [], 0
    secret = {"X-CSRF-Token": schema.app.state.local.csrf}
    for found in schema.get_all_operations():
        operation = found.ok()

        @settings(
            max_examples=EXAMPLES, derandomize=True, deadline=None, phases=[Phase.generate], database=None,
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=operation.as_strategy(generation_mode=mode))
        def ask(case: Any) -> None:
            nonlocal asked
            asked += 1
            case.call_and_validate(base_url="http://localhost", headers=secret, checks=checks)

        try:
            ask()
        except Exception as error:
            if type(error).__name__ != "Unsatisfiable":  # nothing can be said otherwise of a route without parameters
                faults.append(f"{operation.label}: {error}")
    assert faults == []
    assert asked > 100
