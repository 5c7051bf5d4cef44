"""The opening between the lids."""

from dataclasses import dataclass

import numpy as np

from .chance import Random, chance


@dataclass(frozen=True)
class Lids:
    """Upper and lower lid margin as functions of u, in eye units."""

    half_width: float
    centre: float
    inner: float
    """v of the inner corner."""
    outer: float
    upper_height: float
    lower_height: float
    upper_power: float
    lower_power: float
    upper_skew: float
    lower_skew: float

    def across(self, u: np.ndarray) -> np.ndarray:
        """-1 at the inner corner, 1 at the outer one."""
        return (u - np.float32(self.centre)) / np.float32(self.half_width)

    def _base(self, t):
        return self.inner + (self.outer - self.inner) * (t + 1) / 2

    def _arch(self, t, skew: float, power: float):
        bent = np.clip(t + skew * (1 - t * t), -1, 1)
        return 1 - np.abs(bent) ** power

    def upper(self, u: np.ndarray) -> np.ndarray:
        t = np.clip(self.across(u), -1.6, 1.6)
        return (self._base(t) - self.upper_height * self._arch(t, self.upper_skew, self.upper_power)).astype(np.float32)

    def lower(self, u: np.ndarray) -> np.ndarray:
        t = np.clip(self.across(u), -1.6, 1.6)
        return (self._base(t) + self.lower_height * self._arch(t, self.lower_skew, self.lower_power)).astype(np.float32)


def draw_lids(rng: Random) -> Lids:
    """Mostly open eyes; some wide open, some half closed."""
    inner = rng.uniform(-0.1, 0.7)
    outer = inner + (rng.normal(0, 0.2) if chance(rng, 0.8) else rng.uniform(-0.7, 0.7))
    kind = rng.random()
    if kind < 0.7:
        above, below = rng.uniform(0.5, 1.0), rng.uniform(0.82, 1.12)
    elif kind < 0.86:
        above, below = rng.uniform(-0.15, 0.5), rng.uniform(0.5, 1.1)
    else:
        above, below = rng.uniform(0.8, 1.5), rng.uniform(0.6, 1.4)
    middle = (inner + outer) / 2
    upper_height, lower_height = max(0.25, above + middle), max(0.12, below - middle)
    if upper_height + lower_height < 0.5:
        upper_height += 0.4
    return Lids(
        half_width=rng.uniform(2.0, 3.0),
        centre=rng.uniform(-0.7, 0.7) if chance(rng, 0.8) else rng.uniform(-1.5, 1.5),
        inner=inner,
        outer=outer,
        upper_height=upper_height,
        lower_height=lower_height,
        upper_power=rng.uniform(1.7, 2.8),
        lower_power=rng.uniform(1.7, 3.0),
        upper_skew=rng.uniform(-0.3, 0.3),
        lower_skew=rng.uniform(-0.3, 0.3),
    )
