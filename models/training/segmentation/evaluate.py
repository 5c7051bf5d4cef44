"""`train.py segmentation-… --evaluate`: figures on rendered pictures (--data) and on labelled photos (--labelled)."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Mapping

import cv2
from torch import nn

from loop.folders import RUNS, SETTINGS
from loop.settings import Settings, SettingsError
from loop.trained import read_trained
from segmentation.evaluate_photos import (
    LabelledPhoto,
    evaluate_photos,
    labelled_place,
    print_scores,
    read_labelled,
    summary_of,
)
from segmentation.evaluate_rendered import evaluate_rendered
from segmentation.find_eye import Network, places
from segmentation.network import Activated, network_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--count", type=int, default=1000, help="rendered pictures to evaluate on (default 1000)")
    parser.add_argument("--labelled", type=Path, metavar="DIR", help="labelled photos: labels.json, images/, iris/")
    parser.add_argument("--half", choices=("a", "b", "all"), default="all", help="of those photos, by their names")
    parser.add_argument(
        "--find",
        choices=("search", "outline", "labels"),
        default="search",
        help="who finds the eye: the search network (--other, or .training/segmentation-search), the outline network "
        "itself, or the labels",
    )
    parser.add_argument("--other", type=Path, metavar="FILE", help="the other one of the two networks, a checkpoint or *.onnx")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")


def evaluate(settings: Settings, network: nn.Module, options: argparse.Namespace) -> Mapping[str, object]:
    """Prints and answers the figures of one network (activated)."""
    cv2.setNumThreads(1)
    if options.labelled is None and not options.data:
        raise SettingsError("nothing to evaluate on: --data with shards of another seed, or --labelled")
    figures: dict[str, object] = {}
    if options.data:
        rendered = evaluate_rendered(settings, network, options.data, options.count)
        figures["rendered"] = rendered
        print("rendered: " + "  ".join(f"{name} {value:.4g}" for name, value in rendered.items()))
    if options.labelled is not None:
        figures["photos"] = _on_photos(settings, network, options)
    if options.json is not None:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")
    return figures


def _on_photos(settings: Settings, network: nn.Module, options: argparse.Namespace) -> Mapping[str, object]:
    this = Network(network, settings.network["side"])
    is_search = settings.network["name"] == "search"
    if is_search:
        outline, search = _other_network(options, "segmentation-outline"), this
    else:
        outline, search = this, _other_network(options, "segmentation-search") if options.find == "search" else this

    def starts(photo: LabelledPhoto) -> list[tuple[float, float, float]]:
        return labelled_place(photo) if options.find == "labels" else places(search, photo.photo)

    scores = evaluate_photos(read_labelled(options.labelled, options.half), starts, outline)
    print_scores(scores)
    return {"summary": summary_of(scores), "scores": [vars(one) for one in scores]}


def _other_network(options: argparse.Namespace, model: str) -> Network:
    path = options.other or RUNS / model / "checkpoint.pt"
    if not path.exists():
        raise SettingsError(f"{path}: no checkpoint of {model}; name one by --other, or use --find outline or labels")
    trained = read_trained(path, SETTINGS / f"{model}.toml", lambda settings: network_of(settings.network))
    return Network(Activated(trained.network).eval(), trained.settings.network["side"])
