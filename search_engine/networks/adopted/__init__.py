"""Networks that were not built here: outlines, weights, and the module with cells at its sites."""

from search_engine.networks.adopted.adopting import adopt, outline_exported, outline_torchvision
from search_engine.networks.adopted.network import AdoptedNetwork

__all__ = ["AdoptedNetwork", "adopt", "outline_exported", "outline_torchvision"]
