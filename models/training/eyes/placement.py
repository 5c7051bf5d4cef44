"""Where the eye lies in the square picture, and the eye's own plane.

Eye units: the limbus has radius 1, its centre is the origin, u runs along the lids, v down the face.
"""

from dataclasses import dataclass

import numpy as np

from .chance import Random, chance, log_uniform, sign


@dataclass(frozen=True)
class Placement:
    size: int
    """Side of the square in pixels."""
    centre: tuple[float, float]
    """Limbus centre in pixels, corner origin."""
    radius: float
    """Limbus radius in pixels."""
    roll: float
    """Tilt of the head in radians."""
    mirrored: int
    """1 or -1: a left or a right eye."""
    photo: tuple[int, int, int, int]
    """x0, y0, x1, y1 of the photo in the square; the rest is grey."""

    @property
    def pixel(self) -> float:
        """Side of a pixel in eye units."""
        return 1 / self.radius

    def plane(self) -> tuple[np.ndarray, np.ndarray]:
        """u and v of each pixel centre, float32 [S, S]."""
        steps = np.arange(self.size, dtype=np.float32) + np.float32(0.5)
        x, y = np.meshgrid(steps - np.float32(self.centre[0]), steps - np.float32(self.centre[1]))
        cos, sin = np.cos(self.roll) / self.radius, np.sin(self.roll) / self.radius
        u = (x * np.float32(cos) + y * np.float32(sin)) * np.float32(self.mirrored)
        return u, y * np.float32(cos) - x * np.float32(sin)

    def to_pixels(self, points: np.ndarray) -> np.ndarray:
        """Points [..., 2] in eye units to pixels, corner origin."""
        u, v = points[..., 0] * self.mirrored, points[..., 1]
        cos, sin = np.cos(self.roll), np.sin(self.roll)
        x = self.centre[0] + self.radius * (u * cos - v * sin)
        y = self.centre[1] + self.radius * (u * sin + v * cos)
        return np.stack([x, y], -1)

    def angle_to_pixels(self, angle: float) -> float:
        """A direction of the eye's plane as degrees of the picture, from +x towards +y."""
        along = np.array([np.cos(angle) * self.mirrored, np.sin(angle)])
        return float(np.rad2deg(np.arctan2(along[1], along[0]) + self.roll))


def _draw_roll(rng: Random) -> float:
    return np.deg2rad(rng.normal(0, 9) if chance(rng, 0.8) else rng.normal(0, 28))


def place_whole(rng: Random, size: int) -> Placement:
    """A whole photo, letterboxed: from a face region (iris 6 % of the width) to a macro (95 %)."""
    aspect = 1.0 if chance(rng, 0.25) else log_uniform(rng, 0.62, 1.8)
    width = size if aspect >= 1 else max(24, round(size * aspect))
    height = size if aspect <= 1 else max(24, round(size / aspect))
    x0, y0 = (size - width) // 2, (size - height) // 2
    share = log_uniform(rng, 0.06, 0.95) if chance(rng, 0.5) else rng.uniform(0.13, 0.55)
    radius = min(0.5 * share * max(width, height), 0.62 * min(width, height))
    reach = 0.5 if chance(rng, 0.15) else 0.3
    if radius > 0.3 * min(width, height):
        reach = 0.2
    x, y = np.clip(0.5 + rng.uniform(-reach, reach, 2), 0.04, 0.96)
    centre = (float(x0 + width * x), float(y0 + height * y))
    return Placement(size, centre, radius, _draw_roll(rng), sign(rng), (x0, y0, x0 + width, y0 + height))


def place_tight(rng: Random, size: int) -> Placement:
    """A square around the iris, 2.1 to 2.75 diameters wide, of which some may lie beyond the photo's edge."""
    radius = 0.5 * size / rng.uniform(2.1, 2.75)
    x, y = 0.5 + np.clip(rng.normal(0, 0.05, 2), -0.15, 0.15)
    edges = [0, 0, size, size]
    if chance(rng, 0.35):
        for side in range(4):
            inward = int(max(0.0, rng.uniform(-0.6, 0.28)) * size)
            edges[side] += inward if side < 2 else -inward
    return Placement(size, (float(size * x), float(size * y)), radius, _draw_roll(rng), sign(rng), tuple(edges))
