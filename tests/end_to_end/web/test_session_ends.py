"""A session ends while somebody types: nothing typed is lost, nothing of it is kept anywhere but in the page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("uvicorn", reason="needs the extra web")
pytest.importorskip("playwright", reason="needs playwright")

from clinic import PASSWORD, clinic
from live_clinic import live
from sqlalchemy import delete

from neurolupus.store.patients import add_patient, patient_of
from neurolupus.store.schema import sessions
from neurolupus.store.users import add_user
from neurolupus.web.pages import sign_in as sign_in_page

pytestmark = pytest.mark.slow
KEPT = "[...Object.keys(localStorage), ...Object.keys(sessionStorage)]"


def come_in(page: Any, name: str) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(sign_in_page, "FAILED_S", 0.0)
    made = clinic(tmp_path, users=True)
    with made.state.store.write("command-line") as writer:
        for name in ("anna", "berta"):
            add_user(writer, name, "editor", password=PASSWORD)
    return made


def test_what_was_typed_is_sent_once_its_user_is_back(chromium: Any, app: Any) -> None:
    store = app.state.store
    with store.write("command-line") as writer:
        patient = add_patient(writer, {"id": "P-001"})
    with live(app) as address:
        context = chromium.new_context(base_url=address)
        page, said = context.new_page(), list[str]()
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(f"/patients/{patient}/record/patient")
        come_in(page, "anna")
        page.locator("#beside *").first.wait_for(state="attached")  # checked once as it was loaded
        with page.expect_response(lambda answer: answer.url.endswith("/check")):
            page.get_by_label("Age").fill("41")
        with store.write("test") as writer:
            writer.connection.execute(delete(sessions))
        page.get_by_role("button", name="Save only").click()
        dialog = page.get_by_role("dialog", name="Your session has ended")
        dialog.wait_for()
        assert page.get_by_label("Age").input_value() == "41"
        with context.expect_page() as opened:
            dialog.get_by_role("link").click()
        come_in(opened.value, "berta")  # somebody else: anna's words are not sent in berta's name
        opened.value.get_by_text("You are signed in as berta").wait_for()
        dialog.get_by_role("button", name="I have signed in").click()
        page.wait_for_timeout(2500)
        assert dialog.is_visible()
        opened.value.locator(".menu summary").click()
        opened.value.get_by_role("button", name="Sign out").click()
        come_in(opened.value, "anna")
        opened.value.wait_for_url("**/patients")
        dialog.wait_for(state="hidden")  # seen by itself
        page.wait_for_url(f"**/patients/{patient}*")
        with store.read() as connection:
            assert patient_of(connection, patient).record["patient"] == {"age": 41}
        assert page.evaluate(KEPT) == ["htmx-current-path-for-history"]  # an address, nothing that was typed
        assert said == []
        context.close()


def test_scores_while_typing_ask_to_sign_in_and_go_on(chromium: Any, app: Any) -> None:
    with app.state.store.write("command-line") as writer:
        patient = add_patient(writer, {"id": "P-001"})
    with live(app) as address:
        context = chromium.new_context(base_url=address)
        page = context.new_page()
        page.goto(f"/patients/{patient}/record/patient")
        come_in(page, "anna")
        page.locator("#beside *").first.wait_for(state="attached")  # checked once as it was loaded
        with app.state.store.write("test") as writer:
            writer.connection.execute(delete(sessions))
        page.get_by_label("Age").fill("-3")
        dialog = page.get_by_role("dialog")
        dialog.wait_for()
        with context.expect_page() as opened:
            dialog.get_by_role("link").click()
        come_in(opened.value, "anna")
        dialog.wait_for(state="hidden")
        page.locator("#beside [data-fault]").first.wait_for()  # what was typed is checked again by itself
        assert page.get_by_label("Age").input_value() == "-3"
        context.close()
