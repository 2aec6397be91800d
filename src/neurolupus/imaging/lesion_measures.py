"""The patient's lesions in the numbers of volumes.tsv: confluence, darkness, shape, sides, lobes, infarcts."""

from collections.abc import Sequence

from neurolupus.imaging.lesion_details import PlaceLoads
from neurolupus.records.measured import LOBES, Lesion
from neurolupus.records.measurement import Measurement

NEAR_SHAPES = ("solidity", "convexity", "concavity_index", "fractal_dimension")  # of periventricular lesions
FAR_SHAPES = ("eccentricity", "fractal_dimension")  # of deep and juxtacortical ones


def lesion_measures(lesions: Sequence[Lesion], places: PlaceLoads | None) -> tuple[Measurement, ...]:
    """What the lesions come to.

    Parameters
    ----------
    lesions : sequence of Lesion
        As `describe_lesions` returns them.
    places : PlaceLoads or None
        None: the head did not fit the atlas, and sides and lobes are unknown.

    Notes
    -----
    Shapes are means over the patient's lesions of 0.03 ml and more, each lesion alike, of periventricular (confluent
    ones among them) and of deep with juxtacortical lesions, as Ghaznawi et al. [1]_ chose the markers of each; None
    without such a lesion. None is not zero: no lesion has no shape.

    References
    ----------
    .. [1] Ghaznawi et al. (2019), J Cereb Blood Flow Metab 39:2486, doi:10.1177/0271678X18800463.
    """
    wmh = [lesion for lesion in lesions if not lesion.infarct_like]
    infarcts = [lesion for lesion in lesions if lesion.infarct_like]
    confluent = [lesion for lesion in wmh if lesion.confluent]
    near = [lesion for lesion in wmh if lesion.region == "periventricular"]
    far = [lesion for lesion in wmh if lesion.region in ("deep", "juxtacortical")]
    dark = None if any(one.dark_ml is None for one in wmh) else sum(one.dark_ml or 0.0 for one in wmh)
    holes = None if any(one.black_hole is None for one in wmh) else sum(bool(one.black_hole) for one in wmh)
    found = [
        Measurement("wmh_confluent_ml", sum((lesion.volume_ml for lesion in confluent), 0.0), "ml"),
        Measurement("wmh_confluent_count", len(confluent), "1"),
        Measurement("wmh_black_hole_ml", dark, "ml"),
        Measurement("wmh_black_hole_count", holes, "1"),
    ]
    found += [Measurement(f"wmh_periventricular_{name}", _mean(near, name), "1") for name in NEAR_SHAPES]
    found += [Measurement(f"wmh_deep_{name}", _mean(far, name), "1") for name in FAR_SHAPES]
    found += [
        Measurement("wmh_left_ml", places.left_ml if places else None, "ml"),
        Measurement("wmh_right_ml", places.right_ml if places else None, "ml"),
    ]
    found += [Measurement(f"wmh_{lobe}_ml", places.lobes_ml[lobe] if places else None, "ml") for lobe in LOBES]
    found += [
        Measurement("infarct_like_count", len(infarcts), "1"),
        Measurement("infarct_like_ml", sum((lesion.volume_ml for lesion in infarcts), 0.0), "ml"),
    ]
    return tuple(found)


def _mean(lesions: Sequence[Lesion], name: str) -> float | None:
    """The mean of a shape over lesions that have one."""
    values = [float(value) for lesion in lesions if (value := getattr(lesion, name)) is not None]
    return sum(values) / len(values) if values else None
