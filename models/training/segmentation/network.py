"""The network of both looks: a plain U-Net for the pixels, and a head that tells the geometry as numbers."""

from __future__ import annotations

from typing import Mapping, Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from segmentation import geometry

PLANES = ("background", "sclera", "iris", "pupil", "limbus_disc", "pupil_disc", "highlight")
CLASSES = 4  # the first planes: softmax over them; the rest are sigmoids each for itself
DEEPEST = 32  # side of the input by the side of the deepest map


def convolution(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    """3×3 convolution, BatchNorm, ReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )


class SegmentationNetwork(nn.Module):
    """Planes as logits and geometry with logits where it tells probabilities.

    Input [n,3,S,S], B,G,R 0..1; S a multiple of 32. Answers (planes [n,7,S,S], geometry [n,34]).
    """

    def __init__(self, side: int, widths: tuple[int, int, int, int, int], squeeze: int, hidden: int, prior: float):
        super().__init__()
        self.stem = convolution(3, widths[0], stride=2)
        self.down = nn.ModuleList(
            nn.Sequential(convolution(shallow, deep, stride=2), convolution(deep, deep))
            for shallow, deep in zip(widths, widths[1:])
        )
        self.middle = convolution(widths[4], widths[4])
        self.up = nn.ModuleList(
            nn.Sequential(convolution(deep + shallow, shallow), *([convolution(shallow, shallow)] if last else []))
            for shallow, deep, last in zip(widths, widths[1:], (False, True, True, True))
        )
        self.planes = nn.Conv2d(widths[0], 4 * len(PLANES), 1)
        self.geometry = GeometryHead(side, widths[4], squeeze, hidden, prior)

    def forward(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        x = self.stem(picture - 0.5)
        scales = [x]
        for level in self.down:
            x = level(x)
            scales.append(x)
        deepest = x = self.middle(x)
        for level in (3, 2, 1, 0):
            x = F.interpolate(x, scale_factor=2.0, mode="nearest")
            x = self.up[level](torch.cat([x, scales[level]], 1))
        planes = F.pixel_shuffle(self.planes(x), 2)
        return planes, self.geometry(deepest, planes.detach())


class GeometryHead(nn.Module):
    """Numbers from two sources: moments of the dense answer, which are sub-pixel from the start where the disc lies
    whole in the square, and a correction learned from the deepest map (its positions kept) and those moments."""

    def __init__(self, side: int, channels: int, squeeze: int, hidden: int, prior: float):
        super().__init__()
        deepest = side // DEEPEST
        self.squeeze = nn.Conv2d(channels, squeeze, 1)
        self.hidden = nn.Linear(squeeze * deepest * deepest + DenseMoments.COUNT, hidden)
        self.correction = nn.Linear(hidden, geometry.COUNT)
        nn.init.zeros_(self.correction.weight)
        nn.init.zeros_(self.correction.bias)
        with torch.no_grad():  # an expected error of 2 % of the side, to begin with
            for scale in SCALES:
                self.correction.bias[scale] = -3.9
        self.moments = DenseMoments(side, prior)

    def forward(self, deepest: Tensor, planes: Tensor) -> Tensor:
        limbus, pupil, lids, masses = self.moments(planes)
        seen = torch.cat([F.relu(self.squeeze(deepest)).flatten(1), limbus, pupil, lids, masses], 1)
        change = self.correction(F.relu(self.hidden(seen)))
        limbus = limbus + change[:, geometry.LIMBUS]
        pupil = pupil + change[:, geometry.PUPIL]
        cy, r = limbus[:, 1:2], limbus[:, 2:3]
        count = len(geometry.LID_POSITIONS)
        upper = cy + r * (lids[:, :count] + change[:, geometry.UPPER_LID])
        lower = cy + r * (lids[:, count:] + change[:, geometry.LOWER_LID])
        return torch.cat(
            [
                change[:, :2],
                limbus,
                scale_of(change, geometry.LIMBUS_SCALE),
                pupil,
                scale_of(change, geometry.PUPIL_SCALE),
                upper,
                scale_of(change, geometry.UPPER_LID_SCALE),
                lower,
                scale_of(change, geometry.LOWER_LID_SCALE),
            ],
            1,
        )


SCALES = (geometry.LIMBUS_SCALE, geometry.PUPIL_SCALE, geometry.UPPER_LID_SCALE, geometry.LOWER_LID_SCALE)


def scale_of(change: Tensor, index: int) -> Tensor:
    """An expected absolute error, [n,1], at least 0.1 % of the side."""
    return F.softplus(change[:, index : index + 1]) + 1e-3


class DenseMoments(nn.Module):
    """Ellipses from the moments of the disc planes, and lid heights from columns of the eye's opening.

    Answers limbus [n,5] and pupil [n,5] (cx, cy, r, e1, e2), lids [n,18] (radii from the limbus' centre, upper then
    lower) and the discs' areas [n,2] (shares of the square). Made of operations that ONNX opset 13 has.
    """

    COUNT = 5 + 5 + 2 * len(geometry.LID_POSITIONS) + 2
    PRIOR_VARIANCE = 1e-3

    def __init__(self, side: int, prior: float):
        """prior: mass (share of the square) of a small disc in the middle, which is the answer to empty planes."""
        super().__init__()
        self.prior = prior
        centres = (torch.arange(side) + 0.5) / side
        self.register_buffer("x", centres.view(1, 1, 1, side), persistent=False)
        self.register_buffer("y", centres.view(1, 1, side, 1), persistent=False)
        self.register_buffer("positions", torch.tensor(geometry.LID_POSITIONS).view(1, -1, 1), persistent=False)
        self.side = side

    def forward(self, planes: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        # Stretched about 0.5, so that the faint rest of a sigmoid far from the disc does not count.
        discs = (torch.sigmoid(planes[:, 4:6]) * 1.2 - 0.1).clamp(0.0, 1.0)
        ellipses, areas = self._ellipses(discs)
        opening = 1 - torch.softmax(planes[:, :CLASSES], 1)[:, 0]
        limbus = ellipses[:, 0]
        return limbus, ellipses[:, 1], self._lids(opening, limbus), areas

    def _ellipses(self, discs: Tensor) -> tuple[Tensor, Tensor]:
        """[n,2,S,S] -> cx, cy, r, e1, e2 [n,2,5] and areas [n,2]."""
        across, down = discs.mean(2, keepdim=True), discs.mean(3, keepdim=True)
        area = across.mean((2, 3))
        mass = area + self.prior
        half = self.prior * 0.5
        square = self.prior * (0.25 + self.PRIOR_VARIANCE)
        cx = ((across * self.x).mean((2, 3)) + half) / mass
        cy = ((down * self.y).mean((2, 3)) + half) / mass
        xx = ((across * self.x * self.x).mean((2, 3)) + square) / mass - cx * cx
        yy = ((down * self.y * self.y).mean((2, 3)) + square) / mass - cy * cy
        xy = (((discs * self.x).mean(3, keepdim=True) * self.y).mean((2, 3)) + self.prior * 0.25) / mass - cx * cy
        root = (xx * yy - xy * xy).clamp(min=1e-10).sqrt()  # a disc of half axes a, b has a·b/4 here
        r = 2 * root.sqrt()
        whole = xx + yy + 2 * root
        return torch.stack([cx, cy, r, (xx - yy) / whole, 2 * xy / whole], 2), area

    def _lids(self, opening: Tensor, limbus: Tensor) -> Tensor:
        """Middle and height of the opening (n,S,S) in narrow columns at the lid positions: [n,18]."""
        cx, cy, r = limbus[:, 0:1, None], limbus[:, 1:2], limbus[:, 2:3]
        offset = (self.x.view(1, 1, -1) - (cx + r[:, :, None] * self.positions)) * (0.5 * self.side)
        columns = torch.exp(-offset * offset)  # weights of about 3 pixels' width
        columns = columns / (columns.sum(2, keepdim=True) + 1e-6)
        profile = torch.matmul(columns, opening.transpose(1, 2))  # [n,9,S]: how open each row is
        height = profile.mean(2)
        middle = ((profile * self.y.view(1, 1, -1)).mean(2) + 1e-4 * cy) / (height + 1e-4)
        lids = torch.cat([middle - 0.5 * height, middle + 0.5 * height], 1)
        return ((lids - cy) / r).clamp(-geometry.LID_REACH, geometry.LID_REACH)


class Activated(nn.Module):
    """The network with its last activations: planes and geometry as callers see them."""

    def __init__(self, network: SegmentationNetwork):
        super().__init__()
        self.network = network

    def forward(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        planes, told = self.network(picture)
        planes = torch.cat([planes[:, :CLASSES].softmax(1), planes[:, CLASSES:].sigmoid()], 1)
        return planes, torch.cat([told[:, : geometry.LIMBUS.start].sigmoid(), told[:, geometry.LIMBUS.start :]], 1)


def network_of(table: Mapping[str, Any]) -> SegmentationNetwork:
    """The network of a settings file's [network] table."""
    prior = table.get("moment_prior", 1e-4)
    return SegmentationNetwork(table["side"], tuple(table["widths"]), table["squeeze"], table["hidden"], prior)
