"""Whether somebody's name may be drawn into the picture itself: what the header says, and a look at the pixels."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.uid import UID
from scipy import ndimage

from neurolupus.dicom.private.kept import CLASSES
from neurolupus.dicom.private.values import is_registered
from neurolupus.errors import DicomError

_SCREEN = ("SCREEN", "SAVE", "SECONDARY CAPTURE", "SNAPSHOT", "REPORT", "DOSE_INFO", "PROTOCOL")

# Letters, as scanners and viewers draw them: 5 to 40 pixels high, at most as wide as two letters, of one value that is
# the brightest of the picture, on ground far darker. Letters of one line stand on one height, side by side.
BRIGHT_SHARE = 0.98
DARK_SHARE = 0.6
LEAST_HEIGHT, MOST_HEIGHT = 5, 40
LEAST_LETTERS = 5
MOST_BRIGHT = 0.2  # of the picture
LARGEST_SHARE = 0.25  # of its box, what a stroke leaves dark at least


def refused_by_header(header: Dataset) -> str | None:
    """Why a file cannot be de-identified at all; None where it can.

    Parameters
    ----------
    header : Dataset
        Pixels are not needed.
    """
    kind = str(header.get("SOPClassUID") or "")
    if kind not in CLASSES:
        name = UID(kind).name if is_registered(kind) else "of no kind that DICOM knows"
        return f"{name}: only MR, CT and PET images can be checked"
    if str(header.get("BurnedInAnnotation") or "").strip().upper() == "YES":
        return "BurnedInAnnotation is YES: text is drawn into the picture"
    image_type = [str(one).upper() for one in header.get("ImageType") or []]
    is_screen = any(word in one for one in image_type for word in _SCREEN)
    if is_screen or header.get("DateOfSecondaryCapture") or header.get("SecondaryCaptureDeviceManufacturer"):
        return "a picture of a screen (ImageType, or secondary capture), where text may be drawn"
    if not str(header.get("PhotometricInterpretation") or "").startswith("MONOCHROME"):
        return "a colour picture, as reports and screens are saved: text may be drawn into it"
    return None


def looks_like_text(frame: NDArray[np.generic]) -> bool:
    """Whether strokes, all bright or all dark, stand side by side as the letters of a line do.

    Parameters
    ----------
    frame : (rows, columns) array
        Stored values, not inverted.

    Notes
    -----
    It finds what viewers and scanners burn in: letters at the top of the scale on darker ground, or at its end on
    brighter ground. It cannot find faint, slanted or handwritten text; no look of a program replaces one by a person.
    """
    values = np.asarray(frame, np.float32)
    low, high = float(values.min(initial=0)), float(values.max(initial=0))
    if high <= low:
        return False
    scaled = (values - low) / (high - low)
    return _has_bright_text(scaled) or _has_bright_text(1 - scaled)


def check_frames(frames: NDArray[np.generic]) -> None:
    """Raise DicomError when any frame looks as if it had text in it.

    Parameters
    ----------
    frames : (rows, columns) or (frames, rows, columns) array
    """
    stack = frames if frames.ndim == 3 else frames[None]
    for number, frame in enumerate(stack, 1):
        if looks_like_text(frame):
            raise DicomError(
                f"strokes stand in a line as letters do (frame {number} of {len(stack)})\n"
                "    Look at the picture. Without text in it, give the file again with --pixels-seen."
            )


def _has_bright_text(scaled: NDArray[np.float32]) -> bool:
    """Whether there is a line of strokes at the top of a picture scaled from 0 to 1."""
    bright = scaled >= BRIGHT_SHARE
    if np.count_nonzero(bright) > MOST_BRIGHT * bright.size:  # saturated tissue, or the air of an inverted picture
        return False
    labels, count = ndimage.label(bright, np.ones((3, 3)))
    if count < LEAST_LETTERS:
        return False
    boxes = [box for box in enumerate(ndimage.find_objects(labels), 1) if _is_letter_size(box[1])]
    return _has_line([box for number, box in boxes if _is_stroke(labels, scaled, number, box)])


def _is_letter_size(box: tuple[slice, slice]) -> bool:
    height, width = (one.stop - one.start for one in box)
    return bool(LEAST_HEIGHT <= height <= MOST_HEIGHT and width <= 1.6 * height)


def _is_stroke(labels: NDArray[np.int32], scaled: NDArray[np.float32], number: int, box: tuple[slice, slice]) -> bool:
    """Whether a bright patch is a stroke: sharp-edged, and leaving much of its box dark."""
    rows, columns = box
    wide = (slice(max(rows.start - 2, 0), rows.stop + 2), slice(max(columns.start - 2, 0), columns.stop + 2))
    inside = labels[wide] == number
    around = ndimage.binary_dilation(inside, np.ones((3, 3)), iterations=2) & ~ndimage.binary_dilation(inside)
    if not around.any() or float(np.median(scaled[wide][around])) > DARK_SHARE:
        return False
    filled = np.count_nonzero(inside) / inside[2:-2, 2:-2].size if inside[2:-2, 2:-2].size else 1.0
    height, width = (one.stop - one.start for one in box)
    return bool(filled <= 1 - LARGEST_SHARE or width <= max(2, height // 3))  # an I fills its box


def _has_line(letters: list[tuple[slice, slice]]) -> bool:
    """Whether enough letters stand on one line, each near the next."""
    for rows, _ in letters:
        height = rows.stop - rows.start
        line = sorted(
            (columns.start, columns.stop)
            for other, columns in letters
            if abs(other.stop - rows.stop) <= 2 and abs((other.stop - other.start) - height) <= max(2, height // 3)
        )
        run = 1
        for (_, end), (start, _) in pairwise(line):
            run = run + 1 if start - end <= 2 * height else 1
            if run >= LEAST_LETTERS:
                return True
    return False
