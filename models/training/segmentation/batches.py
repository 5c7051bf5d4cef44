"""Training batches of the segmentation networks, from shards and from folders of own photos."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path
from typing import Sequence

import cv2
import numpy as np
import torch

from loop.settings import Settings, SettingsError
from loop.trainer import Batch
from segmentation.camera import Camera
from segmentation.crop import Square, random_square
from segmentation.photos import Photos, has_photos
from segmentation.shards import Examples, Shards


class SegmentationBatches:
    """Batches as a function of the step. Sets are mixed by their shares, each in a new order every epoch."""

    def __init__(self, settings: Settings, sets: Sequence[tuple[Examples, float]]):
        cv2.setNumThreads(1)
        self._seed, self._size = settings.seed, settings.training.batch
        self._side, self._table = settings.network["side"], settings.data
        self._camera = Camera(settings.seed, settings.data["camera"])
        self._sets = [examples for examples, _ in sets]
        shares = np.array([share for _, share in sets], np.float64)
        self._limits = np.cumsum(shares / shares.sum())
        self._order = functools.lru_cache(maxsize=4)(self._shuffled)

    def batch(self, step: int) -> Batch:
        return as_tensors([self._square(step * self._size + place) for place in range(self._size)])

    def fingerprint(self) -> str:
        return hashlib.sha256("\n".join(examples.fingerprint() for examples in self._sets).encode()).hexdigest()

    def _square(self, number: int) -> Square:
        rng = np.random.default_rng([self._seed, number])
        chosen = int(np.searchsorted(self._limits, rng.random(), side="right"))
        chosen = min(chosen, len(self._sets) - 1)
        examples = self._sets[chosen]
        epoch, place = divmod(number, len(examples))
        example = examples[int(self._order(chosen, epoch)[place])]
        square = random_square(example, rng, self._side, self._table)
        return Square(**{**vars(square), "picture": self._camera.take(square.picture, rng)})

    def _shuffled(self, chosen: int, epoch: int) -> np.ndarray:
        return np.random.default_rng([self._seed, chosen, epoch, 5]).permutation(len(self._sets[chosen]))


def as_tensors(squares: Sequence[Square]) -> Batch:
    """A batch as segmentation_loss takes it; "input" is [n,3,S,S], B,G,R 0..1."""
    pictures = np.stack([square.picture for square in squares])
    return {
        "input": torch.from_numpy(pictures).permute(0, 3, 1, 2).float().div_(255),
        "classes": torch.from_numpy(np.stack([square.classes for square in squares])),
        "discs": torch.from_numpy(np.stack([square.discs for square in squares])),
        "highlight": torch.from_numpy(np.stack([square.highlight for square in squares])),
        "geometry": torch.from_numpy(np.stack([square.geometry for square in squares])),
        "lids_known": torch.tensor([float(square.lids_known) for square in squares]),
    }


def open_sets(settings: Settings, folders: Sequence[Path]) -> SegmentationBatches:
    """Batches of all shards and labelled photos in the folders. Raises SettingsError where there are none."""
    for folder in folders:
        if not folder.is_dir():
            raise SettingsError(f"{folder}: there is no such folder")
    shard_folders = [folder for folder in folders if any(folder.glob("shard-*.npz"))]
    photo_folders = [folder for folder in folders if folder not in shard_folders]
    for folder in photo_folders:
        if not has_photos(folder):
            raise SettingsError(
                f"{folder}: neither shards (shard-*.npz; `train.py render {settings.model}` makes them) nor labelled "
                "photos (labels.json, images/, iris/); photos without labels cannot be learned from"
            )
    sets: list[tuple[Examples, float]] = []
    if shard_folders:
        sets.append((Shards(shard_folders), 1 - settings.data["photo_share"] if photo_folders else 1.0))
    if photo_folders:
        photos = Photos(photo_folders, settings.data["frame"], settings.data["rendered_size"])
        sets.append((photos, settings.data["photo_share"] if shard_folders else 1.0))
    if not sets:
        raise SettingsError(f"no data: name folders by --data; `train.py render {settings.model}` makes shards")
    return SegmentationBatches(settings, sets)
