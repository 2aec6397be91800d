"""Label map -> simulated T1w and FLAIR whose volumes, lesions and alignment are known."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from neurolupus.errors import GridMismatchError
from neurolupus.imaging.acquisition import (
    Floats,
    average_labels,
    coil_shading,
    sampling_around,
    shaken,
    smooth_field,
    with_rician_noise,
)
from neurolupus.imaging.anatomy import painted
from neurolupus.imaging.contrast import FAT, Contrast
from neurolupus.imaging.labels import CSF, GM, KINDS, WM, cut_at_skull_base, height_mm, lesions_of, tissue_of
from neurolupus.imaging.volumes import voxel_volume_ml
from neurolupus.records.measurement import Measurement, MeasurementSet
from neurolupus.records.scan import Acquisition, ScanId, ScanPair
from neurolupus.records.volume import Affine, Labels, Mask, Volume

FLAIR_2D_MM = (1.0, 1.0, 3.6)  # the 2D FLAIR of Inglese 2021; its 3D FLAIR was 1.10 x 1.11 mm in plane
FLAIR_3D_MM = (1.1, 1.1, 1.1)
_SOFT_TISSUE = 507
Sequence = Literal["t1w", "flair"]


@dataclass(frozen=True, slots=True)
class Rigid:
    """A rotation about the centre of the head, about x, then y, then z, in degrees; then a translation in mm."""

    rotation_deg: tuple[float, float, float] = (0.0, 0.0, 0.0)
    translation_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def matrix(self, centre_mm: NDArray[np.float64]) -> Affine:
        """The (4, 4) matrix in RAS+ mm."""
        turn = np.eye(3)
        for axis, angle in enumerate(np.deg2rad(self.rotation_deg)):
            a, b = (axis + 1) % 3, (axis + 2) % 3
            one = np.eye(3)
            one[a, a] = one[b, b] = np.cos(angle)
            one[b, a], one[a, b] = np.sin(angle), -np.sin(angle)
            turn = one @ turn
        out = np.eye(4)
        out[:3, :3] = turn
        out[:3, 3] = centre_mm - turn @ centre_mm + np.asarray(self.translation_mm)
        return out


@dataclass(frozen=True, slots=True)
class Scanner:
    """How the pair is taken.

    Parameters
    ----------
    t1w_voxel_mm, flair_voxel_mm : (float, float, float)
        Along x, y, z; a FLAIR with slices of more than twice its in-plane size counts as 2D.
    noise : float
        Standard deviation of the noise in each channel, as a share of white matter (T1w) or cortex (FLAIR).
    bias : float
        Coil shading: width of its 5th to 95th percentile.
    motion_mm : float
        Drift of the head within each scan.
    t1w_position, flair_offset : Rigid
        Where the head lies for the T1w, and how it has moved when the FLAIR is taken.
    point_mm : float
        Mean spacing of the points averaged into a voxel; half a label voxel resolves partial volume well.
    """

    t1w_voxel_mm: tuple[float, float, float] = (1.0, 1.0, 1.0)
    flair_voxel_mm: tuple[float, float, float] = FLAIR_3D_MM
    noise: float = 0.03
    bias: float = 0.3
    motion_mm: float = 0.0
    t1w_position: Rigid = field(default_factory=Rigid)
    flair_offset: Rigid = field(default_factory=Rigid)
    point_mm: float = 0.5
    margin_mm: float = 6.0

    @property
    def flair_dim(self) -> Literal["2D", "3D"]:
        """Whether the FLAIR is made of thick slices."""
        return "2D" if max(self.flair_voxel_mm) > 2 * min(self.flair_voxel_mm) else "3D"


@dataclass(frozen=True, slots=True, eq=False)
class PhantomTruth:
    """What is known of a phantom.

    Parameters
    ----------
    gm_ml, wm_ml, csf_ml, wmh_ml : float
        Counted on the label map, so independent of voxel size and position. White matter includes lesions.
    tissue : Labels
        On the grid of the T1w: the tissue with the largest share of the voxel, 0 outside, 1 GM, 2 WM, 3 CSF.
    wmh_mask : Mask
        On the grid of the T1w: voxels of which lesion fills at least half.
    flair_to_t1w_ras : (4, 4) float array
        Maps a RAS+ mm point of the FLAIR to the same anatomical point of the T1w.
    """

    gm_ml: float
    wm_ml: float
    csf_ml: float
    wmh_ml: float
    tissue: Labels
    wmh_mask: Mask
    flair_to_t1w_ras: Affine

    @property
    def tiv_ml(self) -> float:
        """Total intracranial volume, cut at the skull base."""
        return self.gm_ml + self.wm_ml + self.csf_ml

    @property
    def tbv_ml(self) -> float:
        """Total brain volume."""
        return self.gm_ml + self.wm_ml

    @property
    def brain_mask(self) -> Mask:
        """Intracranial voxels."""
        return self.tissue > 0

    @property
    def measurements(self) -> MeasurementSet:
        """The true volumes under the names of the data dictionary."""
        names = ("gm_ml", "wm_ml", "csf_ml", "tiv_ml", "tbv_ml", "wmh_ml")
        return MeasurementSet(tuple(Measurement(n, float(getattr(self, n)), "ml", method="label map") for n in names))


@dataclass(frozen=True, slots=True, eq=False)
class Phantom:
    """A simulated pair and the truth behind it."""

    pair: ScanPair
    truth: PhantomTruth


def simulate_pair(
    labels: Volume,
    *,
    contrast: Contrast,
    scanner: Scanner,
    rng: np.random.Generator,
    lesion_mask: Mask | None = None,
    scan_id: ScanId | None = None,
) -> Phantom:
    """A T1w and a FLAIR of a head that is known voxel by voxel.

    Parameters
    ----------
    labels : Volume
        FreeSurfer numbers (see `labels.KINDS`), about 1 mm; spinal fluid is cut off here.
    contrast : Contrast
    scanner : Scanner
    rng : Generator
        The same seed gives the same images.
    lesion_mask : (I, J, K) bool array, optional
        Lesions to paint, on the grid of `labels`; only its white matter voxels are painted. Lesions the label map
        brings along (25, 57) stay; `labels.heal_lesions` takes them out.
    scan_id : ScanId, optional

    Raises
    ------
    GridMismatchError
        `lesion_mask` has another shape than `labels`.
    ImageContentError
        The label map holds numbers the tissue table does not know.

    Notes
    -----
    Each label fills its voxels with its own mean; a voxel of the image is the mean over points inside it, so partial
    volume is exact in the limit. Then texture within tissues, coil shading, motion and Rician noise. No smoothness of
    sequence physics is claimed: it tests geometry and robustness, not a scanner.
    """
    if lesion_mask is not None:
        if lesion_mask.shape != labels.shape:
            raise GridMismatchError(
                f"The lesion mask has shape {lesion_mask.shape}, the label map {labels.shape}; both must lie on one "
                "grid.\n    Resample the mask onto the label map with nearest neighbours first."
            )
        labels = painted(labels, lesion_mask)
    head = _head(labels, contrast, rng)
    first = scanner.t1w_position.matrix(head.centre_mm)
    second = scanner.flair_offset.matrix(head.centre_mm) @ first
    t1w, shares = _take(head, first, "t1w", contrast, scanner, rng)
    flair, _ = _take(head, second, "flair", contrast, scanner, rng)
    shares += np.float32(1e-4) * rng.random(shares.shape, np.float32)  # even shares are common; break ties at random
    truth = PhantomTruth(
        **head.volumes_ml,
        tissue=_largest_share(shares[:3]),
        wmh_mask=shares[3] >= 0.5 + 0.5e-4,
        flair_to_t1w_ras=first @ np.linalg.inv(second),
    )
    pair = ScanPair(
        scan_id or ScanId("phantom"),
        t1w,
        flair,
        _acquisition(t1w, "3D"),
        _acquisition(flair, scanner.flair_dim),
        sources=(f"simulated: {contrast.name}",),
    )
    return Phantom(pair, truth)


@dataclass(frozen=True, slots=True, eq=False)
class _Head:
    """What is scanned: `codes` indexes the rows of the tables; `shares` are the columns GM, WM, CSF, WMH."""

    codes: NDArray[np.uint8]
    affine: Affine
    means: dict[Sequence, NDArray[np.float64]]
    shares: NDArray[np.bool_]
    volumes_ml: dict[str, float]
    corners_mm: NDArray[np.float64]
    centre_mm: NDArray[np.float64]


def _head(labels: Volume, contrast: Contrast, rng: np.random.Generator) -> _Head:
    numbers = cut_at_skull_base(labels.data, labels.affine)
    box = _box(numbers != 0)
    numbers = numbers[box]
    affine = labels.affine.copy()
    affine[:3, 3] += affine[:3, :3] @ [s.start or 0 for s in box]
    volumes_ml = _truth_ml(tissue_of(numbers), lesions_of(numbers), voxel_volume_ml(affine))
    values, codes = _codes(_with_fat(numbers, affine, rng))
    known = np.where(values == FAT, _SOFT_TISSUE, values).astype(np.int32)
    shares = np.stack([*(tissue_of(known) == t for t in (GM, WM, CSF)), lesions_of(known)], axis=1)
    ends = np.stack(np.meshgrid(*[(-0.5, n - 0.5) for n in numbers.shape], indexing="ij"), axis=-1).reshape(-1, 3)
    corners = ends @ affine[:3, :3].T + affine[:3, 3]
    return _Head(codes, affine, _means(values, contrast, rng), shares, volumes_ml, corners, corners.mean(axis=0))


def _take(
    head: _Head, pose: Affine, sequence: Sequence, contrast: Contrast, scanner: Scanner, rng: np.random.Generator
) -> tuple[Volume, Floats]:
    """One image of the head, and the share of GM, WM, CSF and WMH in each of its voxels (4, I, J, K)."""
    is_t1w = sequence == "t1w"
    sampling = sampling_around(
        head.corners_mm @ pose[:3, :3].T + pose[:3, 3],
        scanner.t1w_voxel_mm if is_t1w else scanner.flair_voxel_mm,
        margin_mm=scanner.margin_mm,
        point_mm=scanner.point_mm,
        rng=rng,
    )
    table = np.column_stack([head.means[sequence], head.shares]).astype(np.float32)
    if not is_t1w:
        table = table[:, [0, 4]]  # the truth lies on the grid of the T1w; the FLAIR needs its lesions only
    scanner_to_index = np.asarray(np.linalg.inv(pose @ head.affine), np.float64)
    averaged = average_labels(head.codes, scanner_to_index, table, sampling)
    image, wmh_share = averaged[0], averaged[-1]
    spread = contrast.t1w_spread if is_t1w else contrast.flair_spread
    image *= 1.0 + np.float32(spread) * rng.standard_normal(image.shape, np.float32)
    patches = smooth_field(sampling.shape, rng.standard_normal((24, 24, 24)).astype(np.float32))
    image *= 1.0 + np.float32(0.08) * wmh_share * patches  # lesions are not evenly bright
    image *= coil_shading(sampling, scanner.bias, rng)
    voxel_mm = np.linalg.norm(sampling.affine[:3, :3], axis=0)
    image = shaken(image, voxel_mm, scanner.motion_mm, rng)
    image = with_rician_noise(image, scanner.noise, rng)
    return Volume(np.asarray(1000.0 * image, np.float32), sampling.affine), averaged[1:]


def _with_fat(numbers: Labels, affine: Affine, rng: np.random.Generator) -> Labels:
    """Soft tissue (507) divided into muscle and fat (607) by a smooth random field; the scalp is mostly fat.

    The label maps do not tell them apart, and a head whose soft tissue is all alike is easier than a real one.
    """
    i, j, k = numbers.shape
    field = smooth_field((i, j, k), rng.standard_normal((20, 20, 20)).astype(np.float32))
    heights = height_mm(numbers.shape, affine)
    below = heights < (heights.min() + heights.max()) / 2
    fat = (numbers == _SOFT_TISSUE) & (field > np.where(below, np.float32(0.0), np.float32(-0.9)))
    return np.where(fat, np.int32(FAT), numbers)


def _codes(numbers: Labels) -> tuple[NDArray[np.int_], NDArray[np.uint8]]:
    """The label numbers present, air first, and the label map as indices into them."""
    present = np.bincount(numbers.ravel()) > 0
    present[0] = True
    values = np.flatnonzero(present)
    table = np.zeros(len(present), np.uint8)
    table[values] = np.arange(len(values))
    return values, table[numbers]


def _means(
    values: NDArray[np.int_], contrast: Contrast, rng: np.random.Generator
) -> dict[Sequence, NDArray[np.float64]]:
    """The mean of each label number; numbers from 500 on that the table does not know look like soft tissue."""
    kind_of = {n: kind for kind, numbers in KINDS.items() for n in numbers} | {FAT: "fat"}
    kinds = [kind_of.get(int(v), "soft_tissue") for v in values]
    jitter = 1.0 + contrast.label_jitter * rng.standard_normal((2, len(values)))
    return {
        "t1w": np.array([contrast.t1w[k] for k in kinds]) * jitter[0],
        "flair": np.array([contrast.flair[k] for k in kinds]) * jitter[1],
    }


def _truth_ml(tissue: Labels, wmh: Mask, voxel_ml: float) -> dict[str, float]:
    counts = np.bincount(tissue.ravel(), minlength=4) * voxel_ml
    return {
        "gm_ml": float(counts[GM]),
        "wm_ml": float(counts[WM]),
        "csf_ml": float(counts[CSF]),
        "wmh_ml": int(np.count_nonzero(wmh)) * voxel_ml,
    }


def _largest_share(shares: Floats) -> Labels:
    """The index + 1 of the largest of the tissue shares, 0 where the outside has more."""
    best = np.argmax(shares, axis=0)
    top = np.take_along_axis(shares, best[None], axis=0)[0]
    return np.where(top > 1.0 - shares.sum(axis=0), best + 1, 0).astype(np.int32)


def _box(head: Mask) -> tuple[slice, slice, slice]:
    """The slices that hold the head; the whole array when it is empty."""
    spans = [np.flatnonzero(head.any(axis=tuple(a for a in range(3) if a != axis))) for axis in range(3)]
    i, j, k = (slice(int(s[0]), int(s[-1]) + 1) if len(s) else slice(None) for s in spans)
    return i, j, k


def _acquisition(volume: Volume, kind: Literal["2D", "3D"]) -> Acquisition:
    return Acquisition(volume.shape, volume.voxel_size_mm, kind, contrast_enhanced=False)
