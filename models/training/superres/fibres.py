"""Iris-like rings of fibres around a dark disc, and hairs across them."""

from __future__ import annotations

import cv2
import numpy as np

from superres.noise import Random, clouds, colour

_SHIFT = 4  # OpenCV takes coordinates in 1/16 pixel
_AROUND = 2048  # columns of the unrolled ring
_ALONG = 256  # rows of the unrolled ring, from the pupil's edge to the limbus


def fibre_ring(rng: Random, size: int) -> np.ndarray:
    """A picture [size, size, 3], 0..1: a window on an iris-like ring of fibres, or on a part of it."""
    limbus = rng.uniform(0.2, 1.2) * size
    pupil = limbus * rng.uniform(0.2, 0.55)
    away = rng.uniform(0, 0.9) * limbus
    direction = rng.uniform(0, 2 * np.pi)
    centre = size / 2 + away * np.array([np.cos(direction), np.sin(direction)])
    y, x = np.mgrid[0:size, 0:size].astype(np.float32) + 0.5
    distance = np.hypot(x - centre[0], y - centre[1])
    turn = np.arctan2(y - centre[1], x - centre[0])
    along = (distance - pupil) / (limbus - pupil)
    columns = ((turn / (2 * np.pi)) % 1 * _AROUND).astype(np.float32)
    rows = (np.clip(along, 0, 1) * (_ALONG - 1)).astype(np.float32)
    ring = cv2.remap(_unrolled(rng), columns, rows, cv2.INTER_CUBIC, borderMode=cv2.BORDER_WRAP)
    softness = max(1.0, rng.uniform(0.005, 0.05) * limbus)
    outside = _step((distance - limbus) / softness)[..., None]
    inside = _step((pupil - distance) / max(1.0, rng.uniform(0.002, 0.02) * limbus))[..., None]
    white = np.clip(rng.uniform(0.5, 0.95) + 0.02 * clouds(rng, size, 1.5), 0, 1)
    ring += rng.uniform(0, 0.06) * clouds(rng, size, rng.uniform(0.5, 1.2))
    picture = ring * (1 - outside) + white * outside
    picture = picture * (1 - inside) + rng.uniform(0.01, 0.12) * inside
    return np.clip(picture, 0, 1).astype(np.float32)


def _unrolled(rng: Random) -> np.ndarray:
    """Fibres [_ALONG, _AROUND, 3]: long along the radius, fine around it, parting and meeting."""
    wander = np.cumsum(rng.normal(0, 1, (_ALONG, 1)), 0) * rng.uniform(0, 1.5)
    light = np.zeros((_ALONG, _AROUND), np.float32)
    for octave in range(5):
        cells = int(rng.integers(30, 80)) * 2**octave
        if cells > _AROUND // 3:
            break
        grid = rng.standard_normal((int(rng.integers(3, 10)) * (1 + octave), cells)).astype(np.float32)
        wide = cv2.resize(np.concatenate([grid, grid[:, :1]], 1), (_AROUND, _ALONG), interpolation=cv2.INTER_CUBIC)
        ridged = 1 - 2 * np.abs(wide) if rng.random() < 0.5 else wide
        light += rng.uniform(0.5, 1.0) ** octave * ridged
    shifts = (np.arange(_AROUND)[None] + wander + 12 * _slow(rng)).astype(np.float32)
    rows = np.repeat(np.arange(_ALONG, dtype=np.float32)[:, None], _AROUND, 1)
    light = cv2.remap(light, shifts % _AROUND, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
    light = (light - light.mean()) / (light.std() + 1e-6)
    inner, outer = colour(rng), colour(rng)
    place = np.linspace(0, 1, _ALONG)[:, None]
    collarette = 1 / (1 + np.exp((place - rng.uniform(0.2, 0.5) - 0.04 * _slow(rng)) / 0.04))
    base = inner * collarette[..., None] + outer * (1 - collarette[..., None])
    tint = np.clip(1 + 0.3 * rng.standard_normal(3), 0.3, 2)
    return (0.8 * base + rng.uniform(0.03, 0.16) * light[..., None] * tint).astype(np.float32)


def _slow(rng: Random) -> np.ndarray:
    """Slow noise around the ring and along it [_ALONG, _AROUND]."""
    grid = rng.standard_normal((4, 16)).astype(np.float32)
    return cv2.resize(np.concatenate([grid, grid[:, :1]], 1), (_AROUND, _ALONG), interpolation=cv2.INTER_CUBIC)


def _step(t: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(t, -30, 30)))


def draw_hairs(rng: Random, picture: np.ndarray) -> np.ndarray:
    """The picture with lashes, hairs, scratches across it: thin tapering curves that come from one side."""
    size = picture.shape[0]
    cover = np.zeros((2 * size, 2 * size), np.uint8)
    side, shade = rng.uniform(0, 2 * np.pi), colour(rng) * rng.uniform(0, 0.6)
    for _ in range(int(rng.integers(3, 60))):
        root = rng.uniform(-0.2, 2.2, 2) * size
        angle, length, bend = side + rng.normal(0, 0.4), rng.uniform(0.1, 1.2) * size, rng.normal(0, 0.3)
        t = np.linspace(0, 1, 16)
        way = np.stack([np.cos(angle + bend * t), np.sin(angle + bend * t)], 1)
        middle = root + length * t[:, None] * way
        normal = np.stack([-way[:, 1], way[:, 0]], 1) * (rng.uniform(0.4, 5) * (1 - t) + 0.4)[:, None]
        outline = np.concatenate([middle + normal, (middle - normal)[::-1]])
        strength = int(rng.uniform(120, 255))
        cv2.fillPoly(cover, [np.round(outline * 2**_SHIFT).astype(np.int32)], strength, cv2.LINE_AA, _SHIFT)
    share = cv2.resize(cover, (size, size), interpolation=cv2.INTER_AREA).astype(np.float32)[..., None] / 255
    return picture * (1 - share) + shade * share
