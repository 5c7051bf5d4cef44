"""How near a picture is to the truth: PSNR and SSIM, as papers on super-resolution take them."""

from __future__ import annotations

import cv2
import numpy as np

_SIGMA, _WINDOW = 1.5, 11  # of SSIM (Wang et al. 2004)
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


def psnr(picture: np.ndarray, truth: np.ndarray) -> float:
    """Peak signal to noise ratio in dB over all channels of two uint8 pictures."""
    error = np.mean((picture.astype(np.float64) - truth) ** 2)
    return float(10 * np.log10(255**2 / error)) if error > 0 else float("inf")


def ssim(picture: np.ndarray, truth: np.ndarray) -> float:
    """Mean structural similarity of the grey versions of two uint8 BGR pictures, where the window fits."""
    a = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(np.float64)
    b = cv2.cvtColor(truth, cv2.COLOR_BGR2GRAY).astype(np.float64)
    mean_a, mean_b = _blur(a), _blur(b)
    spread_a, spread_b = _blur(a * a) - mean_a**2, _blur(b * b) - mean_b**2
    together = _blur(a * b) - mean_a * mean_b
    light = (2 * mean_a * mean_b + _C1) / (mean_a**2 + mean_b**2 + _C1)
    structure = (2 * together + _C2) / (spread_a + spread_b + _C2)
    edge = _WINDOW // 2
    return float((light * structure)[edge:-edge, edge:-edge].mean())


def _blur(plane: np.ndarray) -> np.ndarray:
    return cv2.GaussianBlur(plane, (_WINDOW, _WINDOW), _SIGMA)
