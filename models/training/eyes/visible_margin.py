"""Where the upper lid ends for whoever looks: at the lower edge of what hides the eye whole."""

import cv2
import numpy as np

from .blend import blur
from .scene import Scene

_DENSE = 0.6  # share of the eyeball that is hidden, from which on people count the fringe to the lid
_BLUR = 0.035  # limbus radii: the gaps between neighbouring lashes
_FIRST, _DEEPEST, _STEPS = 0.03, 0.4, 38
_U = np.linspace(-2.6, 2.6, 131, dtype=np.float32)


def hidden_depth(scene: Scene, hidden: np.ndarray) -> np.ndarray:
    """How far below the upper lid margin lashes and make-up hide the eyeball without a gap, in eye units, at each of
    `hidden_at`; smooth, 0 to 0.4. `hidden` is the cover of lashes and lines, [S, S], 0 to 1."""
    below = np.linspace(_FIRST, _DEEPEST, _STEPS, dtype=np.float32)
    points = np.stack(np.broadcast_arrays(_U[:, None], scene.lids.upper(_U)[:, None] + below), -1)
    x, y = np.moveaxis(scene.place.to_pixels(points).astype(np.float32) - np.float32(0.5), -1, 0)
    soft = blur(hidden, _BLUR * scene.place.radius)
    dense = cv2.remap(soft, np.ascontiguousarray(x), np.ascontiguousarray(y), cv2.INTER_LINEAR) > _DENSE
    steps = np.where(dense.all(1), _STEPS, np.argmin(dense, 1))
    depth = np.where(steps > 0, below[np.maximum(steps - 1, 0)], 0).astype(np.float32)
    depth = cv2.medianBlur(depth[None], 5)[0]
    return cv2.GaussianBlur(depth[None], (0, 0), 5, borderType=cv2.BORDER_REPLICATE)[0]


def hidden_at() -> np.ndarray:
    """u of the depths, eye units."""
    return _U
