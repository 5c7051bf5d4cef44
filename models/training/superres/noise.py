"""Random fields whose spectrum falls with a power of the frequency: clouds, skin, stone, cloth."""

from __future__ import annotations

import cv2
import numpy as np

cv2.setNumThreads(1)

Random = np.random.Generator


def clouds(rng: Random, size: int, exponent: float, planes: int = 1) -> np.ndarray:
    """Periodic noise [size, size, planes], mean 0, deviation 1, amplitude falling as 1 / frequency ** exponent.

    Photographs have exponents about 1 (Field 1987); 0 is white noise, 2 is smooth.
    """
    across = np.fft.rfftfreq(size)[None]
    down = np.fft.fftfreq(size)[:, None]
    frequency = np.hypot(across, down)
    frequency[0, 0] = 1.0
    amplitude = (frequency**-exponent).astype(np.float32)
    amplitude[0, 0] = 0.0
    field = np.empty((size, size, planes), np.float32)
    for plane in range(planes):
        white = rng.standard_normal((size, size), dtype=np.float32)
        field[..., plane] = np.fft.irfft2(np.fft.rfft2(white) * amplitude, s=(size, size))
    return field / (field.std((0, 1)) + 1e-9)


def coloured_clouds(rng: Random, size: int) -> np.ndarray:
    """A picture [size, size, 3], 0..1, of clouds whose three planes are alike as those of photographs are."""
    exponent = rng.uniform(0.7, 1.8)
    grey = clouds(rng, size, exponent)
    tint = clouds(rng, size, exponent + 0.4, 3)
    contrast = rng.uniform(0.04, 0.25)
    return np.clip(colour(rng) + contrast * (grey + rng.uniform(0, 0.5) * tint), 0, 1).astype(np.float32)


def colour(rng: Random) -> np.ndarray:
    """A colour [3], 0..1: mostly muted, as the world's are, sometimes vivid."""
    grey = rng.beta(1.4, 1.4)
    vivid = rng.uniform(0, 0.35) if rng.random() < 0.8 else rng.uniform(0.3, 0.9)
    return np.clip(grey + vivid * (rng.random(3) - 0.5), 0, 1).astype(np.float32)
