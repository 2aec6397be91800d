"""Volumetry: maps to the measurements of volumes.tsv, each with its interval."""

from collections.abc import Sequence

from neurolupus.imaging.grid import bounding_box
from neurolupus.imaging.lesions import count_components, region_loads
from neurolupus.imaging.tissue import Tissue
from neurolupus.imaging.uncertainty import tissue_interval
from neurolupus.imaging.volumes import mask_volume_ml, probability_volume_ml
from neurolupus.imaging.wmh_calibration import NOISE_AT, calibration
from neurolupus.records.measured import Lesion
from neurolupus.records.measurement import Measurement
from neurolupus.records.volume import Affine, Mask, Probability

# Relative standard deviation of the error on held-out simulated heads: docs/reference/accuracy.md
MODEL_RELATIVE_SD = {"gm_ml": 0.03, "wm_ml": 0.02, "csf_ml": 0.08, "tiv_ml": 0.025, "tbv_ml": 0.02}


def tissue_volumes(tissue: Tissue, affine: Affine) -> tuple[Measurement, ...]:
    """gm_ml, wm_ml, csf_ml, tiv_ml, tbv_ml with 95 % intervals, and the fractions of TIV."""
    box = bounding_box(tissue.gm + tissue.wm + tissue.csf > 0)  # most of a head's grid is air
    gm, wm, csf = tissue.gm[box], tissue.wm[box], tissue.csf[box]
    maps = {"gm_ml": gm, "wm_ml": wm, "csf_ml": csf, "tiv_ml": gm + wm + csf, "tbv_ml": gm + wm}
    value = {name: probability_volume_ml(maps[name], affine) for name in ("gm_ml", "wm_ml", "csf_ml")}
    value["tiv_ml"] = value["gm_ml"] + value["wm_ml"] + value["csf_ml"]
    value["tbv_ml"] = value["gm_ml"] + value["wm_ml"]
    found = []
    for name, probability in maps.items():
        interval = tissue_interval(probability, affine, model_relative_sd=MODEL_RELATIVE_SD[name])
        found.append(Measurement(name, value[name], "ml", interval.low_ml, interval.high_ml, interval.method))
    for name in ("gm", "wm", "tbv"):
        found.append(Measurement(f"{name}_tiv", value[f"{name}_ml"] / value["tiv_ml"], "1"))
    return tuple(found)


def wmh_volumes(
    probability: Probability,
    mask: Mask,
    lesions: Sequence[Lesion],
    affine: Affine,
    tiv_ml: float,
    *,
    dimension: str | None,
    operating: Mask | None,
    threshold: float,
) -> tuple[Measurement, ...]:
    """WMH volume and the interval of the true one, other volumes of the same map, count, and the load of each region.

    `probability` and `mask` hold no infarct-like lesions, and those among `lesions` are not counted. Of a map of the
    user's own `operating`, the mask at the model's operating point, is None: no interval and no smallest real change
    are known of it either. `threshold` is where `mask` is cut: the noise of `wmh_ml` is known at 0.2 alone.
    """
    wmh = tuple(lesion for lesion in lesions if not lesion.infarct_like)
    volume, expected = mask_volume_ml(mask, affine), probability_volume_ml(probability, affine)
    known = calibration()
    own = operating is None
    if own:
        found = [Measurement("wmh_ml", volume, "ml")]
    else:
        interval = known.interval(expected)
        found = [Measurement("wmh_ml", volume, "ml", interval.low_ml, interval.high_ml, interval.method)]
    point, peak = known.operating_point, known.operating_peak
    sure = None if operating is None else mask_volume_ml(operating, affine)
    sure_count = None if operating is None else count_components(operating)
    at_threshold, at_point = known.noise.of(dimension), known.operating_noise.of(dimension)
    change = at_threshold.smallest_real_change_ml(volume) if not own and threshold == NOISE_AT else None
    found += [
        Measurement("wmh_expected_ml", expected, "ml"),
        Measurement(
            "wmh_operating_ml",
            sure,
            "ml",
            method=f"lesions at {point:g} whose surest voxel reaches {peak:g}, out to half of their own brightness",
        ),
        Measurement("wmh_operating_count", sure_count, "1"),
        Measurement("wmh_operating_sdc_ml", None if sure is None else at_point.smallest_real_change_ml(sure), "ml"),
        Measurement("wmh_sdc_ml", change, "ml"),
        Measurement("wmh_tiv", volume / tiv_ml, "1"),
        Measurement("wmh_count", len(wmh), "1"),
    ]
    loads = region_loads(wmh)
    found += [Measurement(f"wmh_{load.region}_ml", load.volume_ml, "ml") for load in loads]
    found += [Measurement(f"wmh_{load.region}_count", load.count, "1") for load in loads]
    return tuple(found)
