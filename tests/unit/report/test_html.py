import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from neurolupus.errors import ImageContentError
from neurolupus.records.measurement import Measurement, MeasurementSet
from neurolupus.records.scan import Participant, ScanId
from neurolupus.report import html
from neurolupus.report.demo import compare, error_rows
from neurolupus.report.group import safe_href, typical_example

HOSTILE = '"><script>alert(1)</script><img src=//evil.example/x>'
VOID = {"meta", "img", "input", "br", "hr", "link"}
LOADING = {"src", "srcset", "poster", "data", "action", "formaction", "xlink:href", "background"}


class Page(HTMLParser):
    """Checks nesting, collects what the tests ask for."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.loads, self.links, self.ids, self.scripts, self.words = [], [], [], [], 0, []
        self.feed(text)
        self.close()
        assert self.open == [], f"not closed: {self.open}"

    def handle_starttag(self, tag, attrs):
        self.scripts += tag == "script"
        if dict(attrs).get("http-equiv") == "Content-Security-Policy":
            self.policy = dict(attrs)["content"]
        for name, value in attrs:
            assert not name.startswith("on"), f"{tag} has {name}"
            if name in LOADING or (name == "href" and tag != "a"):
                self.loads.append(value)
            elif name == "href":
                self.links.append(value)
            elif name == "id":
                self.ids.append(value)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def read(path, scripts=1):
    text = path.read_text(encoding="utf-8")
    page = Page(text)
    assert all(address.startswith("data:image/") for address in page.loads)
    assert all(a.startswith("https://doi.org/") or "//" not in a for a in page.links)
    assert page.scripts == scripts
    assert len(page.ids) == len(set(page.ids))
    style = text[text.index("<style>") : text.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style
    assert page.policy.startswith("default-src 'none'; img-src data:")
    return page, text


def _picture(png):
    return None if png is None else lambda: png


def a_row(scan, n=1, group="non-NPSLE", wmh=1.0, **more):
    measurements = {**scan.measurements.row(), "wmh_ml": wmh, **more.pop("measurements", {})}
    return html.GroupRow(
        ScanId(f"{n:02d}"),
        measurements,
        f"sub-{n:02d}.html",
        Participant(f"{n:02d}", 30 + n, "F", group),
        thumbnail=_picture(html.scan_thumbnail(scan)),
        example=_picture(html.scan_example(scan)),
        **more,
    )


@pytest.mark.slow
def test_small_lesions_fold_away_and_none_is_lost(a_measured_scan, a_provenance, tmp_path):
    scan = a_measured_scan()
    many = tuple(replace(scan.lesions[0], label=n, volume_ml=n / 10, lobe="frontal") for n in range(1, 14))
    html.write_page(tmp_path / "sub-01.html", html.scan_report(replace(scan, lesions=many), a_provenance))
    _, text = read(tmp_path / "sub-01.html")
    shown, folded = text.split("<summary>3 smaller lesions</summary>")
    rows = [part.count('<tr title="Centre at') for part in (shown, folded)]
    assert rows == [10, 3]


@pytest.mark.slow
@pytest.mark.parametrize("kind", [{}, {"flair": False}, {"lesion": False}, {"usable": False, "reason": "infarct"}])
def test_scan_report_stands_alone(a_measured_scan, a_provenance, tmp_path, kind):
    path = tmp_path / "new" / "sub-01.html"
    html.write_page(path, html.scan_report(a_measured_scan(**kind), a_provenance))
    page, text = read(path)
    words = " ".join(page.words)
    assert ("Volumes usable" in words) == kind.get("usable", True)
    assert ("WMH probability" in words) == kind.get("flair", True)
    assert len(text) < 3e6
    assert [p.name for p in path.parent.iterdir()] == ["sub-01.html"]  # no temporary file stays


@pytest.mark.slow
def test_hostile_words_stay_words(a_measured_scan, a_provenance, tmp_path):
    scan = a_measured_scan(participant=HOSTILE, warnings=(HOSTILE,), usable=False, reason=HOSTILE)
    html.write_page(
        tmp_path / "a.html", html.scan_report(scan, a_provenance, Participant(HOSTILE, 47, HOSTILE, HOSTILE))
    )
    page, text = read(tmp_path / "a.html")
    assert "<script>alert" not in text
    assert "sub-" + HOSTILE in " ".join(page.words)


@pytest.mark.slow
def test_person_and_warnings_are_told(a_measured_scan, a_provenance, tmp_path):
    scan = a_measured_scan(warnings=("the T1w is contrast-enhanced",))
    person = Participant("01", 47, "F", "inflammatory NPSLE")
    html.write_page(tmp_path / "a.html", html.scan_report(scan, a_provenance, person, group_href="../g.html"))
    page, _ = read(tmp_path / "a.html")
    words = " ".join(page.words)
    assert "inflammatory NPSLE, female, 47 years" in words
    assert "The T1w is contrast-enhanced." in words
    assert "../g.html" in page.links


@pytest.mark.slow
def test_group_page(a_measured_scan, tmp_path):
    scan = a_measured_scan()
    rows = [a_row(scan, n, ("non-NPSLE", "ischaemic NPSLE")[n % 2], wmh=float(n)) for n in range(1, 9)]
    rows.append(a_row(scan, 9, wmh=400.0, measurements={"usable": False, "unusable_reason": "tumour"}))
    failed = html.FailedScan(ScanId("77", "1"), "FLAIR is missing")
    html.write_group_page(tmp_path / "g.html", rows, failures=[failed], title=HOSTILE)
    page, text = read(tmp_path / "g.html")
    words = " ".join(page.words)
    assert "sub-77_ses-1" in words
    assert "FLAIR is missing" in words
    assert "tumour" in words
    assert {f"sub-{n:02d}.html" for n in range(1, 10)} <= set(page.links)
    assert text.count('data-scan="sub-03"') >= 3  # row, tile and a dot in a plot
    assert words.count("Total WMH volume") == 2


def test_where_all_scans_failed_the_page_says_so_and_why_and_nothing_else(tmp_path):
    failures = [html.FailedScan(ScanId(name), "the FLAIR is zero everywhere", f"logs/{name}.log") for name in "12"]
    html.write_group_page(tmp_path / "g.html", [], failures=failures)
    page, text = read(tmp_path / "g.html")
    words = " ".join(page.words)
    assert "Nothing was measured" in words
    assert "Each of 2 scans failed" in words
    assert words.count("the FLAIR is zero everywhere") == 2
    assert page.ids == ["failed"]  # no table, no mosaic, no methods of what was not done
    assert {"#failed", "logs/1.log", "logs/2.log"} <= set(page.links)
    assert '<div class="tiles">' not in text
    html.write_group_page(tmp_path / "one.html", [], failures=failures[:1])
    assert "The only scan failed" in (tmp_path / "one.html").read_text()


def test_the_group_page_tells_the_methods_of_its_scans(a_measured_scan, tmp_path):
    scan = a_measured_scan()
    own = a_row(scan, 3, measurements={"wmh_method": "LST-AI 1.2", "wmh_threshold": 0.5})
    alone = a_row(scan, 4, wmh=None)
    html.write_group_page(tmp_path / "g.html", [a_row(scan, 1), a_row(scan, 2), own, alone])
    words = " ".join(read(tmp_path / "g.html")[0].words)
    for told in ("found in 2 scans by the 3D U-Net", "LST-AI 1.2 in 1 scan", "at least 0.2 or 0.5", "1 scan had no"):
        assert told in words


def test_example_is_the_middle_usable_patient_of_the_group(a_measured_scan):
    scan = a_measured_scan()
    rows = [a_row(scan, n, wmh=v) for n, v in enumerate((5.0, 1.0, 3.0), 1)]
    rows.append(a_row(scan, 9, wmh=2.9, measurements={"usable": False}))
    assert typical_example(rows, "non-NPSLE").scan_id.participant_id == "03"
    assert typical_example(rows, "ischaemic NPSLE") is None


@pytest.mark.parametrize("address", ["javascript:alert(1)", "//evil.example/x", "https://evil.example", "\\\\host"])
def test_addresses_of_elsewhere_are_dropped(address):
    assert safe_href(address) == ""
    assert safe_href("sub-01/sub-01.html") == "sub-01/sub-01.html"


def test_threshold_page(a_measured_scan, tmp_path):
    cases = [html.threshold_case(a_measured_scan(participant=p)) for p in ("01", HOSTILE)]
    assert cases[0].volumes_ml[0] == pytest.approx(cases[0].volumes_ml[-1])  # 0.8 everywhere in the lesion
    html.write_threshold_page(tmp_path / "t.html", cases, html.THRESHOLDS)
    page, text = read(tmp_path / "t.html")
    assert text.count('name="threshold" value=') == 5
    assert "--wmh-threshold" in " ".join(page.words)
    assert re.search(r'value="0.2" checked', text)


def test_the_picker_and_the_report_tell_one_volume_at_the_measured_threshold(a_measured_scan):
    scan = a_measured_scan()
    rounded = scan.wmh_probability.copy()
    rounded[24, 28, 22] = 0.2  # as a file may hold a voxel of 0.1996, which was not in the mask
    case = html.threshold_case(replace(scan, wmh_probability=rounded))
    assert not scan.wmh_mask[24, 28, 22]
    assert dict(zip(case.thresholds, case.volumes_ml, strict=True))[0.2] == pytest.approx(
        scan.measurements.number("wmh_ml"), abs=1e-6
    )


def test_threshold_page_refuses_cases_drawn_otherwise(a_measured_scan, tmp_path):
    case = html.threshold_case(a_measured_scan(), (0.1, 0.3), slices=1)
    with pytest.raises(ValueError, match=r"drawn at thresholds \(0.1, 0.3\)"):
        html.write_threshold_page(tmp_path / "t.html", [case])
    with pytest.raises(ImageContentError, match="without a FLAIR"):
        html.threshold_case(a_measured_scan(flair=False))


def a_demo_patient(scan, n, truth):
    values = MeasurementSet(tuple(Measurement(k, v, "ml") for k, v in truth.items()))
    person = Participant(f"{n:02d}", 40, "F", "non-NPSLE")
    return html.demo_patient(scan, person, values, f"reports/sub-{n:02d}.html")


def test_demo_page(a_measured_scan, tmp_path):
    scan = a_measured_scan()
    patients = [a_demo_patient(scan, n, {"gm_ml": 500.0, "wmh_ml": 1.0}) for n in (1, 2)]
    later = html.Section(HOSTILE, "A later job.", "<b>plain words are escaped</b>", "later")
    sections = [
        html.input_section(patients),
        html.truth_section(patients),
        html.overlay_section(patients),
        html.limits_section(),
        later,
    ]
    html.write_demo_page(tmp_path / "index.html", "Demo", sections, lead="What happened.")
    page, text = read(tmp_path / "index.html", scripts=0)
    assert {"#input", "#measured", "#see", "#limits", "#later", "reports/sub-02.html"} <= set(page.links)
    assert set(page.ids) >= {"input", "measured", "see", "limits", "later"}
    assert "&lt;b&gt;plain words" in text
    assert "not a medical device" in " ".join(page.words)


def test_errors_worked_by_hand(a_measured_scan):
    scan = a_measured_scan()
    gm = scan.measurements.number("gm_ml")
    patients = [a_demo_patient(scan, n, {"gm_ml": t}) for n, t in ((1, gm - 10), (2, gm + 20))]
    assert compare(patients[0], "gm_ml").error == pytest.approx(10)
    assert compare(patients[0], "wm_ml") is None
    (row,) = error_rows(patients)
    assert row.mean_absolute_ml == "15.0"
    assert row.inside.endswith(" of 2")
    worst = -20 / (gm + 20)
    assert row.worst_percent == f"{100 * worst:+.1f} %".replace("-", "−")


@pytest.mark.slow
def test_same_scan_same_page(a_measured_scan, a_provenance, tmp_path):
    for name in ("a", "b"):
        html.write_page(tmp_path / name, html.scan_report(a_measured_scan(), a_provenance))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.slow
def test_policy_allows_exactly_the_script_of_the_page(a_measured_scan, a_provenance, tmp_path):
    html.write_page(tmp_path / "a.html", html.scan_report(a_measured_scan(), a_provenance))
    text = (tmp_path / "a.html").read_text(encoding="utf-8")
    script = text[text.index("<script>") + 8 : text.index("</script>")]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in Page(text).policy


@pytest.mark.slow
def test_of_thousands_of_scans_a_part_is_shown_and_what_needs_a_look_is_in_it(a_measured_scan, tmp_path):
    one, read_pictures = a_row(a_measured_scan()), []

    def a_light_row(n):
        numbers = {**one.measurements, "wmh_ml": 1 + n % 50 / 100}
        href, thumbnail = f"sub-{n}.html", lambda: read_pictures.append(n) or one.thumbnail()
        return replace(one, scan_id=ScanId(f"{n}"), measurements=numbers, report_href=href, thumbnail=thumbnail)

    rows = [a_light_row(n) for n in range(2300)]
    rows[2290] = replace(rows[2290], measurements={**rows[2290].measurements, "wmh_ml": 900.0})
    rows[2295] = replace(rows[2295], measurements={**rows[2295].measurements, "usable": False})
    failures = [html.FailedScan(ScanId(f"f{n}"), "no T1w") for n in range(310)]
    html.write_group_page(tmp_path / "index.html", rows, failures=failures)
    _, text = read(tmp_path / "index.html")
    assert text.count("<tr data-scan=") == 2000
    assert "2000 of 2300 scans are shown" in text
    assert len(read_pictures) == 300
    assert "300 of 2300 scans." in text
    for name in ("sub-2290", "sub-2295"):
        assert f'<tr data-scan="{name}">' in text
        assert f'href="{name}.html" data-scan="{name}"' in text  # in the mosaic, too
    assert "<b>2300</b><span>measured" in text
    assert "<b>310</b><span>failed" in text
    assert "10 more: neurolupus status tells each" in text
    assert max(strip.count("<circle") for strip in text.split("<svg")) <= 600
    assert len(text) < 8_000_000
