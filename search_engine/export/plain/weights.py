"""The weights of a network under the names of its generated file."""

import re

import torch
from torch import Tensor

from search_engine.export.plain.adopted import adopted_names
from search_engine.export.plain.names import edge_name
from search_engine.networks import AdoptedNetwork, Network

_BLOCK = re.compile(r"blocks\.stage(\d+)_block(\d+)\.")
_TRANSITION = re.compile(r"transitions\.stage(\d+)_block1\.")
_EXTRA = re.compile(r"(bottleneck_extra|cell_extra)\.(\d+)\.operation\.")


@torch.no_grad()
def plain_state(network: Network) -> dict[str, Tensor]:
    """The weights under their new names, contiguous, on the CPU.

    What a learned group convolution masks away is zero in the kernel itself here.

    Args:
        network: of any family, or adopted.
    """
    if isinstance(network, AdoptedNetwork):
        names = adopted_names(network)
        return {names[n]: t.contiguous().cpu() for n, t in network.outer.state_dict().items()}
    state = dict(network.state_dict())
    for name in [name for name in state if name.endswith(".mask")]:
        mask, place = state.pop(name), name.removesuffix("mask")
        weight = f"{place}conv.weight" if f"{place}conv.weight" in state else f"{place}weight"
        state[weight] = state[weight] * mask
    return {plain_name(name): tensor.contiguous().cpu() for name, tensor in state.items()}


def plain_name(name: str) -> str:
    """A tensor's name in the generated file."""
    name = _BLOCK.sub(lambda found: f"stage{found[1]}.{int(found[2]) - 1}.", name)
    name = _TRANSITION.sub(lambda found: f"transition{int(found[1]) - 1}.", name)
    name = _EXTRA.sub(r"\1.\2.", name)
    return edge_name(name)
