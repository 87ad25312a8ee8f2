"""How good a network is: accuracy, loss and confusion over all images of some batches."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from search_engine.data import Batches
from search_engine.networks import Network


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """What was measured.

    Args:
        accuracy: fraction of the images told right.
        loss: mean cross-entropy, without label smoothing.
        images: how many.
        confusion: int64, `(classes, classes)`, on the CPU: row i, column j holds how many images
            of class i were taken for class j.
    """

    accuracy: float
    loss: float
    images: int
    confusion: Tensor

    @property
    def per_class_accuracy(self) -> list[float | None]:
        """Fraction of each class told right; None for a class without images."""
        counts, right = self.confusion.sum(dim=1).tolist(), self.confusion.diagonal().tolist()
        return [hit / count if count else None for hit, count in zip(right, counts, strict=True)]


def evaluate(
    network: Network, batches: Batches, *, autocast: torch.dtype | None = None
) -> Evaluation:
    """Show a network all images once, in eval mode. Its mode is kept.

    Args:
        network: on the batches' device.
        batches: the images, taken in order, not augmented.
        autocast: type in which the network computes, or None for that of its weights.
    """
    classes = network.architecture.skeleton.classes
    device = batches.images.device
    counts = torch.zeros(classes * classes, dtype=torch.int64, device=device)
    loss = torch.zeros((), dtype=torch.float64, device=device)
    training = network.training
    network.eval()
    try:
        with torch.inference_mode():
            for images, labels in batches.in_order():
                with torch.autocast(device.type, autocast, enabled=autocast is not None):
                    logits = network(images)
                loss += F.cross_entropy(logits.float(), labels, reduction="sum")
                cell = labels * classes + logits.argmax(dim=1)
                # Not bincount: on CUDA it waits for the device at every batch.
                counts.index_add_(0, cell, torch.ones_like(cell))
    finally:
        network.train(training)
    confusion = counts.view(classes, classes).cpu()
    images_seen = int(confusion.sum())
    accuracy = int(confusion.diagonal().sum()) / max(images_seen, 1)
    return Evaluation(accuracy, float(loss) / max(images_seen, 1), images_seen, confusion)
