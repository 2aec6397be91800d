"""What a lesion's surest voxel must reach at the operating point: as little as leaves few false ones.

    python benchmarks/lesions/peak.py -o OUT --models DIR

Judges the brains without lesions, six real ones that were healed and four simulated, at each of PEAKS, by the constants
that training/wmh/calibrate.py wrote to DIR/wmh_network.json, and adds `operating_peak` to them: the first that leaves
at most one false lesion in all of them together. Half of lupus patients have under 1 ml, where a false lesion weighs
more than a missed one in a patient with 50 ml. Scans and scores are those of run.py, with the same OUT and DIR.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT / "src")]
sys.path.append(str(ROOT / "training" / "wmh"))
PEAKS = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.97, 0.98, 0.99)
FALSE_LESIONS = 1  # in all brains together, at most
WITHOUT_LESIONS = ("real brain, no lesions", "simulated, no lesions")


def first_of_few(false: dict[float, list[int]]) -> float:
    """The first peak that leaves few; `false` holds, by peak, the number of false lesions in each brain."""
    for peak in sorted(false):
        if sum(false[peak]) <= FALSE_LESIONS:
            return peak
    raise SystemExit(f"At {max(false):g} there still are {sum(false[max(false)])} false lesions in brains without any.")


def main() -> None:
    """See the top of the file."""
    from judged import judge
    from lesion_cases import all_cases
    from methods import network_scores
    from scans import lesion_scan

    from neurolupus.imaging.operating_point import normal_white, operating_mask
    from neurolupus.imaging.wmh_calibration import calibration_of

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data" / "mri")
    args = parser.parse_args()
    written = args.models / "wmh_network.json"
    known: dict[str, Any] = json.loads(written.read_text())
    constants = calibration_of({**known, "operating_peak": 1.0})
    point = constants.operating_point
    false: dict[float, list[int]] = {peak: [] for peak in PEAKS if peak >= point}
    for case in [c for c in all_cases() if c.group in WITHOUT_LESIONS]:
        scan = lesion_scan(case, args.data, args.out / "scans")
        scores, _ = network_scores(case, scan, args.models, args.out)
        probability = constants.probability(scores)
        white = normal_white(scan.t1w, scan.flair, scan.mask, scan.head)
        for peak, counts in false.items():
            found = operating_mask(probability, scan.flair, white, scan.t1w.voxel_size_mm, threshold=point, peak=peak)
            row = judge(
                scan.truth, found, probability, scan.known, scan.t1w.voxel_volume_ml, scan.truth_ml, case=case.name,
                group=case.group, source=case.source, contrast=None, method="network", threshold=point, seconds=0.0,
            )  # fmt: skip
            counts.append(row.false_lesions)
        print(json.dumps({case.name: {peak: counts[-1] for peak, counts in false.items()}}), flush=True)
    known["operating_peak"] = first_of_few(false)
    fresh = written.with_suffix(".part")
    fresh.write_text(json.dumps(known, indent=1) + "\n")
    fresh.replace(written)
    print(json.dumps({"operating_peak": known["operating_peak"]}))


if __name__ == "__main__":
    main()
