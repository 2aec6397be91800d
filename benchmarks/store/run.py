"""How fast the store is with 5,000 patients: run.py OUT.json [--patients N] [--db ADDRESS] [--repeats N].

Records are realistic in size: 1 to 4 events, 0 to 6 lumbar punctures, laboratory values, treatment, scores by item;
each patient has a version history of its own in the trail, one in two a scan with volumes.
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import insert

from neurolupus.io.patient_file import parse_patient, patient_as_data
from neurolupus.records.clinical import SYNDROMES
from neurolupus.store.backup import write_backup
from neurolupus.store.derived import derived_of, put_derived
from neurolupus.store.engine import Store, open_store
from neurolupus.store.integrity import check_store
from neurolupus.store.patients import STATUSES, add_patient, edit_patient, list_patients, patient_of
from neurolupus.store.restore import restore_backup
from neurolupus.store.schema import measurements, scans
from neurolupus.store.trail import history, now, verify
from neurolupus.web.app import create_app
from neurolupus.web.settings import Settings
from neurolupus.workflows.clinic.patient_advice import recompute

TODAY = date(2026, 6, 1)


def a_record(draw: random.Random, number: int) -> dict[str, Any]:
    """A made-up patient, read and checked as a file would be."""
    days = sorted({TODAY - timedelta(days=draw.randrange(10, 2000)) for _ in range(draw.randrange(0, 7))})
    events = [
        {
            "syndrome": draw.choice(SYNDROMES),
            "date": str(TODAY - timedelta(days=draw.randrange(10, 2000))),
            "id": f"e{n}",
        }
        for n in range(draw.randrange(1, 5))
    ]
    punctures = []
    for day in days:
        csf = {"opening_pressure_mmH2O": draw.randrange(60, 300), "wbc_10e6_per_L": draw.randrange(0, 30)}
        csf |= {"protein": {"value": draw.randrange(20, 120), "unit": "mg/dL"}, "pathogens_negative": True}
        punctures.append({"date": str(day), "csf": csf})
    sle = {"duration_months": draw.randrange(0, 180), "sledai2k": draw.randrange(0, 40), "sdi": draw.randrange(0, 5)}
    sle |= {"c3_g_per_L": draw.uniform(0.2, 1.5), "anti_dsdna": draw.random() < 0.5}
    sle |= {
        "sledai2k_items": {name: draw.random() < 0.2 for name in ("seizure", "psychosis", "arthritis", "rash", "fever")}
    }
    given = {
        "id": f"P{number:05d}",
        "as_of": str(TODAY),
        "patient": {"age": draw.randrange(16, 80), "sex": draw.choice("FFFFM")},
        "sle": sle,
        "events": events,
        "lumbar_punctures": punctures,
        "apl": {"positive": draw.random() < 0.3},
        "mri": {"done": True, "normal": draw.random() < 0.4},
        "treatment": {"gc": True, "prednisone_mg_per_kg": draw.choice((0.25, 0.5, 1.0))},
        "note": "made up " * draw.randrange(0, 40),
    }
    return patient_as_data(parse_patient(given))


def timed(repeats: int, work: Callable[[], Any]) -> dict[str, float]:
    """Median, 95th percentile and worst of repeated calls, in ms; the first, which warms up, is left out."""
    work()
    taken = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        taken.append((time.perf_counter() - began) * 1000)
    taken.sort()
    return {
        "p50_ms": round(statistics.median(taken), 2),
        "p95_ms": round(taken[min(len(taken) - 1, int(0.95 * len(taken)))], 2),
        "worst_ms": round(taken[-1], 2),
    }


def fill(store: Store, count: int, draw: random.Random) -> tuple[list[str], float]:
    """Patients, half of them with a scan, each with stored advice of realistic size; ids, and seconds per patient."""
    records = [a_record(draw, number) for number in range(count)]
    advice = {"items": [{"text": "x" * 400, "rules": ["a", "b"], "sources": ["s"] * 5} for _ in range(12)]}
    ids, began = [], time.perf_counter()
    for start in range(0, count, 50):
        with store.write("benchmark") as writer:
            for record in records[start : start + 50]:
                found = add_patient(writer, record, status=draw.choice(STATUSES))
                put_derived(writer, found, "padding", 1, advice)
                ids.append(found)
                if len(ids) % 2:
                    add_scan(writer.connection, found, len(ids))
    return ids, (time.perf_counter() - began) / count


def add_scan(connection: Any, patient: str, number: int) -> None:
    """A measured scan with 40 volumes."""
    row = {
        "id": f"s{number}",
        "patient_id": patient,
        "participant": f"{number:05d}",
        "status": "measured",
        "message": "",
    }
    row |= {"folder": f"scans/s{number}", "blinded": f"S-{number}", "version": 1, "created": now(), "updated": now()}
    connection.execute(insert(scans).values(**row))
    volumes = [
        {
            "id": f"{number}-{n}",
            "scan_id": f"s{number}",
            "name": f"v{n}",
            "value": 1.0 * n,
            "unit": "ml",
            "method": "model",
        }
        for n in range(40)
    ]
    connection.execute(insert(measurements), volumes)


def measure(store: Store, ids: list[str], repeats: int, draw: random.Random) -> dict[str, Any]:
    """Every call a page makes, one by one."""

    def read(work: Callable[[Any], Any]) -> Callable[[], Any]:
        def call() -> Any:
            with store.read() as connection:
                return work(connection)

        return call

    def add() -> None:
        with store.write("benchmark") as writer:
            add_patient(writer, a_record(draw, draw.randrange(10**6, 10**9)))

    def edit() -> None:
        with store.write("benchmark") as writer:
            kept = patient_of(writer.connection, draw.choice(ids))
            edit_patient(writer, kept.id, kept.version, kept.record | {"note": "edited"})

    def one() -> str:
        return draw.choice(ids)

    return {
        "work list, first page": timed(repeats, read(lambda c: list_patients(c))),
        "work list, last page": timed(repeats, read(lambda c: list_patients(c, offset=len(ids) - 50))),
        "work list, part of a pseudonym": timed(repeats, read(lambda c: list_patients(c, text="123"))),
        "work list, one status": timed(repeats, read(lambda c: list_patients(c, status="decided"))),
        "work list, one syndrome": timed(repeats, read(lambda c: list_patients(c, event="psychosis"))),
        "work list, all three": timed(
            repeats, read(lambda c: list_patients(c, text="1", status="decided", event="psychosis"))
        ),
        "one patient": timed(repeats, read(lambda c: patient_of(c, one()))),
        "one patient's stored result": timed(repeats, read(lambda c: derived_of(c, one(), "padding"))),
        "one patient's history": timed(repeats, read(lambda c: list(history(c, patient=one())))),
        "latest 500 entries of the trail": timed(max(5, repeats // 10), read(lambda c: list(history(c)))),
        "add a patient": timed(repeats, add),
        "edit a patient": timed(repeats, edit),
        "verify the trail": timed(3, read(lambda c: verify(c))),
    }


def pages(folder: Path, db: str | None, ids: list[str], repeats: int, draw: random.Random) -> dict[str, Any]:
    """Whole pages, from the request to the last byte, in this process: what the server needs for them."""
    app = create_app(Settings(folder, db, scans_at_once=0))
    some = draw.sample(ids, 40)
    with app.state.store.write("benchmark") as writer:
        for patient in some:
            recompute(writer, patient)
    with TestClient(app, base_url="http://localhost") as browser:

        def get(address: Callable[[], str]) -> Callable[[], Any]:
            def call() -> None:
                found = browser.get(address())
                assert found.status_code == 200, found.text

            return call

        return {
            "GET /patients": timed(repeats, get(lambda: "/patients")),
            "GET /patients?text=12": timed(repeats, get(lambda: "/patients?text=12")),
            "GET /patients/ID": timed(repeats, get(lambda: f"/patients/{draw.choice(some)}")),
            "GET /patients/ID/downstream": timed(repeats, get(lambda: f"/patients/{draw.choice(some)}/downstream")),
        }


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("out", type=Path)
    words.add_argument("--patients", type=int, default=5000)
    words.add_argument("--repeats", type=int, default=100)
    words.add_argument("--db")
    given = words.parse_args()
    draw = random.Random(6)
    with tempfile.TemporaryDirectory() as name:
        store = open_store(Path(name) / "store", given.db, make=True)
        ids, per_patient = fill(store, given.patients, draw)
        told: dict[str, Any] = {
            "database": "postgresql" if given.db else "sqlite", "patients": given.patients,
            "python": platform.python_version(), "filling_ms_per_patient": round(per_patient * 1000, 2),
            "calls": measure(store, ids, given.repeats, draw),
            "pages": pages(store.folder, given.db, ids, given.repeats, draw),
        }  # fmt: skip
        if not given.db:
            told["database_mb"] = round((store.folder / "store.sqlite").stat().st_size / 1e6, 1)
        for what, work in (
            ("check_s", lambda: check_store(store)),
            ("backup_s", lambda: write_backup(store, Path(name) / "backup.zip", "benchmark")),
            ("restore_into_sqlite_s", lambda: restore_backup(Path(name) / "backup.zip", Path(name) / "b", None, "x")),
        ):
            began = time.perf_counter()
            work()
            told[what] = round(time.perf_counter() - began, 1)
        told["backup_mb"] = round((Path(name) / "backup.zip").stat().st_size / 1e6, 1)
        store.close()
    given.out.write_text(json.dumps(told, indent=1) + "\n", "utf-8")
    print(given.out.read_text("utf-8"))


main()
