"""Small noise that makes equal branches and filters differ, so that training tells them apart."""

import torch
from torch import nn


@torch.no_grad()
def add_noise(module: nn.Module, scale: float, generator: torch.Generator) -> None:
    """Add Gaussian noise to the kernels in a module, never to its batch norms.

    Args:
        module: what to change, in place.
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
