import gzip
import lzma
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision

from search_engine.data import load_dataset
from search_engine.data.published import SYSTEM_FOLDER
from search_engine.spec.errors import DatasetError

DEBIAN = SYSTEM_FOLDER / "fashion-mnist"


def load_from(folder: Path) -> None:
    load_dataset("fashion-mnist", folder=folder)


def test_training_and_test_files_become_one_data_set(fashion_folder: Path) -> None:
    dataset = load_dataset("fashion-mnist", folder=fashion_folder.parent)
    assert dataset.image_shape == (1, 28, 28)
    assert dataset.images[:, 0, 0, 0].tolist() == [*range(20), *range(10)]
    assert dataset.labels.tolist() == [index % 10 for index in range(30)]
    assert dataset.test.tolist() == list(range(20, 30))
    assert dataset.class_names[9] == "Ankle boot"


def test_files_are_found_in_the_given_folder_itself(fashion_folder: Path) -> None:
    assert len(load_dataset("fashion-mnist", folder=fashion_folder)) == 30


def test_files_are_found_where_torchvision_puts_them(fashion_folder: Path, tmp_path: Path) -> None:
    shutil.move(fashion_folder, tmp_path / "root/FashionMNIST/raw")
    assert len(load_dataset("fashion-mnist", folder=tmp_path / "root")) == 30


def test_plain_file_is_read_like_a_compressed_one(
    fashion_folder: Path, idx_bytes: Callable[..., bytes]
) -> None:
    (fashion_folder / "t10k-labels-idx1-ubyte.gz").unlink()
    content = idx_bytes(np.arange(10)[::-1], compressed=False)
    (fashion_folder / "t10k-labels-idx1-ubyte").write_bytes(content)
    dataset = load_dataset("fashion-mnist", folder=fashion_folder)
    assert dataset.labels[20:].tolist() == list(range(10))[::-1]


def test_file_compressed_by_xz_is_read_and_checked(
    fashion_folder: Path, idx_bytes: Callable[..., bytes]
) -> None:
    (fashion_folder / "t10k-labels-idx1-ubyte.gz").unlink()
    content = lzma.compress(idx_bytes(np.arange(10)[::-1], compressed=False))
    path = fashion_folder / "t10k-labels-idx1-ubyte.xz"
    path.write_bytes(content)
    dataset = load_dataset("fashion-mnist", folder=fashion_folder)
    assert dataset.labels[20:].tolist() == list(range(10))[::-1]
    path.write_bytes(content[:-1])
    with pytest.raises(DatasetError, match=f"{path}: cannot be read"):
        load_from(fashion_folder)


@pytest.mark.parametrize("kept_bytes", [0, 3, 60, -1])
def test_truncated_file_is_named(fashion_folder: Path, kept_bytes: int) -> None:
    path = fashion_folder / "train-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:kept_bytes])
    with pytest.raises(DatasetError, match=str(path)):
        load_from(fashion_folder)


def test_flipped_bit_is_found_by_the_checksum(
    fashion_folder: Path, idx_bytes: Callable[..., bytes]
) -> None:
    path = fashion_folder / "train-labels-idx1-ubyte.gz"
    content = bytearray(path.read_bytes())
    content[-8] ^= 1  # the checksum itself
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=f"{path}: cannot be read.*CRC"):
        load_from(fashion_folder)


@pytest.mark.parametrize(
    ("name", "values", "reason"),
    [
        ("train-labels-idx1", np.zeros((20, 1)), "expected an IDX file of 1 dimensions.*00000802"),
        ("train-labels-idx1", np.zeros(0), "is empty"),
        ("train-images-idx3", np.zeros((19, 28, 28)), "has 19 images for 20 labels"),
        ("train-images-idx3", np.zeros((20, 28, 27)), r"expected images of \(28, 28\) pixels"),
    ],
)
def test_wrong_content_is_refused_with_the_file_named(
    fashion_folder: Path,
    idx_bytes: Callable[..., bytes],
    name: str,
    values: np.ndarray,
    reason: str,
) -> None:
    path = fashion_folder / f"{name}-ubyte.gz"
    path.write_bytes(idx_bytes(values))
    with pytest.raises(DatasetError, match=f"{path}: {reason}"):
        load_from(fashion_folder)


def test_content_longer_or_shorter_than_the_header_says_is_refused(
    fashion_folder: Path, idx_bytes: Callable[..., bytes]
) -> None:
    content = idx_bytes(np.zeros(20), compressed=False)
    for wrong, got in ((content[:-1], 27), (content + b"x", 29)):
        (fashion_folder / "train-labels-idx1-ubyte").write_bytes(wrong)
        with pytest.raises(DatasetError, match=f"expected 28 bytes, got {got}"):
            load_from(fashion_folder)


def test_missing_file_is_named(fashion_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("search_engine.data.published.SYSTEM_FOLDER", fashion_folder / "none")
    path = fashion_folder / "t10k-images-idx3-ubyte.gz"
    path.unlink()
    with pytest.raises(DatasetError, match=f"{path}: is missing"):
        load_from(fashion_folder)


def test_columns_of_emnist_become_rows(tmp_path: Path, idx_bytes: Callable[..., bytes]) -> None:
    images = np.arange(28 * 28).reshape(1, 28, 28).repeat(47, axis=0) % 251
    for part in ("train", "test"):
        prefix = tmp_path / f"emnist-balanced-{part}"
        Path(f"{prefix}-images-idx3-ubyte").write_bytes(idx_bytes(images))
        Path(f"{prefix}-labels-idx1-ubyte").write_bytes(idx_bytes(np.arange(47)))
    dataset = load_dataset("emnist-balanced", folder=tmp_path)
    assert torch.equal(dataset.images[0, 0], torch.tensor(images[0].T, dtype=torch.uint8))


def test_download_is_torchvisions(
    fashion_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def download(self: torchvision.datasets.FashionMNIST) -> None:
        Path(self.raw_folder).mkdir(parents=True, exist_ok=True)
        for path in fashion_folder.glob("*.gz"):
            Path(self.raw_folder, path.stem).write_bytes(gzip.decompress(path.read_bytes()))

    monkeypatch.setattr("search_engine.data.published.SYSTEM_FOLDER", tmp_path / "none")
    monkeypatch.setattr(torchvision.datasets.FashionMNIST, "download", download)
    dataset = load_dataset("fashion-mnist", folder=tmp_path / "new", download=True)
    assert len(dataset) == 30


def test_failed_download_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def download(self: object) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr(torchvision.datasets.KMNIST, "download", download)
    with pytest.raises(DatasetError, match=r"kmnist: cannot be downloaded.*no route to host"):
        load_dataset("kmnist", folder=tmp_path, download=True)


@pytest.mark.skipif(
    not DEBIAN.is_dir(), reason=f"no {DEBIAN}: apt-get install dataset-fashion-mnist"
)
def test_debian_package_is_found_without_download(tmp_path: Path) -> None:
    dataset = load_dataset("fashion-mnist", folder=tmp_path)
    statistics = dataset.statistics(torch.arange(60_000))
    assert dataset.class_counts == (7_000,) * 10
    assert len(dataset.test) == 10_000
    # The values that everybody uses for Fashion-MNIST.
    assert statistics.mean[0] == pytest.approx(0.2860, abs=5e-5)
    assert statistics.std[0] == pytest.approx(0.3530, abs=5e-5)
