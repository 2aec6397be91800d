"""A DIMSE archive that misbehaves, played by pynetdicom."""

import gc
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from certificate import make_certificate
from dicom_series import Written, asymmetric_phantom, write_series
from network_room import free_port

from neurolupus.dicom.archive import dimse, dimse_fetch, patience
from neurolupus.dicom.archive.access import Access
from neurolupus.dicom.archive.address import DimseAddress
from neurolupus.dicom.archive.found import InstanceFound, SeriesFound
from neurolupus.dicom.archive.query import Query
from neurolupus.dicom.archive.shelf import Shelf
from neurolupus.errors import PacsError

pytestmark = pytest.mark.slow

pynetdicom = pytest.importorskip("pynetdicom", reason="needs the extra dicom")

Handler = Callable[[Any], Any]
Test = Callable[..., None]


@pytest.fixture
def _collected() -> Iterator[None]:
    """What the test left is collected before it ends, not in the midst of another one, which would be blamed."""
    yield
    gc.collect()


def unclosed(test: Test) -> Test:
    """For tests with a connection that fails: pynetdicom 3.0 leaves its socket to the garbage collector."""
    quiet = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
    return quiet(pytest.mark.usefixtures("_collected")(test))


@contextmanager
def playing(*handlers: tuple[Any, Handler], title: str = "PACS", tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """An archive with these answers; its port."""
    from pynetdicom import AE, ALL_TRANSFER_SYNTAXES, AllStoragePresentationContexts
    from pynetdicom import sop_class as of

    unit, port = AE(ae_title=title), free_port()
    unit.require_called_aet = True
    unit.network_timeout = unit.acse_timeout = 30
    for name in ("Find", "Get", "Move"):
        unit.add_supported_context(getattr(of, f"StudyRootQueryRetrieveInformationModel{name}"))
    unit.add_supported_context(of.Verification)
    for context in AllStoragePresentationContexts:
        unit.add_supported_context(context.abstract_syntax, ALL_TRANSFER_SYNTAXES, scu_role=True, scp_role=True)
    server = unit.start_server(("127.0.0.1", port), block=False, evt_handlers=list(handlers), ssl_context=tls)
    try:
        yield port
    finally:
        server.shutdown()


def line(port: int, *, called: str = "PACS", encrypted: bool = False, **more: Any) -> dimse.DimseLine:
    address = DimseAddress("127.0.0.1", port, called, "LAB", encrypted)
    return dimse.DimseLine(address, Access(**{"timeout_s": 20.0, "tries": 1, **more}))


@pytest.fixture
def written(tmp_path: Path) -> Written:
    return write_series(tmp_path / "series", asymmetric_phantom((8, 9, 3)))


@pytest.fixture
def series(written: Written) -> SeriesFound:
    return SeriesFound(written.study_uid, written.series_uid)


@pytest.fixture
def shelf(written: Written, tmp_path: Path) -> Shelf:
    from pydicom import dcmread

    headers = (dcmread(path, stop_before_pixels=True) for path in written.paths)
    wanted = (InstanceFound(written.study_uid, written.series_uid, str(one.SOPInstanceUID)) for one in headers)
    return Shelf(tmp_path / "out", wanted)


def sending(written: Written, *, numbers: list[int], then: int = 0x0000) -> Handler:
    """A C-GET that sends some files, and ends with a status."""

    def answer(event: Any) -> Iterator[Any]:
        from pydicom import dcmread

        yield len(numbers)
        for number in numbers:
            yield 0xFF00, dcmread(written.paths[number])
        yield then, None

    return answer


def test_an_archive_is_greeted():
    with playing() as port:
        dimse.echo(line(port))


def test_a_title_that_the_archive_does_not_know():
    with (
        playing() as port,
        pytest.raises(PacsError, match=r"rejects 'LAB' .*Called AE title not recogni[sz]ed.*\n.*administrator"),
    ):
        dimse.echo(line(port, called="OTHER"))


@unclosed
def test_nobody_is_there():
    with pytest.raises(PacsError, match="cannot be reached: Connection refused"):
        dimse.echo(line(free_port()))


def test_an_archive_that_refuses_the_question():
    from pynetdicom import evt

    with (
        playing((evt.EVT_C_FIND, lambda event: iter([(0xA700, None)]))) as port,
        pytest.raises(PacsError, match=r"refuses the question \(0xA700"),
    ):
        list(dimse.studies(line(port), Query(), 10))


def test_an_archive_that_breaks_off_is_asked_again(monkeypatch: pytest.MonkeyPatch):
    from pydicom.dataset import Dataset
    from pynetdicom import evt

    pauses: list[float] = []
    monkeypatch.setattr(patience, "sleep", pauses.append)
    calls = []

    def answer(event: Any) -> Iterator[Any]:
        calls.append(event.identifier.QueryRetrieveLevel)
        if len(calls) == 1:
            event.assoc.abort()
            return
        found = Dataset()
        found.StudyInstanceUID, found.PatientID = "1.2.3", "MRN-7"
        yield 0xFF00, found
        yield 0x0000, None

    with playing((evt.EVT_C_FIND, answer)) as port:
        found = list(dimse.studies(line(port, tries=3), Query(patient_id="MRN*"), 10))
    assert [one.study_uid for one in found] == ["1.2.3"]
    assert (calls, pauses) == (["STUDY", "STUDY"], [1])


def test_an_archive_of_a_million_studies_is_not_heard_out():
    from pydicom.dataset import Dataset
    from pynetdicom import evt

    sent: list[int] = []

    def answer(event: Any) -> Iterator[Any]:
        for number in range(1_000_000):
            if not event.assoc.is_established:
                return
            sent.append(number)
            found = Dataset()
            found.StudyInstanceUID = f"1.2.{number}"
            yield 0xFF00, found

    with playing((evt.EVT_C_FIND, answer)) as port:
        found = list(dimse.studies(line(port), Query(), 2))
    assert [one.study_uid for one in found] == ["1.2.0", "1.2.1"]
    assert len(sent) < 10_000


def test_what_is_sent_by_c_get_is_kept(written: Written, series: SeriesFound, shelf: Shelf):
    from pydicom import dcmread
    from pynetdicom import evt

    with playing((evt.EVT_C_GET, sending(written, numbers=[0, 1, 2]))) as port:
        dimse_fetch.fetch_by_get(line(port), series, shelf, lambda: None)
    assert shelf.missing() == ()
    kept = {dcmread(path).SOPInstanceUID: path.read_bytes() for path in shelf.folder.rglob("*.dcm")}
    for path in written.paths:
        sent = dcmread(path)
        content = kept[sent.SOPInstanceUID]
        assert dcmread(BytesIO(content)) == sent
        assert content[:128] == b"\0" * 128


def test_what_an_archive_does_not_send_is_missing(written: Written, series: SeriesFound, shelf: Shelf):
    from pynetdicom import evt

    with playing((evt.EVT_C_GET, sending(written, numbers=[0, 2], then=0xB000))) as port:
        dimse_fetch.fetch_by_get(line(port), series, shelf, lambda: None)
    assert len(shelf.missing()) == 1


def test_a_file_that_ends_the_answer_for_all_does_not_hide_the_others(
    written: Written, series: SeriesFound, shelf: Shelf
):
    from pydicom import dcmread
    from pynetdicom import evt

    files = {str(dcmread(path).SOPInstanceUID): dcmread(path) for path in written.paths}
    broken = list(files)[1]

    def answer(event: Any) -> Iterator[Any]:
        wanted = event.identifier.get("SOPInstanceUID") or list(files)
        wanted = [wanted] if isinstance(wanted, str) else list(wanted)
        yield len(wanted)
        for uid in wanted:
            if uid == broken:
                yield 0xC000, None
                return
            yield 0xFF00, files[uid]

    with playing((evt.EVT_C_GET, answer)) as port, pytest.raises(PacsError, match="refuses to send"):
        dimse_fetch.fetch_by_get(line(port), series, shelf, lambda: None)
    assert [one.sop_uid for one in shelf.missing()] == [broken]


def test_a_line_that_breaks_half_way_goes_on_where_it_stopped(
    written: Written, series: SeriesFound, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
):
    from pydicom import dcmread
    from pynetdicom import evt

    monkeypatch.setattr(patience, "sleep", lambda _: None)
    asked: list[tuple[str, Any]] = []

    def answer(event: Any) -> Iterator[Any]:
        keys = event.identifier
        asked.append((keys.QueryRetrieveLevel, keys.get("SOPInstanceUID")))
        if len(asked) == 1:
            yield 3
            yield 0xFF00, dcmread(written.paths[0])
            event.assoc.abort()
            return
        yield 2
        yield 0xFF00, dcmread(written.paths[1])
        yield 0xFF00, dcmread(written.paths[2])

    with playing((evt.EVT_C_GET, answer)) as port:
        dimse_fetch.fetch_by_get(line(port, tries=2), series, shelf, lambda: None)
    uids = [str(dcmread(path).SOPInstanceUID) for path in written.paths]
    assert shelf.missing() == ()
    assert asked == [("SERIES", None), ("IMAGE", uids[1:])]


def test_a_file_that_nobody_asked_for_is_refused(written: Written, series: SeriesFound, tmp_path: Path):
    from pynetdicom import evt

    shelf = Shelf(tmp_path / "other", [InstanceFound(series.study_uid, series.series_uid, "1.2.3")])
    with playing((evt.EVT_C_GET, sending(written, numbers=[0]))) as port, pytest.raises(PacsError, match="0xA702"):
        dimse_fetch.fetch_by_get(line(port), series, shelf, lambda: None)
    assert [path for path in (tmp_path / "other").rglob("*") if path.is_file()] == []


def test_an_archive_that_does_not_know_where_to_send(series: SeriesFound, shelf: Shelf):
    from pynetdicom import evt

    with (
        playing((evt.EVT_C_MOVE, lambda event: iter([(None, None)]))) as port,
        pytest.raises(PacsError, match=r"0xA801.*\n.*does not know 'LAB'"),
    ):
        dimse_fetch.fetch_by_move(line(port), series, shelf, lambda: None, port=free_port())


def test_a_port_that_is_taken_is_told(series: SeriesFound, shelf: Shelf):
    with playing() as port, pytest.raises(PacsError, match="--port"):
        dimse_fetch.fetch_by_move(line(port), series, shelf, lambda: None, port=port)


@pytest.mark.parametrize(
    ("status", "kept", "refused", "remarks"), [(0x0000, 3, 0, 0), (0xB000, 3, 0, 3), (0xA700, 0, 3, 0)]
)
def test_what_becomes_of_files_that_are_sent(status: int, kept: int, refused: int, remarks: int, written: Written):
    from pynetdicom import evt

    with playing((evt.EVT_C_STORE, lambda event: status)) as port:
        done = dimse.store(line(port), written.paths, lambda: None)
    assert (len(done.kept), len(done.refused), len(done.remarks)) == (kept, refused, remarks)


def test_files_kept_before_a_line_breaks_are_not_sent_again(written: Written, monkeypatch: pytest.MonkeyPatch):
    from pynetdicom import evt

    monkeypatch.setattr(patience, "sleep", lambda _: None)
    got: list[str] = []

    def answer(event: Any) -> int:
        got.append(str(event.request.AffectedSOPInstanceUID))
        if len(got) == 2:
            event.assoc.abort()
        return 0x0000

    with playing((evt.EVT_C_STORE, answer)) as port:
        done = dimse.store(line(port, tries=2), written.paths, lambda: None)
    assert len(done.kept) == 3
    assert len(got) == 4
    assert got[1] == got[2]


@unclosed
def test_tls_checks_who_answers(tmp_path: Path):
    cert, key = make_certificate(tmp_path, "localhost", "127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    with playing(tls=context) as port:
        dimse.echo(line(port, encrypted=True, ca_file=Path(cert)))
        with pytest.raises(PacsError, match=r"cannot be trusted: self.signed certificate.*\n.*--ca-file"):
            dimse.echo(line(port, encrypted=True))
