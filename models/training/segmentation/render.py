"""Pre-renders shards: `train.py render segmentation-outline --count N --workers 2 --seed S --out DIR`."""

from __future__ import annotations

import argparse
import functools
import multiprocessing
import sys
import time
from pathlib import Path
from typing import Callable, Protocol, Sequence

import numpy as np

from loop.folders import SETTINGS
from loop.settings import SettingsError, read_settings
from segmentation.shards import RenderedEye, write_shard

PER_SHARD = 1000  # pictures


class Renderer(Protocol):
    """The functions of eyes that shards are made with."""

    def render(self, rng: np.random.Generator, frame: str, size: int) -> RenderedEye: ...

    def render_distractor(self, rng: np.random.Generator, frame: str, size: int) -> RenderedEye: ...


def render_shard(
    renderer: Renderer, folder: Path, number: int, count: int, seed: int, frame: str, size: int, distractors: float
) -> Path:
    """Renders one shard. Each picture has its own random state, from the seed, the shard and its place in it."""
    path = folder / f"shard-{seed:03d}-{number:05d}.npz"
    if not path.exists():
        eyes = []
        for place in range(count):
            rng = np.random.default_rng([seed, number, place])
            draw = renderer.render_distractor if rng.random() < distractors else renderer.render
            eyes.append(draw(rng, frame, size))
        write_shard(path, eyes)
    return path


def render_shards(
    draw_shard: Callable[[int], Path], count: int, workers: int, say: Callable[[str], None]
) -> list[Path]:
    """Runs draw_shard for the numbers 0..count-1 on some processes and tells how far it is."""
    began = time.monotonic()
    done: list[Path] = []
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        for path in pool.imap_unordered(draw_shard, range(count)):
            done.append(path)
            minutes = (time.monotonic() - began) / 60
            left = minutes / len(done) * (count - len(done))
            say(f"{len(done)} of {count} shards, {minutes:.1f} min, {left:.1f} left")
    return done


def _draw_with_eyes(folder: Path, seed: int, frame: str, size: int, distractors: float, number: int) -> Path:
    import cv2

    import eyes

    cv2.setNumThreads(1)
    return render_shard(eyes, folder, number, PER_SHARD, seed, frame, size, distractors)


def main(arguments: Sequence[str]) -> int:
    """The command; answers the exit status."""
    parser = argparse.ArgumentParser(prog="train.py render", description=__doc__)
    parser.add_argument("model", choices=("segmentation-outline", "segmentation-search"))
    parser.add_argument("--count", type=int, required=True, help=f"pictures; rounded up to shards of {PER_SHARD}")
    parser.add_argument("--workers", type=int, default=1, help="processes")
    parser.add_argument("--seed", type=int, default=1, help="of the whole set; shards that are there already stay")
    parser.add_argument("--settings", type=Path, metavar="FILE", help="default: settings/MODEL.toml")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    options = parser.parse_args(arguments)
    try:
        data = read_settings(options.settings or SETTINGS / f"{options.model}.toml").data
    except SettingsError as error:
        print(f"train.py: {error}", file=sys.stderr)
        return 2
    options.out.mkdir(parents=True, exist_ok=True)
    draw = functools.partial(
        _draw_with_eyes, options.out, options.seed, data["frame"], data["rendered_size"], data["distractors"]
    )
    shards = -(-options.count // PER_SHARD)
    render_shards(draw, shards, options.workers, lambda line: print(line, file=sys.stderr, flush=True))
    return 0
