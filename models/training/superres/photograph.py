"""The truth: what cameras and websites make of a scene before anybody makes it smaller."""

from __future__ import annotations

import cv2
import numpy as np

from superres.camera import compress, gaussian
from superres.noise import Random
from superres.picture import Picture, rounded


def photograph(rng: Random, scene: Picture) -> Picture:
    """The scene as photographs show it: graded, softened and sharpened, grainy, enlarged, compressed; each now and then.

    Nearly always its colours are coarser than its light.
    """
    picture = _grade(rng, scene) if rng.random() < 0.5 else scene
    picture = _soften(rng, picture)
    if rng.random() < 0.9:
        picture = _soften_colour(rng, picture)
    if rng.random() < 0.5:
        picture = _add_grain(rng, picture)
    if rng.random() < 0.15:
        picture = _enlarge(rng, picture)
    if rng.random() < 0.6:
        picture = _compress(rng, picture)
    return picture


def _grade(rng: Random, picture: Picture) -> Picture:
    """Colours drawn together or pulled apart, half of the time with another contrast: single channels may be clipped."""
    values = picture.astype(np.float32)
    grey = values.mean(2, keepdims=True)
    values = grey + rng.uniform(0.4, 2.2) * (values - grey)
    if rng.random() < 0.5:
        values = 128 + rng.uniform(0.8, 1.5) * (values - 128) + rng.uniform(-20, 20)
    return rounded(values)


def _soften(rng: Random, picture: Picture) -> Picture:
    """A lens and a camera's own sharpening: photographs are seldom sharp to the pixel.

    Most get a blur of a deviation up to 1.2 pixels, as good photographs have, a third one up to 4, as close-ups have.
    """
    kind = rng.random()
    if kind < 0.1:
        return picture
    sigma = float(rng.uniform(0.3, 1.2) if kind < 0.65 else rng.uniform(1.2, 4))
    soft = gaussian(picture, sigma) if rng.random() < 0.75 else _disc(picture, sigma)
    if rng.random() < 0.25:
        amount = rng.uniform(0.2, 1.0)
        soft = cv2.addWeighted(soft, 1 + amount, gaussian(soft, rng.uniform(0.7, 2.5)), -amount, 0)
    return soft


def _soften_colour(rng: Random, picture: Picture) -> Picture:
    """Colour differences blurred by a deviation of 1 to 16 pixels, light left as it is.

    Sensors see colours on a coarser grid than light; noise reduction and compression (4:2:0) make them coarser still.
    """
    luma, red, blue = cv2.split(cv2.cvtColor(picture, cv2.COLOR_BGR2YCrCb))
    sigma = float(np.exp(rng.uniform(np.log(1), np.log(16))))
    colours = [gaussian(plane, sigma) for plane in (red, blue)]
    return cv2.cvtColor(cv2.merge([luma, *colours]), cv2.COLOR_YCrCb2BGR)


def _enlarge(rng: Random, picture: Picture) -> Picture:
    """What websites do: a smaller picture, compressed, made 1.3 to 2.5 times as wide and high."""
    height, width = picture.shape[:2]
    factor = rng.uniform(1.3, 2.5)
    small = cv2.resize(picture, (round(width / factor), round(height / factor)), interpolation=cv2.INTER_AREA)
    small = _compress(rng, small)
    kernel = (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4)[rng.integers(3)]
    return cv2.resize(small, (width, height), interpolation=kernel)


def _disc(picture: Picture, sigma: float) -> Picture:
    """Blur by an evenly filled disc, as defocus does, of the same deviation as a Gaussian (radius = 2 sigma)."""
    radius = 2 * sigma
    reach = int(np.ceil(radius))
    place = np.arange(-reach, reach + 1)
    kernel = np.clip(radius + 0.5 - np.hypot(place[None], place[:, None]), 0, 1).astype(np.float32)
    return cv2.filter2D(picture, -1, kernel / kernel.sum())


def _compress(rng: Random, picture: Picture) -> Picture:
    return compress(picture, int(rng.integers(70, 99)), whole_colour=bool(rng.random() < 0.3))


def _add_grain(rng: Random, picture: Picture) -> Picture:
    """Noise of a deviation of 0.5 to 5 grey levels, blurred as demosaicing does, mostly alike in all channels."""
    grain = rng.standard_normal(picture.shape, dtype=np.float32)
    if rng.random() < 0.7:
        grain = 0.6 * grain + rng.standard_normal((*picture.shape[:2], 1), dtype=np.float32)
    grain = gaussian(grain, rng.uniform(0.3, 1.5))
    return rounded(picture + rng.uniform(0.5, 5) * grain / (grain.std() + 1e-6))
