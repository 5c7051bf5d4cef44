"""The learning rate over a run."""

from __future__ import annotations

import math

from loop.settings import Plan


def learning_rate(plan: Plan, step: int, progress: float) -> float:
    """Linear warm-up over the first steps, then a cosine from the highest rate to its floor.

    `progress` is the share of the run that is done, 0..1.
    """
    warm_up = min(1.0, (step + 1) / max(1, plan.warm_up))
    cosine = 0.5 + 0.5 * math.cos(math.pi * min(1.0, max(0.0, progress)))
    return plan.learning_rate * warm_up * (plan.floor + (1 - plan.floor) * cosine)
