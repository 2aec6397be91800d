"""How well lesions are found: every case, every method, one table.

    python benchmarks/lesions/run.py -o OUT --models DIR [--cases PART ...] [--methods NAME ...] [--scores-only] [--docs]

DIR holds wmh_network.onnx (the shipped one) and without_xs19.onnx, without_xs26.onnx of training/wmh/train.py: each
real patient is judged by a network that never saw it. Scans are kept in OUT/scans, and in OUT/lesions.json the rows
of cases and methods that are not judged anew.
"""  # noqa: E501 - one line to copy

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT / "src")]
sys.path.append(str(ROOT / "training" / "wmh"))


def main() -> None:
    """See the top of the file."""
    from calibration_table import table_of
    from lesion_cases import CALIBRATION, TURNED, all_cases
    from methods import network_scores
    from page import write_page
    from rows import METHODS, judged_rows, replaced
    from scans import lesion_scan

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data" / "mri")
    parser.add_argument("--cases", nargs="*", default=[], help="parts of names; all without")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=METHODS)
    parser.add_argument("--scores-only", action="store_true", help="what training/wmh/calibrate.py needs")
    parser.add_argument("--docs", action="store_true", help="write docs/reference/lesions.md")
    args = parser.parse_args()
    chosen = [c for c in all_cases() if not args.cases or any(part in c.name for part in args.cases)]
    table = args.out / "lesions.json"
    rows: list[dict[str, Any]] = json.loads(table.read_text()) if table.exists() else []
    (args.out / "tables").mkdir(parents=True, exist_ok=True)
    for number, case in enumerate(chosen, start=1):
        start = time.perf_counter()
        scan = lesion_scan(case, args.data, args.out / "scans")
        scores, seconds = network_scores(case, scan, args.models, args.out)
        counted = table_of(case, scan, scores)
        (args.out / "tables" / f"{case.name}.json").write_text(json.dumps(counted))
        if not args.scores_only:
            methods = ("network",) if case.group in (CALIBRATION, TURNED) else args.methods  # for 2D beside 3D alone
            told = {"case": case.name, "group": case.group, "source": case.source, "contrast": counted["contrast"]}
            anew = [row for method in methods for row in judged_rows(method, scan, scores, seconds, told)]
            rows = replaced(rows, anew)
            fresh = table.with_suffix(".part")
            fresh.write_text(json.dumps(rows, indent=1) + "\n")
            fresh.replace(table)
        print(f"[{number}/{len(chosen)}] {case.name} ({time.perf_counter() - start:.0f} s)", flush=True)
    if args.docs:
        write_page(rows, args.out / "calibration.json", ROOT / "docs" / "reference" / "lesions.md")


if __name__ == "__main__":
    main()
