"""ONNX with the preprocessing inside, in float16 and in int8: one network, exported once."""

import json
import logging
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from PIL import Image
from torch import Tensor

from search_engine.checkpoint import DESCRIPTION, read_description
from search_engine.export import (
    Compared,
    ExportForm,
    ExportKind,
    Precision,
    build_export,
    onnx_format,
)
from search_engine.loading import load
from search_engine.spec.errors import ExportError
from search_engine.spec.pictures import Fit, Rendering

FORMS = [
    ExportForm(ExportKind.ONNX, precision, preprocessing=pictures)
    for precision, pictures in (
        (Precision.FLOAT32, True),
        (Precision.FLOAT16, False),
        (Precision.INT8, False),
        (Precision.INT8, True),
    )
]


OTHER_WAYS = {
    "cropped": Rendering(fit=Fit.CROP, ground="#204060"),
    "wide": Rendering(fit=Fit.PAD, levels=(700, 50000)),
}
"""Checkpoints whose pictures become pixels in other ways."""


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
        for name, rendering in OTHER_WAYS.items():
            checkpoint = shutil.copytree(trained_on_digits, folder / f"{name}-checkpoint")
            told = read_description(checkpoint)
            assert told.trained_on is not None
            told = replace(told, trained_on=replace(told.trained_on, rendering=rendering))
            (checkpoint / DESCRIPTION).write_text(json.dumps(told.to_json()))
            build_export(checkpoint, FORMS[0], folder / name, compared)
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
    assert torch.allclose(torch.from_numpy(found), expected, atol=1e-5)


@pytest.mark.thorough
@pytest.mark.parametrize("name", OTHER_WAYS)
def test_cropped_see_through_and_wide_pictures_get_the_probabilities_of_predict(
    folders: Path, name: str
) -> None:
    size, most = (19, 30), 65536 if name == "wide" else 256
    noise = np.random.default_rng(0).integers(0, most, (*size, 4))
    taken = noise[..., :1].astype(np.uint16) if name == "wide" else noise.astype(np.uint8)
    picture = Image.fromarray(taken[..., 0] if name == "wide" else taken)
    expected = load(folders / f"{name}-checkpoint").predict(picture)
    found = run(folders / name / "network.onnx", taken[None])
    assert torch.allclose(torch.from_numpy(found), expected, atol=1e-5)


@pytest.mark.thorough
def test_a_file_says_what_it_takes_and_gives(folders: Path) -> None:
    report = report_of(folders, "onnx-image")
    assert report["preprocessing"] and report["classes_changed"] == 0
    properties = onnx.load(folders / "onnx-image" / "network.onnx").metadata_props
    told = {entry.key: entry.value for entry in properties}
    assert "RGBA" in told["input"] and told["output"].startswith("probabilities")


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


def test_quantising_leaves_everybodys_logger_as_it_was(folders: Path) -> None:
    assert (folders / "onnx-int8").is_dir()
    assert logging.getLogger().isEnabledFor(logging.WARNING)


def test_int8_is_not_calibrated_on_noise(trained_on_digits: Path, tmp_path: Path) -> None:
    form = ExportForm(ExportKind.ONNX, Precision.INT8)
    with pytest.raises(ExportError, match="expected real images to calibrate on"):
        build_export(trained_on_digits, form, tmp_path / "out", None)
    assert not (tmp_path / "out").exists()
