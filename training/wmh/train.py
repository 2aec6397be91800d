"""Train the WMH model: train.py --data DIR --work DIR --out DIR.

Cases (simulated, real, painted) are made once and kept in --work; features are computed anew, since the head map they
rest on changes with the brain network. Then leave-one-patient-out, a three-fold test over heads and patients, the model
of all, its ONNX file and the proof that onnxruntime gives the same probabilities. Everything goes to --work/log.jsonl.
"""

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path

import sklearn
from described import brain_network
from fitting import Training
from make_cases import kept, lesion_masks, simulated_cases
from model import LEAVES, RATE, TREES, largest_difference, write_onnx
from real import EXPERT, UNLABELLED, VARIANTS, as_case, expert_scan, painted_case, unlabelled_scan

from neurolupus.imaging.wmh import MODEL
from neurolupus.imaging.wmh_features import FEATURES


class Log:
    """Lines of JSON with the seconds since the start, on screen and in a file."""

    def __init__(self, path: Path) -> None:
        self.file = path.open("a")
        self.started = time.process_time()

    def __call__(self, line: str | dict[str, object]) -> None:
        entry = json.loads(line) if isinstance(line, str) else line
        text = json.dumps({"cpu_s": round(time.process_time() - self.started), **entry})
        print(text, flush=True)
        print(text, file=self.file, flush=True)


def real_cases(data: Path, work: Path, seed: int, log: Log) -> Iterator[Path]:
    """The scans with expert lesions, and all scans healed and painted; those depend on the brain network."""
    masks = lesion_masks(data)
    scans = [(name, lambda name=name: expert_scan(data, name)) for name in EXPERT]
    scans += [(f"sub-{p}_ses-{s}", lambda p=p, s=s: unlabelled_scan(data, p, s)) for p, s in UNLABELLED]
    for name, read in scans:
        wanted = [work / f"{name}_painted-{n}_{seed}_{brain_network()}.npz" for n in range(len(VARIANTS))]
        scan = None if all(p.exists() for p in wanted) else read()
        if name in EXPERT:
            yield kept(work / f"{name}.npz", lambda: as_case(scan or read()), log)  # noqa: B023
        for number, path in enumerate(wanted):
            yield kept(path, lambda: painted_case(scan, number, masks, seed), log)  # noqa: B023


def main() -> None:
    """See the top of the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="with head-label-maps, ms-lesions, ms-longitudinal")
    parser.add_argument("--work", type=Path, required=True, help="where cases and the log are kept")
    parser.add_argument("--out", type=Path, required=True, help="where wmh_model.onnx and .json go")
    parser.add_argument("--simulated", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="the final model only, no leave-one-out")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    log = Log(args.work / "log.jsonl")
    paths = list(simulated_cases(args.data, args.work, args.simulated, args.seed, log))
    paths += real_cases(args.data, args.work, args.seed, log)
    training = Training(paths, args.work, args.seed, log)
    if not args.quick:
        training.leave_out()
    model, (table, _, _) = training.model(training.everyone), training.rows(training.everyone)
    file = args.out / MODEL
    write_onnx(model, FEATURES, file)
    different = largest_difference(model, file, table[:: max(1, len(table) // 100_000)])
    if different > 1e-5:
        raise SystemExit(f"{MODEL}: onnxruntime differs from scikit-learn by {different:.2g}; at most 1e-5 is allowed.")
    facts = {
        "bytes": file.stat().st_size, "differs_from_scikit_learn": different, "features": FEATURES, "trees": TREES,
        "leaves": LEAVES, "learning_rate": RATE, "seed": args.seed, "rows": len(table), "cases": len(paths),
        "sources": sorted(training.everyone), "brain_network": brain_network(), "scikit_learn": sklearn.__version__,
    }  # fmt: skip
    log({"onnx": MODEL, "bytes": file.stat().st_size, "differs_from_scikit_learn": different})
    (args.out / "wmh_model.json").write_text(json.dumps(facts, indent=1) + "\n")


if __name__ == "__main__":
    main()
