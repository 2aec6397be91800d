"""How well two segmentations, or two series of volumes, agree."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, spatial, stats

from neurolupus.errors import GridMismatchError, TableError
from neurolupus.imaging.grid import bounding_box
from neurolupus.imaging.volumes import mask_volume_ml, voxel_volume_ml
from neurolupus.records.volume import Affine, Mask

_TOUCHING = np.ones((3, 3, 3), bool)  # 26 neighbours


@dataclass(frozen=True, slots=True)
class SegmentationAgreement:
    """Segmentation `b` judged against the reference `a`; None is a measure that is not defined for these masks.

    Parameters
    ----------
    dice : float
        2 |a ∩ b| / (|a| + |b|); 1 when both are empty, 0 when only one is.
    volume_error_ml, relative_volume_error : float
        b - a in ml, and as a share of a (None when a is empty).
    lesions_a, lesions_b : int
        Components (26 neighbours) of at least `min_lesion_ml`.
    lesion_recall, lesion_precision : float or None
        Share of a's lesions that b touches, and of b's that a touches; one voxel is enough. None without lesions.
    lesion_f1 : float
        Their harmonic mean; 1 when neither has lesions, 0 when only one has.
    hausdorff95_mm : float or None
        The larger of the two directed 95th percentiles of surface distance; None when a mask is empty.
    """

    dice: float
    volume_a_ml: float
    volume_b_ml: float
    volume_error_ml: float
    relative_volume_error: float | None
    lesions_a: int
    lesions_b: int
    lesion_precision: float | None
    lesion_recall: float | None
    lesion_f1: float
    hausdorff95_mm: float | None
    min_lesion_ml: float = 0.0


def segmentation_agreement(a: Mask, b: Mask, affine: Affine, *, min_lesion_ml: float = 0.0) -> SegmentationAgreement:
    """Overlap, volume, lesion-wise and surface agreement of `b` with the reference `a`.

    Parameters
    ----------
    a, b : (I, J, K) bool arrays
        On one grid.
    affine : (4, 4) float array
        Voxel indices to RAS+ mm; distances are physical, also on sheared or anisotropic grids.
    min_lesion_ml : float
        Smaller components are neither found nor missed; they still count as a touch.

    Raises
    ------
    GridMismatchError
        The masks have different shapes.

    Notes
    -----
    Lesion-wise scores and the 95th percentile follow the WMH segmentation challenge [1]_.

    References
    ----------
    .. [1] Kuijf et al. (2019), IEEE Trans Med Imaging 38:2556, doi:10.1109/TMI.2019.2905770.
    """
    if a.shape != b.shape:
        raise GridMismatchError(
            f"Segmentations have shapes {a.shape} and {b.shape}; both must lie on one grid.\n"
            "    Resample one onto the other with nearest neighbours first."
        )
    a, b = (np.asarray(m, np.bool_) for m in (a, b))
    volume_a, volume_b = mask_volume_ml(a, affine), mask_volume_ml(b, affine)
    box = bounding_box(a | b)
    a_box, b_box = a[box], b[box]
    found_a, lesions_a = _touched(a_box, b_box, affine, min_lesion_ml)
    found_b, lesions_b = _touched(b_box, a_box, affine, min_lesion_ml)
    recall = found_a / lesions_a if lesions_a else None
    precision = found_b / lesions_b if lesions_b else None
    return SegmentationAgreement(
        dice=dice(a_box, b_box),
        volume_a_ml=volume_a,
        volume_b_ml=volume_b,
        volume_error_ml=volume_b - volume_a,
        relative_volume_error=(volume_b - volume_a) / volume_a if volume_a else None,
        lesions_a=lesions_a,
        lesions_b=lesions_b,
        lesion_precision=precision,
        lesion_recall=recall,
        lesion_f1=_f1(precision, recall),
        hausdorff95_mm=hausdorff95_mm(a_box, b_box, affine),
        min_lesion_ml=min_lesion_ml,
    )


def dice(a: Mask, b: Mask) -> float:
    """2 |a ∩ b| / (|a| + |b|); 1 when both are empty (Dice 1945, doi:10.2307/1932409).

    Examples
    --------
    >>> dice(np.array([True, True, False]), np.array([False, True, False]))
    0.6666666666666666
    """
    total = int(np.count_nonzero(a)) + int(np.count_nonzero(b))
    return 2 * int(np.count_nonzero(a & b)) / total if total else 1.0


def hausdorff95_mm(a: Mask, b: Mask, affine: Affine) -> float | None:
    """The larger of the two 95th percentiles of the distance from one surface to the other, in mm.

    A surface is the voxels of a mask with a face on the background; distances run between voxel centres.
    None when a mask is empty.
    """
    if not a.any() or not b.any():
        return None
    surface_a, surface_b = _surface_mm(a, affine), _surface_mm(b, affine)
    there, _ = spatial.cKDTree(surface_b).query(surface_a)
    back, _ = spatial.cKDTree(surface_a).query(surface_b)
    return float(max(np.percentile(there, 95), np.percentile(back, 95)))


def _surface_mm(mask: Mask, affine: Affine) -> NDArray[np.float64]:
    inner = ndimage.binary_erosion(mask, border_value=0)
    return np.asarray(np.argwhere(mask & ~inner) @ affine[:3, :3].T)


def _touched(mask: Mask, other: Mask, affine: Affine, min_ml: float) -> tuple[int, int]:
    """How many components of at least `min_ml` hold a voxel of `other`, and how many there are."""
    labels, count = ndimage.label(mask, _TOUCHING)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    counted = sizes * voxel_volume_ml(affine) >= min_ml - 1e-9
    counted[0] = False
    touched = np.zeros(count + 1, bool)
    touched[labels[other]] = True
    return int(np.count_nonzero(touched & counted)), int(np.count_nonzero(counted))


def _f1(precision: float | None, recall: float | None) -> float:
    if precision is None and recall is None:
        return 1.0
    if not precision or not recall:
        return 0.0
    return 2 * precision * recall / (precision + recall)


@dataclass(frozen=True, slots=True)
class VolumeAgreement:
    """Two measurements of the same subjects; differences are b - a. None is a measure that is not defined.

    Parameters
    ----------
    n, n_dropped : int
        Pairs used, and pairs left out because a value was missing.
    bias, bias_low, bias_high : float
        Mean difference and its 95 % interval.
    sd : float
        Standard deviation of the differences.
    limits_low, limits_high : float
        95 % limits of agreement, bias ± 1.96 sd; each with its own 95 % interval.
    icc21, icc31 : float or None
        Single-measure intraclass correlation: two-way random (absolute agreement) and two-way mixed (consistency).
    ccc : float or None
        Lin's concordance correlation coefficient.
    cv : float or None
        Within-subject standard deviation, sqrt(mean d² / 2), as a share of the mean of all values.
    sdc : float
        Smallest detectable change, 1.96 sd.
    """

    n: int
    n_dropped: int
    mean_a: float
    mean_b: float
    bias: float
    bias_low: float
    bias_high: float
    sd: float
    limits_low: float
    limits_low_interval: tuple[float, float]
    limits_high: float
    limits_high_interval: tuple[float, float]
    icc21: float | None
    icc31: float | None
    pearson_r: float | None
    ccc: float | None
    cv: float | None
    sdc: float


def volume_agreement(a: NDArray[np.float64], b: NDArray[np.float64]) -> VolumeAgreement:
    """Bland–Altman agreement, correlations and repeatability of paired volumes.

    Parameters
    ----------
    a, b : (n,) float arrays
        One value per subject, in any one unit; NaN is a missing value and drops the pair.

    Raises
    ------
    TableError
        The lengths differ, or fewer than two pairs are complete.

    Notes
    -----
    Limits and their intervals after Bland and Altman [1]_ (standard error of a limit sqrt(3 sd² / n), t with n - 1
    degrees of freedom); intraclass correlations after Shrout and Fleiss [2]_; concordance after Lin [3]_ with the
    n divisor; smallest detectable change 1.96 √2 SEM with SEM = sd / √2.

    References
    ----------
    .. [1] Bland and Altman (1986), Lancet 327:307, doi:10.1016/S0140-6736(86)90837-8.
    .. [2] Shrout and Fleiss (1979), Psychol Bull 86:420, doi:10.1037/0033-2909.86.2.420.
    .. [3] Lin (1989), Biometrics 45:255, doi:10.2307/2532051.
    """
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if a.ndim != 1 or a.shape != b.shape:
        raise TableError(
            f"Volumes have shapes {a.shape} and {b.shape}; two columns of one length are needed.\n"
            "    Join the tables by participant and session first."
        )
    complete = np.isfinite(a) & np.isfinite(b)
    n = int(complete.sum())
    if n < 2:
        raise TableError(
            f"{n} of {len(a)} pairs have both volumes; at least 2 are needed.\n"
            "    Check that both tables name the same participants, sessions and columns."
        )
    a, b = a[complete], b[complete]
    difference = b - a
    bias, sd = float(difference.mean()), float(difference.std(ddof=1))
    t = float(stats.t.ppf(0.975, n - 1))
    half_bias, half_limit = t * sd / np.sqrt(n), t * np.sqrt(3 / n) * sd
    low, high = bias - 1.96 * sd, bias + 1.96 * sd
    ratings = np.column_stack([a, b])
    grand_mean = float(ratings.mean())
    within = float(np.sqrt(np.mean(difference**2) / 2))
    return VolumeAgreement(
        n=n,
        n_dropped=int(len(complete) - n),
        mean_a=float(a.mean()),
        mean_b=float(b.mean()),
        bias=bias,
        bias_low=float(bias - half_bias),
        bias_high=float(bias + half_bias),
        sd=sd,
        limits_low=low,
        limits_low_interval=(float(low - half_limit), float(low + half_limit)),
        limits_high=high,
        limits_high_interval=(float(high - half_limit), float(high + half_limit)),
        icc21=icc_agreement(ratings),
        icc31=icc_consistency(ratings),
        pearson_r=_pearson(a, b),
        ccc=_concordance(a, b),
        cv=within / grand_mean if grand_mean > 0 else None,
        sdc=1.96 * sd,
    )


def icc_agreement(ratings: NDArray[Any]) -> float | None:
    """ICC(2,1): two-way random effects, absolute agreement, single measure; None without any variance.

    Parameters
    ----------
    ratings : (n, k) array
        n subjects, each rated by the same k raters.

    References
    ----------
    .. [1] Shrout and Fleiss (1979), Psychol Bull 86:420; McGraw and Wong (1996), ICC(A,1), Psychol Methods 1:30.

    Examples
    --------
    >>> round(icc_agreement(np.array([[1.0, 2.0], [2.0, 3.0], [3.0, 4.0]])), 4)
    0.6667
    """
    n, k = ratings.shape
    between, raters, error = _mean_squares(ratings)
    total = between + (k - 1) * error + k * (raters - error) / n
    return None if total <= 0 else (between - error) / total


def icc_consistency(ratings: NDArray[Any]) -> float | None:
    """ICC(3,1): two-way mixed effects, consistency, single measure; None without any variance.

    Examples
    --------
    >>> icc_consistency(np.array([[1.0, 2.0], [2.0, 3.0], [3.0, 4.0]]))
    1.0
    """
    between, _, error = _mean_squares(ratings)
    total = between + (ratings.shape[1] - 1) * error
    return None if total <= 0 else (between - error) / total


def _mean_squares(ratings: NDArray[Any]) -> tuple[float, float, float]:
    """Between subjects, between raters and residual mean squares of the two-way table."""
    x = np.asarray(ratings, np.float64)
    n, k = x.shape
    grand, subjects, raters = x.mean(), x.mean(axis=1, keepdims=True), x.mean(axis=0, keepdims=True)
    between = k * np.sum((subjects - grand) ** 2) / (n - 1)
    among_raters = n * np.sum((raters - grand) ** 2) / (k - 1)
    residual = np.sum((x - subjects - raters + grand) ** 2) / ((n - 1) * (k - 1))
    return float(between), float(among_raters), float(residual)


def _pearson(a: NDArray[np.float64], b: NDArray[np.float64]) -> float | None:
    if a.std() == 0 or b.std() == 0:
        return None
    return float(np.corrcoef(a, b)[0, 1])


def _concordance(a: NDArray[np.float64], b: NDArray[np.float64]) -> float | None:
    total = float(a.var() + b.var() + (a.mean() - b.mean()) ** 2)
    return None if total == 0 else float(2 * np.mean((a - a.mean()) * (b - b.mean())) / total)
