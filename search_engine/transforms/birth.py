"""What all transformations of one child share: its random draws, its noise, where it lives."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import nn

from search_engine.networks.gate import Gate
from search_engine.networks.operations import WeightedOperation

M = TypeVar("M", bound=nn.Module)


@dataclass(frozen=True, slots=True)
class Birth:
    """The circumstances of a child.

    Args:
        generator: on the CPU, of every draw.
        noise: standard deviation on copies and identity kernels, as a share of the tensor's own.
        like: a tensor of the network, for device and dtype.
    """

    generator: torch.Generator
    noise: float
    like: torch.Tensor

    def fresh(self, make: Callable[[], M]) -> M:
        """A new module that is the identity as far as it can be: kernels and batch norms.

        Args:
            make: builds it; torch's own initialisation is skipped.
        """
        with torch.device("meta"):
            empty = make()
        module = empty.to_empty(device=self.like.device).to(self.like.dtype)
        for layer in module.modules():
            if isinstance(layer, WeightedOperation):
                layer.set_identity()
            elif isinstance(layer, nn.BatchNorm2d):
                set_identity_norm(layer)
        return module

    def gate(self, part: tuple[int, int] | None = None) -> Gate:
        """A shut gate."""
        return Gate(part).to(self.like.device)


@torch.no_grad()
def set_identity_norm(
    norm: nn.BatchNorm2d,
    mean: torch.Tensor | float = 0.0,
    variance: torch.Tensor | float = 1.0,
) -> None:
    """Make a batch norm the identity in eval mode, and nearly so in training on data like that.

    Args:
        norm: changed in place.
        mean: of the data that it will see, `(C,)`.
        variance: of that data, `(C,)`.

    Reference: Cai et al. 2018, authors' code.
    """
    assert norm.running_mean is not None
    assert norm.running_var is not None
    norm.running_mean.copy_(torch.as_tensor(mean))
    norm.running_var.copy_(torch.as_tensor(variance))
    norm.weight.copy_((norm.running_var + norm.eps).sqrt())
    norm.bias.copy_(norm.running_mean)
    if norm.num_batches_tracked is not None:
        norm.num_batches_tracked.zero_()
