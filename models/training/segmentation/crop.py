"""The square that the network sees, cut at random out of a larger labelled picture, labels moved along."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Mapping

import cv2
import numpy as np

from segmentation import geometry
from segmentation.loss import UNKNOWN
from segmentation.shards import CLASS_BITS, HIGHLIGHT_BIT, UNKNOWN_CLASS, Example

OUTSIDE = 128  # grey beyond the picture's edge, as the services pad


@dataclass(frozen=True)
class Square:
    """What the network sees and what it should answer; S is the network's side."""

    picture: np.ndarray  # uint8 [S,S,3] B,G,R
    classes: np.ndarray  # uint8 [S,S], UNKNOWN where nobody labelled
    discs: np.ndarray  # uint8 [2,S,S] limbus and pupil, 0..255
    highlight: np.ndarray  # uint8 [S,S] 0..255
    geometry: np.ndarray  # float32 [34], the scales 0
    lids_known: bool


def random_square(example: Example, rng: np.random.Generator, side: int, table: Mapping[str, Any]) -> Square:
    """A square of `side` pixels; the settings' [data] table says how it is chosen."""
    return cut_square(example, random_matrix(example, rng, side, table), side)


def random_matrix(example: Example, rng: np.random.Generator, side: int, table: Mapping[str, Any]) -> np.ndarray:
    """The similarity (float64 [2,3], corner origin) from the picture's pixels to the square's."""
    rendered = example.picture.shape[0]
    if table["frame"] == "tight" and example.limbus is not None:
        cx, cy, a, b, _ = example.limbus
        wide = rng.random() < table["wide_share"]
        low, high = table["wide_diameters"] if wide else table["diameters"]
        across = 2 * math.sqrt(a * b) * math.exp(rng.uniform(math.log(low), math.log(high)))
        shift = table["wide_shift"] if wide else table["shift"]
    else:
        cx = cy = rendered / 2
        low, high = table["zoom"]
        across = rendered * math.exp(rng.uniform(math.log(low), math.log(high)))
        shift = table["shift"]
    cx, cy = cx + across * rng.uniform(-shift, shift), cy + across * rng.uniform(-shift, shift)
    far = rng.random() < table["far_rotation_share"]
    angle = math.radians(rng.uniform(-1, 1) * (table["far_rotation"] if far else table["rotation"]))
    zoom = side / across
    turn = zoom * np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    if rng.random() < 0.5:
        turn = np.diag([-1.0, 1.0]) @ turn
    return np.column_stack([turn, np.array([side / 2, side / 2]) - turn @ np.array([cx, cy])])


def cut_square(example: Example, matrix: np.ndarray, side: int) -> Square:
    """The picture under the matrix, with its labels."""
    # OpenCV counts from the middle of the first pixel, the matrix from its corner.
    indices = matrix.copy()
    indices[:, 2] += 0.5 * matrix[:, :2].sum(1) - 0.5
    zoom = math.sqrt(abs(float(np.linalg.det(matrix[:, :2]))))
    source = example.picture if zoom > 0.7 else cv2.GaussianBlur(example.picture, (0, 0), 0.35 / zoom)
    grey = (OUTSIDE,) * 3
    picture = cv2.warpAffine(source, indices, (side, side), flags=cv2.INTER_LINEAR, borderValue=grey)
    labels = cv2.warpAffine(example.labels, indices, (side, side), flags=cv2.INTER_NEAREST, borderValue=0)
    classes = labels & CLASS_BITS
    classes[classes == UNKNOWN_CLASS] = UNKNOWN
    discs = np.zeros((2, side, side), np.uint8)
    told = np.zeros(geometry.COUNT, np.float32)
    limbus = None if example.limbus is None else geometry.moved_ellipse(example.limbus, matrix)
    if limbus is not None:
        told[geometry.EYE] = 1
        told[geometry.LIMBUS] = geometry.told_ellipse(limbus, side)
        discs[0] = np.rint(255 * geometry.disc(limbus, side))
        if example.pupil is not None:
            pupil = geometry.moved_ellipse(example.pupil, matrix)
            told[geometry.PUPIL_SEEN] = float(example.pupil_visible)
            told[geometry.PUPIL] = geometry.told_ellipse(pupil, side)
            discs[1] = np.rint(255 * geometry.disc(pupil, side))
    lids_known = limbus is not None and example.upper is not None and example.lower is not None
    if lids_known:
        for part, points in ((geometry.UPPER_LID, example.upper), (geometry.LOWER_LID, example.lower)):
            told[part] = geometry.lid_heights(points @ matrix[:, :2].T + matrix[:, 2], limbus, side)
    highlight = ((labels & HIGHLIGHT_BIT) > 0).astype(np.uint8) * 255
    return Square(picture, classes, discs, highlight, told, lids_known)
