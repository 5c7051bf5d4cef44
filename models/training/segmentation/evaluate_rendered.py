"""Figures on rendered pictures that no training has seen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Sequence

import numpy as np
import torch

from loop.settings import Settings
from segmentation import geometry
from segmentation.batches import open_sets
from segmentation.look import Look

HELD_OUT_SEED = 900_000  # added to the settings' seed: squares and cameras that no training step draws
NAMES = ("background", "sclera", "iris", "pupil")


def evaluate_rendered(settings: Settings, network: Look, folders: Sequence[Path], count: int) -> dict[str, float]:
    """Figures over `count` pictures of shards that were rendered for this (`train.py render --seed` of another seed).

    IoU of classes over all pixels; centre and radius errors in % of the true limbus' diameter; presence right, share.
    """
    held_out = replace(settings, seed=settings.seed + HELD_OUT_SEED)
    source = open_sets(held_out, folders)
    common, either = np.zeros(len(NAMES)), np.zeros(len(NAMES))
    told, wanted = [], []
    for step in range(-(-count // settings.training.batch)):
        batch = source.batch(step)
        with torch.no_grad():
            planes, geometry_told = network(batch["input"])
        classes, truth = planes[:, :4].argmax(1).numpy(), batch["classes"].numpy()
        for number in range(len(NAMES)):
            common[number] += ((classes == number) & (truth == number)).sum()
            either[number] += ((classes == number) | (truth == number)).sum()
        told.append(geometry_told.numpy())
        wanted.append(batch["geometry"].numpy())
    figures = {f"iou_{name}": float(common[i] / max(1, either[i])) for i, name in enumerate(NAMES)}
    return {**figures, **geometry_figures(np.concatenate(told), np.concatenate(wanted))}


def geometry_figures(told: np.ndarray, wanted: np.ndarray) -> dict[str, float]:
    """Figures of the geometry output, both [n,34], probabilities and labels at 0 and 1."""
    eye = wanted[:, geometry.EYE] > 0.5
    seen = eye & (wanted[:, geometry.PUPIL_SEEN] > 0.5)
    diameter = 2 * wanted[:, geometry.LIMBUS][:, 2]
    figures = {"presence_right": float(((told[:, geometry.EYE] > 0.5) == eye).mean())}
    if eye.any():
        right = (told[:, geometry.PUPIL_SEEN] > 0.5) == (wanted[:, geometry.PUPIL_SEEN] > 0.5)
        figures["pupil_seen_right"] = float(right[eye].mean())
    for name, part, rows in (("limbus", geometry.LIMBUS, eye), ("pupil", geometry.PUPIL, seen)):
        if rows.any():
            difference = (told[rows, part] - wanted[rows, part]) / diameter[rows, None] * 100
            figures[f"{name}_centre"] = float(np.hypot(difference[:, 0], difference[:, 1]).mean())
            figures[f"{name}_radius"] = float(np.abs(difference[:, 2]).mean())
    for name, part in (("upper_lid", geometry.UPPER_LID), ("lower_lid", geometry.LOWER_LID)):
        if eye.any():
            difference = np.abs(told[eye, part] - wanted[eye, part]).mean(1)
            figures[name] = float((difference / diameter[eye]).mean() * 100)
    return figures
