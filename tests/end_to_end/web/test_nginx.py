"""The example of docs/how-to/run-the-clinic-server.md in a real nginx, its TLS self-made, on loopback alone."""

from __future__ import annotations

import os
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytest.importorskip("uvicorn", reason="needs the extra web")
pytest.importorskip("httpx", reason="needs httpx")

import httpx
from certificate import make_certificate
from clinic import PASSWORD, clinic, secret_of
from live_clinic import live

from neurolupus.store.scans import add_scan
from neurolupus.store.trail import history
from neurolupus.store.users import add_user

ROOT = Path(__file__).resolve().parents[3]
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(NGINX is None, reason="needs nginx: apt-get install nginx-light")]
MAIN = """
{user}daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f;
    uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    {server}
}}
"""


def example() -> str:
    """The server block as the document gives it."""
    text = (ROOT / "docs/how-to/run-the-clinic-server.md").read_text("utf-8")
    found = re.search(r"```nginx\n(.*?)```", text, re.DOTALL)
    assert found is not None
    return found[1]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@contextmanager
def proxied(folder: Path, port: int, inner: str) -> Iterator[ssl.SSLContext]:
    """Nginx before a server, with the example's words and this test's names, ports and files; whom to trust."""
    certificate, key = make_certificate(folder, "localhost", "127.0.0.1")
    server = example()
    for said, here in (
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"), ("clinic.example.org", "localhost"),
        ("/etc/ssl/clinic.pem", certificate), ("/etc/ssl/clinic.key", key), ("http://127.0.0.1:8910", inner),
    ):  # fmt: skip
        assert said in server, said
        server = server.replace(said, here)
    user = "user root; " if os.geteuid() == 0 else ""  # else its workers could not write into the test's folder
    (folder / "nginx.conf").write_text(MAIN.format(folder=folder, server=server, user=user))
    command = [str(NGINX), "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        until = time.monotonic() + 20
        while True:
            assert process.poll() is None, process.stderr and process.stderr.read()
            with socket.socket() as tried:
                if tried.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert time.monotonic() < until, "nginx does not start"
            time.sleep(0.05)
        yield ssl.create_default_context(cafile=certificate)
    finally:
        process.terminate()
        process.communicate(timeout=20)


def test_the_example_serves_signs_in_streams_and_takes_uploads(tmp_path: Path) -> None:
    port = free_port()
    address = f"https://localhost:{port}"
    app = clinic(
        tmp_path,
        users=True,
        tls=True,
        public_url=address,
        proxies=("127.0.0.1",),
        hosts=("localhost",),
        scans_at_once=0,
    )
    store = app.state.store
    with store.write("command-line") as writer:
        add_user(writer, "anna", "editor", password=PASSWORD)
        scan = add_scan(writer, "01", None)
    with live(app) as inner, proxied(tmp_path, port, inner) as trust:
        with httpx.Client(base_url=address, verify=trust, timeout=30) as client:
            page = client.get("/sign-in")
            assert page.headers["strict-transport-security"].startswith("max-age=")
            form = {"name": "anna", "password": PASSWORD, "csrf": secret_of(page.text)}
            entered = client.post("/sign-in", data=form, headers={"Origin": address})
            cookie = entered.headers["set-cookie"]
            assert (entered.status_code, entered.headers["location"]) == (303, "/")
            assert "__Host-neurolupus=" in cookie
            assert "Secure" in cookie
            with store.read() as connection:  # whence the browser came, not the proxy's word on itself
                begun = next(one for one in history(connection) if one.action == "session.begun")
            assert begun.after == {"from": "127.0.0.1"}

            began = time.monotonic()
            with client.stream("GET", f"/scans/{scan}/progress") as events:  # it goes on for as long as one looks
                first = next(part for part in events.iter_text() if "data:" in part)
            assert time.monotonic() - began < 10
            assert "queued" in first

            csrf = client.get("/session").json()["csrf"]
            head = {"X-CSRF-Token": csrf, "Origin": address}
            large = b"no image" + bytes(3 << 20)  # three times what nginx takes unless told
            files = {"t1w": ("t1w.nii", large)}
            refused = client.post("/scans", data={"participant": "02"}, files=files, headers=head)
            assert refused.status_code == 422, refused.text[:300]  # it came through: neurolupus says what is wrong
            assert client.post("/scans", headers={**head, "Origin": "https://evil.example"}).status_code == 403
            assert client.get("/sign-in", headers={"Host": "evil.example"}).status_code == 421
        with (
            socket.create_connection(("localhost", port)) as plain,
            trust.wrap_socket(plain, server_hostname="localhost") as sent,
        ):  # refused by its stated length, before a byte of it is sent
            sent.sendall(
                f"POST /scans HTTP/1.1\r\nHost: localhost:{port}\r\nContent-Length: {600 << 20}\r\n\r\n".encode()
            )
            assert b" 413 " in sent.recv(200)
        # the server's own port answers by its name alone
        assert httpx.get(f"{inner}/sign-in", headers={"Host": "elsewhere"}).status_code == 421
