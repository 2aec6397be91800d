"""What only a real server shows: uploads that are too large, streams, slow answers to wrong passwords, the command."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

pytest.importorskip("uvicorn", reason="needs the extra web")
pytest.importorskip("httpx", reason="needs httpx")

import httpx
from clinic import clinic
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse
from live_clinic import live

from neurolupus.web.access import Anyone
from neurolupus.web.guard.bodies import takes_uploads

pytestmark = pytest.mark.slow
GIB = 1 << 30


@pytest.fixture
def app(tmp_path: Path) -> FastAPI:
    made = clinic(tmp_path)
    made.state.read = threading.Event()

    @made.post("/upload")
    @takes_uploads
    async def upload(request: Request, _: Anyone) -> dict[str, int]:
        return {"taken": len(await request.body())}

    @made.get("/ticks")
    def ticks(_: Anyone) -> StreamingResponse:
        async def each() -> AsyncIterator[str]:
            yield "data: first\n\n"
            yield f"data: first was read: {await asyncio.to_thread(made.state.read.wait, 20)}\n\n"

        return StreamingResponse(each(), media_type="text/event-stream")

    return made


@pytest.fixture
def address(app: FastAPI) -> Iterator[str]:
    with live(app) as found:
        yield found


def raw(address: str, head: str, body: Iterator[bytes]) -> bytes:
    """What is answered to a request that goes on sending until it is answered or cut off."""
    place = urlsplit(address)
    with socket.create_connection((str(place.hostname), int(place.port or 0)), timeout=20) as line:
        line.sendall(head.encode())
        line.settimeout(0.2)
        sent = b""
        for part in body:
            try:
                line.sendall(part)
            except OSError:
                break
        line.settimeout(10)
        while True:
            try:
                part = line.recv(65536)
            except OSError:
                break
            if not part:
                break
            sent += part
    return sent


@pytest.mark.parametrize(("path", "code"), [("/upload", 413), ("/settings", 413), ("/patients", 405), ("/none", 404)])
def test_two_gigabytes_are_refused_early_and_the_server_stays(app: FastAPI, address: str, path: str, code: int):
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {2 * GIB}\r\n"
        f"X-CSRF-Token: {app.state.local.csrf}\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n"
    )
    begun = time.monotonic()
    answer = raw(address, head, (b"x" * 65536 for _ in range(64)))
    assert answer.split(b" ")[1] == str(code).encode(), answer[:200]
    assert time.monotonic() - begun < 15
    assert httpx.get(f"{address}/health").text == "ok\n"


def test_an_upload_that_is_too_large_is_told_so(app: FastAPI, address: str):
    head = (
        f"POST /settings HTTP/1.1\r\nHost: localhost\r\nContent-Length: {2 * GIB}\r\nExpect: 100-continue\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n\r\n"
    )
    answer = raw(address, head, iter(()))
    assert b" 413 " in answer.split(b"\r\n")[0]
    assert b"1 MB at most" in answer
    assert b"100 Continue" not in answer


def test_a_body_in_pieces_without_a_length_is_refused(app: FastAPI, address: str):
    def pieces() -> Iterator[bytes]:
        for _ in range(100):
            yield b"10000\r\n" + b"x" * 65536 + b"\r\n"

    head = (
        "POST /settings HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n\r\n"
    )
    assert b" 411 " in raw(address, head, pieces()).split(b"\r\n")[0]
    assert httpx.get(f"{address}/health").text == "ok\n"


def test_events_come_as_they_happen(app: FastAPI, address: str):
    told = []
    with httpx.stream("GET", f"{address}/ticks", timeout=60) as answer:
        for line in answer.iter_lines():
            if line.startswith("data"):
                told.append(line)
                app.state.read.set()
        assert answer.headers["x-content-type-options"] == "nosniff"
    # not all at the end, as a wrapper that buffers would give them
    assert told == ["data: first", "data: first was read: True"]


def test_a_known_name_is_not_told_by_the_time_it_takes(tmp_path: Path):
    from clinic import PASSWORD, secret_of
    from sqlalchemy import update

    from neurolupus.store.schema import users
    from neurolupus.store.users import add_user

    app = clinic(tmp_path, users=True)
    with app.state.store.write("command-line") as writer:
        add_user(writer, "anna", "viewer", password=PASSWORD)
    took: dict[str, list[float]] = {"anna": [], "nobody-here": []}

    def apart() -> float:
        return abs(min(took["anna"]) - min(took["nobody-here"]))

    with live(app) as address, httpx.Client(base_url=address) as client:
        secret = secret_of(client.get("/sign-in").text)
        # each time is that of the way or more: the least of several agree at last, if the ways are as long
        for count in range(9):  # of both together fewer than the wrong passwords that an address may send
            for name, seconds in took.items():
                with app.state.store.write("test") as writer:  # one who is locked is answered on another way
                    writer.connection.execute(update(users).values(failures=0, locked_until=None))
                begun = time.monotonic()
                answer = client.post("/sign-in", data={"name": name, "password": "wrong", "csrf": secret})
                assert answer.status_code == 401
                seconds.append(time.monotonic() - begun)
            if count >= 3 and apart() < 0.05:
                break
    assert apart() < 0.05, took  # both wait for the same 0.7 s


def test_the_command_serves_until_it_is_ended_and_leaves_no_demo(tmp_path: Path, python_path: None):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = ["serve", "--port", str(port), "--store", str(tmp_path / "store"), "--log", str(tmp_path / "log")]
    process = subprocess.Popen(
        [sys.executable, "-m", "neurolupus", *words], stderr=subprocess.PIPE, text=True, env=os.environ
    )
    try:
        until = time.monotonic() + 60
        while True:
            try:
                answer = httpx.get(f"http://127.0.0.1:{port}/patients?text=Verdi")
                break
            except httpx.TransportError:
                assert time.monotonic() < until
                assert process.poll() is None
                time.sleep(0.1)
        assert answer.status_code == 200
        assert httpx.get(f"http://127.0.0.1:{port}/cds-services").json()["services"]
    finally:
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=30)
    assert process.returncode == 0, told
    assert "Stopped." in told
    assert "Traceback" not in told
    assert "GET /patients 200" in (tmp_path / "log").read_text()
    assert "Verdi" not in (tmp_path / "log").read_text()
