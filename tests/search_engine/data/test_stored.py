"""A data set as one file, and back."""

from pathlib import Path

import pytest
import torch

from search_engine.data.stored import store_dataset, stored_dataset
from search_engine.errors import DatasetError
from tests.search_engine.final_training.small import dataset


def test_a_stored_data_set_is_the_same(tmp_path: Path) -> None:
    before = dataset()
    store_dataset(before, tmp_path / "dataset.safetensors")
    after = stored_dataset(tmp_path / "dataset.safetensors")
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
        stored_dataset(path)
