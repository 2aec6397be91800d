"""How far the measuring in a folder is, in the browser: told as the command tells it, and of no other folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="needs the extra web")

from clinic import clinic, signed_in
from fastapi.testclient import TestClient
from scan_clinic import scan_clinic

from neurolupus.jobs.attend import record_failure
from neurolupus.jobs.plan import planned
from neurolupus.jobs.state import StateFolder, TaskState


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[TestClient]:
    with scan_clinic(tmp_path, scan_roots=(tmp_path / "roots",)) as (client, _):
        yield client


@pytest.fixture
def out(tmp_path: Path) -> Path:
    out = tmp_path / "roots" / "derivatives" / "neurolupus"
    StateFolder(out).write(TaskState("sub-01", "done", key="k", seconds=41.0, tries=1, host="node7", executor="slurm"))
    record_failure(out, "sub-02", "<b>no FLAIR</b>")
    return out


def test_folders_are_found_and_their_scans_told(browser: TestClient, out: Path) -> None:
    found = browser.get("/runs").text
    assert str(out) in found
    told = browser.get("/runs/folder", params={"folder": str(out)}).text
    assert "1 of 2 done" in told
    assert "slurm on node7" in told
    assert "&lt;b&gt;no FLAIR" in told
    assert "hx-trigger" not in told  # nothing is at work: the page does not look again
    assert "No run is at work" in told


def test_a_run_at_work_is_looked_at_again(browser: TestClient, out: Path) -> None:
    with planned(out, ["sub-01", "sub-02", "sub-03"], executor="local", places=4) as plan:
        plan.tell(2)
        part = browser.get("/runs/folder", params={"folder": str(out)}, headers={"HX-Target": "run"}).text
    assert part.startswith('<section id="run" hx-get="/runs/folder?folder=')
    assert "local, 4 at once" in part
    assert "1 waiting" in part


def test_other_folders_and_links_out_are_refused(browser: TestClient, out: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    record_failure(elsewhere, "sub-secret", "x")
    (tmp_path / "roots" / "link").symlink_to(elsewhere)
    for folder in (elsewhere, tmp_path / "roots" / "link", tmp_path / "roots" / ".." / "elsewhere", "/", "\0"):
        answer = browser.get("/runs/folder", params={"folder": str(folder)})
        assert answer.status_code in (400, 422)
        assert "sub-secret" not in answer.text
    assert "roots/link" not in browser.get("/runs").text


@pytest.mark.slow
def test_viewers_do_not_see_the_folders_of_the_server(tmp_path: Path) -> None:
    app = clinic(tmp_path, users=True)
    assert signed_in(app, "viewer").get("/runs").status_code == 403
    assert signed_in(app, "editor").get("/runs").status_code == 200
