"""Random heads seen at 2 mm and, around the inner skull, at 1 mm: what the edge network learns from.

One scene is one random head, contrast (near T1w; all outside the skull random), noise and shading. The brain network
looks at it at 2 mm, as at run time; cubes of 1 mm about the edge of what it found are drawn from the same scene, with
the truth.
"""

from dataclasses import dataclass

import numpy as np
import onnxruntime
import torch
import torch.nn.functional as F
from generate import SHAPE, VOXEL_MM, _blur, _rotation, contrast, normalise
from heads import CLASSES, Head

SIDE = 64  # voxels of 1 mm in a cube
TISSUE = slice(3, len(CLASSES))


def _field(rng: np.random.Generator, points: int, channels: int = 1) -> torch.Tensor:
    return torch.from_numpy(rng.standard_normal((1, channels, points, points, points), np.float32))


def _at(field: torch.Tensor, where_mm: torch.Tensor) -> torch.Tensor:
    """A smooth field over the 2 mm window, at (3, X, Y, Z) coordinates in mm from its centre: (C, X, Y, Z)."""
    scale = torch.tensor([n - 1.0 for n in SHAPE])[:, None, None, None]
    unit = (where_mm / scale).flip(0).permute(1, 2, 3, 0)[None]
    return F.grid_sample(field, unit, align_corners=True, padding_mode="border")[0]


def _grid(shape: tuple[int, ...], voxel_mm: float, centre_mm: torch.Tensor) -> torch.Tensor:
    axes = [(torch.arange(n, dtype=torch.float32) - (n - 1) / 2) * voxel_mm for n in shape]
    return torch.stack(torch.meshgrid(*axes, indexing="ij")) + centre_mm[:, None, None, None]


@dataclass
class Scene:
    """One head in one scanner, at any resolution."""

    head: Head
    rng: np.random.Generator

    def __post_init__(self) -> None:
        """Draw everything that both resolutions share."""
        rng = self.rng
        self.matrix = _rotation(np.deg2rad(rng.normal(0, 6, 3))) @ np.diag(np.exp(rng.normal(0, 0.07, 3)))
        self.matrix += rng.normal(0, 0.03, (3, 3)) * (1 - np.eye(3))
        if rng.random() < 0.5:
            self.matrix[0] *= -1
        self.bends = (_field(rng, 4, 3) * rng.uniform(0, 4), _field(rng, 9, 3) * rng.uniform(0, 2))
        self.centre = self.head.brain_centre + rng.normal(0, (5, 6, 6))
        self.shrunk = np.exp(rng.uniform(0, 0.2) + rng.normal(0, 0.03, 3)) if rng.random() < 0.5 else None
        self.mean, self.spread = contrast(self.head.labels, rng, t1w_share=1.0)
        self.texture = torch.round(_field(rng, int(rng.integers(6, 25))) * 1.5) * rng.uniform(0, 0.4)
        self.shading = _field(rng, int(rng.integers(2, 5))) * rng.uniform(0, 0.25)
        self.left_over = _field(rng, int(rng.integers(2, 4))) * rng.uniform(0, 0.06)  # by the bias correction
        self.noise = rng.uniform(0, 0.05) if rng.random() < 0.85 else rng.uniform(0.05, 0.1)
        self.gamma = float(np.exp(rng.normal(0, 0.25)))
        self.stripped = rng.random() < 0.08
        self.thick = (int(rng.choice(3, p=(0.15, 0.15, 0.7))), rng.uniform(2.5, 5)) if rng.random() < 0.3 else None
        self.sharpness = rng.uniform(0.5, 1.2)  # of the image, mm

    def _codes(self, place: torch.Tensor) -> torch.Tensor:
        """Codes at (3, N) voxel coordinates of the label map; background off it."""
        index, size = torch.round(place).long(), self.head.codes.shape
        inside = torch.ones(index.shape[1], dtype=torch.bool)
        for axis in range(3):
            inside &= (index[axis] >= 0) & (index[axis] < size[axis])
        flat = (index[0] * size[1] + index[1]) * size[2] + index[2]
        codes = torch.from_numpy(self.head.codes).reshape(-1)[torch.where(inside, flat, 0)].long()
        return torch.where(inside, codes, int(np.flatnonzero(self.head.labels == 0)[0]))

    def look(self, shape: tuple[int, ...], voxel_mm: float, centre_mm: torch.Tensor, shading: torch.Tensor) -> tuple:
        """Image and classes on a grid about a point."""
        where = _grid(shape, voxel_mm, centre_mm)
        bent = where + _at(self.bends[0], where) + _at(self.bends[1], where)
        place = torch.from_numpy(self.matrix.astype(np.float32)) @ bent.reshape(3, -1)
        place = place + torch.from_numpy(self.centre.astype(np.float32))[:, None]
        codes = self._codes(place)
        if self.shrunk is not None:  # a smaller brain in the same skull; fluid takes the room
            centre = torch.from_numpy(self.head.brain_centre.astype(np.float32))[:, None]
            scale = torch.from_numpy(self.shrunk.astype(np.float32))[:, None]
            smaller = self._codes(centre + (place - centre) * scale)
            known = torch.from_numpy(self.head.classes)
            fluid = int(np.flatnonzero(self.head.labels == 24)[0])
            codes = torch.where(known[codes] > 0, torch.where(known[smaller] > 0, smaller, fluid), codes)
        codes = codes.reshape(shape)
        classes = torch.from_numpy(self.head.classes)[codes].long()
        image = torch.from_numpy(self.mean.astype(np.float32))[codes]
        soft = torch.from_numpy(np.isin(self.head.labels, (507, 511, 0)))[codes] & (image > 0)
        image = torch.where(soft, (image + _at(self.texture, where)[0]).clamp_min(0), image)
        draws = torch.Generator().manual_seed(int(self.rng.integers(2**31)))
        spread = torch.from_numpy(self.spread.astype(np.float32))[codes]
        image = (image + torch.randn(shape, generator=draws) * spread).clamp_min(0)
        if self.stripped:
            image = torch.where(classes > 0, image, 0)
        empty = image == 0
        image = _blur(image, max(0.25, self.sharpness / voxel_mm * 0.7))
        if self.thick is not None:
            axis, thickness = self.thick
            fewer = list(shape)
            fewer[axis] = max(2, round(shape[axis] * voxel_mm / thickness))
            slices = F.interpolate(image[None, None], fewer, mode="area")
            image = F.interpolate(slices, shape, mode="trilinear", align_corners=False)[0, 0]
        image = image * torch.exp(_at(shading, where)[0]) / max(float(self.mean.max()), 1e-6)
        level = self.noise * 0.5 * (1.0 if voxel_mm < VOXEL_MM else 0.5)
        other = torch.randn((2, *shape), generator=draws) * level
        image = torch.sqrt((image + other[0]) ** 2 + other[1] ** 2) ** self.gamma
        if self.stripped:
            image = torch.where(empty, 0, image)
        return image, classes


def first_look(session: onnxruntime.InferenceSession, image: torch.Tensor) -> torch.Tensor:
    """Class probabilities of a 2 mm window, the mean over the image and its mirror image, (8, X, Y, Z)."""
    array = normalise(image).numpy()[None, None]
    total = 0
    for turned in (array, array[:, :, ::-1]):
        scores = torch.from_numpy(session.run(None, {"image": np.ascontiguousarray(turned)})[0][0]).softmax(0)
        total = total + (scores if turned is array else scores.flip(1))
    return total / 2


def doubt(inside: torch.Tensor, tissue: torch.Tensor, rng: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """The first look as it would be on a head it never saw: wider, displaced here and there."""
    where = _grid(SHAPE, VOXEL_MM, torch.zeros(3))
    shift = rng.normal(0, 0.5) + _at(_field(rng, int(rng.integers(5, 12))), where)[0] * rng.uniform(0, 2)
    strength = rng.uniform(0.6, 1.1)
    changed = [((p.clamp(1e-4, 1 - 1e-4).logit()) * strength + shift).sigmoid() for p in (inside, tissue)]
    return changed[0], torch.minimum(changed[0], changed[1])


def cubes(head: Head, session: onnxruntime.InferenceSession, rng: np.random.Generator, count: int) -> tuple:
    """Inputs (count, 3, SIDE, SIDE, SIDE) and truth (count, SIDE, SIDE, SIDE) of one scene.

    Channels: T1w over the median of white matter; probability of lying inside the skull; of grey or white matter.
    """
    scene = Scene(head, rng)
    image, _ = scene.look(SHAPE, VOXEL_MM, torch.zeros(3), scene.shading)
    classes = first_look(session, image)
    sure = classes[5] > 0.8
    inside, tissue = doubt(1 - classes[0], classes[TISSUE].sum(0), rng)
    edge = torch.nonzero((inside > 0.2) & (inside < 0.8))
    if len(edge) < 100 or int(sure.sum()) < 500:
        return cubes(head, session, rng, count)
    whole = torch.stack([inside, tissue])[None]
    inputs, truth = [], []
    corrected = image / torch.exp(_at(scene.shading, _grid(SHAPE, VOXEL_MM, torch.zeros(3)))[0]) ** scene.gamma
    unit = corrected[sure].median().clamp_min(1e-6)
    for _ in range(count):
        voxel = edge[int(rng.integers(len(edge)))].float()
        centre = (voxel - torch.tensor([(n - 1) / 2 for n in SHAPE])) * VOXEL_MM
        centre = centre + torch.from_numpy(rng.uniform(-16, 16, 3).astype(np.float32))
        fine, labels = scene.look((SIDE, SIDE, SIDE), 1.0, centre, scene.left_over)
        prior = _at(whole, _grid((SIDE, SIDE, SIDE), 1.0, centre))
        inputs.append(torch.cat([(fine / unit).clamp(0, 2.5)[None], prior]))
        truth.append((labels > 0).float())
    return torch.stack(inputs), torch.stack(truth)
