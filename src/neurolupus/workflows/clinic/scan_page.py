"""What a scan's page shows: volumes with intervals, verdict, lesions; little of it while the volumes are sealed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from neurolupus.errors import TableError
from neurolupus.records.measured import Lesion
from neurolupus.report.wording import LABELS, decimals, interval_text, number_text, verdict_text
from neurolupus.store.edits import Edit, edits_of
from neurolupus.store.engine import Store
from neurolupus.store.measurements import Measured, measurements_of, why_unusable
from neurolupus.store.scans import Scan, scan_of
from neurolupus.store.sealing import volumes_open
from neurolupus.workflows.clinic.scan_files import edit_folder, images_of, measured_folder, raw_pair, scan_id_of_row
from neurolupus.workflows.finished import numbers_of

VOLUMES = ("tiv_ml", "tbv_ml", "gm_ml", "wm_ml", "csf_ml", "wmh_ml")
REGIONS = tuple(f"wmh_{name}_ml" for name in ("periventricular", "deep", "juxtacortical", "infratentorial"))
QUALITY = ("qc_snr_gm", "qc_snr_wm", "qc_cnr", "qc_cjv", "qc_efc", "qc_registration_nmi", "qc_flair_cover")
SEALED_IMAGES = ("wmh", "wmh-mask")


@dataclass(frozen=True, slots=True)
class VolumeLine:
    """One volume, by the program and by each measured edit."""

    label: str
    indent: bool
    texts: tuple[tuple[str, str], ...]  # value, and its interval in brackets


@dataclass(frozen=True, slots=True)
class LesionLine:
    """One lesion of the list; its place in mm, RAS+."""

    number: int
    region: str
    side: str
    volume: str
    confidence: str
    infarct_like: bool
    x: float
    y: float
    z: float


@dataclass(frozen=True, slots=True)
class ScanView:
    """All that a scan's page needs.

    Attributes
    ----------
    sealed : bool
        Volumes, lesions and overlay are left out.
    images : tuple of str
        Names that may be asked for.
    """

    scan: Scan
    sealed: bool
    images: tuple[str, ...]
    verdict: str
    reason: str
    usable: bool
    warnings: tuple[str, ...]
    threshold: float
    volumes: tuple[VolumeLine, ...]
    quality: tuple[tuple[str, str], ...]
    lesions: tuple[LesionLine, ...]
    edits: tuple[Edit, ...]
    measured_edits: tuple[Edit, ...]
    can_be_edited: bool
    version: str


def scan_view(store: Store, scan_id: str) -> ScanView:
    """What a scan's page shows.

    Raises
    ------
    StoreError
        No such scan is kept.
    """
    with store.read() as connection:
        scan = scan_of(connection, scan_id)
        is_open = volumes_open(connection, scan.patient_id)
        automatic = measurements_of(connection, scan_id)
        edits = tuple(edits_of(connection, scan_id))
        done = tuple(one for one in edits if one.status == "measured")
        by_edit = [measurements_of(connection, scan_id, method=f"edit:{one.id}") for one in done]
    warnings, lesions = _from_files(store, scan) if scan.status == "measured" else ((), ())
    unusable = why_unusable(automatic)
    verdict, _ = verdict_text(not unusable, None, len(warnings))
    return ScanView(
        scan=scan,
        sealed=not is_open,
        images=tuple(name for name in images_of(store, scan) if is_open or name not in SEALED_IMAGES),
        verdict=verdict,
        reason=unusable,
        usable=not unusable,
        warnings=warnings,
        threshold=_value(automatic, "wmh_threshold") or 0.2,
        volumes=_volumes(automatic, by_edit) if is_open else (),
        quality=tuple((LABELS[name], _number(automatic, name)) for name in QUALITY if name in automatic),
        lesions=tuple(_line(one) for one in lesions) if is_open else (),
        edits=edits if is_open else (),
        measured_edits=done if is_open else (),
        can_be_edited=all(raw_pair(store, scan)),
        version=_text(automatic, "version") or "",
    )


def edit_warnings(store: Store, scan: Scan, edit: Edit) -> tuple[str, ...]:
    """What measuring an edited mask warned of."""
    return numbers_of(edit_folder(store, edit) / "measured", scan_id_of_row(scan)).warnings


def _from_files(store: Store, scan: Scan) -> tuple[tuple[str, ...], tuple[Lesion, ...]]:
    try:
        told = numbers_of(measured_folder(store, scan), scan_id_of_row(scan))
    except TableError as error:
        return (str(error),), ()
    return told.warnings, told.lesions


def _volumes(automatic: Mapping[str, Measured], edits: list[dict[str, Measured]]) -> tuple[VolumeLine, ...]:
    lines = []
    has_wmh = "wmh_ml" in automatic and automatic["wmh_ml"].value is not None  # a region may be cut off by the FLAIR
    for name in (*VOLUMES, *REGIONS):
        if name in automatic and (automatic[name].value is not None or (name in REGIONS and has_wmh)):
            texts = tuple(_split(_number(one, name)) for one in (automatic, *edits))
            lines.append(VolumeLine(LABELS[name], name in ("gm_ml", "wm_ml", *REGIONS), texts))
    return tuple(lines)


def _line(one: Lesion) -> LesionLine:
    x, y, z = one.centroid_mm
    confidence = f"{100 * one.confidence:.0f} %" if one.confidence is not None else "–"
    volume = number_text(one.volume_ml, 2) if one.volume_ml >= 0.005 else "<0.01"
    return LesionLine(
        one.label,
        one.region,
        one.side or "",
        volume,
        confidence,
        one.infarct_like,
        round(x, 1),
        round(y, 1),
        round(z, 1),
    )


def _number(found: Mapping[str, Measured], name: str) -> str:
    one = found.get(name)
    if one is None or one.value is None:
        return "–"
    return interval_text(one.value, one.low, one.high, decimals(name))


def _split(text: str) -> tuple[str, str]:
    value, _, interval = text.partition(" (")
    return value, interval and f"({interval}"


def _value(found: Mapping[str, Measured], name: str) -> float | None:
    one = found.get(name)
    return one.value if one else None


def _text(found: Mapping[str, Measured], name: str) -> str | None:
    one = found.get(name)
    return one.text if one else None
