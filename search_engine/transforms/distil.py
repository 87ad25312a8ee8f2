"""Distillation: a child that computes nearly what its parent does learns its parent's logits.

Reference: Cai et al. 2018, authors' code (learning rate, epochs and loss are theirs).
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from search_engine.networks.network import Network

LEARNING_RATE = 0.02
EPOCHS = 30


def distil(
    child: Network,
    parent: Network,
    batches: Sequence[Tensor],
    *,
    epochs: int = EPOCHS,
    learning_rate: float = LEARNING_RATE,
) -> None:
    """Bring the child's logits near the parent's, by SGD on their mean squared difference.

    Args:
        child: changed in place; it returns to the mode it was in.
        batches: training images, each `(N, C, H, W)`, normalised; about 1,000 in all are usual.
    """
    training, parent_training = child.training, parent.training
    parent.eval()
    with torch.no_grad():
        targets = [parent(images) for images in batches]
    parent.train(parent_training)
    child.train()
    optimiser = torch.optim.SGD(child.parameters(), lr=learning_rate, momentum=0.9, nesterov=True)
    for _ in range(epochs):
        for images, target in zip(batches, targets, strict=True):
            loss = F.mse_loss(child(images), target)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
    child.train(training)
