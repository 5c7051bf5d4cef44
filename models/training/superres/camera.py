"""The camera: what a smaller, compressed, noisy picture of a truth looks like."""

from __future__ import annotations

import io
from typing import Callable

import cv2
import numpy as np
from PIL import Image

from superres.network import FACTOR
from superres.noise import Random
from superres.picture import Picture, rounded

BENCH_QUALITY = 90  # JPEG quality and noise of the bench's degradation
BENCH_NOISE = 1.0  # grey levels


def degrade(rng: Random, picture: Picture) -> Picture:
    """A quarter of the picture's size, as a camera or a website would give it: shrunk, compressed, noisy.

    Rather more than half become what the bench makes of them. A quarter is hardly harmed, as a good camera's own file
    is, or not at all: a network that hardly ever saw such pictures smooths them. The others come from all sorts of
    cameras, most of them worse. Sides must be multiples of 4.
    """
    kind = rng.random()
    if kind < 0.55:
        return degrade_as_bench(rng, picture)
    return _degrade_little(rng, picture) if kind < 0.8 else _degrade_much(rng, picture)


def _degrade_little(rng: Random, picture: Picture) -> Picture:
    """Shrunk by one of several kernels; then JPEG of quality 90 to 100 or none, and noise of deviation 0 to 1."""
    smaller = _shrink_somehow(rng, picture)
    if rng.random() < 0.5:
        smaller = compress(smaller, int(rng.integers(90, 101)), whole_colour=bool(rng.random() < 0.5))
    return add_noise(rng, smaller, rng.uniform(0, 1) * (rng.random() < 0.6))


def _degrade_much(rng: Random, picture: Picture) -> Picture:
    """A tenth of the lenses a little softer than the truth; then shrunk by one of several kernels, noise of deviation
    0 to 3 and JPEG of quality 70 to 100 in either order."""
    if rng.random() < 0.1:
        picture = gaussian(picture, rng.uniform(0.5, 2))
    smaller = _shrink_somehow(rng, picture)
    noise, quality = rng.uniform(0, 3) * (rng.random() < 0.8), int(rng.integers(70, 101))
    whole_colour = bool(rng.random() < 0.5)
    if rng.random() < 0.5:
        return compress(add_noise(rng, smaller, noise), quality, whole_colour)
    return add_noise(rng, compress(smaller, quality, whole_colour), noise)


def degrade_as_bench(rng: Random, picture: Picture) -> Picture:
    """The fixed degradation: mean over 4 × 4 pixels, JPEG of quality 90 with whole colour, noise of deviation 1."""
    smaller = shrink(picture, _by_area)
    return add_noise(rng, compress(smaller, BENCH_QUALITY, whole_colour=True), BENCH_NOISE)


def _shrink_somehow(rng: Random, picture: Picture) -> Picture:
    return shrink(picture, _KERNELS[rng.choice(len(_KERNELS), p=_SHARES)])


def shrink(picture: Picture, kernel: Callable[[Picture], Picture]) -> Picture:
    """A quarter of the size. Raises ValueError when the sides are no multiples of 4."""
    if picture.shape[0] % FACTOR or picture.shape[1] % FACTOR:
        raise ValueError(f"sides must be multiples of {FACTOR}, not {picture.shape[:2]}")
    return kernel(picture)


def add_noise(rng: Random, picture: Picture, deviation: float) -> Picture:
    """The picture with normal noise of so many grey levels."""
    if deviation == 0:
        return picture
    return rounded(picture + deviation * rng.standard_normal(picture.shape, dtype=np.float32))


def compress(picture: Picture, quality: int, whole_colour: bool = False) -> Picture:
    """The picture after JPEG, with colour at half the resolution (4:2:0) or, if `whole_colour`, at the whole (4:4:4)."""
    file = io.BytesIO()
    Image.fromarray(picture[..., ::-1]).save(file, "JPEG", quality=quality, subsampling=0 if whole_colour else 2)
    return np.ascontiguousarray(np.asarray(Image.open(file))[..., ::-1])


def gaussian(picture: np.ndarray, sigma: float) -> np.ndarray:
    """The picture [h, w, 3] blurred by a Gaussian of this deviation in pixels."""
    return cv2.GaussianBlur(picture, (0, 0), float(sigma))


def _by_area(picture: Picture) -> Picture:
    return cv2.resize(picture, None, fx=1 / FACTOR, fy=1 / FACTOR, interpolation=cv2.INTER_AREA)


def _by_line(line: np.ndarray) -> Callable[[Picture], Picture]:
    """Shrinks with the weights `line`, an even number of them, laid over each block from its middle outwards."""
    second_of_block = (len(line) // 2 - 1, len(line) // 2 - 1)

    def smaller(picture: Picture) -> Picture:
        filtered = cv2.sepFilter2D(picture, cv2.CV_32F, line, line, None, second_of_block, 0, cv2.BORDER_REPLICATE)
        return rounded(filtered[1::FACTOR, 1::FACTOR])

    return smaller


def _line(kernel: Callable[[np.ndarray], np.ndarray], support: int) -> np.ndarray:
    """Weights of a kernel over 2 × support blocks of FACTOR pixels, adding up to 1."""
    places = (np.arange(2 * support * FACTOR) + 0.5) / FACTOR - support
    weights = kernel(places)
    return (weights / weights.sum()).astype(np.float32)


def _keys(t: np.ndarray) -> np.ndarray:
    """Keys' cubic (1981), a = -1/2."""
    x = np.abs(t)
    return np.where(x < 1, 1.5 * x**3 - 2.5 * x**2 + 1, np.where(x < 2, -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2, 0))


# Kernels that pictures are shrunk with, and how often. Lanczos and cubic are widened as libvips and Pillow do it.
_KERNELS = (
    _by_area,
    _by_line(_line(lambda t: np.exp(-0.5 * (t / 0.4) ** 2), 2)),
    _by_line(_line(lambda t: np.sinc(t) * np.sinc(t / 3), 3)),
    _by_line(_line(_keys, 2)),
)
_SHARES = (0.6, 0.1, 0.15, 0.15)
