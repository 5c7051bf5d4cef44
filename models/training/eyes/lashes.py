"""Lid margins and lashes, and the shadow that lashes throw on the eyeball."""

import numpy as np

from .blend import bell, blur, mix, ramp, shade
from .chance import Random, chance, sign
from .hairs import bend_hairs, clumped, directions, draw_blades
from .noise import patch
from .scene import Scene


def add_margins(rng: Random, picture: np.ndarray, scene: Scene) -> np.ndarray:
    """The wet rim of the lower lid, the dark line of lash roots on the upper one, eyeliner.

    Returns how much the dark lines hide, [S, S], 0 to 1.
    """
    hidden = np.zeros(scene.u.shape, np.float32)
    pixel, across = scene.place.pixel, np.abs(scene.across)
    width = rng.uniform(0.04, 0.16)
    rim = ramp(-scene.above_lower, -0.02, 0.02 + pixel) * ramp(scene.above_lower + width, 0, 0.05) * ramp(1.02 - across, 0, 0.05)
    flesh = np.array([0.85, 0.8, 1.05]) * rng.uniform(0.8, 1.4)
    mix(picture, np.clip(scene.skin * flesh, 0, 1.1), rng.uniform(0.2, 0.9) * rim)
    if chance(rng, 0.3):  # the upper rim shows when the photo was taken from below
        width = rng.uniform(0.03, 0.1)
        rim = ramp(-scene.below_upper, -0.01, 0.01 + pixel) * ramp(scene.below_upper + width, 0, 0.03) * ramp(1.02 - across, 0, 0.05)
        mix(picture, np.clip(scene.skin * flesh, 0, 1.1), rng.uniform(0.2, 0.8) * rim)
    if chance(rng, 0.75):
        roots = bell(scene.below_upper + rng.uniform(-0.07, 0.18), rng.uniform(0.025, 0.13) + 0.3 * pixel)
        if chance(rng, 0.5):  # the roots of single lashes, not a line
            roots = roots * ramp(patch(rng, roots.shape, rng.uniform(0.6, 2.5)), -1, 1)
        roots = rng.uniform(0.3, 1) * roots * ramp(1.08 - across, 0, 0.1)
        mix(picture, scene.skin * rng.uniform(0.05, 0.5), roots)
        hidden = np.maximum(hidden, roots)
    if chance(rng, 0.2):
        line = np.minimum(np.abs(scene.above_lower + 0.06), np.abs(scene.below_upper + 0.05))
        line = rng.uniform(0.6, 1) * bell(line, rng.uniform(0.03, 0.16)) * ramp(1.15 - across, 0, 0.1)
        mix(picture, rng.uniform(0, 0.12, 3), line)
        hidden = np.maximum(hidden, line)
    return hidden


def add_lashes(rng: Random, picture: np.ndarray, scene: Scene) -> np.ndarray:
    """Upper and lower lashes, in place. Returns how much the upper ones hide, [S, S], 0 to 1."""
    hidden = np.zeros(scene.u.shape, np.float32)
    colour = np.clip(scene.skin * rng.uniform(0, 0.3), 0, 1)
    if chance(rng, 0.2):  # fair lashes, or dark ones in strong light
        colour = np.clip(scene.skin * rng.uniform(0.5, 1.8) + rng.uniform(0, 0.2), 0, 1.2)
    if chance(rng, 0.93):
        hidden = np.maximum(hidden, _add_row(rng, picture, scene, _upper_lashes(rng, scene), colour))
    if chance(rng, 0.5):
        hidden = np.maximum(hidden, _add_row(rng, picture, scene, _stubble(rng, scene), colour))
    if chance(rng, 0.25):  # a second row, further from the focus
        soft = rng.uniform(0.01, 0.05)
        hidden = np.maximum(hidden, _add_row(rng, picture, scene, _upper_lashes(rng, scene), colour, soft))
    if chance(rng, 0.14):
        _add_curtain(rng, picture, scene)
    if chance(rng, 0.8):
        _add_row(rng, picture, scene, _lower_lashes(rng, scene), colour, shadow=False)
    if chance(rng, 0.1):
        _add_loose_hair(rng, picture, scene)
    return hidden


def _add_row(
    rng: Random, picture, scene: Scene, hairs: np.ndarray, colour, soft: float = 0.0, shadow: bool = True
) -> np.ndarray:
    count, radius = len(hairs), scene.place.radius
    width = rng.uniform(0.007, 0.02) * (2 if chance(rng, 0.15) else 1) * rng.uniform(0.7, 1.3, count)
    cover = draw_blades(scene.place, hairs, width, rng.uniform(0.7, 1, count))
    if radius < 20:
        cover = cover * radius / 20
    if shadow and chance(rng, 0.5):
        shift = int(rng.uniform(0.05, 0.25) * radius) + 1
        thrown = blur(np.roll(cover, shift, 0), rng.uniform(0.015, 0.06) * radius)
        shade(picture, 1 - rng.uniform(0.1, 0.6) * scene.opening * thrown)
    cover = blur(cover, soft * radius + (0.3 if radius > 50 else 0))
    cover = cover * rng.uniform(0.45, 1)
    mix(picture, colour, cover)
    if chance(rng, 0.08):  # gloss along the hairs
        mix(picture, np.full(3, rng.uniform(0.4, 0.9)), 0.35 * cover * (rng.random(cover.shape, np.float32) > 0.6))
    return cover


def _add_curtain(rng: Random, picture: np.ndarray, scene: Scene) -> None:
    """Long lashes that point at the camera: blurred streaks in front of the upper lid, some of them lit."""
    lids = scene.lids
    count = int(rng.integers(12, 60))
    t = _positions(rng, count)
    u = lids.centre + t * lids.half_width
    roots = np.stack([u, lids.upper(u) - rng.uniform(0, 0.15, count)], 1)
    way = directions(-np.pi / 2 + rng.uniform(0.1, 0.8) * t + rng.normal(0, 0.1, count))
    lengths = rng.uniform(0.6, 1.8) * rng.uniform(0.6, 1.1, count)[:, None]
    hairs = bend_hairs(roots, 0.5 * lengths * way, lengths * way)
    for lit in (False, True):
        chosen = rng.random(count) < (0.3 if lit else 0.8)
        width = rng.uniform(0.015, 0.05, chosen.sum())
        cover = draw_blades(scene.place, hairs[chosen], width, rng.uniform(0.4, 1, chosen.sum()))
        cover = blur(cover, rng.uniform(0.01, 0.07) * scene.place.radius)
        tone = rng.uniform(0.9, 1.7) if lit else rng.uniform(0.1, 0.6)
        mix(picture, scene.skin * tone, np.minimum(cover * rng.uniform(0.4, 0.9), 1))


def _positions(rng: Random, count: int) -> np.ndarray:
    if chance(rng, 0.35):
        return clumped(rng, count, -0.95, 1.02, max(6, count // rng.integers(2, 6)), 0.012)
    return np.sort(rng.uniform(-0.92, 1.02, count))


def _upper_lashes(rng: Random, scene: Scene) -> np.ndarray:
    lids = scene.lids
    sparse = chance(rng, 0.2)  # few and long: the iris shows between them up to the lid
    count = int(rng.integers(12, 45)) if sparse else int(rng.integers(30, 110) if chance(rng, 0.45) else rng.integers(110, 260))
    t = _positions(rng, count)
    u = lids.centre + t * lids.half_width
    roots = np.stack([u, lids.upper(u) + _root_height(rng, count)], 1)
    lengths = rng.uniform(0.6 if sparse else 0.25, 1.2) * (0.6 + 0.2 * (t + 1)) * rng.uniform(0.5, 1.25, count)
    fan = rng.uniform(0.3, 1.1) * t + rng.uniform(-0.3, 0.4) + rng.normal(0, rng.uniform(0.08, 0.45), count)
    up, down = directions(-np.pi / 2 + fan), directions(np.pi / 2 - fan)
    kind = rng.uniform(0.3, 1) if sparse else rng.random()
    if kind < 0.42:  # away from the eye
        bend = directions(-np.pi / 2 + fan * rng.uniform(0.2, 1.6))
        start, end = 0.55 * bend, up
    elif kind < 0.74:  # first forwards and down over the eye, then up
        start, end = rng.uniform(0.25, 0.8) * down, up * rng.uniform(0.15, 0.8)
    else:  # down over the eye
        start, end = 0.5 * down, down * rng.uniform(0.5, 1) + np.array([rng.uniform(-0.3, 0.3), 0])
    return bend_hairs(roots, lengths[:, None] * start, lengths[:, None] * end)


def _stubble(rng: Random, scene: Scene) -> np.ndarray:
    """The first part of lashes that then bend away from the picture's plane: a dense dark fringe along the margin."""
    lids = scene.lids
    count = int(rng.integers(90, 320))
    t = _positions(rng, count)
    u = lids.centre + t * lids.half_width
    roots = np.stack([u, lids.upper(u) + _root_height(rng, count)], 1)
    lengths = rng.uniform(0.08, 0.3) * rng.uniform(0.4, 1.3, count)[:, None]
    fan = rng.uniform(0.2, 1.2) * t + rng.normal(0, rng.uniform(0.15, 0.6), count)
    up = -1 if chance(rng, 0.3) else 1
    way = directions(up * (np.pi / 2 - fan))
    return bend_hairs(roots, 0.5 * lengths * way, lengths * (way + rng.uniform(-0.6, 0.3) * np.array([0, up])))


def _root_height(rng: Random, count: int) -> np.ndarray:
    """Where lashes leave the lid, below its edge against the eyeball: the margin is some 2 mm thick, seen from above or below."""
    return rng.uniform(-0.14, 0.01) + rng.uniform(-0.05, 0.03, count)


def _lower_lashes(rng: Random, scene: Scene) -> np.ndarray:
    lids = scene.lids
    count = int(rng.integers(12, 70))
    t = _positions(rng, count)
    u = lids.centre + t * lids.half_width
    roots = np.stack([u, lids.lower(u) + rng.uniform(0.03, 0.14, count)], 1)
    lengths = rng.uniform(0.12, 0.6) * rng.uniform(0.5, 1.2, count)
    angles = np.pi / 2 - rng.uniform(0.4, 1.1) * t + rng.uniform(-0.3, 0.3) + rng.normal(0, 0.25, count)
    bent = angles + sign(rng) * rng.uniform(0, 0.7)
    return bend_hairs(roots, 0.5 * lengths[:, None] * directions(bent), lengths[:, None] * directions(angles))


def _add_loose_hair(rng: Random, picture: np.ndarray, scene: Scene) -> None:
    count = int(rng.integers(3, 25))
    way = directions(rng.uniform(0, 2 * np.pi) + rng.normal(0, 0.1, count))
    roots = rng.uniform(-2, 2, (1, 2)) + rng.normal(0, 1.2, (count, 2)) - 3.5 * way
    hairs = bend_hairs(roots, 3.5 * way + rng.normal(0, 0.5, (1, 2)), 7 * way)
    cover = draw_blades(scene.place, hairs, np.full(count, rng.uniform(0.005, 0.015)), np.ones(count))
    mix(picture, scene.skin * rng.uniform(0.1, 1.2), cover * rng.uniform(0.3, 0.9))
