"""`train` and `evaluate` on digits."""

import json
import shutil
from pathlib import Path
from statistics import fmean

import pytest
from PIL import Image

from search_engine.checkpoint import load_checkpoint, read_description
from search_engine.command_line.main import main
from search_engine.networks import CondenseNet
from tests.devices import DEVICE

ON = ["--device", str(DEVICE)]
TRAIN = ["train", *ON, "--data", "digits", "--epochs", "2", "--batch-size", "32"]
CELL = "add[G3x3, G3x3 -> [sep3]]"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small DenseNet with a cell, trained for two epochs."""
    folder = tmp_path_factory.mktemp("trained") / "densenet"
    network = ["--network", "densenet", "--blocks", "1", "--growth", "8", "--cell", CELL]
    assert main([*TRAIN, *network, "--drop-path", "0.1", "--out", str(folder)]) == 0
    return folder


def test_training_ends_with_a_checkpoint_and_its_test_accuracy(trained: Path) -> None:
    description = read_description(trained)
    assert description.metrics["test_accuracy"] > 0.5
    assert description.architecture.skeleton.drop_path == 0.1
    assert description.trained_on is not None and description.trained_on.name == "digits"


def test_evaluation_finds_the_accuracy_of_the_checkpoint(
    trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", str(trained), *ON, "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["accuracy"] == read_description(trained).metrics["test_accuracy"]
    assert len(printed["by_class"]) == 10
    assert printed["balanced_accuracy"] == pytest.approx(fmean(printed["by_class"].values()))
    result = json.loads((trained / "training" / "result.json").read_text())
    assert result["test_balanced_accuracy"] == printed["balanced_accuracy"]


def test_a_finished_training_is_not_done_again(
    trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (trained / "weights.safetensors").read_bytes()
    network = ["--network", "densenet", "--blocks", "1", "--growth", "8", "--cell", CELL]
    assert main([*TRAIN, *network, "--drop-path", "0.1", "--out", str(trained)]) == 0
    assert "epoch" not in capsys.readouterr().out
    assert (trained / "weights.safetensors").read_bytes() == before


@pytest.mark.thorough
def test_a_found_cell_goes_into_another_family(trained: Path, tmp_path: Path) -> None:
    larger = ["--network", "pyramidnet", "--blocks", "1", "--alpha", "12", "--from", str(trained)]
    assert main([*TRAIN, *larger, "--out", str(tmp_path)]) == 0
    found = read_description(trained).architecture.cell
    assert load_checkpoint(tmp_path).architecture.cell == found


def test_a_zip_is_evaluated_like_a_folder(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = shutil.make_archive(str(tmp_path / "found"), "zip", trained.parent, trained.name)
    assert main(["evaluate", archive, *ON, "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["accuracy"] == read_description(trained).metrics["test_accuracy"]


def test_a_checkpoint_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "/nowhere"]) == 2
    assert "/nowhere/checkpoint.json" in capsys.readouterr().err


def test_other_images_than_the_networks_are_refused(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for number in range(20):
            Image.new("L", (16, 16), color=number).save(tmp_path / name / f"{number}.png")
    assert main(["evaluate", str(trained), "--data", str(tmp_path)]) == 2
    assert "--data" in capsys.readouterr().err


@pytest.mark.thorough
def test_a_condensenet_is_converted_in_the_end(tmp_path: Path) -> None:
    network = load_small_condensenet(tmp_path)
    assert isinstance(network, CondenseNet) and network.is_converted


def load_small_condensenet(folder: Path) -> object:
    """Train a CondenseNet of the smallest useful size on 32 x 32 images of two classes."""
    for name, level in (("dark", 40), ("bright", 200)):
        (folder / "data" / name).mkdir(parents=True)
        for number in range(40):
            image = Image.new("L", (32, 32), color=level + number)
            image.save(folder / "data" / name / f"{number}.png")
    arguments = ["--network", "condensenet", "--out", str(folder / "out"), "--validation", "8"]
    data = ["--data", str(folder / "data"), "--epochs", "2", "--batch-size", "16"]
    assert main(["train", *ON, *data, *arguments]) == 0
    return load_checkpoint(folder / "out")


@pytest.mark.thorough
def test_folds_tell_the_spread(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    network = ["--network", "chainnet", "--blocks", "1", "--channels", "4", "--cell", "start"]
    folds = ["--folds", "2", "--epochs", "1", "--validation", "0"]
    assert main([*TRAIN, *network, *folds, "--out", str(tmp_path / "few")]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "(1797 images)" in printed and "tested once, in 2 folds" in printed
