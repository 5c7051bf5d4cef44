"""Export: ONNX opset 13, checked, compared with onnxruntime-node, entered in the model's model.json."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Callable, Sequence

import numpy as np
import onnx
import torch

from loop.folders import TRAINING
from loop.settings import Settings
from loop.trainer import Exported, Trainer

OPSET = 13
LARGEST_DIFFERENCE = 1e-3  # between PyTorch and onnxruntime-node, in the units of the outputs
FREE_SIZE = 64  # what a free dimension is for the trace and the random input
LICENCE = "Apache-2.0"


class ParityError(RuntimeError):
    """The exported network answers something else than the trained one."""


def export_model(
    trainer: Trainer,
    settings: Settings,
    settings_name: str,
    network: torch.nn.Module,
    steps: int,
    trained_at: str,
    folder: Path,
    say: Callable[[str], None] = print,
) -> None:
    """Writes <network>.onnx into the model's folder (models/<name>/<version>) and merges it into model.json there.

    trained_at is the commit that the training ran from. Raises ParityError before anything in the folder changes.
    """
    exported = trainer.exported(settings, network.cpu())
    exported.module.eval()  # the whole of it: torch.onnx.export leaves a module in the mode that it came in
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{exported.network}.onnx"
    unfinished = folder / f"{exported.network}.unfinished.onnx"
    try:
        write_onnx(exported, unfinished)
        difference = largest_difference(exported, unfinished)
        if not difference <= LARGEST_DIFFERENCE:
            raise ParityError(f"onnxruntime-node differs by {difference:.2e}, more than {LARGEST_DIFFERENCE:.0e}")
        os.replace(unfinished, file)
    finally:
        unfinished.unlink(missing_ok=True)
    card = merged_card(_read_card(folder), trainer.MODEL, folder.name, exported, file)
    before = card.get("training")
    card["training"] = merged_training(before, exported.network, settings, settings_name, steps, trained_at)
    _write_card(folder, card)
    say(f"{file}: {file.stat().st_size} bytes, largest difference to onnxruntime-node {difference:.1e}")


def write_onnx(exported: Exported, file: Path) -> None:
    """The network as ONNX opset 13, accepted by onnx.checker; free dimensions keep their names."""
    example = torch.rand(*_sizes(exported.input_shape))
    axes = {exported.input_name: _free_axes(exported.input_shape)}
    axes.update({output.name: _free_axes(output.shape) for output in exported.outputs})
    torch.onnx.export(
        exported.module,
        example,
        str(file),
        opset_version=OPSET,
        input_names=[exported.input_name],
        output_names=[output.name for output in exported.outputs],
        dynamic_axes={name: free for name, free in axes.items() if free},
        do_constant_folding=True,
    )
    onnx.checker.check_model(onnx.load(str(file)))


def largest_difference(exported: Exported, file: Path) -> float:
    """The largest absolute difference between PyTorch and onnxruntime-node on random and on rendered inputs."""
    low, high = exported.input_range
    random = np.random.default_rng(0).uniform(low, high, _sizes(exported.input_shape)).astype(np.float32)
    largest = 0.0
    for sample in (random, *exported.samples):
        with torch.no_grad():
            answer = exported.module(torch.from_numpy(sample))
        expected = [answer] if isinstance(answer, torch.Tensor) else list(answer)
        names = [output.name for output in exported.outputs]
        for want, got in zip(expected, run_in_node(file, exported.input_name, sample, names), strict=True):
            largest = max(largest, float(np.abs(want.numpy().ravel() - got).max()))
    return largest


def run_in_node(file: Path, input_name: str, sample: np.ndarray, outputs: Sequence[str]) -> list[np.ndarray]:
    """What onnxruntime-node answers to one input: each output flat, float32."""
    script = TRAINING / "parity.ts"
    with tempfile.TemporaryDirectory(prefix="irisvue-parity-") as folder:
        Path(folder, "input.bin").write_bytes(np.ascontiguousarray(sample, np.float32).tobytes())
        dims = ",".join(str(size) for size in sample.shape)
        command = [_node_program(), str(script), str(file), input_name, dims, folder, *outputs]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise ParityError(f"onnxruntime-node cannot run {file}:\n{done.stderr[-2000:]}")
        return [np.fromfile(Path(folder, f"{name}.bin"), np.float32) for name in outputs]


def _node_program() -> str:
    """The Node.js of the workspace, which runs TypeScript as it is, or else that of the system."""
    own = TRAINING.parent.parent / "node_modules" / ".bin" / "node"
    return str(own) if own.exists() else "node"


def merged_card(card: dict[str, Any], name: str, version: str, exported: Exported, file: Path) -> dict[str, Any]:
    """model.json with this network's entry, the others kept."""
    entry: dict[str, Any] = {
        "file": file.name,
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "input": {
            "name": exported.input_name,
            "shape": list(exported.input_shape),
            "channels": exported.channels,
            "range": list(exported.input_range),
        },
        "outputs": [
            {"name": output.name, "shape": list(output.shape), "meaning": output.meaning} for output in exported.outputs
        ],
    }
    if exported.classes:
        entry["classes"] = list(exported.classes)
    return {
        "name": name,
        "version": version,
        "licence": LICENCE,
        "networks": {**card.get("networks", {}), exported.network: entry},
        "thresholds": {**card.get("thresholds", {}), **exported.thresholds},
        **({"training": card["training"]} if "training" in card else {}),
    }


def merged_training(
    training: dict[str, Any] | None, network: str, settings: Settings, settings_name: str, steps: int, commit: str
) -> dict[str, Any]:
    """How the networks came about: commit and seed of the one exported last, steps of all, and each for itself."""
    before = training or {}
    own = {"commit": commit, "seed": settings.seed, "steps": steps}
    networks = {**before.get("networks", {}), network: own}
    return {
        "commit": commit,
        "seed": settings.seed,
        "settings": {**before.get("settings", {}), network: settings_name},
        "steps": sum(one["steps"] for one in networks.values()),
        "networks": networks,
    }


def formatted(card: dict[str, Any]) -> str:
    """model.json's text: indented, lists of plain values on one line."""
    text = json.dumps(card, indent=2, ensure_ascii=False)
    plain_list = r"\[\n\s+([^\[\]{}]*?)\n\s+\]"
    return re.sub(plain_list, lambda found: "[" + re.sub(r"\n\s+", " ", found[1]) + "]", text) + "\n"


def _read_card(folder: Path) -> dict[str, Any]:
    file = folder / "model.json"
    return json.loads(file.read_text()) if file.exists() else {}


def _write_card(folder: Path, card: dict[str, Any]) -> None:
    unfinished = folder / "model.json.unfinished"
    unfinished.write_text(formatted(card))
    os.replace(unfinished, folder / "model.json")


def _sizes(shape: Sequence[int | str]) -> list[int]:
    return [FREE_SIZE if isinstance(size, str) else size for size in shape]


def _free_axes(shape: Sequence[int | str]) -> dict[int, str]:
    return {axis: size for axis, size in enumerate(shape) if isinstance(size, str)}
