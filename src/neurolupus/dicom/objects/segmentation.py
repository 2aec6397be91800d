"""The mask of hyperintensities, or their probability, as a DICOM Segmentation (PS3.3 A.51)."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurolupus.dicom.objects.codes import code
from neurolupus.dicom.objects.result import Result
from neurolupus.dicom.objects.stable import make_stable, placeholder

MASK_SERIES, PROBABILITY_SERIES = 9101, 9102  # far behind those that a scanner makes
STEPS = 255  # of a fraction: one byte
LABEL = "WMH"


def mask_segmentation(source: Sequence[Any], mask: NDArray[np.bool_], result: Result) -> Any:
    """A binary segmentation of one segment, in frames like those of the source.

    Parameters
    ----------
    source : sequence of pydicom datasets
        The series that was measured, in the order of the frames; pixels are not needed.
    mask : (frames, rows, columns) bool array
        Frames without a lesion are left out of the object, unless none has one.
    """
    words = f"WMH, probability of {result.threshold:g} or more"
    return _segmentation(source, mask.astype(np.uint8), result, "BINARY", MASK_SERIES, words)


def probability_segmentation(source: Sequence[Any], probability: NDArray[np.float32], result: Result) -> Any:
    """A fractional segmentation: probability in steps of 1/255, rounded to the nearest.

    Parameters
    ----------
    source : sequence of pydicom datasets
    probability : (frames, rows, columns) float array, 0 to 1
    """
    stepped = np.rint(np.clip(probability, 0, 1) * STEPS) / STEPS
    words = "Probability of a WMH, in steps of 1/255"
    return _segmentation(source, stepped.astype(np.float64), result, "FRACTIONAL", PROBABILITY_SERIES, words)


def _segmentation(
    source: Sequence[Any], pixels: NDArray[Any], result: Result, kind: str, series_number: int, words: str
) -> Any:
    from highdicom import AlgorithmIdentificationSequence
    from highdicom.seg import Segmentation, SegmentDescription

    algorithm = AlgorithmIdentificationSequence(
        name="neurolupus WMH" if result.is_automatic else result.wmh_method[:64],
        family=code("ai"),
        version=result.version,
        source="neurolupus",
        parameters={"wmh_threshold": f"{result.threshold:g}", "wmh_method": result.wmh_method[:64]},
    )
    segment = SegmentDescription(
        segment_number=1,
        segment_label="White matter hyperintensities",
        segmented_property_category=code("abnormal"),
        segmented_property_type=code("wmh"),
        algorithm_type="AUTOMATIC" if result.is_automatic else "SEMIAUTOMATIC",
        algorithm_identification=algorithm,
        tracking_uid=placeholder(1),
        tracking_id=LABEL,
        anatomic_regions=[code("brain")],
    )
    made = Segmentation(
        source_images=list(source),
        pixel_array=pixels,
        segmentation_type=kind,
        segment_descriptions=[segment],
        series_instance_uid=placeholder(2),
        series_number=series_number,
        sop_instance_uid=placeholder(3),
        instance_number=1,
        manufacturer="neurolupus",
        manufacturer_model_name="neurolupus",
        software_versions=result.version,
        device_serial_number=result.version,
        max_fractional_value=STEPS,
        content_label=LABEL,
        content_description=f"{words}; for research"[:64],
        content_creator_name="neurolupus^",
        series_description=f"neurolupus {words}"[:64],
    )
    make_stable(made, made_at=result.made_at)
    return made
