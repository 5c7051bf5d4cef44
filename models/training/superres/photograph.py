"""The truth: what cameras and websites make of a scene before anybody makes it smaller."""

from __future__ import annotations

import cv2
import numpy as np

from superres.camera import compress, gaussian
from superres.noise import Random
from superres.picture import Picture, rounded


def photograph(rng: Random, scene: Picture) -> Picture:
    """The scene as photographs show it: colours graded, softened and sharpened, grainy, compressed; each now and then."""
    graded = _grade(rng, scene) if rng.random() < 0.5 else scene
    soft = _soften(rng, graded)
    grainy = _add_grain(rng, soft) if rng.random() < 0.5 else soft
    if rng.random() < 0.6:
        return compress(grainy, int(rng.integers(70, 99)), whole_colour=bool(rng.random() < 0.3))
    return grainy


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


def _disc(picture: Picture, sigma: float) -> Picture:
    """Blur by an evenly filled disc, as defocus does, of the same deviation as a Gaussian (radius = 2 sigma)."""
    radius = 2 * sigma
    reach = int(np.ceil(radius))
    place = np.arange(-reach, reach + 1)
    kernel = np.clip(radius + 0.5 - np.hypot(place[None], place[:, None]), 0, 1).astype(np.float32)
    return cv2.filter2D(picture, -1, kernel / kernel.sum())


def _add_grain(rng: Random, picture: Picture) -> Picture:
    """Noise of a deviation of 0.5 to 5 grey levels, blurred as demosaicing does, mostly alike in all channels."""
    grain = rng.standard_normal(picture.shape, dtype=np.float32)
    if rng.random() < 0.7:
        grain = 0.6 * grain + rng.standard_normal((*picture.shape[:2], 1), dtype=np.float32)
    grain = gaussian(grain, rng.uniform(0.3, 1.5))
    return rounded(picture + rng.uniform(0.5, 5) * grain / (grain.std() + 1e-6))
