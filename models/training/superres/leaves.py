"""Dead leaves: shapes of all sizes that hide each other, as things do in the world.

Networks for restoration that are trained on such pictures do nearly as well on photographs as those trained on
photographs (Achddou, Gousseau, Ladjal 2021, after Lee, Mumford, Huang 2001).
"""

from __future__ import annotations

import cv2
import numpy as np

from superres.noise import Random, clouds, colour

_SHIFT = 4  # OpenCV takes coordinates in 1/16 pixel
_OVERSAMPLING = 2  # labels are drawn larger, so that edges are antialiased


def dead_leaves(rng: Random, size: int) -> np.ndarray:
    """A picture [size, size, 3], 0..1, covered with leaves; radii follow a power law, as scale invariance asks."""
    drawn = size * _OVERSAMPLING
    count = int(rng.integers(400, 2000))
    radii = _radii(rng, count, rng.uniform(5, 30), rng.uniform(0.1, 0.35) * drawn)
    labels = np.zeros((drawn, drawn), np.int32)
    for label, radius in enumerate(radii, start=1):
        _draw_leaf(rng, labels, float(radius), label)
    return _paint(rng, labels, count + 1)


def _radii(rng: Random, count: int, least: float, most: float) -> np.ndarray:
    """Radii with density r ** -3 between the two (inverse of the distribution function)."""
    share = rng.random(count)
    return (least**-2 - share * (least**-2 - most**-2)) ** -0.5


def _draw_leaf(rng: Random, labels: np.ndarray, radius: float, label: int) -> None:
    centre = rng.uniform(-radius, labels.shape[0] + radius, 2)
    kind = rng.random()
    if kind < 0.4:
        corners = 24
        turns = np.linspace(0, 2 * np.pi, corners, endpoint=False)
        reach = np.stack([np.cos(turns), rng.uniform(0.15, 1) * np.sin(turns)], 1)
    elif kind < 0.75:
        turns = np.sort(rng.uniform(0, 2 * np.pi, rng.integers(3, 7)))
        reach = np.stack([np.cos(turns), np.sin(turns)], 1)
    else:
        turns = np.linspace(0, 2 * np.pi, 32, endpoint=False)
        waves = 1 + sum(rng.uniform(0, 0.5 / k) * np.cos(k * turns + rng.uniform(0, 6.3)) for k in range(2, 6))
        reach = np.stack([np.cos(turns), np.sin(turns)], 1) * waves[:, None]
    angle = rng.uniform(0, 2 * np.pi)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    outline = centre + radius * reach @ turn
    cv2.fillPoly(labels, [np.round(outline * 2**_SHIFT).astype(np.int32)], label, cv2.LINE_8, _SHIFT)


def _paint(rng: Random, labels: np.ndarray, count: int) -> np.ndarray:
    """Each leaf a colour, a slope of brightness, a texture of one of two kinds and strengths."""
    drawn = labels.shape[0]
    palette = np.stack([colour(rng) for _ in range(min(count, 12))])
    spread = rng.uniform(0.02, 0.2)
    base = palette[rng.integers(len(palette), size=count)] + spread * rng.standard_normal((count, 3))
    slope = rng.normal(0, 0.25, (count, 2)) / drawn
    strength = rng.uniform(0, 0.12, (count, 2)) * (rng.random((count, 2)) < 0.5)
    size = drawn // _OVERSAMPLING
    textures = [clouds(rng, size, rng.uniform(0.6, 1.6))[..., 0], _stripes(rng, size)]
    across = np.arange(drawn, dtype=np.float32)
    light = slope[labels, 0] * (across[None] - drawn / 2) + slope[labels, 1] * (across[:, None] - drawn / 2)
    for kind, texture in enumerate(textures):
        larger = cv2.resize(texture, (drawn, drawn), interpolation=cv2.INTER_CUBIC)
        light += strength[labels, kind] * larger
    picture = np.clip(base.astype(np.float32)[labels] + light[..., None].astype(np.float32), 0, 1)
    return cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA)


def _stripes(rng: Random, size: int) -> np.ndarray:
    """Waves [size, size], mean about 0, that bend a little."""
    angle, period = rng.uniform(0, np.pi), np.exp(rng.uniform(np.log(4), np.log(40)))
    across = np.arange(size, dtype=np.float32)
    way = np.cos(angle) * across[None] + np.sin(angle) * across[:, None]
    bend = rng.uniform(0, 2) * clouds(rng, size, 2.0)[..., 0]
    return np.sin(2 * np.pi * way / period + bend)
