"""What makes an image unmeasurable, and what its reader must be warned of."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from neurolupus.io.faults import Fault
from neurolupus.io.header import ImageHeader
from neurolupus.io.nifti import shape_faults

# A head is 130 to 220 mm along each axis; below these limits the brain cannot be whole.
LEAST_SLICES = 10
LEAST_EXTENT_MM = 80.0
LARGEST_EXTENT_MM = 600.0
LARGEST_VOXEL_MM = 6.5
LEAST_SIGNAL_ML = 100.0
FORM_DIFFERENCE_MM = 1.0
SIZE_DIFFERENCE = 0.01  # of a voxel's edge

# Air is -1000 HU by definition; scanners pad with -1024 to -3024. Bone ends near 3000 HU.
AIR_HU = (-1100.0, -500.0)
LEAST_AIR_SHARE = 0.05
LEAST_NEGATIVE = 0.05  # of all voxels
DARKEST = 0.1  # percentile: one stray voxel is no air
LEAST_OUTSIDE = 0.2  # of all voxels, exactly 0, in an image of the brain alone
LEAST_BESIDE = 0.02  # of what has signal, on either side of a blank slice for it to lie within the head


def geometry_faults(header: ImageHeader) -> list[Fault]:
    """What of the stored grid cannot be measured: shape, slices, extent, voxel size."""
    faults = shape_faults(header)
    shape, size, extent = header.volume_shape, header.voxel_size_mm, header.extent_mm
    whole = "Give a scan of the whole head; a localiser or a slab cannot be measured."
    few = min(range(3), key=lambda axis: shape[axis])
    short = min(range(3), key=lambda axis: extent[axis])
    if shape[few] < LEAST_SLICES:
        seen = f"has {shape[few]} slices along axis {few + 1} ({_times(shape)} voxels); at least {LEAST_SLICES} needed"
        faults.append(Fault(seen, whole))
    if extent[short] < LEAST_EXTENT_MM:
        seen = f"covers {extent[short]:.1f} mm along axis {short + 1}; at least {LEAST_EXTENT_MM:g} mm needed"
        faults.append(Fault(seen, whole))
    if max(extent) > LARGEST_EXTENT_MM:
        seen = f"covers {max(extent):.0f} mm; at most {LARGEST_EXTENT_MM:g} mm expected of a head"
        faults.append(Fault(seen, "Check the voxel size in its header: it must be in mm."))
    if max(size) > LARGEST_VOXEL_MM:
        edges = " x ".join(f"{edge:.2f}" for edge in size)
        seen = f"has voxels of {edges} mm; at most {LARGEST_VOXEL_MM} mm along any edge needed"
        faults.append(Fault(seen, "Use a finer acquisition; tissue volumes from such voxels would be guesses."))
    return faults


def intensity_faults(data: NDArray[np.float32], voxel_volume_ml: float) -> list[Fault]:
    """What of the values cannot be measured: not finite inside the head, constant, a mask, CT, slices lost, no head.

    Parameters
    ----------
    data : (I, J, K) float32 array
        As read; NaN and infinities included.
    voxel_volume_ml : float
    """
    again = "Export the scan again from its source."
    finite = np.isfinite(data)
    if not finite.any():
        return [Fault("holds no finite value", again)]
    faults = []
    enclosed = enclosed_count(finite)
    if enclosed:
        seen = f"has {enclosed:,} NaN or infinite voxels inside the image; finite values needed"
        faults.append(Fault(seen, "Find the step that made them, and use the image before it."))
    values = data if finite.all() else data[finite]
    lowest, highest = float(values.min()), float(values.max())
    if lowest == highest:
        what = "is all zeros" if lowest == 0 else f"has the same value everywhere ({lowest:g})"
        return [*faults, Fault(f"{what}; an image of a head needed", again)]
    if bool(((values == lowest) | (values == highest)).all()):
        seen = f"has only the values {lowest:g} and {highest:g}, like a mask; a scan needed"
        faults.append(Fault(seen, "Give the scan itself; masks are compared with neurolupus agree."))
    elif is_ct(values):
        seen = f"has values from {lowest:.0f} to {highest:.0f} that look like CT (Hounsfield units); MR needed"
        faults.append(Fault(seen, "Give the T1w and FLAIR MR images; CT cannot be measured."))
    missing = blank_slices(data)
    if missing:
        seen = f"has {_counted(missing)} in the middle of the image, with no signal at all; every slice needed"
        faults.append(Fault(seen, "Convert the DICOM series again; slices were lost on the way."))
    signal_ml = float(np.count_nonzero(values != _background(values))) * voxel_volume_ml
    if signal_ml < LEAST_SIGNAL_ML:
        seen = f"has {signal_ml:.1f} ml of voxels that differ from the background; a head needed"
        faults.append(Fault(seen, again))
    return faults


def blank_slices(data: NDArray[np.float32]) -> list[tuple[int, int, int]]:
    """Runs of slices of one value between slices that have a signal: axis, first and last index of each.

    Slices without signal at the sides of an image, or between a head and a stray voxel, are padding.

    Examples
    --------
    >>> image = np.arange(5 * 2 * 2, dtype=np.float32).reshape(5, 2, 2)
    >>> image[2:4] = 0
    >>> blank_slices(image)
    [(0, 2, 3)]
    """
    found = []
    for axis in range(3):
        over = tuple(other for other in range(3) if other != axis)
        signal = np.flatnonzero(np.fmax.reduce(data, over) > np.fmin.reduce(data, over))  # NaN is no signal
        gaps = np.flatnonzero(np.diff(signal) > 1)
        if not gaps.size:
            continue
        amount = np.count_nonzero(np.isfinite(data) & (data != _background(data)), axis=over).cumsum()
        for first, last in zip(signal[gaps] + 1, signal[gaps + 1] - 1, strict=True):
            if min(amount[first], amount[-1] - amount[last]) >= LEAST_BESIDE * amount[-1]:
                found.append((axis, int(first), int(last)))
    return found


def is_ct(values: NDArray[np.float32]) -> bool:
    """Whether the values look like Hounsfield units: a share of air near -1000, and bone or tissue above 0."""
    low, high = AIR_HU
    if values.min() > high or values.max() < 0:
        return False
    air = np.count_nonzero((values >= low) & (values <= high))
    padding = np.count_nonzero(values < low)
    return bool(air + padding >= LEAST_AIR_SHARE * values.size and air > 0 and values.min() >= -4096)


def enclosed_count(finite: NDArray[np.bool_]) -> int:
    """Number of non-finite voxels that the background of the image does not reach.

    Some programs write NaN outside the brain: such voxels hang together with the border of the image, and mean
    nothing. Any other NaN is damage.
    """
    if finite.all():
        return 0
    components, _ = ndimage.label(~finite)
    border = np.zeros(finite.shape, bool)
    for axis in range(3):
        border.swapaxes(0, axis)[[0, -1]] = True
    background = np.unique(components[border & ~finite])
    return int(np.count_nonzero(~finite & ~np.isin(components, background)))


def without_background_nan(data: NDArray[np.float32]) -> tuple[NDArray[np.float32], str | None]:
    """Data whose non-finite background is 0, and the warning that counts it; None when there was nothing to do."""
    bad = ~np.isfinite(data)
    count = int(np.count_nonzero(bad))
    if not count:
        return data, None
    return np.where(bad, np.float32(0), data), f"{count:,} NaN or infinite voxels of the background were set to 0"


def header_warnings(header: ImageHeader) -> list[str]:
    """What of the header a reader must know: no orientation, or two that disagree."""
    warnings = []
    if header.placement.orientation == "none":
        warnings.append("orientation unknown (neither sform nor qform): left and right may be swapped")
    if header.placement.form_difference_mm > FORM_DIFFERENCE_MM:
        difference = header.placement.form_difference_mm
        sides = ", and in which side is left" if header.placement.mirrored else ""
        warnings.append(f"sform and qform differ by up to {difference:.1f} mm{sides}; the sform was used")
    told, used = header.told_size_mm, header.voxel_size_mm
    if header.placement.orientation == "sform" and not np.allclose(told, used, rtol=SIZE_DIFFERENCE):
        by_pixdim, by_sform = (" x ".join(f"{edge:.3g}" for edge in size) for size in (told, used))
        warnings.append(f"voxels are {by_pixdim} mm by its pixdim and {by_sform} mm by its sform, which was used")
    return warnings


def without_negatives(data: NDArray[np.float32]) -> tuple[NDArray[np.float32], str | None]:
    """Data from 0 up, as a magnitude image has them, and the warning of it; None when there was nothing to do.

    An image that was standardised has its air, or its fluid, below 0: all of it is lifted by one number, so that
    nothing dark is lost and contrasts stay. Where much of it is exactly 0, that is what lies outside a brain; it stays.

    Parameters
    ----------
    data : (I, J, K) float32 array
        Finite. Interpolation leaves small negative values at edges; only those below -1 % of the 99th percentile count.
    """
    sample = data[::2, ::2, ::2]
    limit = -0.01 * float(np.percentile(sample, 99))
    share = float(np.count_nonzero(sample < min(limit, 0.0))) / sample.size
    if share < LEAST_NEGATIVE:
        return data, None
    lift = -float(np.percentile(sample, DARKEST))
    lifted = np.maximum(data + np.float32(lift), np.float32(0))
    outside = data == 0
    if np.count_nonzero(outside) >= LEAST_OUTSIDE * data.size:
        lifted[outside] = 0
    seen = f"{share:.0%} of the voxels are negative: the image was already normalised or is not a magnitude image"
    return lifted, f"{seen}; {lift:.4g} was added to its values"


def _background(values: NDArray[np.float32]) -> float:
    """The commonest of the lowest value and zero."""
    lowest = float(np.fmin.reduce(values, None))
    return max((lowest, 0.0), key=lambda value: int(np.count_nonzero(values == value)))


def _counted(runs: list[tuple[int, int, int]]) -> str:
    """`6 blank slices (along axis 3: 10 to 15)`, slices counted from 1."""
    count = sum(last - first + 1 for _, first, last in runs)
    shown = [
        f"along axis {a + 1}: {first + 1}" + (f" to {last + 1}" if last > first else "") for a, first, last in runs
    ]
    more = "" if len(shown) <= 5 else f" and {len(shown) - 5} more"
    return f"{count} blank slice{'s' * (count > 1)} ({', '.join(shown[:5])}{more})"


def _times(shape: tuple[int, ...]) -> str:
    return " x ".join(str(n) for n in shape)
