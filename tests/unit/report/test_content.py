from dataclasses import replace

import numpy as np
import pytest

from neurolupus.imaging.plausible import plausibility
from neurolupus.records.measurement import Measurement, MeasurementSet
from neurolupus.records.provenance import Provenance
from neurolupus.report.content import scan_content, wmh_curve


def test_curve_counts_the_voxels_that_reach_each_threshold():
    probability = np.array([0.05, 0.1, 0.2, 0.2, 0.35, 0.5, 0.9], np.float32).reshape(7, 1, 1)
    mask = np.ones(probability.shape, bool)
    mask[6] = False
    volumes = {p.threshold: p.volume_ml for p in wmh_curve(probability, mask, 0.5)}
    assert (volumes[0.1], volumes[0.2], volumes[0.22], volumes[0.5]) == (2.5, 2.0, 1.0, 0.5)


def test_curve_meets_the_measured_volume_at_the_threshold(a_measured_scan, a_provenance):
    content = scan_content(a_measured_scan(), a_provenance, None)
    at_chosen = next(p.volume_ml for p in content.curve if p.threshold == 0.2)
    assert at_chosen == pytest.approx(content.wmh_ml)


def test_volumes_have_intervals_and_shares(a_measured_scan, a_provenance):
    rows = {row.label: row for row in scan_content(a_measured_scan(), a_provenance, None).volumes}
    assert rows["Total intracranial volume"].share == ""
    assert rows["Grey matter"].interval.startswith("(")
    shares = [float(rows[n].share.split()[0]) for n in ("Total brain volume", "Cerebrospinal fluid")]
    assert sum(shares) == pytest.approx(100, abs=0.11)


def test_unusual_index_is_flagged(a_measured_scan, a_provenance):
    outside = {row.label: row.outside for row in scan_content(a_measured_scan(), a_provenance, None).quality}
    assert outside["Joint variation (CJV)"] is True
    assert outside["Signal-to-noise, white matter"] is False


def test_what_the_report_flags_is_what_the_measurement_warns_of(a_measured_scan, a_provenance):
    scan = a_measured_scan()
    values = {"qc_snr_wm": 7.9, "qc_snr_gm": 4.9, "qc_cnr": 1.4, "qc_cjv": 0.81}
    values |= {
        "qc_efc": 0.6,
        "qc_registration_nmi": 1.03,
        "qc_cut_cm2": 15.1,
        "qc_atlas_overlap": 0.74,
        "qc_flair_cover": 0.97,
    }
    for name, value in values.items():
        alone = replace(scan, measurements=MeasurementSet((Measurement(name, value, "1"),)))
        (row,) = scan_content(alone, a_provenance, None).quality
        assert bool(row.outside) == bool(plausibility(alone.measurements)), name


def test_without_flair(a_measured_scan, a_provenance):
    content = scan_content(a_measured_scan(flair=False), a_provenance, None)
    assert content.has_flair is False
    assert content.wmh_ml is None
    assert content.curve == ()
    assert not any("WMH" in row.label or "filled" in row.note for row in content.volumes)


def test_a_region_that_the_flair_cuts_off_is_told_as_unknown(a_measured_scan, a_provenance):
    scan = a_measured_scan()
    told = (Measurement("wmh_deep_ml", 0.05, "ml"), Measurement("wmh_infratentorial_ml", None, "ml"))
    scan = replace(scan, measurements=MeasurementSet((*scan.measurements.items, *told)))
    rows = {row.label: row for row in scan_content(scan, a_provenance, None).volumes}
    assert (rows["infratentorial"].value, rows["infratentorial"].note) == ("n/a", "the FLAIR cuts it off")
    assert rows["deep"].note == ""


def test_lesions_largest_first(a_measured_scan, a_provenance):
    scan = a_measured_scan()
    lesion = scan.lesions[0]
    scan = replace(scan, lesions=tuple(replace(lesion, label=n, volume_ml=n / 10) for n in range(1, 46)))
    content = scan_content(scan, a_provenance, None)
    assert [row.volume_ml for row in content.lesions[:2]] == ["4.50", "4.40"]
    assert content.lesions_left_out == 5
    assert content.lesion_count == 45


def test_infarct_like_lesions_are_counted_apart(a_measured_scan, a_provenance):
    scan = a_measured_scan()
    scan = replace(scan, lesions=(*scan.lesions, replace(scan.lesions[0], label=2, infarct_like=True)))
    content = scan_content(scan, a_provenance, None)
    assert (content.lesion_count, content.infarct_count, len(content.lesions)) == (1, 1, 2)
    assert [one.confidence for one in content.lesions if "infarct-like" in one.flags] == ["n/a"]


def test_a_lesion_is_told_as_a_radiologist_would_look_for_it(a_measured_scan, a_provenance):
    scan = a_measured_scan()
    known = {"side": "left", "lobe": "frontal", "confidence": 0.874, "black_hole": True, "solidity": 0.91}
    told = replace(scan.lesions[0], label=7, volume_ml=0.061, eccentricity=0.4, centroid_mm=(-21.6, 8, 30.2), **known)
    below = replace(scan.lesions[0], label=9, volume_ml=0.061, confidence=0.2)
    content = scan_content(replace(scan, lesions=(below, told)), a_provenance, None)
    first, second = content.lesions  # of one size: the surer one first
    assert (first.number, first.place, first.volume_ml, first.confidence) == (7, "left frontal", "0.061", "0.87")
    assert (first.shape, first.flags, first.centre) == ("0.91 / 0.40", ("black hole",), "−22, 8, 30")
    assert (second.number, second.place, second.shape, second.flags) == (9, "n/a", "", ())


def test_times_come_from_the_scan_or_the_provenance(a_measured_scan):
    provenance = Provenance("1", {}, {}, {}, seconds={"volumes": 1.0, "total": 9.0})
    scan = a_measured_scan()
    assert [s.label for s in scan_content(scan, provenance, None).steps] == ["Read", "Bias N4", "Tissue"]
    later = replace(scan, seconds={})
    assert [s.label for s in scan_content(later, provenance, None).steps] == ["Volumes"]
