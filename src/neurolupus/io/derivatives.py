"""Which files are made of a measured scan: images, tables, transforms, each with what its sidecar says."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurolupus.io.transforms import ITK_DIRECTION, POINTS_DIRECTION, itk_text, points_text
from neurolupus.records.measured import MeasuredScan
from neurolupus.records.measurement import Number
from neurolupus.records.volume import Probability

TISSUE_METHOD = "partial-volume mixture of Gaussians with the network's anatomy as prior"

# Probabilities are kept to three decimals: finer ones are noise, and make files four times as large.
PROBABILITY_DECIMALS = 3
# An image whose tissue has this many whole steps is kept in steps as whole as the scanner's: finer ones are noise too.
ENOUGH_STEPS = 500
LESION_COLUMNS = {
    "index": "",  # BIDS defines it: the value of the voxels
    "name": "",
    "region": "periventricular, deep, juxtacortical or infratentorial",
    "volume_ml": "Volume in mL",
    "longest_mm": "Longest diameter in mm",
    "mean_probability": "Mean probability over its voxels",
    "peak_probability": "Probability of its surest voxel",
    "confidence": "By its surest voxel, fitted on few real brains: it puts the lesions of a scan in order, not telling "
    "how many are true; n/a for a map of your own, and of infarct-like ones",
    "at_operating_point": "Whether any of it is in the mask at the operating point; n/a for a map of your own",
    "infarct_like": "Whether it looks like an infarct: then it is in no column of WMH, and holds its dark core",
    "confluent": "Periventricular, and reaching further than 10 mm from the ventricle",
    "reach_mm": "Distance of its farthest voxel from the ventricle in mm; of periventricular lesions",
    "dark_ml": "Part of it that is darker than grey matter on T1w, in mL",
    "black_hole": "Whether at least half of it is darker than grey matter on T1w",
    "solidity": "Volume / volume of the convex hull; of lesions of 0.03 mL and more, as the next four",
    "convexity": "Surface of the convex hull / surface",
    "concavity_index": "Root of (2 - convexity)^2 + (1 - solidity)^2",
    "eccentricity": "Shortest / longest diameter, 1 when round",
    "fractal_dimension": "By counting boxes",
    "side": "left or right, of the patient: where most of its voxels lie",
    "lobe": "frontal, parietal, temporal, occipital or central, by planes in MNI space; none below the tentorium",
    "x": "Centroid, mm to the right (RAS+)",
    "y": "Centroid, mm to the front (RAS+)",
    "z": "Centroid, mm upwards (RAS+)",
}
TISSUES = ((1, "grey matter", "GM"), (2, "white matter", "WM"), (3, "cerebrospinal fluid", "CSF"))
GRID = "the T1w's grid, its axes in RAS+ order; world coordinates are those of the T1w"


@dataclass(frozen=True, slots=True, eq=False)
class Derivative:
    """One output file; exactly one of `image`, `text` and `table` is set.

    Parameters
    ----------
    entities : dict
        Of its name; `from_` stands for from.
    image : (I, J, K) array, optional
        On the grid of the T1w, with `dtype` on disk, rounded to `decimals` when it is written.
    table : tuple of dict, optional
        Rows, and `columns` their order.
    about : dict
        What the sidecar says; empty: no sidecar.
    """

    entities: dict[str, str]
    suffix: str
    extension: str
    about: dict[str, object] = field(default_factory=dict)
    image: NDArray[Any] | None = None
    dtype: str = ""
    decimals: int | None = None
    text: str | None = None
    table: tuple[dict[str, Number], ...] | None = None
    columns: tuple[str, ...] = ()


def derivatives(measured: MeasuredScan) -> Iterator[Derivative]:
    """Every image, table and transform of a scan, in a fixed order; without a FLAIR, none that needs one."""
    t1w, _ = _raw_sources(measured)
    for one in (*_intensities(measured), *_masks(measured), *_probabilities(measured), *_segmentations(measured)):
        yield replace(one, about={**one.about, "SpatialReference": t1w[0]}) if one.about and t1w else one
    yield from _transforms(measured)


def common_facts(measured: MeasuredScan, version: str) -> dict[str, object]:
    """What every sidecar says: version and settings."""
    return {"NeurolupusVersion": version, "Settings": asdict(measured.settings)}


def is_skull_stripped(measured: MeasuredScan) -> bool:
    """Whether the T1w holds the brain only: what the user said, else whether little but zeros surrounds the mask.

    Scalp, skull and neck take about as much room as the brain; a quarter of it is the limit.
    """
    if measured.settings.skull_stripped is not None:
        return measured.settings.skull_stripped
    around = np.count_nonzero((measured.t1w.data != 0) & ~measured.intracranial_mask)
    return bool(around < 0.25 * np.count_nonzero(measured.intracranial_mask))


def _intensities(measured: MeasuredScan) -> Iterator[Derivative]:
    t1w, flair = _raw_sources(measured)
    stripped = is_skull_stripped(measured)
    corrected = _about("T1w corrected for intensity non-uniformity", "N4 bias correction", t1w, SkullStripped=stripped)
    yield _intensity({"desc": "preproc"}, "T1w", corrected, measured.t1w_corrected, measured.t1w.data)
    raw = measured.pair.flair
    if measured.flair is not None:
        about = _about(
            "FLAIR resampled onto the T1w",
            measured.transform.method if measured.transform else "",
            flair,
            SkullStripped=stripped,
        )
        yield _intensity({"space": "T1w", "desc": "preproc"}, "FLAIR", about, measured.flair, raw.data if raw else None)
    is_filled = measured.wmh_mask is not None
    filled = _about(
        "T1w whose hyperintensities hold the intensity of white matter; the whole head is kept"
        if is_filled
        else "T1w; without a FLAIR no hyperintensity is known, and none was filled",
        "lesion filling" if is_filled else "",
        [*t1w, *flair],
        SkullStripped=stripped,
    )
    yield _intensity({"desc": "filled"}, "T1w", filled, measured.filled_t1w, measured.t1w.data)


def _masks(measured: MeasuredScan) -> Iterator[Derivative]:
    t1w, flair = _raw_sources(measured)
    brain = _about("The brain: tissue, ventricles and the fluid within sulci", "", t1w, Type="Brain")
    yield _image({"desc": "brain"}, "mask", brain, measured.brain_mask, "uint8")
    skull = _about(
        "Intracranial space: grey matter, white matter and all fluid; its volume is TIV", "", t1w, Type="ROI"
    )
    yield _image({"desc": "intracranial"}, "mask", skull, measured.intracranial_mask, "uint8")
    if measured.wmh_mask is not None:
        threshold = measured.settings.wmh_threshold
        about = _about(
            f"White matter hyperintensities: probability of {threshold:g} or more; infarct-like lesions left out",
            f"{_found_by(measured)}, threshold {threshold:g}",
            [*t1w, *flair],
            Type="Lesion",
            Threshold=threshold,
        )
        yield _image({"label": "WMH"}, "mask", about, measured.wmh_mask, "uint8")
    if measured.wmh_operating_mask is not None:
        how = next((one.method for one in measured.measurements.items if one.name == "wmh_operating_ml"), "")
        about = _about(
            "White matter hyperintensities at the model's operating point; infarct-like lesions left out",
            how,
            [*t1w, *flair],
            Type="Lesion",
        )
        yield _image({"label": "WMH", "desc": "operating"}, "mask", about, measured.wmh_operating_mask, "uint8")
    infarcts = measured.infarct_mask
    if infarcts is not None and infarcts.any():
        told_by_core = "longer than 15 mm with a core as dark as fluid on T1w"
        drawn = measured.pair.own_infarct is not None
        about = _about(
            "Infarct-like lesions, dark cores included; they are not in the mask of hyperintensities",
            f"as drawn by {measured.pair.own_wmh_source or 'a rater'}" if drawn else told_by_core,
            [*t1w, *flair],
            Type="Lesion",
        )
        yield _image({"label": "infarct"}, "mask", about, infarcts, "uint8")
    for one in measured.comparisons:
        if one.mask is not None:
            words = f"White matter hyperintensities by {one.facts.title}, compared with those measured"
            about = _about(words, one.facts.title, [*t1w, *flair], Type="Lesion")
            yield _image({"label": "WMH", "desc": one.facts.label}, "mask", about, one.mask, "uint8")


def _probabilities(measured: MeasuredScan) -> Iterator[Derivative]:
    t1w, flair = _raw_sources(measured)
    maps = [
        ("GM", "Fraction of grey matter", TISSUE_METHOD, measured.gm),
        ("WM", "Fraction of white matter, filled hyperintensities included", TISSUE_METHOD, measured.wm),
        ("CSF", "Fraction of cerebrospinal fluid", TISSUE_METHOD, measured.csf),
    ]
    if measured.wmh_probability is not None:
        kept = below_thresholds(measured.wmh_probability)
        maps.append(("WMH", "Probability of a hyperintensity", _found_by(measured), kept))
    for label, words, method, values in maps:
        about = _about(words, method, [*t1w, *flair])
        yield replace(_image({"label": label}, "probseg", about, values, "float32"), decimals=PROBABILITY_DECIMALS)


def below_thresholds(probability: Probability) -> Probability:
    """Probabilities rounded to what is kept, and none up to a hundredth that it did not reach.

    A mask cut from the file at a threshold of two decimals is then the one cut from the measurement; rounded to the
    nearest, 0.1996 would join it at 0.2.

    Examples
    --------
    >>> below_thresholds(np.array([0.1984, 0.1996, 0.2, 0.2046], np.float32)).tolist()
    [0.1979999989271164, 0.19900000095367432, 0.20000000298023224, 0.20499999821186066]
    """
    bright = np.flatnonzero(probability)
    values = probability.ravel()[bright]
    steps = np.rint(values * np.float32(10**PROBABILITY_DECIMALS)).astype(np.int32)
    crossed = (steps % 10 == 0) & (_of_steps(steps) > values)
    kept = np.zeros(probability.shape, np.float32)
    kept.ravel()[bright] = _of_steps(steps - crossed)
    return kept


def _of_steps(steps: NDArray[np.int32]) -> Probability:
    return np.asarray(steps / 10**PROBABILITY_DECIMALS, np.float32)


def _segmentations(measured: MeasuredScan) -> Iterator[Derivative]:
    t1w, flair = _raw_sources(measured)
    tissues = _about("Likeliest tissue of each voxel of the intracranial mask", "", [*t1w, *flair], Manual=False)
    yield _image({}, "dseg", tissues, measured.tissue_labels, "uint8")
    rows: list[dict[str, Number]] = [{"index": i, "name": name, "abbreviation": short} for i, name, short in TISSUES]
    yield Derivative({}, "dseg", ".tsv", table=tuple(rows), columns=("index", "name", "abbreviation"))
    if measured.lesion_labels is None:
        return
    about = _about(
        "Connected hyperintensities (26 neighbours), numbered; infarct-like lesions too, with their cores",
        "",
        [*t1w, *flair],
        Manual=False,
    )
    described = {name: {"Description": words} for name, words in LESION_COLUMNS.items() if words}
    about.update(described)
    dtype = "int16" if measured.lesion_labels.max(initial=0) < 2**15 else "int32"
    yield _image({"desc": "lesions"}, "dseg", about, measured.lesion_labels, dtype)
    yield Derivative({"desc": "lesions"}, "dseg", ".tsv", table=_lesion_rows(measured), columns=tuple(LESION_COLUMNS))


def _lesion_rows(measured: MeasuredScan) -> tuple[dict[str, Number], ...]:
    same = [name for name in LESION_COLUMNS if name not in ("index", "name", "x", "y", "z")]
    return tuple(
        {
            "index": lesion.label,
            "name": f"{lesion.region} {lesion.label}",
            **{name: getattr(lesion, name) for name in same},
            "x": lesion.centroid_mm[0],
            "y": lesion.centroid_mm[1],
            "z": lesion.centroid_mm[2],
        }
        for lesion in measured.lesions
    )


def _transforms(measured: MeasuredScan) -> Iterator[Derivative]:
    if measured.transform is None:
        return
    t1w, flair = _raw_sources(measured)
    matrix = measured.transform.flair_to_t1w_ras
    facts = {"Score": measured.transform.score, "RotationDegrees": measured.transform.rotation_deg}
    way = {"from_": "FLAIR", "to": "T1w", "mode": "image"}
    for entities, direction, text in (
        (way, ITK_DIRECTION, itk_text(matrix)),
        ({**way, "desc": "pointsRAS"}, POINTS_DIRECTION, points_text(matrix)),
    ):
        about = _about("Rigid transform of the FLAIR to the T1w", measured.transform.method, [*flair, *t1w], **facts)
        yield Derivative(entities, "xfm", ".txt", {**about, "Direction": direction}, text=text)


def _intensity(
    entities: dict[str, str], suffix: str, about: dict[str, object], values: NDArray[Any], raw: NDArray[Any] | None
) -> Derivative:
    """An image in 16 bits, unless few bright voxels would cost the rest its steps; in whole steps where `raw` is."""
    top = float(np.abs(values[::2, ::2, ::2]).max(initial=0))
    bright = float(np.percentile(values[::4, ::4, ::4], 99)) if values.size else 0.0
    one = _image(entities, suffix, about, values, "int16" if top < 50 * bright else "float32")
    return replace(one, decimals=0) if bright >= ENOUGH_STEPS and raw is not None and _is_whole(raw) else one


def _is_whole(image: NDArray[Any]) -> bool:
    seen = image[::2, ::2, ::2]
    return bool(np.array_equal(np.rint(seen), seen))


def _image(
    entities: dict[str, str], suffix: str, about: dict[str, object], values: NDArray[Any], dtype: str
) -> Derivative:
    return Derivative(entities, suffix, ".nii.gz", {**about, "Grid": GRID}, image=values, dtype=dtype)


def _about(description: str, method: str, sources: list[str], **more: object) -> dict[str, object]:
    about: dict[str, object] = {"Description": description, "Sources": sources}
    if method:
        about["Method"] = method
    return {**about, **more}


def _found_by(measured: MeasuredScan) -> str:
    """What found the hyperintensities, as the column `wmh_method` has it."""
    return f"hyperintensities by {measured.pair.wmh_method}"


def _raw_sources(measured: MeasuredScan) -> tuple[list[str], list[str]]:
    """The T1w and the FLAIR as BIDS URIs of the raw data set, or as bare names outside one."""
    named = [f"bids:raw:{name}" if "/" in name else name for name in measured.pair.sources]
    return named[:1], named[1:2] if measured.flair is not None else []
