"""Colours of skin, iris and sclera as photos show them: BGR, 0 to 1."""

import numpy as np

from .blend import colour_of
from .chance import Random, chance

KINDS = ("brown", "dark brown", "hazel", "amber", "green", "blue", "grey", "any")
_SHARES = (0.19, 0.24, 0.11, 0.06, 0.11, 0.15, 0.11, 0.03)
# Hue in degrees, saturation and value, of the outer (ciliary) and the inner (pupillary) zone.
_ZONES = {
    "brown": (((8, 26), (0.5, 0.92), (0.28, 0.62)), ((12, 32), (0.5, 0.92), (0.3, 0.7))),
    "dark brown": (((4, 25), (0.3, 0.8), (0.08, 0.28)), ((6, 26), (0.3, 0.8), (0.08, 0.3))),
    "hazel": (((35, 85), (0.25, 0.6), (0.3, 0.6)), ((18, 38), (0.5, 0.9), (0.35, 0.65))),
    "amber": (((24, 42), (0.5, 0.95), (0.45, 0.85)), ((18, 38), (0.5, 0.9), (0.4, 0.8))),
    "green": (((60, 165), (0.2, 0.8), (0.35, 0.7)), ((35, 90), (0.3, 0.8), (0.4, 0.8))),
    "blue": (((195, 228), (0.3, 0.85), (0.4, 0.85)), ((170, 225), (0.1, 0.6), (0.5, 0.9))),
    "grey": (((150, 240), (0.03, 0.28), (0.35, 0.75)), ((30, 220), (0.05, 0.3), (0.4, 0.75))),
    "any": (((0, 360), (0.1, 0.9), (0.2, 0.8)), ((0, 360), (0.1, 0.8), (0.2, 0.8))),
}


def skin_colour(rng: Random) -> np.ndarray:
    """Every tone from very light to very dark, [3]."""
    red = 0.92 - 0.7 * rng.random() ** 1.2
    green = red * rng.uniform(0.6, 0.9)
    skin = np.array([green * rng.uniform(0.62, 1), green, red], np.float32)
    if chance(rng, 0.2):
        skin = skin * 0.4 + skin.mean() * 0.6
    return np.clip(skin, 0.05, 1)


def iris_colours(rng: Random) -> tuple[np.ndarray, np.ndarray, str]:
    """Outer zone [3], inner zone [3], and the kind."""
    kind = KINDS[rng.choice(len(KINDS), p=_SHARES)]
    outer, inner = (colour_of(*(rng.uniform(*span) for span in zone)) for zone in _ZONES[kind])
    if kind == "dark brown" or chance(rng, 0.35):
        inner = outer * rng.uniform(0.8, 1.5)
    return outer, np.clip(inner, 0, 1), kind


def sclera_colour(rng: Random, skin: np.ndarray) -> np.ndarray:
    """White tinted a little, as bright as the light on the skin makes it, [3]."""
    level = float(np.clip(skin.mean() * np.exp(rng.uniform(np.log(0.85), np.log(2.4))), 0.4, 1))
    tint = np.array([rng.uniform(0.8, 1.04), rng.uniform(0.9, 1), 1], np.float32)
    colour = tint * level
    return colour * 0.65 + skin * 0.35 if chance(rng, 0.25) else colour
