"""A clinic's app for tests of scans: measured in milliseconds, seen by a browser that knows the page's secret."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="needs the extra web")
pytest.importorskip("sqlalchemy", reason="needs the extra web")

from cheap import empty_store
from fastapi.testclient import TestClient

from neurolupus.store.engine import Store
from neurolupus.store.scans import Scan, list_scans
from neurolupus.web.app import create_app
from neurolupus.web.settings import Settings
from neurolupus.workflows.capacity import Capacity
from neurolupus.workflows.clinic.scan_intake import take_folder
from neurolupus.workflows.measure import MeasureOptions, measure_dataset


@contextmanager
def scan_clinic(folder: Path, **settings: object) -> Iterator[tuple[TestClient, Store]]:
    """The app of a fresh store as the local administrator sees it, its queue at work."""
    app = create_app(Settings(folder=empty_store(folder / "store"), **settings))  # type: ignore[arg-type]
    with TestClient(app, base_url="http://localhost") as client:
        found = re.search(r'name="csrf" value="([^"]*)"', client.get("/scans").text)
        client.headers["X-CSRF-Token"] = found.group(1) if found else ""
        yield client, app.state.store


def take_measured(store: Store, kept: Path, make_dataset: Callable[..., Path]) -> list[Scan]:
    """Scans of sub-01 and sub-02 as rows; they are measured for the first test that asks, then copied.

    Needs the fixture `fake_measure` where it measures.
    """
    if not kept.exists():
        made = make_dataset(["01", "02"], name="made")
        kept.mkdir()
        made.rename(kept / "bids")
        measure_dataset(kept / "bids", kept / "out", MeasureOptions(capacity=Capacity(1, 1)))
    taken = take_folder(store, "local", kept / "out", (kept,))
    assert not taken.refused
    return settled(store)


def upload(client: TestClient, bids: Path, label: str, *, flair: bool = True, **fields: str) -> str:
    """Upload a participant's files of a data set; the address answered."""
    anat = bids / f"sub-{label}" / "anat"
    files = {"t1w": (anat / f"sub-{label}_T1w.nii.gz").read_bytes()}
    if flair:
        files["flair"] = (anat / f"sub-{label}_FLAIR.nii.gz").read_bytes()
    answer = client.post("/scans", files=files, data={"participant": label} | fields, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def settled(store: Store, limit_s: float = 60.0) -> list[Scan]:
    """Every scan once none waits or runs."""
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        with store.read() as connection:
            found = list_scans(connection)
        if not any(one.status in ("queued", "running") for one in found):
            return found
        time.sleep(0.05)
    raise AssertionError(f"after {limit_s} s scans are {[one.status for one in found]}")
