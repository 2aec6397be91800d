"""Stable identities: the same result of the same series is the same object, whenever and wherever it is written."""

import datetime
import hashlib
import io
from typing import Any

from pydicom.uid import UID

MADE = "1.2.826.0.1.3680043.10.511.3."  # what highdicom gives to whatever it has to name


def stable_uid(*parts: str) -> UID:
    """A UID that stands for texts: 2.25 and 122 bits of their SHA-256 (PS3.5 B.2)."""
    digest = hashlib.sha256("\0".join(parts).encode()).digest()
    return UID(f"2.25.{int.from_bytes(digest[:16], 'big') >> 6}")


def placeholder(number: int) -> UID:
    """What stands where `make_stable` puts a UID."""
    return UID(f"{MADE}{number}")


def make_stable(dataset: Any, *, made_at: datetime.datetime) -> None:
    """Put the time of the measurement for the time of writing, and UIDs of the content for those that chance gave.

    Whatever differs, pixels, numbers, patient or version, gives other UIDs.
    """
    day, time = f"{made_at:%Y%m%d}", f"{made_at:%H%M%S}"
    for keyword in ("InstanceCreationDate", "ContentDate", "SeriesDate"):
        if keyword in dataset:
            setattr(dataset, keyword, day)
    for keyword in ("InstanceCreationTime", "ContentTime", "SeriesTime"):
        if keyword in dataset:
            setattr(dataset, keyword, time)
    for element in dataset.iterall():
        if element.keyword == "ContributionDateTime":  # of the library that wrote the object
            element.value = f"{day}{time}"
    order: dict[str, str] = {}
    _rename(dataset, lambda uid: order.setdefault(uid, f"{MADE}{len(order) + 1}"))
    stream = io.BytesIO()
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.save_as(stream, enforce_file_format=True)
    content = hashlib.sha256(stream.getvalue()).hexdigest()
    _rename(dataset, lambda uid: stable_uid(content, uid))
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID


def _rename(dataset: Any, new: Any) -> None:
    """Replace each UID that was made, everywhere in the dataset."""
    for element in dataset.iterall():
        if element.VR == "UI" and element.value:
            if isinstance(element.value, str):
                if element.value.startswith(MADE):
                    element.value = UID(new(str(element.value)))
            else:
                element.value = [UID(new(str(one))) if one.startswith(MADE) else one for one in element.value]
