"""Counts from live modules, to check the counts from descriptions and where there is none."""

import torch
from torch import Tensor, nn


def count_parameters(module: nn.Module) -> int:
    """Number of trainable values."""
    return sum(parameter.numel() for parameter in module.parameters())


@torch.no_grad()
def count_multiply_adds(module: nn.Module, images: Tensor) -> int:
    """Multiply-adds of the convolutions and linear layers for one image.

    Args:
        module: in any mode; it is run once in eval mode.
        images: any batch that it takes, `(N, C, H, W)`, on its device (`meta` will do).
    """
    counted = 0

    def count(layer: nn.Module, _: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal counted
        assert isinstance(layer, nn.Conv2d | nn.Linear)
        counted += layer.weight[0].numel() * output[0].numel()

    hooks = [
        layer.register_forward_hook(count)
        for layer in module.modules()
        if isinstance(layer, nn.Conv2d | nn.Linear)
    ]
    training = module.training
    try:
        module.eval()(images)
    finally:
        module.train(training)
        for hook in hooks:
            hook.remove()
    return counted
