"""Head label maps as the network sees them: compact codes, eight anatomical classes, spinal canal cut off."""

from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np

# FreeSurfer numbers per class. 136/163 and 137/164 are the choroid plexus of the lateral ventricles and their inferior
# horns (they lie inside them in every head); 25/57 are white-matter lesions; 512 is spinal cord; >= 500 is outside.
CLASSES: dict[str, tuple[int, ...]] = {
    "outside": (),
    "csf": (24,),
    "ventricle": (4, 5, 14, 15, 43, 44, 72, 136, 137, 163, 164),
    "cortex": (3, 42, 17, 18, 53, 54),
    "deep_gm": (10, 11, 12, 13, 26, 49, 50, 51, 52, 58),
    "cerebral_wm": (2, 41, 25, 57, 28, 60, 85, 30, 62),
    "cerebellar_gm": (8, 47),
    "infratentorial_wm": (7, 46, 16),
}
INFRATENTORIAL = (7, 8, 16, 46, 47)


@dataclass(frozen=True, slots=True)
class Head:
    """One head: `codes` (I, J, K) uint8 indexes `labels`; `classes` maps a code to a class index."""

    name: str
    codes: np.ndarray
    labels: np.ndarray
    classes: np.ndarray
    brain_centre: np.ndarray


def read_head(path: Path) -> Head:
    """One label map in RAS order, 1 mm; CSF below the lowest cerebellum or brain stem voxel becomes background."""
    image = nib.as_closest_canonical(nib.load(path))
    labels = np.rint(np.asanyarray(image.dataobj)).astype(np.int32)
    lowest = np.flatnonzero(np.isin(labels, INFRATENTORIAL).any((0, 1)))[0]
    spinal = labels[:, :, :lowest]
    spinal[spinal == 24] = 507  # soft tissue: spinal fluid is no part of the intracranial volume
    values, codes = np.unique(labels, return_inverse=True)
    classes = np.zeros(len(values), np.uint8)
    for index, members in enumerate(CLASSES.values()):
        classes[np.isin(values, members)] = index
    codes = codes.reshape(labels.shape).astype(np.uint8)
    inside = np.argwhere(classes[codes] > 0)
    centre = (inside.min(0) + inside.max(0)) / 2
    return Head(path.name.split(".")[0], codes, values, classes, centre)
