"""An archive that speaks DIMSE (PS3.7): C-ECHO, C-FIND and C-STORE; `dimse_fetch` fetches."""

import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from neurolupus.dicom.archive.access import Access
from neurolupus.dicom.archive.address import DimseAddress
from neurolupus.dicom.archive.found import (
    INSTANCE_KEYS,
    SERIES_KEYS,
    STUDY_KEYS,
    InstanceFound,
    SeriesFound,
    StudyFound,
    answer_of_dataset,
    instance_of,
    printable,
    series_of,
    study_of,
)
from neurolupus.dicom.archive.patience import MayPass, patiently
from neurolupus.dicom.archive.query import Query
from neurolupus.dicom.archive.stored import Stored, reason_of, sop_uid_of
from neurolupus.errors import PacsError

# The services, by the UIDs of PS3.4: study root C-FIND, C-MOVE and C-GET, and C-ECHO.
FIND, MOVE, GET = (f"1.2.840.10008.5.1.4.1.2.2.{number}" for number in (1, 2, 3))
ECHO = "1.2.840.10008.1.1"
PENDING, SUCCESS = (0xFF00, 0xFF01), 0x0000
MOST_CONTEXTS = 128  # of one association, PS3.8 9.3.2.2: their numbers are odd and fit a byte


class DimseLine:
    """Associations with one archive."""

    def __init__(self, address: DimseAddress, access: Access) -> None:
        self.address, self.access = address, access

    @contextmanager
    def talk(
        self, contexts: Sequence[tuple[str, Sequence[str]]], *, roles: Sequence[Any] = (), handlers: Sequence[Any] = ()
    ) -> Iterator[Any]:
        """An association for the length of the block.

        Parameters
        ----------
        contexts : sequence of (SOP class, transfer syntaxes)

        Raises
        ------
        MayPass
            Nobody answers.
        PacsError
            The archive does not want this caller.
        """
        from pynetdicom import AE, evt

        reached: list[object] = []
        unit = AE(ae_title=self.address.calling)
        unit.acse_timeout = unit.dimse_timeout = unit.network_timeout = self.access.timeout_s
        unit.connection_timeout = min(self.access.timeout_s, 10.0)
        for sop_class, syntaxes in contexts:
            unit.add_requested_context(sop_class, list(syntaxes))
        tls = (self.access.tls(), self.address.host) if self.address.encrypted else None
        line: Any = unit.associate(
            self.address.host, self.address.port, ae_title=self.address.called, ext_neg=list(roles),
            evt_handlers=[*handlers, (evt.EVT_CONN_OPEN, reached.append)], tls_args=tls,
        )  # fmt: skip
        if not line.is_established:
            raise self._refusal(line) if reached else self._unreachable()
        try:
            yield line
        finally:
            if line.is_established:
                line.release()
            else:
                line.abort()

    def ask(self, keys: dict[str, str], limit: int | None = None) -> Iterator[Any]:
        """Answers to C-FIND."""
        with self.talk([(FIND, PLAIN)]) as line:
            number = 0
            for status, answer in line.send_c_find(_dataset(keys), FIND):
                code = self.code_of(status)
                if code in PENDING and answer is not None:
                    number += 1
                    yield answer_of_dataset(answer)
                    if number == limit:
                        line.abort()  # a cancellation would have the archive answer on until it reads it
                        return
                elif code != SUCCESS:
                    raise PacsError(f"The archive {self.address} refuses the question ({self.words(status)}).")

    def code_of(self, status: Any) -> int:
        """The code of an answer; MayPass where there was none."""
        if "Status" not in status:
            raise MayPass(
                f"The archive {self.address} broke the connection or was silent for {self.access.timeout_s:g} s."
            )
        return int(status.Status)

    def words(self, status: Any) -> str:
        """A status in words."""
        comment = printable(status.get("ErrorComment") or "")
        return f"0x{int(status.Status):04X}{': ' + comment if comment else ''}"

    def _refusal(self, line: Any) -> PacsError | MayPass:
        if line.is_rejected:
            answer = line.acceptor.primitive
            words = f"{answer.result_str}, {answer.source_str}: {answer.reason_str}" if answer else "no reason given"
            return PacsError(
                f"The archive {self.address} rejects {self.address.calling!r} ({words}).\n"
                "    Its administrator must know this AE title and this machine; or give another with ?calling=ME, "
                "and check the called title."
            )
        return MayPass(f"The archive {self.address} breaks off while it is greeted.")

    def _unreachable(self) -> PacsError | MayPass:
        """Why there is no connection: pynetdicom keeps it to itself, so it is tried once more."""
        place = (self.address.host, self.address.port)
        try:
            with socket.create_connection(place, min(self.access.timeout_s, 10.0)) as plain:
                if self.address.encrypted:
                    self.access.tls().wrap_socket(plain, server_hostname=self.address.host).close()
        except ssl.SSLError as error:
            return PacsError(
                f"The archive {self.address} cannot be trusted: {printable(error.verify_message) or error.reason}.\n"
                "    Give the certificate of who signed its own with --ca-file; the client's own with --cert-file."
                if isinstance(error, ssl.SSLCertVerificationError)
                else f"The archive {self.address} speaks no TLS that is trusted ({error.reason})."
            )
        except OSError as error:
            return MayPass(f"The archive {self.address} cannot be reached: {error.strerror or error}.")
        return MayPass(f"The archive {self.address} cannot be reached.")


PLAIN = ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2")  # explicit, implicit little endian


def find(line: DimseLine, level: str, keys: dict[str, str], wanted: Sequence[str], limit: int | None = None) -> Any:
    """All answers of one level, asked again where the line breaks."""
    asked = {"QueryRetrieveLevel": level, **dict.fromkeys(wanted, ""), **keys}
    return patiently(lambda: list(line.ask(asked, limit)), line.access.tries)


def studies(line: DimseLine, query: Query, limit: int) -> Iterator[StudyFound]:
    """Studies that fit, at most `limit`."""
    # Some answers may not fit (see `takes_study`); an archive of a million studies must not send them all.
    found = (study_of(one) for one in find(line, "STUDY", query.keys(), STUDY_KEYS, limit=10 * limit + 1000))
    yield from islice((one for one in found if query.takes_study(one)), limit)


def series(line: DimseLine, study_uid: str) -> tuple[SeriesFound, ...]:
    """All series of a study."""
    found = find(line, "SERIES", {"StudyInstanceUID": study_uid}, SERIES_KEYS)
    return tuple(series_of(one, study_uid) for one in found)


def instances(line: DimseLine, one: SeriesFound) -> tuple[InstanceFound, ...]:
    """All files of a series."""
    keys = {"StudyInstanceUID": one.study_uid, "SeriesInstanceUID": one.series_uid}
    try:
        found = find(line, "IMAGE", keys, INSTANCE_KEYS)
    except PacsError:  # Orthanc opens each file to tell its kind, and fails as a whole where one is gone
        found = find(line, "IMAGE", keys, INSTANCE_KEYS[:1])
    return tuple(instance_of(answer, one) for answer in found)


def echo(line: DimseLine) -> None:
    """Nothing where the archive answers C-ECHO; PacsError where it does not."""

    def call() -> None:
        with line.talk([(ECHO, PLAIN)]) as one:
            line.code_of(one.send_c_echo())

    patiently(call, line.access.tries)


def store(line: DimseLine, files: Sequence[Path], seen: Callable[[], object]) -> Stored:
    """Send files as they are; what the archive says of each. What was kept before a line breaks is not sent again."""
    kinds = {path: sop_uid_of(path) for path in files}
    done: dict[Path, Stored] = {}

    def send() -> None:
        left = [path for path in files if path not in done]
        for some, contexts in _by_contexts(left, kinds):
            with line.talk(contexts) as one:
                for path in some:
                    done[path] = _send(line, one, path, kinds[path][0])
                    seen()

    patiently(send, line.access.tries)
    total = Stored()
    for path in files:
        total = total.and_(done[path])
    return total


def _send(line: DimseLine, association: Any, path: Path, uid: str) -> Stored:
    try:
        status = association.send_c_store(path)
    except ValueError as error:  # no accepted context
        return Stored(refused=((path, f"it takes no files of this kind: {printable(error)[:200]}"),))
    except RuntimeError as error:  # the line broke before
        raise MayPass(f"The archive {line.address} broke the connection.") from error
    code = line.code_of(status)
    if code == SUCCESS:
        return Stored(kept=(uid,))
    if code >> 12 == 0xB:  # warnings: it is kept, with elements coerced or left out
        return Stored(kept=(uid,), remarks=(f"{path}: the archive changed it or has doubts ({line.words(status)}).",))
    return Stored(refused=((path, reason_of(code)),))


def _by_contexts(files: Sequence[Path], kinds: dict[Path, tuple[str, str, str]]) -> Iterator[Any]:
    """Files in groups that one association has room for, each with its contexts."""
    group: list[Path] = []
    pairs: dict[tuple[str, str], None] = {}
    for path in files:
        pair = kinds[path][1:]
        if pair not in pairs and len(pairs) == MOST_CONTEXTS:
            yield group, [(sop_class, [syntax]) for sop_class, syntax in pairs]
            group, pairs = [], {}
        pairs[pair] = None
        group.append(path)
    if group:
        yield group, [(sop_class, [syntax]) for sop_class, syntax in pairs]


def _dataset(keys: dict[str, str]) -> Any:
    from pydicom.dataset import Dataset

    asked = Dataset()
    asked.SpecificCharacterSet = "ISO_IR 192"
    for name, value in keys.items():
        setattr(asked, name, value)
    return asked
