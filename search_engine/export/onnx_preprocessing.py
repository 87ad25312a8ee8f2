"""What a picture goes through before the network, as ONNX: as `search_engine.loading` does it.

Laid on its ground, made grey by Pillow's whole numbers, brought to size, normalised; and a softmax
at the end. `search_engine.pictures.pixels` is the same in Python, to the bit.
"""

from typing import Any

import numpy as np

from search_engine.export.format import About
from search_engine.export.onnx_nodes import Nodes
from search_engine.export.onnx_placing import placed
from search_engine.spec.pictures import Fit

PICTURES, PIXELS = "pictures", "pixels"
GREY = (19595, 38470, 7471)
"""Shares of red, green and blue in 2^16: ITU-R 601-2, as Pillow rounds them."""
_LOGITS, _IMAGES = "logits", "images"


def with_preprocessing(model: Any, about: About) -> Any:
    """A network that takes pictures and gives probabilities.

    Args:
        model: takes `images`, normalised, gives `logits`.
        about: the network's size and normalisation, and how pictures become pixels.

    Returns:
        Takes `pictures` as `about.picture_input` says, gives `probabilities`.
    """
    from onnx import TensorProto, helper

    opset = next(each.version for each in model.opset_import if each.domain == "")
    graph = model.graph
    nodes = _preprocessing(about)
    softmax = helper.make_node("Softmax", [_LOGITS], ["probabilities"], axis=1)
    kind = TensorProto.UINT16 if about.takes_wide else TensorProto.UINT8
    channels = 1 if about.takes_wide else "channels"
    size: list[str | int | None] = ["batch", "height", "width", channels]
    classes = len(about.class_names)
    made = helper.make_graph(
        [*nodes.nodes, *graph.node, softmax],
        "network",
        [helper.make_tensor_value_info(PICTURES, kind, size)],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", classes])],
        [*nodes.constants, *graph.initializer],
    )
    made.value_info.extend([*graph.value_info, graph.input[0]])
    domains = [each for each in model.opset_import if each.domain]
    imports = [helper.make_opsetid("", opset), *domains]
    found = helper.make_model(made, opset_imports=imports, functions=model.functions)
    found.ir_version = model.ir_version
    return found


def _preprocessing(about: About) -> Nodes:
    """Nodes from `pictures` to `images`."""
    nodes, rendering, image = Nodes(), about.rendering, about.image
    if about.takes_wide:
        flat = _narrowed(nodes, rendering.levels)
    else:
        flat = _on_ground(nodes, rendering.colour)
        flat = _grey(nodes, flat) if image.channels == 1 else flat
    made, filled = placed(nodes, flat, image, rendering.fit)
    if about.takes_wide and image.channels == 3:
        made = nodes.add("Concat", made, made, made, axis=3)
    if rendering.fit is Fit.PAD:
        colour = rendering.colour if image.channels == 3 else (_grey_of(rendering.colour),)
        made = nodes.add("Where", filled, made, nodes.constant(colour, np.uint8))
    pixels = nodes.add("Transpose", made, given=PIXELS, perm=[0, 3, 1, 2])
    _normalised(nodes, pixels, about)
    return nodes


def _on_ground(nodes: Nodes, colour: tuple[int, int, int]) -> str:
    """Red, green and blue of RGB as they are, of RGBA laid on a colour as Pillow rounds it."""

    def laid(inner: Nodes) -> str:
        number = {n: inner.constant(n, np.int32) for n in (128, 255, 256)}
        colours = inner.cast(inner.part(PICTURES, 3, 0, 3), np.int32)
        opacity = inner.cast(inner.part(PICTURES, 3, 3, 4), np.int32)
        behind = inner.add("Sub", number[255], opacity)
        behind = inner.add("Mul", behind, inner.constant(colour, np.int32))
        total = inner.add("Add", inner.add("Mul", colours, opacity), behind)
        total = inner.add("Add", total, number[128])
        total = inner.add("Add", inner.add("Div", total, number[256]), total)
        return inner.cast(inner.add("Div", total, number[256]), np.uint8)

    def opaque(inner: Nodes) -> str:
        return inner.part(PICTURES, 3, 0, 3)

    channels = nodes.add("Shape", PICTURES, start=3, end=4)
    has_opacity = nodes.add("Squeeze", nodes.add("Equal", channels, nodes.whole(4)))
    return nodes.either(has_opacity, laid, opaque)


def _narrowed(nodes: Nodes, levels: tuple[int, int]) -> str:
    """Grey levels of 16 bits scaled to 0 to 255, the nearest."""
    low, high = levels
    values = nodes.cast(PICTURES, np.float64)
    values = nodes.add("Sub", values, nodes.constant(low, np.float64))
    values = nodes.add("Mul", values, nodes.constant(255 / (high - low), np.float64))
    ends = (nodes.constant(end, np.float64) for end in (0, 255))
    values = nodes.add("Clip", values, *ends)
    return nodes.cast(nodes.add("Add", values, nodes.constant(0.5, np.float64)), np.uint8)


def _grey(nodes: Nodes, colours: str) -> str:
    """Whole numbers throughout, so that each level is Pillow's."""
    shares = nodes.constant(np.array(GREY).reshape(3, 1), np.int32)
    weighed = nodes.add("MatMul", nodes.cast(colours, np.int32), shares)
    rounded = nodes.add("Add", weighed, nodes.constant(2**15, np.int32))
    return nodes.cast(nodes.add("Div", rounded, nodes.constant(2**16, np.int32)), np.uint8)


def _grey_of(colour: tuple[int, int, int]) -> int:
    return sum(share * level for share, level in zip(GREY, colour, strict=True)) + 2**15 >> 16


def _normalised(nodes: Nodes, pixels: str, about: About) -> None:
    """The same as `search_engine.loading.normalise`, in float32."""
    mean, std = (
        nodes.constant(np.array(numbers).reshape(1, -1, 1, 1), np.float32)
        for numbers in (about.mean, about.std)
    )
    levels = nodes.cast(pixels, np.float32)
    shares = nodes.add("Div", levels, nodes.constant(255, np.float32))
    nodes.add("Div", nodes.add("Sub", shares, mean), std, given=_IMAGES)
