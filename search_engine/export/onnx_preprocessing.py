"""What a picture goes through before the network, as ONNX: as `search_engine.loading` does it.

Grey by Pillow's whole numbers, resized by ONNX's own antialiased `Resize` with whole grey levels
between its two passes as Pillow has them, the width first, normalised; and a softmax at the end.
"""

from typing import Any

import numpy as np

from search_engine.export.format import About

PICTURES, PIXELS = "pictures", "pixels"
GREY = (19595, 38470, 7471)
"""Shares of red, green and blue in 2^16: ITU-R 601-2, as Pillow rounds them."""
_LOGITS, _IMAGES = "logits", "images"


def with_preprocessing(model: Any, about: About) -> Any:
    """A network that takes pictures and gives probabilities.

    Args:
        model: takes `images`, normalised, gives `logits`.
        about: the network's size and normalisation.

    Returns:
        Takes `pictures`, uint8 RGB `(N, height, width, 3)` of any size, gives `probabilities`.
    """
    from onnx import TensorProto, helper

    opset = next(each.version for each in model.opset_import if each.domain == "")
    graph = model.graph
    nodes, constants = _preprocessing(about)
    softmax = helper.make_node("Softmax", [_LOGITS], ["probabilities"], axis=1)
    size: list[str | int | None] = ["batch", "height", "width", 3]
    classes = len(about.class_names)
    made = helper.make_graph(
        [*nodes, *graph.node, softmax],
        "network",
        [helper.make_tensor_value_info(PICTURES, TensorProto.UINT8, size)],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", classes])],
        [*constants, *graph.initializer],
    )
    made.value_info.extend(graph.value_info)
    domains = [each for each in model.opset_import if each.domain]
    imports = [helper.make_opsetid("", opset), *domains]
    found = helper.make_model(made, opset_imports=imports, functions=model.functions)
    found.ir_version = model.ir_version
    return found


def _preprocessing(about: About) -> tuple[list[Any], list[Any]]:
    """Nodes from `pictures` to `images`, and their constants."""
    from onnx import numpy_helper

    image, grey = about.image, about.image.channels == 1
    values: dict[str, Any] = {
        "width": np.array([image.width], np.int64),
        "height": np.array([image.height], np.int64),
        "scale": np.array(255, np.float32),
        "mean": np.array(about.mean, np.float32).reshape(1, -1, 1, 1),
        "std": np.array(about.std, np.float32).reshape(1, -1, 1, 1),
    }
    if grey:
        values |= {
            "grey": np.array(GREY, np.int32).reshape(3, 1),
            "half": np.array(2**15, np.int32),
            "whole": np.array(2**16, np.int32),
        }
    nodes = [
        *(_grey() if grey else ()),
        _node("Transpose", ["grey_levels" if grey else PICTURES], "planes", perm=[0, 3, 1, 2]),
        *_resized("planes", "narrow", 3, ("width",)),
        *_resized("narrow", PIXELS, 2, ("height", "width")),
        _node("Cast", [PIXELS], "levels", to=_kind(np.float32)),
        _node("Div", ["levels", "scale"], "shares"),
        _node("Sub", ["shares", "mean"], "centred"),
        _node("Div", ["centred", "std"], _IMAGES),
    ]
    return nodes, [numpy_helper.from_array(v, _named(name)) for name, v in values.items()]


def _grey() -> list[Any]:
    """Whole numbers throughout, so that each level is Pillow's."""
    return [
        _node("Cast", [PICTURES], "colours", to=_kind(np.int32)),
        _node("MatMul", ["colours", "grey"], "weighed"),
        _node("Add", ["weighed", "half"], "rounded"),
        _node("Div", ["rounded", "whole"], "divided"),
        _node("Cast", ["divided"], "grey_levels", to=_kind(np.uint8)),
    ]


def _resized(taken: str, given: str, kept: int, sizes: tuple[str, ...]) -> list[Any]:
    """Bilinear over all pixels that a smaller one covers; none outside the picture counts.

    All four sizes are named: with `axes` onnxruntime cannot move a transposition past it.

    Args:
        kept: so many of the first sizes stay what they are.
        sizes: constants with the others.
    """
    shape, wanted = f"{taken}.kept", f"{taken}.wanted"
    resize = {
        "mode": "linear",
        "antialias": 1,
        "exclude_outside": 1,
        "coordinate_transformation_mode": "half_pixel",
    }
    return [
        _node("Shape", [taken], shape, start=0, end=kept),
        _node("Concat", [shape, *sizes], wanted, axis=0),
        _node("Resize", [taken, "", "", wanted], given, **resize),
    ]


def _node(operator: str, taken: list[str], given: str, **attributes: Any) -> Any:
    from onnx import helper

    return helper.make_node(operator, [*map(_named, taken)], [_named(given)], **attributes)


def _named(name: str) -> str:
    """What only this part has gets a name that no network's exporter gives."""
    return name if name in ("", PICTURES, PIXELS, _IMAGES) else f"preprocessing.{name}"


def _kind(kind: type[np.generic]) -> int:
    from onnx import helper

    return int(helper.np_dtype_to_tensor_dtype(np.dtype(kind)))
