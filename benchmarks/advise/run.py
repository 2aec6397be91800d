"""Milliseconds of advice per patient, and CDS Hooks calls per second and core, in one run; no network.

python benchmarks/advise/run.py [--repeats 200] [--docs]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs" / "reference" / "advice-speed.md"
PATIENTS = sorted((ROOT / "examples" / "patients").glob("*.patient.yaml"))


def milliseconds(call: Callable[[], object], repeats: int) -> list[float]:
    """Each of `repeats` calls, after ten that are not counted."""
    for _ in range(10):
        call()
    found = []
    for _ in range(repeats):
        started = time.perf_counter()
        call()
        found.append(1000 * (time.perf_counter() - started))
    return found


def measured(repeats: int) -> list[tuple[str, list[float]]]:
    """What is timed, and its milliseconds over all example patients."""
    from neurolupus.guidelines.answer import advice_as_data
    from neurolupus.guidelines.engine import advise
    from neurolupus.guidelines.load import load_knowledge
    from neurolupus.io.patient_file import patient_as_data, read_patient
    from neurolupus.workflows.advise import advise_data, advised

    knowledge = load_knowledge()
    records = [read_patient(path) for path in PATIENTS]
    plain = [patient_as_data(record) for record in records]
    kinds: list[tuple[str, Callable[[int], Callable[[], object]]]] = [
        ("the engine alone", lambda k: lambda: advise(records[k], knowledge)),
        (
            "the engine, and its answer as JSON",
            lambda k: lambda: _as_json(advice_as_data, advise, records[k], knowledge),
        ),
        ("from plain values to plain values (a web request)", lambda k: lambda: advise_data(plain[k])),
        ("with the explanation and every counterfactual", lambda k: lambda: advised(records[k])),
    ]
    each = max(1, repeats // len(records))
    found = [(name, [ms for k in range(len(records)) for ms in milliseconds(make(k), each)]) for name, make in kinds]
    return [*found, *_cds_hooks(repeats)]


def _as_json(as_data: Any, advise: Any, record: Any, knowledge: Any) -> str:
    return json.dumps(as_data(advise(record, knowledge), record, knowledge))


def _cds_hooks(repeats: int) -> list[tuple[str, list[float]]]:
    """A whole call of the service, through its application and back; none where the extra `web` is missing."""
    try:
        import httpx

        from neurolupus.web.cdshooks import create_app
    except ImportError:
        return []
    kind = {"content-type": "application/json"}
    request = (ROOT / "tests" / "cases" / "fhir" / "patient_view.json").read_bytes()

    async def calls() -> list[float]:
        found = []
        transport = httpx.ASGITransport(app=create_app())
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            for number in range(repeats + 10):
                started = time.perf_counter()
                answer = await client.post("/cds-services/neurolupus-patient-view", content=request, headers=kind)
                if number >= 10:
                    found.append(1000 * (time.perf_counter() - started))
                assert answer.status_code == 200, answer.text
        return found

    return [("a CDS Hooks call, client and application in one process", asyncio.run(calls()))]


def markdown(rows: list[tuple[str, list[float]]], command: str) -> str:
    """The page."""
    lines = [
        "# Speed of advice",
        "",
        f"`{command}`; one core, {platform.machine()}, Python {platform.python_version()}; the six example patients.",
        "",
        "| what | median | 99th percentile | per second and core |",
        "|---|---|---|---|",
    ]
    for name, found in rows:
        ordered = sorted(found)
        p99 = ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]
        median = statistics.median(ordered)
        lines.append(f"| {name} | {median:.2f} ms | {p99:.2f} ms | {1000 / statistics.fmean(ordered):,.0f} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, and print or write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=600)
    parser.add_argument("--docs", action="store_true", help="write docs/reference/advice-speed.md")
    options = parser.parse_args()
    page = markdown(measured(options.repeats), f"python benchmarks/advise/run.py --repeats {options.repeats}")
    if options.docs:
        DOCS.write_text(page, "utf-8")
    sys.stdout.write(page)


if __name__ == "__main__":
    main()
