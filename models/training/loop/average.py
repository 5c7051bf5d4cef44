"""Exponential moving average of a network's weights: what is evaluated and exported."""

from __future__ import annotations

import copy

import torch
from torch import nn


class WeightAverage:
    """Averages weights and BatchNorm statistics every fourth step; young averages forget faster.

    The decay is min(decay, (1 + n) / (10 + n)) a step after n steps, so that the first, random weights do not linger.
    """

    EVERY = 4  # steps between two updates: a foreach over all weights costs more than it is worth at each step

    def __init__(self, network: nn.Module, decay: float):
        self.decay = decay
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self._pairs_with(network)

    def _pairs_with(self, network: nn.Module) -> None:
        averaged, current = self.network.state_dict(), network.state_dict()
        names = [name for name, value in current.items() if value.dtype.is_floating_point]
        self._averaged = [averaged[name] for name in names]
        self._current = [current[name] for name in names]
        self._counters = [(averaged[n], v) for n, v in current.items() if not v.dtype.is_floating_point]

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Call after every step with the number of steps done."""
        if step % self.EVERY != 0:
            return
        keep = min(self.decay, (1 + step) / (10 + step)) ** self.EVERY
        torch._foreach_mul_(self._averaged, keep)
        torch._foreach_add_(self._averaged, self._current, alpha=1 - keep)
        for averaged, current in self._counters:
            averaged.copy_(current)
