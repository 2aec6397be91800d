"""Fetch over DIMSE: C-GET on the line that asks, C-MOVE on one that the archive opens to us."""

import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any

from neurolupus.dicom.archive.dimse import GET, MOST_CONTEXTS, MOVE, PENDING, PLAIN, SUCCESS, DimseLine
from neurolupus.dicom.archive.found import InstanceFound, SeriesFound
from neurolupus.dicom.archive.patience import MayPass, patiently
from neurolupus.dicom.archive.shelf import LARGEST_FILE, Shelf
from neurolupus.errors import PacsError

GIVE_UP_AFTER = 10  # questions in a row that brought nothing
AT_ONCE = 256  # UIDs of one request for single files
KEPT, NOT_WANTED, FULL = 0x0000, 0x0124, 0xA700
WARNED = 0xB000  # some sub-operations failed: which ones, the shelf knows
COMPRESSED = (
    "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.80",
    "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.81",
    "1.2.840.10008.1.2.4.91",
)  # fmt: skip
MR_CLASSES = {"1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.4.1"}  # one image, many frames


def fetch_by_get(line: DimseLine, series: SeriesFound, shelf: Shelf, seen: Callable[[], object]) -> None:
    """Put what the shelf lacks of a series on it, by C-GET."""
    from pynetdicom import build_role, evt

    def once() -> None:
        lacking = shelf.missing(series.series_uid)
        for classes in _rooms(lacking):
            contexts = [(GET, PLAIN), *(pair for one in classes for pair in _contexts_of(one))]
            roles = [build_role(one, scp_role=True) for one in classes]
            receiver = _Receiver(shelf, seen)
            handlers = [(evt.EVT_C_STORE, receiver.keep), (evt.EVT_DATA_RECV, receiver.count)]
            some = [one for one in lacking if _classes_of(one) & classes]
            with line.talk(contexts, roles=roles, handlers=handlers) as association:
                _ask(line, series, some, shelf, lambda keys: association.send_c_get(keys, GET))

    patiently(once, line.access.tries)


def fetch_by_move(line: DimseLine, series: SeriesFound, shelf: Shelf, seen: Callable[[], object], *, port: int) -> None:
    """Put what the shelf lacks of a series on it, by C-MOVE to `port` of this machine."""

    def once() -> None:
        lacking = shelf.missing(series.series_uid)
        with _listening(line, port, _Receiver(shelf, seen)), line.talk([(MOVE, PLAIN)]) as association:
            own = line.address.calling
            _ask(line, series, lacking, shelf, lambda keys: association.send_c_move(keys, own, MOVE))

    patiently(once, line.access.tries)


class _Receiver:
    """Takes the files that an archive sends; only those asked for are kept."""

    def __init__(self, shelf: Shelf, seen: Callable[[], object]) -> None:
        self._shelf, self._seen, self._bytes = shelf, seen, 0

    def keep(self, event: Any) -> int:
        """The status of one C-STORE."""
        self._bytes = 0
        try:
            kept = self._shelf.put([event.encoded_dataset()])
        except OSError:
            return FULL
        if kept:
            self._seen()
        return KEPT if kept else NOT_WANTED

    def count(self, event: Any) -> None:
        """Break off where more comes than a file may have: pynetdicom gathers it in memory."""
        self._bytes += len(event.data)
        if self._bytes > LARGEST_FILE:
            event.assoc.abort()


@contextmanager
def _listening(line: DimseLine, port: int, receiver: _Receiver) -> Iterator[None]:
    """Wait for the archive's calls, on the one address of this machine that it is reached from."""
    from pynetdicom import AE, ALL_TRANSFER_SYNTAXES, AllStoragePresentationContexts, evt

    unit = AE(ae_title=line.address.calling)
    unit.require_called_aet = True
    unit.acse_timeout = unit.dimse_timeout = unit.network_timeout = line.access.timeout_s
    for context in AllStoragePresentationContexts:
        unit.add_supported_context(str(context.abstract_syntax), ALL_TRANSFER_SYNTAXES)
    handlers: list[Any] = [(evt.EVT_C_STORE, receiver.keep), (evt.EVT_DATA_RECV, receiver.count)]
    here = _own_address(line.address.host, line.address.port)
    try:
        server = unit.start_server((here, port), block=False, evt_handlers=handlers)
    except OSError as error:
        raise PacsError(
            f"Nobody can wait for the archive at {here}:{port} ({error.strerror}).\n"
            "    Give the port that the archive calls for this AE title, free and allowed, with --port."
        ) from error
    assert server is not None  # it would be None only where this thread itself served
    try:
        yield
    finally:
        server.shutdown()


def _own_address(host: str, port: int) -> str:
    """The address of this machine that leads to the archive; nothing is sent to find it."""
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM):
        with socket.socket(family, kind, protocol) as one:
            try:
                one.connect(address)
            except OSError:
                continue
            return str(one.getsockname()[0])
    raise MayPass(f"There is no way to {host}.")


def _ask(
    line: DimseLine,
    series: SeriesFound,
    lacking: Sequence[InstanceFound],
    shelf: Shelf,
    send: Callable[[Any], Any],
) -> None:
    """Ask for the series as a whole where nothing of it is there, else for the files that lack; then one by one.

    One file that an archive cannot read may end its answer to the question for all of them.

    Raises
    ------
    PacsError
        Files are still missing; the last reason that the archive gave.
    """
    fault: PacsError | None = None
    whole = not shelf.holds_some(series.series_uid) and len(lacking) == len(shelf.missing(series.series_uid))
    uids = [one.sop_uid for one in lacking]
    requests = [[]] if whole else [uids[start : start + AT_ONCE] for start in range(0, len(uids), AT_ONCE)]
    in_vain = 0
    for some in chain(requests, ([uid] for uid in uids)):
        if len(some) == 1 and some[0] not in {one.sop_uid for one in shelf.missing(series.series_uid)}:
            continue
        before = shelf.n_there
        try:
            _follow(line, send(_keys(series, some)))
        except PacsError as error:
            fault = error
        in_vain = 0 if shelf.n_there > before else in_vain + 1
        if in_vain == GIVE_UP_AFTER:
            break
    if fault and shelf.missing(series.series_uid):
        raise fault


def _keys(series: SeriesFound, uids: Sequence[str]) -> Any:
    """What is asked for: these files of a series, or all of it where none is named."""
    from pydicom.dataset import Dataset

    keys = Dataset()
    keys.QueryRetrieveLevel = "IMAGE" if uids else "SERIES"
    keys.StudyInstanceUID, keys.SeriesInstanceUID = series.study_uid, series.series_uid
    if uids:
        keys.SOPInstanceUID = list(uids)
    return keys


def _rooms(lacking: Sequence[InstanceFound]) -> Iterator[set[str]]:
    """Kinds of files in groups that one association has room for."""
    kinds = sorted(set[str]().union(*map(_classes_of, lacking)))
    room = (MOST_CONTEXTS - 1) // len(_contexts_of(""))
    for start in range(0, len(kinds), room):
        yield set(kinds[start : start + room])


def _classes_of(one: InstanceFound) -> set[str]:
    """Of what kind a file may be, where the archive does not say."""
    return {one.sop_class} if one.sop_class else MR_CLASSES


def _contexts_of(sop_class: str) -> list[tuple[str, tuple[str, ...]]]:
    """A context for each way of writing: an archive sends a file as it keeps it, and may not be able to rewrite it."""
    return [(sop_class, (one,)) for one in (*PLAIN, *COMPRESSED)]


def _follow(line: DimseLine, answers: Any) -> None:
    """Wait until all was sent; which files failed, the shelf knows."""
    for status, _ in answers:
        code = line.code_of(status)
        if code not in (*PENDING, SUCCESS, WARNED):
            hint = ""
            if code == 0xA801:
                hint = f"\n    The archive does not know {line.address.calling!r} as a place to send to, or its port."
            raise PacsError(f"The archive {line.address} refuses to send ({line.words(status)}).{hint}")
