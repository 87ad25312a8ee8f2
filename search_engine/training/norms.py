"""Statistics of batch norms, measured anew before a network is judged.

What a batch norm keeps is a moving average over some twenty steps. In a child of few steps, whose
gates have just opened, it lags behind the weights, and the child looks far worse than it is.
Reference: Wu and Johnson 2021, "precise BN" (arXiv:2105.07576).
"""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from search_engine.networks import Network


@torch.no_grad()
def refresh_norms(
    network: Network, batches: Iterable[Tensor], *, autocast: torch.dtype | None = None
) -> None:
    """Set all batch norms' running statistics to the means over some batches of training images.

    Nothing is learned, and nothing but these statistics changes: DropPath stays off.

    Args:
        network: its mode is kept.
        batches: images, each batch `(N, C, H, W)`, on the network's device; at least one.
        autocast: type in which the network computes, or None for that of its weights.
    """
    training = network.training
    network.eval()
    momenta = {m: m.momentum for m in network.modules() if isinstance(m, nn.BatchNorm2d)}
    for norm in momenta:
        norm.reset_running_stats()
        norm.momentum = None  # torch then takes the plain mean over all batches
        norm.train()
    try:
        for images in batches:
            with torch.autocast(images.device.type, autocast, enabled=autocast is not None):
                network(images)
    finally:
        for norm, momentum in momenta.items():
            norm.momentum = momentum
        network.train(training)
