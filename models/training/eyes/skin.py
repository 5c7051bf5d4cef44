"""Everything around the eyeball: skin, creases, make-up, brow, hair, and what is behind the face."""

import cv2
import numpy as np

from .blend import bell, blur, mix, ramp, shade
from .chance import Random, chance, log_uniform, unit
from .hairs import bend_hairs, directions, draw_blades
from .noise import GRAINS, patch
from .scene import Scene


def paint_skin(rng: Random, scene: Scene) -> np.ndarray:
    """Skin of the whole picture as if the eye were closed, float32 [S, S, 3]."""
    shape = scene.u.shape
    picture = np.empty((*shape, 3), np.float32)
    picture[:] = scene.skin
    shade(picture, np.clip(_light(rng, scene) * _relief(rng, scene), 0.05, 1.8))
    _redden(rng, picture, scene)
    _make_up(rng, picture, scene)
    if chance(rng, 0.3):  # oily glints
        spots = ramp(patch(rng, shape, rng.uniform(0.1, 0.3)), 0.5, 2) * ramp(patch(rng, shape, 2, GRAINS), -1, 2)
        mix(picture, np.clip(scene.skin * 1.6 + 0.1, 0, 1.2), rng.uniform(0.1, 0.5) * spots)
    if chance(rng, 0.4):
        _paint_beyond_face(rng, picture, scene)
    if chance(rng, 0.35):
        _paint_clutter(rng, picture, scene)
    if chance(rng, 0.85):
        _paint_brow(rng, picture, scene)
    return picture


def _light(rng: Random, scene: Scene) -> np.ndarray:
    """Uneven tone, pores and the fall of light across the picture."""
    shape = scene.u.shape
    light = 1 + rng.uniform(0.03, 0.22) * patch(rng, shape, rng.uniform(0.05, 0.25))
    light = light + rng.uniform(0.01, 0.07) * patch(rng, shape, rng.uniform(0.5, 2))
    if chance(rng, 0.5):
        light = light + log_uniform(rng, 0.008, 0.06) * patch(rng, shape, rng.uniform(1, 2.6), GRAINS)
    way = unit(rng)
    down, along = (np.linspace(-1, 1, side, dtype=np.float32) for side in shape)
    light = light * (1 + rng.uniform(0, 0.35) * (along[None] * way[0] + down[:, None] * way[1]))
    x = (scene.u - np.float32(scene.lids.centre)) / np.float32(scene.lids.half_width * 1.1)
    y = scene.v / np.float32(1.7)
    light = light * (1 + rng.uniform(-0.4, 0.25) * np.exp(-1.2 * (x * x + y * y)))  # eyeball under the skin
    if chance(rng, 0.5):  # fine wrinkles, more or less along the lids
        bend = rng.uniform(0, 1.5) * patch(rng, shape, 0.15)
        lines = np.sin((scene.v + rng.uniform(-0.6, 0.6) * scene.u) * np.float32(rng.uniform(12, 45)) + 3 * bend)
        light = light * (1 + rng.uniform(0.01, 0.05) * lines * ramp(patch(rng, shape, 0.3), -1, 1))
    return light * (1 - rng.uniform(0, 0.45) * bell(scene.v + rng.uniform(1.6, 3), 0.8))  # socket under the brow


def _relief(rng: Random, scene: Scene) -> np.ndarray:
    """Creases above, bags below, and the plate of the upper lid."""
    shape, pixel = scene.u.shape, scene.place.pixel
    across = np.abs(scene.across)
    light = np.ones(shape, np.float32)
    for _ in range(rng.choice(4, p=[0.15, 0.5, 0.25, 0.1])):
        width = rng.uniform(0.02, 0.12) + 0.5 * pixel
        bow = 1 - 0.5 * np.clip(across, 0, 1.3) ** 2
        line = scene.below_upper + np.float32(rng.uniform(0.12, 0.9)) * bow + np.float32(0.06) * patch(rng, shape, 0.1)
        light = light * (1 - rng.uniform(0.1, 0.6) * bell(line, width) * ramp(1.35 - across, 0, 0.4))
        light = light + rng.uniform(0, 0.12) * bell(line - 0.2, 0.15)
    if chance(rng, 0.7):
        bow = np.maximum(1 - 0.5 * np.clip(across, 0, 1.4) ** 2, 0.1)
        height = -scene.below_upper / (np.float32(rng.uniform(0.2, 1)) * bow)
        plate = ramp(height, -0.02, 0.05) * ramp(1.05 - height, 0, rng.uniform(0.05, 0.5)) * ramp(1.25 - across, 0, 0.3)
        light = light * (1 + plate * rng.uniform(-0.55, 0.25))
        if chance(rng, 0.4):
            streaks = np.sin(scene.across * np.float32(rng.uniform(20, 90)) * (1 + 0.25 * height) + 2 * patch(rng, shape, 0.2))
            light = light * (1 + plate * streaks * rng.uniform(0.03, 0.2))
    for _ in range(rng.choice(4, p=[0.3, 0.35, 0.25, 0.1])):
        width = rng.uniform(0.03, 0.2) + 0.5 * pixel
        line = scene.above_lower + np.float32(rng.uniform(0.15, 1.2)) + np.float32(0.08) * patch(rng, shape, 0.15)
        light = light * (1 - rng.uniform(0.05, 0.35) * bell(line, width) * ramp(1.3 - across, 0, 0.5))
    return light


def _redden(rng: Random, picture: np.ndarray, scene: Scene) -> None:
    outside = scene.outside
    if chance(rng, 0.6):
        red = picture.mean((0, 1)) * np.array([0.8, 0.75, 1.05], np.float32)
        mix(picture, red, rng.uniform(0.1, 0.6) * bell(outside, np.sqrt(rng.uniform(0.05, 0.8))))
    if chance(rng, 0.5):  # dark socket or smoky make-up
        shade(picture, 1 - rng.uniform(0.1, 0.6) * bell(outside, rng.uniform(0.15, 0.9)))


def _make_up(rng: Random, picture: np.ndarray, scene: Scene) -> None:
    if chance(rng, 0.25):
        above = np.maximum(-scene.below_upper, 0)
        cover = ramp(-scene.below_upper, -0.1, 0.1) * bell(above, rng.uniform(0.3, 1.3)) * ramp(1.5 - np.abs(scene.across), 0, 0.6)
        mix(picture, rng.uniform(0.03, 0.7, 3), rng.uniform(0.2, 0.8) * cover)


def _paint_beyond_face(rng: Random, picture: np.ndarray, scene: Scene) -> None:
    """Hair, the dark side of the face or a background on one side."""
    shape, way = scene.u.shape, unit(rng)
    along = scene.u * way[0] + scene.v * way[1]
    edge = along - np.float32(rng.uniform(2.4, 5)) + np.float32(0.3) * patch(rng, shape, 0.15)
    colour = rng.uniform(0, 1, 3) if chance(rng, 0.4) else np.array([1, 1.1, 1.2]) * rng.uniform(0.01, 0.2)
    beyond = np.tile(colour.astype(np.float32), (*shape, 1))
    if chance(rng, 0.5):
        across = scene.v * way[0] - scene.u * way[1]
        strands = np.sin(across * np.float32(rng.uniform(15, 60)) + 4 * patch(rng, shape, rng.uniform(0.1, 0.4)))
        shade(beyond, np.clip(1 + rng.uniform(0.1, 0.7) * strands, 0.1, None))
    cover = ramp(edge, 0, rng.uniform(0.03, 0.6))
    picture += (beyond - picture) * cover[..., None]


def _paint_clutter(rng: Random, picture: np.ndarray, scene: Scene) -> None:
    """Blurred patches far from the eye: other parts of a face, dark round things."""
    for _ in range(rng.integers(1, 5)):
        way, distance = unit(rng), rng.uniform(3.2, 7)
        x = (scene.u - np.float32(scene.lids.centre + 1.2 * distance * way[0])) / np.float32(log_uniform(rng, 0.3, 2.5))
        y = (scene.v - np.float32(distance * way[1])) / np.float32(log_uniform(rng, 0.3, 2.5))
        colour = np.clip(scene.skin * rng.uniform(0.05, 1.4) * rng.uniform(0.8, 1.2, 3), 0, 1)
        mix(picture, colour, rng.uniform(0.3, 1) * np.clip((1.3 - x * x - y * y) / np.float32(rng.uniform(0.05, 1.2)), 0, 1))


def _paint_brow(rng: Random, picture: np.ndarray, scene: Scene) -> None:
    lids, radius = scene.lids, scene.place.radius
    count = int(rng.integers(80, 420))
    t = rng.uniform(-1.25, 1.2, count)
    thickness = rng.uniform(0.2, 0.6) * (1.1 - 0.5 * np.clip((t + 0.6) / 1.8, 0, 1))
    height = rng.uniform(1.6, 3.6)
    v = -height + rng.uniform(0.1, 0.5) * (t - 0.3) ** 2 + rng.uniform(-0.5, 0.5, count) * thickness + rng.uniform(-0.2, 0.2) * t
    roots = np.stack([lids.centre + t * lids.half_width * 1.15, v], 1)
    angles = np.where(rng.random(count) < 0.8, rng.normal(-0.35, 0.35, count), rng.normal(-1.2, 0.4, count))
    lengths = rng.uniform(0.2, 0.65, count)[:, None]
    end = lengths * directions(angles + rng.uniform(-0.5, 0.5, count))
    hairs = bend_hairs(roots, lengths * 0.5 * directions(angles), end, 5)
    cover = draw_blades(scene.place, hairs, rng.uniform(0.008, 0.02, count), rng.uniform(0.6, 1, count))
    if radius < 60:
        cover = cover * rng.uniform(0.4, 1) + 0.4 * blur(cover, 0.12 * radius + 0.5)
    colour = scene.skin * (rng.uniform(0.05, 0.5) if chance(rng, 0.85) else rng.uniform(0.5, 1.2))
    mix(picture, colour, np.minimum(cover, 1))


def add_glasses(rng: Random, picture: np.ndarray, scene: Scene) -> None:
    """A frame around the eye and a faint mirror image on its lens."""
    lids = scene.lids
    power = rng.uniform(2, 5)
    x = np.abs((scene.u - np.float32(lids.centre + rng.uniform(-0.4, 0.4))) / np.float32(rng.uniform(2.6, 4.2))) ** power
    y = np.abs((scene.v - np.float32(rng.uniform(-0.2, 0.7))) / np.float32(rng.uniform(1.7, 3))) ** power
    distance = (x + y) ** (1 / power) - 1
    width = rng.uniform(0.02, 0.14)
    frame = ramp(width - np.abs(distance), 0, 0.02 + scene.place.pixel)
    if chance(rng, 0.5):
        glare = ramp(patch(rng, scene.u.shape, rng.uniform(0.05, 0.3)), 0.3, rng.uniform(0.5, 2)) * ramp(-distance, 0, 0.05)
        mix(picture, rng.uniform(0.6, 1, 3), rng.uniform(0.05, 0.35) * glare)
    shade(picture, 1 - rng.uniform(0.1, 0.5) * bell(distance + 0.05, 0.08))
    colour = rng.uniform(0, 0.2, 3) if chance(rng, 0.6) else rng.uniform(0, 1, 3)
    cv2.GaussianBlur(frame, (0, 0), 0.4 + rng.uniform(0, 0.06) * scene.place.radius, dst=frame)
    mix(picture, colour, frame * rng.uniform(0.6, 1))
