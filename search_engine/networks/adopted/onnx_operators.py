"""How each ONNX operator is written in a `Program`: as a layer, as operators of ATen, or reckoned.

Reference: https://onnx.ai/onnx/operators, operator sets 7 to 24.
"""

import math
from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import onnx

from search_engine.networks.adopted.onnx_graph import BATCH, UNKNOWN, Array, Node, Value
from search_engine.networks.adopted.onnx_layers import (
    average_pool,
    batch_norm,
    conv,
    gemm,
    global_pool,
    layer_norm,
    matmul,
    max_pool,
    prelu,
)

Made = Value | Array | list[Value | Array]


def _reduce(node: Node, operator: str) -> Made:
    axes = node.numbers("axes", 1)
    if axes is None:
        raise node.refused("expected it over some dimensions")
    return node.graph.operator(operator, node.value(), axes, bool(node.attribute("keepdims", 1)))


def _unary(node: Node, operator: str) -> Made:
    return node.graph.operator(operator, node.value())


def _leaky_relu(node: Node) -> Made:
    slope = float(node.attribute("alpha", 0.01))
    return node.graph.operator("leaky_relu.default", node.value(), slope)


def _elu(node: Node) -> Made:
    return node.graph.operator("elu.default", node.value(), float(node.attribute("alpha", 1.0)))


def _gelu(node: Node) -> Made:
    if node.attribute("approximate", "none") != "none":
        raise node.refused("expected it as it is, not approximate")
    return node.graph.operator("gelu.default", node.value())


def _hard_sigmoid(node: Node) -> Made:
    slope, offset = float(node.attribute("alpha", 0.2)), float(node.attribute("beta", 0.5))
    if abs(slope - 1 / 6) < 1e-4 and offset == 0.5:
        return node.graph.operator("hardsigmoid.default", node.value())
    scaled = node.graph.operator("mul.Scalar", node.value(), slope)
    raised = node.graph.operator("add.Scalar", scaled, offset)
    return node.graph.operator("hardtanh.default", raised, 0.0, 1.0)


def _clip(node: Node) -> Made:
    low, high = (
        node.attribute(name) if node.given(place) is None else float(node.constant(place))
        for place, name in ((1, "min"), (2, "max"))
    )
    if low is not None and high is not None:
        return node.graph.operator("hardtanh.default", node.value(), float(low), float(high))
    return node.graph.operator("clamp.default", node.value(), low, high)


def _softmax(node: Node, operator: str) -> Made:
    # Logits are wanted: what only turns them into probabilities at the end is left out.
    if node.outputs[0] == node.graph.output:
        return node.value()
    return node.graph.operator(operator, node.value(), int(node.attribute("axis", -1)))


_RECKONED: Mapping[str, Callable[[Array, Array], Array]] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    # Of whole numbers ONNX gives whole ones, cut off.
    "div": lambda a, b: (
        np.trunc(a / b).astype(a.dtype) if np.issubdtype(a.dtype, np.integer) else a / b
    ),
}


def _arithmetic(node: Node, name: str) -> Made:
    if node.outputs[0] in node.graph.values:
        return node.graph.values[node.outputs[0]]  # a bias that a layer before has taken in
    left, right = node.given(0), node.given(1)
    assert left is not None and right is not None
    match left, right:
        case np.ndarray(), np.ndarray():
            return np.asarray(_RECKONED[name](left, right))
        case Value(), Value():
            return node.graph.operator(f"{name}.Tensor", left, right)
        case Value(), np.ndarray():
            return _with_constant(node, name, left, right, node.inputs[1])
    assert isinstance(left, np.ndarray) and isinstance(right, Value)
    if name in ("add", "mul"):
        return _with_constant(node, name, right, left, node.inputs[0])
    if name == "sub":
        negative = node.graph.operator("neg.default", right)
        return _with_constant(node, "add", negative, left, node.inputs[0])
    inverse = node.graph.operator("reciprocal.default", right)
    return _with_constant(node, "mul", inverse, left, node.inputs[0])


def _with_constant(node: Node, name: str, x: Value, constant: Array, called: str) -> Value:
    if constant.size == 1:
        return node.graph.operator(f"{name}.Scalar", x, float(constant.item()))
    tensor = node.graph.tensor(called, constant, learned=False)
    return node.graph.operator(f"{name}.Tensor", x, tensor)


def _sum(node: Node) -> Made:
    total = node.value()
    for place in range(1, len(node.inputs)):
        total = node.graph.operator("add.Tensor", total, node.value(place))
    return total


def _pow(node: Node) -> Made:
    exponent = float(node.constant(1).item())
    return node.graph.operator("pow.Tensor_Scalar", node.value(), exponent)


def _extremum(node: Node, operator: str) -> Made:
    return node.graph.operator(operator, node.value(), node.value(1))


def _flatten(node: Node) -> Made:
    x = node.value()
    if node.attribute("axis", 1) % x.meta.dim() != 1:
        raise node.refused("expected it from the second dimension on")
    return node.graph.operator("flatten.using_ints", x, 1, -1)


def _reshape(node: Node) -> Made:
    wanted = node.numbers("shape", 1)
    assert wanted is not None
    found = node.given(0)
    if isinstance(found, np.ndarray):
        return found.reshape(wanted)
    x = node.value()
    if not node.attribute("allowzero", 0):
        wanted = [x.meta.shape[i] if n == 0 and i else n for i, n in enumerate(wanted)]
    if wanted[0] == 0 or wanted[0] == node.graph.fixed_batch:
        wanted[0] = UNKNOWN
    if wanted[0] == UNKNOWN and UNKNOWN in wanted[1:]:
        # The first is the number of images, so the other is known.
        place = wanted.index(UNKNOWN, 1)
        rest = math.prod(n for i, n in enumerate(wanted) if i not in (0, place))
        wanted[place] = x.meta.numel() // BATCH // rest
    return node.graph.operator("reshape.default", x, wanted)


def _transpose(node: Node) -> Made:
    found = node.given(0)
    if isinstance(found, np.ndarray):
        return found.transpose(node.attribute("perm"))
    x = node.value()
    order = node.attribute("perm") or [*range(x.meta.dim())][::-1]
    return node.graph.operator("permute.default", x, list(order))


def _squeeze(node: Node) -> Made:
    axes = node.numbers("axes", 1)
    found = node.given(0)
    if isinstance(found, np.ndarray):
        return found.squeeze(None if axes is None else tuple(axes))
    if axes is None:
        raise node.refused("expected the dimensions that are left out")
    return node.graph.operator("squeeze.dims", node.value(), axes)


def _unsqueeze(node: Node) -> Made:
    axes = node.numbers("axes", 1)
    assert axes is not None
    found = node.given(0)
    if isinstance(found, np.ndarray):
        return np.expand_dims(found, tuple(axes))
    made = node.value()
    dimensions = made.meta.dim() + len(axes)
    for axis in sorted(axis % dimensions for axis in axes):
        made = node.graph.operator("unsqueeze.default", made, axis)
    return made


def _concat(node: Node) -> Made:
    parts = [node.given(place) for place in range(len(node.inputs))]
    axis = int(node.attribute("axis"))
    arrays = [part for part in parts if isinstance(part, np.ndarray)]
    if len(arrays) == len(parts):
        return np.concatenate(arrays, axis)
    return node.graph.operator("cat.default", [node.value(p) for p in range(len(parts))], axis)


def _split(node: Node) -> Made:
    x, axis = node.value(), int(node.attribute("axis", 0))
    sizes = node.numbers("split", 1)
    if sizes is None:
        count = len(node.outputs)
        each = math.ceil(x.meta.shape[axis] / count)
        sizes = [each] * (count - 1) + [x.meta.shape[axis] - each * (count - 1)]
    return list(node.graph.operators("split_with_sizes.default", x, sizes, axis))


def _slice(node: Node) -> Made:
    starts, ends = node.numbers("starts", 1), node.numbers("ends", 2)
    assert starts is not None and ends is not None
    axes = node.numbers("axes", 3) or [*range(len(starts))]
    steps = node.numbers("steps", 4) or [1] * len(starts)
    found = node.given(0)
    if isinstance(found, np.ndarray):
        part = [slice(None)] * found.ndim
        for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
            part[axis] = slice(start, end, step)
        return np.asarray(found[tuple(part)])
    made = node.value()
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        last = min(end, 2**31)  # files say "to the end" by the largest number that there is
        made = node.graph.operator("slice.Tensor", made, axis, start, last, step)
    return made


def _gather(node: Node) -> Made:
    indexes, axis = node.constant(1), int(node.attribute("axis", 0))
    found = node.given(0)
    if isinstance(found, np.ndarray):
        return np.asarray(found.take(indexes.astype(np.int64), axis))
    if indexes.size != 1 or indexes.ndim:
        raise node.refused("expected one index")
    return node.graph.operator("select.int", node.value(), axis, int(indexes))


def _shape(node: Node) -> Made:
    sizes = node.value().meta.shape
    known = np.array([UNKNOWN, *sizes[1:]], dtype=np.int64)
    return known[node.attribute("start", 0) : node.attribute("end", len(known))]


def _pad(node: Node) -> Made:
    if node.attribute("mode", "constant") != "constant":
        raise node.refused("expected padding by a constant")
    pads = node.numbers("pads", 1)
    assert pads is not None
    value = node.given(2)
    filling = float(np.asarray(value).item()) if isinstance(value, np.ndarray) else 0.0
    filling = float(node.attribute("value", filling))
    count = len(pads) // 2
    sides = [side for axis in reversed(range(count)) for side in (pads[axis], pads[axis + count])]
    return node.graph.operator("constant_pad_nd.default", node.value(), sides, filling)


def _dropout(node: Node) -> Made:
    ratio = node.given(1)
    usual = float(ratio.item()) if isinstance(ratio, np.ndarray) else 0.5
    return node.graph.dropout(node.value(), float(node.attribute("ratio", usual)))


def _cast(node: Node) -> Made:
    kind = onnx.helper.tensor_dtype_to_np_dtype(node.attribute("to"))
    found = node.given(0)
    if isinstance(found, np.ndarray):
        return found.astype(kind)
    if not np.issubdtype(kind, np.floating):
        raise node.refused(f"expected floating-point numbers, got {kind}")
    return node.value()


def _identity(node: Node) -> Made:
    found = node.given(0)
    assert found is not None
    return found


def _constant(node: Node) -> Made:
    tensor = node.attribute("value")
    if tensor is not None:
        return onnx.numpy_helper.to_array(tensor)
    for name in ("value_float", "value_floats", "value_int", "value_ints"):
        if (found := node.attribute(name)) is not None:
            return np.asarray(found, dtype=np.float32 if "float" in name else np.int64)
    raise node.refused("expected numbers")


OPERATORS: Mapping[str, Callable[[Node], Made]] = {
    "Conv": conv,
    "Gemm": gemm,
    "MatMul": matmul,
    "BatchNormalization": batch_norm,
    "LayerNormalization": layer_norm,
    "PRelu": prelu,
    "MaxPool": max_pool,
    "AveragePool": average_pool,
    "GlobalAveragePool": partial(global_pool, operator="mean.dim"),
    "GlobalMaxPool": partial(global_pool, operator="amax.default"),
    "ReduceMean": partial(_reduce, operator="mean.dim"),
    "ReduceSum": partial(_reduce, operator="sum.dim_IntList"),
    "ReduceMax": partial(_reduce, operator="amax.default"),
    **{
        name: partial(_unary, operator=f"{operator}.default")
        for name, operator in {
            "Relu": "relu",
            "Sigmoid": "sigmoid",
            "Tanh": "tanh",
            "HardSwish": "hardswish",
            "Mish": "mish",
            "Softplus": "softplus",
            "Selu": "selu",
            "Erf": "erf",
            "Exp": "exp",
            "Log": "log",
            "Sqrt": "sqrt",
            "Neg": "neg",
            "Abs": "abs",
            "Reciprocal": "reciprocal",
        }.items()
    },
    "LeakyRelu": _leaky_relu,
    "Elu": _elu,
    "Gelu": _gelu,
    "HardSigmoid": _hard_sigmoid,
    "Clip": _clip,
    "Softmax": partial(_softmax, operator="softmax.int"),
    "LogSoftmax": partial(_softmax, operator="log_softmax.int"),
    **{name: partial(_arithmetic, name=name.lower()) for name in ("Add", "Sub", "Mul", "Div")},
    "Sum": _sum,
    "Pow": _pow,
    "Max": partial(_extremum, operator="maximum.default"),
    "Min": partial(_extremum, operator="minimum.default"),
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Transpose": _transpose,
    "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze,
    "Concat": _concat,
    "Split": _split,
    "Slice": _slice,
    "Gather": _gather,
    "Shape": _shape,
    "Pad": _pad,
    "Dropout": _dropout,
    "Cast": _cast,
    "Identity": _identity,
    "Constant": _constant,
}
