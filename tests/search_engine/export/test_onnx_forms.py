"""ONNX with the preprocessing inside, in float16 and in int8: one network, exported once."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper
from PIL import Image
from torch import Tensor

from search_engine.export import (
    Compared,
    ExportForm,
    ExportKind,
    Precision,
    build_export,
    onnx_format,
)
from search_engine.export.format import About
from search_engine.export.onnx_preprocessing import PIXELS, with_preprocessing
from search_engine.loading import load, pixels_of
from search_engine.spec import ImageShape
from search_engine.spec.errors import ExportError

FORMS = [
    ExportForm(ExportKind.ONNX, precision, preprocessing=pictures)
    for precision, pictures in (
        (Precision.FLOAT32, True),
        (Precision.FLOAT16, False),
        (Precision.INT8, False),
        (Precision.INT8, True),
    )
]


@pytest.fixture(scope="module")
def folders(
    trained_on_digits: Path, digits: tuple[Tensor, Tensor], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """An export in each of the forms, with its report beside it."""
    folder, exported = tmp_path_factory.mktemp("forms"), onnx_format._exported
    images, labels = digits
    compared = Compared(images[:200], labels[:200], images[200:])
    once: list[Any] = []

    def same(source: Any) -> Any:
        once.extend([exported(source).SerializeToString()] if not once else [])
        return onnx.load_from_string(once[0])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(onnx_format, "_exported", same)
        for form in FORMS:
            report = build_export(trained_on_digits, form, folder / form.name, compared)
            (folder / f"{form.name}.json").write_text(json.dumps(report.to_json()))
    return folder


def report_of(folders: Path, name: str) -> Any:
    return json.loads((folders / f"{name}.json").read_text())


def run(path: Path, taken: Any) -> Any:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {session.get_inputs()[0].name: taken})
    return found


@pytest.mark.thorough
@pytest.mark.parametrize("size", [(8, 8), (31, 17), (5, 6)])
def test_pictures_of_any_size_get_the_probabilities_of_predict(
    folders: Path, trained_on_digits: Path, digits: tuple[Tensor, Tensor], size: tuple[int, int]
) -> None:
    picture = Image.fromarray(digits[0][0, 0].numpy()).resize(size).convert("RGB")
    expected = load(trained_on_digits).predict(picture)
    found = run(folders / "onnx-image" / "network.onnx", np.asarray(picture)[None])
    assert torch.allclose(torch.from_numpy(found), expected, atol=1e-2)
    assert size != (8, 8) or torch.allclose(torch.from_numpy(found), expected, atol=1e-5)


@pytest.mark.thorough
def test_a_report_says_how_near_pillow_the_resizing_is(folders: Path) -> None:
    report = report_of(folders, "onnx-image")
    assert 0 <= report["pixels_changed"] < 0.03 and report["resized_difference"] < 0.05
    assert report["preprocessing"] and report["classes_changed"] == 0
    properties = onnx.load(folders / "onnx-image" / "network.onnx").metadata_props
    told = {entry.key: entry.value for entry in properties}
    assert "RGB" in told["input"] and told["output"].startswith("probabilities")


@pytest.mark.thorough
def test_float16_is_smaller_and_nearly_the_same(folders: Path) -> None:
    report, size = report_of(folders, "onnx-float16"), report_of(folders, "onnx-image")["bytes"]
    assert 1e-6 < report["largest_difference"] < report["bound"] == 2e-2
    assert report["bytes"] < size and report["classes_changed"] <= 2


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["onnx-int8", "onnx-image-int8"])
def test_int8_tells_the_accuracy_before_and_after(
    folders: Path, trained_on_digits: Path, digits: tuple[Tensor, Tensor], name: str
) -> None:
    report, (images, labels) = report_of(folders, name), digits
    shares = load(trained_on_digits).predict(images[:200])
    right = float((shares.argmax(dim=1) == labels[:200]).double().mean())
    assert report["accuracy_before"] == pytest.approx(right)
    assert abs(report["accuracy"] - right) <= 0.05 and report["bound"] is None
    assert report["images_compared"] == 200 and report["classes_changed"] <= 20
    kinds = {node.op_type for node in onnx.load(folders / name / "network.onnx").graph.node}
    assert "QuantizeLinear" in kinds and "DequantizeLinear" in kinds


def test_int8_is_not_calibrated_on_noise(trained_on_digits: Path, tmp_path: Path) -> None:
    form = ExportForm(ExportKind.ONNX, Precision.INT8)
    with pytest.raises(ExportError, match="expected real images to calibrate on"):
        build_export(trained_on_digits, form, tmp_path / "out", None)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(24, 32), (100, 60), (33, 40), (16, 12), (5, 9), (640, 480)])
def test_pixels_are_pillows_but_for_single_grey_levels(
    channels: int, size: tuple[int, int]
) -> None:
    shape = ImageShape(channels, 32, 24)
    noise = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    expected = pixels_of(Image.fromarray(noise), shape).numpy().astype(int)
    (found,) = preprocessing(shape).run([PIXELS], {"pictures": noise[None]})
    off = np.abs(found[0].astype(int) - expected)
    # Where a sum lies halfway between two grey levels, its rounding hangs on the last bit.
    assert off.max() <= 1 and (off > 0).mean() < 0.07
    assert size not in ((24, 32), (640, 480)) or not off.any()


def preprocessing(shape: ImageShape) -> Any:
    """A session with the preprocessing before a network that only adds everything up."""
    add = helper.make_node("ReduceSum", ["images", "axes"], ["logits"], keepdims=0)
    axes = helper.make_tensor("axes", TensorProto.INT64, [2], [2, 3])
    sizes: list[str | int | None] = ["batch", shape.channels, shape.height, shape.width]
    taken = helper.make_tensor_value_info("images", TensorProto.FLOAT, sizes)
    given = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", shape.channels])
    graph = helper.make_graph([add], "sum", [taken], [given], [axes])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    names = tuple(map(str, range(shape.channels)))
    about = About(shape, names, (0.5,) * shape.channels, (0.25,) * shape.channels)
    made = with_preprocessing(model, about)
    onnx.checker.check_model(made, full_check=True)
    made.graph.output.append(helper.make_empty_tensor_value_info(PIXELS))
    return onnxruntime.InferenceSession(made.SerializeToString())
