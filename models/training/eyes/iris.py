"""The iris, painted in polar coordinates: rows run from the pupil's border to the limbus, columns around."""

import cv2
import numpy as np

from .blend import bell, mix, ramp, shade
from .chance import Random, chance, log_uniform
from .colours import iris_colours
from .noise import ring_noise


def paint_iris(rng: Random, rows: int, columns: int) -> np.ndarray:
    """Paints an iris, float32 [rows, columns, 3]: stroma fibres, collarette, crypts, contraction furrows, spots, ring.

    `columns` should be at least 6 times `rows`: it is the length of a circle.
    """
    outer, inner, kind = iris_colours(rng)
    dark = kind == "dark brown"
    rho = ((np.arange(rows, dtype=np.float32) + 0.5) / rows)[:, None]
    collarette = rng.uniform(0.16, 0.5) + rng.uniform(0.01, 0.06) * ring_noise(rng, 1, columns, (2, 40))
    fibres = _fibres(rng, rows, columns)
    picture = np.empty((rows, columns, 3), np.float32)
    picture[:] = outer
    edge = rho - collarette - rng.uniform(0.02, 0.1) * fibres
    mix(picture, inner, rng.uniform(0.2, 1) * ramp(-edge, -rng.uniform(0.03, 0.3), 0.06))
    if chance(rng, 0.25):  # sectors of another colour
        other, _, _ = iris_colours(rng)
        patches = ring_noise(rng, rows, columns, (3, int(rng.integers(3, 9))))
        mix(picture, other, rng.uniform(0.2, 0.7) * ramp(patches, 0.4, 1.6))

    contrast = (0.04 + 0.34 * rng.random() ** 1.4) * (0.6 if dark else 1)
    light = 1 + contrast * fibres + rng.uniform(0.02, 0.15) * ring_noise(rng, rows, columns, (4, 14))
    light = light * (1 + rng.uniform(-0.3, 0.4) * bell(edge, rng.uniform(0.02, 0.08)))
    if chance(rng, 0.55):
        light = light * _crypts(rng, rho, collarette, rows, columns)
    if chance(rng, 0.35):
        light = light * _furrows(rng, rho, rows, columns)
    light = light * (1 - rng.uniform(0, 0.8) * ramp(rho, 1 - rng.uniform(0.06, 0.35), 1))  # limbal ring
    light = light * (1 - rng.uniform(0, 0.5) * ramp(-rho, -rng.uniform(0.03, 0.15), 0))  # pupillary ruff
    # What is dark is deeper in the stroma: it is browner, what is bright is paler.
    pale = np.clip(light - 1, 0, 0.6)
    shade(picture, np.clip(light, 0.03, 2.2))
    mix(picture, picture.mean(2, keepdims=True) * np.array([1, 1, 1], np.float32), rng.uniform(0, 0.5) * pale)
    if chance(rng, 0.25):
        spots = ring_noise(rng, rows, columns, (int(rng.integers(4, 9)), int(rng.integers(20, 60))))
        mix(picture, outer * np.array([0.25, 0.4, 0.6], np.float32), rng.uniform(0.3, 0.8) * ramp(spots, 2.1, 2.4))
    return np.clip(picture, 0, 1.5)


def _fibres(rng: Random, rows: int, columns: int) -> np.ndarray:
    """Radial strands of several widths, wavy; mean 0, deviation 1."""
    total = np.zeros((rows, columns), np.float32)
    coarsest = int(rng.integers(14, 34))
    for number, weight in enumerate((0.6, 0.8, 1.0, 0.9, 0.6)):
        around = coarsest * 2**number
        if around > columns * 0.6:
            break
        strands = ring_noise(rng, rows, columns, (int(rng.integers(2, 6)), around))
        if chance(rng, 0.6):
            strands = 1.2 - np.abs(strands) * 1.6  # thin bright threads
        total += weight * rng.uniform(0.4, 1.2) * strands
    waves = rng.uniform(0, 0.012) * columns * ring_noise(rng, rows, columns, (4, int(rng.integers(6, 20))))
    slant = rng.uniform(-0.02, 0.02) * columns * np.linspace(0, 1, rows, dtype=np.float32)[:, None]
    x = (np.arange(columns, dtype=np.float32)[None] + waves + slant) % np.float32(columns - 1)
    y = np.repeat(np.arange(rows, dtype=np.float32)[:, None], columns, 1)
    total = cv2.remap(total, x.astype(np.float32), y, cv2.INTER_LINEAR)
    return np.clip((total - total.mean()) / (total.std() + 1e-6), -1.8, 2.4)


def _crypts(rng: Random, rho: np.ndarray, collarette: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Dark lozenges between the fibres, most of them just outside the collarette."""
    cells = ring_noise(rng, rows, columns, (int(rng.integers(5, 9)), int(rng.integers(18, 40))))
    near = bell(rho - collarette - rng.uniform(0.05, 0.25), rng.uniform(0.1, 0.35))
    return 1 - rng.uniform(0.15, 0.6) * near * ramp(cells, rng.uniform(0.5, 1.2), 1.7)


def _furrows(rng: Random, rho: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Concentric contraction furrows of changing depth."""
    light = np.ones((rows, columns), np.float32)
    for _ in range(rng.integers(1, 5)):
        wander = 0.015 * ring_noise(rng, 1, columns, (2, 10))
        depth = np.clip(0.5 + 0.5 * ring_noise(rng, 1, columns, (2, 8)), 0, 1)
        light = light * (1 - rng.uniform(0.1, 0.4) * depth * bell(rho - rng.uniform(0.45, 0.95) - wander, 0.02))
    return light


def unwrap(polar: np.ndarray, rho: np.ndarray, angle: np.ndarray) -> np.ndarray:
    """Looks a polar picture up at rho (0 pupil, 1 limbus) and angle in radians; both [S, S]."""
    rows, columns = polar.shape[:2]
    closed = np.concatenate([polar, polar[:, :1]], 1)
    x = (angle * np.float32(1 / (2 * np.pi)) % 1) * np.float32(columns)
    y = np.clip(rho * np.float32(rows) - np.float32(0.5), 0, rows - 1)
    return cv2.remap(closed, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def render_texture(rng: Random, size: int, diameter: float):
    """A bare iris with its pupil, without lids, lights or camera, on a background like the sclera.

    Returns (uint8 [size, size, 3] BGR, limbus, pupil) with ellipses as in eye.Ellipse. Fibres stay fine up to a
    diameter of about 1000 pixels.
    """
    rows = max(32, round(diameter / 4))
    columns = max(320, round(diameter * 2.4))
    polar = paint_iris(rng, rows, columns)
    radius = diameter / 2
    share = log_uniform(rng, 0.18, 0.5)
    centre = size / 2 + rng.uniform(-0.02, 0.02, 2) * size
    shift = rng.normal(0, 0.02, 2)
    steps = np.arange(size, dtype=np.float32) + np.float32(0.5)
    x, y = np.meshgrid((steps - centre[0]) / radius, (steps - centre[1]) / radius)
    x, y = x.astype(np.float32), y.astype(np.float32)
    from_pupil = np.hypot(x - np.float32(shift[0]), y - np.float32(shift[1]))
    from_centre = np.hypot(x, y)
    rho = (from_pupil - share) / np.maximum(from_pupil - share + 1 - from_centre, 0.02)
    picture = np.empty((size, size, 3), np.float32)
    picture[:] = np.array([0.8, 0.85, 0.9], np.float32) * rng.uniform(0.5, 1)
    soft = 1.5 / radius + rng.uniform(0.01, 0.05)
    mix(picture, unwrap(polar, np.clip(rho, 0, 1), np.arctan2(y, x)), ramp(1 - from_centre, -soft, soft))
    soft = 1.5 / radius + rng.uniform(0.002, 0.02)
    mix(picture, np.full(3, rng.uniform(0, 0.06)), ramp(share - from_pupil, -soft, soft))
    light = rng.uniform(0.6, 1.2) / max(0.25, float(np.percentile(picture, 95)))
    picture = (np.clip(picture * light, 0, 1) * 255 + 0.5).astype(np.uint8)
    pupil_centre = centre + shift * radius
    limbus = (float(centre[0]), float(centre[1]), radius, radius, 0.0)
    return picture, limbus, (float(pupil_centre[0]), float(pupil_centre[1]), share * radius, share * radius, 0.0)
