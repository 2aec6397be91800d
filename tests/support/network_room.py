"""A network of its own for a server that listens everywhere: loopback only, with doors for the ports that are named.

A Unix socket lives in the file system and so is seen from both networks. A door is a listener on one side, a Unix
socket between, and a connection to the server on the other side. Clients need no change and no rights: threads of the
test process, a command in a process of its own and other programs reach 127.0.0.1 as ever. Entering the network
instead (`setns`) would have to be done by each thread and each child before it opens its first socket.

Run as a program it is the inside: `unshare -rn python network_room.py FOLDER in:PORT out:PORT ... -- COMMAND ...`
starts the command and ends it when its standard input is closed, so that nothing outlives a killed test.
"""

from __future__ import annotations

import shutil
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

LOOPBACK = "127.0.0.1"
Connect = Callable[[], socket.socket]


def why_not() -> str | None:
    """Why no such network can be made here; None where it can."""
    if shutil.which("unshare") is None:
        return "unshare is not installed"
    tried = subprocess.run(["unshare", "-rn", "true"], capture_output=True, text=True, check=False)
    return None if tried.returncode == 0 else f"no network of its own may be made here: {tried.stderr.strip()}"


@contextmanager
def running(
    folder: Path, command: Sequence[object], *, ports: Sequence[int], back: Sequence[int] = ()
) -> Iterator[subprocess.Popen[bytes]]:
    """A command in a network of its own for the length of the block.

    Parameters
    ----------
    folder : Path
        Short: the doors lie there, and the path of a Unix socket has room for some 100 letters.
    ports : sequence of int
        On which it listens; the same ports of 127.0.0.1 lead to it here.
    back : sequence of int
        Ports of 127.0.0.1 here that it may call.
    """
    doors = [*(f"in:{port}" for port in ports), *(f"out:{port}" for port in back)]
    listeners = [_forward(_unix_listener(folder / f"out-{port}"), _to_port(port)) for port in back]
    words = ["unshare", "-rn", sys.executable, __file__, folder, *doors, "--", *command]
    with (folder / "log").open("wb") as log:
        inside = subprocess.Popen(
            [str(word) for word in words], stdin=subprocess.PIPE, stdout=log, stderr=log, cwd=folder
        )
    listeners += [_forward(_port_listener(port), _to_unix(folder / f"in-{port}")) for port in ports]
    try:
        yield inside
    finally:
        for one in listeners:
            one.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits for a caller; closing alone does not
            one.close()
        assert inside.stdin is not None
        inside.stdin.close()
        inside.wait(timeout=30)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as one:
        one.bind((LOOPBACK, 0))
        return int(one.getsockname()[1])


def _inside(folder: Path, doors: Sequence[str], command: Sequence[str]) -> int:
    _raise_loopback()
    for door in doors:
        way, _, number = door.partition(":")
        if way == "in":
            _forward(_unix_listener(folder / f"in-{number}"), _to_port(int(number)))
        else:
            _forward(_port_listener(int(number)), _to_unix(folder / f"out-{number}"))
    server = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    threading.Thread(target=lambda: (sys.stdin.buffer.read(), server.terminate()), daemon=True).start()
    return server.wait()


def _raise_loopback() -> None:
    """What `ip link set lo up` does, where ip is not installed."""
    import fcntl

    get_flags, set_flags, up = 0x8913, 0x8914, 0x1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        answer = fcntl.ioctl(one, get_flags, struct.pack("16sh14x", b"lo", 0))
        flags = struct.unpack("16sh14x", answer)[1]
        fcntl.ioctl(one, set_flags, struct.pack("16sh14x", b"lo", flags | up))


def _forward(listener: socket.socket, connect: Connect) -> socket.socket:
    """Carry each connection of the listener to another place, until the listener is closed."""

    def accept() -> None:
        while True:
            try:
                caller, _ = listener.accept()
            except OSError:
                return
            try:
                called = connect()
            except OSError:  # nobody there: the caller is told by the end of the connection
                caller.close()
                continue
            threading.Thread(target=_carry, args=(caller, called), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return listener


def _carry(caller: socket.socket, called: socket.socket) -> None:
    """Both ways, until both have ended."""
    with caller, called:
        back = threading.Thread(target=_copy, args=(called, caller), daemon=True)
        back.start()
        _copy(caller, called)
        back.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
    for one, way in ((target, socket.SHUT_WR), (source, socket.SHUT_RD)):
        with suppress(OSError):
            one.shutdown(way)


def _port_listener(port: int) -> socket.socket:
    return socket.create_server((LOOPBACK, port))


def _unix_listener(path: Path) -> socket.socket:
    one = socket.socket(socket.AF_UNIX)
    one.bind(str(path))
    one.listen(64)
    return one


def _to_port(port: int) -> Connect:
    return lambda: socket.create_connection((LOOPBACK, port))


def _to_unix(path: Path) -> Connect:
    def connect() -> socket.socket:
        one = socket.socket(socket.AF_UNIX)
        try:
            one.connect(str(path))
        except OSError:
            one.close()
            raise
        return one

    return connect


if __name__ == "__main__":
    _, place, *rest = sys.argv
    end = rest.index("--")
    sys.exit(_inside(Path(place), rest[:end], rest[end + 1 :]))
