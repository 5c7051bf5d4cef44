"""Holes as lights leave them: discs, windows, bars, arcs and blobs, in pixels of the unwrapped iris."""

from __future__ import annotations

import cv2
import numpy as np

from eyes.chance import Random, chance, log_uniform
from eyes.noise import patch

SMALLEST, LARGEST = 5, 44  # pixels: a small lamp, and a window a third of the iris wide


def draw_holes(rng: Random, rows: int, columns: int, most: int) -> np.ndarray:
    """One to `most` holes of any shape: uint8 [rows, columns], 1 where one is."""
    holes = np.zeros((rows, columns), np.uint8)
    for _ in range(rng.integers(1, most + 1)):
        long = log_uniform(rng, SMALLEST, LARGEST)
        wide = min(30.0, long * log_uniform(rng, 0.25, 1))
        centre = (float(rng.uniform(0, columns)), float(rng.uniform(0, rows)))
        _draw(rng, holes, centre, (max(2.0, long), max(2.0, wide)), float(rng.uniform(0, 180)))
    return holes


def _draw(rng: Random, holes: np.ndarray, centre: tuple[float, float], size: tuple[float, float], turn: float) -> None:
    kind = rng.choice(["disc", "window", "arc", "blob"], p=[0.35, 0.35, 0.1, 0.2])
    if kind == "disc":
        cv2.ellipse(holes, (centre, size, turn), 1, -1)
    elif kind == "window":
        corners = cv2.boxPoints((centre, size, turn)) + rng.normal(0, 0.08, (4, 2)) * min(size)
        cv2.fillConvexPoly(holes, np.rint(corners).astype(np.int32), 1)
    elif kind == "arc":
        thick = max(2, round(0.15 * size[0]))
        axes = (max(1, round(size[0] / 2)), max(1, round(size[0] / 2)))
        start = turn if chance(rng, 0.5) else 0
        middle = (round(centre[0]), round(centre[1]))
        cv2.ellipse(holes, middle, axes, 0, start, start + float(rng.uniform(90, 360)), 1, thick)
    else:
        side = max(6, round(size[0]))
        blob = patch(rng, (side, side), 64 / side)
        steps = (np.arange(side) + 0.5) / side * 2 - 1
        blob = (blob * 0.35 + 0.8 > np.hypot(steps[:, None], steps[None]) * 1.2).astype(np.uint8)
        _paste(holes, blob, round(centre[0] - side / 2), round(centre[1] - side / 2))


def _paste(holes: np.ndarray, blob: np.ndarray, left: int, top: int) -> None:
    rows, columns = holes.shape
    x0, y0, x1, y1 = max(0, left), max(0, top), min(columns, left + blob.shape[1]), min(rows, top + blob.shape[0])
    if x1 > x0 and y1 > y0:
        holes[y0:y1, x0:x1] |= blob[y0 - top : y1 - top, x0 - left : x1 - left]
