"""What the segmentation networks minimise."""

from __future__ import annotations

from typing import Any, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from segmentation import geometry
from segmentation.network import CLASSES

UNKNOWN = 255  # label of a pixel that nobody labelled
SMOOTH = 20.0  # pixels added to both sides of a dice share: a few wrong pixels of an absent class cost little


def segmentation_loss(
    weights: Mapping[str, Any], outputs: tuple[Tensor, Tensor], batch: Mapping[str, Tensor]
) -> tuple[Tensor, dict[str, Tensor]]:
    """The weighted sum of the parts, and the parts.

    batch: classes uint8 [n,S,S] (UNKNOWN: not labelled), discs uint8 [n,2,S,S] 0..255, highlight uint8 [n,S,S] 0..255,
    geometry float [n,34] (0 and 1 are labels 0/1; the scales are ignored), lids_known float [n].
    """
    planes, told = outputs
    # One copy in this order of memory: everything below reads plane by plane and runs faster for it.
    classes, discs = planes.contiguous().split([CLASSES, planes.shape[1] - CLASSES], 1)
    wanted = batch["geometry"]
    eye, pupil_seen = wanted[:, geometry.EYE], wanted[:, geometry.PUPIL_SEEN]
    parts = {
        **_class_parts(classes, batch["classes"].long(), weights["classes"]),
        **_disc_parts(discs, batch, eye, pupil_seen),
        "eye": F.binary_cross_entropy_with_logits(told[:, geometry.EYE], eye),
        "pupil_seen": _mean_over(
            F.binary_cross_entropy_with_logits(told[:, geometry.PUPIL_SEEN], pupil_seen, reduction="none"), eye
        ),
        "limbus": _mean_over(_ellipse_cost(told, wanted, geometry.LIMBUS, geometry.LIMBUS_SCALE), eye),
        "pupil": _mean_over(_ellipse_cost(told, wanted, geometry.PUPIL, geometry.PUPIL_SCALE), eye * pupil_seen),
        "lids": _mean_over(
            0.5 * _lid_cost(told, wanted, geometry.UPPER_LID, geometry.UPPER_LID_SCALE)
            + 0.5 * _lid_cost(told, wanted, geometry.LOWER_LID, geometry.LOWER_LID_SCALE),
            eye * batch["lids_known"],
        ),
    }
    total = sum(weights["parts"][name] * value for name, value in parts.items())
    return total, {name: value.detach() for name, value in parts.items()}


def _class_parts(logits: Tensor, classes: Tensor, class_weights: list[float]) -> dict[str, Tensor]:
    weight = torch.tensor(class_weights, dtype=torch.float32, device=logits.device)
    logarithms = F.log_softmax(logits, 1)
    cross_entropy = F.nll_loss(logarithms, classes, weight, ignore_index=UNKNOWN)
    numbers = torch.arange(1, CLASSES, device=logits.device).view(1, -1, 1, 1)
    labels = (classes[:, None] == numbers).float()
    told = logarithms[:, 1:].exp()
    if (classes == UNKNOWN).any():
        told = told * (classes != UNKNOWN)[:, None]
    return {"classes": cross_entropy, "dice": _dice(told, labels).mean()}


def _disc_parts(logits: Tensor, batch: Mapping[str, Tensor], eye: Tensor, pupil_seen: Tensor) -> dict[str, Tensor]:
    """The whole discs and the highlights. Where the pupil cannot be told from the iris its disc costs nothing."""
    labels = torch.cat([batch["discs"], batch["highlight"][:, None]], 1).float() / 255
    counts = torch.ones_like(labels[:, :, 0, 0])
    counts[:, 1] = torch.where(eye > 0, pupil_seen, torch.ones_like(pupil_seen))
    entropy = F.binary_cross_entropy_with_logits(logits, labels, reduction="none").mean((2, 3))
    dice = _dice(torch.sigmoid(logits), labels)
    return {"discs": (entropy * counts).mean(), "disc_dice": (dice * counts).mean()}


def _dice(told: Tensor, labels: Tensor) -> Tensor:
    """1 - soft dice of each plane of each picture, [n,k]."""
    common = (told * labels).sum((2, 3))
    return 1 - (2 * common + SMOOTH) / (told.sum((2, 3)) + labels.sum((2, 3)) + SMOOTH)


def _ellipse_cost(told: Tensor, wanted: Tensor, ellipse: slice, scale: int) -> Tensor:
    """Laplace negative log-likelihood [n] of centre, radius and (as lengths) eccentricity; one scale for them."""
    difference = (told[:, ellipse] - wanted[:, ellipse]).abs()
    radius = wanted[:, ellipse][:, 2:3]
    error = torch.cat([difference[:, :3], difference[:, 3:] * radius], 1).mean(1)
    return error / told[:, scale] + told[:, scale].log()


def _lid_cost(told: Tensor, wanted: Tensor, lid: slice, scale: int) -> Tensor:
    error = (told[:, lid] - wanted[:, lid]).abs().mean(1)
    return error / told[:, scale] + told[:, scale].log()


def _mean_over(values: Tensor, counts: Tensor) -> Tensor:
    """The mean of those that count; 0 where none does."""
    return (values * counts).sum() / counts.sum().clamp(min=1)
