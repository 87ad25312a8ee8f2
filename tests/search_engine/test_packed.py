"""What comes with the project: the data set of the demonstration, and its start network."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from search_engine.checkpoint import load_checkpoint, read_description
from search_engine.data import Dataset, available_datasets, load_dataset
from search_engine.packed import PACKED
from search_engine.spec import Architecture
from search_engine.spec.presets import packed_start, preset

MOST_BYTES = 10_000_000
DEBIAN = Path("/usr/share/datasets/fashion-mnist")


@pytest.fixture(scope="module")
def clothing() -> Dataset:
    return load_dataset("clothing")


def test_the_pictures_are_all_there_and_balanced(clothing: Dataset) -> None:
    assert clothing.image_shape == (1, 28, 28)
    assert torch.bincount(clothing.labels[clothing.test]).tolist() == [1000] * 10
    assert clothing.class_counts == (2500,) * 10
    assert clothing.class_names[9] == "Ankle boot"


def test_it_is_on_disk_wherever_data_sets_are_kept(tmp_path: Path) -> None:
    (found,) = (one for one in available_datasets(tmp_path) if one.name == "clothing")
    assert (found.on_disk, found.licence) == (True, "MIT")


def test_all_that_is_packed_is_small() -> None:
    sizes = [path.stat().st_size for path in PACKED.rglob("*") if "__pycache__" not in path.parts]
    assert sum(sizes) < MOST_BYTES
    assert (PACKED / "clothing" / "LICENSE").exists()


@pytest.mark.thorough
@pytest.mark.skipif(not DEBIAN.exists(), reason="Fashion-MNIST is not on this machine")
def test_the_pictures_are_the_originals(clothing: Dataset) -> None:
    whole = load_dataset("fashion-mnist")
    assert torch.equal(clothing.images[clothing.test], whole.images[whole.test])
    assert torch.equal(clothing.labels[clothing.test], whole.labels[whole.test])
    known = {image.numpy().tobytes() for image in whole.images[: -len(whole.test)]}
    train = clothing.images[: -len(clothing.test)]
    assert all(image.numpy().tobytes() in known for image in train)


def test_the_packed_start_is_that_of_its_preset(clothing: Dataset) -> None:
    config = preset("clothing-demo")
    folder = packed_start("clothing-demo", config)
    assert folder is not None
    network = load_checkpoint(folder)
    assert network.architecture == Architecture.start(config.skeleton)
    description = read_description(folder)
    assert description.trained_on is not None
    assert description.trained_on.class_names == clothing.class_names


def test_other_settings_than_the_presets_have_no_packed_start() -> None:
    config = preset("clothing-demo")
    assert packed_start("clothing-demo", replace(config, seed=7)) is not None
    other_data = replace(config, data=replace(config.data, validation=100))
    other_training = replace(config, start_recipe=replace(config.start_recipe, epochs=1))
    for changed in (other_data, other_training):
        assert packed_start("clothing-demo", changed) is None
    assert packed_start("digits-demo", preset("digits-demo")) is None
    assert packed_start("", config) is None
