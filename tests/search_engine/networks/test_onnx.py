"""ONNX files as networks to start from: each operator against onnxruntime, and what is refused."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor

from search_engine.networks.adopted import adopt, outline_onnx
from search_engine.networks.adopted.onnx_file import read_onnx
from search_engine.networks.adopted.program_module import ProgramModule
from search_engine.spec.errors import CheckpointError, InvalidConfig
from tests.exporting import own_net

RANDOM = np.random.default_rng(0)


def numbers(*shape: int) -> np.ndarray[Any, Any]:
    return RANDOM.standard_normal(shape).astype(np.float32)


def whole(*values: int) -> np.ndarray[Any, Any]:
    return np.array(values, dtype=np.int64)


def model_of(
    nodes: Sequence[onnx.NodeProto],
    constants: dict[str, np.ndarray[Any, Any]] | None = None,
    *,
    opset: int = 18,
    shape: Sequence[int | str] = ("batch", 4, 6, 6),
) -> onnx.ModelProto:
    """A model whose input is `x` and whose output is `y`."""
    graph = helper.make_graph(
        list(nodes),
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(array, name) for name, array in (constants or {}).items()],
    )
    made: onnx.ModelProto = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8
    )
    return made


def node(kind: str, inputs: str, outputs: str = "y", **attributes: Any) -> onnx.NodeProto:
    made: onnx.NodeProto = helper.make_node(
        kind, [name.strip("-") for name in inputs.split()], outputs.split(), **attributes
    )
    return made


def computed(path: Path, images: Tensor) -> tuple[Tensor, Tensor]:
    """What our program and onnxruntime make of images."""
    program, _, state = read_onnx(path)
    module = ProgramModule(program)
    missing, unexpected = module.load_state_dict(state, strict=False)
    assert not unexpected and all(name.endswith("num_batches_tracked") for name in missing)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    (expected, *_) = session.run(None, {"x": images.numpy()})
    with torch.no_grad():
        return module.eval()(images), torch.from_numpy(expected)


W = numbers(8, 4, 3, 3)
NORM = {"s": numbers(4), "b": numbers(4), "m": numbers(4), "v": numbers(4) ** 2 + 0.5}
MATRIX = {"w": numbers(144, 5), "c": numbers(5)}

CASES: dict[str, tuple[Any, ...]] = {
    "conv": ([node("Conv", "x w b", pads=[1, 1, 1, 1])], {"w": W, "b": numbers(8)}),
    "conv, strided, on one side": (
        [node("Conv", "x w", strides=[2, 2], pads=[0, 0, 1, 1])],
        {"w": W},
    ),
    "conv, same": ([node("Conv", "x w", strides=[2, 2], auto_pad="SAME_UPPER")], {"w": W}),
    "conv, grouped": (
        [node("Conv", "x w", group=2, dilations=[2, 2], pads=[2, 2, 2, 2])],
        {"w": numbers(8, 2, 3, 3)},
    ),
    "norm": ([node("BatchNormalization", "x s b m v")], NORM),
    "linear": (
        [node("Flatten", "x", "f"), node("Gemm", "f w c", transB=1, alpha=0.5, beta=2.0)],
        {"w": numbers(5, 144), "c": numbers(5)},
    ),
    "matrix and bias": (
        [node("Flatten", "x", "f"), node("MatMul", "f w", "p"), node("Add", "c p")],
        MATRIX,
    ),
    "matrix": ([node("Flatten", "x", "f"), node("MatMul", "f w")], {"w": MATRIX["w"]}),
    "layer norm": (
        [node("LayerNormalization", "x s b")],
        {"s": numbers(6), "b": numbers(6)},
    ),
    "slope": ([node("PRelu", "x s")], {"s": numbers(4, 1, 1)}),
    "max pool": ([node("MaxPool", "x", kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)],),
    "max pool, same": (
        [node("MaxPool", "x", kernel_shape=[2, 2], strides=[1, 1], auto_pad="SAME_LOWER")],
    ),
    "average pool": ([node("AveragePool", "x", kernel_shape=[3, 3], pads=[1, 1, 1, 1])],),
    "average pool, counted": (
        [node("AveragePool", "x", kernel_shape=[2, 2], pads=[0, 0, 1, 1], count_include_pad=1)],
    ),
    "global pools": (
        [
            node("GlobalAveragePool", "x", "a"),
            node("GlobalMaxPool", "x", "b"),
            node("Concat", "a b", axis=1),
        ],
    ),
    "mean": ([node("ReduceMean", "x a", keepdims=0)], {"a": whole(2, 3)}),
    "mean of before": ([node("ReduceMean", "x", axes=[2, 3], keepdims=1)], None, 13),
    "sum and max": (
        [
            node("ReduceSum", "x a", "s"),
            node("ReduceMax", "x a", "m"),
            node("Sum", "s m"),
        ],
        {"a": whole(3)},
    ),
    "clip": ([node("Clip", "x l h")], {"l": np.float32(0), "h": np.float32(0.5)}),
    "clip of before": ([node("Clip", "x", min=-0.5, max=0.5)], None, 10),
    "clip below": ([node("Clip", "x l")], {"l": np.float32(0.1)}),
    "hard sigmoid": ([node("HardSigmoid", "x", alpha=0.3, beta=0.4)],),
    "hard sigmoid of torch": ([node("HardSigmoid", "x", alpha=1 / 6, beta=0.5)],),
    "leaky": ([node("LeakyRelu", "x", alpha=0.2)],),
    "elu": ([node("Elu", "x", alpha=0.5)],),
    "gelu": ([node("Gelu", "x")], None, 20),
    "inner softmax": ([node("Softmax", "x", "s", axis=1), node("Relu", "s")],),
    "arithmetic": (
        [
            node("Sub", "one x", "a"),
            node("Mul", "a x", "b"),
            node("Div", "b scale", "c"),
            node("Sub", "c shift", "d"),
            node("Div", "one e", "f"),
            node("Add", "d f"),
        ],
        {"one": np.float32(1), "scale": numbers(4, 1, 1) + 9, "shift": numbers(4, 1, 1)},
    ),
    "powers": (
        [node("Pow", "x two", "a"), node("Max", "a x", "b"), node("Min", "b a")],
        {"two": np.float32(2)},
    ),
    "channel shuffle": (
        [
            node("Shape", "x", "s"),
            node("Gather", "s zero", "n"),
            node("Unsqueeze", "n first", "n1"),
            node("Concat", "n1 apart", "shape", axis=0),
            node("Reshape", "x shape", "a"),
            node("Transpose", "a", "b", perm=[0, 2, 1, 3, 4]),
            node("Concat", "n1 together", "back", axis=0),
            node("Reshape", "b back"),
        ],
        {
            "zero": np.int64(0),
            "first": whole(0),
            "apart": whole(2, 2, 6, 6),
            "together": whole(-1, 6, 6),
        },
    ),
    "split": (
        [node("Split", "x sizes", "a b", axis=1), node("Concat", "b a", axis=1)],
        {"sizes": whole(1, 3)},
    ),
    "split in equal parts": (
        [node("Split", "x", "a b", axis=1, num_outputs=2), node("Mul", "a b")],
    ),
    "slices": (
        [
            node("Slice", "x st en ax", "a"),
            node("Squeeze", "a one", "b"),
            node("Unsqueeze", "b one"),
        ],
        {"st": whole(1), "en": whole(2), "ax": whole(1), "one": whole(1)},
    ),
    "to the end": (
        [node("Slice", "x st en ax steps")],
        {"st": whole(1), "en": whole(2**63 - 1), "ax": whole(3), "steps": whole(2)},
    ),
    "one channel": ([node("Gather", "x i", axis=1)], {"i": np.int64(2)}),
    "padding": (
        [node("Pad", "x p v")],
        {"p": whole(0, 0, 1, 2, 0, 0, 3, 4), "v": np.float32(0.5)},
    ),
    "cast": ([node("Cast", "x", "a", to=TensorProto.FLOAT), node("Identity", "a")],),
    "constant": (
        [
            node("Constant", "", "c", value=numpy_helper.from_array(numbers(4, 1, 1))),
            node("Mul", "x c"),
        ],
    ),
    "dropout": ([node("Dropout", "x")],),
    "transposed": ([node("Transpose", "x", perm=[0, 2, 3, 1])],),
    **{
        kind: ([node("Abs", "x", "a"), node(kind, "a")],)
        for kind in ("Relu", "Sigmoid", "Tanh", "HardSwish", "Mish", "Softplus", "Selu", "Erf")
    },
    **{
        kind: ([node("Abs", "x", "a"), node(kind, "a")],)
        for kind in ("Exp", "Log", "Sqrt", "Neg", "Reciprocal")
    },
}
CASES["arithmetic"][0].insert(4, node("Exp", "x", "e"))


@pytest.mark.parametrize("name", CASES)
def test_an_operator_computes_what_onnxruntime_does(name: str, tmp_path: Path) -> None:
    nodes, constants, opset = (*CASES[name], None, None)[:3]
    path = tmp_path / "net.onnx"
    onnx.save(model_of(nodes, constants, opset=opset or 18), path)
    for count in (1, 3):
        images = torch.from_numpy(numbers(count, 4, 6, 6))
        ours, expected = computed(path, images)
        torch.testing.assert_close(ours, expected, rtol=1e-4, atol=1e-5)


def test_a_softmax_at_the_end_is_left_out(tmp_path: Path) -> None:
    nodes = [node("Flatten", "x", "f"), node("MatMul", "f w", "p"), node("Softmax", "p")]
    onnx.save(model_of(nodes, {"w": MATRIX["w"]}), tmp_path / "net.onnx")
    ours, expected = computed(tmp_path / "net.onnx", torch.from_numpy(numbers(2, 4, 6, 6)))
    torch.testing.assert_close(ours.softmax(1), expected, rtol=1e-4, atol=1e-5)
    assert (ours < 0).any()


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("onnx") / "own.onnx"
    torch.onnx.export(
        own_net(),
        (torch.zeros(2, 1, 8, 8),),
        str(path),
        dynamo=False,
        input_names=["x"],
        dynamic_axes={"x": {0: "batch"}},
    )
    return path


def test_an_exported_network_starts_with_what_it_has_learned(exported: Path) -> None:
    outline = outline_onnx(exported)
    assert outline.model == "own" and not outline.config().has_fresh_weights
    assert [layer.name for layer in outline.layers if layer.site][:2] == ["stem.0", "first"]
    images = torch.randn(3, 1, 8, 8)
    network = adopt(outline.config(), weights=exported).eval()
    torch.testing.assert_close(network(images), own_net().eval()(images), rtol=1e-4, atol=1e-5)


def test_another_number_of_classes_gives_it_a_new_last_layer(exported: Path) -> None:
    outline = outline_onnx(exported, classes=7)
    network = adopt(outline.config(), weights=exported, seed=3).eval()
    assert network(torch.zeros(2, 1, 8, 8)).shape == (2, 7)


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (model_of([node("LRN", "x", size=3)]), "the ONNX operator 'LRN' is not allowed"),
        (model_of([node("Relu", "x")], shape=["batch", 4, "height", 6]), "images of one size"),
        (model_of([node("Relu", "x")], shape=["batch", 9]), "images of one size"),
        (model_of([node("Constant", "", value_float=1.0)]), "does not depend on the images"),
        (model_of([node("Relu", "nothing")]), "the ONNX graph is damaged"),
        (model_of([node("Pad", "x p", mode="reflect")], {"p": whole(*8 * [0])}), "by a constant"),
        (model_of([node("Conv", "x w")], {"w": numbers(2, 4, 3)}), "of two dimensions"),
    ],
)
def test_what_cannot_be_read_is_refused(
    model: onnx.ModelProto, reason: str, tmp_path: Path
) -> None:
    (tmp_path / "net.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(InvalidConfig, match=reason):
        read_onnx(tmp_path / "net.onnx")


def test_a_network_for_one_image_alone_is_refused(tmp_path: Path) -> None:
    nodes = [node("Transpose", "x", "t", perm=[1, 0, 2, 3]), node("Reshape", "t s")]
    onnx.save(model_of(nodes, {"s": whole(1, 144)}, shape=[3, 4, 6, 6]), tmp_path / "net.onnx")
    with pytest.raises(InvalidConfig, match=r"ONNX graph is damaged|dynamic batch"):
        outline_onnx(tmp_path / "net.onnx")


@pytest.mark.parametrize("content", [b"", b"no network", b"PK\x03\x04" + bytes(50)])
def test_what_is_no_onnx_file_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(content)
    with pytest.raises(CheckpointError, match="not an ONNX file"):
        read_onnx(tmp_path / "net.onnx")


def test_weights_in_another_file_are_not_looked_for(tmp_path: Path) -> None:
    model = model_of([node("Conv", "x w")], {"w": W})
    onnx.save(model, tmp_path / "net.onnx", save_as_external_data=True, size_threshold=0)
    with pytest.raises(CheckpointError, match="its weights lie in another file"):
        read_onnx(tmp_path / "net.onnx")
