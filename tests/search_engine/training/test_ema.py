"""The moving average of the weights."""

import torch

from search_engine.spec.recipe import Recipe
from search_engine.training.ema import Ema
from search_engine.training.metrics import evaluate
from search_engine.training.trainer import Trainer
from tests.search_engine.training.small import (
    digits,
    same_weights,
    start_network,
    train,
    train_until,
    trainer,
)


def test_an_average_by_hand() -> None:
    network = start_network()
    weight = network.get_parameter("stem.conv.weight")
    with torch.no_grad():
        weight.fill_(1.0)
        average = Ema(network, 0.5)
        for step, value in enumerate((3.0, 5.0)):
            weight.fill_(value)
            average.update(step)
    # 1/10 of 1 and 9/10 of 3 is 2.8; of that 2/11, and 9/11 of 5, is 4.6.
    torch.testing.assert_close(average.tensors["stem.conv.weight"], torch.full_like(weight, 4.6))


def test_masks_and_counters_are_not_averaged() -> None:
    names = Ema(start_network("condensenet"), 0.9).tensors
    assert not [name for name in names if name.endswith(("mask", "num_batches_tracked"))]
    assert "head.norm.running_var" in names


def test_a_network_has_its_own_weights_again_after_the_average() -> None:
    network, untouched = start_network(), start_network()
    average = Ema(network, 0.9)
    for tensor in average.tensors.values():
        tensor.zero_()
    with average.applied():
        assert not any(weight.any() for weight in network.parameters())
    assert same_weights(network, untouched)


def test_the_average_is_what_is_evaluated_and_what_remains() -> None:
    training, validation = digits()
    network = start_network()
    last = Trainer(network, Recipe(epochs=2, ema_decay=0.9), training, validation, seed=0)
    *_, ended = train(last)
    assert ended.validation_accuracy == evaluate(network, validation).accuracy
    averages = last.state().part("average")
    weights = [name for name in averages if "running" not in name]
    assert all(torch.equal(network.state_dict()[name], averages[name]) for name in weights)


def test_training_goes_on_from_the_weights_not_their_average() -> None:
    plain, averaged = start_network(), start_network()
    states = [
        train_until(trainer(plain), 2).state(),
        train_until(trainer(averaged, ema_decay=0.9), 2).state(),
    ]
    one, other = (state.part("network") for state in states)
    assert all(torch.equal(one[name], other[name]) for name in one)
