"""Lanczos interpolation as the weights of a convolution: what the network corrects."""

from __future__ import annotations

import numpy as np

LOBES = 3
TAPS = 2 * LOBES + 1  # source pixels that the phases of one source pixel look at, each way
REACH = LOBES  # source pixels that it looks beyond its own


def phase_weights(factor: int) -> np.ndarray:
    """Weights [factor * factor, TAPS, TAPS] that make a block of factor × factor pixels of a pixel's surroundings.

    Row p of the block lies (p + 1/2) / factor - 1/2 source pixels below the pixel's centre, columns likewise (pixel
    centres at halves, as every resizer of pictures has it). Lanczos with 3 lobes (Duchon 1979), each phase adding up
    to 1.
    """
    offsets = (np.arange(factor) + 0.5) / factor - 0.5
    places = np.arange(TAPS) - REACH
    line = _lanczos(places[None] - offsets[:, None])
    line /= line.sum(1, keepdims=True)
    block = np.einsum("ya,xb->yxab", line, line)
    return block.reshape(factor * factor, TAPS, TAPS).astype(np.float32)


def _lanczos(t: np.ndarray) -> np.ndarray:
    return np.where(np.abs(t) < LOBES, np.sinc(t) * np.sinc(t / LOBES), 0.0)
