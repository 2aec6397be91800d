"""Lobes and sides: planes through landmarks in MNI space.

A simple rule with stated limits, and no parcellation: central and parieto-occipital sulci of two people, brought into
MNI space by an affine map, lie about 1 cm apart, so a voxel within 1 cm of a border may be named for the neighbour.
"""

import numpy as np
from numpy.typing import NDArray

from neurolupus.records.measured import LOBES

FRONTAL, PARIETAL, TEMPORAL, OCCIPITAL, CENTRAL = range(len(LOBES))
# Deep grey matter, the capsules and the insula, MNI mm
CENTRAL_X, CENTRAL_Y, CENTRAL_Z = 40.0, (-32.0, 22.0), (-10.0, 19.0)

Floats = NDArray[np.float64]


def lobe_of(mni_mm: Floats) -> NDArray[np.int8]:
    """The lobe of points of the cerebrum, (n,) indices of `LOBES`.

    Parameters
    ----------
    mni_mm : (n, 3) float array
        MNI RAS+ mm. Points of the cerebellum and brain stem are named too; leave them out before.

    Notes
    -----
    Planes alike on both sides, through places read from the ICBM 152 average [1]_, a = abs(x):

    - central sulcus through (10, -36, 72), (38, -24, 56), its hand knob [2]_, and (58, -6, 18): in front is frontal;
    - Sylvian fissure through y = 15, z = -12 and y = -29, z = 16, flat behind: below is temporal, but no further
      forward than y = 22, and on the orbital surface (y > 6, z > -20, a < 36) frontal;
    - parieto-occipital sulcus through (12, -83, 38) and (20, -62, 8), and preoccipital notch at (50, -66, -12):
      behind is occipital;
    - within 20 mm of the midline, behind the central box and above z = 2, is parietal (cingulate isthmus, splenium);
    - `CENTRAL_X`, `CENTRAL_Y`, `CENTRAL_Z`: deep nuclei, capsules and insula; beside a > 28 only where z > -6.

    References
    ----------
    .. [1] Fonov et al. (2011), NeuroImage 54:313, doi:10.1016/j.neuroimage.2010.07.033.
    .. [2] Yousry et al. (1997), Brain 120:141, doi:10.1093/brain/120.1.141.

    Examples
    --------
    >>> [LOBES[i] for i in lobe_of(np.array([[0, 50, 20], [-45, -65, 35], [50, -20, -10], [8, -85, 5], [10, -18, 8]]))]
    ['frontal', 'parietal', 'temporal', 'occipital', 'central']
    """
    points = np.asarray(mni_mm, np.float64)
    a, y, z = np.abs(points[:, 0]), points[:, 1], points[:, 2]
    lobe = np.where(y > -12.7 + 0.226 * a - 0.355 * z, FRONTAL, PARIETAL)
    sylvian = np.minimum(-2.45 - 0.636 * y, 16.0)
    orbital = (y > 6) & (z > -20) & (a < 36)
    medial = (a < 20) & (z > 2)
    lobe[(z < sylvian) & (y < 22) & ~orbital & ~medial] = TEMPORAL
    lobe[y < -56.0 - 0.75 * np.maximum(z - 5.0, 0.0) - 0.2 * a] = OCCIPITAL
    inside = (a < CENTRAL_X) & (y > CENTRAL_Y[0]) & (y < CENTRAL_Y[1]) & (z > CENTRAL_Z[0]) & (z < CENTRAL_Z[1])
    lobe[inside & ((a < 28) | (z > -6))] = CENTRAL
    return lobe.astype(np.int8)


def is_left(mni_mm: Floats) -> NDArray[np.bool_]:
    """Whether points lie on the patient's left, (n,): x below 0 in RAS+ MNI space."""
    left: NDArray[np.bool_] = np.asarray(mni_mm)[:, 0] < 0
    return left
