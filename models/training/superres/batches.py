"""Training pairs: windows of scenes, and what a camera makes of them.

All of it follows from seed, step and the photographs that are given, if any.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from superres.album import Album
from superres.camera import degrade
from superres.network import FACTOR
from superres.noise import Random
from superres.photograph import photograph
from superres.picture import Picture
from superres.scenes import render_scene

SCENE = 512  # pixels of a scene, each way


class ScenePairs:
    """Batches {"input": [n, 3, p + 2 reach, p + 2 reach], "truth": [n, 3, 4p, 4p]}, 0..1, channels B, G, R.

    p is data["patch"]. Scenes are drawn, or cut out of photographs, once and used for a while: step s takes them from
    the data["scenes"] that follow number s // data["steps_per_scene"], so that one is made anew every so many steps.
    """

    def __init__(self, data: Mapping[str, object], seed: int, count: int, reach: int, folders: Sequence[Path] = ()):
        self._seed, self._count, self._reach = seed, count, reach
        self._album = Album(folders, SCENE) if folders else None
        self._photographed = float(data.get("photographed", 0))
        self._patch = int(data["patch"])
        self._scenes, self._steps_per_scene = int(data["scenes"]), int(data["steps_per_scene"])
        self._shares: Mapping[str, float] = data["kinds"]
        self._drawn: dict[int, np.ndarray] = {}
        self._lock = threading.Lock()

    def batch(self, step: int) -> dict[str, Tensor]:
        """The batch of this step."""
        rng = np.random.default_rng([self._seed, 0, step])
        first = step // self._steps_per_scene
        pairs = [self._pair(rng, self._scene(first, first + int(rng.integers(self._scenes)))) for _ in range(self._count)]
        return {"input": _planes([pair[0] for pair in pairs]), "truth": _planes([pair[1] for pair in pairs])}

    def fingerprint(self) -> str:
        """Of the photographs; there is no other data than what the seed draws."""
        return self._album.fingerprint() if self._album else "drawn"

    def _scene(self, first: int, number: int) -> np.ndarray:
        with self._lock:
            found = self._drawn.get(number)
            for past in [kept for kept in self._drawn if kept < first - self._steps_per_scene]:
                del self._drawn[past]
        if found is None:
            found = self._new_scene(np.random.default_rng([self._seed, 1, number]))
            with self._lock:
                self._drawn[number] = found
        return found

    def _new_scene(self, rng: Random) -> Picture:
        if self._album and rng.random() < self._photographed:
            return self._album.window(rng)
        return render_scene(rng, SCENE, self._shares)

    def _pair(self, rng: Random, scene: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        side = FACTOR * (self._patch + 2 * self._reach)
        y, x = rng.integers(0, SCENE - side + 1, 2)
        window = _turned(rng, scene[y : y + side, x : x + side])
        truth = photograph(rng, np.ascontiguousarray(window))
        edge = FACTOR * self._reach
        return degrade(rng, truth), truth[edge:-edge, edge:-edge]


def _turned(rng: Random, picture: np.ndarray) -> np.ndarray:
    """One of the eight ways to lay a square, and its colours in any order."""
    if rng.random() < 0.5:
        picture = picture.swapaxes(0, 1)
    return picture[:: rng.choice((1, -1)), :: rng.choice((1, -1)), rng.permutation(3)]


def _planes(pictures: list[np.ndarray]) -> Tensor:
    """uint8 [h, w, 3] each → float32 [n, 3, h, w], 0..1."""
    stacked = np.stack([picture.transpose(2, 0, 1) for picture in pictures])
    return torch.from_numpy(stacked.astype(np.float32) / 255)
