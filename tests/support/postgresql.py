"""A PostgreSQL of our own for the tests: Debian's programs, a folder that is thrown away, loopback alone."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "60"}
STARTS_WITHIN_S = 30


def programs() -> Path | None:
    """The folder of the newest installed server's programs; None where none is installed."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda one: int(one.parent.name), reverse=True)
    found = shutil.which("initdb")
    return next((one for one in [*places, *([Path(found).parent] if found else [])] if (one / "initdb").exists()), None)


class Server:
    """A running server and the addresses of databases on it."""

    def __init__(self, port: int, password: str) -> None:
        self.port, self.password = port, password
        self.encryption: ssl.SSLContext | Literal[False] = False
        self._made = 0

    def lend(self) -> str:
        """The address of an empty database."""
        self._made += 1
        name = f"tests_{self._made}"
        self._run("postgres", f"CREATE DATABASE {name} TEMPLATE template0")
        return f"postgresql+pg8000://tests:{self.password}@127.0.0.1:{self.port}/{name}"

    def copy(self, address: str, over: str) -> None:
        """Make one database like another; nobody may be connected to either."""
        source, target = (one.rpartition("/")[2] for one in (address, over))
        self._run("postgres", f"DROP DATABASE {target}", f"CREATE DATABASE {target} TEMPLATE {source}")

    def take_back(self, address: str) -> None:
        """A database that is no longer needed; whoever still holds it is sent away."""
        self._run("postgres", f"DROP DATABASE {address.rpartition('/')[2]} WITH (FORCE)")

    def _run(self, database: str, *statements: str) -> None:
        import pg8000.dbapi

        connection = pg8000.dbapi.connect(
            "tests", host="127.0.0.1", port=self.port, password=self.password, database=database,
            ssl_context=self.encryption,
        )  # fmt: skip
        connection.autocommit = True
        for statement in statements:
            connection.cursor().execute(statement)
        connection.close()


@contextmanager
def serving(*, durable: bool = False, tls: tuple[str, str] | None = None) -> Iterator[Server]:
    """A server for the length of the block.

    Parameters
    ----------
    durable : bool
        As slow and as safe as a real one.
    tls : (str, str) or None
        Certificate and key in PEM; every connection must then be encrypted.
    """
    bin_, folder = programs(), Path(tempfile.mkdtemp(prefix="nl-pg-"))
    assert bin_ is not None
    user = _somebody()
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
    who = {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    password, data = secrets.token_hex(12), folder / "data"
    word = folder / "password"
    word.write_text(password)
    word.chmod(0o644)
    running = None
    try:
        subprocess.run(
            [bin_ / "initdb", "-D", data, "-U", "tests", "--pwfile", word, "-A", "scram-sha-256", "-E", "UTF8",
             "--locale=C.UTF-8", "--no-sync"],
            check=True, capture_output=True, cwd=folder, **who,
        )  # fmt: skip
        port = _free_port()
        settings = {"port": str(port), "listen_addresses": "127.0.0.1", "unix_socket_directories": ""}
        settings |= {"max_connections": "60"} if durable else FAST
        if tls is not None:
            settings |= {"ssl": "on", **_put_tls(data, tls, user)}
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with (folder / "log").open("wb") as log:
            running = subprocess.Popen(
                [bin_ / "postgres", "-D", data, *words], stdout=log, stderr=log, cwd=folder, **who
            )
        _wait(running, [bin_ / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)], folder / "log")
        server = Server(port, password)
        if tls is not None:
            server.encryption = ssl.create_default_context(cadata=tls[0])
            server.encryption.check_hostname = False
        yield server
    finally:
        if running is not None:
            running.send_signal(signal.SIGQUIT)  # at once: what it holds is thrown away
            running.wait(timeout=30)
        shutil.rmtree(folder, ignore_errors=True)


def _put_tls(data: Path, tls: tuple[str, str], user: pwd.struct_passwd | None) -> dict[str, str]:
    places = {"ssl_cert_file": data / "server.crt", "ssl_key_file": data / "server.key"}
    for place, text in zip(places.values(), tls, strict=True):
        place.write_text(text)
        place.chmod(0o600)
        if user is not None:
            os.chown(place, user.pw_uid, user.pw_gid)
    rules = data / "pg_hba.conf"
    rules.write_text("hostssl all all 127.0.0.1/32 scram-sha-256\n")
    return {name: str(place) for name, place in places.items()}


def _somebody() -> pwd.struct_passwd | None:
    """Whom the server runs as: it refuses root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError("PostgreSQL refuses root, and there is neither postgres nor nobody.")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _wait(server: subprocess.Popen[bytes], ready: list[str | Path], log: Path) -> None:
    end = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < end and server.poll() is None:
        if subprocess.run(ready, capture_output=True, check=False).returncode == 0:
            return
        time.sleep(0.05)
    raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text(errors='replace')[-2000:]}")
