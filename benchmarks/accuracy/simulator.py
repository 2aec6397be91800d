"""simulate(): a labelled head becomes a T1w and a FLAIR of one visit whose every truth is known.

Written from the Bloch equations and published relaxation times, without a look at neurolupus.imaging.phantom or at the
generators in training/: truth that shares its generator with training proves little. From a prompt::

    import sys; sys.path += ["src", "benchmarks/accuracy"]
    from simulator import simulate
    case = simulate(head_path, seed=1, flair="2d", noise=3, bias=0.2, lesion_ml=5, lesion_mask_path=mask_path)
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from anatomy import FineHead, prepare, smooth_field
from imperfections import bias_field, move_head, rician
from lesion_painting import paint_lesions
from numpy.typing import NDArray
from protocols import FlairSequence, Signal, SkullContrast, T1wSequence, choose_flair, choose_t1w, signals
from rendering import Grid, box_on_grid, centred_grid, render, rigid_about, rotation
from scipy import ndimage
from tissue_properties import DURA_LABEL, FAT_LABEL, LESION_LABEL, draw_properties
from truth import CSF, GM, LESION_LABELS, OUTSIDE, WM, read_head, tissue_table

from neurolupus.records.scan import Acquisition, ScanId, ScanPair
from neurolupus.records.volume import Volume

Float = NDArray[np.float32]
CORTEX, WHITE, DEEP_FLUID = (3, 42, 8, 47), (2, 41, 7, 46, 16, 28, 60), (14, 15)
ENHANCING = (502, 514, DURA_LABEL, 136, 137, 163, 164)  # vessels, sinuses, dura, choroid plexus
ENHANCED = 1.6  # of white matter: blood with a T1 of about 300 ms
CLOSING_MM = 5.0
SCALE = 600.0  # white matter in the units of the file
FLAIR_VOXEL = {"3d": (1.0, 1.0, 1.0), "2d": (0.9, 0.9, 3.6)}
FLAIR_SIZE = {"3d": (180.0, 240.0, 240.0), "2d": (230.0, 230.0, 162.0)}


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedCase:
    """A pair of scans and what is true of it; all arrays lie on the grid of `pair.t1w`.

    `gm`, `wm`, `csf` and `wmh` are the fractions of each voxel (wmh is part of wm); `volumes_ml` counts half-millimetre
    voxels inside the head, whatever the field of view. `flair_to_t1w_ras` maps a FLAIR point to the T1w's.
    """

    pair: ScanPair
    gm: Float
    wm: Float
    csf: Float
    wmh: Float
    volumes_ml: dict[str, float]
    flair_to_t1w_ras: NDArray[np.float64]
    facts: dict[str, object] = field(default_factory=dict)

    @property
    def intracranial_mask(self) -> NDArray[np.bool_]:
        """Voxels at least half intracranial."""
        return np.asarray(self.gm + self.wm + self.csf >= 0.5)

    @property
    def brain_mask(self) -> NDArray[np.bool_]:
        """Tissue, ventricles and the fluid within sulci: GM and WM closed over gaps of up to 10 mm, holes filled.

        What is outside the brain is a convention; this is the one that we judge by.
        """
        return closed(self.gm + self.wm >= 0.5, self.pair.t1w.voxel_size_mm) & self.intracranial_mask

    @property
    def wmh_mask(self) -> NDArray[np.bool_]:
        """Voxels at least half lesion."""
        return np.asarray(self.wmh >= 0.5)


def simulate(
    head_path: str | Path,
    *,
    seed: int,
    flair: FlairSequence = "3d",
    noise: float = 3.0,
    bias: float = 0.2,
    skull: SkullContrast = "physics",
    lesion_mask_path: str | Path | Sequence[str | Path] | None = None,
    lesion_ml: float | None = None,
    t1w: T1wSequence = "mprage",
    t1w_voxel_mm: Sequence[float] | None = None,
    t1w_size_mm: Sequence[float] | None = None,
    field_t: Literal[1.5, 3.0] = 3.0,
    offset_degrees: float | None = None,
    offset_mm: float | None = None,
    motion: float = 0.0,
    gadolinium: bool = False,
    person_seed: int | None = None,
) -> SimulatedCase:
    """T1w and FLAIR of a labelled head.

    Parameters
    ----------
    seed : int
        Noise, position in the scanner, movement between the two scans.
    noise : float
        SD of each channel in percent of white matter (T1w) or cortex (FLAIR): 1, 3, 5, 9.
    bias : float
        Peak-to-peak shading of the brain: 0, 0.2, 0.4.
    lesion_ml : float or None
        Load to paint from `lesion_mask_path` (one mask, or several used in turn) after healing the head's own lesions;
        None keeps the head's own.
    offset_degrees, offset_mm : float or None
        Movement between T1w and FLAIR; None: up to 3 degrees and 4 mm, as between scans of one visit.
    gadolinium : bool
        The T1w was taken after contrast: vessels, dura and choroid plexus are bright.
    person_seed : int or None
        Tissue, lesions, sequence and coil; None: `seed`. Keep it and change `seed` for a rescan of the same person.
    """
    person = np.random.default_rng([20, seed if person_seed is None else person_seed])
    visit = np.random.default_rng([21, seed])
    head = read_head(Path(head_path))
    if lesion_ml is not None:
        if lesion_mask_path is None:
            raise ValueError("lesion_ml is given without lesion_mask_path; name the mask or masks to paint from.")
        many = isinstance(lesion_mask_path, Sequence) and not isinstance(lesion_mask_path, str)
        masks = [Path(p) for p in lesion_mask_path] if many else [Path(str(lesion_mask_path))]
        head = paint_lesions(head, masks, lesion_ml, person)
    fine = prepare(head, person)
    properties = draw_properties(field_t, person)
    t1w_protocol, flair_protocol = choose_t1w(t1w, field_t, person), choose_flair(flair, person)
    suppressed = 0.15 if person.random() < (0.8 if flair == "3d" else 0.4) else 1.0
    t1w_signal = signals(t1w_protocol, properties, skull, person)
    if gadolinium:
        t1w_signal |= dict.fromkeys(ENHANCING, ENHANCED)
    void = (0.0, 0.4)  # blood leaves the slice between the pulses of a spin echo
    flair_signal = signals(flair_protocol, properties, skull, person, fat_suppressed=suppressed, blood=void)

    tissue = tissue_table()[np.minimum(fine.numbers, 1023)]
    tissue[fine.numbers > 1000] = OUTSIDE
    brain_mm = brain_points(fine, tissue)
    middle = (brain_mm.min(0) + brain_mm.max(0)) / 2
    pose = rigid_about(
        middle, rotation(visit.standard_normal(3), visit.uniform(0, 6)), visit.uniform(-4, 4, 3) - middle
    )
    moved = movement(offset_degrees, offset_mm, visit)  # FLAIR world to T1w world, about the middle of the brain
    t1w_to_head = np.linalg.inv(pose)
    flair_to_head = t1w_to_head @ moved

    if t1w == "se2d":
        voxel, size = t1w_voxel_mm or (0.9, 0.9, 3.0), t1w_size_mm or (230.0, 230.0, 165.0)
    else:
        voxel, size = t1w_voxel_mm or (1.0, 1.0, 1.0), t1w_size_mm or (192.0, 256.0, 256.0)
    t1w_grid = grid_about_brain(size, voxel, brain_mm, pose, 0.0, person)
    tilt = float(person.uniform(-12, 6)) if flair == "2d" else 0.0
    flair_grid = grid_about_brain(
        FLAIR_SIZE[flair], FLAIR_VOXEL[flair], brain_mm, np.linalg.inv(flair_to_head), tilt, person
    )

    truth = {name: np.zeros(t1w_grid.shape, np.float32) for name in ("gm", "wm", "csf", "wmh")}
    is_lesion = np.isin(fine.numbers, LESION_LABELS)
    part, where = t1w_grid.part(*box_on_grid(brain_mm @ pose[:3, :3].T + pose[:3, 3], t1w_grid))
    for name, wanted in (("gm", tissue == GM), ("wm", tissue == WM), ("csf", tissue == CSF), ("wmh", is_lesion)):
        truth[name][where] = render(wanted.astype(np.float32)[fine.index], fine.affine, part, t1w_to_head)

    images = {}
    for name, grid, to_head, signal, strength in (
        ("t1w", t1w_grid, t1w_to_head, t1w_signal, 0.02),
        ("flair", flair_grid, flair_to_head, flair_signal, 0.05),
    ):
        painted = paint_signal(fine, signal, strength, person, flow=0.4 if (name, flair) == ("flair", "2d") else 0.0)
        image = render(painted, fine.affine, grid, to_head)
        centre = (middle - to_head[:3, 3]) @ to_head[:3, :3]  # the middle of the brain, seen from this scan
        image = move_head(image, grid.voxel_size_mm, motion, visit) * bias_field(grid, centre, bias, person)
        reference = 1.0 if name == "t1w" else signal[3]
        images[name] = (SCALE * rician(image, noise / 100 * reference, visit)).astype(np.float32)

    counts = (
        np.bincount(fine.index.ravel(), minlength=len(fine.numbers)) * abs(np.linalg.det(fine.affine[:3, :3])) / 1e3
    )
    volumes = {name: float(counts[tissue == t].sum()) for name, t in (("gm_ml", GM), ("wm_ml", WM), ("csf_ml", CSF))}
    volumes |= {"tbv_ml": volumes["gm_ml"] + volumes["wm_ml"], "wmh_ml": float(counts[is_lesion].sum())}
    volumes["tiv_ml"] = volumes["tbv_ml"] + volumes["csf_ml"]
    pair = ScanPair(
        ScanId(head.name.replace("-", ""), f"{seed}"),
        Volume(images["t1w"], t1w_grid.affine),
        Volume(images["flair"], flair_grid.affine),
        acquisition(t1w_grid, "2D" if t1w == "se2d" else "3D", field_t),
        acquisition(flair_grid, "2D" if flair == "2d" else "3D", field_t),
    )
    facts: dict[str, object] = {
        "head": head.name,
        "held_out": head.held_out,
        "seed": seed,
        "person_seed": person_seed,
        "t1w": t1w_protocol.name,
        "flair": flair_protocol.name,
        "field_t": field_t,
        "noise_percent": noise,
        "bias": bias,
        "skull": skull,
        "motion": motion,
        "lesion_ml_wanted": lesion_ml,
        "t1w_voxel_mm": tuple(float(v) for v in voxel),
        "offset_degrees": float(np.degrees(np.arccos(np.clip((np.trace(moved[:3, :3]) - 1) / 2, -1, 1)))),
        "offset_mm": float(np.linalg.norm(moved[:3, 3])),
    }
    return SimulatedCase(pair, **truth, volumes_ml=volumes, flair_to_t1w_ras=moved, facts=facts)


def closed(solid: NDArray[np.bool_], voxel_mm: tuple[float, float, float]) -> NDArray[np.bool_]:
    """A mask closed by a ball of CLOSING_MM and with its holes filled; the mask must keep clear of the edges."""
    near = ndimage.distance_transform_edt(~solid, voxel_mm) <= CLOSING_MM
    return np.asarray(ndimage.binary_fill_holes((ndimage.distance_transform_edt(near, voxel_mm) > CLOSING_MM) | solid))


def movement(degrees: float | None, mm: float | None, rng: np.random.Generator) -> NDArray[np.float64]:
    """(4, 4) rigid map about the origin; a number is the amount, None draws one of a quiet visit."""
    angle = rng.uniform(0, 3) if degrees is None else degrees
    length = rng.uniform(0, 4) if mm is None else mm
    axis, way = rng.standard_normal(3), rng.standard_normal(3)
    return rigid_about(np.zeros(3), rotation(axis, angle), length * way / np.linalg.norm(way))


def brain_points(fine: FineHead, tissue: NDArray[np.uint8]) -> NDArray[np.float64]:
    """RAS points of the head (n, 3) on the outline of the intracranial space, one of 8 voxels along each axis."""
    inside = (tissue[fine.index[::4, ::4, ::4]] != OUTSIDE) & (tissue[fine.index[::4, ::4, ::4]] <= CSF)
    index = 4 * np.argwhere(ndimage.binary_dilation(inside))
    return np.asarray(index @ fine.affine[:3, :3].T + fine.affine[:3, 3])


def grid_about_brain(
    size_mm: Sequence[float],
    voxel_mm: Sequence[float],
    brain_mm: NDArray[np.float64],
    head_to_scan: NDArray[np.float64],
    tilt_degrees: float,
    rng: np.random.Generator,
) -> Grid:
    """The slab a radiographer would place: centred on the brain, its top 8 mm or more above the brain's."""
    turn = rotation(np.array([1.0, 0, 0]), tilt_degrees)
    points = brain_mm @ head_to_scan[:3, :3].T + head_to_scan[:3, 3]
    along = points @ turn  # coordinates in the slab's axes
    centre = (along.min(0) + along.max(0)) / 2 + rng.uniform(-2, 2, 3)
    extent = along[:, 2].max() - along[:, 2].min()
    margin = max(8.0, min(20.0, (size_mm[2] - extent) / 2))
    centre[2] = along[:, 2].max() + margin - size_mm[2] / 2
    return centred_grid(size_mm, voxel_mm, turn @ centre, turn)


def paint_signal(fine: FineHead, signal: Signal, texture: float, rng: np.random.Generator, *, flow: float) -> Float:
    """Signal of every fine voxel, white matter about 1.

    White matter and lesions are mixed by severity; cortex and white matter vary smoothly by `texture` (SD);
    `flow` lets fluid of the third and fourth ventricle light up in places, as it does on 2D FLAIR.
    """
    values = np.array([signal.get(int(n), 0.0) for n in fine.numbers], np.float32)
    values[np.isin(fine.numbers, LESION_LABELS)] = signal[2]
    painted = values[fine.index]
    coarse = fine.severity.shape
    varies = np.where(np.isin(fine.numbers, (*CORTEX, *WHITE)), texture, 0).astype(np.float32)
    painted *= 1 + varies[fine.index] * doubled(smooth_field(coarse, 25, rng))
    painted += (signal[LESION_LABEL] - signal[2]) * doubled(fine.severity)
    if flow:
        fluid = np.where(np.isin(fine.numbers, DEEP_FLUID), flow * rng.random(), 0).astype(np.float32)
        painted += fluid[fine.index] * doubled(np.clip(smooth_field(coarse, 6, rng), 0, None))
    return np.maximum(painted, 0)


def doubled(coarse: Float) -> Float:
    """Each voxel of a coarse array eight times, on the fine grid."""
    return coarse.repeat(2, 0).repeat(2, 1).repeat(2, 2)


def acquisition(grid: Grid, kind: Literal["2D", "3D"], field_t: float) -> Acquisition:
    """What a sidecar would say."""
    x, y, z = (float(v) for v in grid.voxel_size_mm)
    return Acquisition(grid.shape, (x, y, z), kind, contrast_enhanced=False, magnetic_field_strength_t=field_t)


__all__ = ["DURA_LABEL", "FAT_LABEL", "SimulatedCase", "simulate"]
