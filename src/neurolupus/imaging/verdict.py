"""Verdict: whether a scan's volumes may be used, why not, and what to look at."""

from collections.abc import Sequence
from dataclasses import dataclass

from neurolupus.imaging.infarcts import LENGTH_MM
from neurolupus.imaging.plausible import MISMATCH_NMI, plausibility
from neurolupus.imaging.quality import contrast_order, tissue_medians
from neurolupus.imaging.tissue import Tissue
from neurolupus.records.measured import Lesion
from neurolupus.records.measurement import Measurement, MeasurementSet
from neurolupus.records.scan import ScanPair
from neurolupus.records.volume import Image, Mask, Volume


@dataclass(frozen=True, slots=True)
class Verdict:
    """`measurements` are the columns the verdict adds to the table."""

    usable: bool
    warnings: tuple[str, ...]
    measurements: tuple[Measurement, ...]


def judge(
    pair: ScanPair,
    t1w: Volume,
    mask: Mask,
    tissue: Tissue,
    flair: Image | None,
    lesions: Sequence[Lesion],
    measurements: MeasurementSet,
    found: Sequence[str] = (),
) -> Verdict:
    """What the reader of the volumes must know.

    Volumes are unusable with an infarct-like lesion longer than 1.5 cm or a declared disease that deforms the brain, as
    in Inglese et al. (2021), doi:10.1007/s00330-021-07970-2, with an infarct-like lesion that a rater drew, and with a
    FLAIR that may be another person's; every other finding is a warning and leaves them usable.
    `found` are warnings of the steps before.
    """
    reasons = [f"declared: {reason}" for reason in pair.declared_exclusions]
    infarcts = [lesion for lesion in lesions if lesion.infarct_like]
    if infarcts:
        lengths = [lesion.longest_mm for lesion in infarcts]
        over = f" over {LENGTH_MM:.0f} mm" if min(lengths) > LENGTH_MM else ""  # a rater's may be shorter
        reasons.append(f"{len(infarcts)} infarct-like lesion(s){over}, the longest {max(lengths):.0f} mm")
    score = measurements.row().get("qc_registration_nmi")
    if isinstance(score, float) and score < MISMATCH_NMI:
        reasons.append(f"FLAIR and T1w do not align (score {score:.3f}), as those of two persons do not")
    sure = [(m > 0.95) & mask for m in (tissue.gm, tissue.wm, tissue.csf)]
    t1w_medians = tissue_medians(t1w.data, *sure)
    flair_medians = tissue_medians(flair, *sure) if flair is not None else None
    warnings = [*(contrast_order(t1w_medians, flair_medians) if t1w_medians else ()), *plausibility(measurements)]
    warnings += found
    if infarcts:
        warnings.append(
            f"{len(infarcts)} infarct-like lesion(s) are kept out of the WMH volume and count; rims were filled as "
            "white matter, dark cores count as CSF."
        )
    warnings += [f"Volumes are unusable: {reason}." for reason in reasons]
    columns = (
        Measurement("qc_warnings", len(pair.warnings) + len(warnings), "1"),
        Measurement("usable", not reasons),
        Measurement("unusable_reason", "; ".join(reasons) or None),
    )
    return Verdict(not reasons, tuple(warnings), columns)
