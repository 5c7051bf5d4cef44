"""Settings of one network's training: a TOML file, read once, checked for what the loop itself needs."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Mapping


class SettingsError(ValueError):
    """A settings file that cannot be used; the message names the file and what is wrong."""


@dataclass(frozen=True)
class Plan:
    """How a network is trained; the table [training] of a settings file."""

    steps: int  # planned steps: the cosine ends there
    batch: int  # pictures a step
    learning_rate: float  # highest, after the warm-up
    warm_up: int = 100  # steps of linear rise from 0
    floor: float = 0.01  # share of the learning rate that is left at the end
    weight_decay: float = 1e-4  # AdamW
    clip: float = 5.0  # largest norm of the whole gradient
    average_decay: float = 0.998  # of the averaged weights, a step
    log_every: int = 20  # steps of one line of the loss curve
    checkpoint_seconds: float = 60.0  # between two checkpoints
    keep_every: int = 0  # steps between checkpoints kept under their own name; 0: only the newest
    loader_threads: int = 1  # threads that prepare batches; 0: the training thread itself
    ahead: int = 4  # batches prepared ahead of the training


@dataclass(frozen=True)
class Settings:
    """Everything that decides what a training run does, but for the data folders."""

    model: str  # for example "segmentation-outline"
    seed: int
    training: Plan
    network: Mapping[str, Any]  # widths, sizes: read by the model's build()
    data: Mapping[str, Any]  # shares, augmentation: read by the model's open_data()
    loss: Mapping[str, Any]  # weights: read by the model's loss()

    def with_changes(self, *, seed: int | None = None, steps: int | None = None) -> "Settings":
        """The same settings with another seed or another number of steps, as given on the command line."""
        training = self.training if steps is None else replace(self.training, steps=steps)
        return replace(self, seed=self.seed if seed is None else seed, training=training)


def read_settings(path: Path) -> Settings:
    """Reads a settings file. Raises SettingsError with the file's name and what is wrong in it."""
    try:
        with open(path, "rb") as file:
            return settings_from(tomllib.load(file))
    except FileNotFoundError:
        raise SettingsError(f"{path}: there is no such settings file") from None
    except (tomllib.TOMLDecodeError, TypeError, SettingsError) as error:
        raise SettingsError(f"{path}: {error}") from None


def settings_from(table: Mapping[str, Any]) -> Settings:
    """Settings of a table as tomllib (or a checkpoint) gives it."""
    known = {"model", "seed", "training", "network", "data", "loss"}
    missing = sorted({"model", "seed", "training"} - table.keys())
    if missing:
        raise SettingsError(f"missing: {', '.join(missing)}")
    unknown = sorted(table.keys() - known)
    if unknown:
        raise SettingsError(f"unknown: {', '.join(unknown)}")
    return Settings(
        model=table["model"],
        seed=int(table["seed"]),
        training=Plan(**table["training"]),
        network=table.get("network", {}),
        data=table.get("data", {}),
        loss=table.get("loss", {}),
    )
