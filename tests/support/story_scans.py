"""Four invented patients as a scanner sends them: two good scans, one of who moved, one with an infarct of 2 cm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from neurolupus.imaging.anatomy import deformed, draw_lesions
from neurolupus.imaging.atlas import draw_labels
from neurolupus.imaging.contrast import CONTRASTS
from neurolupus.imaging.labels import PAINTED_WMH, SPINAL_FLUID, heal_lesions
from neurolupus.imaging.phantom import Phantom, Rigid, Scanner, simulate_pair
from neurolupus.records.volume import Volume

VOXEL_MM = (1.5, 1.5, 1.5)
INFARCT_MM = 20.0


@dataclass(frozen=True, slots=True)
class Plan:
    """One patient: what is wrong with the scan, if anything."""

    patient_id: str
    name: str
    age: int
    wmh_ml: float
    motion_mm: float = 0.0
    infarct: bool = False


PLANS = (
    Plan("MRN-1001", "Aster^Anna", 34, 1.2),
    Plan("MRN-1002", "Birch^Bela", 47, 6.0),
    Plan("MRN-1003", "Cedar^Cora", 29, 1.0, motion_mm=6.0),
    Plan("MRN-1004", "Daisy^Dora", 58, 2.0, infarct=True),
)


def story_scan(plan: Plan) -> Phantom:
    """The T1w and FLAIR of one of them; the same on every machine."""
    rng = np.random.default_rng(1000 + int(plan.patient_id[-4:]))
    labels = draw_labels(rng)
    labels = deformed(labels.with_data(heal_lesions(labels.data, labels.affine)), rng)
    lesions = draw_lesions(labels, plan.wmh_ml, rng)
    if plan.infarct:
        labels = with_infarct(labels)
    scanner = Scanner(
        t1w_voxel_mm=VOXEL_MM,
        flair_voxel_mm=VOXEL_MM,
        motion_mm=plan.motion_mm,
        flair_offset=Rigid((1.0, -1.5, 0.5), (1.0, 0.0, -1.0)),
        point_mm=1.0,
    )
    return simulate_pair(labels, contrast=CONTRASTS["mprage_3t"], scanner=scanner, rng=rng, lesion_mask=lesions)


def with_infarct(labels: Volume) -> Volume:
    """An old infarct in the white matter of one side: fluid in the middle, a rim of gliosis, 2 cm across."""
    white = labels.data == 2
    place = np.unravel_index(int(np.argmax(ndimage.distance_transform_edt(white))), white.shape)
    away = np.sqrt(sum((axis - at) ** 2 for axis, at in zip(np.indices(white.shape), place, strict=True)))
    data = labels.data.copy()
    mm = away * float(np.cbrt(labels.voxel_volume_ml * 1000))
    data[mm <= INFARCT_MM / 2] = PAINTED_WMH
    data[mm <= INFARCT_MM / 2 - 3] = SPINAL_FLUID
    return labels.with_data(data)
