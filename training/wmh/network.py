"""The WMH network: a 3D U-Net at about 1 mm that is told the anatomy at twice that."""

import torch
import torch.nn.functional as F
from torch import nn

from neurolupus.imaging.wmh_input import ANATOMY

CHANNELS = (16, 32, 64, 96)


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
        one, two, four, eight = CHANNELS
        self.fine = Block(2, one)
        self.to_half = nn.Conv3d(one, two, 2, stride=2)
        self.middle = Block(two + len(ANATOMY), two)
        self.quarter = Block(two, four)
        self.eighth = Block(four, eight)
        self.from_eighth = nn.Conv3d(eight, four, 1)
        self.quarter_up = Block(2 * four, four)
        self.from_quarter = nn.Conv3d(four, two, 1)
        self.half_up = Block(2 * two, two)
        self.from_half = nn.Conv3d(two, one, 1)
        self.fine_up = Block(2 * one, one)
        self.score = nn.Conv3d(one, 1, 1)
        self.half_score = nn.Conv3d(two, 1, 1)

    def forward(self, images: torch.Tensor, anatomy: torch.Tensor) -> torch.Tensor:
        """Scores (logits)."""
        return self.scores(images, anatomy)[0]

    def scores(self, images: torch.Tensor, anatomy: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Scores at the voxels and, for deep supervision, at twice their size."""
        fine = self.fine(images)
        half = self.middle(torch.cat([self.to_half(fine), anatomy], 1))
        quarter = self.quarter(F.max_pool3d(half, 2))
        eighth = self.from_eighth(self.eighth(F.max_pool3d(quarter, 2)))
        quarter = self.from_quarter(self.quarter_up(torch.cat([_doubled(eighth), quarter], 1)))
        half = self.half_up(torch.cat([_doubled(quarter), half], 1))
        fine = self.fine_up(torch.cat([_doubled(self.from_half(half)), fine], 1))
        return self.score(fine), self.half_score(half)


def _doubled(image: torch.Tensor) -> torch.Tensor:
    return F.interpolate(image, scale_factor=2.0, mode="nearest")
