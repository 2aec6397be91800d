"""How well lesions are found: every case, every method, one table.

    python benchmarks/lesions/run.py -o OUT --models DIR [--cases PART ...] [--scores-only] [--docs]

DIR holds wmh_network.onnx (the shipped one) and without_xs19.onnx, without_xs26.onnx of training/wmh/train.py: each
real patient is judged by a network that never saw it. Scans are kept in OUT/scans.
"""

import argparse
import json
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT / "src")]
sys.path.append(str(ROOT / "training" / "wmh"))


def main() -> None:
    """See the top of the file."""
    from calibration_table import table_of
    from judged import judge
    from lesion_cases import CALIBRATION, all_cases
    from methods import boosting, network_scores, plain_rule
    from page import write_page
    from scans import lesion_scan

    from neurolupus.imaging.operating_point import at_operating_point
    from neurolupus.imaging.wmh_calibration import calibration

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data" / "mri")
    parser.add_argument("--cases", nargs="*", default=[], help="parts of names; all without")
    parser.add_argument("--scores-only", action="store_true", help="what training/wmh/calibrate.py needs")
    parser.add_argument("--docs", action="store_true", help="write docs/reference/lesions.md")
    args = parser.parse_args()
    chosen = [c for c in all_cases() if not args.cases or any(part in c.name for part in args.cases)]
    rows: list[dict[str, object]] = []
    (args.out / "tables").mkdir(parents=True, exist_ok=True)
    for number, case in enumerate(chosen, start=1):
        start = time.perf_counter()
        scan = lesion_scan(case, args.data, args.out / "scans")
        scores, seconds = network_scores(case, scan, args.models, args.out)
        counted = table_of(case, scan, scores)
        (args.out / "tables" / f"{case.name}.json").write_text(json.dumps(counted))
        if not args.scores_only and case.group != CALIBRATION:
            known = scan.known
            voxel = scan.t1w.voxel_volume_ml
            told = {"case": case.name, "group": case.group, "source": case.source, "contrast": counted["contrast"]}
            point = calibration().operating_point
            maps = {"network": (calibration().probability(scores), seconds)}
            for name, way in (("boosting", boosting), ("plain rule", plain_rule)):
                began = time.perf_counter()
                maps[name] = (way(scan), time.perf_counter() - began)
            for name, (probability, took) in maps.items():
                for threshold in (0.2, point) if name == "network" else (0.2, 0.5):
                    found = probability >= threshold
                    if name == "network" and threshold == point:
                        found = at_operating_point(scan.t1w, scan.flair, probability, scan.mask, scan.head)
                    judged = judge(
                        scan.truth & known, found & known, probability * known, voxel, scan.truth_ml, method=name,
                        threshold=threshold, seconds=took, **told,
                    )  # fmt: skip
                    rows.append(judged.row())
            (args.out / "lesions.json").write_text(json.dumps(rows, indent=1) + "\n")
        print(f"[{number}/{len(chosen)}] {case.name} ({time.perf_counter() - start:.0f} s)", flush=True)
    if args.docs:
        write_page(rows, args.out / "calibration.json", ROOT / "docs" / "reference" / "lesions.md")


if __name__ == "__main__":
    main()
