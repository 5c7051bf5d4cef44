"""The line that tells how far a training is."""

from __future__ import annotations

import time
from typing import Callable, Mapping


class Progress:
    """Says a line about every 20 s: steps, speed, loss, learning rate, what is left."""

    SECONDS = 20.0

    def __init__(self, say: Callable[[str], None], batch: int):
        self._say = say
        self._batch = batch
        self._began: tuple[int, float] | None = None  # step and seconds at the last line
        self._last = time.monotonic()

    def show(self, step: int, seconds: float, progress: float, rate: float, parts: Mapping[str, float]) -> None:
        """Says the line if it is time; `progress` is the share of the run that is done."""
        if self._began is None:
            self._began = (step, seconds)
        now = time.monotonic()
        if now - self._last < self.SECONDS:
            return
        speed = (step - self._began[0]) / max(1e-9, seconds - self._began[1])
        left = max(0.0, seconds / max(progress, 1e-9) * (1 - progress))
        losses = "  ".join(f"{name} {value:.4f}" for name, value in parts.items())
        self._say(
            f"step {step}  {100 * progress:.1f} %  {speed:.2f} steps/s ({speed * self._batch:.0f} pictures/s)  "
            f"{losses}  learning rate {rate:.2e}  {_time(left)} left"
        )
        self._began = (step, seconds)
        self._last = now


def _time(seconds: float) -> str:
    hours, rest = divmod(int(seconds), 3600)
    return f"{hours} h {rest // 60} min" if hours else f"{rest // 60} min {rest % 60} s"
