"""A second factor set up in a browser from the picture alone; the new pages are accessible, light and dark."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

pytest.importorskip("uvicorn", reason="needs the extra web")
pytest.importorskip("playwright", reason="needs playwright")
pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python")

from clinic import PASSWORD, clinic
from live_clinic import live
from patients_app import PSYCHOSIS
from readable import is_readable

from neurolupus.store.patients import add_patient
from neurolupus.store.totp import code_at, step_of
from neurolupus.store.trail import now
from neurolupus.store.users import add_user

pytestmark = pytest.mark.slow


def come_in(page: Any, name: str, code: str = "") -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Sign in").click()


def test_the_pages_of_access(chromium: Any, tmp_path: Path) -> None:
    app = clinic(tmp_path, users=True)
    with app.state.store.write("command-line") as writer:
        add_user(writer, "anna", "admin", password=PASSWORD)
        patient = add_patient(writer, dict(PSYCHOSIS))
    with live(app) as address:
        context = chromium.new_context(base_url=address, device_scale_factor=2)
        page = context.new_page()
        page.goto("/account/second-factor")
        is_readable(page, tmp_path, "access-sign-in")
        come_in(page, "anna")
        page.get_by_role("heading", name="Scan this").wait_for()
        is_readable(page, tmp_path, "access-second-factor")
        held = page.locator("svg.qr")
        secret = page.locator("main code").inner_text()
        if shutil.which("zbarimg"):  # a reader that shares no code with the writer
            held.screenshot(path=str(tmp_path / "qr.png"))
            read = subprocess.run(["zbarimg", "-q", "--raw", tmp_path / "qr.png"], capture_output=True, text=True)
            asked = urlsplit(read.stdout.strip())
            assert (asked.scheme, asked.netloc) == ("otpauth", "totp")
            assert parse_qs(asked.query)["secret"] == [secret]
        page.get_by_label("Code").fill(code_at(secret, step_of(now())))
        page.get_by_label("Your password").fill(PASSWORD)
        page.get_by_role("button", name="Set it up").click()
        page.get_by_role("heading", name="Recovery codes").wait_for()
        assert page.locator(".codes li").count() == 8
        is_readable(page, tmp_path, "access-recovery-codes")
        for path, name in (("/users", "users"), ("/settings", "settings"), (f"/patients/{patient}/erase", "erase")):
            page.goto(path)
            page.locator("main details").evaluate_all("all => all.forEach(one => { one.open = true; })")
            is_readable(page, tmp_path, f"access-{name}")
        page.get_by_label("Why").select_option("entered by mistake")
        page.get_by_label("Type neu-1").fill("neu-1")
        page.get_by_role("button", name="Erase for ever").click()
        page.get_by_text("The patient is erased").wait_for()
        is_readable(page, tmp_path, "access-erased")
        context.close()
