"""The weights of a network in a file of a few MB that holds arrays and no code: to begin with instead of at random."""

from pathlib import Path

import numpy as np
import torch

STEPS = "steps_before"  # of all steps so far: patches are drawn on from there


def save_weights(state: Path, out: Path, steps: int) -> None:
    """Write the averaged weights of a run's `state.pt`, after so many steps, in 16 bits; whole or not at all."""
    fresh = out.with_suffix(".part")
    with fresh.open("wb") as file:
        np.savez(
            file, **{STEPS: np.array(steps)}, **{name: _half(t.numpy()) for name, t in load_weights(state).items()}
        )
    fresh.replace(out)


def load_weights(path: Path) -> dict[str, torch.Tensor]:
    """Weights by name, from such a file or from a run's `state.pt`."""
    if path.suffix == ".pt":
        slow: dict[str, torch.Tensor] = torch.load(path, weights_only=True)["slow"]
        return slow
    with np.load(path, allow_pickle=False) as kept:
        return {name: torch.from_numpy(_single(kept[name])) for name in kept.files if name != STEPS}


def steps_before(path: Path) -> int:
    """How many steps made the weights of such a file; 0 where it does not say."""
    with np.load(path, allow_pickle=False) as kept:
        return int(kept[STEPS]) if STEPS in kept.files else 0


def _half(values: np.ndarray) -> np.ndarray:
    return values.astype(np.float16) if values.dtype == np.float32 else values


def _single(values: np.ndarray) -> np.ndarray:
    return values.astype(np.float32) if values.dtype == np.float16 else values
