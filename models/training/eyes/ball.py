"""The eyeball: sclera with vessels and shading, limbus, iris, pupil, tears, and the shadows that fall on it."""

from dataclasses import dataclass

import numpy as np

from .blend import bell, blur, luminance, mix, ramp, shade
from .chance import Random, chance, log_uniform, sign, unit
from .colours import sclera_colour
from .hairs import draw_strokes
from .iris import paint_iris, unwrap
from .lights import add_lights
from .noise import patch
from .placement import Placement
from .scene import Scene

ROWS, COLUMNS = 44, 320  # of the polar iris: finer than any pixel of the pictures that segmentation learns from
DIM_SHARE = 0.25
"""Dark irises in the shade of the brow: their sclera is no brighter than the skin, so that it could be an iris, and the
iris a wide pupil."""


TALL = 0.955, 0.025
"""Height of the cornea by its width, mean and deviation: about 10.6 to 11.2 mm by 11.7 mm in adults."""

Ellipse = tuple[float, float, float, float, float]
"""cx, cy, half axes in pixels, corner origin, and the first axis' direction in degrees from +x towards +y."""


@dataclass(frozen=True)
class Ball:
    picture: np.ndarray
    """float32 [h, w, 3]: what the scene's window shows."""
    from_centre: np.ndarray
    """Distance from the limbus centre in limbus radii, [h, w]."""
    from_pupil: np.ndarray
    """Distance from the pupil's centre in pupil radii, [h, w]."""
    highlight: np.ndarray
    """Cover of bright lights, [h, w], 0 to 1."""
    limbus: Ellipse
    pupil: Ellipse


@dataclass(frozen=True)
class _Front:
    """The eye's front as it is seen: a matrix from its own plane, where the limbus is the unit circle, to eye units."""

    matrix: np.ndarray

    def back(self, u: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Places in eye units as places of the front's own plane."""
        (a, b), (c, d) = np.linalg.inv(self.matrix).astype(np.float32)
        return a * u + b * v, c * u + d * v

    def ellipse(self, place: Placement, centre: np.ndarray, half_axes: np.ndarray) -> Ellipse:
        """An ellipse along the axes of the front's plane, in pixels."""
        directions, (a, b), _ = np.linalg.svd(self.matrix * half_axes)
        x, y = place.to_pixels(self.matrix @ centre)
        turn = place.angle_to_pixels(float(np.arctan2(directions[1, 0], directions[0, 0])))
        return (float(x), float(y), float(a) * place.radius, float(b) * place.radius, turn)


def _draw_front(rng: Random, tall: float) -> _Front:
    """A cornea of height `tall`, turned away from the camera."""
    angle = rng.uniform(0, np.pi) if chance(rng, 0.5) else rng.normal(0, 0.3)
    ratio = 1 - min(0.3, abs(rng.normal(0, 0.05))) if chance(rng, 0.8) else rng.uniform(0.6, 0.95)
    cos, sin = np.cos(angle), np.sin(angle)
    turn = np.array([[cos, -sin], [sin, cos]])
    return _Front(turn * (ratio, 1) @ turn.T * (1, tall))


def paint_ball(rng: Random, scene: Scene) -> Ball:
    """Paints what a scene's window shows of the eyeball, as if there were no lids."""
    place = scene.place
    picture, white = _paint_sclera(rng, scene)
    tall = float(np.clip(rng.normal(*TALL), 0.88, 1.02))
    front = _draw_front(rng, tall)
    x, y = front.back(scene.u, scene.v)
    from_centre = np.sqrt(x * x + y * y)
    share = rng.uniform(0.2, 0.5) if chance(rng, 0.8) else rng.uniform(0.14, 0.68)
    shift, squeeze = rng.normal(0, 0.03, 2), tall * rng.uniform(0.95, 1.05)  # a pupil is round where the limbus is not
    dx, dy = x - np.float32(shift[0]), (y - np.float32(shift[1])) * np.float32(squeeze)
    distance = np.sqrt(dx * dx + dy * dy)

    rho = (distance - share) / np.maximum(distance - share + 1 - from_centre, 0.02)
    iris = unwrap(paint_iris(rng, ROWS, COLUMNS), np.clip(rho, 0, 1), np.arctan2(dy, dx))
    slope = unit(rng)
    shade(iris, np.clip(1 + rng.uniform(0, 0.5) * (scene.u * slope[0] + scene.v * slope[1]), 0.1, 2))
    iris *= np.float32(np.clip(white.mean() / 0.75, 0.45, 1.15))  # no brighter than the light on the sclera allows
    dim = chance(rng, DIM_SHARE)
    if dim:
        iris *= np.float32(log_uniform(rng, 0.2, 0.8))
    _join_limbus(rng, picture, iris, from_centre, np.arctan2(y, x), place.pixel)
    _paint_pupil(rng, picture, scene, distance / np.float32(share), share, white)
    if dim:
        if chance(rng, 0.7):  # a pupil about as grey as the iris: a lamp beside the lens, or the sensor's floor
            grey = luminance(iris).mean() * log_uniform(rng, 0.6, 3) * rng.uniform(0.9, 1.1, 3)
            if chance(rng, 0.4):  # reddish, as the fundus is
                grey = grey * np.array([rng.uniform(0.7, 1), rng.uniform(0.7, 1), rng.uniform(1, 1.4)])
            mix(picture, grey, ramp(share - distance, -0.03, 0.03) * rng.uniform(0.5, 1))
        picture *= np.float32(rng.uniform(0.4, 1))
    _cast_shadows(rng, picture, scene, from_centre)
    highlight = add_lights(rng, picture, scene.u, scene.v, place.pixel)
    _wet(rng, picture, scene)

    limbus = front.ellipse(place, np.zeros(2), np.ones(2))
    pupil = front.ellipse(place, shift, np.array([share, share / squeeze]))
    return Ball(picture, from_centre, distance / np.float32(share), highlight, limbus, pupil)


def _paint_sclera(rng: Random, scene: Scene) -> tuple[np.ndarray, np.ndarray]:
    shape, u, across = scene.u.shape, scene.u, np.abs(scene.across)
    white = sclera_colour(rng, scene.skin)
    picture = np.empty((*shape, 3), np.float32)
    picture[:] = white
    light = 1 - rng.uniform(0.05, 0.4) * np.clip(across, 0, 1.2) ** rng.uniform(1.5, 4)
    light = light + rng.uniform(0.01, 0.06) * patch(rng, shape, 0.2) + rng.uniform(-0.08, 0.08) * u
    shade(picture, np.clip(light, 0.05, 1.3))
    if chance(rng, 0.22):  # one side in shadow
        side = sign(rng) * u
        shade(picture, 1 - rng.uniform(0.2, 0.85) * ramp(side, rng.uniform(-0.5, 1), rng.uniform(1.2, 2.5)))
    mix(picture, white * np.array([0.65, 0.65, 1], np.float32), rng.uniform(0.1, 0.8) * ramp(across, 0.55, 1.05))
    if chance(rng, 0.2):  # yellowish fat or pigment
        mix(picture, white * np.array([0.55, 0.85, 1], np.float32), rng.uniform(0.2, 0.7) * ramp(patch(rng, shape, 0.15), 0, 1.5))
    if chance(rng, 0.7):
        _paint_vessels(rng, picture, scene, white)
    return picture, white


def _paint_vessels(rng: Random, picture: np.ndarray, scene: Scene, white: np.ndarray) -> None:
    count = int(rng.integers(4, 22))
    side = np.where(rng.random(count) < 0.5, -1, 1)
    roots = np.stack([scene.lids.centre + side * scene.lids.half_width * rng.uniform(0.5, 1, count), rng.uniform(-0.8, 0.9, count)], 1)
    steps = rng.normal(0, 0.05, (count, 14, 2))
    steps[..., 0] -= side[:, None] * rng.uniform(0.03, 0.12, (count, 1))
    lines = draw_strokes(scene.place, roots[:, None] + np.cumsum(steps, 1), rng.uniform(0.006, 0.02))
    lines = blur(lines[scene.window], 0.3 + 0.006 * scene.place.radius)
    mix(picture, white * np.array([0.45, 0.45, 0.88], np.float32), lines * rng.uniform(0.1, 0.7))


def _join_limbus(
    rng: Random, picture: np.ndarray, iris: np.ndarray, from_centre: np.ndarray, angle: np.ndarray, pixel: float
) -> None:
    soft = (rng.uniform(0.01, 0.06) if chance(rng, 0.6) else rng.uniform(0.05, 0.17)) + 0.5 * pixel
    if chance(rng, 0.2):  # softer on one side, where light or a growth of the conjunctiva blurs it
        turn = np.cos(angle - np.float32(rng.uniform(0, 2 * np.pi)))
        soft = soft * (1 + rng.uniform(0.5, 4) * ramp(turn, -0.3, 1))
        soft = np.minimum(soft, 0.25)
    if chance(rng, 0.5):  # the sclera is darker and bluer beside the limbus
        tint = 1 - rng.uniform(0, 0.5) * np.array([0.6, 0.9, 1], np.float32)
        near = np.exp(-np.maximum(from_centre - 1, 0) / np.float32(rng.uniform(0.03, 0.15)))
        picture *= 1 - (1 - tint) * near[..., None]
    if chance(rng, 0.12):  # arcus: a pale ring inside the limbus
        mix(iris, iris.mean(2, keepdims=True) * 0.5 + 0.3, rng.uniform(0.2, 0.7) * bell(from_centre - rng.uniform(0.86, 0.95), 0.05))
    edge = 1 - 0.12 * np.minimum(soft, 0.17) - from_centre  # people draw the limbus towards the outer end of its slope
    inside = ramp(edge, -soft, soft)
    inside = inside * inside * (3 - 2 * inside)
    picture += (iris - picture) * inside[..., None]


def _paint_pupil(rng: Random, picture: np.ndarray, scene: Scene, radii: np.ndarray, share: float, white: np.ndarray) -> None:
    """`radii` is the distance from the pupil's centre in pupil radii."""
    soft = ((rng.uniform(0.005, 0.04) if chance(rng, 0.8) else rng.uniform(0.04, 0.12)) + 0.5 * scene.place.pixel) / share
    inside = ramp(1 - radii, -soft, soft)
    kind = rng.random()
    if kind < 0.66:
        colour = np.full(3, rng.uniform(0, 0.06))
    elif kind < 0.88:
        colour = rng.uniform(0.02, 0.3) * np.array([1, 0.95, 0.85]) * rng.uniform(0.7, 1, 3)
    else:  # light from the retina
        colour = rng.uniform(0.2, 0.8) * np.array([rng.uniform(0.2, 0.8), rng.uniform(0.2, 0.7), 1])
    mix(picture, colour, inside)
    if chance(rng, 0.3):  # haze of the lens or of the room over the pupil
        glow = ramp(patch(rng, scene.u.shape, rng.uniform(0.1, 0.5)), rng.uniform(-1, 0.5), rng.uniform(0.5, 2))
        if chance(rng, 0.5):
            glow = bell(radii - rng.uniform(0, 0.7), rng.uniform(0.3, 1))
        tint = np.array([1, rng.uniform(0.8, 1), rng.uniform(0.65, 1)]) * white.mean() * rng.uniform(0.3, 0.8)
        mix(picture, tint, inside * glow * rng.uniform(0.15, 0.7))


def _cast_shadows(rng: Random, picture: np.ndarray, scene: Scene, from_centre: np.ndarray) -> None:
    shape = scene.u.shape
    under_lid = np.maximum(scene.below_upper, 0)
    if chance(rng, 0.22):  # soft grey-blue shadow with an edge that is not the limbus
        way = unit(rng)
        wave = rng.uniform(0.05, 0.5) * patch(rng, shape, rng.uniform(0.1, 0.5))
        place = scene.u * way[0] + scene.v * way[1] + wave - np.float32(rng.uniform(-0.5, 1.6))
        soft = rng.uniform(0.03, 0.6)
        tint = np.array([rng.uniform(0.5, 1), rng.uniform(0.4, 0.9), rng.uniform(0.3, 0.8)], np.float32)
        picture *= 1 - (1 - tint) * ramp(place, -soft, soft)[..., None]
    if chance(rng, 0.15):  # a wedge of sunlight inside the iris
        way = unit(rng)
        lit = ramp(scene.u * way[0] + scene.v * way[1] + 0.1 * patch(rng, shape, 0.2), rng.uniform(-0.5, 0.5), rng.uniform(0.5, 0.7))
        mix(picture, picture * rng.uniform(1.3, 2.2) * np.array([0.8, 1, 1.15], np.float32), lit * ramp(1 - from_centre, 0, 0.1))
    shade(picture, 1 - rng.uniform(0.1, 0.85) * np.exp(-under_lid / np.float32(rng.uniform(0.06, 0.5))))
    if chance(rng, 0.35):  # the lashes' dense shadow: a dark band that ends softly, well below the lid
        depth = rng.uniform(0.08, 0.4) + rng.uniform(0.01, 0.06) * patch(rng, shape, rng.uniform(0.3, 1.5))
        shade(picture, 1 - rng.uniform(0.3, 0.85) * ramp(depth - under_lid, 0, rng.uniform(0.04, 0.3)))
    if chance(rng, 0.45):  # upper lid and lashes mirrored in the cornea: a band with a ragged lower edge
        _mirror_lid(rng, picture, scene, under_lid, from_centre)
    above = np.maximum(scene.above_lower, 0)
    if chance(rng, 0.5):
        shade(picture, 1 - rng.uniform(0, 0.45) * np.exp(-above / np.float32(rng.uniform(0.05, 0.25))))
    if chance(rng, 0.18):  # lower lid mirrored
        band = ramp(rng.uniform(0.08, 0.35) - above, 0, rng.uniform(0.02, 0.1)) * ramp(1.05 - from_centre, 0, 0.05)
        shade(picture, 1 - rng.uniform(0.2, 0.7) * band)


def _mirror_lid(rng: Random, picture: np.ndarray, scene: Scene, under_lid: np.ndarray, from_centre: np.ndarray) -> None:
    streaks = np.sin(scene.u * np.float32(rng.uniform(20, 80)) + 3 * patch(rng, scene.u.shape, 0.15))
    ragged = rng.uniform(0, 0.12) * streaks + rng.uniform(0.01, 0.08) * patch(rng, scene.u.shape, rng.uniform(0.1, 0.6))
    reach = rng.uniform(0.08, 0.55) - under_lid - rng.uniform(-0.1, 0.3) * scene.u * scene.u
    band = ramp(reach + ragged, 0, rng.uniform(0.01, 0.15)) * ramp(1.03 - from_centre, 0, 0.06)
    if chance(rng, 0.65):
        shade(picture, 1 - rng.uniform(0.2, 0.8) * band)
    else:  # a pale lid or sky under a brow
        mix(picture, scene.skin * rng.uniform(0.4, 1.2) * rng.uniform(0.8, 1.1, 3), rng.uniform(0.15, 0.6) * band)


def _wet(rng: Random, picture: np.ndarray, scene: Scene) -> None:
    """Tears along the lower lid, a glossy line under the upper one, and the caruncle."""
    shape = scene.u.shape
    if chance(rng, 0.4):
        line = bell(scene.above_lower - 0.05, 0.03 + scene.place.pixel) * ramp(patch(rng, shape, 0.5), -0.3, 1.5)
        mix(picture, np.ones(3), rng.uniform(0.2, 0.9) * line)
    if chance(rng, 0.15):
        line = bell(scene.below_upper - rng.uniform(0.02, 0.1), 0.02 + scene.place.pixel) * ramp(patch(rng, shape, 0.8), 0, 1.5)
        mix(picture, np.ones(3), rng.uniform(0.2, 0.9) * line)
    lids = scene.lids
    x = (scene.u - np.float32(lids.centre - lids.half_width * rng.uniform(0.86, 1))) / np.float32(rng.uniform(0.2, 0.5))
    y = (scene.v - np.float32(lids.inner + 0.05)) / np.float32(rng.uniform(0.15, 0.4))
    flesh = np.clip(scene.skin * np.array([0.7, 0.6, 1]) * rng.uniform(0.7, 1.3), 0, 1)
    mix(picture, flesh, rng.uniform(0.4, 1) * ramp(1.3 - x * x - y * y, 0, 0.8))
