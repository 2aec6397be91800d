import io

import numpy as np
import pytest
from PIL import Image as PILImage

from neurolupus.report import figures
from neurolupus.report.drawing import Drawing
from neurolupus.report.scan_figures import scan_figures
from neurolupus.report.small_pictures import demo_pictures, scan_example, scan_thumbnail


def reddest(picture):
    row, column = np.unravel_index((picture[..., 0] - picture[..., 2]).argmax(), picture.shape[:2])
    return row / picture.shape[0], column / picture.shape[1]


def test_lesion_of_the_right_half_is_seen_on_the_left(a_measured_scan):
    drawing = Drawing(a_measured_scan())
    _, from_left = reddest(drawing.heat(drawing.view("axial", 1.0)))
    assert from_left < 0.45


def test_view_goes_through_the_lesion(a_measured_scan):
    assert Drawing(a_measured_scan()).view("axial", 1.0).index == 26


@pytest.mark.slow
def test_stations_of_the_pipeline(a_measured_scan):
    titles = [s.title for s in scan_figures(a_measured_scan()).pipeline]
    assert titles == ["T1w", "FLAIR", "Registered", "WMH probability", "WMH mask at 0.2", "Filled T1w", "Tissue"]
    assert [s.title for s in scan_figures(a_measured_scan(flair=False)).pipeline] == ["T1w", "Tissue"]
    without = [s.title for s in scan_figures(a_measured_scan(lesion=False)).pipeline]
    assert "Filled T1w" not in without


@pytest.mark.slow
def test_viewer_layers_have_all_slices(a_measured_scan):
    viewer = scan_figures(a_measured_scan()).viewer
    assert {layer.image.height for layer in viewer.layers} == {viewer.height * viewer.count}
    assert [layer.key for layer in viewer.layers if layer.shown] == ["flair", "wmh"]
    assert 0 <= viewer.middle < viewer.count
    plain = scan_figures(a_measured_scan(flair=False)).viewer
    assert [layer.key for layer in plain.layers if layer.shown] == ["t1w"]


def test_small_pictures_are_png_of_one_size(a_measured_scan):
    sizes = {PILImage.open(io.BytesIO(scan_thumbnail(a_measured_scan(lesion=n)))).size for n in (True, False)}
    assert len(sizes) == 1
    assert scan_thumbnail(a_measured_scan())[:4] == b"\x89PNG"
    assert scan_thumbnail(a_measured_scan(flair=False))[:4] == b"\x89PNG"
    example = PILImage.open(io.BytesIO(scan_example(a_measured_scan())))
    assert example.height > 2 * example.width
    assert scan_example(a_measured_scan(flair=False)) is None


def test_example_shows_probability_in_its_lower_half_only(a_measured_scan):
    pixels = np.asarray(PILImage.open(io.BytesIO(scan_example(a_measured_scan()))).convert("RGB")).astype(int)
    chroma = np.ptp(pixels, axis=2)
    half = len(chroma) // 2
    assert chroma[: half - 4].max() < 20
    assert chroma[half + 4 :].max() > 80


def test_truth_is_outlined_beside_the_measurement(a_measured_scan):
    scan = a_measured_scan()
    truth = np.zeros(scan.t1w.shape, bool)
    truth[14:19, 26:31, 24:28] = True
    with_truth, without = demo_pictures(scan, truth).overlay.data, demo_pictures(scan).overlay.data
    assert with_truth != without


@pytest.mark.slow
@pytest.mark.parametrize("empty", ["intracranial_mask", "wmh"])
def test_empty_masks_are_drawn(a_measured_scan, empty):
    scan = a_measured_scan(lesion=empty != "wmh")
    if empty == "intracranial_mask":
        object.__setattr__(scan, "intracranial_mask", np.zeros(scan.t1w.shape, bool))
    scan_figures(scan)
    assert figures.data_uri(scan_thumbnail(scan)).startswith("data:image/png")
