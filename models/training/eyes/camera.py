"""From light to a file: exposure, colour, lens, sensor, sharpening and JPEG."""

import cv2
import numpy as np

from .blend import blur, luminance, ramp
from .chance import Random, chance, log_uniform


def take_photo(rng: Random, picture: np.ndarray) -> np.ndarray:
    """float32 [S, S, 3], 0 to 1 and beyond -> uint8."""
    picture = _tone(rng, _colour(rng, picture))
    picture = _lens(rng, picture)
    if chance(rng, 0.7):
        channels = 1 if chance(rng, 0.5) else 3
        grain = rng.standard_normal((*picture.shape[:2], channels), dtype=np.float32)
        picture = picture + grain * np.float32(log_uniform(rng, 0.002, 0.035))
    if chance(rng, 0.35):
        picture = picture + np.float32(rng.uniform(0.3, 1.2)) * (picture - blur(picture, rng.uniform(0.7, 1.6)))
    photo = (np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8)
    if chance(rng, 0.6):
        quality = int(rng.integers(30, 96))
        photo = cv2.imdecode(cv2.imencode(".jpg", photo, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR)
    return photo


def _colour(rng: Random, picture: np.ndarray) -> np.ndarray:
    if chance(rng, 0.75):
        picture = picture * rng.uniform(0.87, 1.13, 3).astype(np.float32)
    if chance(rng, 0.1):  # lamp light or shade, not balanced
        cast = np.array([rng.uniform(0.35, 1), rng.uniform(0.6, 1), 1], np.float32)
        picture = picture * (cast if chance(rng, 0.7) else cast[::-1])
    grey = luminance(picture)[..., None]
    if chance(rng, 0.12):
        return grey * rng.uniform(0.85, 1.1, 3).astype(np.float32)
    if chance(rng, 0.4):
        return grey + (picture - grey) * np.float32(rng.uniform(0.4, 1.6))
    return picture


def _tone(rng: Random, picture: np.ndarray) -> np.ndarray:
    if chance(rng, 0.8):  # automatic exposure
        bright = max(0.08, float(np.percentile(picture[::6, ::6], rng.uniform(75, 97))))
        picture = picture * np.float32(rng.uniform(0.65, 1.15) / bright)
    gamma = np.clip(rng.normal(1.0, 0.18), 0.6, 1.5)
    picture = np.maximum(picture, 0) ** np.float32(gamma) * np.float32(rng.uniform(0.85, 1.2))
    if chance(rng, 0.2):  # too dark, often with the cast of a lamp or of a cheap sensor
        picture = picture * np.float32(log_uniform(rng, 0.1, 0.7))
        if chance(rng, 0.5):
            picture = picture * rng.uniform(0.65, 1.1, 3).astype(np.float32)
    if chance(rng, 0.2):  # veiling glare
        picture = picture * np.float32(rng.uniform(0.5, 0.95)) + (rng.uniform(0.02, 0.2) * rng.uniform(0.5, 1, 3)).astype(np.float32)
    if chance(rng, 0.3):
        picture = ramp(picture, rng.uniform(-0.05, 0.12), rng.uniform(0.75, 1.05))
    # Below this the noise hides everything: nobody could label such a photo.
    return picture * np.float32(max(1, rng.uniform(0.06, 0.12) / max(1e-3, float(picture[::4, ::4].mean()))))


def _lens(rng: Random, picture: np.ndarray) -> np.ndarray:
    size = len(picture)
    if chance(rng, 0.35):
        steps = np.linspace(-0.5, 0.5, size, dtype=np.float32)
        cx, cy = rng.uniform(-0.3, 0.3, 2)
        far = np.clip((steps[None] - np.float32(cx)) ** 2 + (steps[:, None] - np.float32(cy)) ** 2, 0, 0.8)
        picture = picture * (1 - np.float32(rng.uniform(0.3, 1.2)) * far)[..., None]
    if chance(rng, 0.55):
        sharpness = rng.random()
        picture = blur(picture, rng.uniform(*((0.25, 0.9) if sharpness < 0.7 else (1, 2.4) if sharpness < 0.9 else (2.4, 4))))
    if chance(rng, 0.07):  # shake
        kernel = np.zeros((7, 7), np.float32)
        angle = rng.uniform(0, np.pi)
        reach = np.round([3 * np.cos(angle), 3 * np.sin(angle)]).astype(int)
        cv2.line(kernel, tuple(int(3 - r) for r in reach), tuple(int(3 + r) for r in reach), 1.0, 1)
        picture = cv2.filter2D(picture, -1, kernel / kernel.sum())
    if chance(rng, 0.2):  # a small picture enlarged
        side = int(size * rng.uniform(0.25, 0.8))
        small = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
        picture = cv2.resize(small, (size, size), interpolation=cv2.INTER_LINEAR)
    return picture
