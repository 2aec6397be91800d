"""A browser signs in, works, is refused and signs out; nothing on these pages breaks the strict policy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("uvicorn", reason="needs the extra web")
pytest.importorskip("playwright", reason="needs playwright")

from certificate import make_certificate
from clinic import PASSWORD, clinic
from live_clinic import live
from playwright.sync_api import expect

from neurolupus.store.patients import add_patient
from neurolupus.store.users import add_user

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    app = clinic(tmp_path_factory.mktemp("clinic"), users=True)
    with app.state.store.write("command-line") as writer:
        add_user(writer, "anna", "admin", password=PASSWORD)
        add_user(writer, "student", "viewer", password=PASSWORD)
        add_patient(writer, {"id": "P-001"})
    with live(app) as found:
        yield found


@pytest.fixture(params=[(1280, "light"), (390, "dark")], ids=["wide-light", "narrow-dark"])
def page(chromium: Any, address: str, request: pytest.FixtureRequest) -> Iterator[Any]:
    """A new browser's page; at the end nothing was said against the policy, and no script failed."""
    width, scheme = request.param
    context = chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, base_url=address)
    shown, told = context.new_page(), []
    shown.on("console", lambda message: told.append(message.text) if message.type == "error" else None)
    shown.on("pageerror", lambda error: told.append(str(error)))
    yield shown
    context.close()
    assert [line for line in told if "401 (Unauthorized)" not in line and "403 (Forbidden)" not in line] == []


def sign_in(page: Any, name: str, password: str = PASSWORD) -> None:
    """By the keyboard alone; the first field has the focus."""
    expect(page.locator("input[name=name]")).to_be_focused()
    page.keyboard.type(name)
    page.keyboard.press("Tab")
    page.keyboard.type(password)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def fits(page: Any) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def test_in_by_keyboard_to_the_page_asked_for_and_out(page: Any, address: str):
    page.goto("/trail?action=user.added")
    assert page.title().startswith("Sign in")
    assert fits(page)
    sign_in(page, "anna", "not the password")
    assert "Name or password is wrong" in page.get_by_role("alert").inner_text()
    sign_in(page, "anna")
    assert page.url == f"{address}/trail?action=user.added"
    assert page.locator("tbody tr").count() == 2
    page.get_by_role("button", name="Check the whole chain").press("Enter")
    page.get_by_text("The chain is whole").wait_for()
    assert fits(page)
    page.locator(".menu summary").press("Enter")
    page.get_by_role("button", name="Sign out").press("Enter")
    page.wait_for_url("**/sign-in")
    page.go_back()
    page.wait_for_load_state("load")
    assert "Sign in" in page.title()  # nothing of the page before was kept


def test_a_viewer_sees_no_administration_and_is_told_why(page: Any):
    page.goto("/sign-in")
    sign_in(page, "student")
    page.locator(".menu summary").click()
    assert page.get_by_role("link", name="Users").count() == 0
    page.goto("/users")
    assert "This needs the role admin; you are viewer." in page.get_by_role("alert").inner_text()
    assert fits(page)


def test_an_administrator_adds_somebody_who_then_comes_in(page: Any):
    name = f"new.{page.viewport_size['width']}"
    page.goto("/users")
    sign_in(page, "anna")
    page.get_by_label("Name").fill(name)
    page.locator("select[name=role]").last.select_option("editor")
    page.get_by_label("First password").fill("a sentence of four words")
    page.get_by_role("button", name="Add", exact=True).click()
    assert f"{name} was added." in page.get_by_role("status").inner_text()
    assert fits(page)
    page.goto("/settings")
    page.get_by_label("Keep a patient's volumes sealed").check()
    page.get_by_role("button", name="Save").first.click()
    assert page.get_by_role("status").inner_text() == "Saved."
    page.get_by_label("Keep a patient's volumes sealed").uncheck()
    with page.expect_navigation():  # a form is sent only after the page has asked whose session it is
        page.get_by_role("button", name="Save").first.click()
    page.locator(".menu summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in")
    sign_in(page, name, "a sentence of four words")
    assert "Patients" in page.title()


def test_a_script_that_got_into_a_page_would_not_run(chromium: Any, address: str):
    context = chromium.new_context(base_url=address)
    page, told = context.new_page(), []
    page.on("console", lambda message: told.append(message.text))
    page.goto("/sign-in")
    page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.ran = true";
            document.body.append(script);
            document.body.insertAdjacentHTML("beforeend", "<img src=none onerror='window.ran = true'>");
        }"""
    )
    page.locator("img[src=none]").wait_for(state="attached")
    for _ in range(600):  # until the image has failed, and both refusals were told
        refused = sum("Content Security Policy" in line for line in told)
        if refused >= 2 and page.evaluate("document.querySelector('img[src=none]').complete"):
            break
        page.wait_for_timeout(50)
    page.wait_for_timeout(300)  # what would run, would now
    assert page.evaluate("window.ran === undefined")
    context.close()
    assert refused >= 2


def test_over_tls_the_cookie_is_bound_to_the_host(chromium: Any, tmp_path: Path):
    app = clinic(tmp_path, users=True, tls=True)
    with app.state.store.write("command-line") as writer:
        add_user(writer, "anna", "viewer", password=PASSWORD)
    with live(app, make_certificate(tmp_path, "localhost", "127.0.0.1")) as address:
        context = chromium.new_context(base_url=address, ignore_https_errors=True)
        page = context.new_page()
        answer = page.goto("/patients")
        assert answer.headers["strict-transport-security"].startswith("max-age=")
        sign_in(page, "anna")
        assert page.url == f"{address}/patients"
        (held,) = [one for one in context.cookies() if one["name"] == "__Host-neurolupus"]
        assert (held["secure"], held["httpOnly"], held["sameSite"], held["expires"]) == (True, True, "Lax", -1)
        context.close()
