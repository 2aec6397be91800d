"""ITK's transforms as maps between RAS+ points."""

import numpy as np
import SimpleITK as sitk


def ras_matrix(transform: sitk.Transform) -> np.ndarray:
    """The (4, 4) map between RAS+ points of a linear transform, by what it does to four points."""
    lps_to_ras = np.diag([-1.0, -1.0, 1.0, 1.0])
    corners = np.vstack([np.zeros(3), np.eye(3)])
    moved = np.array([transform.TransformPoint(corner.tolist()) for corner in corners])
    lps = np.eye(4)
    lps[:3, 3] = moved[0]
    lps[:3, :3] = (moved[1:] - moved[0]).T
    return lps_to_ras @ lps @ lps_to_ras
