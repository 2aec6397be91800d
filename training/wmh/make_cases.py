"""Make the training cases once and keep them; a case that is there is not made again."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from simulated import HELD_OUT, make_plans, simulate

from cases import Case, load_case

Log = Callable[[str], None]
TESTED = ("xs19", "xs26")  # their masks are never painted on others: each is a test of its own


def lesion_masks(data: Path) -> list[Path]:
    """The masks that may be painted."""
    paths = sorted((data / "ms-lesions" / "lesion-masks").glob("*_mask.nii.gz"))
    return [p for p in paths if not any(t in p.name for t in TESTED)]


def simulated_cases(data: Path, work: Path, count: int, seed: int, log: Log) -> Iterator[Path]:
    """Paths of the simulated cases, made where they are missing."""
    folder = data / "head-label-maps"
    heads = [p.name.split(".")[0] for p in sorted(folder.glob("head-*.nii.gz"))]
    heads = [h for h in heads if h not in HELD_OUT]
    masks = lesion_masks(data)
    for plan in make_plans(heads, count, seed):
        yield kept(work / f"{plan.name}_{plan.seed}.npz", lambda plan=plan: simulate(plan, folder, masks), log)


def kept(path: Path, make: Callable[[], Case], log: Log) -> Path:
    """The path of a case, made now if it is not there."""
    if not path.exists():
        started = time.process_time()
        case = make()
        case.save(path)
        seconds = time.process_time() - started
        log(
            json.dumps(
                {"made": case.name, "source": case.source, "ml": round(case.lesion_ml, 2), "cpu_s": round(seconds)}
            )
        )
    return path


__all__ = ["kept", "lesion_masks", "load_case", "simulated_cases"]
