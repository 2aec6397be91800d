import io

import numpy as np
import pytest
from PIL import Image as PILImage

from neurolupus.report import figures
from neurolupus.report.display import Box, View


def a_view(n=16, pixels_per_mm=4.0):
    return View("axial", n // 2, Box((0, 0, 0), (n, n, n)), (1.0, 1.0, 1.0), pixels_per_mm)


def test_outline_runs_along_the_border():
    mask = np.zeros((16, 16, 16), bool)
    mask[4:12, 4:12, :] = True  # in the picture a square from pixel 16 to 48
    alpha = figures.outline_alpha(figures.cut(mask, a_view()), 0.5, 2.0)
    on = np.argwhere(alpha > 0.5)
    distance = np.minimum(np.abs(on - 15.5), np.abs(on - 47.5)).min(axis=1)
    assert len(on) > 4 * 28
    assert distance.max() <= 2.5
    assert alpha[32, 32] == 0
    assert alpha[4, 4] == 0


def test_outline_of_nothing_is_nothing():
    assert figures.outline_alpha(np.zeros((9, 9), np.float32), 0.5, 2.0).max() == 0


def test_tissue_colours():
    one, none = np.ones((16, 16, 16), np.float32), np.zeros((16, 16, 16), np.float32)
    for tissue, colour in enumerate((figures.GM_COLOUR, figures.WM_COLOUR, figures.CSF_COLOUR)):
        maps = [one if n == tissue else none for n in range(3)]
        colours, alpha = figures.tissue_paint(*maps, a_view())
        assert colours[8, 8] == pytest.approx(colour, abs=0.01)
        assert alpha[8, 8] == pytest.approx(1)


def test_heat_paints_only_what_is_likely_and_grows_lighter():
    values = np.array([[0.0, 0.04, 0.2, 0.6, 1.0]], np.float32)
    assert figures.heat_alpha(values)[0, :2].tolist() == [0, 0]
    lightness = figures.heat_colours(values) @ np.array([0.2126, 0.7152, 0.0722])
    assert (np.diff(lightness[0]) > 0).all()


def test_checker_alternates():
    dark, light = np.zeros((8, 8, 3), np.float32), np.ones((8, 8, 3), np.float32)
    picture = figures.draw_checker(dark, light, 4)
    assert [picture[y, x, 0] for y, x in ((0, 0), (0, 4), (4, 0), (4, 4))] == [0, 1, 1, 0]


def test_grey_range_ignores_what_lies_outside_the_mask():
    image = np.full((20, 20, 20), 100.0, np.float32)
    image[:10] = 5000
    mask = np.zeros(image.shape, bool)
    mask[12:, 4:16, 4:16] = True
    grey = figures.grey_range(image, mask)
    assert grey.high < 200
    flat = figures.grey_range(np.zeros_like(image), mask)
    assert flat.high > flat.low  # an empty image must not divide by zero


def test_sides_are_printed_on_the_picture():
    black = np.zeros((80, 100, 3), np.float32)
    marked = np.asarray(figures.to_pil(black, ("R", "L")))
    assert marked[30:50, :20].max() > 240
    assert marked[30:50, -20:].max() > 240
    assert marked[:20].max() == 0
    letters = [marked[30:50, :20, 0], marked[30:50, -20:, 0]]
    assert not np.array_equal(*letters)


def test_png_keeps_the_colour_of_few_pixels():
    # a palette made from all pixels would give the hundred orange ones a grey
    picture = np.repeat(np.linspace(0, 1, 90_000, dtype=np.float32).reshape(300, 300, 1), 3, axis=2)
    picture[100:110, 100:110] = figures.WMH_COLOUR
    image = PILImage.open(io.BytesIO(figures.encode_png(figures.to_pil(picture)))).convert("RGB")
    assert np.asarray(image)[105, 105] == pytest.approx(np.array(figures.WMH_COLOUR) * 255, abs=6)
    assert np.asarray(image)[200, 20] == pytest.approx(np.asarray(figures.to_pil(picture))[200, 20], abs=4)


def test_same_picture_same_bytes():
    picture = np.random.default_rng(1).random((40, 40, 3)).astype(np.float32)
    assert figures.encode(picture, plane="axial", alt="").data == figures.encode(picture, plane="axial", alt="").data
    assert figures.encode_png(figures.to_pil(picture)) == figures.encode_png(figures.to_pil(picture))


def test_data_address_names_the_kind():
    assert figures.data_uri(b"\x89PNG....").startswith("data:image/png;base64,")
    assert figures.data_uri(b"\xff\xd8\xff").startswith("data:image/jpeg;base64,")
    assert figures.encode(np.zeros((9, 9, 3), np.float32), plane=None, alt="").uri.startswith("data:image/")
