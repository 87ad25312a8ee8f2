"""Searches that start from an adopted network: fresh, with weights, fine-tuned, interrupted."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from search_engine.data import SplitDataset, load_dataset
from search_engine.networks.adopted import AdoptedNetwork, adopt, outline_exported
from search_engine.search.evaluation import train_start_network
from search_engine.search.folder import SearchFolder
from search_engine.search.runner import Runner
from search_engine.spec import AdoptedConfig, ImageShape, search_space_of
from search_engine.spec.errors import CheckpointError, InvalidConfig, TrainingStopped
from search_engine.spec.recipe import Recipe
from search_engine.spec.search_config import Budget, Confirmation, DataConfig, SearchConfig
from search_engine.spec.start_training import ONE_ROUND
from search_engine.transforms import inherit
from tests.exporting import export_to, own_net

SHORT = Recipe(epochs=1, learning_rate=0.02)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export_to(own_net(), tmp_path_factory.mktemp("exported") / "own.pt2")


@pytest.fixture(scope="module")
def config(program: Path) -> SearchConfig:
    skeleton = outline_exported(program, classes=10).config()
    return SearchConfig(
        data=DataConfig(name="digits", validation=200, calibration=64, train_limit=256),
        skeleton=skeleton,
        space=search_space_of(skeleton),
        start_recipe=SHORT,
        start_rounds=ONE_ROUND,
        recipe=SHORT,
        measure_latency=True,
        budget=Budget(max_trials=3),
        control=0,
        confirmation=Confirmation(finalists=0),
    )


@pytest.fixture(scope="module")
def data(config: SearchConfig) -> SplitDataset:
    return SplitDataset(load_dataset("digits"), config.data, seed=0)


@pytest.fixture
def initial(config: SearchConfig, program: Path) -> AdoptedNetwork:
    assert isinstance(config.skeleton, AdoptedConfig)
    return adopt(config.skeleton, weights=program)


@pytest.mark.thorough
def test_three_trials_from_an_exported_network(
    config: SearchConfig, data: SplitDataset, initial: AdoptedNetwork, tmp_path: Path
) -> None:
    folder = SearchFolder(tmp_path)
    runner = Runner(config, data, folder)
    runner.run(initial=initial)
    ended = runner.search.ended
    assert [e.trial.number for e in ended] == [1, 2, 3]
    assert all(e.result.failure is None and e.result.accuracy is not None for e in ended)
    kept = folder.read_start()
    assert kept is not None
    child = inherit(kept[0], ended[0].trial.lineage(config), data.calibration())
    assert child.architecture.cell == runner.search.architecture(ended[0].trial).cell


def test_training_the_start_network_begins_with_the_weights_given(
    config: SearchConfig, data: SplitDataset, initial: AdoptedNetwork
) -> None:
    still = replace(config, start_recipe=replace(SHORT, learning_rate=1e-12, weight_decay=0.0))
    before = {name: tensor.clone() for name, tensor in initial.state_dict().items()}
    network, _ = train_start_network(still, data, initial=initial)
    weight = "outer.classifier.weight"
    assert torch.allclose(network.state_dict()[weight], before[weight], atol=1e-6)
    after = initial.state_dict()
    assert all(torch.equal(after[name], tensor) for name, tensor in before.items())


def test_a_network_for_other_classes_is_fitted_before_it_is_trained(
    config: SearchConfig, data: SplitDataset, program: Path
) -> None:
    other = adopt(outline_exported(program).config(), weights=program)
    network, _ = train_start_network(config, data, initial=other)
    assert network.architecture.skeleton == config.skeleton


def test_another_network_is_refused(
    config: SearchConfig, data: SplitDataset, initial: AdoptedNetwork
) -> None:
    skeleton = replace(config.skeleton, drop_path=0.5)
    with pytest.raises(CheckpointError, match="not the one that the settings describe"):
        train_start_network(replace(config, skeleton=skeleton), data, initial=initial)


def test_without_weights_an_exported_network_cannot_be_trained(
    config: SearchConfig, data: SplitDataset
) -> None:
    with pytest.raises(InvalidConfig, match="has no fresh ones"):
        train_start_network(config, data)


def test_an_image_of_another_shape_is_refused(config: SearchConfig, data: SplitDataset) -> None:
    skeleton = replace(config.skeleton, image=ImageShape(1, 16, 16))
    with pytest.raises(InvalidConfig, match=r"skeleton\.image"):
        train_start_network(replace(config, skeleton=skeleton), data)


@pytest.mark.thorough
def test_an_interrupted_training_goes_on_from_the_weights_given(
    config: SearchConfig, data: SplitDataset, initial: AdoptedNetwork, tmp_path: Path
) -> None:
    whole = Runner(config, data, SearchFolder(tmp_path / "whole"))
    whole.run(initial=initial)
    asked = iter([False, False, True])
    stopped = SearchFolder(tmp_path / "stopped")
    with pytest.raises(TrainingStopped):
        Runner(config, data, stopped, should_stop=lambda: next(asked)).run(initial=initial)
    resumed = Runner(config, data, stopped)
    resumed.run()
    curves = [[e.result.curve for e in runner.search.ended] for runner in (whole, resumed)]
    assert curves[0] == curves[1]
    assert not (stopped.path / "initial").exists()
