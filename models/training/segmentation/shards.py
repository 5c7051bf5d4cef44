"""Shards: files of about a thousand labelled pictures each, read by memory map, so that any picture is at hand."""

from __future__ import annotations

import os
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Sequence

import numpy as np

from segmentation.geometry import Ellipse

LID_POINTS = 33  # points that a lid margin is kept as
CLASS_BITS = 0x07  # of a label byte: 0 background, 1 sclera, 2 visible iris, 3 pupil, UNKNOWN_CLASS
UNKNOWN_CLASS = 7  # nobody labelled this pixel
HIGHLIGHT_BIT = 0x08  # of a label byte: specular highlight


class RenderedEye(Protocol):
    """What a renderer answers; see eyes.render. limbus is None where there is no eye."""

    picture: np.ndarray  # uint8 [S,S,3] B,G,R
    classes: np.ndarray  # uint8 [S,S]
    highlight: np.ndarray  # uint8 [S,S] 0/1
    limbus: Ellipse | None  # pixels, corner origin
    pupil: Ellipse | None
    pupil_visible: bool
    upper: np.ndarray  # float32 [k,2], pixels, sorted by x
    lower: np.ndarray


@dataclass(frozen=True)
class Example:
    """One labelled picture. Geometry in pixels of the picture, corner origin; None: no eye, or not labelled."""

    picture: np.ndarray  # uint8 [R,R,3] B,G,R
    labels: np.ndarray  # uint8 [R,R]: class and highlight bits
    limbus: Ellipse | None
    pupil: Ellipse | None
    pupil_visible: bool
    upper: np.ndarray | None  # float32 [LID_POINTS,2]
    lower: np.ndarray | None


class Examples(Protocol):
    """A set of labelled pictures."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> Example: ...

    def fingerprint(self) -> str:
        """Names the set."""


def write_shard(path: Path, eyes: Sequence[RenderedEye]) -> None:
    """Writes a shard whole or not at all: an uncompressed .npz."""
    arrays = {
        "picture": np.stack([eye.picture for eye in eyes]),
        "labels": np.stack([eye.classes | (eye.highlight.astype(np.uint8) * HIGHLIGHT_BIT) for eye in eyes]),
        "ellipses": np.array([[_ellipse_row(eye.limbus), _ellipse_row(eye.pupil)] for eye in eyes], np.float32),
        "pupil_visible": np.array([eye.pupil_visible for eye in eyes], bool),
        "lids": np.stack([np.stack([_lid_row(eye.upper), _lid_row(eye.lower)]) for eye in eyes]),
    }
    unfinished = path.with_suffix(f".unfinished-{os.getpid()}")
    with open(unfinished, "wb") as file:
        np.savez(file, **arrays)
    os.replace(unfinished, path)


def _ellipse_row(ellipse: Ellipse | None) -> list[float]:
    return [float("nan")] * 5 if ellipse is None else [float(value) for value in ellipse]


def _lid_row(points: np.ndarray | None) -> np.ndarray:
    """A margin as LID_POINTS points, evenly spaced in x; not a number where there is none."""
    if points is None or len(points) == 0:
        return np.full((LID_POINTS, 2), np.nan, np.float32)
    x = np.linspace(points[0, 0], points[-1, 0], LID_POINTS)
    return np.stack([x, np.interp(x, points[:, 0], points[:, 1])], 1).astype(np.float32)


class Shards:
    """The pictures of all shards in some folders, in the order of the files' names."""

    def __init__(self, folders: Sequence[Path]):
        self._files = sorted((file for folder in folders for file in folder.glob("shard-*.npz")), key=lambda f: f.name)
        self._arrays = [_mapped_arrays(file) for file in self._files]
        self._starts = np.cumsum([0, *(len(arrays["picture"]) for arrays in self._arrays)])

    def __len__(self) -> int:
        return int(self._starts[-1])

    def __getitem__(self, index: int) -> Example:
        shard = int(np.searchsorted(self._starts, index, side="right")) - 1
        arrays, row = self._arrays[shard], index - int(self._starts[shard])
        limbus, pupil = (_ellipse(values) for values in arrays["ellipses"][row])
        upper, lower = (None if np.isnan(lid[0, 0]) else lid for lid in arrays["lids"][row])
        visible = bool(arrays["pupil_visible"][row])
        picture, labels = np.asarray(arrays["picture"][row]), np.asarray(arrays["labels"][row])
        return Example(picture, labels, limbus, pupil, visible, upper, lower)

    def fingerprint(self) -> str:
        return ",".join(f"{file.name}:{file.stat().st_size}" for file in self._files)


def _ellipse(row: np.ndarray) -> Ellipse | None:
    return None if np.isnan(row[0]) else tuple(float(value) for value in row)


def _mapped_arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays of an uncompressed .npz, the large ones mapped instead of read."""
    arrays: dict[str, np.ndarray] = {}
    with zipfile.ZipFile(path) as archive, open(path, "rb") as file:
        for member in archive.infolist():
            name = member.filename.removesuffix(".npy")
            if name not in ("picture", "labels"):
                with archive.open(member) as content:
                    arrays[name] = np.lib.format.read_array(content)
                continue
            # A member's data follows its local header: 30 bytes, the name, the extra field.
            file.seek(member.header_offset + 26)
            name_length, extra_length = np.frombuffer(file.read(4), "<u2")
            file.seek(member.header_offset + 30 + int(name_length) + int(extra_length))
            np.lib.format.read_magic(file)
            shape, _, kind = np.lib.format.read_array_header_1_0(file)
            arrays[name] = np.memmap(path, kind, "r", file.tell(), shape)
    return arrays
