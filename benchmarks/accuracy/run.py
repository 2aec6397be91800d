"""How right neurolupus is: one command, a table and a picture per case.

    python benchmarks/accuracy/run.py -o OUT [--quick] [--cases 3d_head-08 harsh ...] [--docs]

A case that was done before (OUT/cases/*.json) is kept unless --rerun. --docs also writes docs/reference/accuracy.md.
"""

import argparse
import json
import os
import platform
import shutil
import sys
import time
import traceback
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
DATA = ROOT.parent / "shared" / "data" / "mri"
PICTURES_LIMIT_BYTES = 2_000_000
sys.path[:0] = [str(HERE), str(ROOT / "src")]


def main() -> int:
    """Run the chosen cases; exit 1 if any failed."""
    options = parse()
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS"):
        os.environ.setdefault(name, str(options.threads))
    from evaluation import evaluate

    from cases import choose

    if not options.data.is_dir():
        raise SystemExit(f"No data at {options.data}; give the folder that holds head-label-maps with --data.")
    (options.out / "cases").mkdir(parents=True, exist_ok=True)
    chosen = choose(options.cases, quick=options.quick)
    rows: list[dict[str, Any]] = []
    for number, case in enumerate(chosen, start=1):
        kept = options.out / "cases" / f"{case.name}.json"
        if kept.exists() and not options.rerun:
            rows.append(json.loads(kept.read_text()))
            continue
        start = time.perf_counter()
        picture = options.out / "pictures" / f"{case.name}.jpg"
        try:
            row = evaluate(case, options.data, picture, threads=options.threads, cache=options.cache)
            row["picture"] = picture.exists()
            kept.write_text(json.dumps(row, indent=1))
        except Exception as error:
            row = {
                "case": case.name,
                "kind": case.kind,
                "group": case.group,
                "error": f"{type(error).__name__}: {error}",
            }
            traceback.print_exc()
        rows.append(row)
        print(f"[{number}/{len(chosen)}] {case.name}: {brief(row)} ({time.perf_counter() - start:.0f} s)", flush=True)
        write_all(options.out, rows, facts(options, rows))
    write_all(options.out, rows, facts(options, rows))
    if options.docs:
        write_docs(options.out, rows, facts(options, rows))
    print(f"Wrote {options.out / 'accuracy.md'}")
    return int(any("error" in row for row in rows))


def parse() -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--quick", action="store_true", help="five cases instead of all")
    parser.add_argument("--cases", nargs="+", default=[], help="parts of case names, or groups")
    parser.add_argument("--rerun", action="store_true", help="measure again what OUT/cases already holds")
    parser.add_argument("--docs", action="store_true", help="write docs/reference/accuracy.md and its pictures")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--cache", type=Path, help="keep simulated cases here (150 MB each) for the next run")
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


def brief(row: dict[str, Any]) -> str:
    """The few numbers to watch while it runs."""
    if "error" in row:
        return str(row["error"])
    names = (
        "registration_mm",
        "intracranial_dice",
        "brain_dice",
        "tiv_error_percent",
        "gm_error_percent",
        "wm_error_percent",
        "wmh_dice",
    )
    return ", ".join(f"{n.replace('_percent', ' %')} {row[n]:.3f}" for n in names if row.get(n) is not None)


def facts(options: argparse.Namespace, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """What a reader must know of these numbers."""
    from neurolupus import __version__

    command = "python benchmarks/accuracy/run.py -o OUT" + (" --quick" if options.quick else "")
    command += f" --cases {' '.join(options.cases)}" if options.cases else ""
    words = (
        f"neurolupus {__version__}; {len(rows)} cases; `{command}`; {options.threads} threads on {platform.machine()}, "
        f"Python {platform.python_version()}. How each number is defined, and how the simulator was kept apart from "
        "training, is told in `benchmarks/accuracy/README.md`. Held-out heads (03, 08, 09, 11) were seen by no model; "
        "targets are judged on them and on real scans. In pictures truth is green, measurement red."
    )
    words += other_networks(rows)
    return {"version": __version__, "command": command, "threads": options.threads, "words": words}


def other_networks(rows: list[dict[str, Any]]) -> str:
    """Told where cases were measured with another WMH network than that of this source tree."""
    from evaluation import wmh_network

    now = wmh_network()
    others = [row["wmh_network"] for row in rows if row.get("wmh_network", now) != now]
    if not others:
        return f" WMH network {now}."
    names = ", ".join(sorted(set(others)))
    return (
        f" **{len(others)} cases were measured with WMH network {names}, not with the present one, {now}**: what is "
        "said of lesions, and the last digits of grey and white matter, are that one's. What the present one finds: "
        "[Lesions](lesions.md)."
    )


def write_all(out: Path, rows: list[dict[str, Any]], made: dict[str, Any]) -> None:
    """Table as Markdown, CSV and JSON."""
    from tables import markdown, write_csv, write_json

    write_csv(out / "accuracy.csv", rows)
    write_json(out / "accuracy.json", rows, made)
    (out / "accuracy.md").write_text(markdown(rows, made, "pictures"), encoding="utf-8")


def write_docs(out: Path, rows: list[dict[str, Any]], made: dict[str, Any]) -> None:
    """The page under docs/reference and its pictures, refused when they grow too large."""
    from tables import markdown

    folder = ROOT / "docs" / "reference" / "accuracy"
    shown = {row["case"]: out / "pictures" / f"{row['case']}.jpg" for row in rows if row.get("picture")}
    size = sum(path.stat().st_size for path in shown.values())
    if size > PICTURES_LIMIT_BYTES:
        raise SystemExit(f"Pictures take {size} bytes; docs may hold {PICTURES_LIMIT_BYTES}. Lower the JPEG quality.")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for path in shown.values():
        shutil.copy(path, folder / path.name)
    speed = out / "speed.md"
    text = markdown(rows, made, "accuracy") + ("\n" + speed.read_text() if speed.exists() else "")
    (folder.parent / "accuracy.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
