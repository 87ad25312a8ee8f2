"""The paper's presets from the command line, on made images of the true sizes."""

import signal
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from search_engine.checkpoint import save_checkpoint
from search_engine.command_line.hours import search_hours, training_hours
from search_engine.command_line.main import main
from search_engine.data import Augmentation, Dataset
from search_engine.data.stored import store_dataset
from search_engine.networks import build_network
from search_engine.search.folder import SearchFolder
from search_engine.spec import Architecture
from search_engine.spec.final_presets import final_preset
from search_engine.spec.presets import preset
from search_engine.training.step import TrainStep
from tests.devices import DEVICE

CPU = torch.device("cpu")


def made(count: int, side: int, classes: int, test: int) -> Dataset:
    """Images that take no memory, in as many classes; the last ones are for testing."""
    return Dataset(
        name="made",
        images=torch.zeros((), dtype=torch.uint8).expand(count, 3, side, side),
        labels=torch.arange(count) % classes,
        class_names=tuple(f"class {number:04d}" for number in range(classes)),
        test=torch.arange(count - test, count),
        licence="none",
        source="made",
        augmentation=Augmentation(padding=4, flip=True),
    )


def stored(folder: Path, dataset: Dataset) -> str:
    """Noise in its place, as `dataset --out` keeps images."""
    generator = torch.Generator().manual_seed(0)
    shape = tuple(dataset.images.shape)
    noise = torch.randint(256, shape, generator=generator, dtype=torch.uint8)
    folder.mkdir()
    store_dataset(
        replace(dataset, images=noise.contiguous(memory_format=torch.channels_last)), folder
    )
    return str(folder)


@pytest.mark.thorough
def test_a_child_of_the_papers_search(tmp_path: Path) -> None:
    data = stored(tmp_path / "data", made(120, 32, 10, test=20))
    start = replace(preset("paper-cifar10").skeleton, classes=10)
    save_checkpoint(build_network(Architecture.start(start), seed=0), tmp_path / "start")
    asked = ["--preset", "paper-cifar10", "--data", data, "--start", str(tmp_path / "start")]
    short = ["--trials", "1", "--epochs", "1", "--control", "0", "--confirm", "0"]
    on = ["--device", str(DEVICE), "--threads", "1", "--out", str(tmp_path / "out")]
    assert main(["search", *asked, *short, *on]) == 0
    folder = SearchFolder(tmp_path / "out")
    assert len((folder.path / "trials.jsonl").read_text().splitlines()) == 1


@pytest.mark.thorough
def test_two_steps_of_the_papers_network_for_imagenet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[torch.Size] = []
    learn = TrainStep.__call__

    def twice(step: TrainStep, images: Tensor, labels: Tensor) -> None:
        learn(step, images, labels)
        seen.append(images.shape)
        if len(seen) == 2:
            signal.raise_signal(signal.SIGINT)  # each class has an image: an epoch takes an hour

    monkeypatch.setattr(TrainStep, "__call__", twice)
    data = stored(tmp_path / "data", made(1001, 224, 1000, test=1))
    asked = ["--preset", "paper-imagenet-mobile", "--data", data, "--batch-size", "2"]
    on = ["--device", str(DEVICE), "--threads", "1", "--out", str(tmp_path / "out")]
    assert main(["train", *asked, *on]) == 130
    assert seen == [(2, 3, 224, 224)] * 2
    told = capsys.readouterr().out
    assert "This takes about" in told and "The same command goes on" in told


def test_hours_are_told_before_and_whether_they_are_only_estimated() -> None:
    config = preset("paper-cifar10")
    data = config.data
    images = made(60_000, 32, 10, test=10_000)
    splits = images.split(validation=data.validation, calibration=data.calibration, seed=0)
    assert len(splits.train) == 44_000  # as docs/search.md says: 688 steps an epoch
    told = search_hours(config, splits, [CPU, CPU])
    alone = search_hours(config, splits, [CPU])
    assert "hours: 2 x one processor core, estimated from counts" in told
    assert hours(told) == pytest.approx(hours(alone) / 2, rel=0.1)
    imagenet = made(1_281_167 + 50_000, 224, 1000, test=50_000)
    assert hours(training_hours(final_preset("paper-imagenet-mobile"), imagenet, CPU)) > 1000
    few = made(1001, 224, 1000, test=1)
    short = final_preset("paper-imagenet-mobile")
    short = replace(short, recipe=replace(short.recipe, epochs=1))
    assert training_hours(short, few, CPU) == ""


def hours(told: str) -> int:
    return int(told.split("about ")[1].split(" hours")[0].replace(",", ""))
