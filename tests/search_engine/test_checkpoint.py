"""Checkpoints: round trips, and files that are missing, damaged or strange."""

import hashlib
import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from search_engine.checkpoint import load_checkpoint, read_description, save_checkpoint
from search_engine.networks import CondenseNet, build_network
from search_engine.spec import (
    Architecture,
    InsertNode,
    Lineage,
    Operation,
    ReplaceIdentity,
)
from search_engine.spec.errors import CheckpointError
from search_engine.transforms import inherit, remove_gates
from tests.growing import FAMILIES, random_images, small_skeleton, trained_network

GROWN = Lineage((InsertNode((0,)), ReplaceIdentity((0, 0), Operation.AVG_POOL_3X3)), seed=3)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_network_comes_back_as_it_was(family: str, tmp_path: Path) -> None:
    network = trained_network(small_skeleton(family, groups=2), 1).float()
    saved = save_checkpoint(network, tmp_path, lineage=GROWN, metrics={"accuracy": 0.75})
    loaded = load_checkpoint(tmp_path)
    images = random_images(1).float()
    assert torch.equal(loaded(images), network(images))
    assert read_description(tmp_path) == saved
    assert saved.metrics == {"accuracy": 0.75}
    assert all(parameter.requires_grad for parameter in loaded.parameters())


def test_a_converted_condensenet_comes_back_converted(tmp_path: Path) -> None:
    network = trained_network(small_skeleton("condensenet"), 1).float()
    assert isinstance(network, CondenseNet)
    converted = network.converted()
    save_checkpoint(converted, tmp_path)
    loaded = load_checkpoint(tmp_path)
    assert isinstance(loaded, CondenseNet) and loaded.is_converted
    images = random_images(1).float()
    assert torch.equal(loaded(images), converted(images))


def test_a_network_that_is_being_morphed_is_not_saved(tmp_path: Path) -> None:
    child = inherit(trained_network(small_skeleton("chainnet"), 1), GROWN)
    with pytest.raises(CheckpointError, match="remove its gates"):
        save_checkpoint(child, tmp_path)
    remove_gates(child)
    save_checkpoint(child, tmp_path)
    assert load_checkpoint(tmp_path).architecture == child.architecture


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A good checkpoint."""
    architecture = Architecture.start(small_skeleton("chainnet"))
    save_checkpoint(build_network(architecture, seed=0), tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", ["weights.safetensors", "checkpoint.json"])
def test_a_missing_file_is_named(saved: Path, name: str) -> None:
    (saved / name).unlink()
    with pytest.raises(CheckpointError, match=f"{name}.*No such file"):
        load_checkpoint(saved)


def test_changed_weights_are_noticed(saved: Path) -> None:
    weights = saved / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    with pytest.raises(CheckpointError, match="SHA-256"):
        load_checkpoint(saved)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 2}', "[" * 100_000])
def test_a_malformed_description_is_refused(saved: Path, text: str) -> None:
    (saved / "checkpoint.json").write_text(text)
    with pytest.raises(CheckpointError, match=r"checkpoint\.json"):
        load_checkpoint(saved)


@pytest.mark.parametrize("content", [b"", b"\x80\x04pickle", b"\xff" * 64])
def test_what_is_no_safetensors_file_is_refused(saved: Path, content: bytes) -> None:
    (saved / "weights.safetensors").write_bytes(content)
    _trust(saved)
    with pytest.raises(CheckpointError, match="not a safetensors file"):
        load_checkpoint(saved)


def test_weights_of_another_network_are_refused(saved: Path) -> None:
    save_file({"stem.conv.weight": torch.zeros(1)}, saved / "weights.safetensors")
    _trust(saved)
    with pytest.raises(CheckpointError, match="do not fit"):
        load_checkpoint(saved)


def _trust(folder: Path) -> None:
    """Put the weights' present hash into the description."""
    document = json.loads((folder / "checkpoint.json").read_text())
    weights = (folder / "weights.safetensors").read_bytes()
    document["weights_sha256"] = hashlib.sha256(weights).hexdigest()
    (folder / "checkpoint.json").write_text(json.dumps(document))
