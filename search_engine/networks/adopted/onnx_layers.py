"""How ONNX's layers and pools are written in a `Program`."""

import math

import numpy as np
import torch

from search_engine.networks.adopted.onnx_graph import Array, Node, Value

_LOWEST = -3.0e38
"""Smaller than what networks reckon with; JSON has no infinity."""


def conv(node: Node) -> Value:
    """A convolution of two dimensions."""
    weight = node.constant(1)
    if weight.ndim != 4:
        raise node.refused("expected a convolution of two dimensions")
    x, padding = _padded(node, node.value(), weight.shape[2:], 0.0)
    out, per_group = weight.shape[:2]
    groups = node.attribute("group", 1)
    settings = {
        "kind": "conv2d",
        "in": per_group * groups,
        "out": out,
        "kernel": list(weight.shape[2:]),
        "stride": list(node.attribute("strides", [1, 1])),
        "padding": padding,
        "dilation": list(node.attribute("dilations", [1, 1])),
        "groups": groups,
        "bias": node.given(2) is not None,
    }
    made = node.graph.call(node.inputs[1:3], node.name, settings, x)
    _keep(node, node.inputs[1:3], weight, node.constant(2) if settings["bias"] else None)
    return made


def gemm(node: Node) -> Value:
    """A linear layer."""
    if node.attribute("transA", 0):
        raise node.refused("expected its first matrix as it is")
    weight = node.constant(1) * np.float32(node.attribute("alpha", 1.0))
    weight = weight if node.attribute("transB", 0) else weight.T
    bias = None
    if node.given(2) is not None:
        scaled = node.constant(2) * np.float32(node.attribute("beta", 1.0))
        bias = np.broadcast_to(scaled.ravel(), (len(weight),))
    return _linear(node, node.inputs[1:3], weight, bias)


def matmul(node: Node) -> Value:
    """A linear layer, with the bias that is added to it; or a product of two values."""
    found = node.given(1)
    if isinstance(found, Value):
        return node.graph.operator("matmul.default", node.value(), found)
    weight = node.constant(1)
    if weight.ndim != 2:
        raise node.refused("expected a matrix with two dimensions")
    after = node.graph.following(node.outputs[0])
    if after is not None and after.op_type == "Add":
        (other,) = (name for name in after.input if name != node.outputs[0])
        bias = node.graph.values.get(other)
        if isinstance(bias, np.ndarray) and bias.size == weight.shape[1] == bias.shape[-1]:
            made = _linear(node, [node.inputs[1], other], weight.T, bias.ravel())
            node.graph.values[after.output[0]] = made  # the sum is part of the layer
            return made
    return _linear(node, [node.inputs[1]], weight.T, None)


def _linear(node: Node, names: list[str], weight: Array, bias: Array | None) -> Value:
    out, into = weight.shape
    settings = {"kind": "linear", "in": into, "out": out, "bias": bias is not None}
    made = node.graph.call(names, node.name, settings, node.value())
    _keep(node, names, weight, bias)
    return made


def batch_norm(node: Node) -> Value:
    """A batch norm."""
    weight, bias, mean, variance = (node.constant(place) for place in range(1, 5))
    x = node.value()
    settings = {
        "kind": "batch_norm",
        "channels": len(weight),
        "eps": float(node.attribute("epsilon", 1e-5)),
        "momentum": round(1 - float(node.attribute("momentum", 0.9)), 6),
        "affine": True,
        "dimensions": x.meta.dim(),
    }
    names = node.inputs[1:5]
    made = node.graph.call(names, node.name, settings, x)
    _keep(node, names, weight, bias)
    layer = node.graph.layer_of(names)
    node.graph.state |= {
        f"{layer}.running_mean": _float(mean),
        f"{layer}.running_var": _float(variance),
    }
    return made


def layer_norm(node: Node) -> Value:
    """A layer norm."""
    x, weight = node.value(), node.constant(1)
    names = node.inputs[1:3]
    learned = [
        node.graph.tensor(name, node.constant(place), learned=True)
        for place, name in enumerate(names, start=1)
    ]
    epsilon = float(node.attribute("epsilon", 1e-5))
    bias = learned[1] if len(learned) > 1 else None
    return node.graph.operator(
        "layer_norm.default", x, list(weight.shape), learned[0], bias, epsilon
    )


def prelu(node: Node) -> Value:
    """A ReLU with a learned slope."""
    slope = node.graph.tensor(node.inputs[1], node.constant(1).ravel(), learned=True)
    return node.graph.operator("prelu.default", node.value(), slope)


def _keep(node: Node, names: list[str], weight: Array, bias: Array | None) -> None:
    """Note what a layer has learned."""
    layer = node.graph.layer_of(names)
    node.graph.state[f"{layer}.weight"] = _float(weight)
    if bias is not None:
        node.graph.state[f"{layer}.bias"] = _float(bias)


def _float(numbers: Array) -> torch.Tensor:
    return torch.from_numpy(np.array(numbers, dtype=np.float32))


def _padded(
    node: Node, x: Value, kernel: tuple[int, ...], filling: float
) -> tuple[Value, list[int]]:
    """What a window slides over, and by how much it is padded on both sides.

    Padding that differs between the sides is done before.
    """
    strides = node.attribute("strides", [1, 1])
    dilations = node.attribute("dilations", [1, 1])
    pads = list(node.attribute("pads", [0, 0, 0, 0]))
    same = node.attribute("auto_pad", "NOTSET")
    if same.startswith("SAME"):
        sizes = x.meta.shape[2:]
        spans = [(k - 1) * d + 1 for k, d in zip(kernel, dilations, strict=True)]
        whole = [
            max((math.ceil(size / stride) - 1) * stride + span - size, 0)
            for size, stride, span in zip(sizes, strides, spans, strict=True)
        ]
        less = [pad // 2 for pad in whole]
        more = [pad - part for pad, part in zip(whole, less, strict=True)]
        pads = [*less, *more] if same == "SAME_UPPER" else [*more, *less]
    top, left, bottom, right = pads
    if (top, left) == (bottom, right):
        return x, [top, left]
    sides = [left, right, top, bottom]
    return node.graph.operator("constant_pad_nd.default", x, sides, filling), [0, 0]


def max_pool(node: Node) -> Value:
    """The largest in each window."""
    kernel = list(node.attribute("kernel_shape"))
    x, padding = _padded(node, node.value(), tuple(kernel), _LOWEST)
    strides = list(node.attribute("strides", [1, 1]))
    dilations = list(node.attribute("dilations", [1, 1]))
    ceil = bool(node.attribute("ceil_mode", 0))
    return node.graph.operator("max_pool2d.default", x, kernel, strides, padding, dilations, ceil)


def average_pool(node: Node) -> Value:
    """The mean of each window."""
    kernel = list(node.attribute("kernel_shape"))
    counted = bool(node.attribute("count_include_pad", 0))
    x, padding = _padded(node, node.value(), tuple(kernel), 0.0)
    if x is not node.value() and not counted:
        raise node.refused("expected the same padding on both sides")
    strides = list(node.attribute("strides", [1, 1]))
    ceil = bool(node.attribute("ceil_mode", 0))
    return node.graph.operator("avg_pool2d.default", x, kernel, strides, padding, ceil, counted)


def global_pool(node: Node, operator: str) -> Value:
    """Over all positions."""
    return node.graph.operator(operator, node.value(), [2, 3], True)
