"""The operators that an exported program may use: computing ones of ATen, and nothing else."""

import operator
from collections.abc import Callable, Mapping
from typing import Any

import torch

ELEMENTWISE = [
    "abs.default",
    "add.Scalar",
    "add.Tensor",
    "clamp.default",
    "clamp_max.default",
    "clamp_min.default",
    "clone.default",
    "div.Scalar",
    "div.Tensor",
    "elu.default",
    "erf.default",
    "exp.default",
    "gelu.default",
    "hardsigmoid.default",
    "hardswish.default",
    "hardtanh.default",
    "leaky_relu.default",
    "log.default",
    "maximum.default",
    "minimum.default",
    "mish.default",
    "mul.Scalar",
    "mul.Tensor",
    "neg.default",
    "pow.Tensor_Scalar",
    "prelu.default",
    "reciprocal.default",
    "relu.default",
    "relu6.default",
    "rsqrt.default",
    "rsub.Scalar",
    "selu.default",
    "sigmoid.default",
    "silu.default",
    "softplus.default",
    "sqrt.default",
    "square.default",
    "sub.Scalar",
    "sub.Tensor",
    "tanh.default",
]

REDUCING = [
    "_adaptive_avg_pool2d.default",
    "_log_softmax.default",
    "_softmax.default",
    "adaptive_avg_pool2d.default",
    "adaptive_max_pool2d.default",
    "amax.default",
    "avg_pool2d.default",
    "bmm.default",
    "cat.default",
    "constant_pad_nd.default",
    "group_norm.default",
    "layer_norm.default",
    "log_softmax.int",
    "matmul.default",
    "max_pool2d.default",
    "max_pool2d_with_indices.default",
    "mean.default",
    "mean.dim",
    "native_group_norm.default",
    "native_layer_norm.default",
    "pad.default",
    "scaled_dot_product_attention.default",
    "softmax.int",
    "stack.default",
    "sum.dim_IntList",
    "upsample_bilinear2d.vec",
    "upsample_nearest2d.vec",
]

VIEWING = [
    "_unsafe_view.default",
    "alias.default",
    "channel_shuffle.default",
    "chunk.default",
    "contiguous.default",
    "expand.default",
    "flatten.using_ints",
    "permute.default",
    "pixel_shuffle.default",
    "reshape.default",
    "select.int",
    "slice.Tensor",
    "split.Tensor",
    "split_with_sizes.default",
    "squeeze.default",
    "squeeze.dim",
    "squeeze.dims",
    "t.default",
    "transpose.int",
    "unbind.int",
    "unflatten.int",
    "unsqueeze.default",
    "view.default",
]
"""Their results may share memory with their inputs."""

_ATEN = frozenset([*ELEMENTWISE, *REDUCING, *VIEWING, "sym_size.int"])

_WHOLE_NUMBERS: Mapping[str, Callable[[int, int], int]] = {
    "operator.add": operator.add,
    "operator.sub": operator.sub,
    "operator.mul": operator.mul,
    "operator.floordiv": operator.floordiv,
}
"""Reckoning with the number of images, which a program with a dynamic batch does."""

ALLOWED = frozenset([*(f"aten.{name}" for name in _ATEN), *_WHOLE_NUMBERS])


def find_operator(name: str) -> Callable[..., Any]:
    """The function of an allowed operator.

    Args:
        name: such as `aten.relu.default`.

    Raises:
        KeyError: it is not allowed.
    """
    if name in _WHOLE_NUMBERS:
        return _WHOLE_NUMBERS[name]
    if name not in ALLOWED:
        raise KeyError(name)
    _, packet, overload = name.split(".")
    function: Callable[..., Any] = getattr(getattr(torch.ops.aten, packet), overload)
    return function
