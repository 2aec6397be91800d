"""What a scan report holds, derived from a MeasuredScan: words and numbers, no pictures."""

from dataclasses import dataclass

import numpy as np

from neurolupus.imaging.plausible import (
    LARGEST_CUT_CM2,
    LEAST_ATLAS_OVERLAP,
    MIN_FLAIR_COVER,
    MIN_REGISTRATION_NMI,
    USUAL_INDICES,
)
from neurolupus.records.measured import Lesion, MeasuredScan
from neurolupus.records.measurement import Measurement, Number
from neurolupus.records.provenance import Provenance
from neurolupus.records.scan import Acquisition, Participant
from neurolupus.records.volume import Mask, Probability
from neurolupus.report import wording
from neurolupus.report.methods import Methods, MethodsFacts, methods

CURVE_THRESHOLDS = tuple(round(0.1 + 0.02 * n, 2) for n in range(21))  # 0.1 to 0.5: the range the MRI paper tried
LESIONS_SHOWN = 40


@dataclass(frozen=True, slots=True)
class VolumeRow:
    """One line of the table of volumes; `level` 1 is a part of the line above."""

    label: str
    value: str
    interval: str  # `(604.1–620.3)`, empty where none was made
    share: str
    level: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class Usual:
    """What an index usually is on 1.5 to 3 T research scans: an orientation, not a limit.

    `better` says in which direction an index is good; bounds are None where there is none.
    """

    low: float | None
    high: float | None
    text: str
    meaning: str


def _usual(name: str, meaning: str) -> Usual:
    """An index of the T1w, with the bound beyond which `measure` warns."""
    index = next(one for one in USUAL_INDICES if one.name == name)
    return Usual(index.low, index.high, index.usual, meaning)


# The group page of one's own data set is the better yardstick.
USUAL: dict[str, Usual] = {
    "qc_snr_wm": _usual("qc_snr_wm", "White matter against its own spread on T1w; higher is better."),
    "qc_snr_gm": _usual("qc_snr_gm", "Grey matter against its own spread on T1w; higher is better."),
    "qc_cnr": _usual("qc_cnr", "How far grey and white matter lie apart on T1w; higher is better."),
    "qc_cjv": _usual("qc_cjv", "Spread of grey and white matter over their distance; lower is better."),
    "qc_efc": Usual(None, None, "compare within one protocol", "Blur and ghosts of motion; lower is better."),
    "qc_registration_nmi": Usual(
        MIN_REGISTRATION_NMI,
        None,
        f"{MIN_REGISTRATION_NMI:g} or more",
        "1 unrelated, 2 identical; low when the two are not of one head.",
    ),
    "qc_flair_cover": Usual(
        MIN_FLAIR_COVER, None, f"{MIN_FLAIR_COVER:g} or more", "1 when the FLAIR shows the whole brain."
    ),
    "qc_cut_cm2": Usual(
        None,
        LARGEST_CUT_CM2,
        f"{LARGEST_CUT_CM2:g} or less",
        "Where one side of the T1w cuts the brain; the stem alone has about 8.",
    ),
    "qc_atlas_overlap": Usual(
        LEAST_ATLAS_OVERLAP,
        None,
        f"{LEAST_ATLAS_OVERLAP:g} or more",
        "1 when it is the average head; low when it lies upside down.",
    ),
}


@dataclass(frozen=True, slots=True)
class QualityRow:
    """One quality index beside what is usual; `outside` is None when nothing is known of it."""

    label: str
    text: str
    usual: str
    meaning: str
    outside: bool | None


@dataclass(frozen=True, slots=True)
class LesionRow:
    """One line of the table of lesions.

    `number` is its label in the image of lesions, `centre` its place in mm; `shape` is solidity and eccentricity, empty
    for a lesion too small to have them.
    """

    number: int
    place: str
    region: str
    volume_ml: str
    longest_mm: str
    confidence: str
    shape: str
    flags: tuple[str, ...]
    centre: str


@dataclass(frozen=True, slots=True)
class ThresholdPoint:
    """WMH volume at one threshold."""

    threshold: float
    volume_ml: float


@dataclass(frozen=True, slots=True)
class Step:
    """How long one step took."""

    label: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of what is known of the images or of how they were measured."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class ScanContent:
    """The words and numbers of one scan report, in reading order."""

    title: str
    person: str
    usable: bool
    verdict: str
    verdict_detail: str
    volumes: tuple[VolumeRow, ...]
    tissue_ml: tuple[float, float, float]  # GM, WM, CSF
    wmh_ml: float | None
    wmh_text: str
    wmh_threshold: float
    warnings: tuple[str, ...]
    lesions: tuple[LesionRow, ...]
    lesions_left_out: int
    lesion_count: int  # of WMH
    infarct_count: int
    curve: tuple[ThresholdPoint, ...]
    quality: tuple[QualityRow, ...]
    steps: tuple[Step, ...]
    images: tuple[Fact, ...]
    provenance: tuple[Fact, ...]
    methods: Methods
    has_flair: bool


def find(measured: MeasuredScan, name: str) -> Measurement | None:
    """A measurement by name; None when it was not made or is unknown."""
    for item in measured.measurements.items:
        if item.name == name:
            return item if item.value is not None else None
    return None


def as_number(value: Number) -> float | None:
    """A plain number; None for words and unknowns."""
    return None if value is None or isinstance(value, str | bool) else float(value)


def found_number(measured: MeasuredScan, name: str) -> float | None:
    """The value of a measurement as a number; None when unknown."""
    item = find(measured, name)
    return None if item is None else as_number(item.value)


def wmh_curve(probability: Probability, brain_mask: Mask, voxel_volume_ml: float) -> tuple[ThresholdPoint, ...]:
    """Volume of the voxels that reach each threshold from 0.1 to 0.5, inside the brain mask."""
    likely = np.sort(probability[brain_mask & (probability >= CURVE_THRESHOLDS[0] - 1e-6)])
    counts = likely.size - np.searchsorted(likely, np.asarray(CURVE_THRESHOLDS, np.float32), side="left")
    return tuple(ThresholdPoint(t, float(n) * voxel_volume_ml) for t, n in zip(CURVE_THRESHOLDS, counts, strict=True))


def _volume_rows(measured: MeasuredScan) -> tuple[VolumeRow, ...]:
    names = [("tiv_ml", 0), ("tbv_ml", 0), ("gm_ml", 1), ("wm_ml", 1), ("csf_ml", 0)]
    if measured.wmh_mask is not None:
        names += [("wmh_ml", 0)]
        names += [(f"wmh_{r}_ml", 1) for r in ("periventricular", "deep", "juxtacortical", "infratentorial")]
        names += [(f"wmh_{n}", 0) for n in ("sdc_ml", "expected_ml", "operating_ml", "operating_sdc_ml")]
    notes = {
        "wmh_ml": f"at {measured.settings.wmh_threshold:g}"
        + (
            ""
            if measured.pair.own_wmh
            else "; in brackets an interval that held the truth in 95 of 100 simulated scans"
        ),
        "wmh_expected_ml": "no threshold",
        "wmh_sdc_ml": "of the volume at 0.2: less between two scans of one protocol may be noise",
        "wmh_operating_sdc_ml": "less between two scans of one protocol may be noise",
        "wm_ml": "filled WMH included",
    }
    if measured.wmh_mask is None:
        del notes["wm_ml"]
    tiv = found_number(measured, "tiv_ml")
    unknown = {item.name for item in measured.measurements.items if item.value is None}
    rows = []
    for name, level in names:
        item = find(measured, name)
        value = None if item is None else as_number(item.value)
        if item is None and name in unknown and name.startswith("wmh_") and level:
            rows.append(VolumeRow(wording.LABELS[name], wording.NOT_KNOWN, "", "", level, "the FLAIR cuts it off"))
        if item is None or value is None:
            continue
        text, _, interval = wording.interval_text(value, item.low, item.high, wording.decimals(name)).partition(" (")
        share = wording.percent_text(value / tiv) if tiv and name != "tiv_ml" and not name.endswith("_sdc_ml") else ""
        note = item.method if name == "wmh_operating_ml" else notes.get(name, "")
        rows.append(VolumeRow(wording.LABELS[name], text, interval and f"({interval}", share, level, note))
    return tuple(rows)


def _quality_rows(measured: MeasuredScan) -> tuple[QualityRow, ...]:
    rows = []
    for name, usual in USUAL.items():
        value = found_number(measured, name)
        if value is None:
            continue
        outside = (usual.low is not None and value < usual.low) or (usual.high is not None and value > usual.high)
        text = wording.number_text(value, wording.decimals(name))
        rows.append(QualityRow(wording.LABELS[name], text, usual.text, usual.meaning, outside))
    return tuple(rows)


def _lesion_row(lesion: Lesion) -> LesionRow:
    shape = [value for value in (lesion.solidity, lesion.eccentricity) if value is not None]
    flags = {"infarct-like": lesion.infarct_like, "black hole": lesion.black_hole, "confluent": lesion.confluent}
    return LesionRow(
        lesion.label,
        " ".join(part for part in (lesion.side, lesion.lobe) if part) or wording.NOT_KNOWN,
        lesion.region,
        wording.number_text(lesion.volume_ml, 2 if lesion.volume_ml >= 0.1 else 3),
        wording.number_text(lesion.longest_mm, 1),
        wording.NOT_KNOWN if lesion.infarct_like else wording.number_text(_sureness(lesion), 2),
        " / ".join(wording.number_text(value, 2) for value in shape) if len(shape) == 2 else "",
        tuple(name for name, is_so in flags.items() if is_so),
        ", ".join(wording.number_text(mm, 0) for mm in lesion.centroid_mm),
    )


def _sureness(lesion: Lesion) -> float:
    return lesion.mean_probability if lesion.confidence is None else lesion.confidence


def _size_text(acquisition: Acquisition) -> str:
    parts: list[str] = []
    if acquisition.acquisition_type:
        parts.append(acquisition.acquisition_type)
    if acquisition.native_shape:
        parts.append(" × ".join(str(n) for n in acquisition.native_shape) + " voxels")
    if acquisition.native_voxel_size_mm:
        parts.append(" × ".join(f"{n:.2f}" for n in acquisition.native_voxel_size_mm) + " mm")
    if acquisition.magnetic_field_strength_t:
        parts.append(f"{acquisition.magnetic_field_strength_t:g} T")
    if acquisition.manufacturer:
        parts.append(acquisition.manufacturer)
    if acquisition.contrast_enhanced:
        parts.append("contrast-enhanced")
    return ", ".join(parts) or "no details known"


def _image_facts(measured: MeasuredScan) -> tuple[Fact, ...]:
    facts = [Fact("T1w", _size_text(measured.pair.t1w_acquisition))]
    if measured.flair is not None:
        facts.append(Fact("FLAIR", _size_text(measured.pair.flair_acquisition)))
    if measured.transform is not None:
        shift = float(np.linalg.norm(_centre_shift(measured)))
        facts.append(Fact("FLAIR to T1w", f"turned by {measured.transform.rotation_deg:.1f}°, moved by {shift:.1f} mm"))
    return tuple(facts)


def _centre_shift(measured: MeasuredScan) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """How far the transform moves the centre of the T1w grid, in mm."""
    assert measured.transform is not None
    middle = measured.t1w.affine @ np.array([*((n - 1) / 2 for n in measured.t1w.shape), 1.0])
    moved = measured.transform.flair_to_t1w_ras @ middle
    return np.asarray((moved - middle)[:3], np.float64)


def _provenance_facts(provenance: Provenance) -> tuple[Fact, ...]:
    facts = [Fact("neurolupus", provenance.version)]
    if provenance.started:
        facts.append(Fact("Started", provenance.started))
    if provenance.peak_memory_mb is not None:
        facts.append(Fact("Peak memory", f"{provenance.peak_memory_mb:.0f} MB"))
    facts += [Fact(name, f"sha256 {digest}") for name, digest in provenance.input_sha256.items()]
    facts += [Fact(f"Setting {name}", str(value)) for name, value in provenance.settings.items()]
    if provenance.packages:
        facts.append(Fact("Packages", ", ".join(f"{n} {v}" for n, v in sorted(provenance.packages.items()))))
    return tuple(facts)


def scan_content(measured: MeasuredScan, provenance: Provenance, participant: Participant | None) -> ScanContent:
    """Everything a scan report says."""
    reason = find(measured, "unusable_reason")
    verdict, detail = wording.verdict_text(
        measured.usable, str(reason.value) if reason else None, len(measured.warnings)
    )
    lesions = sorted(measured.lesions, key=lambda lesion: (-lesion.volume_ml, -_sureness(lesion), lesion.label))
    gm, wm, csf = (found_number(measured, name) or 0.0 for name in ("gm_ml", "wm_ml", "csf_ml"))
    wmh = find(measured, "wmh_ml")
    flair_dim = find(measured, "flair_dim")
    curve: tuple[ThresholdPoint, ...] = ()
    if measured.wmh_probability is not None:
        curve = wmh_curve(measured.wmh_probability, measured.intracranial_mask, measured.t1w.voxel_volume_ml)
    return ScanContent(
        title=measured.pair.scan_id.stem,
        person=wording.person_text(participant),
        usable=measured.usable,
        verdict=verdict,
        verdict_detail=detail,
        volumes=_volume_rows(measured),
        tissue_ml=(gm, wm, csf),
        wmh_ml=found_number(measured, "wmh_ml"),
        wmh_text=wording.interval_text(wmh.value, wmh.low, wmh.high, 2) if wmh else "",
        wmh_threshold=measured.settings.wmh_threshold,
        warnings=tuple(wording.sentence(w) for w in measured.warnings),
        lesions=tuple(_lesion_row(lesion) for lesion in lesions[:LESIONS_SHOWN]),
        lesions_left_out=max(len(lesions) - LESIONS_SHOWN, 0),
        lesion_count=len(lesions) - len(measured.infarcts),
        infarct_count=len(measured.infarcts),
        curve=curve,
        quality=_quality_rows(measured),
        steps=tuple(
            Step(wording.step_title(n), s) for n, s in (measured.seconds or provenance.seconds).items() if n != "total"
        ),
        images=_image_facts(measured),
        provenance=_provenance_facts(provenance),
        methods=methods(
            MethodsFacts(
                provenance.version,
                has_flair=measured.wmh_mask is not None,
                wmh_thresholds=(measured.settings.wmh_threshold,),
                flair_dim=str(flair_dim.value) if flair_dim else None,
                wmh_methods={measured.pair.wmh_method: 1},
            )
        ),
        has_flair=measured.wmh_mask is not None,
    )
