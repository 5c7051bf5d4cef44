"""A trainer that is done in a second: a network of two layers that learns to brighten pictures."""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import nn

from loop.run import train
from loop.settings import settings_from
from loop.trainer import Exported, NetworkOutput

MODEL = "tiny"
NETWORK = "main"
TABLE = {
    "model": "tiny",
    "seed": 1,
    "training": {"steps": 40, "batch": 4, "learning_rate": 0.05, "warm_up": 4, "log_every": 5, "loader_threads": 2},
}


def settings():
    return settings_from(TABLE)


def build(_settings):
    return nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 3, 1))


class Pictures:
    """Random pictures; the steps of `bad` have no finite loss."""

    def __init__(self, seed, bad=frozenset()):
        self.seed, self.bad = seed, bad

    def batch(self, step):
        pictures = torch.from_numpy(np.random.default_rng([self.seed, step]).random((4, 3, 8, 8), np.float32))
        return {"input": pictures * (np.inf if step in self.bad else 1), "wanted": 2 * pictures}

    def fingerprint(self):
        return str(self.seed)


def open_data(settings, _folders):
    return Pictures(settings.seed)


def loss(_settings, outputs, batch):
    difference = (outputs - batch["wanted"]).pow(2).mean()
    return difference, {"difference": difference}


def exported(_settings, network):
    shape = (1, 3, 8, 8)
    outputs = [NetworkOutput("bright", shape, "twice as bright")]
    sample = np.full(shape, 0.5, np.float32)
    return Exported(NETWORK, network, "picture", shape, "BGR", (0.0, 1.0), outputs, [sample])


class FatalPictures(Pictures):
    """Kills the process when the batch of step `last` is asked for."""

    def __init__(self, seed, last):
        super().__init__(seed)
        self.last = last

    def batch(self, step):
        if step == self.last:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().batch(step)


def train_until_killed(folder, last):
    """Trains with a checkpoint after each step; the process ends without a word at step `last`."""
    torch.set_num_threads(1)
    plan = replace(settings().training, checkpoint_seconds=0, loader_threads=0)
    train(sys.modules[__name__], replace(settings(), training=plan), FatalPictures(TABLE["seed"], last), folder)


if __name__ == "__main__":
    train_until_killed(Path(sys.argv[1]), int(sys.argv[2]))
