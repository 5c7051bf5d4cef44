"""Trainer of iris-segmentation's two networks; the settings say which of them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Mapping, Sequence

from torch import Tensor, nn

from loop.settings import Settings
from loop.trainer import Batch, Exported, NetworkOutput
from segmentation import evaluate as evaluation
from segmentation import geometry
from segmentation.batches import SegmentationBatches, open_sets
from segmentation.loss import segmentation_loss
from segmentation.network import PLANES, Activated, SegmentationNetwork, network_of
from segmentation.samples import sample_inputs

MODEL = "iris-segmentation"
LEAST_PRESENCE = 0.85  # of an eye: of 300 rendered eyes in whole photos it refuses two more than 0.5 does

PROBABILITIES = (
    "0..3 softmax: background, sclera, visible iris (lashes and highlights included), pupil; "
    "4 whole limbus disc and 5 whole pupil disc, also behind the lids; 6 specular highlight"
)
GEOMETRY = (
    "0 eye here, 1 pupil seen (probabilities); limbus 2-7 and pupil 8-13: cx, cy, r, e1, e2, s; upper lid 14-22 and "
    "its s 23, lower lid 24-32 and its s 33: y at x = cx + r·t, t = -1, -0.75 … 1; shares of the square's side, "
    "corner origin; r = sqrt(a·b), (e1, e2) = (a-b)/(a+b)·(cos 2θ, sin 2θ); s expected absolute error"
)


def build(settings: Settings) -> SegmentationNetwork:
    return network_of(settings.network)


def open_data(settings: Settings, folders: Sequence[Path]) -> SegmentationBatches:
    return open_sets(settings, folders)


def loss(settings: Settings, outputs: tuple[Tensor, Tensor], batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
    return segmentation_loss(settings.loss, outputs, batch)


def exported(settings: Settings, network: nn.Module) -> Exported:
    side = settings.network["side"]
    return Exported(
        network=settings.network["name"],
        module=Activated(network).eval(),
        input_name="bgr01",
        input_shape=(1, 3, side, side),
        channels="BGR",
        input_range=(0.0, 1.0),
        outputs=[
            NetworkOutput("prob", (1, len(PLANES), side, side), PROBABILITIES),
            NetworkOutput("geometry", (1, geometry.COUNT), GEOMETRY),
        ],
        samples=sample_inputs(settings),
        classes=PLANES,
        thresholds={"iris_or_pupil": 0.5, "eye": LEAST_PRESENCE},
    )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    evaluation.add_arguments(parser)


def evaluate(settings: Settings, network: nn.Module, arguments: argparse.Namespace) -> Mapping[str, object]:
    return evaluation.evaluate(settings, Activated(network).eval(), arguments)
