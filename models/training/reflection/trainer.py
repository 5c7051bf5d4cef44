"""iris-reflection as the training loop knows it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from loop.settings import Settings
from loop.trainer import Batch, Exported, NetworkOutput
from reflection.batches import HoledStrips
from reflection.evaluate import compare
from reflection.network import Filler

MODEL = "iris-reflection"

ROWS, COLUMNS = 96, 128
"""Size of the cut around a hole that the services show to the network."""
NEAR_ZERO = 1e-5  # squared error (0.8 grey levels) below which less error counts no more


def build(settings: Settings) -> Filler:
    """The network; untrained, it is the smooth fill."""
    return Filler(list(settings.network["widths"]))


def open_data(settings: Settings, folders: Sequence[Path]) -> HoledStrips:
    """Strips drawn from the seed. Raises ValueError for folders: there is nothing to read."""
    if folders:
        raise ValueError("reflection draws its own irises and reads no --data")
    return HoledStrips(settings.data, settings.seed, settings.training.batch)


def loss(settings: Settings, outputs: Tensor, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
    """Mean over the batch of the logarithm of the squared error in the holes: what PSNR measures."""
    hole = batch["hole"]
    squares = ((outputs - batch["truth"]) ** 2 * hole).sum((1, 2, 3)) / (3 * hole.sum((1, 2, 3)))
    total = torch.log(squares + NEAR_ZERO).mean()
    return total, {"psnr": -10 * torch.log10(squares.detach() + 1e-9).mean()}


def exported(settings: Settings, network: nn.Module) -> Exported:
    """A cut of a fixed size."""
    source = HoledStrips({**settings.data, "rows": ROWS, "columns": COLUMNS}, settings.seed + 1, 2)
    samples = [sample[None] for sample in source.batch(0)["input"].numpy().astype(np.float32)]
    return Exported(
        network="main",
        module=network,
        input_name="bgrk01",
        input_shape=(1, 4, ROWS, COLUMNS),
        channels="BGR, known",
        input_range=(0.0, 1.0),
        outputs=[NetworkOutput("filled", (1, 3, ROWS, COLUMNS), "B, G, R, 0 to 1; what was known as it was given")],
        samples=samples,
    )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How many cuts to measure on."""
    parser.add_argument("--cuts", type=int, default=96, help="held-out cuts with a hole (default 96)")


def evaluate(settings: Settings, network: nn.Module, arguments: argparse.Namespace) -> Mapping[str, object]:
    """PSNR in the holes of held-out cuts beside OpenCV's Telea (radius 3) and the network's own smooth fill."""
    source = HoledStrips({**settings.data, "rows": ROWS, "columns": COLUMNS}, settings.seed + 1, arguments.cuts)
    figures = compare(network, source.batch(0))
    for method, psnr in figures.items():
        print(f"{method:10} {psnr:6.2f} dB")
    return figures
