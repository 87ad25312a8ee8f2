"""Fine-tuning: rates of old layers, the last layer first, mixed labels; interrupted as well."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from search_engine.data.photo_augmentation import PhotoChanges
from search_engine.networks import Network
from search_engine.networks.adopted import adopt, outline_torchvision
from search_engine.spec import ImageShape
from search_engine.spec.errors import InvalidConfig
from search_engine.spec.fine_tuning import FINE_TUNING, fine_tuned
from search_engine.spec.photo_augmentation import PhotoAugmentation
from search_engine.spec.presets import preset
from search_engine.spec.recipe import ClassWeights, Recipe
from search_engine.spec.training_events import EpochEnded
from search_engine.training.state import StateFolder
from search_engine.training.step import TrainStep
from search_engine.training.trainer import Trainer
from tests.devices import DEVICE
from tests.search_engine.training.small import (
    one_step_trainer,
    random_batches,
    same_weights,
    start_network,
    train,
    train_until,
    trainer,
)

MIXING = PhotoAugmentation(flip=True, mixup=0.4, cutmix=0.4)


def moved(network: Network, before: Network) -> dict[str, torch.Tensor]:
    """How far each parameter has moved."""
    return {
        name: (parameter - before.get_parameter(name)).detach()
        for name, parameter in network.named_parameters()
    }


def test_old_layers_step_by_their_share_of_the_rate() -> None:
    whole, part, before = (start_network() for _ in range(3))
    options = {"norm_batches": 0, "learning_rate": 0.01}
    train(one_step_trainer(whole, **options))
    train(one_step_trainer(part, old_rate=0.25, **options))
    far, near = moved(whole, before), moved(part, before)
    for name, step in far.items():
        share = 1.0 if name.startswith("head.linear.") else 0.25
        torch.testing.assert_close(near[name], share * step, rtol=1e-3, atol=1e-7)


@pytest.mark.parametrize("family", ["densenet", "chainnet", "pyramidnet", "condensenet", "adopted"])
def test_the_last_layer_learns_first(family: str) -> None:
    network, before = (_network(family) for _ in range(2))
    names = [name for name, _ in network.named_parameters()]
    head = {name for name in names if name.startswith(f"{network.last_layer}.")}
    assert head and len(head) < len(names)
    train_until(trainer(network, epochs=2, head_epochs=1, lasso_weight=0.0), 1)
    assert {name for name, step in moved(network, before).items() if step.any()} == head


def _network(family: str) -> Network:
    if family != "adopted":
        return start_network(family)
    return adopt(outline_torchvision("shufflenet_v2_x0_5", ImageShape(1, 8, 8)).config())


def test_then_all_layers_learn() -> None:
    network, before = start_network(), start_network()
    train(trainer(network, epochs=2, head_epochs=1))
    assert all(step.any() for step in moved(network, before).values())


def test_all_of_a_training_cannot_be_for_the_head() -> None:
    with pytest.raises(InvalidConfig, match="expected less than epochs, 3, got 3"):
        Recipe(epochs=3, head_epochs=3)


def test_shares_of_classes_count_as_parts_of_labels() -> None:
    labels = torch.tensor([1, 4], device=DEVICE)
    shares = 0.7 * F.one_hot(labels, 10).float() + 0.3 * F.one_hot(labels.flip(0), 10).float()
    logits = torch.randn(2, 10, device=DEVICE)
    step = TrainStep(start_network(), Recipe())
    whole, one, other = (float(step._loss(logits, x)) for x in (shares, labels, labels.flip(0)))
    assert whole == pytest.approx(0.7 * one + 0.3 * other, rel=1e-5)
    step.metrics.add(torch.tensor(1.0, device=DEVICE), 5 * shares, shares)
    step.metrics.images = 2
    assert step.metrics.read() == (1.0, 1.0)


def test_a_mixed_image_counts_as_its_classes_do() -> None:
    weights = torch.linspace(0.5, 2, 10)
    step = TrainStep(start_network(), Recipe(), class_weights=weights)
    logits = torch.zeros(1, 10, device=DEVICE)
    shares = torch.zeros(1, 10).index_fill(1, torch.tensor([2, 6]), 0.5).to(DEVICE)
    expected = float((weights[2] + weights[6]) / 2 * torch.log(torch.tensor(10.0)))
    assert float(step._loss(logits, shares)) == pytest.approx(expected, rel=1e-5)


def _mixing(network: Network) -> Trainer:
    recipe = Recipe(
        epochs=3,
        batch_size=16,
        old_rate=0.5,
        head_epochs=1,
        augmentation=MIXING,
        class_weights=ClassWeights.BALANCED,
    )
    photo = PhotoChanges(MIXING, (8, 8), 1, 10)
    return Trainer(network, recipe, random_batches(photo=photo), seed=5)


def test_a_fine_tuning_that_was_interrupted_ends_as_if_it_had_not_been(tmp_path: Path) -> None:
    whole, parted = start_network(), start_network()
    train(_mixing(whole))
    folder = StateFolder(tmp_path)
    for event in _mixing(start_network()).run(folder):
        if isinstance(event, EpochEnded):
            break
    assert [event.epoch for event in _mixing(parted).run(folder) if isinstance(event, EpochEnded)]
    assert same_weights(whole, parted)


def test_a_search_that_fine_tunes_keeps_what_is_the_data_sets() -> None:
    config = preset("digits-demo")
    weighted = replace(config, recipe=replace(config.recipe, class_weights=ClassWeights.BALANCED))
    found = fine_tuned(weighted)
    assert found.start_recipe == replace(FINE_TUNING, epochs=config.start_recipe.epochs)
    assert found.recipe.class_weights is ClassWeights.BALANCED and not found.recipe.head_epochs
    kept = ("data", "skeleton", "budget", "space")
    assert all(getattr(found, part) == getattr(config, part) for part in kept)
    assert type(found).from_json(found.to_json()) == found
