"""Seconds and peak memory of neurolupus' statistics beside R, statsmodels and lifelines, in one run.

python benchmarks/stats/run.py -o OUT [--rows 386 10000 100000 1000000] [--tasks cox ...] [--docs]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
DOCS = HERE.parents[1] / "docs" / "reference" / "stats-speed.md"
TASKS = {
    "matching": "Matching 1:1, caliper 0.2 SD of the logit",
    "cox": "Cox, Efron ties, 5 terms",
    "km_log_rank": "Kaplan–Meier in two arms and log-rank",
    "multinomial": "Multinomial logistic, 3 outcomes, 5 terms",
    "logistic": "Logistic, 5 terms",
}
QUOTED = {
    "matching": "R MatchIt 4.7.2, quoted from another machine of 2 cores: 2 ms, 0.2 s, 1.2–1.6 s and 291–353 s",
}
TOOLS = ("neurolupus", "R", "statsmodels", "lifelines")
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
ROWS = (386, 10_000, 100_000, 1_000_000)


@dataclass(frozen=True, slots=True)
class Timing:
    """One tool at one task on one table; `absent` says why there is no number.

    `difference` is the greatest relative difference of its numbers from those of the first tool that has any.
    """

    task: str
    tool: str
    rows: int
    seconds: float | None = None
    peak_mb: float | None = None
    difference: float | None = None
    warm_up_seconds: float | None = None
    absent: str = ""


def measure(task: str, tool: str, rows: int, table: Path, timeout: float) -> tuple[Timing, list[float]]:
    """A child process's own seconds and the peak memory the kernel counted for it."""
    if tool == "R":
        rscript = shutil.which("Rscript")
        if rscript is None:
            return Timing(task, tool, rows, absent="no Rscript"), []
        command = [rscript, str(HERE / "r_peers.R"), task, str(table)]
    else:
        command = [sys.executable, str(HERE / "peers.py"), tool, task, str(table)]
    out = table.with_suffix(".out")
    with out.open("w") as stdout, table.with_suffix(".err").open("w") as stderr:
        child = subprocess.Popen(
            ["timeout", str(timeout), *command], stdout=stdout, stderr=stderr, env=os.environ | ONE_THREAD
        )
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    lines = out.read_text().strip().splitlines()
    if child.returncode or not lines:
        why = f"over {timeout:g} s" if child.returncode == 124 else f"failed ({child.returncode})"
        if child.returncode != 124:
            tail = table.with_suffix(".err").read_text().strip().splitlines()[-1:]
            why += f": {' '.join(tail)[:160]}"
        return Timing(task, tool, rows, absent=why), []
    said = json.loads(lines[-1])
    if "absent" in said:
        return Timing(task, tool, rows, absent=said["absent"]), []
    peak = usage.ru_maxrss / 1024
    return Timing(task, tool, rows, said["seconds"], peak, None, said.get("warm_up_seconds")), said["found"]


def write_table(rows: int, folder: Path) -> Path:
    """The table, written by another process: a child's peak memory is never counted below that of its parent."""
    path = folder / f"{rows}.f64"
    if not path.exists():
        subprocess.run([sys.executable, str(HERE / "data.py"), str(rows), str(path)], check=True)
    return path


def measure_all(tasks: list[str], rows: list[int], out: Path, timeout: float) -> list[Timing]:
    """Every task at every size by every tool, one after another."""
    tables = out / "tables"
    tables.mkdir(parents=True, exist_ok=True)
    write_table(386, tables)
    timings = []
    for task in tasks:
        for n in rows:
            table, first = write_table(n, tables), []
            for tool in TOOLS:
                timing, found = measure(task, tool, n, table, timeout)
                if found and first and len(found) == len(first):
                    far = max(abs(a - b) / max(abs(b), 1e-3) for a, b in zip(found, first, strict=True))
                    timing = Timing(**(asdict(timing) | {"difference": far}))
                first = first or found
                timings.append(timing)
                told = timing.absent or f"{timing.seconds:.3g} s, {timing.peak_mb:.0f} MB"
                print(f"{task} {n:,} {tool}: {told}", file=sys.stderr)
    shutil.rmtree(tables)
    return timings


def markdown(result: dict) -> str:
    """The page: a table per task, seconds and, beside them, how many times ours."""
    timings = [Timing(**t) for t in result["timings"]]
    lines = [
        "# Speed of the statistics", "",
        f"`{result['command']}`; {result['machine']}. Each tool in a process of its own with one thread, one after "
        "another, on the same made-up table; seconds are of the fit alone (best of three where it takes under 1 s), "
        "after an unmeasured run on 386 rows. Memory is the peak of the whole process with its libraries and the "
        "table. `×` is how many times neurolupus' seconds. How it is measured: `benchmarks/stats/README.md`.", "",
    ]  # fmt: skip
    for task, title in TASKS.items():
        here = [t for t in timings if t.task == task]
        if not here:
            continue
        sizes = sorted({t.rows for t in here})
        lines += [f"## {title}", "", "| tool | " + " | ".join(f"{n:,} rows" for n in sizes) + " | largest difference |"]
        lines += ["|---" * (len(sizes) + 2) + "|"]
        for tool in TOOLS:
            own = {t.rows: t for t in here if t.tool == tool}
            cells = [
                _cell(own.get(n), next((t for t in here if t.tool == TOOLS[0] and t.rows == n), None)) for n in sizes
            ]
            far = [t.difference for t in own.values() if t.difference is not None]
            lines.append(f"| {tool} | " + " | ".join(cells) + f" | {f'{max(far):.1e}' if far else ''} |")
        absent = sorted({f"{t.tool}: {t.absent}" for t in here if t.absent})
        absent += [QUOTED[task]] if task in QUOTED else []
        lines += ["", *(f"- {why}" for why in absent), *([""] if absent else [])]
    return "\n".join(lines).rstrip() + "\n"


def _cell(timing: Timing | None, base: Timing | None) -> str:
    if timing is None or timing.seconds is None:
        return "–"
    ratio = ""
    if base is not None and base.seconds and timing is not base:
        times = timing.seconds / base.seconds
        ratio = f" ({times:.0f}×)" if times >= 10 else f" ({times:.2g}×)"
    return f"{timing.seconds:.3g} s{ratio}, {timing.peak_mb:.0f} MB"


def main() -> None:
    """Measures, writes OUT/stats-speed.json and .md; with --docs the page of the documentation from OUT."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--rows", type=int, nargs="+", default=list(ROWS))
    parser.add_argument("--tasks", nargs="+", choices=list(TASKS), default=list(TASKS))
    parser.add_argument("--timeout", type=float, default=600.0, help="seconds a tool may take")
    parser.add_argument(
        "--docs", action="store_true", help="write docs/reference/stats-speed.md from OUT, measure nothing"
    )
    options = parser.parse_args()
    target = options.out / "stats-speed.json"
    if options.docs:
        DOCS.write_text(markdown(json.loads(target.read_text())))
        return
    options.out.mkdir(parents=True, exist_ok=True)
    timings = measure_all(options.tasks, options.rows, options.out, options.timeout)
    result = {
        "command": "python benchmarks/stats/run.py -o OUT --rows " + " ".join(map(str, options.rows)),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
        "timings": [asdict(t) for t in timings],
    }
    target.write_text(json.dumps(result, indent=1) + "\n")
    (options.out / "stats-speed.md").write_text(markdown(result))


if __name__ == "__main__":
    main()
