"""Scenes: what the camera is pointed at. Everything is drawn; no photograph is among it."""

from __future__ import annotations

from typing import Mapping

import cv2
import numpy as np

from eyes.iris import render_texture
from superres.fibres import draw_hairs, fibre_ring
from superres.leaves import dead_leaves
from superres.noise import Random, clouds, colour, coloured_clouds
from superres.picture import Picture, rounded
from superres.strokes import draw_strokes


def render_scene(rng: Random, size: int, shares: Mapping[str, float]) -> np.ndarray:
    """A picture uint8 [size, size, 3]. `shares` says how often each kind is drawn; they need not add up to 1."""
    kinds = sorted(shares)
    weights = np.array([shares[kind] for kind in kinds])
    kind = kinds[rng.choice(len(kinds), p=weights / weights.sum())]
    picture = _KINDS[kind](rng, size)
    if rng.random() < 0.5:
        picture = picture * _light(rng, size)
    return rounded(picture * 255)


def _leaves(rng: Random, size: int) -> np.ndarray:
    picture = dead_leaves(rng, size)
    if rng.random() < 0.25:
        picture = draw_hairs(rng, picture)
    return picture


def _fibres(rng: Random, size: int) -> np.ndarray:
    picture = fibre_ring(rng, size)
    return draw_hairs(rng, picture) if rng.random() < 0.3 else picture


def _eye(rng: Random, size: int) -> np.ndarray:
    """A window on an iris of the kind that segmentation learns from."""
    diameter = rng.uniform(0.4, 1.6) * size
    side = max(size, round(1.15 * diameter))
    texture, _, _ = render_texture(rng, side, diameter)
    y, x = rng.integers(0, side - size + 1, 2)
    picture = texture[y : y + size, x : x + size].astype(np.float32) / 255
    return draw_hairs(rng, picture) if rng.random() < 0.3 else picture


def _strokes(rng: Random, size: int) -> np.ndarray:
    ground = coloured_clouds(rng, size) if rng.random() < 0.6 else gradient(rng, size)
    return draw_strokes(rng, ground)


def gradient(rng: Random, size: int) -> np.ndarray:
    """A picture [size, size, 3], 0..1, that goes from one colour to another, straight or around a point."""
    y, x = np.mgrid[0:size, 0:size].astype(np.float32) / size - 0.5
    if rng.random() < 0.5:
        angle = rng.uniform(0, 2 * np.pi)
        way = np.cos(angle) * x + np.sin(angle) * y
    else:
        way = np.hypot(x - rng.uniform(-0.5, 0.5), y - rng.uniform(-0.5, 0.5))
    share = np.clip((way - way.min()) / np.ptp(way), 0, 1)[..., None]
    return colour(rng) * (1 - share) + colour(rng) * share


def _hair(rng: Random, size: int) -> np.ndarray:
    picture = coloured_clouds(rng, size)
    for _ in range(int(rng.integers(2, 6))):
        picture = draw_hairs(rng, picture)
    return picture


def _light(rng: Random, size: int) -> np.ndarray:
    """Uneven light [size, size, 1] about 1."""
    field = clouds(rng, 32, 2.0)[..., 0]
    wide = cv2.resize(field, (size, size), interpolation=cv2.INTER_CUBIC)[..., None]
    return 1 + rng.uniform(0.02, 0.2) * wide


_KINDS = {
    "leaves": _leaves,
    "fibres": _fibres,
    "eye": _eye,
    "clouds": coloured_clouds,
    "strokes": _strokes,
    "hair": _hair,
}
