"""Train the WMH model: train.py --data DIR --work DIR --out DIR.

Cases (simulated, real, painted) are made once and kept in --work; features are computed anew, since the head map they
rest on changes with the brain network. Then leave-one-patient-out, a three-fold test over heads and patients, the model
of all, its ONNX file and the proof that onnxruntime gives the same probabilities. Everything goes to --work/log.jsonl.
"""

import argparse
import hashlib
import json
import time
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import numpy as np
import sklearn
from cases import load_case
from make_cases import kept, lesion_masks, simulated_cases
from model import LEAVES, RATE, TREES, fit, largest_difference, probabilities, write_onnx
from real import EXPERT, UNLABELLED, VARIANTS, as_case, expert_scan, painted_case, unlabelled_scan
from rows import Described, Rows, describe, joined, sample
from scores import Reliability, scores_of

from neurolupus.imaging.wmh_features import FEATURES

FOLDS = 3


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


def brain_network() -> str:
    """A short name of the brain network's weights."""
    weights = resources.files("neurolupus.imaging.models").joinpath("brain_network.onnx").read_bytes()
    return hashlib.sha256(weights).hexdigest()[:8]


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


def described(paths: list[Path], work: Path, log: Log) -> Iterator[Described]:
    """The features of every case, kept until the brain network or the features change."""
    key = hashlib.sha256((brain_network() + features_code()).encode()).hexdigest()[:8]
    for path in paths:
        case, table = load_case(path), work / "tables" / f"{path.stem}_{key}.npz"
        if not table.exists():
            fresh = describe(case)
            table.parent.mkdir(exist_ok=True)
            with table.with_suffix(".part").open("wb") as file:
                np.savez(file, where=fresh.where.astype(np.int16), table=fresh.table)
            table.with_suffix(".part").replace(table)
        with np.load(table) as saved:
            where, values = saved["where"].astype(np.intp), saved["table"]
        here = tuple(where)
        yield Described(case, where, values, case.truth[here] >= 0.5, ~case.ignore[here])


def features_code() -> str:
    """The text of the code that computes the features."""
    return resources.files("neurolupus.imaging").joinpath("wmh_features.py").read_text()


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
    samples: list[tuple[str, str, Rows]] = []
    for number, one in enumerate(described(paths, args.work, log)):
        rows = sample(one, np.random.default_rng((args.seed, 3, number)))
        samples.append((one.case.source, one.case.origin, rows))
        log({"case": one.case.name, "origin": one.case.origin, "ml": round(one.case.lesion_ml, 2),
             "candidates": len(one.lesion), "recall": round(one.recall, 4)})  # fmt: skip
    if not args.quick:
        leave_out(paths, samples, args, log)
    everything = joined([rows for _, _, rows in samples])
    final = fit(everything, args.seed)
    file = args.out / "wmh_model.onnx"
    write_onnx(final, file)
    different = largest_difference(final, file, everything.table[:: max(1, len(everything.table) // 100_000)])
    log({"onnx": str(file.name), "bytes": file.stat().st_size, "largest_difference": different})
    if different > 1e-5:
        raise SystemExit(f"onnxruntime differs from scikit-learn by {different:.2g}; at most 1e-5 is allowed.")
    facts = {
        "features": FEATURES, "trees": TREES, "leaves": LEAVES, "learning_rate": RATE, "seed": args.seed,
        "rows": len(everything.table), "cases": len(samples), "sources": sorted({s for s, _, _ in samples}),
        "brain_network": brain_network(), "scikit_learn": sklearn.__version__,
        "thresholds": {"paper": 0.2, "operating_point": 0.35},
    }  # fmt: skip
    (args.out / "wmh_model.json").write_text(json.dumps(facts, indent=1) + "\n")


def leave_out(paths: list[Path], samples: list[tuple[str, str, Rows]], args: argparse.Namespace, log: Log) -> None:
    """Each patient with expert lesions once alone; all other heads and patients in folds."""
    others = sorted({s for s, _, _ in samples} - set(EXPERT))
    turned = [others[i] for i in np.random.default_rng(args.seed).permutation(len(others))]
    groups = [{e} for e in EXPERT] + [set(turned[f::FOLDS]) for f in range(FOLDS)]
    reliability = Reliability.empty()
    for group in groups:
        model = fit(joined([rows for source, _, rows in samples if source not in group]), args.seed)
        tested = [p for p, (source, _, _) in zip(paths, samples, strict=True) if source in group]
        for one in described(tested, args.work, log):
            found = probabilities(model, one.table)
            reliability.add(found[one.known], one.lesion[one.known])
            for score in scores_of(one.case, one.image(found)):
                log({"left_out": sorted(group), **score.row()})
    log({"reliability": reliability.rows(), "calibration_error": round(reliability.expected_calibration_error, 4)})


if __name__ == "__main__":
    main()
