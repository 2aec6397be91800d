"""Volumes as a DICOM Structured Report: TID 1500 Measurement Report, one group per structure."""

from collections.abc import Sequence
from typing import Any

from neurolupus.dicom.objects.codes import code, own_scheme
from neurolupus.dicom.objects.result import Result
from neurolupus.dicom.objects.stable import make_stable, placeholder, stable_uid
from neurolupus.records.measurement import Measurement

SERIES_NUMBER = 9103
LONGEST_TEXT = 1000
# The column of volumes.tsv, what is measured, where it lies, how.
STRUCTURES = (
    ("tiv_ml", "intracranial", "brain", "partial-volume"),
    ("tbv_ml", "brain", "brain", "partial-volume"),
    ("gm_ml", "gm", "brain", "partial-volume"),
    ("wm_ml", "wm", "brain", "partial-volume"),
    ("csf_ml", "csf", "brain", "partial-volume"),
)
PLACES = {  # column, code
    "wmh_periventricular_ml": "wmh_pv_ml",
    "wmh_deep_ml": "wmh_deep_ml",
    "wmh_juxtacortical_ml": "wmh_juxta_ml",
    "wmh_infratentorial_ml": "wmh_infra_ml",
}


def measurement_report(source: Sequence[Any], segmentation: Any | None, result: Result) -> Any:
    """The report of one scan.

    Parameters
    ----------
    source : sequence of pydicom datasets
        The series that was measured; whose and of which study it is, is taken from there.
    segmentation : Segmentation or None
        Of the hyperintensities; None where they were not measured.
    """
    from highdicom.sr import ComprehensiveSR, MeasurementReport

    known = {item.name: item for item in result.measurements.items}
    number = _Numbers()
    groups = [
        _structure(known[name], what, site, method, source, result, number)
        for name, what, site, method in STRUCTURES
        if name in known and known[name].value is not None
    ]
    if segmentation is not None:
        groups.append(_hyperintensities(known, segmentation, source, result, number))
    groups.append(_verdict(source, result, number))
    report = MeasurementReport(
        observation_context=_observer(result),
        procedure_reported=code("mr_brain"),
        imaging_measurements=groups,
    )
    made = ComprehensiveSR(
        evidence=[*source, *([segmentation] if segmentation is not None else [])],
        content=report,
        series_instance_uid=number.next(),
        series_number=SERIES_NUMBER,
        sop_instance_uid=number.next(),
        instance_number=1,
        manufacturer="neurolupus",
        is_complete=True,
        is_final=False,
        is_verified=False,
        series_description="neurolupus volumes; for research",
    )
    made.CodingSchemeIdentificationSequence = [own_scheme()]
    make_stable(made, made_at=result.made_at)
    return made


class _Numbers:
    """Placeholders of UIDs, each once."""

    def __init__(self) -> None:
        self._last = 0

    def next(self) -> Any:
        """The next one."""
        self._last += 1
        return placeholder(self._last)


def _structure(
    item: Measurement, what: str, site: str, method: str, source: Sequence[Any], result: Result, number: _Numbers
) -> Any:
    from highdicom.sr import FindingSite, MeasurementsAndQualitativeEvaluations

    return MeasurementsAndQualitativeEvaluations(
        tracking_identifier=_tracking(item.name, number),
        finding_type=code(what),
        finding_sites=[FindingSite(code(site))],
        algorithm_id=_algorithm(result),
        measurements=[_volume(item, method)],
        source_images=_sources(source),
    )


def _hyperintensities(
    known: dict[str, Measurement], segmentation: Any, source: Sequence[Any], result: Result, number: _Numbers
) -> Any:
    from highdicom.sr import (
        FindingSite,
        ReferencedSegment,
        SourceSeriesForSegmentation,
        VolumetricROIMeasurementsAndQualitativeEvaluations,
    )

    segment = ReferencedSegment(
        sop_class_uid=segmentation.SOPClassUID,
        sop_instance_uid=segmentation.SOPInstanceUID,
        segment_number=1,
        source_series=SourceSeriesForSegmentation(source[0].SeriesInstanceUID),
    )
    wmh = known["wmh_ml"]
    measured = [_volume(wmh, "threshold")]
    measured += [
        _number(bound, value, "ml")
        for bound, value in (("wmh_ml_low", wmh.low), ("wmh_ml_high", wmh.high))
        if value is not None
    ]
    measured += [_number("count", known["wmh_count"].value, "lesions")] if _is_known(known, "wmh_count") else []
    measured += [_number(short, known[name].value, "ml") for name, short in PLACES.items() if _is_known(known, name)]
    return VolumetricROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=_tracking("wmh_ml", number, segmentation.SegmentSequence[0].TrackingUID),
        referenced_segment=segment,
        finding_type=code("wmh"),
        finding_sites=[FindingSite(code("brain"))],
        algorithm_id=_algorithm(result),
        measurements=measured,
    )


def _verdict(source: Sequence[Any], result: Result, number: _Numbers) -> Any:
    """Whether the volumes may be analysed; why not, and each warning, as comments."""
    from highdicom.sr import (
        MeasurementsAndQualitativeEvaluations,
        QualitativeEvaluation,
        RelationshipTypeValues,
        TextContentItem,
    )

    group = MeasurementsAndQualitativeEvaluations(
        tracking_identifier=_tracking("usable", number),
        finding_type=code("brain"),
        algorithm_id=_algorithm(result),
        qualitative_evaluations=[QualitativeEvaluation(code("usable"), code("yes" if result.usable else "no"))],
        source_images=_sources(source),
    )
    for text in (*([f"Not usable: {result.reason}"] if not result.usable else []), *result.warnings):
        comment = TextContentItem(code("comment"), text[:LONGEST_TEXT], RelationshipTypeValues.CONTAINS)
        group[0].ContentSequence.append(comment)
    return group


def _volume(item: Measurement, method: str) -> Any:
    """A volume with its method and, where the interval holds the value, how far it reaches up and down."""
    from highdicom.sr import Measurement as Coded
    from highdicom.sr import MeasurementProperties

    value = float(item.value)  # type: ignore[arg-type]
    properties = None
    if item.low is not None and item.high is not None and item.low <= value <= item.high:
        properties = MeasurementProperties(
            upper_measurement_uncertainty=_rounded(item.high - value),
            lower_measurement_uncertainty=_rounded(value - item.low),
        )
        for one in properties:  # highdicom 0.28 calls them numbers without a unit
            one.MeasuredValueSequence[0].MeasurementUnitsCodeSequence = [code("ml")]
    return Coded(
        name=code("volume"), value=_rounded(value), unit=code("ml"), method=code(method), properties=properties
    )


def _number(name: str, value: Any, unit: str) -> Any:
    from highdicom.sr import Measurement as Coded

    return Coded(name=code(name), value=_rounded(float(value)), unit=code(unit))


def _rounded(value: float) -> float:
    """As many digits as a decimal string of DICOM holds (16 letters) and volumes deserve."""
    return round(value, 6)


def _is_known(known: dict[str, Measurement], name: str) -> bool:
    return name in known and known[name].value is not None


def _tracking(name: str, number: _Numbers, uid: Any = None) -> Any:
    from highdicom.sr import TrackingIdentifier

    return TrackingIdentifier(uid=uid or number.next(), identifier=name)


def _algorithm(result: Result) -> Any:
    from highdicom.sr import AlgorithmIdentification

    parameters = [f"wmh_threshold={result.threshold:g}", f"wmh_method={result.wmh_method}"]
    return AlgorithmIdentification(name="neurolupus", version=result.version, parameters=parameters)


def _sources(source: Sequence[Any]) -> list[Any]:
    from highdicom.sr import SourceImageForMeasurementGroup

    return [SourceImageForMeasurementGroup.from_source_image(source[len(source) // 2])]


def _observer(result: Result) -> Any:
    from highdicom.sr import DeviceObserverIdentifyingAttributes, ObservationContext, ObserverContext
    from pydicom.sr.codedict import codes

    device = DeviceObserverIdentifyingAttributes(
        uid=stable_uid("neurolupus", result.version),
        name="neurolupus",
        manufacturer_name="neurolupus",
        model_name=result.version,
    )
    return ObservationContext(observer_device_context=ObserverContext(codes.DCM.Device, device))
