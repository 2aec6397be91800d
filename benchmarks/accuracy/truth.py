"""What is true of a labelled head: which FreeSurfer number is which tissue, and where the brain ends.

The table below is the definition that every simulated case is judged by; README.md tells it in words.
"""

from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

CSF_LABELS = (24, 4, 5, 14, 15, 43, 44, 72, 136, 137, 163, 164)
GM_LABELS = (3, 42, 8, 47, 10, 49, 11, 50, 12, 51, 13, 52, 17, 53, 18, 54, 26, 58)
WM_LABELS = (2, 41, 7, 46, 16, 28, 60, 85, 30, 62, 25, 57)
LESION_LABELS = (25, 57)
FIRST_LABEL_OUTSIDE = 500
POSTERIOR_FOSSA_LABELS = (7, 8, 16, 46, 47)
SULCAL_CSF = 24
SPINAL_CSF = 599  # our own number: label 24 below the posterior fossa
TRANSPLANTED = 25  # a lesion painted on the left and on the right is the same tissue

OUTSIDE, GM, WM, CSF = 0, 1, 2, 3
HELD_OUT = ("head-03", "head-08", "head-09", "head-11")


def tissue_table() -> NDArray[np.uint8]:
    """Tissue (0 outside, 1 GM, 2 WM, 3 CSF) of each label number, (1024,) array.

    Examples
    --------
    >>> table = tissue_table()
    >>> [int(table[label]) for label in (0, 3, 16, 25, 24, 515)]
    [0, 1, 2, 2, 3, 0]
    """
    table = np.zeros(1024, np.uint8)
    for labels, tissue in ((GM_LABELS, GM), (WM_LABELS, WM), (CSF_LABELS, CSF)):
        table[list(labels)] = tissue
    return table


@dataclass(frozen=True, slots=True, eq=False)
class LabelledHead:
    """A head in RAS order; spinal fluid has the number SPINAL_CSF.

    `labels` is (I, J, K) int16; `affine` maps its indices to RAS+ mm.
    """

    name: str
    labels: NDArray[np.int16]
    affine: NDArray[np.float64]

    @property
    def voxel_ml(self) -> float:
        """Volume of a voxel in ml."""
        return float(abs(np.linalg.det(self.affine[:3, :3]))) / 1000

    @property
    def held_out(self) -> bool:
        """Whether no model of neurolupus has learned from this head."""
        return self.name in HELD_OUT

    def volume_ml(self, labels: tuple[int, ...]) -> float:
        """Volume of some labels together."""
        return float(np.isin(self.labels, labels).sum()) * self.voxel_ml


def read_head(path: Path) -> LabelledHead:
    """A labelled head, cut at the skull base: label 24 below the posterior fossa becomes spinal fluid."""
    image = nib.as_closest_canonical(nib.load(path))
    labels = np.rint(np.asarray(image.dataobj)).astype(np.int16)
    unknown = sorted(set(np.unique(labels)) - set(GM_LABELS) - set(WM_LABELS) - set(CSF_LABELS) - {0})
    unknown = [label for label in unknown if label < FIRST_LABEL_OUTSIDE]
    if unknown:
        raise ValueError(f"{path} holds labels {unknown}, which the tissue table does not know; add them to truth.py.")
    labels = remove_stray_fluid(cut_at_skull_base(labels))
    return LabelledHead(path.name.split(".")[0], labels, np.asarray(image.affine, np.float64))


def cut_at_skull_base(labels: NDArray[np.int16]) -> NDArray[np.int16]:
    """The labels (RAS order) with fluid below the lowest voxel of cerebellum and brain stem renamed SPINAL_CSF."""
    lowest = int(np.flatnonzero(np.isin(labels, POSTERIOR_FOSSA_LABELS).any((0, 1)))[0])
    cut = labels.copy()
    below = cut[:, :, :lowest]
    below[below == SULCAL_CSF] = SPINAL_CSF
    return cut


def remove_stray_fluid(labels: NDArray[np.int16]) -> NDArray[np.int16]:
    """The labels with islands of label 24 that do not touch the intracranial space (26 neighbours) turned into air.

    They are faults of the maps: 4.7 ml float in the air beside head-11, 0.9 ml behind head-01, under 0.3 ml elsewhere.
    """
    inside = tissue_table()[np.minimum(labels, 1023)] != OUTSIDE
    islands, _ = ndimage.label(inside, np.ones((3, 3, 3)))
    main = np.bincount(islands.ravel())[1:].argmax() + 1
    return np.where((labels == SULCAL_CSF) & (islands != main), 0, labels).astype(np.int16)


def heal(labels: NDArray[np.int16]) -> NDArray[np.int16]:
    """The labels with the head's own lesions turned into white matter, so that a known load can be painted."""
    healed = labels.copy()
    healed[labels == 25] = 2
    healed[labels == 57] = 41
    return healed
