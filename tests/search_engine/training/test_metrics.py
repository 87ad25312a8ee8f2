"""Evaluation, by hand."""

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from search_engine.data import Augmentation, Batches, Dataset, DeviceImages
from search_engine.data.dataset import Statistics
from search_engine.networks import Network
from search_engine.spec import Architecture
from search_engine.training.metrics import evaluate
from tests.growing import small_skeleton

LABELS = [0, 0, 1, 2, 2]
TAKEN_FOR = [0, 1, 1, 2, 2]


class Reading(Network):
    """Its logit is 5 for the class that is the first pixel's grey level, and 0 for the others."""

    def forward(self, images: Tensor) -> Tensor:
        return 5.0 * F.one_hot(images[:, 0, 0, 0].round().long(), 10).float()


@pytest.fixture
def network() -> Network:
    """It says what the pixels say."""
    return Reading(Architecture.start(small_skeleton("chainnet")))


@pytest.fixture
def batches() -> Batches:
    """Five images in batches of two; grey level k comes out as the number k."""
    dataset = Dataset(
        name="grey",
        images=torch.tensor(TAKEN_FOR, dtype=torch.uint8).view(5, 1, 1, 1).repeat(1, 1, 8, 8),
        labels=torch.tensor(LABELS),
        class_names=("cat", "dog", "owl"),
        test=torch.tensor([], dtype=torch.int64),
        licence="none",
        source="by hand",
        augmentation=Augmentation(),
    )
    statistics = Statistics((0.0,), (1 / 255,))
    return Batches(DeviceImages(dataset), torch.arange(5), 2, statistics=statistics)


def test_confusion_counts_classes_by_what_they_were_taken_for(
    network: Network, batches: Batches
) -> None:
    confusion = evaluate(network, batches).confusion
    assert confusion[:3, :3].tolist() == [[1, 1, 0], [0, 1, 0], [0, 0, 2]]
    assert confusion.dtype == torch.int64
    assert confusion.shape == (10, 10)
    assert confusion.sum() == 5


def test_accuracy_and_loss_are_means_over_images(network: Network, batches: Batches) -> None:
    found = evaluate(network, batches)
    # -log softmax: log(e^5 + 9) - 5 where right, log(e^5 + 9) where wrong, which is one in five.
    assert found.loss == pytest.approx(math.log(math.exp(5) + 9) - 4)
    assert found.accuracy == 0.8
    assert found.images == 5


def test_accuracy_of_each_class(network: Network, batches: Batches) -> None:
    found = evaluate(network, batches).per_class_accuracy
    assert found == [0.5, 1.0, 1.0, *[None] * 7]


def test_balanced_accuracy_is_the_mean_over_the_classes_present(
    network: Network, batches: Batches
) -> None:
    found = evaluate(network, batches).balanced_accuracy
    # (1/2 + 1/1 + 2/2) / 3: the seven classes without images do not count.
    assert found == pytest.approx(2.5 / 3)


@pytest.mark.parametrize("training", [True, False])
def test_evaluation_keeps_the_mode(network: Network, batches: Batches, training: bool) -> None:
    network.train(training)
    evaluate(network, batches)
    assert network.training is training
