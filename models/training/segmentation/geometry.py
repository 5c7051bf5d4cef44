"""The 34 numbers of the geometry output: their order, and ellipses as the network tells them.

Lengths are shares of the square's side; positions have the corner as origin (0..1 inside). r = sqrt(a·b);
(e1, e2) = (a - b)/(a + b) · (cos 2θ, sin 2θ), θ the direction of a from +x to +y.
"""

from __future__ import annotations

import math

import numpy as np

EYE = 0  # probability that an eye is here
PUPIL_SEEN = 1  # probability that the pupil can be told from the iris
LIMBUS = slice(2, 7)  # cx, cy, r, e1, e2
LIMBUS_SCALE = 7  # expected absolute error of the limbus
PUPIL = slice(8, 13)
PUPIL_SCALE = 13
UPPER_LID = slice(14, 23)  # y of the margin at x = cx + r·t of the limbus, t = LID_POSITIONS
UPPER_LID_SCALE = 23
LOWER_LID = slice(24, 33)
LOWER_LID_SCALE = 33
COUNT = 34

LID_POSITIONS = tuple(float(t) for t in np.linspace(-1, 1, 9))
LID_REACH = 1.5  # lids are told at most so many radii above or below the limbus' centre

Ellipse = tuple[float, float, float, float, float]  # cx, cy, a, b, angle in degrees


def told_ellipse(ellipse: Ellipse, side: float) -> np.ndarray:
    """cx, cy, r, e1, e2 (float32 [5]) of an ellipse given in pixels of a square of that side."""
    cx, cy, a, b, degrees = ellipse
    eccentric = (a - b) / (a + b)
    double = math.radians(2 * degrees)
    told = (cx / side, cy / side, math.sqrt(a * b) / side, eccentric * math.cos(double), eccentric * math.sin(double))
    return np.array(told, np.float32)


def ellipse_of(told: np.ndarray, side: float) -> Ellipse:
    """The inverse of told_ellipse."""
    cx, cy, r, e1, e2 = (float(value) for value in told)
    eccentric = min(math.hypot(e1, e2), 0.9)
    ratio = math.sqrt((1 + eccentric) / (1 - eccentric))
    return (cx * side, cy * side, r * side * ratio, r * side / ratio, math.degrees(math.atan2(e2, e1)) / 2)


def moved_ellipse(ellipse: Ellipse, matrix: np.ndarray) -> Ellipse:
    """The ellipse under a similarity (rotation, mirror, zoom, shift): float [2,3], pixels, corner origin."""
    cx, cy, a, b, degrees = ellipse
    zoom = math.sqrt(abs(float(np.linalg.det(matrix[:, :2]))))
    x, y = matrix @ np.array([cx, cy, 1.0])
    angle = math.radians(degrees)
    dx, dy = matrix[:, :2] @ np.array([math.cos(angle), math.sin(angle)])
    return (float(x), float(y), a * zoom, b * zoom, math.degrees(math.atan2(dy, dx)))


def disc(ellipse: Ellipse, size: int) -> np.ndarray:
    """The ellipse's disc, float32 [size,size], 0..1: the share of each pixel that it covers, exact at 0.5."""
    cx, cy, a, b, degrees = ellipse
    a, b = max(a, 0.5), max(b, 0.5)
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    x = (np.arange(size, dtype=np.float32) + 0.5 - cx)[None, :]
    y = (np.arange(size, dtype=np.float32) + 0.5 - cy)[:, None]
    xx = (cosine / a) ** 2 + (sine / b) ** 2
    yy = (sine / a) ** 2 + (cosine / b) ** 2
    xy = 2 * cosine * sine * (1 / a**2 - 1 / b**2)
    squared = np.float32(xx) * x * x + np.float32(yy) * y * y + (np.float32(xy) * x) * y
    np.sqrt(np.maximum(squared, 0), out=squared)
    radius = np.float32(math.sqrt(a * b))
    return np.clip((1 - squared) * radius + np.float32(0.5), 0, 1)


def lid_heights(points: np.ndarray, limbus: Ellipse, side: float) -> np.ndarray:
    """y of a lid margin (float [k,2], pixels) at the positions of the geometry output, shares of the side, [9]."""
    cx, cy, a, b, _ = limbus
    r = math.sqrt(a * b)
    ordered = points[np.argsort(points[:, 0], kind="stable")]
    y = np.interp(cx + r * np.array(LID_POSITIONS), ordered[:, 0], ordered[:, 1])
    return (np.clip(y, cy - LID_REACH * r, cy + LID_REACH * r) / side).astype(np.float32)
