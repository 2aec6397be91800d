"""A made-up MR image, whole and small, of a patient who never was."""

import io
from pathlib import Path

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset

MR = "1.2.840.10008.5.1.4.1.1.4"
ROOT = "1.2.826.0.1.3680043.9.9999"


def noisy_head(rows: int = 64, columns: int = 64) -> NDArray[np.uint16]:
    """A bright disc on noise, 12 bits."""
    row, column = np.mgrid[:rows, :columns]
    disc = (row - rows / 2) ** 2 + (column - columns / 2) ** 2 < (0.35 * rows) ** 2
    noise = np.random.default_rng(3).normal(0, 20, (rows, columns))
    return np.clip(60 + 900 * disc + noise, 0, 4095).astype(np.uint16)


def make_image(pixels: NDArray[np.uint16] | None = None, **attributes: object) -> Dataset:
    """A whole MR image of one made-up patient; keyword arguments replace attributes, None takes one out."""
    picture = noisy_head() if pixels is None else pixels
    image = Dataset()
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
    image.file_meta.SourceApplicationEntityTitle = "WARD7"
    values: dict[str, object] = {
        "SOPClassUID": MR,
        "SOPInstanceUID": f"{ROOT}.1.1.1",
        "StudyInstanceUID": f"{ROOT}.1",
        "SeriesInstanceUID": f"{ROOT}.1.1",
        "FrameOfReferenceUID": f"{ROOT}.7",
        "ImageType": ["ORIGINAL", "PRIMARY", "M"],
        "Modality": "MR",
        "Manufacturer": "SIEMENS",
        "ManufacturerModelName": "Prisma_fit",
        "PatientName": "Kanarienvogel^Anna",
        "PatientID": "PID-778899",
        "PatientBirthDate": "19560413",
        "PatientSex": "F",
        "PatientAge": "067Y",
        "StudyDate": "20240229",
        "SeriesDate": "20240301",
        "StudyTime": "134759",
        "SeriesDescription": "t1_mprage_sag Kanarienvogel",
        "SeriesNumber": 4,
        "InstanceNumber": 1,
        "ImagePositionPatient": [-31.5, -31.5, 7.25],
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
        "PixelSpacing": [1.0, 1.0],
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "Rows": picture.shape[0],
        "Columns": picture.shape[1],
        "BitsAllocated": 16,
        "BitsStored": 12,
        "HighBit": 11,
        "PixelRepresentation": 0,
        "PixelData": picture.tobytes(),
        **attributes,
    }
    for keyword, value in values.items():
        if value is not None:
            setattr(image, keyword, value)
    image["PixelData"].VR = "OW"
    return image


def save(image: Dataset, path: Path, preamble: bytes = b"\0" * 128) -> Path:
    """The image as a file."""
    image.file_meta.MediaStorageSOPClassUID = image.get("SOPClassUID", MR)
    image.file_meta.MediaStorageSOPInstanceUID = image.get("SOPInstanceUID", "1.2")
    stream = io.BytesIO()
    with pydicom.config.disable_value_validation():
        pydicom.dcmwrite(stream, image, enforce_file_format=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(preamble + stream.getvalue()[128:])
    return path
