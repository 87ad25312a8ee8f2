"""Measured in folds: every image is tested once, by a network that has not seen it."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from search_engine.checkpoint import load_checkpoint, save_checkpoint
from search_engine.data import Dataset
from search_engine.networks.adopted import AdoptedNetwork, adopt, outline_exported
from search_engine.spec import parse_cell
from search_engine.spec.errors import InvalidConfig, TrainingStopped
from search_engine.spec.final_result import FinalResult
from search_engine.spec.final_training import FinalData, FinalTrainingConfig, Weights
from search_engine.spec.recipe import Recipe
from search_engine.spec.training_events import EpochEnded, Event
from search_engine.training.final_training import Listener, train_final
from search_engine.training.folds import trained_in_folds
from tests.exporting import export_to, own_net
from tests.search_engine.training.small_final import config, dataset

FOLDS, EPOCHS = 3, 2
NO_TEST = torch.empty(0, dtype=torch.int64)


def few(**changes: Any) -> Dataset:
    """70 images without test images of their own."""
    return replace(dataset(), test=NO_TEST, **changes)


def in_folds(folds: int = FOLDS) -> FinalTrainingConfig:
    data = FinalData(name="random", validation=0, folds=folds)
    return config(data=data, recipe={"epochs": EPOCHS})


def run(
    folder: Path, listener: Listener = lambda event: None, folds: int = FOLDS, **more: Any
) -> FinalResult:
    def one(settings: FinalTrainingConfig, place: Path, tell: Listener) -> FinalResult:
        return train_final(settings, place, dataset=few(), listener=tell, **more)

    return trained_in_folds(in_folds(folds), folder, one, listener)


def test_folds_are_all_images_and_the_first_of_five_is_the_usual_test() -> None:
    # 11 pairs of copies: they lie on one side.
    groups = torch.cat((torch.arange(11), torch.arange(11), torch.arange(22, 70)))
    images = few(groups=groups)
    split = partial(images.split, validation=5, calibration=0, seed=1)
    found = [split(fold=(number, 5)) for number in range(1, 6)]
    assert torch.cat([one.test for one in found]).sort().values.tolist() == list(range(70))
    assert torch.equal(found[0].test, split().test)
    for one in found:
        learned = torch.cat((one.train, one.validation))
        assert not set(groups[one.test].tolist()) & set(groups[learned].tolist())
        assert len(one.test) + len(learned) == 70


def test_given_test_images_are_not_divided_again() -> None:
    with pytest.raises(InvalidConfig, match="test images of its own"):
        dataset().split(validation=0, calibration=0, seed=0, fold=(1, 5))


def test_grown_weights_have_seen_the_other_folds() -> None:
    with pytest.raises(InvalidConfig, match=r"data\.folds"):
        replace(in_folds(), weights=Weights.GROWN)


@pytest.mark.thorough
def test_each_fold_begins_with_the_weights_that_were_brought(tmp_path: Path) -> None:
    """An exported program's, which has no fresh ones; a cell grows into it."""
    path = export_to(own_net(), tmp_path / "own.pt2")
    skeleton = outline_exported(path).config(["first", "down"])
    brought = adopt(skeleton, weights=path)
    save_checkpoint(brought, tmp_path / "brought")
    still = replace(
        in_folds(),
        skeleton=replace(skeleton, classes=10),
        cell=parse_cell("add[conv3x3, conv3x3 -> [sep3]]"),
        weights=Weights.ADOPTED,
        recipe=Recipe(epochs=1, learning_rate=1e-30, norm_batches=0),
    )

    def one(settings: FinalTrainingConfig, place: Path, tell: Listener) -> FinalResult:
        start = tmp_path / "brought"
        return train_final(settings, place, dataset=few(), listener=tell, start_checkpoint=start)

    result = trained_in_folds(still, tmp_path / "folds", one, lambda event: None)
    assert result.test_images == 70 and len(result.fold_accuracies) == FOLDS
    for place in ("folds", "folds/fold-2", "folds/fold-3"):
        kept = load_checkpoint(tmp_path / place)
        assert isinstance(kept, AdoptedNetwork)
        assert kept.architecture == still.architecture
        for name in ("stem.0.weight", "depthwise.weight"):
            mine, before = (n.original_tensors()[name] for n in (kept, brought))
            torch.testing.assert_close(mine, before)


@pytest.mark.thorough
def test_every_image_is_tested_once_and_the_first_network_is_kept(tmp_path: Path) -> None:
    told: list[Event] = []
    result = run(tmp_path / "folds", told.append)
    epochs = [event.epoch for event in told if isinstance(event, EpochEnded)]
    assert epochs == [*range(1, FOLDS * EPOCHS + 1)] == [one.epoch for one in result.curve]
    assert sum(map(sum, result.confusion)) == result.test_images == 70
    right = sum(row[label] for label, row in enumerate(result.confusion))
    assert result.test_accuracy == right / 70 and len(result.fold_accuracies) == FOLDS
    first = in_folds()
    first = replace(first, data=replace(first.data, fold=1))
    alone = train_final(first, tmp_path / "alone", dataset=few())
    assert alone.test_accuracy == result.fold_accuracies[0] and alone.test_images == 23
    kept, same = (place / "weights.safetensors" for place in (result.checkpoint, alone.checkpoint))
    assert kept.read_bytes() == same.read_bytes()


@pytest.mark.thorough
def test_one_that_was_stopped_goes_on_in_its_fold(tmp_path: Path) -> None:
    told: list[Event] = []

    def should_stop() -> bool:
        return bool(told) and told[-1].epoch == EPOCHS + 2  # in mid second fold

    with pytest.raises(TrainingStopped):
        run(tmp_path / "folds", told.append, should_stop=should_stop)
    told.clear()
    again = run(tmp_path / "folds", told.append)
    assert min(event.epoch for event in told) > EPOCHS
    whole = run(tmp_path / "whole")
    assert (again.fold_accuracies, again.confusion) == (whole.fold_accuracies, whole.confusion)
