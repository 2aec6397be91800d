"""A web archive that misbehaves: each way has its own words, and nothing is taken for whole that is not."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from certificate import make_certificate
from dicom_series import Written, asymmetric_phantom, write_series

from neurolupus.dicom.archive import patience, web
from neurolupus.dicom.archive.access import Access
from neurolupus.dicom.archive.address import parse_address
from neurolupus.dicom.archive.found import InstanceFound, SeriesFound
from neurolupus.dicom.archive.query import Query
from neurolupus.dicom.archive.shelf import Shelf
from neurolupus.errors import PacsError

Answer = Callable[[BaseHTTPRequestHandler], None]


def says(
    status: int, body: bytes = b"", kind: str = "application/dicom+json", *, claims: int | None = None, **headers: str
) -> Answer:
    def answer(to: BaseHTTPRequestHandler) -> None:
        to.send_response(status)
        length = len(body) if claims is None else claims
        for name, value in {"Content-Type": kind, "Content-Length": str(length), **headers}.items():
            to.send_header(name.replace("_", "-"), value)
        to.end_headers()
        to.wfile.write(body)

    return answer


class Server(ThreadingHTTPServer):
    """Gives the answers of `script` in turn, the last one for ever; what was asked stands in `asked`."""

    def __init__(self) -> None:
        self.script: list[Answer] = []
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                server.asked.append((self.command, self.path, dict(self.headers), body))
                answer = server.script.pop(0) if len(server.script) > 1 else server.script[0]
                answer(self)

            do_POST = do_GET  # noqa: N815

            def log_message(self, *words: object) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        self.daemon_threads = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/dicom-web"


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as one:
        threading.Thread(target=lambda: one.serve_forever(poll_interval=0.01), daemon=True).start()
        yield one
        one.shutdown()


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was waited: not at all, in truth."""
    waited: list[float] = []
    monkeypatch.setattr(patience, "sleep", waited.append)
    return waited


@pytest.fixture
def written(tmp_path: Path) -> Written:
    return write_series(tmp_path / "series", asymmetric_phantom((8, 9, 3)))


def archive(server: Server, **more: object) -> web.WebArchive:
    address = parse_address(server.url)
    return web.WebArchive(address, Access(timeout_s=30.0, **more))  # type: ignore[arg-type]


def studies_json(first: int, last: int) -> bytes:
    return json.dumps(
        [{"0020000D": {"vr": "UI", "Value": [f"1.2.{number}"]}} for number in range(first, last)]
    ).encode()


def pages(to: BaseHTTPRequestHandler) -> None:
    asked = parse_qs(urlsplit(to.path).query)
    start = int(asked["offset"][0])
    says(200, studies_json(start, min(450, start + int(asked["limit"][0]))))(to)


def test_all_pages_are_read(server: Server):
    server.script = [pages]
    found = [one.study_uid for one in archive(server).studies(Query(), 1000)]
    assert found == [f"1.2.{number}" for number in range(450)]
    assert len(server.asked) == 3


def test_no_page_is_read_that_nobody_wants(server: Server):
    server.script = [pages]
    assert len(list(archive(server).studies(Query(), 10))) == 10
    assert len(server.asked) == 1


def test_an_archive_that_never_ends_is_left(server: Server, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(web, "MOST_ANSWERS", 1000)

    def more(to: BaseHTTPRequestHandler) -> None:
        start = int(parse_qs(urlsplit(to.path).query)["offset"][0])
        says(200, studies_json(start, start + 200))(to)

    server.script = [more]
    with pytest.raises(PacsError, match="more than 1,000 answers"):
        list(archive(server).studies(Query(), 10**9))


def test_an_archive_that_knows_no_pages_is_asked_no_third_time(server: Server):
    server.script = [says(200, studies_json(0, 300))]
    assert len(list(archive(server).studies(Query(), 1000))) == 300
    assert len(server.asked) == 2


def test_no_content_means_nothing_found(server: Server):
    server.script = [says(204)]
    assert list(archive(server).studies(Query(), 10)) == []


def test_what_was_not_asked_for_is_left_out(server: Server):
    answers = [
        {"0020000D": {"vr": "UI", "Value": ["1.2"]}, "00100020": {"vr": "LO", "Value": [patient]}}
        for patient in ("MRN-8",)
    ]
    server.script = [says(200, json.dumps(answers).encode())]
    assert list(archive(server).studies(Query(patient_id="MRN-7"), 10)) == []


def test_stars_go_out_as_stars_and_other_letters_as_any(server: Server):
    server.script = [says(200, b"[]")]
    list(archive(server).studies(Query(patient_id="MRN*", description="brain & cord"), 10))
    assert "PatientID=MRN*&StudyDescription=brain???cord&" in server.asked[0][1]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (says(401), r"refuses user 'me' \(401 Unauthorized\)\.\n.*--password-file"),
        (says(403), r"refuses user 'me' \(403"),
        (says(404), r"is this the root of its DICOMweb\?"),
        (says(400), r"refuses the question \(400"),
        (says(302, Location="http://elsewhere/"), r"sends the caller to http://elsewhere/.*\n.*--url"),
        (says(503), r"cannot answer now \(503 Service Unavailable\)\. \(2 tries\)"),
        (says(200, b"<html>login</html>", "text/html"), r"answers with text/html, no JSON; is .* the root"),
        (says(200, b'{"a": 1}'), "a list is needed"),
        (says(200, b"[1]"), "a dataset is needed"),
        (says(200, b'[{"0020000D": {"vr": "UI", "Value": ["../.."]}}]'), r"StudyInstanceUID '\.\./\.\.'"),
        (says(200, b"[", claims=100), r"broke the connection in the middle of an answer\. \(2 tries\)"),
    ],
)
def test_each_fault_has_its_words(server: Server, pauses: list[float], answer: Answer, words: str):
    server.script = [answer]
    with pytest.raises(PacsError, match=words) as caught:
        list(archive(server, user="me", password="s3cret", tries=2).studies(Query(), 10))
    assert "s3cret" not in str(caught.value)


def test_a_redirect_is_not_followed(server: Server):
    server.script = [says(302, Location="http://127.0.0.1:9/"), says(200, b"[]")]
    with pytest.raises(PacsError, match="is not followed"):
        list(archive(server).studies(Query(), 10))
    assert len(server.asked) == 1


def test_an_archive_that_is_busy_is_asked_again_when_it_says(server: Server, pauses: list[float]):
    server.script = [says(503, Retry_After="7"), says(200, b"[]")]
    assert list(archive(server).studies(Query(), 10)) == []
    assert pauses == [7]


def test_an_archive_that_is_silent_is_not_waited_for_for_ever(server: Server):
    silence = threading.Event()
    server.script = [lambda to: (silence.wait(5), None)[1]]
    one = web.WebArchive(parse_address(server.url), Access(timeout_s=0.2, tries=1))
    with pytest.raises(PacsError, match=r"silent for 0\.2 s"):
        list(one.studies(Query(), 10))
    silence.set()


def test_an_archive_that_is_not_there(server: Server):
    address = parse_address("http://127.0.0.1:9/dicom-web")
    with pytest.raises(PacsError, match="cannot be reached: Connection refused"):
        list(web.WebArchive(address, Access(tries=1)).studies(Query(), 10))


def test_an_answer_without_end_is_cut_off(server: Server, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(web, "LARGEST_ANSWER", 1000)
    server.script = [says(200, b"[" + b" " * 5000)]
    with pytest.raises(PacsError, match="narrow the question"):
        list(archive(server).studies(Query(), 10))


def test_a_token_is_sent_as_bearer(server: Server):
    server.script = [says(200, b"[]")]
    list(archive(server, token="t0ken").studies(Query(), 10))
    assert server.asked[0][2]["Authorization"] == "Bearer t0ken"


def test_nobody_s_netrc_is_read(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setattr(web, "is_loopback", lambda host: False)  # of loopback, no setting is read at all
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server.script = [says(200, b"[]")]
    list(archive(server).studies(Query(), 10))
    assert "Authorization" not in server.asked[0][2]


def test_a_certificate_that_nobody_signed_is_not_trusted(server: Server, tmp_path: Path):
    import ssl

    cert, key = make_certificate(tmp_path, "localhost", "127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.script = [says(200, b"[]")]
    address = parse_address(server.url.replace("http:", "https:"))
    with pytest.raises(PacsError, match=r"cannot be trusted.*self.signed certificate.*\n.*--ca-file"):
        list(web.WebArchive(address, Access(tries=1)).studies(Query(), 10))
    trusting = web.WebArchive(address, Access(tries=1, ca_file=Path(cert)))
    assert list(trusting.studies(Query(), 10)) == []


def multipart(*files: bytes, end: bytes = b"--XX--\r\n") -> Answer:
    parts = (b"--XX\r\nContent-Type: application/dicom\r\n\r\n" + file + b"\r\n" for file in files)
    return says(200, b"".join(parts) + end, 'multipart/related; type="application/dicom"; boundary=XX')


def shelf_for(written: Written, folder: Path) -> tuple[SeriesFound, Shelf]:
    from pydicom import dcmread

    series = SeriesFound(written.study_uid, written.series_uid)
    uids = [str(dcmread(path, stop_before_pixels=True).SOPInstanceUID) for path in written.paths]
    wanted = [InstanceFound(series.study_uid, series.series_uid, uid) for uid in uids]
    return series, Shelf(folder, wanted)


def test_a_series_comes_in_one_answer(server: Server, written: Written, tmp_path: Path):
    series, shelf = shelf_for(written, tmp_path / "out")
    server.script = [multipart(*(path.read_bytes() for path in written.paths))]
    seen: list[int] = []
    archive(server).fetch(series, shelf, lambda: seen.append(1))
    assert (shelf.missing(), len(seen), len(server.asked)) == ((), 3, 1)


def test_what_an_answer_lacks_is_asked_for_one_by_one(server: Server, written: Written, tmp_path: Path):
    series, shelf = shelf_for(written, tmp_path / "out")
    first, second, third = (path.read_bytes() for path in written.paths)
    server.script = [multipart(first, second[:500], end=b""), multipart(second), multipart(third)]
    archive(server).fetch(series, shelf, lambda: None)
    assert shelf.missing() == ()
    assert [path.count("/instances/") for _, path, _, _ in server.asked] == [0, 1, 1]


def test_a_file_may_come_without_parts(server: Server, written: Written, tmp_path: Path):
    series, shelf = shelf_for(written, tmp_path / "out")
    server.script = [says(500), *(says(200, path.read_bytes(), "application/dicom") for path in written.paths)]
    archive(server).fetch(series, shelf, lambda: None)
    assert shelf.missing() == ()


def test_an_archive_that_knows_no_star_is_asked_without(server: Server, written: Written, tmp_path: Path):
    series, shelf = shelf_for(written, tmp_path / "out")
    server.script = [says(406), multipart(*(path.read_bytes() for path in written.paths))]
    archive(server).fetch(series, shelf, lambda: None)
    assert shelf.missing() == ()
    assert ["*" in headers["Accept"] for _, _, headers, _ in server.asked] == [True, False]
    server.script = [says(406)]
    with pytest.raises(PacsError, match="406"):
        archive(server).fetch(*shelf_for(written, tmp_path / "other"), lambda: None)


def test_one_file_that_is_gone_does_not_stop_the_others(server: Server, written: Written, tmp_path: Path):
    series, shelf = shelf_for(written, tmp_path / "out")
    first, _, third = (path.read_bytes() for path in written.paths)
    server.script = [says(404), multipart(first), says(404), multipart(third)]
    with pytest.raises(PacsError, match="404"):
        archive(server).fetch(series, shelf, lambda: None)
    assert len(shelf.missing()) == 1


def test_nothing_at_all_is_a_fault(server: Server, written: Written, tmp_path: Path):
    series, shelf = shelf_for(written, tmp_path / "out")
    server.script = [says(404)]
    with pytest.raises(PacsError, match="404"):
        archive(server).fetch(series, shelf, lambda: None)


def test_what_the_archive_refuses_is_told_by_file(server: Server, written: Written):
    kept, refused, unnamed = shelf_for(written, written.folder / "out")[1].missing()

    def item(uid: str, **more: object) -> dict[str, object]:
        return {"00081155": {"vr": "UI", "Value": [uid]}, **more}

    answer = {
        "00081199": {"vr": "SQ", "Value": [item(kept.sop_uid)]},
        "00081198": {"vr": "SQ", "Value": [item(refused.sop_uid, **{"00081197": {"vr": "US", "Value": [0xA700]}})]},
    }
    server.script = [says(202, json.dumps(answer).encode())]
    done = archive(server).store(written.paths, lambda: None)
    assert done.kept == (kept.sop_uid,)
    assert dict(done.refused) == {
        written.paths[1]: "it is out of room (0xA700)",
        written.paths[2]: "the archive's answer does not name it",
    }
    _, path, headers, body = server.asked[0]
    assert path == "/dicom-web/studies"
    assert int(headers["Content-Length"]) == len(body)
    assert unnamed.sop_uid.encode() in body
