"""What a camera does to a picture, at random and cheap: tones, tint, light, blur, noise, JPEG."""

from __future__ import annotations

from typing import Any, Mapping

import cv2
import numpy as np

LEVELS = np.arange(256, dtype=np.float32) / 255


class Camera:
    """Random cameras. Noise comes out of one large field drawn from the seed: to draw it anew takes longer."""

    FIELD = 512  # side of the noise field

    def __init__(self, seed: int, table: Mapping[str, Any]):
        self._table = table
        field = np.random.default_rng([seed, 77]).normal(0, 32, (self.FIELD, self.FIELD, 3))
        self._noise = np.clip(np.rint(field), -127, 127).astype(np.int16)

    def take(self, picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The picture (uint8 [S,S,3] B,G,R) as a random camera would give it; a new array."""
        share = self._table
        if rng.random() < share["light"]:
            picture = _sloped_light(picture, rng)
        if rng.random() < share["soft"]:
            picture = _soft(picture, rng)
        if rng.random() < share["tones"]:
            picture = cv2.LUT(picture, random_tones(rng))
        if rng.random() < share["grey"]:
            picture = _less_colour(picture, rng)
        if rng.random() < share["noise"]:
            picture = self._noisy(picture, rng)
        if rng.random() < share["jpeg"]:
            picture = _through_jpeg(picture, rng)
        return picture

    def _noisy(self, picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        size = picture.shape[0]
        x, y = rng.integers(0, self.FIELD - size, 2)
        field = self._noise[y : y + size, x : x + size]
        strength = 14 * rng.random() ** 2  # standard deviation in grey levels
        if rng.random() < 0.3:
            field = cv2.GaussianBlur(field, (3, 3), 0)
        return cv2.addWeighted(picture, 1, field, strength / 32, 0, dtype=cv2.CV_8U)


def random_tones(rng: np.random.Generator) -> np.ndarray:
    """A tone curve for each channel, uint8 [1,256,3]: gain, gamma, contrast, white balance."""
    gamma = np.exp(rng.normal(0, 0.22))
    contrast = rng.uniform(-0.25, 0.35)
    tone = LEVELS**gamma * np.exp(rng.normal(0, 0.12)) + rng.normal(0, 0.02)
    tone = tone + contrast * (tone - 0.5) * (1 - np.abs(2 * np.clip(tone, 0, 1) - 1))
    warmth, tint = rng.normal(0, 0.07), rng.normal(0, 0.03)
    gains = np.exp(np.array([-warmth, tint, warmth]) + rng.normal(0, 0.02, 3))
    curves = tone[:, None] * gains * 255
    return np.clip(np.rint(curves), 0, 255).astype(np.uint8)[None]


def _sloped_light(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Light that falls off to one side."""
    size = picture.shape[0]
    across = np.linspace(-1, 1, size, dtype=np.float32)
    angle, strength = rng.uniform(0, 2 * np.pi), rng.uniform(0.05, 0.4)
    plane = 1 + strength * (np.cos(angle) * across[None, :] + np.sin(angle) * across[:, None])
    return cv2.multiply(picture, cv2.merge([plane.astype(np.float32)] * 3), dtype=cv2.CV_8U)


def _soft(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Out of focus, or enlarged from few pixels."""
    if rng.random() < 0.6:
        return cv2.GaussianBlur(picture, (0, 0), 0.3 + 1.4 * rng.random() ** 2)
    size = picture.shape[0]
    small = int(size * rng.uniform(0.35, 0.8))
    shrunk = cv2.resize(picture, (small, small), interpolation=cv2.INTER_AREA)
    return cv2.resize(shrunk, (size, size), interpolation=cv2.INTER_CUBIC if rng.random() < 0.5 else cv2.INTER_LINEAR)


def _less_colour(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Greyer, half of the time wholly grey (cameras of eye trackers, prints)."""
    grey = cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    share = 1.0 if rng.random() < 0.5 else float(rng.uniform(0.3, 0.9))
    return cv2.addWeighted(picture, 1 - share, grey, share, 0)


def _through_jpeg(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    quality = int(rng.integers(25, 96))
    _, coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.imdecode(coded, cv2.IMREAD_COLOR)
