"""What the parts of a rendered eye share: its plane, its lids, and the distances that most of them ask for."""

from dataclasses import dataclass, replace

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
    window: tuple[slice, slice] = (slice(None), slice(None))
    """The rows and columns of the square that the planes show."""

    def around_opening(self) -> "Scene":
        """The part of the scene that holds the opening; all of it where there is none."""
        rows, columns = (np.flatnonzero(self.opening.any(axis)) for axis in (1, 0))
        if len(rows) < 2 or len(columns) < 2:
            return self
        window = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
        planes = ("u", "v", "below_upper", "above_lower", "across", "opening")
        return replace(self, window=window, **{plane: getattr(self, plane)[window] for plane in planes})

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
