"""Rigid transforms to text: ITK's for programs that resample images, a plain 4 x 4 for points."""

import numpy as np

from neurolupus.records.volume import Affine

LPS = np.diag([-1.0, -1.0, 1.0, 1.0])  # RAS to LPS and back: ITK's axes point left and backward

ITK_DIRECTION = (
    "ITK (LPS, mm). Maps a point of the T1w to the same anatomical point of the FLAIR, as ITK needs it to resample "
    "the FLAIR onto the T1w: SimpleITK.Resample(flair, t1w, SimpleITK.ReadTransform(file)), or "
    "antsApplyTransforms -i FLAIR -r T1w -t file."
)
POINTS_DIRECTION = (
    "4 x 4 matrix (RAS+, mm) for column vectors. Maps a point of the FLAIR to the same anatomical point of the T1w; "
    "the inverse of the ITK file beside it."
)


def itk_text(flair_to_t1w_ras: Affine) -> str:
    """The ITK transform that resamples the FLAIR onto the T1w.

    Parameters
    ----------
    flair_to_t1w_ras : (4, 4) float array
        Maps a RAS+ mm point of the FLAIR to the T1w.

    Returns
    -------
    str
        An Insight transform file, version 1.0. ITK maps points of the output (T1w) to points of the input (FLAIR), in
        LPS: the inverse matrix, with both axes turned.
    """
    matrix = LPS @ np.linalg.inv(flair_to_t1w_ras) @ LPS
    numbers = [*matrix[:3, :3].ravel(), *matrix[:3, 3]]
    return (
        "#Insight Transform File V1.0\n"
        "#Transform 0\n"
        "Transform: AffineTransform_double_3_3\n"
        f"Parameters: {' '.join(_exact(number) for number in numbers)}\n"
        "FixedParameters: 0 0 0\n"
    )


def points_text(flair_to_t1w_ras: Affine) -> str:
    """The 4 x 4 matrix that maps RAS+ mm points of the FLAIR to the T1w, one row a line."""
    return "".join(" ".join(_exact(number) for number in row) + "\n" for row in flair_to_t1w_ras)


def read_points_text(text: str) -> Affine:
    """The matrix that `points_text` wrote.

    Examples
    --------
    >>> bool((read_points_text(points_text(np.eye(4))) == np.eye(4)).all())
    True
    """
    return np.array([[float(number) for number in line.split()] for line in text.splitlines() if line.strip()])


def _exact(number: float) -> str:
    """The shortest text that reads back as the same double; no negative zero."""
    return repr(float(number) + 0.0)
