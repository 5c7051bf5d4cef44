"""The weights of an exported network (*.onnx), put back into the network that it was exported from."""

from __future__ import annotations

from pathlib import Path
from typing import Sequence

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from loop.checkpoint import CheckpointError

LAYERS = {"Conv": nn.Conv2d, "Gemm": nn.Linear}  # what has weights, by ONNX's names


def load_exported(network: nn.Module, file: Path) -> list[str]:
    """Puts the weights of an exported file into the network; in evaluation mode it then answers as the file does.

    An export has its batch norms folded into the convolutions before them, so they come back as a shift alone; before
    a training `spread_norms` gives them statistics again. Answers the names of layers that do not fit and stay as they
    are. Raises CheckpointError.
    """
    layers = [(name, layer) for name, layer in network.named_modules() if isinstance(layer, tuple(LAYERS.values()))]
    norms = _norms_after(network)
    exported = _read_layers(file)
    missing = []
    with torch.no_grad():
        for name, layer in layers:
            weight, shift = exported.get(name, (None, None))
            norm = norms.get(name)
            wants_shift = norm is not None or layer.bias is not None
            if weight is None or weight.shape != layer.weight.shape or (wants_shift and shift is None):
                missing.append(name)
                continue
            layer.weight.copy_(weight)
            if layer.bias is not None:
                layer.bias.copy_(shift if norm is None else torch.zeros_like(shift))
            if norm is not None:
                norm.running_mean.zero_()
                norm.running_var.fill_(1 - norm.eps)
                norm.weight.fill_(1)
                norm.bias.copy_(shift)
    if len(missing) == len(layers):
        raise CheckpointError(f"{file}: no layer of it fits this network")
    return missing


def spread_norms(network: nn.Module, inputs: Sequence[Tensor]) -> None:
    """Gives batch norms the statistics of what comes to them for the inputs, and scales that undo them: the network
    answers as before, and can be trained as if it had never been folded."""
    seen: dict[nn.BatchNorm2d, list[Tensor]] = {}

    def note(norm: nn.BatchNorm2d, given: tuple[Tensor, ...]) -> None:
        x = given[0]
        seen.setdefault(norm, []).append(torch.stack([x.mean((0, 2, 3)), (x * x).mean((0, 2, 3))]))

    norms = [layer for layer in network.modules() if isinstance(layer, nn.BatchNorm2d)]
    hooks = [norm.register_forward_pre_hook(note) for norm in norms]
    training = network.training
    network.eval()
    with torch.no_grad():
        for picture in inputs:
            network(picture)
        for hook in hooks:
            hook.remove()
        for norm, moments in seen.items():
            mean, square = torch.stack(moments).mean(0)
            variance = (square - mean * mean).clamp(min=0)
            root = (norm.running_var + norm.eps).sqrt()
            scale, shift = norm.weight / root, norm.bias - norm.weight * norm.running_mean / root
            norm.weight.copy_(scale * (variance + norm.eps).sqrt())
            norm.bias.copy_(shift + scale * mean)
            norm.running_mean.copy_(mean)
            norm.running_var.copy_(variance)
    network.train(training)


def _norms_after(network: nn.Module) -> dict[str, nn.BatchNorm2d]:
    """Batch norms by the names of the layers that stand right before them."""
    names: dict[str, nn.BatchNorm2d] = {}
    before = ""
    for name, layer in network.named_modules():
        if isinstance(layer, nn.BatchNorm2d):
            names[before] = layer
        before = name
    return names


def _read_layers(file: Path) -> dict[str, tuple[Tensor, Tensor | None]]:
    """Weight and bias of each convolution and linear layer of the file, by its name in the network."""
    try:
        graph = onnx.load(str(file)).graph
    except FileNotFoundError:
        raise CheckpointError(f"{file}: there is no such file") from None
    except Exception as error:
        raise CheckpointError(f"{file}: not an exported network ({error})") from None
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    layers = {}
    for node in graph.node:
        found = [torch.from_numpy(values[name].copy()) for name in node.input[1:] if name in values]
        if node.op_type in LAYERS and found:
            layers[_layer_name(node.name)] = (found[0], found[1] if len(found) > 1 else None)
    return layers


def _layer_name(node: str) -> str:
    """"/network/down.0/down.0.1/down.0.1.0/Conv" -> "down.0.1.0": PyTorch repeats a sequence's name."""
    parts: list[str] = []
    for part in node.split("/")[1:-1]:
        if parts and part.startswith(f"{parts[-1]}."):
            parts.pop()
        parts.append(part)
    return ".".join(parts[1:] if parts[:1] == ["network"] else parts)
