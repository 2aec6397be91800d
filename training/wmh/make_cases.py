"""Make the training cases once, several at a time, and keep them; a case that is there is not made again."""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from brain import brain_network
from lesion_masks import EXPERT, masks_to_paint
from own import own_case, own_names, version_of
from prepare import prepared
from real import UNLABELLED, VARIANTS, as_case, expert_scan, painted_case, unlabelled_scan
from simulated import HELD_OUT, make_plans, simulate

from cases import Case


@dataclass(frozen=True, slots=True)
class Recipe:
    """What cases are made from, and where they are kept.

    Parameters
    ----------
    data : Path
        Holds head-label-maps, ms-lesions and ms-longitudinal.
    work : Path
    simulated : int
        How many simulated cases.
    seed : int
    add : Path or None
        A folder of the user's own scans with masks (`own.py`).
    """

    data: Path
    work: Path
    simulated: int
    seed: int
    add: Path | None = None


def all_cases(recipe: Recipe, processes: int) -> Iterator[Path]:
    """Paths of the prepared cases, in an order of their own; what is missing is made."""
    work: list[Callable[[], list[Path]]] = [partial(_real, recipe, n) for n in range(len(EXPERT) + len(UNLABELLED))]
    work += [partial(_simulated, recipe, number) for number in range(recipe.simulated)]
    if recipe.add:
        work += [partial(_own, recipe, name) for name in own_names(recipe.add)]
    with ProcessPoolExecutor(processes) as pool:
        for made in [pool.submit(one) for one in work]:
            yield from made.result()


def _simulated(recipe: Recipe, number: int) -> list[Path]:
    """A simulated case."""
    folder = recipe.data / "head-label-maps"
    heads = [p.name.split(".")[0] for p in sorted(folder.glob("head-*.nii.gz"))]
    plan = make_plans([h for h in heads if h not in HELD_OUT], recipe.simulated, recipe.seed)[number]
    path = recipe.work / f"{plan.name}_{plan.seed}.npz"
    return [_kept(path, lambda: simulate(plan, folder, masks_to_paint(recipe.data)))]


def _real(recipe: Recipe, number: int) -> list[Path]:
    """A scan with its expert lesions where it has them, and healed and painted, which depends on the brain network."""
    readers = {name: partial(expert_scan, recipe.data, name) for name in EXPERT}
    readers |= {f"sub-{p}_ses-{s}": partial(unlabelled_scan, recipe.data, p, s) for p, s in UNLABELLED}
    name, read = list(readers.items())[number]
    scan, masks = cache(read), masks_to_paint(recipe.data)
    paths = [_kept(recipe.work / f"{name}.npz", lambda: as_case(scan()))] if name in EXPERT else []
    for variant in range(len(VARIANTS)):
        path = recipe.work / f"{name}_painted-{variant}_{recipe.seed}_{brain_network()}.npz"
        paths.append(_kept(path, lambda v=variant: painted_case(scan(), v, masks, recipe.seed)))
    return paths


def _own(recipe: Recipe, name: str) -> list[Path]:
    """A scan of the user's."""
    assert recipe.add is not None
    folder = recipe.add
    return [_kept(recipe.work / f"own-{name}-{version_of(folder, name)}.npz", lambda: own_case(folder, name))]


def _kept(path: Path, make: Callable[[], Case]) -> Path:
    """The prepared case of a case's file; both are made now if they are not there."""
    if not path.exists():
        started = time.process_time()
        case = make()
        case.save(path)
        seconds = round(time.process_time() - started)
        told = {"made": case.name, "source": case.source, "ml": round(case.lesion_ml, 2), "cpu_s": seconds}
        print(json.dumps(told), flush=True)
    return prepared(path, path.parent / "prepared")
