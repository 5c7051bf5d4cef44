"""Round things that are no eye: rings around a centre as coins, buttons, lenses, wheels, plates and flowers have."""

import numpy as np

from .blend import bell, colour_of, mix, ramp, shade
from .chance import Random, chance, log_uniform, unit
from .lights import add_lights
from .noise import patch
from .placement import Placement


def paint_round_thing(rng: Random, place: Placement, ground: np.ndarray) -> np.ndarray:
    """Paints one in the middle of a ground [S, S, 3], in place, where an iris would lie. Returns the ground."""
    scale = np.float32(log_uniform(rng, 0.5, 3.5))
    u, v = (axis / scale for axis in place.plane())
    x, y = u, v / np.float32(rng.uniform(0.7, 1))
    r, angle = np.hypot(x, y), np.arctan2(y, x) + np.float32(rng.uniform(0, 6.3))
    edge = np.ones_like(r)
    kind = rng.choice(len(_KINDS), p=_SHARES)
    thing = _KINDS[kind](rng, x, y, r, angle, place.pixel)
    if kind == _FLOWER or chance(rng, 0.1):  # petals
        petals = np.abs(np.cos(angle * np.float32(rng.integers(3, 16) / 2))) ** np.float32(rng.uniform(0.3, 1.5))
        edge = rng.uniform(0.3, 0.7) + rng.uniform(0.3, 0.6) * petals
    if chance(rng, 0.7):  # its shadow
        dx, dy = rng.uniform(-0.15, 0.15, 2)
        shade(ground, 1 - rng.uniform(0.1, 0.6) * bell(np.maximum(np.hypot(u - np.float32(dx), v - np.float32(dy)) - 1, 0), 0.2))
    shade(thing, np.clip(1 + rng.uniform(0, 0.2) * patch(rng, r.shape, rng.uniform(0.1, 1)), 0.1, 2))
    if chance(rng, 0.6):
        add_lights(rng, thing, u, v, place.pixel)
    soft = place.pixel + rng.uniform(0, 0.05)
    mix(ground, thing, ramp(edge - r, -soft, soft))
    return ground


def _plain(rng: Random, r: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A disc of one colour, and the colour."""
    colour = colour_of(rng.uniform(0, 360), rng.uniform(0, 0.9), rng.uniform(0.03, 1))
    thing = np.empty((*r.shape, 3), np.float32)
    thing[:] = colour
    return thing, colour


def _rings(rng: Random, x, y, r, angle, pixel: float) -> np.ndarray:
    """Concentric rings, with or without a dark middle."""
    thing, colour = _plain(rng, r)
    if chance(rng, 0.4):  # as regular as a target
        other = rng.uniform(0, 1, 3)
        mix(thing, other, ramp(np.sin(r * np.float32(rng.uniform(6, 40))), 0, 0.2))
    for _ in range(rng.integers(0, 8)):
        tone = colour * rng.uniform(0.2, 1.6) if chance(rng, 0.7) else rng.uniform(0, 1, 3)
        ring = np.abs(r - rng.uniform(0, 1))
        mix(thing, tone, ramp(log_uniform(rng, 0.01, 0.3) - ring, 0, 0.02 + pixel) * rng.uniform(0.4, 1))
    if chance(rng, 0.5):
        mix(thing, rng.uniform(0, 0.25, 3), ramp(rng.uniform(0.1, 0.6) - r, 0, 0.02 + pixel))
    return thing


def _wheel(rng: Random, x, y, r, angle, pixel: float) -> np.ndarray:
    """Spokes, teeth or segments between a hub and a rim."""
    thing = _rings(rng, x, y, r, angle, pixel)
    spokes = ramp(np.sin(angle * np.float32(rng.integers(3, 60))), 0, 0.3)
    between = ramp(rng.uniform(0.5, 1) - r, 0, 0.05) * ramp(r - rng.uniform(0, 0.5), 0, 0.05)
    mix(thing, rng.uniform(0, 1, 3), spokes * between)
    return thing


def _button(rng: Random, x, y, r, angle, pixel: float) -> np.ndarray:
    thing = _rings(rng, x, y, r, angle, pixel) if chance(rng, 0.4) else _plain(rng, r)[0]
    holes = int(rng.integers(2, 5))
    colour = rng.uniform(0, 0.3, 3)
    for number in range(holes):
        turn = 2 * np.pi * number / holes
        hole = np.hypot(x - np.float32(0.3 * np.cos(turn)), y - np.float32(0.3 * np.sin(turn)))
        mix(thing, colour, ramp(0.12 - hole, 0, 0.03))
    return thing


def _ball(rng: Random, x, y, r, angle, pixel: float) -> np.ndarray:
    thing, _ = _plain(rng, r)
    way = unit(rng)
    shade(thing, np.clip(1 - rng.uniform(0.3, 0.9) * ((x * way[0] + y * way[1]) * 0.5 + 0.4 * r * r), 0.03, 1.5))
    return thing


def _coin(rng: Random, x, y, r, angle, pixel: float) -> np.ndarray:
    thing, _ = _plain(rng, r)
    relief = patch(rng, r.shape, rng.uniform(0.5, 2))
    shade(thing, 1 + rng.uniform(0.1, 0.4) * np.sign(relief) * ramp(0.85 - r, 0, 0.05))
    shade(thing, 1 + rng.uniform(0, 0.5) * bell(r - rng.uniform(0.85, 0.95), 0.03))
    return thing


def _lens(rng: Random, x, y, r, angle, pixel: float) -> np.ndarray:
    """A camera's lens: a dark barrel with rings, glass with coloured coatings, a black iris diaphragm."""
    thing = np.empty((*r.shape, 3), np.float32)
    thing[:] = rng.uniform(0.01, 0.15)
    for _ in range(rng.integers(1, 6)):
        mix(thing, np.full(3, rng.uniform(0.05, 0.6)), bell(r - rng.uniform(0.4, 1), log_uniform(rng, 0.01, 0.04) + pixel))
    glass = rng.uniform(0.45, 0.85)
    tint = colour_of(rng.uniform(180, 330) if chance(rng, 0.7) else rng.uniform(0, 360), rng.uniform(0.3, 0.9), rng.uniform(0.1, 0.5))
    mix(thing, tint, ramp(glass - r, 0, 0.03) * ramp(r, rng.uniform(0, 0.2), rng.uniform(0.4, 0.9)))
    mix(thing, np.full(3, 0.02), ramp(rng.uniform(0.1, 0.4) - r, 0, 0.02 + pixel))
    for _ in range(rng.integers(1, 4)):
        cx, cy = rng.uniform(-0.4, 0.4, 2)
        spot = np.hypot(x - np.float32(cx), y - np.float32(cy))
        colour = colour_of(rng.uniform(0, 360), rng.uniform(0.1, 0.9), rng.uniform(0.4, 1))
        mix(thing, colour, rng.uniform(0.3, 0.9) * ramp(rng.uniform(0.05, 0.3) - spot, 0, 0.03) * ramp(glass - r, 0, 0.03))
    return thing


def _plate(rng: Random, x, y, r, angle, pixel: float) -> np.ndarray:
    """Something in a bowl or on a plate with a rim."""
    thing = np.empty((*r.shape, 3), np.float32)
    thing[:] = np.array([0.9, 0.95, 1]) * rng.uniform(0.4, 1) * rng.uniform(0.85, 1, 3)
    rim = rng.uniform(0.5, 0.85)
    shade(thing, 1 - rng.uniform(0.05, 0.3) * bell(r - rim, 0.04))
    food = np.empty_like(thing)
    food[:] = colour_of(rng.uniform(0, 120), rng.uniform(0.2, 0.9), rng.uniform(0.15, 0.9))
    shade(food, np.clip(1 + rng.uniform(0.05, 0.5) * patch(rng, r.shape, rng.uniform(0.3, 2)), 0.1, 2))
    mix(thing, food, ramp(rim * rng.uniform(0.5, 1) - r + rng.uniform(0, 0.05) * patch(rng, r.shape, 0.5), 0, 0.05))
    return thing


def _flower(rng: Random, x, y, r, angle, pixel: float) -> np.ndarray:
    """Veined petals around a disc of florets."""
    thing, colour = _plain(rng, r)
    veins = np.sin(angle * np.float32(rng.integers(20, 90)) + rng.uniform(0, 3) * patch(rng, r.shape, 0.3))
    shade(thing, np.clip(1 + rng.uniform(0.02, 0.25) * veins - rng.uniform(0, 0.5) * (1 - r), 0.1, 2))
    heart = np.empty_like(thing)
    heart[:] = colour_of(rng.uniform(0, 90), rng.uniform(0, 1), log_uniform(rng, 0.03, 0.9))
    shade(heart, np.clip(1 + 0.3 * patch(rng, r.shape, 2.5), 0.1, 2))
    mix(thing, heart, ramp(rng.uniform(0.12, 0.5) - r, 0, 0.06))
    return thing


_KINDS = (_rings, _wheel, _button, _ball, _coin, _lens, _plate, _flower)
_SHARES = (0.2, 0.13, 0.09, 0.12, 0.09, 0.16, 0.1, 0.11)
_FLOWER = _KINDS.index(_flower)
