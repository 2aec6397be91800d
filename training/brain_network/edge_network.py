"""The edge network: a small 3D U-Net that redraws the inner skull at 1 mm from image and brain network map."""

import torch
import torch.nn.functional as F
from torch import nn

CHANNELS = (16, 24, 32)
FINE = 8


def block(inputs: int, outputs: int) -> nn.Sequential:
    """Two 3 x 3 x 3 convolutions; normalised over the batch, so that a part of a head is treated as the whole."""
    layers: list[nn.Module] = []
    for size in (inputs, outputs):
        layers += [nn.Conv3d(size, outputs, 3, padding=1, bias=False), nn.BatchNorm3d(outputs), nn.LeakyReLU(0.1)]
    return nn.Sequential(*layers)


class EdgeNet(nn.Module):
    """Three channels in, the log odds of lying inside the skull out; sides must divide by 8."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv3d(3, CHANNELS[0], 4, stride=2, padding=1)
        self.down = nn.ModuleList(block(a, b) for a, b in zip((CHANNELS[0], *CHANNELS[:-1]), CHANNELS, strict=True))
        self.up = nn.ModuleList(block(CHANNELS[i] + CHANNELS[i + 1], CHANNELS[i]) for i in (1, 0))
        self.to_fine = nn.ConvTranspose3d(CHANNELS[0], FINE, 2, stride=2)
        self.fine = nn.Sequential(block(FINE + 3, FINE), nn.Conv3d(FINE, 1, 1))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        x, kept = self.stem(inputs), []
        for step in self.down[:-1]:
            x = step(x)
            kept.append(x)
            x = F.max_pool3d(x, 2)
        x = self.down[-1](x)
        for step in self.up:
            x = step(torch.cat([F.interpolate(x, scale_factor=2.0, mode="nearest"), kept.pop()], 1))
        prior = inputs[:, 1:2].clamp(0.005, 0.995)
        return torch.log(prior / (1 - prior)) + self.fine(torch.cat([self.to_fine(x), inputs], 1))
