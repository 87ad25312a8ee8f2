from pathlib import Path

import pytest
import torch
import torchvision

from search_engine.data import available_datasets, load_dataset
from search_engine.data.catalogue import CATALOGUE
from search_engine.data.idx_sets import IdxSet
from search_engine.spec.errors import DatasetError


def test_digits_are_always_there() -> None:
    dataset = load_dataset("digits")
    assert dataset.image_shape == (1, 8, 8)
    assert len(dataset) == 1797
    assert int(dataset.images.max()) == 255
    assert dataset.class_names == tuple("0123456789")


def test_digits_are_never_mirrored() -> None:
    names = [name for name in CATALOGUE if name not in ("cifar10", "cifar100")]
    mirrored = {name for name in names if CATALOGUE[name].augmentation.flip}
    assert mirrored == {"clothing", "fashion-mnist", "stl10", "eurosat"}


def test_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(
        DatasetError, match=r"imagenet2: expected .* digits, clothing, fashion-mnist"
    ):
        load_dataset("imagenet2")


def test_what_is_not_on_disk_is_said_with_places_and_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("search_engine.data.published.SYSTEM_FOLDER", tmp_path / "system")
    remedy = "download=True, or install the Debian package dataset-fashion-mnist"
    with pytest.raises(DatasetError, match=f"{tmp_path}/system/fashion-mnist.*{remedy}"):
        load_dataset("fashion-mnist", folder=tmp_path)


def test_list_says_what_is_on_disk(fashion_folder: Path) -> None:
    on_disk = {each.name: each.on_disk for each in available_datasets(fashion_folder.parent)}
    assert on_disk["digits"]
    assert on_disk["fashion-mnist"]
    assert not on_disk["cifar10"]
    assert not on_disk["eurosat"]


def test_description_is_true_of_the_digits() -> None:
    described = CATALOGUE["digits"].description
    dataset = load_dataset("digits")
    assert described.image_shape == dataset.image_shape
    assert described.classes == len(dataset.class_names)


@pytest.mark.parametrize("name", ["fashion-mnist", "mnist", "kmnist", "emnist-balanced"])
def test_class_names_are_torchvisions(name: str) -> None:
    published = CATALOGUE[name]
    assert isinstance(published, IdxSet)
    kind = getattr(torchvision.datasets, published.torchvision_name)
    expected = kind.classes_split_dict["balanced"] if "split" in published.options else kind.classes
    assert len(published.class_names) == published.description.classes == len(expected)
    for ours, theirs in zip(published.class_names, expected, strict=True):
        assert theirs.startswith(ours)  # MNIST's are "0 - zero" there


def test_path_of_a_folder_is_loaded_and_resized(image_folder: Path) -> None:
    dataset = load_dataset(str(image_folder), size=(8, 6))
    assert dataset.image_shape == (1, 8, 6)


def test_eurosat_is_read_from_its_class_folders(image_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "eurosat").mkdir()
    image_folder.rename(tmp_path / "eurosat/2750")
    dataset = load_dataset("eurosat", folder=tmp_path)
    assert (dataset.name, dataset.licence) == ("eurosat", "MIT")
    assert torch.equal(dataset.labels, torch.tensor([0, 0, 0, 1, 1, 1]))
