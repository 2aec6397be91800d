"""Fifty people at once: response times of a real server over a store of 5,000 made-up patients.

    python benchmarks/web/load.py [--patients 5000] [--users 50] [--seconds 60] [-o result.json]

Each person waits a moment, then does one of the things below, by chance. A change begins from the version just read; a
refusal for a version that another has changed meanwhile (409) is no error, any other refusal is.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import httpx
import numpy as np

from neurolupus.io.patient_file import parse_patient, patient_as_data
from neurolupus.store.engine import open_store
from neurolupus.store.patients import add_patient
from neurolupus.workflows.clinic.demo_patients import cohort_patients
from neurolupus.workflows.clinic.patient_advice import recompute
from neurolupus.workflows.clinic.study_upload import keep_study
from neurolupus.workflows.examples import example_path

SEED = 1
BATCH = 250
THINKING_S = (0.5, 1.5)
SERVER = """
import sys, uvicorn
from pathlib import Path
from neurolupus.web.app import create_app
from neurolupus.web.settings import Settings
uvicorn.run(create_app(Settings(Path(sys.argv[1]))), port=int(sys.argv[2]), log_level="warning", access_log=False)
"""
MIX = (  # what is done, and how often of a hundred
    ("work list", 25), ("search", 15), ("patient page", 25), ("record by the API", 10), ("edit by the API", 8),
    ("advice by the API", 5), ("studies", 4), ("knowledge", 4), ("a question", 3), ("cohort's flow", 1),
)  # fmt: skip


def fill(folder: Path, count: int) -> list[str]:
    """A store of made-up patients with their advice; their ids."""
    store, ids = open_store(folder, make=True), []
    made = list(cohort_patients(count, seed=SEED))
    for start in range(0, count, BATCH):
        with store.write("benchmark") as writer:
            for record, status in made[start : start + BATCH]:
                ids.append(add_patient(writer, patient_as_data(parse_patient(record)), status=status))
    with store.write("benchmark") as writer:
        for one in ids[:200]:
            recompute(writer, one)
    text = example_path("clinic.study.yaml").read_text("utf-8")
    keep_study(store, "benchmark", name="Clinic", text=text, criteria={"age_from": 18})
    store.close()
    return ids


async def one_person(
    client: httpx.AsyncClient, ids: list[str], chance: random.Random, until: float, seen: dict, bad: list
) -> None:
    """Do things until the time is over."""
    names, weights = zip(*MIX, strict=True)
    await asyncio.sleep(chance.uniform(0, 1.5))
    while time.perf_counter() < until:
        name = chance.choices(names, weights)[0]
        patient = chance.choice(ids)
        began = time.perf_counter()
        try:
            answer = await act(client, name, patient, chance)
            if answer.status_code >= 400 and not (name == "edit by the API" and answer.status_code == 409):
                bad.append((name, answer.status_code))
        except httpx.HTTPError as error:
            bad.append((name, type(error).__name__))
        seen[name].append(time.perf_counter() - began)
        await asyncio.sleep(chance.uniform(*THINKING_S))


async def act(client: httpx.AsyncClient, name: str, patient: str, chance: random.Random) -> httpx.Response:
    """One thing that somebody does; an edit is two requests."""
    simple = {
        "work list": "/patients", "search": f"/patients?text=C-{chance.randrange(100):02d}",
        "patient page": f"/patients/{patient}", "record by the API": f"/api/v1/patients/{patient}",
        "advice by the API": f"/api/v1/patients/{patient}/advice", "studies": "/studies",
        "knowledge": "/knowledge?part=statements&text=seizure",
        "a question": "/knowledge/ask?question=refractory+seizures",
        "cohort's flow": "/studies/flow?age_from=18&consensus=attributed",
    }  # fmt: skip
    if name in simple:
        return await client.get(simple[name])
    read = await client.get(f"/api/v1/patients/{patient}")
    record = read.json()["record"] | {"note": f"seen {chance.randrange(10**6)}"}
    headers = {"If-Match": read.headers["etag"]}
    return await client.put(f"/api/v1/patients/{patient}", json={"record": record}, headers=headers)


async def measure(address: str, ids: list[str], users: int, seconds: float) -> tuple[dict, list, float]:
    """Times by what was done, and what was refused."""
    seen: dict[str, list[float]] = defaultdict(list)
    bad: list = []
    # given up before the server gives it up after 5 s: else a request may meet a connection that is being closed
    limits = httpx.Limits(max_connections=users, max_keepalive_connections=users, keepalive_expiry=3)
    async with httpx.AsyncClient(base_url=address, limits=limits, timeout=60) as client:
        page = await client.get("/patients")
        csrf = re.search(r'X-CSRF-Token": "([^"]+)"', page.text)
        assert csrf is not None
        client.headers["X-CSRF-Token"] = csrf[1]
        began = time.perf_counter()
        people = [one_person(client, ids, random.Random(number), began + seconds, seen, bad) for number in range(users)]
        await asyncio.gather(*people)
        return seen, bad, time.perf_counter() - began


def summary(seen: dict, bad: list, took: float) -> dict:
    """Percentiles in milliseconds."""
    rows = {}
    for name, times in sorted({**seen, "all": [one for part in seen.values() for one in part]}.items()):
        p50, p95, p99 = np.percentile(np.array(times) * 1000, (50, 95, 99))
        rows[name] = {"n": len(times), "p50_ms": round(p50), "p95_ms": round(p95), "p99_ms": round(p99)}
    return {"times": rows, "errors": len(bad), "which": sorted({str(one) for one in bad})[:20],
            "per_second": round(sum(map(len, seen.values())) / took, 1)}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--patients", type=int, default=5000)
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--port", type=int, default=8997)
    parser.add_argument("-o", "--out", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder, began = Path(name) / "store", time.perf_counter()
        ids = fill(folder, asked.patients)
        filled = time.perf_counter() - began
        began = time.perf_counter()
        server = subprocess.Popen([sys.executable, "-c", SERVER, str(folder), str(asked.port)])
        address = f"http://127.0.0.1:{asked.port}"
        try:
            first = first_page(address, began)
            single = {
                path: alone(address + path) for path in ("/patients", f"/patients/{ids[0]}", "/studies", "/knowledge")
            }
            seen, bad, took = asyncio.run(measure(address, ids, asked.users, asked.seconds))
            check = httpx.get(f"{address}/api/v1/trail/verify", timeout=120).json()
        finally:
            server.terminate()
            server.wait()
    found = {
        "patients": asked.patients, "users": asked.users, "seconds": asked.seconds,
        "cores": os.cpu_count(), "load_before": round(os.getloadavg()[0], 1),
        "filled_s": round(filled, 1), "start_to_first_page_s": round(first, 2),
        "alone_ms": {path.replace(ids[0], "ID"): ms for path, ms in single.items()}, **summary(seen, bad, took),
        "trail_whole": check["whole"], "trail_entries": check["entries"],
    }  # fmt: skip
    print(json.dumps(found, indent=2))
    if asked.out:
        asked.out.write_text(json.dumps(found, indent=2) + "\n")


def first_page(address: str, began: float) -> float:
    """Seconds from the start of the process to the first page."""
    while True:
        try:
            httpx.get(f"{address}/patients", timeout=60).raise_for_status()
            return time.perf_counter() - began
        except httpx.TransportError:
            time.sleep(0.05)


def alone(address: str) -> int:
    """Median of ten answers to one person, in milliseconds."""
    times = []
    for _ in range(10):
        began = time.perf_counter()
        httpx.get(address, timeout=60).raise_for_status()
        times.append(time.perf_counter() - began)
    return round(float(np.median(times)) * 1000)


if __name__ == "__main__":
    main()
