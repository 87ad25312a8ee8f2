"""How the new parts of a child are initialised: identities, gates, and noise on copies."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import torch
from torch import nn

from search_engine.networks.operations import Gate, WeightedOperation
from search_engine.spec import Widening

M = TypeVar("M", bound=nn.Module)


@dataclass(frozen=True, slots=True)
class ChildInit:
    """Initialises the new modules of one child.

    Args:
        generator: on the CPU; every random draw comes from it.
        noise: standard deviation of the noise on copies and identity kernels, as a share of the
            tensor's own.
        widening: what the new channels of wider layers are.
        like: a tensor of the network, for device and dtype.
        newborn: the parameters that it has made, none of which holds anything inherited.
    """

    generator: torch.Generator
    noise: float
    widening: Widening
    like: torch.Tensor
    newborn: list[nn.Parameter] = field(default_factory=list)

    def fresh(self, make: Callable[[], M]) -> M:
        """A new module whose kernels and batch norms are the identity as far as they can be.

        Args:
            make: builds the module; torch's own initialisation is skipped.
        """
        with torch.device("meta"):
            empty = make()
        module = empty.to_empty(device=self.like.device).to(self.like.dtype)
        for layer in module.modules():
            if isinstance(layer, WeightedOperation):
                layer.set_identity()
            elif isinstance(layer, nn.BatchNorm2d):
                set_identity_norm(layer)
        self.newborn.extend(module.parameters())
        return module

    def gate(self, part: tuple[int, int] | None = None) -> Gate:
        """A new gate, which is closed."""
        return Gate(part).to(self.like.device)


@torch.no_grad()
def set_identity_norm(
    norm: nn.BatchNorm2d, mean: torch.Tensor | float = 0.0, variance: torch.Tensor | float = 1.0
) -> None:
    """Make a batch norm the identity in eval mode, and nearly so in training on data like that.

    Args:
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


@torch.no_grad()
def add_noise(module: nn.Module, scale: float, generator: torch.Generator) -> None:
    """Add Gaussian noise to the kernels of a module in place, never to its batch norms.

    Without it equal branches and filters would stay equal in training.

    Args:
        scale: standard deviation as a share of each kernel's own; 0 changes and draws nothing.
        generator: on the CPU.
    """
    if scale == 0:
        return
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d):
            noise = torch.randn(layer.weight.shape, generator=generator).to(layer.weight)
            # Of one value there is no unbiased deviation: it would be NaN.
            layer.weight += noise * layer.weight.std(correction=0) * scale
