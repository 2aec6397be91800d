"""One picture per case: what was put in, and truth (green) beside measurement (red)."""

from pathlib import Path
from typing import Literal

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray

from neurolupus.records.measured import MeasuredScan

mpl.use("Agg")
from matplotlib import pyplot as plt  # the backend must be chosen first

Bool = NDArray[np.bool_]
TRUTH, OURS = "#35d04f", "#ff4d3d"
TISSUE_COLOURS = mpl.colors.ListedColormap(["#000000", "#8c8c8c", "#ffffff", "#2f6fd0"])


def draw_case(
    path: Path,
    title: str,
    measured: MeasuredScan,
    *,
    truth_mask: Bool | None = None,
    truth_wmh: Bool | None = None,
    truth_tissue: NDArray[np.uint8] | None = None,
    outline: Literal["brain", "intracranial"] = "intracranial",
) -> None:
    """Write a JPEG of three axial and one sagittal view, small enough to keep in docs; `outline` is the mask shown."""
    t1w, grid = measured.t1w_corrected, measured.t1w
    brain = measured.intracranial_mask if measured.intracranial_mask.any() else np.ones(grid.shape, bool)
    lesions = truth_wmh if truth_wmh is not None else measured.wmh_mask
    k = busiest(lesions, brain)
    k_low = int(np.quantile(np.flatnonzero(brain.any((0, 1))), 0.3))
    i = int(np.median(np.flatnonzero(brain.any((1, 2))))) + 3
    x, y, z = grid.voxel_size_mm
    panels = [(f"T1w and {outline} mask", axial(t1w, k), axial(brain, k), axial(truth_mask, k), y / x)]
    panels.append(("", sagittal(t1w, i), sagittal(brain, i), sagittal(truth_mask, i), z / y))
    panels.append(("", axial(t1w, k_low), axial(brain, k_low), axial(truth_mask, k_low), y / x))
    if measured.flair is not None:
        panels.append(
            ("FLAIR and WMH", axial(measured.flair, k), axial(measured.wmh_mask, k), axial(truth_wmh, k), y / x)
        )
    figure, axes = plt.subplots(1, len(panels) + 1 + (truth_tissue is not None), figsize=(13, 2.9), facecolor="black")
    for axis, (name, image, ours, truth, aspect) in zip(axes, panels, strict=False):
        top = np.percentile(image[image > 0], 99.5) if (image > 0).any() else 1
        axis.imshow(image.T, cmap="gray", origin="lower", vmin=0, vmax=top, aspect=aspect)
        for mask, colour in ((truth, TRUTH), (ours, OURS)):
            if mask is not None and mask.any() and not mask.all():
                axis.contour(mask.T, levels=[0.5], colors=colour, linewidths=0.6)
        axis.set_title(name, color="white", fontsize=8)
    tissues = [("measured tissue", axial(measured.tissue_labels, k))]
    if truth_tissue is not None:
        tissues.append(("true tissue", axial(truth_tissue, k)))
    for axis, (name, image) in zip(axes[len(panels) :], tissues, strict=True):
        axis.imshow(image.T, cmap=TISSUE_COLOURS, origin="lower", vmin=0, vmax=3, aspect=y / x, interpolation="nearest")
        axis.set_title(name, color="white", fontsize=8)
    for axis in axes:
        axis.axis("off")
    figure.suptitle(f"{title}    green: truth, red: neurolupus", color="white", fontsize=8, y=0.02, va="bottom")
    figure.subplots_adjust(0.0, 0.06, 1, 0.93, 0.01, 0)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=66, pil_kwargs={"quality": 60})
    plt.close(figure)


def axial(volume: NDArray[np.generic] | None, k: int) -> NDArray[np.generic] | None:
    """Slice k seen from below the feet's way up: x to the right, y up."""
    return None if volume is None else volume[:, :, k]


def sagittal(volume: NDArray[np.generic] | None, i: int) -> NDArray[np.generic] | None:
    """Slice i, y to the right, z up."""
    return None if volume is None else volume[i]


def busiest(lesions: Bool | None, brain: Bool) -> int:
    """The axial slice with most lesion; a slice at 60 % of the brain without lesions."""
    if lesions is not None and lesions.any():
        return int(lesions.sum((0, 1)).argmax())
    return int(np.quantile(np.flatnonzero(brain.any((0, 1))), 0.6))
