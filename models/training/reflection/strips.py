"""Unwrapped irises to learn from: rows from inside the pupil to outside the limbus, columns around."""

from __future__ import annotations

import cv2
import numpy as np

from eyes.blend import ramp
from eyes.chance import Random, chance, log_uniform
from eyes.iris import paint_iris
from eyes.noise import ring_noise

ROWS = 96
INNER, OUTER = -0.08, 1.06
"""What the rows span: 0 is the pupil's border, 1 the limbus."""
COLUMNS = 512
"""Columns of a full circle: at this number a pixel is about as wide as it is high."""

_TILE = (256, COLUMNS)


def draw_strip(rng: Random) -> np.ndarray:
    """A strip [ROWS, COLUMNS, 3], uint8 BGR: a painted iris, grown over with noise of real steepness, photographed."""
    iris_rows = round(ROWS / (OUTER - INNER))
    first = round(-INNER / (OUTER - INNER) * ROWS)
    fine = int(rng.integers(1, 3))
    painted = paint_iris(rng, iris_rows * fine, COLUMNS * fine)
    iris = cv2.resize(painted, (COLUMNS, iris_rows), interpolation=cv2.INTER_AREA)
    strip = cv2.copyMakeBorder(iris, first, ROWS - first - iris_rows, 0, 0, cv2.BORDER_REPLICATE)
    kept = rng.random()  # of the painted fibres
    flat = cv2.blur(strip, (1, 5)).mean(1, keepdims=True)
    strip = flat + kept * (strip - flat)
    strip = strip * np.exp(log_uniform(rng, 0.02, 0.4) * _growth(rng))[..., None]
    if chance(rng, 0.4):
        strip = strip * np.exp(log_uniform(rng, 0.01, 0.08) * np.stack([_growth(rng) for _ in range(3)], 2))
    strip = strip * np.exp(rng.uniform(0, 0.25) * _rings(rng))
    if chance(rng, 0.4):
        strip = _lashes(rng, strip)
    strip = _borders(rng, strip)
    return _photographed(rng, strip)


def _growth(rng: Random) -> np.ndarray:
    """Noise whose power falls with frequency, longer along the rays or round; deviation 1, periodic around."""
    steepness = rng.uniform(2.0, 4.2)
    along = log_uniform(rng, 0.8, 4)  # how much longer than wide its spots are
    down = np.fft.fftfreq(_TILE[0])[:, None] * along
    around = np.fft.rfftfreq(_TILE[1])[None]
    coarsest = rng.uniform(0.004, 0.03)
    amplitude = (coarsest**2 + down**2 + around**2) ** (-steepness / 4)
    phases = np.exp(2j * np.pi * rng.random(amplitude.shape))
    noise = np.fft.irfft2(amplitude * phases, _TILE)[:ROWS].astype(np.float32)
    noise = (noise - noise.mean()) / (noise.std() + 1e-6)
    if chance(rng, 0.3):  # ridges or pits
        noise = np.abs(noise + rng.uniform(-0.5, 0.5)) * rng.choice([-1.3, 1.3])
    return np.clip(noise - noise.mean(), -2.5, 2.5)


def _rings(rng: Random) -> np.ndarray:
    """Zones of another colour around the pupil, uneven ones: [ROWS, COLUMNS, 3], deviation about 1."""
    cells = int(rng.integers(3, 12))
    grey = ring_noise(rng, ROWS, COLUMNS, (cells, 3)) * 0.5 + ring_noise(rng, ROWS, 1, (cells, 3))
    tint = [ring_noise(rng, ROWS, 1, (cells, 3)) for _ in range(3)]
    return grey[..., None] + rng.uniform(0, 0.7) * np.stack(tint, 2)


def _lashes(rng: Random, strip: np.ndarray) -> np.ndarray:
    """Lashes and their mirror images reach in from outside, with the shade of the lid."""
    drawn = np.zeros((ROWS, COLUMNS), np.float32)
    middle, reach = rng.uniform(0, COLUMNS), rng.uniform(0.2, 0.8) * ROWS
    for _ in range(rng.integers(5, 40)):
        foot = middle + rng.normal(0, 45)
        length, slant, bend = rng.uniform(0.5, 1.2) * reach, rng.uniform(-1, 1), rng.normal(0, 0.5)
        t = np.linspace(0, 1, 8)
        x, y = foot + length * (slant * t + bend * t**2), ROWS - length * t
        points = np.rint(np.stack([x, y], 1) * 8).astype(np.int32)
        cv2.polylines(drawn, [points], False, rng.uniform(0.3, 1), int(rng.integers(1, 3)), cv2.LINE_AA, 3)
    drawn = cv2.GaussianBlur(drawn, (0, 0), log_uniform(rng, 0.4, 2))
    away = np.hypot((np.arange(COLUMNS) - middle)[None] / 90, (ROWS - np.arange(ROWS))[:, None] / reach)
    shade = rng.uniform(0, 0.6) * np.clip(1.3 - away, 0, 1).astype(np.float32)
    return strip * (1 - rng.uniform(0.1, 0.8) * drawn[..., None]) * (1 - shade[..., None])


def _borders(rng: Random, strip: np.ndarray) -> np.ndarray:
    """The pupil inside and the sclera outside, as soft as a lens draws them and not quite where they were fitted."""
    rho = INNER + (np.arange(ROWS, dtype=np.float32) + 0.5) / ROWS * (OUTER - INNER)
    angle = np.arange(COLUMNS, dtype=np.float32) * np.float32(2 * np.pi / COLUMNS)
    off = [rng.normal(0, 0.012) * np.sin(k * angle + rng.uniform(0, 6.3)) for k in (1, 2, 3)]
    rho = rho[:, None] + sum(off)[None]
    soft = rng.uniform(0.01, 0.05)
    pupil = ramp(-rho, -soft, soft)[..., None]
    strip = strip * (1 - pupil) + pupil * rng.uniform(0, 0.12, 3).astype(np.float32)
    soft = rng.uniform(0.015, 0.09)
    sclera = ramp(rho, 1 - soft, 1 + soft)[..., None]
    white = rng.uniform(0.35, 1) * np.array([0.9, 0.92, 1], np.float32)
    strip = strip * (1 - sclera) + sclera * white
    light = rng.uniform(-0.3, 0.3) * np.cos(angle - rng.uniform(0, 6.3))  # from one side
    return strip * (1 + light.astype(np.float32))[None, :, None]


def _photographed(rng: Random, strip: np.ndarray) -> np.ndarray:
    """Exposure, defocus, noise, JPEG."""
    strip = strip * rng.uniform(0.6, 1.2) / max(0.2, float(np.percentile(strip, 95)))
    around = 16
    wide = np.concatenate([strip[:, -around:], strip, strip[:, :around]], 1).astype(np.float32)
    if chance(rng, 0.8):
        wide = cv2.GaussianBlur(wide, (0, 0), log_uniform(rng, 0.3, 2.2))
    wide = np.clip(wide, 0, 1) * 255
    if chance(rng, 0.7):
        grain = rng.normal(0, log_uniform(rng, 0.5, 5), wide.shape).astype(np.float32)
        wide = wide + (cv2.GaussianBlur(grain, (0, 0), 0.7) * 2 if chance(rng, 0.5) else grain)
    picture = np.clip(wide + 0.5, 0, 255).astype(np.uint8)
    if chance(rng, 0.5):
        quality = int(rng.integers(50, 96))
        picture = cv2.imdecode(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR)
    return np.ascontiguousarray(picture[:, around:-around])
