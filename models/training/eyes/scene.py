"""What the parts of a rendered eye share: its plane, its lids, and the distances that most of them ask for."""

from dataclasses import dataclass

import numpy as np

from .blend import ramp
from .chance import Random
from .colours import skin_colour
from .lids import Lids, draw_lids
from .placement import Placement


@dataclass(frozen=True)
class Scene:
    place: Placement
    lids: Lids
    skin: np.ndarray
    """Colour of the skin, [3]."""
    u: np.ndarray
    v: np.ndarray
    below_upper: np.ndarray
    """Distance below the upper lid margin in eye units, [S, S]; negative on the lid."""
    above_lower: np.ndarray
    across: np.ndarray
    """-1 at the inner corner, 1 at the outer one."""
    opening: np.ndarray
    """1 between the lids, 0 on them, soft over a pixel."""

    @property
    def outside(self) -> np.ndarray:
        """Distance outside the opening, 0 inside."""
        beyond_corner = (np.abs(self.across) - 1) * np.float32(self.lids.half_width)
        return np.maximum(np.maximum(-np.minimum(self.below_upper, self.above_lower), beyond_corner), 0)


def draw_scene(rng: Random, place: Placement, lids: Lids | None = None) -> Scene:
    """Draws skin and lids, and lays the plane out."""
    lids = lids or draw_lids(rng)
    u, v = place.plane()
    below_upper, above_lower = v - lids.upper(u), lids.lower(u) - v
    across = lids.across(u)
    half = 0.5 * place.pixel
    opening = ramp(np.minimum(below_upper, above_lower), -half, half) * ramp(1 - np.abs(across), 0, 0.02)
    return Scene(place, lids, skin_colour(rng), u, v, below_upper, above_lower, across, opening)
