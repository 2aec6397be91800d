"""The way of the weekly meeting in a real browser: search, edit, conflict, consensus, seal, print, keyboard."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="needs the extra web")
pytest.importorskip("uvicorn", reason="needs the extra web")
pytest.importorskip("playwright", reason="needs playwright")
pytest.importorskip("axe_playwright_python", reason="needs axe-playwright-python")

import uvicorn
from patients_app import PSYCHOSIS, add_measured, clinic_with, seal
from playwright import sync_api
from readable import is_readable
from watched_page import watched_page

pytestmark = pytest.mark.slow


@dataclass
class Clinic:
    """A server that runs, and its patients."""

    address: str
    app: Any
    ids: list[str]


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    app, client, ids = clinic_with(tmp_path, PSYCHOSIS, {**PSYCHOSIS, "id": "abc-2", "events": []})
    client.close()
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield Clinic(f"http://127.0.0.1:{port}", app, ids)
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def page(chromium: Any, clinic: Clinic) -> Iterator[Any]:  # closed before the clinic is
    with watched_page(chromium, timeout_ms=30_000, expected="409", settle=True) as found:
        yield found


def test_search_as_you_type(page: Any, clinic: Clinic) -> None:
    page.goto(f"{clinic.address}/patients")
    page.get_by_label("Search").press_sequentially("abc")
    sync_api.expect(page.locator("tbody tr")).to_have_count(1)
    sync_api.expect(page.locator("#found")).to_contain_text("1 patient found")
    assert "text=abc" in page.url
    page.get_by_label("Search").fill("")
    page.get_by_label("Event").select_option("psychosis")
    sync_api.expect(page.locator("tbody tr")).to_have_count(1)
    sync_api.expect(page.locator("tbody")).to_contain_text("neu-1")


def test_a_score_is_computed_as_you_type_and_saving_tells_what_changed(page: Any, clinic: Clinic) -> None:
    page.goto(f"{clinic.address}/patients/{clinic.ids[0]}/record/attribution")
    beside = page.locator("#beside")
    sync_api.expect(beside.locator("svg")).to_have_attribute("aria-label", re.compile("score 7 of 10"))
    page.locator('[data-name="attribution.italian_items.confounders"]').get_by_role("radio", name="more").check()
    sync_api.expect(beside.locator("svg")).to_have_attribute("aria-label", re.compile("score 6 of 10"))
    sync_api.expect(beside).to_contain_text("What saving would change")
    page.get_by_role("button", name="Save and compute").click()
    sync_api.expect(page.locator("#changes")).to_contain_text("Italian attribution score")
    sync_api.expect(page.locator("#changes .was").last).to_be_visible()
    sync_api.expect(page.locator(".stale")).to_have_count(0)


def test_saving_only_leaves_the_advice_stale_until_it_is_computed(page: Any, clinic: Clinic) -> None:
    page.goto(f"{clinic.address}/patients/{clinic.ids[0]}/record/patient")
    page.get_by_label("Age").fill("30")
    page.get_by_role("button", name="Save only").click()
    sync_api.expect(page.locator(".stale")).to_contain_text("Stale")
    page.get_by_role("button", name="Compute the advice again").click()
    sync_api.expect(page.locator(".stale")).to_have_count(0)


def test_a_fault_stands_at_its_field_also_of_an_entry_that_was_just_added(page: Any, clinic: Clinic) -> None:
    page.goto(f"{clinic.address}/patients/{clinic.ids[0]}/record/events")
    page.get_by_role("button", name="Add: neuropsychiatric events").click()
    added = page.locator("fieldset.entry").nth(1)
    sync_api.expect(added.locator(".wrong").first).to_contain_text("lacks 'syndrome'")
    added.get_by_label("Syndrome").select_option("headache")
    added.get_by_label("Onset").fill("2031-01-01")
    sync_api.expect(added.locator('[data-name$=".date"] .faults')).to_contain_text("2031-01-01")
    added.get_by_role("button", name="Remove this entry").click()
    sync_api.expect(page.locator("#beside")).to_contain_text("Scores")
    sync_api.expect(page.locator("fieldset.entry")).to_have_count(1)


def test_a_stale_form_shows_both_versions_and_loses_nothing(page: Any, clinic: Clinic) -> None:
    address = f"{clinic.address}/patients/{clinic.ids[0]}/record/patient"
    page.goto(address)
    other = page.context.new_page()
    other.goto(address)
    other.get_by_label("Age").fill("31")
    other.get_by_role("button", name="Save only").click()
    sync_api.expect(other.locator("h1")).to_have_text("neu-1")
    page.get_by_label("Age").fill("32")
    page.get_by_role("button", name="Save only").click()
    sync_api.expect(page.get_by_role("alert")).to_contain_text("Somebody has saved this patient meanwhile")
    sync_api.expect(page.get_by_label("Age")).to_have_value("32")
    sync_api.expect(page.locator('[data-name="patient.age"] .kept')).to_contain_text("31")
    page.get_by_role("button", name="Save only").click()
    sync_api.expect(page.locator(".patient-head")).to_contain_text("32 years")


def test_the_consensus_by_keyboard_alone_opens_the_seal(page: Any, clinic: Clinic) -> None:
    seal(clinic.app)
    patient = f"{clinic.address}/patients/{clinic.ids[0]}"
    page.goto(patient)
    sync_api.expect(page.locator("#volumes")).to_contain_text("sealed until the consensus")
    assert "7.125" not in page.content()
    assert "7.12" not in page.content()
    page.goto(f"{patient}/consensus")
    page.get_by_label("Date of the meeting").focus()
    page.keyboard.type("06192025")
    for name, key in (("attribution", "ArrowRight"), ("mechanism", "ArrowRight"), ("atrophy", "ArrowRight")):
        page.locator(f'input[name="{name}"]').first.focus()
        page.keyboard.press(key)
    page.locator('input[name="attribution"]').first.focus()
    page.keyboard.press("Space")
    page.locator('input[name="mechanism"]').first.focus()
    page.keyboard.press("Space")
    page.locator('input[name="present"]').first.focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Add a dissent").focus()
    page.keyboard.press("Enter")
    page.keyboard.type("neurologist")
    page.keyboard.press("Tab")
    page.keyboard.type("rather a primary psychosis")
    page.get_by_role("button", name=re.compile("Sign as")).focus()
    page.keyboard.press("Enter")
    held = page.locator(".decisions li").first
    sync_api.expect(held).to_contain_text("Attributed to SLE, mechanism inflammatory")
    sync_api.expect(held).to_contain_text("rather a primary psychosis")
    sync_api.expect(held).to_contain_text("2025-06-19")
    sync_api.expect(page.locator("main")).not_to_contain_text("sealed until")
    with page.expect_download() as waited:
        page.get_by_role("link", name="Minutes, PDF").click()
    assert Path(waited.value.path()).read_bytes().startswith(b"%PDF")


def test_every_page_is_accessible_and_fits(page: Any, clinic: Clinic, tmp_path: Path) -> None:
    one = f"/patients/{clinic.ids[0]}"
    sections = ("patient", "events", "attribution", "lupus", "laboratory", "mri", "csf", "treatment", "outcome")
    addresses = ["/patients", "/patients/new", "/patients/import", one, f"{one}/consensus"]
    for address in [*addresses, *(f"{one}/record/{name}" for name in sections)]:
        page.goto(clinic.address + address)
        page.wait_for_load_state("networkidle")
        page.evaluate("for (const one of document.querySelectorAll('main details')) one.open = true")
        page.wait_for_load_state("networkidle")
        name = address.replace(clinic.ids[0], "one").removeprefix("/patients").strip("/").replace("/", "-") or "all"
        is_readable(page, tmp_path, f"patients-{name}")


def test_the_print_is_short_and_begins_with_the_summary(page: Any, clinic: Clinic) -> None:
    page.goto(f"{clinic.address}/patients/{clinic.ids[0]}")
    short = page.locator("section.on-paper")
    sync_api.expect(short).to_be_hidden()
    made = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", made)) <= 4  # eight, before advice was set in two columns
    page.emulate_media(media="print")
    sync_api.expect(short).to_contain_text("The advice in short")
    sync_api.expect(page.get_by_role("button", name="Print")).to_be_hidden()
    assert page.locator(".advice-body").evaluate("one => getComputedStyle(one).columnCount") == "2"


def test_the_radiology_paragraph_is_copied(chromium: Any, clinic: Clinic) -> None:
    with clinic.app.state.store.write("somebody") as writer:
        add_measured(writer, clinic.ids[0], wmh_ml=3.21, tiv_ml=1402.0)
    context = chromium.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"{clinic.address}/patients/{clinic.ids[0]}")
    page.get_by_role("button", name="Copy").click()
    sync_api.expect(page.locator(".copied")).to_have_text("Copied.")
    said = page.evaluate("navigator.clipboard.readText()")
    assert said.startswith("Brain MRI of 2025-06-12. White matter hyperintensities: 3.21 ml")
    context.close()


def test_who_changed_what_is_fetched_when_it_is_opened(page: Any, clinic: Clinic) -> None:
    page.goto(f"{clinic.address}/patients/{clinic.ids[0]}")
    page.get_by_text("Who changed what").click()
    sync_api.expect(page.locator(".history")).to_contain_text("patient.added")


def test_a_patient_named_like_a_script_is_only_text(page: Any, clinic: Clinic) -> None:
    from neurolupus.store.patients import edit_patient, patient_of

    bad = "<script>document.title='taken'</script>"
    with clinic.app.state.store.write("somebody") as writer:
        stored = patient_of(writer.connection, clinic.ids[0])
        record = {**stored.record, "note": bad, "events": [{**stored.record["events"][0], "id": bad}]}
        edit_patient(writer, clinic.ids[0], stored.version, {**record, "id": bad[:60]})
    for address in (
        f"/patients/{clinic.ids[0]}/record/events",
        f"/patients/{clinic.ids[0]}/record/patient",
        "/patients",
    ):
        page.goto(clinic.address + address)
        assert page.title() != "taken"
