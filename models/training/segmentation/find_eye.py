"""From a photo to the outline of its eye: search, choose, look closely. In the services: services/segmentation."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from segmentation import geometry
from segmentation.fit_disc import Border, fit_disc
from segmentation.look import Answer, Look, Square, in_photo, look_at

WIDE, CLOSE = 2.24, 1.8  # sides of the two squares that are looked at, in iris diameters
MOST_STARTS = 2
LEAST_HINT = 0.25  # presence below which a look does not know where a better square is
LIMBUS_SHAPE, PUPIL_SHAPE = (0.006, 0.0), (0.0, 0.0)  # e1, e2: a cornea is wider than high, a pupil round
MOST_PUPIL_ERROR = 0.14  # that either look expects, of its radius; beyond, it cannot be told from the iris


@dataclass(frozen=True)
class Network:
    """A trained network and the side of its square."""

    look: Look
    size: int


@dataclass(frozen=True)
class Looks:
    """The two looks at one eye; where the wide one shows none, the close one is the same."""

    wide: Answer  # tells the curves
    close: Answer  # tells what is visible

    @property
    def presence(self) -> float:
        """Probability of an eye: both have to see it."""
        return float(min(self.wide.told[geometry.EYE], self.close.told[geometry.EYE]))


@dataclass(frozen=True)
class Outline:
    """What was found, in photo pixels, corner origin."""

    presence: float
    iris: np.ndarray  # bool [h,w]: visible iris
    limbus: geometry.Ellipse
    pupil: geometry.Ellipse | None  # None: cannot be told from the iris
    looks: Looks


def letterbox(photo: np.ndarray) -> Square:
    """The square around the whole photo."""
    height, width = photo.shape[:2]
    side = float(max(height, width))
    return Square((width - side) / 2, (height - side) / 2, side)


def places(search: Network, photo: np.ndarray) -> list[tuple[float, float, float]]:
    """Where an eye may be, the likeliest first: cx, cy, r in photo pixels."""
    answer = look_at(search.look, photo, letterbox(photo), search.size)
    found = _disc_places(answer)
    direct = in_photo(answer.told[geometry.LIMBUS], answer.square)
    found.append((0.0 if found else 1.0, direct[0], direct[1], math.sqrt(direct[2] * direct[3])))
    return [place[1:] for place in sorted(found, reverse=True)][:MOST_STARTS]


def _disc_places(answer: Answer) -> list[tuple[float, float, float, float]]:
    """Likeness and circle of each limbus disc in the map; like an eye: large, sure, with iris and sclera in it."""
    planes, cell = answer.planes, answer.square.side / answer.size
    count, regions, numbers, centres = cv2.connectedComponentsWithStats((planes[4] > 0.5).astype(np.uint8))
    found = []
    for region in range(1, count):
        area = int(numbers[region, cv2.CC_STAT_AREA])
        if area < 12:
            continue
        inside = regions == region
        around = cv2.dilate(inside.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
        likeness = area**0.35 * float(planes[2:4, inside].sum(0).mean()) * (0.3 + float(planes[1, around].max()))
        cx, cy = (centres[region] + 0.5) * cell
        found.append((likeness, answer.square.x + cx, answer.square.y + cy, cell * math.sqrt(area / math.pi)))
    return found


def find_eye(photo: np.ndarray, starts: list[tuple[float, float, float]], outline: Network) -> Outline | None:
    """The outline at the first of the places that holds an eye, or else at the one that most likely does."""
    best: Looks | None = None
    for cx, cy, r in starts:
        looks = look_twice(photo, (cx, cy, r), outline)
        if best is None or looks.presence > best.presence:
            best = looks
        if best.presence >= 0.5:
            break
    return None if best is None else read_outline(best, photo.shape[0], photo.shape[1])


def look_twice(photo: np.ndarray, circle: tuple[float, float, float], outline: Network) -> Looks:
    """Looks widely at a circle (cx, cy, r) and once more at the corrected square, and then closely."""
    first = look_at(outline.look, photo, _square_around(circle, WIDE, photo), outline.size)
    if first.told[geometry.EYE] < LEAST_HINT:
        return Looks(first, first)
    wide = look_at(outline.look, photo, _square_around(_circle_of(first), WIDE, photo), outline.size)
    if wide.told[geometry.EYE] < LEAST_HINT:
        return Looks(wide, wide)
    close = look_at(outline.look, photo, _square_around(_circle_of(wide), CLOSE, photo), outline.size)
    return Looks(wide, close)


def _circle_of(answer: Answer) -> tuple[float, float, float]:
    cx, cy, a, b, _ = in_photo(answer.told[geometry.LIMBUS], answer.square)
    return cx, cy, math.sqrt(a * b)


def _square_around(circle: tuple[float, float, float], width: float, photo: np.ndarray) -> Square:
    cx, cy, r = circle
    side = min(max(width * 2 * r, 24.0), 2.2 * max(photo.shape[:2]))
    return Square(cx - side / 2, cy - side / 2, side)


def read_outline(looks: Looks, height: int, width: int) -> Outline:
    """Mask and ellipses of an eye that was looked at, in a photo of that size."""
    answer = looks.wide
    size, told = answer.size, answer.told
    _, sclera, iris, hole = answer.planes[:4]
    limbus_border = Border(iris, sclera, LIMBUS_SHAPE)
    limbus = _refined(answer.planes[4], told[geometry.LIMBUS], told[geometry.LIMBUS_SCALE], size, limbus_border)
    pupil = None
    if max(_pupil_error(looks.wide), _pupil_error(looks.close)) <= MOST_PUPIL_ERROR:
        pupil_border = Border(hole, iris, PUPIL_SHAPE)
        refined = _refined(answer.planes[5], told[geometry.PUPIL], told[geometry.PUPIL_SCALE], size, pupil_border)
        pupil = in_photo(refined, answer.square)
    limbus_in_photo = in_photo(limbus, answer.square)
    visible = _iris_in_photo(looks.close, pupil is not None, height, width) & _inside(limbus_in_photo, height, width)
    return Outline(looks.presence, visible, limbus_in_photo, pupil, looks)


def _pupil_error(answer: Answer) -> float:
    """The error that is expected of the pupil, in shares of its radius."""
    radius = float(answer.told[geometry.PUPIL][2])
    return float(answer.told[geometry.PUPIL_SCALE]) / radius if radius > 0 else math.inf


def _refined(plane: np.ndarray, told: np.ndarray, scale: float, size: int, border: Border) -> np.ndarray:
    """The fit to the disc's border where it agrees with what was told directly; shares of the square."""
    in_pixels = np.array([told[0] * size, told[1] * size, told[2] * size, told[3], told[4]], np.float64)
    fitted = fit_disc(plane, in_pixels, border)
    if fitted is None:
        return told
    away = max(math.hypot(*(fitted[:2] - in_pixels[:2])), abs(fitted[2] - in_pixels[2]))
    if away > 3 * float(scale) * size + 1:
        return told
    return np.array([*(fitted[:3] / size), *fitted[3:]], np.float64)


def _iris_in_photo(answer: Answer, with_pupil: bool, height: int, width: int) -> np.ndarray:
    """Where visible iris is the likeliest of the four classes, the planes interpolated to the photo's pixels. Without a
    pupil that can be told, what is called pupil is iris.
    """
    cell = answer.square.side / answer.size
    shift = 0.5 * cell - 0.5
    matrix = np.array([[cell, 0, answer.square.x + shift], [0, cell, answer.square.y + shift]])
    planes = [
        cv2.warpAffine(plane, matrix, (width, height), flags=cv2.INTER_LINEAR, borderValue=float(index == 0))
        for index, plane in enumerate(answer.planes[:4])
    ]
    if not with_pupil:
        planes[2] = planes[2] + planes.pop()
    return np.stack(planes).argmax(0) == 2


def _inside(ellipse: geometry.Ellipse, height: int, width: int) -> np.ndarray:
    return geometry.disc(ellipse, max(height, width))[:height, :width] > 0.5
