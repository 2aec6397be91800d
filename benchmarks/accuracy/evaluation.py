"""One case in, one row of numbers and one picture out."""

import hashlib
import math
import pickle
import time
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import peers
from numpy.typing import NDArray
from pictures import draw_case
from real_scans import LongitudinalReference, read_lesion_pair, read_longitudinal, sample_on
from rendering import rigid_about, rotation
from scipy import ndimage
from scoring import (
    dice,
    lesion_scores,
    percent_error,
    points_of,
    registration_error_mm,
    surface_distance95_mm,
)
from simulator import SimulatedCase, simulate

from cases import Case
from neurolupus.records.measured import MeasuredScan, Settings
from neurolupus.records.scan import ScanPair
from neurolupus.records.volume import Volume

Row = dict[str, Any]
HERE = Path(__file__).parent
VOLUMES = ("gm_ml", "wm_ml", "csf_ml", "tiv_ml", "tbv_ml")


def evaluate(case: Case, data: Path, picture: Path, *, threads: int, cache: Path | None = None) -> Row:
    """The row of a case; its picture is written to `picture`."""
    row: Row = {"case": case.name, "kind": case.kind, "group": case.group, "wmh_network": wmh_network()}
    ways = {"simulated": evaluate_simulated, "longitudinal": evaluate_longitudinal, "lesions": evaluate_lesions}
    row |= ways[case.kind](case, data, picture, threads, cache)
    return {name: tidy(value) for name, value in row.items()}


def wmh_network() -> str:
    """Which network finds lesions: the first eight digits of its SHA-256."""
    from neurolupus.imaging.wmh import MODEL

    return hashlib.sha256(resources.files("neurolupus.imaging.models").joinpath(MODEL).read_bytes()).hexdigest()[:8]


def tidy(value: Any) -> Any:
    """Numbers rounded for the table; nan becomes None."""
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, float | np.floating):
        return round(float(value), 5) if math.isfinite(value) else None
    return int(value) if isinstance(value, np.integer) else value


def measure(pair: ScanPair, settings: Settings, threads: int) -> tuple[MeasuredScan, Row]:
    """What neurolupus makes of a pair, and what it cost."""
    from neurolupus.imaging.measure import measure_scan

    start = time.perf_counter()
    measured = measure_scan(pair, settings, threads=threads)
    row: Row = {"seconds": time.perf_counter() - start, "usable": measured.usable, "warnings": len(measured.warnings)}
    row["warning_words"] = " | ".join(measured.warnings)
    row |= {name: measured.measurements.number(name) for name in VOLUMES}
    return measured, row


def lesion_mask_paths(data: Path) -> list[Path]:
    """All transplantable masks, in the order of their names."""
    return sorted((data / "ms-lesions" / "lesion-masks").glob("*.nii.gz"))


def make(case: Case, data: Path, cache: Path | None) -> SimulatedCase:
    """The simulated case, from the cache when neither its options nor the simulator have changed."""
    options = dict(case.options)
    if "lesion_ml" in options:
        masks = lesion_mask_paths(data)
        turn = options["seed"] % len(masks)
        options["lesion_mask_path"] = masks[turn:] + masks[:turn]
    head = data / "head-label-maps" / f"{case.head}.nii.gz"
    if cache is None:
        return simulate(head, **options)
    sources = ("simulator", "anatomy", "rendering", "imperfections", "protocols", "tissue_properties", "mr_physics")
    text = "".join((HERE / f"{s}.py").read_text() for s in (*sources, "lesion_painting", "truth"))
    key = hashlib.sha256((text + repr(sorted(case.options.items()))).encode()).hexdigest()[:12]
    stored = cache / f"{case.name}-{key}.pickle"
    if stored.exists():
        return pickle.loads(stored.read_bytes())  # type: ignore[no-any-return]
    made = simulate(head, **options)
    cache.mkdir(parents=True, exist_ok=True)
    stored.write_bytes(pickle.dumps(made, protocol=5))
    return made


def evaluate_simulated(case: Case, data: Path, picture: Path, threads: int, cache: Path | None) -> Row:
    """Everything is known: masks, tissues, lesions, transform."""
    made = make(case, data, cache)
    row: Row = {k: v for k, v in made.facts.items() if k not in ("t1w_voxel_mm", "person_seed", "lesion_ml_wanted")}
    row["t1w_voxel_mm"] = "x".join(f"{v:g}" for v in made.pair.t1w.voxel_size_mm)
    measured, numbers = measure(made.pair, Settings(), threads)
    row |= numbers | judge(made, measured)
    if case.t1w_only:
        unfilled, alone = measure(replace(made.pair, flair=None), Settings(), threads)
        row |= {f"{k}_unfilled": v for k, v in judge(made, unfilled).items() if k.split("_")[0] in ("gm", "wm", "tbv")}
        row["seconds_unfilled"] = alone["seconds"]
    ants = peers.load_ants() if case.peers else None
    if ants is not None:
        found = peers.atropos_volumes(ants, made.pair.t1w, made.intracranial_mask)  # it is given the true mask
        for name in ("gm", "wm", "csf"):
            row[f"atropos_{name}_error_percent"] = percent_error(found[f"{name}_ml"], row[f"{name}_ml_truth"])
    draw_case(
        picture,
        case.name,
        measured,
        truth_mask=made.intracranial_mask,
        truth_wmh=made.wmh_mask,
        truth_tissue=hard(made),
    )
    return row


def hard(made: SimulatedCase) -> NDArray[np.uint8]:
    """The likeliest true tissue: 0 outside, 1 GM, 2 WM, 3 CSF."""
    tissue = np.argmax(np.stack([made.gm, made.wm, made.csf]), axis=0) + 1
    return np.where(made.intracranial_mask, tissue, 0).astype(np.uint8)


def judge(made: SimulatedCase, measured: MeasuredScan) -> Row:
    """Truth beside measurement."""
    ml = made.pair.t1w.voxel_volume_ml
    truth = {f"{t}_ml": float(getattr(made, t).sum(dtype=np.float64)) * ml for t in ("gm", "wm", "csf")}
    truth["tbv_ml"] = truth["gm_ml"] + truth["wm_ml"]
    truth["tiv_ml"] = truth["tbv_ml"] + truth["csf_ml"]
    row: Row = {}
    for name in VOLUMES:
        row[f"{name}_truth"] = truth[name]
        row[f"{name[:-3]}_error_percent"] = percent_error(measured.measurements.number(name), truth[name])
    voxel = made.pair.t1w.voxel_size_mm
    row["intracranial_dice"] = dice(measured.intracranial_mask, made.intracranial_mask)
    row["intracranial_hd95_mm"] = surface_distance95_mm(measured.intracranial_mask, made.intracranial_mask, voxel)
    row["brain_dice"] = dice(measured.brain_mask, made.brain_mask)
    true_tissue, tissue = hard(made), measured.tissue_labels
    for number, name in enumerate(("gm", "wm", "csf"), start=1):
        row[f"{name}_dice"] = dice(tissue == number, true_tissue == number)
    if measured.wmh_mask is not None and measured.transform is not None:
        row |= judge_lesions(made.wmh_mask, measured, float(made.wmh.sum(dtype=np.float64)) * ml)
        found = measured.transform.flair_to_t1w_ras
        in_t1w = points_of(made.intracranial_mask, made.pair.t1w.affine, 50)
        back = np.linalg.inv(made.flair_to_t1w_ras)
        in_flair = in_t1w @ back[:3, :3].T + back[:3, 3]
        row["registration_mm"], row["registration_max_mm"] = registration_error_mm(
            found, made.flair_to_t1w_ras, in_flair
        )
    return row


def judge_lesions(truth: NDArray[np.bool_], measured: MeasuredScan, truth_ml: float) -> Row:
    """Lesions: overlap, volume, and lesion by lesion."""
    assert measured.wmh_mask is not None
    wmh_ml = measured.measurements.number("wmh_ml")
    return {
        "wmh_ml_truth": truth_ml,
        "wmh_ml": wmh_ml,
        "wmh_expected_ml": measured.measurements.number("wmh_expected_ml"),
        "wmh_error_percent": percent_error(wmh_ml, truth_ml),
        "wmh_dice": dice(measured.wmh_mask, truth),
        **lesion_scores(truth, measured.wmh_mask),
    }


def move_flair(pair: ScanPair, amount: tuple[float, float], seed: int) -> tuple[ScanPair, NDArray[np.float64]]:
    """The pair with the FLAIR's header turned and shifted, and the (4, 4) map that did it (old point to new)."""
    assert pair.flair is not None
    rng = np.random.default_rng(seed)
    centre = pair.flair.affine[:3] @ np.append((np.array(pair.flair.shape) - 1) / 2, 1)
    way = rng.standard_normal(3)
    moved = rigid_about(centre, rotation(rng.standard_normal(3), amount[0]), amount[1] * way / np.linalg.norm(way))
    return replace(pair, flair=Volume(pair.flair.data, moved @ pair.flair.affine)), moved


def evaluate_longitudinal(case: Case, data: Path, picture: Path, threads: int, cache: Path | None) -> Row:
    """Reference transform and brain mask; ANTs beside us."""
    pair, reference = read_longitudinal(data, case.participant, case.session)
    row: Row = {"head": f"sub-{case.participant} ses-{case.session}", "t1w": "2D spin echo", "flair": "2D FLAIR"}
    flair_to_t1w, common_to_flair = reference.flair_to_t1w, reference.common_to_flair
    if case.moved is not None:
        pair, moved = move_flair(pair, case.moved, seed=7)
        flair_to_t1w, common_to_flair = flair_to_t1w @ np.linalg.inv(moved), moved @ common_to_flair
        row |= {"offset_degrees": case.moved[0], "offset_mm": case.moved[1]}
    points = LongitudinalReference(flair_to_t1w, common_to_flair, reference.brain).brain_points_in_flair(10)
    row["registration_untouched_mm"] = registration_error_mm(np.eye(4), flair_to_t1w, points)[0]
    measured, numbers = measure(pair, Settings(), threads)
    row |= numbers
    assert measured.transform is not None
    row["registration_mm"], row["registration_max_mm"] = registration_error_mm(
        measured.transform.flair_to_t1w_ras, flair_to_t1w, points
    )
    row |= judge_brain(measured, reference.brain, flair_to_t1w @ common_to_flair)
    row["wmh_ml"] = measured.measurements.number("wmh_ml")
    outline, _ = sample_on(reference.brain, measured.t1w, np.linalg.inv(flair_to_t1w @ common_to_flair))
    if case.peers:
        row |= compare_with_ants(measured, pair, flair_to_t1w, points, outline)
    draw_case(picture, case.name, measured, truth_mask=outline, outline="brain")
    return row


def judge_brain(measured: MeasuredScan, brain: Volume, common_to_t1w: NDArray[np.float64]) -> Row:
    """Brain mask against the reference, on the reference's grid, where the T1w has data.

    The reference leaves out the fluid over the brain, as `brain_mask` does; `intracranial_mask` is shown beside it.
    """
    ours, covered = sample_on(measured.t1w.with_data(measured.brain_mask), brain, common_to_t1w)
    row: Row = {"brain_dice": dice(ours, brain.data & covered)}
    wide, _ = sample_on(measured.t1w.with_data(measured.intracranial_mask), brain, common_to_t1w)
    row["intracranial_dice"] = dice(wide, brain.data & covered)
    row["brain_ml_reference"] = float((brain.data & covered).sum()) * brain.voxel_volume_ml
    row["brain_ml_mask"] = float(ours.sum()) * brain.voxel_volume_ml
    row["brain_hd95_mm"] = surface_distance95_mm(ours, brain.data & covered, brain.voxel_size_mm)
    return row


def compare_with_ants(
    measured: MeasuredScan,
    pair: ScanPair,
    flair_to_t1w: NDArray[np.float64],
    points: NDArray[np.float64],
    brain: NDArray[np.bool_],
) -> Row:
    """ANTs' rigid registration (both ways round, the better one kept), and Atropos in the reference brain.

    Our volumes are cut to the same brain for this comparison.
    """
    ants = peers.load_ants()
    if ants is None or pair.flair is None:
        return {"ants": peers.MISSING}
    row: Row = {}
    start = time.perf_counter()
    ways = [peers.rigid(ants, pair.flair, pair.t1w), np.linalg.inv(peers.rigid(ants, pair.t1w, pair.flair))]
    row["ants_registration_seconds"] = (time.perf_counter() - start) / 2
    errors = sorted(registration_error_mm(way, flair_to_t1w, points) for way in ways)
    row["ants_registration_mm"], row["ants_registration_max_mm"] = errors[0]
    start = time.perf_counter()
    found = peers.atropos_volumes(ants, measured.t1w.with_data(measured.filled_t1w), brain)
    row["atropos_seconds"] = time.perf_counter() - start
    for name, fraction in (("gm", measured.gm), ("wm", measured.wm), ("csf", measured.csf)):
        ours = float(fraction[brain].sum(dtype=np.float64)) * measured.t1w.voxel_volume_ml
        row |= {f"{name}_ml_inside": ours, f"atropos_{name}_ml": found[f"{name}_ml"]}
        row[f"{name}_percent_of_atropos"] = percent_error(ours, found[f"{name}_ml"])
    return row


def evaluate_lesions(case: Case, data: Path, picture: Path, threads: int, cache: Path | None) -> Row:
    """Consensus lesions on a skull-stripped pair that was aligned before (the transform should be identity)."""
    pair, lesions = read_lesion_pair(data, case.participant)
    brain = ndimage.binary_fill_holes(pair.t1w.data > 0.02 * np.percentile(pair.t1w.data, 99), np.ones((3, 3, 3)))
    measured, row = measure(pair, Settings(skull_stripped=True), threads)
    assert measured.transform is not None
    row |= {"head": f"sub-{case.participant}", "t1w": "skull-stripped", "flair": "3D FLAIR"}
    row |= judge_lesions(lesions, measured, float(lesions.sum()) * pair.t1w.voxel_volume_ml)
    row["intracranial_dice"] = dice(measured.intracranial_mask, brain)
    row["tiv_ml_truth"] = float(brain.sum()) * pair.t1w.voxel_volume_ml
    row["tiv_error_percent"] = percent_error(row["tiv_ml"], row["tiv_ml_truth"])
    points = points_of(brain, pair.t1w.affine, 50)
    row["registration_mm"], row["registration_max_mm"] = registration_error_mm(
        measured.transform.flair_to_t1w_ras, np.eye(4), points
    )
    if case.peers:
        row |= compare_with_ants(measured, pair, np.eye(4), points, brain)
    draw_case(picture, case.name, measured, truth_mask=brain, truth_wmh=lesions)
    return row
