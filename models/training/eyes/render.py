"""Renders one labelled picture of an eye, or of something that is none."""

from typing import Literal

import cv2
import numpy as np

from .ball import Ball, paint_ball
from .blend import blur, mix, ramp, shade
from .camera import take_photo
from .chance import Random, chance, unit
from .distractors import paint_distractor
from .eye import BACKGROUND, IRIS, PUPIL, SCLERA, Eye
from .lashes import add_lashes, add_margins
from .noise import patch
from .placement import Placement, place_tight, place_whole
from .scene import Scene, draw_scene
from .skin import add_glasses, paint_skin
from .visible_margin import hidden_at, hidden_depth

Frame = Literal["whole", "tight"]
_NO_LINE = np.zeros((0, 2), np.float32)
_BEYOND = 128  # grey level where the photo has ended


def render(rng: Random, frame: Frame, size: int) -> Eye:
    """An eye in a photo: whole and letterboxed, or in a square tight around the iris."""
    place = place_whole(rng, size) if frame == "whole" else place_tight(rng, size)
    scene = draw_scene(rng, place)
    picture = paint_skin(rng, scene)
    eyeball = scene.around_opening()
    ball = paint_ball(rng, eyeball)
    shown = picture[eyeball.window]
    shown += (ball.picture - shown) * eyeball.opening[..., None]
    hidden = np.maximum(add_margins(rng, picture, scene), add_lashes(rng, picture, scene))
    if chance(rng, 0.06):
        add_glasses(rng, picture, scene)
    _light_scene(rng, picture, scene)
    photo = take_photo(rng, picture)
    if chance(rng, 0.05):
        _stamp(rng, photo, place)
    return _label(photo, eyeball, ball, hidden_depth(scene, hidden))


def render_distractor(rng: Random, frame: Frame, size: int) -> Eye:
    """A photo without an eye: closed lids, skin, mouths, round things, text, textures."""
    place = place_whole(rng, size) if frame == "whole" else place_tight(rng, size)
    photo = take_photo(rng, paint_distractor(rng, place))
    empty = np.zeros((size, size), np.uint8)
    return Eye(_frame(photo, place), empty, empty, None, None, False, _NO_LINE, _NO_LINE)


def _light_scene(rng: Random, picture: np.ndarray, scene: Scene) -> None:
    shape = scene.u.shape
    if chance(rng, 0.2):  # a shadow or a patch of light with an edge
        way = unit(rng)
        wave = np.float32(rng.uniform(0.1, 0.8)) * patch(rng, shape, rng.uniform(0.08, 0.25))
        along = scene.u * way[0] + scene.v * way[1] + wave - np.float32(rng.uniform(-2, 2))
        shade(picture, 1 - rng.uniform(0.3, 0.85) * ramp(along, -rng.uniform(0.02, 0.6), 0.03))
    if chance(rng, 0.18):  # the face is out of focus, the eyeball is not
        soft = blur(picture, rng.uniform(0.01, 0.06) * scene.place.radius)
        mix(picture, soft, ramp(scene.outside, 0, rng.uniform(0.1, 0.8)))


def _stamp(rng: Random, photo: np.ndarray, place: Placement) -> None:
    """The date that some cameras write into the picture."""
    text = "20{:02d}-{:02d}-{:02d} {:02d}:{:02d}".format(*rng.integers(0, 60, 5))
    x0, y0, x1, y1 = place.photo
    at = (int(x0 + rng.uniform(0, 0.4) * (x1 - x0)), int(y0 + rng.uniform(0.85, 0.97) * (y1 - y0)))
    cv2.putText(photo, text, at, cv2.FONT_HERSHEY_SIMPLEX, rng.uniform(0.25, 0.5), (230, 230, 230), 1, cv2.LINE_AA)


def _frame(picture: np.ndarray, place: Placement, outside: int = _BEYOND) -> np.ndarray:
    """What lies beyond the photo becomes `outside`."""
    x0, y0, x1, y1 = place.photo
    framed = np.full_like(picture, outside)
    framed[y0:y1, x0:x1] = picture[y0:y1, x0:x1]
    return framed


def _label(photo: np.ndarray, scene: Scene, ball: Ball, hidden: np.ndarray) -> Eye:
    """`scene` is the window that the ball was painted in; `hidden` as hidden_depth has it."""
    place = scene.place
    open_ = (scene.opening > 0.5) & (scene.below_upper > np.interp(scene.u, hidden_at(), hidden))
    classes, highlight = np.zeros((2, *photo.shape[:2]), np.uint8)
    shown = classes[scene.window]
    shown[open_] = SCLERA
    shown[open_ & (ball.from_centre <= 1)] = IRIS
    shown[open_ & (ball.from_pupil <= 1)] = PUPIL
    highlight[scene.window] = open_ & (ball.highlight > 0.5)
    u = np.linspace(-2.2, 2.2, 45, dtype=np.float32)
    upper = _line(place, u, scene.lids.upper(u) + np.interp(u, hidden_at(), hidden))
    lower = _line(place, u, scene.lids.lower(u))
    framed, classes = _frame(photo, place), _frame(classes, place, BACKGROUND)
    visible = _pupil_visible(framed[scene.window], classes[scene.window], ball)
    return Eye(framed, classes, _frame(highlight, place, 0), ball.limbus, ball.pupil, visible, upper, lower)


def _line(place: Placement, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """A margin in pixels, from its middle outwards as far as x keeps growing: a tilted head may fold it."""
    points = place.to_pixels(np.stack([u, v], -1)).astype(np.float32)
    if points[0, 0] > points[-1, 0]:
        points = points[::-1]
    grows = np.diff(points[:, 0]) > 0
    middle = len(grows) // 2
    first = middle - int(np.argmin(np.append(grows[middle::-1], False))) + 1
    last = middle + int(np.argmin(np.append(grows[middle:], False)))
    return np.ascontiguousarray(points[first : last + 1])


_LEAST_STEP = 7.0  # grey levels between pupil and iris that an eye can still tell apart


def _pupil_visible(photo: np.ndarray, classes: np.ndarray, ball: Ball) -> bool:
    """Whether the pupil's border shows in the final photo: enough of it, and with a step of brightness or colour."""
    inner = (classes == PUPIL) & (ball.from_pupil > 0.55)
    outer = (classes == IRIS) & (ball.from_pupil < 1.45)
    if inner.sum() < 6 or outer.sum() < 6:
        return False
    step = np.abs(np.median(photo[inner], 0) - np.median(photo[outer], 0)).max()
    noise = photo[inner].std(0).mean()
    return bool(step > max(_LEAST_STEP, 0.5 * noise))
