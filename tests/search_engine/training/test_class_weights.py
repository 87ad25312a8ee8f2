"""Class weights, by hand."""

import copy

import pytest
import torch
from torch.nn import functional as F

from search_engine.spec.recipe import ClassWeights
from search_engine.training.step import balanced_weights
from tests.search_engine.training.small import (
    one_step_trainer,
    random_batches,
    same_weights,
    start_network,
    train,
)

BALANCED = ClassWeights.BALANCED


def test_an_image_counts_inversely_to_how_many_there_are_and_one_in_the_mean() -> None:
    weights = balanced_weights(torch.tensor([1, 3, 0]))
    # Four images of two classes, two of each if they were balanced: 2 / 1 and 2 / 3.
    assert weights.tolist() == pytest.approx([2.0, 2 / 3, 0.0])
    assert (1 * weights[0] + 3 * weights[1]) / 4 == pytest.approx(1.0)


def test_all_shares_count_the_same_images() -> None:
    counts = [random_batches(share=(rank, 2)).class_counts(10).tolist() for rank in (0, 1)]
    assert counts == [[6] * 6 + [5] * 4] * 2  # 56 images, labels 0 to 9 again and again


def test_a_step_follows_the_weighted_loss_with_its_label_smoothing() -> None:
    network = start_network()
    by_hand = copy.deepcopy(network).train()
    ((images, labels),) = list(random_batches(56).epoch(0))
    each = F.cross_entropy(by_hand(images), labels, label_smoothing=0.1, reduction="none")
    weight = torch.where(labels < 6, 56 / 60, 56 / 50)
    (weight * each).mean().backward()
    options = {"class_weights": BALANCED, "label_smoothing": 0.1, "learning_rate": 0.5}
    before = {name: p.detach().clone() for name, p in network.named_parameters()}
    train(one_step_trainer(network, norm_batches=0, **options))
    for name, parameter in by_hand.named_parameters():
        assert parameter.grad is not None
        stepped = before[name] - 0.5 * parameter.grad
        torch.testing.assert_close(
            network.get_parameter(name), stepped, rtol=1e-4, atol=1e-6, msg=name
        )


def test_weights_change_nothing_where_they_are_off() -> None:
    weighted, plain, default = start_network(), start_network(), start_network()
    train(one_step_trainer(weighted, class_weights=BALANCED))
    train(one_step_trainer(plain, class_weights=ClassWeights.NONE))
    train(one_step_trainer(default))
    assert same_weights(plain, default) and not same_weights(weighted, default)
