"""Figures on held-out cuts of drawn irises."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from loop.trainer import Batch
from reflection.network import fill_smoothly

TELEA_RADIUS = 3  # pixels


def compare(network: nn.Module, batch: Batch) -> dict[str, float]:
    """Mean PSNR in the holes, in dB, by method."""
    given, truth, hole = batch["input"], batch["truth"], batch["hole"]
    known = given[:, 3:4]
    with torch.no_grad():
        answers = {
            "network": network(given),
            "smooth": fill_smoothly(given[:, :3] * known, known),
            "telea": torch.stack([_telea(one) for one in given]),
        }
    return {method: float(psnr(answer, truth, hole).mean()) for method, answer in answers.items()}


def psnr(answer: Tensor, truth: Tensor, hole: Tensor) -> Tensor:
    """In dB, of the holes of each picture [N], colours rounded to grey levels."""
    rounded = torch.round(answer.clamp(0, 1) * 255) / 255
    squares = ((rounded - truth) ** 2 * hole).sum((1, 2, 3)) / (3 * hole.sum((1, 2, 3)))
    return -10 * torch.log10(squares.clamp_min(1e-9))


def _telea(given: Tensor) -> Tensor:
    picture = np.rint(given[:3].permute(1, 2, 0).numpy() * 255).astype(np.uint8)
    unknown = (given[3].numpy() < 0.5).astype(np.uint8)
    filled = cv2.inpaint(picture, unknown, TELEA_RADIUS, cv2.INPAINT_TELEA)
    return torch.from_numpy(filled).permute(2, 0, 1).float() / 255
