"""One look of a network at a square of a photo, as the services do it: with the mean of the mirror image."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Callable

import cv2
import numpy as np
import torch
from torch import Tensor

from segmentation import geometry
from segmentation.crop import OUTSIDE
from segmentation.samples import as_input

Look = Callable[[Tensor], tuple[Tensor, Tensor]]  # [1,3,S,S] 0..1 -> planes [1,7,S,S] and geometry [1,34], activated


@dataclass(frozen=True)
class Square:
    """A square of a photo, pixels, corner origin; it may reach beyond the photo."""

    x: float
    y: float
    side: float


@dataclass(frozen=True)
class Answer:
    """What a network says about a square."""

    square: Square
    planes: np.ndarray  # float32 [7,S,S], probabilities
    told: np.ndarray  # float32 [34], see geometry

    @property
    def size(self) -> int:
        return self.planes.shape[1]


def sample_square(photo: np.ndarray, square: Square, size: int) -> np.ndarray:
    """The square as uint8 [size,size,3]: means of the pixels a cell covers when it shrinks, bilinear when it grows."""
    finer = min(8, max(1, math.ceil(square.side / size)))
    step = square.side / (size * finer)
    shift = 0.5 * step - 0.5
    back = np.array([[step, 0, square.x + shift], [0, step, square.y + shift]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    grey = (OUTSIDE,) * 3
    fine = cv2.warpAffine(photo, back, (size * finer, size * finer), flags=flags, borderValue=grey)
    return cv2.resize(fine, (size, size), interpolation=cv2.INTER_AREA) if finer > 1 else fine


def look_at(network: Look, photo: np.ndarray, square: Square, size: int) -> Answer:
    """The mean of the network's answers to the square and to its mirror image."""
    picture = torch.from_numpy(as_input(sample_square(photo, square, size)))
    with torch.no_grad():
        planes, told = network(picture)
        mirrored_planes, mirrored_told = network(picture.flip(3))
    planes = (planes + mirrored_planes.flip(3)) / 2
    return Answer(square, planes[0].numpy(), (told[0].numpy() + unmirrored(mirrored_told[0].numpy())) / 2)


def unmirrored(told: np.ndarray) -> np.ndarray:
    """The geometry of a mirror image as it reads in the square itself, float [34]."""
    turned = told.copy()
    for ellipse in (geometry.LIMBUS, geometry.PUPIL):
        turned[ellipse.start] = 1 - told[ellipse.start]
        turned[ellipse.stop - 1] = -told[ellipse.stop - 1]
    for lid in (geometry.UPPER_LID, geometry.LOWER_LID):
        turned[lid] = told[lid][::-1]
    return turned


def in_photo(told: np.ndarray, square: Square) -> geometry.Ellipse:
    """An ellipse told as cx, cy, r, e1, e2 in shares of a square, in photo pixels."""
    cx, cy, a, b, angle = geometry.ellipse_of(told, square.side)
    return (square.x + cx, square.y + cy, a, b, angle)
