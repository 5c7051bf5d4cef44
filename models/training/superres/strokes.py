"""Text-like strokes, lines and grids: hard edges of even width."""

from __future__ import annotations

import string

import cv2
import numpy as np

from superres.noise import Random, colour

_SHIFT = 4  # OpenCV takes coordinates in 1/16 pixel
_FONTS = (
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_DUPLEX,
    cv2.FONT_HERSHEY_COMPLEX,
    cv2.FONT_HERSHEY_TRIPLEX,
    cv2.FONT_HERSHEY_SCRIPT_SIMPLEX,
)


def draw_strokes(rng: Random, picture: np.ndarray) -> np.ndarray:
    """The picture [size, size, 3], 0..1, with letters, lines and curves over it."""
    size = picture.shape[0]
    drawn = picture
    for _ in range(int(rng.integers(1, 4))):
        cover = np.zeros((2 * size, 2 * size), np.uint8)
        kind = rng.random()
        if kind < 0.5:
            _write(rng, cover)
        elif kind < 0.8:
            _lines(rng, cover)
        else:
            _grid(rng, cover)
        share = cv2.resize(cover, (size, size), interpolation=cv2.INTER_AREA).astype(np.float32)[..., None] / 255
        drawn = drawn * (1 - share) + colour(rng) * share
    return drawn


def _write(rng: Random, cover: np.ndarray) -> None:
    size = cover.shape[0]
    font, scale = _FONTS[rng.integers(len(_FONTS))], rng.uniform(0.8, 4)
    thickness = max(1, round(scale * rng.uniform(1, 3)))
    for line in range(int(rng.integers(1, 12))):
        letters = "".join(rng.choice(list(string.printable[:94]), int(rng.integers(3, 40))))
        place = (int(rng.integers(-size // 4, size // 2)), int((line + 1) * scale * 32) % size)
        cv2.putText(cover, letters, place, font, scale, 255, thickness, cv2.LINE_AA)
    turn = cv2.getRotationMatrix2D((size / 2, size / 2), rng.uniform(-45, 45), 1)
    cv2.warpAffine(cover.copy(), turn, (size, size), cover)


def _lines(rng: Random, cover: np.ndarray) -> None:
    size = cover.shape[0]
    for _ in range(int(rng.integers(3, 30))):
        points = rng.uniform(0, size, (2, 2)) if rng.random() < 0.5 else rng.uniform(0, size, (4, 2))
        line = np.round(points * 2**_SHIFT).astype(np.int32)
        cv2.polylines(cover, [line], bool(rng.random() < 0.2), 255, int(rng.integers(1, 9)), cv2.LINE_AA, _SHIFT)


def _grid(rng: Random, cover: np.ndarray) -> None:
    size = cover.shape[0]
    step = rng.uniform(12, 80)
    thickness = max(1, int(rng.uniform(0.1, 0.5) * step))
    angle = rng.uniform(0, np.pi)
    way, across = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    for offset in np.arange(-size, size, step):
        middle = size / 2 + offset * across
        ends = np.stack([middle - size * way, middle + size * way])
        cv2.polylines(cover, [np.round(ends * 2**_SHIFT).astype(np.int32)], False, 255, thickness, cv2.LINE_AA, _SHIFT)
