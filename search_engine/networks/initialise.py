"""Fresh weights."""

import math

import torch
from torch import nn

from search_engine.networks.learned_groups import (
    CondensedConv,
    CondensedLinear,
    LearnedGroupConv,
    LearnedLinear,
)


@torch.no_grad()
def initialise(module: nn.Module, generator: torch.Generator) -> None:
    """Give every layer in the module fresh weights.

    Convolutions: normal with variance 2 / fan-out, where the fan-out counts only the outputs that
    an input reaches in its own group. Linear: uniform within 1 / sqrt(inputs), bias 0. Batch norm:
    identity. Biases of convolutions: 0.

    Args:
        module: a network or a part of it.
        generator: on the CPU; the same draws whatever the module's device.

    Reference: He et al. 2015 (arXiv:1502.01852).
    """
    for layer in module.modules():
        match layer:
            case nn.Conv2d():
                kernel = layer.kernel_size[0] * layer.kernel_size[1]
                fan_out = kernel * layer.out_channels / layer.groups
                drawn = torch.randn(layer.weight.shape, generator=generator)
                layer.weight.copy_(drawn * math.sqrt(2 / fan_out))
                if layer.bias is not None:
                    layer.bias.zero_()
            case nn.Linear():
                bound = 1 / math.sqrt(layer.in_features)
                drawn = torch.rand(layer.weight.shape, generator=generator)
                layer.weight.copy_((2 * drawn - 1) * bound)
                if layer.bias is not None:
                    layer.bias.zero_()
            case nn.BatchNorm2d():
                layer.reset_parameters()
        match layer:
            case LearnedGroupConv() | LearnedLinear():
                layer.mask.fill_(1)
            case CondensedConv() | CondensedLinear():
                layer.index.copy_(torch.arange(len(layer.index)))
