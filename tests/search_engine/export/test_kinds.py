"""Every family in every form computes the same, read from nothing but its files."""

import json
from pathlib import Path

import onnx
import onnxruntime
import pytest
import torch

from search_engine.checkpoint import load_checkpoint
from search_engine.export import ExportKind, build_export
from search_engine.export.plain import plain_state
from search_engine.loading import normalise
from search_engine.networks import CondenseNet
from search_engine.spec.errors import ExportError
from tests.growing import FAMILIES, relative_change
from tests.search_engine.export.exporting import (
    CELLS,
    DIGITS,
    NAMES,
    pictures,
    saved,
    small_network,
)

pytestmark = pytest.mark.thorough

FILES = {
    ExportKind.ONNX: ["network.onnx"],
    ExportKind.TORCH_EXPORT: ["network.pt2"],
    ExportKind.SAFETENSORS: ["checkpoint.json", "weights.safetensors"],
    ExportKind.PYTORCH: ["network.py", "network.safetensors"],
}


@pytest.mark.parametrize("kind", ExportKind)
@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_can_be_had_in_every_form(
    family: str, kind: ExportKind, tmp_path: Path
) -> None:
    checkpoint = saved(small_network(family), tmp_path / "checkpoint")
    report = build_export(checkpoint, kind, tmp_path / "out", pictures())
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == FILES[kind]
    assert report.bound is not None and report.largest_difference <= report.bound
    assert report.images_compared == 70 and report.images_are_real
    assert report.latency_1 and report.latency_64
    assert (report.memory is None) == (kind is ExportKind.ONNX)


def test_onnx_takes_batches_of_any_size_and_says_what_it_needs(tmp_path: Path) -> None:
    network = small_network("chainnet", CELLS[2])
    checkpoint = saved(network, tmp_path / "checkpoint")
    report = build_export(checkpoint, ExportKind.ONNX, tmp_path / "out", pictures())
    path = tmp_path / "out" / "network.onnx"
    model = onnx.load(path)
    properties = {entry.key: entry.value for entry in model.metadata_props}
    assert json.loads(properties["class_names"]) == list(NAMES)
    assert json.loads(properties["mean"]) == [0.3] and json.loads(properties["std"]) == [0.35]
    assert [entry.version for entry in model.opset_import if entry.domain == ""] == [report.opset]
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    assert session.get_inputs()[0].shape == ["batch", 1, 8, 8]
    for count in (1, 3, 200):
        images = normalise(pictures(count), DIGITS)
        (logits,) = session.run(None, {"images": images.numpy()})
        assert relative_change(network(images), torch.from_numpy(logits)) < 1e-5


def test_a_program_takes_batches_of_any_size_and_says_what_it_needs(tmp_path: Path) -> None:
    network = small_network("chainnet", "start")
    checkpoint = saved(network, tmp_path / "checkpoint")
    build_export(checkpoint, ExportKind.TORCH_EXPORT, tmp_path / "out", pictures())
    about = {"espalier.json": ""}
    program = torch.export.load(tmp_path / "out" / "network.pt2", extra_files=about)
    assert json.loads(json.loads(about["espalier.json"])["class_names"]) == list(NAMES)
    for count in (1, 7, 5000):
        images = normalise(pictures(count), DIGITS)
        assert relative_change(network(images), program.module()(images)) < 1e-5


def test_safetensors_is_a_checkpoint_again(tmp_path: Path) -> None:
    network = small_network("chainnet")
    checkpoint = saved(network, tmp_path / "checkpoint")
    build_export(checkpoint, ExportKind.SAFETENSORS, tmp_path / "out", pictures())
    for name in ("weights.safetensors", "checkpoint.json"):
        assert (tmp_path / "out" / name).read_bytes() == (checkpoint / name).read_bytes()
    assert load_checkpoint(tmp_path / "out").architecture == network.architecture


def test_a_condensenet_is_exported_in_converted_form(tmp_path: Path) -> None:
    network = small_network("condensenet")
    assert isinstance(network, CondenseNet)
    checkpoint = saved(network, tmp_path / "checkpoint")
    build_export(checkpoint, ExportKind.PYTORCH, tmp_path / "out", pictures())
    assert "class CondensedConv" in (tmp_path / "out" / "network.py").read_text()


def test_a_condensenet_that_is_not_done_is_exported_as_it_is(tmp_path: Path) -> None:
    network = small_network("condensenet")
    assert isinstance(network, CondenseNet)
    network.get_buffer("head.linear.mask").fill_(1)
    checkpoint = saved(network, tmp_path / "checkpoint")
    report = build_export(checkpoint, ExportKind.PYTORCH, tmp_path / "out", pictures())
    assert "CondensedConv" not in (tmp_path / "out" / "network.py").read_text()
    assert report.bound is not None and report.largest_difference <= report.bound
    assert not any("mask" in name for name in plain_state(network))


def test_without_images_noise_is_compared_and_the_report_says_so(tmp_path: Path) -> None:
    checkpoint = saved(small_network("chainnet"), tmp_path / "checkpoint", trained_on=None)
    report = build_export(checkpoint, ExportKind.PYTORCH, tmp_path / "out", None)
    assert report.images_compared == 64 and not report.images_are_real
    assert 'CLASS_NAMES = ("0", "1",' in (tmp_path / "out" / "network.py").read_text()


def test_no_more_than_256_images_are_compared(tmp_path: Path) -> None:
    checkpoint = saved(small_network("chainnet"), tmp_path / "checkpoint")
    report = build_export(checkpoint, ExportKind.SAFETENSORS, tmp_path / "out", pictures(300))
    assert report.images_compared == 256


@pytest.mark.parametrize("images", [pictures(0), pictures().float(), pictures()[:, :, :4]])
def test_images_that_are_none_of_the_networks_are_refused(
    images: torch.Tensor, tmp_path: Path
) -> None:
    checkpoint = saved(small_network("chainnet"), tmp_path / "checkpoint")
    with pytest.raises(ExportError, match="expected"):
        build_export(checkpoint, ExportKind.PYTORCH, tmp_path / "out", images)
