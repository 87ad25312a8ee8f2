"""Inspecting a module: its layers in the order in which data flows, and which of them are sites."""

import math
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from search_engine.networks.adopted.inner_layers import inner_layers
from search_engine.networks.network import count_parameters
from search_engine.spec import ImageShape
from search_engine.spec.cost import Cost
from search_engine.spec.errors import InvalidConfig
from search_engine.spec.skeletons import Classifier, LayerKind, OutlineLayer
from search_engine.spec.skeletons.inner import InnerLayer, OuterConv

_POOLS = (nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d)
_SHOWN = (nn.Conv2d, nn.Linear, *_POOLS)
_CONTAINERS = (nn.Sequential, nn.ModuleList, nn.ModuleDict)
_SHAPE_KEEPING = (
    *(nn.BatchNorm2d, nn.LayerNorm, nn.Dropout, nn.GELU, nn.Sigmoid, nn.Hardsigmoid),
    *(nn.ReLU, nn.ReLU6, nn.SiLU, nn.Hardswish),
)
"""Passed over when only shapes count: on the meta device torch runs them in Python, which takes
ten times as long as all else."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """The result of `inspect_module`.

    Args:
        layers: in the order in which data flows.
        head: the last layer, which gives the logits.
        inner: the widths that can be changed.
        convs: the convolutions around them.
    """

    layers: tuple[OutlineLayer, ...]
    cost: Cost
    head: Classifier
    inner: tuple[InnerLayer, ...]
    convs: tuple[OuterConv, ...]


@dataclass(slots=True)
class _RunLayer:
    """A layer that was run: the shapes of its first input and output, how often it ran, and what
    all of that costs for one image."""

    module: nn.Module
    input: torch.Size
    output: torch.Size
    times: int = field(default=0)
    multiply_adds: int = field(default=0)


def inspect_module(module: nn.Module, image: ImageShape, classes: int) -> Inspection:
    """Run a module once on the meta device and see what it is made of.

    Args:
        module: on the meta device.
        classes: how many logits it must give.

    Raises:
        InvalidConfig: it does not end in a linear layer or 1x1 convolution that gives the logits.
        RuntimeError: it cannot take such images, as torch puts it; so ValueError and
            AssertionError.
    """
    images = torch.zeros(2, image.channels, image.height, image.width, device="meta")
    seen, logits = _run(module, images)
    if logits.shape != (2, classes):
        raise InvalidConfig(
            "model", f"expected logits of shape (2, {classes}), got {tuple(logits.shape)}"
        )
    layers = tuple(_describe(name, layer, module) for name, layer in seen.items())
    multiply_adds = sum(layer.multiply_adds for layer in seen.values())
    cost = Cost(count_parameters(module), multiply_adds)
    head = _head(seen, classes)
    outputs = {name: layer.output for name, layer in seen.items()}
    inner, convs = inner_layers(module, outputs, head.name)
    return Inspection(layers, cost, head, inner, convs)


def why_no_site(layer: nn.Module, times: int = 1) -> str:
    """Why no cell may replace a layer; empty where one may.

    Args:
        times: how often the network runs it for an image.
    """
    if isinstance(layer, nn.Linear):
        return "it is a linear layer"
    if not isinstance(layer, nn.Conv2d):
        return "it is a pool"
    if type(layer) is not nn.Conv2d:
        return f"it is a {type(layer).__name__}"
    if layer.kernel_size != (3, 3):
        return f"its kernel is {_by(layer.kernel_size)}"
    if layer.stride not in ((1, 1), (2, 2)):
        return f"its stride is {_by(layer.stride)}"
    if layer.dilation != (1, 1):
        return "it is dilated"
    if layer.padding != (1, 1) or layer.padding_mode != "zeros":
        return "it is not padded by one pixel of zeros on each side"
    return "it is run more than once for an image" if times > 1 else ""


@torch.no_grad()
def _run(module: nn.Module, images: Tensor) -> tuple[dict[str, _RunLayer], Tensor]:
    seen: dict[str, _RunLayer] = {}

    def note(name: str, layer: nn.Module, inputs: Any, output: Tensor) -> None:
        run = seen.setdefault(name, _RunLayer(layer, inputs[0].shape, output.shape))
        run.times += 1
        if isinstance(layer, nn.Conv2d | nn.Linear):
            run.multiply_adds += layer.weight[0].numel() * output[0].numel()

    hooks = [
        layer.register_forward_hook(lambda m, i, o, name=name: note(name, m, i, o))
        for name, layer in module.named_modules()
        if isinstance(layer, _SHOWN)
    ]
    passed = [layer for layer in module.modules() if isinstance(layer, _SHAPE_KEEPING)]
    for layer in passed:
        vars(layer)["forward"] = lambda images: images
    try:
        return seen, module.eval()(images)
    finally:
        for layer in passed:
            del vars(layer)["forward"]
        for hook in hooks:
            hook.remove()


def _describe(name: str, seen: _RunLayer, root: nn.Module) -> OutlineLayer:
    layer = seen.module
    windowed = not isinstance(layer, nn.Linear | nn.AdaptiveAvgPool2d)
    kernel = _pair(layer.kernel_size) if windowed else (1, 1)
    channel = -1 if isinstance(layer, nn.Linear) else 1
    if isinstance(layer, nn.Conv2d):
        kind, text = LayerKind.CONV, f"{_by(kernel)} conv"
    elif isinstance(layer, nn.Linear):
        kind, text = LayerKind.LINEAR, "linear"
    else:
        kind, text = LayerKind.POOL, _pool_text(layer, kernel)
    return OutlineLayer(
        name=name,
        block=_block(name, root),
        kind=kind,
        text=text,
        in_channels=seen.input[channel],
        out_channels=seen.output[channel],
        kernel=max(kernel),
        stride=max(_pair(layer.stride)) if windowed else 1,
        groups=layer.groups if isinstance(layer, nn.Conv2d) else 1,
        bias=getattr(layer, "bias", None) is not None,
        size=(1, 1) if isinstance(layer, nn.Linear) else (seen.output[-2], seen.output[-1]),
        why_not=why_no_site(layer, seen.times),
    )


def _head(seen: dict[str, _RunLayer], classes: int) -> Classifier:
    name, last = next(
        (name, layer)
        for name, layer in reversed(seen.items())
        if isinstance(layer.module, nn.Conv2d | nn.Linear)
    )
    layer = last.module
    pointwise = isinstance(layer, nn.Linear) or layer.kernel_size == (1, 1)
    channel = -1 if isinstance(layer, nn.Linear) else 1
    if not pointwise or last.output[channel] != classes or last.times > 1:
        raise InvalidConfig(
            "model",
            "expected a network that ends in a linear layer or 1x1 convolution with as many outputs"
            f" as classes, got {name} with {last.output[channel]} for {classes} classes",
        )
    positions = math.prod(last.output) // (last.output[0] * classes)
    return Classifier(name, last.input[channel], positions, layer.bias is not None)


def _block(name: str, root: nn.Module) -> str:
    """The outermost part of the network, below its stages, to which a layer belongs."""
    parts = name.split(".")
    for count in range(1, len(parts)):
        path = ".".join(parts[:count])
        part = root.get_submodule(path)
        if not isinstance(part, _CONTAINERS) and type(part) is not nn.Module:
            return path
    return ".".join(parts[:-1]) or name


def _pool_text(layer: nn.Module, kernel: tuple[int, int]) -> str:
    if isinstance(layer, nn.AdaptiveAvgPool2d):
        size = _pair(layer.output_size)
        return "global average pool" if size == (1, 1) else f"average pool to {_by(size)}"
    return f"{_by(kernel)} {'max' if isinstance(layer, nn.MaxPool2d) else 'average'} pool"


def _pair(value: Any) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else (value[0], value[1])


def _by(sides: Any) -> str:
    return f"{sides[0]}x{sides[1]}"
