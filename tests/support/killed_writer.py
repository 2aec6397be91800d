"""Writes to a store without end and tells each write that was acknowledged; it is there to be killed.

Each `go` on stdin starts two writers, each line after it waits until they are dead; everything is imported only once.
"""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path

from neurolupus.store.engine import open_store
from neurolupus.store.patients import add_patient, edit_patient

WRITERS = 2


def write_for_ever(folder: Path, url: str | None) -> None:
    store = open_store(folder, url)
    while True:
        name = f"P-{secrets.token_hex(6)}"
        with store.write("writer") as writer:
            patient = add_patient(writer, {"id": name, "events": [{"syndrome": "headache"}] * 5, "note": "x" * 2000})
        tell(f"{name} 1")
        with store.write("writer") as writer:
            edit_patient(writer, patient, 1, {"id": name, "note": "y" * 2000}, status="decided")
        tell(f"{name} 2")


def tell(line: str) -> None:
    os.write(1, f"{line}\n".encode())  # at once and whole: so short a line is never split


def main(folder: str, url: str = "") -> None:
    open_store(Path(folder), url or None).close()
    for _ in sys.stdin:
        children = []
        for _ in range(WRITERS):
            child = os.fork()
            if child == 0:
                try:
                    write_for_ever(Path(folder), url or None)
                finally:
                    os._exit(1)
            children.append(child)
        tell(f"started {' '.join(map(str, children))}")
        sys.stdin.readline()
        for child in children:
            os.waitpid(child, 0)
        tell("dead")


if __name__ == "__main__":
    main(*sys.argv[1:])
