"""Draws from distributions that the renderer uses everywhere."""

import numpy as np

Random = np.random.Generator


def chance(rng: Random, probability: float) -> bool:
    """True with the given probability."""
    return bool(rng.random() < probability)


def log_uniform(rng: Random, low: float, high: float) -> float:
    """Uniform in the logarithm: small and large sizes are equally likely."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def unit(rng: Random) -> np.ndarray:
    """A direction in the plane, [2]."""
    angle = rng.uniform(0, 2 * np.pi)
    return np.array([np.cos(angle), np.sin(angle)], np.float32)


def sign(rng: Random) -> int:
    return 1 if rng.random() < 0.5 else -1
