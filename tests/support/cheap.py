"""What makes tests of the store and the clinic cheap, and no server: passwords hashed fast, an empty store to copy."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> Iterator[object]:
    """Argon2id of 64 KiB and one pass in the place of the real one, which comes back.

    It is put there from outside: the program has no option that could weaken passwords.
    """
    argon2 = pytest.importorskip("argon2", reason="needs the extra web")
    from neurolupus.store import passwords

    real = _real()  # also for who asks second, where it is cheap already
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_HASHER", argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
        passwords._nobody.cache_clear()
        yield real
    passwords._nobody.cache_clear()


@cache
def _real() -> object:
    from neurolupus.store import passwords

    return passwords._HASHER


def empty_store(folder: Path) -> Path:
    """An empty store on SQLite in a folder, its tables made once and copied; one that is there stays as it is."""
    if not folder.exists():
        shutil.copytree(_made(), folder)
    return folder


@cache
def _made() -> Path:
    from neurolupus.store.engine import open_store

    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder)
    open_store(folder / "store", make=True).close()
    return folder / "store"
