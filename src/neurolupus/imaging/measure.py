"""measure_scan(): the whole way from two images to volumes, on one screen."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import numpy as np
from threadpoolctl import threadpool_limits

from neurolupus import __version__
from neurolupus.imaging import quality
from neurolupus.imaging.atlas_fit import AtlasFit, fit_atlas
from neurolupus.imaging.beside import Beside, working_beside
from neurolupus.imaging.bias import bias_field
from neurolupus.imaging.brain import HeadMap, map_head
from neurolupus.imaging.field_of_view import FieldOfView, field_of_view, shown_of
from neurolupus.imaging.filling import fill_lesions
from neurolupus.imaging.find_lesions import FoundLesions, find_lesions
from neurolupus.imaging.grid import bounding_box, resample
from neurolupus.imaging.lesion_measures import lesion_measures
from neurolupus.imaging.masks import brain_mask, first_intracranial_mask, intracranial_mask, is_skull_stripped
from neurolupus.imaging.moved_map import own_map
from neurolupus.imaging.operating_point import at_operating_point, normal_white, unsure_lesions, with_operating_point
from neurolupus.imaging.own_checks import inside_head, left_out_words
from neurolupus.imaging.registration import register_rigid
from neurolupus.imaging.tissue import Tissue, segment_tissue
from neurolupus.imaging.verdict import judge
from neurolupus.imaging.volumetry import tissue_volumes, wmh_volumes
from neurolupus.imaging.wmh import wmh_probability
from neurolupus.imaging.wmh_calibration import calibration
from neurolupus.records.measured import MeasuredScan, RigidTransform, Settings
from neurolupus.records.measurement import Measurement, MeasurementSet
from neurolupus.records.scan import ScanPair
from neurolupus.records.volume import Affine, Image, Mask, Volume, is_same_grid

MOVED_VOXELS = 0.5


@dataclass(slots=True)
class _Steps:
    """Tells the listener each step's name and keeps its time."""

    tell: Callable[[str], None]
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        self.tell(name)
        start = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - start


@dataclass(frozen=True, slots=True, eq=False)
class _Hyperintensities:
    flair: Image
    transform: RigidTransform
    view: FieldOfView
    found: FoundLesions
    operating: Mask | None  # of the model's own map only
    warnings: tuple[str, ...]


def measure_scan(
    pair: ScanPair, settings: Settings, *, threads: int = 2, progress: Callable[[str], None] | None = None
) -> MeasuredScan:
    """Everything that is measured on one T1w and its FLAIR.

    Parameters
    ----------
    pair : ScanPair
        Checked images in RAS order, each on its own grid; without FLAIR the tissue volumes alone are measured.
    settings : Settings
    threads : int
        The same input, settings and number of threads give the same result to the last bit.
    progress : callable, optional
        Told the name of each step as it begins.

    Raises
    ------
    ImageContentError
        No brain was found, grey and white matter have no contrast, or T1w and FLAIR are swapped.
    """
    step = _Steps(progress or (lambda name: None))
    with threadpool_limits(threads), working_beside(threads) as beside:
        with step("brain"):
            head = map_head(pair.t1w, threads=threads)
            focus = beside(quality.efc, pair.t1w.data)
            fit = beside(fit_atlas, head)
            first = first_intracranial_mask(head, pair.t1w)
            stripped = settings.skull_stripped
            if stripped is None:
                stripped = is_skull_stripped(pair.t1w, first)
        with step("bias"):
            corrected = (pair.t1w.data / bias_field(pair.t1w, first, threads=threads)).astype(np.float32)
        t1w = pair.t1w.with_data(corrected)
        with step("masks"):
            mask = intracranial_mask(head, t1w, threads=threads)
            within = mask | first
            if stripped:
                mask, within = mask & (pair.t1w.data != 0), within & (pair.t1w.data != 0)
            brain = brain_mask(head, t1w, within)
        lesions = _hyperintensities(pair, t1w, mask, brain, head, fit, settings, threads, step, beside)
        with step("filling"):
            white = head.on(t1w, "cerebral_wm", "infratentorial_wm")
            filled = corrected if lesions is None else fill_lesions(corrected, lesions.found.filled, white, t1w.affine)
        with step("tissue"):
            tissue = segment_tissue(t1w.with_data(filled), mask, head, threads=threads)
        with step("quality"):
            measurements = _measurements(pair, t1w, mask, tissue, lesions, focus(), fit().overlap, settings)
            flair, found = (lesions.flair, lesions.found) if lesions else (None, None)
            described = found.labelled.lesions if found else ()
            more = lesions.warnings if lesions else ()
            verdict = judge(pair, t1w, mask, tissue, flair, described, measurements, more)
    return MeasuredScan(
        pair=pair,
        settings=settings,
        t1w=pair.t1w,
        t1w_corrected=corrected,
        brain_mask=brain,
        intracranial_mask=mask,
        gm=tissue.gm,
        wm=tissue.wm,
        csf=tissue.csf,
        flair=flair,
        transform=lesions.transform if lesions else None,
        wmh_probability=found.probability if found else None,
        wmh_mask=found.mask if found else None,
        lesion_labels=found.labelled.labels if found else None,
        filled_t1w=filled,
        lesions=described,
        measurements=MeasurementSet((*measurements.items, *verdict.measurements, Measurement("version", __version__))),
        usable=verdict.usable,
        warnings=(*pair.warnings, *verdict.warnings),
        seconds=step.seconds,
        wmh_operating_mask=lesions.operating if lesions else None,
    )


def _hyperintensities(
    pair: ScanPair,
    t1w: Volume,
    mask: Mask,
    brain: Mask,
    head: HeadMap,
    fit: Callable[[], AtlasFit],
    settings: Settings,
    threads: int,
    step: _Steps,
    beside: Beside,
) -> _Hyperintensities | None:
    """The FLAIR on the T1w's grid and what is bright in it; None without a FLAIR."""
    if pair.flair is None:
        return None
    with step("registration"):
        transform = register_rigid(t1w, pair.flair, brain, seed=settings.seed, threads=threads)
        onto_to_moving: Affine = np.linalg.inv(transform.flair_to_t1w_ras).astype(np.float64)
        quality.check_not_swapped(head, pair.flair, onto_to_moving)
        flair = np.maximum(resample(pair.flair, t1w, onto_to_moving=onto_to_moving), 0)
    with step("flair bias"):
        flair = (flair / bias_field(t1w.with_data(flair), mask, threads=threads)).astype(np.float32)
    own_warnings: tuple[str, ...] = ()
    with step("wmh"):
        shown = shown_of(mask, pair.flair, t1w, onto_to_moving)
        if pair.own_wmh is None:
            probability = wmh_probability(t1w, flair, shown, head, threads=threads)
        else:
            probability = own_map(pair.own_wmh, t1w, onto_to_moving)
            probability, own_warnings = inside_head(probability, mask, t1w.affine, settings.wmh_threshold)
        drawn = None if pair.own_infarct is None else own_map(pair.own_infarct, t1w, onto_to_moving) >= 0.5
    with step("lesions"):
        # one worker does these in turn, and `fit` was begun before them: what asks for it never waits for itself
        view = beside(field_of_view, pair.flair, t1w, brain, onto_to_moving, head, fit)
        white = beside(normal_white, t1w, flair, shown, head)
        found = find_lesions(
            t1w,
            flair,
            probability,
            mask,
            head,
            fit,
            threshold=settings.wmh_threshold,
            confidence=calibration().confidence if pair.own_wmh is None else None,
            drawn_infarct=drawn,
        )
        operating, warnings = None, found.warnings
        if pair.own_wmh is None:
            operating = at_operating_point(found.probability, flair, white(), t1w.voxel_size_mm)
            told = with_operating_point(*found.labelled, operating)
            found = replace(found, labelled=found.labelled._replace(lesions=told))
            warnings += (*unsure_lesions(told), *view().warnings)
        else:
            warnings += own_warnings + _moved_from_one_grid(pair, t1w, onto_to_moving)
            warnings += left_out_words(probability >= settings.wmh_threshold, found, t1w.affine)
    return _Hyperintensities(flair, transform, view(), found, operating, warnings)


def _moved_from_one_grid(pair: ScanPair, t1w: Volume, onto_to_moving: Affine) -> tuple[str, ...]:
    """A warning where a map fits both images' grids, which the patient's head does not."""
    assert pair.flair is not None
    if not is_same_grid(pair.flair, t1w):
        return ()
    middle = t1w.affine @ [*((np.array(t1w.shape) - 1) / 2), 1]
    moved = float(np.linalg.norm((onto_to_moving @ middle - middle)[:3]))
    if moved <= MOVED_VOXELS * min(t1w.voxel_size_mm):
        return ()
    return (
        f"The T1w and the FLAIR have one grid, and the head moved by {moved:.1f} mm between them: the map of "
        "hyperintensities was taken as drawn on the T1w. If it was drawn on the FLAIR it lies off by that.",
    )


def _measurements(
    pair: ScanPair,
    t1w: Volume,
    mask: Mask,
    tissue: Tissue,
    lesions: _Hyperintensities | None,
    focus: float | None,
    overlap: float,
    settings: Settings,
) -> MeasurementSet:
    """Volumes and quality indices, in the order of the data dictionary."""
    volumes = tissue_volumes(tissue, t1w.affine)
    tiv_ml = next(float(m.value) for m in volumes if m.name == "tiv_ml" and isinstance(m.value, float))
    hyper: tuple[Measurement, ...] = ()
    dimension: str | None = "none"
    if lesions is not None:
        found = lesions.found
        dimension = pair.flair_acquisition.acquisition_type
        hyper = (
            *wmh_volumes(
                found.probability,
                found.mask,
                found.labelled.lesions,
                t1w.affine,
                tiv_ml,
                dimension=dimension,
                operating=lesions.operating,
                threshold=settings.wmh_threshold,
            ),
            *lesion_measures(found.labelled.lesions, found.places),
        )
        if pair.own_wmh is None:  # who drew a map may know more than this FLAIR shows
            hyper = lesions.view.without_cut_off(hyper)
    gm, wm = (tissue.gm > 0.95) & mask, (tissue.wm > 0.95) & mask
    box = bounding_box(mask, (20, 20, 20))
    air = np.zeros(mask.shape, np.bool_)
    air[box] = ~mask[box] & (t1w.data[box] < 0.1 * float(np.median(t1w.data[wm]) if wm.any() else 0))
    return MeasurementSet(
        (
            *volumes,
            *hyper,
            Measurement("flair_dim", dimension),
            Measurement("flair_slice_mm", max(pair.flair.voxel_size_mm) if pair.flair is not None else None, "mm"),
            Measurement("wmh_threshold", settings.wmh_threshold if lesions else None, "1"),
            Measurement("wmh_method", pair.wmh_method if lesions else None),
            Measurement("qc_snr_gm", quality.snr(t1w.data, gm), "1"),
            Measurement("qc_snr_wm", quality.snr(t1w.data, wm), "1"),
            Measurement("qc_cnr", quality.cnr(t1w.data, wm, gm, air), "1"),
            Measurement("qc_cjv", quality.cjv(t1w.data, wm, gm), "1"),
            Measurement("qc_efc", focus, "1"),
            Measurement("qc_registration_nmi", lesions.transform.score if lesions else None, "1"),
            Measurement("qc_flair_cover", lesions.view.brain if lesions else None, "1"),
            Measurement("qc_cut_cm2", quality.cut_area_cm2(mask, pair.t1w), "cm2"),
            Measurement("qc_atlas_overlap", overlap, "1"),
        )
    )
