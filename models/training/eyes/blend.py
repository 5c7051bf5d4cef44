"""Blending of float32 pictures [S, S, 3], 0 to 1, blue green red."""

import cv2
import numpy as np


def ramp(x: np.ndarray, low: float, high: float) -> np.ndarray:
    """0 below low, 1 above high, linear between."""
    return np.clip((x - np.float32(low)) * np.float32(1 / (high - low + 1e-9)), 0, 1)


def bell(x: np.ndarray, width: float) -> np.ndarray:
    """1 at 0, falling like a Gaussian of the given width."""
    scaled = x * np.float32(1 / width)
    return np.exp(-scaled * scaled)


def mix(picture: np.ndarray, colour, weight: np.ndarray) -> None:
    """Moves a picture towards a colour (or another picture) by a weight [S, S], in place."""
    picture += (np.asarray(colour, np.float32) - picture) * weight[..., None]


def shade(picture: np.ndarray, factor: np.ndarray) -> None:
    """Multiplies a picture by a brightness [S, S], in place."""
    picture *= factor[..., None]


def blur(plane: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian blur, sigma in pixels; nothing below a tenth of a pixel."""
    return plane if sigma < 0.1 else cv2.GaussianBlur(plane, (0, 0), sigma)


def luminance(picture: np.ndarray) -> np.ndarray:
    return picture @ np.array([0.11, 0.59, 0.30], np.float32)


def colour_of(hue: float, saturation: float, value: float) -> np.ndarray:
    """BGR of hue in degrees, saturation and value 0 to 1."""
    return cv2.cvtColor(np.array([[[hue % 360, saturation, value]]], np.float32), cv2.COLOR_HSV2BGR)[0, 0]
