"""Figures on labelled photos, found and outlined as the services do."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Sequence

import cv2
import numpy as np

from segmentation import geometry
from segmentation.find_eye import Network, Outline, find_eye
from segmentation.photos import label_ellipse, read_picture

MISS = 0.5  # a photo whose mask scores less is missed

Starts = Callable[["LabelledPhoto"], list[tuple[float, float, float]]]


@dataclass(frozen=True)
class LabelledPhoto:
    """A photo with its truth."""

    name: str
    group: str  # "photos", or what stands before the first underscore of a masked picture's name
    photo: np.ndarray  # uint8 [h,w,3] B,G,R
    iris: np.ndarray  # bool [h,w]
    limbus: geometry.Ellipse | None
    pupil: geometry.Ellipse | None


@dataclass(frozen=True)
class Score:
    """One photo's figures; errors in % of the true iris diameter, None where there is no truth."""

    name: str
    group: str
    iou: float
    presence: float
    limbus_centre: float | None
    limbus_radius: float | None
    pupil_centre: float | None
    pupil_radius: float | None


def half_of(file_name: str) -> str:
    """"a" or "b": half of the photos is for looking at while training, the other half rarely."""
    return "a" if hashlib.sha256(file_name.encode()).digest()[0] % 2 == 0 else "b"


def read_labelled(folder: Path, half: str) -> list[LabelledPhoto]:
    """The photos with labels.json, and those of masked-images where the folder has it. half: a, b or all."""
    labels = json.loads((folder / "labels.json").read_text())
    photos = []
    for name, label in sorted(labels.items()):
        file = label.get("file", f"{name}.jpg")
        if half in ("all", half_of(file)):
            limbus, pupil = (label_ellipse(label.get(part)) for part in ("limbus", "pupil"))
            photos.append(_labelled(name, "photos", folder / "images" / file, folder / "iris", limbus, pupil))
    masked = folder / "masked-images"
    for file in sorted(masked.iterdir()) if masked.is_dir() else []:
        if half in ("all", half_of(file.name)):
            group = file.stem.split("_")[0]
            photos.append(_labelled(file.stem, group, file, folder / "masked-iris", None, None))
    return photos


def _labelled(
    name: str,
    group: str,
    file: Path,
    masks: Path,
    limbus: geometry.Ellipse | None,
    pupil: geometry.Ellipse | None,
) -> LabelledPhoto:
    photo = read_picture(file, cv2.IMREAD_COLOR)
    mask = read_picture(masks / f"{name}.png", cv2.IMREAD_UNCHANGED)
    if photo is None or mask is None:
        raise FileNotFoundError(f"{file} or {masks / name}.png cannot be read")
    if mask.ndim == 3:  # the mask is the picture's brightness, or its opacity where it is all black
        mask = mask[..., 3] if mask.shape[2] == 4 and mask[..., :3].max() == 0 else mask[..., :3].max(2)
    if mask.shape != photo.shape[:2]:
        mask = cv2.resize(mask, (photo.shape[1], photo.shape[0]), interpolation=cv2.INTER_NEAREST)
    return LabelledPhoto(name, group, photo, mask > 127, limbus, pupil)


def labelled_place(photo: LabelledPhoto) -> list[tuple[float, float, float]]:
    """About where the truth lies, off by as much as a search is: for an outline network without a search network."""
    ys, xs = np.nonzero(photo.iris)
    cx, cy, r = xs.mean() + 0.5, ys.mean() + 0.5, 1.1 * math.sqrt(len(xs) / math.pi)
    if photo.limbus is not None:
        cx, cy, r = photo.limbus[0], photo.limbus[1], math.sqrt(photo.limbus[2] * photo.limbus[3])
    seed = hashlib.sha256(photo.name.encode()).digest()[:4]
    dx, dy, size = np.random.default_rng(list(seed)).uniform(-1, 1, 3)
    return [(cx + 0.1 * r * dx, cy + 0.1 * r * dy, r * (1 + 0.08 * size))]


def evaluate_photos(photos: Sequence[LabelledPhoto], starts: Starts, outline: Network) -> list[Score]:
    """Scores of all photos; one without an answer has an IoU of 0."""
    return [score(photo, find_eye(photo.photo, starts(photo), outline)) for photo in photos]


def score(photo: LabelledPhoto, found: Outline | None) -> Score:
    """How well a photo's outline fits its truth."""
    if found is None:
        return Score(photo.name, photo.group, 0.0, 0.0, None, None, None, None)
    union = np.logical_or(found.iris, photo.iris).sum()
    iou = float(np.logical_and(found.iris, photo.iris).sum() / union) if union else 1.0
    limbus = pupil = (None, None)
    if photo.limbus is not None:
        diameter = 2 * math.sqrt(photo.limbus[2] * photo.limbus[3])
        limbus = ellipse_errors(found.limbus, photo.limbus, diameter)
        if photo.pupil is not None and found.pupil is not None:
            pupil = ellipse_errors(found.pupil, photo.pupil, diameter)
    return Score(photo.name, photo.group, iou, found.presence, *limbus, *pupil)


def ellipse_errors(told: geometry.Ellipse, truth: geometry.Ellipse, diameter: float) -> tuple[float, float]:
    """Distance of the centres and (signed) difference of the radii, % of the diameter."""
    centre = math.hypot(told[0] - truth[0], told[1] - truth[1])
    radius = math.sqrt(told[2] * told[3]) - math.sqrt(truth[2] * truth[3])
    return 100 * centre / diameter, 100 * radius / diameter


def summary_of(scores: Sequence[Score]) -> dict[str, dict[str, float]]:
    """Means and medians by group."""
    groups = {}
    for group in sorted({score.group for score in scores}):
        members = [score for score in scores if score.group == group]
        ious = [score.iou for score in members]
        row = {
            "count": len(members),
            "iou_mean": float(np.mean(ious)),
            "iou_median": float(np.median(ious)),
            "missed": sum(iou < MISS for iou in ious),
            "refused": sum(score.presence < 0.5 for score in members),
        }
        for name in ("limbus_centre", "limbus_radius", "pupil_centre", "pupil_radius"):
            values = [abs(value) for score in members if (value := getattr(score, name)) is not None]
            if values:
                row[f"{name}_mean"], row[f"{name}_median"] = float(np.mean(values)), float(np.median(values))
        groups[group] = row
    return groups


def print_scores(scores: Sequence[Score]) -> None:
    """The table, the worst first, and the summary."""
    for one in sorted(scores, key=lambda s: s.iou):
        errors = "  ".join(
            f"{name} {value:+.2f} %" for name, value in list(vars(one).items())[4:] if value is not None
        )
        print(f"{one.iou:.3f}  {one.name:24s} eye {one.presence:.2f}  {errors}")
    for group, row in summary_of(scores).items():
        print(f"{group}: " + "  ".join(f"{name} {value:.4g}" for name, value in row.items()))
