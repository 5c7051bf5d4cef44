"""Checkpoints: one file that holds all that a run needs to go on exactly, written whole or not at all."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import nn

from loop.settings import Settings, settings_from

FORMAT = 1  # of the file's content


class CheckpointError(RuntimeError):
    """A checkpoint that cannot be used here; the message says why."""


def save_checkpoint(path: Path, content: dict[str, Any]) -> None:
    """Writes beside the file, then renames: a kill leaves the old checkpoint or the new one."""
    unfinished = path.with_suffix(".unfinished")
    with open(unfinished, "wb") as file:
        torch.save({"format": FORMAT, **content}, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(unfinished, path)


def read_checkpoint(path: Path) -> dict[str, Any]:
    """A checkpoint on the CPU. Raises CheckpointError."""
    try:
        content = torch.load(path, map_location="cpu")
    except FileNotFoundError:
        raise CheckpointError(f"{path}: there is no such checkpoint") from None
    except Exception as error:
        raise CheckpointError(f"{path}: not a checkpoint ({error})") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise CheckpointError(f"{path}: not a checkpoint of format {FORMAT}")
    return content


def settings_of(checkpoint: dict[str, Any]) -> Settings:
    """The settings that the checkpoint's run had."""
    return settings_from(checkpoint["settings"])


def settings_table(settings: Settings) -> dict[str, Any]:
    """Settings as plain values, for a checkpoint."""
    return asdict(settings)


def load_averaged(network: nn.Module, checkpoint: dict[str, Any]) -> list[str]:
    """Puts the averaged weights into a network. Answers the names of weights that do not fit and stay as they are."""
    wanted = network.state_dict()
    found = checkpoint["averaged"]
    fitting = {name: found[name] for name in wanted if name in found and found[name].shape == wanted[name].shape}
    network.load_state_dict({**wanted, **fitting})
    return sorted(wanted.keys() - fitting.keys())
