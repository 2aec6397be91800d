"""One file in, one file without identity out; or the reason why not."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pydicom
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import UID, AllTransferSyntaxes, DeflatedExplicitVRLittleEndian, MediaStorageDirectoryStorage

from neurolupus.dicom.private.burned_in import check_frames, refused_by_header
from neurolupus.dicom.private.dataset import Who, cleaned_dataset, whose
from neurolupus.dicom.private.linking_key import LinkingKey
from neurolupus.dicom.private.options import Options
from neurolupus.dicom.private.pixels import decoded, picture_only
from neurolupus.dicom.private.sweep import found_in, telltales
from neurolupus.errors import DicomError

LARGEST_BYTES = 4_000_000_000
# Made once for neurolupus, as PS3.5 B.2 has it: 2.25 and a random number.
IMPLEMENTATION_UID = "2.25.229427108531283044412830152385164741"
_MAGIC_AT, _MAGIC = 128, b"DICM"


class NotDicom(DicomError):  # noqa: N818 - says what the file is
    """A file that is no DICOM file, or only an index of others: it is passed over."""


@dataclass(frozen=True, slots=True, eq=False)
class CleanedFile:
    """A de-identified file, not yet written.

    Attributes
    ----------
    who : Who
    series : int
        SeriesNumber; 0 where there is none.
    series_uid, sop_uid : str
        The new ones.
    content : bytes
        The whole file.
    """

    who: Who
    series: int
    series_uid: str
    sop_uid: str
    content: bytes


def clean_file(
    path: Path, key: LinkingKey, options: Options, *, version: str, pixels_seen: bool = False
) -> CleanedFile:
    """A file without what tells who somebody is; the original is only read.

    Parameters
    ----------
    path : Path
    key : LinkingKey
        Gets the patient and the study of the file.
    options : Options
    version : str
        Of neurolupus.
    pixels_seen : bool
        Whether a person has looked at the pixels and found no text, so that the look at them is left out.

    Raises
    ------
    NotDicom
        No DICOM file, or a DICOMDIR.
    DicomError
        The reason why nothing may be written; it tells no value of the file.
    """
    with _quiet(), _damage_told():
        header = _read(path, header_only=True)
        if reason := refused_by_header(header):
            raise DicomError(reason)
        original = _read(path, header_only=False)
        if not pixels_seen:
            check_frames(decoded(original, path))
    who = whose(original, key)  # outside: a key that cannot be written stops everything
    with _quiet(), _damage_told():
        made = cleaned_dataset(original, who, key, options, version)
        made.file_meta = _file_meta(made, original.file_meta.TransferSyntaxUID)
        picture_only(made)
        content = _bytes_of(made)
        _check_nothing_left(original, content)
        return CleanedFile(
            who, int(made.get("SeriesNumber") or 0), str(made.SeriesInstanceUID), str(made.SOPInstanceUID), content
        )


def _read(path: Path, *, header_only: bool) -> Dataset:
    size = path.stat().st_size
    if size > LARGEST_BYTES:
        raise DicomError(f"{size} bytes; at most {LARGEST_BYTES} are read")
    with path.open("rb") as file:
        file.seek(_MAGIC_AT)
        if file.read(len(_MAGIC)) != _MAGIC:
            raise NotDicom("no DICOM file")
        file.seek(0)
        dataset = pydicom.dcmread(file, stop_before_pixels=header_only)
    if dataset.file_meta.get("MediaStorageSOPClassUID") == MediaStorageDirectoryStorage:
        raise NotDicom("a DICOMDIR, which lists names")
    if dataset.file_meta.TransferSyntaxUID not in AllTransferSyntaxes:
        raise DicomError("written in a way (TransferSyntaxUID) that DICOM does not know")
    if dataset.file_meta.TransferSyntaxUID == DeflatedExplicitVRLittleEndian:
        raise DicomError("deflated; such a file can grow without bounds when it is read")
    for keyword in ("SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID"):
        if not dataset.get(keyword):
            raise DicomError(f"{keyword} is missing")
    if not header_only and "PixelData" not in dataset:
        raise DicomError("there are no pixels")
    return dataset


def _file_meta(made: Dataset, syntax: UID) -> FileMetaDataset:
    """A new header of the file: nothing of the old one but the transfer syntax."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = made.SOPClassUID
    meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    meta.TransferSyntaxUID = syntax
    meta.ImplementationClassUID = UID(IMPLEMENTATION_UID)
    meta.ImplementationVersionName = "NEUROLUPUS"
    return meta


def _bytes_of(made: Dataset) -> bytes:
    stream = io.BytesIO()
    pydicom.dcmwrite(stream, made, enforce_file_format=True)  # a new preamble of zeros
    return stream.getvalue()


def _check_nothing_left(original: Dataset, content: bytes) -> None:
    """Raise DicomError when the bytes still hold a text that identifies."""
    again = pydicom.dcmread(io.BytesIO(content))
    pixels = bytes(again.PixelData)
    at = content.find(pixels)
    header = content if at < 0 else content[:at] + content[at + len(pixels) :]
    left = found_in(telltales(original, again), header, pixels, again)
    if left:
        raise DicomError(f"the text of {', '.join(left)} still stood in the result, which was thrown away")


@contextmanager
def _damage_told() -> Iterator[None]:
    """Whatever a damaged file makes pydicom raise becomes a reason; its words would show values of the file."""
    try:
        yield
    except DicomError:
        raise
    except Exception as error:
        raise DicomError(f"damaged: it cannot be read as a whole image ({type(error).__name__})") from None


@contextmanager
def _quiet() -> Iterator[None]:
    """No complaints of pydicom on odd values: they would show them, and each value is judged here anyway."""
    with warnings.catch_warnings(), pydicom.config.disable_value_validation():
        warnings.simplefilter("ignore")
        yield
