"""Quality control through the web: mosaic, blinding, plots, ratings that are hidden until one's own is given."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="needs the extra web")

from fastapi.testclient import TestClient
from scan_clinic import scan_clinic, take_measured

from neurolupus.store.engine import Store
from neurolupus.store.measurements import Measured, keep_measurements
from neurolupus.store.patients import add_patient, edit_patient, patient_of
from neurolupus.store.ratings import rate, ratings_of
from neurolupus.store.scans import Scan, add_scan, link_scan
from neurolupus.workflows.clinic.scan_groups import keep_group

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("quality") / "kept"


@pytest.fixture
def clinic(tmp_path: Path, kept: Path, fake_measure, make_dataset) -> Iterator[tuple[TestClient, Store, list[Scan]]]:
    with scan_clinic(tmp_path) as (client, store):
        scans = take_measured(store, kept, make_dataset)
        with store.write("neurolupus") as writer:  # two heads alike would need no plot
            keep_measurements(writer, scans[0].id, [Measured("wmh_ml", 1.0, None, "ml", None, None)])
        yield client, store, scans


def test_the_mosaic_shows_every_scan_and_a_plot_of_each_measure(clinic) -> None:
    client, _, scans = clinic
    page = client.get("/quality?map=GM").text
    for scan in scans:
        assert f"/quality/{scan.blinded}/GM.webp" in page
        assert scan.label in page
    assert page.count('data-scan="') == 2 + 2  # two tiles, and two dots in the plot of the one measure that differs
    assert "style=" not in page
    picture = client.get(f"/quality/{scans[0].blinded}/GM.webp")
    assert picture.headers["content-type"] == "image/webp"
    assert picture.content[:4] == b"RIFF"


def test_a_blinded_rater_reads_no_name(clinic) -> None:
    client, _, scans = clinic
    codes = sorted(scan.blinded for scan in scans)
    for page in (client.get("/quality?blinded=1").text, client.get(f"/quality/{codes[0]}?blinded=1").text):
        assert "sub-0" not in page
        assert not any(scan.id in page for scan in scans)
    tiles = re.findall(r'class="tile" href="/quality/(S-\w+)', client.get("/quality?blinded=1").text)
    assert tiles == codes  # the order of codes, which tells nothing


def test_the_group_is_shown_by_name_and_hidden_from_who_rates_blinded(clinic) -> None:
    client, store, scans = clinic
    decided = {"attribution": {"mdt_consensus": "attributed"}, "events": [{"syndrome": "psychosis"}]}
    with store.write("local") as writer:
        patient = add_patient(writer, {"id": "p-1", **decided})
        link_scan(writer, scans[0].id, scans[0].version, patient)
        keep_group(writer, scans[1].id, "healthy one")
    code = scans[0].blinded
    shown = client.get("/quality").text
    assert re.findall(r'class="flag group">([^<]*)<', shown) == ["NPSLE", "healthy one"]
    assert ", NPSLE</title>" in shown
    assert "· NPSLE" in client.get(f"/quality/{code}").text
    for page in (client.get("/quality?blinded=1").text, client.get(f"/quality/{code}?blinded=1").text):
        assert "NPSLE" not in page
        assert "healthy one" not in page
    open_one = {"attribution": {}, "events": [{"syndrome": "psychosis"}]}
    for record, group in (({"attribution": {"mdt_consensus": "not_attributed"}}, "lupus without NPSLE"),
                          ({}, "lupus without NPSLE"), (open_one, "consensus open")):  # fmt: skip
        with store.write("local") as writer:
            edit_patient(writer, patient, patient_of(writer.connection, patient).version, {"id": "p-1", **record})
        assert f'"flag group">{group}<' in client.get("/quality").text


def test_a_scan_far_out_is_ringed_and_its_robust_z_told(clinic) -> None:
    client, store, scans = clinic
    with store.write("neurolupus") as writer:
        more = [add_scan(writer, f"x{n}", None, status="measured") for n in range(4)]
        for scan, value in zip([*more, scans[0].id, scans[1].id], (1, 2, 3, 4, 2.5, 100), strict=True):
            keep_measurements(writer, scan, [Measured("tiv_ml", value, None, "ml", None, None)])
    page = client.get("/quality").text
    # median 2.75, distances 1.75 .75 .25 1.25 .25 97.25, their median 1: 97.25 / 1.4826 = 65.6
    assert re.findall(r"Far out: ([^<]*)<", page) == ["Total intracranial volume (z +65.6)"]
    assert re.findall(r'<circle [^>]*class="dot far"[^>]*data-scan="([^"]*)"', page) == [scans[1].blinded]


def test_another_s_rating_is_shown_once_the_own_is_given(clinic) -> None:
    client, store, scans = clinic
    scan = scans[0]
    with store.write("anna") as writer:
        rate(writer, scan.id, "WMH", "exclude", reason="motion", note="anna's <i>note</i>")
    for place in ("/scans", f"/scans/{scan.id}", "/quality", f"/quality/{scan.blinded}"):
        page = client.get(place).text
        assert "anna" not in page, place
        assert "WMH: motion" not in page, place
    assert "1 other rating, shown once you have given yours" in client.get(f"/quality/{scan.blinded}").text
    data = {"verdict": "accept", "version": 0, "blinded": "true"}
    card = client.post(f"/quality/{scan.blinded}/WMH", data=data).text
    assert "anna" in card
    assert "<i>note</i>" not in card
    for place in ("/scans", f"/scans/{scan.id}", "/quality"):
        assert "excluded" in client.get(place).text.lower(), place
    with store.read() as connection:
        own = next(one for one in ratings_of(connection) if one.rater == "local")
    assert (own.verdict, own.blinded, own.version) == ("accept", True, 1)


def test_two_windows_do_not_overwrite_one_another(clinic) -> None:
    client, _, scans = clinic
    place = f"/quality/{scans[0].blinded}/GM"
    assert client.post(place, data={"verdict": "accept", "version": 0}).status_code == 200
    again = client.post(place, data={"verdict": "exclude", "reason": "motion", "version": 0})
    assert again.status_code == 409
    assert "another window" in again.text


@pytest.mark.parametrize(
    ("name", "data", "status"),
    [
        ("PET", {"verdict": "accept", "version": 0}, 404),
        ("GM", {"verdict": "exclude", "version": 0}, 422),
        ("GM", {"verdict": "exclude", "version": 0, "reason": "'; DROP TABLE ratings"}, 422),
        ("GM", {"verdict": "accept"}, 422),
    ],
)
def test_what_is_no_rating_is_refused(clinic, name: str, data: dict[str, object], status: int) -> None:
    client, store, scans = clinic
    assert client.post(f"/quality/{scans[0].blinded}/{name}", data=data).status_code == status
    with store.read() as connection:
        assert ratings_of(connection) == []


def test_agreement_and_the_table_of_ratings(clinic) -> None:
    client, store, scans = clinic
    for who in ("anna", "local"):
        with store.write(who) as writer:
            rate(writer, scans[0].id, "WMH", "exclude", reason="motion")
            rate(writer, scans[1].id, "WMH", "accept")
    assert "anna and local" in client.get("/quality").text
    table = client.get("/quality/ratings.tsv")
    assert table.headers["content-disposition"] == 'attachment; filename="ratings.tsv"'
    assert len(table.text.splitlines()) == 5


@pytest.mark.parametrize("code", ["S-00000000", "%2e%2e%2fscans", "<script>alert(1)<%2fscript>", "S-'; --"])
def test_a_strange_code_is_refused(clinic, code: str) -> None:
    client, _, _ = clinic
    for place in (f"/quality/{code}", f"/quality/{code}/T1w.webp"):
        answer = client.get(place)
        assert answer.status_code in (404, 405, 422)
        assert "<script>alert" not in answer.text
