"""A trained network, from a checkpoint or from an exported file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from torch import nn

from loop.checkpoint import CheckpointError, load_averaged, read_checkpoint, settings_of
from loop.exported_weights import load_exported
from loop.settings import Settings, read_settings

EXPORTED = ".onnx"  # how the name of an exported file ends; anything else is a checkpoint


@dataclass(frozen=True)
class Trained:
    """A network in evaluation mode and how it came about."""

    settings: Settings
    network: nn.Module
    step: int | None  # None: an export does not say
    commit: str | None


def read_trained(source: Path, settings_file: Path, build: Callable[[Settings], nn.Module]) -> Trained:
    """The averaged network of a checkpoint with the settings of its run, or an exported one with those of the file.

    Raises CheckpointError, also where something of the network is missing.
    """
    step = commit = None
    if source.suffix == EXPORTED:
        settings = read_settings(settings_file)
        network = build(settings)
        missing = load_exported(network, source)
    else:
        checkpoint = read_checkpoint(source)
        settings, step, commit = settings_of(checkpoint), checkpoint["step"], checkpoint["commit"]
        network = build(settings)
        missing = load_averaged(network, checkpoint)
    if missing:
        raise CheckpointError(f"{source} lacks {', '.join(missing)}")
    return Trained(settings, network.eval(), step, commit)
