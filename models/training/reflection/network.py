"""The network that fills holes in an unwrapped iris: a smooth fill of its own, and a U-Net that corrects it."""

from __future__ import annotations

import torch
import torch.nn.functional as functional
from torch import Tensor, nn

LEVELS = 5
"""Times that sides are halved for the smooth fill: both sides of the input are multiples of 2 ** LEVELS."""
SWEEPS = 2  # of the smooth fill at each size
LEAST_DEVIATION = 0.02  # of the colours of what is known, where they are flat; in shares of white


class Filler(nn.Module):
    """[N, 4, rows, columns] → [N, 3, rows, columns]: planes 0 … 2 blue, green, red, 0 … 1; plane 3 is 1 where they are
    known and 0 where not. Rows run from the pupil to the limbus, columns around. What is known comes back as it was.
    """

    def __init__(self, widths: list[int]) -> None:
        super().__init__()
        self.stem = nn.Conv2d(7, widths[0], 2, stride=2)
        self.first = Block(widths[0])
        self.down = nn.ModuleList(nn.Conv2d(a, b, 3, stride=2, padding=1) for a, b in zip(widths, widths[1:]))
        self.deeper = nn.ModuleList(Block(width) for width in widths[1:])
        self.merge = nn.ModuleList(nn.Conv2d(a + b, a, 1) for a, b in zip(widths, widths[1:]))
        self.finer = nn.ModuleList(Block(width) for width in widths[:-1])
        self.head = nn.Conv2d(widths[0], 12, 3, padding=1)
        self.shuffle = nn.PixelShuffle(2)
        nn.init.zeros_(self.head.weight)  # untrained, the network answers the smooth fill
        nn.init.zeros_(self.head.bias)

    def forward(self, given: Tensor) -> Tensor:
        known = given[:, 3:4]
        colours = given[:, :3] * known
        amount = known.mean((2, 3), keepdim=True) + 1e-4
        mean = colours.mean((2, 3), keepdim=True) / amount
        spread = (((colours - mean) * known) ** 2).mean((1, 2, 3), keepdim=True) / amount
        scale = torch.sqrt(spread) + LEAST_DEVIATION
        smooth = fill_smoothly((colours - mean) * known / scale, known)
        circles = row_means(smooth, known).expand_as(smooth)
        seen = [torch.relu(self.stem(torch.cat([smooth, circles, known], 1)))]
        seen[0] = self.first(seen[0])
        for down, block in zip(self.down, self.deeper):
            seen.append(block(torch.relu(down(seen[-1]))))
        said = seen.pop()
        for merge, block in zip(reversed(self.merge), reversed(self.finer)):
            said = block(torch.relu(merge(torch.cat([seen.pop(), twice(said)], 1))))
        correction = self.shuffle(self.head(said))
        return colours + (1 - known) * (mean + scale * (smooth + correction))


class Block(nn.Module):
    """Two convolutions beside a shortcut."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.one = nn.Conv2d(width, width, 3, padding=1)
        self.two = nn.Conv2d(width, width, 3, padding=1)
        nn.init.zeros_(self.two.weight)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x + self.two(torch.relu(self.one(x))))


def fill_smoothly(colours: Tensor, known: Tensor) -> Tensor:
    """Near the harmonic fill: what is unknown takes the mean of what is known at ever smaller sizes, then at each size
    some sweeps in which it becomes the mean of its neighbours. `colours` is 0 where `known` is.
    """
    sizes = [(colours, known)]
    for _ in range(LEVELS):
        total, amount = (functional.avg_pool2d(part, 2) for part in sizes[-1])
        sizes.append((total, amount))
    total, amount = sizes.pop()
    filled = total.sum((2, 3), keepdim=True) / (amount.sum((2, 3), keepdim=True) + 1e-4)
    filled = filled.expand_as(total)
    filled = total + (1 - amount) * filled
    for total, amount in reversed(sizes):
        filled = total + (1 - amount) * twice(filled)
        for _ in range(SWEEPS):
            filled = total + (1 - amount) * mean_of_neighbours(filled)
    return filled


def mean_of_neighbours(x: Tensor) -> Tensor:
    wide = functional.pad(x, (1, 1, 1, 1), mode="replicate")
    return (wide[:, :, :-2, 1:-1] + wide[:, :, 2:, 1:-1] + wide[:, :, 1:-1, :-2] + wide[:, :, 1:-1, 2:]) / 4


def row_means(smooth: Tensor, known: Tensor) -> Tensor:
    """The mean of what is known in each row, [N, 3, rows, 1]; of the smooth fill where nothing is."""
    weights = known + 1e-3
    return (smooth * weights).sum(3, keepdim=True) / weights.sum(3, keepdim=True)


def twice(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
