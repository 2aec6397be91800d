"""The image series that a result belongs to: found in a folder by its headers, with the place of each frame."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurolupus.errors import DicomError

LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
PLACE = ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "Rows", "Columns")
INDEX = (*PLACE, "SeriesInstanceUID", "SOPInstanceUID", "SeriesDescription", "SharedFunctionalGroupsSequence",
         "PerFrameFunctionalGroupsSequence", "NumberOfFrames")  # fmt: skip
NEEDED = ("FrameOfReferenceUID", "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID", "Modality")
# Type 2 of the patient's and the study's modules (PS3.3 C.7.1.1, C.7.2.1): anonymised series often lack them.
MAY_BE_EMPTY = (
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "StudyID",
    "AccessionNumber", "ReferringPhysicianName",
)  # fmt: skip
EVEN_MM = 0.1  # how far a frame may lie from where even spacing would have it


@dataclass(frozen=True, slots=True, eq=False)
class SourceSeries:
    """One series that is a volume.

    Parameters
    ----------
    files : tuple of Path
        In the order of the frames; one of many frames, or one per frame.
    order : tuple of int
        For each frame of the volume, its number from 0 in the only file; empty for one file per frame.
    affine : (4, 4) float array
        Column, row and frame to RAS+ mm.
    shape : (int, int, int)
        Columns, rows, frames.
    """

    uid: str
    description: str
    files: tuple[Path, ...]
    order: tuple[int, ...]
    affine: NDArray[np.float64]
    shape: tuple[int, int, int]

    def headers(self) -> list[Any]:
        """The datasets without their pixels, in the order of the frames; what may be unknown is there, and empty.

        Raises
        ------
        DicomError
            They do not tell in which frame of reference, study or of what kind they are.
        """
        from pydicom import dcmread

        read = [dcmread(path, stop_before_pixels=True) for path in self.files]
        lacking = sorted({keyword for one in read for keyword in NEEDED if not one.get(keyword)})
        if lacking:
            raise DicomError(
                f"Series {self.uid} lacks {', '.join(lacking)}; nothing can be made that belongs to it.\n"
                "    Use the series as the scanner sent it; a program that takes identities out removed too much."
            )
        for one in read:
            self._complete(one)
        return read

    def _complete(self, header: Any) -> None:
        """Make a header one that highdicom takes, without telling anything new."""
        for keyword in MAY_BE_EMPTY:
            if keyword not in header:
                setattr(header, keyword, None)
        if not self.order and not header.get("SliceThickness"):
            header.SliceThickness = round(float(np.linalg.norm(self.affine[:3, 2])), 6)
        letters = header.get("SpecificCharacterSet")
        if isinstance(letters, str) and letters.startswith("ISO 2022 IR "):
            header.SpecificCharacterSet = letters.replace("ISO 2022 IR ", "ISO_IR ")  # the same where there is but one

    def in_file_order(self, values: NDArray[Any]) -> NDArray[Any]:
        """Frames of the volume, (frames, rows, columns), in the order of `headers()` and of the frames in a file."""
        if not self.order:
            return values
        filed = np.empty_like(values)
        filed[list(self.order)] = values
        return filed

    def frame(self, number: int) -> NDArray[np.float64]:
        """The stored pixels of one frame of the volume, (rows, columns).

        Raises
        ------
        DicomError
            They cannot be unpacked.
        """
        from pydicom import dcmread
        from pydicom.pixels.utils import pixel_array

        path = self.files[0] if self.order else self.files[number]
        try:
            pixels = pixel_array(dcmread(path), index=self.order[number] if self.order else 0)
        except Exception as error:  # decoders raise whatever they like
            raise DicomError(
                f"The pixels of {path} cannot be unpacked ({type(error).__name__}), so it is not sure that the result "
                "belongs to them.\n    Unpack the series first, for example with dcmdjpeg or gdcmconv --raw."
            ) from None
        return np.asarray(pixels, np.float64)


def find_volumes(folder: Path) -> tuple[SourceSeries, ...]:
    """Every series under a folder that is one volume of evenly spaced frames, by UID; the others are passed over.

    Raises
    ------
    DicomError
        There is none.
    """
    from pydicom import dcmread

    paths = [folder] if folder.is_file() else sorted(one for one in folder.rglob("*") if one.is_file())
    groups: dict[str, dict[str, tuple[Path, Any]]] = {}
    for path in paths:
        try:
            read = dcmread(path, stop_before_pixels=True, specific_tags=list(INDEX))
            series, instance = str(read.SeriesInstanceUID), str(read.SOPInstanceUID)
        except Exception:  # noqa: S112 - a folder holds other files too
            continue
        groups.setdefault(series, {})[instance] = path, read
    volumes = (_volume(uid, files.values()) for uid, files in sorted(groups.items()))
    found = tuple(one for one in volumes if one is not None)
    if not found:
        raise DicomError(
            f"{folder} has no DICOM series that is a volume ({len(groups)} series, {len(paths)} files); the one "
            "that was measured is needed.\n"
            "    Give the folder that was imported, or fetch the study: neurolupus pacs fetch"
        )
    return found


def _volume(uid: str, files: Iterable[tuple[Path, Any]]) -> SourceSeries | None:
    some = list(files)
    try:
        if len(some) == 1 and "PerFrameFunctionalGroupsSequence" in some[0][1]:
            frames = _frames(some[0][1])
        else:
            frames = [_place(read, read, read) for _, read in some]
        if any(np.abs(one[1] - frames[0][1]).max() > 1e-4 or one[2:] != frames[0][2:] for one in frames):
            return None
        position, orientation = np.array([one[0] for one in frames]), frames[0][1]
        normal = np.cross(orientation[:3], orientation[3:])
        order = np.argsort(position @ normal)
        step = (position[order[-1]] - position[order[0]]) / max(len(order) - 1, 1)
        expected = position[order[0]] + np.arange(len(order))[:, None] * step
        if len(order) < 2 or np.linalg.norm(step) < EVEN_MM or np.abs(expected - position[order]).max() > EVEN_MM:
            return None
    except (AttributeError, KeyError, IndexError, TypeError, ValueError):  # no images, or images without a place
        return None
    (between_rows, between_columns), rows, columns = frames[0][2], frames[0][3], frames[0][4]
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1] = orientation[:3] * between_columns, orientation[3:] * between_rows
    affine[:3, 2], affine[:3, 3] = step, position[order[0]]
    is_one_file = len(some) == 1
    return SourceSeries(
        uid,
        str(some[0][1].get("SeriesDescription") or ""),
        (some[0][0],) if is_one_file else tuple(some[number][0] for number in order),
        tuple(int(number) for number in order) if is_one_file else (),
        LPS_TO_RAS @ affine,
        (columns, rows, len(order)),
    )


def _frames(read: Any) -> list[Any]:
    """The place of each frame of a file of many."""
    shared = read.SharedFunctionalGroupsSequence[0]
    places = []
    for own in read.PerFrameFunctionalGroupsSequence:
        orientation, measures = (
            (own if name in own else shared)[name].value[0]
            for name in ("PlaneOrientationSequence", "PixelMeasuresSequence")
        )
        places.append(_place(own.PlanePositionSequence[0], orientation, measures, read))
    return places


def _place(position: Any, orientation: Any, measures: Any, image: Any = None) -> Any:
    """Position, orientation, spacing between rows and between columns, rows and columns."""
    image = position if image is None else image
    return (
        np.array([float(one) for one in position.ImagePositionPatient]),
        np.array([float(one) for one in orientation.ImageOrientationPatient]),
        tuple(float(one) for one in measures.PixelSpacing),
        int(image.Rows),
        int(image.Columns),
    )
