"""Train the edge network; resumes by itself.

edge_train.py --heads DIR --network brain_network.onnx --out DIR --minutes 60
"""

import argparse
import copy
import json
import time
from pathlib import Path

import numpy as np
import onnxruntime
import torch
import torch.nn.functional as F
from edge_generate import cubes
from edge_network import EdgeNet
from heads import read_head
from train import HELD_OUT

CUBES = 6  # of one scene
BATCH = 6  # of different scenes: the network normalises over the batch
KEPT = 240  # cubes to draw batches from
STEPS_PER_SCENE = 3


class Stock:
    """The newest cubes of all scenes; batches are drawn from it at random."""

    def __init__(self, heads: list, session: onnxruntime.InferenceSession, seed: int) -> None:
        self.heads, self.session, self.seed, self.scenes = heads, session, seed, 0
        self.inputs: list[torch.Tensor] = []
        self.truth: list[torch.Tensor] = []

    def add_scene(self) -> None:
        rng = np.random.default_rng((self.seed, self.scenes))
        inputs, truth = cubes(self.heads[int(rng.integers(len(self.heads)))], self.session, rng, CUBES)
        self.inputs, self.truth = [*self.inputs, *inputs][-KEPT:], [*self.truth, *truth][-KEPT:]
        self.scenes += 1

    def batch(self, rng: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        chosen = rng.choice(len(self.inputs), BATCH, replace=False)
        turned = [int(axis) for axis in range(3) if rng.random() < 0.5]
        inputs = torch.stack([self.inputs[i].flip([a + 1 for a in turned]) for i in chosen])
        return inputs, torch.stack([self.truth[i].flip(turned) for i in chosen])


def loss_of(scores: torch.Tensor, truth: torch.Tensor, prior: torch.Tensor) -> torch.Tensor:
    """Cross-entropy, where the first look is unsure or wrong ten times the weight."""
    weight = 0.1 + ((prior > 0.03) & (prior < 0.97) | ((prior > 0.5) != (truth > 0.5))).float()
    return (F.binary_cross_entropy_with_logits(scores, truth, reduction="none") * weight).sum() / weight.sum()


def validate(net: EdgeNet, drawn: list) -> dict[str, float]:
    """Share of voxels wrong, and volume error, per head: the first look, then with the edge network."""
    net.eval()
    rows = []
    with torch.no_grad():
        for inputs, truth in drawn:
            inside, before = net(inputs)[:, 0] > 0, inputs[:, 1] > 0.5
            true = truth > 0.5
            total = float(true.sum())
            rows.append(
                [float((g ^ true).sum()) / total for g in (before, inside)]
                + [float(g.sum()) / total - 1 for g in (before, inside)]
            )
    net.train()
    means = np.mean(rows, 0)
    return {
        "wrong_before": means[0],
        "wrong": means[1],
        "bias_before": float(np.mean(np.abs([r[2] for r in rows]))),
        "bias": float(np.mean(np.abs([r[3] for r in rows]))),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--heads", type=Path, required=True)
    parser.add_argument("--network", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    args.out.mkdir(parents=True, exist_ok=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = args.threads
    session = onnxruntime.InferenceSession(args.network.read_bytes(), options, providers=["CPUExecutionProvider"])
    heads = [read_head(p) for p in sorted(args.heads.glob("head-*.nii.gz"))]
    train = [h for h in heads if h.name not in HELD_OUT]
    held = [h for h in heads if h.name in HELD_OUT]
    drawn = [cubes(h, session, np.random.default_rng((9, n, k)), 3) for n, h in enumerate(held) for k in range(3)]
    net = EdgeNet().to(memory_format=torch.channels_last_3d)
    slow = copy.deepcopy(net)
    peak = 3e-3
    optimiser = torch.optim.AdamW(net.parameters(), lr=peak, weight_decay=1e-4)
    state, step, spent = args.out / "edge_state.pt", 0, 0.0
    if state.exists():
        saved = torch.load(state, weights_only=True)
        net.load_state_dict(saved["net"])
        slow.load_state_dict(saved["slow"])
        optimiser.load_state_dict(saved["optimiser"])
        step, spent = saved["step"], saved["spent"]
    stock = Stock(train, session, args.seed + step)
    log = (args.out / "edge_log.jsonl").open("a")
    started, running = time.monotonic(), 0.0
    while (elapsed := spent + time.monotonic() - started) < args.minutes * 60:
        part = elapsed / (args.minutes * 60)
        rate = float(peak * min(1, (step + 1) / 50) * (0.5 * (1 + np.cos(np.pi * part)) * 0.98 + 0.02))
        for group in optimiser.param_groups:
            group["lr"] = rate
        if step % STEPS_PER_SCENE == 0 or len(stock.inputs) < KEPT // 4:
            stock.add_scene()
        inputs, truth = stock.batch(np.random.default_rng((args.seed, 1, step)))
        inputs = inputs.to(memory_format=torch.channels_last_3d)
        with torch.autocast("cpu", torch.bfloat16):
            scores = net(inputs)
        loss = loss_of(scores.float()[:, 0], truth, inputs[:, 1])
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        keep = min(0.99, step / (step + 10))
        with torch.no_grad():
            for a, b in zip(slow.state_dict().values(), net.state_dict().values(), strict=True):
                if a.dtype.is_floating_point:
                    a.lerp_(b, 1 - keep)
        running += loss.item()
        step += 1
        if step % 100 == 0:
            row = {"step": step, "minutes": elapsed / 60, "loss": running / 100, **validate(slow, drawn)}
            running = 0.0
            print(json.dumps({k: round(v, 4) for k, v in row.items()}), file=log, flush=True)
            fresh = state.with_suffix(".new")
            torch.save(
                {
                    "net": net.state_dict(), "slow": slow.state_dict(), "optimiser": optimiser.state_dict(),
                    "step": step, "spent": spent + time.monotonic() - started,
                },
                fresh,
            )  # fmt: skip
            fresh.replace(state)


if __name__ == "__main__":
    main()
