"""What all networks have in common: their architecture, their cells, their hidden layers."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from search_engine.architecture import Architecture
from search_engine.architecture.skeletons import Block
from search_engine.networks.gate import Gate
from search_engine.networks.initialise import initialise
from search_engine.networks.layers import Head
from search_engine.networks.operations import Conv
from search_engine.networks.tree import CellModule


@dataclass(frozen=True, slots=True)
class HiddenModules:
    """The modules around a hidden layer.

    Args:
        producer: gives the layer its width.
        extra: the layers that `Deepen` has added after it.
        consumer: reads it.
    """

    producer: Conv | CellModule
    extra: nn.Sequential
    consumer: Conv | CellModule | Head


class Network(nn.Module):
    """A skeleton with a cell at its sites: images `(N, C, H, W)` to logits `(N, classes)`.

    Args:
        architecture: what it is, as data. Transformations keep it up to date.
    """

    blocks: nn.ModuleDict

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.architecture = architecture

    @abstractmethod
    def forward(self, images: Tensor) -> Tensor:
        """`images`: normalised, `(N, C, H, W)`; returns logits, `(N, classes)`."""

    def cells(self) -> Mapping[str, CellModule]:
        """The sites: the cell in each block where the search places it, by the block's name."""
        names = [b.name for b in self.architecture.skeleton.layout() if b.searched]
        return {name: cast(CellModule, self.blocks[name].cell) for name in names}

    def hidden_modules(self, layer: str) -> HiddenModules:
        """The modules around a hidden layer, by its name in the skeleton.

        Raises:
            KeyError: the network has no such layer.
        """
        raise KeyError(layer)

    def draw_weights(self, generator: torch.Generator) -> None:
        """Give it fresh weights.

        Args:
            generator: on the CPU; the same draws whatever the network's device.
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
