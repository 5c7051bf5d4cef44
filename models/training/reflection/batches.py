"""Batches of cuts from unwrapped irises, with holes."""

from __future__ import annotations

import functools
import hashlib
import json
from typing import Any, Mapping

import numpy as np
import torch

from eyes.chance import Random, chance
from loop.trainer import Batch
from reflection.holes import draw_holes
from reflection.strips import COLUMNS, ROWS, draw_strip

LEAST_HOLE = 12  # pixels: of a smaller one the error says nothing


class HoledStrips:
    """Each step's batch from its own random state. Strips cost the most: step s cuts those numbered s … s + size - 1, so
    that each step draws one strip anew.
    """

    def __init__(self, data: Mapping[str, Any], seed: int, size: int) -> None:
        self._rows, self._columns = data["rows"], data["columns"]
        self._holes = data["holes"]
        self._hidden = data["hidden"]
        self._name = hashlib.sha256(json.dumps(dict(data), sort_keys=True).encode()).hexdigest()[:16]
        self._seed, self._size = seed, size
        self._strip = functools.lru_cache(maxsize=4 * size)(self._draw)

    def batch(self, step: int) -> Batch:
        """"input" [N, 4, rows, columns] as Filler takes it; "truth" [N, 3, …]; "hole" [N, 1, …] 1 where to compare."""
        rng = np.random.default_rng([self._seed, 0, step])
        samples = [self._sample(rng, self._strip(step + place)) for place in range(self._size)]
        truth, known, hole = (torch.from_numpy(np.stack(part)) for part in zip(*samples))
        truth = truth.permute(0, 3, 1, 2).float() / 255
        known, hole = known[:, None].float(), hole[:, None].float()
        return {"input": torch.cat([truth * known, known], 1), "truth": truth, "hole": hole}

    def fingerprint(self) -> str:
        return self._name

    def _draw(self, number: int) -> np.ndarray:
        return draw_strip(np.random.default_rng([self._seed, 1, number]))

    def _sample(self, rng: Random, strip: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Truth uint8 [rows, columns, 3], known and hole uint8 [rows, columns]."""
        top = int(rng.integers(0, ROWS - self._rows + 1))
        strip = np.roll(strip, int(rng.integers(0, COLUMNS)), 1)
        if chance(rng, 0.5):
            strip = strip[:, ::-1]
        truth = np.ascontiguousarray(strip[top : top + self._rows, : self._columns])
        hidden = self._behind_lid(rng, top) if chance(rng, self._hidden) else np.zeros(truth.shape[:2], np.uint8)
        hole = np.zeros_like(hidden)
        while hole.sum() < LEAST_HOLE:
            hole = draw_holes(rng, self._rows, self._columns, self._holes) & (1 - hidden)
        return truth, (1 - hole) & (1 - hidden), hole

    def _behind_lid(self, rng: Random, top: int) -> np.ndarray:
        """A lid reaches in from the limbus over a part of the columns."""
        x = (np.arange(self._columns) / self._columns - rng.uniform(-0.3, 1.3)) / rng.uniform(0.3, 1)
        edge = ROWS * (rng.uniform(0.4, 1) + rng.uniform(0.2, 1) * x**2)
        return (top + np.arange(self._rows)[:, None] > edge[None]).astype(np.uint8)
