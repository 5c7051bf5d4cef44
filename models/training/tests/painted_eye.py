"""Eyes painted with a few ellipses: labelled pictures for tests, drawn in a millisecond."""

from __future__ import annotations

import math

import cv2
import numpy as np

from eyes import Eye
from segmentation.geometry import disc


def render(rng: np.random.Generator, frame: str, size: int) -> Eye:
    """An eye: skin, sclera between two parabolas, iris, pupil, a highlight, noise."""
    low, high = (0.38, 0.55) if frame == "tight" else (0.12, 0.4)
    radius = 0.5 * size * rng.uniform(low, high)
    cx, cy = size * rng.uniform(0.42, 0.58, 2)
    flat, degrees = rng.uniform(0.9, 1), rng.uniform(-90, 90)
    limbus = (cx, cy, radius / math.sqrt(flat), radius * math.sqrt(flat), degrees)
    small = radius * rng.uniform(0.25, 0.55)
    pupil = (cx + rng.normal(0, 0.03) * radius, cy + rng.normal(0, 0.03) * radius, small, small * 0.97, degrees)
    x = np.linspace(cx - 2 * radius, cx + 2 * radius, 41)
    bow = 1 - ((x - cx) / (2 * radius)) ** 2
    upper = np.stack([x, cy + 0.2 * radius - bow * radius * rng.uniform(0.7, 1.3)], 1).astype(np.float32)
    lower = np.stack([x, cy + 0.2 * radius + bow * radius * rng.uniform(0.6, 0.9)], 1).astype(np.float32)
    columns, rows = np.arange(size) + 0.5, (np.arange(size) + 0.5)[:, None]
    opened = (rows > np.interp(columns, *upper.T)) & (rows < np.interp(columns, *lower.T))
    opened &= np.abs(columns - cx) < 2 * radius
    iris, hole = disc(limbus, size) > 0.5, disc(pupil, size) > 0.5
    classes = np.zeros((size, size), np.uint8)
    for number, part in ((1, opened), (2, opened & iris), (3, opened & hole)):
        classes[part] = number
    colours = np.stack([rng.uniform(*limits, 3) for limits in ((90, 200), (190, 250), (40, 150), (0, 25))])
    picture = colours[classes]
    shine = (disc((cx - small, cy - small, 0.15 * radius, 0.15 * radius, 0), size) > 0.5) & opened
    picture[shine] = 255
    picture = cv2.GaussianBlur(picture, (0, 0), 0.8) + rng.normal(0, 4, picture.shape)
    picture = np.clip(picture, 0, 255).astype(np.uint8)
    return Eye(picture, classes, shine.astype(np.uint8), limbus, pupil, True, upper, lower)


def render_distractor(rng: np.random.Generator, _frame: str, size: int) -> Eye:
    """A picture without an eye: bars of two colours."""
    bars = (np.arange(size) * rng.uniform(0.02, 0.2)).astype(int) % 2
    picture = rng.uniform(0, 255, (2, 3))[bars][None].repeat(size, 0) + rng.normal(0, 4, (size, size, 3))
    nothing = np.zeros((size, size), np.uint8)
    none = np.zeros((0, 2), np.float32)
    picture = np.clip(picture, 0, 255).astype(np.uint8)
    return Eye(picture, nothing, nothing, None, None, False, none, none)
