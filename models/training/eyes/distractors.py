"""Photos without an eye, so that "no eye here" can be learned: closed lids, mouths, skin, round things, text."""

import cv2
import numpy as np

from .blend import bell, colour_of, mix, ramp, shade
from .chance import Random, chance, log_uniform, unit
from .colours import iris_colours, skin_colour
from .hairs import bend_hairs, directions, draw_blades
from .lashes import add_lashes, add_margins
from .lids import Lids
from .noise import GRAINS, patch
from .placement import Placement
from .round_things import paint_round_thing
from .scene import Scene, draw_scene
from .skin import paint_skin


def paint_distractor(rng: Random, place: Placement) -> np.ndarray:
    """A scene without an eye, float32 [S, S, 3]."""
    painter = _PAINTERS[rng.choice(len(_PAINTERS), p=_SHARES)]
    return painter(rng, place)


def _closed_lids(rng: Random, place: Placement) -> np.ndarray:
    height = rng.uniform(-0.3, 0.6)
    flat = Lids(rng.uniform(1.85, 2.9), rng.uniform(-0.7, 0.7), height, height, 0.01, 0.01, 2, 2, 0, 0)
    bowed = Lids(flat.half_width, flat.centre, height, height, -0.5, 0.52, 2.2, 2.2, 0, 0)
    scene = draw_scene(rng, place, bowed if chance(rng, 0.7) else flat)
    picture = paint_skin(rng, scene)
    add_margins(rng, picture, scene)
    add_lashes(rng, picture, scene)
    return picture


def _skin_only(rng: Random, place: Placement) -> np.ndarray:
    far = Placement(place.size, (place.centre[0], place.centre[1] + 9 * place.radius), place.radius, 0, 1, place.photo)
    picture = paint_skin(rng, draw_scene(rng, far))
    if chance(rng, 0.5):  # a mole, a nostril, a navel
        u, v = place.plane()
        round_ = ramp(rng.uniform(0.3, 1.2) - np.hypot(u, v * rng.uniform(0.6, 1.6)), -0.05, rng.uniform(0.02, 0.6))
        mix(picture, picture.mean((0, 1)) * rng.uniform(0.05, 0.8), rng.uniform(0.5, 1) * round_)
    return picture


def _mouth(rng: Random, place: Placement) -> np.ndarray:
    scene = draw_scene(rng, place)
    picture = paint_skin(rng, scene)
    lips = scene.skin * np.array([rng.uniform(0.5, 0.9), rng.uniform(0.4, 0.8), rng.uniform(0.8, 1.2)])
    fat = rng.uniform(0.2, 0.7)
    rim = np.maximum(scene.outside, 0)
    mix(picture, lips, ramp(fat - rim, 0, 0.1) * rng.uniform(0.6, 1))
    shade(picture, 1 + 0.2 * np.sin(scene.u * rng.uniform(10, 30)) * ramp(fat - rim, 0, 0.2))
    inside = np.full_like(picture, rng.uniform(0.02, 0.2))
    if chance(rng, 0.6):  # teeth
        teeth = np.abs(np.sin(scene.u * np.float32(rng.uniform(3, 7))))
        mix(inside, np.array([0.7, 0.85, 0.9]) * rng.uniform(0.6, 1.1), ramp(teeth, 0.05, 0.3) * ramp(0.5 - scene.v, 0, 0.1))
    picture += (inside - picture) * scene.opening[..., None]
    return picture


def _ground(rng: Random, place: Placement) -> np.ndarray:
    """A backdrop for things: plain, cloudy, grained or in two parts."""
    shape = (place.size, place.size)
    colour = skin_colour(rng) if chance(rng, 0.3) else colour_of(rng.uniform(0, 360), rng.uniform(0, 0.8), rng.uniform(0.05, 1))
    picture = np.empty((*shape, 3), np.float32)
    picture[:] = colour
    light = 1 + rng.uniform(0, 0.3) * patch(rng, shape, rng.uniform(0.05, 0.5)) + rng.uniform(0, 0.1) * patch(rng, shape, 2, GRAINS)
    shade(picture, np.clip(light, 0.05, 2))
    if chance(rng, 0.4):
        u, v = place.plane()
        way = unit(rng)
        other = colour_of(rng.uniform(0, 360), rng.uniform(0, 0.8), rng.uniform(0.05, 1))
        mix(picture, other, ramp(u * way[0] + v * way[1] - rng.uniform(-2, 2), 0, 0.1))
    return picture


def _round_thing(rng: Random, place: Placement) -> np.ndarray:
    ground = _ground(rng, place)
    if chance(rng, 0.2):  # among skin and lashes it must not be taken for an eye either
        far = Placement(place.size, (place.centre[0], place.centre[1] + 9 * place.radius), place.radius, 0, 1, place.photo)
        ground = paint_skin(rng, draw_scene(rng, far))
    return paint_round_thing(rng, place, ground)


def _nose(rng: Random, place: Placement) -> np.ndarray:
    """A rounded tip with a gloss and two dark nostrils: a person's, a dog's."""
    picture = _ground(rng, place)
    if chance(rng, 0.5):
        _add_fur(rng, picture, place)
    u, v = (axis / np.float32(log_uniform(rng, 0.7, 2)) for axis in place.plane())
    bulge = ramp(1.3 - np.hypot(u, v * rng.uniform(0.8, 1.6)), 0, rng.uniform(0.05, 0.8))
    mix(picture, skin_colour(rng) * rng.uniform(0.05, 1.1), bulge)
    for _ in range(rng.integers(0, 4)):  # wet gloss
        spot = np.hypot(u - np.float32(rng.uniform(-0.8, 0.8)), (v + np.float32(rng.uniform(0, 0.7))) * np.float32(rng.uniform(1, 3)))
        mix(picture, np.ones(3), rng.uniform(0.2, 1) * ramp(rng.uniform(0.05, 0.25) - spot, 0, rng.uniform(0.02, 0.2)))
    shade(picture, 1 + rng.uniform(-0.1, 0.4) * bell(np.hypot(u, v + 0.4), 0.4))
    apart = rng.uniform(0.3, 0.7)
    for side in (-1, 1):
        hole = np.hypot((u - np.float32(side * apart)) / np.float32(rng.uniform(0.15, 0.4)), (v - 0.3) / np.float32(rng.uniform(0.1, 0.3)))
        mix(picture, np.full(3, rng.uniform(0, 0.1)), ramp(1.2 - hole, 0, rng.uniform(0.1, 0.6)))
    return picture


def _add_fur(rng: Random, picture: np.ndarray, place: Placement) -> None:
    """Hairs that grow away from the middle, in place."""
    for _ in range(2):
        count = int(rng.integers(150, 400))
        angle, distance = rng.uniform(0, 2 * np.pi, count), rng.uniform(0.5, 4, count)
        roots = distance[:, None] * directions(angle)
        way = directions(angle + rng.normal(0, 0.3, count))
        length = rng.uniform(0.3, 1.5, count)[:, None]
        hairs = bend_hairs(roots, 0.5 * length * way, length * (way + rng.normal(0, 0.2, (1, 2))))
        cover = draw_blades(place, hairs, rng.uniform(0.01, 0.06, count), rng.uniform(0.3, 1, count))
        mix(picture, skin_colour(rng) * rng.uniform(0.1, 1.2), cover)


def _text(rng: Random, place: Placement) -> np.ndarray:
    picture = _ground(rng, place)
    canvas = np.zeros(picture.shape[:2], np.uint8)
    for _ in range(rng.integers(2, 14)):
        word = "".join(chr(c) for c in rng.integers(48, 122, rng.integers(1, 14)))
        at = tuple(int(c) for c in rng.uniform(-0.1, 0.9, 2) * place.size)
        cv2.putText(canvas, word, at, int(rng.integers(0, 5)), log_uniform(rng, 0.3, 3), 255, int(rng.integers(1, 5)), cv2.LINE_AA)
    mix(picture, rng.uniform(0, 1, 3), canvas.astype(np.float32) / 255)
    return picture


def _texture(rng: Random, place: Placement) -> np.ndarray:
    """Fur, grass, cloth, clouds, noise."""
    picture = _ground(rng, place)
    shape = (place.size, place.size)
    kind = rng.random()
    if kind < 0.4:
        count = int(rng.integers(100, 350))
        way = directions(rng.uniform(0, 2 * np.pi) + rng.normal(0, 0.4, count))
        roots = rng.uniform(-4, 4, (count, 2))
        length = rng.uniform(0.3, 2, count)[:, None]
        cover = draw_blades(place, bend_hairs(roots, 0.5 * length * way, length * (way + rng.normal(0, 0.2, (1, 2)))), rng.uniform(0.01, 0.06, count), rng.uniform(0.3, 1, count))
        mix(picture, rng.uniform(0, 1, 3), cover)
    elif kind < 0.7:
        for channel in range(3):
            picture[..., channel] += np.float32(rng.uniform(0.02, 0.4)) * patch(rng, shape, log_uniform(rng, 0.05, 2.5))
    else:
        picture += rng.uniform(0.05, 0.4) * rng.standard_normal(picture.shape, np.float32)
    return np.clip(picture, 0, 1.5)


def _shapes(rng: Random, place: Placement) -> np.ndarray:
    """Overlapping ellipses and boxes: rooms, streets, still lifes out of focus."""
    picture = _ground(rng, place)
    u, v = place.plane()
    for _ in range(rng.integers(3, 14)):
        colour = iris_colours(rng)[0] if chance(rng, 0.3) else colour_of(rng.uniform(0, 360), rng.uniform(0, 1), rng.uniform(0, 1))
        cx, cy = rng.uniform(-3, 3, 2)
        x, y = (u - np.float32(cx)) / np.float32(log_uniform(rng, 0.2, 2)), (v - np.float32(cy)) / np.float32(log_uniform(rng, 0.2, 2))
        distance = np.hypot(x, y) if chance(rng, 0.5) else np.maximum(np.abs(x), np.abs(y))
        mix(picture, colour, ramp(1 - distance, 0, rng.uniform(0.02, 0.6)) * rng.uniform(0.4, 1))
    return picture


_PAINTERS = (_closed_lids, _skin_only, _mouth, _round_thing, _nose, _text, _texture, _shapes)
_SHARES = (0.12, 0.08, 0.08, 0.48, 0.09, 0.03, 0.06, 0.06)
