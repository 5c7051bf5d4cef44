"""Hairs: tapered, curved blades and plain strokes, drawn at twice the picture's resolution."""

import cv2
import numpy as np

from .chance import Random
from .placement import Placement

_SHIFT = 4  # OpenCV takes coordinates in 1/16 pixel


def bend_hairs(roots: np.ndarray, start: np.ndarray, end: np.ndarray, points: int = 7) -> np.ndarray:
    """Hairs as quadratic Bezier curves in eye units: roots [n, 2], the offset from the root at which they aim first
    [n, 2], and the offset of the tip [n, 2] -> [n, points, 2]."""
    t = np.linspace(0, 1, points)[None, :, None]
    return roots[:, None] + 2 * t * (1 - t) * start[:, None] + t * t * end[:, None]


def draw_blades(place: Placement, hairs: np.ndarray, width: np.ndarray, strength: np.ndarray) -> np.ndarray:
    """Hairs [n, k, 2] that taper from `width` [n] (eye units) at the root to nothing -> cover [S, S], 0 to 1."""
    pixels = place.to_pixels(hairs) * 2
    along = np.gradient(pixels, axis=1)
    along /= np.linalg.norm(along, axis=2, keepdims=True) + 1e-6
    normals = np.stack([-along[..., 1], along[..., 0]], -1)
    taper = (1 - np.linspace(0, 1, hairs.shape[1]) ** 1.5)[None, :, None]
    half = np.maximum(width * place.radius, 0.55)[:, None, None] * taper
    outline = np.concatenate([pixels + normals * half, (pixels - normals * half)[:, ::-1]], 1)
    return _fill(place.size, outline, strength)


def draw_strokes(place: Placement, hairs: np.ndarray, width: float) -> np.ndarray:
    """Hairs [n, k, 2] of the same width (eye units) all along -> cover [S, S], 0 to 1."""
    cover = np.zeros((2 * place.size, 2 * place.size), np.uint8)
    lines = np.round(_bounded(place.to_pixels(hairs) * 2 - 0.5, place.size) * 2**_SHIFT).astype(np.int32)
    thickness = max(1, round(2 * width * place.radius))
    cv2.polylines(cover, list(lines), False, 255, thickness, cv2.LINE_AA, _SHIFT)
    return _halve(cover, place.size)


def _bounded(points: np.ndarray, size: int) -> np.ndarray:
    return np.clip(points, -6 * size, 8 * size)


def _fill(size: int, outlines: np.ndarray, strength: np.ndarray) -> np.ndarray:
    cover = np.zeros((2 * size, 2 * size), np.uint8)
    low, high = outlines.min(1), outlines.max(1)
    seen = (high > 0).all(1) & (low < 2 * size).all(1)
    rounded = np.round(_bounded(outlines - 0.5, size) * 2**_SHIFT).astype(np.int32)
    for outline, level in zip(rounded[seen], strength[seen]):
        cv2.fillPoly(cover, [outline], int(255 * level), cv2.LINE_AA, _SHIFT)
    return _halve(cover, size)


def _halve(cover: np.ndarray, size: int) -> np.ndarray:
    return cv2.resize(cover, (size, size), interpolation=cv2.INTER_AREA).astype(np.float32) / 255


def directions(angles: np.ndarray) -> np.ndarray:
    """Angles [n] to unit vectors [n, 2]."""
    return np.stack([np.cos(angles), np.sin(angles)], 1)


def clumped(rng: Random, n: int, low: float, high: float, clumps: int, spread: float) -> np.ndarray:
    """n sorted positions between low and high, gathered in clumps as wet or painted lashes are."""
    centres = rng.uniform(low, high, clumps)
    return np.sort(np.clip(centres[rng.integers(clumps, size=n)] + rng.normal(0, spread, n), low, high))
