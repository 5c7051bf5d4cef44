"""Specular highlights: what the cornea mirrors, from a window with bars to a faint room."""

from collections.abc import Callable

import numpy as np

from .blend import bell, blur, mix, ramp
from .chance import Random, chance, log_uniform
from .noise import patch

Shape = Callable[[Random, np.ndarray, np.ndarray, float], np.ndarray]


def add_lights(rng: Random, ball: np.ndarray, u: np.ndarray, v: np.ndarray, pixel: float) -> np.ndarray:
    """Mirrors zero to three lights in the eyeball, in place. Returns the highlight's cover [S, S], 0 to 1."""
    cover = np.zeros(u.shape, np.float32)
    for _ in range(rng.choice(4, p=[0.1, 0.45, 0.3, 0.15])):
        shape, bright = _SHAPES[rng.choice(len(_SHAPES), p=_SHARES)]
        angle, distance = rng.uniform(0, 2 * np.pi), rng.uniform(0, 0.75)
        x, y = u - np.float32(distance * np.cos(angle)), v - np.float32(0.8 * distance * np.sin(angle) - 0.12)
        turn = rng.uniform(-0.5, 0.5)
        x, y = x * np.float32(np.cos(turn)) + y * np.float32(np.sin(turn)), y * np.float32(np.cos(turn)) - x * np.float32(np.sin(turn))
        mask = shape(rng, x, y, pixel)
        on_cornea = ramp(1.25 - np.hypot(u, v), 0, 0.15) if chance(rng, 0.7) else np.float32(1)
        mask = mask * on_cornea
        if chance(rng, 0.35):
            mask = mask * _lashes_in_front(rng, u, v)
        alpha = rng.uniform(0.55, 1) if bright and chance(rng, 0.75) else rng.uniform(0.08, 0.5)
        colour = np.full(3, rng.uniform(0.8, 1.15), np.float32)
        if chance(rng, 0.5):
            colour = colour * rng.uniform(0.75, 1.05, 3)
        if not bright and chance(rng, 0.6):
            colour = colour * np.array([1, 0.85, 0.65]) * rng.uniform(0.35, 1)
        mix(ball, colour, mask * np.float32(alpha))
        if bright and alpha > 0.5:
            cover = np.maximum(cover, mask * np.float32(alpha))
            if chance(rng, 0.4):  # the lens smears bright light
                mix(ball, colour, rng.uniform(0.1, 0.5) * blur(mask, rng.uniform(0.02, 0.12) / pixel))
    return cover


def _window(rng: Random, x: np.ndarray, y: np.ndarray, pixel: float) -> np.ndarray:
    width, height = log_uniform(rng, 0.06, 0.45), log_uniform(rng, 0.06, 0.45)
    x = x + rng.uniform(-0.6, 0.6) * y
    y = y + rng.uniform(-1, 1) * x * x
    soft = 1.2 * pixel
    mask = ramp(width - np.abs(x), 0, soft) * ramp(height - np.abs(y), 0, soft)
    for panes, across, half in ((rng.integers(1, 4), x, width), (rng.integers(1, 3), y, height)):
        if panes > 1:
            bar = np.abs((((across / half + 1) / 2 * panes + 0.5) % 1) - 0.5) * 2 * half / panes
            mask = mask * ramp(bar, half * 0.06, half * 0.06 + soft)
    return mask


def _softbox(rng: Random, x: np.ndarray, y: np.ndarray, pixel: float) -> np.ndarray:
    width, height = log_uniform(rng, 0.06, 0.4), log_uniform(rng, 0.06, 0.4)
    y = y + rng.uniform(-1, 1) * x * x
    soft = 1.2 * pixel
    mask = ramp(width - np.abs(x), 0, soft) * ramp(height - np.abs(y), 0, soft)
    return mask * ramp(x / width + rng.uniform(0, 2), -0.5, rng.uniform(0.6, 2))


def _ring(rng: Random, x: np.ndarray, y: np.ndarray, pixel: float) -> np.ndarray:
    radius = rng.uniform(0.12, 0.6)
    return ramp(radius * rng.uniform(0.1, 0.3) - np.abs(np.hypot(x, y) - radius), 0, 1.2 * pixel)


def _dot(rng: Random, x: np.ndarray, y: np.ndarray, pixel: float) -> np.ndarray:
    return ramp(log_uniform(rng, 0.03, 0.24) - np.sqrt(x * x + y * y * rng.uniform(0.6, 1.8)), 0, 2 * pixel)


def _leds(rng: Random, x: np.ndarray, y: np.ndarray, pixel: float) -> np.ndarray:
    mask = np.zeros_like(x)
    for _ in range(rng.integers(2, 7)):
        dx, dy = rng.uniform(-0.4, 0.4), rng.uniform(-0.3, 0.3)
        spot = rng.uniform(0.03, 0.09) - np.hypot(x - np.float32(dx), y - np.float32(dy))
        mask = np.maximum(mask, ramp(spot, 0, 1.2 * pixel))
    return mask


def _skyline(rng: Random, x: np.ndarray, y: np.ndarray, pixel: float) -> np.ndarray:
    """A bright sky that ends below at roofs and trees."""
    width = rng.uniform(0.2, 0.8)
    ragged = rng.uniform(0.02, 0.2) * patch(rng, x.shape, rng.uniform(0.5, 2))
    return ramp(width - np.abs(x), 0, rng.uniform(0.01, 0.2)) * ramp(-y + ragged, 0, 0.04) * ramp(y + rng.uniform(0.2, 0.7), 0, 0.1)


def _pale_field(rng: Random, x: np.ndarray, y: np.ndarray, pixel: float) -> np.ndarray:
    """Sky, screen or lamp shade over much of iris and pupil."""
    x = x + rng.uniform(-0.4, 0.4) * y
    y = y + rng.uniform(-0.8, 0.8) * x * x
    soft = 1.2 * pixel + rng.uniform(0, 0.2)
    return ramp(rng.uniform(0.15, 0.8) - np.abs(x), 0, soft) * ramp(rng.uniform(0.15, 0.8) - np.abs(y), 0, soft)


def _room(rng: Random, x: np.ndarray, y: np.ndarray, pixel: float) -> np.ndarray:
    scene = patch(rng, x.shape, rng.uniform(0.2, 0.8))
    return ramp(scene, rng.uniform(-0.5, 0.5), rng.uniform(0.6, 1.5))


def _haze(rng: Random, x: np.ndarray, y: np.ndarray, pixel: float) -> np.ndarray:
    """A lamp's broad glow."""
    return bell(np.hypot(x, y * rng.uniform(0.6, 1.6)), rng.uniform(0.3, 1))


def _lashes_in_front(rng: Random, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Lashes mirrored as dark streaks across a light."""
    streaks = np.sin(u * np.float32(rng.uniform(25, 70)) + v * np.float32(rng.uniform(-12, 12)) + 2 * patch(rng, u.shape, 0.2))
    reach = ramp(-v, rng.uniform(-0.4, 0.1), rng.uniform(0.2, 0.6))
    return 1 - rng.uniform(0.4, 0.9) * reach * ramp(streaks, 0.2, 0.8)


_SHAPES: tuple[tuple[Shape, bool], ...] = (
    (_window, True),
    (_softbox, True),
    (_ring, True),
    (_dot, True),
    (_leds, True),
    (_skyline, True),
    (_pale_field, False),
    (_room, False),
    (_haze, False),
)
_SHARES = (0.21, 0.14, 0.04, 0.24, 0.08, 0.08, 0.08, 0.08, 0.05)
