"""Methods beside one another in a scan's report: what the table says and where the outlines lie."""

import io
from dataclasses import replace

import numpy as np
from PIL import Image as PILImage

from neurolupus.records.wmh_method import MethodComparison, MethodFacts
from neurolupus.report.wmh_methods import methods_content


def compared(measured, mask=None, **numbers):
    one = MethodComparison(MethodFacts("mine", "1.0"), mask=mask, **numbers)
    return methods_content(replace(measured, comparisons=(one,)))


def test_without_a_comparison_there_is_no_section(a_measured_scan):
    assert methods_content(a_measured_scan()) is None
    assert methods_content(a_measured_scan(flair=False)) is None


def test_the_measured_mask_comes_first_and_a_failure_has_words_for_numbers(a_measured_scan):
    content = compared(a_measured_scan(), failure="mine 1.0 was ended after 60 minutes.")
    first, second = content.rows
    assert (first.title, first.cells[1]) == ("neurolupus' model", "1")
    assert (second.title, second.cells, second.failure) == ("mine 1.0", (), "mine 1.0 was ended after 60 minutes.")
    assert content.images == ()


def test_a_mask_of_the_left_half_is_outlined_on_the_right_in_its_own_colour(a_measured_scan):
    measured = a_measured_scan()
    mask = np.zeros_like(measured.wmh_mask)
    mask[14:19, 26:31, 24:28] = True  # low i: the patient's left half, which a radiological picture shows on the right
    content = compared(measured, mask, volume_ml=0.8, volume_error_ml=0.1, dice=0.0, lesions=1, lesion_f1=0.0)
    assert content.rows[1].cells == ("0.80", "1", "0.000", "–", "–", "0.00")
    pixels = np.asarray(PILImage.open(io.BytesIO(content.images[0].data)).convert("RGB")).astype(int)
    blue = np.argwhere(pixels[..., 2] - pixels[..., 0] > 60)  # #56b4e9
    orange = np.argwhere(pixels[..., 0] - pixels[..., 2] > 60)  # #ff7f2a
    assert blue[:, 1].mean() > 0.52 * pixels.shape[1]
    assert orange[:, 1].mean() < 0.48 * pixels.shape[1]
