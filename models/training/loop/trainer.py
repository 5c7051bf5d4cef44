"""What a model brings to the loop: a plain module (for example segmentation/trainer.py) with the names of Trainer."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from pathlib import Path
from typing import Mapping, Protocol, Sequence

import numpy as np
from torch import Tensor, nn

from loop.settings import Settings

Batch = dict[str, Tensor]  # "input": what the network gets; the rest is for the loss


class BatchSource(Protocol):
    """Batches as a pure function of the step: to resume is to ask for the next step. Called from several threads."""

    def batch(self, step: int) -> Batch:
        """The batch of this step (0, 1, …), on the CPU. Draw from numpy.random.default_rng([seed, step])."""

    def fingerprint(self) -> str:
        """Names the data (for example a hash of the shards' names): another one on --resume is told to the user."""


@dataclass(frozen=True)
class NetworkOutput:
    """One output of an exported network, as model.json tells it."""

    name: str
    shape: tuple[int | str, ...]  # a string names a dimension that is free
    meaning: str


@dataclass(frozen=True)
class Exported:
    """A trained network as it is exported: with its last activations, in the units that callers see."""

    network: str  # its name in model.json: "main", "search", "outline"
    module: nn.Module  # in evaluation mode; answers a tensor or a tuple, in the order of `outputs`
    input_name: str
    input_shape: tuple[int | str, ...]  # a string names a free dimension
    channels: str  # order and meaning of the input's channels, for example "BGR"
    input_range: tuple[float, float]
    outputs: Sequence[NetworkOutput]
    samples: Sequence[np.ndarray]  # float32 inputs (rendered ones) that parity is checked on, besides random ones
    classes: Sequence[str] = field(default=())  # names of the first output's planes, where it has classes
    thresholds: Mapping[str, float] = field(default_factory=dict)  # of the whole model, merged into model.json


class Trainer(Protocol):
    """The names that a trainer module has."""

    MODEL: str  # name of the model that model.json carries, for example "iris-segmentation"

    def build(self, settings: Settings) -> nn.Module:
        """The network, freshly initialised from torch's random state."""

    def open_data(self, settings: Settings, folders: Sequence[Path]) -> BatchSource:
        """The training data; the seed is settings.seed, folders are those of --data (may be none)."""

    def loss(self, settings: Settings, outputs, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """What is minimised, and its parts for the loss curve. `outputs` is what the network answered to "input"."""

    def exported(self, settings: Settings, network: nn.Module) -> Exported:
        """The trained network, ready for ONNX."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Adds what --evaluate of this model can be told besides."""

    def evaluate(self, settings: Settings, network: nn.Module, arguments: argparse.Namespace) -> Mapping[str, object]:
        """Figures on held-out pictures; prints them and answers them. The network is in evaluation mode."""
