"""Final training that goes on from a trial's weights."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from search_engine.checkpoint import load_checkpoint, save_checkpoint
from search_engine.networks import Network, build_network
from search_engine.spec import Architecture
from search_engine.spec.description import TrainedOn
from search_engine.spec.errors import InvalidConfig, TrainingStopped
from search_engine.spec.final_training import Weights
from search_engine.spec.training_events import EpochEnded, Event
from search_engine.training.final_training import train_final
from tests.search_engine.training.small_final import CELL, SKELETON, config, dataset

LAYER = "stage1_block1.bottleneck"


def trial(folder: Path) -> Network:
    """The checkpoint of a trial, without DropPath as searches have it."""
    skeleton = replace(SKELETON, drop_path=0.0)
    network = build_network(Architecture(skeleton, CELL), seed=9)
    names = dataset().class_names
    save_checkpoint(network, folder, trained_on=TrainedOn("random", names, (0.5,), (0.25,)))
    return network.eval()


def test_grown_weights_are_where_training_begins(tmp_path: Path) -> None:
    found = trial(tmp_path / "trial")
    frozen = config(recipe={"epochs": 1, "learning_rate": 1e-30}, weights=Weights.GROWN)
    train_final(frozen, tmp_path / "final", dataset=dataset(), start_checkpoint=tmp_path / "trial")
    trained = load_checkpoint(tmp_path / "final")
    assert trained.architecture.skeleton.drop_path == 0.2
    for mine, before in zip(trained.parameters(), found.parameters(), strict=True):
        torch.testing.assert_close(mine, before)


def test_grown_weights_go_into_wider_and_deeper_layers(tmp_path: Path) -> None:
    found = trial(tmp_path / "trial")
    skeleton = SKELETON.with_width(LAYER, 24).with_extra_layer(LAYER)
    settings = config(weights=Weights.GROWN, skeleton=skeleton, recipe={"ema_decay": 0.9})
    told: list[Event] = []
    with pytest.raises(TrainingStopped):
        train_final(
            settings,
            tmp_path / "final",
            dataset=dataset(),
            start_checkpoint=tmp_path / "trial",
            listener=told.append,
            should_stop=lambda: any(isinstance(event, EpochEnded) for event in told),
        )
    # Going on needs the trial no more.
    result = train_final(settings, tmp_path / "final", dataset=dataset())
    trained = load_checkpoint(tmp_path / "final")
    assert trained.architecture == settings.architecture
    assert result.parameters > found.architecture.cost.parameters


def test_grown_weights_need_the_trials_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfig, match="weights: grown weights need the checkpoint"):
        train_final(config(weights=Weights.GROWN), tmp_path, dataset=dataset())


def test_grown_weights_of_other_classes_are_refused(tmp_path: Path) -> None:
    trial(tmp_path / "trial")
    images = replace(dataset(), class_names=tuple("abcdefghij"))
    with pytest.raises(InvalidConfig, match="weights: the trial's classes"):
        train_final(
            config(weights=Weights.GROWN),
            tmp_path / "final",
            dataset=images,
            start_checkpoint=tmp_path / "trial",
        )
