"""Accuracy, loss and confusion matrix: of a whole evaluation, and of an epoch as it goes on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from search_engine.data import Batches
from search_engine.networks import Network
from search_engine.spec.measures import balanced_accuracy
from search_engine.training.device import whole_float32
from search_engine.training.process_group import SINGLE_PROCESS, ProcessGroup


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """The result of `evaluate`.

    Args:
        accuracy: fraction of the images classified correctly.
        loss: mean cross-entropy, without label smoothing.
        confusion: int64, `(classes, classes)`, on the CPU: row i, column j counts the images of
            class i that were taken for class j.
    """

    accuracy: float
    loss: float
    images: int
    confusion: Tensor

    @property
    def per_class_accuracy(self) -> list[float | None]:
        """Fraction of each class classified correctly; None for a class without images."""
        counts, right = self.confusion.sum(dim=1).tolist(), self.confusion.diagonal().tolist()
        return [hit / count if count else None for hit, count in zip(right, counts, strict=True)]

    @property
    def balanced_accuracy(self) -> float | None:
        """The mean of these over the classes that have images; None without images."""
        return balanced_accuracy(self.per_class_accuracy)


def evaluate(
    network: Network, batches: Batches, forward: Callable[[Tensor], Tensor] | None = None
) -> Evaluation:
    """Measure a network in eval mode on all images once; it returns to the mode it was in.

    It computes in the precision of its weights, whatever it is trained in, so that all accuracies
    can be compared.

    Args:
        batches: on the network's device; taken in order and not augmented.
        forward: gives the network's logits; by default the network itself.
    """
    forward = forward or network
    classes = network.architecture.skeleton.classes
    device = batches.images.device
    counts = torch.zeros(classes * classes, dtype=torch.int64, device=device)
    loss = torch.zeros((), dtype=torch.float64, device=device)
    with _measuring(network):
        for images, labels in batches.in_order():
            logits = forward(images)
            loss += F.cross_entropy(logits.float(), labels, reduction="sum")
            cell = labels * classes + logits.argmax(dim=1)
            # Not bincount: on CUDA it waits for the device at every batch.
            counts.index_add_(0, cell, torch.ones_like(cell))
    confusion = counts.view(classes, classes).cpu()
    images_seen = int(confusion.sum())
    accuracy = int(confusion.diagonal().sum()) / max(images_seen, 1)
    return Evaluation(accuracy, float(loss) / max(images_seen, 1), images_seen, confusion)


def predict(network: Network, batches: Batches) -> tuple[Tensor, Tensor]:
    """What a network in eval mode takes each image for, as `evaluate` sees it.

    Returns:
        Predictions and labels in the order of the images, int64, `(N,)`, on the CPU.
    """
    with _measuring(network):
        pairs = [(network(images).argmax(dim=1), labels) for images, labels in batches.in_order()]
    predictions, labels = (torch.cat(part).cpu() for part in zip(*pairs, strict=True))
    return predictions, labels


@contextmanager
def _measuring(network: Network) -> Iterator[None]:
    """Eval mode without gradients or TF32; afterwards all is as it was."""
    training = network.training
    network.eval()
    try:
        with torch.inference_mode(), whole_float32():
            yield
    finally:
        network.train(training)


class EpochMetrics:
    """Loss and accuracy of an epoch, summed on the device."""

    def __init__(self, device: torch.device) -> None:
        self.images = 0
        self._sums = torch.zeros(2, dtype=torch.float64, device=device)

    def reset(self) -> None:
        """Start anew for an epoch."""
        self.images = 0
        self._sums.zero_()

    @torch.no_grad()
    def add(self, loss: Tensor, logits: Tensor, labels: Tensor) -> None:
        """Add a batch without waiting for the device. The caller counts `images`, because a
        replayed CUDA graph repeats only what is done on the device.

        Args:
            logits: `(N, classes)`.
            labels: int64, `(N,)`; of shares of the classes the largest counts.
        """
        if labels.is_floating_point():
            labels = labels.argmax(dim=1)
        hits = (logits.argmax(dim=1) == labels).sum()
        self._sums += torch.stack((loss.double() * len(labels), hits.double()))

    def read(self, group: ProcessGroup = SINGLE_PROCESS) -> tuple[float, float]:
        """Mean loss and accuracy so far; waits for the device.

        Args:
            group: its processes' images are counted together, so all of them must call this; by
                default only those of this process count.
        """
        images = self._sums.new_tensor([self.images])
        loss, hits, count = group.sum(torch.cat((self._sums, images))).tolist()
        return loss / max(count, 1), hits / max(count, 1)
