"""Networks that were not built here: outlines, weights, and the module with cells at its sites."""

from search_engine.networks.adopted.adopting import (
    adopt,
    outline_exported,
    outline_onnx,
    outline_timm,
    outline_torchvision,
)
from search_engine.networks.adopted.network import AdoptedNetwork
from search_engine.networks.adopted.published import DEFAULT_FOLDER, weights_file
from search_engine.networks.adopted.timm_nets import timm_weights
from search_engine.networks.adopted.torchvision_nets import torchvision_weights
