"""The whole story, once: from the archive of images to a study's report and back, every number traced on its way."""

from __future__ import annotations

import io
import json
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("fastapi", reason="needs the extra web")
pytest.importorskip("pydicom", reason="needs the extra dicom")
pytest.importorskip("distributed", reason="needs the extra dask")

from clinic import clinic, signed_in
from dicom_series import Order, Patient, write_series
from fastapi import FastAPI
from fastapi.testclient import TestClient
from orthanc import Archive, archive, orthanc  # noqa: F401 - fixtures
from story_scans import PLANS, Plan, story_scan

from neurolupus.store.engine import Store
from neurolupus.store.patients import add_patient, find_patient
from neurolupus.store.scans import Scan, list_scans
from neurolupus.store.sealing import SEAL_VOLUMES
from neurolupus.store.settings_rows import set_setting
from neurolupus.store.trail import verify
from neurolupus.workflows.clinic.demo_store import fill_demo

STUDY = """
study: {id: story, title: Lesions of the clinic, seed: 1}
data: {id: patient}
variables:
  age: {label: Age, unit: years, show: median_iqr, range: [0, 110]}
  wmh: {label: White matter hyperintensities, unit: ml, show: median_iqr, range: [0, 500]}
groups:
  sex: {label: Sex, column: female, levels: {0: men, 1: women}}
table1:
  - {title: Patients, by: sex, rows: [age, wmh]}
"""
DAY = "2024-03-12"  # of every study
GOOD = ("MRN-1001", "MRN-1002")
Cli = Callable[..., subprocess.CompletedProcess[str]]


@dataclass
class Story:
    """What the chapters hand on to one another."""

    archive: Archive
    cli: Cli
    folder: Path
    app: FastAPI

    @property
    def store(self) -> Store:
        store: Store = self.app.state.store
        return store

    @property
    def bids(self) -> Path:
        return self.folder / "rooms" / "bids"

    @property
    def measured(self) -> Path:
        return self.folder / "rooms" / "measured"

    def run(self, *words: object) -> Any:
        """A command with --json that must succeed."""
        ended = self.cli(*words, "--json")
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)

    def label(self, plan: Plan) -> str:
        """Whose pseudonym is whose: only the linking key knows."""
        key = json.loads((self.folder / "rooms" / "bids.key.json").read_text("utf-8"))
        return next(label for label, who in key["subjects"].items() if who["patient_id"] == plan.patient_id)

    def scan(self, plan: Plan) -> Scan:
        with self.store.read() as connection:
            return next(one for one in list_scans(connection) if one.participant == self.label(plan))


@pytest.fixture
def story(
    archive: Archive,  # noqa: F811
    neurolupus: Cli,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Story]:
    for name, value in archive.environment.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "rooms").mkdir()
    app = clinic(tmp_path, users=True, scan_roots=(tmp_path / "rooms",))
    told = Story(archive, neurolupus, tmp_path, app)
    with TestClient(app):  # its queues run
        yield told


@pytest.mark.slow
def test_from_the_scanner_to_the_report_and_back(story: Story) -> None:
    scans_arrive_and_are_fetched(story)
    raters_exclude_two(story)
    the_rest_is_measured_on_two_executors(story)
    volumes_open_with_the_consensus(story)
    study = the_study_is_run_again(story)
    every_number_leads_to_its_scan(story, study)
    results_go_back_into_the_archive(story)
    with story.store.read() as connection:
        assert verify(connection).faults == ()


def scans_arrive_and_are_fetched(story: Story) -> None:
    for plan in PLANS:
        pair = story_scan(plan).pair
        assert pair.flair is not None
        who = Patient(plan.name, plan.patient_id, birth_date=f"{2024 - plan.age}0101")
        for number, (kind, volume) in enumerate((("T1w", pair.t1w), ("FLAIR", pair.flair)), start=2):
            written = write_series(
                story.folder / "scanner" / plan.patient_id / kind,
                (volume.data, volume.affine),
                kind=kind,
                order=Order(study="1", number=number, patient=who),
            )
            story.archive.put(*written.paths)
    found = story.run("pacs", "find", "--url", story.archive.web, "--modality", "MR")
    assert len(found) == 4
    fetch = ("pacs", "fetch", "--url", story.archive.web, "--date", DAY)
    story.run(*fetch, story.folder / "fetched", "--import", story.bids)
    assert sorted(path.name for path in story.bids.glob("sub-*")) == [f"sub-000{n}" for n in (1, 2, 3, 4)]
    shared = b"".join(path.read_bytes() for path in story.bids.rglob("*") if path.is_file())
    for plan in PLANS:
        assert plan.patient_id.encode() not in shared
        assert plan.name.partition("^")[0].encode() not in shared
    assert (story.folder / "rooms" / "bids.key.json").stat().st_mode & 0o777 == 0o600


def raters_exclude_two(story: Story) -> None:
    """Two raters, blinded, see codes; one scan moved, one has an infarct. Neither is measured."""
    fill_demo(story.store, with_scans=False)
    with story.store.write("setup") as writer:
        set_setting(writer, SEAL_VOLUMES, True, 0)
        for plan in PLANS:
            add_patient(writer, {"id": story.label(plan), "patient": {"age": plan.age, "sex": "F"}})
    admin = signed_in(story.app, "admin", may_export=True, name="ada")
    taken = admin.post("/scans/folder", data={"folder": str(story.bids), "hold": "true"})
    assert "4 scans taken in" in taken.text
    wrong = {"MRN-1003": ("T1w", "motion"), "MRN-1004": ("FLAIR", "tumour, cyst or large infarct")}
    for name in ("rita", "rolf"):
        rater = signed_in(story.app, "editor", name=name)
        page = rater.get("/quality?blinded=1").text
        for plan in PLANS:
            scan = story.scan(plan)
            assert scan.blinded in page
            assert scan.label not in page
            for map_ in ("T1w", "FLAIR"):
                assert rater.get(f"/quality/{scan.blinded}/{map_}.webp").content[:4] == b"RIFF"
                bad = wrong.get(plan.patient_id, ("", ""))
                told = {"verdict": "exclude", "reason": bad[1]} if bad[0] == map_ else {"verdict": "accept"}
                given = rater.post(f"/quality/{scan.blinded}/{map_}", data={**told, "version": "0", "blinded": "true"})
                assert given.status_code == 200, given.text
    table = admin.get("/quality/exclusions.tsv").text
    assert sorted(re.findall(r"^sub-(\d+)", table, re.MULTILINE)) == sorted(
        story.label(plan) for plan in PLANS if plan.patient_id in wrong
    )


def the_rest_is_measured_on_two_executors(story: Story) -> None:
    first, second = (story.label(plan) for plan in PLANS if plan.patient_id in GOOD)
    for executor, labels, expected in (("dask", [first], ["done"]), ("local", [first, second], ["done", "skipped"])):
        told = story.run("measure", story.bids, story.measured, "--participant-label", *labels, "--executor", executor)
        assert sorted(one["status"] for one in told["scans"]) == expected  # what one measured, the other knows
    admin = signed_in(story.app, "admin", name="ada")
    assert "2 scans taken in" in admin.post("/scans/folder", data={"folder": str(story.measured)}).text
    assert sorted(story.scan(plan).status for plan in PLANS) == ["held", "held", "measured", "measured"]


def volumes_open_with_the_consensus(story: Story) -> None:
    anna, bela = PLANS[:2]
    editor = signed_in(story.app, "editor", may_export=True, name="eva")
    scan = story.scan(anna)
    assert "Volumes are sealed" in editor.get(f"/scans/{scan.id}").text
    assert editor.get(f"/api/v1/scans/{scan.id}/volumes").status_code == 403
    for plan in (anna, bela):
        with story.store.read() as connection:
            patient = find_patient(connection, story.label(plan))
        assert patient is not None
        decided = {
            "record_version": patient.version, "number": 1, "date": "2025-06-20", "attribution": "attributed",
            "mechanism": "inflammatory", "present": ["rheumatologist", "neuroradiologist"], "atrophy": "no",
        }  # fmt: skip
        signed = editor.post(f"/api/v1/patients/{patient.id}/consensus", json=decided)
        assert signed.status_code == 201, signed.text
        assert editor.get(f"/patients/{patient.id}/consensus/1/minutes.pdf").content[:4] == b"%PDF"
        page = editor.get(f"/patients/{patient.id}").text
        assert "Volumes are sealed" not in page
    told = {one["name"]: one["value"] for one in editor.get(f"/api/v1/scans/{scan.id}/volumes").json()}
    assert told["wmh_ml"] == pytest.approx(volume(story.measured, story.label(anna), "wmh_ml"))
    advice = editor.get(f"/api/v1/patients/{patient.id}/advice").json()["advice"]
    assert advice["attribution"]["status"]
    assert all(item["citations"] for item in advice["active"])


def volume(out: Path, label: str, name: str) -> float:
    path = next(out.glob(f"sub-{label}/**/anat/*_volumes.json"))
    return float(json.loads(path.read_text("utf-8"))["measurements"][name]["value"])


def the_study_is_run_again(story: Story) -> str:
    editor = signed_in(story.app, "editor", may_export=True, name="eva")
    files = {"file": ("story.yaml", io.BytesIO(STUDY.encode()))}
    kept = editor.post("/studies", data={"name": "Story", "source": "store"}, files=files)
    assert kept.status_code == 303, kept.text
    study = str(kept.headers["location"])
    assert "up to date" in ran(editor, study)
    with story.store.read() as connection:
        patient = find_patient(connection, story.label(PLANS[0]))
    assert patient is not None
    record = editor.get(f"/api/v1/patients/{patient.id}").json()
    changed = editor.put(
        f"/api/v1/patients/{patient.id}",
        json={"record": {**record["record"], "note": "seen again"}},
        headers={"If-Match": f'"{record["version"]}"'},
    )
    assert changed.status_code == 200, changed.text
    assert "stale" in editor.get(study).text
    assert "up to date" in ran(editor, study)
    return study


def ran(client: TestClient, study: str) -> str:
    """The study's page once a new run has ended."""
    assert client.post(f"{study}/runs").status_code == 303
    end = time.monotonic() + 180
    while time.monotonic() < end:
        text = str(client.get(study).text)
        if "/progress" not in text:
            return text
        time.sleep(0.3)
    raise AssertionError("the run did not end")


def every_number_leads_to_its_scan(story: Story, study: str) -> None:
    editor = signed_in(story.app, "editor", may_export=True, name="eva")
    page = editor.get(study).text
    here = re.search(r'href="([^"]+/sources)"', page)
    assert here is not None
    results = editor.get(here[1].replace("/sources", "/files/results.json")).json()
    assert len(results["numbers"]) > 20
    for path in results["numbers"]:
        text = editor.get(here[1], params={"number": path}).text.partition('id="behind"')[2]
        for plan in PLANS[:2]:
            scan = story.scan(plan)
            row = next(line for line in text.split("<tr>") if f'href="/scans/{scan.id}"' in line)
            assert f">{story.label(plan)}</a>" in row
            assert "neurolupus 0." in row
            assert "unchanged" in row


def results_go_back_into_the_archive(story: Story) -> None:
    """SEG and SR return to the patients they belong to, and say what was measured."""
    from pydicom import dcmread

    story.run(
        "export", "seg", story.measured, "--dicom", story.folder / "fetched", "-o", story.folder / "objects",
        "--store", story.archive.web,
    )  # fmt: skip
    for modality in ("SEG", "SR"):
        fetch = ("pacs", "fetch", "--url", story.archive.web, "--date", DAY, "--modality", modality)
        story.run(*fetch, story.folder / "back")
    objects = [dcmread(path) for path in (story.folder / "back").rglob("*.dcm")]
    for plan in PLANS:
        own = {one.Modality: one for one in objects if one.PatientID == plan.patient_id}
        assert set(own) == ({"SEG", "SR"} if plan.patient_id in GOOD else set())
        if not own:
            continue
        label = story.label(plan)
        wmh_ml = volume(story.measured, label, "wmh_ml")
        seg = own["SEG"]
        measures = seg.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
        voxel_ml = float(np.prod([*map(float, measures.PixelSpacing), float(measures.SpacingBetweenSlices)])) / 1000
        assert np.count_nonzero(seg.pixel_array) * voxel_ml == pytest.approx(wmh_ml, rel=0.01)
        told = numbers_in(own["SR"])
        for name in ("tiv_ml", "tbv_ml", "gm_ml", "wm_ml", "csf_ml", "wmh_ml"):
            assert any(abs(one - volume(story.measured, label, name)) < 0.001 for one in told), name


def numbers_in(item: Any) -> list[float]:
    """Every measured number of a structured report, however deep."""
    own = [float(one.NumericValue) for one in item.get("MeasuredValueSequence", ())]
    return own + [number for inner in item.get("ContentSequence", ()) for number in numbers_in(inner)]
