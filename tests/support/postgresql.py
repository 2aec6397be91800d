"""A PostgreSQL of our own for the tests: Debian's programs, a folder that is thrown away, loopback alone."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "60"}
STARTS_WITHIN_S = 30


def programs() -> Path | None:
    """The folder of the newest installed server's programs; None where none is installed."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda one: int(one.parent.name), reverse=True)
    found = shutil.which("initdb")
    return next((one for one in [*places, *([Path(found).parent] if found else [])] if (one / "initdb").exists()), None)


class Server:
    """A running server; `new_database` gives an address of an empty one."""

    def __init__(self, port: int, password: str) -> None:
        self.port, self.password = port, password

    def address(self, database: str) -> str:
        return f"postgresql+pg8000://tests:{self.password}@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        import pg8000.dbapi

        name = f"t{secrets.token_hex(6)}"
        connection = pg8000.dbapi.connect(
            "tests", host="127.0.0.1", port=self.port, password=self.password, database="postgres"
        )
        connection.autocommit = True
        connection.cursor().execute(f"CREATE DATABASE {name} TEMPLATE template0")
        connection.close()
        return self.address(name)


@contextmanager
def serving(*, durable: bool = False) -> Iterator[Server]:
    """A server for the length of the block; `durable` is as slow and as safe as a real one."""
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
    server = None
    try:
        subprocess.run(
            [bin_ / "initdb", "-D", data, "-U", "tests", "--pwfile", word, "-A", "scram-sha-256", "-E", "UTF8",
             "--locale=C.UTF-8", "--no-sync"],
            check=True, capture_output=True, cwd=folder, **who,
        )  # fmt: skip
        port = _free_port()
        settings = {"port": str(port), "listen_addresses": "127.0.0.1", "unix_socket_directories": ""}
        settings |= {"max_connections": "60"} if durable else FAST
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                [bin_ / "postgres", "-D", data, *words], stdout=log, stderr=log, cwd=folder, **who
            )
        _wait(server, port, folder / "log")
        yield Server(port, password)
    finally:
        if server is not None:
            server.terminate()  # refuses new ones and waits for those there; the next word ends them
            server.send_signal(2)
            server.wait(timeout=30)
        shutil.rmtree(folder, ignore_errors=True)


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


def _wait(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < end and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text(errors='replace')[-2000:]}")
