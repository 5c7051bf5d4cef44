"""What a rendered picture of an eye consists of."""

from dataclasses import dataclass

import numpy as np

BACKGROUND, SCLERA, IRIS, PUPIL = range(4)

Ellipse = tuple[float, float, float, float, float]
"""cx, cy, a, b in pixels (corner origin: pixel i covers [i, i + 1)), angle of a in degrees from +x towards +y."""


@dataclass(frozen=True)
class Eye:
    """A picture of size S x S and its labels. Without an eye, limbus and pupil are None and all labels are 0."""

    picture: np.ndarray
    """uint8 [S, S, 3], blue, green, red. Grey 128 where the photo has ended."""
    classes: np.ndarray
    """uint8 [S, S]: background, sclera, visible iris (lashes and highlights included), visible pupil."""
    highlight: np.ndarray
    """uint8 [S, S]: 1 where a light is mirrored by the cornea."""
    limbus: Ellipse | None
    """Also behind the lids and beyond the photo's edge."""
    pupil: Ellipse | None
    pupil_visible: bool
    """Whether the picture tells the pupil from the iris."""
    upper: np.ndarray
    """float32 [k, 2]: upper lid margin in pixels, sorted by x; empty without an eye."""
    lower: np.ndarray
