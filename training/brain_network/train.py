"""Train the brain network on simulated heads; resumes by itself: train.py --heads DIR --out DIR --minutes 90."""

import argparse
import copy
import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
from generate import draw
from heads import CLASSES, read_head
from network import BrainNet

sys.path.append(str(Path(__file__).parents[1]))
from kept_memory import keep_memory

HELD_OUT = ("head-03", "head-08", "head-09", "head-11")  # never trained on: the benchmark's heads


def loss_of(scores: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
    """Cross-entropy plus one minus the mean soft Dice of the classes."""
    logs = scores.log_softmax(1)
    count, flat = scores.shape[1], classes.reshape(-1)
    true = logs.gather(1, classes[:, None]).reshape(-1)
    overlap = torch.zeros(count).index_add(0, flat, true.exp())
    total = logs.exp().sum((0, 2, 3, 4)) + torch.bincount(flat, minlength=count)
    return -true.mean() + 1 - ((2 * overlap + 1) / (total + 1)).mean()


def validate(net: BrainNet, heads: list, seed: int) -> dict[str, float]:
    """Hard Dice on held-out heads, the brain mask first."""
    rows = []
    net.eval()
    with torch.no_grad():
        for number, head in enumerate(heads):
            image, classes = draw(head, np.random.default_rng((seed, number)))
            guess = net(image[None]).argmax(1)[0]
            both = ((guess > 0) & (classes > 0)).sum() * 2 / ((guess > 0).sum() + (classes > 0).sum())
            row = [float(both)]
            for index in range(1, len(CLASSES)):
                a, b = guess == index, classes == index
                row.append(float(2 * (a & b).sum() / max(1, int(a.sum() + b.sum()))))
            rows.append(row)
    net.train()
    means = np.mean(rows, 0)
    return {
        "brain": means[0],
        "brain_min": min(r[0] for r in rows),
        **dict(zip(list(CLASSES)[1:], means[1:], strict=True)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--heads", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=90)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    keep_memory()
    args.out.mkdir(parents=True, exist_ok=True)
    heads = [read_head(p) for p in sorted(args.heads.glob("head-*.nii.gz"))]
    train = [h for h in heads if h.name not in HELD_OUT]
    held = [h for h in heads if h.name in HELD_OUT]
    net = BrainNet(len(CLASSES)).to(memory_format=torch.channels_last_3d)
    slow = copy.deepcopy(net)  # exponential average of the weights: what is exported
    peak = 3e-3
    optimiser = torch.optim.AdamW(net.parameters(), lr=peak, weight_decay=1e-4)
    state, step, spent = args.out / "state.pt", 0, 0.0
    if state.exists():
        saved = torch.load(state, weights_only=True)
        net.load_state_dict(saved["net"])
        slow.load_state_dict(saved["slow"])
        optimiser.load_state_dict(saved["optimiser"])
        step, spent = saved["step"], saved["spent"]
    log = (args.out / "log.jsonl").open("a")
    started, running = time.monotonic(), 0.0
    while (elapsed := spent + time.monotonic() - started) < args.minutes * 60:
        part = elapsed / (args.minutes * 60)
        rate = float(peak * min(1, (step + 1) / 100) * (0.5 * (1 + np.cos(np.pi * part)) * 0.98 + 0.02))
        for group in optimiser.param_groups:
            group["lr"] = rate
        rng = np.random.default_rng((args.seed, step))
        image, classes = draw(train[int(rng.integers(len(train)))], rng)
        image = image[None].to(memory_format=torch.channels_last_3d)
        with torch.autocast("cpu", torch.bfloat16):
            scores = net(image)
        scores = scores.float()
        loss = loss_of(scores, classes[None])
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        keep = min(0.998, step / (step + 10))
        with torch.no_grad():
            for a, b in zip(slow.parameters(), net.parameters(), strict=True):
                a.lerp_(b, 1 - keep)
        running += loss.item()
        step += 1
        if step % 250 == 0:
            row = {
                "step": step,
                "minutes": round(elapsed / 60, 1),
                "loss": running / 250,
                **validate(slow, held, args.seed),
            }
            running = 0.0
            print(json.dumps({k: round(v, 4) for k, v in row.items()}), file=log, flush=True)
            fresh = state.with_suffix(".new")
            torch.save(
                {
                    "net": net.state_dict(),
                    "slow": slow.state_dict(),
                    "optimiser": optimiser.state_dict(),
                    "step": step,
                    "spent": spent + time.monotonic() - started,
                },
                fresh,
            )
            fresh.replace(state)


if __name__ == "__main__":
    main()
