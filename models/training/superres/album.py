"""Photographs of anything as scenes: windows of a folder's pictures, at any size from their own to a fourth."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path
from typing import Sequence

import cv2
import numpy as np

from loop.settings import SettingsError
from superres.noise import Random
from superres.picture import Picture

ENDINGS = (".jpg", ".jpeg", ".png")
LARGEST = 16_000_000  # pixels of a photograph that are kept; a larger one is shrunk to them
AT_HAND = 12  # photographs that are kept decoded: with the largest, 576 MB
SMALLEST_SCALE = 0.25


class Album:
    """The photographs of some folders, in the order of their paths.

    Raises SettingsError for a file that is no picture, and when no picture has `size` pixels each way.
    """

    def __init__(self, folders: Sequence[Path], size: int):
        files = sorted(file for folder in folders for file in folder.rglob("*") if file.suffix.lower() in ENDINGS)
        self._size = size
        self._read = functools.lru_cache(AT_HAND)(_read)
        self._files = [file for file in files if min(self._read(file).shape[:2]) >= size]
        if not self._files:
            raise SettingsError(f"no photograph of {size} pixels each way in {', '.join(map(str, folders))}")

    def window(self, rng: Random) -> Picture:
        """A square of `size` pixels of one of the photographs, shrunk by up to 1 / SMALLEST_SCALE."""
        photo = self._read(self._files[rng.integers(len(self._files))])
        most = min(min(photo.shape[:2]) / self._size, 1 / SMALLEST_SCALE)
        side = int(self._size * np.exp(rng.uniform(0, np.log(most))))
        top, left = (int(rng.integers(0, whole - side + 1)) for whole in photo.shape[:2])
        window = photo[top : top + side, left : left + side]
        return cv2.resize(window, (self._size, self._size), interpolation=cv2.INTER_AREA)

    def fingerprint(self) -> str:
        """A hash of what is in the files, in their order: what windows follow from beside the seed."""
        hashes = (hashlib.sha256(file.read_bytes()).hexdigest() for file in self._files)
        return hashlib.sha256("".join(hashes).encode()).hexdigest()


def _read(file: Path) -> Picture:
    picture = cv2.imread(str(file), cv2.IMREAD_COLOR)
    if picture is None:
        raise SettingsError(f"{file}: not a picture that can be read")
    scale = np.sqrt(LARGEST / (picture.shape[0] * picture.shape[1]))
    if scale < 1:
        picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return picture
