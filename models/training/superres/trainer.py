"""iris-superres as the training loop knows it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from loop.settings import Settings
from loop.trainer import Batch, Exported, NetworkOutput
from superres.batches import ScenePairs
from superres.camera import degrade_as_bench
from superres.evaluate import compare, held_out_scenes, iris_crops, photographs
from superres.network import Superres, WholePicture

MODEL = "iris-superres"

LEAST_ERROR = (0.5 / 255) ** 2  # mean squared error that no picture need go below


def build(settings: Settings) -> Superres:
    """The network; untrained, it is the Lanczos interpolation."""
    network = settings.network
    return Superres(network["width"], network["blocks"], bfloat16=network.get("bfloat16", False))


def open_data(settings: Settings, folders: Sequence[Path]) -> ScenePairs:
    """Scenes drawn from the seed, and photographs of the folders, where there are any."""
    return ScenePairs(settings.data, settings.seed, settings.training.batch, build(settings).reach, folders)


def loss(settings: Settings, outputs: Tensor, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
    """The negative PSNR in dB, averaged over the pairs: what is measured is what is minimised.

    A soft picture so counts as much as a sharp one, whose errors are a hundred times as large.
    """
    squared = ((outputs - batch["truth"]) ** 2).mean((1, 2, 3))
    total = 10 * torch.log10(squared + LEAST_ERROR).mean()
    return total, {"squared": squared.detach().mean()}


def exported(settings: Settings, network: nn.Module) -> Exported:
    """Pictures of any size, with their edges continued."""
    samples = [_sample(number, height, width) for number, (height, width) in enumerate(((64, 96), (33, 21)))]
    return Exported(
        network="main",
        module=WholePicture(network),
        input_name="bgr01",
        input_shape=(1, 3, "height", "width"),
        channels="BGR",
        input_range=(0.0, 1.0),
        outputs=[NetworkOutput("larger", (1, 3, "height4", "width4"), "the picture, four times as wide and high")],
        samples=samples,
        thresholds={"receptive_radius": network.reach},
    )


def _sample(number: int, height: int, width: int) -> np.ndarray:
    name, scene = next(held_out_scenes({"fibres": 1.0}))
    smaller = degrade_as_bench(np.random.default_rng(number), scene)[:height, :width]
    return smaller.transpose(2, 0, 1)[None].astype(np.float32) / 255


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Folders of photographs to measure on; they are read for nothing else."""
    parser.add_argument("--eyes", type=Path, metavar="DIR", help="labelled photographs of eyes: images/, labels.json")
    parser.add_argument("--photos", type=Path, metavar="DIR", help="photographs of anything")


def evaluate(settings: Settings, network: nn.Module, arguments: argparse.Namespace) -> Mapping[str, object]:
    """PSNR and SSIM beside Lanczos and bicubic after the fixed degradation: scenes, and the folders that are given."""
    sets = {"scenes": held_out_scenes(dict(settings.data["kinds"]))}
    if arguments.eyes:
        sets["irises"] = iris_crops(arguments.eyes)
    if arguments.photos:
        sets["photographs"] = photographs(arguments.photos)
    figures = {}
    for title, pictures in sets.items():
        rows = compare(network, pictures)
        gains = [row["network"][0] - row["lanczos"][0] for row in rows.values()]
        means = {method: np.mean([row[method] for row in rows.values()], axis=0) for method in next(iter(rows.values()))}
        print(f"{title} ({len(rows)})")
        for method, (peak, similarity) in means.items():
            print(f"  {method:8} {peak:6.2f} dB  SSIM {similarity:.4f}")
        print(f"  gain over Lanczos: mean {np.mean(gains):+.2f} dB, least {min(gains):+.2f}, most {max(gains):+.2f}")
        figures[title] = {method: {"psnr": float(p), "ssim": float(s)} for method, (p, s) in means.items()}
    return figures
