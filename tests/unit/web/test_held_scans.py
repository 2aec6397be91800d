"""Scans that are rated before they are measured: held, looked at, let pass or left out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="needs the extra web")

from fastapi.testclient import TestClient
from scan_clinic import scan_clinic, settled

from neurolupus.store.engine import Store
from neurolupus.store.measurements import measurements_of
from neurolupus.store.ratings import rate
from neurolupus.store.scans import Scan, list_scans
from neurolupus.workflows.capacity import Capacity
from neurolupus.workflows.clinic.scan_intake import take_folder
from neurolupus.workflows.exclusions import read_exclusions
from neurolupus.workflows.measure import MeasureOptions, measure_dataset

pytestmark = pytest.mark.slow

Clinic = tuple[TestClient, Store, Path]


@pytest.fixture
def clinic(tmp_path: Path, fake_measure, make_dataset) -> Iterator[Clinic]:
    """sub-01, sub-02 and sub-03, taken in and held."""
    roots = tmp_path / "roots"
    roots.mkdir()
    make_dataset(["01", "02", "03"], name="made").rename(roots / "bids")
    with scan_clinic(tmp_path, scan_roots=(roots,)) as (client, store):
        answer = client.post("/scans/folder", data={"folder": str(roots / "bids"), "hold": "true"})
        assert "3 scans taken in" in answer.text
        yield client, store, roots


def scans(store: Store) -> list[Scan]:
    with store.read() as connection:
        return list_scans(connection)


def status(store: Store) -> list[str]:
    return [one.status for one in scans(store)]


def rated(store: Store, who: str, scan: Scan, *, excluded: str = "") -> None:
    with store.write(who) as writer:
        for name in ("T1w", "FLAIR"):
            verdict = "exclude" if name == excluded else "accept"
            rate(writer, scan.id, name, verdict, reason="motion" if name == excluded else None, blinded=True)


def test_a_held_scan_is_seen_and_rated_but_not_measured(clinic: Clinic) -> None:
    client, store, _ = clinic
    first = scans(store)[0]
    assert status(store) == ["held"] * 3
    page = client.get("/quality?blinded=1").text
    assert page.count('class="flag care">held') == 3
    assert "0 measured scans, 3 held" in page
    for name in ("T1w", "FLAIR"):
        assert client.get(f"/quality/{first.blinded}/{name}.webp").content[:4] == b"RIFF"
    assert client.get(f"/quality/{first.blinded}/WMH.webp").status_code == 404
    card = client.post(f"/quality/{first.blinded}/T1w", data={"verdict": "accept", "version": "0", "blinded": "true"})
    assert card.status_code == 200
    assert "Held until it is rated" in client.get(f"/scans/{first.id}").text


def test_what_two_raters_let_pass_is_measured_and_nothing_else(clinic: Clinic) -> None:
    client, store, _ = clinic
    good, moved, half = scans(store)
    rated(store, "anna", good)
    rated(store, "bea", good)
    rated(store, "anna", moved)
    rated(store, "bea", moved, excluded="T1w")
    rated(store, "anna", half)
    page = client.post("/quality/release").text
    assert "1 scan to be measured" in page
    assert "1 excluded" in page
    assert "1 still held" in page
    settled(store)
    assert status(store) == ["measured", "held", "held"]


def test_one_exclusion_is_not_told_while_a_rater_has_yet_to_rate(clinic: Clinic) -> None:
    client, store, _ = clinic
    rated(store, "anna", scans(store)[0], excluded="FLAIR")
    page = client.post("/quality/release").text
    assert "excluded" not in page
    assert "3 still held" in page


def test_a_program_may_let_them_go_too(clinic: Clinic) -> None:
    client, store, _ = clinic
    first = scans(store)[0]
    for who in ("anna", "bea"):
        rated(store, who, first)
    told = client.post("/api/v1/scans/release").json()
    assert (told["queued"], told["excluded"], len(told["waiting"])) == ([first.id], [], 2)
    settled(store)
    assert status(store) == ["measured", "held", "held"]


def test_exclusions_go_out_as_measure_reads_them(clinic: Clinic, tmp_path: Path) -> None:
    client, store, _ = clinic
    moved = scans(store)[1]
    for who in ("anna", "local"):
        rated(store, who, moved, excluded="T1w")
    path = tmp_path / "exclusions.tsv"
    path.write_bytes(client.get("/quality/exclusions.tsv").content)
    assert {key.stem: why for key, why in read_exclusions(path).items()} == {"sub-02": ("T1w: motion",)}


def test_one_scan_can_be_let_through_by_hand(clinic: Clinic) -> None:
    client, store, _ = clinic
    client.post(f"/scans/{scans(store)[2].id}/again")
    settled(store)
    assert status(store) == ["held", "held", "measured"]


def test_what_a_cluster_measured_of_the_same_images_fills_the_held_scan(clinic: Clinic) -> None:
    _, store, roots = clinic
    measure_dataset(roots / "bids", roots / "out", MeasureOptions(participants=("01",), capacity=Capacity(1, 1)))
    taken = take_folder(store, "anna", roots / "out", (roots,))
    assert taken.refused == ()
    first = scans(store)[0]
    assert taken.new == (first.id,)
    assert status(store) == ["measured", "held", "held"]
    with store.read() as connection:
        assert measurements_of(connection, first.id)["wmh_ml"].value == pytest.approx(12 * 0.216)


def test_what_was_measured_of_other_images_does_not(clinic: Clinic, make_dataset) -> None:
    _, store, roots = clinic
    measure_dataset(roots / "bids", roots / "out", MeasureOptions(participants=("02",), capacity=Capacity(1, 1)))
    raw = next((store.files / scans(store)[1].folder).rglob("*_T1w.nii*"))
    raw.write_bytes(raw.read_bytes() + b"\0")
    taken = take_folder(store, "anna", roots / "out", (roots,))
    assert taken.known == ("sub-02",)
    assert status(store) == ["held"] * 3
