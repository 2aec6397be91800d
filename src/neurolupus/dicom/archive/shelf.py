"""Where fetched files go: whole or not at all, only those asked for, and what is there is not fetched again."""

import secrets
from collections.abc import Iterable
from pathlib import Path

from neurolupus.dicom.archive.found import InstanceFound
from neurolupus.errors import PacsError

PART = ".part-"
LARGEST_FILE = 4 * 2**30
IDENTITY = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")


class Shelf:
    """Files under `folder/STUDY/SERIES/INSTANCE.dcm`.

    Parameters
    ----------
    folder : Path
        Files that an earlier, killed run left unfinished are removed: one run at a time may use it.
    wanted : iterable of InstanceFound
        Others are refused.
    largest : int
        Bytes that one file may have.
    """

    def __init__(self, folder: Path, wanted: Iterable[InstanceFound], *, largest: int = LARGEST_FILE) -> None:
        self.folder, self._largest = folder, largest
        self._wanted = {one.sop_uid: one for one in wanted}
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # it holds names and images of patients
        for left in folder.glob(f"{PART}*"):
            left.unlink()
        self._there = {uid for uid, one in self._wanted.items() if _is_whole(self.place(one), one)}
        self.n_before = len(self._there)

    def place(self, one: InstanceFound) -> Path:
        """Where a file belongs."""
        return self.folder / one.study_uid / one.series_uid / f"{one.sop_uid}.dcm"

    def missing(self, series_uid: str | None = None) -> tuple[InstanceFound, ...]:
        """What is wanted and not there yet, in the order it was asked for; of one series, or of all."""
        lacking = (one for uid, one in self._wanted.items() if uid not in self._there)
        return tuple(one for one in lacking if series_uid in (None, one.series_uid))

    def holds_some(self, series_uid: str) -> bool:
        """Whether some files of a series are there."""
        return any(self._wanted[uid].series_uid == series_uid for uid in self._there)

    @property
    def n_there(self) -> int:
        """How many of the wanted files are there."""
        return len(self._there)

    def put(self, pieces: Iterable[bytes]) -> bool:
        """Keep a DICOM file that comes in pieces; whether it was one that is wanted.

        Raises
        ------
        PacsError
            It is larger than a file may be.
        """
        part = self.folder / f"{PART}{secrets.token_hex(8)}"
        try:
            with part.open("wb") as stream:
                size = 0
                for piece in pieces:
                    size += len(piece)
                    if size > self._largest:
                        raise PacsError(
                            f"The archive sends a file of more than {self._largest / 2**20:.0f} MiB; it is not kept."
                        )
                    stream.write(piece)
            return self._keep(part)
        finally:
            part.unlink(missing_ok=True)

    def _keep(self, part: Path) -> bool:
        identity = _identity(part)
        one = self._wanted.get(identity[2]) if identity else None
        if one is None or identity != (one.study_uid, one.series_uid, one.sop_uid):
            return False
        place = self.place(one)
        place.parent.mkdir(parents=True, exist_ok=True)
        part.replace(place)
        self._there.add(one.sop_uid)
        return True


def _is_whole(path: Path, one: InstanceFound) -> bool:
    return path.is_file() and _identity(path) == (one.study_uid, one.series_uid, one.sop_uid)


def _identity(path: Path) -> tuple[str, str, str] | None:
    """Study, series and instance of a file; None where it is no DICOM."""
    from pydicom import dcmread

    try:
        read = dcmread(path, stop_before_pixels=True, specific_tags=list(IDENTITY))
        raw = (read.get_item(keyword) for keyword in IDENTITY)
        study, series, instance = (one.value.decode("ascii").strip("\0 ") for one in raw)
    except Exception:  # whatever pydicom raises on bytes that are no DICOM: it has no common root
        return None
    return study, series, instance
