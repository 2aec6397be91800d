"""The WMH network: a U-Net that works at twice the voxels' size and tells a score for each voxel.

Nearly all its work is done on blocks of 2 x 2 x 2 voxels, which enter as one and leave as eight: on a CPU many channels
of few voxels are computed faster than few channels of many, and the anatomy that it is told is no finer.
"""

import torch
import torch.nn.functional as F
from torch import nn

from neurolupus.imaging.wmh_input import ANATOMY

CHANNELS = (48, 64, 96)
SHARP = 6  # channels that come back to the voxels' own size, to meet the images there


def _convolution(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv3d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm3d(outputs, momentum=0.02),
        nn.LeakyReLU(0.05, inplace=True),
    )  # fmt: skip


class Block(nn.Sequential):
    """Two convolutions."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(_convolution(inputs, outputs), _convolution(outputs, outputs))


class WmhNet(nn.Module):
    """Images (n, 2, I, J, K) and anatomy at half that to one score per voxel; sides must divide by 8."""

    def __init__(self) -> None:
        super().__init__()
        two, four, eight = CHANNELS
        self.to_half = nn.Conv3d(2, two, 2, stride=2)
        self.twice = Block(two + len(ANATOMY), two)
        self.quarter = Block(two, four)
        self.eighth = Block(four, eight)
        self.from_eighth = nn.Conv3d(eight, four, 1)
        self.quarter_up = Block(2 * four, four)
        self.from_quarter = nn.Conv3d(four, two, 1)
        self.half_up = Block(2 * two, two)
        self.from_half = nn.ConvTranspose3d(two, SHARP, 2, stride=2)
        self.sharp = nn.Conv3d(SHARP + 2, SHARP + 2, 3, padding=1)
        self.score = nn.Conv3d(SHARP + 2, 1, 1)
        self.half_score = nn.Conv3d(two, 1, 1)

    def forward(self, images: torch.Tensor, anatomy: torch.Tensor) -> torch.Tensor:
        """Scores (logits)."""
        return self.scores(images, anatomy)[0]

    def scores(self, images: torch.Tensor, anatomy: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Scores at the voxels and, for deep supervision, at twice their size."""
        half = self.twice(torch.cat([self.to_half(images), anatomy], 1))
        quarter = self.quarter(F.max_pool3d(half, 2))
        eighth = self.from_eighth(self.eighth(F.max_pool3d(quarter, 2)))
        quarter = self.from_quarter(self.quarter_up(torch.cat([_doubled(eighth), quarter], 1)))
        half = self.half_up(torch.cat([_doubled(quarter), half], 1))
        fine = self.from_half(half)
        fine = F.leaky_relu(self.sharp(torch.cat([fine, images.to(fine.dtype)], 1)), 0.05)
        return self.score(fine), self.half_score(half)


def _doubled(image: torch.Tensor) -> torch.Tensor:
    return F.interpolate(image, scale_factor=2.0, mode="nearest")
