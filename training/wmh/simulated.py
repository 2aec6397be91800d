"""Simulated cases from the training heads: ten heads, random contrasts and scanners, transplanted and own lesions."""

from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import nibabel as nib
import numpy as np
from lesion_masks import Transplant, transplant
from numpy.typing import NDArray
from painting import Canvas, paint_cortex, paint_flow, paint_lesions, paint_rims, paint_texture
from scipy import ndimage

from cases import Case, brain_box, coarse_t1w, corrected, crop, onto_t1w
from neurolupus.imaging.anatomy import deformed
from neurolupus.imaging.contrast import Contrast, random_contrast
from neurolupus.imaging.labels import KINDS, cut_at_skull_base, heal_lesions, lesions_of
from neurolupus.imaging.phantom import Phantom, Rigid, Scanner, simulate_pair
from neurolupus.imaging.wmh_units import mode
from neurolupus.records.volume import Volume

HELD_OUT = ("head-03", "head-08", "head-09", "head-11")  # never trained on: the benchmark's heads
SHADED = 12
CORTEX = KINDS["cortex"] + KINDS["medial_temporal_gm"]
WHITE = KINDS["cerebral_wm"] + KINDS["wmh"]
BELOW = KINDS["cerebellar_gm"] + KINDS["cerebellar_wm"] + KINDS["brain_stem"]
INSIDE = tuple(n for kind in KINDS for n in KINDS[kind] if 0 < n < 500)


@dataclass(frozen=True, slots=True)
class Plan:
    """What to simulate; the random numbers all come from `seed`."""

    name: str
    head: str
    seed: int
    load_ml: float | None  # None: the head's own lesions
    largest_ml: float
    scanner: Scanner
    shaded: bool  # full coil shading, corrected as at run time; else only what correction leaves (half the time)


def make_plans(heads: list[str], count: int, seed: int) -> list[Plan]:
    """Plans for `count` cases, heads in turn: half under 3 ml, some without lesions, some with the head's own."""
    plans = []
    for number in range(count):
        rng = np.random.default_rng((seed, 1, number))
        kind = rng.random()
        load: float | None = float(np.exp(rng.uniform(np.log(0.15), np.log(3.0))))
        if kind < 0.12:
            load = 0.0
        elif kind < 0.24:
            load = None
        elif kind < 0.46:
            load = float(np.exp(rng.uniform(np.log(3.0), np.log(50.0))))
        largest = 0.4 if load is not None and load < 3 else 60.0
        scanner, shaded = _scanner(rng), number < SHADED
        if not shaded:
            scanner = replace(scanner, bias=scanner.bias / 6)
        head = heads[number % len(heads)]
        plans.append(Plan(f"sim-{number:03d}", head, seed * 1000 + number, load, largest, scanner, shaded))
    return plans


def _scanner(rng: np.random.Generator) -> Scanner:
    thick = rng.random() < 0.5
    plane = rng.uniform(0.7, 1.1)
    flair = (plane, plane, rng.uniform(3.0, 4.5)) if thick else tuple(rng.uniform(0.9, 1.2) * np.ones(3))
    side = rng.uniform(0.9, 1.15)
    t1w = (side, side, side) if rng.random() < 0.8 else (plane, plane, rng.uniform(2.5, 3.3))

    def rigid(degrees: float, mm: float) -> Rigid:
        return Rigid(tuple(rng.normal(0, degrees, 3)), tuple(rng.normal(0, mm, 3)))  # type: ignore[arg-type]

    return Scanner(
        t1w_voxel_mm=tuple(map(float, t1w)), flair_voxel_mm=tuple(map(float, flair)),  # type: ignore[arg-type]
        noise=float(rng.uniform(0.008, 0.06)), bias=float(rng.uniform(0, 0.45)),
        motion_mm=float(rng.uniform(0, 0.6)) if rng.random() < 0.2 else 0.0,
        t1w_position=rigid(4, 4), flair_offset=rigid(1.5, 1.5), point_mm=0.6,
    )  # fmt: skip


def _contrast(rng: np.random.Generator) -> Contrast:
    """A contrast whose choroid plexus, mesial temporal lobe and nuclei vary more than the phantom's."""
    drawn = random_contrast(rng)
    flair = dict(drawn.flair)
    white = rng.uniform(0.72, 0.97)
    flair |= {
        "cerebral_wm": white,
        "cerebellar_wm": 1.03 * white,
        "choroid_plexus": rng.uniform(0.4, 1.5), "medial_temporal_gm": rng.uniform(1.0, 1.35),
        "striatum": rng.uniform(0.9, 1.06), "thalamus": rng.uniform(0.85, 1.05), "pallidum": rng.uniform(0.7, 1.0),
        "brain_stem": rng.uniform(0.95, 1.12) * white,
        "ventral_dc": rng.uniform(0.95, 1.1) * white,
        "cerebellar_gm": rng.uniform(0.85, 1.05), "outer_csf": rng.uniform(0.05, 0.35),
        "ventricle": rng.uniform(0.04, 0.3),
    }  # fmt: skip
    return replace(drawn, flair=MappingProxyType(flair))


def read_head(path: Path) -> Volume:
    """A label map in RAS order, cut at the skull base, little of the neck kept."""
    image = nib.as_closest_canonical(nib.load(path))
    numbers = np.rint(np.asanyarray(image.dataobj)).astype(np.int32)
    labels = Volume(numbers, np.asarray(image.affine, np.float64))
    cut = cut_at_skull_base(labels.data, labels.affine)
    lowest = int(np.flatnonzero(np.isin(cut, BELOW).any((0, 1)))[0])
    return crop(
        labels.with_data(cut),
        (slice(0, cut.shape[0]), slice(0, cut.shape[1]), slice(max(0, lowest - 40), cut.shape[2])),
    )


def simulate(plan: Plan, heads_dir: Path, masks: list[Path]) -> Case:
    """The case of a plan."""
    rng = np.random.default_rng(plan.seed)
    labels = read_head(heads_dir / f"{plan.head}.nii.gz")
    if rng.random() < 0.4:
        labels = deformed(
            labels, rng, bend_mm=float(rng.uniform(0.5, 3)), ventricle_zoom=float(rng.uniform(0.95, 1.25))
        )
    own = lesions_of(labels.data)
    healthy = labels.with_data(heal_lesions(labels.data, labels.affine))
    phantom = simulate_pair(healthy, contrast=_contrast(rng), scanner=plan.scanner, rng=rng)
    t1w = phantom.pair.t1w
    numbers, own_share = _on_t1w(healthy, own, phantom, plan.scanner)
    brain = phantom.truth.brain_mask
    flair = onto_t1w(phantom.pair.flair, t1w, _slightly_off(phantom.truth.flair_to_t1w_ras, rng))  # type: ignore[arg-type]
    box = brain_box(brain, t1w.voxel_size_mm)
    here, flair = crop(t1w, box), flair[box]
    if plan.shaded:
        here = crop(t1w.with_data(corrected(t1w, brain)), box)
        flair = corrected(here.with_data(flair), brain[box])
    numbers, own_share = numbers[box], own_share[box]
    canvas = _canvas(here, flair, numbers, plan.scanner.flair_voxel_mm)
    white = np.isin(numbers, WHITE).astype(np.float32)
    _distract(canvas, numbers, white, rng)
    if plan.load_ml is None:
        lesions = Transplant(own_share, ())
    else:
        lesions = transplant(masks, here, white, plan.load_ml, rng, largest_ml=plan.largest_ml)
    paint_lesions(canvas, lesions.share, rng, faintest=0.18)
    whole = t1w.data.astype(np.float32).copy()
    whole[box] *= canvas.t1w / np.maximum(here.data, 1e-3)
    return Case(
        plan.name, plan.head, "simulated", lesions.patients, here.with_data(canvas.t1w), canvas.flair, lesions.share,
        np.zeros(here.shape, bool), coarse_t1w(t1w.with_data(whole)), max(plan.scanner.flair_voxel_mm),
    )  # fmt: skip


def _canvas(
    here: Volume, flair: NDArray[np.float32], numbers: NDArray[np.int32], flair_mm: tuple[float, float, float]
) -> Canvas:
    cortex, white = (np.isin(numbers, kind) for kind in (KINDS["cortex"], KINDS["cerebral_wm"]))
    t1w = here.data.astype(np.float32).copy()
    return Canvas(
        t1w, flair.copy(), mode(flair[cortex]), mode(flair[white]), mode(t1w[cortex]), mode(t1w[white]),
        here.voxel_size_mm, flair_mm,
    )  # fmt: skip


def _distract(canvas: Canvas, numbers: NDArray[np.int32], white: NDArray[np.float32], rng: np.random.Generator) -> None:
    """Everything bright that is no lesion."""

    def share(numbers_of: tuple[int, ...]) -> NDArray[np.float32]:
        return np.isin(numbers, numbers_of).astype(np.float32)

    paint_texture(canvas, share(INSIDE), share(BELOW), rng)
    paint_rims(canvas, share(KINDS["ventricle"] + KINDS["choroid_plexus"]), white, rng)
    paint_cortex(canvas, share(CORTEX), rng)
    paint_flow(canvas, share(KINDS["ventricle"] + KINDS["outer_csf"]), rng)


def _on_t1w(
    labels: Volume, own: NDArray[np.bool_], phantom: Phantom, scanner: Scanner
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """The label map on the T1w grid, nearest neighbour, and the head's own lesions, linear."""
    inside = np.argwhere(labels.data != 0)
    ends = np.stack([inside.min(0) - 0.5, inside.max(0) + 0.5])
    centre = labels.affine[:3, :3] @ ends.mean(0) + labels.affine[:3, 3]
    pose = scanner.t1w_position.matrix(centre)
    t1w = phantom.pair.t1w
    index = np.linalg.inv(labels.affine) @ np.linalg.inv(pose) @ t1w.affine
    numbers = ndimage.affine_transform(labels.data, index[:3, :3], index[:3, 3], t1w.shape, np.int32, order=0)
    share = ndimage.affine_transform(
        own.astype(np.float32), index[:3, :3], index[:3, 3], t1w.shape, np.float32, order=1
    )
    return numbers, share


def _slightly_off(matrix: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """The transform as registration finds it: 0.2 mm off."""
    off = matrix.copy()
    off[:3, 3] += rng.normal(0, 0.15, 3)
    return off
