"""Writers killed a hundred times with kill -9: every acknowledged write is there, and the trail is whole."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import select
from stores import Place, kind, new_place, place, postgresql

from neurolupus.store.engine import open_store
from neurolupus.store.integrity import check_store
from neurolupus.store.schema import audit, patients

WRITER = Path(__file__).parents[1] / "support" / "killed_writer.py"
KILLS, LONGEST_S = 100, 0.08
__all__ = ["kind", "new_place", "place", "postgresql"]


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_no_acknowledged_write_is_lost(place: Place, python_path: None):
    folder, url = place
    open_store(folder, url, make=True).close()
    moments = random.Random(6)
    acknowledged: dict[str, int] = {}
    writing = subprocess.Popen(
        [sys.executable, WRITER, folder, url or ""], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )
    assert writing.stdin is not None
    assert writing.stdout is not None
    with writing:
        for number in range(KILLS):
            writing.stdin.write("go\n")
            victims = _until(writing.stdout, "started", acknowledged)
            # one time in four they may be killed while they open the store, else after two, four or six writes
            for _ in range(2 * (number % 4)):
                _until(writing.stdout, "P-", acknowledged)
            time.sleep(moments.uniform(0, LONGEST_S))
            for one in victims:
                os.kill(int(one), signal.SIGKILL)
            writing.stdin.write("wait\n")
            _until(writing.stdout, "dead", acknowledged)
        writing.stdin.close()
    store = open_store(folder, url)
    found = check_store(store)
    with store.read() as connection:
        kept = {row.pseudonym: row for row in connection.execute(select(patients))}
        entries = connection.execute(select(audit.c.seq)).all()
    store.close()
    assert found.faults == ()
    lost = {name for name, version in acknowledged.items() if name not in kept or kept[name].version < version}
    assert lost == set()
    assert sum(row.version for row in kept.values()) == len(entries), (
        "a change for each entry, an entry for each change"
    )
    half_done = [row.pseudonym for row in kept.values() if (row.status == "decided") != (row.version == 2)]
    assert half_done == []
    assert len(acknowledged) > KILLS, "they were killed while they wrote, not before"
    surplus = sum(row.version for row in kept.values()) - sum(acknowledged.values())
    assert 0 <= surplus <= 2 * KILLS, "at most one write of each was kept and not yet acknowledged"


def _until(stream: object, word: str, acknowledged: dict[str, int]) -> list[str]:
    """Read on until a line begins with a word; writes acknowledged meanwhile are taken down."""
    for line in stream:  # type: ignore[attr-defined]
        first, *rest = line.split()
        if first.startswith("P-"):
            acknowledged[first] = int(rest[0])
        if first.startswith(word):
            return rest
    raise AssertionError("the writers' parent died")
