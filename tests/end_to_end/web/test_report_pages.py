"""The pages that measuring leaves, in a browser: accessible and no wider than the window, light and dark."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("playwright", reason="needs playwright")
pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python")

from readable import is_readable
from small_scan import a_small_scan

from neurolupus.imaging.agreement import volume_agreement
from neurolupus.records.measurement import Measurement, MeasurementSet
from neurolupus.records.provenance import Provenance
from neurolupus.records.scan import Participant, ScanId
from neurolupus.records.wmh_method import MethodComparison, MethodFacts
from neurolupus.report import html
from neurolupus.report.change import ChangeCase, ChangeLine, ChangeSlice
from neurolupus.report.raters_page import KappaLine, PairPart, RatersPage, ScanLine, bland_altman, write_raters

pytestmark = pytest.mark.slow
LONG = "A warning that is as long as those which tell what was seen, what is needed, where, and what to do next."


@pytest.fixture(scope="module")
def page(chromium: Any) -> Any:
    return chromium.new_page()


def see(page: Any, path: Path) -> None:
    page.goto(path.as_uri())
    is_readable(page, path.parent, path.stem)


def test_the_report_of_a_scan(page: Any, tmp_path: Path) -> None:
    scan = a_small_scan(warnings=(LONG,), usable=False, reason="1 infarct-like lesion(s) over 15 mm")
    told = {"side": "right", "lobe": "occipital", "region": "infratentorial", "black_hole": True, "confluent": True}
    told |= {"solidity": 0.91, "eccentricity": 0.4}
    lesions = tuple(
        replace(scan.lesions[0], label=n, volume_ml=100.0 / n, infarct_like=n == 1, **told) for n in range(1, 14)
    )
    poor = [Measurement(name, 0.1, "1") for name in ("qc_snr_gm", "qc_cnr", "qc_efc", "qc_atlas_overlap")]
    numbers = {"volume_ml": 123.45, "dice": 0.123, "lesions": 103, "lesion_f1": 0.12, "lesion_recall": 0.5}
    methods = (
        MethodComparison(MethodFacts("a-method-with-a-long-name", "2025.10.1"), mask=scan.wmh_mask, **numbers),
        MethodComparison(MethodFacts("other", "1"), failure=LONG),
    )
    measurements = MeasurementSet((*scan.measurements.items, *poor))
    scan = replace(scan, lesions=lesions, comparisons=methods, measurements=measurements)
    files = {"sub-01_ses-1_acq-highres_run-01_T1w.nii.gz": "ab" * 32}
    path = tmp_path / "scan.html"
    facts = Provenance("0.1.0", files, {}, {"numpy": "2.0"})
    html.write_page(path, html.scan_report(scan, facts, group_href="index.html"))
    see(page, path)
    assert page.get_by_text("12 lesions, largest first").is_visible()
    assert page.get_by_text("1 infarct-like lesion in the list").is_visible()


def test_the_page_of_all_scans_and_of_none(page: Any, tmp_path: Path) -> None:
    scan = a_small_scan()
    picture = html.scan_thumbnail(scan)
    rows = [
        html.GroupRow(
            ScanId(f"{n:02d}", "baseline"),
            {**scan.measurements.row(), "wmh_ml": 0.1 * 3**n},
            f"sub-{n:02d}.html",
            Participant(f"{n:02d}", 30 + n, "F", "inflammatory NPSLE"),
            (LONG,),
            thumbnail=lambda: picture or b"",
        )
        for n in range(1, 8)
    ]
    failures = [html.FailedScan(ScanId("77", "baseline"), LONG, "logs/sub-77_ses-baseline.log")]
    html.write_group_page(tmp_path / "group.html", rows, failures=failures)
    see(page, tmp_path / "group.html")
    html.write_group_page(tmp_path / "failed.html", [], failures=failures)
    see(page, tmp_path / "failed.html")
    page.get_by_role("link", name="why, and what to do").click()
    assert page.get_by_role("heading", name="Not measured").is_visible()


def test_the_threshold_picker_and_the_page_of_changes(page: Any, tmp_path: Path) -> None:
    scan = a_small_scan()
    case = html.threshold_case(scan)
    html.write_threshold_page(tmp_path / "threshold.html", [case])
    see(page, tmp_path / "threshold.html")
    image = case.slices[0].bare
    line = ChangeLine(("13", "disappeared", "123.456", "123.456", "123.456", "123.456"))
    volume = ChangeLine(("WMH at the operating point, ml", "123.45", "123.45", "+123.45", "±123.45"))
    changed = ChangeCase(
        "sub-01",
        "ses-baseline",
        "ses-followup",
        LONG,
        (ChangeSlice(image, image),),
        (ChangeLine(("disappeared", "3", "1.23")),),
        (volume,),
        (line,),
        3,
        (LONG,),
        LONG,
    )
    html.write_change_page(tmp_path / "changes.html", [changed])
    see(page, tmp_path / "changes.html")


def test_the_page_of_raters(page: Any, tmp_path: Path) -> None:
    scans = tuple(ScanLine(f"sub-{n:02d}_ses-baseline", 0.7, 0.6, 0.7, 1.0 * n, 1.1 * n, 0.1) for n in range(1, 5))
    a, b = [line.volume_a_ml for line in scans], [line.volume_b_ml for line in scans]
    volumes = volume_agreement(a, b)
    plot = bland_altman(a, b, [line.scan for line in scans], volumes)
    pair = PairPart("first rater", "second rater", scans, "0.700 (0.700 to 0.700)", volumes, plot, (LONG,))
    kappa = KappaLine("Fazekas", "first rater, second rater", "quadratic weights", "0.71 (0.52 to 0.90)", 40, 2, "0.91")
    content = RatersPage(
        ("first rater", "second rater"), (pair,), (), (kappa,), None, ("sub-99",), (("first rater", "sub-98"),), 0.01
    )
    write_raters(tmp_path / "raters.html", content)
    see(page, tmp_path / "raters.html")
