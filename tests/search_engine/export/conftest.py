"""A network trained on digits, and the images that it has never seen."""

import sysconfig
from pathlib import Path

import pytest
from torch import Tensor

from search_engine.command_line.main import main
from search_engine.data import load_dataset


@pytest.fixture(scope="session")
def digits() -> tuple[Tensor, Tensor]:
    """Test images of digits, uint8, `(N, 1, 8, 8)`, and their labels."""
    dataset = load_dataset("digits")
    test = dataset.split(validation=1, calibration=10, seed=0).test
    return dataset.images[test], dataset.labels[test]


@pytest.fixture(scope="session")
def trained_on_digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkpoint of a small DenseNet with a cell, trained for two epochs."""
    folder = tmp_path_factory.mktemp("trained") / "densenet"
    network = ["--blocks", "1", "--growth", "8", "--cell", "add[G3x3, G3x3 -> [sep3]]"]
    recipe = ["--epochs", "2", "--batch-size", "32", "--threads", "1", "--device", "cpu"]
    assert main(["train", *network, *recipe, "--data", "digits", "--out", str(folder)]) == 0
    return folder


@pytest.fixture(scope="session")
def bare_environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is installed here, without safetensors, torchvision, Pillow and Espalier."""
    folder = tmp_path_factory.mktemp("site-packages")
    link_installed(folder, without=("safetensors", "torchvision", "PIL", "pillow", "search_engine"))
    return folder


@pytest.fixture(scope="session")
def environment_with_torchvision(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with torchvision, and Pillow, which comes with it."""
    folder = tmp_path_factory.mktemp("site-packages")
    link_installed(folder, without=("safetensors", "search_engine"))
    return folder


def link_installed(folder: Path, without: tuple[str, ...]) -> None:
    """Link what is installed here into a folder, but for what starts with these names."""
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if not path.name.startswith(without) and path.suffix != ".pth":
            (folder / path.name).symlink_to(path)
