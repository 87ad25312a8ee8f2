"""A data set as one file, and back."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from search_engine.data import Augmentation
from search_engine.data.stored import store_dataset, stored_dataset
from search_engine.spec.errors import DatasetError
from tests.search_engine.training.small_final import dataset


def test_a_stored_data_set_is_the_same(tmp_path: Path) -> None:
    before = dataset()
    store_dataset(before, tmp_path)
    after = stored_dataset(tmp_path)
    assert torch.equal(after.images, before.images)
    assert torch.equal(after.labels, before.labels)
    assert torch.equal(after.test, before.test)
    assert (after.name, after.class_names, after.augmentation) == (
        before.name,
        before.class_names,
        before.augmentation,
    )


@pytest.mark.parametrize("content", [None, b"", b"\x00" * 100])
def test_a_damaged_stored_data_set_is_named(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "dataset.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DatasetError, match=r"dataset\.safetensors"):
        stored_dataset(tmp_path)


def test_a_data_set_with_its_json_beside_is_still_read(tmp_path: Path) -> None:
    old = dataset()
    tensors = {"images": old.images.permute(0, 2, 3, 1), "labels": old.labels, "test": old.test}
    plain = {name: tensor.contiguous() for name, tensor in tensors.items()}
    save_file(plain, tmp_path / "dataset.safetensors")
    beside = {
        "version": 1,
        "class_names": old.class_names,
        "licence": "CC0",
        "padding": 2,
        "flip": True,
    }
    (tmp_path / "dataset.json").write_text(json.dumps(beside))
    read = stored_dataset(tmp_path, name="leaves", source="leaves.zip")
    assert torch.equal(read.images, old.images)
    assert (read.name, read.source, read.licence) == ("leaves", "leaves.zip", "CC0")
    assert read.augmentation == Augmentation(padding=2, flip=True)
