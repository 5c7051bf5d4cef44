"""What a picture is in this room."""

from __future__ import annotations

import numpy as np

Picture = np.ndarray  # uint8 [h, w, 3], B, G, R


def rounded(values: np.ndarray) -> Picture:
    """Grey levels as a picture holds them: whole, and 0 to 255."""
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)
