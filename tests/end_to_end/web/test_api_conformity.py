"""What the OpenAPI says against what the API does, with requests that nobody thought of: schemathesis."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="needs the extra web")
schemathesis = pytest.importorskip("schemathesis", reason="needs schemathesis")

from hypothesis import HealthCheck, Phase, settings
from patients_app import PSYCHOSIS
from schemathesis.checks import CHECKS, load_all_checks

from neurolupus.store.patients import add_patient
from neurolupus.web.app import create_app
from neurolupus.web.settings import Settings
from neurolupus.workflows.examples import example_path
from neurolupus.workflows.study_upload import keep_study

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning")]
EXAMPLES = 15
load_all_checks()
WANTED = CHECKS.get_by_names(
    [
        "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance",
        "response_headers_conformance", "negative_data_rejection",
    ]
)  # fmt: skip


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory):
    app = create_app(Settings(tmp_path_factory.mktemp("api") / "store"))
    with app.state.store.write("somebody") as writer:
        add_patient(writer, dict(PSYCHOSIS))
    text = Path(example_path("clinic.study.yaml")).read_text("utf-8")
    keep_study(app.state.store, "somebody", name="One", text=text, criteria={})
    found = schemathesis.openapi.from_dict(json.loads(json.dumps(app.openapi())))
    found.app = app
    return found


api = schemathesis.pytest.from_fixture("schema")


@api.parametrize()
@settings(
    max_examples=EXAMPLES, derandomize=True, deadline=None, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
def test_no_request_breaks_the_api(case):
    app = case.operation.schema.app
    case.headers = {**(case.headers or {}), "X-CSRF-Token": app.state.local.csrf}
    case.call_and_validate(base_url="http://localhost", checks=WANTED)
