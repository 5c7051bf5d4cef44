"""Rendered inputs that an export is compared on."""

from __future__ import annotations

import numpy as np

import eyes
from loop.settings import Settings

COUNT = 3


def sample_inputs(settings: Settings) -> list[np.ndarray]:
    """Some rendered eyes as the network takes them: float32 [1,3,S,S], B,G,R 0..1."""
    rng = np.random.default_rng([settings.seed, 99])
    side = settings.network["side"]
    pictures = [eyes.render(rng, settings.data["frame"], side).picture for _ in range(COUNT)]
    return [as_input(picture) for picture in pictures]


def as_input(picture: np.ndarray) -> np.ndarray:
    """uint8 [S,S,3] -> float32 [1,3,S,S] 0..1."""
    return np.ascontiguousarray(picture.transpose(2, 0, 1)[None], dtype=np.float32) / 255
