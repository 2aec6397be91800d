"""Methods of the user's own on one scan: their maps before it is measured, and how they compare after."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from neurolupus import __version__
from neurolupus.errors import ImageError, UsageError
from neurolupus.io.wmh_method import SAID, describe_method, run_method
from neurolupus.records.measured import MeasuredScan
from neurolupus.records.measurement import MeasurementSet
from neurolupus.records.scan import ScanPair
from neurolupus.records.volume import Volume
from neurolupus.records.wmh_method import MODEL, OWN_MAP, ChosenMethods, MethodComparison, MethodFacts

Measure = Callable[[ScanPair], MeasuredScan]


@dataclass(frozen=True, slots=True, eq=False)
class OtherMap:
    """The map of a method that is compared; None with the reason when it failed."""

    facts: MethodFacts
    volume: Volume | None
    failure: str = ""


def choose_methods(
    main: str | None, compared: Sequence[str], *, minutes: float = 60.0, own_wmh: Path | None = None
) -> ChosenMethods:
    """The methods that the user named, looked up once for all scans.

    Raises
    ------
    UsageError
        A name leads to no method, the main one cannot run, or the names make no sense together.
    """
    if main is not None and own_wmh is not None:
        raise UsageError(
            f"--wmh-method {main} and --wmh-mask {own_wmh} both say what is a hyperintensity.\n"
            "    Leave one of the two out; with --wmh-compare a method is compared with your mask."
        )
    if not minutes > 0:
        raise UsageError(f"--wmh-minutes is {minutes:g}; more than 0 is needed.")
    first = None if main in (None, MODEL) else describe_method(str(main))
    others = tuple(_described(name) for name in compared)
    if first is not None and first.missing:
        raise UsageError(
            f"Method {first.title} cannot run: {first.missing}.\n    Install what it needs; nothing was measured."
        )
    measured = first.label if first else "" if own_wmh else MODEL
    counts = Counter([measured, *(one.label for one in others)])
    twice = sorted(name for name, n in counts.items() if n > 1)
    if twice:
        raise UsageError(
            f"{', '.join(twice)} would be compared with itself; each method is named once.\n"
            "    Leave it out of --wmh-compare."
        )
    return ChosenMethods(first, others, minutes)


def _described(name: str) -> MethodFacts:
    return MethodFacts(MODEL, __version__, asked=MODEL) if name == MODEL else describe_method(name)


def run_methods(
    pair: ScanPair,
    files: tuple[Path, Path | None],
    chosen: ChosenMethods,
    measure: Measure,
    progress: Callable[[str], None],
) -> tuple[ScanPair, tuple[OtherMap, ...]]:
    """The pair with the main method's map, and the maps it will be compared with.

    Parameters
    ----------
    files : tuple of Path
        T1w and FLAIR as they were given.
    measure : callable
        Measures a pair, for the program's own model as a method that is compared.

    Raises
    ------
    MethodError
        The main method failed. One that is compared leaves a warning instead.
    """
    t1w, flair = files
    if pair.flair is None or flair is None:
        return pair, ()
    images = (pair.t1w, pair.flair)
    if chosen.main is not None:
        progress("method")
        own = run_method(chosen.main, t1w, flair, images, minutes=chosen.minutes)
        pair = replace(
            pair,
            own_wmh=own.volume,
            own_wmh_source=chosen.main.title,
            warnings=(*pair.warnings, *own.warnings),
        )
    others = []
    for facts in chosen.compared:
        progress("comparison")
        try:
            if facts.name == MODEL:
                others.append(OtherMap(facts, _map_of_model(pair, measure)))
                continue
            own = run_method(facts, t1w, flair, images, minutes=chosen.minutes)
        except ImageError as error:
            reason = str(error).splitlines()[0].removesuffix(SAID)
            others.append(OtherMap(facts, None, reason))
            pair = replace(pair, warnings=(*pair.warnings, f"Comparison left out: {reason}"))
            continue
        others.append(OtherMap(facts, own.volume))
        pair = replace(pair, warnings=(*pair.warnings, *(f"Comparison: {one}" for one in own.warnings)))
    return pair, tuple(others)


def _map_of_model(pair: ScanPair, measure: Measure) -> Volume:
    """What the program's model finds, on the T1w's grid."""
    measured = measure(replace(pair, own_wmh=None, own_infarct=None, own_wmh_source=""))
    assert measured.wmh_probability is not None
    return measured.t1w.with_data(measured.wmh_probability)


def with_comparisons(measured: MeasuredScan, others: Sequence[OtherMap]) -> MeasuredScan:
    """The scan with how each map compares with its mask, and a warning of every map of which nothing is left.

    Where the program's model finds nothing, that is a finding; another's map may have another scale.
    """
    compared = compare_methods(measured, others)
    own, labels = measured.pair.own_wmh, measured.lesion_labels
    silent = []
    if own is not None and labels is not None and not labels.any():
        silent.append((measured.pair.own_wmh_source or OWN_MAP.capitalize(), own))
    for one, other in zip(compared, others, strict=True):
        if one.facts.name != MODEL and one.mask is not None and not one.mask.any() and other.volume is not None:
            silent.append((f"Comparison: {one.facts.title}", other.volume))
    threshold = measured.settings.wmh_threshold
    warnings = tuple(
        f"{name}: no voxel reaches {threshold:g}, the highest is {volume.data.max():.3g}; no hyperintensity is left. "
        "Look at the scale of the map, or choose another --wmh-threshold."
        for name, volume in silent
        if volume.data.any()  # of an empty one its reader has warned
    )
    measurements = _with_warnings(measured.measurements, len(warnings))
    return replace(measured, comparisons=compared, warnings=(*measured.warnings, *warnings), measurements=measurements)


def _with_warnings(measurements: MeasurementSet, more: int) -> MeasurementSet:
    """The measurements with so many warnings more in `qc_warnings`."""
    return MeasurementSet(
        tuple(
            replace(one, value=one.value + more) if one.name == "qc_warnings" and isinstance(one.value, int) else one
            for one in measurements.items
        )
    )


def compare_methods(measured: MeasuredScan, others: Sequence[OtherMap]) -> tuple[MethodComparison, ...]:
    """How each map, cut at the threshold of the measurement, compares with the mask that was measured.

    Where the measurement found infarct-like lesions, nothing of either is counted.
    """
    from neurolupus.imaging.agreement import segmentation_agreement
    from neurolupus.imaging.moved_map import own_map
    from neurolupus.imaging.own_checks import inside_head

    mask, transform, infarct = measured.wmh_mask, measured.transform, measured.infarct_mask
    if mask is None or infarct is None or transform is None:
        return ()
    onto_to_moving = np.linalg.inv(transform.flair_to_t1w_ras).astype(np.float64)
    compared = []
    for other in others:
        if other.volume is None:
            compared.append(MethodComparison(other.facts, other.failure))
            continue
        threshold = measured.settings.wmh_threshold
        own = own_map(other.volume, measured.t1w, onto_to_moving)
        try:
            own, _ = inside_head(own, measured.intracranial_mask, measured.t1w.affine, threshold)
        except ImageError as error:
            compared.append(MethodComparison(other.facts, str(error).splitlines()[0]))
            continue
        theirs = (own >= threshold) & ~infarct  # what is in no number of ours is in none of theirs
        found = segmentation_agreement(mask, theirs, measured.t1w.affine)
        compared.append(
            MethodComparison(
                other.facts,
                volume_ml=found.volume_b_ml,
                volume_error_ml=found.volume_error_ml,
                dice=found.dice,
                lesions=found.lesions_b,
                lesion_recall=found.lesion_recall,
                lesion_precision=found.lesion_precision,
                lesion_f1=found.lesion_f1,
                hausdorff95_mm=found.hausdorff95_mm,
                mask=theirs,
            )
        )
    return tuple(compared)


def method_facts(chosen: ChosenMethods) -> dict[str, object]:
    """What provenance says of them: names, versions and hashes, never a path."""
    facts: dict[str, object] = {"wmh_method": _told(chosen.main)} if chosen.main else {}
    if chosen.compared:
        facts["wmh_compared"] = [_told(one) for one in chosen.compared]
    return facts


def _told(facts: MethodFacts) -> dict[str, str]:
    return {name: value for name, value in asdict(facts).items() if name in ("name", "version", "code_sha256")}
