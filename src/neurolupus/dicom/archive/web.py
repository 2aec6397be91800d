"""An archive that speaks DICOMweb (PS3.18): QIDO-RS asks, WADO-RS fetches, STOW-RS stores."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from neurolupus.dicom.archive.access import Access
from neurolupus.dicom.archive.address import WebAddress, is_loopback
from neurolupus.dicom.archive.found import (
    Answer,
    InstanceFound,
    SeriesFound,
    StudyFound,
    answer_of_json,
    instance_of,
    series_of,
    study_of,
    uid_of,
)
from neurolupus.dicom.archive.multipart import PIECE, Parts, boundary_of, read_parts
from neurolupus.dicom.archive.patience import MayPass, patiently
from neurolupus.dicom.archive.query import Query
from neurolupus.dicom.archive.shelf import Shelf
from neurolupus.dicom.archive.stored import Stored, read_stow_answer
from neurolupus.dicom.archive.web_call import WebCaller
from neurolupus.errors import PacsError

PAGE = 200
MOST_ANSWERS = 1_000_000
LARGEST_ANSWER = 64 * 2**20
LARGEST_PARCEL = 64 * 2**20  # bytes of files in one STOW request: what fails is sent again as a whole
ASK_FOR = {"includefield": "00081030"}  # StudyDescription; the rest of what is shown comes unasked (PS3.18 10.6.3)
# As it keeps the file; archives that do not know this way of asking are asked without (explicit little endian then).
ACCEPT = (
    'multipart/related; type="application/dicom"; transfer-syntax=*',
    'multipart/related; type="application/dicom"',
)
NOT_ACCEPTABLE = 406


class WebArchive:
    """What `open_archive` gives for an address with http or https."""

    def __init__(self, address: WebAddress, access: Access) -> None:
        self._caller = WebCaller(address.url, access, direct=is_loopback(address.host))
        self._tries, self._accept = access.tries, ACCEPT[0]

    def studies(self, query: Query, limit: int) -> Iterator[StudyFound]:
        """Studies that fit, at most `limit`."""
        # Archives differ in how they read a letter that an address must escape: any letter is asked for in its place,
        # and `takes_study` looks at the answers.
        keys = {name: re.sub(r"[^A-Za-z0-9_.*?-]", "?", value) for name, value in query.keys().items()}
        found = (study_of(one) for one in self._pages("/studies", {**keys, **ASK_FOR}, "StudyInstanceUID"))
        for number, study in enumerate(one for one in found if query.takes_study(one)):
            if number == limit:
                return
            yield study

    def series(self, study_uid: str) -> tuple[SeriesFound, ...]:
        """All series of a study."""
        found = self._pages(f"/studies/{study_uid}/series", {}, "SeriesInstanceUID")
        return tuple(series_of(one, study_uid) for one in found)

    def instances(self, series: SeriesFound) -> tuple[InstanceFound, ...]:
        """All files of a series."""
        path = f"/studies/{series.study_uid}/series/{series.series_uid}/instances"
        return tuple(instance_of(one, series) for one in self._pages(path, {}, "SOPInstanceUID"))

    def fetch(self, series: SeriesFound, shelf: Shelf, seen: Callable[[], object]) -> None:
        """Put what the shelf lacks of a series on it: the series at once, then one by one what is still missing."""
        root = f"/studies/{series.study_uid}/series/{series.series_uid}"
        if not shelf.holds_some(series.series_uid):
            with suppress(PacsError, MayPass):  # what came is kept; the rest is asked for one by one
                self._fetch(root, shelf, seen)
        lacking = shelf.missing(series.series_uid)
        faults = [
            fault for one in lacking if (fault := self._fetch_one(f"{root}/instances/{one.sop_uid}", shelf, seen))
        ]
        if faults:
            raise faults[0]

    def store(self, files: Sequence[Path], seen: Callable[[], object]) -> Stored:
        """Send files; what the archive says of each."""
        done = Stored()
        for parcel in _parcels(files):
            done = done.and_(patiently(partial(self._send, parcel), self._tries))
            for _ in parcel:
                seen()
        return done

    def _send(self, files: Sequence[Path]) -> Stored:
        body = Parts(files)
        headers = {"Content-Type": body.content_type, "Accept": "application/dicom+json"}
        with self._caller.call("POST", "/studies", headers=headers, data=body, also=(409,)) as answer:
            return read_stow_answer(self._json(answer), files)

    def _fetch_one(self, path: str, shelf: Shelf, seen: Callable[[], object]) -> PacsError | None:
        try:
            patiently(lambda: self._fetch(path, shelf, seen), self._tries)
        except PacsError as error:
            return error
        return None

    def _fetch(self, path: str, shelf: Shelf, seen: Callable[[], object]) -> None:
        refusable = () if self._accept == ACCEPT[-1] else (NOT_ACCEPTABLE,)
        with self._caller.call("GET", path, headers={"Accept": self._accept}, also=refusable) as answer:
            if answer.status_code == NOT_ACCEPTABLE:
                self._accept = ACCEPT[-1]
                return self._fetch(path, shelf, seen)
            chunks = self._caller.chunks(answer, PIECE)
            boundary = boundary_of(answer.headers.get("Content-Type", ""))
            for part in read_parts(chunks, boundary) if boundary else [chunks]:
                if shelf.put(part):
                    seen()

    def _pages(self, path: str, filters: dict[str, str], identity: str) -> Iterator[Answer]:
        """All answers, page by page; an archive that knows no pages gives everything on the first."""
        known: set[str] = set()
        while True:
            page = {"limit": str(PAGE), "offset": str(len(known))}
            answers = patiently(partial(self._ask, path, {**filters, **page}), self._tries)
            before = len(known)
            for answer in map(answer_of_json, answers):
                uid = uid_of(answer, identity)
                if uid not in known:
                    known.add(uid)
                    yield answer
            if len(answers) < PAGE or len(known) == before:
                return
            if len(known) > MOST_ANSWERS:
                raise PacsError(f"The archive gives more than {MOST_ANSWERS:,} answers to one question; narrow it.")

    def _ask(self, path: str, filters: dict[str, str]) -> list[Any]:
        with self._caller.call("GET", path, params=filters, headers={"Accept": "application/dicom+json"}) as answer:
            if answer.status_code == 204:
                return []
            read = self._json(answer)
        if not isinstance(read, list):
            raise PacsError(f"The archive answers with a JSON {type(read).__name__}; a list is needed (QIDO-RS).")
        return read

    def _json(self, answer: Any) -> Any:
        content = bytearray()
        for chunk in self._caller.chunks(answer, 1 << 16):
            content += chunk
            if len(content) > LARGEST_ANSWER:
                raise PacsError(f"The archive's answer is larger than {LARGEST_ANSWER >> 20} MiB; narrow the question.")
        try:
            return json.loads(content) if content.strip() else []
        except ValueError:
            kind = answer.headers.get("Content-Type", "nothing")[:80]
            raise PacsError(
                f"The archive answers with {kind}, no JSON; is {self._caller.root} the root of its DICOMweb?"
            ) from None


def _parcels(files: Sequence[Path]) -> Iterator[list[Path]]:
    parcel: list[Path] = []
    size = 0
    for path in files:
        more = path.stat().st_size
        if parcel and size + more > LARGEST_PARCEL:
            yield parcel
            parcel, size = [], 0
        parcel.append(path)
        size += more
    if parcel:
        yield parcel
