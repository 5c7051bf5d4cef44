"""Noise: tiles made once from a fixed seed, of which every picture takes other patches."""

import cv2
import numpy as np

from .chance import Random

cv2.setNumThreads(1)
TILE = 512


def fractal(rng: Random, first: int = 4, octaves: int = 7, gain: float = 0.55) -> np.ndarray:
    """Fractal noise [TILE, TILE], mean 0, deviation 1. `first` is the number of cells of the coarsest octave."""
    total = np.zeros((TILE, TILE), np.float32)
    for octave in range(octaves):
        cells = first * 2**octave
        if cells > TILE:
            break
        grid = rng.standard_normal((cells + 3, cells + 3)).astype(np.float32)
        total += gain**octave * cv2.resize(grid, (TILE, TILE), interpolation=cv2.INTER_CUBIC)
    return (total - total.mean()) / total.std()


_rng = np.random.default_rng(20)
CLOUDS = [fractal(_rng, gain=gain) for gain in (0.45, 0.55, 0.65, 0.75) for _ in range(4)]
GRAINS = [fractal(_rng, first=64, octaves=4, gain=0.9) for _ in range(6)]


def patch(rng: Random, shape: tuple[int, int], scale: float, bank: list[np.ndarray] = CLOUDS) -> np.ndarray:
    """A patch [shape] of a tile, turned and mirrored or not. `scale` is tile pixels per picture pixel: small is smooth."""
    turned = rng.random() < 0.5
    height, width = (min(TILE - 1, max(4, int(side * scale))) for side in (shape[::-1] if turned else shape))
    x, y = rng.integers(0, TILE - width), rng.integers(0, TILE - height)
    cut = bank[rng.integers(len(bank))][y : y + height, x : x + width]
    if turned:
        cut = cut.T
    if rng.random() < 0.5:
        cut = cut[::-1]
    return cv2.resize(np.ascontiguousarray(cut), shape[::-1], interpolation=cv2.INTER_LINEAR)


def ring_noise(rng: Random, rows: int, columns: int, cells: tuple[int, int]) -> np.ndarray:
    """Smooth noise [rows, columns], periodic along the columns, with cells = (along rows, along columns)."""
    down, around = max(2, cells[0]), max(3, cells[1])
    grid = rng.standard_normal((down, around)).astype(np.float32)
    grid = np.concatenate([grid[:, -2:], grid, grid[:, :2]], 1)
    step = columns / around
    wide = cv2.resize(grid, (round(columns + 4 * step), rows), interpolation=cv2.INTER_CUBIC)
    start = int(round(2 * step))
    return wide[:, start : start + columns]
