"""Own, consented photos as training data: a folder with images/, iris/ and labels.json.

labels.json: {name: {"file": in images/, "limbus": {cx, cy, a, b, angle_deg}, "pupil": so too or null,
"lids": {"upper": [[x, y] …], "lower": …}}}, pixels of the photo, corner origin. iris/<name>.png: visible iris, 255.
glare/<name>.png, if there: highlights. What lies beyond the lids' points is not labelled and costs nothing.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Mapping, Sequence

import cv2
import numpy as np

from loop.settings import SettingsError
from segmentation import geometry
from segmentation.crop import OUTSIDE
from segmentation.shards import HIGHLIGHT_BIT, LID_POINTS, UNKNOWN_CLASS, Example

TIGHT_DIAMETERS = 3.4  # side of the kept square in iris diameters: room to turn and shift the training's square
FINER = 2  # times the rendered size: photos are kept in more detail than shards


def has_photos(folder: Path) -> bool:
    """Whether the folder has labelled photos."""
    return (folder / "labels.json").is_file() and (folder / "images").is_dir() and (folder / "iris").is_dir()


class Photos:
    """The labelled photos of some folders, each cut once to the square that training squares come out of."""

    def __init__(self, folders: Sequence[Path], frame: str, rendered_size: int):
        self._examples: list[Example] = []
        names = hashlib.sha256()
        for folder in folders:
            labels = json.loads((folder / "labels.json").read_text())
            for name in sorted(labels):
                self._examples.append(read_example(folder, name, labels[name], frame, FINER * rendered_size))
                names.update(f"{folder}/{name}\n".encode())
        if not self._examples:
            raise SettingsError(f"no photos are labelled in {', '.join(map(str, folders))}")
        self._fingerprint = names.hexdigest()

    def __len__(self) -> int:
        return len(self._examples)

    def __getitem__(self, index: int) -> Example:
        return self._examples[index]

    def fingerprint(self) -> str:
        return self._fingerprint


def read_example(folder: Path, name: str, label: dict[str, Any], frame: str, size: int) -> Example:
    """One photo as a square of `size` pixels: around the iris (tight) or the whole photo (whole)."""
    photo = read_picture(folder / "images" / label.get("file", f"{name}.jpg"), cv2.IMREAD_COLOR)
    iris = read_picture(folder / "iris" / f"{name}.png", cv2.IMREAD_GRAYSCALE)
    if photo is None or iris is None:
        raise SettingsError(f"{folder}: {name} lacks its photo in images/ or its mask in iris/")
    if not label.get("limbus"):
        raise SettingsError(f"{folder}/labels.json: {name} has no limbus")
    height, width = photo.shape[:2]
    limbus, pupil = label_ellipse(label["limbus"]), label_ellipse(label.get("pupil"))
    if frame == "tight":
        cx, cy = limbus[:2]
        across = TIGHT_DIAMETERS * 2 * float(np.sqrt(limbus[2] * limbus[3]))
    else:
        cx, cy, across = width / 2, height / 2, float(max(width, height))
    zoom = size / across
    matrix = np.array([[zoom, 0, size / 2 - zoom * cx], [0, zoom, size / 2 - zoom * cy]])
    upper, lower = (_lid(label.get("lids", {}).get(side)) for side in ("upper", "lower"))
    classes = _classes(iris, limbus, pupil, upper, lower)
    glare = read_picture(folder / "glare" / f"{name}.png", cv2.IMREAD_GRAYSCALE)
    labels = classes if glare is None else classes | ((glare > 127).astype(np.uint8) * HIGHLIGHT_BIT)
    return Example(
        picture=_moved(photo, matrix, size, cv2.INTER_AREA, (OUTSIDE,) * 3),
        labels=_moved(labels, matrix, size, cv2.INTER_NEAREST, 0),
        limbus=geometry.moved_ellipse(limbus, matrix),
        pupil=None if pupil is None else geometry.moved_ellipse(pupil, matrix),
        pupil_visible=pupil is not None,
        upper=None if upper is None else _spread(upper) * zoom + matrix[:, 2].astype(np.float32),
        lower=None if lower is None else _spread(lower) * zoom + matrix[:, 2].astype(np.float32),
    )


def read_picture(path: Path, how: int) -> np.ndarray | None:
    """A picture file as OpenCV reads it; None where there is none."""
    return cv2.imread(str(path), how) if path.is_file() else None


def label_ellipse(label: Mapping[str, float] | None) -> geometry.Ellipse | None:
    """An ellipse of labels.json."""
    return None if not label else (label["cx"], label["cy"], label["a"], label["b"], label.get("angle_deg", 0.0))


def _lid(points: list[list[float]] | None) -> np.ndarray | None:
    """A margin [k,2] in order of x."""
    if not points:
        return None
    lid = np.array(points, np.float32)
    return lid[np.argsort(lid[:, 0], kind="stable")]


def _spread(lid: np.ndarray) -> np.ndarray:
    x = np.linspace(lid[0, 0], lid[-1, 0], LID_POINTS, dtype=np.float32)
    return np.stack([x, np.interp(x, lid[:, 0], lid[:, 1]).astype(np.float32)], 1)


def _classes(
    iris: np.ndarray,
    limbus: geometry.Ellipse,
    pupil: geometry.Ellipse | None,
    upper: np.ndarray | None,
    lower: np.ndarray | None,
) -> np.ndarray:
    """Classes of the whole photo: the iris by its mask, the rest by the curves, unknown where no curve tells."""
    height, width = iris.shape
    classes = np.full((height, width), UNKNOWN_CLASS, np.uint8)
    if upper is not None and lower is not None:
        x = np.arange(width) + 0.5
        y = (np.arange(height) + 0.5)[:, None]
        inside = (x >= max(upper[0, 0], lower[0, 0])) & (x <= min(upper[-1, 0], lower[-1, 0]))
        opened = (y > np.interp(x, upper[:, 0], upper[:, 1])) & (y < np.interp(x, lower[:, 0], lower[:, 1]))
        classes[inside & ~opened] = 0
        classes[inside & opened & ~_covered(limbus, height, width)] = 1
        if pupil is not None:
            classes[inside & opened & _covered(pupil, height, width)] = 3
    classes[iris > 127] = 2
    return classes


def _covered(ellipse: geometry.Ellipse, height: int, width: int) -> np.ndarray:
    return geometry.disc(ellipse, max(height, width))[:height, :width] > 0.5


def _moved(picture: np.ndarray, matrix: np.ndarray, size: int, how: int, outside: int | tuple[int, ...]) -> np.ndarray:
    """The picture under a zoom and shift (corner origin); shrunk by area where INTER_AREA is asked for."""
    if how == cv2.INTER_AREA:
        zoom = matrix[0, 0]
        steps = int(1 / zoom) if zoom < 1 else 1
        if steps > 1:
            height, width = picture.shape[:2]
            shrunk = (max(1, width // steps), max(1, height // steps))
            picture = cv2.resize(picture, shrunk, interpolation=cv2.INTER_AREA)
            matrix = matrix @ np.diag([width / shrunk[0], height / shrunk[1], 1.0])
        how = cv2.INTER_LINEAR
    indices = matrix.copy()
    indices[:, 2] += 0.5 * matrix[:, :2].sum(1) - 0.5
    return cv2.warpAffine(picture, indices, (size, size), flags=how, borderValue=outside)
