"""The network: a small residual CNN at the low resolution, on top of Lanczos interpolation."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from superres.lanczos import REACH, phase_weights

FACTOR = 4
RESIDUAL_SCALE = 0.1  # of the last convolution: corrections are small beside the picture, and its steps should be too


class Block(nn.Module):
    """Two 3×3 convolutions and a way around them. [n, width, h, w] → [n, width, h - 4, w - 4]."""

    REACH = 2  # pixels that it looks beyond its own

    def __init__(self, width: int):
        super().__init__()
        self.first = nn.Conv2d(width, width, 3)
        self.second = nn.Conv2d(width, width, 3)
        # The block begins as the identity, so that depth costs nothing at the start (Zhang et al. 2019, Fixup).
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)

    def forward(self, x: Tensor) -> Tensor:
        return _inner(x, self.REACH) + self.second(functional.relu(self.first(x)))


class Superres(nn.Module):
    """Pictures with their surroundings [n, 3, h, w], 0..1 → [n, 3, 4 (h - 2 reach), 4 (w - 2 reach)].

    Every convolution is unpadded: what a pixel becomes depends on nothing but the `reach` pixels around it, and tiles
    fit without a seam. Channels may come in any fixed order. The answer is the Lanczos interpolation, which is not
    learnt, and a correction, which is none in a freshly built network (pixel shuffle: Shi et al. 2016).

    With `bfloat16`, steps of a training compute the correction in bfloat16, which halves their time on processors that
    have it; the picture itself is never rounded to it, and an evaluated or exported network is float32 throughout.
    """

    def __init__(self, width: int, blocks: int, *, bfloat16: bool = False):
        super().__init__()
        self.bfloat16 = bfloat16
        self.reach = 2 + Block.REACH * blocks
        self.register_buffer("lanczos", torch.from_numpy(phase_weights(FACTOR)).repeat(3, 1, 1)[:, None])
        self.head = nn.Conv2d(3, width, 3)
        self.blocks = nn.Sequential(*(Block(width) for _ in range(blocks)))
        self.tail = nn.Conv2d(width, 3 * FACTOR**2, 3)
        nn.init.zeros_(self.tail.weight)
        nn.init.zeros_(self.tail.bias)

    def forward(self, x: Tensor) -> Tensor:
        interpolated = functional.conv2d(_inner(x, self.reach - REACH), self.lanczos, groups=3)
        features = functional.relu(self.head(x))
        with torch.autocast(x.device.type, torch.bfloat16, enabled=self.bfloat16 and self.training):
            correction = RESIDUAL_SCALE * self.tail(functional.relu(self.blocks(features)))
        return functional.pixel_shuffle(interpolated + correction, FACTOR)


class WholePicture(nn.Module):
    """The network as it is exported: [n, 3, h, w] → [n, 3, 4h, 4w]; beyond the picture's edge the edge goes on."""

    def __init__(self, network: Superres):
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        reach = self.network.reach
        return self.network(functional.pad(x, (reach, reach, reach, reach), mode="replicate"))


def _inner(x: Tensor, margin: int) -> Tensor:
    return x[:, :, margin:-margin, margin:-margin]
