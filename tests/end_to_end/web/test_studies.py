"""The researcher's way in a real browser: a cohort by criteria, a run to its report, stale runs, sources asked."""

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
pytest.importorskip("playwright.sync_api", reason="needs playwright")
pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python")

import uvicorn
from playwright.sync_api import expect
from readable import is_readable
from watched_page import watched_page

from neurolupus.store.patients import edit_patient, find_patient
from neurolupus.store.studies import list_studies
from neurolupus.web.app import create_app
from neurolupus.web.settings import Settings
from neurolupus.workflows.clinic.demo_store import CLINIC, fill_demo

pytestmark = pytest.mark.slow
RUN_MS = 120_000


@dataclass
class Clinic:
    """A server over the demo's store."""

    address: str
    app: Any

    def path_of(self, name: str) -> str:
        """The page of a study."""
        with self.app.state.store.read() as connection:
            return next(f"/studies/{one.id}" for one in list_studies(connection) if one.name == name)


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    app = create_app(Settings(tmp_path_factory.mktemp("clinic") / "store", demo=True))
    fill_demo(app.state.store, with_scans=False)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield Clinic(f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}", app)
    server.should_exit = True
    thread.join(20)


@pytest.fixture
def page(chromium: Any) -> Iterator[Any]:
    with watched_page(chromium, timeout_ms=15_000) as found:
        yield found


def test_from_criteria_to_a_report_that_goes_stale(page: Any, clinic: Clinic):
    page.goto(f"{clinic.address}/studies/new")
    expect(page.locator("#flow")).to_contain_text("149")
    page.get_by_label("Name").fill("Adults with a decision")
    page.get_by_label("Age from, years").fill("18")
    page.get_by_label("not attributed").check()
    page.get_by_label("attributed", exact=True).check()
    expect(page.locator("#flow")).to_contain_text("Consensus: attributed or not attributed")
    page.get_by_role("button", name="Keep the study").click()
    expect(page.locator("#check")).to_contain_text("no fault")
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_role("status")).to_contain_text("Running", timeout=30_000)
    frame = page.frame_locator("iframe.report")
    expect(frame.locator("h1")).to_have_text("Neuropsychiatric lupus in one clinic", timeout=RUN_MS)
    expect(frame.locator("body")).to_contain_text("SYNTHETIC")
    expect(page.locator(".head .flag").first).to_have_text("up to date")
    with clinic.app.state.store.write("anna") as writer:
        found = find_patient(writer.connection, "several-punctures")
        edit_patient(writer, found.id, found.version, {**found.record, "note": "seen again"})
    page.reload()
    expect(page.locator(".head").first).to_contain_text("1 patient of it changed")
    page.goto(f"{clinic.address}/studies")
    expect(page.locator("article", has_text="Adults with a decision")).to_contain_text("stale")


def test_a_number_leads_to_the_patient_it_came_from(page: Any, clinic: Clinic):
    page.goto(clinic.address + clinic.path_of(CLINIC))
    page.get_by_role("link", name="Where the numbers come from").click()
    page.get_by_label("Words of the path").fill("age median")
    page.get_by_role("button", name="Find").click()
    page.locator("#numbers tbody a").first.click()
    expect(page.locator("#behind h2")).to_contain_text("age")
    expect(page.locator("#behind")).to_contain_text("patients of cohort full")
    page.locator("#behind tbody a").first.click()
    expect(page).to_have_url(re.compile(r"/patients/[0-9a-f-]{36}"))


def test_the_keyboard_alone_does_it(page: Any, clinic: Clinic):
    page.goto(f"{clinic.address}/studies/new")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Name")).to_be_focused()
    page.keyboard.type("By keyboard")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("By keyboard")


def test_downloads_are_those_of_the_run(page: Any, clinic: Clinic, tmp_path: Path):
    page.goto(clinic.address + clinic.path_of(CLINIC))
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Word").click()
    waiting.value.save_as(tmp_path / "tables.docx")
    assert (tmp_path / "tables.docx").read_bytes()[:2] == b"PK"


def test_the_sources_are_asked_and_a_rule_is_read(page: Any, clinic: Clinic):
    page.goto(f"{clinic.address}/knowledge")
    page.get_by_label("Ask the sources").fill("refractory seizures, aPL negative")
    page.keyboard.press("Enter")
    expect(page.locator("#answer")).to_contain_text("S3-025")
    expect(page.locator("#answer")).to_contain_text("without antiphospholipid antibodies")
    page.get_by_label("Kind").select_option(label="Options")
    expect(page.locator("#found")).to_contain_text("3 rules")
    assert "kind=option" in page.url
    page.locator("#found .top a").first.click()
    expect(page.locator("h2").first).to_have_text("When")
    page.locator(".tree summary").first.click()
    expect(page.locator(".tree details[open] .tree").first).to_be_visible()


def test_every_page_is_readable(page: Any, clinic: Clinic, tmp_path: Path):
    study = clinic.path_of(CLINIC)
    page.goto(clinic.address + study)
    sources = page.get_by_role("link", name="Where the numbers come from").get_attribute("href")
    paths = ("/studies", "/studies/new", study, f"{study}/edit", sources, f"{sources}?number=flow.n&find=flow",
             "/knowledge?question=seizures",
             "/knowledge/rules/CYC-IV", "/knowledge/statements/S3-024", "/api/v1/docs")  # fmt: skip
    for number, path in enumerate(paths):
        page.goto(clinic.address + path)
        page.wait_for_load_state("networkidle")
        is_readable(page, tmp_path, f"studies-{number}")
