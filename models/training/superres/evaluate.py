"""Figures of a network beside Lanczos and bicubic: on scenes that no training draws, and on folders of photographs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Callable, Iterator

import cv2
import numpy as np
import torch

from superres.camera import degrade_as_bench
from superres.measures import psnr, ssim
from superres.network import FACTOR, Superres, WholePicture
from superres.photograph import photograph
from superres.picture import Picture, rounded
from superres.scenes import render_scene

Upscaler = Callable[[Picture], Picture]

HELD_OUT_SEED = 1_000_003  # no training draws from it
HELD_OUT_SCENES = 40
LEAST_SIDE = 256  # pixels of a picture that is worth measuring
RADII_SHOWN = 1.1  # of the limbus, that a crop shows from its centre
LARGEST_SIDE = 1024  # pixels of a picture that are measured, from its middle
BORDER = 8  # pixels along the edge that are not measured


def compare(network: Superres, pictures: Iterator[tuple[str, Picture]]) -> dict[str, dict[str, tuple[float, float]]]:
    """For each picture and method (network, lanczos, bicubic) PSNR in dB and SSIM, after the fixed degradation."""
    methods = {
        "network": network_upscaler(network),
        "lanczos": network_upscaler(Superres(width=1, blocks=1).eval()),  # untrained, it is the interpolation
        "bicubic": _bicubic,
    }
    rows = {}
    for number, (name, truth) in enumerate(pictures):
        smaller = degrade_as_bench(np.random.default_rng([HELD_OUT_SEED, number]), truth)
        larger = {method: upscale(smaller) for method, upscale in methods.items()}
        inner = np.s_[BORDER:-BORDER, BORDER:-BORDER]
        rows[name] = {
            method: (psnr(picture[inner], truth[inner]), ssim(picture[inner], truth[inner]))
            for method, picture in larger.items()
        }
    return rows


def network_upscaler(network: Superres) -> Upscaler:
    """A network as a function of pictures; it runs on the device that it lies on."""
    whole = WholePicture(network)
    device = next(network.parameters()).device

    @torch.no_grad()
    def upscale(picture: Picture) -> Picture:
        planes = torch.from_numpy(picture.transpose(2, 0, 1).astype(np.float32) / 255)[None].to(device)
        larger = whole(planes)[0].permute(1, 2, 0).cpu().numpy()
        return rounded(larger * 255)

    return upscale


def _bicubic(picture: Picture) -> Picture:
    return cv2.resize(picture, None, fx=FACTOR, fy=FACTOR, interpolation=cv2.INTER_CUBIC)


def held_out_scenes(shares: dict[str, float]) -> Iterator[tuple[str, Picture]]:
    """Scenes of every kind, as photographs show them."""
    for number in range(HELD_OUT_SCENES):
        rng = np.random.default_rng([HELD_OUT_SEED, number])
        yield f"scene {number}", photograph(rng, render_scene(rng, 512, shares))


def iris_crops(folder: Path) -> Iterator[tuple[str, Picture]]:
    """Squares around the limbus of labelled photographs (images/, labels.json) with sides of 256 pixels or more.

    A square that leaves the photograph is left out.
    """
    for name, label in sorted(json.loads((folder / "labels.json").read_text()).items()):
        photo, limbus = _read(folder / "images" / label["file"]), label["limbus"]
        side = int(2 * RADII_SHOWN * np.sqrt(limbus["a"] * limbus["b"])) // FACTOR * FACTOR
        top, left = round(limbus["cy"] - side / 2), round(limbus["cx"] - side / 2)
        inside = min(top, left) >= 0 and top + side <= photo.shape[0] and left + side <= photo.shape[1]
        if inside and side >= LEAST_SIDE:
            yield name, _middle(photo[top : top + side, left : left + side])


def photographs(folder: Path) -> Iterator[tuple[str, Picture]]:
    """The middles of all pictures in a folder that are large enough."""
    for file in sorted(file for file in folder.iterdir() if file.suffix.lower() in (".jpg", ".jpeg", ".png")):
        photo = _read(file)
        if min(photo.shape[:2]) >= LEAST_SIDE:
            yield file.name, _middle(photo)


def _read(file: Path) -> Picture:
    picture = cv2.imread(str(file), cv2.IMREAD_COLOR)
    if picture is None:
        raise FileNotFoundError(f"{file}: not a picture")
    return picture


def _middle(picture: Picture) -> Picture:
    """At most LARGEST_SIDE pixels each way, sides multiples of FACTOR."""
    height, width = (min(LARGEST_SIDE, side // FACTOR * FACTOR) for side in picture.shape[:2])
    top, left = (picture.shape[0] - height) // 2, (picture.shape[1] - width) // 2
    return np.ascontiguousarray(picture[top : top + height, left : left + width])
