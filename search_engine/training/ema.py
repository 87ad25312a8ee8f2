"""The exponential moving average (EMA) of a network's weights, often better than the last ones.

Reference: Polyak and Juditsky 1992; as an exponential average, Tarvainen and Valpola 2017
(arXiv:1703.01780).
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor
from torch.optim.swa_utils import get_ema_multi_avg_fn

from search_engine.networks import Network

_STATISTICS = ("running_mean", "running_var")


class Ema:
    """Averages parameters and batch norm statistics.

    Masks and counters are not averaged: they are the network's own.

    Args:
        network: on the device where it will be trained.
        decay: share that the average keeps at each step. Early it is smaller, (1 + n) / (10 + n) at
            step n, so that the first weights are soon forgotten.
    """

    def __init__(self, network: Network, decay: float) -> None:
        self._decay = decay
        self._live: dict[str, Tensor] = dict(network.named_parameters())
        for name, buffer in network.named_buffers():
            if name.endswith(_STATISTICS):
                self._live[name] = buffer
        self.tensors = {name: tensor.detach().clone() for name, tensor in self._live.items()}

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Add the weights after a step that follows `step` others."""
        decay = min(self._decay, (1 + step) / (10 + step))
        get_ema_multi_avg_fn(decay)(list(self.tensors.values()), list(self._live.values()), 0)

    @torch.no_grad()
    def apply(self) -> None:
        """Overwrite the network's weights with the average."""
        for name, tensor in self._live.items():
            tensor.copy_(self.tensors[name])

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Let the network have the averaged weights inside the `with`."""
        # Copied in and out, never exchanged: optimiser and CUDA graphs hold these very tensors.
        kept = {name: tensor.detach().clone() for name, tensor in self._live.items()}
        self.apply()
        try:
            yield
        finally:
            with torch.no_grad():
                for name, tensor in self._live.items():
                    tensor.copy_(kept[name])
