"""Fit the WMH network to patches; a run that was stopped goes on where it was."""

import copy
import json
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from implants import Shapes
from network import WmhNet
from patches import MANY, Frequency, Patch, Prepared, Sampler
from scipy import ndimage
from weights import load_weights

sys.path.append(str(Path(__file__).parents[1]))
from kept_memory import keep_memory

BATCH = 2
KEPT = 0.998  # of the averaged weights at each step
OCTANT = np.ones((3, 3, 3))


def weights_of(patch: Patch) -> np.ndarray:
    """Voxels of small lesions count up to three times, so that many small ones are not outvoted by one large."""
    labels, count = ndimage.label(patch.truth >= 0.5, OCTANT)
    sizes = np.bincount(labels.ravel(), minlength=count + 1).astype(np.float32)
    factor = np.clip((200 / np.maximum(sizes, 1)) ** (1 / 3), 1, 3)
    factor[0] = 1
    return np.where(patch.known, factor[labels], 0).astype(np.float32)


def loss_of(scores: torch.Tensor, half: torch.Tensor, truth: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Cross-entropy, which keeps probabilities honest, and the Tversky index, which keeps small lesions in sight."""
    known = (weight > 0).float()
    entropy = F.binary_cross_entropy_with_logits(scores, truth, weight, reduction="sum") / known.sum().clamp_min(1)
    p = scores.sigmoid()
    hit = (weight * p * truth).sum()
    false, missed = (known * p * (1 - truth)).sum(), (weight * (1 - p) * truth).sum()
    tversky = 1 - (hit + 1) / (hit + 0.45 * false + 0.55 * missed + 1)
    coarse_truth, coarse_known = F.avg_pool3d(truth, 2), F.avg_pool3d(known, 2)
    coarse = F.binary_cross_entropy_with_logits(half, coarse_truth, coarse_known, reduction="sum")
    return 6 * entropy + tversky + 2 * coarse / coarse_known.sum().clamp_min(1)


def batch_of(sampler: Sampler, seed: int, step: int) -> tuple[torch.Tensor, ...]:
    """The patches of one step: the same for the same seed and step."""
    patches = [sampler.draw(np.random.default_rng((seed, 7, step, number))) for number in range(BATCH)]
    stacks = (
        [p.images for p in patches], [p.anatomy for p in patches],
        [p.truth[None] for p in patches], [weights_of(p)[None] for p in patches],
    )  # fmt: skip
    return tuple(torch.from_numpy(np.stack(s)).to(memory_format=torch.channels_last_3d) for s in stacks)


@dataclass(frozen=True, slots=True)
class Plan:
    """One training run.

    Parameters
    ----------
    out : Path
        Where `state.pt` and `log.jsonl` go; a run that was stopped goes on from there.
    steps : int
    rate : float
        Learning rate at its highest; it falls as a half cosine.
    start : Path or None
        Weights to start from (`weights.py`); None: random ones.
    frequency : Frequency
        How often patches show lesions.
    drawn : int
        Steps that earlier stages took: patches are drawn on from there, so that none is seen twice.
    """

    out: Path
    steps: int
    rate: float
    start: Path | None = None
    frequency: Frequency = MANY
    drawn: int = 0


def train(plan: Plan, cases: Sequence[Prepared], masks: list[Path], seed: int, threads: int) -> Path:
    """The state of the trained network."""
    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    keep_memory()
    plan.out.mkdir(parents=True, exist_ok=True)
    sampler = Sampler(list(cases), Shapes(masks), plan.frequency)
    net = WmhNet().to(memory_format=torch.channels_last_3d)
    if plan.start:
        try:
            net.load_state_dict(load_weights(plan.start))
        except RuntimeError as wrong:
            raise SystemExit(f"{plan.start} holds weights of a network of another shape.\n    {wrong}") from wrong
    slow = copy.deepcopy(net)
    optimiser = torch.optim.AdamW(net.parameters(), plan.rate, weight_decay=1e-4)
    step, state = 0, plan.out / "state.pt"
    if state.exists():
        kept = torch.load(state, weights_only=True)
        net.load_state_dict(kept["net"])
        slow.load_state_dict(kept["slow"])
        optimiser.load_state_dict(kept["optimiser"])
        step = kept["step"]
    log = Log(plan.out / "log.jsonl")
    log({"cases": len(cases), "small": len(sampler.shapes.small), "large": len(sampler.shapes.large), "step": step})
    recent: list[float] = []
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(batch_of, sampler, seed, plan.drawn + step)
        while step < plan.steps:
            images, anatomy, truth, weight = coming.result()
            coming = pool.submit(batch_of, sampler, seed, plan.drawn + step + 1)
            part = step / plan.steps
            for group in optimiser.param_groups:
                group["lr"] = float(plan.rate * min(1, (step + 1) / 50) * 0.5 * (1 + np.cos(np.pi * part)))
            if part > 0.7 or plan.start:
                _hold_statistics(net)
            with torch.autocast("cpu", dtype=torch.bfloat16):
                scores, half = net.scores(images, anatomy)
            loss = loss_of(scores.float(), half.float(), truth, weight)
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
            optimiser.step()
            step += 1
            _follow(slow, net, min(KEPT, step / (step + 10)))
            recent.append(loss.item())
            if step % 25 == 0 or step == plan.steps:
                log({"run": plan.out.name, "step": step, "loss": round(float(np.mean(recent)), 4)})
                recent = []
            if step % 100 == 0 or step == plan.steps:
                _save(state, net, slow, optimiser, step)
    return state


class Log:
    """Lines of JSON with the seconds since the start, on screen and in a file."""

    def __init__(self, path: Path) -> None:
        self.path, self.started = path, time.monotonic()

    def __call__(self, entry: dict[str, object]) -> None:
        text = json.dumps({"s": round(time.monotonic() - self.started), **entry})
        print(text, flush=True)
        with self.path.open("a") as file:
            print(text, file=file)


def _follow(slow: torch.nn.Module, net: torch.nn.Module, kept: float) -> None:
    """The averaged weights go a little towards the present ones."""
    with torch.no_grad():
        for a, b in zip(slow.state_dict().values(), net.state_dict().values(), strict=True):
            if a.dtype.is_floating_point:
                a.lerp_(b, 1 - kept)
            else:
                a.copy_(b)


def _hold_statistics(net: torch.nn.Module) -> None:
    """Normalise as at run time from now on: by the running means, not by the batch's."""
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm3d):
            module.eval()


def _save(path: Path, net: WmhNet, slow: WmhNet, optimiser: torch.optim.Optimizer, step: int) -> None:
    """Whole or not at all."""
    fresh = path.with_suffix(".new")
    kept = {"net": net.state_dict(), "slow": slow.state_dict(), "optimiser": optimiser.state_dict(), "step": step}
    torch.save(kept, fresh)
    fresh.replace(path)
