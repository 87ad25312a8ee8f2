"""Networks as modules: an architecture becomes a `torch.nn.Module`."""

import torch

from search_engine.networks.adopted.network import AdoptedNetwork
from search_engine.networks.chainnet import ChainNet
from search_engine.networks.condensenet import CondenseNet
from search_engine.networks.densenet import DenseNet
from search_engine.networks.network import Network, count_multiply_adds, count_parameters
from search_engine.networks.operations import Gate
from search_engine.networks.pyramidnet import PyramidNet
from search_engine.networks.tree import BranchModule, CellModule, NodeModule
from search_engine.spec import Architecture

_FAMILIES: dict[str, type[Network]] = {
    "adopted": AdoptedNetwork,
    "chainnet": ChainNet,
    "condensenet": CondenseNet,
    "densenet": DenseNet,
    "pyramidnet": PyramidNet,
}


def build_network(
    architecture: Architecture, *, seed: int, device: torch.device | str = "cpu"
) -> Network:
    """A network with fresh weights, in float32 and training mode.

    Args:
        seed: of the weights; the same seed gives the same weights on every device.
    """
    network = build_empty(architecture, device=device)
    network.draw_weights(torch.Generator().manual_seed(seed))
    return network


def build_empty(
    architecture: Architecture, *, device: torch.device | str = "cpu", converted: bool = False
) -> Network:
    """A network whose weights are not set yet, to load a checkpoint into.

    Args:
        device: where it shall live; `meta` takes no memory and is enough for counting.
        converted: build the converted form of a CondenseNet.
    """
    # On the meta device first: torch's own initialisation would be thrown away.
    with torch.device("meta"):
        kind = _FAMILIES[architecture.skeleton.family]
        network = CondenseNet(architecture, converted=True) if converted else kind(architecture)
    return network if str(device) == "meta" else network.to_empty(device=device)
