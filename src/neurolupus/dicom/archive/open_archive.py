"""The archive behind an address, whatever it speaks."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Literal, Protocol

from neurolupus.dicom.archive import dimse, dimse_fetch
from neurolupus.dicom.archive.access import Access
from neurolupus.dicom.archive.address import Address, DimseAddress, WebAddress
from neurolupus.dicom.archive.found import InstanceFound, SeriesFound, StudyFound
from neurolupus.dicom.archive.query import Query
from neurolupus.dicom.archive.shelf import Shelf
from neurolupus.dicom.archive.stored import Stored
from neurolupus.errors import UsageError

Method = Literal["get", "move"]


class Archive(Protocol):
    """What can be asked of an archive; each call may raise PacsError."""

    def studies(self, query: Query, limit: int) -> Iterator[StudyFound]:
        """Studies that fit, at most `limit`, without their series."""

    def series(self, study_uid: str) -> tuple[SeriesFound, ...]:
        """All series of a study."""

    def instances(self, series: SeriesFound) -> tuple[InstanceFound, ...]:
        """All files of a series."""

    def fetch(self, series: SeriesFound, shelf: Shelf, seen: Callable[[], object]) -> None:
        """Put what the shelf lacks of a series on it; `seen` is called for each file that came."""

    def store(self, files: Sequence[Path], seen: Callable[[], object]) -> Stored:
        """Send files; what the archive says of each."""


class DimseArchive:
    """What `open_archive` gives for an address with dicom or dicoms."""

    def __init__(
        self, address: DimseAddress, access: Access, *, method: Method = "get", port: int | None = None
    ) -> None:
        self._line, self._method, self._port = dimse.DimseLine(address, access), method, port

    def studies(self, query: Query, limit: int) -> Iterator[StudyFound]:
        """Studies that fit."""
        return dimse.studies(self._line, query, limit)

    def series(self, study_uid: str) -> tuple[SeriesFound, ...]:
        """All series of a study."""
        return dimse.series(self._line, study_uid)

    def instances(self, series: SeriesFound) -> tuple[InstanceFound, ...]:
        """All files of a series."""
        return dimse.instances(self._line, series)

    def fetch(self, series: SeriesFound, shelf: Shelf, seen: Callable[[], object]) -> None:
        """Put what the shelf lacks of a series on it."""
        if self._method == "get":
            dimse_fetch.fetch_by_get(self._line, series, shelf, seen)
        else:
            assert self._port is not None
            dimse_fetch.fetch_by_move(self._line, series, shelf, seen, port=self._port)

    def store(self, files: Sequence[Path], seen: Callable[[], object]) -> Stored:
        """Send files."""
        return dimse.store(self._line, files, seen)


def open_archive(address: Address, access: Access, *, method: Method | None = None, port: int | None = None) -> Archive:
    """The archive at an address; nothing is sent yet.

    Raises
    ------
    UsageError
        Options that do not go with the kind of address.
    """
    if isinstance(address, WebAddress):
        if method or port:
            raise UsageError("--method and --port are of DIMSE; an address with http or https is fetched by WADO-RS.")
        from neurolupus.dicom.archive.web import WebArchive

        return WebArchive(address, access)
    if (method == "move") != (port is not None):
        raise UsageError(
            "C-MOVE needs --method move and --port: the port of this machine that the archive calls for the AE title "
            f"{address.calling!r}; its administrator has set it."
        )
    return DimseArchive(address, access, method=method or "get", port=port)
