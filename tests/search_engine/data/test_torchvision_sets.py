import pickle
from collections.abc import Iterator
from hashlib import md5
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torchvision

from search_engine.data import available_datasets, load_dataset, torchvision_sets
from search_engine.data.catalogue import CATALOGUE
from search_engine.data.torchvision_sets import TorchvisionSet
from search_engine.spec.errors import DatasetError

DATASETS = torchvision.datasets


def write(path: Path, content: bytes) -> str:
    """Write a file and return its checksum."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return md5(content, usedforsecurity=False).hexdigest()


@pytest.fixture
def cifar_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """CIFAR-10 in small, with checksums to match: 20 training images, 10 test images."""
    rows = np.arange(20 * 3072).reshape(20, 3072).astype(np.uint8)

    def batch(name: str, count: int) -> list[str]:
        content = {"data": rows[:count], "labels": [index % 10 for index in range(count)]}
        return [name, write(tmp_path / "cifar-10-batches-py" / name, pickle.dumps(content))]

    names = pickle.dumps({"label_names": list("abcdefghij")})
    checksum = write(tmp_path / "cifar-10-batches-py" / "batches.meta", names)
    meta = {"filename": "batches.meta", "key": "label_names", "md5": checksum}
    monkeypatch.setattr(DATASETS.CIFAR10, "train_list", [batch("data_batch_1", 20)])
    monkeypatch.setattr(DATASETS.CIFAR10, "test_list", [batch("test_batch", 10)])
    monkeypatch.setattr(DATASETS.CIFAR10, "meta", meta)
    return tmp_path


def test_cifar_is_read_plane_by_plane(cifar_folder: Path) -> None:
    dataset = load_dataset("cifar10", folder=cifar_folder)
    pixels = torch.arange(20 * 3072).view(20, 3, 32, 32).to(torch.uint8)
    assert torch.equal(dataset.images, torch.cat((pixels, pixels[:10])))
    assert dataset.images.is_contiguous(memory_format=torch.channels_last)
    assert dataset.test.tolist() == list(range(20, 30))
    assert dataset.class_names == tuple("abcdefghij")


def test_file_with_another_checksum_is_named_and_not_unpickled(
    cifar_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> Iterator[None]:
        raise AssertionError("unpickled")

    monkeypatch.setattr(pickle, "load", refuse)
    path = cifar_folder / "cifar-10-batches-py" / "test_batch"
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(DatasetError, match=f"{path}: expected MD5 checksum"):
        load_dataset("cifar10", folder=cifar_folder)


def test_missing_file_of_several_is_named(cifar_folder: Path) -> None:
    path = cifar_folder / "cifar-10-batches-py" / "batches.meta"
    path.unlink()
    with pytest.raises(DatasetError, match=f"{path}: is missing, though other files are there"):
        load_dataset("cifar10", folder=cifar_folder)


def test_svhn_is_read_with_its_zeros(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    images = np.arange(32 * 32 * 3 * 10).reshape(32, 32, 3, 10).astype(np.uint8)
    table = {}
    scipy_io = import_module("scipy.io")
    for part in ("train", "test"):
        path = tmp_path / f"{part}_32x32.mat"
        scipy_io.savemat(path, {"X": images, "y": np.arange(1, 11)[:, None]})
        table[part] = ["", path.name, write(path, path.read_bytes())]
    monkeypatch.setattr(DATASETS.SVHN, "split_list", table)
    dataset = load_dataset("svhn", folder=tmp_path)
    assert torch.equal(dataset.images[:10], torch.tensor(images.transpose(3, 2, 0, 1)))
    assert dataset.labels[:10].tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 9, 0]


def test_stl10_is_read_column_by_column(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    images = np.arange(10 * 3 * 96 * 96).reshape(10, 3, 96, 96).astype(np.uint8)
    folder = tmp_path / "stl10_binary"
    folder.mkdir()
    (folder / "class_names.txt").write_text("\n".join("abcdefghij"))
    content = {"X": images.tobytes(), "y": bytes(range(1, 11)), "unlabeled_X": b""}
    lists: dict[str, list[list[str]]] = {"train": [], "test": []}
    for part, key in (("train", "X"), ("train", "y"), ("test", "X"), ("test", "y")):
        name = f"{part}_{key}.bin"
        lists[part].append([name, write(folder / name, content[key])])
    monkeypatch.setattr(DATASETS.STL10, "train_list", lists["train"])
    monkeypatch.setattr(DATASETS.STL10, "test_list", lists["test"])
    dataset = load_dataset("stl10", folder=tmp_path)
    assert torch.equal(dataset.images[:10], torch.tensor(images).transpose(2, 3))
    assert dataset.class_names == tuple("abcdefghij")


@pytest.mark.parametrize("name", ["usps", "cifar10", "cifar100", "svhn", "stl10"])
def test_the_sign_of_a_data_set_is_among_torchvisions_files(name: str, tmp_path: Path) -> None:
    published = CATALOGUE[name]
    assert isinstance(published, TorchvisionSet)
    assert published.sign in {
        file.relative_to(tmp_path).parts[0] for file in published.files(tmp_path)
    }


def test_torchvision_is_not_asked_for_files_of_which_there_is_no_sign(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(name: str) -> None:
        raise AssertionError(f"torchvision was loaded for {name}")

    monkeypatch.setattr(torchvision_sets, "torchvision_class", refuse)
    on_disk = {each.name: each.on_disk for each in available_datasets(tmp_path)}
    assert not on_disk["cifar10"] and not on_disk["usps"]
    (tmp_path / "cifar-10-batches-py").mkdir()
    with pytest.raises(AssertionError, match="loaded for CIFAR10"):
        available_datasets(tmp_path)
