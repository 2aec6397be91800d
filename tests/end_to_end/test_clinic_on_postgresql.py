"""The whole web app over PostgreSQL: filled with the demo's patients, every page that a link leads to is opened."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest
from postgresql import Server
from stores import postgresql

pytest.importorskip("fastapi", reason="needs the extra web")

from fastapi.testclient import TestClient

from neurolupus.store.engine import open_store
from neurolupus.web.app import create_app
from neurolupus.web.settings import Settings
from neurolupus.workflows.clinic.demo_store import fill_demo

LINK = re.compile(r'(?:href|src|hx-get)="(/[^"#]*)')
MOST_OF_A_KIND = 3  # of /patients/ID, /patients/ID/edit ...
__all__ = ["postgresql"]


@pytest.mark.slow
def test_every_page_that_a_link_leads_to_opens(postgresql: Server, tmp_path: Path):
    folder, url = tmp_path / "store", postgresql.lend()
    store = open_store(folder, url, make=True)
    fill_demo(store)
    store.close()
    app = create_app(Settings(folder, url, scans_at_once=0))
    with TestClient(app, base_url="http://localhost") as browser:
        found, faults = crawled(browser)
    assert faults == {}
    kinds = {path.split("?")[0].split("/")[1] for path in found}
    assert {"patients", "scans", "studies", "trail"} <= kinds


def crawled(browser: TestClient) -> tuple[set[str], dict[str, int]]:
    """Every address opened, and those that answered with a fault."""
    waiting, seen, counts, faults = ["/"], set[str](), dict[str, int](), dict[str, int]()
    while waiting:
        path = waiting.pop()
        kind_of = re.sub(r"[0-9a-f-]{36}|S-[0-9A-F]{8}|=[^&]*", "*", path)
        if path in seen or counts.get(kind_of, 0) >= MOST_OF_A_KIND:
            continue
        seen.add(path)
        counts[kind_of] = counts.get(kind_of, 0) + 1
        answer = browser.get(path)
        if answer.status_code >= 400:
            faults[path] = answer.status_code
        if answer.headers.get("content-type", "").startswith("text/html"):
            waiting += [unescape(link) for link in LINK.findall(answer.text) if not link.endswith("/progress")]
    return seen, faults
