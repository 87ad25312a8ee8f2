"""The base of all networks: their architecture, cells and hidden layers; drawing and counting."""

import math
from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from search_engine.networks.learned_groups import (
    CondensedConv,
    CondensedLinear,
    LearnedGroupConv,
    LearnedLinear,
)
from search_engine.networks.operations import Gate
from search_engine.networks.tree import BranchModule, CellModule
from search_engine.spec import Architecture
from search_engine.spec.skeletons import Block


@dataclass(frozen=True, slots=True)
class Reader:
    """A module that reads a hidden layer, alone or concatenated with other channels.

    Args:
        before: how many other channels come before the layer's in what it reads.
        after: how many come after them.
    """

    module: nn.Module
    before: int = 0
    after: int = 0


@dataclass(frozen=True, slots=True)
class HiddenModules:
    """The modules around a hidden layer.

    Args:
        writers: the modules whose outputs are the layer.
        extra: the layers that `Deepen` has added after it.
        readers: all that read it.
        carriers: those between, which keep its channels.
    """

    writers: Sequence[nn.Module]
    extra: nn.Sequential
    readers: Sequence[Reader]
    carriers: Sequence[nn.Module] = ()


def joined_readers(
    before: int, width: int, modules: Iterable[tuple[nn.Module, int]]
) -> list[Reader]:
    """Readers of a layer within a concatenation, of which each module reads a beginning.

    Args:
        before: how many channels stand before the layer.
        modules: each with the number of channels that it reads; those that end before the layer
            do not read it.
    """
    end = before + width
    return [Reader(module, before, reads - end) for module, reads in modules if reads >= end]


class Network(nn.Module):
    """A skeleton with a cell at its sites: images `(N, C, H, W)` to logits `(N, classes)`.

    Args:
        architecture: what it is, as data. Transformations keep it up to date.
    """

    blocks: nn.ModuleDict

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.architecture = architecture
        self.newborn: frozenset[str] = frozenset()
        """Names of the parameters that were made in its last growth; files do not keep them."""

    @abstractmethod
    def forward(self, images: Tensor) -> Tensor:
        """`images`: normalised, `(N, C, H, W)`; returns logits, `(N, classes)`."""

    def cells(self) -> Mapping[str, CellModule]:
        """The sites: the cell in each block where the search places it, by the block's name."""
        names = [b.name for b in self.architecture.skeleton.layout() if b.searched]
        return {name: cast(CellModule, self.blocks[name].cell) for name in names}

    @property
    def last_layer(self) -> str:
        """Path of the module that gives the logits."""
        return "head.linear"

    def hidden_modules(self, layer: str) -> HiddenModules:
        """The modules around a hidden layer, by its name in the skeleton.

        Raises:
            KeyError: the network has no such layer.
        """
        raise KeyError(layer)

    def add_layer(self, hidden: str, made: BranchModule) -> None:
        """Put a layer after a hidden layer and those that were added before."""
        self.hidden_modules(hidden).extra.append(made)

    def draw_weights(self, generator: torch.Generator) -> None:
        """Give it fresh weights.

        Args:
            generator: on the CPU, so that the draws are the same on every device.
        """
        initialise(self, generator)

    def gates(self) -> list[Gate]:
        """The gates of edges that are being morphed."""
        return [module for module in self.modules() if isinstance(module, Gate)]

    def make_cell(self, block: Block) -> CellModule:
        """The cell of a block, with fresh weights."""
        skeleton = self.architecture.skeleton
        return CellModule(
            self.architecture.cell if block.searched else skeleton.start_cell,
            block.site,
            skeleton.order,
            drop_path=skeleton.drop_path,
            norm_before_add=skeleton.norm_before_add,
            own=block.own,
        )


@torch.no_grad()
def initialise(module: nn.Module, generator: torch.Generator) -> None:
    """Give every layer in the module fresh weights.

    Convolutions: normal with variance 2 / fan-out, where the fan-out counts only the outputs that
    an input reaches in its own group. Linear: uniform within 1 / sqrt(inputs), bias 0. Batch norm:
    identity. Biases of convolutions: 0.

    Args:
        generator: on the CPU; the same draws whatever the module's device.

    Reference: He et al. 2015 (arXiv:1502.01852).
    """
    for layer in module.modules():
        match layer:
            case nn.Conv2d():
                layer.weight.copy_(drawn_filters(layer, layer.out_channels, generator))
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


def drawn_filters(conv: nn.Conv2d, count: int, generator: torch.Generator) -> Tensor:
    """Fresh filters of a convolution, `(count, C_in / groups, k, k)`, as `initialise` draws them.

    Args:
        generator: on the CPU, where the result is.
    """
    height, width = conv.kernel_size
    fan_out = height * width * conv.out_channels / conv.groups
    shape = (count, conv.in_channels // conv.groups, height, width)
    return torch.randn(shape, generator=generator) * math.sqrt(2 / fan_out)


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
