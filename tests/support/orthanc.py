"""An image archive for the tests: Debian's Orthanc in a network of its own, with a folder that is thrown away.

Orthanc listens on every address there is; in a network that holds nothing but loopback nobody else can call it.
"""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import network_room
import pytest

PROGRAM = shutil.which("Orthanc") or "/usr/sbin/Orthanc"
PLUGINS = (Path("/usr/share/orthanc/plugins"), Path("/usr/lib/orthanc"))
CALLED, CALLING = "ORTHANC", "NEUROLUPUS"
USER = "clinic"
STARTS_WITHIN_S = 60


@dataclass(frozen=True)
class Archive:
    """A running Orthanc: `web` and `dicom` are its two addresses as `--url` takes them."""

    http_port: int
    dicom_port: int
    move_port: int  # where it sends to on C-MOVE
    user: str
    password: str
    store: Path  # its files, by names of its own

    @property
    def web(self) -> str:
        return f"http://127.0.0.1:{self.http_port}/dicom-web"

    @property
    def dicom(self) -> str:
        return f"dicom://{CALLED}@127.0.0.1:{self.dicom_port}?calling={CALLING}"

    @property
    def environment(self) -> dict[str, str]:
        """How the command line is told who asks."""
        return {"NEUROLUPUS_PACS_USER": self.user, "NEUROLUPUS_PACS_PASSWORD": self.password}

    def call(self, method: str, path: str, data: bytes | None = None) -> object:
        """Orthanc's own interface, to look and to prepare behind the back of what is tested."""
        import requests

        answer = requests.request(
            method, f"http://127.0.0.1:{self.http_port}{path}", data=data, auth=(self.user, self.password), timeout=30
        )
        answer.raise_for_status()
        return answer.json()

    def put(self, *files: Path) -> None:
        """Files straight into the archive."""
        for file in files:
            self.call("POST", "/instances", file.read_bytes())

    def lose(self, sop_uid: str) -> None:
        """A file rots away on the disk; the index still knows it."""
        found = self.call("POST", "/tools/lookup", sop_uid.encode())
        name = str(self.call("GET", f"{found[0]['Path']}/attachments/dicom/info")["Uuid"])  # type: ignore[index]
        (self.store / name[:2] / name[2:4] / name).unlink()

    def empty(self) -> None:
        """Forget every patient."""
        for one in self.call("GET", "/patients"):  # type: ignore[attr-defined]
            self.call("DELETE", f"/patients/{one}")


def why_not() -> str | None:
    """Why there is no Orthanc here; None where there is."""
    if not Path(PROGRAM).exists():
        return "Orthanc is not installed (Debian: orthanc orthanc-dicomweb)"
    if _plugin() is None:
        return "Orthanc has no DICOMweb here (Debian: orthanc-dicomweb)"
    return network_room.why_not()


@contextmanager
def serving() -> Iterator[Archive]:
    """An empty archive for the length of the block."""
    folder = Path(tempfile.mkdtemp(prefix="nl-pacs-"))
    one = Archive(*(network_room.free_port() for _ in range(3)), USER, secrets.token_hex(8), folder / "store")
    (folder / "orthanc.json").write_text(json.dumps(_settings(one, folder)))
    try:
        command = [PROGRAM, folder / "orthanc.json"]
        ports = (one.http_port, one.dicom_port)
        with network_room.running(folder, command, ports=ports, back=(one.move_port,)) as inside:
            _wait(one, inside, folder / "log")
            yield one
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def orthanc() -> Iterator[Archive]:
    """One archive for all tests of a session; `archive` empties it before each."""
    reason = why_not()
    if reason:
        pytest.skip(reason)
    with serving() as one:
        yield one


@pytest.fixture
def archive(orthanc: Archive) -> Archive:
    """An archive that holds nothing yet."""
    orthanc.empty()
    return orthanc


def _plugin() -> Path | None:
    return next((found for place in PLUGINS for found in sorted(place.glob("libOrthancDicomWeb.so*"))), None)


def _settings(one: Archive, folder: Path) -> dict[str, object]:
    return {
        "StorageDirectory": str(folder / "store"),
        "IndexDirectory": str(folder / "store"),
        "Plugins": [str(_plugin())],
        "HttpPort": one.http_port,
        "RemoteAccessAllowed": True,
        "AuthenticationEnabled": True,
        "RegisteredUsers": {one.user: one.password},
        "DicomAet": CALLED,
        "DicomCheckCalledAet": True,
        "DicomPort": one.dicom_port,
        "DicomAlwaysAllowEcho": False,
        "DicomAlwaysAllowStore": False,
        "DicomModalities": {
            "client": {
                "AET": CALLING, "Host": network_room.LOOPBACK, "Port": one.move_port,
                "AllowEcho": True, "AllowFind": True, "AllowGet": True, "AllowMove": True, "AllowStore": True,
            }
        },
        "OverwriteInstances": True,
        "MaximumStorageCacheSize": 0,
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
    }  # fmt: skip


def _wait(one: Archive, inside: subprocess.Popen[bytes], log: Path) -> None:
    import requests

    end = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < end and inside.poll() is None:
        try:
            one.call("GET", "/system")
        except (requests.ConnectionError, requests.HTTPError):
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"Orthanc did not start:\n{log.read_text(errors='replace')[-2000:]}")
