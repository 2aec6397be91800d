"""Random heads of random contrast from label maps: image and classes, made afresh at every step (domain randomisation).

After Billot et al. (2023), SynthSeg, Med Image Anal 86:102789; written anew, at 2 mm, with contrasts kept near T1w for
two draws of three, and with skull and scalp always random: a network that trusts the skull's contrast fails on others.
"""

import numpy as np
import torch
import torch.nn.functional as F
from heads import CLASSES, Head

SHAPE = (96, 112, 96)  # voxels of 2 mm
VOXEL_MM = 2.0
CLASS = {name: index for index, name in enumerate(CLASSES)}


def _smooth(rng: np.random.Generator, points: int, channels: int = 1) -> torch.Tensor:
    grid = torch.from_numpy(rng.standard_normal((1, channels, points, points, points), np.float32))
    return F.interpolate(grid, SHAPE, mode="trilinear", align_corners=True)[0]


def _rotation(angles: np.ndarray) -> np.ndarray:
    (cx, cy, cz), (sx, sy, sz) = np.cos(angles), np.sin(angles)
    x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    return z @ y @ x


def warp_codes(head: Head, rng: np.random.Generator) -> torch.Tensor:
    """The head's codes on the network's grid, turned, scaled, sheared and bent at random; background off the map."""
    matrix = _rotation(np.deg2rad(rng.normal(0, 8, 3))) @ np.diag(np.exp(rng.normal(0, 0.07, 3)))
    matrix += rng.normal(0, 0.03, (3, 3)) * (1 - np.eye(3))
    if rng.random() < 0.5:
        matrix[0] *= -1
    axes = [torch.arange(n, dtype=torch.float32) - (n - 1) / 2 for n in SHAPE]
    grid = torch.stack(torch.meshgrid(*axes, indexing="ij")).reshape(3, -1) * VOXEL_MM
    bend = _smooth(rng, 4, 3) * rng.uniform(0, 4) + _smooth(rng, 9, 3) * rng.uniform(0, 2)
    centre = head.brain_centre + rng.normal(0, (6, 8, 8))
    where = torch.from_numpy(matrix.astype(np.float32)) @ (grid + bend.reshape(3, -1))
    index = torch.round(where + torch.from_numpy(centre.astype(np.float32))[:, None]).long()
    shape = head.codes.shape
    inside = torch.ones(index.shape[1], dtype=torch.bool)
    for axis in range(3):
        inside &= (index[axis] >= 0) & (index[axis] < shape[axis])
    flat = (index[0] * shape[1] + index[1]) * shape[2] + index[2]
    codes = torch.from_numpy(head.codes).reshape(-1)[torch.where(inside, flat, 0)].long()
    background = int(np.flatnonzero(head.labels == 0)[0])
    return torch.where(inside, codes, background).reshape(SHAPE)


def contrast(labels: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A mean and a standard deviation for each label."""
    u = rng.uniform
    if rng.random() < 0.7:  # T1w-like
        wm, gm, csf = 1.0, u(0.5, 0.88), u(0.03, 0.5)
        csf = min(csf, gm - 0.15)
    else:
        wm, gm, csf = rng.permutation([u(0.1, 0.4), u(0.45, 0.75), u(0.8, 1.2)])
    mean = u(0, 1.6, len(labels))  # what is not named below: skull, marrow, fat, skin, sinuses, vessels

    def put(numbers: tuple[int, ...], low: float, high: float) -> None:
        for number in numbers:
            mean[labels == number] = u(min(low, high), max(low, high))

    near = lambda a, b, f: a + (b - a) * f  # noqa: E731
    mean[np.isin(labels, (2, 41))] = wm
    mean[np.isin(labels, (7, 46))] = wm * u(0.93, 1.05)
    mean[labels == 16] = near(wm, gm, u(-0.1, 0.35))
    mean[np.isin(labels, (28, 60))] = near(wm, gm, u(0, 0.5))
    mean[np.isin(labels, (3, 42))] = gm
    mean[np.isin(labels, (8, 47))] = gm * u(0.93, 1.07)
    mean[np.isin(labels, (17, 18, 53, 54))] = gm * u(0.95, 1.07)
    for pair, high in (((10, 49), 0.7), ((11, 50), 0.3), ((12, 51), 0.5), ((13, 52), 0.9), ((26, 58), 0.3)):
        mean[np.isin(labels, pair)] = near(gm, wm, u(0, high))
    mean[labels == 24] = csf
    mean[np.isin(labels, (4, 5, 14, 15, 43, 44, 72))] = csf * u(0.85, 1.1)
    put((136, 137, 163, 164), csf, gm)
    put((25, 57), csf, wm)
    if rng.random() < 0.5:
        put((515,), 0, 0.35)  # compact bone is dark in most sequences
    mean[labels == 0] = 0 if rng.random() < 0.8 else u(0, 0.15)
    return mean, u(0.01, 0.07) * u(0.6, 1.5, len(labels))


def _thick_slices(image: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    axis = int(rng.choice(3, p=(0.15, 0.15, 0.7)))
    size = list(SHAPE)
    size[axis] = round(SHAPE[axis] * VOXEL_MM / rng.uniform(2.5, 5))
    thick = F.interpolate(image[None, None], size, mode="area")
    return F.interpolate(thick, SHAPE, mode="trilinear", align_corners=False)[0, 0]


def _blur(image: torch.Tensor, sigma: float) -> torch.Tensor:
    x = torch.arange(-2, 3, dtype=torch.float32)
    kernel = torch.exp(-0.5 * (x / max(sigma, 1e-3)) ** 2)
    kernel /= kernel.sum()
    out = image[None, None]
    for axis in range(3):
        shape, pad = [1, 1, 1, 1, 1], [0, 0, 0]
        shape[2 + axis], pad[axis] = 5, 2
        out = F.conv3d(out, kernel.reshape(shape), padding=pad)
    return out[0, 0]


def normalise(image: torch.Tensor) -> torch.Tensor:
    """Scaled so that the 98th percentile of what is not background is 1; the same at run time."""
    inside = image[image > 0.05 * image.max()]
    step = max(1, inside.numel() // 20000)
    top = torch.quantile(inside[::step], 0.98) if inside.numel() else torch.tensor(1.0)
    return (image / top.clamp_min(1e-6)).clamp(0, 2)


def draw(head: Head, rng: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """One training pair: image (1, *SHAPE) float32, classes (*SHAPE) int64."""
    codes = warp_codes(head, rng)
    classes = torch.from_numpy(head.classes)[codes].long()
    mean, spread = contrast(head.labels, rng)
    image = torch.from_numpy(mean.astype(np.float32))[codes]
    noise = torch.Generator().manual_seed(int(rng.integers(2**31)))
    soft = torch.from_numpy(np.isin(head.labels, (507, 511, 0)))[codes] & (image > 0)
    texture = torch.round(_smooth(rng, int(rng.integers(6, 25)))[0] * 1.5) * rng.uniform(0, 0.4)
    image = torch.where(soft, (image + texture).clamp_min(0), image)  # muscle and fat share one label
    image = image + torch.randn(SHAPE, generator=noise) * torch.from_numpy(spread.astype(np.float32))[codes]
    draw_ = rng.random()
    if draw_ < 0.15:  # skull-stripped, with more or less of the outer fluid left
        image = torch.where(classes > 0, image, 0)
        if draw_ < 0.08:
            tissue = (classes > 1).float()[None, None]
            width = 2 * int(rng.integers(0, 3)) + 1
            near_brain = F.max_pool3d(tissue, width, 1, width // 2)[0, 0] > 0
            image = torch.where(near_brain, image, 0)
            classes = torch.where(near_brain, classes, 0)
    elif draw_ < 0.4:  # defaced: nothing in front of and below a tilted plane, brain spared
        axes = torch.meshgrid(*(torch.arange(n, dtype=torch.float32) for n in SHAPE), indexing="ij")
        face = (axes[1] - SHAPE[1] / 2) * rng.uniform(0.4, 1.2) - (axes[2] - SHAPE[2] / 2)
        image = torch.where((face > rng.uniform(35, 60)) & (classes == 0), 0, image)
    image = _blur(image.clamp_min(0), rng.uniform(0.25, 0.7))
    if rng.random() < 0.4:
        image = _thick_slices(image, rng)
    image = image * torch.exp(_smooth(rng, int(rng.integers(2, 5)))[0] * rng.uniform(0, 0.3))
    image = image / image.max().clamp_min(1e-6)
    level = rng.uniform(0, 0.05) if rng.random() < 0.8 else rng.uniform(0.05, 0.1)
    other = torch.randn((2, *SHAPE), generator=noise) * (level * 0.5)
    empty = image == 0
    image = torch.sqrt((image + other[0]) ** 2 + other[1] ** 2)
    image = image ** float(np.exp(rng.normal(0, 0.25)))
    if draw_ < 0.4:
        image = torch.where(empty, 0, image)
    for high, chance in ((12, 0.35), (20, 0.4)):  # the field of view ends
        if rng.random() < chance:
            width = int(rng.integers(0, high + 1))
            axis = int(rng.choice(3, p=(0.1, 0.1, 0.8)))
            end = slice(0, width) if rng.random() < 0.7 else slice(SHAPE[axis] - width, None)
            cut = [slice(None)] * 3
            cut[axis] = end
            image[tuple(cut)], classes[tuple(cut)] = 0, 0
    return normalise(image)[None], classes
