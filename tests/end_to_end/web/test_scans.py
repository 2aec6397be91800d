"""Scans in a real browser: the viewer draws, its controls change what is drawn, progress, ratings, accessibility."""

from __future__ import annotations

import gzip
import io
import json
import re
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("fastapi", reason="needs the extra web")
pytest.importorskip("uvicorn", reason="needs the extra web")
pytest.importorskip("playwright.sync_api", reason="needs playwright")
pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python")

import uvicorn
from playwright import sync_api
from readable import is_readable
from scan_clinic import settled, take_measured
from watched_page import watched_page

from neurolupus.store.ratings import rate
from neurolupus.store.scans import Scan
from neurolupus.web.app import create_app
from neurolupus.web.settings import Settings

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
WEBGL = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
LESION_MM = [18.0, 9.0, 6.0]  # of the tiny head's bright block
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs chromium"),
]


@dataclass
class Clinic:
    """A server that runs, and two measured scans of tiny heads."""

    address: str
    app: Any
    scans: list[Scan]

    @property
    def store(self) -> Any:
        return self.app.state.store

    @property
    def first(self) -> str:
        return f"{self.address}/scans/{self.scans[0].id}"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("browser") / "kept"


@pytest.fixture
def clinic(tmp_path: Path, kept: Path, fake_measure: Any, make_dataset: Any) -> Iterator[Clinic]:
    app = create_app(Settings(tmp_path / "store"))
    scans = take_measured(app.state.store, kept, make_dataset)
    for volumes in app.state.store.files.rglob("*_volumes.json"):  # the fake measurement knows no place
        told = json.loads(volumes.read_text())
        told["lesions"][0]["centroid_mm"] = LESION_MM
        volumes.write_text(json.dumps(told))
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield Clinic(f"http://127.0.0.1:{port}", app, scans)
    server.should_exit = True
    thread.join(10)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with sync_api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=WEBGL)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Any) -> Iterator[Any]:
    with watched_page(chromium, timeout_ms=60_000, expected="422") as found:
        yield found


def shown(page: Any, clinic: Clinic) -> Any:
    """The scan's page with its viewer ready."""
    page.goto(clinic.first)
    page.wait_for_selector("#viewer[data-state=ready]")
    return page.locator("#viewer")


def drawn(page: Any) -> np.ndarray[Any, Any]:
    """What the canvas shows, once it stays the same."""
    before = None
    for _ in range(40):
        now = page.locator("#canvas").screenshot()
        if now == before:
            break
        before = now
        page.wait_for_timeout(60)
    return np.asarray(Image.open(io.BytesIO(now)).convert("RGB"), np.int16)[8:-8, 8:-8]  # without the ring of the focus


def at(viewer: Any) -> list[float]:
    """Where the crosshair is, in mm."""
    return [float(value) for value in viewer.get_attribute("data-at").split()]


def orange(picture: np.ndarray[Any, Any]) -> int:
    """Pixels in the colours of hyperintensities: much more red than blue."""
    return int(np.count_nonzero(picture[..., 0] - picture[..., 2] > 60))


def test_the_viewer_draws_three_planes_under_the_strict_policy(page: Any, clinic: Clinic) -> None:
    answer = page.goto(clinic.first)
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    page.wait_for_selector("#viewer[data-state=ready]")
    picture = drawn(page)
    width = picture.shape[1]
    for part in (picture[:, : width // 2], picture[: len(picture) // 2, 6 * width // 10 :]):
        assert part.std() > 20  # a head, not one colour
    assert orange(picture) > 20
    axial = picture[:, : int(0.56 * width)]
    columns = np.nonzero(axial[..., 0] - axial[..., 2] > 60)[1]
    assert columns.mean() < 0.46 * axial.shape[1]  # radiological: a lesion of the patient's right lies on the left
    assert "the patient’s right is on the left" in page.locator("#viewer").inner_text()


def test_the_hotkey_and_the_sliders_change_what_is_drawn(page: Any, clinic: Clinic) -> None:
    viewer = shown(page, clinic)
    whole = drawn(page)
    page.keyboard.press("o")
    sync_api.expect(viewer).to_have_attribute("data-overlay", "off")
    without = drawn(page)
    assert orange(whole) > 20
    assert orange(without) == 0
    page.keyboard.press("o")
    page.locator("#threshold").fill("0.95")  # the tiny head's lesion has a probability of 0.9
    sync_api.expect(viewer).to_have_attribute("data-shown-from", "0.95")
    assert orange(drawn(page)) == 0
    page.locator("#threshold").fill("0.85")
    assert orange(drawn(page)) > 20
    page.locator("#opacity").fill("0.2")
    assert abs(drawn(page) - whole).max() > 30


def test_t1w_and_flair_are_two_pictures(page: Any, clinic: Clinic) -> None:
    viewer = shown(page, clinic)
    page.locator("#canvas").focus()
    flair = drawn(page)
    page.keyboard.press("1")
    sync_api.expect(viewer).to_have_attribute("data-background", "t1w")
    assert abs(drawn(page) - flair).mean() > 5
    page.get_by_label("FLAIR").check()
    assert abs(drawn(page) - flair).mean() < 1


def test_a_lesion_of_the_list_takes_the_crosshair_to_it(page: Any, clinic: Clinic) -> None:
    viewer = shown(page, clinic)
    assert at(viewer) == LESION_MM  # the page begins at the largest
    page.locator("#canvas").focus()
    for key in ("ArrowLeft", "ArrowDown", "PageUp"):
        for _ in range(12):
            page.locator("#canvas").press(key)
    moved = np.subtract(at(viewer), LESION_MM)
    assert moved.tolist() == pytest.approx([12, -12, 12], abs=0.5)  # radiological: left is the patient's right, +x
    away = drawn(page)
    assert orange(away) == 0
    page.get_by_role("button", name="Show lesion 1").click()
    assert at(viewer) == LESION_MM
    assert orange(drawn(page)) > 20
    sync_api.expect(page.locator("tr[data-here]")).to_have_count(1)
    page.locator("#canvas").focus()
    page.keyboard.press("PageDown")
    assert at(viewer) != LESION_MM
    page.keyboard.press("n")
    assert at(viewer) == LESION_MM


def test_without_webgl_the_pictures_of_the_report_are_offered(page: Any, clinic: Clinic) -> None:
    page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    page.goto(clinic.first)
    sync_api.expect(page.locator("#viewer[data-state=failed] .wait")).to_contain_text("no WebGL 2")
    assert page.locator(".wait a").get_attribute("href").endswith("/report")


def test_an_upload_is_watched_until_it_is_measured(page: Any, clinic: Clinic, kept: Path) -> None:
    page.goto(f"{clinic.address}/scans")
    anat = kept / "bids" / "sub-01" / "anat"
    page.get_by_label("T1w").set_input_files(anat / "sub-01_T1w.nii.gz")
    page.get_by_label("FLAIR").set_input_files(anat / "sub-01_FLAIR.nii.gz")
    page.get_by_label("Participant", exact=True).fill("99")
    page.get_by_role("button", name="Upload", exact=True).click()
    sync_api.expect(page.get_by_role("heading", name="sub-99")).to_be_visible()
    sync_api.expect(page.locator(".flag.good")).to_be_visible(timeout=30_000)  # the page loads anew by itself
    assert [one.status for one in settled(clinic.store)] == ["measured"] * 3


def test_a_bomb_is_refused_beside_the_form(page: Any, clinic: Clinic, tmp_path: Path) -> None:
    header = bytearray(352)
    header[0:4] = (348).to_bytes(4, "little")
    dimensions = b"".join(value.to_bytes(2, "little") for value in (3, 8000, 8000, 1000, 1, 1, 1, 1))
    header[40:56], header[70:74] = dimensions, (64).to_bytes(2, "little") * 2
    header[108:112], header[344:348] = np.float32(352).tobytes(), b"n+1\0"
    bomb = tmp_path / "bomb.nii.gz"
    bomb.write_bytes(gzip.compress(bytes(header)))
    page.goto(f"{clinic.address}/scans")
    page.get_by_label("T1w").set_input_files(bomb)
    page.get_by_label("Participant", exact=True).fill("99")
    page.get_by_role("button", name="Upload", exact=True).click()
    sync_api.expect(page.get_by_role("alert")).to_contain_text("claims 512.0 GB of content and holds")
    sync_api.expect(page.get_by_label("Participant", exact=True)).to_have_value("99")


def test_a_map_is_rated_by_keyboard_alone_and_then_the_other_rating_is_shown(page: Any, clinic: Clinic) -> None:
    scan = clinic.scans[0]
    with clinic.store.write("anna") as writer:
        rate(writer, scan.id, "WMH", "accept")
    page.goto(f"{clinic.address}/quality/{scan.blinded}?blinded=1")
    card = page.locator("#map-WMH")
    sync_api.expect(card).to_contain_text("1 other rating, shown once you have given yours")
    card.get_by_label("Accept").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.type("motion")
    page.keyboard.press("Tab")
    page.keyboard.type("blurred")
    page.keyboard.press("Enter")
    sync_api.expect(card.locator(".flag")).to_have_text("excluded")
    sync_api.expect(card).to_contain_text("anna: accept")
    page.goto(f"{clinic.address}/scans")
    sync_api.expect(page.locator("tbody tr").first).to_contain_text("WMH: motion")


def test_a_scan_focused_in_the_mosaic_is_lit_in_every_plot(page: Any, clinic: Clinic) -> None:
    from neurolupus.store.measurements import Measured, keep_measurements

    with clinic.store.write("neurolupus") as writer:
        for number, scan in enumerate(clinic.scans):
            rows = [Measured(name, 1.0 + number, None, "ml", None, None) for name in ("gm_ml", "wm_ml", "qc_cjv")]
            keep_measurements(writer, scan.id, rows)
    page.goto(f"{clinic.address}/quality?map=GM")
    code = clinic.scans[1].blinded
    page.locator(f".tile[data-scan={code}]").focus()
    sync_api.expect(page.locator("circle.dot.lit")).to_have_count(3)
    assert {one.get_attribute("data-scan") for one in page.locator("circle.dot.lit").all()} == {code}
    page.locator("#pick").select_option(clinic.scans[0].blinded)
    sync_api.expect(page.locator(f"circle.dot.lit[data-scan={clinic.scans[0].blinded}]")).to_have_count(3)
    # by keyboard alone: along one plot, and every plot follows
    page.locator(".along").first.focus()
    page.keyboard.press("End")
    sync_api.expect(page.locator(f"circle.dot.lit[data-scan={code}]")).to_have_count(3)
    sync_api.expect(page.locator("#held")).to_have_text(f"Grey matter: {clinic.scans[1].label}: 2.0 ml")
    page.keyboard.press("ArrowLeft")
    sync_api.expect(page.locator(f"circle.dot.lit[data-scan={clinic.scans[0].blinded}]")).to_have_count(3)


def test_every_page_is_accessible_and_fits(page: Any, clinic: Clinic, tmp_path: Path) -> None:
    scan = clinic.scans[0]
    for address in ("/scans", f"/scans/{scan.id}", "/quality?map=WMH", f"/quality/{scan.blinded}?blinded=1"):
        page.goto(clinic.address + address)
        if address.startswith("/scans/"):
            page.wait_for_selector("#viewer[data-state=ready]")
        page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true; })")
        page.wait_for_load_state("networkidle")
        name = re.sub(r"\W+", "-", address.split("?")[0].replace(scan.id, "one").replace(scan.blinded, "one"))
        is_readable(page, tmp_path, f"scans{name}")
