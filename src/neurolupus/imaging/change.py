"""compare_sessions(): two measured sessions of one person to what changed between them."""

from collections.abc import Iterator

import numpy as np

from neurolupus.errors import ImageContentError
from neurolupus.imaging.halfway import meet_halfway
from neurolupus.imaging.lesion_change import FoundChange, compare_lesions
from neurolupus.imaging.moved_map import moved_map
from neurolupus.imaging.plausible import LARGEST_CUT_CM2, MIN_FLAIR_COVER, MIN_REGISTRATION_NMI
from neurolupus.imaging.wmh_calibration import NOISE_AT, calibration
from neurolupus.records.change import FATES, Change
from neurolupus.records.measured import MeasuredScan
from neurolupus.records.measurement import Measurement
from neurolupus.records.volume import Affine, Mask, Volume
from neurolupus.records.wmh_method import MODEL

# Coefficient of variation between rescans, %: the greater of ours on simulated rescans (benchmarks/lesions) and
# of published real rescans within one scanner. Of WMH: wmh_calibration.
TBV_CV_PERCENT = 0.28  # Guo 2019, doi:10.1007/s00330-018-5710-x, the widest within-scanner value; ours 0.05
NO_FLUID = 0.9  # share of grey and white matter; less of it moves with the alignment at every sulcus
DOUBT = 0.1  # probability below which a voxel is surely no lesion
REAL = 1.96 * 2**0.5  # two measurements, each with that error
OTHER_SLICES = 1.25  # times as thick: another protocol, not the rounding of one
LEAST_NMI = 1.05  # aligned T1w of one head have 1.1 and more


def compare_sessions(before: MeasuredScan, after: MeasuredScan, *, version: str) -> Change:
    """What changed between two sessions.

    Parameters
    ----------
    before, after : MeasuredScan
        Of one person, both with a FLAIR and with the same WMH threshold.
    version : str
        Of neurolupus that measured both.

    Raises
    ------
    ImageContentError
        A session has no FLAIR, or the thresholds differ.
    """
    for scan in (before, after):
        if scan.flair is None or scan.wmh_probability is None:
            raise ImageContentError(
                f"{scan.pair.scan_id.stem} was measured without a FLAIR; lesions are compared on FLAIR.\n"
                "    Measure both sessions with their FLAIR."
            )
    if before.settings.wmh_threshold != after.settings.wmh_threshold:
        raise ImageContentError(
            f"{before.pair.scan_id.stem} was measured at threshold {before.settings.wmh_threshold:g}, "
            f"{after.pair.scan_id.stem} at {after.settings.wmh_threshold:g}; one threshold is needed.\n"
            "    Measure both again with one --wmh-threshold."
        )
    assert before.flair is not None
    assert before.wmh_probability is not None
    assert after.flair is not None
    assert after.wmh_probability is not None
    assert before.wmh_mask is not None
    assert after.wmh_mask is not None
    way = meet_halfway(
        before.t1w.with_data(before.t1w_corrected), after.t1w.with_data(after.t1w_corrected), before.intracranial_mask
    )
    flair_before = way.before(before.t1w.with_data(before.flair))
    flair_after = way.after(after.t1w.with_data(after.flair))
    seen_twice = (flair_before > 0) & (flair_after > 0)
    wm_before, wm_after = way.before(before.t1w.with_data(before.wm)), way.after(after.t1w.with_data(after.wm))
    white: Mask = seen_twice & (wm_before > 0.5) & (wm_after > 0.5)
    tissue: Mask = seen_twice & (wm_before + way.before(before.t1w.with_data(before.gm)) > NO_FLUID)
    tissue &= wm_after + way.after(after.t1w.with_data(after.gm)) > NO_FLUID
    normal: Mask = way.before(before.t1w.with_data(before.wmh_probability)) < DOUBT
    normal &= way.after(after.t1w.with_data(after.wmh_probability)) < DOUBT
    found = compare_lesions(
        flair_before,
        flair_after,
        seen_twice & _moved(before, before.wmh_mask, way.grid, way.to_before),
        seen_twice & _moved(after, after.wmh_mask, way.grid, way.to_after),
        normal,
        white,
        tissue,
        way.grid.affine,
    )
    measurements = (
        *_lesion_numbers(found),
        *_volume_numbers(before, after, way.score),
        *_quality(found, way.score, usable=before.usable and after.usable, version=version),
    )
    return Change(
        before.pair.scan_id,
        after.pair.scan_id,
        way.grid,
        way.to_before,
        way.to_after,
        flair_before,
        flair_after,
        found.fates,
        found.labels,
        found.lesions,
        measurements,
        _warnings(before, after, way.score),
    )


def _moved(scan: MeasuredScan, mask: Mask, grid: Volume, to_scan: Affine) -> Mask:
    """A session's mask half way; a map cut there would make the lesions of thick slices a tenth larger."""
    return moved_map(scan.t1w.with_data(mask.astype(np.float32)), grid, to_scan) > 0


def _lesion_numbers(found: FoundChange) -> tuple[Measurement, ...]:
    numbers = []
    for fate in FATES:
        of = [lesion for lesion in found.lesions if lesion.fate == fate]
        came = fate in ("new", "enlarging")
        volume = sum((one.gained_ml if came else one.lost_ml for one in of), 0.0)
        numbers += [Measurement(f"{fate}_count", len(of), "1"), Measurement(f"{fate}_ml", volume, "ml")]
    return (*numbers, Measurement("stable_count", found.stable, "1"))


def _volume_numbers(before: MeasuredScan, after: MeasuredScan, score: float) -> tuple[Measurement, ...]:
    """Volumes of each session by itself, their difference, and the smallest difference that is no rescan's."""
    wmh = [scan.measurements.number("wmh_ml") for scan in (before, after)]
    tbv = [scan.measurements.number("tbv_ml") for scan in (before, after)]
    smallest = None
    if not _warnings(before, after, score):
        noise = [
            calibration().noise.of(_dimension(scan)).sd_ml(volume)
            for scan, volume in zip((before, after), wmh, strict=True)
        ]
        smallest = 1.96 * float(np.hypot(noise[0], noise[1]))
    return (
        Measurement("wmh_before_ml", wmh[0], "ml"),
        Measurement("wmh_after_ml", wmh[1], "ml"),
        Measurement("wmh_change_ml", wmh[1] - wmh[0], "ml"),
        Measurement("wmh_smallest_real_change_ml", smallest, "ml"),
        *(
            measurement
            for name, scan in (("before", before), ("after", after))
            for measurement in (
                Measurement(f"infarct_like_{name}_count", len(scan.infarcts), "1"),
                Measurement(f"infarct_like_{name}_ml", sum((one.volume_ml for one in scan.infarcts), 0.0), "ml"),
            )
        ),
        Measurement("tbv_before_ml", tbv[0], "ml"),
        Measurement("tbv_after_ml", tbv[1], "ml"),
        Measurement("tbv_change_percent", 100 * (tbv[1] - tbv[0]) / tbv[0], "%"),
        Measurement(
            "tbv_smallest_real_change_percent",
            None if any(_unlike(before, after, score)) else REAL * TBV_CV_PERCENT,
            "%",
        ),
    )


def _dimension(scan: MeasuredScan) -> str | None:
    """2D or 3D FLAIR, as it was measured: a scan read back from its derivatives has no sidecar."""
    dimension = scan.measurements.row().get("flair_dim")
    return str(dimension) if dimension else None


def _method(scan: MeasuredScan) -> str:
    """What found the hyperintensities of a session."""
    return str(scan.measurements.row().get("wmh_method") or "an unknown method")


def _warnings(before: MeasuredScan, after: MeasuredScan, score: float) -> tuple[str, ...]:
    """What the page warns of; each is a reason why nothing is known of the noise of `wmh_change_ml`."""
    return (
        *_unlike(before, after, score),
        *_left_out(before, after),
        *_other_maps(before, after),
        *_other_flair(before, after),
        *_infarcts(before, after),
    )


def _unlike(before: MeasuredScan, after: MeasuredScan, score: float) -> Iterator[str]:
    """Why nothing is known of the noise of any volume; `score` is the mutual information of the aligned sessions."""
    if score < LEAST_NMI:
        yield (
            f"The sessions align poorly (mutual information {score:.2f}, {LEAST_NMI} expected): look at the pictures; "
            "are they of one person?"
        )
    for scan in (before, after):
        if not scan.usable:
            yield f"{scan.pair.scan_id.stem}: volumes are unusable{_why(scan)}."
        cut = scan.measurements.row().get("qc_cut_cm2")
        if isinstance(cut, float) and cut > LARGEST_CUT_CM2:
            yield (
                f"{scan.pair.scan_id.stem}: one side of the T1w cuts the brain over {cut:.0f} cm²; its volumes lack "
                "what lies beyond."
            )
    sizes = [" x ".join(f"{size:.2f}" for size in scan.t1w.voxel_size_mm) for scan in (before, after)]
    ratios = [one / other for one, other in zip(before.t1w.voxel_size_mm, after.t1w.voxel_size_mm, strict=True)]
    if max(*ratios, *(1 / ratio for ratio in ratios)) > 1.1:
        yield (
            f"The T1w were taken with other voxels ({sizes[0]} and {sizes[1]} mm): brain and WMH volumes of two "
            "protocols differ by more than rescans of one, and no smallest real change is known. Read changes as "
            "between scanners."
        )


def _left_out(before: MeasuredScan, after: MeasuredScan) -> Iterator[str]:
    for scan in (before, after):
        score = scan.measurements.row().get("qc_registration_nmi")
        if isinstance(score, float) and score < MIN_REGISTRATION_NMI:
            yield (
                f"{scan.pair.scan_id.stem}: FLAIR and T1w align poorly (mutual information {score:.3f}, "
                f"{MIN_REGISTRATION_NMI} expected): is the FLAIR of this person and visit?"
            )
        cover = scan.measurements.row().get("qc_flair_cover")
        if isinstance(cover, float) and cover < MIN_FLAIR_COVER:
            yield f"{scan.pair.scan_id.stem}: the FLAIR shows {cover:.2f} of the brain; its WMH volume lacks the rest."


def _other_maps(before: MeasuredScan, after: MeasuredScan) -> Iterator[str]:
    methods = [_method(scan) for scan in (before, after)]
    if methods[0] != methods[1]:
        yield (
            f"The maps come from two methods ({methods[0]}; {methods[1]}): their difference is one of methods as well, "
            "and the smallest real change of WMH is not known."
        )
    elif methods[0] != MODEL:
        yield (
            f"The maps are not the model's ({methods[0]}): the noise of such maps, and so the smallest real change of "
            "WMH, is not known."
        )
    elif before.settings.wmh_threshold != NOISE_AT:
        yield (
            f"The smallest real change of WMH is known at the threshold {NOISE_AT:g} alone, and not at "
            f"{before.settings.wmh_threshold:g}."
        )


def _other_flair(before: MeasuredScan, after: MeasuredScan) -> Iterator[str]:
    dimensions = [_dimension(scan) for scan in (before, after)]
    if None not in dimensions and dimensions[0] != dimensions[1]:
        yield (
            f"One FLAIR is {dimensions[0]}, the other {dimensions[1]}: of one unchanged head the two give volumes that "
            "differ by a tenth in the mean, and by much more where lesions are few. Do not read the difference of WMH "
            "as a change."
        )
        return
    slices = [scan.measurements.row().get("flair_slice_mm") for scan in (before, after)]
    first, second = (one if isinstance(one, float) else 0.0 for one in slices)  # older derivatives do not tell it
    if min(first, second) > 0 and max(first, second) / min(first, second) > OTHER_SLICES:
        yield (
            f"The FLAIR were taken with slices of {first:.1f} and {second:.1f} mm: small lesions are in one and not in "
            "the other, and no smallest real change of WMH is known. Read its change as between protocols."
        )


def _infarcts(before: MeasuredScan, after: MeasuredScan) -> Iterator[str]:
    counts = [len(scan.infarcts) for scan in (before, after)]
    if any(counts):
        yield (
            f"Infarct-like lesions ({counts[0]} before, {counts[1]} after) are in no number or outline of WMH here: "
            "one that is new or has grown is not among the changes, and a WMH that became one counts as gone. Look at "
            "both scans."
        )


def _quality(found: FoundChange, score: float, *, usable: bool, version: str) -> tuple[Measurement, ...]:
    return (
        Measurement("flair_noise", found.noise, "1"),
        Measurement("registration_nmi", score, "1"),
        Measurement("usable", usable),
        Measurement("version", version),
    )


def _why(scan: MeasuredScan) -> str:
    reason = scan.measurements.row().get("unusable_reason")
    return f" ({reason})" if reason else ""
